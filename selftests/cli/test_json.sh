#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What each command prints with --json is one JSON document; options that ask for
# another form are refused with it. And which group is meant, where root sees
# two members of one group on one host: its own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"
PATH=$PG_BUILD/tools:$PATH	# each command as it is installed

USAGE=2

exits() {
	local expected=$1 status
	shift
	"$@" > "$T/out" 2> "$T/err"
	status=$?
	[ $status -eq "$expected" ] || { echo "exit status $status"; cat "$T/err"; return 1; }
}

# json COMMAND...: of h1, into a file that has its name
json() { pg h1 "$@" --json > "$T/json/${*//\//_}"; }

# no_documents FOLDER: prints the names of the files there that are no JSON document. Once
# for all of them: python is what takes longest to start.
no_documents() {
	python3 -I -S - "$1" <<-'PY'
		import json, os, sys
		for name in sorted(os.listdir(sys.argv[1])):
		    try:
		        with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
		            json.load(file)
		    except ValueError as error:
		        print(f"{name}: {error}")
	PY
}

# other COMMAND...: a second user on h1's host, who is a member of h1's group
other() { PEERGROUP_HOME=$T/other in_ns h1 peergroup "$@"; }

load_module
mesh 1
make_group 1
up h1
mkdir -m 700 "$T/json"
make_identities h3
mv "$T/h3" "$T/other"
other identity xml > "$T/other.id"
pg h1 invite --to "$T/other.id" g > "$T/other.inv"
joins() { other join "$T/other.inv" --json > "$T/json/join"; }
check "a second user of the host joins" joins
is "and is told by which name" "$(field identity < "$T/json/join")" \
	"$(other identity show --json | field name)"
check "and is up" other up g --port 4000 --connect 10.88.0.1
check "and ready" other wait g --ready --timeout 600

check "the version as JSON" json --version
is "and that of the module" "$(field version < "$T/json/--version")" \
	"$(cat /sys/module/peergroup/version)"

check_own() {
	is "$1 of the one" "$(pg h1 info "$2" --json | field identity)" \
		"$(pg h1 identity show --json | field name)"
	is "$1 of the other" "$(other info "$2" --json | field identity)" \
		"$(other identity show --json | field name)"
}
name=$(pg h1 info --identity host1 --json | field name)
check_own "by friendly name, the group is that" g
check_own "by peer name, it is that" "$name"

id=$(add h1 text --attr colour=blue)
for command in "identity create" "identity list" "identity show host1" "identity xml host1" \
	groups "info g" "links g" "members g" "stats g" "stats --all g" "limits g" "list g" \
	"list --type $TYPE g" "get g $id" "add g --type note --data x" "update g $id --data y" \
	"wait g --ready" "watch g --since 0 --count 1" "properties g" "connect g 192.0.2.9" \
	"disconnect g 192.0.2.9" "limits g records=1000" "chmod 640 g" "chown root:root g" \
	"create second" "invite --to $T/other.id g" "delete g $id" "up second --port 4001" \
	"down second" "leave second" "revoke g $(other identity show --json | field name)"; do
	# shellcheck disable=SC2086 # words
	check "peergroup ${command//$T\//} --json" json $command
done
is "each wrote one JSON document" "$(no_documents "$T/json")" ""
: > "$T/json/empty"
is "nothing is none" "$(no_documents "$T/json" | cut -d : -f 1)" empty

: > "$T/empty"
for command in "get --data g $id" "get --wire g $id" "get --data --wire g $id" \
	"list --format x g" "groups --names" "members --pem g" "info --pem g"; do
	# shellcheck disable=SC2086
	check "peergroup $command takes no --json" exits $USAGE pg h1 $command --json
done
is "connect says to what, with the port" \
	"$(field address < "$T/json/connect g 192.0.2.9")" 192.0.2.9:3587
is "so does disconnect" "$(field address < "$T/json/disconnect g 192.0.2.9")" 192.0.2.9:3587
is "delete says what" "$(tr -d ' \n' < "$T/json/delete g $id")" "{\"deleted\":[\"$id\"]}"

check "list shows a type's name where it was asked for by that" eval \
	"pg h1 list --type note g | grep -qw note"

# Files for another command.
check "an identity is no invitation" exits 1 pg h1 join "$T/other.id"
check "it is for invite" grep -q "other.id is an identity.*'peergroup invite --to'" "$T/err"
check "an invitation is no identity" exits 1 pg h1 invite --to "$T/other.inv" g
check "it is for join" grep -q "other.inv is an invitation.*'peergroup join'" "$T/err"
check "nor one to import" exits 1 pg h1 identity import "$T/other.inv"
check "it is for join" grep -q "other.inv is an invitation.*'peergroup join'" "$T/err"

# Two identities of one user in one group.
make_identities h2
cp -r "$T/h2/identities/." "$T/h1/identities"
pg h1 identity xml host2 > "$T/second.id"
pg h1 invite --identity host1 --to "$T/second.id" g > "$T/second.inv"
check "a second identity of a user joins" pg h1 join --identity host2 "$T/second.inv"
check "then the group's name does not do" exits $USAGE pg h1 list g
check "and what to do is said" grep -q "2 identities .* 'g': choose by --identity" "$T/err"
check "nor does its peer name" exits $USAGE pg h1 list "$name"
# What the message has as its example.
example=$(sed -n 's/.*for example \(--identity [^ ]*\).*/\1/p' "$T/err")
check "the example names one of them" grep -qF "\"${example#--identity }\"" \
	<(pg h1 identity list --json)
check "by --identity it is chosen" pg h1 list --identity host1 g

check "an empty invitation is refused" exits 1 pg h1 join "$T/empty"
check "in words" grep -q "is empty" "$T/err"
check "so is an empty identity" exits 1 pg h1 invite --identity host1 --to "$T/empty" g
check "in words" grep -q "is empty" "$T/err"
done_testing
