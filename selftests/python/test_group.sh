#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Python module between two hosts: one creates and invites, the other joins,
# and each sees what the other does. host.py has what each of them says and does.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

# python HOST ROLE: what it prints are results
python() {
	PYTHONPATH=$PG_SELFTESTS/../libpeergroup/python PYTHONDONTWRITEBYTECODE=1 \
		PEERGROUP_HOME=$T/$1 pg-in "$1" \
		python3 -S "$PG_SELFTESTS/python/host.py" "$2" "$T" > "$T/$1.out" 2>&1
}

# results HOST: as this test's own
results() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "$1: ${line#ok - }" ;;
		"not ok - "*) not_ok "$1: ${line#not ok - }" ;;
		*) diag "$1: $line" ;;
		esac
	done < "$T/$1.out"
}

load_module
mesh 2
mkdir -m 700 "$T/h1" "$T/h2"
python h1 creator &
creator=$!
python h2 member
member=$?
wait $creator
status=$?
results h1
results h2
is "the creator came to its end" $status 0
is "the member came to its end" $member 0
done_testing
