#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl acquire --raster: the discrete detector, point by point, gives the picture that
# an array gives by scanning.
root=$(pwd)
. tests/tool/lib.sh
build=$(dirname "$psxctl")
gcc -Wall -Wextra -Werror -I"$root/include" "$root/tests/tool/apart.c" -L"$build" -lpsxdet \
	-Wl,-rpath,"$build" -o apart 2>err
ok 'a program that compares values' is $? 0

# W x H of a slope and a step of H bits, 8 bit, seen every S
picture() { # picture FILE W H S STEP
	{
		printf 'P5\n%s %s\n255\n' "$2" "$3"
		awk -v w="$2" -v h="$3" -v s="$4" -v step="$5" 'BEGIN {
			for (y = 0; y < h; y++)
				for (x = 0; x < w; x++)
					printf "%c", 32 + (x * s > 8 && y * s > 5 ? step : 0) + (4 * x + 2 * y) * s
		}'
	} >"$1"
}
# All values of two frames, edges included, are no further apart than that
near() { # near BITS A I B J
	./apart "$2" "$3" "$4" "$5" >values && awk -v most="$1" '{ exit !($1 >= -most && $2 <= most) }' values
}
plain=mismatch=0,photons=100000000,read_noise=0
raster() { # raster FILE ARGS...: point by point, an ideal crystal
	file=$1
	shift
	run -d "sim:profile=macropixel,$plain,scene=$file" acquire --json --mode point "$@"
}
scan() { # scan FILE ARGS...: the same by an array
	file=$1
	shift
	"$psxctl" -q -d "sim:profile=ideal,scene=$file" acquire -t 0 -o scan.psx "$@" >scanned 2>&1
}

# Value by value: what is left is the macro-pixel's ADC, whose step is a bit of a Laplacian
picture square.pgm 24 18 1 60
run convert hust --width 40 --height 31 -o raw
{ printf 'P5\n40 31\n65535\n'; dd conv=swab <raw 2>/dev/null; } >hust.pgm
for name in square hust; do
	raster $name.pgm --raster "$(sed -n '2s/ /,/p' $name.pgm)" -k identity,laplacian,sobel-x -t 0 -o point.psx
	ok "$name: raster ends well" exits 0
	ok "$name: nothing was missed" says '"missed":0'
	ok "$name: a frame a kernel" is "$(sed -n 's/.*"channel":\([0-9]\).*/\1/p' out | tr -d '\n')" 012
	scan $name.pgm -k identity,laplacian,sobel-x
	for i in 0 1 2; do
		ok "$name: every value of kernel $i as by scanning" near 1 point.psx $i scan.psx $i
	done
	ok "$name: which are some" [ "$(json effective)" -gt 400 ]
done
picture half.pgm 12 9 2 60
raster square.pgm --raster 12,9,2 -k identity -t 0 -o point.psx
scan half.pgm -k identity
ok 'every second one' near 1 point.psx 0 scan.psx 0
picture slope.pgm 24 18 1 0
picture twice.pgm 47 35 0.5 0
raster slope.pgm --raster 47,35,0.5 -k identity -t 0 -o point.psx
scan twice.pgm -k identity
ok 'and half ways' near 1 point.psx 0 scan.psx 0
raster square.pgm --raster 8,6,3 -k identity
ok 'size and step are said' says '"width":8,"height":6,"step":3'

# The comparator is for the picture: its share is of each kernel's own maximum
raster square.pgm --raster 24,18 -k identity,laplacian -t 100% -o most.psx
run view most.psx --json -n 1 -o most.png
most=$(json threshold)
raster square.pgm --raster 24,18 -k identity,laplacian -t 10% -o tenth.psx
effective=$(json effective)
run view tenth.psx --json -n 1 -o tenth.png
ok 'a tenth of the maximum' is "$(json threshold)" $(((most + 9) / 10))
run view tenth.psx --json -n 0 -o tenth.png
ok 'of every kernel its own' [ "$(json threshold)" -gt 20 -a "$(json threshold)" -lt 25 ]
ok 'effective as the file says' is "$(json effective)" "$effective"
raster square.pgm --raster 24,18 -k laplacian -t 30 -p both
both=$(json effective)
raster square.pgm --raster 24,18 -k laplacian -t 30
ok 'both signs are more' [ "$both" -gt "$(json effective)" -a "$(json effective)" -gt 5 ]

# What the file says of it
raster square.pgm --raster 24,18 -k laplacian --exposure 500ms --pga 4 -o kept.psx
strings -n 20 kept.psx >text
ok 'its file has the raster' grep -q '"raster":{"width":24,"height":18,"step":1.0,"pitch_um":3000}' text
ok 'and the exposure' grep -q '"exposure_ns":500000000' text
ok 'and when it began' grep -q '"start":"20' text
raster square.pgm --raster 24,18 -k identity -t 0 --exposure 500ms -o dim.psx
scan square.pgm -k identity --exposure 500ms
ok 'half the exposure' near 1 dim.psx 0 scan.psx 0
run -d "sim:profile=macropixel,$plain,scene=flat:65535" acquire --json -q --mode point --raster 3,2 -k identity
ok 'values that were clipped are counted' is "$(json saturated)" 6
run -d sim:profile=macropixel,scene=square.pgm cal run -q -m point -k laplacian -o cal.json
run -d sim:profile=macropixel,scene=square.pgm acquire --json --mode point --raster 24,18 -k laplacian \
	-t 0 --cal cal.json -o cal.psx
scan square.pgm -k laplacian
ok 'a real crystal, calibrated, within its noise' near 12 cal.psx 0 scan.psx 0
run -d sim:profile=macropixel,scene=square.pgm acquire -q --mode point --raster 24,18 -k laplacian -t 0 -o raw.psx
ok 'and not without' [ "$(near 12 raw.psx 0 scan.psx 0 || echo far)" = far ]
# A dead sub-pixel that nothing stands in for: all of the picture means nothing
masked=0
for seed in 1 2 3; do
	dead=sim:profile=macropixel,dead=1,seed=$seed,scene=square.pgm
	run -d $dead cal run -q -k laplacian -m point -o dead.json
	run -d $dead acquire --json --mode point --raster 9,9 -k laplacian,sobel-x --cal dead.json
	masked=$((masked + $(grep -c '"channel".*"bad_pixels":81' out)))
done
ok 'what the detector can not see is marked' [ "$masked" -gt 0 -a "$masked" -lt 6 ]

# What can't be
run -d "sim:profile=macropixel,$plain,scene=square.pgm" acquire --json --mode point -k identity
ok 'without --raster one value' is "$(json pixels)" 1
run -d sim:scene=square.pgm acquire -q --mode point --raster 4,4 -k identity
ok 'no stage' refuses 1 'no stage'
run -d "sim:profile=macropixel,$plain,scene=square.pgm" acquire --raster 4,4 -k identity
ok 'no point mode' refuses 2 'mode point'
raster square.pgm --raster 4,4
ok 'no kernel' refuses 2 '--kernel'
raster square.pgm --raster 4x4 -k identity
ok 'no raster' refuses 2 'X,Y'
for bad in 0,4 4,0 8193,1 4,4,0 4,4,-1 4,4,nan 4,4,1x 4,4,0x1p2 '4,4, 1' -1,4 '4,4,' 4; do
	raster square.pgm --raster "$bad" -k identity
	ok "no raster: $bad" refuses 2 "'$bad'"
done
for option in '-n 2' '--rate 5' '--accumulate 2' '--trigger software'; do
	# shellcheck disable=SC2086
	raster square.pgm --raster 4,4 -k identity $option
	ok "$option is not of a raster" refuses 2 'does not go with'
done
printf '1\n' >one.txt
raster square.pgm --raster 4,4 -k identity,./one.txt -q
ok 'kernels of two sizes' refuses 1 '3x3 and 1x1'
raster square.pgm --raster 8000,4,1000 -k identity -q
ok 'out of reach' refuses 1 'reach'
raster square.pgm --raster 4,8000,10 -k identity -q -o far.psx
ok 'out of range, before anything is done' refuses 1 "stage can't go to"
ok 'and nothing is left' [ ! -e far.psx -a "$(ls -A | grep -c '^\.far')" = 0 ]
raster square.pgm --raster 4,4 -k identity -q -o nowhere/x.psx
ok 'no such folder' refuses 1 'nowhere/x.psx'
raster square.pgm --raster 4,4 -k identity -q -o /dev/full
ok 'a full disk' refuses 1 '/dev/full'
for same in x.png ./x.png "$PWD/x.png"; do
	raster square.pgm --raster 4,4 -k identity -q -o x.png --plot "$same"
	ok "frames and picture in one: $same" refuses 2 'same file'
done
mkdir small
if unshare -m mount -t tmpfs -o size=64k none small 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o size=64k none small && exec "$@"' sh "$psxctl" \
		-d "sim:profile=macropixel,$plain,scene=square.pgm" acquire -q --mode point --raster 300,300 \
		-k identity,laplacian -o small/x.psx >out 2>err
	status=$?
	ok 'no room for what may come: said before' refuses 1 'small/x.psx: no space left'
else
	skip 'no room for what may come' 'no tmpfs can be mounted here'
fi

# The interlock opens while it runs: what is there is kept, the rest marked
run -d "sim:profile=macropixel,$plain,scene=square.pgm,interlock_at=100" acquire --json -q --mode point \
	--raster 24,18 -k identity,laplacian -t 10% -o cut.psx
ok 'a trip on the way: data were lost' refuses 3 'interlock after [0-9]* of 432 points'
missed=$(tail -n 1 out | sed 's/.*"missed":\([0-9]*\).*/\1/')
ok 'some points' [ "${missed:-0}" -gt 10 -a "${missed:-0}" -lt 854 ]
run view cut.psx --json -o cut.png
first=$(json bad_pixels)
run view cut.psx --json -n 1 -o cut.png
second=$(json bad_pixels)
ok 'and they are marked in both frames' is "$((${first:-0} + ${second:-0}))" "$missed"
ok 'occupancy is of the others' is "$(json active)" "$((432 - second))"
ok 'and of what was effective among them' is "$(json occupancy)" \
	"$(awk -v e="$(json effective)" -v a="$(json active)" 'BEGIN { printf "%.9g", e / a }')"
run -d "sim:profile=macropixel,$plain,scene=square.pgm,interlock_at=0" acquire -q --mode point \
	--raster 24,18 -k identity --no-zero -o none.psx
ok 'before the first point' refuses 1 'interlock'
ok 'nothing is kept' [ ! -e none.psx ]

# Where the stage is sent, and what is damaged on its way
gcc -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC -I"$root/include" "$root/tests/tool/stage.c" -o stage.so 2>err
ok 'a library that looks at the stage' is $? 0
staged() { # staged [NAME=VALUE] ARGS...: acquire with it
	rm -f moves
	case $1 in STAGE_*) due=$1; shift ;; *) due=STAGE_NONE=1 ;; esac
	env "$due" STAGE_LOG=moves LD_PRELOAD="$sanitizer$PWD/stage.so" "$psxctl" "$@" >out 2>err
	status=$?
}
# A sanitizer's runtime must be the first of all
sanitizer=$(ldd "$psxctl" | sed -n 's/.*lib.san.* => \([^ ]*\) .*/\1/p' | tr '\n' ':')
back() { [ "$(wc -l <moves)" -gt "$1" ] && [ "$(tail -n 1 moves)" = 'move 0 0' ]; }
stage=sim:profile=macropixel,$plain,scene=square.pgm
points='acquire --json -q --mode point --raster 6,4 -k identity,laplacian'
# shellcheck disable=SC2086
{
	staged -d "$stage" $points
	ok 'the stage goes over all points' is "$(sort -u moves | wc -l)" 24
	ok 'and back' back 24
	staged -d "$stage,interlock_at=8" $points --no-zero
	ok 'back after a trip' back 3
	staged -d "$stage" acquire -q --mode point --raster 4,8000,10 -k identity
	ok 'and when the stage does not reach' back 1
	staged STAGE_SIGNAL=26 -d "$stage" $points
	ok 'a move that a signal cuts short goes on' exits 0
	ok 'and no point is missed' says '"missed":0}'
	staged STAGE_SIGNAL=27 -d "$stage" $points
	ok 'on the way back, too' exits 0
	ok 'where it goes on' is "$(grep -c 'move 0 0' moves)" 3
	staged STAGE_DAMAGE=5 -d "$stage" $points --no-zero -t 0 -o damaged.psx
	ok 'a value that is damaged' exits 3
	ok 'is missed' is "$(json missed)/$(json bad_pixels)" 1/1
	ok 'and the only one' says '"frames":2,.*"damaged":1,.*"missed":1'
	staged STAGE_FULL=1 -d "$stage" $points -o full.psx --plot full.png
	ok 'a disk that is full at the end' exits 1
	ok 'nothing of the file' [ ! -e full.psx ]
	ok 'but all that is said of it' is "$(grep -c '"channel":[01]' out)/$(json frames)" 2/2
	ok 'and its picture' [ -e full.png -o "$(grep -c cairo err)" = 1 ]
}

# Nobody reads on: that is said, not what errno was before
"$psxctl" -q -d "$stage" acquire --json -m point -k identity -n 0 2>err | true
ok 'a reader that is gone' grep -qi 'standard output: broken pipe' err
run -d "$stage" acquire -m point --raster 95,95 -k identity,laplacian
ok 'how long it takes is said' grep -q '9025 points, 2 exposures of 1 s each: 5 h 1 min of exposure' err

# Ctrl-C: the same, once the bar shows that points are made
if script --version >/dev/null 2>&1; then
	mkfifo keys
	rm out
	at_terminal "$psxctl -d 'sim:profile=macropixel,$plain,scene=square.pgm' acquire \
		--mode point --raster 2000,2000 -k identity -o int.psx" <keys &
	exec 3>keys
	until grep -sq 'points,' out; do
		kill -0 $! 2>/dev/null || break
		sleep 0.02
	done
	printf '\003' >&3
	wait $!
	exec 3>&-
	ok 'Ctrl-C' is "$(cat exit_status)" 1
	ok 'is said' grep -q 'interrupted after [0-9]* of 4000000 points' out
	run view int.psx --json -o int.png
	bad=$(json bad_pixels)
	ok 'keeps what is there' [ "${bad:-0}" -gt 1000 -a "${bad:-0}" -lt 4000000 ]
	ok 'no other file' is "$(ls -A | grep -c '^\.int')" 0
else
	skip 'Ctrl-C' 'no script(1)'
fi
echo "1..$n"
