#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The services of tools/examples, as they run on two hosts: known_hosts that follow
# the keys, and flags that reach a file and the command behind it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

PATH=$PATH:$PG_BUILD/tools/examples

# on HOST COMMAND...
on() {
	local host=$1
	shift
	PEERGROUP_HOME=$T/$host pg-in "$host" "$@"
}

# start HOST COMMAND... &: the same in the background, under the number that $! has
start() {
	PEERGROUP_HOME=$T/$1 exec pg-in "$@"
}

# key HOST TEXT: what stands in for a key of that host's ssh
key() {
	mkdir -p "$T/$1/ssh"
	echo "ssh-ed25519 $2 root@$1" > "$T/$1/ssh/ssh_host_ed25519_key.pub"
}

hosts_file() { "$1" "$2" peer-known-hosts -g g -k "$T/$2/ssh" -o "$T/$2/known_hosts" "${@:3}"; }
known_hosts_are() { [ "$(cat "$T/$1/known_hosts")" = "$2" ]; }
flags_are() { [ "$(cat "$T/$1/flags")" = "$2" ]; }

ended() { ! kill -0 "$1"; }

load_module
mesh 2
make_group 2
up h1
up h2 --connect 10.88.0.1
check "ready" becomes_ready h2

# ---- known_hosts
key h1 AAAAone
key h2 AAAAtwo
for host in h1 h2; do
	hosts_file start "$host" -n "$host.lan" 2> "$T/$host.log" &
	at_exit kill $!
	services[${host#h}]=$!
done
both=$'h1.lan ssh-ed25519 AAAAone\nh2.lan ssh-ed25519 AAAAtwo'
wait_for "both keys on h1" 20 known_hosts_are h1 "$both"
wait_for "both keys on h2" 20 known_hosts_are h2 "$both"
is "for all to read" "$(stat -c %a "$T/h1/known_hosts")" 644
is "nothing is left beside it" "$(find "$T/h1" -name 'known_hosts.*')" ""

kill "${services[1]}"
wait "${services[1]}"
is "it ends when it is told to" $? 0
key h1 AAAAnew
check "a new key, once" hosts_file on h1 -n h1.lan -1
wait_for "it replaces the old one" 20 known_hosts_are h2 \
	$'h1.lan ssh-ed25519 AAAAnew\nh2.lan ssh-ed25519 AAAAtwo'

# What is no file stays what it is, and a link leads where it did.
{ mknod "$T/null" c 1 3 && mkdir "$T/links" && ln -s ../linked "$T/links/known_hosts"; } ||
	bail_out "no nodes"
known_hosts_to() { on h2 peer-known-hosts -g g -n h2.lan -k "$T/h2/ssh" -1 -o "$1"; }
check "to a device" known_hosts_to "$T/null"
check "which stays one" [ -c "$T/null" ]
known_hosts_to /dev/stdout 2> "$T/told" | cat > "$T/piped"
check "to a pipe" cmp "$T/h2/known_hosts" "$T/piped"
check_fails "a folder that is not there" known_hosts_to "$T/none/known_hosts"
check_fails "a link to nothing" known_hosts_to "$T/links/known_hosts"
echo old > "$T/linked"
check "a link to a file" known_hosts_to "$T/links/known_hosts"
check "it stays one" [ -L "$T/links/known_hosts" ]
check "the file has the lines" cmp "$T/h2/known_hosts" "$T/linked"

# Another user's link or FIFO is replaced, and leads nowhere. Nobody waits for who reads a FIFO.
echo kept > "$T/linked"
{ mkfifo "$T/unread" && mkfifo -m 666 "$T/links/fifo" && ln -s ../linked "$T/links/other" &&
	ln -s ../null "$T/links/null" && chown -h 65534 "$T"/links/{fifo,other,null}; } ||
	bail_out "no nodes"
for name in fifo other null; do
	known_hosts_to "$T/links/$name" 2> "$T/told" &
	wait_for "to where another user's $name is" 20 ended $!
	is "it is a file" "$(stat -c '%F %u' "$T/links/$name")" "regular file 0"
	check "and has the lines" eval "[ -f $T/links/$name ] &&
		cmp $T/h2/known_hosts $T/links/$name"
done
is "where the link led to stays as it was" "$(cat "$T/linked")" kept
known_hosts_to "$T/unread" 2> "$T/told" &
unread=$!
if wait_for "to a FIFO that nobody reads" 20 ended $unread; then
	wait $unread
	is "is no failure" $? 0
	is "and nothing is said to be written" "$(cat "$T/told")" ""
else
	: 5<> "$T/unread"
fi
check "the FIFO stays one" [ -p "$T/unread" ]
exec 5<> "$T/unread"
exec 6< "$T/unread"
check "to one that is read" known_hosts_to "$T/unread"
exec 5>&-
is "it has the lines" "$(cat <&6)" "$(cat "$T/h2/known_hosts")"
exec 6<&-

# hostile HOST NAME DATA: a record that is no key
hostile() {
	pg "$1" add g --type 8c1d5e02-7f44-4b0a-9b36-2d10c45a6e91 --attr "host=$2" --data "$3" --json
}
{
	hostile h2 '*' "ssh-ed25519 AAAAevil"
	hostile h2 'x' $'ssh-ed25519 AAAA\n* ssh-ed25519 AAAAevil'
	hostile h2 'x' "cert-authority"
	hostile h2 $'y z' "ssh-ed25519 AAAAevil"
	hostile h2 H1.LAN "ssh-ed25519 AAAAevil"
} > "$T/added"
wait_for "whose name two members claim is left out" 20 known_hosts_are h2 \
	"h2.lan ssh-ed25519 AAAAtwo"
names_both() {
	tr '[:upper:]' '[:lower:]' < "$T/h2.log" | grep "h1.lan.*more than one" | grep ": .*host1" |
		grep -q ": .*host2"
}
check "it says so, and who they are" names_both

# More names than are told of, and more claims for each than members. What is told last is
# one rewrite's: each ends with how many there are beside.
for i in {1..9}; do
	hostile h1 "n$i" "ssh-ed25519 AAAAn$i"
	hostile h2 "n$i" "ssh-ed25519 AAAAevil"
done > "$T/added"
told_of_more() { [ "$(grep -c '^2 more ' "$T/h2.log")" -ge "$1" ]; }
wait_for "two of ten are not told" 20 told_of_more 1
hostile h2 n1 "ssh-ed25519 AAAAmore" > "$T/added"
wait_for "nor when they are told again" 20 told_of_more 2
tac "$T/h2.log" | awk '/^2 more / && n++ { exit } { print }' > "$T/told"
is "the others are" "$(grep -c 'claimed by more than one' "$T/told")" 8
is "with each member once" "$(grep -c 'host[12].*host[12]' "$T/told") $(grep -c \
	'host[12].*host[12].*host[12]' "$T/told")" "8 0"
check "all are left out" known_hosts_are h2 "h2.lan ssh-ed25519 AAAAtwo"

# ---- flags
check "set" on h1 peer-flags -g g set colour blue
start h2 peer-flags -g g -o "$T/h2/flags" watch \
	sh -c "echo >> '$T/h2/runs'; cp '$T/h2/flags' '$T/h2/seen'" &	# seen: it is counted
watcher=$!
at_exit kill $watcher
wait_for "the file is made" 20 flags_are h2 colour=blue
wait_for "the command has seen it" 20 cmp "$T/h2/flags" "$T/h2/seen"
check "another" on h1 peer-flags -g g set a.b-c "x y=z"
wait_for "the file follows" 20 flags_are h2 $'a.b-c=x y=z\ncolour=blue'
check "a change" on h1 peer-flags -g g set colour red
wait_for "the file follows" 20 flags_are h2 $'a.b-c=x y=z\ncolour=red'
wait_for "the command, too" 20 cmp "$T/h2/flags" "$T/h2/seen"
# What shows another line, drives a terminal, is unseen or no text is not taken from anybody.
for evil in $'x\ncolour=evil' $'x\xc2\x85colour=evil' $'\xc2\x9b2J' $'\x9b2J' $'\xe2\x80\xaex'; do
	check_fails "$(LC_ALL=C; printf %q "$evil") is no value" on h1 peer-flags set evil "$evil"
	pg h2 add g --type e30b776a-159d-4c2f-8a71-440d9e53b218 --attr name=evil \
		--data "$evil" > /dev/null
done
check "text is" on h1 peer-flags set evil $'caf\xc3\xa9'
wait_for "the file follows" 20 flags_are h2 $'a.b-c=x y=z\ncolour=red\nevil=caf\xc3\xa9'
is "list" "$(on h2 peer-flags list)" $'a.b-c=x y=z\ncolour=red\nevil=caf\xc3\xa9'
check "unset" on h1 peer-flags unset evil
wait_for "the file follows" 20 flags_are h2 $'a.b-c=x y=z\ncolour=red'
wait_for "the command, too" 20 cmp "$T/h2/flags" "$T/h2/seen"
# says WORDS COMMAND...: nothing, if h2 is told so, and nothing else, by that exit status
says() {
	local words=$1 wanted=$2 status
	shift 2
	on h2 peer-flags "$@" > "$T/said" 2>&1
	status=$?
	[ $status -eq "$wanted" ] || echo "exit status $status"
	[[ $(wc -l < "$T/said") -eq 1 && $(< "$T/said") == "$words"* ]] || cat "$T/said"
}
who=$(info h1 identity)
is "of a member" "$(on h2 peer-flags -m "$who" list)" $'a.b-c=x y=z\ncolour=red'
is "of another" "$(on h2 peer-flags -m "${who//[0-9]/a}" list)" ""
for wrong in nobody "${who^^}" "${who:1}" "${who%%.*}x"; do
	is "-m $wrong is no peer name" "$(says "-m $wrong: not a peer name" 2 -m "$wrong" list)" ""
done
check_fails "no other member changes it" on h2 peer-flags set colour green
for wrong in 'a=b' 'a b' '' "$(printf "%65s" "" | tr ' ' a)"; do
	is "'$wrong' is no name to set" "$(says "$wrong: a name is " 2 set "$wrong" c)" ""
	is "nor to unset" "$(says "$wrong: a name is " 2 unset "$wrong")" ""
done
is "a file's folder has to be there" \
	"$(says "$T/none/flags: no file can be made in its folder: No such" 1 \
		-o "$T/none/flags" watch)" ""
runs=$(wc -l < "$T/h2/runs")
check "set to what it is" on h1 peer-flags set colour red
check "unset" on h1 peer-flags unset a.b-c
wait_for "the file follows" 20 flags_are h2 colour=red
wait_for "the command, too" 20 cmp "$T/h2/flags" "$T/h2/seen"
is "it ran for what changed" "$(wc -l < "$T/h2/runs")" $((runs + 1))
kill $watcher
wait $watcher
is "the watcher ends when it is told to" $? 0
check_fails "no such group" on h1 peer-flags -g nothing list

# ---- a host that was started again: it is ready, but has nothing, until it reaches another one
check "both have synchronised" eval "pg h1 wait g --synced --timeout 200 &&
	pg h2 wait g --synced --timeout 0"
kill "${services[2]}"
wait "${services[2]}"
pg h2 down g > /dev/null
check_fails "no program has it open: it is gone" pg h2 info g
ip -n switch link set h2 down
up h2
quick_timers h2
check "it is ready" pg h2 wait g --ready --timeout 0
check_fails "it has not synchronised" pg h2 wait g --synced --timeout 0
is "and has no flag" "$(on h2 peer-flags list)" ""
echo gone=1 >> "$T/h2/flags"
echo left > "$T/h2/seen"
start h2 peer-flags -g g -o "$T/h2/flags" watch cp "$T/h2/flags" "$T/h2/seen" &
watcher=$!
at_exit kill $watcher
check "a flag is set on it" on h2 peer-flags -g g set local yes
wait_for "which comes to the others of before" 20 flags_are h2 $'colour=red\ngone=1\nlocal=yes'
wait_for "the command, too" 20 cmp "$T/h2/flags" "$T/h2/seen"
printf '%s\n' "H1.lan ssh-ed25519 AAAAnew" "h2.lan ssh-ed25519 AAAAold" > "$T/h2/known_hosts"
check "its keys are published" hosts_file on h2 -n h2.lan -1
check "and come to the other's" known_hosts_are h2 \
	$'H1.lan ssh-ed25519 AAAAnew\nh2.lan ssh-ed25519 AAAAtwo'
check "unset" on h2 peer-flags unset local
wait_for "the file follows" 20 flags_are h2 $'colour=red\ngone=1'
ip -n switch link set h2 up
check "then it has synchronised" pg h2 wait g --synced --timeout 200
wait_for "and what nobody has is gone" 20 flags_are h2 colour=red
check "unset by who set it" on h1 peer-flags unset colour
wait_for "there is no flag any more" 20 flags_are h2 ""
wait_for "the command, too" 20 cmp "$T/h2/flags" "$T/h2/seen"
check "keys are published" hosts_file on h2 -n h2.lan -1
check "the other's is as it says itself" grep -q '^h1.lan ssh-ed25519 AAAAnew$' "$T/h2/known_hosts"
check_fails "not as it was in the file" grep -q '^H1' "$T/h2/known_hosts"
kill $watcher
wait $watcher

# All were started again: the files are all that is left of the group.
check "a flag" on h1 peer-flags -g g set colour blue
start h1 peer-flags -g g -o "$T/h1/flags" watch &
watcher=$!
at_exit kill $watcher
wait_for "is in the file" 20 flags_are h1 colour=blue
kill $watcher
wait $watcher
pg h2 down g > /dev/null
pg h1 down g > /dev/null
check_fails "it is gone" eval "pg h1 info g || pg h2 info g"
up h1
up h2
check "both have synchronised" eval "pg h1 wait g --synced --timeout 200 &&
	pg h2 wait g --synced --timeout 200"
is "nobody has a flag" "$(on h1 peer-flags list)" ""
start h1 peer-flags -g g -o "$T/h1/flags" watch sh -c "cat '$T/h1/flags'; echo ." > "$T/h1/ran" &
watcher=$!
at_exit kill $watcher
check "one is set" on h2 peer-flags -g g set size 7
ran() { [ "$(cat "$T/h1/ran")" = $'size=7\n.' ]; }
wait_for "the file has it, and never had none" 20 ran || diag "$(cat "$T/h1/ran")"
done_testing
