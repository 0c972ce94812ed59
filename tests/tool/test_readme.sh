#!/bin/bash
# SPDX-License-Identifier: MIT
# The first program of the README compiles, runs and says what it promises.
root=$(pwd)
. tests/tool/lib.sh
sed -n '/^```c$/,/^```$/p' "$root/README.md" | grep -v '^```' >first.c
build=$(dirname "$psxctl")
ok 'it is there' grep -q main first.c
ok 'it is short' [ "$(wc -l <first.c)" -lt 30 ]
gcc -Wall -Wextra -Werror -I"$root/include" first.c -L"$build" -lpsxdet -Wl,-rpath,"$build" \
	-o first >out 2>&1
ok 'it compiles without a warning' is $? 0
./first >out 2>err
ok 'it runs' is $? 0
ok 'it prints the effective pixels' says 'effective pixels'
echo "1..$n"
