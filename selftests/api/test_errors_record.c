// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Each error that the functions about records, events, times, properties and members
 * are documented to return, and what a call gives back besides: nothing. Each case is
 * called by function and error, as in rules.tsv.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define BAD_LIST	((HPEERENUM)&bad_handle)
#define BAD_RECORD	((PPEER_RECORD)&bad_handle)

static GUID added;

/* --------------------------------------------------- before synchronising -- */

ERROR(PeerGroupAddRecord, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;

	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_GROUP_NOT_READY);
	CHECK(!id.Data1);
}

ERROR(PeerGroupUpdateRecord, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PEER_RECORD r = new_record();

	HR(PeerGroupUpdateRecord(bobs, &r), PEER_E_GROUP_NOT_READY);
}

ERROR(PeerGroupDeleteRecord, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	HR(PeerGroupDeleteRecord(bobs, &rules_type), PEER_E_GROUP_NOT_READY);
}

ERROR(PeerGroupGetRecord, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PEER_RECORD *r = BAD_RECORD;

	HR(PeerGroupGetRecord(bobs, &rules_type, &r), PEER_E_GROUP_NOT_READY);
	CHECK(!r);
}

ERROR(PeerGroupGetProperties, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PEER_GROUP_PROPERTIES *p = (void *)&bad_handle;

	HR(PeerGroupGetProperties(bobs, &p), PEER_E_GROUP_NOT_READY);
	CHECK(!p);
}

ERROR(PeerGroupSetProperties, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) };

	HR(PeerGroupSetProperties(bobs, &p), PEER_E_GROUP_NOT_READY);
}

ERROR(PeerGroupPeerTimeToUniversalTime, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	FILETIME t = { 1, 1 };

	HR(PeerGroupPeerTimeToUniversalTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
}

ERROR(PeerGroupUniversalTimeToPeerTime, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	FILETIME t = { 1, 1 };

	HR(PeerGroupUniversalTimeToPeerTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
	rules_connect();
}

/* --------------------------------------------------------------- records -- */

ERROR(PeerGroupAddRecord, E_INVALIDARG, "no record, no room for the id, a wrong size, no bytes")
{
	PEER_RECORD r = new_record();

	refuse(NULL, E_INVALIDARG);
	HR(PeerGroupAddRecord(ours, &r, NULL), E_INVALIDARG);
	r.dwSize--;
	refuse(&r, E_INVALIDARG);
	r = new_record();
	r.data.pbData = NULL;
	refuse(&r, E_INVALIDARG);
	added = add_record();
}

ERROR(PeerGroupAddRecord, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;

	HR(PeerGroupAddRecord(BAD_GROUP, &r, &id), PEER_E_INVALID_GROUP);
	CHECK(!id.Data1);
}

ERROR(PeerGroupAddRecord, PEER_E_INVALID_ATTRIBUTES, "attributes that break the schema")
{
	PEER_RECORD r = new_record();

	r.pwzAttributes = wide("<attributes>");
	refuse(&r, PEER_E_INVALID_ATTRIBUTES);
}

ERROR(PeerGroupAddRecord, PEER_E_TOO_MANY_ATTRIBUTES, "more than 256 attributes")
{
	PEER_RECORD r = new_record();

	r.pwzAttributes = many_attributes(257);
	refuse(&r, PEER_E_TOO_MANY_ATTRIBUTES);
	free(r.pwzAttributes);
}

ERROR(PeerGroupAddRecord, PEER_E_INVALID_RECORD, "no type, unknown flags, an expiration that is past")
{
	PEER_RECORD r = new_record();

	memset(&r.type, 0, sizeof(r.type));
	refuse(&r, PEER_E_INVALID_RECORD);
	r = new_record();
	r.dwFlags = 0x80;
	refuse(&r, PEER_E_INVALID_RECORD);
	r = new_record();
	r.ftExpiration = to_filetime(1);
	refuse(&r, PEER_E_INVALID_RECORD);
}

ERROR(PeerGroupAddRecord, PEER_E_INVALID_RECORD_EXPIRATION, "an expiration after the membership's end")
{
	PEER_RECORD r = new_record();

	r.ftExpiration.dwHighDateTime = 0x7fffffff;
	refuse(&r, PEER_E_INVALID_RECORD_EXPIRATION);
}

static BYTE large[PEERGROUP_RECORD_SIZE_DEFAULT + 1];

ERROR(PeerGroupAddRecord, PEER_E_MAX_RECORD_SIZE_EXCEEDED, "more than the group's limit")
{
	PEER_RECORD r = new_record();

	r.data = (PEER_DATA){ sizeof(large), large };
	refuse(&r, PEER_E_MAX_RECORD_SIZE_EXCEEDED);
}

ERROR(PeerGroupAddRecord, PEER_E_NOT_AUTHORIZED, "a reserved type")
{
	PEER_RECORD r = new_record();

	r.type = (GUID){ 0x01000000, 0, 0, { 0 } };
	refuse(&r, PEER_E_NOT_AUTHORIZED);
}

ERROR(PeerGroupUpdateRecord, E_INVALIDARG, "no record, or of a wrong size")
{
	PEER_RECORD r = new_record();

	HR(PeerGroupUpdateRecord(ours, NULL), E_INVALIDARG);
	r.id = added;
	r.dwSize = 3;
	HR(PeerGroupUpdateRecord(ours, &r), E_INVALIDARG);
	CHECK(version_of(ours, &added) == 1);
}

ERROR(PeerGroupUpdateRecord, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_RECORD r = new_record();

	r.id = added;
	HR(PeerGroupUpdateRecord(BAD_GROUP, &r), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupUpdateRecord, PEER_E_RECORD_NOT_FOUND, "an unknown record, or a deleted one")
{
	PEER_RECORD r = new_record();

	r.id = rules_type;
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
	r.id = add_record();
	HR(PeerGroupDeleteRecord(ours, &r.id), S_OK);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
}

ERROR(PeerGroupUpdateRecord, PEER_E_NOT_AUTHORIZED, "another's record, by a member")
{
	PEER_RECORD r = new_record();

	r.id = added;
	CHECK(rules_agree(&added));
	HR(PeerGroupUpdateRecord(bobs, &r), PEER_E_NOT_AUTHORIZED);
}

ERROR(PeerGroupUpdateRecord, PEER_E_INVALID_RECORD_EXPIRATION, "an earlier expiration")
{
	PEER_RECORD *r = current(&added);

	r->ftExpiration = to_filetime(from_filetime(r->ftExpiration) - TICKS);
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD_EXPIRATION);
	PeerFreeData(r);
}

ERROR(PeerGroupUpdateRecord, PEER_E_INVALID_RECORD, "another type, or other flags")
{
	PEER_RECORD *r = current(&added);

	r->type.Data3++;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	r->type.Data3--;
	r->dwFlags = PEER_RECORD_FLAG_AUTOREFRESH;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	CHECK(version_of(ours, &added) == 1);
	PeerFreeData(r);
}

ERROR(PeerGroupUpdateRecord, PEER_E_INVALID_ATTRIBUTES, "attributes that break the schema")
{
	PEER_RECORD *r = current(&added);

	r->pwzAttributes = wide("x");
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_ATTRIBUTES);
	PeerFreeData(r);
}

ERROR(PeerGroupUpdateRecord, PEER_E_TOO_MANY_ATTRIBUTES, "more than 256 attributes")
{
	PEER_RECORD *r = current(&added);

	r->pwzAttributes = many_attributes(257);
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_TOO_MANY_ATTRIBUTES);
	free(r->pwzAttributes);
	PeerFreeData(r);
}

ERROR(PeerGroupUpdateRecord, PEER_E_MAX_RECORD_SIZE_EXCEEDED, "more than the group's limit")
{
	PEER_RECORD *r = current(&added);

	r->data = (PEER_DATA){ sizeof(large), large };
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_MAX_RECORD_SIZE_EXCEEDED);
	PeerFreeData(r);
}

ERROR(PeerGroupDeleteRecord, E_INVALIDARG, "no id")
{
	HR(PeerGroupDeleteRecord(ours, NULL), E_INVALIDARG);
}

ERROR(PeerGroupDeleteRecord, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(PeerGroupDeleteRecord(BAD_GROUP, &added), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupDeleteRecord, PEER_E_NOT_AUTHORIZED, "another's record, by a member")
{
	CHECK(rules_agree(&added));
	HR(PeerGroupDeleteRecord(bobs, &added), PEER_E_NOT_AUTHORIZED);
}

ERROR(PeerGroupDeleteRecord, PEER_E_RECORD_NOT_FOUND, "an unknown record, or a deleted one")
{
	GUID id = add_record();

	HR(PeerGroupDeleteRecord(ours, &rules_type), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), PEER_E_RECORD_NOT_FOUND);
}

ERROR(PeerGroupGetRecord, E_INVALIDARG, "no id, or no room")
{
	PEER_RECORD *r = BAD_RECORD;

	HR(PeerGroupGetRecord(ours, NULL, &r), E_INVALIDARG);
	CHECK(!r);
	HR(PeerGroupGetRecord(ours, &added, NULL), E_INVALIDARG);
}

ERROR(PeerGroupGetRecord, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_RECORD *r = BAD_RECORD;

	HR(PeerGroupGetRecord(BAD_GROUP, &added, &r), PEER_E_INVALID_GROUP);
	CHECK(!r);
}

ERROR(PeerGroupGetRecord, PEER_E_RECORD_NOT_FOUND, "an unknown record")
{
	PEER_RECORD *r = BAD_RECORD;

	HR(PeerGroupGetRecord(ours, &rules_type, &r), PEER_E_RECORD_NOT_FOUND);
	CHECK(!r);
}

ERROR(PeerGroupEnumRecords, E_INVALIDARG, "no room for the handle")
{
	HR(PeerGroupEnumRecords(ours, NULL, NULL), E_INVALIDARG);
}

ERROR(PeerGroupEnumRecords, PEER_E_INVALID_GROUP, "no group's handle")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupEnumRecords(BAD_GROUP, NULL, &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
}

#define QUERY	"<peersearch><clause attrib='a'>x</clause></peersearch>"

ERROR(PeerGroupSearchRecords, E_INVALIDARG, "no query, no room, a backslash before a letter")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupSearchRecords(ours, NULL, &list), E_INVALIDARG);
	CHECK(!list);
	HR(PeerGroupSearchRecords(ours, wide(QUERY), NULL), E_INVALIDARG);
	list = BAD_LIST;
	HR(PeerGroupSearchRecords(ours, wide("<peersearch><clause attrib='a'>\\x</clause>"
					     "</peersearch>"), &list), E_INVALIDARG);
	CHECK(!list);
}

ERROR(PeerGroupSearchRecords, PEER_E_INVALID_SEARCH, "a query that breaks the schema")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupSearchRecords(ours, wide("<peersearch/>"), &list), PEER_E_INVALID_SEARCH);
	CHECK(!list);
}

ERROR(PeerGroupSearchRecords, PEER_E_INVALID_GROUP, "no group's handle")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupSearchRecords(BAD_GROUP, wide(QUERY), &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
}

/* ---------------------------------------------------------------- events -- */

#define REGISTER(group, event, n, list, expected) do {			\
	HPEEREVENT e_ = BAD_EVENT;					\
									\
	HR(PeerGroupRegisterEvent(group, event, n, list, &e_), expected);	\
	CHECK(!e_);							\
} while (0)

ERROR(PeerGroupRegisterEvent, E_INVALIDARG, "no event, no list, no room, or types that are none")
{
	static const int none[] = { 0, 7, 9, 12, 77 };
	PEER_GROUP_EVENT_REGISTRATION r = { PEER_GROUP_EVENT_RECORD_CHANGED, NULL };
	HANDLE event;
	unsigned int i;

	HR(peergroup_event_create(&event), S_OK);
	REGISTER(ours, NULL, 1, &r, E_INVALIDARG);
	REGISTER(ours, event, 0, &r, E_INVALIDARG);
	REGISTER(ours, event, 1, NULL, E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 1, &r, NULL), E_INVALIDARG);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		r.eventType = (PEER_GROUP_EVENT_TYPE)none[i];
		REGISTER(ours, event, 1, &r, E_INVALIDARG);
	}
	peergroup_event_close(event);
}

ERROR(PeerGroupRegisterEvent, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_GROUP_EVENT_REGISTRATION r = { PEER_GROUP_EVENT_RECORD_CHANGED, NULL };
	HANDLE event;

	HR(peergroup_event_create(&event), S_OK);
	REGISTER(BAD_GROUP, event, 1, &r, PEER_E_INVALID_GROUP);
	peergroup_event_close(event);
}

ERROR(PeerGroupUnregisterEvent, E_INVALIDARG, "no registration, or one that has ended")
{
	struct listener l;

	HR(PeerGroupUnregisterEvent(NULL), E_INVALIDARG);
	HR(PeerGroupUnregisterEvent(BAD_EVENT), E_INVALIDARG);
	listen_for(&l, ours, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	stop_listening(&l);
	HR(PeerGroupUnregisterEvent(l.handle), E_INVALIDARG);
}

ERROR(PeerGroupGetEventData, E_INVALIDARG, "no registration, or no room")
{
	PEER_GROUP_EVENT_DATA *data = (void *)&bad_handle;
	struct listener l;

	HR(PeerGroupGetEventData(BAD_EVENT, &data), E_INVALIDARG);
	CHECK(!data);
	listen_for(&l, ours, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	HR(PeerGroupGetEventData(l.handle, NULL), E_INVALIDARG);
	stop_listening(&l);
	HR(PeerGroupGetEventData(l.handle, &data), E_INVALIDARG);
}

ERROR(PeerGroupGetEventData, PEER_S_NO_EVENT_DATA, "nothing is queued")
{
	PEER_GROUP_EVENT_DATA *data = (void *)&bad_handle;
	struct listener l;

	listen_for(&l, ours, PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL);
	HR(PeerGroupGetEventData(l.handle, &data), PEER_S_NO_EVENT_DATA);
	CHECK(!data);
	stop_listening(&l);
}

/* ----------------------------------------------------------------- times -- */

ERROR(PeerGroupPeerTimeToUniversalTime, E_INVALIDARG, "no time, no room, or a time out of range")
{
	FILETIME t = { 1, 1 }, late = { 0xffffffff, 0xffffffff };

	HR(PeerGroupPeerTimeToUniversalTime(ours, NULL, &t), E_INVALIDARG);
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, NULL), E_INVALIDARG);
	HR(PeerGroupPeerTimeToUniversalTime(ours, &late, &t), E_INVALIDARG);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
}

ERROR(PeerGroupPeerTimeToUniversalTime, PEER_E_INVALID_GROUP, "no group's handle")
{
	FILETIME t = { 1, 1 };

	HR(PeerGroupPeerTimeToUniversalTime(BAD_GROUP, &t, &t), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupUniversalTimeToPeerTime, E_INVALIDARG, "no time, no room, or a time out of range")
{
	FILETIME t = { 1, 1 }, late = { 0xffffffff, 0xffffffff };

	HR(PeerGroupUniversalTimeToPeerTime(ours, NULL, &t), E_INVALIDARG);
	HR(PeerGroupUniversalTimeToPeerTime(ours, &t, NULL), E_INVALIDARG);
	HR(PeerGroupUniversalTimeToPeerTime(ours, &late, &t), E_INVALIDARG);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
}

ERROR(PeerGroupUniversalTimeToPeerTime, PEER_E_INVALID_GROUP, "no group's handle")
{
	FILETIME t = { 1, 1 };

	HR(PeerGroupUniversalTimeToPeerTime(BAD_GROUP, &t, &t), PEER_E_INVALID_GROUP);
}

/* ------------------------------------------------- status and properties -- */

ERROR(PeerGroupGetStatus, E_INVALIDARG, "no room")
{
	HR(PeerGroupGetStatus(ours, NULL), E_INVALIDARG);
}

ERROR(PeerGroupGetStatus, PEER_E_INVALID_GROUP, "no group's handle")
{
	DWORD status = 99;

	HR(PeerGroupGetStatus(BAD_GROUP, &status), PEER_E_INVALID_GROUP);
	CHECK(!status);
}

/* Of a message that there is no memory for, its receiver is told this. */
static __thread bool starved;

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (!starved)
		return syscall(SYS_recvmsg, fd, msg, flags);
	errno = ENOBUFS;
	return -1;
}

ERROR(PeerGroupGetStatus, E_OUTOFMEMORY, "the kernel has none for the answer")
{
	DWORD status = 99;

	starved = true;
	HR(PeerGroupGetStatus(ours, &status), E_OUTOFMEMORY);
	starved = false;
	CHECK(!status);
	/* What came in spite of it is no answer to the next question. */
	HR(PeerGroupGetStatus(ours, &status), S_OK);
	CHECK(status & PEER_GROUP_STATUS_LISTENING);
}

ERROR(PeerGroupGetProperties, E_INVALIDARG, "no room")
{
	HR(PeerGroupGetProperties(ours, NULL), E_INVALIDARG);
}

ERROR(PeerGroupGetProperties, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_GROUP_PROPERTIES *p = (void *)&bad_handle;

	HR(PeerGroupGetProperties(BAD_GROUP, &p), PEER_E_INVALID_GROUP);
	CHECK(!p);
}

ERROR(PeerGroupSetProperties, E_INVALIDARG, "no properties, or of a wrong size")
{
	PEER_GROUP_PROPERTIES p = { .dwSize = 7 };

	HR(PeerGroupSetProperties(ours, NULL), E_INVALIDARG);
	HR(PeerGroupSetProperties(ours, &p), E_INVALIDARG);
}

ERROR(PeerGroupSetProperties, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) };

	HR(PeerGroupSetProperties(BAD_GROUP, &p), PEER_E_INVALID_GROUP);
}

/* What is set and refused, starting from what is. */
#define SET(group, change, expected) do {				\
	PEER_GROUP_PROPERTIES *p;					\
									\
	NEED(!PeerGroupGetProperties(ours, &p));			\
	change;								\
	HR(PeerGroupSetProperties(group, p), expected);			\
	PeerFreeData(p);						\
} while (0)

ERROR(PeerGroupSetProperties, PEER_E_INVALID_GROUP_PROPERTIES, "values out of range, or what may not change")
{
	SET(ours, p->ulMemberDataLifetime = 5, PEER_E_INVALID_GROUP_PROPERTIES);
	SET(ours, p->dwFlags = 0x80, PEER_E_INVALID_GROUP_PROPERTIES);
	SET(ours, p->pwzClassifier = wide("other"), PEER_E_INVALID_GROUP_PROPERTIES);
	SET(ours, p->pwzGroupPeerName = wide(alice), PEER_E_INVALID_GROUP_PROPERTIES);
	SET(ours, p->pwzCreatorPeerName = wide(bob), PEER_E_INVALID_GROUP_PROPERTIES);
	SET(ours, p->pwzCloud = wide("nine"), PEER_E_INVALID_GROUP_PROPERTIES);
}

ERROR(PeerGroupSetProperties, PEER_E_NOT_AUTHORIZED, "not the group's creator")
{
	SET(bobs, p->pwzComment = wide("mine"), PEER_E_NOT_AUTHORIZED);
}

ERROR(PeerGroupEnumMembers, E_INVALIDARG, "unknown flags, or no room")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupEnumMembers(ours, 2, NULL, &list), E_INVALIDARG);
	CHECK(!list);
	HR(PeerGroupEnumMembers(ours, 0, NULL, NULL), E_INVALIDARG);
}

ERROR(PeerGroupEnumMembers, PEER_E_INVALID_GROUP, "no group's handle")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupEnumMembers(BAD_GROUP, 0, NULL, &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
}

/* ----------------------------------------------- last, since they end it -- */

/* What Alice's identity has of key is Bob's; and her own again. */
static void take_bobs_key(bool take)
{
	char command[512];

	snprintf(command, sizeof(command), take ?
		 "cd $PEERGROUP_HOME/identities && cp %.40s*/key.pem ../kept.pem && "
		 "cat %.40s*/key.pem > \"$(echo %.40s*)/key.pem\"" :
		 "cd $PEERGROUP_HOME/identities && cat ../kept.pem > \"$(echo %.40s*)/key.pem\"",
		 alice, bob, alice);
	NEED(!system(command));
}

/* No call deletes an identity that has groups; files can be lost. */
static void lose_identity(bool lost)
{
	NEED(!system(lost ? "mv $PEERGROUP_HOME/identities $PEERGROUP_HOME/gone" :
			    "mv $PEERGROUP_HOME/gone $PEERGROUP_HOME/identities"));
}

ERROR(PeerGroupAddRecord, PEER_E_INVALID_PEER_NAME, "the identity of the handle is gone, but no other key of it")
{
	PEER_RECORD r = new_record();
	HGROUP group = BAD_GROUP;
	GUID id;

	lose_identity(true);
	HR(PeerGroupAddRecord(ours, &r, &id), PEER_E_INVALID_PEER_NAME);
	lose_identity(false);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	/* The handle's own is the name's; who opens the group now is told. */
	take_bobs_key(true);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &group),
	   PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!group);
	take_bobs_key(false);
	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &group), S_OK);
	HR(PeerGroupClose(group), S_OK);
}

ERROR(PeerGroupUpdateRecord, PEER_E_INVALID_PEER_NAME, "the identity of the handle is gone")
{
	GUID id = add_record();
	PEER_RECORD *r = current(&id);

	lose_identity(true);
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_PEER_NAME);
	lose_identity(false);
	CHECK(version_of(ours, &id) == 1);
	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	CHECK(version_of(ours, &id) == 2);
	PeerFreeData(r);
}

ERROR(PeerGroupDeleteRecord, PEER_E_INVALID_PEER_NAME, "the identity of the handle is gone")
{
	GUID id = add_record();

	lose_identity(true);
	HR(PeerGroupDeleteRecord(ours, &id), PEER_E_INVALID_PEER_NAME);
	lose_identity(false);
	CHECK(version_of(ours, &id) == 1);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
