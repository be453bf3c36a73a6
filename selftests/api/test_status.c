// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupGetStatus() of a group that comes online and is joined by a second member,
 * and PeerEnumGroups() of each. And what it costs when the certificate that the kernel shows
 * is not the library's: in this test the kernel's answer is changed on its way.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/peergroup.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define BAD_GROUP	((HGROUP)&bad_handle)

static char bad_handle;
static char *alice, *bob;
static peergroup_t ours, bobs;

/* ------------------------------------------- between library and kernel -- */

static atomic_bool other_shown;
static atomic_uint looks;		/* how often somebody asked for all members */

static uint8_t command(const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);

	return msg->nlmsg_type < NLMSG_MIN_TYPE ? 0 : genl->cmd;
}

/* These two take the place of the C library's. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *msg = buf;

	if (len >= MNL_NLMSG_HDRLEN + sizeof(struct genlmsghdr) &&
	    msg->nlmsg_flags & NLM_F_DUMP && command(msg) == PEERGROUP_CMD_MEMBER_GET)
		atomic_fetch_add(&looks, 1);
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

ssize_t recvmsg(int fd, struct msghdr *to, int flags)
{
	ssize_t len = syscall(SYS_recvmsg, fd, to, flags);
	const struct nlmsghdr *msg = to->msg_iov->iov_base;
	struct nlattr *attr;
	uint8_t *hash;

	if (len < 0 || !atomic_load(&other_shown) || !mnl_nlmsg_ok(msg, (int)len) ||
	    command(msg) != PEERGROUP_CMD_GROUP_GET)
		return len;
	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		hash = mnl_attr_get_payload(attr);
		if (mnl_attr_get_type(attr) == PEERGROUP_A_GROUP_SHOWN)
			hash[0] ^= 1;
	}
	return len;
}

/* ----------------------------------------------------------------- helpers -- */

static DWORD status_of(peergroup_t group)
{
	DWORD status = 99;

	HR(PeerGroupGetStatus(group, &status), S_OK);
	return status;
}

static bool connected(void *arg)
{
	return status_of(arg) == (PEER_GROUP_STATUS_LISTENING | PEER_GROUP_STATUS_HAS_CONNECTIONS);
}

static bool listening(void *arg)
{
	return status_of(arg) == PEER_GROUP_STATUS_LISTENING;
}

/* Links are told good-bye first: they are counted until they are gone. */
static bool offline(void *arg)
{
	return status_of(arg) == 0;
}

static void test_errors(void)
{
	PEER_VERSION_DATA version;
	DWORD status = 99;

	HR(PeerGroupGetStatus(BAD_GROUP, &status), PEER_E_NOT_INITIALIZED);
	CHECK(status == 0);
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	status = 99;
	HR(PeerGroupGetStatus(BAD_GROUP, &status), PEER_E_INVALID_GROUP);
	CHECK(status == 0);
	HR(PeerGroupGetStatus(NULL, &status), PEER_E_INVALID_GROUP);
}

static void test_status(void)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
	NEED(!peergroup_create(alice, &(struct peergroup_create_options){ .friendly = "lab" },
			       &ours));
	HR(PeerGroupGetStatus(ours, NULL), E_INVALIDARG);
	CHECK(status_of(ours) == 0, "offline");
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(xml);
	peergroup_free(invitation);
	CHECK(status_of(bobs) == 0, "never online");
	NEED(!peergroup_online(ours, 0));
	CHECK(wait_until(listening, ours));
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(wait_until(connected, ours) && wait_until(connected, bobs));
	NEED(!peergroup_offline(bobs));
	CHECK(wait_until(offline, bobs));
	CHECK(wait_until(listening, ours));
}

/* --------------------------------------------------- another one is shown -- */

static unsigned int looks_of(unsigned int times)
{
	struct peergroup_status *status;

	atomic_store(&looks, 0);
	for (; times; times--) {
		HR(peergroup_status(bobs, &status), S_OK);
		peergroup_free(status);
	}
	return atomic_load(&looks);
}

static bool looks_again(void *unused)
{
	(void)unused;
	return looks_of(1);
}

/* The members are read when there is something new, and else not, however often it is asked. */
static void test_shown(void)
{
	char *carol, *xml, *invitation;
	peergroup_t carols;
	unsigned int n;

	CHECK(!looks_of(5), "when it is the library's");
	atomic_store(&other_shown, true);
	n = looks_of(1);
	CHECK(n, "nobody looked");
	n = looks_of(10);
	CHECK(!n, "%u times, and nothing had changed", n);
	/* Somebody joins of whom Bob hears when he is back. */
	NEED(!peergroup_identity_create("carol", "Carol", &carol));
	NEED(!peergroup_identity_xml(carol, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(carol, invitation, &carols));
	peergroup_free(xml);
	peergroup_free(invitation);
	NEED(!peergroup_online(carols, 4001) && !peergroup_connect(carols, "127.0.0.1"));
	NEED(wait_until(connected, carols));
	NEED(!peergroup_online(bobs, 4000) && !peergroup_connect(bobs, "127.0.0.1"));
	CHECK(wait_until(looks_again, NULL), "a member more, and no look");
	NEED(!peergroup_offline(bobs) && wait_until(offline, bobs));
	looks_of(1);
	n = looks_of(10);
	CHECK(!n, "%u times, and nothing had changed since", n);
	atomic_store(&other_shown, false);
	HR(peergroup_close(carols), S_OK);
	peergroup_free(carol);
}

static void check_groups(const char *identity, const char *group)
{
	PEER_NAME_PAIR **items;
	HPEERENUM list;
	ULONG n = 5;

	HR(PeerEnumGroups(wide(identity), &list), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	NEED(n == 1);
	CHECK(items[0]->dwSize == sizeof(PEER_NAME_PAIR));
	CHECK(same(items[0]->pwzPeerName, group));
	CHECK(same(items[0]->pwzFriendlyName, "lab"));
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

static void test_groups(void)
{
	struct peergroup_status *status;
	HPEERENUM list;
	ULONG n = 9;
	char *name;

	NEED(!peergroup_status(ours, &status));
	name = strdup(status->name);
	peergroup_free(status);
	check_groups(alice, name);
	check_groups(bob, name);
	HR(PeerGroupClose(bobs), S_OK);
	check_groups(bob, name);
	HR(peergroup_delete(bob, name), S_OK);
	HR(PeerEnumGroups(wide(bob), &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == 0);
	HR(PeerEndEnumeration(list), S_OK);
	free(name);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "PeerGroupGetStatus: errors", test_errors },
		{ "PeerGroupGetStatus", test_status },
		{ "another certificate is shown", test_shown },
		{ "PeerEnumGroups", test_groups },
	};
	char home[] = "/tmp/status.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
