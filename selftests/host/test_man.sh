#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual: a page for each symbol that the library exports, pages without
# warnings, result codes that exist, and the command's own help in peergroup(1). What
# the headers' comments leave out makes no page: each kind of gap is tried.
#
# shellcheck disable=SC2013,SC2016 # words are wanted, and patterns not expanded
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"
TOP=${PG_TOP:-$(realpath "$(dirname "$0")/../..")}
PG_BUILD=${PG_BUILD:-$TOP/build}
MAN=$T/share/man

# In a folder of its own, so that this never meets a build.
check "make install" make -C "$TOP/Documentation" O="$T/out" PREFIX="$T" install
check "make install once more" make -C "$TOP/Documentation" O="$T/out" PREFIX="$T" install

# From here on files are looked into by the shell itself: a program for each symbol and
# page were some thousands.
map=$(< "$TOP/libpeergroup/libpeergroup.map")
exported() { [[ $map == *$'\n\t'"$1;"$'\n'* ]]; }

missing=''
for symbol in $(sed -n 's/^\t\([A-Za-z0-9_]*\);$/\1/p' "$TOP/libpeergroup/libpeergroup.map"); do
	page=$MAN/man3/$symbol.3
	# A page may be a link to another, by which it has to be named.
	if [ ! -s "$page" ]; then
		missing+=" $symbol"
	elif read -r so target < "$page" && [ "$so" = .so ]; then
		[[ $(< "$MAN/$target") == *"$symbol"* ]] || missing+=" $symbol"
	fi
done
is "each exported symbol has a page" "$missing" ''

missing=''
leads=$(< "$MAN/man3/libpeergroup.3")
for symbol in $(sed -n 's/^\t\([Pp]eer[A-Za-z0-9_]*\);$/\1/p' "$TOP/libpeergroup/libpeergroup.map"); do
	[[ $leads == *$'\n'".Xr $symbol 3"* ]] || missing+=" $symbol"
done
is "libpeergroup.3 leads to each function" "$missing" ''

stray=''
for page in "$MAN"/man3/*.3; do
	symbol=${page##*/}
	symbol=${symbol%.3}
	[ "$symbol" = libpeergroup ] || exported "$symbol" || stray+=" $symbol"
done
is "and no page is about anything else" "$stray" ''

# Each argument that is in the synopsis is explained, and fits into a line: of 80 columns
# groff leaves 71 to it and its comma, and breaks it nowhere.
missing='' long=''
for page in "$MAN"/man3/Peer*.3 "$MAN"/man3/peergroup_*.3; do
	text=$(< "$page")
	synopsis=${text#*$'\n.Fo '}
	while read -r line; do
		[[ $line == '.Fa "'* && $line != '.Fa "void"' ]] || continue
		[ ${#line} -le 76 ] || long+=" ${page##*/}:$line"
		[[ $line =~ \(\*([A-Za-z_0-9]+)\) || $line =~ ([A-Za-z_0-9]+)\"$ ]]
		[[ $text == *$'\n'".It Fa ${BASH_REMATCH[1]}"$'\n'* ]] ||
			missing+=" ${page##*/}:${BASH_REMATCH[1]}"
	done <<< "${synopsis%%$'\n.Fc'*}"
done
is "each argument is described" "$missing" ''
is "and has room in a line" "$long" ''

# An example compiles as it is shown: with the headers that it names, or else that of the
# synopsis. What is the program's own is here: a group, a result, a type, and use().
compiles() {
	local page text source status=0 count=0
	for page in "$MAN"/man3/*.3; do
		text=$(< "$page")
		[[ $text == *$'\n.Sh EXAMPLES\n'* ]] || continue
		source=$T/${page##*/}.c
		text=${text#*$'\n.Sh EXAMPLES\n.Bd -literal'*$'\n'}
		text=${text%%$'\n.Ed'*}
		text=${text//\\e/\\}
		text=${text//$'\n\\&'/$'\n'}
		text=${text#'\&'}
		{
			if [[ $text == *'#include <'* ]]; then
				grep '^#include' <<< "$text"
			else
				sed -n '/^\.In /{s/^\.In \(.*\)/#include <\1>/p;q}' "$page"
			fi
			echo "extern HGROUP group; extern HRESULT hr; extern const GUID MY_TYPE;"
			echo "void use(const void *what); void example(void);"
			printf 'void example(void)\n{\n%s\n}\n' "$(grep -v '^#include' <<< "$text")"
		} > "$source"
		${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -Wno-unused-but-set-variable -fsyntax-only \
			-I"$TOP/libpeergroup/include" -I"$TOP/kmod/include/uapi" "$source" || status=1
		count=$((count + 1))
	done
	echo "$count examples"
	[ $status -eq 0 ] && [ $count -ge 7 ]
}
check "the examples compile" compiles

# Errors that a case of the conformance suite brings about.
missing='' rules=0 of=''
while IFS=$'\t' read -r rule where _; do
	[[ $rule == Peer*\ *[A-Z]_* && $where != "- "* && ${rule#* } != S_OK ]] || continue
	rules=$((rules + 1))
	[ "$of" = "${rule% *}" ] || text=$(< "$MAN/man3/${rule% *}.3")
	of=${rule% *} code=${rule#* }
	[[ $text == *$'\n.It '@(Bq Er|Dv)" $code"$'\n'* ||
	   $text == *$'\n.It Bq Er "'"HRESULT_FROM_WIN32($code)\""* ]] || missing+=" $of:$code"
done < "$TOP/selftests/api/rules.tsv"
is "a page has each error that conformance.rst has of its function" "$missing" ''
check "which are some hundred" test "$rules" -gt 200

# A page that speaks of FAMILY_* has what is called so.
missing='' families=0
while IFS=: read -r page family; do
	families=$((families + 1))
	[[ $(< "$page") == *$'\n'".It Dv ${family%\*}"* ]] || missing+=" ${page##*/}:$family"
done < <(grep -oE '\b[A-Z][A-Z_]*_\*' "$MAN"/man3/*.3 | sort -u)
is "a page lists the values whose family it names" "$missing" ''
check "which are some" test "$families" -gt 10

# gap WHAT HEADER SED MESSAGE: with the header changed so there are no pages, but a message
# that begins with what is missing.
gap() {
	local output status=0
	rm -rf "$T/gap"
	mkdir "$T/gap"
	cp "$TOP"/libpeergroup/include/p2p.h "$TOP"/libpeergroup/include/peergroup.h "$T/gap"
	cp "$TOP/kmod/include/uapi/linux/peergroup.h" "$T/gap/kernel.h"
	sed -i "$3" "$T/gap/$2"
	output=$("$TOP/Documentation/gen-man" "$TOP/libpeergroup/hresult.c" "$T/gap/kernel.h" \
		"$T/gap/man3" "$T/gap/p2p.h" "$T/gap/peergroup.h" 2>&1) || status=1
	is "no pages: $1" "$status $(ls "$T/gap") ${output:0:${#4}}" "1 kernel.h
p2p.h
peergroup.h $4"
}
# plain NAME: makes the comment before NAME one that is not for the manual
plain() { printf '/^\\/\\*\\*$/{N;s/\\*\\*\\n \\* %s - /*\\n * %s - /}' "$1" "$1"; }
gap "a function without a comment" p2p.h "$(plain "PeerGroupGetStatus")" \
	"p2p.h: PeerGroupGetStatus has no comment"
gap "an argument that is not described" p2p.h '/^ \* @pdwStatus: /d' \
	"PeerGroupGetStatus: @pdwStatus is not described"
gap "one described that there is not" p2p.h 's/^ \* @pdwStatus: /&it\n * @pStatus: /' \
	"PeerGroupGetStatus: there is no @pStatus"
gap "a field that is not described" p2p.h '/^ \* @securityData: /d' \
	"PEER_RECORD: @securityData is not described"
gap "an enumerator that is not described" p2p.h '/^ \* @PEER_MEMBER_LEFT: /d' \
	"PEER_MEMBER_CHANGE_TYPE: @PEER_MEMBER_LEFT is not described"
gap "a structure without a comment" peergroup.h "$(plain "struct peergroup_status")" \
	"peergroup.h: peergroup_status has no comment"
gap "a constant without a comment" p2p.h "$(plain "PEER_GROUP_ROLE_ADMIN")" \
	"p2p.h: PEER_GROUP_ROLE_ADMIN has no comment"
gap "a code that nothing explains" p2p.h 's/^ \* \* E_INVALIDARG: @pdwStatus .*/ * * E_PENDING/' \
	"PeerGroupGetStatus: E_PENDING does not mean the same everywhere"
gap "no word about the result" p2p.h '/^ \* PeerGroupGetStatus - /,/^ \*\//{/Return: /d}' \
	"PeerGroupGetStatus: what it returns is not described"
gap "a comment without a summary" p2p.h 's/^ \* PeerGroupGetStatus - / * PeerGroupGetStatus: /' \
	'p2p.h: a comment begins with "PeerGroupGetStatus: tell'
gap "a function that there is not" p2p.h 's/^ \* See: peergroup_status()/&, PeerGroupGetState()/' \
	"PeerGroupGetStatus: there is no PeerGroupGetState()"
gap "a family of values that there is not" peergroup.h 's/PEERGROUP_LINK_\*/PEERGROUP_LNK_*/' \
	"peergroup_watch_next: nothing is called PEERGROUP_LNK_*"
gap "a value that is not described" kernel.h '/PEERGROUP_CHANGE_EXPIRED/s,/\*.*,,' \
	"peergroup_watch_next: PEERGROUP_CHANGE_EXPIRED is not described"

pages=()
for page in "$MAN"/man*/*; do
	[[ $(< "$page") == .so\ * ]] || pages+=("$page")
done
# As web pages: one each, and whatever leads to one of them leads somewhere.
web() {
	local html=$T/out/html link
	make -C "$TOP/Documentation" O="$T/out" html || return 1
	(cd "$MAN" && printf '%s.html\n' man*/*) | sed 's,.*/,,' | sort > "$T/pages"
	grep -o 'href="[^"]*"' "$html/index.html" | cut -d '"' -f 2 | sort > "$T/listed"
	diff "$T/pages" "$T/listed" || return 1
	# Others lead to other manuals, which are not here.
	for link in $(grep -oh 'href="[^"#]*\.html"' "$html"/* | cut -d '"' -f 2 | sort -u |
		      grep -i '^\(lib\)\?peer'); do
		[ -s "$html/$link" ] || { echo "no $link"; return 1; }
	done
}
if command -v mandoc > /dev/null; then
	check "the same as web pages" web
else
	skip "the same as web pages" "no mandoc"
fi

lint() {
	local output
	if command -v mandoc > /dev/null; then
		output=$(mandoc -T lint -W warning "${pages[@]}")
	else
		output=$(for page in "${pages[@]}"; do
			LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" 2>&1 > /dev/null
		done)
	fi
	[ -z "$output" ] || { echo "$output"; return 1; }
}
if command -v mandoc > /dev/null || command -v man > /dev/null; then
	check "no warnings about the ${#pages[@]} pages" lint
else
	skip "no warnings about the ${#pages[@]} pages" "neither mandoc nor man"
fi

# No line is longer than a terminal's. (What peergroup.1 shows is wide.)
wide() {
	local output page wanted=()
	for page in "${pages[@]}"; do
		[[ $page == */man1/* ]] || wanted+=("$page")
	done
	output=$(mandoc -T ascii -O width=80 "${wanted[@]}" | col -bx | grep '.\{81\}')
	[ -z "$output" ] || { echo "$output"; return 1; }
}
if command -v mandoc > /dev/null; then
	check "no line of more than 80 columns" wide
else
	skip "no line of more than 80 columns" "no mandoc"
fi

# Result codes and other constants of the API in pages and the pages in *.rst.
unknown=''
headers=$(cat "$TOP"/libpeergroup/include/*.h "$TOP"/kmod/include/uapi/linux/*.h)
for code in $(cat "${pages[@]}" "$TOP"/Documentation/*.rst | grep -v '^\.\(\\"\|Dt\)' |
		grep -oE '\b(PEER|PEERGROUP|PNRP|E|S|ERROR|RPC_S|CRYPT_E)_[A-Z_0-9]*[A-Z0-9]\b' | sort -u); do
	[[ $headers == *[!A-Za-z0-9_]"$code"* ]] || unknown+=" $code"
done
unknown=${unknown/ PEERGROUP_HOME/}
unknown=${unknown/ PEERGROUP_LIBRARY/}
is "each constant that is named exists" "$unknown" ''

# Functions that are named exist, and so do pages that are referred to.
unknown=''
for name in $(cat "${pages[@]}" "$TOP"/Documentation/*.rst "$TOP/README.md" |
		grep -oE '\b(peergroup_[a-z0-9_]+\(|(Fn|Xr) (peergroup_[a-z0-9_]+|Peer[A-Za-z]+)|Peer(Group|Identity|Enum|Get|Free|End)[A-Za-z]+\()' |
		sed 's/^Fn //; s/^Xr //; s/($//' | sort -u); do
	exported "$name" || unknown+=" $name"
done
is "each function that is named exists" "$unknown" ''

# What a comment says a call returns is what its page says.
lost=''
for page in "$MAN"/man3/Peer*.3 "$MAN"/man3/peergroup_*.3; do
	text=$'\n'$(< "$page")
	[[ $text != $'\n'.so\ * ]] || continue
	for section in NAME LIBRARY SYNOPSIS DESCRIPTION "SEE ALSO"; do
		[[ $text == *$'\n'".Sh $section"$'\n'* ]] || lost+=" ${page##*/}:$section"
	done
done
is "each page has its sections" "$lost" ''

page=$(find "$MAN/man1" -name peergroup.1 2> /dev/null)
if [ -z "$page" ]; then
	skip "peergroup.1 has each command" "there is no peergroup.1"
elif [ ! -x "$PG_BUILD/tools/peergroup" ]; then
	skip "peergroup.1 has each command" "the command is not built"
else
	missing='' lost=''
	export LD_LIBRARY_PATH=$PG_BUILD/libpeergroup
	for command in $("$PG_BUILD/tools/peergroup" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		grep -qw "$command" "$page" || missing+=" $command"
		help=$("$PG_BUILD/tools/peergroup" "$command" --help)
		[[ $help == *"Example: "*"peergroup $command "* ]] || lost+=" $command"
	done
	is "peergroup.1 has each command" "$missing" ''
	is "the help of each shows an example" "$lost" ''
fi

# Limits, by the names that the header gives them.
missing=''
for limit in $(sed -n 's/^\tPEERGROUP_A_LIMIT_\([A-Z_]*\)[ ,].*/\1/p' \
		"$TOP/kmod/include/uapi/linux/peergroup.h" | tr '[:upper:]' '[:lower:]'); do
	case $limit in pad|max) continue;; esac
	grep -q "^\.It $limit$" "$MAN/man7/peergroup.7" || missing+=" $limit"
	grep -qw "$limit=" "$TOP/tools/completion/peergroup" || missing+=" $limit="
done
is "peergroup.7 and the completion have each limit" "$missing" ''
done_testing
