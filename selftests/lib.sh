# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests written in bash share.  A test reads this file first:
#
#   . "$(dirname "$0")/../lib.sh"
#
# then says what it finds in TAP, and ends with done_testing:
#
#   load_module
#   mesh 3
#   check "h1 reaches h3" in_ns h1 ping -c 1 10.88.0.3
#   done_testing

set -u

# ---- TAP -------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_planned=''

# plan N: say beforehand how many results there will be
plan() {
	tap_planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

# diag TEXT...: a comment, for whoever looks into a failure
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
}

# skip DESCRIPTION REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: the whole test has no object on this machine
skip_all() {
	echo "1..0 # SKIP $*"
	exit 4
}

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# check DESCRIPTION COMMAND...: ok if the command succeeds; shows its output if not
check() {
	local description=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		ok "$description"
	else
		not_ok "$description"
		diag "$(printf '%q ' "$@")-> $status"
		[ -z "$output" ] || diag "$output"
	fi
	return $status
}

# check_fails DESCRIPTION COMMAND...: ok if the command fails, but not by a signal
check_fails() {
	local description=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if [ $status -ne 0 ] && [ $status -lt 126 ]; then
		ok "$description"
		return 0
	fi
	not_ok "$description"
	diag "$(printf '%q ' "$@")-> $status"
	[ -z "$output" ] || diag "$output"
	return 1
}

# is DESCRIPTION GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "got:      $2"
		diag "expected: $3"
		return 1
	fi
}

done_testing() {
	[ -n "$tap_planned" ] || echo "1..$tap_count"
	[ $tap_failed -eq 0 ]
	exit
}

# ---- waiting ---------------------------------------------------------------

# How much longer than it takes on a machine of its own something is waited for: only
# what will never come should be given up.
patience=10

# wait_for DESCRIPTION SECONDS COMMAND...: a result: ok as soon as the command
# succeeds, not ok when it has not within that time, stretched by $patience
wait_for() {
	local description=$1 seconds=$2
	shift 2
	if until_true "$seconds" "$@"; then
		ok "$description"
	else
		not_ok "$description"
		diag "not within $((seconds * patience)) s: $(printf '%q ' "$@")"
		diag "$("$@" 2>&1)"
		return 1
	fi
}

# until_true SECONDS COMMAND...: the same without a result. Asking takes an emulated
# machine a quarter of a second of its CPU, so what takes long is asked for less often.
poll_ms=50
until_true() {
	local start=${EPOCHREALTIME/./} now ms seconds
	local end=$((start + $1 * patience * 1000000))
	shift
	until "$@" > /dev/null 2>&1; do
		now=${EPOCHREALTIME/./}
		[ "$now" -lt $end ] || return 1
		ms=$(((now - start) / 10000))
		[ $ms -lt 1000 ] || ms=1000
		[ $ms -gt $poll_ms ] || ms=$poll_ms
		printf -v seconds '%d.%03d' $((ms / 1000)) $((ms % 1000))
		doze "$seconds"
	done
}

# doze SECONDS: as sleep(1), but no program is started: nothing comes on that pipe
doze() { read -rt "$1" -u "$nothing_comes" || :; }
exec {nothing_comes}<> <(:)

# ---- cleaning up -----------------------------------------------------------

cleanups=()

# at_exit COMMAND...: run when the test ends, the last one given first
at_exit() { cleanups+=("$(printf '%q ' "$@")"); }

run_cleanups() {
	local status=$? i
	trap - EXIT
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
		eval "${cleanups[i]}" > /dev/null 2>&1
	done
	exit $status
}
trap run_cleanups EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# ---- hosts and links -------------------------------------------------------

# A host of a test is a network namespace.
in_ns() {
	local name=$1
	shift
	ip netns exec "$name" "$@"
}

# ip_batch NAMESPACE: commands for ip(8) on standard input.  Starting a program
# takes an emulated machine a tenth of a second, so the links and addresses of
# many hosts are made by few.
ip_batch() { ip ${1:+-n "$1"} -batch - || bail_out "ip failed"; }

# ns_add NAME...: hosts without links
ns_add() {
	local name
	[ ${#namespaces[@]} -gt 0 ] || at_exit ns_del_all
	namespaces+=("$@")
	printf 'netns add %s\n' "$@" | ip_batch ''
	for name; do
		ip -n "$name" link set lo up
	done
}
namespaces=()

# All hosts, with whatever still runs in them
ns_del_all() {
	local name in_one=()
	for name in "${namespaces[@]}"; do
		in_one+=(-o -samefile "/run/netns/$name")
	done
	find -L /proc/[0-9]*/ns/net "${in_one[@]:1}" | cut -d / -f 3 | xargs -r kill -KILL
	printf 'netns del %s\n' "${namespaces[@]}" | ip -batch -
	namespaces=()
}

# addresses INTERFACE IPV4/LENGTH IPV6/LENGTH: for ip_batch.  The addresses are
# unique, so no second is spent on proving it.
addresses() {
	echo "address add $2 dev $1"
	echo "address add $3 dev $1 nodad"
	echo "link set $1 up"
}

# hosts N: namespaces h1 ... hN
hosts() {
	local i names=()
	for ((i = 1; i <= $1; i++)); do
		names+=("h$i")
	done
	ns_add "${names[@]}"
}

# mesh N: h1 ... hN on one bridge, in a namespace "switch"; hI has eth0 with
# 10.88.0.I and fd88::I (both I in decimal digits)
mesh() {
	local i
	hosts "$1"
	ns_add switch
	for ((i = 1; i <= $1; i++)); do
		echo "link add eth0 netns h$i type veth peer name h$i netns switch"
	done | ip_batch ''
	{
		echo "link add br0 type bridge"
		echo "link set br0 up"
		for ((i = 1; i <= $1; i++)); do
			echo "link set h$i master br0 up"
		done
	} | ip_batch switch
	for ((i = 1; i <= $1; i++)); do
		addresses eth0 "10.88.0.$i/24" "fd88::$i/64" | ip_batch "h$i"
	done
}

# join A B: a link of its own between hA and hB.  hA calls its end toB, and both
# have 10.88.L.A and 10.88.L.B, fd88:0:0:L::A and ::B on it, L counting the links.
links=0
join() {
	links=$((links + 1))
	ip link add "to$2" netns "h$1" type veth peer name "to$1" netns "h$2"
	addresses "to$2" "10.88.$links.$1/24" "fd88:0:0:$links::$1/64" | ip_batch "h$1"
	addresses "to$1" "10.88.$links.$2/24" "fd88:0:0:$links::$2/64" | ip_batch "h$2"
}

# line N: h1 - h2 - ... - hN; the link between hI and hI+1 has number I
line() {
	local i
	links=0
	hosts "$1"
	for ((i = 1; i < $1; i++)); do
		join "$i" $((i + 1))
	done
}

# ring N: a line whose ends are joined by link N
ring() {
	line "$1"
	join "$1" 1
}

# cut_link HOST INTERFACE, mend_link HOST INTERFACE: take a link away and give it back
cut_link() { ip -n "$1" link set "$2" down; }
mend_link() { ip -n "$1" link set "$2" up; }

# ---- the module ------------------------------------------------------------

module_loaded() { [ -d /sys/module/peergroup ]; }

# load_module [PARAMETER=VALUE...]; ends the test if that fails
load_module() {
	local module
	module_loaded && return
	[ -e "${PG_MODULE-}" ] || bail_out "no module for this kernel: ${PG_MODULE-PG_MODULE is not set}"
	# insmod does not look for what a module needs; modinfo knows.
	for module in $(modinfo -F depends "$PG_MODULE" | tr ',' ' '); do
		modprobe "$module" || bail_out "cannot load $module"
	done
	insmod "$PG_MODULE" "$@" || bail_out "cannot load the module"
	at_exit unload_module
}

unload_module() { ! module_loaded || rmmod peergroup; }

# ---- memory ----------------------------------------------------------------

# no_leaks: fails if kmemleak finds something new in two scans; succeeds on a
# kernel without kmemleak
no_leaks() {
	local leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || return 0
	# An object counts as leaked when a second scan still finds no reference, and when it
	# is 5 s old.
	sleep 6
	echo scan > $leaks && echo scan > $leaks || return 0
	[ -z "$(cat $leaks)" ] && return 0
	cat $leaks
	return 1
}

# slab_objects CACHE: how many objects of a slab cache are in use, 0 if it is
# not there; what a CPU keeps at hand counts as such until it gives it back
slab_objects() {
	echo 1 2>/dev/null > "/sys/kernel/slab/$1/shrink"
	awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' /proc/slabinfo
}
