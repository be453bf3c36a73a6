#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A member that lies in the handshake and spoils what it sends, as the side that
# calls and as the side that is called: each time the link ends and one counter
# says why; nothing of the group is on the network for others to read.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

peer=$PG_BUILD/selftests/tools/pg-peer
load_module
mesh 2
make_group 2
up h1
pg h1 add g --type "$TYPE" --data "a secret of the group" > /dev/null

# call STEP...: h2's identity calls h1
call() { in_ns h2 "$peer" "home $T/h2" "connect 10.88.0.1" "$@"; }

# refused DESCRIPTION COUNTER STEP...: it is closed and counted, once
refused() {
	local what=$1 counter=$2 before
	shift 2
	before=$(stat_of h1 "$counter")
	check "$what: the link ends" call "$@" "expect close"
	wait_for "$what: $counter" 30 stat_is h1 "$counter" $((before + 1))
}

check "a member that does not lie gets in" call handshake
refused "a bit of message 3" link_crypto call hear "spoil 3 flip 5.3" say
refused "a bit of its tag" link_crypto call hear "spoil 3 flip -1" say
refused "message 3, shorter" link_crypto call hear "spoil 3 length 200" say
refused "an ephemeral key of zeroes" link_credential "spoil 1 put 72 $(printf '00%.0s' {1..32})" call
refused "another magic" link_handshake "call magic=7065657267727031"
refused "no group's hint" link_handshake "call hint=wrong"
refused "a credential that has run out" link_credential "call until=-60 from=-3600" hear say
refused "a bit of a frame" link_crypto handshake "spoil frame flip 9" "send PING 00"
refused "frames out of order" link_crypto handshake "spoil frame hold" \
	"frame 0000000009000000" "frame 0000000009000000"
refused "a frame said twice" link_crypto handshake "spoil frame twice" "frame 00"
refused "a frame left out" link_crypto handshake "spoil frame drop" "frame 00" "frame 00"
refused "a frame in clear" link_crypto handshake "raw 001400000000090000000000000000000000000000000000"
check "a message in three frames is one" call handshake "frame 00000034" "frame 0a000000" \
	"frame $(printf '00%.0s' {1..52})" "expect PONG"

# What a recorded handshake is worth.
check "a link is recorded" call "spoil 1 save $T/one" call hear "spoil 3 save $T/three" say \
	"expect WELCOME"
refused "its messages again" link_crypto "raw @$T/one" "raw @$T/three"

# Called by h1.
answer() { in_ns h2 "$peer" "home $T/h2" "listen 3590" "$@"; }
answer hear "spoil 2 flip 40" say "expect close" > "$T/answer" 2>&1 &
listener=$!
until_true 10 grep -q listening "$T/answer"
before=$(stat_of h1 link_crypto)
check "h1 calls a host that spoils message 2" pg h1 up g --connect "10.88.0.2:3590"
wait_for "h1 counts it" 30 stat_at_least h1 link_crypto $((before + 1))
check "and has hung up" wait $listener

# Those who call and say no more do not keep others out, from wherever they come:
# test_crowd has more of them.
# None of them is given up before it gives way, on a machine however slow.
pg h1 limits g handshake=10m > /dev/null
ip -n h2 route add local 10.99.0.0/16 dev lo
ip -n h1 route add 10.99.0.0/16 via 10.88.0.2
in_ns h2 "$peer" "home $T/h2" "crowd 1000 10.88.0.1 3587 10.99.0.0" hold > /dev/null 2>&1 &
crowd=$!
wait_for "a crowd is half-open" 60 stat_at_least h1 link_half_open 700
check "a member gets in all the same" call handshake
kill $crowd
done_testing
