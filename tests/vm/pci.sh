# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by run: psxvfu, the detector as a PCI device, and a QEMU that takes it
[ -x "$build/psxvfu" ] || fail "no psxvfu in $build: make"
qemu=$("$here/qemu-vfio")/qemu || fail "no QEMU with vfio-user-pci"
keys=
for key in profile width height scene; do
	eval "value=\$$key"
	[ -z "$value" ] || keys="$keys,$key=$(printf '%s' "$value" | sed 's/[\\,]/\\&/g')"
done
rm -f "$scratch/vfu"
"$build/psxvfu" --socket "$scratch/vfu" ${keys:+"${keys#,}"} 2>"$scratch/psxvfu" &
server=$!
until [ -S "$scratch/vfu" ]; do
	kill -0 "$server" 2>/dev/null || fail "$(cat "$scratch/psxvfu")"
	sleep 0.1
done
