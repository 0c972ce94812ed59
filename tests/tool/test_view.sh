#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl view: pictures of frames and images.
root=$(pwd)
. tests/tool/lib.sh
pgm good.pgm 300 280
uri=sim:profile=ideal,scene=good.pgm
size() { od -An -tu1 -j16 -N8 "$1" | awk '{print $3 * 256 + $4 "x" $7 * 256 + $8}'; }

run -d "$uri" acquire -k identity,laplacian -o run.psx
run -d "$uri" acquire -k laplacian -p both -o both.psx
run view run.psx -o a.png
ok 'a picture of the first frame' exits 0
ok 'one to one' is "$(size a.png)" 300x280
ok 'the caption has size, kernel, occupancy and bytes' \
	says '300 x 280, identity.*occupancy.*B payload.*of dense'
ok 'a camera frame is grey, and says so' says '^map: grey'
run view run.psx -n 1 -o b.png
ok 'edges have a map of their own' says '^map: edges'
run view run.psx -n -1 --json
ok 'negative counts from the end' is "$(json kernel)" laplacian
run view both.psx -o c.png
ok 'signed data have a signed map' says '^map: signed'
run view run.psx --map signed -o d.png
ok 'a map can be forced' says '^map: signed'
run view run.psx --histogram -o e.png
ok 'a histogram is put under it' [ "$(size e.png)" != 300x280 ]
run view run.psx --histogram
ok 'a histogram in the terminal' says '█'
run view good.pgm -o f.png
ok 'an image' is "$(size f.png)" 300x280
run -d sim:profile=ideal,width=32,height=32,scene=hust acquire -o small.psx
run view small.psx -o g.png
ok 'small frames are enlarged' is "$(size g.png)" 256x256
run view run.psx -o nowhere/x.png
ok 'no such folder' refuses 1 'nowhere'
run view run.psx -o /dev/full
ok 'full disk' refuses 1 '/dev/full'
run view run.psx --map rainbow
ok 'no such map' refuses 2 'rainbow'
run view
ok 'no file' refuses 2 'view'

# Ticks of a histogram's axis: dark runs in a row beneath it
cat >ticks.c <<'END'
#include <psxdet.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct psx_image *img = psx_image_load(argv[argc - 1], NULL);
	unsigned int ticks = 0, width = psx_image_get_width(img), x;
	const uint16_t *row = psx_image_get_levels(img) +
			      (size_t)width * (psx_image_get_height(img) - 52);

	for (x = 1; x < width; x++)
		ticks += row[x] < 50 && row[x - 1] >= 50;
	printf("%u\n", ticks);
	psx_image_free(img);
	return 0;
}
END
gcc -I"$root/include" ticks.c -L"$(dirname "$psxctl")" -lpsxdet \
	-Wl,-rpath,"$(dirname "$psxctl")" -o ticks
{ printf 'P5\n8 1\n255\n'; printf '\006\007\010\011\012\013\014\015'; } >narrow.pgm
run view narrow.pgm --histogram -o narrow.png
ok 'an axis from 6 to 14 has two ticks at least' [ "$(./ticks narrow.png)" -ge 2 ]
run view good.pgm --histogram -o wide.png
ok 'a long axis has them too' [ "$(./ticks wide.png)" -ge 2 ]
ok 'nothing else is left' is "$(ls -A | grep -c '^\.')" 0
echo "1..$n"
