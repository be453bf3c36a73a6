#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An address that was disconnected from is not dialled again by the next "up", in whatever form
# it was written; the others are.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

NOT_FOUND=3

# dials: the addresses that h1 keeps links to
dials() { pg h1 links g | awk '$3 == "out" || $4 == "out" { print $1 }' | sort | xargs; }
# again: h1 goes down and up
again() { pg h1 down g > /dev/null && pg h1 up g > /dev/null; }

load_module
mesh 1
make_group 1
up h1 --connect 10.88.0.7 --connect 10.88.0.8:4000 --connect fd88::9
ALL="10.88.0.7:3587 10.88.0.8:4000 [fd88::9]:3587"
is "three are dialled" "$(dials)" "$ALL"
check "down and up" again
is "and again by the next up" "$(dials)" "$ALL"
check "one is disconnected" pg h1 disconnect g 10.88.0.7:3587
check "another, written otherwise" pg h1 disconnect g '[fd88:0:0::9]'
is "the third stays" "$(dials)" 10.88.0.8:4000
check "down and up" again
is "no other is dialled" "$(dials)" 10.88.0.8:4000
pg h1 disconnect g 10.88.0.7 2> "$T/said"
is "what is not dialled is not found" $? $NOT_FOUND
check "with another port it is another" eval "! pg h1 disconnect g 10.88.0.8"
check "down and up" again
is "which is none of that" "$(dials)" 10.88.0.8:4000
check "the last" pg h1 disconnect g 10.88.0.8:4000
check "down and up" again
is "none is dialled" "$(dials)" ""
check "one is connected to again" pg h1 connect g 10.88.0.7
check "down and up" again
is "and remembered" "$(dials)" 10.88.0.7:3587

# What could not be forgotten is by the next try, though there is no link by then.
check "another is connected to" pg h1 connect g 10.88.0.8
{ mount --bind "$T/h1" "$T/h1" && mount -o remount,bind,ro "$T/h1"; } || bail_out "not read-only"
pg h1 disconnect g 10.88.0.8 2> "$T/said"
is "where nothing can be written that fails" $? 1
check "and it is said that it is dialled again" grep -q "dialled again" "$T/said"
umount "$T/h1"
is "the link has ended" "$(dials)" 10.88.0.7:3587
pg h1 disconnect g 10.88.0.8 2> "$T/said"
is "once more does it" $? 0
is "without a word" "$(cat "$T/said")" ""
pg h1 disconnect g 10.88.0.8 2> "$T/said"
is "there is nothing left to do then" $? $NOT_FOUND
check "as is said" grep -q "no link is kept to that address" "$T/said"
check "down and up" again
is "it is not dialled" "$(dials)" 10.88.0.7:3587
done_testing
