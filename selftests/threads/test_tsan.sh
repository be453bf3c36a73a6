#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# long: ThreadSanitizer in an emulated machine
# timeout: 900
# valgrind: no: it is something like it
# memory: 3072
#
# test_threads, built with ThreadSanitizer together with the library: no memory is shared
# without a lock. What is not ours and was not built so is left out (tsan.supp). User-mode
# Linux has no room for it: its programs' addresses end where the sanitizer's shadow begins.
. "$(dirname "$0")/../lib.sh"

program=$PG_BUILD/selftests/threads/threads_tsan
[ -x "$program" ] || skip_all "built by make selftests LONG=1 only"
! grep -q 'User Mode Linux' /proc/cpuinfo || skip_all "no room for ThreadSanitizer here"

export PG_ROUNDS=${PG_ROUNDS-1}
TSAN_OPTIONS="suppressions=$(dirname "$0")/tsan.supp exitcode=66 history_size=4" "$program"
