#!/bin/bash
# SPDX-License-Identifier: MIT
# psxvfu as a program: its words, its socket, its end. What it says through the
# socket is tested in tests/unit/test_vfu.c.
. tests/tool/lib.sh
psxvfu=$(dirname "$psxctl")/psxvfu

run() {
	"$psxvfu" "$@" >out 2>err
	status=$?
}

# begin ARGS...: in the background as $pid, up to its socket
begin() {
	"$psxvfu" --socket sock "$@" >out 2>err &
	pid=$!
	while [ ! -S sock ] && kill -0 $pid 2>/dev/null; do
		sleep 0.01
	done
}

end() { # end SIGNAL
	kill -s "$1" $pid
	wait $pid
	status=$?
}

run --help
ok '--help' says 'vfio-user'
run width=8
ok 'without a socket' refuses 2 '--socket'
run --socket sock width=8 height=8
ok 'keys twice' refuses 2 'height=8'
run --socket sock width=0
ok 'a value that a model has not' refuses 1 'width=0'
run --socket sock colour=red
ok 'a key that there is not' refuses 1 'colour'
run --socket missing/sock width=8,height=8
ok 'a folder that is not there' refuses 1 'missing/sock'
run --socket "$(printf '%0200d' 0)" width=8,height=8
ok 'a path that no socket can have' refuses 1 '107 bytes'
echo mine >file
run --socket file width=8,height=8
ok 'a file in the way' refuses 1 'file: there already; if no psxvfu uses it, remove it'
ok 'stays' grep -q mine file
for signal in TERM INT HUP; do
	begin width=8,height=8
	ok 'the socket is its owner'\''s alone' is "$(stat -c %a sock)" 700
	end $signal
	ok "$signal ends it well" exits 0
	ok 'and the socket' [ ! -e sock ]
done
if command -v perl >/dev/null; then
	begin width=8,height=8
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("sock"))
		or die; syswrite(S, "not vfio-user at all, and no header of it, either")'
	wait $pid
	status=$?
	ok 'a client that leaves ends it' exits 0
	ok 'without a word' [ ! -s err ]
	ok 'and the socket' [ ! -e sock ]
else
	skip 'a client that leaves' 'no perl'
fi
echo "1..$n"
