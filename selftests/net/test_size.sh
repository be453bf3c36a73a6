#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Records of 0 bytes, 1 MiB, exactly the limit and one more: what is added is
# what arrives, and what is too large is refused where it is added and passed
# over where only the receiver's limit is lower.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 2
make_group 2
up h1
up h2 --connect 10.88.0.1
check "h2 is ready" becomes_ready h2

# file SIZE: a file of so many bytes
file() { head -c "$1" /dev/urandom > "$T/data.$1" && echo "$T/data.$1"; }
add_file() { pg h1 add g --type "$TYPE" --expires 1h --json "$1" | field id; }
arrived() { pg h2 get g "$1" --data 2>/dev/null | cmp -s - "$2"; }

for size in 0 1 32768 65536 200000 1048576; do
	f=$(file $size)
	id=$(add_file "$f")
	wait_for "$size bytes arrive" 60 arrived "$id" "$f"
done

f=$(file 1048577)
check_fails "one byte over the limit is refused" pg h1 add g --type "$TYPE" --expires 1h "$f"

is "a limit that cannot be so says what it can be" "$(pg h1 limits g links=5000 2>&1)" \
	"peergroup: links=5000: integer out of range: 1 to 1024"
pg h1 limits g record_size=4096 > /dev/null
pg h2 limits g record_size=4096 > /dev/null
f=$(file 4096)
id=$(add_file "$f")
wait_for "a record of the limit arrives" 60 arrived "$id" "$f"
f=$(file 4097)
check_fails "a record of the limit and one is refused" pg h1 add g --type "$TYPE" --expires 1h "$f"

pg h1 limits g record_size=8192 > /dev/null
big=$(add_file "$f")
small=$(add_file "$(file 100)")
wait_for "what is over the receiver's own limit is counted there" 60 stat_at_least h2 refused_size 1
wait_for "the next record gets through on the same link" 60 arrived "$small" "$T/data.100"
check "the large one does not" has_no h2 "$big"
check "the link never went down" stat_is h2 links_down 0

pg h2 limits g record_size=8192 > /dev/null
quick_timers h1
quick_timers h2
wait_for "with a higher limit the large one comes after all" 60 arrived "$big" "$f"
done_testing
