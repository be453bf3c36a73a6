#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
#
# The command of another user of the host: a group is not there until its owner
# lets that user read it, and a new mode counts at once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 1
make_group 1
up h1

nobody() { pg_as nobody "$@"; }
