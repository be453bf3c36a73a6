#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# A host that joins late gets all there is; one that was away gets what it
# missed, tombstones included, and brings what it added meanwhile; two halves
# that changed the same record come to the same winner.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

# not_linked HOST ADDRESS: no established link to it
not_linked() { ! pg "$1" links g | grep -F "$2" | grep -qw up; }

load_module
mesh 4
make_group 4
up h1
up h2 --connect 10.88.0.1
up h3 --connect 10.88.0.1
for h in h1 h2 h3; do
	quick_timers $h
	check "$h is ready" becomes_ready $h
done

gone=$(add h1 "to be deleted")
both=$(add h1 "first")
for ((i = 0; i < 90; i++)); do
	echo "record $i" > "$T/record$i"
done
pg h2 add g --type "$TYPE" --expires 1h --batch "$T"/record* > /dev/null
for ((i = 0; i < 10; i++)); do
	add h2 "record by itself $i" > /dev/null
done
check "102 records on h3" pg h3 wait g --records 102 --timeout 200

up h4 --connect 10.88.0.2
quick_timers h4
check "a host that joins late is ready" becomes_ready h4
wait_for "and has all 102 records" 60 records_are h4 102
wait_for "as all others have" 30 same_tables h1 h2 h3 h4

# h3 goes away.
ip -n switch link set h3 down
wait_for "h1 notices that h3 is gone" 60 not_linked h1 10.88.0.3
pg h1 delete g "$gone" > /dev/null
new=$(add h4 "while h3 was away")
away=$(add h3 "h3 alone")
check "the tombstone is on h4" loses h4 "$gone"
check "h3 still has the deleted record" has_data h3 "$gone" "to be deleted"

# Both sides change one record; the members' update by its creator h1 only.
printf second | pg h1 update g "$both" - > /dev/null
ip -n switch link set h3 up
check "h3 hears of the deletion" loses h3 "$gone"
wait_for "h3 gets what was added" 60 has_data h3 "$new" "while h3 was away"
wait_for "the others get what h3 added" 60 has_data h4 "$away" "h3 alone"
wait_for "h3 has the update" 60 has_data h3 "$both" "second"
wait_for "all tables are the same" 60 same_tables h1 h2 h3 h4
done_testing
