#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of rules, the cases of the conformance suite and the page about them
# belong together: each rule has a case or a reason, each case that is named is there,
# that of an error calls the function which is to return it, and the page is that of the
# table, all of it passing.

top=${PG_TOP:-$(cd "$(dirname "$0")/../.." && pwd)}

echo "TAP version 13"
echo 1..1
if output=$("$top/Documentation/gen-conformance" --check 2>&1); then
	echo "ok 1 table, cases and page agree"
else
	echo "not ok 1 table, cases and page agree"
	echo "$output" | sed 's/^/# /'
	failed=1
fi
[ -z "$failed" ]
