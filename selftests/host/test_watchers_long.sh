#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long: boots each kernel that watches, which may have to be built
# timeout: 5400
#
# The kernels that are there to notice what a module does wrong do notice: a module that does
# so is loaded into each of them. One that is silent would let everything pass.
. "$PG_SELFTESTS/lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"

# As KASAN, lockdep and the others call it.
declare -A heads=(
	[access]='KASAN: slab-out-of-bounds' [shift]='UBSAN: shift-out-of-bounds'
	[index]='UBSAN: array-index-out-of-bounds' [sleep]='sleeping function called'
	[rcu]='suspicious RCU usage' [order]='possible circular locking' [race]='KCSAN: data-race'
	[leaks]='kmemleak: 1 new suspected'
)

# do_wrong KERNEL WHAT...: all in one machine, whose log is $T/KERNEL
do_wrong() {
	local kernel=$1 release
	shift
	release=$("$PG_SELFTESTS/vm/kernel" "$kernel" | sed -n 's/^release=//p')
	make -C "$PG_TOP" --no-print-directory KERNEL="$kernel" module test_modules > "$T/make" 2>&1 ||
		{ cat "$T/make"; return 1; }
	cat > "$T/script" <<-EOF
		for what in $*; do
			echo "selftest: \$what" > /dev/kmsg
			insmod $PG_BUILD/kmod-$release/test/pg_faulty.ko what=\$what
		done
	EOF
	"$PG_SELFTESTS/vm/run" --kernel "$kernel" --timeout 1200 -- bash "$T/script" > "$T/$kernel" 2>&1
	[ $? = 120 ] || { tail -n 40 "$T/$kernel"; return 1; }
}

# noticed KERNEL WHAT: that it was, during it
noticed() {
	grep -A 8 "reported a problem during $2:" "$T/$1" | grep -F "${heads[$2]}" ||
		{ grep -A 4 "reported a problem" "$T/$1"; false; }
}

# watch KERNEL WHAT...
watch() {
	local kernel=$1 what
	shift
	check "$kernel: is told of what goes wrong" do_wrong "$kernel" "$@"
	for what; do
		# It is looked for when all is over.
		[ "$what" != leak ] || what=leaks
		check "$kernel: $what" noticed "$kernel" "$what"
	done
}

# Locks first: lockdep is silent once KASAN, or it itself, has found something.
watch uml-debug rcu order shift index access leak
watch debug rcu order sleep shift index access leak
watch kcsan race
done_testing
