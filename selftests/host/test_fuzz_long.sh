#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long: ten minutes for each target
# timeout: 8400
#
# libFuzzer looks for new ways through the engine files. It says how many inputs
# it ran and how many edges they covered; what breaks is left in a file to be put
# among those that test_fuzz.sh replays.
. "$PG_SELFTESTS/lib.sh"

command -v clang > /dev/null || skip_all "no clang"
out=$PG_BUILD/selftests/fuzz
# For make, which takes a space in a path for its end.
from_there=$(realpath --relative-to="$PG_SELFTESTS/fuzz" "$out")
check "the targets build with libFuzzer" make -C "$PG_SELFTESTS/fuzz" O="$from_there" -j2 libfuzzer ||
	done_testing
# fuzz TARGET LOG
fuzz() {
	"$out/$1.lf" -max_total_time="$FUZZ_SECONDS" -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$out/$1-" "$out/$1.corpus" "$out/$1.seeds" > "$2" 2>&1 ||
		{ tail -n 40 "$2"; false; }
}

for target in "$PG_SELFTESTS"/fuzz/fuzz_*.c; do
	name=$(basename "$target" .c)
	mkdir -p "$out/$name.seeds" "$out/$name.corpus"
	"$out/$name" seeds "$out/$name.seeds" || bail_out "no seeds for $name"
	log=$out/$name.log
	check "$name finds nothing in ${FUZZ_SECONDS:=600} s" fuzz "$name" "$log"
	diag "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs," \
		"edges $(grep -o 'cov: [0-9]*' "$log" | tail -n 1)"
done
done_testing
