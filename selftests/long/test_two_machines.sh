#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long:
# vms: 2
# timeout: 600
#
# Two machines with a kernel each exchange records over Ethernet. They share
# nothing but that: identity and invitation, which people would mail, go over
# the same wire with netcat's help.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

export PEERGROUP_HOME=$T/home
other=10.99.0.$((2 - PG_VM))

# hand_over PORT FILE: serve a file until it has been fetched; fetch PORT FILE
hand_over() { timeout 300 socat -u "OPEN:$2" "TCP-LISTEN:$1,reuseaddr"; }
fetch() { socat -u "TCP:$other:$1" "CREATE:$2" && [ -s "$2" ]; }

is_ready() { peergroup info g --json | grep -q '"ready": *true'; }
count_is() { [ "$(peergroup info g --json | field records)" = "$1" ]; }
publish() { printf '%s' "$1" | peergroup add g --type "$TYPE" --expires 1h - > /dev/null; }

load_module
peergroup identity create --name "machine$PG_VM" > /dev/null
if [ "$PG_VM" = 0 ]; then
	peergroup create g > /dev/null
	# Signatures are counted below; those of presence come again and again.
	peergroup properties g --flags disable-presence > /dev/null
	until_true 200 fetch 7001 "$T/id" || bail_out "no identity from the other machine"
	peergroup invite --to "$T/id" g > "$T/invitation"
	hand_over 7002 "$T/invitation"
	check "comes up" peergroup up g
else
	peergroup identity xml > "$T/id"
	hand_over 7001 "$T/id"
	until_true 200 fetch 7002 "$T/invitation" || bail_out "no invitation"
	peergroup join "$T/invitation" > /dev/null
	check "comes up" peergroup up g --connect "$other"
fi
wait_for "is ready" 200 is_ready
for ((i = 0; i < 10; i++)); do
	publish "from machine $PG_VM: $i"
done
wait_for "has its own ten records and the other's" 200 count_is 20
# And the group's properties, and who the two are.
check "and all that is to be known" peergroup wait g --stat verified=23 --timeout 60s
is "checked each once" "$(peergroup stats g --json | field verified)" 23
done_testing
