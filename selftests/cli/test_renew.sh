#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An administrator gives a member another role with the command: by an invitation
# that the member joins by once more, and through the group, where it is found.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

USAGE=2
NOT_FOUND=3
NOT_AUTHORISED=4

# exits STATUS COMMAND...: that is its exit status
exits() {
	local expected=$1
	shift
	"$@" > /dev/null 2>&1
	[ $? -eq "$expected" ]
}

# knows HOST ROLE: it has a certificate of host2's with that role
knows() { pg "$1" members g | grep -q "^host2  *$2 "; }
# finds ROLE: h2 looks into the group and has that role then
finds() { pg h2 up g > /dev/null && knows h2 "$1"; }

load_module
mesh 2
make_group 2
up h1
up h2 --connect 10.88.0.1
wait_for "h2 is ready" 60 ready h2
check "it is a member" knows h2 member

check "who is no administrator may not renew" exits $NOT_AUTHORISED pg h2 renew g host1
check "who is not known cannot be renewed" exits $NOT_FOUND pg h1 renew g nobody
check "nor with what is no role" exits $USAGE pg h1 renew --role king g host2
check "nor until what is no time" exits $USAGE pg h1 renew --lifetime soon g host2
check "nor into the past" exits 1 pg h1 renew --lifetime 2001-01-01 g host2

check "the creator writes an invitation with another role" eval \
	"pg h1 renew --role inviting --lifetime 30d g host2 > $T/again"
check_fails "of which the member knows nothing yet" knows h2 inviting
check "it joins by that" eval "pg h2 join '$T/again' 2> '$T/err'"
check "and is told that it is a member already" grep -q "is a member of 'g' already" "$T/err"
check "until now is no time" exits $USAGE pg h1 renew g host2 --lifetime 0s
check "for a reason" eval "pg h1 renew g host2 --lifetime 0s 2>&1 | grep -q 'later than now'"
wait_for "and has the role" 60 finds inviting
wait_for "as the creator hears" 60 knows h1 inviting

is "what is stored prints nothing" "$(pg h1 renew --role admin --store g host2)" ''
wait_for "the member finds it when it goes online" 60 finds admin
check "it may renew now, but not who invited it" exits 1 pg h2 renew g host1
done_testing
