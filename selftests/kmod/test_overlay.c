// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Whom a group dials because presence records say that somebody is there: what is hostile
 * in these is not dialled, nor is who has left or was revoked, and nobody where the group
 * is not to look for links. The other hosts' side is a namespace of its own, in which there
 * are listeners only; one that is dialled is known to be, and the others are not by then.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define HERE	"192.0.2.1"	/* this host's own address, and where others are */
#define THERE	"::ffff:192.0.2.2"
#define TURNS	20		/* nobody of two is passed over so often */
#define TRIES	4		/* then a node of which nothing is heard is forgotten */
#define S(name)	PEERGROUP_A_STATS_##name
#define L(name)	PEERGROUP_A_LIMIT_##name

/* One that is to be called and one that is not, and where hostile addresses would lead. */
enum { CALLED = 4000, NOT_CALLED, LATER, TRAP };

static struct nl nl;
static struct cert root, own, other, third;
static uint32_t group;
static int called, not_called, later, trap;

/* ------------------------------------------------------------ listeners -- */

static int listen_any(uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	NEED(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	NEED(!bind(fd, (struct sockaddr *)&in6, sizeof(in6)) && !listen(fd, 128));
	return fd;
}

/* How many have called since last time; they get no answer. */
static unsigned int calls(int listener)
{
	unsigned int n = 0;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	return n;
}

static bool often_called(void *arg)
{
	unsigned int *n = arg;

	*n += calls(called);
	return *n >= TURNS;
}

/* Sockets stay in the namespace that they were made in. */
static void far_side(void)
{
	int here, there;
	char command[512];

	here = open("/proc/self/ns/net", O_RDONLY);
	NEED(here >= 0);
	own_namespace();
	there = open("/proc/self/ns/net", O_RDONLY);
	NEED(there >= 0);
	called = listen_any(CALLED);
	not_called = listen_any(NOT_CALLED);
	later = listen_any(LATER);
	snprintf(command, sizeof(command),
		 "ip link add v1 type veth peer name v0 && ip link set v0 netns /proc/%d/fd/%d &&"
		 "ip address add 192.0.2.2/24 dev v1 && ip link set v1 up", getpid(), here);
	NEED(!system(command));
	NEED(!setns(here, CLONE_NEWNET));
	NEED(!system("ip address add " HERE "/24 dev v0 && ip link set v0 up"));
	trap = listen_any(TRAP);
	close(here);
	close(there);
}

/* ------------------------------------------------------------- presence -- */

static void put(const struct rec *rec)
{
	int err = nl_put_record(&nl, group, rec->wire, rec->len);

	CHECK(!err, "%s", nl.text);
}

/* A node of a member that says it is at these addresses (until NULL). */
static void be_there(struct rec *rec, const struct cert *by, uint64_t node, uint16_t port,
		     const char *const *addresses)
{
	size_t n = 0;

	while (addresses[n])
		n++;
	rec_presence(rec, by, node, port, addresses, n);
	rec_sign(rec, by);
	put(rec);
}

static void be_at(const struct cert *by, uint64_t node, uint16_t port, const char *address)
{
	const char *const addresses[] = { address, NULL };
	struct rec rec;

	be_there(&rec, by, node, port, addresses);
	rec_free(&rec);
}

static void leave(const struct rec *rec, const struct cert *by)
{
	struct rec gone;

	rec_tombstone(&gone, rec, by);
	rec_sign(&gone, by);
	put(&gone);
	rec_free(&gone);
}

/* ---------------------------------------------------------------- tests -- */

static void know(const struct cert *member)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, member->der.len, member->der.p);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* A group that does not look for links yet. */
static void start(const struct cert *its_root, const struct cert *member, uint16_t port)
{
	group = group_of(&nl, its_root, member);
	NEED(!group_limit(&nl, group, L(MAINTENANCE), 60));
	group_online(&nl, group, member, port);
	calls(called);
	calls(not_called);
}

static void start_usual(void)
{
	start(&root, &own, PORT);
	know(&other);
	know(&third);
}

static void look(bool on)
{
	NEED(!group_limit(&nl, group, L(ACTIVE_VIEW), on ? 5 : 0));
}

static void stop(void)
{
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
}

/* None is being dialled. */
static unsigned int other_links;

static bool no_dial(void *arg)
{
	unsigned int *n = arg;

	*n += calls(called);
	return nl_count(&nl, PEERGROUP_CMD_LINK_GET, PEERGROUP_A_LINK_GROUP, group) == other_links;
}

/* One is dialled, and what else the view holds is not. Return: how often. */
static unsigned int only_called(const char *what)
{
	unsigned int n = 0;

	look(true);
	CHECK(wait_until(often_called, &n), "%s: nobody is called", what);
	look(false);
	CHECK(wait_until(no_dial, &n), "%s", what);
	CHECK(!calls(not_called), "%s is called", what);
	return n;
}

static void test_hostile(void)
{
	static const char *const nowhere[] = {
		"::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::ffff:255.255.255.255",
		"::ffff:169.254.0.1", "::ffff:192.0.2.255", "::ffff:" HERE, NULL
	};
	static const char *const nowhere6[] = {
		"::1", "::", "::127.0.0.1", "ff02::1", "fe80::1", NULL
	};
	struct peergroup_credential self;
	unsigned int n;
	struct rec rec;

	start_usual();
	group_node(&nl, group, &self);
	be_there(&rec, &other, 1, TRAP, nowhere);
	rec_free(&rec);
	be_there(&rec, &other, 2, TRAP, nowhere6);
	rec_free(&rec);
	be_at(&other, 3, 0, THERE);
	be_at(&other, be64toh(self.node), NOT_CALLED, THERE);
	be_at(&other, 5, CALLED, THERE);
	n = only_called("this host's own node");
	CHECK(!calls(trap), "an address of this host");
	CHECK(nl_stat(&nl, group, S(LINKS_FAILED)) == n, "%u calls, and %llu dials failed", n,
	      (unsigned long long)nl_stat(&nl, group, S(LINKS_FAILED)));
	CHECK(!nl_stat(&nl, group, S(LINKS_FOUND)));
	stop();
}

static void test_left(void)
{
	static const char *const there[] = { THERE, NULL };
	struct rec rec;

	start_usual();
	be_there(&rec, &other, 1, NOT_CALLED, there);
	leave(&rec, &other);
	rec_free(&rec);
	be_at(&other, 2, CALLED, THERE);
	only_called("who has left");
	stop();
}

static void test_moved(void)
{
	static const char *const there[] = { THERE, NULL };
	struct rec rec, here, moved;

	start_usual();
	be_there(&rec, &other, 1, NOT_CALLED, there);
	rec_presence(&here, &other, 1, CALLED, there, 1);
	rec_next(&moved, &rec, &other, here.data, here.data_len);
	rec_sign(&moved, &other);
	put(&moved);
	rec_free(&moved);
	rec_free(&rec);
	only_called("where it was before");
	stop();
}

static bool no_more(void *arg)
{
	calls(not_called);
	return no_dial(arg);
}

static void test_revoked(void)
{
	struct peergroup_revocation body = { .flags = 0 };
	unsigned int n = 0;
	struct rec rec;

	start_usual();
	be_at(&other, 1, NOT_CALLED, THERE);
	look(true);
	cert_spki_hash(other.spec.key, body.key);
	rec_revocation(&rec, &own, &body);
	rec_sign(&rec, &own);
	put(&rec);
	rec_free(&rec);
	CHECK(wait_until(no_more, &n));
	be_at(&third, 2, CALLED, THERE);
	CHECK(wait_until(often_called, &n), "nobody is called");
	CHECK(!calls(not_called), "who was revoked is called");
	look(false);
	stop();
}

/* Whoever dialled; and another member's node of that id is another one. */
static void test_linked(void)
{
	struct noise_meet meet;
	struct peer p;

	start_usual();
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 3600000));
	meet_fill(&meet, &other, NULL);
	meet.meet.node = htobe64(1);
	meet.credential.node = meet.meet.node;
	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, &meet) && peer_expect(&p, PG_MSG_WELCOME));
	be_at(&other, 1, NOT_CALLED, THERE);
	be_at(&third, 1, CALLED, THERE);
	other_links = 1;
	only_called("a node that is linked");
	other_links = 0;
	peer_close(&p);
	stop();
}

static void test_off(void)
{
	static struct cert other_root, member;
	uint32_t off;

	start_usual();
	be_at(&other, 1, NOT_CALLED, THERE);
	off = group;
	cert_new_root(&other_root, test_key(3));
	cert_issue(&member, &other_root, test_key(3), PEERGROUP_ROLE_MEMBER);
	start(&other_root, &member, PORT + 1);
	be_at(&member, 1, CALLED, THERE);
	only_called("a node of a group that does not look");
	stop();
	group = off;
	/* It would, if it did. */
	NEED(!nl_stat(&nl, group, S(LINKS_FAILED)));
	look(true);
	CHECK(wait_stat(&nl, group, S(LINKS_FAILED), 1) || calls(not_called));
	stop();
}

/* What comes to nothing for another reason throws nobody out. */
static int no_view_elsewhere(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);
	struct nlattr *nest;

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, 1);
	mnl_attr_put_u16(msg, PEERGROUP_A_GROUP_PORT, PORT + 1);
	nest = mnl_attr_nest_start(msg, PEERGROUP_A_GROUP_LIMITS);
	mnl_attr_put_u32(msg, L(PASSIVE_VIEW), 0);
	mnl_attr_nest_end(msg, nest);
	return nl_talk(&nl, msg, NULL, NULL);
}

/* Who is pushed out is not called, and each is counted once. */
static void test_full(void)
{
	start_usual();
	NEED(!group_limit(&nl, group, L(PASSIVE_VIEW), 1));
	be_at(&other, 1, NOT_CALLED, THERE);
	CHECK(!nl_stat(&nl, group, S(VIEW_FULL)));
	be_at(&third, 2, CALLED, THERE);
	CHECK(nl_stat(&nl, group, S(VIEW_FULL)) == 1);
	only_called("who was pushed out");
	CHECK(no_view_elsewhere() == -EBUSY, "%s", nl.text);
	CHECK(nl_stat(&nl, group, S(VIEW_FULL)) == 1);
	NEED(!group_limit(&nl, group, L(PASSIVE_VIEW), 0));
	CHECK(nl_stat(&nl, group, S(VIEW_FULL)) == 2);
	be_at(&other, 3, NOT_CALLED, THERE);
	CHECK(nl_stat(&nl, group, S(VIEW_FULL)) == 3);
	stop();
}

/* The record is no longer one of presence, which does not mean that the node has left. */
static void unsay(struct peer *p, const struct rec *of, const struct cert *by)
{
	uint64_t before = nl_stat(&nl, group, S(UPDATED));
	struct rec rec;

	rec_next(&rec, of, by, "x", 1);
	memcpy(rec.hdr.type, test_type, sizeof(rec.hdr.type));
	rec_sign(&rec, by);
	peer_send(p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(wait_stat(&nl, group, S(UPDATED), before + 1));
	rec_free(&rec);
}

static void be_silent(struct peer *p, const struct cert *by, uint64_t node, uint16_t port)
{
	static const char *const there[] = { THERE, NULL };
	struct rec rec;

	be_there(&rec, by, node, port, there);
	unsay(p, &rec, by);
	rec_free(&rec);
}

struct tries {
	int listener;
	unsigned int n;
};

static bool tried(void *arg)
{
	struct tries *t = arg;

	t->n += calls(t->listener);
	return t->n >= TRIES;
}

/* With links enough only those are dialled of whom nothing is heard, and not for ever. */
static void test_silent(void)
{
	struct tries first = { called, 0 }, second = { later, 0 };
	struct peer p;
	unsigned int n = 0;

	start_usual();
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 3600000));
	peer_link(&p, PORT, &other);
	be_at(&third, 1, NOT_CALLED, THERE);
	be_silent(&p, &third, 2, CALLED);
	NEED(!group_limit(&nl, group, L(ACTIVE_VIEW), 1));
	CHECK(wait_until(tried, &first), "it is not dialled");
	be_silent(&p, &third, 3, LATER);
	CHECK(wait_until(tried, &second), "another one is not dialled");
	CHECK(first.n + calls(called) == TRIES, "it is not forgotten");
	CHECK(!calls(not_called), "one of whom is heard");
	look(false);

	/* Without a link it may be this host of which nobody hears. */
	be_silent(&p, &third, 4, CALLED);
	peer_close(&p);
	CHECK(wait_until(no_dial, &n));
	look(true);
	CHECK(wait_until(often_called, &n), "it is forgotten");
	look(false);
	stop();
}

static void test_nothing_left(void)
{
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "presence records that lead nowhere", test_hostile },
		{ "who has left", test_left },
		{ "who has moved", test_moved },
		{ "a revoked member's node", test_revoked },
		{ "a node that there is a link to", test_linked },
		{ "a group that is not to look for links", test_off },
		{ "more nodes than may be kept in mind", test_full },
		{ "nodes of which nothing is heard", test_silent },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	far_side();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&other, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&third, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
