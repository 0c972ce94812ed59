# SPDX-License-Identifier: MIT
# Sourced by the tests of the tool. They see psxctl from outside: what it
# prints, what it leaves behind, how it exits.
set -u
export LC_ALL=C.UTF-8
psxctl=$(realpath "${PSX_BUILD:-build}")/psxctl
data=$(realpath "${PSX_TEST_DATA:-../shared/data/xray}" 2>/dev/null || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0

ok() { # ok TEXT CONDITION...: one TAP line
	text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		echo "# failed: $*"
		echo "# out: $(head -n 5 out 2>/dev/null)"
		echo "# err: $(head -n 5 err 2>/dev/null)"
	fi
}

skip() { # skip TEXT WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

run() { # run ARGS...: psxctl, with out, err and $status
	"$psxctl" "$@" >out 2>err
	status=$?
}

# at_terminal COMMAND: at a terminal of its own; what is typed is what comes in. The status
# comes by a file, written while the shell still holds the terminal: script -e takes one that
# it never waited for when the terminal closes before the command has ended. The trap keeps
# that shell through a Ctrl-C.
at_terminal() {
	rm -f exit_status
	script -q -f -c "trap : INT; $1; echo \$? >exit_status" /dev/null >out
	status=$(cat exit_status)
}

# begin ARGS...: psxctl in the background as $pid, up to its fourth frame. An old `out`
# must not stand for the new one: a signal sent before the program is there
# would end this shell's copy instead, and its trap with it.
begin() {
	rm -f out
	env --default-signal=HUP "$psxctl" "$@" >out 2>err & # under nohup, too
	pid=$!
	until [ "$(grep -sc -m 4 '"seq":' out)" = 4 ]; do
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
}

# One line on stderr that holds the word, and the exit code
refuses() { # refuses CODE WORD
	[ "$status" = "$1" ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$2" err
}

exits() { [ "$status" = "$1" ]; }
says() { grep -q -- "$1" out; }
# The value of a key in the first JSON line of `out` that has it
json() { sed -n "/\"$1\":/{s/.*\"$1\":\"\{0,1\}\([^,}\"]*\).*/\1/p;q;}" out; }
is() { [ "$1" = "$2" ]; }

# A PGM of W x H bytes from a repeating text
pgm() { # pgm FILE W H
	{
		printf 'P5\n%s %s\n255\n' "$2" "$3"
		yes 'the quick brown fox jumps over the lazy dog' | head -c $(($2 * $3))
	} >"$1"
}
