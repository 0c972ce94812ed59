#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl acquire, list, info, kernel as a user types them.
. tests/tool/lib.sh
pgm good.pgm 60 40
uri=sim:profile=ideal,scene=good.pgm

run list
ok 'list ends well' exits 0
ok 'list shows the model' says '^sim:'
run info
ok 'info falls back to the model' says 'simulated'
run -d "$uri" info --json
ok 'info: width of the scene' is "$(json width)" 60
ok 'info: simulated' is "$(json simulated)" true
ok 'info: trigger' is "$(json software_trigger)" false
ok 'info: no stage' is "$(json stage) $(json stage_x_um)" 'false '
serial=$(json serial)
run -d sim:profile=ideal,width=60,height=40,scene=flat:3 info --json
ok 'the serial is not of the scene' is "$(json serial)" "$serial"
run -d "$uri",seed=2 info --json
ok 'the serial is of the seed' [ "$(json serial)" != "$serial" ]
macro=sim:profile=macropixel,scene=good.pgm
run -d $macro info
ok 'info: the stage' says '^stage *at 0, 0 um; object 60 x 40$'
run -d $macro info --json
ok 'info: the stage, as data' is \
	"$(json stage) $(json stage_x_um) $(json stage_y_um) $(json scene_width) $(json scene_height)" \
	'true 0 0 60 40'
run kernel list
ok 'all presets' is "$(wc -l <out)" 14
run kernel show laplacian
ok 'volts of weight 1' says '95.000'
ok 'volts of weight -1/8' says '-6.90'
run kernel show laplacian log
ok 'no empty line' [ "$(grep -c '^$' out)" = 0 ]
run kernel show --json laplacian
ok 'codes are whole numbers' says '"codes":\[-[0-9]*,[-0-9,]*\]}'
run -d sim:profile=ideal,width=9,height=9,scene=flat:1 eval --json good.pgm
ok 'eval: an image of another size than the detector' refuses 1 'good.pgm'
# shellcheck disable=SC2046
run kernel load $(yes mean | head -n 257)
ok 'more kernels than a detector has channels' refuses 2 'more than 256'
run kernel load log --hold 0 -d "$uri"
ok 'kernel load says the configuration' says 'configuration 1: 1 kernel'

run -d "$uri" --json acquire -k laplacian -n 4 -o run.psx
ok 'four frames and a summary' is "$(wc -l <out)" 5
ok 'seq begins at 0' says '^{"seq":0,'
ok 'summary counts frames' says '"frames":4,"dropped":0'
ok 'made as many' says '"made":4'
ok 'the file is there' [ -s run.psx ]
ok 'and no other' is "$(ls -A | grep -c psx)" 1
run eval --json good.pgm
effective=$(json effective)
run -d "$uri" acquire --json -k laplacian
ok 'the same pixels as eval' is "$(json effective)" "$effective"
run -d "$uri" acquire --json
ok 'identity without --kernel' is "$(json kernel)" identity
run -d "$uri" acquire --json -k identity,log,laplacian
ok 'a frame a kernel' is "$(wc -l <out)" 4
ok 'channels count' says '"channel":2,"kernel":"laplacian"'
run -d "$uri" acquire --json -k laplacian --accumulate 3 -n 2
ok 'sums of exposures: two frames' says '"frames":2'
ok 'of three exposures each' says '"made":6'
run -d "$uri" acquire --json -k identity,log,laplacian --accumulate 2 -n 4
ok 'sums of several channels: as many as were asked for' says '^{"frames":4,'
ok 'sums take turns' is "$(sed -n 's/.*"channel":\([0-9]\).*/\1/p' out | tr -d '\n')" 0120
run -d "$uri" acquire --json -k identity,log --accumulate 2
ok 'a sum a kernel' is "$(wc -l <out)" 3
ok 'of two exposures each' says '"made":4'
run -d "$uri" acquire --json -k identity --exposure 500ms -t 32 -p positive
half=$(json effective)
run -d "$uri" acquire --json -k identity -t 64
ok 'half the exposure, half the signal' [ $((half - $(json effective))) -ge -60 ]
run -d "$uri" acquire --json -k laplacian --trigger software -n 3
ok 'software trigger' says '"frames":3'
printf '0 -1 0\n-1 4 -1\n0 -1 0\n' >cross.txt
run -d "$uri" acquire --json -k ./cross.txt
ok 'a kernel from a file' is "$(json kernel)" cross.txt
run -d "$uri" acquire --json -k laplacian --rate 0.05
ok 'a rate that exposures allow' exits 0
run -d "$uri",rate=200 acquire --json -n 20
ok 'paced by the model' exits 0

# Ctrl-C in an endless run: a normal end, everything kept
begin -d "$uri",rate=100 acquire -n 0 -o endless.psx --json
kill -INT $pid
wait $pid
status=$?
ok 'Ctrl-C ends an endless run well' exits 0
ok 'with a summary' says '"frames":'
ok 'and its file' [ -s endless.psx ]
frames=$(json frames)
run view endless.psx -n $((frames - 1)) --json -o last.png
ok 'every frame that was reported is in it' exits 0
run view endless.psx -n "$frames" -o last.png
ok 'and no more' exits 1

# Ctrl-C before the frames that were asked for: kept, and said
begin -d "$uri",rate=100 acquire -n 100000 -o cut.psx --json
kill -INT $pid
wait $pid
status=$?
ok 'Ctrl-C in a counted run' refuses 1 'interrupted after'
ok 'keeps what was taken' [ -s cut.psx ]
ok 'nothing else is left' is "$(ls -A | grep -c '^\.')" 0

# The gain that is chosen leaves room above the beam
run -d sim:scene=flat:4095,width=20,height=20 acquire -k identity,mean,laplacian --json
ok 'the open beam does not saturate' [ "$(grep -c '"saturated":0' out)" = 4 ]

# Ctrl-C after the last frame, while the file is made durable: nothing was cut
if strace -o trace true 2>/dev/null; then
	strace -o trace -e trace=fsync -e inject=fsync:signal=INT:when=1 \
		"$psxctl" -d "$uri" acquire -n 2 -o late.psx --json >out 2>err
	status=$?
	ok 'Ctrl-C after the last frame' exits 0
	ok 'which is delivered' says '"frames":2'
else
	skip 'Ctrl-C after the last frame' 'no strace'
fi

# SIGHUP ends a run as Ctrl-C does
begin -d "$uri",rate=100 acquire -n 0 -o hup.psx --json
kill -HUP $pid
wait $pid
status=$?
ok 'SIGHUP ends a run well' exits 0
ok 'keeps its file' [ -s hup.psx ]
ok 'and leaves no other' is "$(ls -A | grep -c '^\.')" 0

# What is replaced keeps its mode; links are followed, names may be long
run -d "$uri" acquire -o private.psx
chmod 600 private.psx
run -d "$uri" acquire -o private.psx
ok 'the mode of what is replaced' is "$(stat -c %a private.psx)" 600
ln -s private.psx link.psx
run -d "$uri" acquire -k log -o link.psx
ok 'a link stays a link' [ -L link.psx ]
ln -s nothing.psx dangling.psx
run -d "$uri" acquire -o dangling.psx
ok 'a link to nothing' refuses 1 'dangling.psx'
long=$(printf 'x%.0s' $(seq 1 251)).psx
run -d "$uri" acquire -o "$long"
ok 'the longest name' [ -s "$long" ]

# Nor is anything replaced that is read
cp good.pgm 'scene,2.pgm'
scene='sim:seed=1,scene=scene\,2.pgm,profile=ideal'
for verb in acquire 'cal run' iv; do
	# shellcheck disable=SC2086
	run -d "$scene" $verb -o scene,2.pgm
	ok "$verb: a file in place of the scene" refuses 1 'scene,2.pgm: it is the scene'
done
run -d "$scene" it --plot ./scene,2.pgm
ok 'a picture in place of the scene' refuses 1 'scene,2.pgm: it is the scene'
run -d "$scene" ldr -o x --plot ./x
ok 'a table and a picture in one place' refuses 2 'the same file, ./x'
cp good.pgm cal.json
for option in -o --plot; do
	run -d "$uri" acquire -k identity --cal cal.json $option cal.json
	ok "$option in place of a calibration" refuses 1 'cal.json: it is the calibration'
	run -d "$uri" acquire -m snap -k identity --bank-map cal.json $option cal.json
	ok "$option in place of a bank map" refuses 1 'cal.json: it is the bank map'
done
run view cal.json -o cal.json
ok 'a picture in place of what it shows' refuses 1 'cal.json: it is the file to view'
ok 'all that is still there' is "$(cat 'scene,2.pgm' cal.json | cksum)" "$(cat good.pgm good.pgm | cksum)"
run -d sim:scene=hust acquire -q -o hust
ok 'a phantom is no file' [ -s hust ]

# SIGKILL: nothing under the final name
begin -d "$uri",rate=100 acquire -n 0 -o dead.psx --json
kill -KILL $pid
wait $pid 2>/dev/null
ok 'SIGKILL leaves nothing under the final name' [ ! -e dead.psx ]
run view .dead.psx.* --json -o dead.png
ok 'what it leaves is readable, and said to be incomplete' is "$(json complete)" false
run view .dead.psx.* -o dead.png
ok 'to people too' says '^(incomplete: its writer died; [0-9]* whole frames)'
run view endless.psx --json -o endless.png
ok 'a file that was ended well is complete' is "$(json complete)" true
echo "1..$n"
