// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Many connections that end while nothing gets through any more: each waits for its last word
 * to be acknowledged, and nobody else's end waits for them. Until they are gone they count.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
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
#define FEW	2U		/* what one member may have */
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

/* Return: whether it is let in. */
static bool connect_as(struct peer *p, const struct cert *as)
{
	struct noise_meet m;

	meet_fill(&m, as, NULL);
	m.meet.flags |= htobe16(PG_MEET_DIRECT);
	peer_connect(p, PORT);
	NEED(peer_handshake(p, &m));
	return peer_expect(p, PG_MSG_WELCOME);
}

static void connect_directly(struct peer *p)
{
	NEED(connect_as(p, &member));
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

/* So many have said that it is over. */
static bool all_ending(void *many)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	unsigned int n = 0;

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	NEED(!nl_talk(&nl, msg, count_ending, &n));
	return n == *(unsigned int *)many;
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
	unsigned int i, many = MANY;
	struct found found;
	struct nl taker;
	uint64_t down;
	uint32_t beside;

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
	NEED(wait_until(all_ending, &many));
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

/* From here on it acknowledges nothing. */
static void go_deaf(const struct peer *p)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog all = { .len = 1, .filter = &drop };

	NEED(!setsockopt(p->fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)));
}

struct ids {
	uint64_t id[FEW];
	unsigned int n;
};

static void take_id(const struct nlmsghdr *msg, void *arg)
{
	struct ids *ids = arg;

	NEED(ids->n < FEW);
	ids->id[ids->n++] = nl_u64(msg, PEERGROUP_A_LINK_ID);
}

/* A program closes all that there are. */
static void close_all(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	struct ids ids = { .n = 0 };

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	NEED(!nl_talk(&nl, msg, take_id, &ids));
	while (ids.n--) {
		msg = nl_begin(&nl, PEERGROUP_CMD_DIRECT_CLOSE, 0);
		mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
		mnl_attr_put_u64(msg, PEERGROUP_A_LINK_ID, ids.id[ids.n]);
		NEED(!nl_talk(&nl, msg, NULL, NULL));
	}
}

/* Or one had waited for long enough, and is gone. */
static bool few_ending(void *down)
{
	unsigned int few = FEW;

	return all_ending(&few) || nl_stat(&nl, group, S(DIRECT_DOWN)) != *(uint64_t *)down;
}

/* False where that is so, as the machine is so busy. */
static bool end_few(bool *more, bool *others)
{
	struct peer p[FEW + 2];
	uint64_t down, until;
	unsigned int i;

	for (i = 0; i < FEW; i++)
		connect_directly(&p[i]);
	down = nl_stat(&nl, group, S(DIRECT_DOWN));
	for (i = 0; i < FEW; i++)
		go_deaf(&p[i]);
	close_all();
	NEED(wait_until(few_ending, &down));
	*more = connect_as(&p[FEW], &member);
	*others = connect_as(&p[FEW + 1], &other);
	until = nl_stat(&nl, group, S(DIRECT_DOWN));
	for (i = 0; i < FEW + 2; i++)
		peer_close(&p[i]);
	NEED(wait_stat(&nl, group, S(DIRECT_DOWN), down + FEW + *more + *others));
	return until == down;
}

/* Nor does who acknowledges nothing have more connections than one member may. */
static void test_one_member(void)
{
	uint64_t refused;
	unsigned int tries = 0;
	struct nl taker;
	bool more, others;
	struct peer p;

	take_direct(&taker);
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), FEW));
	do {
		refused = nl_stat(&nl, group, S(DIRECT_MEMBER));
	} while (!end_few(&more, &others) && ++tries < TRIES);
	CHECK(!more, "one more while %u end", FEW);
	CHECK(nl_stat(&nl, group, S(DIRECT_MEMBER)) == refused + 1);
	CHECK(others, "another member's");
	CHECK(connect_as(&p, &member), "once they are gone");
	peer_close(&p);
	nl_close(&taker);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a group ends behind many connections that nobody acknowledges", test_many },
		{ "one member's connections that it does not acknowledge", test_one_member },
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
