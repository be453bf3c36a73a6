// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * The rules of records: what one is, adding, deleting and reading them. Each case
 * is called by its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static const GUID reserved[] = {
	{ 0x00000100, 0, 0, { 0 } }, { 0x00000200, 0, 0, { 0 } }, { 0x00000300, 0, 0, { 0 } },
	{ 0x00000400, 0, 0, { 0 } }, { 0x01000000, 0, 0, { 0 } }, { 0x02000000, 0, 0, { 0 } },
};

/* ------------------------------------------------------ before connecting -- */

RULE(B9, "a member publishes nothing before it has connected once")
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;

	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_GROUP_NOT_READY);
	CHECK(!id.Data1);
}

RULE(A3, "a group that has not synchronised takes no record, its creator's does")
{
	PEER_RECORD r = new_record();
	GUID id;

	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
}

RULE(G2, "reading one needs a synchronised group, listing and searching do not")
{
	PEER_RECORD *r = (void *)&bad_handle;

	HR(PeerGroupGetRecord(bobs, &rules_type, &r), PEER_E_GROUP_NOT_READY);
	CHECK(!r);
	CHECK(count_records(bobs, NULL) == 0);
	CHECK(count_found(bobs, "<peersearch><clause attrib='a'>*</clause></peersearch>") == 0);
}

/* ---------------------------------------------------------------- basics -- */

RULE(B2, "records reach who is connected, and who was away when it comes back")
{
	GUID id;

	rules_connect();
	id = add_record();
	CHECK(rules_agree(&id));
	rules_part();
	id = add_record();
	CHECK(version_of(bobs, &id) == 0, "away");
	rules_meet();
	CHECK(rules_agree(&id));
}

RULE(B1, "a record has header, times, signature and payload")
{
	GUID id = add_with("<attributes><attribute name='a' type='int'>1</attribute></attributes>");
	PEER_RECORD *r = current(&id);

	CHECK(r->dwSize == sizeof(*r) && guids_equal(&r->id, &id));
	CHECK(guids_equal(&r->type, &rules_type) && r->dwVersion == 1 && r->dwFlags == 0);
	CHECK(same(r->pwzCreatorId, alice) && same(r->pwzModifiedById, alice));
	CHECK(r->pwzAttributes && from_filetime(r->ftCreation));
	CHECK(from_filetime(r->ftExpiration) > from_filetime(r->ftCreation));
	CHECK(from_filetime(r->ftLastModified) == from_filetime(r->ftCreation));
	CHECK(r->securityData.cbData && r->securityData.pbData);
	CHECK(r->data.cbData == 5 && !memcmp(r->data.pbData, "hello", 5));
	PeerFreeData(r);
}

RULE(B4, "the signature is the library's, whatever is handed in")
{
	PEER_RECORD r = new_record(), *one, *two;
	BYTE mine[] = "signed, me";
	GUID id;

	r.securityData = (PEER_DATA){ sizeof(mine), mine };
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	one = current(&id);
	CHECK(one->securityData.cbData > 64 && memcmp(one->securityData.pbData, mine, 8));
	r.id = id;
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	two = current(&id);
	CHECK(two->securityData.cbData != one->securityData.cbData ||
	      memcmp(two->securityData.pbData, one->securityData.pbData,
		     one->securityData.cbData), "another version, another signature");
	PeerFreeData(one);
	PeerFreeData(two);
}

RULE(B5, "reserved types are refused")
{
	PEER_RECORD r = new_record();
	unsigned int i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		r.type = reserved[i];
		refuse(&r, PEER_E_NOT_AUTHORIZED);
	}
}

RULE(B6, "the first half of an id is of its creator's key, the second never the same")
{
	PEER_RECORD r = new_record();
	uint8_t hash[32], id[16];
	GUID a, b;

	bobs_key_hash(hash);
	HR(PeerGroupAddRecord(bobs, &r, &a), S_OK);
	HR(PeerGroupAddRecord(bobs, &r, &b), S_OK);
	peergroup_guid_to_uuid(&a, id);
	CHECK(!memcmp(id, hash, 8));
	peergroup_guid_to_uuid(&b, id);
	CHECK(!memcmp(id, hash, 8));
	CHECK(memcmp(a.Data4, b.Data4, 8));
	a = add_record();
	peergroup_guid_to_uuid(&a, id);
	CHECK(memcmp(id, hash, 8), "of another creator");
}

RULE(B10, "records added offline are there for others of this host, and later for all")
{
	PEER_RECORD r = new_record();
	HGROUP other;
	GUID id;

	rules_part();
	NEED(!peergroup_open(bob, group_name, (peergroup_t *)&other));
	HR(PeerGroupAddRecord(bobs, &r, &id), S_OK);
	CHECK(version_of(other, &id) == 1 && version_of(ours, &id) == 0);
	HR(PeerGroupClose(other), S_OK);
	rules_meet();
	CHECK(rules_agree(&id));
}

/* ------------------------------------------------------------------- add -- */

RULE(A1, "pointers are needed, and the size is right")
{
	PEER_RECORD r = new_record();

	HR(PeerGroupAddRecord(ours, &r, NULL), E_INVALIDARG);
	refuse(NULL, E_INVALIDARG);
	r.dwSize = 4;
	refuse(&r, E_INVALIDARG);
}

RULE(A2, "only a group's handle is one")
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;

	HR(PeerGroupAddRecord(BAD_GROUP, &r, &id), PEER_E_INVALID_GROUP);
	CHECK(!id.Data1);
	HR(PeerGroupAddRecord(NULL, &r, &id), PEER_E_INVALID_GROUP);
}

RULE(A4, "an administrator may not publish a reserved type either")
{
	PEER_RECORD r = new_record();

	r.type = reserved[4];
	refuse(&r, PEER_E_NOT_AUTHORIZED);
}

RULE(A5, "a type is needed")
{
	PEER_RECORD r = new_record();

	memset(&r.type, 0, sizeof(r.type));
	refuse(&r, PEER_E_INVALID_RECORD);
}

RULE(A6, "attributes have to follow their schema")
{
	PEER_RECORD r = new_record();

	r.pwzAttributes = wide("<attributes>");
	refuse(&r, PEER_E_INVALID_ATTRIBUTES);
	r.pwzAttributes = wide("<peersearch/>");
	refuse(&r, PEER_E_INVALID_ATTRIBUTES);
}

RULE(A7, "attributes may be too many: 257")
{
	PEER_RECORD r = new_record();
	GUID id;

	r.pwzAttributes = many_attributes(256);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	free(r.pwzAttributes);
	r.pwzAttributes = many_attributes(257);
	refuse(&r, PEER_E_TOO_MANY_ATTRIBUTES);
	free(r.pwzAttributes);
}

RULE(A8, "the size is payload and two bytes for a character of attributes")
{
	static BYTE large[PEERGROUP_RECORD_SIZE_DEFAULT];
	PEER_RECORD r = new_record();
	GUID id;

	r.pwzAttributes = wide("<attributes/>");
	r.data = (PEER_DATA){ sizeof(large) - 26, large };
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	r.data.cbData++;
	refuse(&r, PEER_E_MAX_RECORD_SIZE_EXCEEDED);
}

RULE(A9, "bytes that are counted have to be there")
{
	PEER_RECORD r = new_record();

	r.data.pbData = NULL;
	refuse(&r, E_INVALIDARG);
}

RULE(A10, "an expiration is needed, and lies in the future")
{
	PEER_RECORD r = new_record();

	r.ftExpiration = to_filetime(0);
	refuse(&r, PEER_E_INVALID_RECORD);
	r.ftExpiration = to_filetime(peer_time_now() - TICKS);
	refuse(&r, PEER_E_INVALID_RECORD);
}

RULE(A11, "a record does not outlive its publisher's membership")
{
	PEER_RECORD r = new_record();

	r.ftExpiration.dwHighDateTime = 0xfffffff0;
	refuse(&r, PEER_E_INVALID_RECORD_EXPIRATION);
}

RULE(A12, "flags that nobody knows are refused")
{
	PEER_RECORD r = new_record();

	r.dwFlags = 0x40000000;
	refuse(&r, PEER_E_INVALID_RECORD);
}

/* ---------------------------------------------------------------- delete -- */

RULE(X1, "the creator deletes, and an administrator; no other member")
{
	PEER_RECORD *r = bobs_record();
	GUID id = add_record();

	CHECK(rules_agree(&id));
	HR(PeerGroupDeleteRecord(bobs, &id), PEER_E_NOT_AUTHORIZED);
	HR(PeerGroupDeleteRecord(ours, &r->id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	PeerFreeData(r);
}

RULE(X2, "what is not there is not deleted: unknown, deleted before")
{
	GUID id = add_record();

	HR(PeerGroupDeleteRecord(ours, &rules_type), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), PEER_E_RECORD_NOT_FOUND);
}

static uint32_t tombstones(HGROUP group)
{
	struct peergroup_status *status;
	uint32_t n;

	NEED(!peergroup_status(group, &status));
	n = status->tombstones;
	peergroup_free(status);
	return n;
}

static uint32_t kept_tombstones;

static bool one_has_gone(void *arg)
{
	(void)arg;
	return tombstones(ours) == kept_tombstones;
}

RULE(X4, "a tombstone is kept until the record would have expired")
{
	PEER_RECORD r = new_record();
	GUID id = add_record(), brief;

	kept_tombstones = tombstones(ours) + 1;
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	CHECK(tombstones(ours) == kept_tombstones);
	r.ftExpiration = to_filetime(peer_time_now() + 3 * TICKS);
	HR(PeerGroupAddRecord(ours, &r, &brief), S_OK);
	HR(PeerGroupDeleteRecord(ours, &brief), S_OK);
	CHECK(tombstones(ours) == kept_tombstones + 1 ||
	      peer_time_now() >= from_filetime(r.ftExpiration));
	CHECK(wait_until(one_has_gone, NULL));
	CHECK(peer_time_now() + TICKS / 10 >= from_filetime(r.ftExpiration));
}

RULE(X5, "a deleted record is not read, listed or found anywhere")
{
	GUID type = { 0xde1e7ed, 1, 2, { 3 } }, id;
	PEER_RECORD r = new_record();

	r.type = type;
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	CHECK(rules_agree(&id) && version_of(bobs, &id) == 1);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	CHECK(rules_agree(&id));
	CHECK(!get_record(ours, &id) && !get_record(bobs, &id));
	CHECK(count_records(ours, &type) == 0 && count_records(bobs, &type) == 0);
	CHECK(count_found(bobs, "<peersearch><clause attrib='peerrecordtype'>"
			  "0de1e7ed-0001-0002-0300-000000000000</clause></peersearch>") == 0);
}

/* --------------------------------------------------------------- reading -- */

RULE(G1, "a record read is a copy of its own")
{
	GUID id = add_record();
	PEER_RECORD *one = current(&id), *two = current(&id);

	CHECK(one != two && one->data.pbData != two->data.pbData);
	memset(one->data.pbData, 'x', 5);
	PeerFreeData(one);
	CHECK(!memcmp(two->data.pbData, "hello", 5));
	PeerFreeData(two);
}

RULE(G3, "an enumeration is of one type, or of all; of none where the type is unknown")
{
	GUID type = { 0x0e0e, 1, 2, { 3 } }, none = { 0x0f0f, 1, 2, { 3 } }, id;
	PEER_RECORD r = new_record();

	r.type = type;
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	CHECK(count_records(ours, &type) == 1 && count_records(ours, &none) == 0);
	CHECK(count_records(ours, NULL) == 1 + count_records(ours, &rules_type));
}

RULE(G4, "an enumeration is a snapshot")
{
	GUID type = { 0x5a5a, 1, 2, { 3 } }, id;
	PEER_RECORD r = new_record(), *first;
	HPEERENUM list;
	void **items;
	ULONG n;

	r.type = type;
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupEnumRecords(ours, &type, &list), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	first = first_item(list, &items, &n);
	CHECK(n == 1 && guids_equal(&first->id, &id));
	PeerFreeData(items);
}

RULE(G5, "a search looks at what is on this host")
{
	GUID id;

	rules_part();
	id = add_with("<attributes><attribute name='away' type='int'>1</attribute></attributes>");
	CHECK(count_found(ours, "<peersearch><clause attrib='away' type='int'>1</clause>"
			  "</peersearch>") == 1);
	CHECK(count_found(bobs, "<peersearch><clause attrib='away' type='int'>1</clause>"
			  "</peersearch>") == 0);
	rules_meet();
	CHECK(rules_agree(&id));
}

RULE(G7, "items of both are records")
{
	GUID type = { 0x7777, 1, 2, { 3 } }, id;
	PEER_RECORD r = new_record(), *first;
	HPEERENUM list;
	void **items;

	r.type = type;
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupEnumRecords(ours, &type, &list), S_OK);
	first = first_item(list, &items, NULL);
	CHECK(first->dwSize == sizeof(*first) && guids_equal(&first->id, &id));
	PeerFreeData(items);
	HR(PeerGroupSearchRecords(ours, wide("<peersearch><clause attrib='peerrecordtype'>"
			"00007777-0001-0002-0300-000000000000</clause></peersearch>"), &list),
	   S_OK);
	first = first_item(list, &items, NULL);
	CHECK(first->dwSize == sizeof(*first) && guids_equal(&first->id, &id));
	PeerFreeData(items);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
