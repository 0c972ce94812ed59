#!/bin/bash
# SPDX-License-Identifier: MIT
# Standard streams that are closed or broken, and names that are not UTF-8.
. tests/tool/lib.sh
pgm good.pgm 60 40
uri=sim:profile=ideal,scene=good.pgm

# Streams that are closed
"$psxctl" -d "$uri" acquire --json -n 3 -k laplacian -o closed.psx >&-
status=$?
ok 'stdout closed: acquire ends well' exits 0
run view closed.psx -n 2 --json -o closed.png
ok 'stdout closed: nothing is printed into the file' exits 0
"$psxctl" -d "$uri" acquire -n 3 --pga 3 -o errors.psx 2>&-
ok 'stderr closed: the exit code tells' is $? 2

# Streams that are full or have no reader
for what in -V --help 'acquire --help' 'kernel list' 'kernel show log --json'; do
	# shellcheck disable=SC2086
	"$psxctl" $what >/dev/full 2>err
	status=$?
	ok "psxctl $what >/dev/full" refuses 1 'standard output'
done
mkfifo pipe
"$psxctl" -d "$uri",rate=500 acquire --json -n 0 -k laplacian -o broken.psx >pipe 2>err &
pid=$!
head -n 3 <pipe >out
wait $pid
status=$?
ok 'a reader that goes away ends an endless run' refuses 1 'standard output: Broken pipe; kept [0-9]* frames in broken.psx'
frames=$(sed -n 's/.*kept \([0-9]*\) frames.*/\1/p' err)
ok 'frames that were printed are kept' [ "$frames" -ge 3 ]
run view broken.psx -n $((frames - 1)) --json -o broken.png
ok 'as many as it says' exits 0
ok 'and no other file' is "$(ls -A | grep -c '^\.')" 0

# Names in Latin-1
cp good.pgm caf$'\xe9'.pgm
printf '0 -1 0\n-1 4 -1\n0 -1 0\n' >$'kr\xe4.txt'
valid() { iconv -f UTF-8 -t UTF-8 out >/dev/null 2>&1; }
replaced() { grep -q $'\xef\xbf\xbd' out && valid; }
run eval --json caf$'\xe9'.pgm
ok 'eval: such an image' [ "$status" = 0 ]
ok 'eval: its line is there, and UTF-8' replaced
run -d sim:profile=ideal,scene=caf$'\xe9'.pgm info --json
ok 'info: such a scene' exits 0
ok 'info: its line is there, and UTF-8' replaced
run -d sim:profile=ideal,scene=caf$'\xe9'.pgm acquire --json -k $'./kr\xe4.txt' -o $'f\xfc.psx'
ok 'acquire: such a scene, kernel and file' exits 0
ok 'acquire: a frame and a summary' is "$(wc -l <out)" 2
ok 'acquire: UTF-8' replaced
run view --json $'f\xfc.psx' -o $'f\xfc.png'
ok 'view: such a file' exits 0
ok 'view: its line is there, and UTF-8' replaced
run kernel show --json $'./kr\xe4.txt'
ok 'kernel show: such a kernel' replaced
mkdir -p "$(printf 'd%.0s' {1..90})/$(printf '\xc3\xa9%.0s' {1..90})"
cp good.pgm "$(printf 'd%.0s' {1..90})/$(printf '\xc3\xa9%.0s' {1..90})/a.pgm"
run -d "sim:profile=ideal,scene=$(printf 'd%.0s' {1..90})/$(printf '\xc3\xa9%.0s' {1..90})/a.pgm" info --json
ok 'info: a long URI is one line of JSON' [ "$status" = 0 -a "$(wc -l <out)" = 1 ]
ok 'info: and UTF-8' valid
echo "1..$n"
