#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/examples/peer-chat as three people use it, each at a terminal: what is said to all,
# and to one; who comes and goes; what was said before; and what somebody sends who means no
# good.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

PATH=$PATH:$PG_BUILD/tools/examples
CHAT=peer-chat
MESSAGE=5f0d1b2c-3a84-4e6d-9c07-61e24bd5903e
[ -x "$PG_BUILD/tools/examples/$CHAT" ] || skip_all "built without ncurses"

# terminal HOST: the program on one, in the background; ${keys[HOST]} is its keyboard
terminal() {
	local host=$1 fd
	rm -f "$T/$host.keys" "$T/$host.screen"
	mkfifo "$T/$host.keys"
	exec {fd}<> "$T/$host.keys"
	keys[$host]=$fd
	PEERGROUP_HOME=$T/$host pg-in "$host" "$(dirname "$0")/terminal.py" \
		"$T/$host.screen" "$CHAT" g < "$T/$host.keys" 2>> "$T/$host.errors" &
	pid[$host]=$!
	at_exit kill $!
}
declare -A keys pid

# keys_of HOST TEXT: typed on its terminal; \r is Return
keys_of() { printf '%b' "$2" >&"${keys[$1]}"; }
# shows HOST PATTERN: on its screen
shows() { grep -qE -- "$2" "$T/$1.screen"; }
shows_not() { [ -s "$T/$1.screen" ] && ! shows "$@"; }
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
tail2=$(info h2 identity | cut -c 1-12)
tail4=$(info h4 identity | cut -c 1-12)

# ---- here
for host in h1 h2 h3; do
	terminal $host
done
for host in h1 h2 h3; do
	for name in host1 "host2~$tail2" host3 "host2~$tail4"; do
		wait_for "$host sees $name" 30 shows $host "^here:.* $name( |$)"
	done
done

# ---- to all
keys_of h1 'Oh, helxx\x7f\x7flo everybody\r'
wait_for "said to all, after some editing" 30 shows h2 '<host1> Oh, hello everybody$'
wait_for "and to the other" 30 shows h3 '<host1> Oh, hello everybody$'
wait_for "to oneself, too" 30 shows h1 '^[A-Z][a-z]{2} [0-9:]{5} <host1> Oh, hello everybody$'
keys_of h3 'Ärgex\x7fr über <100%> & "x"? \\ * 😀x\x7f\r'
wait_for "any characters" 30 shows h1 '<host3> Ärger über <100%> & "x"\? \\ \* 😀$'

# ---- to one: host1 was dialled by all others, and host3 has dialled all others
keys_of h1 '/msg host3 top secret\r'
wait_for "to one" 30 shows h3 '^\[from host1\] top secret$'
wait_for "who has answered" 30 shows h1 '^\[to host3\] top secret$'
keys_of h3 '/msg host1 first\r/msg host1 second\r'
wait_for "the other way" 30 shows h1 '^\[from host3\] second$'
is "in order" "$(grep -oE '(first|second)$' "$T/h1.screen")" $'first\nsecond'
wait_for "both are answered" 30 shows h3 '^\[to host1\] second$'
keys_of h1 '/msg host3 it crosses\r'
keys_of h3 '/msg host1 another\r'
wait_for "at the same time" 30 shows h1 '^\[to host3\] it crosses$'
wait_for "both ways" 30 shows h3 '^\[to host1\] another$'
for i in {1..9}; do
	keys_of h2 "/msg host3 number $i\r"
done
wait_for "many, by who was dialled" 60 shows h2 '^\[to host3\] number 9$'
is "each once, in order" "$(grep -oE '^\[from host2.*number .' "$T/h3.screen" | grep -o '.$' | tr -d '\n')" 123456789
check_fails "nobody else hears it" grep -qa secret "$T/h2.screen.raw"
is "nor is it kept" "$(pg h2 list g --json | grep -c secret)" 0
keys_of h1 '/msg host9 x\r/msg host2 x\r'
wait_for "to nobody" 30 shows h1 '^\[nobody is called host9\] x$'
wait_for "to a name of two members" 30 shows h1 '^\[nobody is called host2\] x$'
keys_of h1 "/msg host2~$tail4 are you?\r"
wait_for "where nobody takes it" 60 shows h1 '^-- PeerGroupOpenDirectConnection: the connection was refused'
wait_for "that is told" 60 shows h1 "^\[no answer from host2~$tail4\] are you\?"
keys_of h1 '/msg host3 and on\r'
wait_for "and the next goes on its way" 30 shows h3 '^\[from host1\] and on$'

# ---- who means no good
says h4 "I am host2" > /dev/null
wait_for "who has another's name" 30 shows h1 "<host2~$tail4> I am host2"
keys_of h2 'No, I am\r'
wait_for "and who had it" 30 shows h1 "<host2~$tail2> No, I am"
bad=$(says h4 $'a\e[2Jb\x9bc\u202ed\u200be\nf\tg\xff')
wait_for "nothing drives the terminal" 30 \
	shows h1 '> a\\x1b\[2Jb\\x9bc\\u202ed\\u200be\\x0af\\x09g\\xff$'
says h4 "$(printf 'x%.0s' {1..3000})end" > /dev/null
wait_for "what is long" 30 shows h1 '^x{80}$'
check "is cut" shows_not h1 'xend'
says h4 $'\u0378 e\u0301 \U1f600 \u05d0' > /dev/null
wait_for "what may have no width, or two" 30 shows h1 $'^[A-Z].* e\u0301 \U1f600 \u05d0$'
says h4 "$(printf '%80s' '')Sun 12:00 <host1> forged" > /dev/null
wait_for "what looks like another line" 30 shows h1 '12:00 <host1> forged$'
check "names are bold" grep -q "<host2~$tail4>" "$T/h1.screen.bold"
check_fails "what is forged is not" grep -q forged "$T/h1.screen.bold"
says h4 '' > /dev/null
pg h1 update g "$bad" --data "I am a fool" > /dev/null
wait_for "who changed another's words says them" 30 shows h1 '<host1> I am a fool$'

# ---- typing
keys_of h2 "$(printf 'y%.0s' {1..1990})end"
wait_for "what is typed shows its end" 30 shows h2 '^y+end$'
keys_of h2 '\r'
wait_for "and is said" 30 shows h1 'yyend$'

# ---- looking back
for i in {1..30}; do keys_of h3 "line $i\r"; done
wait_for "more than a screen" 60 shows h1 '<host3> line 30$'
check "what was before" shows_not h1 'Oh, hello'
keys_of h1 '\e[5~\e[5~\e[5~\e[5~\e[5~'
wait_for "page up" 30 shows h1 'Oh, hello everybody'
keys_of h1 '\e[6~\e[6~\e[6~\e[6~\e[6~'
wait_for "and down" 30 shows h1 '<host3> line 30$'
keys_of h1 '/search HELLO\r'
wait_for "found, in any letters" 30 shows h1 '<host1> Oh, hello everybody$'
keys_of h1 '/search ? \\ *\r'
wait_for "nothing in it means something else" 30 shows h1 '<host3> Ärger über <100%> & "x"\? \\ \* 😀$'
keys_of h1 '/search LINE 2\r'
wait_for "of more than one" 30 shows h1 '<host3> line 29$'
is "in the order they were said in" \
	"$(grep -oE 'line [0-9]+$' "$T/h1.screen" | tail -n 11 | tr -dc '0-9\n' | tr '\n' ' ')" \
	"2 20 21 22 23 24 25 26 27 28 29 "
keys_of h1 '/help\r'
wait_for "help" 30 shows h1 '^-- /msg NAME TEXT'
# The terminal becomes a small one.
kill -USR1 "${pid[h1]}"
small() { [ "$(wc -l < "$T/h1.screen")" = 12 ] && shows h1 '^here: host1' && shows h1 'line 29$'; }
wait_for "smaller" 30 small
keys_of h1 'still here\r'
wait_for "and it goes on" 30 shows h1 '<host1> still here$'

# ---- coming and going
pg h4 down g > /dev/null
wait_for "who goes" 30 shows h3 "^-- host2~$tail4 has left$"
wait_for "is not here any more" 30 shows_not h3 "^here:.* host2~$tail4"
keys_of h3 "/msg host2~$tail4 x\r"
wait_for "nothing is sent there" 30 shows h3 "^\[not here: host2~$tail4\] x$"
up h4
wait_for "who comes back" 60 shows h3 "^-- host2~$tail4 is here$"
wait_for "is here" 30 shows h3 "^here:.* host2~$tail4"
keys_of h3 "/msg host2~$tail2 bye\r/quit\r"
wait_for "what is on its way arrives" 30 shows h2 '^\[from host3\] bye$'
wait "${pid[h3]}"
is "it ends when it is told to" $? 0
terminal h3
wait_for "the latest at the start" 30 shows h3 '<host1> still here$'
wait_for "all of them" 30 shows h3 '<host3> line 30$'
kill "${pid[h1]}"
wait "${pid[h1]}"
is "a signal ends it" $? 0
keys_of h2 '\x04'
wait "${pid[h2]}"
is "it ends at the end of the input" $? 0
check_fails "no such group" eval "PEERGROUP_HOME=$T/h2 pg-in h2 '$CHAT' nothing"
check_fails "no terminal" eval "PEERGROUP_HOME=$T/h2 pg-in h2 '$CHAT' g < /dev/null"
is "nothing went wrong" "$(cat "$T"/h?.errors)" ""
done_testing
