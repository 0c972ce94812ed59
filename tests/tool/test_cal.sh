#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl cal, and calibrations where others use them.
. tests/tool/lib.sh
pgm good.pgm 60 40
uri=sim:scene=good.pgm,mismatch=0.05,dead=2,hot=1,stuck=2

run -d $uri cal run -o cal.json
ok 'cal run' exits 0
ok 'cal run: says what it found' says '^defects: 2 dead, 1 hot, 2 stuck'
ok 'cal run: the null of both kernels' is "$(grep -c '^laplacian\|^log' out)" 2
ok 'cal run: says what the rails do' is "$(grep -c 'rails are' err)" 2
ok 'cal run: the file' [ -s cal.json ]
run -d $uri cal run -k sobel-x --biases 9 --frames 2 --exposure 500ms -o short.json --json -q
ok 'cal run --json' is "$(json biases)/$(json frames)/$(json kernel)" 9/2/sobel-x
# awk exits 0 when the null made a flat beam flatter
ok 'the null is of use' awk -v b="$(json before_rms)" -v a="$(json after_rms)" 'BEGIN { exit !(a < b) }'

# Without regard to it +1 beside -1 would take 171.2 V there, and the board has 170
run -d sim:profile=cmos32,seed=6 cal run -k sobel-y -o near.json -q
ok 'neighbours of unlike sign stay as near as the board allows' exits 0

run cal show cal.json -o ./cal.json
ok 'cal show: not in place of the file' refuses 1 'cal.json: it is the calibration'
run cal show cal.json
ok 'cal show: whose' says '^calibration  [0-9a-f]* of sim-real'
ok 'cal show: nulls' says '^nulled *laplacian (scan), log (scan)$'
ok 'cal show: defects' says '^defects *2 dead, 1 hot, 2 stuck'
run cal show cal.json --pixel 3,4 --json
ok 'cal show --pixel' says '"pixel":{"x":3,"y":4,"defect":"good","reverse":{"gain":'
run cal show cal.json --pixel 3,4 -o curves.png --map map.png
if [ "$status" = 0 ]; then
	ok 'cal show: curves' [ -s curves.png ]
	ok 'cal show: the map says what it shows' says 'magenta is defective'
else
	ok 'cal show: without cairo it says so' refuses 1 'without cairo'
fi
run cal show cal.json -o nowhere/x.png
ok 'cal show: no such folder' exits 1

run -d $uri acquire -k laplacian -t 8 --json --cal cal.json -o cal.psx
ok 'acquire --cal' exits 0
ok 'acquire --cal: bad pixels are counted' [ "$(json bad_pixels)" -gt 0 ]
bad=$(json bad_pixels)
calibrated=$(json effective)
run view cal.psx -o cal.png --json
ok 'view: as many' is "$(json bad_pixels)" "$bad"
run view cal.psx -o cal.png
ok 'view: they are magenta' says "^magenta: $bad bad pixels"
run -d $uri kernel load laplacian --cal cal.json --hold 0
ok 'kernel load --cal' says 'configuration [0-9]*: 1 kernel'
ok 'kernel load: DACs that do not follow' grep -q '2 DACs did not follow' err
run -d $uri cal load cal.json -k laplacian,log --hold 0 --json
ok 'cal load' is "$(json channels)" 2

# A flat beam through a calibrated kernel is flat; through a nominal one it is not
flat=sim:width=60,height=40,scene=flat:4000,mismatch=0.05
run -d $flat cal run -o flat.json -q -k laplacian
run -d $flat acquire -k laplacian -t 60 -p both --json --cal flat.json
calibrated=$(json effective)
run -d $flat acquire -k laplacian -t 60 -p both --json
ok 'calibrated: a flat beam gives nothing' is "$calibrated" 0
ok 'nominal: it gives a lot' [ "$(json effective)" -gt 2000 ]

# Another detector, another day, other warmth
run -d $uri,seed=9 acquire -k laplacian --cal cal.json
ok 'of another detector' refuses 1 '--force'
run -q -d $uri,seed=9 acquire -k laplacian --cal cal.json --force
ok '--force' exits 0
run -q -d sim:width=8,height=8,scene=flat:3 acquire -k laplacian --cal cal.json --force
ok '--force fits no other size' exits 1
run -d $uri,temperature=30 acquire -k laplacian --cal cal.json --json
ok 'of another temperature: a warning' refuses 0 'made at 25.0 C, the detector is at 30.0 C'
if faketime=$(command -v faketime); then
	$faketime '10 days' "$psxctl" -d $uri acquire -k laplacian --cal cal.json --json >out 2>err
	status=$?
	ok 'an old one: a warning' refuses 0 '10 days old'
else
	skip 'an old one' 'no faketime'
fi

# Ctrl-C
"$psxctl" -d $uri,width=640,height=480,scene=baggage cal run -o late.json >out 2>err &
pid=$!
until grep -q 'rails are up' err 2>/dev/null || ! kill -0 $pid; do sleep 0.02; done
kill -INT $pid
wait $pid
status=$?
ok 'cal run: Ctrl-C' exits 1
ok 'says so' grep -q 'interrupted; nothing is kept' err
ok 'takes the rails down' grep -q 'rails are down' err
ok 'leaves nothing' is "$(ls -A | grep -c 'late')" 0
run -d $uri,overcurrent_at=30 cal run -o trip.json
ok 'a trip ends it' exits 1
ok 'and is named' grep -q 'tripped by over-current' err
ok 'nothing is kept' [ ! -e trip.json ]

# Bad input
run cal
ok 'no action' refuses 2 'say run'
run cal frob
ok 'no such action' refuses 2 "'frob'"
run cal run -o x.json
ok 'no detector' refuses 2 '-d URI'
run -d $uri cal run
ok 'no file to write' refuses 2 '-o FILE'
run -d $uri cal run x.json
ok 'the file is named with -o' refuses 2 'named with -o'
run -d $uri cal run -o nowhere/x.json
ok 'a folder that is not there: before anything is measured' refuses 1 'nowhere/x.json'
run -d $uri cal run --biases 4 -o x.json
ok 'biases' refuses 2 "biases '4'"
run -d $uri cal run --frames 0 -o x.json
ok 'frames' refuses 2 "frames '0'"
run -d $uri cal run --exposure long -o x.json
ok 'exposure' refuses 2 "'long'"
run cal show
ok 'show: which' refuses 2 'which calibration'
run -d $uri cal show cal.json
ok 'show: asks no detector' refuses 2 'means nothing here'
run cal show missing.json
ok 'show: missing' refuses 1 'missing.json'
run cal show cal.json --pixel 60,0
ok 'show: outside' refuses 2 '60,0'
run cal show cal.json --pixel here
ok 'show: no pixel' refuses 2 "'here'"
run cal show cal.json --biases 9
ok 'show: an option of run' refuses 2 'goes with `run`'
run -d $uri cal load
ok 'load: which' refuses 2 'which calibration'
head -c 3000 cal.json >cut.json
run cal show cut.json
ok 'a file that was cut' refuses 1 'cut.json'
echo '{}' >none.json
run -d $uri acquire -k log --cal none.json
ok 'no calibration' refuses 1 'none.json'
run -d $uri acquire --cal cal.json -m snap -k identity --bank-map good.pgm
ok 'bank maps and calibrations' refuses 2 'does not go with --cal'
ok 'nothing else is left' is "$(ls -A | grep -c '^\.')" 0
echo "1..$n"
