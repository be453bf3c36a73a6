#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long: Wine takes a minute to start for the first time
# kernel: uml
# memory: 3072
# timeout: 600
#
# A program for Windows that Winelib builds: its own windows.h, its own events and
# its own window's loop, with this project's <p2p.h> and library.
. "$(dirname "$0")/../lib.sh"

winegcc=$(command -v winegcc || command -v winegcc-stable) || skip_all "no winegcc here"
wine=$(command -v wine64 || ls /usr/lib/wine/wine64 2> /dev/null) || skip_all "no wine64 here"
source=$(readlink -f "$(dirname "$0")/record.c")
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# build NAME OPTION...
build() {
	local name=$1
	shift
	"$winegcc" -m64 -Wall -Wextra -Werror "$@" -I"$PG_TOP/libpeergroup/include" \
		-I"$PG_TOP/kmod/include/uapi" -o "$T/$name" "$source" \
		-L"$PG_BUILD/libpeergroup" -lpeergroup
}

in_wine() {
	env HOME="$T" WINEPREFIX="$T/prefix" WINEDEBUG=-all \
		WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=d" \
		LD_LIBRARY_PATH="$PG_BUILD/libpeergroup" "$wine" "$@"
}

# run NAME ARG...: its output, with the carriage returns of Windows' text files taken out
run() {
	local name=$1
	shift
	in_wine "$T/$name.exe.so" "$@" > "$T/out" 2> "$T/err"
	echo "status $?" >> "$T/out"
	tr -d '\r' < "$T/out"
	sed 's/^/# /' "$T/err" >&2
}

load_module
check "it compiles as it is" build record
check "it compiles with a wchar_t of 16 bits" build short -fshort-wchar
check "Wine starts" in_wine wineboot --init
out=$(run record hello world)
is "it is told of its records, in their order" \
	"$(grep '^record' <<< "$out")" $'record: hello\nrecord: world'
check "it is told of the group's status" grep -qx "event 1" <<< "$out"
is "it ends without a failed call" "$(tail -n 2 <<< "$out")" $'ended\nstatus 0'
check_fails "it deleted its group" compgen -G "$T/.local/share/peergroup/*/groups/*"
is "so does the one with the short wchar_t" "$(run short again | tail -n 3)" \
	$'record: again\nended\nstatus 0'
unload_module
done_testing
