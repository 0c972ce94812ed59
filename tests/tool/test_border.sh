#!/bin/bash
# SPDX-License-Identifier: MIT
# A sensor whose outer ring is not imaged, and thresholds as shares of a maximum: the blade
# edge on the CMOS die.
. tests/tool/lib.sh
uri=sim:profile=cmos32,scene=blade
kernels=laplacian,log,sobel-y,kirsch-n
frame() { sed -n "/\"kernel\":\"$1\"/s/.*\"$2\":\([^,}]*\).*/\1/p" out; } # frame KERNEL KEY
same() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a - b < 1e-6 && b - a < 1e-6) }'; }

run -d "$uri" acquire --json -k $kernels -t 10% -p both --exposure 500ms -o blade.psx
ok 'four kernels in one line' is "$(grep -c '"active":900' out)" 4
ok 'and a sum of them' is "$(tail -n 1 out | sed 's/.*"active":\([0-9]*\).*/\1/')" 3600
ok 'nothing is clipped' is "$(tail -n 1 out | sed 's/.*"saturated":\([0-9]*\).*/\1/')" 0
for kernel in laplacian log sobel-y kirsch-n; do
	effective=$(frame $kernel effective)
	ok "$kernel: of 900" same "$(frame $kernel occupancy)" "$(awk "BEGIN { print $effective / 900 }")"
	ok "$kernel: of 1024" same "$(frame $kernel occupancy_total)" "$(awk "BEGIN { print $effective / 1024 }")"
	ok "$kernel: as edges are" [ "$effective" -gt 200 -a "$effective" -lt 400 ]
done
cp out tenth

# Every frame's own maximum
run -d "$uri" acquire -q -k $kernels -t 100% -p both --exposure 500ms -o most.psx
for i in 0 1 2 3; do
	run view most.psx -n $i --json
	most=$(json threshold)
	ok "kernel $i: its maximum is kept" [ "$(json effective)" -ge 1 -a "$(json effective)" -le 2 ]
	run view blade.psx -n $i --json
	ok "kernel $i: a tenth of it" is "$(json threshold)" $(((most + 9) / 10))
	ok "kernel $i: both occupancies in the file" same "$(json occupancy_total)" \
		"$(sed -n "$((i + 1))s/.*\"occupancy_total\":\([^,}]*\).*/\1/p" tenth)"
done
run -d "$uri" acquire --json -k $kernels -t 5% -p both --exposure 500ms
mv out twentieth
cat tenth >out
few=$(frame laplacian effective)
cat twentieth >out
ok 'a lower share keeps more' [ "$(frame laplacian effective)" -gt "$few" ]

# A hot sub-pixel is at the end of the ADC, and masked: it says nothing of the maximum
run -d "$uri" acquire -q -k laplacian -t 10% -o good.psx
run -d "$uri,hot=4" acquire --json -k laplacian -t 10% -o hot.psx
ok 'hot sub-pixels are bad' is "$(json bad_pixels)" 4
ok 'and clipped' is "$(json saturated)" 4
run view good.psx --json
threshold=$(json threshold)
run view hot.psx --json
ok 'but set no threshold' is "$(json threshold)" "$threshold"

run -d "$uri" acquire -k $kernels -t 10%
ok 'the table has both' says '^kernel.*occupancy of all'
ok 'and says what they are' says '^occupancy is that of the pixels that see'
run view blade.psx -o blade.png
ok 'view has both' says 'occupancy .* of 900, .* of all'
run -d sim:profile=ideal,scene=blade,width=32,height=32 acquire --json -k laplacian -t 10%
ok 'without a border there is one' [ "$(grep -c 'active\|occupancy_total' out)" = 0 ]
run -d sim:profile=ideal,scene=blade,width=32,height=32 acquire -k laplacian -t 10%
ok 'and no other column' [ "$(grep -c 'of all' out)" = 0 ]
run -d "$uri" acquire --json --mode point -k identity
ok 'a point sees' is "$(json occupancy)" 1.0
echo "1..$n"
