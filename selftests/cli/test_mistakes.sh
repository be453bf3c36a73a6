#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
#
# What people type by mistake: it is refused before it does anything, by words that say what
# is wrong, and the exit status tells of what kind it was.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"
quick_passwords

USAGE=2
NOT_FOUND=3
TIMED_OUT=6

# exits STATUS COMMAND...: that is its exit status; $T/said is what it prints
exits() {
	local expected=$1 got=0
	shift
	"$@" > "$T/said" 2>&1 < /dev/null || got=$?
	[ "$got" -eq "$expected" ] || { echo "exit status $got"; cat "$T/said"; return 1; }
}
said() { grep -q -- "$@" "$T/said" || { cat "$T/said"; return 1; }; }

load_module
mesh 2
make_group 2
up_mesh 2
becomes_ready h2 || bail_out "h2 has no records"
mkdir "$T/empty"
cd "$T/empty" || bail_out "no folder"

# The group alone is not what is written to.
check "export without a file" exits $USAGE pg h1 export g
check "is told so" said "which FILE?"
is "and writes none" "$(ls)" ""
check "import without a file" exits $USAGE pg h1 import g
check "nor is standard input read by it" exits $USAGE pg h1 import g -
add h1 exported > /dev/null
check "export to a file" exits 0 pg h1 export g "$T/table"
check "and to standard output" eval "pg h1 export g - > $T/out"
is "which has a table, too" "$(head -c 8 "$T/out" | od -An -tx1)" \
	"$(head -c 8 "$T/table" | od -An -tx1)"
is "of that size" "$(stat -c %s "$T/out")" "$(stat -c %s "$T/table")"
{ echo before; pg h1 export - ; echo after; } > "$T/out"
is "a file that it goes to has what is before and behind it, too" \
	"$(head -c 7 "$T/out") $(tail -c 6 "$T/out")" "before after"
check "and through a pipe" eval "pg h1 export g - | cmp -n 8 - $T/table"
is "there is no file called so" "$(ls)" ""

# What does not come about in time is told from what fails.
check "nobody answers there" exits $TIMED_OUT \
	pg h1 send g host2 --type note --data x --connect 10.88.0.9 --timeout 1s
address=10.88.0.1
check "a direct connection to this host itself" exits 1 \
	pg h1 send g host2 --type note --data x --connect $address --timeout 60s
check "is told as that" said "this host itself"

# A format is looked at before there is anything to print.
for command in list "search --type none-such"; do
	# shellcheck disable=SC2086 # words
	check "$command: a field that there is not" exits $USAGE pg h1 $command g --format '%{nmae}'
	check "is told with those that there are" said "no field 'nmae'.*creator.*attr.NAME"
	# shellcheck disable=SC2086 # words
	check "$command: one without an end" exits $USAGE pg h1 $command g --format '%{id'
done
check "also where the group is not up" exits $USAGE pg h1 list nothing --format '%{nmae}'
check "all fields" exits 0 pg h1 list g --format \
	'%{id} %{type} %{version} %{creator} %{modifier} %{expires} %{size} %{data} %{attr.x} %'
check "are printed" said exported

# What the library would put right without a word.
check "a group without a name" exits $USAGE pg h1 properties g --name ''
check "presence for too short a time" exits $USAGE pg h1 properties g --presence-lifetime 10
check "is told how long it may be" said "5 minutes or more"
check "it may be" exits 0 pg h1 properties g --presence-lifetime 5m
check "the group has its name" exits 0 pg h1 info g

# Data that nobody is told to read.
warned() { grep -q 'standard input was not read' "$T/said"; }
echo data > "$T/data"
pg h1 add g --type note < "$T/data" > /dev/null 2> "$T/said"
check "a file on standard input" warned
mkfifo "$T/fifo"
exec {fifo}<> "$T/fifo"
echo data >&"$fifo"
pg h1 add g --type note <&"$fifo" > /dev/null 2> "$T/said"
check "a pipe with data" warned
pg h1 add g --type note --data x <&"$fifo" > /dev/null 2> "$T/said"
check_fails "not with --data" warned
pg h1 add g --type note - < "$T/data" > /dev/null 2> "$T/said"
check_fails "nor where it is read" warned
read -r _ <&"$fifo"
pg h1 add g --type note <&"$fifo" > /dev/null 2> "$T/said"
check_fails "nor a pipe without data" warned
pg h1 add g --type note < /dev/null > /dev/null 2> "$T/said"
check_fails "nor nothing" warned
while read -r _; do pg h1 add g --type note > /dev/null 2> "$T/said"; done < "$T/data"
check_fails "nor a file that the shell reads" warned
printf 'a\nb\n' | while read -r name; do
	pg h1 add g --type note --attr "name=$name" > /dev/null
done 2> "$T/said"
check_fails "nor a pipe that it reads, for attributes" warned
pg h1 add g --type note --attr name=a < "$T/data" > /dev/null 2> "$T/said"
check "a file on standard input beside attributes" warned

# What is nearly a UUID is no name.
for type in 6b1f7c1e-0d52-4f1c-9a38-3d0b5ad1c00 6b1f7c1e-0d52-4f1c-9a38-3d0b5ad1c0011 \
	6b1f7c1e-0d52-4f1c-9a38-3d0b5ad1c00g 6b1f7c1e0-d52-4f1c-9a38-3d0b5ad1c001; do
	for command in "add g" "list g" "search g" "send g host2 --data x"; do
		# shellcheck disable=SC2086 # words
		check "$command --type $type" exits $USAGE pg h1 $command --type "$type"
	done
	check "is told why" said "nearly a UUID"
done
# shellcheck disable=SC2153 # of group.sh
for type in my-own-type-of-note-number-thirty-six a "$TYPE" "${TYPE^^}"; do
	check "$type is a type" exits 0 pg h1 list g --type "$type"
done

# Words that say what is wrong, and with what.
check "a time that is none" exits $USAGE pg h1 search g --created-since yesterday
check "is named with its option" said "^peergroup: --created-since yesterday: neither a date"
check_fails "and one reason" said "too many"
check "too many times" exits $USAGE pg h1 search g --created-since 1h --created-since 1h \
	--created-since 1h --created-since 1h --modified-until 1h
check "are told as that" said "^peergroup: --modified-until 1h: 4 times"
check "a query that is none" exits $USAGE pg h1 search g foo
check "is told to be XML" said "^peergroup: foo: a query is XML"
check "a limit out of its range" exits 1 pg h1 limits g keepalive=1ms
check "has the unit of that" said "keepalive=1ms: .* to .* ms$"
check "so it has in bytes" exits 1 pg h1 limits g record_size=1
check "has the unit of that" said "record_size=1: .* to .* bytes$"
check "to answer without a password" exits 4 pg h1 answer g
check "is told as that" said "the group has no password"
check "to send to a group" exits $USAGE pg h1 send g --type note --data hi
check "is told as that" said "send to whom? 'g' is a group"
check "to a member without naming the group" exits 0 pg h1 send host2 --type note --data hi

echo "a password" > "$T/password"
pg h1 config export --password-file "$T/password" g > "$T/config" || bail_out "no config"
mkdir -m 700 "$T/new"
PEERGROUP_HOME=$T/new peergroup config import --password-file "$T/password" "$T/config" \
	2> "$T/said"
is "a membership without its identity" $? $NOT_FOUND
check "is told what to do first" said "first: peergroup identity import"

key=$(ls "$T"/h1/identities/*/key.pem)
chmod 644 "$key"
check "a key that others may read" exits 1 pg h1 list g
check "is told where it is, and what to do" said "$key holds .*try: chmod 600"
chmod 600 "$key"

done_testing
