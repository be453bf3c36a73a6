#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 200
#
# Another user of the host, who has the same keys: the group is not there, and
# cannot be made, until its owner lets that user in, by command and library.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../group.sh"

load_module
mesh 1
make_group 1
up h1
chmod 755 "$T"
cp -r "$T/h1" "$T/nobody"
chown -R 65534:65534 "$T/nobody"
# The tree may lie where that user cannot look.
mkdir "$T/bin"
cp -L "$PG_BUILD/tools/peergroup" "$PG_BUILD"/libpeergroup/libpeergroup.so.0 "$T/bin"

# nobody ARGUMENT...: the command as another user, without any capability
nobody() {
	PEERGROUP_HOME=$T/nobody LD_LIBRARY_PATH=$T/bin ip netns exec h1 setpriv \
		--reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$T/bin/peergroup" "$@"
}
# ends_with CODE COMMAND...
ends_with() {
	local code=$1 got=0
	shift
	"$@" > /dev/null 2>&1 || got=$?
	[ $got = "$code" ] || { echo "# exit code $got"; return 1; }
}
put() { "$@" add g --type "$TYPE" --expires 1h --data text; }

id=$(put pg h1)
check "a new group is its maker's" [ "$(info h1 uid):$(info h1 mode)" = 0:0600 ]
check "to others it is not there" ends_with 3 nobody info g
check "and they may not make it" ends_with 4 nobody up g
check "nor change it" ends_with 3 nobody chmod 666 g

check "chmod" pg h1 chmod o+r g
check "others see it" nobody info g
check "others read it" nobody get g "$id"
check "others watch it" nobody watch g --since 0 --count 1 --timeout 600
check "but do not write to it" ends_with 4 put nobody
check "nor set its limits" ends_with 4 nobody limits g links=3

check "chmod by number" pg h1 chmod 606 g
check "others write to it" put nobody
check "there is nothing to execute" ends_with 2 pg h1 chmod 755 g

check "chown" pg h1 chown 65534:65534 g
check "by number or name" [ "$(info h1 uid):$(info h1 gid)" = 65534:65534 ]
check "the owner sets limits" nobody limits g links=3
check "but to no more than the host grants" ends_with 4 nobody limits g links=1000
check "and mode" nobody chmod 600 g
check "but does not give it away" ends_with 4 nobody chown 1 g
check "who has CAP_NET_ADMIN still may" pg h1 limits g creator_rate=1000 creator_bytes=1M
check "and lets the group go" pg h1 down g
done_testing
