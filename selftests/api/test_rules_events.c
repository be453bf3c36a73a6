// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * The rules of expiry and of events about records. Each case is called by its rule in
 * rules.tsv.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static struct listener here, there;

/* A record that lives for so many seconds. */
static GUID add_short(HGROUP group, unsigned int seconds)
{
	PEER_RECORD r = new_record();
	HRESULT hr;
	GUID id;

	r.ftExpiration = to_filetime(peer_time_now() + seconds * TICKS);
	hr = PeerGroupAddRecord(group, &r, &id);
	NEED(!hr);
	return id;
}

/* ---------------------------------------------------------------- events -- */

RULE(V1, "an event says which record, of which type, changed how")
{
	PEER_GROUP_EVENT_DATA *data;
	GUID id;

	listen_for(&here, ours, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	listen_for(&there, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	id = add_record();
	data = hear(&here);
	NEED(data);
	CHECK(data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED);
	CHECK(data->recordChangeData.dwSize == sizeof(PEER_EVENT_RECORD_CHANGE_DATA));
	CHECK(data->recordChangeData.changeType == PEER_RECORD_ADDED);
	CHECK(guids_equal(&data->recordChangeData.recordId, &id));
	CHECK(guids_equal(&data->recordChangeData.recordType, &rules_type));
	PeerFreeData(data);
	CHECK(silent(&here), "once");
	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
}

RULE(V2, "what was added or updated can be read")
{
	GUID id = add_record();
	PEER_RECORD *r;

	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
	CHECK(version_of(bobs, &id) == 1);
	r = current(&id);
	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	CHECK(hear_change(&there, &id, PEER_RECORD_UPDATED));
	CHECK(version_of(bobs, &id) == 2);
	PeerFreeData(r);
}

RULE(V3, "what was deleted cannot")
{
	GUID id = add_record();
	PEER_RECORD *r;

	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	CHECK(hear_change(&there, &id, PEER_RECORD_DELETED));
	HR(PeerGroupGetRecord(bobs, &id, &r), PEER_E_RECORD_NOT_FOUND);
}

RULE(V4, "a filter lets one type through")
{
	static const GUID other = { 0x07e4, 1, 2, { 3 } };
	PEER_GROUP_EVENT_DATA *data;
	PEER_RECORD r = new_record();
	struct listener l;

	listen_for(&l, ours, PEER_GROUP_EVENT_RECORD_CHANGED, &other);
	add_record();
	r.type = other;
	HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	data = hear(&l);
	NEED(data);
	CHECK(guids_equal(&data->recordChangeData.recordId, &r.id));
	PeerFreeData(data);
	stop_listening(&l);
	CHECK(hear_change(&here, &r.id, PEER_RECORD_ADDED), "NULL lets all through");
}

RULE(V5, "when an event comes the record is there")
{
	unsigned int i;
	GUID id;

	for (i = 0; i < 5; i++) {
		id = add_record();
		CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
		CHECK(version_of(bobs, &id) == 1, "round %u", i);
	}
}

RULE(V7, "a program hears of its own changes, and other programs' on this host")
{
	HGROUP other;
	struct listener l;
	GUID id;

	NEED(!peergroup_open(alice, group_name, (peergroup_t *)&other));
	listen_for(&l, other, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	id = add_record();
	CHECK(hear_change(&here, &id, PEER_RECORD_ADDED));
	CHECK(hear_change(&l, &id, PEER_RECORD_ADDED));
	stop_listening(&l);
	HR(PeerGroupClose(other), S_OK);
}

RULE(V9, "one signal may stand for many items")
{
	PEER_GROUP_EVENT_DATA *data;
	unsigned int i, n = 0;
	bool last = false;
	GUID id;

	for (i = 0; i < 10; i++)
		id = add_record();
	while (!last && (data = hear(&here))) {
		n++;
		last = guids_equal(&data->recordChangeData.recordId, &id);
		PeerFreeData(data);
	}
	CHECK(last && n >= 10, "%u", n);
	HR(PeerGroupGetEventData(here.handle, &data), PEER_S_NO_EVENT_DATA);
	CHECK(!data);
}

struct tombstone {
	unsigned int n;
	struct peergroup_record_hdr hdr;
};

static void take_tombstone(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *wire = nl_attr(msg, PEERGROUP_A_RECORD_WIRE);
	struct tombstone *t = arg;

	t->n++;
	NEED(wire && mnl_attr_get_payload_len(wire) >= sizeof(t->hdr));
	memcpy(&t->hdr, mnl_attr_get_payload(wire), sizeof(t->hdr));
}

/* What a program is never shown, by the kernel's own word, in the byte order of the wire. */
static struct tombstone tombstone_of(HGROUP group, const GUID *id)
{
	static struct nl nl;
	struct peergroup_status *status;
	struct tombstone t = { 0 };
	struct nlmsghdr *msg;
	uuid_t bytes;

	peergroup_guid_to_uuid(id, bytes);
	NEED(!peergroup_status(group, &status) && !nl_open(&nl));
	msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, status->index);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_ID, sizeof(bytes), bytes);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_TOMBSTONES, 0, NULL);
	NEED(!nl_talk(&nl, msg, take_tombstone, &t));
	nl_close(&nl);
	peergroup_free(status);
	CHECK(t.n == 1);
	return t;
}

RULE(X3, "a deletion is a version without payload that keeps creation and expiration")
{
	GUID id = add_with("<attributes><attribute name='a' type='int'>1</attribute></attributes>");
	PEER_RECORD *r, *was = current(&id);
	struct tombstone t;

	/* Who has never had it hears nothing of its end. */
	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	t = tombstone_of(ours, &id);
	CHECK(be32toh(t.hdr.flags) & PEERGROUP_RECORD_DELETED);
	CHECK(!t.hdr.data_len && !t.hdr.attrs_len && be32toh(t.hdr.version) == 2);
	CHECK(be64toh(t.hdr.created) == from_filetime(was->ftCreation));
	CHECK(be64toh(t.hdr.expires) == from_filetime(was->ftExpiration));
	CHECK(be64toh(t.hdr.modified) > from_filetime(was->ftLastModified));
	PeerFreeData(was);
	CHECK(hear_change(&there, &id, PEER_RECORD_DELETED));
	HR(PeerGroupGetRecord(ours, &id, &r), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupDeleteRecord(bobs, &id), PEER_E_RECORD_NOT_FOUND);
}

RULE(X7, "a deletion is told once")
{
	GUID id = add_record(), next;
	PEER_GROUP_EVENT_DATA *data;
	unsigned int n = 0;
	bool last = false;

	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	/* Of two records what happened later may be told first. */
	CHECK(hear_change(&there, &id, PEER_RECORD_DELETED));
	next = add_record();
	while (!last && (data = hear(&there))) {
		n += guids_equal(&data->recordChangeData.recordId, &id);
		last = guids_equal(&data->recordChangeData.recordId, &next);
		PeerFreeData(data);
	}
	CHECK(last && !n, "%u times more", n);
}

/* ---------------------------------------------------------------- expiry -- */

RULE(E1, "each host drops what has expired by itself, and tells its programs")
{
	GUID id = add_short(ours, 3);

	CHECK(hear_change(&there, &id, PEER_RECORD_ADDED));
	CHECK(hear_change(&here, &id, PEER_RECORD_EXPIRED));
	CHECK(hear_change(&there, &id, PEER_RECORD_EXPIRED));
	CHECK(!get_record(ours, &id) && !get_record(bobs, &id));
}

RULE(E2, "an expiry is told soon")
{
	GUID id = add_short(ours, 2);
	PEER_RECORD *r = current(&id);
	uint64_t until = from_filetime(r->ftExpiration);
	FILETIME now;

	PeerFreeData(r);

	CHECK(hear_change(&here, &id, PEER_RECORD_EXPIRED));
	now = to_filetime(peer_time_now() + TICKS / 10);	/* the offset may change a little */
	HR(PeerGroupUniversalTimeToPeerTime(ours, &now, &now), S_OK);
	CHECK(from_filetime(now) >= until, "not before its time");
}

RULE(E7, "what has expired is neither updated nor deleted")
{
	PEER_RECORD r = new_record();

	r.id = add_short(ours, 1);
	CHECK(hear_change(&here, &r.id, PEER_RECORD_EXPIRED));
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupDeleteRecord(ours, &r.id), PEER_E_RECORD_NOT_FOUND);
}

RULE(X8, "a tombstone that goes is nobody's news")
{
	GUID id = add_short(ours, 2), later = add_short(ours, 4);
	PEER_GROUP_EVENT_DATA *data;
	bool last = false;

	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	while (!last && (data = hear(&here))) {
		last = data->recordChangeData.changeType == PEER_RECORD_EXPIRED;
		CHECK(!last || guids_equal(&data->recordChangeData.recordId, &later));
		PeerFreeData(data);
	}
	CHECK(last);
}

RULE(V8, "what was deleted while a host was away is deleted there when it comes back")
{
	GUID known = add_record(), unknown;
	PEER_GROUP_EVENT_DATA *data;
	bool last = false;
	GUID next;

	CHECK(hear_change(&there, &known, PEER_RECORD_ADDED));
	rules_part();
	unknown = add_record();
	HR(PeerGroupDeleteRecord(ours, &unknown), S_OK);
	HR(PeerGroupDeleteRecord(ours, &known), S_OK);
	rules_meet();
	CHECK(hear_change(&there, &known, PEER_RECORD_DELETED));
	next = add_record();
	while (!last && (data = hear(&there))) {
		CHECK(!guids_equal(&data->recordChangeData.recordId, &unknown));
		last = guids_equal(&data->recordChangeData.recordId, &next);
		PeerFreeData(data);
	}
	CHECK(last);
}

#define ALL_ROOM	100

/* Takes items until each of these has been told as added, and nothing else nor twice. */
static bool hear_added(struct listener *l, PEER_RECORD **records, ULONG n)
{
	const PEER_EVENT_RECORD_CHANGE_DATA *change;
	unsigned int times[ALL_ROOM + 1] = { 0 };
	PEER_GROUP_EVENT_DATA *data;
	ULONG heard = 0, i;

	while (heard < n && (data = hear(l))) {
		change = &data->recordChangeData;
		for (i = 0; i < n && !guids_equal(&records[i]->id, &change->recordId); i++)
			;
		CHECK(i < n && change->changeType == PEER_RECORD_ADDED && !times[i],
		      "record %lu of %lu, change %d", (unsigned long)i, (unsigned long)n,
		      (int)change->changeType);
		heard += !times[i]++;
		PeerFreeData(data);
	}
	return heard == n;
}

static bool has_all(void *arg)
{
	(void)arg;
	return count_records(bobs, NULL) == count_records(ours, NULL);
}

/* Bob's membership is new to this host: what the group has comes to it as added. */
RULE(V6, "at the first synchronisation every record is added")
{
	PEER_RECORD **records;
	struct listener l;
	ULONG n = ALL_ROOM;
	HPEERENUM list;

	add_record();
	stop_listening(&there);
	rules_part();
	HR(PeerGroupClose(bobs), S_OK);
	NEED(!peergroup_delete(bob, group_name));
	NEED(!peergroup_join(bob, invitation, (peergroup_t *)&bobs));
	listen_for(&l, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	rules_meet();
	CHECK(wait_until(has_all, NULL));
	HR(PeerGroupEnumRecords(bobs, NULL, &list), S_OK);
	HR(PeerGetNextItem(list, &n, (void ***)&records), S_OK);
	NEED(n > 10 && n < ALL_ROOM);
	CHECK(hear_added(&l, records, n));
	CHECK(silent(&l));
	PeerFreeData(records);
	HR(PeerEndEnumeration(list), S_OK);
	stop_listening(&l);
	stop_listening(&here);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return rules_main();
}
