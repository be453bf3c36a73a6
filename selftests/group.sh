# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Groups for tests in bash, on top of lib.sh: hosts h1 ... hN, each with its own
# identity and data folder, h1 being the creator of one group "g" of which the
# others are members. The command peergroup does all of it, as a person would.

T=$(mktemp -d)
at_exit rm -rf "$T"
# The command with its libraries bound in, which starts in half the time. What is installed
# is $PG_BUILD/tools/peergroup.
PATH=${PG_VALGRIND:+$PG_VALGRIND:}$PG_BUILD/selftests/bound:$PG_BUILD/selftests/tools:$PG_BUILD/selftests:$PATH
export LD_LIBRARY_PATH=$PG_BUILD/libpeergroup${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
TYPE=6b1f7c1e-0d52-4f1c-9a38-3d0b5ad1c001

# From here on a password costs no time, which says nothing about what it costs elsewhere.
quick_passwords() { [ -n "${PG_LONG-}${PG_VALGRIND-}" ] || PATH=$PG_BUILD/selftests/quick:$PATH; }

# pg HOST ARGUMENT...: the command, on a host
pg() {
	local host=$1
	shift
	PEERGROUP_HOME=$T/$host pg-in "$host" peergroup "$@"
}

# As that of lib.sh, but without a namespace of mounts
in_ns() { pg-in "$@"; }

# value KEY JSON: the first value of a key. No program is started, as by most here.
value() {
	local pattern="\"$1\": *(\"([^\"]*)|[^\",}[:space:]]*)"
	[[ $2 =~ $pattern ]] && echo "${BASH_REMATCH[2]:-${BASH_REMATCH[1]#\"}}"
}

# field KEY: the same of JSON on stdin
field() {
	local json
	IFS= read -rd '' json
	value "$1" "$json"
}

# times PATTERN TEXT: how often it is in there
times() {
	local rest=${2//"$1"/}
	echo $(((${#2} - ${#rest}) / ${#1}))
}

# info HOST KEY, stat_of HOST COUNTER
info() { value "$2" "$(pg "$1" info --json)"; }
stat_of() { value "$2" "$(pg "$1" stats --json)"; }

# stat_is HOST COUNTER VALUE, stat_at_least HOST COUNTER VALUE
stat_is() { [ "$(stat_of "$1" "$2")" = "$3" ]; }
stat_at_least() { [ "$(stat_of "$1" "$2")" -ge "$3" ]; }

# make_identities HOST...: one of hI is called "hostI". Those that the build has made are
# taken: an emulated machine takes its time over a key.
make_identities() {
	local host made=()
	for host; do
		if [ -d "$PG_BUILD/selftests/hosts/$host" ]; then
			made+=("$PG_BUILD/selftests/hosts/$host")
		else
			mkdir -m 700 "$T/$host"
			pg "$host" identity create --name "host${host#h}" > /dev/null ||
				bail_out "no identity for $host"
		fi
	done
	[ ${#made[@]} -eq 0 ] || cp -r "${made[@]}" "$T/" || bail_out "no identities"
}

# make_group N [ROLE]: identities, group and memberships for h1 ... hN; nobody is up. The group
# is called g, unless $called says otherwise.
called=g
make_group() {
	local i role=${2-member}
	# shellcheck disable=SC2046 # words
	make_identities $(hosts_up_to "$1")
	pg h1 create "$called" > /dev/null || bail_out "cannot create the group"
	for ((i = 2; i <= $1; i++)); do
		invite_host "$i" "$role"
	done
}

# invite_host I [ROLE]: h1 invites hI, who joins
invite_host() {
	pg "h$1" identity xml > "$T/h$1.id" || bail_out "h$1 has no identity"
	pg h1 invite --role "${2-member}" --to "$T/h$1.id" "$called" > "$T/h$1.inv" ||
		bail_out "h1 cannot invite h$1"
	pg "h$1" join "$T/h$1.inv" > /dev/null || bail_out "h$1 cannot join"
}

# up HOST [--connect ADDRESS]...: online and kept. Which links there are is for the test to
# say: a group finds none by itself, unless $looks_for (links) says so.
looks_for=0
up() {
	local host=$1
	shift
	pg "$host" up "$called" "$@" > /dev/null || bail_out "$host does not come up"
	pg "$host" limits "$called" active_view="$looks_for" > /dev/null ||
		bail_out "$host has no limits"
}

# up_mesh N: all on the bridge of mesh(), each dialling those before it
up_mesh() {
	local i j args
	for ((i = 1; i <= $1; i++)); do
		args=()
		for ((j = 1; j < i; j++)); do
			args+=(--connect "10.88.0.$j")
		done
		up "h$i" "${args[@]}"
	done
}

# up_line N: over the links of line(); up_ring N: and ring()
up_line() {
	local i
	up h1
	for ((i = 2; i <= $1; i++)); do
		up "h$i" --connect "10.88.$((i - 1)).$((i - 1))"
	done
}

up_ring() {
	up_line "$1"
	pg h1 connect "$called" "10.88.$1.$1" > /dev/null
}

# quick_timers HOST: what waits for seconds waits for tenths
quick_timers() {
	pg "$1" limits "$called" keepalive=400 handshake=1500 retry_min=100 retry_max=400 \
		> /dev/null
}

links_of() { times '"up"' "$(pg "$1" links "$called" --json)"; }
links_are() { [ "$(links_of "$1")" = "$2" ]; }
linked() { [ "$(links_of "$1")" -ge "$2" ]; }
ready() { [ "$(info "$1" ready)" = true ]; }

# becomes_ready HOST, gets HOST ID, loses HOST ID: wait for it inside one command
becomes_ready() { pg "$1" wait "$called" --ready --timeout 200; }
gets() { pg "$1" wait "$called" --record "$2" --timeout 200; }
loses() { pg "$1" wait "$called" --no-record "$2" --timeout 200; }

# add HOST [DATA [ARGUMENT...]]: publishes a record and prints its id
add() {
	local host=$1 data=${2-x}
	shift $(($# > 2 ? 2 : $#))
	printf '%s' "$data" |
		pg "$host" add "$called" --type "$TYPE" --expires 1h --json "$@" - | field id
}

data_of() { pg "$1" get "$called" "$2" --data; }
has_data() { [ "$(data_of "$1" "$2" 2>/dev/null)" = "$3" ]; }
has_no() { ! pg "$1" get "$called" "$2" > /dev/null 2>&1; }

# same_tables HOST...: all have one fingerprint
same_tables() {
	local host first='' print
	for host; do
		print=$(info "$host" fingerprint)
		[ -n "$print" ] || return 1
		[ "${first:=$print}" = "$print" ] || return 1
	done
}

records_are() { [ "$(info "$1" records)" = "$2" ]; }

# hosts_up_to N: "h1 ... hN"
hosts_up_to() {
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "h$i"
	done
}
