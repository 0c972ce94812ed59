#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl budget: arithmetic by hand, ratios as eval has them.
. tests/tool/lib.sh

near() { awk -v a="$1" -v b="$2" 'BEGIN { off = a - b; exit !(a != "" && off * off <= 1e-12 * b * b) }'; }
of() { grep "\"stream\":\"$1\"" out | sed "s/.*\"$2\":\([-0-9.e]*\).*/\1/"; }
link() { grep "\"stream\":\"$1\"" out | sed "s/.*\"link\":\"$2\",\([^}]*\)}.*/\1/; s/.*\"$3\":\([-0-9.a-z]*\).*/\1/"; }

pgm a.pgm 60 40
pgm b.pgm 90 40
run eval --json -k laplacian -t 30 a.pgm b.pgm
ratio=$(sed -n 's/^{"pooled":.*"byte_ratio":\([0-9.]*\).*/\1/p' out)
occupancy=$(sed -n 's/^{"pooled":.*"occupancy":\([0-9.]*\),.*/\1/p' out)
run budget --json -k laplacian,log -t 30 --size 4000x3000 --rate 100 a.pgm b.pgm -o b.csv --plot b.png
ok 'budget ends well' exits 0
ok 'raw and two kernels' is "$(wc -l <out)" 3
ok 'raw: 12e6 values of 16 bits, 100 times a second' near "$(of raw gbit_s)" 19.2
ok 'the ratio is that of eval' near "$(of laplacian byte_ratio)" "$ratio"
ok 'and occupancy' near "$(of laplacian occupancy)" "$occupancy"
ok 'sparse: the same times the ratio' near "$(of laplacian gbit_s)" \
	"$(awk -v r="$ratio" 'BEGIN { print 19.2 * r }')"
ok 'CameraLink HS does not carry raw data' is "$(link raw 'CameraLink HS' fits)" false
ok 'so many frames it does' near "$(link raw 'CameraLink HS' frames_s)" 52.0833333
ok 'a CT detector does' is "$(link raw 'CT detector' fits)" true
ok 'the share of it' near "$(link raw 'CT detector' share)" 0.48
ok 'reconstruction counts images' is "$(link laplacian reconstruction frames_s)" 64.0
ok 'which are too many' is "$(link laplacian reconstruction fits)" false
ok 'nine exposures of a scan: 1/900 s less 1 ms' near "$(of laplacian longest_exposure_s)" 0.000111111111
ok 'none for 25' near "$(of log longest_exposure_s)" 0
ok 'a row a stream and link in the table' is "$(wc -l <b.csv)" 16
ok 'with what fits' is "$(grep '^raw,.*,CT detector,' b.csv | cut -d, -f7-)" 'CT detector,0.48,208.333333,1'
ok 'where there is no time to expose, nothing does' is "$(grep -c '^log,.*,0$' b.csv)" 5
ok 'nor is it said to' is "$(link log 'CT detector' fits)" false
if [ -e b.png ]; then
	ok 'a picture' is "$(head -c 4 b.png | tail -c 3)" PNG
else
	skip 'a picture' 'built without cairo'
fi
run budget --json -k laplacian --mode snap --rate 30 a.pgm
ok 'snap: a value for nine' near "$(of laplacian gbit_s)" \
	"$(awk -v r="$(of laplacian byte_ratio)" 'BEGIN { print 20 * 13 * 16 * 30 * r / 1e9 }')"
ok 'the size is that of the first image' near "$(of raw gbit_s)" 0.001152
run budget a.pgm
ok 'a table for people' says '^laplacian .*yes'
run budget -t 10% a.pgm
ok 'a threshold by share' says 'T = 10 % of'
run budget --json --mode snap --size 2x40 a.pgm
ok 'no size for a cell' refuses 1 "2x40.*'laplacian', 3 x 3"
ok 'and no numbers' is "$(wc -c <out)" 0
run budget --plot /nowhere/x.png nothing.pgm
ok 'a picture that can not be written is found out before' refuses 1 'x.png'
run budget -o /nowhere/x.csv nothing.pgm
ok 'a table, too' refuses 1 'x.csv'
run budget
ok 'no image' refuses 2 'at least one'
run budget --size 3 a.pgm
ok 'no size' refuses 2 'WxH'
run -d sim: budget a.pgm
ok 'no device' refuses 2 'means nothing'
run budget a.pgm nothing.pgm
ok 'an image that is not there' refuses 1 'nothing.pgm'
cp a.pgm same.pgm
ln -s same.pgm link.pgm
for option in -o --plot; do
	run budget a.pgm same.pgm $option ./link.pgm
	ok "$option in place of an image" refuses 1 'link.pgm: it is an image'
done
ok 'which is still there' cmp -s a.pgm same.pgm
run budget a.pgm -o b.csv --plot ./b.csv
ok 'a table and a picture in one place' refuses 2 'the same file, ./b.csv'
echo "1..$n"
