#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a user got wrong on the command line is named, with what should stand there; the
# exit status tells it from all that fails, and nothing else is looked at before.
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"
export PEERGROUP_HOME=$T LD_LIBRARY_PATH=$PG_BUILD/libpeergroup
USAGE=2

# says WORDS COMMAND...: nothing, if it fails so and with these words
says() {
	local words=$1 status
	shift
	"$PG_BUILD/tools/peergroup" "$@" > "$T/out" 2> "$T/err"
	status=$?
	[ $status -eq $USAGE ] || echo "exit status $status"
	grep -qF -- "$words" "$T/err" || cat "$T/err"
	[ ! -s "$T/out" ] || cat "$T/out"
}

while IFS='|' read -r words command; do
	# shellcheck disable=SC2086 # words
	is "peergroup $command" "$(says "$words" $command)" ""
done <<-END
	wiat|wiat lab
	--links x: not a number|wait lab --links x
	--records -1: not a number|wait lab --records -1
	--record 7: not a record's ID, or ID:VERSION|wait lab --record 7
	--no-record 7: not a record's ID|wait lab --no-record 7
	--stat nosuch=1: not NAME=N with a NAME that 'peergroup stats' prints|wait lab --stat nosuch=1
	--stat added: not NAME=N|wait lab --stat added
	--timeout soon: not a time|wait lab --ready --timeout soon
	wait for what?|wait lab
	other: one GROUP only|wait --ready lab other
	either --to or --password is wanted: whom to invite?|invite lab
	--to and --password exclude each other|invite --to bob.xml --password lab
	--role goes with --to|invite --password --role inviting lab
	--expires goes with --to|invite --password --expires 30d lab
	either --file or --forget is wanted|password lab
	either --file or --forget is wanted|password --file pw --forget lab
	--role goes with --file|password --forget --role inviting lab
	--type 00000000-0000-0000-0000-000000000000: no type is all zeros|list lab --type 00000000-0000-0000-0000-000000000000
	--password-role goes with --password-file|create --password-role inviting lab
END
is "nothing is written" "$(find "$T" -mindepth 1 ! -name out ! -name err)" ""

# Where there are several ways to call a command, each has a line, and the manual the same ones.
forms() {
	"$PG_BUILD/tools/peergroup" "$1" --help |
		sed -n "/^Usage:/,/^$/s/.* peergroup $1 /$1 /p" | tr '[:upper:]' '[:lower:]'
}
if command -v mandoc > /dev/null; then
	mandoc -T ascii -O width=300 "$PG_TOP/Documentation/man/peergroup.1" | col -b > "$T/manual"
	for command in create invite join password config; do
		is "'peergroup $command' in the manual" \
			"$(forms $command | while read -r form; do
				grep -qxF "     $form" "$T/manual" || echo "not there: $form"
			done; [ -n "$(forms $command)" ] || echo none)" ""
	done
	is "the ways to call 'peergroup invite'" "$(forms invite | wc -l)" 2
	is "the ways to call 'peergroup password'" "$(forms password | wc -l)" 2
else
	skip "the command's usage is in the manual" "no mandoc"
fi
done_testing
