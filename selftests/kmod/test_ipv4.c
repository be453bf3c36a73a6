// SPDX-License-Identifier: GPL-2.0-only
// append: ipv6.disable=1
/*
 * A kernel that was told to do without IPv6: what others say of addresses there is passed
 * over, and whatever IPv4 can do is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define S(name)	PEERGROUP_A_STATS_##name

static struct nl nl;
static struct cert root, own, other;
static uint32_t group;

static void be_at(uint64_t node, const char *address)
{
	struct rec rec;

	rec_presence(&rec, &other, node, PORT, &address, 1);
	rec_sign(&rec, &other);
	CHECK(!nl_put_record(&nl, group, rec.wire, rec.len), "%s: %s", address, nl.text);
	rec_free(&rec);
}

static void test_linked(void)
{
	struct peer p;

	peer_link(&p, PORT, &other);
	CHECK(nl_count(&nl, PEERGROUP_CMD_LINK_GET, PEERGROUP_A_LINK_GROUP, group) == 1);
	peer_close(&p);
}

/* Nobody answers at the second, to which there is no way. */
static void test_found(void)
{
	be_at(1, "2001:db8::1");
	be_at(2, "::ffff:198.51.100.1");
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_ACTIVE_VIEW, 5));
	CHECK(wait_stat(&nl, group, S(LINKS_FAILED), 3), "nobody is dialled");
}

static void test_nothing_left(void)
{
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a link by IPv4", test_linked },
		{ "nodes that say where they are by IPv6", test_found },
		{ "nothing is left behind", test_nothing_left },
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	NEED(fd < 0 && errno == EAFNOSUPPORT);
	need_module();
	own_namespace();
	NEED(!system("ip route add unreachable 198.51.100.0/24"));
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&other, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_ACTIVE_VIEW, 0));
	group_online(&nl, group, &own, PORT);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
