#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
#
# A group that can no longer be opened, as the membership has expired, a key cannot be read or
# the data folder is elsewhere, is taken down and left all the same. Groups that are up as
# another member are told from those that are not up.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

USAGE=2
NOT_FOUND=3
NOT_AUTHORISED=4

# exits STATUS COMMAND...: that is its exit status; $T/said is what it prints
exits() {
	local expected=$1 got=0
	shift
	"$@" > "$T/said" 2>&1 || got=$?
	[ "$got" -eq "$expected" ] || { echo "exit status $got"; cat "$T/said"; return 1; }
}
said() { grep -q -- "$@" "$T/said" || { cat "$T/said"; return 1; }; }

# running HOST: how many groups the kernel has there
running() { times '"running": true' "$(pg "$1" groups --json)"; }

load_module
mesh 2
make_identities h1 h2
pg h1 create g > /dev/null || bail_out "no group"
pg h2 identity xml > "$T/h2.id"
pg h1 invite --expires 1h --to "$T/h2.id" g > "$T/h2.inv" || bail_out "no invitation"
pg h2 join "$T/h2.inv" > /dev/null || bail_out "h2 cannot join"
up h1
up h2 --connect 10.88.0.1
becomes_ready h2 || bail_out "h2 has no records"
is "until when it is a member is shown" "$(pg h2 info g | grep -c '^membership:  until')" 1
is "in JSON, too" "$(pg h2 info g --json | grep -c '"membership_until"')" 1
check_fails "it is not said to have expired" eval "pg h2 groups | grep expired"

# Two hours later.
ahead() { date -s "@$(($(date +%s) + $1))" > /dev/null; }
at_exit ahead -7200
ahead 7200
ends_in_time() { pg h2 groups | grep -q 'membership expired 20'; }
wait_for "groups says that it has expired, and when" 10 ends_in_time
is "and in JSON" "$(pg h2 groups --json | grep -c '"membership_expired"')" 1
is "info does, too" "$(pg h2 info g | grep -c '^membership:  expired .* invitation is needed')" 1
is "it is in the kernel" "$(running h2)" 1
check "it cannot be used" exits $NOT_AUTHORISED pg h2 list g
check "and what is needed is said" said "new invitation is needed"
check "as it is up it cannot be left" exits 1 pg h2 leave g
check "it can be taken down" exits 0 pg h2 down g
is "and is out of the kernel" "$(running h2)" 0
check "it is not up then" exits $NOT_FOUND pg h2 down g
check "it cannot be taken up" exits $NOT_AUTHORISED pg h2 up g
check "and what is needed is said" said "new invitation is needed"
check "it can be left" exits 0 pg h2 leave g
check "and its identity deleted" exits 0 pg h2 identity delete host2

# A key that others may read, and one that is gone.
key=$(ls "$T"/h1/identities/*/key.pem)
chmod 644 "$key"
check "with a key that others may read it cannot be used" exits 1 pg h1 list g
check "it can be taken down" exits 0 pg h1 down g
is "and is out of the kernel" "$(running h1)" 0
chmod 600 "$key"
up h1
mv "$key" "$T/key"
check "the same without a key" exits 0 pg h1 down g
is "and is out of the kernel" "$(running h1)" 0
mv "$T/key" "$key"

# Of a member whose data is elsewhere the kernel still has the name.
up h1
name=$(info h1 name)
member=$(info h1 identity)
mv "$T/h1" "$T/moved"
mkdir -m 700 "$T/h1"
check "a group of a folder that has moved is not known by its name" exits $NOT_FOUND pg h1 down g
check "but its peer name is told" said "up here is $name, as member $member"
check "it is taken down by that" exits 0 pg h1 down "$name"
rmdir "$T/h1"
mv "$T/moved" "$T/h1"
is "it is out of the kernel" "$(running h1)" 0

# Another member of the same group on this host.
mkdir -m 700 "$T/other"
other() { PEERGROUP_HOME=$T/other in_ns h1 peergroup "$@"; }
other identity create --name other > /dev/null
other identity xml > "$T/other.id"
pg h1 invite --to "$T/other.id" g > "$T/other.inv"
other join "$T/other.inv" > /dev/null || bail_out "the other cannot join"
up h1
theirs=$(other identity list --json | field name)
check "a group that is up as another member" exits $NOT_FOUND other list g
check "is said to be so" said "is up as member $member, but this user is member $theirs"
check "it is not taken down unless that one is named" exits $USAGE other down g
check "which is said" said "--identity $member"
check "it can be" exits 0 other down g --identity "$member"
is "and is out of the kernel" "$(running h1)" 0
check "a group that is not up is not up" exits $NOT_FOUND other down g
check "as is said" said "not up"

# Another's, which is up alone, is not meant by no name: neither by who has no groups, nor
# where those cannot be listed.
up h1
mkdir -m 700 "$T/none"
: > "$T/file"
for folder in none file; do
	bare() { PEERGROUP_HOME=$T/$folder in_ns h1 peergroup "$@"; }
	check "without a name another's is not taken down ($folder)" exits $USAGE bare down
	check "which is named" said "'$name' is up as member $member"
	is "it is up" "$(running h1)" 1
done
check "by its name it is" exits 0 bare down "$name"
is "and is out of the kernel" "$(running h1)" 0

# With --identity, too, it is for the user to say which group is meant, whatever runs.
pg h1 create k > /dev/null || bail_out "no second group"
pg h1 up k > /dev/null || bail_out "the second group is not up"
start=$(pg h1 info k --json | field name)
start=${start:0:8}
check "of two groups of an identity none is meant" exits $USAGE pg h1 down --identity "$member"
check "as is said" said "there are 2 groups"
is "the one that is up is so still" "$(running h1)" 1
pg h1 create "$start" > /dev/null || bail_out "no third group"
for who in "$member" host1; do
	check "a name is that of a group that is down" exits $NOT_FOUND \
		pg h1 down --identity "$who" "$start"
	check "as is said" said "group '$start' is not up"
	is "another whose peer name starts so stays up" "$(running h1)" 1
done
check "it is taken down by its own name" exits 0 pg h1 down --identity host1 k
check "both are left" eval "pg h1 leave k && pg h1 leave $start"

# Who may read it only does not take it down.
up h1
pg h1 chmod 644 g
chmod 755 "$T"
cp -r "$T/h1" "$T/nobody"
chown -R 65534:65534 "$T/nobody"
mkdir "$T/bin"
cp -L "$PG_BUILD/tools/peergroup" "$PG_BUILD"/libpeergroup/libpeergroup.so.0 "$T/bin"
nobody() {
	PEERGROUP_HOME=$T/nobody LD_LIBRARY_PATH=$T/bin ip netns exec h1 setpriv \
		--reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$T/bin/peergroup" "$@"
}
check "who may only read a group" exits $NOT_AUTHORISED nobody down g
rm "$T"/nobody/identities/*/key.pem
check "may not take it down without a key either" exits $NOT_AUTHORISED nobody down g
check "it is there" exits 0 pg h1 info g
pg h1 chown 65534 g
check "its owner may, without a key" exits 0 nobody down g
is "and it is out of the kernel" "$(running h1)" 0
done_testing
