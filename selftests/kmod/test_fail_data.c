// SPDX-License-Identifier: GPL-2.0-only
// timeout: 900
// long:
/*
 * No memory, where programs talk to each other: each allocation of the module fails in
 * turn, alone and then together with the next, in the operations on direct connections,
 * data and passwords, and in what workers do as connections, data and those who join by
 * password come. What a program asks for is done, or refused with nothing half done;
 * what comes is taken, or ends in a way that the program is told of; and it works the
 * next time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "fail.h"
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define DATA_LEN	PEERGROUP_CHUNK_MAX	/* more than a frame takes */
#define G(name)		PEERGROUP_A_GROUP_##name
#define L(name)		PEERGROUP_A_LINK_##name
#define D(name)		PEERGROUP_A_DATA_##name
#define W(name)		PEERGROUP_A_PASSWORD_##name
#define LIMIT(name)	PEERGROUP_A_LIMIT_##name

/* The group that is called, its program that takes what comes, and the one that answers. */
static struct nl nl, taker, answerer;
static uint32_t called, calling;
static struct cert root, own[2];
static char peer[2 * PEERGROUP_AUTHORITY_LEN + 1];

/* ------------------------------------------------------ direct connections -- */

static uint64_t direct;

static void take_id(const struct nlmsghdr *msg, void *arg)
{
	*(uint64_t *)arg = nl_u64(msg, L(ID));
}

static int open_direct(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_DIRECT_OPEN, 0);

	mnl_attr_put_u32(msg, L(GROUP), calling);
	mnl_attr_put_u32(msg, L(ADDRESS), htonl(INADDR_LOOPBACK));
	mnl_attr_put_u16(msg, L(PORT), PORT);
	mnl_attr_put_strz(msg, L(PEER), peer);
	return nl_talk(&nl, msg, take_id, &direct);
}

static int close_direct(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_DIRECT_CLOSE, 0);

	mnl_attr_put_u32(msg, L(GROUP), calling);
	mnl_attr_put_u64(msg, L(ID), direct);
	return nl_talk(&nl, msg, NULL, NULL);
}

/* Direct connections of a group, and how many of them are up. */
struct directs {
	unsigned int n, up;
};

static void take_direct(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *is = nl_attr(msg, L(DIRECT));
	struct directs *d = arg;

	if (!is || !mnl_attr_get_u8(is))
		return;
	d->n++;
	d->up += nl_u32(msg, L(STATE)) == PEERGROUP_LINK_UP;
}

static struct directs directs(uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	struct directs d = { 0 };

	mnl_attr_put_u32(msg, L(GROUP), index);
	NEED(!nl_talk(&nl, msg, take_direct, &d));
	return d;
}

static bool is_up(void *unused)
{
	(void)unused;
	return directs(calling).up && directs(called).up;
}

static bool is_gone(void *unused)
{
	(void)unused;
	return !directs(calling).n && !directs(called).n;
}

static bool up(void)
{
	return wait_until(is_up, NULL);
}

static bool gone(void)
{
	return wait_until(is_gone, NULL);
}

/* It came up, or has failed. */
static bool settled(void *unused)
{
	struct directs d = directs(calling);

	(void)unused;
	return d.up || !d.n;
}

static uint64_t failures(void)
{
	return nl_stat(&nl, calling, PEERGROUP_A_STATS_DIRECT_FAILED);
}

static uint64_t failed_before;

static void count_failures(void)
{
	failed_before = failures();
}

/* What TCP has no memory for ends the connection that is on its way: not in silence. */
static bool up_or_failed(void)
{
	if (!wait_until(settled, NULL))
		return false;
	if (directs(calling).up)
		return up();
	return failures() > failed_before && !open_direct() && up();
}

static void need_direct(void)
{
	NEED(!open_direct() && up());
}

/* Also where it is closed already. */
static void end_direct(void)
{
	close_direct();
	NEED(gone());
}

/* -------------------------------------------------------------------- data -- */

static uint8_t data[DATA_LEN];
static uint32_t sent, got;

static int send_data(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_DATA_SEND, 0);

	memcpy(data, &sent, sizeof(sent));
	mnl_attr_put_u32(msg, D(GROUP), calling);
	mnl_attr_put_u64(msg, D(LINK), direct);
	mnl_attr_put(msg, D(TYPE), PEERGROUP_ID_LEN, test_type);
	mnl_attr_put(msg, D(BYTES), sizeof(data), data);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void take_part(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *bytes = nl_attr(msg, D(BYTES));

	(void)arg;
	if (bytes && !nl_u32(msg, D(OFFSET)))
		memcpy(&got, mnl_attr_get_payload(bytes), sizeof(got));
}

/* What came, but at the most one message of it with @one. */
static int take_some(bool one)
{
	struct nlmsghdr *msg = nl_begin(&taker, PEERGROUP_CMD_DATA_GET, NLM_F_DUMP);

	mnl_attr_put_u32(msg, D(GROUP), called);
	if (one)
		mnl_attr_put_u32(msg, D(SIZE), 1);
	return nl_talk(&taker, msg, take_part, NULL);
}

/* What is left of a dump whose reader heard in between that something was lost. */
static void read_on(void)
{
	int fd = mnl_socket_get_fd(taker.sock), len;
	const struct nlmsghdr *msg;

	for (;;) {
		len = (int)recv(fd, taker.in, sizeof(taker.in), MSG_DONTWAIT);
		if (len < 0 && errno != ENOBUFS)
			return;
		for (msg = (const void *)taker.in; mnl_nlmsg_ok(msg, len);
		     msg = mnl_nlmsg_next(msg, &len))
			if (msg->nlmsg_type == taker.family && nl_cmd(msg) == PEERGROUP_CMD_DATA_GET)
				take_part(msg, NULL);
	}
}

static bool has_come(void *unused)
{
	int err = take_some(false);

	(void)unused;
	NEED(!err || err == -ENOBUFS);
	if (err)
		read_on();
	return got == sent;
}

static bool came(void)
{
	return wait_until(has_come, NULL);
}

static void need_next(void)
{
	need_direct();
	sent++;
}

/* Is there an event of that kind, or word that some are lost? Takes all there are. */
static bool told_of(struct nl *at, uint8_t cmd)
{
	const struct nlmsghdr *msg = (const void *)at->in;
	int fd = mnl_socket_get_fd(at->sock);
	bool found = false;
	ssize_t len;

	for (;;) {
		len = recv(fd, at->in, sizeof(at->in), MSG_DONTWAIT);
		if (len < 0 && errno != ENOBUFS)
			return found;
		found |= len < 0 || nl_cmd(msg) == cmd;
	}
}

static bool is_announced(void *unused)
{
	(void)unused;
	return told_of(&taker, PEERGROUP_CMD_DATA_NTF);
}

static bool announced;

/* Two that wait, and the program has been told. */
static void need_two(void)
{
	need_next();
	announced = false;
	told_of(&taker, 0);
	NEED(!send_data() && wait_until(is_announced, NULL));
	sent++;
	NEED(!send_data());
	NEED(wait_stat(&nl, called, PEERGROUP_A_STATS_DATA_RECEIVED,
		       nl_stat(&nl, calling, PEERGROUP_A_STATS_DATA_SENT)));
}

/* What is left is announced before the end of that. */
static int take_one(void)
{
	int err = take_some(true);

	announced |= taker.amid == PEERGROUP_CMD_DATA_NTF;
	return err;
}

/* Unless it was told that something is lost, and has asked again. */
static bool rest_announced(void)
{
	return got == sent || ((announced || wait_until(is_announced, NULL)) && came());
}

/* --------------------------------------------------------------- passwords -- */

static struct peer joiner;

/* What the program that answers was told last of who joins, and how often. */
static struct told {
	uint64_t id;
	unsigned int opened, data, ended, lost;
} told;

static void take_told(const struct nlmsghdr *msg)
{
	if (nl_cmd(msg) != PEERGROUP_CMD_PASSWORD_NTF)
		return;
	told.id = nl_u64(msg, W(ID));
	told.opened += !!nl_attr(msg, W(OPENING));
	told.data += !!nl_attr(msg, W(DATA));
	told.ended += !!nl_attr(msg, W(LAST));
}

static void hear(void)
{
	int fd = mnl_socket_get_fd(answerer.sock);
	ssize_t len;

	for (;;) {
		len = recv(fd, answerer.in, sizeof(answerer.in), MSG_DONTWAIT);
		if (len >= 0)
			take_told((const void *)answerer.in);
		else if (errno == ENOBUFS)
			told.lost++;
		else
			return;
	}
}

static int answer(void)
{
	return nl_simple(&answerer, PEERGROUP_CMD_PASSWORD_ANSWER, W(GROUP), called);
}

static void new_answerer(void)
{
	nl_close(&answerer);
	NEED(!nl_open(&answerer));
}

static void call(void)
{
	memset(&told, 0, sizeof(told));
	peer_join(&joiner, PORT, root.spec.group);
	peer_keep_asking(&joiner);
}

static bool hung_up(void)
{
	char byte;

	return recv(joiner.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 ||
	       (errno != EAGAIN && errno != EINTR);
}

static bool opened_or_not(void *unused)
{
	(void)unused;
	hear();
	return told.opened || hung_up();
}

static bool data_or_not(void *unused)
{
	(void)unused;
	hear();
	return told.data || hung_up();
}

/* The program is told of the end, or that it may have missed something. */
static bool has_ended(void *unused)
{
	(void)unused;
	hear();
	return told.ended || told.lost;
}

static bool called_in(void)
{
	call();
	return wait_until(opened_or_not, NULL) && told.opened;
}

static void need_joiner(void)
{
	new_answerer();
	NEED(!answer());
	NEED(called_in());
}

static int reply(void)
{
	struct nlmsghdr *msg = nl_begin(&answerer, PEERGROUP_CMD_PASSWORD_SEND, 0);

	mnl_attr_put_u32(msg, W(GROUP), called);
	mnl_attr_put_u64(msg, W(ID), told.id);
	mnl_attr_put(msg, W(DATA), 100, data);
	return nl_talk(&answerer, msg, NULL, NULL);
}

static bool replied(void)
{
	uint8_t buf[2 + 100];

	return recv(joiner.fd, buf, sizeof(buf), MSG_WAITALL) == sizeof(buf) && buf[1] == 100;
}

static void end_joiner(void)
{
	peer_close(&joiner);
	CHECK(wait_until(has_ended, NULL), "nobody was told of the end");
}

/* ------------------------------------------------------ what programs do -- */

/**
 * struct op - something to be asked for
 * @prepare: makes what it needs
 * @run: what is tried
 * @done: waits for what comes of it
 * @undo: of both
 */
static const struct op {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	bool (*done)(void);
	void (*undo)(void);
} ops[] = {
	{ "open a direct connection", count_failures, open_direct, up_or_failed, end_direct },
	{ "close one", need_direct, close_direct, gone, end_direct },
	{ "send data", need_next, send_data, came, end_direct },
	{ "take data", need_two, take_one, rest_announced, end_direct },
	{ "answer", new_answerer, answer, called_in, end_joiner },
	{ "send to who joins", need_joiner, reply, replied, end_joiner },
};

/* Is that what is said where there is no memory? To make a socket has another word for it. */
static bool no_memory(int err)
{
	return err == -ENOMEM || err == -ENOBUFS || err == -ENFILE;
}

/* Once refused it is done the next time, as if it had not been tried before. */
static bool act(const void *arg, unsigned int nth, unsigned int times)
{
	const struct op *op = arg;
	unsigned int failed;
	int err;

	if (op->prepare)
		op->prepare();
	fail_arm(nth, times, FAIL_OURS);
	err = op->run();
	failed = fail_disarm();
	CHECK(!err || (failed && no_memory(err)), "%s, allocation %u at %s: %d (%s)",
	      op->name, nth, fail_where(), err, nl.text);
	if (err)
		err = op->run();
	CHECK(!err, "%s, after allocation %u at %s: %d (%s)", op->name, nth, fail_where(), err,
	      nl.text);
	CHECK(op->done(), "%s, allocation %u at %s: nothing came of it", op->name, nth,
	      fail_where());
	op->undo();
	return failed;
}

static void test_programs(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		fail_each(ops[i].name, act, &ops[i]);
}

/* ------------------------------------------------------- room to wait for -- */

#define KEEPALIVE_LONG_MS	(3600 * 1000)

static uint64_t deaf;

/* The link that came last. */
static void take_last(const struct nlmsghdr *msg, void *unused)
{
	(void)unused;
	if (nl_u64(msg, L(ID)) > deaf)
		deaf = nl_u64(msg, L(ID));
}

static int send_deaf(struct nl *by)
{
	struct nlmsghdr *msg = nl_begin(by, PEERGROUP_CMD_DATA_SEND, 0);

	mnl_attr_put_u32(msg, D(GROUP), called);
	mnl_attr_put_u64(msg, D(LINK), deaf);
	mnl_attr_put(msg, D(TYPE), PEERGROUP_ID_LEN, test_type);
	mnl_attr_put(msg, D(BYTES), sizeof(data), data);
	return nl_talk(by, msg, NULL, NULL);
}

static struct nl waiter;

static bool has_room(void *unused)
{
	(void)unused;
	return told_of(&waiter, PEERGROUP_CMD_SEND_NTF);
}

/* A socket that is new each time waits for room on a link that is full. */
static bool wait_for_room(const void *unused, unsigned int nth, unsigned int times)
{
	static struct nl filler;
	unsigned int failed;
	int err;

	(void)unused;
	NEED(!nl_open(&filler) && !nl_open(&waiter));
	/* Again while there was still room on the way. */
	do {
		while (!send_deaf(&filler))
			;
		fail_arm(nth, times, FAIL_OURS);
		err = send_deaf(&waiter);
		failed = fail_disarm();
	} while (!err);
	CHECK(err == -EAGAIN || (failed && no_memory(err)), "allocation %u at %s: %d (%s)", nth,
	      fail_where(), err, waiter.text);
	if (err != -EAGAIN)
		err = send_deaf(&waiter);
	CHECK(!err || err == -EAGAIN, "after allocation %u at %s: %d (%s)", nth, fail_where(), err,
	      waiter.text);
	nl_close(&filler);
	if (failed)
		nl_close(&waiter);
	return failed;
}

/* Who waits is told when the link is gone. */
static void test_room(void)
{
	struct nlmsghdr *msg;
	struct peer p;

	NEED(!group_limit(&nl, called, LIMIT(KEEPALIVE), KEEPALIVE_LONG_MS) &&
	     !group_limit(&nl, called, LIMIT(SEND_QUEUE), 64 << 10));
	peer_link(&p, PORT, &own[1]);
	msg = nl_begin(&nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, L(GROUP), called);
	NEED(!nl_talk(&nl, msg, take_last, NULL) && deaf);
	fail_each("room on a link", wait_for_room, NULL);
	peer_close(&p);
	CHECK(wait_until(has_room, NULL), "nobody was told that there is room");
	nl_close(&waiter);
}

/* -------------------------------------------------------- what workers do -- */

/* It came, or is counted as lost, or the connection is gone, which both ends are told. */
static bool accounted(void *lost)
{
	return has_come(NULL) || !directs(calling).up ||
	       nl_stat(&nl, called, PEERGROUP_A_STATS_DATA_LOST) > *(uint64_t *)lost;
}

/* A connection's life: it comes up, or not, and what is sent arrives or is accounted for. */
static bool converse(const void *unused, unsigned int nth, unsigned int times)
{
	uint64_t lost = nl_stat(&nl, called, PEERGROUP_A_STATS_DATA_LOST);
	unsigned int failed;
	bool known, over;
	int err;

	(void)unused;
	sent++;
	fail_arm(nth, times, FAIL_OTHERS);
	NEED(!open_direct());
	known = wait_until(settled, NULL);
	err = send_data();
	CHECK(!err || err == -ENOTCONN, "%d (%s)", err, nl.text);
	over = err || wait_until(accounted, &lost);
	close_direct();
	CHECK(gone(), "allocation %u at %s: the connection stays", nth, fail_where());
	failed = fail_disarm();
	CHECK(known, "allocation %u at %s: neither up nor failed", nth, fail_where());
	CHECK(over, "allocation %u at %s: data is lost", nth, fail_where());
	return failed;
}

/* One who joins is let in or hung up on; where it was let in, its end is known. */
static bool join(const void *unused, unsigned int nth, unsigned int times)
{
	static const uint8_t message[] = { 0, 3, 'y', 'e', 's' };
	unsigned int failed;
	bool known, heard;

	(void)unused;
	fail_arm(nth, times, FAIL_OTHERS);
	call();
	known = wait_until(opened_or_not, NULL);
	peer_raw(&joiner, message, sizeof(message));
	heard = wait_until(data_or_not, NULL);
	peer_close(&joiner);
	CHECK(!told.opened || wait_until(has_ended, NULL),
	      "allocation %u at %s: nobody is told of the end", nth, fail_where());
	failed = fail_disarm();
	CHECK(known && heard, "allocation %u at %s: it waits for ever", nth, fail_where());
	return failed;
}

static void test_workers(void)
{
	fail_each("a conversation", converse, NULL);
	need_direct();
	sent++;
	CHECK(!send_data() && came(), "and the next");
	end_direct();
	new_answerer();
	NEED(!answer());
	fail_each("one who joins", join, NULL);
	CHECK(called_in(), "and the next");
	end_joiner();
}

/* --------------------------------------------------------------- the end -- */

static void test_nothing_left(void)
{
	fail_report();
	nl_close(&taker);
	nl_close(&answerer);
	nl_close(&nl);
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
	CHECK(!system("rmmod peergroup"), "the module stays");
	fail_unload();
}

static void watch(void)
{
	struct nlmsghdr *msg = nl_begin(&taker, PEERGROUP_CMD_GROUP_WATCH, 0);

	mnl_attr_put_u32(msg, G(INDEX), called);
	mnl_attr_put_u32(msg, G(TAKES), PEERGROUP_TAKES_DIRECT | PEERGROUP_TAKES_DATA);
	NEED(!nl_talk(&taker, msg, NULL, NULL));
}

static void set_up(void)
{
	uint8_t hash[PEERGROUP_HASH_LEN];
	unsigned int i;

	need_module();
	own_namespace();
	NEED(!nl_open(&nl) && !nl_open(&taker) && !nl_open(&answerer));
	cert_new_root(&root, test_key(0));
	cert_issue(&own[0], &root, test_key(0), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&own[1], &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_spki_hash(test_key(0), hash);
	for (i = 0; i < PEERGROUP_AUTHORITY_LEN; i++)
		snprintf(peer + 2 * i, 3, "%02x", hash[i]);
	called = group_of(&nl, &root, &own[0]);
	calling = group_of(&nl, &root, &own[1]);
	group_online(&nl, called, &own[0], PORT);
	group_online(&nl, calling, &own[1], PORT + 1);
	NEED(!group_limit(&nl, called, LIMIT(PASSWORDS), 1024) &&
	     !group_limit(&nl, called, LIMIT(PASSWORD_RATE), 0) &&
	     !group_limit(&nl, called, LIMIT(PASSWORD_PREFIX_RATE), 0) &&
	     !group_limit(&nl, called, LIMIT(PROOF_RATE), 0));
	watch();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "programs", test_programs },
		{ "workers", test_workers },
		{ "room on a link that is full", test_room },
		{ "nothing is left behind", test_nothing_left },
	};
	const char *why = fail_load();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
