#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each limit that the command shows can be set by the name it has there, and has the value
# then that was given.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

# limits [NAME=VALUE]...: all of them afterwards, as NAME=VALUE
limits() { pg h1 limits g --json "$@" | tr -d ' {}",' | tr ':' '=' | grep '='; }

# others: each is another one, and few are the same, so that none is taken for its neighbour
others() { awk -F= '{ printf "%s=%.0f\n", $1, ($2 > NR ? $2 - NR : $2 + 1) }'; }

load_module
mesh 1
make_group 1
up h1
limits > "$T/before" || bail_out "no limits"
others < "$T/before" > "$T/wanted"
check "there are more than a few" test "$(wc -l < "$T/wanted")" -ge 40
# shellcheck disable=SC2046 # words
limits $(cat "$T/wanted") > "$T/set"
is "each is set to another value" "$(cat "$T/set")" "$(cat "$T/wanted")"
is "and has it afterwards" "$(limits)" "$(cat "$T/wanted")"
done_testing
