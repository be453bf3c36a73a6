// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupGetStatus() of a group that comes online and is joined by a second member,
 * and PeerEnumGroups() of each.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define BAD_GROUP	((HGROUP)&bad_handle)

static char bad_handle;
static char *alice, *bob;
static peergroup_t ours, bobs;

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
		{ "PeerEnumGroups", test_groups },
	};
	char home[] = "/tmp/status.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
