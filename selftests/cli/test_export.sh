#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
#
# A member moves to a computer that never met anybody: identity, membership and records
# are exported on one host and imported on another, where the kernel verifies every
# record, those of members unknown there, too. What was altered, cut off or is another
# group's is refused as a whole.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"
quick_passwords

# import_at HOST FILE: "records taken known refused"
import_at() {
	local host=$1 file=$2 out
	out=$(pg "$host" import g "$file" --json 2> "$T/refused") || return
	echo "$(field records <<< "$out") $(field taken <<< "$out")" \
		"$(field known <<< "$out") $(field refused <<< "$out")"
}

# spoil OFFSET: a copy of the table with another byte there
spoil() {
	cp "$T/table" "$T/spoilt"
	printf '\377' | dd of="$T/spoilt" bs=1 seek="$1" conv=notrunc 2> /dev/null
	! cmp -s "$T/table" "$T/spoilt" || bail_out "byte $1 is 0xff already"
}

# refused TEXT: h4 refuses the spoilt copy, by saying so
refused() {
	! pg h4 import g "$T/spoilt" 2> "$T/why" || return
	grep -q PEER_E_INVALID_DATABASE "$T/why" || { cat "$T/why"; false; }
}

# forge TEXT: a copy of the table that is whole by its checksum, in which the signature of the
# record with that text, which ends where the text begins, has another byte
forge() {
	local at size byte sum
	at=$(grep -obUaF "$1" "$T/table")
	at=$((${at%%:*} - 10))
	size=$(stat -c %s "$T/table")
	byte=$(od -An -tu1 -j "$at" -N 1 "$T/table")
	# shellcheck disable=SC2059 # bytes
	{
		head -c "$at" "$T/table"
		printf "\\x$(printf %x $((byte ^ 1)))"
		tail -c "+$((at + 2))" "$T/table" | head -c -32
	} > "$T/spoilt"
	sum=$(sha256sum "$T/spoilt")
	# shellcheck disable=SC2001,SC2059
	printf "$(sed 's/../\\x&/g' <<< "${sum%% *}")" >> "$T/spoilt"
	is "the forgery is as long, and has one byte changed before its checksum" \
		"$(stat -c %s "$T/spoilt") $(cmp -ln $((size - 32)) "$T/table" "$T/spoilt" |
			wc -l)" "$size 1"
}

load_module
mesh 4
make_group 3 admin
mkdir -m 700 "$T/h4"
up_mesh 3
check "h2 is ready" becomes_ready h2
kept=$(add h3 'of h3')
gone=$(add h1 'to be deleted')
head -c 100000 /dev/zero > "$T/large"
large=$(pg h1 add g --type "$TYPE" --expires 1h --json "$T/large" | field id)
check "h2 has a record of h3" gets h2 "$kept"
check "and a large one of h1" gets h2 "$large"
check "and one to be deleted" gets h2 "$gone"
pg h1 delete g "$gone" > /dev/null
check "which is" loses h2 "$gone"

# What leaves h2.
echo 'correct horse' > "$T/pw"
echo 'wrong horse' > "$T/bad"
echo old > "$T/table"
chmod 644 "$T/table"
check "the table goes to a file" pg h2 export g "$T/table"
is "which is for nobody else" "$(stat -c %a "$T/table")" 600
is "and nothing is left beside it" "$(find "$T" -maxdepth 1 -name '.peergroup-*')" ''
check "the identity does, by a password" eval \
	"pg h2 identity export --password-file $T/pw > $T/id.xml"
check "the membership does" eval "pg h2 config export --password-file $T/pw g > $T/g.xml"

# What is there stays what it is. All but the time of writing is the same each time: as long.
size=$(stat -c %s "$T/table")
{ mknod "$T/null" c 1 3 && mkfifo "$T/fifo" && mknod "$T/disk" b 1 0 && mkdir "$T/links" &&
	ln -s ../table "$T/links/table" && ln -s nothing "$T/links/nothing"; } ||
	bail_out "no nodes"
check "to a device" pg h2 export g "$T/null"
check "which stays one" [ -c "$T/null" ]
exec 5<> "$T/fifo"
exec 6< "$T/fifo"
cat <&6 > "$T/piped" 5>&- &
reader=$!
check "to a FIFO" pg h2 export g "$T/fifo"
check "which stays one" [ -p "$T/fifo" ]
exec 5>&- 6<&-
wait "$reader"
is "all of it arrives" "$(stat -c %s "$T/piped")" "$size"
pg h2 export g /dev/stdout | cat > "$T/stdout"
is "to standard output, and nothing behind it" "$(stat -c %s "$T/stdout")" "$size"
check "which stays a link" [ -L /dev/stdout ]
pg h2 export g /dev/fd/3 3> >(:) 2> "$T/why"
is "where nobody reads it fails, by no signal" $? 1 || diag "$(cat "$T/why")"
mkdir "$T/tmp"
TMPDIR=$T/tmp pg h2 export g - | :
is "what goes to standard output ends by a signal there" "${PIPESTATUS[0]}" 141
is "and leaves nothing behind" "$(ls -A "$T/tmp")" ""
old=$(stat -c %i "$T/table")
check "through a link" pg h2 export g "$T/links/table"
check "which stays one" [ -L "$T/links/table" ]
check_fails "what it leads to is replaced" [ "$(stat -c %i "$T/table")" = "$old" ]
is "nothing is left beside either" "$(find "$T" -maxdepth 2 -name '.peergroup-*')" ''
ended() { ! kill -0 "$1"; }
pg h2 export g "$T/fifo" 2> "$T/why" &
unread=$!
if wait_for "a FIFO that nobody reads is not waited for" 20 ended "$unread"; then
	wait "$unread"
	is "it fails" $? 1
else
	diag "$(cat "$T/why")"
	: 5<> "$T/fifo"
fi
check "the FIFO stays one" [ -p "$T/fifo" ]
check_fails "not to a link to nothing" pg h2 export g "$T/links/nothing"
# What other users have put there is replaced: it is for nobody but root, and touches nothing else.
{ mkfifo -m 666 "$T/links/fifo" && ln -s ../table "$T/links/other" &&
	ln -s ../null "$T/links/null" && chown -h 65534 "$T"/links/{fifo,other,null}; } || bail_out "no nodes"
exec 5<> "$T/links/fifo"
exec 6< "$T/links/fifo"
cat <&6 > "$T/leaked" &
reader=$!
check "to where another user's FIFO is" pg h2 export g "$T/links/fifo"
kill "$reader"
wait "$reader"
exec 5>&- 6<&-
is "which is told nothing" "$(stat -c %s "$T/leaked")" 0
old=$(stat -c %i "$T/table")
for name in fifo other null; do
	check "to where a $name of another user is" pg h2 export g "$T/links/$name"
	is "it is a file, and nobody else's" "$(stat -c '%F %a %u' "$T/links/$name")" \
		"regular file 600 0"
done
is "where the link led to stays as it was" "$(stat -c %i "$T/table")" "$old"
check_fails "nor to a folder" pg h2 export g "$T/links"
check "nor to a disk, which is named" eval \
	"! pg h2 export g $T/disk 2> $T/why && grep -q $T/disk $T/why && [ -b $T/disk ]"
check_fails "not to a folder that is not there" pg h2 export g "$T/none/table"
check_fails "not without a password" eval "pg h2 config export --password-fd 0 g < /dev/null"
check_fails "nobody imports into a group that is up" pg h2 import g "$T/table"
check "h2 goes down" pg h2 down g

# What comes to h4.
check_fails "a membership needs its identity" pg h4 config import --password-file "$T/pw" "$T/g.xml"
check_fails "a wrong password opens no identity" \
	pg h4 identity import --password-file "$T/bad" "$T/id.xml"
check "the right one does" pg h4 identity import --password-file "$T/pw" "$T/id.xml"
check_fails "once" pg h4 identity import --password-file "$T/pw" "$T/id.xml"
check_fails "a wrong password opens no membership" \
	pg h4 config import --password-file "$T/bad" "$T/g.xml"
check "the right one does" eval "pg h4 config import --password-fd 0 $T/g.xml < $T/pw"
check_fails "nothing is overwritten by itself" \
	pg h4 config import --password-file "$T/pw" "$T/g.xml"
check "only when told so" pg h4 config import --overwrite --password-file "$T/pw" "$T/g.xml"

size=$(stat -c %s "$T/table")
for at in 3 9 14 30 60 $((size / 2)) $((size - 60)) $((size - 3)); do
	spoil "$at"
	check "a table with another byte $at is refused" refused
done
for len in 0 20 100 $((size / 2)) $((size - 48)) $((size - 1)); do
	head -c "$len" "$T/table" > "$T/spoilt"
	check "a table of $len bytes is refused" refused
done
(cat "$T/table"; echo) > "$T/spoilt"
check "so is one with something behind it" refused
check_fails "a folder is none" pg h4 import g "$T"
check_fails "nor is what is not there" pg h4 import g "$T/none"

# A checksum anybody can make, and a signature only who has the key.
forge 'of h3'
read -r records taken known refused <<< "$(import_at h4 "$T/spoilt")"
is "of a whole table with a forged record one is refused" "$refused" 1
check "it is told which" grep -q "refused a record $kept" "$T/refused" ||
	diag "$(cat "$T/refused")"
check "and it is not there" has_no h4 "$kept"
is "but for the properties, which the membership brought, all others are new" "$known" 1
is "each of them" "$taken" $((records - 2))

read -r records taken known refused <<< "$(import_at h4 "$T/table")"
is "of the true one no record is refused" "$refused" 0 || diag "$(cat "$T/refused")"
is "one is new" "$taken $known" "1 $((records - 1))"
is "the record of a member that h4 never met is there" "$(data_of h4 "$kept")" 'of h3'
check "the large one, too" eval "pg h4 get g $large --data | cmp - $T/large"
check "what was deleted is not" has_no h4 "$gone"
is "but its tombstone is" "$(info h4 tombstones)" 1
check "h4 is ready, without having met anybody" ready h4
is "the kernel has verified every signature" "$(stat_of h4 verified)" "$records"
is "what came through the FIFO is as good" "$(import_at h4 "$T/piped")" "$records 0 $records 0"
is "so is what came through the pipe" "$(import_at h4 "$T/stdout")" "$records 0 $records 0"
is "once more is no news" "$(import_at h4 "$T/table")" "$records 0 $records 0"
is "h4 is as deep in the group as h2 was" "$(info h4 identity)" \
	"$(pg h2 identity list --json | field name)"

# The kernel has the last word.
pg h4 limits g records=3 > /dev/null
check "h1 adds more" eval "add h1 a > /dev/null; add h1 b > /dev/null; add h1 c > /dev/null"
check "h2 comes up again" pg h2 up g
check "and has them" pg h2 wait g --records 5 --timeout 200
check "they go to a file that is there" pg h2 export g "$T/table"
read -r records taken known refused <<< "$(import_at h4 "$T/table")"
is "what the limits of h4 do not allow is refused, the rest counts" \
	"$((taken + known + refused))" "$records"
check "and it is told" grep -q 'refused a record .*full' "$T/refused"

check "h4 can go on: it comes up" pg h4 up g --connect 10.88.0.1
check "and links" pg h4 wait g --links 1 --timeout 200

# Another member's, and another group's.
check "h3 writes its table" pg h3 export g "$T/spoilt"
pg h4 down g > /dev/null
check "which is not h4's" refused
done_testing
