#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl eval: counts on real images where they are, and on made ones always.
. tests/tool/lib.sh

row() { # row IMAGE KERNEL POLARITY EFFECTIVE
	if [ ! -r "$data/$1.pgm" ]; then
		skip "$1 $2 $3" 'no test image'
		return
	fi
	run eval --json --kernel "$2" --threshold 1 --polarity "$3" "$data/$1.pgm"
	ok "$1 $2 $3: $4 effective" is "$(json effective)" "$4"
}
bytes() { # bytes IMAGE POLARITY T WANTED: at most 5 % more
	if [ ! -r "$data/$1.pgm" ]; then
		skip "$1 payload" 'no test image'
		return
	fi
	run eval --json --kernel laplacian --threshold "$3" --polarity "$2" "$data/$1.pgm"
	ok "$1 $2 T=$3: at most $4 + 5 % bytes" [ "$(json payload_bytes)" -le $(($4 * 105 / 100)) ]
}

while read -r image laplacian log both; do
	row "$image" laplacian positive "$laplacian"
	row "$image" log positive "$log"
	row "$image" laplacian both "$both"
done <<END
bag_pencase 72712 77200 142168
bag_pencase_X2 72801 77522 141454
bag_B0046_0004_c1430x900 526137 581982 1060663
cast_C0001_0001 198269 204760 401167
cast_C0021_0010 77271 78286 157705
nat_apples 65133 68392 132255
weld_W0003_0010 963271 973711 1934074
END
bytes bag_pencase positive 1 65685
bytes bag_B0046_0004_c1430x900 positive 1 487656
bytes bag_B0046_0004_c1430x900 both 16 184000
bytes med_RG3_cr10bit both 1 943718

# A step edge, counted by hand: ten rows of 0, ten of 100. The Laplacian is
# +300 along the bright side (20 pixels), -300 along the dark side.
{ printf 'P5\n20 20\n255\n'; head -c 200 /dev/zero; head -c 200 /dev/zero | tr '\0' d; } >step.pgm
run eval --json step.pgm
ok 'step edge: the bright side is effective' is "$(json effective)" 20
run eval --json --polarity both step.pgm
ok 'step edge: both sides with both polarities' is "$(json effective)" 40
run eval --json --polarity both --threshold 300 step.pgm
ok 'step edge: T = 300 keeps them' is "$(json effective)" 40
run eval --json --polarity both --threshold 301 step.pgm
ok 'step edge: T = 301 drops them' is "$(json effective)" 0
run eval --json --polarity both --threshold 100% step.pgm
ok 'step edge: T = 100 % of the maximum keeps them' is "$(json effective)" 40
run eval --json --kernel identity --mode snap step.pgm
ok 'snap: 6 x 6 cells' is "$(json pixels)" 36
ok 'snap: three rows of cells are bright' is "$(json effective)" 18
run eval --json --kernel laplacian step.pgm step.pgm
ok 'occupancy is a ratio' is "$(json occupancy)" 0.05
ok 'suppressed is the rest' is "$(json suppressed)" 0.95
ok 'an object an image, then mean and pooled' is "$(wc -l <out)" 4
ok 'pooled over all pixels' is "$(sed -n 's/^{"pooled":{"pixels":\([0-9]*\).*/\1/p' out)" 800
ok 'mean over images' says '^{"mean":{"occupancy":0.05'
run eval step.pgm
ok 'a table for people' says '^step.pgm  *400  *20  *0.0500'
echo "1..$n"
