#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Revocation: links of the revoked drop, its later records are refused, its earlier
# ones stay or go as the administrator chose; what it issued falls with it, or stays; hosts
# that were apart agree when they meet; one host is enough to remember it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 5

# name_of HOST: its peer name; revoked_at HOST WHOM: does HOST know that WHOM is?
name_of() { info "$1" member; }
is_revoked() {
	local members pattern="\\{[^{}]*\"friendly\": *\"$2\"[^{}]*\\}"
	members=$(pg "$1" members g --json)
	[[ $members =~ $pattern && ${BASH_REMATCH[0]} =~ \"revoked\":\ *true ]]
}
not_revoked() { ! is_revoked "$@"; }
invited_by() {	# HOST I ROLE: as invite_host, but by that host
	{ pg "$1" invite --role "$3" --to "$T/h$2.id" g > "$T/h$2.inv" &&
		pg "h$2" join "$T/h$2.inv" > /dev/null; } || bail_out "h$2 cannot join"
}
# restart HOST CONNECT...: its kernel forgets all
restart() {
	local host=$1
	shift
	pg "$host" down g > /dev/null
	up "$host" "$@"
	quick_timers "$host"
}
apart() { local h; for h; do ip -n switch link set "$h" down; done; }
together() { local h; for h; do ip -n switch link set "$h" up; done; }

# h1 creates; h2 and h3 are its administrators; h3 invites h4; h5 is a member of h1's.
make_group 1
make_identities h2 h3 h4 h5
for i in 2 3 4 5; do
	pg "h$i" identity xml > "$T/h$i.id"
done
invited_by h1 2 admin
invited_by h1 3 admin
invited_by h1 5 member
up h1
up h3 --connect 10.88.0.1
becomes_ready h3
invited_by h3 4 member
up_mesh 5
for h in h1 h2 h3 h4 h5; do
	quick_timers $h
	check "$h is ready" becomes_ready $h
done
for h in h1 h2 h3 h4 h5; do
	wait_for "$h has four links" 60 linked $h 4
done
kept=$(add h5 kept)
for h in h1 h2 h3 h4; do
	check "$h gets a record of h5" gets $h "$kept"
done

# --- who may
refuses() { ! "$@" > /dev/null 2>&1; }
check "a member may not revoke" refuses pg h5 revoke g host2
check "nobody revokes himself" refuses pg h2 revoke g host2
check "who invited one is not revoked with all it issued" refuses pg h3 revoke g host1
check "and it is said why" grep -q "invited this member" <(pg h3 revoke g host1 2>&1)
check "nobody of that name" refuses pg h2 revoke g nobody
is "nothing was withdrawn" "$(stat_of h1 withdrawn)" 0

# --- a member, its records kept
# Who has no link just then is told why it gets none, but not by the revocation itself; and
# with quick timers a link does not last while others have the processor.
for h in h1 h2 h3 h4 h5; do
	pg $h limits g keepalive=15000 > /dev/null || bail_out "no limit on $h"
done
wait_for "h5 has its links" 60 linked h5 4
check "h2 revokes h5" pg h2 revoke g host5
for h in h1 h2 h3 h4; do
	wait_for "$h knows that h5 is revoked" 20 is_revoked $h host5
	wait_for "$h drops its link to h5" 20 links_are $h 3
	check "$h keeps what h5 published" has_data $h "$kept" kept
done
wait_for "h5 has no link" 20 links_are h5 0
pg h5 identity xml > "$T/h5.xml"
check "h1 does not invite it in vain" refuses pg h1 invite --to "$T/h5.xml" g
check "and says what would help" grep -q "was revoked: only a new identity" \
	<(pg h1 invite --to "$T/h5.xml" g 2>&1)
wait_for "h5 has heard it" 20 is_revoked h5 host5
check "and cannot publish" refuses pg h5 add g --type "$TYPE" --data late
for h in h1 h2 h3 h4 h5; do
	quick_timers $h
done
wait_for "h5 keeps trying and is turned away" 30 stat_at_least h1 link_revoked 2
wait_for "all tables are the same" 30 same_tables h1 h2 h3 h4

# --- an administrator, across a partition, its records withdrawn; what it issued falls
mine=$(add h3 mine)
theirs=$(add h4 theirs)
for h in h1 h2; do
	check "$h gets a record of h3" gets $h "$mine"
	check "$h gets a record of h4" gets $h "$theirs"
done
apart h1 h2
pg h1 connect g 10.88.0.2 > /dev/null
check "h1 revokes h3 while apart" pg h1 revoke --withdraw g host3
wait_for "h1 withdraws the record of h3" 20 has_no h1 "$mine"
wait_for "h1 withdraws the record of h4, whom h3 invited" 20 has_no h1 "$theirs"
check "h3 has not heard of it" not_revoked h3 host3
during=$(add h3 during)
check "h4 gets what h3 publishes meanwhile" gets h4 "$during"
check "h3 revokes h2 meanwhile" pg h3 revoke g host2
wait_for "h4 believes h3" 20 is_revoked h4 host2
# h4 is not to hear of it yet, and h2 would tell it why h3 does not count, if it had the time to.
apart h3 h4
together h1 h2
wait_for "h2 hears that h3 is revoked" 60 is_revoked h2 host3
wait_for "h2 hears that h4 is" 20 is_revoked h2 host4
wait_for "h2 withdraws the record of h3" 20 has_no h2 "$mine"
wait_for "h2 withdraws the record of h4" 20 has_no h2 "$theirs"
pg h4 identity xml > "$T/h4.xml"
invites() { pg "$@" > /dev/null; }
check "h1 can invite h4, who fell with h3" invites h1 invite --to "$T/h4.xml" g
check_fails "but not h3" invites h1 invite --to <(pg h3 identity xml) g
check "what h3 published meanwhile gets nowhere" has_no h1 "$during"
for h in h1 h2; do
	wait_for "$h: h2 stays: the revocation by h3 does not count" 30 not_revoked $h host2
done
wait_for "h1 and h2 are linked" 60 linked h1 1
wait_for "h1 and h2 have the same table" 60 same_tables h1 h2

# --- all but one restart
# h5 calls all it knows. A host that has just come back would let it in, and it would carry what
# h1 says of h3 to h4, which is not to hear of it.
check "h5 goes" pg h5 down g
check "h2 forgets and comes back" restart h2 --connect 10.88.0.1
wait_for "h2 has the kept record again" 60 has_data h2 "$kept" kept
wait_for "h2 knows again that who made it is revoked" 20 is_revoked h2 host5
wait_for "h2 has the same table as h1 again" 60 same_tables h1 h2
# Whom h1 meets first believe h3, and so does h1: that h2 knows better it learns of h2 alone.
apart h2
together h3 h4
check "h1 forgets and comes back" restart h1 --connect 10.88.0.4
wait_for "h1 believes that h2 is revoked" 60 is_revoked h1 host2
together h2
check "h2 calls h1" pg h2 connect g 10.88.0.1
wait_for "h1 knows again that h3 is revoked" 60 is_revoked h1 host3
wait_for "and that h2 is not" 60 not_revoked h1 host2
wait_for "h1 and h2 are linked again" 60 linked h1 1
check "h3, too, and is not let in" restart h3 --connect 10.88.0.1 --connect 10.88.0.2
wait_for "h3 is turned away" 30 stat_at_least h1 link_revoked 1
told_why() { [ "$(info h3 link_error)" = "membership was revoked" ]; }
wait_for "its user is told why, though no revocation is there" 30 told_why
check "so is who lists its links" grep -q "membership was revoked" <(pg h3 links g)
# Between its tries h4 may call, too, as often.
check "and who watches, with each try" grep -q "failed to 10.88.0.*: membership was revoked" \
	<(pg h3 watch g --count 40 --timeout 60)
check "h1 still has nothing of h3" has_no h1 "$mine"
wait_for "h1 and h2 have the same table" 60 same_tables h1 h2

# --- an administrator, and not whom it invited: h4, once more, by h2
check "h3 goes" pg h3 down g
check "h4 goes" pg h4 down g
invited_by h2 4 member
up h4 --connect 10.88.0.1
check "h4 is in again" becomes_ready h4
wait_for "h1 is linked to h2 and h4" 60 linked h1 2
check "h1 revokes h2 only" pg h1 revoke --only g host2
wait_for "h4 hears of it" 60 is_revoked h4 host2
wait_for "h1 has no link to h2" 60 links_are h1 1
id=$(add h4 stays)
check "h1 gets what h4 publishes" gets h1 "$id"
check "h4 is no less a member" not_revoked h4 host4
check "and linked to h1" grep -q " up .* host4 " <(pg h1 links g)
done_testing
