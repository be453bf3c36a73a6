#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
#
# Hosts' network namespaces go while their groups are kept there: the neighbours are told
# while there still are interfaces.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 3
make_group 3
up_mesh 3
check "h2 is ready" becomes_ready h2
wait_for "h2 has two links" 100 linked h2 2
ip netns delete h1
ip netns delete h3
wait_for "the links of h2 end" 100 links_are h2 0
is "and not as the others were silent for too long" "$(stat_of h2 link_timeout)" 0
check "the module goes" unload_module
done_testing
