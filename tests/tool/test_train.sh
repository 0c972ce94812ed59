#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl train and classify: letters made with psxctl's own phantoms.
root=$PWD
. tests/tool/lib.sh
ideal=sim:profile=ideal,width=3,height=3,scene=flat:0
real=sim:width=3,height=3,scene=flat:0

hundredths() { # -7 is -0.07
	printf '%s0.%02d' "$([ "$1" -ge 0 ] || echo -)" "${1#-}"
}

# letters SHIFT_Y: 16 turns and shifts of four letters, every fourth for testing. A phantom of
# 3 x 3 is what a macro-pixel's sub-pixels see.
letters() {
	echo split,label,p00,p01,p02,p10,p11,p12,p20,p21,p22
	for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		split=train
		[ $((i % 4)) != 3 ] || split='test'
		for letter in H U S T; do
			dx=$((i * 7 % 16 * 20 / 15 - 10)) dy=$((i * 5 % 16 * $1 / 15 - $1 / 2))
			"$psxctl" convert "letter:$letter;rot=$((i * 3 % 16 * 2 - 15));dx=$(hundredths \
				$dx);dy=$(hundredths $dy)" --width 3 --height 3 -o letter.raw -q >/dev/null
			echo "$split,$letter,$(od -An -v -tu2 -w18 letter.raw | tr -s ' ' , | sed 's/^,//')"
		done
	done
}
letters 0 >data.csv
letters 40 >hard.csv
ok 'letters are what they were' cmp -s data.csv "$root/tests/vectors/letters.csv"

run -d $ideal train data.csv -o model.json --json --epochs 40
ok 'train ends well' exits 0
ok 'from before the first step' is "$(sed 's/,"loss.*//;1q' out)" '{"epoch":0'
ok 'an object an epoch' says '^{"epoch":1,"loss":[0-9.]*,"train_accuracy":[0-9.]*,"test_accuracy":[0-9.]*}$'
ok 'and how it ended' is "$(tail -n 1 out | grep -c '^{"stop":"p[a-z]*","epochs":')" 1
accuracy=$(tail -n 1 out | sed 's/.*"accuracy":\([0-9.]*\).*/\1/')
ok 'it learned' [ "${accuracy%.*}${accuracy#*.}" -ge 9 ]
ok 'the model has codes' grep -q '"codes":\[\[-\{0,1\}[0-9]' model.json
ok 'nothing else is left' is "$(find . -name '.?*' | wc -l)" 0
run -d $ideal train data.csv -o plain.json --plot plot.png --epochs 3
ok 'a table' says '^ *1 *[0-9.]* *[0-9.]* *[0-9.]*$'
ok 'a confusion matrix' says '^label'
ok 'rails go down' grep -q 'rails are down' err
if grep -q 'built without cairo' err; then
	skip 'a plot' 'built without cairo'
else
	ok 'a plot' is "$(head -c 4 plot.png | tail -c 3)" PNG
fi
run -d $ideal classify model.json data.csv --json
ok 'classify finds the same accuracy' is "$(tail -n 1 out | sed 's/.*"accuracy":\([0-9.]*\).*/\1/')" "$accuracy"
ok 'an object a sample' is "$(grep -c '"sample":"[^"]*data.csv:[0-9]*","answer":"[HUST]"' out)" 16
run -d $ideal classify model.json data.csv --all --json
ok 'all samples' says '^{"samples":64,'
run -d $real classify model.json data.csv
ok 'another detector, by the weights' says '^label'

# Folders: one image, a set with labels, what is not
mkdir -p set/H set/T
for i in 0 1 2 3 4; do
	for letter in H T; do
		"$psxctl" convert "letter:$letter;rot=$i" --width 30 --height 30 \
			-o set/$letter/$i.pgm -q >/dev/null
	done
done
run -d $ideal train set -o set.json --epochs 4
ok 'images are not reduced unasked' refuses 1 'set/H/[0-4].pgm: 30 x 30'
run -d $ideal train set --size 3 -o set.json --epochs 20
ok 'a folder of images' exits 0
run -d $ideal classify set.json set/T/4.pgm
ok 'one image without a label' says '^set/T/4.pgm: T '
ok 'classify says that rails go up, and down' is "$(grep -c 'rails are \(up\|down\)' err)" 2
run -d $ideal classify set.json set
ok 'a folder is reduced as the model was' says '^2 of 2 right'
pgm other.pgm 40 30
run -d $ideal classify set.json other.pgm
ok 'no picture of another size' refuses 1 'other.pgm: 40 x 30 pixels, where set.json was trained with 30 x 30'
run -d $ideal classify set.json data.csv
ok 'rows of what it sees' refuses 1 'has no class'
{
	echo split,label p{0..4}{0..4} | tr ' ' ,
	echo test,H {1..25} | tr ' ' ,
} >five.csv
run -d $real classify set.json five.csv
ok 'what does not fit is said before voltage' refuses 1 'five.csv: rows of 5 x 5 levels, not 3 x 3'
mkfifo set/H/0.pipe
run -d $ideal train set --size 3
ok 'a pipe among images' refuses 1 'set/H/0.pipe: no regular file'
rm set/H/0.pipe
cp set/H/0.pgm set/stray.pgm
run -d $ideal train set --size 3 -o no.json
ok 'an image without a label' refuses 1 'stray.pgm: unlabelled'
rm set/stray.pgm
printf 'P5\n2 2\n255\nabcd' >set/H/9.pgm
run -d $ideal train set --size 3 -o no.json
ok 'an image of another size' refuses 1 'set/H/9.pgm'
sed '5s/,[0-9]*$//' data.csv >short.csv
run -d $ideal train short.csv -o no.json
ok 'a row that is too short' refuses 1 'short.csv:5'
ok 'no model of any of these' [ ! -e no.json ]

# Silly rates: one line, and what was there stays
sum=$(cksum <model.json)
run -d $ideal -q train data.csv -o model.json --rate 50
ok 'a rate that is too large' refuses 1 'learning rate 50 is too large'
ok 'harms no file' is "$(cksum <model.json)" "$sum"
for rate in 0 -1 nan inf x; do
	run -d $ideal train data.csv --rate $rate
	ok "rate $rate" refuses 2 "rate '$rate'"
done

# What can't be kept is said before voltage is up
for no in /nowhere/model.json . ''; do
	run -d $ideal train data.csv -o "$no"
	ok "-o '$no'" refuses 1 "^psxctl train: $no: "
done
run -d $ideal train data.csv --plot /nowhere/plot.png
ok 'a plot that has no place' refuses 1 'plot'
run -d $ideal train data.csv -o data.csv
ok 'a model in place of its data' refuses 1 'data.csv: it is the data set'
run -d $ideal train data.csv --plot ./data.csv
ok 'a plot in place of its data' refuses 1 'data.csv: it is the data set'
ok 'the data are still there' cmp -s data.csv "$root/tests/vectors/letters.csv"
run -d $ideal train data.csv -o plot.png --plot plot.png
ok 'a model and a plot in one place' refuses 2 'the same file, plot.png'
run -d $ideal train data.csv --cal model.json -o model.json
ok 'a model in place of a calibration' refuses 1 'model.json: it is the calibration'
run -d $ideal -q train data.csv -o /dev/full
ok 'a full disk' refuses 1 '/dev/full: No space left'

run -d $ideal -q train data.csv -o grows.json --epochs 1
(ulimit -f $((($(stat -c %s grows.json) + 1023) / 1024)); "$psxctl" -d $ideal -q train data.csv -o grows.json \
	--epochs 200 --full >out 2>err)
status=$?
ok 'a disk that is full later' refuses 1 \
	'epoch [0-9]*: grows.json: File too large; --resume grows.json goes on$'
run -d $ideal -q train data.csv --resume grows.json --epochs 2
ok 'and it does' exits 0

# A training that has ended, and another name for it
cp model.json new.json
run -d $ideal train data.csv -o ended.json --epochs 2
run -d $ideal train data.csv --resume ended.json -o new.json
ok 'nothing is left to do' exits 0
ok 'it says so, and that alone' is "$(cat err)" \
	'psxctl train: ended.json: nothing is left to do: --full goes on'
ok 'no training, a copy' cmp -s ended.json new.json

# Pipes: read to their end, or until a signal comes
run -d $ideal -q train <(cat data.csv) --epochs 1
ok 'data from a pipe' exits 0
mkfifo pipe
for signal in INT TERM; do
	for verb in train 'classify model.json'; do
		# shellcheck disable=SC2086 # two words
		env --default-signal=INT "$psxctl" -d $ideal $verb pipe >out 2>err &
		pid=$!
		exec 3>pipe # when it was opened at the other end
		kill -$signal $pid
		exec 3>&-
		wait $pid
		status=$?
		ok "$signal ends $verb that waits for a pipe" exits $((128 + $(kill -l $signal)))
	done
done

# Labels of any text
sed 's/,H,/,"Ä, ""Hüüüüüüü""",/' data.csv >text.csv
run -d $ideal -q train text.csv -o text.json --epochs 2 --plot text.png
ok 'labels of any text' says '^Ä, "Hüüüüüüü"   *[0-9]'
ok 'cut between characters' says ' Ä, "Hüü$'
ok 'and drawn' [ -s text.png -o "$(cat err)" = 'psxctl train: --plot: built without cairo' ]

# More classes than have a place in a plot
for i in $(seq 10); do
	for split in train test; do
		echo $split,class $i,$((i * 90)),$((i * 70)),900,$((900 - i * 80)),500,$((i * i * 8)),30,$((i % 3 * 300)),$((i % 2 * 900))
	done
done | sed '1i split,label,p00,p01,p02,p10,p11,p12,p20,p21,p22' >ten.csv
run -d $ideal -q train ten.csv --epochs 2 --plot ten.png
ok 'ten classes drawn' [ -s ten.png -o "$(cat err)" = 'psxctl train: --plot: built without cairo' ]

run -d $ideal train data.csv --exposure 1us -o no.json
ok 'an exposure of less than a few steps' refuses 1 'too short: the largest level'
run -d $ideal train data.csv --exposure 1ns -o no.json
ok 'an exposure that the device has not' refuses 1 '1e-09 s is outside'

run train data.csv
ok 'which detector' refuses 2 '-d URI'
run -d sim: train data.csv
ok 'a detector of another size' refuses 1 'width=3,height=3'
run -d $ideal train
ok 'which data' refuses 2 'data set'

# Ctrl-C in an epoch, then on to the same bits
run -d $ideal -q train hard.csv --full --epochs 6 -o whole.json
ok 'a whole training' exits 0
rm -f out
"$psxctl" -d $ideal,rate=2000 -q train hard.csv --full --epochs 6 -o part.json --json >out 2>err &
pid=$!
until [ "$(grep -sc '"epoch":' out)" = 3 ]; do
	kill -0 $pid 2>/dev/null || break
	sleep 0.02
done
kill -INT $pid
wait $pid
status=$?
ok 'Ctrl-C in an epoch' refuses 1 'interrupted; --resume part.json goes on'
ok 'leaves nothing half' is "$(find . -name '.?*' | wc -l)" 0
ok 'and was in time' [ "$(grep -c '"epoch":' out)" -lt 7 ]
run -d $ideal -q train hard.csv --resume part.json --full
ok 'resumed' exits 0
ok 'to the same bits' cmp -s whole.json part.json

# Killed in every epoch, it goes on from where it was
rm part.json
for epoch in 1 2 3 4 5; do
	rm -f out
	resume=
	[ $epoch = 1 ] || resume=--resume=part.json
	"$psxctl" -d $ideal,rate=2000 train hard.csv --full --epochs 6 -o part.json $resume --json >out 2>err &
	pid=$!
	until [ 0"$(grep -sc '"epoch":' out)" -gt $epoch ]; do
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	kill -KILL $pid
	wait $pid 2>/dev/null
done
run -d $ideal train hard.csv --resume part.json --full --json
ok 'killed five times: resumed to the same bits' cmp -s whole.json part.json
run -d $ideal -q train hard.csv --resume part.json --rate 1
ok 'a resumed training keeps its rate' refuses 2 '--rate'
run -d $ideal train data.csv --resume part.json --epochs 9
ok 'and its data' refuses 1 'part.json: not the data set'
run -d $real train hard.csv --resume part.json --epochs 9
ok 'and its detector' refuses 1 'began on detector'
ok 'none of which harms it' cmp -s whole.json part.json
head -c 2000 part.json >cut.json
run -d $ideal classify cut.json data.csv
ok 'a model that was cut short' refuses 1 'cut.json'

# Without scenes, as hardware is, a person at the terminal shows the samples
gcc -shared -fPIC -D_GNU_SOURCE -I"$root/include" "$root/tests/tool/operator.c" -o operator.so
by_hand() { at_terminal "LD_PRELOAD=$PWD/operator.so $psxctl $*"; }
entered() { yes '' | head -n "$1"; }
run -d $ideal -q train data.csv --full --epochs 2 -o scenes.json
entered 192 | by_hand -q -d $ideal train data.csv --full --epochs 2 -o hand.json
ok 'shown by hand: the model of scenes' cmp -s scenes.json hand.json
grep -ao 'put [^ ]* into the beam' out >asked
ok 'by hand: every sample is asked for' is "$(sort -u asked | wc -l)/$(wc -l <asked)" 64/192
ok 'by hand: first those of the training' is "$(sed -n 's/put data.csv:\(.*\) into.*/\1/p' asked | head -n 48 | tr '\n' ' ')" \
	"$(grep -n ^train data.csv | cut -d : -f 1 | tr '\n' ' ')"
entered 176 | by_hand -q -d $ideal train data.csv --full --epochs 2 -o part.json
ok 'no more is typed: a line of its own' grep -q '^psxctl train: epoch 2: given up; --resume part.json goes on' out
entered 64 | by_hand -q -d $ideal train data.csv --full --resume part.json
ok 'goes on by hand' cmp -s scenes.json part.json
entered 16 | by_hand -q -d $ideal classify scenes.json data.csv
ok 'classify by hand' says '^16 of 16 right'
mkfifo keys
rm out
by_hand -q -d $ideal train data.csv -o no.json <keys &
pid=$!
exec 3>keys
until grep -q 'into the beam' out 2>/dev/null; do
	kill -0 $pid 2>/dev/null || break
	sleep 0.02
done
printf '\003' >&3
wait $pid
status=$(cat exit_status)
ok 'Ctrl-C instead of Enter' exits 1
ok 'says so in a line' says '^psxctl train: epoch 1: interrupted'
exec 3>&-
LD_PRELOAD=$PWD/operator.so run -d $ideal train data.csv -o no.json </dev/null
ok 'nobody is there' refuses 1 'has no scenes, and nobody shows it samples'
ok 'no model of these' [ ! -e no.json ]

# Through a calibration
run -d $real,mismatch=0.08 -q cal run -o cal.json -k identity --mode snap
run -d $real,mismatch=0.08 -q train data.csv --cal cal.json -o cal-model.json --epochs 30
ok 'calibrated' exits 0
ok 'the model says by what' is "$(sed 's/.*"calibration_id":\([0-9]*\).*/\1/' cal-model.json | grep -cv '^0$')" 1
run -d $real,seed=9 train data.csv --cal cal.json
ok 'a calibration of another detector' exits 1

if [ -r "$data/hust/hust_x02_seed0.csv" ]; then
	run -d $real train "$data/hust/hust_x02_seed0.csv" --json --epochs 7
	ok 'HUST without an error' says '^{"stop":"perfect"'
else
	skip 'HUST without an error' 'no test data'
fi
echo "1..$n"
