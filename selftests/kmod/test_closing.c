// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Many connections that end while nothing gets through any more: each waits for its last word
 * to be acknowledged, and nobody else's end waits for them. Until they are gone they count.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define MANY	600U		/* a workqueue has no more than 512 works run at a time */
#define TRIES	3
#define S(name)	PEERGROUP_A_STATS_##name
#define L(name)	PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, other, member;
static uint32_t group;

/* With it down nothing is acknowledged, and nothing is an error either. */
static void set_loopback(bool up)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = up ? IFF_UP : 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

static void take_direct(struct nl *taker)
{
	struct nlmsghdr *msg;

	NEED(!nl_open(taker));
	msg = nl_begin(taker, PEERGROUP_CMD_GROUP_WATCH, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_TAKES, PEERGROUP_TAKES_DIRECT);
	NEED(!nl_talk(taker, msg, NULL, NULL));
}

static void connect_directly(struct peer *p)
{
	struct noise_meet m;

	meet_fill(&m, &member, NULL);
	m.meet.flags |= htobe16(PG_MEET_DIRECT);
	peer_connect(p, PORT);
	NEED(peer_handshake(p, &m) && peer_expect(p, PG_MSG_WELCOME));
}

static int open_directly(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_DIRECT_OPEN, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(0x7f000001));
	mnl_attr_put_strz(msg, PEERGROUP_A_LINK_PEER, "somebody");
	return nl_talk(&nl, msg, NULL, NULL);
}

static void count_ending(const struct nlmsghdr *msg, void *arg)
{
	if (nl_attr(msg, PEERGROUP_A_LINK_REASON))
		++*(unsigned int *)arg;
}

/* They have said that it is over. */
static bool all_ending(void *unused)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	unsigned int n = 0;

	(void)unused;
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	NEED(!nl_talk(&nl, msg, count_ending, &n));
	return n == MANY;
}

/* What was found out while all of them waited. */
struct found {
	unsigned int gone;	/* those that did not any more */
	int opened;		/* what who wants one more was told */
};

/* A group beside that one, and a neighbour of its, end behind so many connections. */
static struct found end_behind_many(void)
{
	static struct peer p[MANY], neighbour;
	struct found found;
	struct nl taker;
	uint64_t down;
	uint32_t beside;
	unsigned int i;

	take_direct(&taker);
	beside = group_of(&nl, &root, &other);
	group_online(&nl, beside, &other, PORT + 1);
	NEED(!group_limit(&nl, group, L(DIRECT), 1024));
	for (i = 0; i < MANY; i++)
		connect_directly(&p[i]);
	peer_link(&neighbour, PORT + 1, &member);
	down = nl_stat(&nl, group, S(DIRECT_DOWN));
	NEED(!group_limit(&nl, group, L(DIRECT), MANY));
	set_loopback(false);
	nl_close(&taker);
	NEED(wait_until(all_ending, NULL));
	found.opened = open_directly();
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, beside));
	found.gone = (unsigned int)(nl_stat(&nl, group, S(DIRECT_DOWN)) - down);
	set_loopback(true);
	for (i = 0; i < MANY; i++)
		peer_close(&p[i]);
	peer_close(&neighbour);
	CHECK(wait_stat(&nl, group, S(DIRECT_DOWN), down + MANY));
	return found;
}

/* Once more where the machine is so busy that they had waited for long enough. */
static void test_many(void)
{
	unsigned int tries = 0;
	struct found found;

	do {
		found = end_behind_many();
	} while (found.gone && ++tries < TRIES);
	CHECK(!found.gone, "another group's end waits for %u of them", found.gone);
	CHECK(found.opened == -EMLINK, "%d: they do not count", found.opened);
	CHECK(!open_directly(), "once they are gone: %s", nl.text);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a group ends behind many connections that nobody acknowledges", test_many },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&other, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 3600 * 1000));
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), MANY));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
