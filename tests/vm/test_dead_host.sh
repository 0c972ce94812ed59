#!/bin/bash
# SPDX-License-Identifier: MIT
# A host that is dead keeps no voltage up: the guest's kernel hangs, or panics, with
# the rails of a PCI detector on; psxvfu says on stderr what they do. Runs on the
# host: psxvfu and QEMU are here. Prints TAP.
set -u
here=$(dirname "$(realpath "$0")")
build=$(realpath "${PSX_BUILD:-${BUILD:-build}}")
export TMPDIR=$build BUILD=$build
n=0 vm='' scratch='' kept="$build/dead_host.kept"
trap '[ -z "$vm" ] || kill "$vm" 2>/dev/null; rm -rf "$kept" "$scratch"' EXIT
limit=120

ok() { # ok TEXT CONDITION...
	n=$((n + 1)) text=$1
	shift
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		echo "# failed: $*"
		sed 's/^/# /' "$scratch/psxvfu" 2>/dev/null | tail -n 8
	fi
}

# begin COMMAND: boot a guest that switches the rails on and runs COMMAND with them up;
# $scratch is the folder of that VM, whose psxvfu has them on when this returns
begin() {
	cat >"$build/dead_host.sh" <<-END
		psxctl -d /dev/psxdet0 hv on </dev/null >/dev/null &
		until [ "\$(cat /sys/class/psxdet/psxdet0/rails)" = on ]; do :; done
		$1
		wait
	END
	: >"$kept"
	"$here/run" --pci --profile ideal --width 16 --height 12 --timeout $limit --keep \
		--append panic=0 -- sh "$build/dead_host.sh" >"$build/dead_host.out" 2>"$kept" &
	vm=$!
	scratch=
	until_line 'rails on,' || return 1
}

# until_line PATTERN: until psxvfu has said so
until_line() {
	end=$((SECONDS + limit))
	while [ $SECONDS -lt $end ]; do
		for scratch in "$build"/psxvm.*; do
			! grep -q "$1" "$scratch/psxvfu" 2>/dev/null || return 0
		done
		kill -0 "$vm" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

device_ns() { # device_ns PATTERN: when it was, by the device's clock
	sed -n "s/^psxvfu: $1.* device \([0-9]*\) ns\$/\1/p" "$scratch/psxvfu" | tail -n 1
}

finish() {
	kill "$vm" 2>/dev/null
	wait "$vm" 2>/dev/null
	vm=
	rm -rf "$scratch"
}

died() { # died WHAT
	seconds=$SECONDS
	until_line 'rails tripped, cause watchdog, 0 mV, 0 mV'
	ok "$1: the watchdog takes the rails down" [ $? = 0 ]
	waited=$((SECONDS - seconds))
	# Petted twice a second, it waits for 2 s
	ok "$1: within 4 s of real time" [ "$waited" -le 4 ]
	took=$(($(device_ns 'rails tripped, cause watchdog, 0 mV') -
		$(device_ns 'rails tripped, cause watchdog, 105000 mV')))
	ok "$1: 0 mV in the time of the slew" [ $took = 1050000000 ]
	echo "# $1: tripped within $waited s, 0 mV $((took / 1000000)) ms after, TRIPPED WATCHDOG"
}

# The processes of this VM, whatever QEMU is called here
qemu_pids() {
	pgrep -f "vfio-user-pci.*$scratch/vfu"
}

if begin 'sleep 1000'; then
	# Longer than the watchdog: it is petted
	sleep 4
	ok 'alive: the rails stay' sh -c "! grep -q tripped '$scratch/psxvfu'"
	pids=$(qemu_pids)
	# shellcheck disable=SC2086 # several
	kill -STOP $pids
	died 'host hangs'
	# shellcheck disable=SC2086
	kill -CONT $pids
else
	ok 'host hangs: rails on' false
fi
finish
if begin 'sleep 1; echo c >/proc/sysrq-trigger'; then
	until_panic=$((SECONDS + limit))
	until grep -q 'Kernel panic' "$scratch/console" || [ $SECONDS -gt $until_panic ]; do
		sleep 0.1
	done
	died 'kernel panics'
else
	ok 'kernel panics: rails on' false
fi
finish
echo "1..$n"
