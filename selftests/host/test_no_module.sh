#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the module is not loaded every command says so in the same words, which name
# what to do.
. "$(dirname "$0")/../lib.sh"

[ ! -d /sys/module/peergroup ] || skip_all "the module is loaded"
T=$(mktemp -d)
at_exit rm -rf "$T"
export PEERGROUP_HOME=$T LD_LIBRARY_PATH=$PG_BUILD/libpeergroup
NO_MODULE=5
WORDS="the kernel module peergroup is not loaded (as root: modprobe peergroup)"

says() {
	local status
	"$PG_BUILD/tools/peergroup" "$@" > /dev/null 2> "$T/err"
	status=$?
	[ $status -eq $NO_MODULE ] || echo "exit status $status"
	grep -qF "$WORDS" "$T/err" || cat "$T/err"
}

"$PG_BUILD/tools/peergroup" identity create --name host > /dev/null
for command in "create g" groups info links members stats limits "stats --all" \
	"disconnect g 192.0.2.1" "chmod 600 g"; do
	# shellcheck disable=SC2086 # words
	is "peergroup $command" "$(says $command)" ""
done
done_testing
