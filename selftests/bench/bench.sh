#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmark: eight hosts on one bridge in one user-mode kernel, each checking
# every signature for itself. "make bench" runs it there; in an emulated machine
# its figures mean nothing.
. "$(dirname "$0")/../lib.sh"
export LD_LIBRARY_PATH=$PG_BUILD/libpeergroup

bench=$PG_BUILD/selftests/bench/pg-bench
home=$(mktemp -d)
at_exit rm -rf "$home"
load_module
mesh 8

echo "peergroup benchmark: $(uname -r), $(nproc) CPU, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)"
echo
echo "8 hosts on one bridge, each dialling the next two, 256 byte records, 10 ms apart"
"$bench" -n 8 -r 2 -s "${PG_SAMPLES-200}" -b "${PG_BURST-1000}" -H "$home/a" || exit 1
echo
echo "the same, every host linked to every other"
"$bench" -n 8 -r 4 -s "${PG_SAMPLES-200}" -b 0 -H "$home/b" || exit 1
echo
tracefs=/sys/kernel/tracing
mount -t tracefs tracefs $tracefs 2>/dev/null
if [ -d $tracefs/events/peergroup ]; then
	echo mono > $tracefs/trace_clock
	echo 16384 > $tracefs/buffer_size_kb
	echo 1 > $tracefs/events/peergroup/enable
	"$bench" -n 8 -r 2 -s "${PG_SAMPLES-200}" -b 0 -t "$home/times" -H "$home/d" > /dev/null || exit 1
	echo 0 > $tracefs/events/peergroup/enable
	"${0%/*}/breakdown" "$home/times" $tracefs/trace || exit 1
	echo > $tracefs/trace
else
	echo "where it goes: not known, this kernel has no tracing"
fi
echo
echo "one host, many records"
"$bench" -B "${PG_BULK-100000}" -H "$home/c" || exit 1
