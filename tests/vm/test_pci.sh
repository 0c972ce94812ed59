#!/bin/bash
# SPDX-License-Identifier: MIT
# The detector on PCI gives the bytes of sim:, also after a reset of its function.
# Runs in a VM with --pci --scene "$PSX_SCENE" --profile "$PSX_PROFILE".
export PSX_BUILD=${BUILD:-build}
. tests/tool/lib.sh
same=$(dirname "$psxctl")/same
what="$PSX_SCENE $PSX_PROFILE on PCI"
function=$(echo /sys/bus/pci/drivers/psxdet/0000:*)

ok "$what: one function" [ -e "$function/reset" ]
run -d "sim:profile=$PSX_PROFILE,scene=$PSX_SCENE" acquire -k laplacian,log,sobel-x -p both -n 6 -o sim.psx
run -d /dev/psxdet0 acquire -k laplacian,log,sobel-x -p both -n 6 -o pci.psx
ok "$what: six frames" exits 0
ok "$what: the bytes of sim:" "$same" pci.psx sim.psx
if grep -q swiotlb=force /proc/cmdline; then
	ok "$what: through bounce buffers" [ "$(cat /sys/kernel/debug/swiotlb/io_tlb_used)" -gt 1000 ]
fi
before=$(readlink -f /sys/class/psxdet/psxdet0)
echo 1 >"$function/reset"
udevadm settle
ok "$what: there after a reset" [ "$before" = "$(readlink -f /sys/class/psxdet/psxdet0)" ]
run -d /dev/psxdet0 acquire -k laplacian,log,sobel-x -p both -n 6 -o again.psx
ok "$what: the same bytes after a reset" "$same" again.psx sim.psx
echo 1 >"$function/remove"
ok "$what: gone when removed" [ ! -e /dev/psxdet0 ]
echo "1..$n"
