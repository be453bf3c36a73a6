// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes: programs that listen are told that their groups have ended.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "tap.h"

static struct nl nl, events;
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
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a listener is told that its group ends with the module", test_unload },
	};
	struct cert root, own;

	need_module();
	own_namespace();
	NEED(!nl_open(&nl) && !nl_open(&events));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	NEED(!nl_listen(&events));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
