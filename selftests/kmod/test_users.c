// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Whose a socket is, where it is counted how many one has: all ids that a user has in a user
 * namespace of its own are that user's, those of one that root made are not root's. And who has
 * CAP_NET_ADMIN is let in where others have taken all places.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "group.h"
#include "tap.h"

#define NOBODY	65534		/* who makes a user namespace */
#define MAPPED	5000		/* the first of its users there */
#define IDS	2000
#define SHARE	256		/* sockets of one user that watch a group */
#define STAGES	64		/* and that stage a record */
#define MOST	2048		/* sockets of all users than the owner that do */

static struct nl nl;
static struct cert root, own;
static uint32_t group;

static void set_mode(uint32_t mode)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, mode);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

static int watch(struct nl *by)
{
	return nl_simple(by, PEERGROUP_CMD_GROUP_WATCH, PEERGROUP_A_GROUP_INDEX, group);
}

static int answer(struct nl *by)
{
	return nl_simple(by, PEERGROUP_CMD_PASSWORD_ANSWER, PEERGROUP_A_PASSWORD_GROUP, group);
}

static int stage(struct nl *by)
{
	struct nlmsghdr *msg = nl_begin(by, PEERGROUP_CMD_RECORD_STAGE, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_SIZE, 100);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_OFFSET, 0);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, 1, "x");
	return nl_talk(by, msg, NULL, NULL);
}

/* ------------------------------------------------------ user namespaces -- */

/* One after another of these share buffers: to touch as many as there are takes long. */
static unsigned int ask_as(uid_t uid, unsigned int most, int (*ask)(struct nl *by), int *err)
{
	static struct nl by;
	unsigned int n;

	/* Only with its capabilities does root of a namespace become somebody else in it. */
	if (uid && setresuid(uid, uid, 0))
		_exit(101);
	for (n = 0; n < most; n++) {
		if (nl_open(&by))
			_exit(102);
		*err = ask(&by);
		if (*err)
			break;
	}
	if (uid && setresuid(0, 0, 0))
		_exit(103);
	return n;
}

/*
 * In a user namespace with many ids two of them ask, each as often as one user may and once more.
 * @counts: how many each was given is sent there.
 */
static void be_two_within(int from, int to, unsigned int share, int (*ask)(struct nl *by))
{
	unsigned int given[2];
	int err;
	char c;

	if (unshare(CLONE_NEWUSER) || write(to, "u", 1) != 1 || read(from, &c, 1) != 1 ||
	    setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
		_exit(100);
	given[0] = ask_as(1, share + 1, ask, &err);
	given[1] = ask_as(2, share + 1, ask, &err);
	if (write(to, given, sizeof(given)) != sizeof(given) || read(from, &c, 1) != 1)
		_exit(104);
	_exit(0);
}

static void map_ids(pid_t pid, const char *which)
{
	char path[64], line[64];
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, which);
	len = snprintf(line, sizeof(line), "0 %d %d", MAPPED, IDS);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	NEED(fd >= 0 && write(fd, line, (size_t)len) == len);
	close(fd);
}

/* What two users of a namespace that @maker made are given. */
static void ask_within(uid_t maker, unsigned int share, int (*ask)(struct nl *by),
		       unsigned int given[2])
{
	int to[2], from[2], status;
	pid_t pid;
	char c;

	NEED(!pipe(to) && !pipe(from));
	fflush(stdout);
	pid = fork();
	NEED(pid >= 0);
	if (!pid) {
		if (setresuid(maker, maker, maker) || prctl(PR_SET_DUMPABLE, 1))
			_exit(99);
		be_two_within(to[0], from[1], share, ask);
	}
	NEED(read(from[0], &c, 1) == 1);
	map_ids(pid, "uid_map");
	map_ids(pid, "gid_map");
	NEED(write(to[1], "m", 1) == 1);
	given[0] = 0;
	given[1] = 0;
	c = read(from[0], given, 2 * sizeof(given[0])) == 2 * sizeof(given[0]);
	CHECK(c, "nothing was asked");
	NEED(write(to[1], "e", 1) == 1 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%x", status);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
}

static const struct {
	const char *what;
	int (*ask)(struct nl *by);
	unsigned int share;
} asks[] = {
	{ "watch", watch, SHARE },
	{ "answer", answer, SHARE },
	{ "stage", stage, STAGES },
};

static void test_subuids(void)
{
	unsigned int given[2], i;

	set_mode(0666);
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		ask_within(NOBODY, asks[i].share, asks[i].ask, given);
		CHECK(given[0] == asks[i].share && !given[1], "%s: %u and %u", asks[i].what,
		      given[0], given[1]);
	}
	set_mode(0600);
}

/* Not all of a machine's containers together are one user, and least of all root. */
static void test_roots(void)
{
	unsigned int given[2];

	set_mode(0666);
	ask_within(0, SHARE, watch, given);
	CHECK(given[0] == SHARE && given[1] == SHARE, "%u and %u", given[0], given[1]);
	set_mode(0600);
}

/* ------------------------------------------------------- administrators -- */

static struct mnl_socket *crowd[MOST + 1];

static void give_to(uid_t uid)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_UID, uid);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* As many uids, each with one socket, as there are places for others than the owner. */
static void check_admin(const char *what, int (*ask)(struct nl *by))
{
	static struct nl by;
	unsigned int n;
	int err = 0;

	for (n = 0; !err && n <= MOST; n++) {
		NEED(!seteuid(20000 + n) && !nl_open(&by));
		crowd[n] = by.sock;
		err = ask(&by);
		NEED(!seteuid(0));
	}
	CHECK(err == -ENOSPC && n == MOST + 1, "%s: %d (%s) for socket %u", what, err, by.text, n);
	NEED(!nl_open(&by));
	err = ask(&by);
	CHECK(!err, "%s: %d (%s) for an administrator", what, err, by.text);
	nl_close(&by);
	while (n--) {
		by.sock = crowd[n];
		nl_close(&by);
	}
}

static void test_admin(void)
{
	unsigned int i;

	if (!quick_machine())
		return;
	set_mode(0666);
	give_to(1);
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		check_admin(asks[i].what, asks[i].ask);
	give_to(0);
	set_mode(0600);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "all ids of a user namespace are its maker's", test_subuids },
		{ "those of one that root made are not root's", test_roots },
		{ "an administrator where many users have taken all places", test_admin },
		{ "nothing is left behind", test_nothing_left },
	};
	const struct rlimit files = { MOST + 100, MOST + 100 };

	need_module();
	own_namespace();
	NEED(!setrlimit(RLIMIT_NOFILE, &files));
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
