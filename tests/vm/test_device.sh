#!/bin/bash
# SPDX-License-Identifier: MIT
# psxctl on devices of the kernel driver: tests/vm/run tests/vm/test_device.sh
export PSX_BUILD=${BUILD:-build}
. tests/tool/lib.sh
. "$OLDPWD/tests/vm/mock.sh"
common=(width=60 height=40 scene=scene60x40)
pgm scene.pgm 60 40
"$psxctl" convert scene.pgm -o /run/firmware/scene60x40 >/dev/null || exit 1

# Programs take long to start in an emulated machine: as few as will do
# A number of the last JSON lines in a file: field KEY FILE
field() {
	local line value=
	while read -r line; do
		[[ $line =~ \"$1\":\"?([^,}\"]*) ]] && value=${BASH_REMATCH[1]}
	done < <(tail -n 3 "$2")
	echo "$value"
}
# CRC of the last payloads of a .psx file (docs/file-format.md), at most 6
crcs() {
	perl -e 'open F, "<", $ARGV[0] or die; sub at { seek F, $_[0], $_[1]; read F, my $b, $_[2]; $b }
		$n = unpack "Q<", at(-24, 2, 8); $n = 6 if $n > 6;
		printf "%08x\n", unpack "V", at($_ + 92, 0, 4) for unpack "Q<*", at(-32 - 8 * $n, 2, 8 * $n)' "$1"
}
# The summary in a file accounts for every frame
even() {
	tail -n 1 "$1" | perl -e '$_ = <STDIN>; $n{$1} = $2 while /"(\w+)":(\d+)/g;
		$sum += $n{$_} for qw(frames dropped damaged discarded overrun); exit !($sum && $sum == $n{made})'
}
seen() { grep -q -- "$1" "$2" 2>/dev/null; }
lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }

# ------------------------------------------------------------- who is there
[ ! -d $mocks/vm ] || unplug vm
run -d /dev/psxdet0 info
ok 'no detector: says what there is' refuses 1 'the kernel module psxdet has found none'
plug a profile=ideal
run list
ok 'list: node, model, serial' says "^$dev *sim-ideal *[0-9a-f]\{32\}"
run list --json
serial=$(json serial)
ok 'list: JSON' is "$(head -n 1 out)" "{\"uri\":\"$dev\",\"model\":\"sim-ideal\",\"serial\":\"$serial\"}"
run -d "$dev" info
ok 'info: nobody owns it' says '^owner *nobody'
ok 'info: no reader' says '^readers *0'
run -d "$dev" info --json
ok 'info: the serial is the one of list' is "$(json serial)" "$serial"
ok 'info: a model' is "$(json simulated)" true
ok 'info: its rails' is "$(json rails)" off
run -d sim:profile=ideal,width=60,height=40,scene=scene.pgm info --json
ok 'info: the same model in this process has the same serial' is "$(json serial)" "$serial"
run -d "serial:$serial" info --json
ok 'serial:' is "$(json serial)" "$serial"
run -d "serial:${serial:0:5}" info
ok 'serial: its beginning will do' exits 0
run -d serial:xyz info
ok 'serial: none' refuses 1 "no such detector; there is $dev"
run -d /dev/psxdet99 info
ok 'a node that is not there: names those that are' refuses 1 "no such detector; there is $dev"
a=$dev
plug twin profile=ideal
run -d "serial:$serial" info
ok 'serial: not unique' refuses 1 "not unique: $a ([0-9a-f]*), $dev ([0-9a-f]*)"
unplug twin
dev=$a

# ------------------------------------------------------------------ frames
for args in 'ideal -k laplacian,log -n 4 -t 3 -p both' 'real -k laplacian,log -n 2 -t 3 -p both' \
	'real -k mean -m snap --pga 2 --exposure 250ms' 'ideal -k sobel-x --accumulate 3 -t 5%' \
	'real -k identity -m point -n 3 --trigger software'; do
	profile=${args%% *}
	plug new profile="$profile" seed=7 # its frames have the numbers that those of sim: have
	# shellcheck disable=SC2086
	"$psxctl" -d "sim:profile=$profile,seed=7,scene=scene.pgm" acquire ${args#* } -o sim.psx --json >sim.out &
	sim=$!
	# shellcheck disable=SC2086
	run -d "$dev" acquire ${args#* } -o dev.psx --json
	wait $sim
	ok "$args: lines as from sim:" cmp -s sim.out out
	crcs sim.psx >sim.crc
	crcs dev.psx >dev.crc
	ok "$args: payloads as from sim:" cmp -s sim.crc dev.crc
	ok "$args: there are some" [ -s dev.crc ]
	ok "$args: rails are down" rails_are off
	unplug new
done
dev=$a

# --------------------------------------------------------- what stays loaded
run -d "$dev" acquire --json
ok 'nothing is loaded: identity' is "$(json kernel)" identity
run -d "$dev" kernel load log --hold 0
ok 'kernel load: stays' says '^configuration 2: 1 kernel loaded$'
run -d "$dev" info --json
ok 'info: what is loaded' is "$(json cfg_id)" 2
run -d "$dev" acquire --json -n 2 -o loaded.psx
ok 'acquire without --kernel: what is loaded' is "$(json kernel)/$(json cfg_id)/$(json effective)" \
	"loaded/2/$("$psxctl" -d sim:profile=ideal,scene=scene.pgm acquire -k log --json |
		sed -n 's/.*"effective":\([0-9]*\).*/\1/p' | head -n 1)"
run -d "$dev" acquire --rate 1
ok 'settings need --kernel' refuses 2 '--rate needs --kernel'
run -d "$dev" acquire -k log --trigger software
run -d "$dev" info --json
ok 'info: what is loaded waits for triggers' is "$(json software_trigger)" true
run -d "$dev" acquire --json -n 3
ok 'acquire without --kernel: it triggers itself' is "$(json kernel)/$(json frames)" loaded/3
echo 1 >one.txt
for i in 1 2 3; do # of 256 banks
	# shellcheck disable=SC2046
	"$psxctl" -d "$dev" kernel load -q --hold 0 $(yes ./one.txt | head -n 100) >out 2>err || break
done
ok 'banks of those before are found free' is "$i/$(cat err)" 3/

# ------------------------------------------------- owners, viewers, a monitor
plug busy profile=ideal rate=60
"$psxctl" monitor -d "$dev" --json >monitor 2>monitor.err &
monitor=$!
until_true seen present monitor
begin -d "$dev" acquire -k laplacian -n 0 --json -o owner.psx
mv out owner.out
run -d "$dev" acquire -k log
ok 'a second owner: names the first' refuses 1 "$dev is in use by psxctl (pid $pid)"
run -d "$dev" kernel load log --hold 0
ok 'nor does anything else change it' refuses 1 "in use by psxctl (pid $pid)"
run -d "$dev" info --json
ok 'info: owner' says "\"owner\":{\"pid\":$pid,\"command\":\"psxctl\"}"
ok 'info: rails' is "$(json rails)" on
ok 'info: running' is "$(json running)" true
ok 'info: one reader, reserving' is "$(json readers)/$(json reserving)" 1/1
"$psxctl" -d "$dev" acquire --join lossy -n 20 --json -o lossy.psx >lossy.out 2>&1 &
lossy=$!
"$psxctl" -d "$dev" acquire --join reserving --json -o reserving.psx >reserving.out 2>&1 &
reserving=$!
wait $lossy
ok 'a viewer: ends after its frames' is $? 0
ok 'a viewer: 20 of them' is "$(field frames lossy.out)" 20
ok 'a viewer: as they were made, in a row' is \
	"$(sed -n 's/^{"seq":\([0-9]*\),.*/\1/p' lossy.out | awk 'NR > 1 && $1 != last + 1 { print "gap" } { last = $1 }')" ''
until_true lines 40 reserving.out
run -d "$dev" info --json
ok 'info: two readers, reserving' is "$(json readers)/$(json reserving)" 2/2
kill -INT $pid
wait $pid
ok 'Ctrl-C ends the owner well' is $? 0
wait $reserving
ok 'its end is that of who read along' is $? 0
ok 'no frame was lost for the owner' is "$(field dropped owner.out)" 0
ok 'its account is even' even owner.out
ok 'that of the other reader is, too' even reserving.out
ok 'they end with the same frame' is "$(tail -n 2 owner.out | head -n 1)" \
	"$(tail -n 2 reserving.out | head -n 1 | sed 's/"loaded"/"laplacian"/')"
crcs owner.psx >owner.crc
crcs reserving.psx >reserving.crc
ok 'and got the same payloads' cmp -s owner.crc reserving.crc
ok 'rails are down' rails_are off
ok 'and nobody owns it' no_owner
ok 'monitor: configuration' seen '"event":"commit".*"cfg_id":1' monitor
ok 'monitor: rails up' seen '"event":"rails".*"rails":"on"' monitor
ok 'monitor: the end' seen '"event":"end".*"series":1' monitor
ok 'monitor: rails down' until_true seen '"event":"rails".*"rails":"off"' monitor

run -d "$dev" acquire --join lossy
ok 'nothing to join' refuses 1 'no acquisition is running'

# Killed, it leaves no voltage and no claim
begin -d "$dev" acquire -k laplacian -n 0 --json -o killed.psx
kill -KILL $pid
wait $pid 2>/dev/null
ok 'an owner that is killed: rails go down' until_true rails_are off
ok 'and nobody owns it' no_owner
run -d "$dev" acquire -k laplacian -n 3 --json
ok 'and the next one finds it well' exits 0

# ---------------------------------------------------------------- unplugged
begin -d "$dev" acquire -k laplacian -n 0 --json -o gone.psx
"$psxctl" -d "$dev" acquire --join lossy --json >viewer.out 2>viewer.err &
viewer=$!
until_true lines 10 viewer.out
unplug busy
wait $pid
status=$?
ok 'unplugged: says so, and what was kept' refuses 1 "$dev was unplugged; kept [0-9]* frames in gone.psx"
kept=$(sed -n 's/.*kept \([0-9]*\) frame.*/\1/p' err)
ok 'unplugged: every frame that was printed' is "$kept" "$(grep -c '^{"seq"' out)"
run view gone.psx -n $((kept - 1)) --json -o gone.png
ok 'unplugged: and they are readable' exits 0
wait $viewer
code=$? # the driver ends the acquisition, then it goes: a viewer may see either
ok 'unplugged: the viewer ends, too' \
	[ $code/"$(cat viewer.err)" = 0/ -o $code/"$(cat viewer.err)" = "1/psxctl acquire: $dev was unplugged" ]
ok 'monitor: gone' until_true seen '"event":"gone"' monitor
ok 'monitor: removed' until_true seen "\"event\":\"removed\",\"uri\":\"$dev\",\"model\":\"sim-ideal\",\"serial\":\"[0-9a-f]*\"" monitor
plug busy profile=ideal rate=60
ok 'monitor: added' until_true seen "\"event\":\"added\",\"uri\":\"$dev\"" monitor
kill -INT $monitor
wait $monitor
ok 'monitor: Ctrl-C ends it well' is "$?/$(cat monitor.err)" 0/
unplug busy

# ----------------------------------------------------- readers that are slow
plug fast profile=ideal rate=700 width=16 height=16 scene=
# stream HOW: an owner as $pid, a reader beside it as $reader that is put to sleep
stream() {
	rm -f owner.out reader.out
	"$psxctl" -d "$dev" acquire -k identity -n 0 -t 0 --json >owner.out 2>&1 &
	pid=$!
	until_true lines 5 owner.out
	"$psxctl" -d "$dev" acquire --join "$1" --json >reader.out 2>&1 &
	reader=$!
	until_true lines 5 reader.out
	kill -STOP $reader
}
counts() { "$psxctl" -d "$dev" info --json >info.out && [ "$(field "$1" info.out)" -gt "$2" ]; }
stream lossy
counts made 0
until_true counts made $(($(field made info.out) + 3000))
kill -INT $pid
wait $pid
ok 'a viewer that sleeps: the owner loses nothing' is "$?/$(field dropped owner.out)" 0/0
kill -CONT $reader
wait $reader
ok 'and it finds out what it missed' is "$?/$([ "$(field overrun reader.out)" -gt 500 ] && echo many)" 0/many
ok 'its account is even' even reader.out

stream reserving
until_true counts dropped 100
kill -INT $pid
wait $pid
ok 'a reserving reader that sleeps: the owner is told' is $? 3
ok 'of frames for which there was no room' [ "$(field dropped_full owner.out)" -gt 100 ]
ok 'the owner has all others' even owner.out
kill -CONT $reader
wait $reader
ok 'so is who was slow' is $? 3
ok 'who lost no frame that was kept for it' is "$(field overrun reader.out)" 0
ok 'and whose account is even' even reader.out

# Frames that are there cost no system call
if strace -o trace true 2>/dev/null; then
	"$psxctl" -d "$dev" acquire -k identity -n 0 -t 0 -q >owner.out 2>&1 &
	pid=$!
	until_true counts made 0
	until_true eval '"$psxctl" -d "$dev" info --json | grep -q "\"running\":true"'
	"$psxctl" -d "$dev" acquire --join reserving -q >reader.out 2>&1 &
	reader=$!
	until_true counts readers 1
	kill -STOP $reader
	until_true counts made $(($(field made info.out) + 2000))
	kill -INT $pid
	wait $pid
	strace -f -o trace -p $reader 2>/dev/null &
	strace=$!
	until_true seen 'TracerPid:.[1-9]' /proc/$reader/status
	kill -CONT $reader
	wait $reader
	wait $strace
	frames=$(awk '$1 == "loaded" { print $2 }' reader.out)
	ok 'a thousand frames, a few dozen system calls' \
		[ "$frames" -gt 1000 -a "$(grep -c '(' trace)" -lt 60 ]
	echo "# $frames frames, $(grep -c '(' trace) system calls"
else
	skip 'a thousand frames, a few dozen system calls' 'no strace'
fi
unplug fast

# -------------------------------------------------------------- permissions
dev=$a
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$psxctl" "$@" >out 2>err
	status=$?
}
chgrp root "$dev"
chmod 660 "$dev"
as_nobody -d "$dev" info
ok 'no permission: root alone' refuses 1 "$dev: permission denied: it is root's alone"
chgrp video "$dev"
as_nobody -d "$dev" info
ok 'no permission: names the group' refuses 1 "you are not in its group 'video' (sudo usermod -aG video"
chmod 664 "$dev"
as_nobody -d "$dev" info
ok 'who may only read: info' exits 0
as_nobody -d "$dev" acquire -k log
ok 'no claim: names the group' refuses 1 "you are not in its group 'video'"
plug watched profile=ideal rate=60
chgrp video "$dev"
chmod 664 "$dev"
begin -d "$dev" acquire -k laplacian -n 0 --json
mv out owner.out
as_nobody -d "$dev" acquire --join lossy -n 5 --json
ok 'reads along' is "$status/$(json frames)" 0/5
as_nobody -d "$dev" acquire --join reserving
ok 'but keeps nobody waiting' refuses 1 "you are not in its group 'video'"
kill -INT $pid
wait $pid
unplug watched
# A stage that does not come is waited for until a signal
plug stage profile=macropixel fault_stage=1
raster() { "$psxctl" -d "$dev" acquire --mode point --raster 30,20 -k identity -q 2>err & pid=$!; }
raster
moves() { "$psxctl" -d "$dev" info --json | grep -q '"stage_moving":true'; }
until_true moves
ok 'a raster waits for its stage' moves
interrupted() { ! kill -INT $pid 2>/dev/null; }
until_true interrupted
ok 'and ends by a signal' interrupted
kill -KILL $pid 2>/dev/null
wait $pid
ok 'which it says' grep -q interrupted err
raster
until_true moves
kill -KILL $pid
wait $pid 2>/dev/null
run -q -d "$dev" acquire --mode point -k identity -n 1
ok 'no frames before it is there' refuses 1 "$dev: the stage is on its way, at 0, 0 um"
unplug stage
dev=$a
chmod 666 "$dev"
as_nobody -d "$dev" acquire -k log
ok 'with it, any user' exits 0
unplug a
echo "1..$n"
