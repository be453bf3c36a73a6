#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
#
# A record added anywhere reaches every host, verified once on each, whatever
# the shape of the group: a line, a ring and a full mesh of eight hosts.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

N=8
load_module

# flood_from SHAPE HOST...: one record of each of two hosts comes through
flood_from() {
	local shape=$1 from id host
	shift
	for from in h1 h5; do
		id=$(add $from "from $from")
		for host; do
			check "$shape: $host gets the record of $from" gets "$host" "$id"
		done
	done
}

# shape NAME: brings the group up over links that are there already
shape() {
	local name=$1 i
	"up_$name" $N
	for ((i = 1; i <= N; i++)); do
		check "$name: h$i becomes ready" becomes_ready "h$i"
	done
	# shellcheck disable=SC2046
	flood_from "$name" $(hosts_up_to $N)
	# shellcheck disable=SC2046
	wait_for "$name: all tables are the same" 30 same_tables $(hosts_up_to $N)
	# Those two, the group's properties and the membership of each.
	for ((i = 1; i <= N; i++)); do
		is "$name: h$i checked each signature once" "$(stat_of "h$i" verified)" $((N + 3))
	done
	for ((i = 1; i <= N; i++)); do
		pg "h$i" down g > /dev/null
		ip netns delete "h$i"
	done
}

line $N
make_group $N
shape line
ring $N
shape ring
mesh $N
shape mesh
done_testing
