// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes: programs that listen are told that their groups have ended, and
 * what is going on, at whatever point it is, ends without a trace. Ten times, with --long
 * a hundred: links that come up, programs that add and that read, sockets that stay open
 * meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "group.h"
#include "tap.h"

#define ROUNDS	10
#define ROUNDS_LONG	100
#define RECORDS	100
#define PORT	3587

static struct nl nl, events;
static struct cert root, own[2];
static uint32_t group;

struct told {
	bool ended;
	uint32_t reason;
};

static int take(const struct nlmsghdr *msg, void *arg)
{
	struct told *told = arg;

	if (msg->nlmsg_type == events.family && nl_cmd(msg) == PEERGROUP_CMD_GROUP_NTF &&
	    nl_u32(msg, PEERGROUP_A_GROUP_INDEX) == group &&
	    !nl_u32(msg, PEERGROUP_A_GROUP_STATUS)) {
		told->ended = true;
		told->reason = nl_u32(msg, PEERGROUP_A_GROUP_REASON);
	}
	return MNL_CB_OK;
}

static void test_unload(void)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(events.sock), .events = POLLIN };
	struct told told = { 0 };
	ssize_t n;

	NEED(!system("rmmod peergroup"));
	/* What was sent before rmmod ended is there. */
	while (!told.ended && poll(&pfd, 1, 0) > 0) {
		n = mnl_socket_recvfrom(events.sock, events.in, sizeof(events.in));
		NEED(n > 0);
		mnl_cb_run(events.in, (size_t)n, 0, 0, take, &told);
	}
	CHECK(told.ended, "no event");
	CHECK(told.reason == ENOENT, "%u", told.reason);
	nl_close(&events);
	nl_close(&nl);
}

/* ------------------------------------------------------------- in traffic -- */

static struct rec recs[RECORDS];
static uint32_t ends[2];

/* Adds what there is, from another one on at each end, until the module is gone. */
static void add_all(unsigned int end)
{
	unsigned int n = end * RECORDS / 2;
	int err;

	do {
		const struct rec *rec = &recs[n++ % RECORDS];

		err = nl_put_record(&nl, ends[end], rec->wire, rec->len);
	} while (err != -ENOENT);
}

/* With a pause: a module that is in a dump all the time can never be unloaded. */
static void read_all(unsigned int end)
{
	struct nlmsghdr *msg;
	int err;

	do {
		msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, ends[end]);
		usleep(5000);
		err = nl_talk(&nl, msg, NULL, NULL);
	} while (err != -ENOENT);
}

/* A program with a socket of its own, which it leaves open until it is told to go. */
static pid_t start(void (*what)(unsigned int end), unsigned int end, const int *hold)
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	close(hold[1]);
	/* It may come too late. */
	if (!nl_open(&nl))
		what(end);
	_exit(read(hold[0], &byte, 1));
}

/* Two groups, one of which dials the other. */
static void go_online(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ends[i] = group_of(&nl, &root, &own[i]);
		group_online(&nl, ends[i], &own[i], PORT + i);
	}
	NEED(!group_limit(&nl, ends[1], PEERGROUP_A_LIMIT_RETRY_MIN, 20));
	NEED(!group_limit(&nl, ends[1], PEERGROUP_A_LIMIT_RETRY_MAX, 20));
	NEED(!group_dial(&nl, ends[1], PORT));
}

/* Refused as long as somebody is between two messages of a dump. */
static bool unloaded(void *unused)
{
	(void)unused;
	return !syscall(SYS_delete_module, "peergroup", O_NONBLOCK);
}

/* Where all was at both ends before the link was up there is nothing to carry. */
static bool carries(void *unused)
{
	(void)unused;
	return nl_stat(&nl, ends[0], PEERGROUP_A_STATS_FORWARDED) >= 3 ||
	       (nl_stat(&nl, ends[0], PEERGROUP_A_STATS_ADDED) >= RECORDS &&
		nl_stat(&nl, ends[1], PEERGROUP_A_STATS_ADDED) >= RECORDS);
}

static bool in_traffic(unsigned int round)
{
	int hold[2], status;
	pid_t pids[4];
	unsigned int i;
	bool gone;

	need_module();
	NEED(!nl_open(&nl) && !pipe2(hold, O_CLOEXEC));
	go_online();
	for (i = 0; i < 4; i++)
		pids[i] = start(i < 2 ? add_all : read_all, i % 2, hold);
	close(hold[0]);
	/* Every third time while the link comes up, once it is up, and once it carries. */
	if (round % 3)
		NEED(wait_stat(&nl, ends[0], PEERGROUP_A_STATS_LINKS_UP, 1));
	if (round % 3 == 2)
		NEED(wait_until(carries, NULL));
	gone = wait_until(unloaded, NULL);
	nl_close(&nl);
	close(hold[1]);
	for (i = 0; i < 4; i++)
		NEED(waitpid(pids[i], &status, 0) == pids[i] && !status);
	return gone;
}

static void test_in_traffic(void)
{
	const char *is_long = getenv("PG_LONG");
	unsigned int i, rounds = is_long && *is_long ? ROUNDS_LONG : ROUNDS;

	for (i = 0; i < RECORDS; i++) {
		rec_new(&recs[i], &own[i % 2], "traffic", 7);
		rec_sign(&recs[i], &own[i % 2]);
	}
	for (i = 0; i < rounds; i++)
		if (!in_traffic(i))
			break;
	CHECK(i == rounds, "round %u: %m", i);
	CHECK(!slab_objects("pg_record"));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a listener is told that its group ends with the module", test_unload },
		{ "it goes in the middle of traffic, again and again", test_in_traffic },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl) && !nl_open(&events));
	cert_new_root(&root, test_key(0));
	cert_issue(&own[0], &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&own[1], &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own[0]);
	NEED(!nl_listen(&events));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
