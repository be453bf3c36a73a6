#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a group is, as the command shows and changes it: by its creator only, on all
# hosts, also those that were away; and it is known without anybody else, after the
# group was down. A member that is away is remembered by its own record.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

USAGE=2
NOT_AUTHORISED=4

# exits STATUS COMMAND...: that is its exit status
exits() {
	local expected=$1
	shift
	"$@" > /dev/null 2>&1
	[ $? -eq "$expected" ]
}

property() { pg "$1" properties "$2" --json | field "$3"; }
comment_is() { [ "$(property "$1" g comment)" = "$2" ]; }
knows_host2() { pg h3 members --json | grep -q '"friendly": *"host2"'; }

load_module
mesh 3
make_group 3 admin
check_fails "who has never connected cannot tell what the group is" pg h2 properties g
is "the creator can, before it is up" "$(property h1 g friendly)" g
up h1
up h2 --connect 10.88.0.1
wait_for "h2 is ready" 60 ready h2
is "h2 knows who created it" "$(property h2 g creator)" "$(info h1 identity)"

check "the creator gives it a comment" pg h1 properties g --comment "the hosts of the lab"
wait_for "h2 sees that" 60 comment_is h2 "the hosts of the lab"
is "no record is counted for it" "$(info h2 records)" 0
check "no other administrator may" exits $NOT_AUTHORISED pg h2 properties g --comment mine
check "a lifetime of a minute is too short" exits 1 pg h1 properties g --member-lifetime 1m
check "what is no flag" exits $USAGE pg h1 properties g --flags sometimes
check "flags and lifetimes" pg h1 properties g --flags defer-expiration,disable-presence \
	--member-lifetime 9h --presence-lifetime 10m
is "the lifetime is in seconds" "$(property h1 g member_data_lifetime)" 32400
check "both flags are shown" eval \
	"pg h1 properties g | grep -q '^flags: *disable-presence,defer-expiration$'"
check "and gone again" pg h1 properties g --flags none
check "none is shown" eval "pg h1 properties g | grep -q '^flags: *none$'"

# Down, and changed meanwhile.
check "h2 goes down" pg h2 down g
is "it has the comment still" "$(property h2 g comment)" "the hosts of the lab"
check "it changes" pg h1 properties g --comment "and of the office"
is "h2 cannot know" "$(property h2 g comment)" "the hosts of the lab"
up h3 --connect 10.88.0.1
wait_for "h3 is ready" 60 ready h3
is "who comes late has it at once" "$(property h3 g comment)" "and of the office"
wait_for "h3 knows h2, whom it never met" 60 knows_host2
up h2
wait_for "h2 sees the change" 60 comment_is h2 "and of the office"

check "the group is renamed" pg h1 properties g --name office
check "it is called so at once" pg h1 info office
renamed() { pg h2 properties office > /dev/null 2>&1 || ! pg h2 properties g > /dev/null; }
wait_for "and at h2" 60 renamed
check "and in the list" eval "pg h2 groups --names | grep -qx office"

# A name that turns around what is read behind it, by who made the group.
EVIL=$'\xe2\x80\xae'
# escapes COMMAND...: what it prints has that as an escape
escapes() { "$@" > "$T/out" 2>&1; grep -qF '\u202e' "$T/out" && ! grep -qF "$EVIL" "$T/out"; }
evil=e$EVIL
check "a group that is made" escapes pg h1 create --classifier "c$EVIL" "$evil"
check "its name alone" escapes pg h1 groups --names
check "that it is not up" escapes pg h1 info "$evil"
check "an invitation" eval "pg h1 invite --to $T/h2.id '$evil' > $T/evil.inv"
check "who joins" escapes pg h2 join "$T/evil.inv"
check "and again" escapes pg h2 join "$T/evil.inv"
pg h2 up "$evil" > /dev/null
check "what is known of it" escapes pg h2 info "$evil"
pg h2 down "$evil" > /dev/null
echo secret > "$T/password"
pg h2 config export --password-file "$T/password" "$evil" > "$T/config"
pg h2 leave "$evil" > /dev/null
check "what is imported" escapes pg h2 config import --password-file "$T/password" "$T/config"

# told: 1 if a group that is made now is said to have another's name
told() { pg h1 create twin 2>&1 > /dev/null | grep -c "another group is called 'twin'"; }
is "the first of a name is no other's" "$(told)" 0
is "of a second that is said" "$(told)" 1
check "a name that is empty is none" eval "pg h1 create '' 2>&1 | grep -q 'not empty'"
done_testing
