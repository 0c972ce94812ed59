# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced, after tests/tool/lib.sh, by tests that plug detectors in; what all of them have
# is in the array `common`
mocks=/sys/kernel/config/psxdet-mock

# plug NAME KEY=VALUE...: a detector of its own, new or brought back; its node in $dev
plug() {
	mkdir -p "$mocks/$1"
	for pair in "${common[@]}" "${@:2}"; do
		echo "${pair#*=}" >"$mocks/$1/${pair%%=*}"
	done
	before=" $(echo /dev/psxdet*) "
	echo 1 >"$mocks/$1/live"
	udevadm settle
	for dev in /dev/psxdet*; do
		[[ $before == *" $dev "* ]] || break
	done
}
unplug() { rmdir "$mocks/$1" && udevadm settle; }
until_true() { # until_true COMMAND...: within ten seconds
	for _ in $(seq 200); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
rails_are() { [ "$(<"/sys/class/psxdet/${dev##*/}/rails")" = "$1" ]; }
no_owner() { "$psxctl" -d "$dev" info --json | grep -q '"owner":null'; }
