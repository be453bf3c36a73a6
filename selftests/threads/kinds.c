// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: registrations for all kinds of events, whose data is taken while other
 * threads have them happen: direct connections, what goes over them and to neighbours,
 * properties, records, and a member who comes and goes.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include "threads.h"

#define LOCK_VIOLATION	HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION)

/* -------------------------------------------------------------- listening -- */

static void listen_for_all(struct listener *l, HGROUP group)
{
	PEER_GROUP_EVENT_REGISTRATION all[] = {
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
		{ PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL },
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
		{ PEER_GROUP_EVENT_AUTHENTICATION_FAILED, NULL },
	};

	NEED(!peergroup_event_create(&l->event));
	NEED(!PeerGroupRegisterEvent(group, l->event, sizeof(all) / sizeof(all[0]), all,
				     &l->handle));
}

static void listen_no_more(struct listener *l)
{
	OK(PeerGroupUnregisterEvent(l->handle));
	peergroup_event_close(l->event);
}

/* What this thread waits for: an event of a kind, and of it what is set. */
struct awaited {
	PEER_GROUP_EVENT_TYPE kind;
	int change;			/* of a connection or a member */
	ULONGLONG link;			/* of a direct connection; 0: any */
	const char *who;		/* of a member */
	const GUID *type;		/* of data */
};

static bool is_it(const PEER_GROUP_EVENT_DATA *data, const struct awaited *a)
{
	if (data->eventType != a->kind)
		return false;
	switch (a->kind) {
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
		return (int)data->connectionChangeData.status == a->change &&
		       (!a->link || data->connectionChangeData.ullConnectionId == a->link);
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
		return (int)data->memberChangeData.changeType == a->change &&
		       same(data->memberChangeData.pwzIdentity, a->who);
	case PEER_GROUP_EVENT_INCOMING_DATA:
		return guids_equal(&data->incomingData.type, a->type);
	default:
		return true;
	}
}

/* Of each event all that it has is there, whoever it was made for. */
static void look_at(const PEER_GROUP_EVENT_DATA *data)
{
	switch (data->eventType) {
	case PEER_GROUP_EVENT_INCOMING_DATA:
		EXPECT(data->incomingData.data.cbData && data->incomingData.data.pbData[0]);
		break;
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
		EXPECT(data->memberChangeData.pwzIdentity[0]);
		break;
	case PEER_GROUP_EVENT_RECORD_CHANGED:
		EXPECT(data->recordChangeData.recordType.Data1);
		break;
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
		EXPECT(data->connectionChangeData.status >= PEER_CONNECTED &&
		       data->connectionChangeData.status <= PEER_CONNECTION_FAILED);
		break;
	case PEER_GROUP_EVENT_CONNECTION_FAILED:
		EXPECT(FAILED(data->hrConnectionFailedReason));
		break;
	default:
		break;
	}
}

static bool comes(struct listener *l, struct awaited a)
{
	PEER_GROUP_EVENT_DATA *data;
	bool is = false;

	while (!is) {
		data = hear(l);
		if (!data)
			return false;
		look_at(data);
		is = is_it(data, &a);
		PeerFreeData(data);
	}
	return true;
}

#define COMES(l, event, ...) \
	EXPECT(comes(l, (struct awaited){ .kind = PEER_GROUP_EVENT_##event, ##__VA_ARGS__ }))

/* ----------------------------------------------------- what is to happen -- */

static void over_direct(unsigned int me, struct listener *l)
{
	PEER_ADDRESS a = bobs_address();
	GUID type = type_of(800 + me);
	struct listener there;
	ULONGLONG id;

	listen_for_all(&there, bobs);
	if (OK(PeerGroupOpenDirectConnection(ours, widen(bob), &a, &id))) {
		COMES(l, DIRECT_CONNECTION, .change = PEER_CONNECTED, .link = id);
		OK(PeerGroupSendData(ours, id, &type, 5, "hello"));
		COMES(&there, INCOMING_DATA, .type = &type);
		OK(PeerGroupCloseDirectConnection(ours, id));
		COMES(l, DIRECT_CONNECTION, .change = PEER_DISCONNECTED, .link = id);
	}
	listen_no_more(&there);
}

static void properties(unsigned int me, struct listener *l)
{
	PEER_GROUP_PROPERTIES *p;
	char comment[32];
	HRESULT hr;

	snprintf(comment, sizeof(comment), "from %u", me);
	if (!OK(PeerGroupGetProperties(ours, &p)))
		return;
	p->pwzComment = widen(comment);
	hr = PeerGroupSetProperties(ours, p);
	/* Then another thread has, since they were read. */
	expect(hr == S_OK || hr == LOCK_VIOLATION, __FILE__, __LINE__, "set", hr);
	PeerFreeData(p);
	COMES(l, PROPERTY_CHANGED);
}

static HRESULT find_alice(const struct peergroup_connection *connection, void *id)
{
	if (!strcmp(connection->peer, alice))
		*(uint64_t *)id = connection->id;
	return S_OK;
}

static void to_neighbour(unsigned int me, struct listener *l)
{
	GUID type = type_of(800 + me);
	uint64_t id = 0;

	OK(peergroup_connections(bobs, PEER_CONNECTION_NEIGHBOR, find_alice, &id));
	if (OK(PeerGroupSendData(bobs, id, &type, 5, "hello")))
		COMES(l, INCOMING_DATA, .type = &type);
}

static void a_record(unsigned int me, struct listener *l)
{
	PEER_RECORD r = record_of(800 + me);
	GUID id;

	if (!OK(PeerGroupAddRecord(bobs, &r, &id)))
		return;
	EXPECT(hear_change(l, &id, PEER_RECORD_ADDED));
	OK(PeerGroupDeleteRecord(bobs, &id));
	EXPECT(hear_change(l, &id, PEER_RECORD_DELETED));
}

/* ------------------------------------------------- who comes and goes -- */

/* Nobody listens there. */
static PEER_ADDRESS dead_address(void)
{
	PEER_ADDRESS a = bobs_address();

	a.sin6.sin6_port = htons(3999);
	return a;
}

static void come_and_go(HGROUP group, const char *name, uint16_t port, struct listener *l)
{
	PEER_ADDRESS dead = dead_address();
	struct listener own;

	listen_for_all(&own, group);
	OK(peergroup_online(group, port));
	COMES(&own, STATUS_CHANGED);
	OK(PeerGroupConnectByAddress(group, 1, &dead));
	COMES(&own, CONNECTION_FAILED);
	OK(peergroup_connect(group, "127.0.0.1"));
	COMES(&own, NEIGHBOR_CONNECTION, .change = PEER_CONNECTED);
	COMES(l, MEMBER_CHANGED, .change = PEER_MEMBER_CONNECTED, .who = name);
	OK(peergroup_offline(group));
	COMES(&own, NEIGHBOR_CONNECTION, .change = PEER_DISCONNECTED);
	COMES(l, MEMBER_CHANGED, .change = PEER_MEMBER_DISCONNECTED, .who = name);
	listen_no_more(&own);
}

static void a_guest(unsigned int me, struct listener *l)
{
	char *name, *xml, *text;
	HGROUP group;

	if (!OK(peergroup_identity_create("guest", "Guest", &name)))
		return;
	NEED(!peergroup_identity_xml(name, &xml));
	if (OK(peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &text))) {
		if (OK(PeerGroupJoin(widen(name), widen(text), NULL, &group))) {
			come_and_go(group, name, (uint16_t)(7100 + me), l);
			OK(PeerGroupClose(group));
			OK(PeerGroupDelete(widen(name), group_wide()));
		}
		peergroup_free(text);
	}
	OK(PeerIdentityDelete(widen(name)));
	peergroup_free(xml);
	peergroup_free(name);
}

/* Three open direct connections, and one is a guest, who has a key and a link of his own. */
static void all_kinds(unsigned int me, unsigned int round)
{
	struct listener l;

	(void)round;
	listen_for_all(&l, ours);
	if (me == 3)
		a_guest(me, &l);
	else if (me % 4 == 0 && me < 12)
		over_direct(me, &l);
	else if (me % 4 == 1)
		properties(me, &l);
	else if (me % 4 == 2)
		to_neighbour(me, &l);
	else
		a_record(me, &l);
	listen_no_more(&l);
}

const struct work work_kinds[] = {
	{ "all kinds of events are taken while they happen", all_kinds, 2, false },
	{ .name = NULL },
};
