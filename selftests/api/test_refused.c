// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data that the kernel cannot give when it is asked for: it is asked again, and that a
 * connection has ended is not told before what came over it. Alice's group and Bob's are two
 * hosts to each other, although they are in one process.
 *
 * The kernel has memory here, so that it is told less than it wants to know, and what it says to
 * that is put into other words on the way back.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/peergroup.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static const uuid_t type = { 1, 2, 3, 4 };

/* ------------------------------------------- between library and kernel -- */

/* So many requests for data are refused from now on, with this; and how many were made. */
static atomic_int to_refuse, refusal;
static atomic_uint asked, refused;	/* the number of the last one */

static bool asks_for_data(const struct nlmsghdr *msg, size_t len)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);

	return len >= NLMSG_LENGTH(sizeof(*genl)) && msg->nlmsg_flags & NLM_F_DUMP &&
	       msg->nlmsg_type >= NLMSG_MIN_TYPE && genl->cmd == PEERGROUP_CMD_DATA_GET;
}

/* Takes the place of the C library's: SIZE becomes a byte, which is refused as EINVAL or ERANGE. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	struct nlattr *size;
	uint8_t copy[256];

	if (len <= sizeof(copy) && asks_for_data(buf, len)) {
		atomic_fetch_add(&asked, 1);
		if (atomic_load(&to_refuse) > 0) {
			atomic_fetch_sub(&to_refuse, 1);
			memcpy(copy, buf, len);
			atomic_store(&refused, ((const struct nlmsghdr *)buf)->nlmsg_seq);
			/* The last attribute. */
			size = (struct nlattr *)(copy + len - 8);
			NEED(size->nla_type == PEERGROUP_A_DATA_SIZE && size->nla_len == 8);
			size->nla_len = 5;
			buf = copy;
		}
	}
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

/* And this: the refusal is one for want of memory. */
ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
	struct nlmsghdr *msg = buf;
	struct nlmsgerr *err;

	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*err)) || msg->nlmsg_type != NLMSG_ERROR)
		return n;
	err = NLMSG_DATA(msg);
	if (err->error && err->msg.nlmsg_flags & NLM_F_DUMP &&
	    msg->nlmsg_seq == atomic_load(&refused))
		err->error = -atomic_load(&refusal);
	return n;
}

static void refuse_data(int times, int why)
{
	atomic_store(&refusal, why);
	atomic_store(&asked, 0);
	atomic_store(&to_refuse, times);
}

/* ---------------------------------------------------------------- helpers -- */

static void open_direct(uint64_t *id)
{
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, id));
}

static void say(uint64_t id, const char *what)
{
	NEED(!peergroup_send(bobs, id, type, what, strlen(what), WAIT_SECONDS * 1000));
}

/* ------------------------------------------------------- a registration -- */

static PEER_GROUP_EVENT_DATA *next(HANDLE event, HPEEREVENT reg)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;

	while ((hr = PeerGroupGetEventData(reg, &data)) == PEER_S_NO_EVENT_DATA)
		NEED(peergroup_event_wait(event, WAIT_SECONDS * 1000) == S_OK);
	NEED(!hr);
	return data;
}

static void check_connection(HANDLE event, HPEEREVENT reg, PEER_CONNECTION_STATUS status)
{
	PEER_GROUP_EVENT_DATA *data = next(event, reg);

	CHECK(data->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION &&
	      data->connectionChangeData.status == status, "event %d", (int)data->eventType);
	PeerFreeData(data);
}

static void check_data(HANDLE event, HPEEREVENT reg, const char *what)
{
	PEER_GROUP_EVENT_DATA *data = next(event, reg);

	/* What is not told now is not told at all. */
	NEED(data->eventType == PEER_GROUP_EVENT_INCOMING_DATA);
	CHECK(data->incomingData.data.cbData == strlen(what) &&
	      !memcmp(data->incomingData.data.pbData, what, strlen(what)));
	PeerFreeData(data);
}

static void try_registration(HANDLE event, HPEEREVENT reg, int times, int why)
{
	uint64_t id;

	open_direct(&id);
	check_connection(event, reg, PEER_CONNECTED);
	refuse_data(times, why);
	say(id, "hello");
	NEED(!peergroup_direct_close(bobs, id));
	check_data(event, reg, "hello");
	check_connection(event, reg, PEER_DISCONNECTED);
	CHECK(!atomic_load(&to_refuse), "%d more to refuse", atomic_load(&to_refuse));
	CHECK((int)atomic_load(&asked) > times, "%u times", atomic_load(&asked));
	refuse_data(0, 0);
}

static void test_registration(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
	};
	HPEEREVENT reg;
	HANDLE event;

	NEED(!peergroup_event_create(&event));
	NEED(!PeerGroupRegisterEvent(ours, event, 2, (PEER_GROUP_EVENT_REGISTRATION *)want, &reg));
	try_registration(event, reg, 0, 0);
	try_registration(event, reg, 1, ENOMEM);
	try_registration(event, reg, 5, ENOMEM);
	/* What says that one is under way, or will be, is not trusted for good. */
	try_registration(event, reg, 1, ENOBUFS);
	try_registration(event, reg, 3, EBUSY);
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

/* ------------------------------------------------------------- a receiver -- */

static void hear_data(peergroup_receiver_t r, const char *what)
{
	struct pollfd pfd = { .fd = peergroup_receive_fd(r), .events = POLLIN };
	struct peergroup_data *d;
	HRESULT hr;

	while ((hr = peergroup_receive_next(r, &d)) == PEER_S_NO_EVENT_DATA)
		NEED(poll(&pfd, 1, WAIT_SECONDS * 1000) == 1);
	NEED(!hr);
	CHECK(d->size == strlen(what) && !memcmp(d->data, what, d->size) && !d->lost);
	peergroup_free(d);
}

static void test_receiver(void)
{
	static const struct {
		int times, why;
	} tries[] = { { 1, ENOMEM }, { 5, ENOMEM }, { 1, ENOBUFS }, { 2, EBUSY }, { 0, 0 } };
	peergroup_receiver_t r;
	unsigned int i;
	uint64_t id;

	NEED(!peergroup_receive_open(ours, &r));
	open_direct(&id);
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		refuse_data(tries[i].times, tries[i].why);
		say(id, "one");
		hear_data(r, "one");
		CHECK(!atomic_load(&to_refuse), "%u: %d more to refuse", i, atomic_load(&to_refuse));
		say(id, "two");
		say(id, "three");
		hear_data(r, "two");
		hear_data(r, "three");
	}
	NEED(!peergroup_direct_close(bobs, id));
	HR(peergroup_receive_close(r), S_OK);
}

static void test_end(void)
{
	HR(peergroup_close(bobs), S_OK);
	HR(peergroup_close(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	peergroup_free(alice);
	peergroup_free(bob);
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a registration is refused data, and connections end", test_registration },
		{ "a receiver is", test_receiver },
		{ "the end", test_end },
	};
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
