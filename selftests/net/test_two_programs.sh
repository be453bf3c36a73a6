#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Two programs of one host share a group: what one does the other sees, the
# group lives as long as either holds it, and a kept one lives without both.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

holders_are() { [ "$(info h1 holders)" = "$1" ]; }
ended() { ! pg h1 info g --json | grep -q '"holders"'; }

load_module
mesh 1
make_group 1
up h1

pg h1 watch g --json --count 3 --timeout 600 > "$T/one" &
one=$!
pg h1 watch g --json --count 3 --timeout 600 > "$T/two" &
two=$!
wait_for "both programs hold the group" 30 holders_are 2
id=$(add h1 "shared")
printf more | pg h1 update g "$id" - > /dev/null
pg h1 delete g "$id" > /dev/null
wait $one
is "the first program heard of all three changes" $? 0
wait $two
is "and so did the second" $? 0
is "in the same words" "$(cat "$T/one")" "$(cat "$T/two")"
is "added, updated, deleted" "$(grep -oE 'added|updated|deleted' "$T/one" | xargs)" \
	"added updated deleted"

add h1 "kept" > /dev/null
check "the group lives without a program" records_are h1 1
pg h1 watch g --timeout 600 > /dev/null &
holder=$!
wait_for "a program holds it" 30 holders_are 1
pg h1 down g > /dev/null
check "down: the program still has it" kill -0 $holder
ip netns pids h1 | xargs kill -KILL
wait $holder 2>/dev/null
wait_for "with the last holder it ends" 30 ended
done_testing
