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
[ -d $tracefs/events/peergroup ] || tracefs=
# trace_events ON EVENT...: from now on they are traced (1), or not any more (0)
trace_events() {
	local on=$1 event
	shift
	for event; do
		echo "$on" > "$tracefs/events/$event/enable"
	done
}
if [ -n "$tracefs" ]; then
	echo mono > $tracefs/trace_clock
	echo 16384 > $tracefs/buffer_size_kb
	trace_events 1 peergroup
	"$bench" -n 8 -r 2 -s "${PG_SAMPLES-200}" -b 0 -t "$home/times" -H "$home/d" > /dev/null || exit 1
	trace_events 0 peergroup
	"${0%/*}/breakdown" "$home/times" $tracefs/trace || exit 1
	echo > $tracefs/trace
else
	echo "where it goes, and what strangers cost: not known, this kernel has no tracing"
fi

# caller WHAT STEP...: what the module does for a caller, who is $who, into $cost, in ms; and
# into $answer_cost what a command that runs meanwhile does
who=s2
caller() {
	local what=$1 n=${PG_REFUSED-200} steps=() i works program
	shift
	for ((i = 0; i < n; i++)); do
		# A node of its own each time, as the link before may not be gone yet.
		steps+=("connect 10.88.0.1" "${@/NODE/$((++nodes))}" close)
	done
	echo > $tracefs/trace
	in_ns h2 "$PG_BUILD/selftests/tools/pg-peer" "home $home/$who" "${steps[@]}" > /dev/null || exit 1
	works=$("${0%/*}/works" $tracefs/trace peergroup) || exit 1
	read -r works program <<< "$works"
	cost=$(bc -l <<< "$works / $n")
	answer_cost=$(bc -l <<< "$program / $n")
	printf '%-34s %7.3f ms each (%d)\n' "$what" "$cost" "$n"
}

# callers: those that depend on how many groups there are; into $hint and $member
callers() {
	caller "no group's hint" "call hint=wrong" "expect close"
	hint=$cost
	caller "a member gets in" "handshake node=NODE"
	member=$cost
}

# strangers: what callers cost, and what it means to them that there are more groups. Their
# own comes up last: all others are asked before it.
strangers() {
	local groups=${PG_GROUPS-128} more ready many_hint many_member
	mkfifo "$home/more" "$home/ready"
	"$bench" -G "$groups" -H "$home/m" < "$home/more" > "$home/ready" &
	exec {more}> "$home/more"
	read -r ready < "$home/ready" && [ "$ready" = ready ] || exit 1
	at_h1 up g > /dev/null || exit 1
	echo "behind $groups other groups on the port"
	callers
	many_hint=$hint many_member=$member
	exec {more}>&-
	wait $! || exit 1
	echo "the only group on the port"
	callers
	printf '%-34s %7.1f and %.1f times as much\n' "behind the others" \
		"$(bc -l <<< "$many_hint / $hint")" "$(bc -l <<< "$many_member / $member")"
	caller "a connection and no more" "shutdown"
	caller "called, answered, no more" call hear
	caller "a third message that was altered" "spoil 3 flip -1" call hear say "expect close"
	openssl genrsa -out "$home/other.key" 2048 2> /dev/null || exit 1
	caller "another's certificate" "key $home/other.key" call hear say "expect close"
	caller "a credential that has run out" "call until=-60 from=-3600" hear say "expect close"
	passwords
	revoked
}

# passwords: what it costs that somebody says that it joins by password: where nobody answers,
# where a program does, which computes its share each time, and where that is too often for it.
passwords() {
	local pid
	at_h1 limits g password_rate=0 password_prefix_rate=0 passwords=1024 > /dev/null || exit 1
	caller "a password, nobody answers" join "expect close"
	# Not by at_h1, which would leave something else in between to be ended.
	PEERGROUP_HOME=$home/s1 "$PG_BUILD/selftests/tools/pg-in" h1 "$command" answer g \
		> "$home/answers" &
	pid=$!
	until_true 20 grep -q answering "$home/answers" || exit 1
	caller "a password, a program answers" join hear
	printf '%-34s %7.3f ms each\n' "  the program that does" "$answer_cost"
	at_h1 limits g password_rate=1 > /dev/null || exit 1
	caller "the same, more often than it may" join "expect close"
	printf '%-34s %7d\n' "  of which the rate refused" "$(at_h1_stat password_rate)"
	kill $pid
	wait $pid
}

# revoked: what it costs that somebody calls who was revoked, or was invited by one. These are
# told so, and heard; the latter only as often as the rate of proofs, here a single one, says.
revoked() {
	local steps=("call node=NODE" hear say "expect BYE")
	at_h1 revoke g s2 > /dev/null || exit 1
	caller "a member that was revoked" "${steps[@]}"
	who=s3
	at_h1 limits g proof_rate=0 > /dev/null || exit 1
	caller "one that it had invited" "${steps[@]}"
	# Ten seconds' worth may come at once, and is heard.
	at_h1 limits g proof_rate=1 > /dev/null || exit 1
	caller "the same, more often than it may" "${steps[@]}"
	who=s2
	printf '%-34s %7d\n' "  of which were not heard" "$(at_h1_stat link_paced)"
}

nodes=0
works_events=(workqueue/workqueue_execute_{start,end} sched/sched_switch)
at_h1() { PEERGROUP_HOME=$home/s1 in_ns h1 "$command" "$@"; }
at_h1_stat() { at_h1 stats g --json | sed -n 's/.*"'"$1"'": \([0-9]*\).*/\1/p'; }
at_h2() { PEERGROUP_HOME=$home/$1 in_ns h2 "$command" "${@:2}"; }
command=$PG_BUILD/tools/peergroup
if [ -n "$tracefs" ]; then
	echo
	echo "strangers, one after the other: what the module does for each of them"
	for host in 1 2 3; do
		mkdir -m 700 "$home/s$host"
		PEERGROUP_HOME=$home/s$host "$command" identity create --name "s$host" > /dev/null || exit 1
	done
	for host in s2 s3; do
		at_h2 $host identity xml > "$home/$host.id" || exit 1
	done
	echo "a password of the benchmark's" > "$home/password"
	at_h1 create --password-file "$home/password" g > /dev/null &&
		at_h1 invite --role inviting --to "$home/s2.id" g > "$home/s2.inv" &&
		at_h2 s2 join "$home/s2.inv" > /dev/null || exit 1
	# Who invites has to have met the group once.
	{
		at_h1 up g && at_h2 s2 up g --connect 10.88.0.1 && at_h2 s2 wait g --ready &&
			at_h2 s2 invite --to "$home/s3.id" g > "$home/s3.inv" &&
			at_h2 s2 down g && at_h1 down g && at_h2 s3 join "$home/s3.inv"
	} > /dev/null || exit 1
	echo 'prev_comm ~ "kworker/*" || next_comm ~ "kworker/*" ||' \
		'prev_comm == "peergroup" || next_comm == "peergroup"' \
		> $tracefs/events/sched/sched_switch/filter
	trace_events 1 "${works_events[@]}"
	strangers
	trace_events 0 "${works_events[@]}"
fi

echo
echo "one host, one by one and in batches, by turns"
"$bench" -R "${PG_TURNS-5}" -H "$home/e" || exit 1
echo
echo "one host, many records"
"$bench" -B "${PG_BULK-100000}" -H "$home/c" &
# One creator may have a quarter of the table, which is less than that many records.
at_bulk() { PEERGROUP_HOME=$home/c in_ns h1 "$command" "$@"; }
# With few of them it has ended before.
raised() { at_bulk limits bulk creator_bytes=$((240 << 20)) || ! kill -0 $!; }
until_true 60 raised || exit 1
wait $! || exit 1
