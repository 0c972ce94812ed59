#!/bin/bash
# SPDX-License-Identifier: MIT
# The ways through the tool and the library under valgrind: no error, no leak.
. tests/tool/lib.sh
pgm good.pgm 35 25
uri=sim:scene=good.pgm,mismatch=0.01

clean() { # clean CODE ARGS...: psxctl as asked for, and valgrind silent
	want=$1
	shift
	valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect \
		--error-exitcode=99 --log-file=valgrind.log "$psxctl" "$@" >out 2>err
	status=$?
	[ "$status" = "$want" ] || { sed 's/^/# /' valgrind.log | head -n 20; return 1; }
}

ok 'acquire: schedule, sums, file' clean 0 -d "$uri" acquire -k log,laplacian -n 4 -t 5% -p both \
	--accumulate 2 -o run.psx
ok 'view: picture and histogram' clean 0 view run.psx -n 1 --histogram -o run.png
ok 'view: terminal' clean 0 view run.psx
ok 'eval' clean 0 eval --json good.pgm good.pgm
ok 'kernel show' clean 0 kernel show kirsch-ne
ok 'info' clean 0 info --json
ok 'hv' clean 0 -d "$uri" hv on --hold 1
ok 'bias' clean 0 -d "$uri" bias read -k log -o bias.png
ok 'bias set' clean 0 -d "$uri" bias set -6.9V --region 2,2,3x3 --hold 1
ok 'cal run' clean 0 -d "$uri",stuck=40 cal run -k log --biases 5 --frames 1 -o cal.json
ok 'cal show' clean 0 cal show cal.json --pixel 1,2 --map map.png
ok 'cal load' clean 0 -d "$uri",stuck=40 cal load cal.json --hold 0
ok 'acquire --cal' clean 0 -d "$uri",stuck=40 acquire -k log --cal cal.json -o masked.psx
ok 'view of a mask' clean 0 view masked.psx -o masked.png
object=sim:profile=macropixel,scene=hust,width=9,height=7,interlock_at=90
ok 'acquire: raster, cut short' clean 3 -d $object acquire --mode point --raster 9,7 -k identity,laplacian \
	-t 10% -o raster.psx
ok 'a calibration of another detector' clean 1 -d "$uri" acquire -k log --cal cal.json
ok 'a missing scene' clean 1 -d sim:scene=nope acquire
head -c 900 run.psx >cut.psx
ok 'a cut file' clean 1 view cut.psx
printf 'P5\n70 50\n255\nshort' >short.pgm
ok 'a cut image' clean 1 eval short.pgm
ok 'a bad kernel file' clean 2 kernel show ./good.pgm
{
	echo split,label,p00,p01,p02,p10,p11,p12,p20,p21,p22
	for split in train test; do
		echo "$split,a,9,8,7,6,5,4,3,2,1"
		echo "$split,b,1,2,3,4,5,6,7,8,9"
	done
} >data.csv
small=sim:width=3,height=3,scene=flat:0
ok 'train' clean 0 -d $small train data.csv -o model.json --epochs 2 --full
ok 'train: on from there' clean 0 -d $small train data.csv --resume model.json --epochs 3 --full
ok 'train: a rate that is too large' clean 1 -d $small train data.csv -o model.json --rate 1e9
ok 'classify' clean 0 -d $small classify model.json data.csv
echo "1..$n"
