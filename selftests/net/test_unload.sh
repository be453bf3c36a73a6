#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
#
# The module goes away in the middle of traffic, with groups that
# are kept, links that are up and programs that hold sockets; nothing is left.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

ROUNDS=${ROUNDS-5}
load_module
mesh 2
make_group 2 > /dev/null
unload_module

# traffic HOST: adds records until the module is gone
traffic() {
	while echo traffic | pg "$1" add g --type "$TYPE" --expires 1h -; do :; done > /dev/null 2>&1
}

gone() { why=$(rmmod peergroup 2>&1); }

failed=0
for ((round = 1; round <= ROUNDS; round++)); do
	why=$(insmod "$PG_MODULE" 2>&1) || { failed="$round: $why"; break; }
	up_mesh 2
	# Every other round the link has not even come up.
	((round % 2)) || pg h1 wait g --links 1 --timeout 200 > /dev/null ||
		{ failed="$round: no link"; break; }
	for h in h1 h2; do
		traffic $h &
	done
	# Three of them, besides what the library itself publishes.
	((round % 2)) || pg h2 wait g --stat added=6 --timeout 200 > /dev/null ||
		{ failed="$round: no traffic"; break; }
	# In use, as long as somebody reads a dump that takes more than one message.
	until_true 30 gone || { failed="$round: $why"; break; }
	wait
done
is "unloaded in traffic $ROUNDS times" "$failed" 0
module_loaded && rmmod peergroup
if [ -e /proc/slabinfo ]; then
	is "no record is left behind" "$(slab_objects pg_record)" 0
else
	skip "no record is left behind" "this kernel does not say what its caches hold"
fi
check "kmemleak finds nothing" no_leaks
done_testing
