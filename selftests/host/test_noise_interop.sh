#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's Noise engine and an independent implementation (in Go, of Debian's
# golang-github-flynn-noise-dev) understand each other over TCP, in both roles.
#
# shellcheck disable=SC2317 # functions are called by check()
. "$(dirname "$0")/../lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
ours=${PG_BUILD:-$here/../../build}/selftests/host/noise_interop
T=$(mktemp -d)
at_exit rm -rf "$T"

command -v go > /dev/null || skip_all "no Go (golang-go)"
[ -d /usr/share/gocode/src/github.com/flynn/noise ] ||
	skip_all "no golang-github-flynn-noise-dev"
[ -x "$ours" ] || bail_out "$ours is not built"

build() {
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$T/cache GOFLAGS='' CGO_ENABLED=0 \
		go build -o "$T/theirs" "$here/noise_interop.go"
}

# meet OUR-ROLE THEIR-ROLE FRAMES REKEY [THEIR-REKEY]
meet() {
	local port status=0
	mkfifo "$T/port"
	timeout 600 "$ours" "$1" "$3" "$4" > "$T/port" &
	read -r port < "$T/port"
	rm "$T/port"
	timeout 600 "$T/theirs" "$2" "127.0.0.1:$port" "$3" "${5-$4}" || status=1
	wait $! && return "$status"
}

check "the other implementation builds" build || done_testing
check "we call, they answer" meet initiator responder 50 1000
check "they call, we answer" meet responder initiator 50 1000
check "we call, with new keys every 7 frames" meet initiator responder 2100 7
check "they call, with new keys every 7 frames" meet responder initiator 2100 7
check_fails "keys changed at different times are noticed" meet initiator responder 20 7 8
done_testing
