#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long:
#
# Programs that were linked to an earlier library go on working with this one: nothing
# that libpeergroup/peergroup.abi describes is missing or of another shape. What is new
# may be there; "test_abi.sh --write" takes it down, once it is to stay.

here=$(dirname "$(readlink -f "$0")")
source=$here/../../libpeergroup
abi=$source/peergroup.abi
lib=${PG_BUILD:-$here/../../build}/libpeergroup/libpeergroup.so

describe() {
	abidw --headers-dir "$source/include" --drop-private-types --exported-interfaces-only \
		--no-corpus-path --no-comp-dir-path --no-show-locs --type-id-style hash "$1"
}

[ "${1-}" != --write ] || {
	described=$(describe "$lib") && printf '%s\n' "$described" > "$abi"
	exit
}

count=0
check() {	# TEXT COMMAND...; what the command says is shown where it fails
	local text=$1 said
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $count $text"
	else
		echo "not ok $count $text"
		printf '# %s\n' "${said//$'\n'/$'\n'# }"
	fi
}

same() { abidiff --no-added-syms "$abi" "$1"; }
new() { abidiff "$abi" "$1"; }
differs() { ! same "$1" > /dev/null; }
# The description with one of its lines altered.
spoil() {
	sed "$1" "$abi" > "$dir/spoilt.abi"
	! cmp -s "$abi" "$dir/spoilt.abi"
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

echo "TAP version 13"
check "the library can be described" describe "$lib"
describe "$lib" > "$dir/now.abi"
check "what there was is there as it was" same "$dir/now.abi"
check "what is new has been taken down" new "$dir/now.abi"
spoil 's/PeerGroupAddRecord/PeerGroupPutRecord/g' &&
	check "that a function is lost is seen" differs "$dir/spoilt.abi"
spoil "s/'peergroup_attribute' size-in-bits='192'/'peergroup_attribute' size-in-bits='256'/" &&
	check "that a structure grows is seen" differs "$dir/spoilt.abi"
echo "1..5"
