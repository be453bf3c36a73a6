#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long:
# timeout: 1200
#
# Ten thousand that call and say no more, from 256 networks: of as many as may be
# half-open the oldest gives way, and a member gets in; so it does where all ten
# thousand may be half-open at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

MANY=10000
peer=$PG_BUILD/selftests/tools/pg-peer
load_module
mesh 2
make_group 2
up h1
echo 20000 > /proc/sys/net/ipv4/tcp_max_syn_backlog
ip -n h2 route add local 10.99.0.0/16 dev lo
ip -n h1 route add 10.99.0.0/16 via 10.88.0.2

call() { in_ns h2 "$peer" "home $T/h2" "connect 10.88.0.1" "$@"; }
connected() { [ "$(in_ns h1 cat /proc/net/tcp6 | grep -c ':0E03 .* 01 ')" -ge "$1" ]; }
free_kib() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }
crowd() {	# until it is killed
	in_ns h2 "$peer" "home $T/h2" "crowd $MANY 10.88.0.1 3587 10.99.0.0" hold \
		> "$T/crowd" 2>&1 &
	crowd=$!
}
disperse() {
	kill $crowd
	wait $crowd 2> /dev/null
}

pg h1 limits g handshake=1h > /dev/null
crowd
wait_for "all of them have called" 600 grep -q crowd "$T/crowd"
wait_for "256 of them are left" 60 stat_at_least h1 link_half_open $((MANY - 256))
check "a member gets in" call handshake
disperse

pg h1 limits g half_open=65536 half_open_prefix=65536 > /dev/null
gone=$(stat_of h1 link_half_open)
before=$(free_kib)
crowd
wait_for "all of them have called again" 600 grep -q crowd "$T/crowd"
check "all are half-open" connected $MANY
check "a member gets in" call handshake
is "none gave way" "$(stat_of h1 link_half_open)" "$gone"
echo "# $MANY half-open links, both ends: $((before - $(free_kib))) KiB"
disperse
done_testing
