#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl iv, ldr, it: what the model was given comes out, as numbers and as files.
root=$(pwd)
. tests/tool/lib.sh
uri=sim:width=16,height=16,scene=flat:0

near() { awk -v a="$1" -v b="$2" -v off="$3" 'BEGIN { exit !(a != "" && a - b <= off && b - a <= off) }'; }
# Of the last line: a number behind OBJECT:{..."KEY":{"value":
fitted() { tail -n 1 out | sed "s/.*\"$1\":{//; s/.*\"$2\":{\"value\":\([-0-9.e]*\).*/\1/"; }
value() { tail -n 1 out | sed "s/.*\"$1\":\([-0-9.e]*\).*/\1/"; }
first() { tail -n 1 out | sed "s/\"forward\":.*//; s/.*\"$1\":{\"value\":\([-0-9.e]*\).*/\1/"; }
png() { [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]; }

# What is as near to the truth as it says, and as twice that; and by how many errors it is off
one=0 two=0 squares=0
holds() { # holds KEY TRUTH
	squares=$(awk -v s="$squares" -v v="$(value "$1")" -v t="$2" -v e="$(value "$1_error")" \
		'BEGIN { print s + ((v - t) / e) ^ 2 }')
	near "$(value "$1")" "$2" "$(value "$1_error")" && one=$((one + 1))
	near "$(value "$1")" "$2" "$(awk -v e="$(value "$1_error")" 'BEGIN { print 2 * e }')" && two=$((two + 1))
}
# Off by about one error, rms: errors that are too large are wrong, too
rms() { # rms OF LEAST MOST
	awk -v s="$squares" -v n="$1" -v a="$2" -v b="$3" 'BEGIN { r = sqrt(s / n); exit !(r > a && r < b) }'
}
for seed in 1 2 3 4 5; do
	run -d "$uri,seed=$seed" iv --json
	ok "seed $seed: reverse mu-tau" near "$(first mu_tau)" 2.05e-3 4.1e-5
	ok "seed $seed: reverse s/mu" near "$(first surface)" 98.5 1.97
	ok "seed $seed: forward mu-tau" near "$(fitted forward mu_tau)" 0.58e-3 1.16e-5
	ok "seed $seed: forward s/mu" near "$(fitted forward surface)" 13.7 0.274
	ok "seed $seed: S0" near "$(fitted forward s0)" 521.7 5
	run -d "$uri,seed=$seed" ldr --json
	ok "seed $seed: 106 dB" near "$(value db)" 106 0.2
	holds least 0.165
	holds most 32920
	run -d "$uri,profile=unpassivated,seed=$seed" ldr --json
	ok "seed $seed: 68 dB without passivation" near "$(value db)" 68 0.2
	holds least 13.10569
	holds most 32916.4 # where the low end's bend takes its part, too
done
# Of 20, 1 sigma 13.7 times
ok "stated errors: $one of 20 within 1 sigma" test $one -ge 8
ok "$two of 20 within 2 sigma" test $two -ge 16
ok "of squares $squares" rms 20 0.6 1.6

run -d "$uri,mismatch=0" iv --json -o iv.csv --plot iv.png
ok 'iv ends well' exits 0
ok 'a line a bias, and what they say' is "$(wc -l <out)" 35
ok 'and in the table, with a header' is "$(wc -l <iv.csv)" 35
ok 'which begins at -100 V' grep -q '^-100,' iv.csv
ok 'measured at -100 V' near "$(tail -n 1 out | sed 's/.*"balance":{"reverse":\([0-9.]*\).*/\1/')" 396 1
ok 'intrinsic' near "$(value reverse_intrinsic)" 474 1
ok 'weight -1' near "$(value volts_of_minus_1)" -73 0.1
ok 'dark current at -100 V' near "$(json dark_na_cm2)" -155.56 0.5
run -d "$uri" iv --pixel 3,4 --biases 9 --frames 1
ok 'of one sub-pixel' says 'one sub-pixel'
ok 'a table for people' says '^ *volts'
run -d "$uri" iv --pixel 16,0 -q
ok 'a pixel outside' refuses 1 'not inside 16 x 16'
run -d "$uri" iv --region 1,2,3
ok 'a region that is none' refuses 2 'X,Y,WxH'
run -d "$uri" iv --biases 4
ok 'too few biases' refuses 2 '5..64'
run iv
ok 'no device' refuses 2 '-d URI'
run -d "$uri" iv -o /nowhere/x.csv
ok 'a table that can not be written is found out before' refuses 1 'x.csv'
run -d "$uri,dose_rate=988" iv -q
ok 'a beam beyond the ADC' refuses 1 'shorten the exposure'
# Ctrl-C once the bar counts fits
if script --version >/dev/null 2>&1; then
	mkfifo keys
	rm out
	at_terminal "$psxctl -d sim:width=160,height=160,scene=flat:0 iv -o int.csv" <keys &
	exec 3>keys
	until grep -sq 'fits,' out || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
	printf '\003' >&3
	wait $!
	exec 3>&-
	ok 'fits show how far they are' grep -q '% [0-9]* fits, .* left' out
	ok 'Ctrl-C in them' is "$(cat exit_status)" 1
	ok 'is said' grep -q 'interrupted; what was measured is kept, not all of it fitted' out
	ok 'in the table' is "$(wc -l <int.csv)" 35
	ok 'all was measured' is "$(cut -d, -f4 int.csv | grep -c nan)" 0
	ok 'not fitted' grep -q 'nan$' int.csv
	ok 'and shown' grep -q '^ *+100.000' out
else
	skip 'Ctrl-C' 'no script(1)'
fi

run -d "$uri" ldr --json --beside "$uri,profile=unpassivated" --steps 5 -o ldr.csv --plot ldr.png
ok 'ldr ends well' exits 0
ok 'two detectors' is "$(grep -c '"db":' out)" 2
ok 'real first' near "$(json db)" 106 0.3
ok 'every point of both in the table' is "$(($(wc -l <ldr.csv) - 1))" "$(grep -c '"rate":' out)"
ok 'sensitivity at -73 V' near "$(value sensitivity)" -360.5 4
ok 'the limit is three times the read noise' near "$(value limit_ugy)" 0.0181 0.001
# Defects are out of all points, or there is a step in the line: some are blind in 10 s alone
for defects in stuck=3,seed=2 dead=100 stuck=20,dead=20,hot=20; do
	run -d "$uri,$defects" ldr --json
	ok "$defects: 106 dB" near "$(value db)" 106 0.03
	ok "$defects: sensitivity of the rest" near "$(value sensitivity)" -361.2 0.3
	ok "$defects: counted" is "$(($(value used) + $(value left_out)))" 256
	ok "$defects: left out" test "$(value left_out)" -ge 1
	run -d "$uri,$defects" it --json
	ok "$defects: lit, of the rest" near "$(value mean)" -41.04 0.03
	ok "$defects: counted, too" is "$(($(value used) + $(value left_out)))" 256
done
run -d "$uri,dead=100" ldr -q
ok 'said to people' says '^sub-pixels *156, 100 left out'
run -d "$uri,dead=100" it -q
ok 'by it, too' says '156 sub-pixels .* 100 left out'
run -d "$uri,read_noise=10" ldr --json
ok 'much noise ends it where three times that is reached' near "$(value db)" 98.97 0.06
run -d "$uri,profile=unpassivated" ldr -q
ok 'a small error is not 0' says 'range  *6[78]\..* +- 0\.000[1-9]'
run -d "$uri" ldr --bias 95 -q
ok 'dark current beyond the offset DAC: a shorter exposure' says 'range  *106.* in 1 s\|in 1 s$'
# The stated error holds: of 10 seeds, 1 sigma 6.8 times; --steps 5 to be quick
one=0 two=0 squares=0
for seed in 1 2 3 4 5 6 7 8 9 10; do
	run -d "$uri,seed=$seed" ldr --json --exposure 1s --steps 5
	holds db 106
done
ok "1 sigma: $one of 10" test $one -ge 4
ok "2 sigma: $two of 10" test $two -ge 8
ok "of squares $squares" rms 10 0.4 1.9
run -d "$uri" ldr --json --steps 5 -o part.csv --beside "$uri,interlock_at=30"
ok 'another that breaks off' refuses 1 'interlock'
ok 'leaves the first' is "$(grep -c '"db":' out)" 1
ok 'in the table, too' test "$(wc -l <part.csv)" -gt 30
run -d "$uri" ldr --json --beside sim:profile=none
ok 'another that is none, before anything is done' test "$(wc -c <out)" = 0
"$psxctl" -d "$uri" ldr --json --steps 5 -o part.csv --beside "sim:width=256,height=256,scene=flat:0" \
	>out 2>err &
pid=$!
until grep -q '"db":' out || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -INT $pid
wait $pid
status=$?
ok 'a signal' refuses 1 'what was measured is kept'
ok 'keeps it' test "$(wc -l <part.csv)" -gt 30
run -d "$uri" ldr --pixel 1,2 --region 1,2,3x3
ok 'a pixel and a region' refuses 2 '--pixel and --region'
run -d "$uri" ldr --pixel 16,3
ok 'a pixel outside: before the rails' refuses 1 'not inside 16 x 16'
for verb in iv ldr it; do
	run -d "$uri" $verb --exposure 3600s
	ok "$verb: an exposure that the device has not, as it was typed" refuses 1 "'3600s' is outside"
done
run -d sim:profile=macropixel,scene=flat:0 ldr --json --steps 3
ok 'a detector with a stage: scenes are of its size' near "$(value db)" 106 0.3
run -d "$uri" ldr --from 10 --to 1000 -q
ok 'a series inside the range says so' says '> .* dB'
run -d sim:profile=ideal,width=8,height=8,scene=flat:0 ldr --json
ok 'an ideal crystal has no end' says '"least_open":true,"most_open":true'
run -d "$uri" ldr --from 10 --to 1
ok 'rates that fall' refuses 2 'no series'
for option in '--from 0x10' '--to nan' '--bias 1V' '--dose-rate 0x1p4'; do
	# shellcheck disable=SC2086
	run -d "$uri" ldr $option
	ok "no number: $option" refuses 2 "'${option#* }'"
done
run -d "$uri" ldr --bias 0
ok 'no bias' refuses 2 'is 0'

run -d "$uri" it --json --cycles 3 -o it.csv --plot it.png --frames 20
ok 'it ends well' exits 0
ok 'dark and lit in turn' is "$(grep -c '"light":"dark"' out)" 4
ok 'three rises' is "$(grep -c '"edge":"rise"' out)" 3
ok 'three falls' is "$(grep -c '"edge":"fall"' out)" 3
ok 'as fast as a sample: settling and exposure' near "$(json seconds)" 0.011 0.0001
ok 'every sample in the table' is "$(wc -l <it.csv)" 141
ok 'lit at weight -1, 10 ms' near "$(value mean)" -40.95 0.5
run -d "$uri,mismatch=0,photons=1e9,read_noise=0.01" it --json --frames 10
ok 'the first sample, from 0 V, is no drift' near "$(value drift_hour)" 0 "$(awk -v e="$(value drift_error)" 'BEGIN { print 3 * e }')"
ok 'and no noise: 0.01 / 16' near "$(value noise)" 0.0006 0.0006
run -d "$uri,read_noise=10" it -q
ok 'much noise' exits 0
run -d "$uri,profile=ideal" it --bias 0 --json
ok 'no signal is nothing that could drift' refuses 1 'no signal above its noise'
ok 'and no number' test "$(grep -c drift_hour out)" = 0
run -d "$uri,dose_rate=2000" it --exposure 1s -q
ok 'a beam that is beyond the ADC' refuses 1 'beyond the ADC'
run -d "$uri,interlock_at=1.2" it -q
ok 'an interlock that opens' refuses 1 'interlock'
ok 'leaves nothing' is "$(ls -A | grep -c '^\.')" 0

# Rails that do not go down: one line, and all that was measured
gcc -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC -I"$root/include" "$root/tests/tool/rails.c" -o rails.so 2>err
ok 'a library that leaves rails up' is $? 0
# A sanitizer's runtime must be the first of all
sanitizer=$(ldd "$psxctl" | sed -n 's/.*lib.san.* => \([^ ]*\) .*/\1/p' | tr '\n' ':')
for verb in 'iv --biases 5 --frames 1' 'ldr --steps 3' 'it --frames 4' acquire \
	'cal run -k identity --biases 5 --frames 1'; do
	# shellcheck disable=SC2086
	LD_PRELOAD="$sanitizer$PWD/rails.so" "$psxctl" -q -d "$uri" $verb --json -o stays >out 2>err
	status=$?
	ok "$verb: rails stay up" refuses 1 'the rails are still up: no answer'
	ok "$verb: what was measured is said" test -s out
	ok "$verb: and kept" test -s stays
	rm -f stays
done
small=sim:profile=ideal,width=3,height=3,scene=flat:0
letters=$root/tests/vectors/letters.csv
for verb in "train $letters --epochs 1 -o model.json" "classify model.json $letters"; do
	# shellcheck disable=SC2086
	LD_PRELOAD="$sanitizer$PWD/rails.so" "$psxctl" -q -d $small $verb --json >out 2>err
	status=$?
	ok "${verb%% *}: rails stay up" refuses 1 'the rails are still up: no answer'
	ok "${verb%% *}: what was found is said" says '"confusion":'
done
ok 'train: and kept' test -s model.json
RAILS_HELD=1 LD_PRELOAD="$sanitizer$PWD/rails.so" "$psxctl" -q -d $small acquire --json >out 2>err
status=$?
ok 'rails that can not be held again' refuses 1 'the rails, which were held, will go down: no answer'
ok 'what was taken is said' says '"frames":1'
if "$psxctl" -d "$uri" cal run -k identity --biases 5 --frames 1 -o c.json >/dev/null 2>&1 &&
	"$psxctl" cal show c.json -o c.png 2>&1 | grep -q 'without cairo'; then
	skip 'pictures' 'built without cairo'
else
	ok 'iv: a picture' png iv.png
	ok 'ldr: a picture' png ldr.png
	ok 'it: a picture' png it.png
fi
echo "1..$n"
