#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
#
# A record added anywhere reaches every host, verified once on each, whatever
# the shape of the group: a line, a ring and a full mesh of eight hosts. Signatures are
# counted, so the group does without presence, which each node signs again and again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

N=8
load_module

# shape NAME: brings the group up over links that are there already
shape() {
	local name=$1 i first fifth
	"up_$name" $N
	check "$name: the farthest host becomes ready" becomes_ready h$N
	first=$(add h1 "from h1")
	check "$name: h5 becomes ready" becomes_ready h5
	fifth=$(add h5 "from h5")
	for ((i = 1; i <= N; i++)); do
		check "$name: h$i is ready and gets the records of h1 and h5" \
			pg "h$i" wait g --ready --record "$first" --record "$fifth" --timeout 200
	done
	# shellcheck disable=SC2046
	wait_for "$name: all tables are the same" 30 same_tables $(hosts_up_to $N)
	# Those two, the group's properties and the membership of each.
	for ((i = 1; i <= N; i++)); do
		is "$name: h$i checked each signature once" "$(stat_of "h$i" verified)" $((N + 3))
	done
	for ((i = 1; i <= N; i++)); do
		ip netns delete "h$i"
	done
}

line $N
make_group $N
pg h1 properties --flags disable-presence g >/dev/null
shape line
ring $N
shape ring
mesh $N
shape mesh
done_testing
