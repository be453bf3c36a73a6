// SPDX-License-Identifier: GPL-2.0-only
// timeout: 100
/*
 * Who waits for a direct connection while events get lost, and the one that is waited for
 * among them. The event is taken here from under the library, which is told what a socket
 * without room tells.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "netlink.h"
#include "rules.h"
#include "tap.h"

#define PATIENCE	60000		/* ms: what is not told is not waited for as long */

static __thread uint32_t to_lose;	/* the state of a link of which the event is lost */
static __thread bool then_refuse;	/* and the kernel cannot be asked then, once */
static __thread bool refusing;
static uint64_t lost;			/* the link's number */

static bool is_outcome(const struct nlmsghdr *msg)
{
	return msg->nlmsg_type >= NLMSG_MIN_TYPE &&
	       ((struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd == PEERGROUP_CMD_LINK_NTF &&
	       nl_attr(msg, PEERGROUP_A_LINK_DIRECT) &&
	       nl_u32(msg, PEERGROUP_A_LINK_STATE) == to_lose;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t (*real)(int fd, void *buf, size_t len, int flags) = dlsym(RTLD_NEXT, "recv");
	ssize_t n = real(fd, buf, len, flags);

	if (n <= 0 || !to_lose || !is_outcome(buf))
		return n;
	lost = nl_u64(buf, PEERGROUP_A_LINK_ID);
	to_lose = 0;
	refusing = then_refuse;
	errno = ENOBUFS;
	return -1;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	ssize_t (*real)(int fd, const void *buf, size_t len, int flags,
			const struct sockaddr *to, socklen_t to_len) = dlsym(RTLD_NEXT, "sendto");

	if (!refusing)
		return real(fd, buf, len, flags, to, to_len);
	refusing = false;
	errno = ENOMEM;
	return -1;
}

/* Opens it, and loses the event of that state. */
static HRESULT open_losing(uint32_t state, const char *address, uint64_t *id)
{
	HRESULT hr;

	lost = 0;
	*id = 1;
	to_lose = state;
	hr = peergroup_direct_open(ours, bob, address, PATIENCE, id);
	CHECK(lost, "no event of state %u", state);
	to_lose = 0;
	return hr;
}

static void test_up(void)
{
	uuid_t type = { 1 };
	uint64_t id;

	HR(open_losing(PEERGROUP_LINK_UP, "127.0.0.1:4000", &id), S_OK);
	CHECK(id == lost);
	HR(peergroup_send(ours, id, type, "data", 4, PATIENCE), S_OK);
	HR(peergroup_direct_close(ours, id), S_OK);
}

/* It is up, of which nobody knows. */
static void test_unknown(void)
{
	uint64_t id;

	then_refuse = true;
	HR(open_losing(PEERGROUP_LINK_UP, "127.0.0.1:4000", &id), E_OUTOFMEMORY);
	then_refuse = false;
	CHECK(!id);
	CHECK(!strstr(peergroup_error_detail(), "time"), "%s", peergroup_error_detail());
	HR(peergroup_direct_close(ours, lost), PEER_E_CONNECTION_NOT_FOUND);
}

/* For ever, if need be. */
static void test_end(void)
{
	uint64_t id;

	HR(open_losing(PEERGROUP_LINK_FAILED, "127.0.0.1:4444", &id), PEER_E_CONNECTION_FAILED);
	CHECK(!id && *peergroup_error_detail());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "that it is up was lost: it is seen", test_up },
		{ "and cannot be seen: it is closed", test_unknown },
		{ "that it failed was lost: nobody waits for it any longer", test_end },
	};
	peergroup_receiver_t receiver;
	int result;

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	NEED(!peergroup_receive_open(bobs, &receiver));
	result = tap_main(tests, sizeof(tests) / sizeof(tests[0]));
	NEED(!peergroup_receive_close(receiver));
	NEED(!peergroup_close(ours) && !peergroup_close(bobs) && !PeerGroupShutdown());
	return result;
}
