#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# A host's network namespace goes while its group is kept there: the neighbours are told
# while there still are interfaces.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 2
make_group 2
up_mesh 2
check "h2 is ready" becomes_ready h2
is "h2 has one link" "$(links_of h2)" 1
ip netns delete h1
wait_for "the link of h2 ends" 100 stat_is h2 links_down 1
is "and not as h1 was silent for too long" "$(stat_of h2 link_timeout)" 0
check "the module goes" unload_module
done_testing
