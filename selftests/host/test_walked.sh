#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Each function that the library exports and that can fail is called somewhere with each
# of its allocations failing in turn: a program of api/test_errors_memory* names it in
# ARMED() or what is made of that (heap.h, walk.h).

top=${PG_TOP:-$(cd "$(dirname "$0")/../.." && pwd)}

fails() {	# names of those that return an HRESULT
	cat "$top"/libpeergroup/include/*.h | tr '\n\t' '  ' |
		grep -oE '\bHRESULT \*?(Peer|peergroup_)\w+\(' | grep -oE '\w+\(' | tr -d '(' | sort -u
}

exported() { sed -n 's/^\t\(\w*\);$/\1/p' "$top/libpeergroup/libpeergroup.map" | sort -u; }

walked() {
	cat "$top"/selftests/api/test_errors_memory*.c | tr '\n\t' '  ' |
		grep -oE '\b(ARMED|TEXT|GIVES|convert_once)\( *\w+' | grep -oE '\w+$' | sort -u
}

echo "TAP version 13"
echo 1..2
# As many as there are, lest a change of the headers' style has none found.
total=$(comm -12 <(fails) <(exported) | wc -l)
if [ "$total" -ge 125 ]; then
	echo "ok 1 the functions are found"
else
	echo "not ok 1 the functions are found"
	echo "# $total"
	failed=1
fi
missing=$(comm -23 <(comm -12 <(fails) <(exported)) <(walked))
if [ -z "$missing" ]; then
	echo "ok 2 each is called without memory"
else
	echo "not ok 2 each is called without memory"
	while read -r name; do echo "# $name"; done <<< "$missing"
	failed=1
fi
[ -z "$failed" ]
