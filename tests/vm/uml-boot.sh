# shellcheck shell=sh
# shellcheck disable=SC2086 # $line is several
# SPDX-License-Identifier: MIT
# Sourced by run: the user-mode Linux, a process of this host
set -- mem="${memory}M" initrd="$scratch/initramfs" uml_dir="$scratch/" umid=uml con0=null,fd:4 con=null
# Its memory is a file, which /dev/shm may be too small for
if [ "$(df -m --output=avail /dev/shm 2>/dev/null | tail -n 1)" -lt "$memory" ] 2>/dev/null; then
	export TMPDIR="$scratch"
fi
if [ -n "$shell" ]; then
	exec 3<&0
	timeout --foreground -k 5 "$timeout" "$kernel/linux" "$@" con1=fd:0,fd:1 $line <&3 4>"$log" &
else
	timeout -k 5 "$timeout" "$kernel/linux" "$@" ssl0=null,fd:5 ssl1=null,fd:6 $line \
		</dev/null >"$log" 4>&1 2>"$scratch/qemu" 5>"$scratch/out" 6>"$scratch/err" &
fi
vm=$!
