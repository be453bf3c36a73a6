#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# Hosts that were told of one other only find each other by what presence records say: the
# group heals when that one is gone, and takes it up again when it is back.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

N=4
present_are() { [ "$(times '"node"' "$(pg "$1" members --present --json g)")" = "$2" ]; }
# found HOST: a link came up that the host had looked for by itself; shows_found HOST: and
# such a one is there
found() { stat_at_least "$1" links_found 1; }
shows_found() { [ "$(times '"found": true' "$(pg "$1" links --json g)")" -ge 1 ]; }
# any COMMAND: on one host at least
any() {
	local i
	for ((i = 1; i <= N; i++)); do
		"$1" "h$i" && return
	done
	return 1
}

load_module
mesh $N
make_group $N

# ---- a host's only link is lost

# As few links as the group can do with: each host is content with what it was told.
# shellcheck disable=SC2034 # up() reads it
looks_for=1
up h1
for ((i = 2; i <= N; i++)); do
	up "h$i" --connect 10.88.0.1
	check "h$i is ready" becomes_ready "h$i"
done
for ((i = 1; i <= N; i++)); do
	pg "h$i" limits g maintenance=300 > /dev/null
done
first=$(add h$N "from the last")
for ((i = 1; i <= N; i++)); do
	gets "h$i" "$first"
	wait_for "h$i knows who is there" 30 present_are "h$i" $N
done
check_fails "nobody looks for more links than it has" any found
# Not before: on a slow machine these end links that are none too slow.
for ((i = 1; i <= N; i++)); do
	quick_timers "h$i"
done
cut_link h1 eth0
wait_for "without h1 one looks for a link" 60 any found
second=$(add h2 "from h2")
for ((i = 3; i <= N; i++)); do
	check "a record of h2 reaches h$i" gets "h$i" "$second"
done

# ---- the host is back

mend_link h1 eth0
check "h1 gets the record" gets h1 "$second"

# ---- as many links as there are hosts

for ((i = 1; i <= N; i++)); do
	pg "h$i" limits g active_view=5 > /dev/null
done
for ((i = 1; i <= N; i++)); do
	wait_for "h$i is linked to all" 60 linked "h$i" $((N - 1))
done
check "a link that was found is shown as such" any shows_found
table=$(for ((i = 1; i <= N; i++)); do pg "h$i" links g; done)
check "in the table, too" grep -q ' out, found ' <<< "$table"

# ---- who has left

pg h$N down g > /dev/null
for ((i = 1; i < N; i++)); do
	wait_for "h$i knows that h$N has left" 30 present_are "h$i" $((N - 1))
	wait_for "and is linked to those that stay" 60 linked "h$i" $((N - 2))
done
check "the module goes" unload_module
done_testing
