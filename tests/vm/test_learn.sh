#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl train on detectors of the kernel driver: as over sim:, calibrated, unplugged and
# killed in mid-epoch: tests/vm/run --no-mock tests/vm/test_learn.sh
export PSX_BUILD=${BUILD:-build}
letters=$PWD/tests/vectors/letters.csv
. tests/tool/lib.sh
. "$OLDPWD/tests/vm/mock.sh"
common=(width=3 height=3)

mkfifo lines
# second_epoch FILE.json: a training that is there, as $pid, and sleeps until finish(). Its
# pace leaves a second for that.
second_epoch() {
	rm -f "$1"
	"$psxctl" -d "$dev" train "$letters" --full --epochs 3 -o "$1" --json >lines 2>err &
	pid=$!
	exec 3<lines
	read -r line <&3 # epoch 0, which is not kept before the next one
	read -r line <&3
	kill -STOP $pid
	sum=$(cksum <"$1")
}
finish() {
	kill -CONT $pid 2>/dev/null
	cat <&3 >out
	exec 3<&-
	wait $pid 2>/dev/null
	status=$?
}
# The model is that of one whole epoch, and nothing lies beside it
whole() {
	[ -s "$1" ] && [ "$(cksum <"$1")" = "$sum" ] && [ ! -s out ] && [ "${line#*:1,}" != "$line" ] &&
		[ "$(find . -name '.?*' | wc -l)" = 0 ]
}

for profile in ideal real; do
	plug one profile=$profile seed=7
	run -d "$dev" train "$letters" --full --epochs 3 -o $profile.json --json
	mv out driver.out
	ok "$profile: train ends well" exits 0
	unplug one
	run -d "sim:profile=$profile,seed=7,width=3,height=3,scene=flat:0" train "$letters" --full \
		--epochs 3 -o sim.json --json
	ok "$profile: what it says is what it says over sim:" cmp -s out driver.out
	ok "$profile: so is the model, byte by byte" cmp -s sim.json $profile.json
	tail -n 1 out >$profile.end

	# Out and in again, with and without its directory
	plug one profile=$profile seed=7 rate=300
	second_epoch part.json
	if [ $profile = ideal ]; then
		unplug one
	else
		echo 0 >$mocks/one/live
	fi
	finish
	# The driver takes the voltage off, then it goes: a start may see either
	ok "$profile: unplugged in mid-epoch" refuses 1 \
		"epoch 2: $dev\( was unplugged\|: the rails went down\); --resume part.json goes on"
	ok "$profile: leaves a whole epoch" whole part.json
	plug one profile=$profile seed=7 rate=0
	run -d "$dev" train "$letters" --full --resume part.json --json
	if [ $profile = ideal ]; then
		ok 'ideal: goes on to the same model' cmp -s part.json ideal.json
	else
		ok 'real: goes on to the same answers' is "$(tail -n 1 out)" "$(cat real.end)"
	fi
	ok "$profile: and rails are down" rails_are off
	unplug one
done

# Killed, it leaves no voltage, and what it had learned
plug one profile=ideal seed=7 rate=300
second_epoch part.json
kill -KILL $pid
finish
ok 'killed in mid-epoch: a whole epoch' whole part.json
ok 'killed: rails go down' until_true rails_are off
ok 'and nobody owns it' no_owner
unplug one
plug one profile=ideal seed=7
run -d "$dev" -q train "$letters" --full --resume part.json
ok 'goes on to the same model' cmp -s part.json ideal.json
unplug one

# Through a calibration measured there
plug one profile=real mismatch=0.1 seed=3
run -d "$dev" info --json
ok 'DACs of 16 bits' is "$(json dac_bits)" 16
run -d "$dev" -q cal run -o cal.json -k identity --mode snap
ok 'calibrated through the driver' exits 0
for seed in 1 2; do
	run -d "$dev" train "$letters" --cal cal.json --seed $seed --epochs 7 -o model.json --json
	ok "seed $seed: a test without error by epoch 7" says '^{"stop":"perfect".*"accuracy":1.0,'
	echo "# $(tail -n 1 out)"
done
run -d "$dev" classify model.json "$letters" --json
ok 'classify agrees' says '^{"samples":16,"right":16,'
unplug one
echo "1..$n"
