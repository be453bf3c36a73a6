#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Somebody on the path between two hosts sees them join, synchronise and flood,
# and finds no name, no record and no certificate in it. A group without a
# member's word for the node does not come up, and links end with it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

SECRET="the quick brown fox jumps over the lazy dog"

# sniff HOST INTERFACE: from now on, to $T/seen.{out,in}
sniff() {
	pg-in "$1" "$PG_BUILD/selftests/tools/pg-sniff" "$2" "$T/seen" > "$T/sniffer" &
	sniffer=$!
	until_true 20 grep -q ready "$T/sniffer" || bail_out "no sniffer"
}

seen_total() { cat "$T/seen.out" "$T/seen.in" | wc -c; }
seen_more() { [ "$(seen_total)" -ge "$1" ]; }

# unseen DESCRIPTION TEXT: not in what passed; as bytes
unseen() {
	if grep -aqF -- "$2" "$T/seen.out" "$T/seen.in"; then
		not_ok "$1"
	else
		ok "$1"
	fi
}

# certificates_seen PEM...: of each file, how many certificates it has, and how many of their
# pieces of 16 bytes passed; by one program, since each takes a second to start
certificates_seen() {
	python3 -I -S - "$T/seen.out" "$T/seen.in" "$@" <<-'PY'
		import base64, re, sys
		seen = b"".join(open(f, "rb").read() for f in sys.argv[1:3])
		for name in sys.argv[3:]:
		    certs = [base64.b64decode(text) for text in re.findall(
		        rb"-----BEGIN CERTIFICATE-----([^-]*)-----END", open(name, "rb").read())]
		    n = sum(cert[i:i + 16] in seen
		            for cert in certs for i in range(0, len(cert) - 16, 16))
		    print(f"{len(certs)} certificates, {n} pieces seen")
	PY
}

# bytes_in "HEX..." FILE...: which of these bytes are in there
bytes_in() {
	python3 -I -S - "$@" <<-'PY'
		import sys
		seen = b"".join(open(f, "rb").read() for f in sys.argv[2:])
		print(*(text for text in sys.argv[1].split() if bytes.fromhex(text) in seen))
	PY
}

link_down() { ! linked "$1" 1; }

load_module
line 2
called="a group by that name"
make_group 2
up h1
sniff h1 to2
up h2 --connect 10.88.1.1
quick_timers h1
quick_timers h2
check "h2 joins" becomes_ready h2
wait_for "the link is up" 30 linked h1 1
check "h1 knows who h2 is" grep -q "$(pg h2 info --json | field identity)" \
	<(pg h1 links "$called" --json)
id=$(add h1 "$SECRET" --attr "unheardof=unheardof")
check "a record gets through" gets h2 "$id"
for ((i = 0; i < 20; i++)); do
	echo "$SECRET $i" > "$T/record$i"
done
pg h2 add "$called" --type "$TYPE" --expires 1h --batch "$T"/record* > /dev/null
add h2 "$SECRET by itself" > /dev/null
head -c 300000 /dev/zero | tr '\0' 'Z' > "$T/large"
large=$(pg h2 add "$called" --type "$TYPE" --expires 1h --json "$T/large" | field id)
check "a large one too" gets h1 "$large"
wait_for "the tables are the same" 60 same_tables h1 h2

# The sniffer sees what there is to see.
check "more than the large record has passed" seen_more 300000
check "the opening is the only thing in clear" \
	test "$(grep -aoF peergrp "$T/seen.in" "$T/seen.out" | wc -l)" -ge 1
in_ns h1 timeout 600 bash -c \
	'exec 3<>/dev/tcp/10.88.1.2/3587; printf "%s" "in clear: canary" >&3; cat <&3' > /dev/null 2>&1
wait_for "what is sent in clear is seen" 20 grep -aqF canary "$T/seen.out"
kill "$sniffer"
wait "$sniffer"
is "nothing was missed" $? 0

unseen "no data of a record" "quick brown"
unseen "no attribute" "unheardof"
unseen "no data of a large record" ZZZZZZZZ
pg h1 members "$called" --json > "$T/members"
grep -o "\"name\": *\"[^\"]*\"" "$T/members" | cut -d "\"" -f 4 > "$T/names"
while read -r name; do
	unseen "no peer name: ${name:0:8}" "${name:0:40}"
done < "$T/names"
unseen "no friendly name of h1" host1
unseen "no friendly name of h2" host2
unseen "no peer name of the group" "$(info h1 name | cut -c 1-40)"
unseen "no friendly name of the group" "$called"
group_id=$(info h1 group_id)
is "no id of the group" "${#group_id} digits: $(bytes_in "$group_id" "$T/seen.out" "$T/seen.in")" \
	"64 digits: "
# As they stand in a record's header. Its id begins as the name of who made it.
header="${TYPE//-/} ${id//-/} ${large//-/}"
while read -r name; do
	header+=" ${name:0:16}"
done < "$T/names"
is "no type of a record, no id, no beginning of a name, as bytes" \
	"$(bytes_in "$header" "$T/seen.out" "$T/seen.in")" ''
pg h1 export "$called" "$T/table" > /dev/null
is "which what is exported has, in clear" "$(bytes_in "$header" "$T/table")" "$header"
is "names of two members and of the group" "$(wc -w <<< "$header")" 6
for h in h1 h2; do
	pg $h info --pem "$called" > "$T/$h.pem"
done
is "no bytes of the certificates of h1, and of h2" \
	"$(certificates_seen "$T/h1.pem" "$T/h2.pem")" \
	$'2 certificates, 0 pieces seen\n3 certificates, 0 pieces seen'

# A credential that is not renewed ends the links; one that is does not.
# Ten seconds are enough to be seen with it, but where a command takes seconds.
start=$SECONDS
pg h2 down "$called" > /dev/null
short=$((10 + 10 * (SECONDS - start)))s
wait_for "h2 has left" 30 link_down h1
before=$(stat_of h1 links_up)
pg h2 up "$called" --credential-lifetime $short > /dev/null
wait_for "it is back" 30 stat_at_least h1 links_up $((before + 1))
up h2
wait_for "h1 takes the new credential" 5 linked h1 1
pg h2 down "$called" > /dev/null
# Before it is up again: it may be over at any time then.
before=$(stat_of h1 link_credential)
up=$(stat_of h1 links_up)
pg h2 up "$called" --credential-lifetime $short > /dev/null
wait_for "linked with a short one" 30 stat_at_least h1 links_up $((up + 1))
wait_for "it runs out, and the link goes" 60 link_down h1
check "which is counted" stat_at_least h1 link_credential $((before + 1))
up h2
wait_for "with another it comes back" 30 linked h1 1
done_testing
