#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/examples/peer-chat as three people use it, two at terminals and one by a pipe: what
# is said to all, and to one; who is here; what was said before; and what somebody sends
# who means no good.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

CHAT=$PG_BUILD/tools/examples/peer-chat
MESSAGE=5f0d1b2c-3a84-4e6d-9c07-61e24bd5903e
PRESENCE=5f0d1b2d-3a84-4e6d-9c07-61e24bd5903e
[ -x "$CHAT" ] || skip_all "built without ncurses"

# chat HOST [ARGUMENT...]: by a pipe, until it ends
chat() {
	PEERGROUP_HOME=$T/$1 pg-in "$1" "$CHAT" -g g "${@:2}"
}

# terminal HOST: the same on one, in the background; ${keys[HOST]} is its keyboard
terminal() {
	local host=$1 fd
	mkfifo "$T/$host.keys"
	exec {fd}<> "$T/$host.keys"
	keys[$host]=$fd
	PEERGROUP_HOME=$T/$host pg-in "$host" "$(dirname "$0")/terminal.py" \
		"$T/$host.screen" "$CHAT" -g g < "$T/$host.keys" 2> "$T/$host.errors" &
	pid[$host]=$!
	at_exit kill $!
}
declare -A keys pid

# keys_of HOST TEXT: typed on its terminal; \r is Return
keys_of() { printf '%b' "$2" >&"${keys[$1]}"; }
# shows HOST PATTERN: on its screen, or in what was written to the pipe
shows() { grep -qE -- "$2" "$T/$1.screen"; }
shows_not() { ! shows "$@"; }
# says HOST TEXT: a record as peer-chat makes them
says() { pg "$1" add g --type $MESSAGE --expires 1h --json --data "$2" | field id; }

load_module
mesh 4
make_group 3
mkdir -m 700 "$T/h4"
pg h4 identity create --name host2 > /dev/null
invite_host 4
up_mesh 4
check "ready" eval 'becomes_ready h2 && becomes_ready h3 && becomes_ready h4'

# ---- here
terminal h1
wait_for "one is here" 30 shows h1 '^here: host1$'
terminal h2
mkfifo "$T/h3.keys"
exec {fd}<> "$T/h3.keys"
keys[h3]=$fd
chat h3 < "$T/h3.keys" > "$T/h3.screen" &
pid[h3]=$!
wait_for "who comes" 30 shows h1 'host3 is here'
wait_for "all are here" 30 shows h1 '^here: .*host3'
wait_for "as others see it" 30 shows h2 '^here: host2~[0-9a-f]{12} .*host3$'

# ---- to all
keys_of h1 'helxx\x7f\x7flo everybody\x01Oh, \r'
wait_for "said to all, after some editing" 30 shows h2 '<host1> Oh, hello everybody$'
wait_for "and by the pipe" 30 shows h3 '<host1> Oh, hello everybody$'
wait_for "to oneself, too" 30 shows h1 '^[0-9:]{5} <host1> Oh, hello everybody$'
keys_of h3 'Ärger über <100%> & "x"? \\ * 😀\n'
wait_for "any characters" 30 shows h1 '<host3> Ärger über <100%> & "x"\? \\ \* 😀'

# ---- to one
keys_of h1 '/msg host3 top secret\r'
wait_for "to one" 30 shows h3 '^\[from host1\] top secret$'
wait_for "who has answered" 30 shows h1 '^\[to host3\] top secret$'
keys_of h3 '/msg host1 first\n/msg host1 second\n'
wait_for "the other way" 30 shows h1 '^\[from host3\] second$'
is "in order" "$(grep -oE '(first|second)$' "$T/h1.screen")" $'first\nsecond'
wait_for "both are answered" 30 shows h3 '^\[to host1\] second$'
check_fails "nobody else hears it" grep -qa secret "$T/h2.screen.raw"
is "nor is it kept" "$(pg h2 list g --json | grep -c secret)" 0
keys_of h1 '/msg host9 x\r'
wait_for "to nobody" 30 shows h1 '^-- host9: nobody is called so'

# ---- names that are the same
chat h4 <<< "I am host2" > "$T/h4.screen"
tail2=$(info h2 identity | cut -c 1-12)
tail4=$(info h4 identity | cut -c 1-12)
wait_for "who has another's name" 30 shows h1 "<host2~$tail4> I am host2"
keys_of h2 'No, I am\r'
wait_for "and who had it" 30 shows h1 "<host2~$tail2> No, I am"
keys_of h1 '/msg host2 x\r'
wait_for "neither is called so" 30 shows h1 '^-- host2: nobody is called so'

# ---- who means no good
bad=$(says h4 $'a\e[2Jb\x9bc\u202ed\u200be\nf\xff')
wait_for "nothing drives the terminal" 30 shows h1 '> a\\x1b\[2Jb\\x9bc\\u202ed\\u200be\\x0af\\xff$'
check_fails "not by the pipe, either" grep -qaP '[\x00-\x09\x0b-\x1f\x7f]' "$T/h3.screen"
long=$(printf 'x%.0s' {1..3000})
says h4 "$long" > /dev/null
wait_for "what is too long is cut" 30 shows h3 "> x{1024}\.\.\. \(1976 bytes more\)$"
says h4 "$(printf '%80s' '')12:00 <host1> forged" > /dev/null
wait_for "what is wrapped is not at the margin" 30 shows h1 '^      .*12:00 <host1> forged'
says h4 '' > /dev/null
pg h1 update g "$bad" --data "I am a fool" > /dev/null
wait_for "who changed another's words" 30 shows h1 "<host2~$tail4, changed by host1> I am a fool"
pg h4 add g --type $PRESENCE --expires 1h --data $'::ffff:10.88.0.9 1\n%n x\n::1 99999999999' > /dev/null
wait_for "an address where nobody is" 30 shows h1 "host2~$tail4 is here"
keys_of h1 "/msg host2~$tail4 are you?\r"
wait_for "is told of" 60 shows h1 "not sent to host2~$tail4"

# ---- looking back
for i in {1..30}; do echo "line $i"; done >&"${keys[h3]}"
wait_for "more than a screen" 60 shows h1 '<host3> line 30$'
check "what was before" shows_not h1 'Oh, hello'
keys_of h1 '\e[5~\e[5~\e[5~\e[5~\e[5~'
wait_for "page up" 30 shows h1 'Oh, hello everybody'
keys_of h1 '\e[6~\e[6~\e[6~\e[6~\e[6~'
wait_for "and down" 30 shows h1 '<host3> line 30$'
# The other terminal becomes a small one.
kill -USR1 "${pid[h1]}"
small() { [ "$(wc -l < "$T/h1.screen")" = 12 ] && shows h1 '^here: host1' && shows h1 'line 30$'; }
wait_for "smaller" 30 small
keys_of h1 'still here\r'
wait_for "and it goes on" 30 shows h1 '<host1> still here$'

# ---- going
keys_of h3 '/quit\n'
wait "${pid[h3]}"
is "it ends when it is told to" $? 0
wait_for "who goes" 30 shows h1 '^-- host3 has left$'
wait_for "is not here any more" 30 shows_not h2 '^here: .*host3'
keys_of h1 '/msg host3 x\r'
wait_for "nothing is sent there" 30 shows h1 '^-- host3: is not here$'

# ---- later on
history() { chat h3 -n 0 <<< "/history $1" | grep -o '<host[13]> .*'; }
is "history" "$(history HELLO)" "<host1> Oh, hello everybody"
is "in any letters" "$(history ärger)" '<host3> Ärger über <100%> & "x"? \ * 😀'
is "nothing in it means something else" "$(history '"x"? \ *')" \
	'<host3> Ärger über <100%> & "x"? \ * 😀'
is "of more than one" "$(history 'line 1' | wc -l)" 11
is "what is not there" "$(history '?ine 1')" ""
is "the latest at the start" "$(chat h3 -n 3 < /dev/null | grep -oE '<host[0-9]> .*')" \
	$'<host3> line 29\n<host3> line 30\n<host1> still here'
check_fails "no such argument" chat h3 -e 0
kill "${pid[h1]}"
wait "${pid[h1]}"
is "a signal ends it" $? 0
wait_for "and it takes its leave" 30 shows h2 'host1 has left'
keys_of h2 '\x04'
wait "${pid[h2]}"
is "it ends at the end of the input" $? 0
is "nothing went wrong" "$(cat "$T"/h?.errors)" ""
done_testing
