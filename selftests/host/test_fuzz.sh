#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fuzz targets on what they are known to have to bear: the seeds, each of which has to
# be taken for what it is, some thousand mutations of each, and every input that ever broke
# something (hex digits in selftests/fuzz/found/TARGET-*.hex). The latter are for clang's
# build where there is a clang with its sanitizers: some of them gcc's never saw.
. "$PG_SELFTESTS/lib.sh"

out=$PG_BUILD/selftests/fuzz
# For make, which takes a space in a path for its end.
from_there=$(realpath --relative-to="$PG_SELFTESTS/fuzz" "$out")
kind=
# A program at all, by the flags of the targets?
clang_builds() {
	command -v clang > /dev/null &&
		clang -fsanitize=address,undefined -x c -o "$out/sanitized" - 2> /dev/null \
			<<< "int main(void) { return 0; }"
}
! clang_builds || kind=.clang

# replays TARGET: all that was found by it.
replays() {
	local input

	[ -z "$kind" ] || check "$1 builds with clang" \
		make -C "$PG_SELFTESTS/fuzz" O="$from_there" "$from_there/$1.clang" || return 0
	for input in "$PG_SELFTESTS/fuzz/found/$1"-*.hex; do
		check "$1 bears $(basename "$input")" "$out/$1$kind" replay "$input"
	done
}

for target in "$PG_SELFTESTS"/fuzz/fuzz_*.c; do
	name=$(basename "$target" .c)
	# Those that take their time say in their first lines that they want fewer.
	mutations=$(sed -n '1,20s,^// mutations: ,,p' "$target")
	check "$name bears mutated seeds" "$out/$name" mutate "${mutations:-2000}"
	! compgen -G "$PG_SELFTESTS/fuzz/found/$name-*.hex" > /dev/null || replays "$name"
done
# Whose target is another by now are replayed by none.
for input in "$PG_SELFTESTS"/fuzz/found/*.hex; do
	name=$(basename "$input" .hex)
	[ -f "$PG_SELFTESTS/fuzz/${name%%-*}.c" ] || check "$name.hex has a target" false
done
done_testing
