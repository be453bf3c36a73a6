// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * The rules of a record's fields: who fills in which, when adding and when updating.
 * Each case is called by its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

/* ---------------------------------------------------------------- fields -- */

/* With what a program may leave as it likes, when adding. */
static PEER_RECORD *add_odd(void)
{
	PEER_RECORD r = new_record();
	GUID id;

	r.id = rules_type;
	r.dwVersion = 77;
	r.pwzCreatorId = wide("somebody");
	r.pwzModifiedById = wide("somebody else");
	r.ftCreation = to_filetime(1);
	r.ftLastModified = to_filetime(2);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	return current(&id);
}

/* The same when updating, and the record as it is then. */
static PEER_RECORD *update_odd(PEER_RECORD *r)
{
	PEER_RECORD u = *r;

	u.dwVersion = 99;
	u.pwzCreatorId = wide("somebody");
	u.pwzModifiedById = wide("somebody else");
	u.ftCreation = to_filetime(1);
	u.ftLastModified = to_filetime(2);
	HR(PeerGroupUpdateRecord(ours, &u), S_OK);
	return current(&r->id);
}

RULE(F1, "dwSize is needed and exact")
{
	PEER_RECORD r = new_record(), *old;
	GUID id = add_record();

	r.dwSize = sizeof(r) - 1;
	refuse(&r, E_INVALIDARG);
	r.dwSize = 0;
	refuse(&r, E_INVALIDARG);
	old = current(&id);
	CHECK(old->dwSize == sizeof(r));
	old->dwSize++;
	HR(PeerGroupUpdateRecord(ours, old), E_INVALIDARG);
	PeerFreeData(old);
}

RULE(F2, "the type stays as it was added")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id);

	r->type.Data1++;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	PeerFreeData(r);
}

RULE(F3, "the id is generated, and selects what is updated")
{
	PEER_RECORD *r = add_odd();

	CHECK(!guids_equal(&r->id, &rules_type));
	r->id = rules_type;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_RECORD_NOT_FOUND);
	PeerFreeData(r);
}

RULE(F4, "the version counts by itself")
{
	PEER_RECORD *r = add_odd(), *u = update_odd(r);

	CHECK(r->dwVersion == 1 && u->dwVersion == 2);
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F5, "flags of a program: not DELETED, none unknown, none changed")
{
	PEER_RECORD r = new_record(), *old;
	GUID id = add_record();

	r.dwFlags = PEER_RECORD_FLAG_DELETED;
	refuse(&r, PEER_E_INVALID_RECORD);
	r.dwFlags = 0x80;
	refuse(&r, PEER_E_INVALID_RECORD);
	old = current(&id);
	old->dwFlags = PEER_RECORD_FLAG_DELETED;
	HR(PeerGroupUpdateRecord(ours, old), PEER_E_INVALID_RECORD);
	PeerFreeData(old);
}

RULE(F6, "the creator is who added, whatever is handed in")
{
	PEER_RECORD *r = add_odd(), *u = update_odd(r);

	CHECK(same(r->pwzCreatorId, alice) && same(u->pwzCreatorId, alice));
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F7, "the modifier is who changed it last, the creator at first")
{
	PEER_RECORD *r = add_odd(), *u = update_odd(r);

	CHECK(same(r->pwzModifiedById, alice) && same(u->pwzModifiedById, alice));
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F8, "attributes are a program's, and none takes them away")
{
	GUID id = add_with("<attributes><attribute name='a' type='int'>1</attribute></attributes>");
	PEER_RECORD *r = current(&id), *u;

	CHECK(r->pwzAttributes);
	r->pwzAttributes = NULL;
	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	u = current(&id);
	CHECK(!u->pwzAttributes);
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F9, "the time of creation is when it was added, and stays")
{
	uint64_t before = peer_time_now();
	PEER_RECORD *r = add_odd(), *u = update_odd(r);

	CHECK(from_filetime(r->ftCreation) + TICKS > before &&
	      from_filetime(r->ftCreation) < before + HOUR);
	CHECK(from_filetime(u->ftCreation) == from_filetime(r->ftCreation));
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F10, "the expiration is a program's, and never sooner than before")
{
	PEER_RECORD r = new_record(), *got;
	uint64_t end = from_filetime(r.ftExpiration);

	HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	r.ftExpiration = to_filetime(end + HOUR);
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	got = current(&r.id);
	CHECK(from_filetime(got->ftExpiration) == end + HOUR);
	PeerFreeData(got);
	r.ftExpiration = to_filetime(end);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_INVALID_RECORD_EXPIRATION);
}

RULE(F11, "the time of the last change is the library's")
{
	PEER_RECORD *r = add_odd(), *u = update_odd(r);

	CHECK(from_filetime(r->ftLastModified) == from_filetime(r->ftCreation));
	CHECK(from_filetime(u->ftLastModified) > from_filetime(r->ftLastModified));
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(F12, "security data is the signature, whatever is handed in")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id), u = *r, *got;

	u.securityData = (PEER_DATA){ 0, NULL };
	HR(PeerGroupUpdateRecord(ours, &u), S_OK);
	got = current(&id);
	CHECK(got->securityData.cbData > 64);
	PeerFreeData(r);
	PeerFreeData(got);
}

RULE(F13, "the payload is a program's, may be empty and may change")
{
	PEER_RECORD r = new_record(), *got;

	r.data = (PEER_DATA){ 0, NULL };
	HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	got = current(&r.id);
	CHECK(got->data.cbData == 0);
	PeerFreeData(got);
	r.data = (PEER_DATA){ 2, (PBYTE)"hi" };
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	got = current(&r.id);
	CHECK(got->data.cbData == 2 && !memcmp(got->data.pbData, "hi", 2));
	PeerFreeData(got);
}

/* ---------------------------------------------------------------- update -- */

RULE(U1, "what is not there is not updated: unknown, deleted")
{
	PEER_RECORD r = new_record();

	r.id = rules_type;
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
	r.id = add_record();
	HR(PeerGroupDeleteRecord(ours, &r.id), S_OK);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
}

RULE(U2, "a member may not update another's record")
{
	GUID id = add_record();
	PEER_RECORD r = new_record();

	r.id = id;
	CHECK(rules_agree(&r.id));
	HR(PeerGroupUpdateRecord(bobs, &r), PEER_E_NOT_AUTHORIZED);
	CHECK(version_of(bobs, &r.id) == 1);
}

RULE(U3, "type and flags have to be what they are")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id);

	r->dwFlags = 0x80;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	r->dwFlags = 0;
	r->type.Data2++;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	PeerFreeData(r);
}

RULE(U4, "an expiration does not shrink")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id);

	r->ftExpiration = to_filetime(from_filetime(r->ftExpiration) - 1);
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD_EXPIRATION);
	PeerFreeData(r);
}

RULE(U5, "attributes and size are checked as when adding")
{
	static BYTE large[PEERGROUP_RECORD_SIZE_DEFAULT + 1];
	GUID id = add_record();
	PEER_RECORD r = new_record();

	r.id = id;
	r.pwzAttributes = wide("x");
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_INVALID_ATTRIBUTES);
	r.pwzAttributes = many_attributes(257);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_TOO_MANY_ATTRIBUTES);
	free(r.pwzAttributes);
	r.pwzAttributes = NULL;
	r.data = (PEER_DATA){ sizeof(large), large };
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_MAX_RECORD_SIZE_EXCEEDED);
}

RULE(U6, "an administrator's change of another's record names both")
{
	PEER_RECORD *r = bobs_record(), *u;

	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	CHECK(rules_agree(&r->id));
	u = get_record(bobs, &r->id);
	NEED(u);
	CHECK(same(u->pwzCreatorId, bob) && same(u->pwzModifiedById, alice));
	PeerFreeData(r);
	PeerFreeData(u);
}

RULE(U7, "an update counts the version, and moves only the time of change")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id), *u;

	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	u = current(&id);
	CHECK(u->dwVersion == r->dwVersion + 1);
	CHECK(from_filetime(u->ftLastModified) > from_filetime(r->ftLastModified));
	CHECK(from_filetime(u->ftCreation) == from_filetime(r->ftCreation));
	PeerFreeData(r);
	PeerFreeData(u);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return rules_main();
}
