#!/bin/bash
# SPDX-License-Identifier: MIT
# The detector on PCI gives the bytes of sim:, also after a reset of its function.
# Runs in a VM with --pci --scene "$PSX_SCENE" --profile "$PSX_PROFILE"; `test_pci.sh sim`,
# before, on the host, where it is fast: the bytes that are wanted.
export PSX_BUILD=${BUILD:-${PSX_BUILD:-build}}
. tests/tool/lib.sh
same=$(dirname "$psxctl")/same
wanted=$(dirname "$psxctl")/pci-$PSX_SCENE-$PSX_PROFILE.psx
frames='acquire -k laplacian,log,sobel-x -p both -n 6 -o'
if [ "${1:-}" = sim ]; then
	rm -f "$wanted"
	# shellcheck disable=SC2086 # several
	"$psxctl" -q -d "sim:profile=$PSX_PROFILE,scene=$PSX_SCENE" $frames "$wanted" >out
	exit
fi
what="$PSX_SCENE $PSX_PROFILE on PCI"
[ -e "$wanted" ] || echo "# run \`test_pci.sh sim\` on the host first: no $wanted"
function=$(echo /sys/bus/pci/drivers/psxdet/0000:*)

ok "$what: one function" [ -e "$function/reset" ]
# shellcheck disable=SC2086
run -d /dev/psxdet0 $frames pci.psx
ok "$what: six frames" exits 0
ok "$what: the bytes of sim:" "$same" pci.psx "$wanted"
if grep -q swiotlb=force /proc/cmdline; then
	ok "$what: through bounce buffers" [ "$(cat /sys/kernel/debug/swiotlb/io_tlb_used)" -gt 1000 ]
fi
before=$(readlink -f /sys/class/psxdet/psxdet0)
echo 1 >"$function/reset"
udevadm settle
ok "$what: there after a reset" [ "$before" = "$(readlink -f /sys/class/psxdet/psxdet0)" ]
# shellcheck disable=SC2086
run -d /dev/psxdet0 $frames again.psx
ok "$what: the same bytes after a reset" "$same" again.psx "$wanted"
echo 1 >"$function/remove"
ok "$what: gone when removed" [ ! -e /dev/psxdet0 ]
echo "1..$n"
