#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long:
# kernel: uml
# append: time-travel=inf-cpu
# timeout: 900
#
# Everything that waits, at its full length: in this kernel waiting costs no
# time. Expiry after an hour, keepalive and silence, dialling with growing
# waits, all with the default timers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

uptime_s() { cut -d . -f 1 /proc/uptime; }

# within NAME SINCE LEAST MOST: that many seconds have passed
within() {
	local took=$(($(uptime_s) - $2))
	if [ "$took" -ge "$3" ] && [ "$took" -le "$4" ]; then
		ok "$1 (after $took s)"
	else
		not_ok "$1 (after $took s, not $3 to $4)"
	fi
}

gone() { has_no "$1" "$2"; }
not_linked() { ! linked "$1" 1; }

load_module
mesh 3
make_group 3
# At first without the records by which nodes say that they are there: they expire, too.
check "presence is disabled" pg h1 properties g --flags disable-presence
up h1
up h2 --connect 10.88.0.1
wait_for "h2 is ready" 60 ready h2

start=$(uptime_s)
hour=$(add h1 "for an hour")
minute=$(printf x | pg h1 add g --type "$TYPE" --expires 1m --json - | field id)
wait_for "h2 has both" 60 has_data h2 "$hour" "for an hour"
poll_ms=1000
wait_for "a record for a minute goes" 300 gone h2 "$minute"
within "when its minute is over" "$start" 55 75
check "the other stays" has_data h2 "$hour" "for an hour"
poll_ms=20000
wait_for "a record for an hour goes" 7200 gone h2 "$hour"
within "when its hour is over" "$start" 3590 3680
wait_for "expired twice" 60 stat_is h2 expired 2
check "an idle hour later the link is the same" stat_is h2 links_down 0

# As long as a program that asked for it has the group open, its word for the host is renewed;
# the last one ends a minute after it has.
expires() { info h2 credential_expires; }
still_vouches() { [ "$(date -d "$(expires)" +%s)" -ge $((begun + 3600)) ]; }
short_lived() { [ "$(date -d "$(expires)" +%s)" -le $(($(date +%s) + 60)) ]; }
mkfifo "$T/end"
begun=$(date +%s)
PYTHONPATH=$PG_SELFTESTS/../libpeergroup/python PYTHONDONTWRITEBYTECODE=1 \
	PEERGROUP_HOME=$T/h2 pg-in h2 python3 -S - "$(pg h2 info g --json | field name)" "$T/end" \
	<<'END' &
import sys
import peergroup

with peergroup.Group.open(sys.argv[1]) as group:
    group.credential_lifetime(60)
    open(sys.argv[2]).read()
END
vouches=$!
poll_ms=1000
wait_for "a program vouches for its host for a minute" 60 short_lived
exec {end}> "$T/end"
sleep 3600
check "an hour later it has done so again" still_vouches
check "for no more than a minute" short_lived
check "and the link is the same" stat_is h1 links_down 0
check "at both ends" stat_is h2 links_down 0
exec {end}>&-
wait $vouches
is "it ends well" $? 0
start=$(uptime_s)
wait_for "then nobody vouches for it" 300 not_linked h1
within "in the time that was left" "$start" 0 80
up h2
wait_for "it comes back" 300 linked h2 1

# A record of four minutes that is kept alive for half an hour, and then is not.
PEERGROUP_HOME=$T/h1 pg-in h1 peergroup add g --type "$TYPE" --expires 4m --refresh --json \
	--data kept > "$T/kept" &
keeper=$!
poll_ms=1000
wait_for "a record to be kept alive is published" 60 [ -s "$T/kept" ]
kept=$(field id < "$T/kept")
sleep 1800
check "half an hour later it is there" has_data h2 "$kept" kept
kill $keeper
wait $keeper
start=$(uptime_s)
# shellcheck disable=SC2034 # lib.sh reads it
poll_ms=20000
wait_for "it goes when its program has ended" 600 gone h2 "$kept"
within "in the time that it had left" "$start" 50 270

# A node is there, for who has no link to it, for as long as it is up, program or not, and
# for five minutes more at the most where it goes without a word.
h1_there() { [[ $(pg h3 members g --present --json) == *'"host1"'* ]]; }
h1_away() { ! h1_there; }
check "presence is enabled" pg h1 properties g --flags none
up h3 --connect 10.88.0.2
wait_for "h3 is ready" 60 ready h3
# Any program that opens the group sees to it.
pg h1 list g > /dev/null
wait_for "h1 is there, which h3 has no link to" 120 h1_there
sleep 3600
check "an hour later it is, and no program was" h1_there
check "as it said so again and again" stat_at_least h3 refreshed 20
start=$(uptime_s)
ip -n switch link set h1 down
wait_for "it is not when it is cut off" 600 h1_away
within "in the time that was left" "$start" 120 330
ip -n switch link set h1 up
wait_for "it is when that is over" 300 h1_there
pg h3 down g > /dev/null

# Silence: 15 s to the first ping, 45 s until the other end is given up.
# shellcheck disable=SC2034 # lib.sh reads it
poll_ms=1000
wait_for "h1 has its link again" 120 linked h1 1
timeouts=$(stat_of h1 link_timeout)
start=$(uptime_s)
ip -n switch link set h2 down
wait_for "h1 gives a silent link up" 300 not_linked h1
within "after three times the keepalive" "$start" 25 120
is "and counts it" "$(stat_of h1 link_timeout)" $((timeouts + 1))

# An hour without an answer: waits have grown to a minute, less a quarter.
sleep 3600
dials=$(pg h2 links g --json | field retries)
diag "dialled $dials times in an hour"
check "dialled at least 40 times in an hour" [ "$dials" -ge 30 ]
check "and not more than 110 times" [ "$dials" -le 110 ]
start=$(uptime_s)
ip -n switch link set h2 up
wait_for "the link comes back" 300 linked h2 1
within "at the next dial" "$start" 0 130

# The record by which others know a member that is away, in a group that lets it live for
# eight hours, of one that does nothing but listen for a day.
check "who is away is to be known for eight hours" \
	pg h1 properties g --member-lifetime 8h
PEERGROUP_HOME=$T/h2 pg-in h2 peergroup watch g > /dev/null &
watcher=$!
sleep 86400
ip -n switch link set h2 down
wait_for "h1 gives h2 up" 300 not_linked h1
check "which it still knows, a day later" eval "pg h1 members g | grep -q '^host2  *member '"
ip -n switch link set h2 up
wait_for "the link comes back once more" 300 linked h2 1
kill $watcher
wait $watcher

# A week of nothing but time.
sleep 604800
check "after a week h2 is linked" linked h2 1
check "and both tables are the same" same_tables h1 h2

# Who is removed is out within seconds: no host has a link to it.
pg h3 up g --connect 10.88.0.1 --connect 10.88.0.2 > /dev/null
wait_for "h3 is linked with both" 300 linked h3 2
wait_for "and h1" 60 linked h1 2
wait_for "and h2" 60 linked h2 2
is_out() { links_are h3 0 && links_are h1 1 && links_are h2 1; }
# shellcheck disable=SC2034 # lib.sh reads it
poll_ms=100
start=$(uptime_s)
check "h1 revokes h3" pg h1 revoke g host3
wait_for "no host has a link to it" 60 is_out
within "within seconds" "$start" 0 10
done_testing
