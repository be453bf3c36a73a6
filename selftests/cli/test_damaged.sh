#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A group whose folder is damaged keeps nobody from the others, is seen, and can be left,
# also while it is in the kernel.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

# listed: the names of the groups, in one line; $T/said is what is said beside them
listed() { pg h1 groups --names 2> "$T/said" | sort | xargs; }

# said: that one is damaged
said() { grep -q damaged "$T/said"; }

# folder NAME: of the group of that friendly name
folder() { dirname "$(grep -l "^friendly=$1\$" "$T"/h1/groups/*/*/info)"; }

# running: how many groups the kernel has
running() { times '"running": true' "$(pg h1 groups --json 2> /dev/null)"; }

# without FILE GROUP: h1's group loses a file
without() { rm "$(folder "$2")/$1"; }

load_module
mesh 1
make_group 1
for name in lost bare; do
	pg h1 create "$name" > /dev/null || bail_out "cannot create $name"
done
up h1
pg h1 up lost > /dev/null || bail_out "lost is not up"
is "three groups" "$(listed)" "bare g lost"
check_fails "nothing is said of damage" said

without chain.pem lost
is "one without certificates is listed" "$(listed)" "bare g lost"
check "and said to be damaged" said
check_fails "it cannot be used" pg h1 list lost
check "another can" pg h1 add g --type "$TYPE" --data x
is "both are in the kernel" "$(running)" 2
check "it can be left although it is up" pg h1 leave lost
is "and is gone" "$(listed)" "bare g"
is "from the kernel, too" "$(running)" 1
check_fails "nothing is said of damage any more" said

without info bare
is "one that does not say its name is not listed" "$(listed)" g
check "but said to be damaged" said
pg h1 up bare > "$T/said" 2>&1
is "it is not found by name" $? 3
check "and why not is said" said
check_fails "a group that is up and whole cannot be left" pg h1 leave g
done_testing
