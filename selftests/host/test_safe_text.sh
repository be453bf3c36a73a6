#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What others wrote is shown so that nothing of it is unseen or turns the rest around:
# by the command to people, and as JSON. By names of identities, which need no kernel.
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"
TOP=${PG_TOP:-$(realpath "$(dirname "$0")/../..")}
export PEERGROUP_HOME=$T LC_ALL=C.UTF-8

pg() { "$TOP/build/tools/peergroup" "$@"; }
NAME=$'a\u202eb\u200bc\ufeffd\U000e0041e\u00adf\u2028g \u00e9\u20ac\U0001f600'

check "an identity of such a name" pg identity create --name "$NAME"
pg identity list > "$T/list"
pg identity list --json > "$T/json"
check "shown escaped" grep -qF 'a\u202eb\u200bc\ufeffd\U000e0041e\xadf\u2028g é€😀' "$T/list"
check "and so in JSON" grep -qF \
	'a\u202eb\u200bc\ufeffd\udb40\udc41e\u00adf\u2028g é€😀' "$T/json"
is "which says the same" "$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))[0]["friendly"])' "$T/json")" "$NAME"

# What an invitation has wrong is said in the words of whoever made it.
echo '<PEERINVITATION VERSION="1.&#x9b;2&#x202e;"/>' > "$T/invitation"
pg join "$T/invitation" 2> "$T/message"
check "in what the library complains of, too" grep -qF 'version 1.\x9b2\u202e' "$T/message"

# Names are printed alone, in lines and in complaints.
# escapes COMMAND...: what it prints has what was $EVIL as an escape
EVIL=$'\u202e'
escapes() { "$@" > "$T/out" 2>&1; grep -qF '\u202e' "$T/out" && ! grep -qF "$EVIL" "$T/out"; }
check "the name of what is made" escapes pg identity create --classifier "c$EVIL" --name "e$EVIL"
check "shown by lines" escapes pg identity show "e$EVIL"
check "in a complaint" escapes pg identity show "no$EVIL"
check "of the arguments, too" escapes pg "no$EVIL"
echo secret > "$T/password"
pg identity export --password-file "$T/password" "e$EVIL" > "$T/exported"
pg identity delete "e$EVIL" > /dev/null
check "the name of what is imported" escapes pg identity import --password-file "$T/password" \
	"$T/exported"
done_testing
