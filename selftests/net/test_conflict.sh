#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Two separated hosts update the same record, as its creator and as an
# administrator: when they meet again both have the same one of the two versions, and
# a third that saw neither agrees.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 3
make_group 3 admin
up_mesh 3
for h in h1 h2 h3; do
	quick_timers $h
	wait_for "$h is ready" 60 ready $h
done
same_version() {
	[ "$(data_of h1 "$1")" = "$(data_of h2 "$1")" ] && [ "$(data_of h1 "$1")" = "$(data_of h3 "$1")" ]
}

for round in 1 2 3; do
	id=$(add h1 "base $round")
	wait_for "round $round: h2 has the record" 30 has_data h2 "$id" "base $round"
	ip -n switch link set h1 down
	ip -n switch link set h3 down
	printf 'by h1' | pg h1 update g "$id" - > /dev/null
	printf 'by h2' | pg h2 update g "$id" - > /dev/null
	check "round $round: h1 has its own" has_data h1 "$id" "by h1"
	check "round $round: h2 has its own" has_data h2 "$id" "by h2"
	ip -n switch link set h1 up
	ip -n switch link set h3 up
	wait_for "round $round: all tables are the same" 60 same_tables h1 h2 h3
	check "round $round: all have the same winner" same_version "$id"
done

# An update and a deletion: the higher version wins, whichever that is.
id=$(add h1 "to be deleted and updated")
wait_for "h2 has the record" 30 has_data h2 "$id" "to be deleted and updated"
ip -n switch link set h1 down
pg h1 delete g "$id" > /dev/null
printf 'once' | pg h2 update g "$id" - > /dev/null
printf 'twice' | pg h2 update g "$id" - > /dev/null
ip -n switch link set h1 up
wait_for "version 3 wins over a tombstone of version 2" 60 has_data h1 "$id" twice
wait_for "all tables are the same" 60 same_tables h1 h2 h3
done_testing
