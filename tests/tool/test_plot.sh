#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl acquire --plot: a picture with a panel for each kernel.
. tests/tool/lib.sh
pgm good.pgm 60 40
uri=sim:profile=ideal,scene=good.pgm
run -d "$uri" acquire -q --plot a.png
if grep -q 'without cairo' err; then
	skip 'pictures of frames' 'built without cairo'
	echo "1..$n"
	exit
fi
size() { od -An -tu1 -j16 -N8 "$1" | awk '{print $3 * 256 + $4, $7 * 256 + $8}'; }
# How many pixels of a picture have that luma, which the tool reads colours as
grey() { # grey PNG LEVEL
	run convert "$1" -o grey.raw
	od -An -v -tu2 -w2 grey.raw | awk -v level="$2" '$1 == level { n++ } END { print n + 0 }'
}

ok 'a picture of one frame' exits 0
ok 'it is said' says '^drawn in a.png'
panel=$(size a.png)
run -d "$uri" acquire --json -k identity,laplacian -t 8 --plot b.png
ok 'two kernels' exits 0
ok 'beside each other' is "$(size b.png)" "$((2 * ${panel% *})) ${panel#* }"
run -d "$uri" acquire -q -k identity,laplacian,log,sobel-x,sobel-y -t 10% -p both --plot c.png
ok 'five in two rows of three' [ "$(size c.png | cut -d' ' -f1)" = $((3 * ${panel% *})) ]
run -d "$uri" acquire -q -k laplacian -t 10% --accumulate 2 -n 3 --plot d.png
ok 'sums' exits 0
run -d "$uri" acquire -q --mode snap -k laplacian --plot e.png
ok 'snap' exits 0
run -d sim:profile=ideal,width=1430,height=900,scene=baggage acquire -q -k laplacian --plot f.png
ok 'larger than a panel: reduced' is "$(size f.png | cut -d' ' -f1)" "${panel% *}"

# A frame of nothing, of one value, and what is bad
run -d sim:profile=ideal,width=9,height=9,scene=flat:5 acquire -q -k laplacian --plot g.png
ok 'nothing was kept' exits 0
run -d sim:profile=ideal,width=9,height=9,scene=flat:5 acquire -q -k identity -t 0 --plot h.png
ok 'one value' exits 0
object=sim:profile=macropixel,mismatch=0,scene=hust,width=31,height=30
run -d "$object" acquire -q -m point --raster 31,30 -k identity,laplacian -t 2 --plot i.png
ok 'point by point' exits 0
ok 'nothing of it is magenta' [ "$(grey i.png 105)" -lt 1000 ]
run -d "$object,interlock_at=200" acquire -q -m point --raster 31,30 -k identity,laplacian -t 2 --plot j.png
ok 'half of them' exits 3
ok 'what was missed is' [ "$(grey j.png 105)" -gt 10000 ]
run -d "$object" acquire -q -m point --raster 1,2048,0.01 -k identity --plot tall.png
run convert tall.png -o tall.raw
# Pixels of a row that are not white
ok 'a picture of one column can be seen' [ "$(od -An -v -tu2 -w2 -j$((300 * 2 * ${panel% *})) -N$((2 * ${panel% *})) tall.raw |
	awk '$1 < 250 { n++ } END { print n + 0 }')" -ge 8 ]

run -d "$uri" acquire -q -k identity --plot nowhere/x.png -o x.psx
ok 'no such folder' refuses 1 'nowhere/x.png'
ok 'before anything is done' [ ! -e x.psx ]
run -d "$uri" acquire -q -k identity --plot /dev/full
ok 'a full disk' refuses 1 '/dev/full'
# shellcheck disable=SC2046
run -d "$uri" acquire -q $(yes -- '-k mean' | head -n 17) --plot x.png
ok 'more than can be looked at' refuses 2 '16 kernels'
ok 'no picture that was not asked for' is "$(ls -A | grep -c '^\.\|x.png')" 0
echo "1..$n"
