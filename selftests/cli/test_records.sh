#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rules of records as three hosts see them, h1 and h2 of administrators and
# h3 of a member: versions, who may change what, expirations, deletion, and
# that a record whose time is over goes everywhere by itself.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

# exits STATUS COMMAND...: that is its exit status
exits() {
	local expected=$1
	shift
	"$@" > /dev/null 2>&1
	[ $? -eq "$expected" ]
}
NOT_FOUND=3
NOT_AUTHORISED=4
peer=$PG_BUILD/selftests/tools/pg-peer

key_of() { pg "$1" get g "$2" --json | field "$3"; }
everywhere() {
	local id=$1 data=$2 h
	for h in h1 h2 h3; do
		has_data $h "$id" "$data" || return 1
	done
}
nowhere() {
	local h
	for h in h1 h2 h3; do
		has_no $h "$1" || return 1
	done
}

watched() { [ "$(info h3 holders)" -ge 1 ]; }
# add_until WHEN HOST
add_until() { printf brief | pg "$2" add g --type "$TYPE" --expires "$1" --json - | field id; }

load_module
mesh 3
make_group 2 admin
make_identities h3
invite_host 3 member
up h1
up h2 --connect 10.88.0.1
up h3 --connect 10.88.0.1
for h in h2 h3; do
	wait_for "$h is ready" 60 ready $h
done

# Many by one signature; what cannot be read is named, and nothing is added then.
for name in one two three; do
	printf %s "$name" > "$T/$name"
done
pg h3 add g --type "$TYPE" --batch "$T/one" "$T/two" "$T/three" > "$T/ids"
mapfile -t ids < "$T/ids"
is "a batch of three gives three ids" "${#ids[@]}" 3
wait_for "the last of a batch is on all hosts" 60 everywhere "${ids[2]}" three
check "so is the first" everywhere "${ids[0]}" one
before=$(info h1 records)
check "a file that is not there is an error" exits $NOT_FOUND pg h3 add g --type "$TYPE" --batch \
	"$T/one" "$T/none"
is "and nothing was added" "$(info h1 records)" "$before"

# What is shown of data: text, of which all can be seen and nothing drives the terminal.
# shown HOST ID
shown() { pg "$1" get g "$2" | sed '1,/^data:/d'; }
for data in $'e\xc2\x9b2J' $'e\x9b2J' $'e\xe2\x80\xaef' $'e\rf' $'e\x1b[2J'; do
	id=$(add h1 "$data")
	name=$(LC_ALL=C; printf %q "$data")
	is "$name is not shown" "$(shown h1 "$id")" ""
	is "$name is given as it is" "$(data_of h1 "$id")" "$data"
done
data=$'caf\xc3\xa9\n\t\xf0\x9f\x98\x80'
is "other text is" "$(shown h1 "$(add h1 "$data")")" "$data"

# Versions, and who may.
id=$(add h3 first --attr colour=blue)
wait_for "a record is on all hosts" 60 everywhere "$id" first
is "it has version 1" "$(key_of h1 "$id" version)" 1
pg h3 get g "$id" --wire > "$T/first"
check "its creator, a member, may update it" pg h3 update g "$id" --data second
wait_for "the update is on all hosts" 60 everywhere "$id" second
is "it has version 2" "$(key_of h1 "$id" version)" 2
check "what was not given stays" eval "pg h2 get g $id --json | grep -q '\"blue\"'"
check "an administrator may update it" pg h2 update g "$id" --data third
wait_for "that reaches its creator" 60 has_data h3 "$id" third
is "its creator is still h3's" "$(key_of h1 "$id" creator)" "$(info h3 identity)"
is "its modifier is h2's" "$(key_of h1 "$id" modifier)" "$(info h2 identity)"
other=$(add h1 "of h1")
wait_for "a record of an administrator reaches a member" 60 has_data h3 "$other" "of h1"
check "no member may update it" exits $NOT_AUTHORISED pg h3 update g "$other" --data x
check "nor delete it" exits $NOT_AUTHORISED pg h3 delete g "$other"
check "an update of no record" exits $NOT_FOUND pg h1 update g \
	00000000-0000-4000-8000-000000000001 --data x
check "it is as it was" has_data h1 "$other" "of h1"

# An old version that comes from the network.
old=$(stat_of h1 old)
check "an old version is sent to h1, which answers with its own" in_ns h2 "$peer" \
	"home $T/h2" "connect 10.88.0.1" handshake "record $T/first" "expect RECORD"
check "it is counted" stat_at_least h1 old $((old + 1))
check "and changes nothing" has_data h1 "$id" third

# Expirations grow.
check_fails "an expiration cannot shrink" pg h1 update g "$other" --expires 10m --data x
check "it may grow" pg h1 update g "$other" --expires 3h --data later
wait_for "and does so at h3" 60 has_data h3 "$other" later
is "to the same time" "$(key_of h3 "$other" expires)" "$(key_of h1 "$other" expires)"

# Deletion.
check "the creator deletes" pg h3 delete g "$id"
wait_for "the record is gone from all hosts" 60 nowhere "$id"
check "a deleted record is not found" exits $NOT_FOUND pg h1 get g "$id"
check "nor deleted again" exits $NOT_FOUND pg h2 delete g "$id"
check "nor updated" exits $NOT_FOUND pg h3 update g "$id" --data x
check "an administrator deletes what is not his" pg h2 delete g "$other"
wait_for "that is gone from h3, too" 60 has_no h3 "$other"
is "two tombstones are left" "$(info h3 tombstones)" 2
check "the first version does not raise the dead" in_ns h2 "$peer" \
	"home $T/h2" "connect 10.88.0.1" handshake "record $T/first" "expect RECORD"
check "it stays gone" has_no h1 "$id"

# Expiry, heard of and everywhere.
pg h3 watch g --json --only record --count 2 --timeout 600 > "$T/watch" &
watcher=$!
wait_for "somebody watches" 30 watched
expired=$(stat_of h2 expired)
soon=$(add_until 4s h1)
wait_for "a record of four seconds comes" 30 grep -q added "$T/watch"
wait "$watcher"
is "h3 heard of its beginning and end" "$(grep -oE 'added|expired' "$T/watch" | xargs)" \
	"added expired"
wait_for "it is gone from all hosts" 30 nowhere "$soon"
wait_for "h2 counts it" 30 stat_at_least h2 expired $((expired + 1))
wait_for "all tables are the same" 30 same_tables h1 h2 h3
is "an expiration in the past is refused" "$(add_until 2020-01-01T00:00Z h1 2>/dev/null)" ""
done_testing
