// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
// valgrind: no: malloc() is replaced
/*
 * No memory: each of the functions about records and events, with each allocation that
 * it makes failing in turn. What libcrypto allocates for itself is left alone here.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

#define BAD_RECORD	((PPEER_RECORD)&bad_handle)
#define ATTRIBUTES	"<attributes><attribute name='a' type='int'>1" \
			"</attribute></attributes>"

static GUID added;

static HRESULT add_once(void)
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;
	HRESULT hr;

	r.pwzAttributes = wide(ATTRIBUTES);
	hr = ARMED(PeerGroupAddRecord(ours, &r, &id));
	if (FAILED(hr))
		CHECK(!id.Data1);
	else
		HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	return hr;
}

ERROR(PeerGroupAddRecord, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(add_once, walk_changes);
	added = add_with(ATTRIBUTES);
}

static HRESULT update_once(void)
{
	DWORD version = version_of(ours, &added);
	PEER_RECORD r = new_record();
	HRESULT hr;

	r.id = added;
	hr = ARMED(PeerGroupUpdateRecord(ours, &r));
	CHECK(version_of(ours, &added) == version + SUCCEEDED(hr));
	return hr;
}

ERROR(PeerGroupUpdateRecord, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(update_once, walk_changes);
}


static HRESULT delete_once(void)
{
	GUID id = add_record();
	HRESULT hr = ARMED(PeerGroupDeleteRecord(ours, &id));

	CHECK(!version_of(ours, &id) == SUCCEEDED(hr));
	if (FAILED(hr))
		HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	return hr;
}

ERROR(PeerGroupDeleteRecord, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(delete_once, NULL);
}

static HRESULT get_once(void)
{
	PEER_RECORD *r = BAD_RECORD;
	HRESULT hr = ARMED(PeerGroupGetRecord(ours, &added, &r));

	if (FAILED(hr))
		CHECK(!r);
	else
		CHECK(same(r->pwzAttributes, NULL) && r->data.cbData == 5);
	if (r != BAD_RECORD)
		PeerFreeData(r);
	return hr;
}

ERROR(PeerGroupGetRecord, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(get_once, NULL);
}

/* ----------------------------------------------------------------- lists -- */

static HRESULT enum_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerGroupEnumRecords(ours, &rules_type, &list));

	return walk_list(hr, list, 3);
}

ERROR(PeerGroupEnumRecords, E_OUTOFMEMORY, "each allocation in turn")
{
	add_with(ATTRIBUTES);
	add_with(ATTRIBUTES);
	heap_walk(enum_once, NULL);
}

static HRESULT search_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerGroupSearchRecords(ours, wide("<peersearch><or>"
		"<clause attrib='a' type='int' compare='greater'>0</clause>"
		"<clause attrib='b' type='string'>x*</clause></or></peersearch>"), &list));

	return walk_list(hr, list, 2);
}

ERROR(PeerGroupSearchRecords, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(search_once, NULL);
}

static HRESULT members_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerGroupEnumMembers(ours, 0, NULL, &list));

	return walk_list(hr, list, 2);
}

static bool both_known(void *arg)
{
	HPEERENUM list;
	ULONG n = 0;

	(void)arg;
	if (PeerGroupEnumMembers(ours, 0, NULL, &list))
		return false;
	NEED(!PeerGetItemCount(list, &n));
	NEED(!PeerEndEnumeration(list));
	return n == 2;
}

ERROR(PeerGroupEnumMembers, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(wait_until(both_known, NULL));
	heap_walk(members_once, NULL);
}

static HRESULT connections_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerGroupEnumConnections(ours, PEER_CONNECTION_NEIGHBOR, &list));

	return walk_list(hr, list, 1);
}

ERROR(PeerGroupEnumConnections, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(connections_once, NULL);
}

static HRESULT items_once(void)
{
	void **items = (void **)&bad_handle;
	HPEERENUM list;
	ULONG n = 3;
	HRESULT hr;

	NEED(!PeerGroupEnumRecords(ours, &rules_type, &list));
	hr = ARMED(PeerGetNextItem(list, &n, &items));
	if (FAILED(hr)) {
		CHECK(!items && !n);
		n = 3;
		HR(PeerGetNextItem(list, &n, &items), S_OK);
	}
	CHECK(n == 3);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
	return hr;
}

ERROR(PeerGetNextItem, E_OUTOFMEMORY, "each allocation in turn; what was not given comes again")
{
	heap_walk(items_once, NULL);
}

/* ---------------------------------------------------------- the group -- */

static HRESULT properties_once(void)
{
	PEER_GROUP_PROPERTIES *p = (void *)&bad_handle;
	HRESULT hr = ARMED(PeerGroupGetProperties(ours, &p));

	if (FAILED(hr))
		CHECK(!p);
	else
		CHECK(same(p->pwzFriendlyName, "The Club") &&
		      same(p->pwzCreatorPeerName, alice));
	if (SUCCEEDED(hr))
		PeerFreeData(p);
	return hr;
}

ERROR(PeerGroupGetProperties, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(properties_once, NULL);
}

static HRESULT set_properties_once(void)
{
	PEER_GROUP_PROPERTIES *p;
	HRESULT hr;

	NEED(!PeerGroupGetProperties(ours, &p));
	p->pwzComment = wide("a comment");
	hr = ARMED(PeerGroupSetProperties(ours, p));
	PeerFreeData(p);
	return hr;
}

ERROR(PeerGroupSetProperties, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(set_properties_once, walk_changes);
}

/* ---------------------------------------------------------------- events -- */

static HANDLE event;

static HRESULT register_once(void)
{
	PEER_GROUP_EVENT_REGISTRATION r[2] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
	};
	HPEEREVENT reg = (HPEEREVENT)&bad_handle;
	HRESULT hr = ARMED(PeerGroupRegisterEvent(ours, event, 2, r, &reg));

	if (FAILED(hr))
		CHECK(!reg);
	else
		HR(PeerGroupUnregisterEvent(reg), S_OK);
	return hr;
}

ERROR(PeerGroupRegisterEvent, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(!peergroup_event_create(&event));
	heap_walk(register_once, NULL);
}

static struct listener ear;

/* The next item, to be freed. What was not given for lack of memory is given the next time. */
static HRESULT take_once(PEER_GROUP_EVENT_DATA **data)
{
	HRESULT hr;

	*data = (void *)&bad_handle;
	while ((hr = ARMED(PeerGroupGetEventData(ear.handle, data))) == PEER_S_NO_EVENT_DATA)
		NEED(!peergroup_event_wait(ear.event, WAIT_SECONDS * 1000));
	if (FAILED(hr)) {
		CHECK(!*data);
		HR(PeerGroupGetEventData(ear.handle, data), S_OK);
	}
	NEED(*data);
	return hr;
}

static HRESULT event_once(void)
{
	PEER_GROUP_EVENT_DATA *data;
	GUID id = add_record();
	HRESULT hr = take_once(&data);

	CHECK(data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED &&
	      guids_equal(&data->recordChangeData.recordId, &id));
	PeerFreeData(data);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	CHECK(hear_change(&ear, &id, PEER_RECORD_DELETED));
	while (!silent(&ear) || !peergroup_event_wait(ear.event, 0))
		;
	return hr;
}

/*
 * The item that says that Bob came or went, without memory where @armed; that he has another
 * address may be told before it.
 */
static HRESULT take_change(PEER_MEMBER_CHANGE_TYPE change, bool armed)
{
	PEER_GROUP_EVENT_DATA *data = NULL;
	PEER_MEMBER_CHANGE_TYPE is;
	HRESULT hr = S_OK;

	do {
		if (armed)
			hr = take_once(&data);
		else
			data = hear(&ear);
		NEED(data);
		is = data->memberChangeData.changeType;
		CHECK(data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED &&
		      same(data->memberChangeData.pwzIdentity, bob));
		PeerFreeData(data);
	} while (is == PEER_MEMBER_UPDATED);
	CHECK(is == change, "change %d", (int)is);
	return hr;
}

static HRESULT gone_once(void)
{
	HRESULT hr;

	rules_part();
	hr = take_change(PEER_MEMBER_DISCONNECTED, true);
	rules_meet();
	take_change(PEER_MEMBER_CONNECTED, false);
	return hr;
}

static HRESULT come_once(void)
{
	rules_part();
	take_change(PEER_MEMBER_DISCONNECTED, false);
	rules_meet();
	return take_change(PEER_MEMBER_CONNECTED, true);
}

static HRESULT take_id(const struct peergroup_connection *connection, void *arg)
{
	*(uint64_t *)arg = connection->id;
	return S_OK;
}

static HRESULT data_once(void)
{
	static char bytes[1000] = "hello";
	PEER_GROUP_EVENT_DATA *data;
	uint64_t link = 0;
	HRESULT hr;

	NEED(!peergroup_connections(bobs, PEER_CONNECTION_NEIGHBOR, take_id, &link));
	NEED(!PeerGroupSendData(bobs, link, &rules_type, sizeof(bytes), bytes));
	hr = take_once(&data);
	CHECK(data->eventType == PEER_GROUP_EVENT_INCOMING_DATA &&
	      data->incomingData.data.cbData == sizeof(bytes) &&
	      !memcmp(data->incomingData.data.pbData, bytes, sizeof(bytes)));
	PeerFreeData(data);
	return hr;
}

static void walk_events(PEER_GROUP_EVENT_TYPE type, HRESULT (*once)(void))
{
	listen_for(&ear, ours, type, NULL);
	heap_walk(once, NULL);
	stop_listening(&ear);
}

ERROR(PeerGroupGetEventData, E_OUTOFMEMORY, "each allocation in turn; no item is lost")
{
	walk_events(PEER_GROUP_EVENT_RECORD_CHANGED, event_once);
	walk_events(PEER_GROUP_EVENT_MEMBER_CHANGED, gone_once);
	walk_events(PEER_GROUP_EVENT_MEMBER_CHANGED, come_once);
	walk_events(PEER_GROUP_EVENT_INCOMING_DATA, data_once);
}

/* ----------------------------------------------------------- connections -- */

static PEER_ADDRESS bobs_address(void)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a) };

	a.sin6.sin6_family = AF_INET6;
	a.sin6.sin6_port = htons(BOBS_PORT);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr);
	return a;
}

static HRESULT direct_once(void)
{
	PEER_ADDRESS a = bobs_address();
	ULONGLONG id = 1;
	HRESULT hr = ARMED(PeerGroupOpenDirectConnection(ours, wide(bob), &a, &id));

	if (FAILED(hr))
		CHECK(!id);
	else
		PeerGroupCloseDirectConnection(ours, id);
	return hr;
}

ERROR(PeerGroupOpenDirectConnection, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(direct_once, NULL);
}

static HRESULT connect_once(void)
{
	PEER_ADDRESS a = bobs_address();

	return ARMED(PeerGroupConnectByAddress(ours, 1, &a));
}

ERROR(PeerGroupConnectByAddress, E_OUTOFMEMORY, "each allocation in turn; most it does without")
{
	heap_walk(connect_once, NULL);
}

static HRESULT online_once(void)
{
	DWORD status;
	HRESULT hr;

	NEED(!peergroup_offline(ours));
	hr = ARMED(PeerGroupConnect(ours));
	NEED(!PeerGroupGetStatus(ours, &status));
	CHECK(!(status & PEER_GROUP_STATUS_LISTENING) == FAILED(hr));
	return hr;
}

ERROR(PeerGroupConnect, E_OUTOFMEMORY, "each allocation in turn; most it does without")
{
	heap_walk(online_once, NULL);
}

static HRESULT issue_once(void)
{
	PEER_CREDENTIAL_INFO info = {
		.dwSize = sizeof(info), .cRoles = 1, .pRoles = (GUID *)&PEER_GROUP_ROLE_MEMBER,
		.pwzFriendlyName = wide("Bob"),
	};

	info.ftValidityEnd = to_filetime(peer_time_now() + HOUR);
	return TEXT(PeerGroupIssueCredentials, ours, wide(bob), &info, 0);
}

ERROR(PeerGroupIssueCredentials, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(issue_once, walk_changes);
}

int main(void)
{
	char classifier[121] = "";

	rules_begin();
	/* So long a name needs room of its own in an event. */
	memset(classifier, 'b', sizeof(classifier) - 1);
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create(classifier, "Bob", &bob));
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return rules_main();
}
