#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad input: one line that says what to do, the right exit code, nothing left.
. tests/tool/lib.sh
pgm good.pgm 40 30

run
ok 'no verb' refuses 2 'list, info, kernel'
run frobnicate
ok 'unknown verb' refuses 2 "no verb 'frobnicate'"
run eval --frob good.pgm
ok 'unknown option' refuses 2 "'--frob'"
run info frob
ok 'unexpected argument' refuses 2 "'frob'"
run eval good.pgm --kernel
ok 'missing value' refuses 2 "'--kernel'"
run eval
ok 'no image' refuses 2 'at least one image'
run eval missing.pgm
ok 'missing image' refuses 1 'missing.pgm'
head -c 500 good.pgm >short.pgm
run eval short.pgm
ok 'truncated PGM' refuses 1 'short.pgm'
printf 'P5\n0 0\n255\n' >zero.pgm
run eval zero.pgm
ok '0 x 0 image' refuses 1 'zero.pgm'
printf 'P5\n99999999 99999999\n255\n' >huge.pgm
run eval huge.pgm
ok 'huge image' refuses 1 'huge.pgm'
printf 'P5\n60000 60000\n255\nabc' >claims.pgm
run eval claims.pgm
ok 'an image that claims more than it has' refuses 1 'claims.pgm'
printf 'P5\n9000 1\n255\n' >wide.pgm; head -c 9000 /dev/zero >>wide.pgm
run eval wide.pgm
ok 'an image wider than a sensor can be' refuses 1 '9000'
echo hello >text.png
run eval text.png
ok 'not an image' refuses 1 'text.png'
run eval --kernel lapalcian good.pgm
ok 'wrong kernel name' refuses 2 'lapalcian'
run eval --threshold x good.pgm
ok 'bad threshold' refuses 2 "threshold 'x'"
run eval --threshold 40000 good.pgm
ok 'threshold out of range' refuses 2 "'40000'"
run eval --polarity up good.pgm
ok 'bad polarity' refuses 2 "'up'"

run acquire
ok 'no device' refuses 2 '-d'
run -d sim:widht=5 acquire
ok 'bad key' refuses 1 'widht'
run -d sim:width=0 acquire
ok 'bad value' refuses 1 'width=0'
run -d sim:width acquire
ok 'a key without a value' refuses 1 'key=value'
run -d sim:profile=perfect acquire
ok 'bad profile' refuses 1 'perfect'
run -d sim:scene=nothing acquire
ok 'missing scene' refuses 1 'nothing'
run -d sim:scene=good.pgm,width=41 acquire
ok 'scene of another size' refuses 1 '40 x 30'
run -d /dev/psxdet9 acquire
ok 'no such device: says what to do' refuses 1 'no such detector; .*sim: is a model'
run -d /dev/null info
ok 'not a detector' refuses 1 '/dev/null is not a detector'
run -d serial:0123456789abcdef info
ok 'no such serial number' refuses 1 'no such detector'
run -d serial: info
ok 'no serial number' refuses 1 'psxctl list'
run -d sim: acquire --join lossy
ok 'a model in this process has one reader' refuses 1 'nobody else reads it'
run -d sim: acquire --join lossy -k log
ok 'who reads along loads nothing' refuses 2 '--kernel'
for option in '--threshold 3' '--mode snap' '--polarity both' '--pga 2' '--exposure 1ms' '--rate 1' \
	'--accumulate 2' '--trigger software'; do
	# shellcheck disable=SC2086
	run -d sim: acquire --join lossy $option
	ok "nor does it take $option" refuses 2 "${option% *}"
done
run -d sim: acquire --join me
ok 'a way to join that is none' refuses 2 "'me'"
run -d sim: monitor
ok 'a model in this process reports nothing' refuses 2 'reports nothing'
run -d foo acquire
ok 'not a URI' refuses 1 "'foo'"
run -d sim: acquire --rate 1000
ok 'a rate that exposures do not allow' refuses 1 'at most 0.111 frames a second'
run -d sim: acquire --pga 3
ok 'bad gain' refuses 2 "'3'"
run -d sim:width=2,height=2,scene=flat:9 acquire --mode snap
ok 'snap on a sensor smaller than a cell' refuses 1 'smaller than'

run -d sim:scene=good.pgm acquire -k laplacian -n 3 -o nowhere/x.psx
ok 'a folder that is not there' refuses 1 'nowhere'
# As many frames as the line says are in the file that it names, and can be seen
left_is() { # left_is FILE
	grep -q "; [0-9]* frames are in $1$" err || return 1
	frames=$(sed -n 's/.*; \([0-9]*\) frames are in .*/\1/p' err)
	run view "$1" --json -n -1 -o left.png
	[ "$frames" -gt 1 ] && [ "$(json frames)/$(json complete)" = "$frames/false" ]
}
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
	run -q -d sim:scene=good.pgm acquire -k identity -n 500 -o small/x.psx
	ok 'full disk' refuses 1 'small/x.psx'
	ok 'full disk: nothing under the final name' [ ! -e small/x.psx ]
	ok 'full disk: what was taken is beside it' left_is small/.x.psx.??????
	umount small
else
	skip 'full disk' 'cannot mount'
fi
(ulimit -f 8; "$psxctl" -q -d sim:scene=good.pgm acquire -k identity -n 500 -o big.psx >out 2>err)
status=$?
ok 'file size limit' refuses 1 'big.psx'
ok 'file size limit: nothing under the final name' [ ! -e big.psx ]
ok 'file size limit: what was taken is beside it' left_is .big.psx.??????
begin -d sim:scene=good.pgm,rate=100 acquire --json -n 0 -o taken.psx
mkdir taken.psx
kill -INT $pid
wait $pid
status=$?
ok 'a name that is taken at the end' refuses 1 'taken.psx: is a directory'
ok 'a name that is taken at the end: what was taken is beside it' left_is .taken.psx.??????
echo old >keep.psx
(ulimit -f 8; "$psxctl" -d sim:scene=good.pgm acquire -k identity -n 500 -o keep.psx >out 2>err)
ok 'what stood there stays' is "$(cat keep.psx)" old

# A name may be an escape sequence, of one byte or two
for name in $'q\e[31m/x' $'q\xc2\x9b31m'; do
	run -d sim:profile=ideal train "$name"
	ok 'names do not speak to the terminal' refuses 1 'q.*31m'
	ok 'by any control character' is "$(LC_ALL=C grep -c $'[\x01-\x1f\x7f]\\|\xc2[\x80-\x9f]' err)" 0
done
long=$(printf '%0200d/' 0 0)
run view "$long"x.psx
ok 'view: a long path leaves room for the reason' refuses 1 '/x.psx: no such file'
run eval "$long"x.pgm
ok 'eval: a long path' refuses 1 '/x.pgm: No such file'
run kernel show "$long"x.txt
ok 'kernel: a long path' refuses 2 '/x.txt: No such file'
run -d sim:scene=good.pgm acquire -o "$long"x.psx
ok 'acquire: a long path' refuses 1 '/x.psx: no such file'
run view good.pgm -o "$long"x.png
ok 'view: a long path of a picture' refuses 1 '/x.png: No such file'

printf '{"weights": [[1]], "scael": 2}' >key.json
run kernel show ./key.json
ok 'kernel file: a key that is none' refuses 2 '"scael"'
printf 'scale3\n1\n' >scale.txt
run kernel show ./scale.txt
ok 'kernel file: scale without a space' refuses 2 "scale.txt:1: .*scale3"
pgm s3.pgm 3 3
pgm s2.pgm 2 2
run eval -k laplacian -m snap s3.pgm s2.pgm
ok 'eval: the image that is smaller than a cell' refuses 1 's2.pgm: .*smaller than'
run eval -k log,mean good.pgm
ok 'eval: two kernels' refuses 2 'one kernel'
run eval -m point good.pgm
ok 'eval: point mode' refuses 2 "'point'"

run -d sim: list
ok 'list: no detector is asked' refuses 2 'means nothing here'
run -d sim: convert good.pgm -o x.raw
ok 'convert: nor here' refuses 2 'means nothing here'

run view missing.psx
ok 'view: missing file' refuses 1 'missing.psx'
run view text.png
ok 'view: not a frame file' refuses 1 'text.png'
run -d sim:scene=good.pgm acquire -k laplacian -o v.psx
run view v.psx -n 7 -o v.png
ok 'view: no such frame' refuses 1 'v.psx'
ok 'view: no picture then' [ ! -e v.png ]
head -c 300 v.psx >cut.psx
run view cut.psx -o v.png
ok 'view: truncated file' refuses 1 'cut.psx'
run kernel show nothing
ok 'kernel show: unknown' refuses 2 'nothing'
"$psxctl" kernel list >/dev/full 2>err
status=$?
ok 'standard output is full' refuses 1 'standard output'
run -d sim: acquire --exposure 10ns
ok 'an exposure that the device cannot do' refuses 1 '1e-08 s'
run kernel frob
ok 'kernel: unknown action' refuses 2 'frob'
echo "1..$n"
