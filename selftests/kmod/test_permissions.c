// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Every operation of the family by every class of user: what a group's owner,
 * gid and mode say is what happens, and who may not read a group gets the very
 * answer that a group which does not exist gives. Events too. And root of a user
 * namespace in a network of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3600
#define NOBODY	65534
#define STAFF	4711
#define BESIDE	4710		/* another group of who is in one beside its own */
#define READ	4
#define WRITE	2
#define OWN	8
#define NOTHING	0xdead00	/* an index that nobody has */
#define HOLDERS	256		/* sockets of one user that may have a group open */
#define WAITS	256		/* and that may wait for room on one link */
#define SHARE	256		/* of one, that may watch a group, hold it, or answer who joins */
#define STAGES	64		/* and that may stage a record */
#define ALL	1024		/* of all, but for the first of each */
#define MOST	2048		/* and of all, but for those of who owns the group */
#define LAST	(MOST + 256)	/* and of all, whoever has owned it */
#define BEYOND	3		/* sockets of a crowd for which there is no room */

#define G(name)	PEERGROUP_A_GROUP_##name
#define R(name)	PEERGROUP_A_RECORD_##name
#define CMD(name) PEERGROUP_CMD_##name
#define LIMIT(name) PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, renewed, neighbour;
static uint32_t group;

/**
 * struct cell - a row of the table in Documentation/netlink.rst
 * @type: of the attribute with the group's index
 * @need: what the operation takes
 * @good: how it ends for who may
 */
static const struct cell {
	const char *what;
	uint8_t cmd;
	bool dump;
	uint16_t type;
	unsigned int need;
	int good;
} cells[] = {
	{ "group-set", CMD(GROUP_SET), false, G(INDEX), OWN, 0 },
	{ "group-get", CMD(GROUP_GET), false, G(INDEX), READ, 0 },
	{ "record-stage", CMD(RECORD_STAGE), false, R(GROUP), WRITE, 0 },
	{ "record-put", CMD(RECORD_PUT), false, R(GROUP), WRITE, -EBADMSG },
	{ "record-get", CMD(RECORD_GET), true, R(GROUP), READ, 0 },
	{ "link-add", CMD(LINK_ADD), false, PEERGROUP_A_LINK_GROUP, OWN, 0 },
	{ "link-get", CMD(LINK_GET), true, PEERGROUP_A_LINK_GROUP, READ, 0 },
	{ "link-del", CMD(LINK_DEL), false, PEERGROUP_A_LINK_GROUP, OWN, 0 },
	{ "member-get", CMD(MEMBER_GET), true, PEERGROUP_A_MEMBER_GROUP, READ, 0 },
	{ "stats-get", CMD(STATS_GET), false, PEERGROUP_A_STATS_GROUP, READ, 0 },
	{ "group-watch", CMD(GROUP_WATCH), false, G(INDEX), READ, 0 },
	{ "member-add", CMD(MEMBER_ADD), false, PEERGROUP_A_MEMBER_GROUP, WRITE, -EKEYREVOKED },
	{ "direct-open", CMD(DIRECT_OPEN), false, PEERGROUP_A_LINK_GROUP, WRITE, -EINVAL },
	{ "direct-close", CMD(DIRECT_CLOSE), false, PEERGROUP_A_LINK_GROUP, WRITE, -ENOTCONN },
	{ "data-send", CMD(DATA_SEND), false, PEERGROUP_A_DATA_GROUP, WRITE, -ENOTCONN },
	{ "data-get", CMD(DATA_GET), true, PEERGROUP_A_DATA_GROUP, READ, 0 },
	{ "password-answer", CMD(PASSWORD_ANSWER), false, PEERGROUP_A_PASSWORD_GROUP, WRITE, 0 },
	{ "password-send", CMD(PASSWORD_SEND), false, PEERGROUP_A_PASSWORD_GROUP, WRITE, -ENOTCONN },
};

static int request(struct nl *by, const struct cell *c, uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(by, c->cmd, c->dump ? NLM_F_DUMP : 0);

	mnl_attr_put_u32(msg, c->type, index);
	if (c->cmd == CMD(GROUP_SET))
		mnl_attr_put_u8(msg, G(ONLINE), 0);
	if (c->cmd == CMD(RECORD_STAGE)) {
		mnl_attr_put_u32(msg, R(SIZE), 2);
		mnl_attr_put_u32(msg, R(OFFSET), 0);
	}
	if (c->cmd == CMD(RECORD_STAGE) || c->cmd == CMD(RECORD_PUT))
		mnl_attr_put(msg, R(WIRE), 1, "x");
	if (c->cmd == CMD(MEMBER_ADD))
		mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, 1, "x");
	if (c->cmd == CMD(PASSWORD_SEND)) {
		mnl_attr_put_u64(msg, PEERGROUP_A_PASSWORD_ID, 1);
		mnl_attr_put(msg, PEERGROUP_A_PASSWORD_DATA, 1, "x");
	}
	if (c->cmd == CMD(LINK_ADD) || c->cmd == CMD(LINK_DEL))
		mnl_attr_put(msg, PEERGROUP_A_LINK_ADDRESS, 4, "\x7f\0\0\1");
	if (c->cmd == CMD(DIRECT_CLOSE))
		mnl_attr_put_u64(msg, PEERGROUP_A_LINK_ID, 1);
	if (c->cmd == CMD(DATA_SEND)) {
		mnl_attr_put_u64(msg, PEERGROUP_A_DATA_LINK, 1);
		mnl_attr_put(msg, PEERGROUP_A_DATA_TYPE, PEERGROUP_ID_LEN, root.spec.group);
		mnl_attr_put(msg, PEERGROUP_A_DATA_BYTES, 1, "x");
	}
	return nl_talk(by, msg, NULL, NULL);
}

static int open_group(struct nl *by, uint32_t *index)
{
	struct chain chain = { .cert = { &own.der }, .n = 1 };

	return group_open(by, &root.der, &chain, index);
}

static int by_id(struct nl *by)
{
	struct nlmsghdr *msg = nl_begin(by, CMD(GROUP_GET), 0);

	mnl_attr_put(msg, G(ID), PEERGROUP_HASH_LEN, root.spec.group);
	return nl_talk(by, msg, NULL, NULL);
}

/* ------------------------------------------------------------- the table -- */

static int failures;

#define EXPECT(cond, ...) do {						\
	if (!(cond)) {							\
		failures++;						\
		printf("# %d: %s: ", __LINE__, #cond);			\
		printf(__VA_ARGS__);					\
		printf("\n");						\
		fflush(stdout);						\
	}								\
} while (0)

static void try_cell(struct nl *by, const struct cell *c, unsigned int have)
{
	int expected = !(c->need & ~have) ? c->good : have & (READ | OWN) ? -EPERM : -ENOENT;
	int ret = request(by, c, group);
	char text[sizeof(by->text)];

	EXPECT(ret == expected, "%s with %u: %d (%s), not %d", c->what, have, ret, by->text,
	       expected);
	if (ret != -ENOENT)
		return;
	strcpy(text, by->text);
	EXPECT(request(by, c, NOTHING) == -ENOENT && !strcmp(text, by->text),
	       "%s tells: %s, not %s", c->what, text, by->text);
}

/* What a socket gets whose opener has these rights. */
static void try_all(struct nl *by, unsigned int have)
{
	bool reads = have & READ;
	uint32_t index;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		try_cell(by, &cells[i], have);
	EXPECT(nl_count(by, CMD(GROUP_GET), 0, 0) == reads, "dump of groups");
	EXPECT(by_id(by) == (reads ? 0 : -ENOENT), "get by id: %s", by->text);

	ret = nl_simple(by, CMD(GROUP_CLOSE), G(INDEX), group);
	EXPECT(ret == -ENOENT, "close: %d", ret);
	EXPECT(!strcmp(by->text, "no group of that index") == !reads, "close: %s", by->text);
	ret = open_group(by, &index);
	EXPECT(ret == (reads ? 0 : -EPERM), "open: %d (%s)", ret, by->text);
	if (!ret)
		EXPECT(!nl_simple(by, CMD(GROUP_CLOSE), G(INDEX), index), "close");
	EXPECT(nl_listen(by) == -EPERM, "all events");
	if (!(have & OWN)) {
		ret = nl_simple(by, CMD(GROUP_DESTROY), G(INDEX), group);
		EXPECT(ret == (reads ? -EPERM : -ENOENT), "destroy: %d", ret);
	}
}

/*
 * As what a child opens a socket, and what its rights shall be; @also: a supplementary group,
 * unless it is 0.
 */
struct user {
	uid_t uid;
	gid_t gid;
	bool new_user_ns;
	unsigned int have;
	gid_t also;
};

static bool as_user(const struct user *u, void (*fn)(struct nl *by, unsigned int have))
{
	const gid_t groups[] = { BESIDE, u->also };
	static struct nl by;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	NEED(pid >= 0);
	if (!pid) {
		if (setgroups(u->also ? 2 : 0, groups) || setgid(u->gid) || setuid(u->uid) ||
		    (u->new_user_ns && unshare(CLONE_NEWUSER)) || nl_open(&by))
			_exit(100);
		failures = 0;
		fn(&by, u->have);
		fflush(stdout);
		_exit(!!failures);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static int owner(uid_t uid, gid_t gid, uint32_t mode)
{
	struct nlmsghdr *msg = nl_begin(&nl, CMD(GROUP_SET), 0);

	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u32(msg, G(UID), uid);
	mnl_attr_put_u32(msg, G(GID), gid);
	mnl_attr_put_u32(msg, G(MODE), mode);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void check_user(uid_t uid, gid_t gid, unsigned int have)
{
	struct user u = { .uid = uid, .gid = gid, .have = have };

	CHECK(as_user(&u, try_all), "uid %u, gid %u, rights %u", uid, gid, have);
}

/* In a group that is not the one of its processes. */
static void check_also(gid_t also, unsigned int have)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .have = have, .also = also };

	CHECK(as_user(&u, try_all), "also in gid %u, rights %u", also, have);
}

static void test_default(void)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .new_user_ns = true, .have = 0 };

	CHECK(nl_group_number(&nl, group, G(MODE)) == 0600);
	check_user(NOBODY, NOBODY, 0);
	CHECK(as_user(&u, try_all), "root of a user namespace of its own");
}

static void test_modes(void)
{
	unsigned int bits;

	for (bits = 0; bits <= 6; bits += 2) {
		NEED(!owner(0, 0, bits));
		check_user(NOBODY, NOBODY, bits);
		NEED(!owner(0, STAFF, bits << 3 | (6 & ~bits)));
		check_user(NOBODY, STAFF, bits);
		check_also(STAFF, bits);
		check_user(NOBODY, NOBODY, 6 & ~bits);
		check_also(BESIDE + 2, 6 & ~bits);
		NEED(!owner(NOBODY, 0, bits << 6 | (6 & ~bits)));
		check_user(NOBODY, NOBODY, OWN | bits);
	}
}

/* The owner may let others in, and give the group to users it belongs to, no more. */
static void change_owner(struct nl *by, unsigned int have)
{
	struct nlmsghdr *msg = nl_begin(by, CMD(GROUP_SET), 0);

	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u32(msg, G(UID), 1);
	EXPECT(nl_talk(by, msg, NULL, NULL) == -EPERM, "chown with %u: %s", have, by->text);
	msg = nl_begin(by, CMD(GROUP_SET), 0);
	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u32(msg, G(GID), 1);
	EXPECT(nl_talk(by, msg, NULL, NULL) == -EPERM, "chgrp with %u: %s", have, by->text);
	msg = nl_begin(by, CMD(GROUP_SET), 0);
	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u32(msg, G(GID), STAFF);
	mnl_attr_put_u32(msg, G(MODE), 0640);
	EXPECT(!nl_talk(by, msg, NULL, NULL), "chgrp and chmod: %s", by->text);
	msg = nl_begin(by, CMD(GROUP_SET), 0);
	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u8(msg, G(ONLINE), 1);
	mnl_attr_put_u16(msg, G(PORT), 22);
	EXPECT(nl_talk(by, msg, NULL, NULL) == -EPERM, "port 22: %s", by->text);
}

static void test_change(void)
{
	const struct user users[] = {
		{ .uid = NOBODY, .gid = STAFF, .have = OWN },
		{ .uid = NOBODY, .gid = NOBODY, .have = OWN, .also = STAFF },
	};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		NEED(!owner(NOBODY, 0, 0600));
		CHECK(as_user(&users[i], change_owner), "user %u", i);
		CHECK(nl_group_number(&nl, group, G(GID)) == STAFF, "user %u", i);
		CHECK(nl_group_number(&nl, group, G(MODE)) == 0640, "user %u", i);
	}
	check_user(1, STAFF, READ);
	CHECK(owner(0, 0, 0700) == -EINVAL, "nothing to execute");
	NEED(!owner(0, 0, 0600));
}

/* What an owner is allowed of a limit that root has set to @granted, and what not. */
static const struct {
	const char *what;
	uint16_t limit;
	uint32_t granted, within, beyond;
} far[] = {
	{ "links", LIMIT(LINKS), 10, 3, 11 },
	{ "records", LIMIT(RECORDS), 1000, 10, 1001 },
	{ "queue", LIMIT(QUEUE), 1 << 20, 64 << 10, (1 << 20) + 1 },
	{ "half-open links", LIMIT(HALF_OPEN), 10, 1, 11 },
	{ "a rate", LIMIT(LINK_RATE), 100, 1, 101 },
	{ "any rate", LIMIT(LINK_RATE), 100, 100, 0 },
	{ "keepalive", LIMIT(KEEPALIVE), 1000, 60000, 999 },
	{ "retry", LIMIT(RETRY_MIN), 100, 1000, 99 },
	{ "maintenance", LIMIT(MAINTENANCE), 1000, 1001, 999 },
};

static void set_far(struct nl *by, unsigned int have)
{
	unsigned int i;

	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		EXPECT(group_limit(by, group, far[i].limit, far[i].beyond) == -EPERM &&
		       strstr(by->text, "CAP_NET_ADMIN"), "%s with %u, beyond: %s", far[i].what,
		       have, by->text);
		EXPECT(!group_limit(by, group, far[i].limit, far[i].within), "%s, within: %s",
		       far[i].what, by->text);
		EXPECT(!group_limit(by, group, far[i].limit, far[i].granted), "%s, and back: %s",
		       far[i].what, by->text);
	}
	EXPECT(!group_limit(by, group, LIMIT(CREATOR_RECORDS), 900), "a share: %s", by->text);
}

/* What a group costs its host is not for its owner to say. */
static void test_limits(void)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .have = OWN };
	unsigned int i;

	NEED(!owner(NOBODY, 0, 0600));
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		NEED(!group_limit(&nl, group, far[i].limit, far[i].granted));
	CHECK(as_user(&u, set_far));
	CHECK(!group_limit(&nl, group, LIMIT(LINKS), 64) &&
	      !group_limit(&nl, group, LIMIT(LINKS), 10),
	      "root goes up and down: %s", nl.text);
	CHECK(as_user(&u, set_far), "and 10 are granted, not 64");
	NEED(!owner(0, 0, 0600));
}

static void get_name(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *name = nl_attr(msg, G(MEMBER));

	snprintf(arg, PEERGROUP_NAME_LEN_MAX + 1, "%s", name ? mnl_attr_get_str(name) : "");
}

/* Does the group go by its later certificate? */
static bool is_renewed(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, CMD(GROUP_GET), 0);
	char name[PEERGROUP_NAME_LEN_MAX + 1] = "";

	mnl_attr_put_u32(msg, G(INDEX), group);
	NEED(!nl_talk(&nl, msg, get_name, name));
	return strstr(name, ".later");
}

static void open_renewed(struct nl *by, unsigned int have)
{
	struct chain chain = { .cert = { &renewed.der }, .n = 1 };
	uint32_t index;
	int ret = group_open(by, &root.der, &chain, &index);

	EXPECT(!ret && index == group, "open with %u: %d (%s)", have, ret, by->text);
}

/* A certificate that lasts longer takes the place of the group's: by who may write. */
static void test_renewed(void)
{
	struct user reads = { .uid = NOBODY, .gid = NOBODY, .have = READ };
	struct user writes = { .uid = NOBODY, .gid = NOBODY, .have = READ | WRITE };

	cert_below(&renewed, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	renewed.spec.classifier = "later";
	cert_sign(&renewed);
	NEED(!owner(0, 0, 0604));
	CHECK(as_user(&reads, open_renewed));
	CHECK(!is_renewed(), "by who may only read");
	NEED(!owner(0, 0, 0606));
	CHECK(as_user(&writes, open_renewed));
	CHECK(is_renewed());
	NEED(!owner(0, 0, 0600));
}

/* ------------------------------------------------- a socket that is passed -- */

/* Runs as nobody with a socket that root opened. */
static bool with_roots_socket(unsigned int have)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	NEED(pid >= 0);
	if (!pid) {
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(100);
		failures = 0;
		try_cell(&nl, &cells[1], have);
		try_cell(&nl, &cells[3], have);
		fflush(stdout);
		_exit(!!failures);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void test_passed(void)
{
	uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_PERMISSION);

	CHECK(with_roots_socket(OWN | 6), "the opener is the owner");
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_PERMISSION) == before);
	NEED(!owner(1, 1, 0600));
	CHECK(with_roots_socket(0), "a capability of the opener is not the sender's");
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_PERMISSION) == before + 2,
	      "both requests are counted");
	NEED(!owner(0, 0, 0600));
}

/* --------------------------------------------------------------- events -- */

static int go[2], came[2];

static bool heard(struct nl *by, uint64_t *seq)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(by->sock), .events = POLLIN };
	const struct nlmsghdr *msg = (const void *)by->in;

	if (poll(&p, 1, 600000) != 1 ||
	    mnl_socket_recvfrom(by->sock, by->in, sizeof(by->in)) <= 0)
		return false;
	*seq = nl_u64(msg, R(SEQ));
	return nl_cmd(msg) == CMD(RECORD_NTF) && nl_u32(msg, R(GROUP)) == group;
}

/* Of three records the second is not for this user. */
static void follow(struct nl *by, unsigned int have)
{
	uint64_t first, third;
	char c;

	EXPECT(!request(by, &cells[10], group), "watch with %u: %s", have, by->text);
	EXPECT(write(came[1], "w", 1) == 1, "pipe");
	EXPECT(heard(by, &first), "no first event");
	EXPECT(read(go[0], &c, 1) == 1, "pipe");
	EXPECT(heard(by, &third), "no third event");
	EXPECT(third == first + 2, "event %llu after %llu", (unsigned long long)third,
	       (unsigned long long)first);
}

static void add_record(void)
{
	struct rec rec;

	rec_new(&rec, &own, "x", 1);
	rec_sign(&rec, &own);
	NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
	rec_free(&rec);
}

static void test_events(void)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .have = READ };
	pid_t helper;
	int status;
	char c;

	NEED(!pipe(go) && !pipe(came));
	NEED(!owner(0, 0, 0604));
	fflush(stdout);
	helper = fork();
	NEED(helper >= 0);
	if (!helper)
		_exit(!as_user(&u, follow));
	NEED(read(came[0], &c, 1) == 1);
	add_record();
	NEED(!owner(0, 0, 0600));
	add_record();
	NEED(!owner(0, 0, 0604));
	add_record();
	NEED(write(go[1], "g", 1) == 1);
	NEED(waitpid(helper, &status, 0) == helper);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	NEED(!owner(0, 0, 0600));
}

static int go_online(struct nl *by, uint32_t index, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(by, CMD(GROUP_SET), 0);

	mnl_attr_put_u32(msg, G(INDEX), index);
	mnl_attr_put_u8(msg, G(ONLINE), 1);
	mnl_attr_put_u16(msg, G(PORT), port);
	return nl_talk(by, msg, NULL, NULL);
}

/* Another member of the same group, of another user. */
static uint32_t beside;

/* Both ports are taken: one by a program, one by a group that this user may not read. */
static void take_ports(struct nl *by, unsigned int have)
{
	char text[sizeof(by->text)];
	int err;

	err = go_online(by, beside, PORT + 1);
	EXPECT(err == -EADDRINUSE, "with %u: %d (%s)", have, err, by->text);
	strcpy(text, by->text);
	err = go_online(by, beside, PORT);
	EXPECT(err == -EADDRINUSE && !strcmp(by->text, text), "%d (%s), not %s", err, by->text,
	       text);
	err = go_online(by, beside, PORT + 2);
	EXPECT(!err, "%d (%s)", err, by->text);
}

static void test_ports(void)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .have = OWN };
	int fd = peer_listen(PORT + 1);
	struct nlmsghdr *msg;

	group_online(&nl, group, &own, PORT);
	beside = group_of(&nl, &root, &neighbour);
	group_vouch(&nl, beside, &neighbour);
	msg = nl_begin(&nl, CMD(GROUP_SET), 0);
	mnl_attr_put_u32(msg, G(INDEX), beside);
	mnl_attr_put_u32(msg, G(UID), NOBODY);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
	CHECK(as_user(&u, take_ports));
	NEED(!nl_simple(&nl, CMD(GROUP_DESTROY), G(INDEX), beside));
	NEED(!request(&nl, &cells[0], group));
	close(fd);
}

static uint64_t link_id;

/* The link that came last. */
static void take_link(const struct nlmsghdr *msg, void *arg)
{
	uint64_t id = nl_u64(msg, PEERGROUP_A_LINK_ID);

	(void)arg;
	if (id > link_id)
		link_id = id;
}

/* Linked with who does not read, unless it is asked to. */
static void link_deaf(struct peer *p)
{
	struct nlmsghdr *msg = nl_begin(&nl, CMD(LINK_GET), NLM_F_DUMP);

	peer_link(p, PORT, &neighbour);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	NEED(!nl_talk(&nl, msg, take_link, NULL) && link_id);
}

static int send_data(struct nl *by, size_t len)
{
	static const uint8_t bytes[PEERGROUP_CHUNK_MAX];
	struct nlmsghdr *msg = nl_begin(by, CMD(DATA_SEND), 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_DATA_GROUP, group);
	mnl_attr_put_u64(msg, PEERGROUP_A_DATA_LINK, link_id);
	mnl_attr_put(msg, PEERGROUP_A_DATA_TYPE, PEERGROUP_ID_LEN, test_type);
	mnl_attr_put(msg, PEERGROUP_A_DATA_BYTES, len, bytes);
	return nl_talk(by, msg, NULL, NULL);
}

/*
 * Data that the other end does not read, until the socket has to wait for room: and again where it
 * was told of room before it was told to wait.
 */
static void fill_link(struct nl *by)
{
	int err;

	do {
		err = send_data(by, PEERGROUP_CHUNK_MAX);
	} while (!err || (err == -EAGAIN && by->amid == CMD(SEND_NTF)));
	CHECK(err == -EAGAIN, "%d (%s)", err, by->text);
}

/* 0 where the next that comes says that the link takes data; -EAGAIN where nothing has come. */
static int hear_room(struct nl *by, bool wait)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(by->sock), .events = POLLIN };
	const struct nlmsghdr *msg = (const void *)by->in;

	if (wait && poll(&p, 1, WAIT_SECONDS * 1000) != 1)
		return -ETIME;
	if (recv(p.fd, by->in, sizeof(by->in), MSG_DONTWAIT) <= 0)
		return -errno;
	return nl_cmd(msg) == CMD(SEND_NTF) && nl_u32(msg, PEERGROUP_A_DATA_GROUP) == group &&
	       nl_u64(msg, PEERGROUP_A_DATA_LINK) == link_id ? 0 : -EBADMSG;
}

/*
 * What @by waits for comes when the mode is another. Root's socket, which waits behind it, is
 * told later.
 */
static void check_room(struct nl *by, struct nl *behind, uint32_t mode, int expected)
{
	struct peer p;
	int err;

	link_deaf(&p);
	/* Again while there was still room on the way, and it was told of that before. */
	do {
		NEED(!owner(0, 0, 0660));
		fill_link(by);
		NEED(!owner(0, 0, mode));
	} while (hear_room(by, false) != -EAGAIN);
	fill_link(behind);
	peer_close(&p);
	CHECK(!hear_room(behind, true));
	err = hear_room(by, false);
	CHECK(err == expected, "mode %o: %d", mode, err);
	err = hear_room(by, false);
	CHECK(err == -EAGAIN, "mode %o: %d once more", mode, err);
}

/* Who may not send any more is told to look again, neither at which group nor at which link. */
static void test_room(void)
{
	static struct nl by, behind;

	/* A user of the group's gid: what counts is who opened the socket. */
	NEED(!seteuid(NOBODY) && !nl_open(&by) && !seteuid(0) && !nl_open(&behind));
	group_online(&nl, group, &own, PORT);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 3600000));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_SEND_QUEUE, 64 << 10));
	check_room(&by, &behind, 0660, 0);
	check_room(&by, &behind, 0620, 0);
	check_room(&by, &behind, 0640, -ENOBUFS);
	check_room(&by, &behind, 0600, -ENOBUFS);
	nl_close(&by);
	nl_close(&behind);
	NEED(!owner(0, 0, 0600));
}

static struct mnl_socket *waits[LAST + ALL];

/* One after another they use the same buffers: to touch as many as there are takes long. */
static struct nl *waiter(unsigned int n)
{
	static struct nl by;

	if (!waits[n]) {
		NEED(!nl_open(&by));
		waits[n] = by.sock;
	}
	by.sock = waits[n];
	return &by;
}

/* Has one socket after another wait, until one may not or, as there is room again, need not. */
static unsigned int wait_all(int *err)
{
	unsigned int n = 1;

	fill_link(waiter(0));
	do {
		*err = send_data(waiter(n++), 1);
	} while (*err == -EAGAIN && n <= WAITS);
	return n;
}

/* All that one user may; @other is another's. */
static void check_waits(struct nl *other)
{
	unsigned int i, n, told = 0;
	int err, others;
	struct peer p;

	link_deaf(&p);
	/* As check_room(). */
	do {
		n = wait_all(&err);
		others = send_data(other, 1);
	} while (!err || !others || hear_room(waiter(0), false) != -EAGAIN);
	CHECK(err == -ENOSPC && n == WAITS + 1, "%d (%s) for socket %u", err,
	      waiter(n - 1)->text, n);
	CHECK(!strcmp(waiter(n - 1)->text, "too many sockets of this user wait for that link"),
	      "%s", waiter(n - 1)->text);
	CHECK(others == -EAGAIN, "%d (%s) for another user", others, other->text);
	CHECK(send_data(waiter(1), 1) == -EAGAIN, "once more by one of them");
	NEED(peer_alive(&p));
	for (i = 0; i < n - 1; i++)
		told += !hear_room(waiter(i), true);
	CHECK(told == WAITS, "%u sockets are told of room", told);
	CHECK(!hear_room(other, others == -EAGAIN), "and so is the other user's");
	CHECK(hear_room(waiter(n - 1), false) == -EAGAIN, "and not who may not wait");
	peer_close(&p);
}

static void close_waiters(unsigned int n)
{
	while (n--) {
		nl_close(waiter(n));
		waits[n] = NULL;
	}
}

/* Of one user that may write to a group no more than a share waits for a link. */
static void test_waits(void)
{
	static struct nl other;
	unsigned int i;

	NEED(!owner(0, 0, 0660) && !seteuid(NOBODY));
	for (i = 0; i <= WAITS; i++)
		waiter(i);
	NEED(!seteuid(0) && !nl_open(&other));
	check_waits(&other);
	close_waiters(WAITS + 1);
	nl_close(&other);
	NEED(!owner(0, 0, 0600));
}

/*
 * @all sockets of users who have as many as one may, but for the last two: one has one less,
 * the other has just one. Then one more of each of these, and one of somebody else.
 */
static void open_crowd(unsigned int all, unsigned int share)
{
	const uid_t first = 10000, few = first + all / share, none = few + 1;
	const uid_t last[] = { few, few - 1, few, none };
	unsigned int i;

	for (i = 0; i < all + BEYOND; i++) {
		NEED(!seteuid(i < all - 1 ? first + i / share : last[i - (all - 1)]));
		waiter(i);
		NEED(!seteuid(0));
	}
}

/* What those three are told, who come when there are as many as may be. */
struct crowded {
	int full, few, none;
};

/*
 * Asks as nobody: root's capabilities are not to help. Return: what all who came before are told,
 * which is to be @good, or the first other answer.
 */
static int crowd_asks(unsigned int all, int (*ask)(struct nl *by), int good, struct crowded *c)
{
	unsigned int i;
	int err = good;

	NEED(!seteuid(NOBODY));
	for (i = 0; i < all && err == good; i++)
		err = ask(waiter(i));
	CHECK(err == good || !err, "%d (%s) for socket %u", err, waiter(i - 1)->text, i);
	c->full = ask(waiter(all));
	c->few = ask(waiter(all + 1));
	CHECK(c->few != -ENOSPC || strstr(waiter(all + 1)->text, "too many sockets"), "%s",
	      waiter(all + 1)->text);
	c->none = ask(waiter(all + 2));
	NEED(!seteuid(0));
	return err;
}

static int ask_for_room(struct nl *by)
{
	return send_data(by, 1);
}

/* Then as many uids as there may be sockets in all, and one more. Return: what that is told. */
static int wait_most(unsigned int *n)
{
	int err = -EAGAIN;

	for (*n = ALL + BEYOND; err == -EAGAIN && *n <= MOST + BEYOND; ++*n) {
		NEED(!seteuid(20000 + *n));
		err = ask_for_room(waiter(*n));
		NEED(!seteuid(0));
	}
	return err;
}

/* However many uids somebody has; others wait all the same, and the owner in any case. */
static void test_waits_all(void)
{
	unsigned int n = 0, most = ALL + BEYOND, tries = 0;
	int err, last = 0, owners = 0;
	static struct nl roots;
	struct crowded c;
	struct peer p;
	bool room;

	if (!quick_machine())
		return;
	NEED(!owner(0, 0, 0666));
	/* The link is not to end before all have asked. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 3600 * 1000));
	open_crowd(ALL, WAITS);
	NEED(!nl_open(&roots));
	/* As check_room(), and by another link, as some may still wait for this one. */
	do {
		link_deaf(&p);
		fill_link(waiter(0));
		err = crowd_asks(ALL, ask_for_room, -EAGAIN, &c);
		if (err == -EAGAIN) {
			last = wait_most(&n);
			most = n > most ? n : most;
			owners = ask_for_room(&roots);
		}
		room = !err || !c.full || !c.few || !c.none || !last || !owners ||
		       (err == -EAGAIN && hear_room(waiter(0), false) != -EAGAIN);
		peer_close(&p);
	} while (room && ++tries < 20);
	CHECK(c.full == -ENOSPC, "%d for one more of who has one less than a share", c.full);
	CHECK(c.few == -ENOSPC, "%d for one more of who has one", c.few);
	CHECK(c.none == -EAGAIN, "%d for who has none", c.none);
	CHECK(last == -ENOSPC && n == MOST + BEYOND, "%d for socket %u", last, n);
	CHECK(owners == -EAGAIN, "%d for the owner", owners);
	nl_close(&roots);
	close_waiters(most);
	NEED(!owner(0, 0, 0600));
}

static int ask_to_answer(struct nl *by)
{
	return nl_simple(by, CMD(PASSWORD_ANSWER), PEERGROUP_A_PASSWORD_GROUP, group);
}

static int ask_to_watch(struct nl *by)
{
	return nl_simple(by, CMD(GROUP_WATCH), G(INDEX), group);
}

static int ask_to_hold(struct nl *by)
{
	uint32_t index;

	return open_group(by, &index);
}

static int stage_in(struct nl *by, uint32_t index)
{
	static const struct cell stage = { NULL, CMD(RECORD_STAGE), false, R(GROUP), WRITE, 0 };

	return request(by, &stage, index);
}

static int ask_to_stage(struct nl *by)
{
	return stage_in(by, group);
}

/* One socket after another of that user, until it may have no more: how many. */
static unsigned int ask_all(int (*ask)(struct nl *by), unsigned int n, uid_t uid)
{
	unsigned int first = n;
	int err;

	NEED(!seteuid(uid));
	do {
		err = ask(waiter(n++));
	} while (!err && n <= first + LAST - MOST);
	NEED(!seteuid(0));
	CHECK(err == -ENOSPC && strstr(waiter(n - 1)->text, "too many sockets"), "%d (%s)", err,
	      waiter(n - 1)->text);
	return n - first - 1;
}

/*
 * When others have as many as may be the owner, who @had some before, has a @share all the same.
 * As does who is that next; but however often the group is given away, there is @room for so many.
 */
static void check_owners(int (*ask)(struct nl *by), unsigned int n, unsigned int share,
			 unsigned int had, unsigned int room)
{
	unsigned int want, more;
	uid_t uid = 0;

	do {
		want = room < share - had ? room : share - had;
		more = ask_all(ask, n, uid);
		CHECK(more == want, "%u, not %u more of owner %u", more, want, uid);
		room -= want;
		n += more + 1;
		had = 0;
		NEED(!owner(++uid, 0, 0666));
	} while (want);
	close_waiters(n);
}

/*
 * When as many stage for the group as may, from the @n-th on: that is nothing to another group,
 * nor is who has a place there let in here. Return: how many sockets there are then.
 */
static unsigned int check_beside(unsigned int n)
{
	const unsigned int only = MOST - 1;	/* its user's */
	struct nlmsghdr *msg;
	unsigned int i;
	int err;

	beside = group_of(&nl, &root, &neighbour);
	msg = nl_begin(&nl, CMD(GROUP_SET), 0);
	mnl_attr_put_u32(msg, G(INDEX), beside);
	mnl_attr_put_u32(msg, G(MODE), 0666);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
	for (i = 0; i < 2; i++) {
		NEED(!seteuid(30000 + i));
		waiter(n + i);
		NEED(!seteuid(0));
	}
	/* As in crowd_asks(). */
	NEED(!seteuid(NOBODY));
	err = stage_in(waiter(n), beside);
	CHECK(!err, "%d (%s) in another group", err, waiter(n)->text);
	err = ask_to_stage(waiter(n));
	CHECK(err == -ENOSPC, "%d for who comes from there", err);
	CHECK(!stage_in(waiter(only), beside) && !ask_to_stage(waiter(only)), "there and back");
	CHECK(!stage_in(waiter(only), beside), "there for good");
	CHECK(!ask_to_stage(waiter(n)), "in its place: %s", waiter(n)->text);
	CHECK(ask_to_stage(waiter(n + 1)) == -ENOSPC, "one more");
	NEED(!seteuid(0));
	NEED(!nl_simple(&nl, CMD(GROUP_DESTROY), G(INDEX), beside));
	return n + 2;
}

/*
 * As many uids as there may be sockets in all, from the @n-th on; then one more, and the owner,
 * who @had one before, or 0.
 */
static void check_most(int (*ask)(struct nl *by), unsigned int n, unsigned int share,
		       unsigned int had)
{
	unsigned int room = LAST - MOST;
	int err = 0;

	for (; !err && n <= MOST + BEYOND; n++) {
		NEED(!seteuid(20000 + n));
		err = ask(waiter(n));
		NEED(!seteuid(0));
	}
	/* Two of those before it are none of them. */
	CHECK(err == -ENOSPC && n == MOST + BEYOND - had, "%d (%s) for socket %u", err,
	      waiter(n - 1)->text, n);
	if (ask == ask_to_stage)
		n = check_beside(n);
	if (ask == ask_to_hold) {
		NEED(!owner(1, 0, 0666));
		err = ask(waiter(n++));
		CHECK(!err, "%d (%s) for an administrator", err, waiter(n - 1)->text);
		NEED(!owner(0, 0, 0666));
		had++;
		room--;
	}
	check_owners(ask, n, share, had, room);
}

/* So, too, with what each event goes to, with what keeps a group, and with what is staged. */
static void crowd(int (*ask)(struct nl *by), unsigned int share, unsigned int had)
{
	struct crowded c;

	if (!quick_machine())
		return;
	NEED(!owner(0, 0, 0666));
	open_crowd(ALL, share);
	CHECK(!crowd_asks(ALL, ask, 0, &c));
	CHECK(c.full == -ENOSPC, "%d for one more of who has one less than a share", c.full);
	CHECK(c.few == -ENOSPC, "%d for one more of who has one", c.few);
	CHECK(!c.none, "%d for who has none", c.none);
	CHECK(!ask(waiter(0)), "once more by one of them");
	check_most(ask, ALL + BEYOND, share, had);
	NEED(!owner(0, 0, 0600));
}

static void test_answers_all(void)
{
	crowd(ask_to_answer, SHARE, 0);
}

static void test_watches_all(void)
{
	crowd(ask_to_watch, SHARE, 0);
}

static void test_holds_all(void)
{
	crowd(ask_to_hold, SHARE, 1);
}

static void test_stages_all(void)
{
	crowd(ask_to_stage, STAGES, 0);
}

/* ------------------------------------------------------ user namespaces -- */

#define MAPPED		5000	/* who is root in there */
#define MAPPED_IDS	2000	/* and how many users and groups there are */
#define INSIDE		1000	/* one of them, */
#define OUTSIDE		3000	/* and one who is none */

static int change_id(struct nl *by, uint32_t index, uint16_t type, uint32_t id)
{
	struct nlmsghdr *msg = nl_begin(by, CMD(GROUP_SET), 0);

	mnl_attr_put_u32(msg, G(INDEX), index);
	mnl_attr_put_u32(msg, type, id);
	return nl_talk(by, msg, NULL, NULL);
}

static void expect_ids(struct nl *by, uint32_t index, uint32_t id)
{
	EXPECT(nl_group_number(by, index, G(UID)) == id &&
	       nl_group_number(by, index, G(GID)) == id, "not %u", id);
}

/* A group that root of the namespace makes and gives to another user there. */
static void own_and_give(struct nl *by, uint32_t *index)
{
	int err = open_group(by, index);

	EXPECT(!err, "open: %d (%s)", err, by->text);
	if (err)
		return;
	expect_ids(by, *index, 0);
	err = change_id(by, *index, G(UID), OUTSIDE);
	EXPECT(err == -EINVAL && !strcmp(by->text, "no such UID in this user namespace"),
	       "%d (%s)", err, by->text);
	err = change_id(by, *index, G(GID), OUTSIDE);
	EXPECT(err == -EINVAL && !strcmp(by->text, "no such GID in this user namespace"),
	       "%d (%s)", err, by->text);
	EXPECT(!change_id(by, *index, G(UID), INSIDE), "chown: %s", by->text);
	EXPECT(!change_id(by, *index, G(GID), INSIDE), "chgrp: %s", by->text);
	expect_ids(by, *index, INSIDE);
}

/* Its user namespace is not mapped yet when it says so first; the group stays until it hears. */
static void be_root_within(int from, int to)
{
	static struct nl by;
	uint32_t index = 0;
	char c;

	if (unshare(CLONE_NEWUSER) || write(to, "u", 1) != 1 || read(from, &c, 1) != 1 ||
	    setresgid(0, 0, 0) || setresuid(0, 0, 0) || unshare(CLONE_NEWNET) || nl_open(&by))
		_exit(100);
	failures = 0;
	own_and_give(&by, &index);
	fflush(stdout);
	if (write(to, &index, sizeof(index)) != sizeof(index) || read(from, &c, 1) != 1)
		_exit(100);
	_exit(!!failures);
}

static void map_ids(pid_t pid, const char *which)
{
	char path[64], line[64];
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, which);
	len = snprintf(line, sizeof(line), "0 %d %d", MAPPED, MAPPED_IDS);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	NEED(fd >= 0 && write(fd, line, (size_t)len) == len);
	close(fd);
}

/* A socket in another's network namespace, of root here. */
static void open_there(struct nl *there, pid_t pid)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), net;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	net = open(path, O_RDONLY | O_CLOEXEC);
	NEED(home >= 0 && net >= 0);
	NEED(!setns(net, CLONE_NEWNET) && !nl_open(there) && !setns(home, CLONE_NEWNET));
	close(net);
	close(home);
}

static void test_user_namespace(void)
{
	int to_child[2], from_child[2], status;
	static struct nl there;
	uint32_t index = 0;
	pid_t pid;
	char c;

	NEED(!pipe(to_child) && !pipe(from_child));
	fflush(stdout);
	pid = fork();
	NEED(pid >= 0);
	if (!pid)
		be_root_within(to_child[0], from_child[1]);
	NEED(read(from_child[0], &c, 1) == 1);
	map_ids(pid, "uid_map");
	map_ids(pid, "gid_map");
	NEED(write(to_child[1], "m", 1) == 1);
	NEED(read(from_child[0], &index, sizeof(index)) == sizeof(index));
	open_there(&there, pid);
	if (index) {
		failures = 0;
		expect_ids(&there, index, MAPPED + INSIDE);
		CHECK(!failures, "whom it is given to");
	}
	nl_close(&there);
	NEED(write(to_child[1], "e", 1) == 1 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "as root of a user namespace");
	close(to_child[0]);
	close(to_child[1]);
	close(from_child[0]);
	close(from_child[1]);
}

/* Opens it with one socket after another until that is refused. */
static void hold_all(struct nl *by, unsigned int have)
{
	static struct nl *holder[HOLDERS + 1];
	unsigned int n;
	uint32_t index;
	int err = 0;

	(void)have;
	for (n = 0; !err && n <= HOLDERS; n++) {
		holder[n] = calloc(1, sizeof(*holder[n]));
		NEED(holder[n] && !nl_open(holder[n]));
		err = open_group(holder[n], &index);
	}
	EXPECT(err == -ENOSPC && n == HOLDERS + 1, "%d (%s) for socket %u", err,
	       holder[n - 1]->text, n);
	EXPECT(!strcmp(holder[n - 1]->text, "too many sockets of this user have the group open"),
	       "%s", holder[n - 1]->text);
	EXPECT(!open_group(holder[0], &index), "once more by one of them: %s", holder[0]->text);
	nl_close(holder[1]);
	EXPECT(!open_group(by, &index), "in the place of one that is closed: %s", by->text);
}

static void test_holders(void)
{
	struct user u = { .uid = NOBODY, .gid = NOBODY, .have = READ };
	uint32_t index;

	NEED(!owner(0, 0, 0604));
	CHECK(as_user(&u, hold_all));
	CHECK(!open_group(&nl, &index), "%s", nl.text);
	CHECK(!nl_simple(&nl, CMD(GROUP_CLOSE), G(INDEX), index));
	NEED(!owner(0, 0, 0600));
}

static void test_destroy(void)
{
	NEED(!nl_simple(&nl, CMD(GROUP_DESTROY), G(INDEX), group));
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a new group is its maker's", test_default },
		{ "every operation, mode and class of user", test_modes },
		{ "what an owner may change", test_change },
		{ "how far an owner may set limits", test_limits },
		{ "a socket that is passed on", test_passed },
		{ "events", test_events },
		{ "a port tells nobody which group has it", test_ports },
		{ "a link that takes data again", test_room },
		{ "sockets of one user that wait for room", test_waits },
		{ "sockets of many users that wait for room", test_waits_all },
		{ "sockets of many users that answer who joins", test_answers_all },
		{ "sockets of many users that watch it", test_watches_all },
		{ "sockets of many users that hold it", test_holds_all },
		{ "sockets of many users that stage a record", test_stages_all },
		{ "sockets of one user that hold it", test_holders },
		{ "a renewed certificate", test_renewed },
		{ "root of a user namespace, and who is who in it", test_user_namespace },
		{ "nothing is left behind", test_destroy },
	};
	const struct rlimit files = { LAST + ALL + 100, LAST + ALL + 100 };

	need_module();
	own_namespace();
	NEED(!setrlimit(RLIMIT_NOFILE, &files));
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_below(&own, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	own.spec.not_after = "391231000000Z";
	cert_sign(&own);
	cert_issue(&neighbour, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
