#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl acquire --raster: the discrete detector, point by point, gives the picture that
# an array gives by scanning.
. tests/tool/lib.sh

# W x H, a bright square with a slope, 8 bit
picture() { # picture FILE W H
	{
		printf 'P5\n%s %s\n255\n' "$2" "$3"
		awk -v w="$2" -v h="$3" 'BEGIN {
			for (y = 0; y < h; y++)
				for (x = 0; x < w; x++)
					printf "%c", 32 + (x > w / 3 && y > h / 4 ? 60 : 0) + (x * 2 + y) % 30
		}'
	} >"$1"
}
picture a.pgm 24 18
plain=mismatch=0,photons=100000000,read_noise=0,scene=a.pgm
run -d "sim:profile=macropixel,$plain" acquire --json --mode point --raster 24,18 -k laplacian -t 16 -o p.psx
ok 'raster ends well' exits 0
ok 'all points' says '"missed":0'
ok 'as many as were asked for' says '"width":24,"height":18'
points=$(json effective)
run -d "sim:profile=ideal,scene=a.pgm" acquire --json -k laplacian -t 16
scanned=$(json effective)
ok 'as many effective as by scanning, but for what rounding moves' \
	[ $((points - scanned)) -le 4 -a $((scanned - points)) -le 4 ]
ok 'and these are some' [ "$scanned" -gt 10 ]
run view p.psx --json -o p.png
ok 'it is kept as a frame' exits 0
run -d "sim:profile=macropixel,$plain" acquire --json --mode point --raster 8,6,3 -k identity
ok 'every third' says '"width":8,"height":6,"step":3'
run -d "sim:profile=macropixel,$plain" acquire --json --mode point -k identity
ok 'without --raster one value' is "$(json pixels)" 1
run -d "sim:scene=a.pgm" acquire -q --mode point --raster 4,4 -k identity
ok 'no stage' refuses 1 'no stage'
run -d "sim:profile=macropixel,$plain" acquire --raster 4,4 -k identity
ok 'no point mode' refuses 2 'mode point'
run -d "sim:profile=macropixel,$plain" acquire --mode point --raster 4x4 -k identity
ok 'no raster' refuses 2 'X,Y'
run -d "sim:profile=macropixel,$plain,width=5" info
ok 'the sensor is 3 x 3 still' exits 1
# The interlock opens while it runs: what is there is kept, the rest marked
run -d "sim:profile=macropixel,$plain,interlock_at=100" acquire --json -q --mode point --raster 24,18 \
	-k identity -o cut.psx
ok 'a trip on the way: data were lost' exits 3
missed=$(json missed)
ok 'some points' [ "${missed:-0}" -gt 10 -a "${missed:-0}" -lt 430 ]
run view cut.psx --json -o cut.png
ok 'and they are marked in the file' is "$(json bad_pixels)" "$missed"
echo "1..$n"
