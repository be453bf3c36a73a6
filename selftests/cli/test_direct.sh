#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands connections, send and receive between two hosts: over a neighbour's link,
# by name and by number, over a direct connection made for it; and unloading the module
# while data is on its way.
. "$(dirname "$0")/../lib.sh"
load_module
mesh 2
. "$(dirname "$0")/../group.sh"
make_group 2
up_mesh 2
becomes_ready h2 || bail_out "h2 has no records"

# receiving HOST FILE ARGUMENT...: in the background, listening when this returns
receiving() {
	local host=$1 file=$2
	shift 2
	pg "$host" receive g --timeout 200 "$@" > "$file" 2> "$file.err" &
	receiver=$!
	until_true 20 takes_data "$host" || bail_out "$host does not receive"
}

# received DESCRIPTION: it has what it waited for, and ends well
received() {
	wait "$receiver"
	is "$1" $? 0 || diag "$(cat "$T"/*.err)"
}

# A probe over the link arrives at somebody.
takes_data() {
	local before
	before=$(stat_of "$1" data_received)
	pg h1 send g host2 --type probe --data x > /dev/null &&
	until_true 1 stat_at_least "$1" data_received $((before + 1))
}

receiving h2 "$T/one" --type note --count 2 --json
check "to a member" pg h1 send g host2 --type note --data hello
id=$(pg h1 connections g --json | field connection)
echo 'from a file' > "$T/file"
check "to a connection's number" pg h1 send g "$id" "$T/file" --type note
received "both arrive"
is "as they were sent" "$(sed -n 's/.*"data": *"\([^"]*\)".*/\1/p' "$T/one" | base64 -d)" \
	"hellofrom a file"
is "from whom" "$(field peer < "$T/one" | cut -c1-12)" "$(info h1 identity | cut -c1-12)"

head -c 1000000 /dev/urandom > "$T/large"
receiving h2 "$T/two" --type blob --count 1 --data
check "over a direct connection" \
	pg h1 send g host2 "$T/large" --type blob --connect 10.88.0.2 --timeout 60s
received "it arrives although it is closed at once"
check "a megabyte, unchanged" cmp "$T/large" "$T/two"
check "it counted as a direct one" stat_at_least h1 direct_up 1
wait_for "and so did its end" 5 stat_at_least h1 direct_down 1

pg h1 send g host2 --type note --data x --connect 10.88.0.2 > /dev/null 2> "$T/err"
is "nobody receives: refused" "$(grep -c 'takes direct connections' "$T/err")" 1
check_fails "nobody there" pg h1 send g host2 --type note --data x --connect 10.88.0.9 --timeout 1s
check_fails "no such member" pg h1 send g nobody --type note --data x

# A time of nothing is at once for each command, however it is written. One that waits on
# is stopped, in the end, and told from those by its status.
for time in 0 0s 0m0s; do
	for command in "wait g --links 9" "watch g" "receive g"; do
		# shellcheck disable=SC2086 # words
		PEERGROUP_HOME=$T/h1 timeout 30 pg-in h1 peergroup $command --timeout $time \
			> /dev/null 2> "$T/err"
		is "$command --timeout $time" $? 6 || diag "$(cat "$T/err")"
	done
done
check "what holds already holds at once" pg h1 wait g --links 1 --timeout 0
check "a record" eval "add h1 > /dev/null"
check "so does what has happened" pg h1 watch g --since 0 --count 1 --timeout 0
check "send" pg h1 send g host2 --type note --data x --timeout 0s

# Data is on its way by a link, and by connections that come and go, when the module goes.
receiving h2 "$T/three" --type never
traffic() {
	while pg h1 send g host2 "$T/large" --type blob --timeout 60s "$@"; do :; done
}
traffic > /dev/null 2>&1 &
traffic --connect 10.88.0.2 > /dev/null 2>&1 &
wait_for "data is on its way" 30 stat_at_least h1 data_sent $(($(stat_of h1 data_sent) + 5))
wait_for "over connections, too" 30 stat_at_least h1 direct_up 3
# A dump that is under way keeps it for a moment.
wait_for "the module can be unloaded" 30 rmmod peergroup
wait
check "nothing is left behind" no_leaks
done_testing
