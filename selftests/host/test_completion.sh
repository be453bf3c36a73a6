#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The completion for bash: it offers the names of groups, which others have chosen,
# as they are, and runs nothing that is in them.
#
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"
TOP=${PG_TOP:-$(realpath "$(dirname "$0")/../..")}

# In place of the command.
peergroup() {
	case $1 in
	groups)	printf '%s\n' "Lab \$(touch $T/run)" "\`touch $T/run\`" 'two words' plain ;;
	esac
}

# What is offered for the last of the words given, one a line.
offered() {
	COMP_WORDS=(peergroup "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_peergroup
	printf '%s\n' "${COMPREPLY[@]}"
}

# shellcheck source=tools/completion/peergroup
. "$TOP/tools/completion/peergroup"

is "commands" "$(offered prop)" properties
is "groups, by what their names begin with" "$(offered list p)" plain
is "a name of two words is quoted" "$(offered list two)" 'two\ words'
is "and goes on from where it was quoted" "$(offered list 'two\ w')" 'two\ words'
mapfile -t names < <(offered list '')
is "all names are there" ${#names[@]} 4
eval "set -- ${names[*]}"
is "quoted, a name is one word and as it is" "$1|$2" "Lab \$(touch $T/run)|\`touch $T/run\`"
is "nothing that is in a name was run" "$(ls "$T")" ''
done_testing
