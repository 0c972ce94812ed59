#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl hv and bias, and what others say of rails.
root=$PWD
. tests/tool/lib.sh
pgm good.pgm 60 40
ideal=sim:profile=ideal,scene=good.pgm
real=sim:scene=good.pgm

# ------------------------------------------------------------------ hv
run -d $ideal hv status
ok 'hv status: off' says '^rails *off, +0.0 V / '
ok 'hv status: the interlock' says '^interlock *closed'
run -d $ideal hv status --json
ok 'hv status: JSON' is "$(json rails)/$(json cause)/$(json slew)" off/none/100
"$psxctl" -d $ideal hv on >out 2>err &
pid=$!
until says 'Ctrl-C takes them down' 2>/dev/null || ! kill -0 $pid; do sleep 0.02; done
ok 'hv on: stays, and says where they are' says '^rails at +105.0 V / -105.0 V; Ctrl-C'
kill -INT $pid
wait $pid
status=$?
ok 'hv on: Ctrl-C ends it well' exits 0
ok 'hv on: with rails down' says '^rails are down$'
ok 'hv on: no noise' [ ! -s err ]
"$psxctl" -d $ideal hv on --json >out 2>err &
pid=$!
until says hold_ms 2>/dev/null || ! kill -0 $pid; do sleep 0.02; done
kill -TERM $pid
wait $pid
status=$?
ok 'hv on: SIGTERM, too' exits 0
ok 'hv on: JSON of both' is "$(tr '\n' ' ' <out)" \
	'{"rails":"on","rail_positive_mv":105000,"rail_negative_mv":-105000,"hold_ms":0} {"rails":"off","cause":"none"} '
run -d $ideal hv on --hold 600
ok 'hv on --hold: returns' says 'those of a model end with this command'
run -d $ideal hv on --slew 1000 --hold 1.5 --json
ok 'hv on --hold: fractions' is "$(json hold_ms)" 1500
run -d $ideal hv off
ok 'hv off: when they are off' says 'rails are down'
run -d $ideal hv clear
ok 'hv clear: nothing tripped' refuses 1 'nothing tripped'
run -d $ideal,interlock_at=0.2 hv on
ok 'an interlock that opens on the way' refuses 1 'tripped by the open interlock'
run -d $ideal,interlock_at=0 hv on
ok 'an interlock that is open' refuses 1 'the interlock is open'
run -d $ideal,interlock_at=0 hv status --json
ok 'hv status shows it' is "$(json interlock_open)" true
run -d $ideal hv on --slew 1001
ok 'too fast' refuses 1 'the device allows 1000'
run -d $ideal hv on --slew fast
ok 'a slew that is none' refuses 2 "slew 'fast'"
for hold in x 0 -1 25h 90000; do
	run -d $ideal hv on --hold $hold
	ok "hv on --hold $hold" refuses 2 'hold'
done
run -d $ideal hv off --hold 3
ok 'options go with on' refuses 2 'go with `on`'
run -d $ideal hv
ok 'hv: no action' refuses 2 'say on, off'
run -d $ideal hv up
ok 'hv: no such action' refuses 2 "no action 'up'"
run hv on
ok 'hv: no detector' refuses 2 '-d URI'

# ---------------------------------------------------------------- others
run -d $ideal acquire
ok 'acquire says what the rails do' is "$(cat err)" "psxctl acquire: rails are up: +105.0 V / -105.0 V
psxctl acquire: rails are down"
run -q -d $ideal acquire
ok 'acquire -q does not' [ ! -s err ]

# Down before anything is shown or drawn: whoever reads may take hours. At a terminal both
# streams are in order.
small=sim:profile=ideal,width=3,height=3,scene=flat:0
letters=$root/tests/vectors/letters.csv
down_before() { # down_before WORD: in `out`
	[ "$(grep -o -m 1 "rails are down\|$1" out)" = 'rails are down' ] && says "$1"
}
run -d $small train "$letters" -o model.json --epochs 1 -q
if script --version >/dev/null 2>&1; then
	at_terminal "$psxctl -d $small classify model.json $letters"
	ok 'classify: rails down, then answers' down_before '^label'
	at_terminal "$psxctl -d $small train $letters --epochs 1 --plot /dev/full"
	ok 'train: rails down, then the summary' down_before 'best:'
	at_terminal "$psxctl -d $small cal run -k identity --biases 5 --frames 1 -o cal.json"
	ok 'cal run: rails down, then what was found' down_before '^calibration'
	at_terminal "$psxctl -d $ideal acquire"
	ok 'acquire: rails down, then the summary' down_before '^kernel'
	at_terminal "$psxctl -d sim:profile=macropixel,scene=good.pgm acquire -m point --raster 2,2 -k mean"
	ok 'a raster: rails down, then its frame' down_before '^frame'
	at_terminal "$psxctl -d $ideal iv --biases 5 --frames 1 --pixel 1,1"
	ok 'iv: rails down, then its table' down_before 'volts'
else
	skip 'rails go down before anything is shown' 'no script(1)'
fi
run -d $real acquire -k laplacian -t 8
ok 'acquire takes dark frames' grep -q '^psxctl acquire: dark frames' err
ok 'and nothing saturates' says '^laplacian'
run -d $real acquire -k laplacian -t 8 --json
ok 'nothing at all' is "$(json saturated)" 0
run -d $real acquire -k laplacian -t 8 --json --no-zero
ok '--no-zero: dark current is seen' [ "$(json saturated)" -gt 0 ]
run -d $real,overcurrent_at=200 acquire -k laplacian -n 40 -o run.psx
ok 'a trip ends an acquisition' exits 1
ok 'and is named' grep -q 'the rails tripped by over-current; kept [0-9]* frames in run.psx' err
run -d $real,overcurrent_at=1.2 acquire -k laplacian -o none.psx
ok 'a trip in the dark frames' exits 1
ok 'leaves nothing' is "$(ls -A | grep -c none)" 0
run -d $ideal info
ok 'info: rails' says '^rails *off, +0.0 V / -*+*0.0 V, slew 100 of 1000 V/s'
ok 'info: shutter' says '^shutter *open'
run -d $ideal kernel load log --hold 5
ok 'kernel load --hold' says '^rails at +105.0 V'
"$psxctl" -d $ideal kernel load log >out 2>err &
pid=$!
until says Ctrl-C 2>/dev/null || ! kill -0 $pid; do sleep 0.02; done
ok 'kernel load: says what is loaded' says '^configuration 1: 1 kernel'
kill -INT $pid
wait $pid
ok 'kernel load: stays in the foreground' says 'rails are down'

# ------------------------------------------------------------------ bias
run -d $ideal bias get -k laplacian --region 0,0,4x4
ok 'bias get: volts' says '^ *-6.8[0-9]* '
ok 'bias get: a row of codes' is "$(sed -n '/codes/,$p' out | sed -n 3p | wc -w)" 4
ok 'bias get: says which' says '^channel 0 (3 x 3, scan), phase 0 of 9: sub-pixels 0,0 .. 3,3, as loaded'
run -d $ideal bias get -k laplacian
ok 'bias get: a large region is summed up' says '^codes -[0-9]* .. [0-9]*, '
run -d $ideal bias get -k laplacian,log --channel 1 --phase 24 --region 5,5,1x1 --json
ok 'bias get: JSON' says '^{"channel":1,"phase":24,"x":5,"y":5,"codes":\[-*[0-9]*\],"volts":'
run -d $ideal bias get -k laplacian -o codes.png
ok 'bias get: a picture' [ -s codes.png ]
run -d $ideal bias read -k laplacian --json
ok 'bias read: all follow' exits 0
ok 'bias read: a line a row' is "$(wc -l <out)" 40
run -d $real,stuck=3 bias read -k laplacian -o stuck.png
ok 'bias read: some do not' refuses 1 '3 of 2400 DACs do not follow'
ok 'bias read: which' is "$(grep -c '^sub-pixel [0-9]*,[0-9]*: loaded' out)" 3
ok 'bias read: magenta' says 'magenta does not follow'
run -d $ideal bias set -6.9V --region 2,2,3x3 --hold 0 --json
ok 'bias set: volts' is "$(json code)" -2261
run -d $ideal bias set 1234 --hold 0
ok 'bias set: a code' says 'at +3.766 V (code 1234)'
run -d $ideal bias set -20 --hold 0
ok 'bias set: a negative code' says '(code -20)'
run -d $ideal bias set 5V -k laplacian --phase 8 --region 59,39,1x1 --hold 3
ok 'bias set: held' says '^rails at'
for value in 40000 -32768 101V 5.5 5mV x ''; do
	run -d $ideal bias set --hold 0 -- "$value"
	ok "bias set '$value'" refuses 2 "'$value' is not a code"
done
run -d $ideal bias set
ok 'bias set: nothing' refuses 2 'set what'
run -d $ideal bias get
ok 'bias get: nothing is loaded' refuses 1 '--kernel'
run -d $ideal bias get -k log --phase 25
ok 'no such phase' refuses 1 'no phase 25'
run -d $ideal bias get -k log --channel 1
ok 'no such channel' refuses 1 'no channel 1'
run -d $ideal bias set 1 --channel 3 --hold 0
ok 'bias set: no such channel' refuses 1 'no channel 3'
for region in 0,0,61x1 60,0,1x1 0,0,0x1 1,2 x 1,2,3x4x; do
	run -d $ideal bias get -k log --region $region
	ok "region $region" refuses 2 'region'
done
run -d $ideal bias set 1 -o x.png
ok 'bias set draws nothing' refuses 2 'get and read'
run -d $ideal bias
ok 'bias: no action' refuses 2 'say get, read or set'
run bias get
ok 'bias: no detector' refuses 2 '-d URI'

# ----------------------------------------------------- maps of banks, borders
printf 'P2\n20 13\n3\n' >map.pgm
for y in $(seq 13); do for x in $(seq 20); do echo $(((x > 10) + 2 * (y > 6))); done; done >>map.pgm
run -d $ideal acquire -m snap -k identity,mean,laplacian,sobel-x --bank-map map.pgm -o map.psx --json
ok 'a bank map: one channel' is "$(grep -c '"kernel":"map"' out)" 1
run view map.psx --json -o map.png
ok 'a bank map: is known to the file' is "$(json kernel)" map
run -d $ideal acquire -m snap -k identity,mean --bank-map map.pgm
ok 'a bank map: a kernel that is not there' exits 1
run -d $ideal acquire -m snap -k identity --bank-map good.pgm
ok 'a bank map of another size' refuses 1 '60 x 40, this detector has 20 x 13 macro-pixels'
run -d $ideal acquire -k identity --bank-map map.pgm
ok 'a bank map needs snap' refuses 2 'needs --mode snap'
run -d sim:profile=cmos32,scene=blade acquire -k laplacian -t 8 --json -o cmos.psx
ok 'cmos32: 900 pixels see something' is "$(json pixels)/$(json active)" 1024/900
occupancy=$(json occupancy)
run view cmos.psx --json -o cmos.png
ok 'cmos32: view counts alike' is "$(json occupancy)/$(json active)" "$occupancy/900"
run -d sim:profile=cmos32 info
ok 'cmos32: info' says '1 at every edge see nothing'
echo "1..$n"
