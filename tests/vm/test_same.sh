#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver's frames are those of sim:, byte by byte, for three scenes and for an object
# on a stage; and real radiographs give the wanted counts through it. Runs in the VM,
# without a mock. PSX_BRIEF=y: scenes of fewer pixels, and no radiographs.
export PSX_BUILD=${BUILD:-build}
. tests/tool/lib.sh
same=$(dirname "$psxctl")/same
mocks=/sys/kernel/config/psxdet-mock
firmware=$(cat /sys/module/firmware_class/parameters/path)

plug() { # plug SCENE PROFILE KEY=VALUE...
	case $1 in
	*.pgm) size= ;; # a file keeps its own
	*) size=${PSX_BRIEF:+--width=163 --height=121} ;;
	esac
	# shellcheck disable=SC2086 # two options
	read -r width height <<<"$("$psxctl" convert "$1" $size -o "$firmware/same.raw")"
	mkdir $mocks/same
	echo "$2" >$mocks/same/profile
	for pair in "${@:3}"; do
		echo "${pair#*=}" >"$mocks/same/${pair%%=*}"
	done
	echo "$width" >$mocks/same/width
	echo "$height" >$mocks/same/height
	echo same.raw >$mocks/same/scene
	echo 1 >$mocks/same/live
	udevadm settle
}

brief=${PSX_BRIEF:+,width=163,height=121}
compare() { # compare SCENE PROFILE
	plug "$1" "$2"
	run -d /dev/psxdet0 acquire -k laplacian,log,sobel-x -p both -n 6 -o driver.psx
	ok "$1 $2: six frames through the driver" exits 0
	rmdir $mocks/same
	run -d "sim:profile=$2,scene=$1$brief" acquire -k laplacian,log,sobel-x -p both -n 6 -o sim.psx
	ok "$1 $2: the bytes of sim:" "$same" driver.psx sim.psx
}

# Every point of a raster is a frame of its own, with the stage where it is
raster() { # raster KEY=VALUE
	pgm object.pgm 20 13
	args='acquire -q --mode point --raster 3,2,5.3 -k laplacian -p both -o'
	plug object.pgm macropixel "$1"
	# shellcheck disable=SC2086
	run -d /dev/psxdet0 $args driver.psx
	ok "a raster through the driver: $1" exits 0
	rmdir $mocks/same
	# shellcheck disable=SC2086
	run -d "sim:profile=macropixel,scene=object.pgm,$1" $args sim.psx
	ok 'the bytes of sim:' "$same" driver.psx sim.psx
}

counts() { # counts IMAGE LAPLACIAN LOG
	if [ ! -r "$data/$1.pgm" ]; then
		skip "$1 through the driver" 'no test image'
		return
	fi
	plug "$data/$1.pgm" ideal
	run --json -d /dev/psxdet0 acquire -k laplacian,log -t 1
	rmdir $mocks/same
	ok "$1 through the driver: $2 and $3 effective" \
		is "$(sed -n 's/^{"seq".*"effective":\([0-9]*\),.*/\1/p' out | tr '\n' ' ')" "$2 $3 "
}

compare hust ideal
compare baggage real
compare blade real
raster aperture=2001
if [ -z "${PSX_BRIEF:-}" ]; then
	counts bag_pencase 72712 77200
	counts cast_C0001_0001 198269 204760
	counts nat_apples 65133 68392
fi
echo "1..$n"
