#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fuzz targets on what they are known to have to bear: the seeds, some
# thousand mutations of each, and every input that ever broke something (hex
# digits in selftests/fuzz/found/TARGET-*.hex).
. "$PG_SELFTESTS/lib.sh"

for target in "$PG_SELFTESTS"/fuzz/fuzz_*.c; do
	name=$(basename "$target" .c)
	# Those that take their time say in their first lines that they want fewer.
	mutations=$(sed -n '1,20s,^// mutations: ,,p' "$target")
	check "$name bears mutated seeds" "$PG_BUILD/selftests/fuzz/$name" mutate "${mutations:-2000}"
	for input in "$PG_SELFTESTS/fuzz/found/$name"-*.hex; do
		[ ! -e "$input" ] ||
			check "$name bears $(basename "$input")" "$PG_BUILD/selftests/fuzz/$name" replay "$input"
	done
done
done_testing
