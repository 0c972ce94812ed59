#!/bin/bash
# SPDX-License-Identifier: MIT
# A host made as docs/host.md says: its commands, typed by an ordinary user with
# sudo in a VM (tests/vm/host_guest.sh). Compilers run here, where they are fast.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
build=${PSX_BUILD:-build}
mkdir -p "$build"
build=$(realpath "$build")
scripts/setup host >&2 && kernel=$(tests/vm/kernel 6.1) || exit 1
here=$build/host # the VM sees it, and writes in it
server='' vm=''
finish() {
	[ -z "$vm" ] || { kill "$vm" && wait "$vm"; }
	[ -z "$server" ] || kill "$server"
	rm -rf "$here/share"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A source tree of the user's own, built
tree=$here/psxdet
mkdir -p "$tree"
exec 9>"$here/lock"
flock 9
find "$tree" -name build -prune -o -type f -print | while read -r file; do
	[ -e "${file#"$tree"/}" ] || rm -f "$file"
done
cp -ru --preserve=timestamps Makefile dkms.conf docs include kmod lib scripts tools "$tree" || exit 1
if ! env -u MAKEFLAGS -u MFLAGS make -C "$tree" BUILD=build >"$here/log" 2>&1; then
	tail "$here/log" >&2
	exit 1
fi

# dkms's make, which the VM leaves to this host: a compiler takes minutes there
rm -rf "$here/share"
mkdir -p "$here/share/dkms"
cd "$here/share" || exit 1
serve() {
	while sleep 0.2; do
		[ -e request ] || continue
		mapfile -t args < <(sed -e "s,^/lib/modules/[^/]*/build$,$kernel/headers," \
			-e "s,^M=/var/lib/dkms,M=$PWD/dkms," request)
		rm request
		env -u MAKEFLAGS -u MFLAGS -u ARCH make "${args[@]}" >output 2>&1
		echo $? >answer.new
		mv answer.new answer
	done
}
serve 9>&- &
server=$!

BUILD=$build "$top/tests/vm/run" --no-modules --memory 1024 -- \
	bash "$top/tests/vm/host_guest.sh" "$tree" "$(realpath "$kernel")" 9>&- >out &
vm=$!
wait $vm
status=$?
vm=''
cat out
[ "$status" = 0 ] || echo "not ok - the VM ended with status $status"
[ "$status" = 0 ] && ! grep -q '^not ok' out
