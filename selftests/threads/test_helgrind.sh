#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long: valgrind lets one thread run at a time
# timeout: 2400
# kernel: uml
# valgrind: no: it is one of valgrind's tools
# memory: 2048
#
# test_threads under helgrind: locks are taken in one order and given back by who took
# them, and no memory is shared without one. What it cannot see is in helgrind.supp.
. "$(dirname "$0")/../lib.sh"

[ -n "$(type -P valgrind)" ] || skip_all "no valgrind here"
export PG_ROUNDS=${PG_ROUNDS-1}
log=$(mktemp -d)
valgrind --tool=helgrind --quiet --history-level=approx --num-callers=16 \
	--suppressions="$(dirname "$0")/helgrind.supp" --log-file="$log/%p" \
	"$PG_BUILD/selftests/threads/test_threads"
status=$?
# The program's results stand above; what helgrind says is one more reason to fail.
found=$(cat "$log"/*)
[ -z "$found" ] || { diag "$found"; exit 1; }
exit $status
