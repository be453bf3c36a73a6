#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# Who is there, as "members --present" shows it on the first host of a line: those that
# it has no link to as well, and a member with two hosts once for each.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

present() { pg "$1" members --present --json g; }
present_are() { [ "$(times '"node"' "$(present "$1")")" = "$2" ]; }

load_module
line 4
make_group 3
# The third's identity and membership, on a fourth host.
ln -s h3 "$T/h4"
is "nobody is there while the group is down" "$(pg h1 members --present g 2>&1 >/dev/null)" \
	"peergroup: group 'g' is not up (try: peergroup up g)"
up h1
is "alone, a host knows of itself" "$(times '"node"' "$(present h1)")" 1
for i in 2 3 4; do
	up h$i --connect "10.88.$((i - 1)).$((i - 1))"
	check "h$i is ready" becomes_ready h$i
done
wait_for "h1 sees four nodes" 30 present_are h1 4
wait_for "h4 sees four nodes" 30 present_are h4 4
seen=$(present h1)
is "two of them are one member's" "$(times '"host3"' "$seen")" 2
is "where h3 listens, on both sides of it" \
	"$(times '"10.88.2.3:3587"' "$seen") $(times '"10.88.3.3:3587"' "$seen")" "1 1"
is "where h4 does" "$(times '"10.88.3.4:3587"' "$seen")" 1
table=$(pg h1 members --present g)
is "as a table" "$(head -n 1 <<< "$table" | tr -s ' ')" "NAME ROLES NODE ADDRESS PEER NAME"
is "with a row for each address" "$(grep -c ':3587' <<< "$table")" \
	"$(times ':3587' "$seen")"
pg h4 down g > /dev/null
wait_for "h4 has left" 30 present_are h1 3
is "and h3, the same member, has not" "$(times '"host3"' "$(present h1)")" 1
pg h2 down g > /dev/null
wait_for "without a link h1 knows of itself only" 30 present_are h1 1
pg h1 members --present --pem g > /dev/null 2>&1
is "--present and --pem" $? 2
done_testing
