// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupEnumMembers() and PeerGroupRevokeMember(): what they tell, each error
 * that is documented, and the events about members: who comes and goes, joins, gets
 * another certificate, is revoked. Alice's group and Bob's are two hosts to each other,
 * although they are in one process.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uchar.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

static char bad_handle;
static char *alice, *bob, *group_name;
static peergroup_t ours, bobs;

/* A registration for events about members, and how often it heard which. */
struct listener {
	HANDLE event;
	HPEEREVENT reg;
	unsigned int alice[PEER_MEMBER_LEFT + 1], bob[PEER_MEMBER_LEFT + 1], other;
};

static struct listener here, there;

#define BAD_GROUP	((HGROUP)&bad_handle)

static void test_not_initialized(void)
{
	HPEERENUM list = &bad_handle;

	HR(PeerGroupEnumMembers(BAD_GROUP, 0, NULL, &list), PEER_E_NOT_INITIALIZED);
	CHECK(!list);
	HR(PeerGroupRevokeMember(BAD_GROUP, wide("x"), 0), PEER_E_NOT_INITIALIZED);
}

static void set_up(void)
{
	PEER_VERSION_DATA version;
	char *xml, *invitation;
	struct peergroup_status *status;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
	NEED(!peergroup_create(alice, NULL, &ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(status);
	peergroup_free(xml);
	peergroup_free(invitation);
}

/* ---------------------------------------------------------------- events -- */

static void listen_to(peergroup_t group, struct listener *l)
{
	PEER_GROUP_EVENT_REGISTRATION want = { PEER_GROUP_EVENT_MEMBER_CHANGED, NULL };

	memset(l, 0, sizeof(*l));
	NEED(!peergroup_event_create(&l->event));
	NEED(!PeerGroupRegisterEvent(group, l->event, 1, &want, &l->reg));
}

static void stop_listening(struct listener *l)
{
	HR(PeerGroupUnregisterEvent(l->reg), S_OK);
	peergroup_event_close(l->event);
}

static void count_event(struct listener *l, const PEER_GROUP_EVENT_DATA *data)
{
	const PEER_EVENT_MEMBER_CHANGE_DATA *m = &data->memberChangeData;

	if (data->eventType != PEER_GROUP_EVENT_MEMBER_CHANGED || m->dwSize != sizeof(*m) ||
	    m->changeType < PEER_MEMBER_CONNECTED || m->changeType > PEER_MEMBER_LEFT)
		l->other++;
	else if (same(m->pwzIdentity, alice))
		l->alice[m->changeType]++;
	else if (same(m->pwzIdentity, bob))
		l->bob[m->changeType]++;
	else
		l->other++;
}

static void take_events(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data;

	while (PeerGroupGetEventData(l->reg, &data) == S_OK) {
		count_event(l, data);
		PeerFreeData(data);
	}
}

/* Waits until that was heard @times. */
static bool heard(struct listener *l, const unsigned int *what, unsigned int times)
{
	for (take_events(l); *what < times; take_events(l))
		if (peergroup_event_wait(l->event, 20000) != S_OK)
			break;
	if (*what != times)
		printf("# heard %u times, not %u\n", *what, times);
	return *what == times;
}

/* ----------------------------------------------------------- enumerating -- */

static ULONG members(peergroup_t group, DWORD flags, const char *name)
{
	HPEERENUM list;
	ULONG n = 99;

	HR(PeerGroupEnumMembers(group, flags, name ? wide(name) : NULL, &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	return n;
}

static bool two_present(void *arg)
{
	return members(arg, PEER_MEMBER_PRESENT, NULL) == 2;
}

static bool one_present(void *arg)
{
	return members(arg, PEER_MEMBER_PRESENT, NULL) == 1;
}

static void test_alone(void)
{
	HPEERENUM list = &bad_handle;

	CHECK(members(ours, 0, NULL) == 1, "the creator");
	CHECK(members(ours, PEER_MEMBER_PRESENT, NULL) == 0, "offline");
	CHECK(members(ours, 0, bob) == 0, "who has not been seen");
	HR(PeerGroupEnumMembers(BAD_GROUP, 0, NULL, &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
	HR(PeerGroupEnumMembers(ours, 2, NULL, &list), E_INVALIDARG);
	HR(PeerGroupEnumMembers(ours, 0, NULL, NULL), E_INVALIDARG);
}

static void test_two(void)
{
	PEER_MEMBER **items, *m;
	HPEERENUM list;
	ULONG n = 5;

	CHECK(wait_until(two_present, ours));
	CHECK(members(ours, 0, bob) == 1 && members(ours, 0, "nobody") == 0);
	NEED(!PeerGroupEnumMembers(ours, 0, NULL, &list));
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	CHECK(n == 2);
	m = items[0];
	CHECK(same(m->pwzIdentity, alice), "this member first");
	CHECK(m->dwSize == sizeof(*m) && m->dwFlags == PEER_MEMBER_PRESENT && m->ullNodeId);
	CHECK(m->pCredentialInfo->cRoles == 1 && !memcmp(m->pCredentialInfo->pRoles,
	      &PEER_GROUP_ROLE_ADMIN, sizeof(GUID)));
	m = items[1];
	CHECK(same(m->pwzIdentity, bob) && same(m->pCredentialInfo->pwzFriendlyName, "Bob"));
	CHECK(same(m->pCredentialInfo->pwzIssuerPeerName, alice));
	CHECK(same(m->pCredentialInfo->pwzIssuerFriendlyName, "Alice"));
	CHECK(m->pCredentialInfo->cRoles == 1 && !memcmp(m->pCredentialInfo->pRoles,
	      &PEER_GROUP_ROLE_MEMBER, sizeof(GUID)));
	CHECK(m->pCredentialInfo->pPublicKey->PublicKey.cbData > 256);
	CHECK(m->ullNodeId && m->ullNodeId != items[0]->ullNodeId);
	CHECK(m->cAddresses == 1 && m->pAddresses->sin6.sin6_family == AF_INET6);
	CHECK(!m->pwzAttributes);
	PeerFreeData(items);
	PeerEndEnumeration(list);
}

static void test_revoke_errors(void)
{
	HR(PeerGroupRevokeMember(ours, NULL, 0), E_INVALIDARG);
	HR(PeerGroupRevokeMember(ours, wide(bob), 4), E_INVALIDARG);
	HR(PeerGroupRevokeMember(BAD_GROUP, wide(bob), 0), PEER_E_INVALID_GROUP);
	HR(PeerGroupRevokeMember(ours, wide("nobody"), 0), PEER_E_NOT_FOUND);
	HR(PeerGroupRevokeMember(ours, wide(group_name), 0), PEER_E_NOT_FOUND);
	HR(PeerGroupRevokeMember(ours, wide(alice), 0), PEER_E_NOT_AUTHORIZED);
	HR(peergroup_revoke(ours, NULL, 0), E_INVALIDARG);
	HR(peergroup_revoke(ours, bob, 1U << 31), E_INVALIDARG);
}

/* Bob's events are what makes the library publish Bob's membership: nothing else is called. */
static void test_joined(void)
{
	listen_to(ours, &here);
	listen_to(bobs, &there);
	NEED(!peergroup_online(ours, 0));
	CHECK(members(ours, PEER_MEMBER_PRESENT, NULL) == 1, "online, alone");
	CHECK(heard(&here, &here.alice[PEER_MEMBER_JOINED], 1), "the creator's own membership");
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 1));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_JOINED], 1));
	CHECK(heard(&there, &there.alice[PEER_MEMBER_CONNECTED], 1));
	CHECK(heard(&there, &there.alice[PEER_MEMBER_JOINED], 1));
	CHECK(heard(&there, &there.bob[PEER_MEMBER_JOINED], 1));
	CHECK(!here.alice[PEER_MEMBER_CONNECTED] && !there.bob[PEER_MEMBER_CONNECTED],
	      "nobody connects to himself");
	CHECK(!here.other && !there.other);
}

/* An administrator's renewal is a joining; that Bob has taken it is none. */
static void test_renewed(void)
{
	HR(peergroup_renew(ours, bob, 0, PEERGROUP_ROLE_INVITING, PEERGROUP_RENEW_STORE, NULL),
	   S_OK);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_JOINED], 2));
	CHECK(heard(&there, &there.bob[PEER_MEMBER_JOINED], 2));
	NEED(!peergroup_offline(bobs));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 1));
	CHECK(heard(&there, &there.alice[PEER_MEMBER_DISCONNECTED], 1));
	NEED(!peergroup_online(bobs, 4000));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 2));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_UPDATED], 1), "he published the new one");
	CHECK(!here.alice[PEER_MEMBER_UPDATED] && here.bob[PEER_MEMBER_JOINED] == 2);
	CHECK(!here.other && !there.other);
}

/* Who is away is still a member; that is what the record is for. */
static void test_away(void)
{
	stop_listening(&there);
	PeerGroupClose(bobs);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 2));
	CHECK(members(ours, PEER_MEMBER_PRESENT, NULL) == 1);
	CHECK(members(ours, 0, NULL) == 2 && members(ours, 0, bob) == 1);
	NEED(!peergroup_open(bob, group_name, &bobs));
	NEED(!peergroup_online(bobs, 0));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 3));
	take_events(&here);
	CHECK(here.bob[PEER_MEMBER_JOINED] == 2 && here.bob[PEER_MEMBER_UPDATED] == 1,
	      "the same membership is not published again");
}

static void test_revoke(void)
{
	NEED(wait_until(is_ready, bobs));
	HR(PeerGroupRevokeMember(bobs, wide(alice), 0), PEER_E_NOT_AUTHORIZED);
	HR(PeerGroupRevokeMember(ours, wide(bob), PEERGROUP_REVOKE_WITHDRAW), S_OK);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_LEFT], 1));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 3));
	stop_listening(&here);
	CHECK(wait_until(one_present, ours));
	CHECK(members(ours, 0, NULL) == 1, "who was revoked is no member");
	HR(PeerGroupRevokeMember(ours, wide(bob), 0), S_OK);
	PeerGroupClose(ours);
	HR(PeerGroupRevokeMember(ours, wide(bob), 0), PEER_E_INVALID_GROUP);
	PeerGroupClose(bobs);
}

/* -------------------------------------- membership data is left to members -- */

static void publish(peergroup_t group, uuid_t id)
{
	static const uuid_t type = { 7 };
	struct peergroup_new_record r = { .data = "x", .size = 1, .lifetime = 600 };

	HR(peergroup_add(group, type, &r, id), S_OK);
}

static void set_up_optional(void)
{
	struct peergroup_create_options options = { .flags = PEER_MEMBER_DATA_OPTIONAL };
	char *xml, *invitation;

	NEED(!peergroup_create(alice, &options, &ours));
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(xml);
	peergroup_free(invitation);
	listen_to(ours, &here);
	listen_to(bobs, &there);
	NEED(!peergroup_online(ours, 0));
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_ready, bobs));
}

static void test_optional(void)
{
	uuid_t id;

	set_up_optional();
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 1));
	CHECK(members(ours, 0, NULL) == 2, "present, if nothing else");
	NEED(!peergroup_offline(bobs));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 1));
	CHECK(members(ours, 0, NULL) == 1, "gone without a trace");
	CHECK(!here.bob[PEER_MEMBER_JOINED] && !here.alice[PEER_MEMBER_JOINED]);
	publish(bobs, id);
	CHECK(heard(&there, &there.bob[PEER_MEMBER_JOINED], 1), "who publishes is somebody");
	NEED(!peergroup_online(bobs, 4000));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_JOINED], 1));
	publish(bobs, id);
	NEED(!peergroup_offline(bobs));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 2));
	CHECK(members(ours, 0, NULL) == 2);
	CHECK(here.bob[PEER_MEMBER_JOINED] == 1 && !here.bob[PEER_MEMBER_UPDATED]);
	stop_listening(&here);
	stop_listening(&there);
}

/* ------------------------------------------------- revoked, and in again -- */

static void join(peergroup_t inviter, const char *name, uint32_t role, time_t expires,
		 peergroup_t *group)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_xml(name, &xml));
	NEED(!peergroup_invite(inviter, xml, expires, role, &invitation));
	NEED(!peergroup_join(name, invitation, group));
	peergroup_free(xml);
	peergroup_free(invitation);
}

static void link_to_alice(peergroup_t group, uint16_t port)
{
	NEED(!peergroup_online(group, port) && !peergroup_connect(group, "127.0.0.1"));
	NEED(wait_until(is_ready, group));
}

/* That he has another certificate. */
static bool has_heard_of_bob(void *arg)
{
	(void)arg;
	take_events(&here);
	return here.bob[PEER_MEMBER_JOINED] + here.bob[PEER_MEMBER_UPDATED] > 1;
}

/* Bob fell with who had invited him, and is invited by another: then he can leave once more. */
static void test_again(void)
{
	peergroup_t carols;
	char *carol;

	NEED(!peergroup_close(ours) && !peergroup_close(bobs));
	NEED(!peergroup_identity_create("carol", NULL, &carol));
	NEED(!peergroup_create(alice, NULL, &ours));
	listen_to(ours, &here);
	NEED(!peergroup_online(ours, 0));
	join(ours, carol, PEERGROUP_ROLE_ADMIN, 0, &carols);
	link_to_alice(carols, 4001);
	/* Of two of one second the one that ends later is the later one. */
	join(carols, bob, PEERGROUP_ROLE_MEMBER, time(NULL) + 3600, &bobs);
	link_to_alice(bobs, 4000);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_JOINED], 1));
	NEED(!peergroup_close(bobs) && !peergroup_close(carols));
	HR(peergroup_revoke(ours, carol, 0), S_OK);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_LEFT], 1));
	join(ours, bob, PEERGROUP_ROLE_MEMBER, 0, &bobs);
	link_to_alice(bobs, 4000);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 2));
	NEED(wait_until(has_heard_of_bob, NULL));
	listen_to(ours, &there);
	/* The kernel tells of the former one again; that he is in does not change. */
	HR(peergroup_revoke(ours, carol, PEERGROUP_REVOKE_WITHDRAW), S_OK);
	NEED(!peergroup_offline(bobs));
	CHECK(heard(&there, &there.bob[PEER_MEMBER_DISCONNECTED], 1));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_DISCONNECTED], 2));
	CHECK(!there.bob[PEER_MEMBER_LEFT] && here.bob[PEER_MEMBER_LEFT] == 1, "he is in");
	HR(peergroup_revoke(ours, bob, 0), S_OK);
	CHECK(heard(&there, &there.bob[PEER_MEMBER_LEFT], 1), "who listens since");
	CHECK(heard(&here, &here.bob[PEER_MEMBER_LEFT], 2), "who has heard of both");
	stop_listening(&here);
	stop_listening(&there);
	peergroup_free(carol);
}

/* ------------------------------------------ revoked, and not whom it invited -- */

struct known {
	peergroup_t group;
	const char *name;
};

static bool is_no_member(void *arg)
{
	struct known *k = arg;

	return !members(k->group, 0, k->name);
}

static bool has_record(void *arg)
{
	struct peergroup_record *record;
	HRESULT hr = peergroup_get(ours, arg, &record);

	if (hr == S_OK)
		peergroup_free(record);
	return hr == S_OK;
}

/* Carol's membership ends, and that of Bob, who has it from her, does not. */
static void test_only(void)
{
	struct known here_is, there_is;
	peergroup_t carols;
	uuid_t id;
	char *carol;

	NEED(!peergroup_close(ours) && !peergroup_close(bobs));
	NEED(!peergroup_identity_create("carol", NULL, &carol));
	NEED(!peergroup_create(alice, NULL, &ours));
	listen_to(ours, &here);
	NEED(!peergroup_online(ours, 0));
	join(ours, carol, PEERGROUP_ROLE_ADMIN, 0, &carols);
	link_to_alice(carols, 4001);
	join(carols, bob, PEERGROUP_ROLE_ADMIN, 0, &bobs);
	link_to_alice(bobs, 4000);
	CHECK(heard(&here, &here.bob[PEER_MEMBER_JOINED], 1));
	CHECK(heard(&here, &here.bob[PEER_MEMBER_CONNECTED], 1));
	HR(peergroup_revoke(bobs, carol, 0), PEER_E_NOT_AUTHORIZED);
	HR(peergroup_revoke(ours, carol, PEERGROUP_REVOKE_ONLY), S_OK);
	here_is = (struct known){ ours, carol };
	CHECK(wait_until(is_no_member, &here_is), "who was revoked");
	there_is = (struct known){ bobs, carol };
	CHECK(wait_until(is_no_member, &there_is), "as Bob hears");
	CHECK(members(ours, 0, bob) == 1 && members(bobs, 0, bob) == 1, "he is a member still");
	CHECK(members(ours, PEER_MEMBER_PRESENT, bob) == 1, "and connected");
	publish(bobs, id);
	CHECK(wait_until(has_record, id), "and may publish");
	take_events(&here);
	CHECK(!here.bob[PEER_MEMBER_LEFT] && !here.bob[PEER_MEMBER_DISCONNECTED]);
	/* In this way who invited Bob, or her, may be revoked by him. */
	HR(peergroup_revoke(bobs, alice, PEERGROUP_REVOKE_ONLY), S_OK);
	stop_listening(&here);
	peergroup_close(carols);
	peergroup_free(carol);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a group of one", test_alone },
		{ "events: two members meet", test_joined },
		{ "a group of two", test_two },
		{ "events: a renewal", test_renewed },
		{ "who is away", test_away },
		{ "PeerGroupRevokeMember: errors", test_revoke_errors },
		{ "PeerGroupRevokeMember", test_revoke },
		{ "membership data is optional", test_optional },
		{ "who is invited again, and revoked again", test_again },
		{ "who is revoked, and not whom it invited", test_only },
	};
	char home[] = "/tmp/members.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	test_not_initialized();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
