#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# peergroup search: each option, queries as arguments and on standard input, and
# what it says of those that are wrong.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

USAGE=2
NOT_FOUND=3

exits() {
	local expected=$1 status
	shift
	"$@" > "$T/out" 2> "$T/err"
	status=$?
	[ $status -eq "$expected" ] || { echo "exit status $status"; cat "$T/err"; return 1; }
}

# found ARGUMENT...: the data of what is found, sorted, in a line
found() { pg h1 search "$@" --format '%{data}' g | sort | tr '\n' ' '; }
# note DATA TYPE OPTION...
note() { pg h1 add g --data "$1" --type "$2" "${@:3}" > /dev/null; }

load_module
mesh 1
make_group 1
up h1
note one note --attr priority:int=5 --attr colour=blue
note two note --attr priority:int=10 --attr colour=green
note three task --attr due:date=2030-01-01 --attr 'text=a*b'
note four task --attr due:date=2031-01-01 --attr 'text=aXb'

is "by type" "$(found --type note)" "one two "
is "by an attribute" "$(found --attr colour=blue)" "one "
is "with a wildcard" "$(found --attr 'colour=?re*')" "two "
is "escaped" "$(found --attr 'text=a\*b')" "three "
is "not escaped" "$(found --attr 'text=a*b')" "four three "
is "not equal" "$(found --attr 'colour!=blue')" "two "
is "numbers as such" "$(found --attr 'priority:int<10')" "one "
is "and no less" "$(found --attr 'priority:int>=5')" "one two "
is "dates" "$(found --attr 'due:date>2030-06')" "four "
is "several" "$(found --type note --attr 'priority:int>5' --attr 'colour=*')" "two "
is "by creator" "$(found --creator host1)" "four one three two "
is "changed of late" "$(found --modified-since 1h --created-since 2000-01-01)" "four one three two "
is "not before" "$(found --created-until 1h)" ""
is "nor later" "$(found --modified-since 2100-01-01)" ""
is "until then" "$(found --modified-until 2100-01-01 --type task)" "four three "
query='<peersearch><or><clause attrib="colour">blue</clause>
	<clause attrib="text">*X*</clause></or></peersearch>'
is "a query" "$(pg h1 search g --format '%{data}' "$query" | sort | tr '\n' ' ')" "four one "
is "on standard input" "$(pg h1 search g --format '%{data}' - <<< "$query" | sort | tr '\n' ' ')" \
	"four one "
check "a table" eval "pg h1 search g --type note | grep -q colour=green"
check "--json" eval "pg h1 search g --type note --json | python3 -I -S -c '
import json, sys
assert len(json.load(sys.stdin)) == 2'"
check "--json of nothing" eval "pg h1 search g --type none --json | python3 -I -S -m json.tool"

for args in "" "--type note <x/>" "--attr x" "--attr =x" "--attr x!y" "--attr x~y" \
	"--created-since soon" "--type note --json --format x" "--type note g g"; do
	# shellcheck disable=SC2086 # words
	check "peergroup search $args" exits $USAGE pg h1 search $args
done
check "of nobody" exits $NOT_FOUND pg h1 search --creator nobody g
for args in "--attr n:int=x" "--attr n:float=1" "--attr a\$=1" '--attr x=\y'; do
	# shellcheck disable=SC2086
	check "peergroup search $args" exits $USAGE pg h1 search --json $args g
	is "tells nothing" "$(cat "$T/out")" ""
done
check "no query" exits $USAGE pg h1 search g --json "<peersearch/>"
check "in words" grep -q "exactly one" "$T/err"
done_testing
