#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# A group with a password: hosts join by it, not with a wrong one, where somebody answers;
# an administrator who was told it, too. Hosts keep no password. Garbage, openings that
# are repeated, and floods of them are refused and counted.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"
quick_passwords

NOT_AUTHORISED=4
PASSWORD="correct horse battery"

exits() {
	local expected=$1
	shift
	"$@" > /dev/null 2>&1
	[ $? -eq "$expected" ]
}

# joins HOST: its invitation is the group's
joins() { pg "$1" join --password-file "$T/pw" "$T/g.inv"; }
up_by() { pg "$1" up g --connect "$2"; }
role_is() { pg "$1" members g | grep -q "^$2  *$3 "; }
told() { grep -q "another password" "$T/answers.$1"; }
answering() { grep -qs answering "$T/answers.$1"; }

# answer HOST: in the background, until stop_answer HOST
answer() {
	# What it said the last time is not to be taken for this.
	rm -f "$T/answers.$1"
	PEERGROUP_HOME=$T/$1 pg-in "$1" peergroup answer g > "$T/answers.$1" 2>&1 &
	eval "answer_$1=$!"
	until_true 20 answering "$1" || bail_out "$1 does not answer"
}

stop_answer() {
	local pid=answer_$1
	kill "${!pid}"
	wait "${!pid}"
}

# opening AUTHORITY: what who joins says first; the same nonce each time, a share that is none
opening() {
	python3 -I -S - "$1" <<-'PY'
		import hashlib, sys
		nonce = bytes(range(32))
		authority = bytes.fromhex(sys.argv[1][:40])
		hint = hashlib.sha256(b"peergroup password 1" + authority + nonce).digest()
		sys.stdout.buffer.write(b"peergrpw" + nonce + hint + bytes([2]) + bytes(31))
	PY
}

# flood N ADDRESS...: connections from h4 to each that say @opening and garbage, one after another
flood() {
	pg-in h4 python3 -I -S - "$T/opening" "$@" <<-'PY'
		import socket, sys
		opening = open(sys.argv[1], "rb").read()
		for address in int(sys.argv[2]) * sys.argv[3:]:
		    with socket.create_connection((address, 3587)) as s:
		        s.settimeout(20)
		        try:
		            s.sendall(opening + b"\x00\x40" + b"x" * 64)
		            while s.recv(4096):
		                pass
		        except OSError:
		            pass
	PY
}

load_module
mesh 5
make_group 1
make_identities h2 h3 h4 h5
check "who created it leaves the group of before" pg h1 leave g
echo short > "$T/bad"
check "a short password does not do" exits 1 pg h1 create --password-file "$T/bad" g
echo "$PASSWORD" > "$T/pw"
echo "wrong horse battery" > "$T/bad"
check "a group with a password" eval "pg h1 create --password-file $T/pw g > $T/name"
up h1
check "an invitation for everybody" eval "pg h1 invite --password g > $T/g.inv"
check_fails "there is no password in it" grep -q "$PASSWORD" "$T/g.inv"
check_fails "nor in what the host keeps" grep -rq "$PASSWORD" "$T/h1"
is "what it keeps instead is its own" \
	"$(find "$T/h1" -name password -perm 600 | wc -l)" 1

check "h2 joins with a wrong password" pg h2 join --password-file "$T/bad" "$T/g.inv"
check "nobody answers: it cannot be proved" exits 1 up_by h2 10.88.0.1
wait_for "which is counted" 20 stat_at_least h1 password_unanswered 1
answer h1
check "now it shows that it is wrong" exits $NOT_AUTHORISED up_by h2 10.88.0.1
wait_for "which is counted, too" 20 stat_at_least h1 password_failed 1
is "so it is no member yet" "$(find "$T/h2" -name chain.pem)" ""
check "it joins with the right one" joins h2
check "and then it is in" up_by h2 10.88.0.1
wait_for "and synchronises" 60 ready h2
check "as a member" role_is h2 host2 member
is "which keeps nothing of the password" "$(find "$T/h2" -name password)" ""
check "a member may not invite by password" exits $NOT_AUTHORISED pg h2 invite --password g
check "nor answer" exits $NOT_AUTHORISED pg h2 password --file "$T/pw" g
is "one was let in" "$(stat_of h1 password_issued)" 1

opening "$(cat "$T/name")" > "$T/opening"
check "garbage" flood 2 10.88.0.1
wait_for "is counted, as wrong as a password" 20 stat_at_least h1 password_failed 3
pg h1 limits g password_prefix_rate=2 password_rate=0 > /dev/null
check "a flood of openings" flood 5 10.88.0.1
wait_for "is held back, by where it comes from" 20 stat_at_least h1 password_rate 1
# From two prefixes, as one may share a place with that of the flood.
elsewhere() {
	local net
	for net in 10.89.0 10.90.0; do
		ip -n h1 address add $net.1/24 dev eth0 && ip -n h4 address add $net.4/24 dev eth0 ||
			return
	done
	flood 1 10.89.0.1 10.90.0.1
}
opened=$(stat_of h1 password_opened)
check "two from elsewhere" elsewhere
wait_for "are let say what they have to" 20 stat_at_least h1 password_opened $((opened + 1))
for net in 10.89.0 10.90.0; do
	ip -n h1 address del $net.1/24 dev eth0
	ip -n h4 address del $net.4/24 dev eth0
done
refused=$(stat_of h1 password_rate)
pg h1 limits g password_prefix_rate=0 password_rate=2 > /dev/null
check "a flood of openings, from wherever" flood 5 10.88.0.1
wait_for "is held back, by how many they are in all" 20 \
	stat_at_least h1 password_rate $((refused + 1))
# What follows is about passwords: how fast this machine is must not hold it back, too.
pg h1 limits g password_prefix_rate=0 password_rate=0 > /dev/null

check "an administrator by invitation" eval "pg h3 identity xml > $T/h3.id &&
	pg h1 invite --role admin --to $T/h3.id g > $T/h3.inv && pg h3 join $T/h3.inv"
up h3 --connect 10.88.0.1
wait_for "h3 is ready" 60 ready h3
check_fails "does not know the password" pg h3 answer g
check "is told it" pg h3 password --file "$T/pw" g
answer h3
stop_answer h1
check "h4 joins" joins h4
check "of it, by its address" up_by h4 10.88.0.3
wait_for "h4 synchronises" 60 ready h4
id=$(add h4)
check "what it publishes reaches h1, which does not answer" gets h1 "$id"
check "and there it is known" role_is h1 host4 member

echo "another horse battery" > "$T/pw2"
check "the creator sets another password" pg h1 password --file "$T/pw2" g
wait_for "h3, which answers, says that it does not any longer" 60 told h3
check "h5 has the one of before" joins h5
check "with which h3 lets nobody in" exits 1 up_by h5 10.88.0.3
is "so it is no member" "$(find "$T/h5" -name chain.pem)" ""
check_fails "h3 cannot be made to answer by it" pg h3 answer g
answer h1
check "h1 says that it is the wrong one" exits $NOT_AUTHORISED up_by h5 10.88.0.1
stop_answer h1
check "h3 is told the new one" pg h3 password --file "$T/pw2" g
check_fails "with which that of before is wrong there, too" up_by h5 10.88.0.3
cp "$T/pw2" "$T/pw"
check "h5 has the new one" joins h5
check "and h3, which was not started again, lets it in" up_by h5 10.88.0.3
wait_for "h5 synchronises" 60 ready h5
password=$(find "$T/h3" -name password)
sed -i /^mark=/d "$password"
check "a file without a mark, as before there were any, is told as such" eval \
	"pg h3 answer g 2>&1 | grep -q 'not known which'"

# Who answers does so for as long as there is a group.
ended() { ! kill -0 "$1" 2> "$T/err"; }
# ends HOST: it does, as a failure, and says why
ends() {
	local pid=answer_$1
	wait_for "who answered on $1 ends with it" 60 ended "${!pid}"
	kill "${!pid}" 2> "$T/err"
	wait "${!pid}"
	is "as a failure" $? 1
	check "and says why" grep -q "nobody is answered for 'g' any longer" "$T/answers.$1"
}
export PYTHONPATH=$PG_SELFTESTS/../libpeergroup/python PYTHONDONTWRITEBYTECODE=1
answer h1
check "the group is deleted by another program" eval "PEERGROUP_HOME=$T/h1 pg-in h1 python3 -S -c \
	'import peergroup, sys; peergroup.delete_group(sys.argv[1])' $(cat "$T/name")"
ends h1
check "h3 is told again" pg h3 password --file "$T/pw" g
answer h3
wait_for "the module is unloaded" 30 rmmod peergroup
ends h3
check "nothing leaks" no_leaks
done_testing
