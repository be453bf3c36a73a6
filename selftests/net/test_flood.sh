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

# every_host_has DATA HOST...: one record of each of three hosts comes through
flood_from() {
	local shape=$1 from id host
	shift
	for from in h1 h4 h8; do
		id=$(add $from "from $from")
		for host; do
			wait_for "$shape: $host has the record of $from" 60 \
				has_data "$host" "$id" "from $from"
		done
	done
}

# shape NAME: makes the group over links that are there already
shape() {
	local name=$1 i
	make_group $N
	"up_$name" $N
	for ((i = 1; i <= N; i++)); do
		wait_for "$name: h$i is ready" 60 ready "h$i"
	done
	# shellcheck disable=SC2046
	flood_from "$name" $(hosts_up_to $N)
	# shellcheck disable=SC2046
	wait_for "$name: all tables are the same" 30 same_tables $(hosts_up_to $N)
	for ((i = 1; i <= N; i++)); do
		is "$name: h$i checked three signatures" "$(stat_of "h$i" verified)" 3
	done
	for ((i = 1; i <= N; i++)); do
		pg "h$i" down g > /dev/null
		pg "h$i" leave g > /dev/null
		ns_del "h$i"
	done
}

line $N
shape line
ring $N
shape ring
mesh $N
shape mesh
done_testing
