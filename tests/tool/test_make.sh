#!/bin/bash
# SPDX-License-Identifier: MIT
# make install and make demo, from what was built.
root=$(pwd)
. tests/tool/lib.sh
build=$(dirname "$psxctl")
make_it() { # make_it ARGS...
	env -u MAKEFLAGS -u MFLAGS make -C "$root" BUILD="$build" "$@" >out 2>err
	status=$?
}

make_it install DESTDIR="$work/root" PREFIX=/opt/x
ok 'install into a folder' exits 0
ok 'psxdet.pc has the prefix' grep -q '^prefix=/opt/x$' root/opt/x/lib/pkgconfig/psxdet.pc
make_it install DESTDIR="$work/root" PREFIX=/opt/y
ok 'and the next prefix the next time' grep -q '^prefix=/opt/y$' root/opt/y/lib/pkgconfig/psxdet.pc
mkdir bin
printf '#!/bin/sh\necho ldconfig: no >&2\nexit 1\n' >bin/ldconfig
chmod +x bin/ldconfig
PATH=$work/bin:$PATH make_it install PREFIX="$work/usr"
ok 'ldconfig may fail' exits 0
ok 'but that is said' grep -q 'install: ldconfig' err
ok 'pkg-config finds the library' \
	is "$(PKG_CONFIG_PATH=usr/lib/pkgconfig pkg-config --variable=prefix psxdet)" "$work/usr"
ok 'the tool finds it too' usr/bin/psxctl -V >out

pgm "it's \"a\" scene.pgm" 60 40
make_it demo OUT="$work/it's out" SCENE="$work/it's \"a\" scene.pgm"
ok 'a scene and a folder with quotes in their names' exits 0
ok 'the demo is there' [ -s "it's out/laplacian.png" ]
make_it demo OUT="$work/none" SCENE=missing.pgm
ok 'a scene that is missing' [ "$status" != 0 ]
ok 'is named' grep -q 'missing.pgm' err
echo "1..$n"
