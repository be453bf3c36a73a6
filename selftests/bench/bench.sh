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
# stranger STEP...: how long pg-peer takes for them, in us
stranger() {
	local start=${EPOCHREALTIME/./}
	in_ns h2 "$PG_BUILD/selftests/tools/pg-peer" "home $home/s2" "$@" > /dev/null || exit 1
	echo $((${EPOCHREALTIME/./} - start))
}

# refused WHAT STEP...: what a refused caller costs, its own work included, but for the
# start of its program
refused() {
	local what=$1 n=${PG_REFUSED-200} steps=() i idle took
	shift
	for ((i = 0; i < n; i++)); do
		# A node of its own each time, as the link before may not be gone yet.
		steps+=("connect 10.88.0.1" "${@/NODE/$((i + 1))}" close)
	done
	idle=$(stranger) && took=$(stranger "${steps[@]}") || exit 1
	printf '%-34s %7.3f ms each (%d)\n' "$what" "$(bc -l <<< "($took - $idle) / $n / 1000")" "$n"
}

echo
echo "strangers, one after the other"
command=$PG_BUILD/tools/peergroup
for host in 1 2; do
	mkdir -m 700 "$home/s$host"
	PEERGROUP_HOME=$home/s$host "$command" identity create --name "s$host" > /dev/null || exit 1
done
PEERGROUP_HOME=$home/s2 "$command" identity xml > "$home/s2.id" || exit 1
at_h1() { PEERGROUP_HOME=$home/s1 in_ns h1 "$command" "$@"; }
at_h1 create g > /dev/null && at_h1 invite --role member --to "$home/s2.id" g > "$home/s2.inv" &&
	at_h1 up g > /dev/null || exit 1
PEERGROUP_HOME=$home/s2 in_ns h2 "$command" join "$home/s2.inv" > /dev/null || exit 1
refused "a connection and no more" "shutdown"
refused "no group's hint" "call hint=wrong" "expect close"
refused "called, answered, no more" call hear
refused "a credential that has run out" "call until=-60 from=-3600" hear say "expect close"
refused "a member gets in" "handshake node=NODE"

echo
echo "one host, one by one and in batches, by turns"
"$bench" -R "${PG_TURNS-5}" -H "$home/e" || exit 1
echo
echo "one host, many records"
"$bench" -B "${PG_BULK-100000}" -H "$home/c" &
# One creator may have a quarter of the table, which is less than that many records.
at_bulk() { PEERGROUP_HOME=$home/c in_ns h1 "$command" "$@"; }
until_true 60 at_bulk limits bulk creator_bytes=$((240 << 20)) || exit 1
wait $! || exit 1
