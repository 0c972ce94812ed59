#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl convert: pictures and phantoms as grey levels, alone or as PGM.
. tests/tool/lib.sh
pgm good.pgm 60 40

run convert good.pgm -o good.raw
ok 'a picture: its size is printed' is "$(cat out)" '60 40'
ok 'a picture: two bytes a pixel' is "$(stat -c %s good.raw)" 4800
tail -c 2400 good.pgm | od -An -v -tu1 -w1 | tr -d ' ' >wanted
od -An -v -tu1 -w2 good.raw | awk '{ print $1 + 256 * $2 }' >got
ok 'a picture: its levels, little-endian' cmp -s wanted got
printf 'P5\n2 1\n65535\n\001\002\377\376' >deep.pgm
run convert deep.pgm -o deep.raw
ok '16 bits: low byte first' is "$(od -An -tx1 deep.raw)" ' 02 01 fe ff'
run convert deep.pgm -o again.pgm
ok 'a picture again' cmp -s deep.pgm again.pgm
for name in deep.png deep.csv deep.bmp deep.pgm.gz; do
	run convert deep.pgm -o $name
	ok "nothing of another kind: $name" refuses 2 "$name: it writes grey levels, as .raw or .pgm"
	ok 'nor a file of its name' [ ! -e $name ]
done
run convert deep.pgm -o ./deep
ok 'no ending: the levels alone' cmp -s deep deep.raw
run -q -d sim:profile=ideal,scene=good.pgm acquire -o frames.psx
run convert frames.psx -o frames.pgm
ok 'frames' refuses 1 'frames.psx: a file of frames, not a picture'
printf '\211P' >short.png
run convert short.png -o short.pgm
ok 'nearly a picture' refuses 1 'short.png: broken PNG'
run convert flat:258 --width 3 --height 1 -o flat.raw
ok 'a phantom: of that size' is "$(cat out)" '3 1'
ok 'a phantom: of that level' is "$(od -An -tx1 flat.raw)" ' 02 01 02 01 02 01'
run convert hust -o hust.raw --json
ok 'JSON' is "$(cat out)" '{"output":"hust.raw","width":640,"height":480,"bytes":614400}'
run convert baggage --seed 2 -o two.raw
run convert baggage --seed 2 -o again.raw
ok 'a seed is a phantom' cmp -s two.raw again.raw
run convert baggage -o one.raw
ok 'another seed is another' [ "$(cmp one.raw two.raw 2>&1 | wc -l)" = 1 ]
run convert good.pgm -o - --width 61
ok 'a picture of another size' refuses 1 'good.pgm is 60 x 40'
run convert lapalcian -o x.raw
ok 'neither file nor phantom' refuses 1 'neither a file nor a phantom'
run convert -o x.raw
ok 'no scene' refuses 2 'what to convert'
run convert hust
ok 'no output' refuses 2 '-o FILE'
run convert hust blade -o x.raw
ok 'two scenes' refuses 2 "'blade'"
run convert hust --width 0 -o x.raw
ok 'no width' refuses 2 "'0' is not 1..65535"
run convert hust -o nowhere/x.raw
ok 'a folder that is not there' refuses 1 'nowhere/x.raw'
run convert hust -o /dev/full
ok 'a full disk' refuses 1 '/dev/full'
echo old >keep.raw
run convert lapalcian -o keep.raw
ok 'what stood there stays' is "$(cat keep.raw)" old
ok 'nothing else is left' is "$(ls -A | grep -c '^\.')" 0
echo "1..$n"
