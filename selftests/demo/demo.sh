#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What peergroup does, shown on three hosts: they form a group, publish their
# real SSH host keys as records, and each builds its known_hosts from the
# group's records. A fourth host on the same network forges records, in vain.
#
# Hosts are network namespaces on one bridge, each with its own identity and data
# folder. Runs as root, in a virtual machine: selftests/vm/run -- selftests/demo/demo.sh
# Ends with a failure if anything is not as it should be. All that it says fits on a screen
# of 24 lines, with the command's own line and vm/run's.
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"

[ -n "${PG_BUILD-}" ] || bail_out "PG_BUILD is not set: selftests/vm/run sets it"
PATH=$PG_BUILD/tools:$PG_BUILD/selftests/tools:$PATH
export LD_LIBRARY_PATH=$PG_BUILD/libpeergroup${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

hosts=(alpha beta gamma)
declare -A address=([alpha]=192.0.2.1 [beta]=192.0.2.2 [gamma]=192.0.2.3 [mallory]=192.0.2.66)
patience=600s	# for a condition to come true, before the demo gives up
type=ssh-hostkey
T=$(mktemp -d)
at_exit rm -rf "$T"

# ---- what is shown -----------------------------------------------------------

if [ -t 1 ]; then bold=$'\e[1m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'; else bold='' good='' bad='' plain=''; fi

begun=${EPOCHREALTIME/./}
since() { printf '%d.%02d s' $((($2 - $1) / 1000000)) $((($2 - $1) % 1000000 / 10000)); }

title() { printf '%s\n' "$bold$*$plain"; }
show() { printf '       %s\n' "$@"; }

# step TEXT COMMAND...: runs it and says how long it took; a failure ends the demo
step() {
	local text=$1 start=${EPOCHREALTIME/./}
	shift
	if ! "$@" > "$T/log" 2>&1; then
		printf '  %sfail%s %s\n' "$bad" "$plain" "$text"
		sed 's/^/       /' "$T/log"
		exit 1
	fi
	printf '  %sok%s   %-58s %9s\n' "$good" "$plain" "$text" "$(since "$start" "${EPOCHREALTIME/./}")"
}

# ---- what happens on hosts ---------------------------------------------------

# on HOST COMMAND...: with that host's network and data folder
on() {
	local host=$1
	shift
	PEERGROUP_HOME=$T/$host ip netns exec "$host" "$@"
}

# each FUNCTION [HOST]...: on all hosts (or those) at the same time
each() {
	local function=$1 host jobs=() status=0
	shift
	for host in "${@:-${hosts[@]}}"; do
		"$function" "$host" &
		jobs+=($!)
	done
	for host in "${jobs[@]}"; do
		wait "$host" || status=1
	done
	return $status
}

network() {
	local host
	ns_add "${hosts[@]}" mallory switch
	for host in "${hosts[@]}" mallory; do
		echo "link add eth0 netns $host type veth peer name $host netns switch"
	done | ip_batch ''
	{
		echo "link add br0 type bridge"
		echo "link set br0 up"
		printf 'link set %s master br0 up\n' "${hosts[@]}" mallory
	} | ip_batch switch
	for host in "${hosts[@]}" mallory; do
		mkdir -m 700 "$T/$host"
		printf 'address add %s/24 dev eth0\nlink set eth0 up\n' "${address[$host]}" | ip_batch "$host"
	done
}

make_identity() { on "$1" peergroup identity create --name "$1"; }

invite() {
	on "$1" peergroup identity xml > "$T/$1.xml" &&
	on alpha peergroup invite --to "$T/$1.xml" --expires 90d lab > "$T/$1.invitation" &&
	on "$1" peergroup join "$T/$1.invitation"
}

bring_up() {
	local other to=()
	for other in "${hosts[@]}"; do
		[[ $other < $1 ]] && to+=(--connect "${address[$other]}")
	done
	on "$1" peergroup up lab "${to[@]}"
}

is_linked() { on "$1" peergroup wait --ready --links 2 --timeout $patience; }

make_key() { ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$T/$1/ssh_host_key"; }

# The key is the record's data; whose it is, an attribute.
public_key() { cut -d ' ' -f 1-2 "$T/$1/ssh_host_key.pub"; }

publish() {
	public_key "$1" | on "$1" peergroup add lab --type $type --expires 30d \
		--attr host="$1" --attr keytype=ed25519 - > "$T/$1.id"
}

has_three() { on "$1" peergroup wait --records 3 --type $type --timeout $patience; }

known_hosts() {
	on "$1" peergroup list lab --type $type --format '%{attr.host} %{data}' |
		sort > "$T/$1/known_hosts"
}

identical() {
	[ -s "$T/alpha/known_hosts" ] &&
	cmp "$T/alpha/known_hosts" "$T/beta/known_hosts" &&
	cmp "$T/alpha/known_hosts" "$T/gamma/known_hosts"
}

# finds HOST: in HOST's file, every host with the key that it has
finds() {
	local other
	for other in "${hosts[@]}"; do
		ssh-keygen -F "$other" -f "$T/$1/known_hosts" |
			grep -qxF "$other $(public_key "$other")" || return
	done
}

# ---- what is refused ---------------------------------------------------------

stat_of() { on alpha peergroup stats --json | sed -n 's/.*"'"$1"'": \([0-9]*\).*/\1/p'; }
print_of() { on "$1" peergroup info --json | sed -n 's/.*"fingerprint": "\(.*\)".*/\1/p'; }
same_tables() { [ "$(print_of beta)" = "$(print_of alpha)" ] && [ "$(print_of gamma)" = "$(print_of alpha)" ]; }

# With beta's certificate, which is no secret, and without its key
intrude() {
	local before
	before=$(stat_of link_credential)
	on mallory pg-peer "chain $T/beta.pem" "key $T/mallory/key" "connect ${address[alpha]}" \
		call hear say "expect close" &&
	on alpha peergroup wait --stat link_credential=$((before + 1)) --timeout $patience
}

# forge EDIT...: beta's record, edited, to alpha, over a link of gamma's; alpha must
# count it and hang up
forge() {
	local before table
	before=$(stat_of refused_signature)
	table=$(print_of alpha)
	on mallory pg-peer "home $T/gamma" "connect ${address[alpha]}" handshake \
		"record $T/beta.record $*" "expect close" &&
	on alpha peergroup wait --stat refused_signature=$((before + 1)) --timeout $patience &&
	[ "$(print_of alpha)" = "$table" ]
}

# What is on the network for all to read, and a key that no certificate speaks of
prepare() {
	ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f "$T/mallory/key" &&
	printf 'ssh-ed25519 %s' AAAAC3NzaC1lZDI1NTE5AAAAIMallorysOwnKeyMallorysOwnKeyMallorysOwnKey > "$T/evil" &&
	on beta peergroup info --pem > "$T/beta.pem" &&
	on gamma peergroup get lab "$(< "$T/beta.id")" --wire > "$T/beta.record"
}

# ---- what changes ------------------------------------------------------------

change_key() {
	rm "$T/beta/ssh_host_key"* && make_key beta &&
	public_key beta | on beta peergroup update lab "$(< "$T/beta.id")" -
}

sees_change() { on "$1" peergroup wait --record "$(< "$T/beta.id"):2" --timeout $patience; }
delete_own() { on gamma peergroup delete lab "$(< "$T/gamma.id")"; }
sees_deletion() { on "$1" peergroup wait --no-record "$(< "$T/gamma.id")" --timeout $patience; }

# ---- the demo ----------------------------------------------------------------

title "peergroup, on Linux $(uname -r): three hosts on one network, no server"
step "module loaded; alpha, beta, gamma and a bridge are there" eval 'load_module && network'

title "They form a group"
step "each makes an identity, a key pair of its own" each make_identity
step "alpha makes a group and invites the others; they join" \
	eval 'on alpha peergroup create lab && each invite beta gamma'
step "all go online, link to each other, and are ready" eval 'each bring_up && each is_linked'

title "They publish their SSH host keys as records"
step "each adds its own, its name an attribute; all have three" \
	eval 'each make_key && each publish && each has_three'

title "Each builds known_hosts: list --format '%{attr.host} %{data}' | sort"
step "the three files are identical" eval 'each known_hosts && identical'
step "ssh-keygen -F finds alpha, beta and gamma in each" each finds
mapfile -t lines < <(ssh-keygen -l -f "$T/gamma/known_hosts")
show "${lines[@]}"

title "Records change"
step "beta updates its record to a new key; it is in all files" \
	eval 'change_key && each sees_change alpha gamma && each known_hosts && identical && each finds'
step "gamma deletes its record; all tables have one fingerprint" \
	eval 'delete_own && each sees_deletion alpha beta && same_tables'

title "Mallory, on the same network, forges beta's record"
step "it says that it is beta, and cannot prove it: no link" eval 'prepare && intrude'
step "let in with gamma's stolen key, it flips a bit: refused" forge flip header+35.2
step "mallory's key, and a non-member's signature: refused" \
	forge set version 3 set modified now set data "@$T/evil" sign "$T/mallory/key"
title "All as it should be, $(stat_of refused_signature) forgeries counted: $(since "$begun" "${EPOCHREALTIME/./}")"
