#!/bin/bash
# SPDX-License-Identifier: MIT
# make install, uninstall and modules, as far as they need no host of their own
# (tests/vm/test_host.sh makes one).
root=$(pwd)
. tests/tool/lib.sh
build=$(dirname "$psxctl")
as=
make_it() { # make_it ARGS...
	# shellcheck disable=SC2086 # several words
	env -u MAKEFLAGS -u MFLAGS $as make -C "$root" BUILD="$build" "$@" >out 2>err
	status=$?
}
none() { [ -z "$*" ]; }
left() { find "$1" ! -type d -printf '%P\n' | sort; }
version=$(sed -n 's/^VERSION := //p' "$root/Makefile")

ok 'dkms knows the version' grep -qx "PACKAGE_VERSION=\"$version\"" "$root/dkms.conf"
ok 'docs/host.md, too' is "$(grep -o 'psxdet[-/][0-9.]*[0-9]' "$root/docs/host.md" | tr / - | sort -u)" \
	"psxdet-$version"

make_it install DESTDIR="$work/root"
ok 'install' exits 0
left root >first
for file in local/bin/psxctl local/include/psxdet.h lib/udev/rules.d/60-psxdet.rules \
	lib/sysusers.d/psxdet.conf src/psxdet-"$version"/dkms.conf; do
	ok "$file" [ -s "root/usr/$file" ]
done
(cd "$root" && git ls-files kmod include/uapi 2>/dev/null | grep -e '\.[chS]$' -e Kbuild) | sort >wanted
(cd "root/usr/src/psxdet-$version" && find kmod include -type f | sort) >got
[ -s wanted ] || cp got wanted # not a git tree
ok "all of the driver's source" none "$(comm -23 wanted got)"
echo stale >"root/usr/src/psxdet-$version/kmod/stale.c"
make_it install DESTDIR="$work/root"
ok 'install again' exits 0
ok 'is the same' is "$(left root)" "$(cat first)"
make_it uninstall DESTDIR="$work/root"
ok 'uninstall' exits 0
ok 'nothing is left' none "$(left root)"
make_it uninstall DESTDIR="$work/root"
ok 'uninstall again' exits 0

make_it install PREFIX="$work/own"
ok 'a prefix of my own' exits 0
ok 'has no driver' none "$(left own | grep -e rules -e sysusers -e dkms)"
make_it uninstall PREFIX="$work/own"
ok 'and is left empty' none "$(left own)"

if [ "$(id -u)" = 0 ]; then
	as='setpriv --reuid=65534 --regid=65534 --clear-groups'
	chmod 711 . && install -d -o 65534 user
else
	mkdir user
fi
if $as test -r "$root/Makefile" && $as test -x "$psxctl"; then
	make_it install DESTDIR="$work/user"
	ok 'an ordinary user, too' exits 0
	ok 'installs all of it' is "$(left user)" "$(cat first)"
else
	skip 'an ordinary user, too' 'cannot read these folders'
fi
as=

make_it modules KDIR=/lib/modules/6.1.0-0-none/build
ok 'modules without headers' [ "$status" != 0 ]
ok "name Debian's package" grep -q 'apt install linux-headers-6.1.0-0-none$' err
ok 'in one line' is "$(grep -c '^modules:' err)" 1
make_it modules KDIR=/none
ok 'any other folder is named' grep -q 'no kernel headers in /none$' err
echo "1..$n"
