# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by what fetches and builds kernels: the cache and Debian's packages
cache=${PSX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/psxdet}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# once NAME: return if the cache has NAME, else 1, holding its lock; then make it
# in $new, which `keep` puts into its place. What is interrupted leaves nothing.
once() {
	name=$1
	[ ! -e "$cache/$name" ] || return 0
	mkdir -p "$cache" || die "no cache in $cache"
	exec 9>"$cache/.$name.lock" || die "no lock in $cache"
	flock 9
	[ ! -e "$cache/$name" ] || return 0
	new=$cache/.$name.new
	rm -rf "$new"
	mkdir "$new" || die "cannot write in $cache"
	trap 'rm -rf "$new"' EXIT
	trap 'exit 130' INT TERM
	return 1
}

keep() {
	mv -T "$new" "$cache/$name" || die "cannot write in $cache"
	exec 9>&-
}

# mirror NAME: where apt of this machine has debian or debian-security from;
# PSX_MIRROR=URI is another place of both
mirror() {
	if [ -n "${PSX_MIRROR:-}" ]; then
		echo "${PSX_MIRROR%/}/$1/"
		return
	fi
	# shellcheck disable=SC2016 # $(REPO_URI) is apt's
	apt-get indextargets --format '$(REPO_URI)' 'Component: main' | grep -m 1 "/$1/\$" ||
		echo "http://deb.debian.org/$1/"
}

# debian SUITE...: know these suites' packages, apart from the host's own, so that
# neither root nor the host's release matter. A suite that is gone is left out.
debian() {
	apt=$new/.apt
	mkdir -p "$apt/lists/partial" "$apt/cache"
	: >"$apt/status"
	for suite; do
		case $suite in
		*-security) path=debian-security ;;
		*) path=debian ;;
		esac
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$(mirror $path) $suite main"
	done >"$apt/sources"
	cat >"$apt/conf" <<-EOF
		Dir::State "$apt";
		Dir::State::Lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Dir::Etc::SourceList "$apt/sources";
		Dir::Etc::SourceParts "-";
		Dir::Etc::Preferences "-";
		Dir::Etc::PreferencesParts "-";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
	EOF
	export APT_CONFIG="$apt/conf"
	apt-get update -q >"$apt/log" 2>&1 || true
}

# unpack PACKAGE...: download, and unpack into $new
unpack() {
	mkdir -p "$apt/debs"
	(cd "$apt/debs" && apt-get download -q "$@") >>"$apt/log" 2>&1 || {
		tail -n 5 "$apt/log" >&2
		die "cannot download $*"
	}
	unpack_debs "$apt/debs"
}

unpack_debs() { # unpack_debs FOLDER: what is in it, into $new
	for deb in "$1"/*.deb; do
		dpkg-deb -x "$deb" "$new" || die "cannot unpack ${deb##*/}"
		rm "$deb"
	done
}

# guest_root DIR: the root of an initramfs that tests/vm/initramfs completes
guest_root() {
	mkdir -p "$1/dev" "$1/proc" "$1/sys" "$1/lower" "$1/upper" "$1/root" "$1/bin"
	cp /bin/busybox "$1/bin/busybox"
	busybox --list | grep -v -x busybox | sed "s,^,$1/bin/," | xargs -n 1 ln -s busybox
	touch "$1/modules"
}

pack() { # pack DIR FILE
	(cd "$1" && find . | cpio -oH newc --quiet) >"$2" || die "no initramfs"
}
