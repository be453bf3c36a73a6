// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: records that all add, change, look for and delete through one handle,
 * alone and in batches, and one record that all change.
 */
#include <stdatomic.h>
#include <stdio.h>
#include "threads.h"

#define LOCK_VIOLATION	HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION)

static bool is_record(const void *item, const void *id)
{
	const PEER_RECORD *r = item;

	return !memcmp(&r->id, id, sizeof(r->id));
}

static void find_it(unsigned int me, const GUID *id)
{
	GUID type = type_of(me);
	ULONG found = 0;
	char query[256];
	HPEERENUM list;

	if (OK(PeerGroupEnumRecords(ours, &type, &list))) {
		EXPECT(drain(list, is_record, id, &found) >= 1);
		EXPECT(found == 1);
	}
	snprintf(query, sizeof(query), "<peersearch xmlns:xs='http://www.w3.org/2001/XMLSchema' "
		 "xmlns:peer='http://www.microsoft.com/peer'><clause attrib='who' type='int' "
		 "compare='equal'>%u</clause></peersearch>", me);
	found = 0;
	if (OK(PeerGroupSearchRecords(ours, widen(query), &list))) {
		EXPECT(drain(list, is_record, id, &found) >= 1);
		EXPECT(found == 1);
	}
}

static void live(unsigned int me, unsigned int round)
{
	PEER_RECORD r = record_of(me), *now;
	char attributes[96];
	GUID id;

	(void)round;
	snprintf(attributes, sizeof(attributes),
		 "<attributes><attribute name='who' type='int'>%u</attribute></attributes>", me);
	r.pwzAttributes = widen(attributes);
	if (!OK(PeerGroupAddRecord(ours, &r, &id)))
		return;
	find_it(me, &id);
	r = record_of(me);
	r.id = id;
	OK(PeerGroupUpdateRecord(ours, &r));
	if (OK(PeerGroupGetRecord(ours, &id, &now))) {
		EXPECT(now->dwVersion == 2 && same(now->pwzCreatorId, alice));
		PeerFreeData(now);
	}
	OK(PeerGroupDeleteRecord(ours, &id));
	SAYS(PeerGroupGetRecord(ours, &id, &now), PEER_E_RECORD_NOT_FOUND);
}

/* ------------------------------------------------------------- one record -- */

static GUID common;
static FILETIME until;
static atomic_uint changes;

static void quarrel(unsigned int me, unsigned int round)
{
	PEER_RECORD r = record_of(0);
	unsigned int i;
	HRESULT hr;

	(void)round;
	if (!me) {
		until = r.ftExpiration;
		NEED(!PeerGroupAddRecord(ours, &r, &common));
		atomic_store(&changes, 1);
	}
	meet();
	for (i = 0; i < 3; i++) {
		r = record_of(0);
		r.id = common;
		r.ftExpiration = until;
		hr = PeerGroupUpdateRecord(ours, &r);
		expect(hr == S_OK || hr == LOCK_VIOLATION, __FILE__, __LINE__, "update", hr);
		atomic_fetch_add(&changes, hr == S_OK);
	}
	meet();
	/* Of two that make the same version at once, on two CPUs, the later one stays. */
	EXPECT(version_of(ours, &common) > 1 && version_of(ours, &common) <= atomic_load(&changes));
	meet();
	if (!me)
		OK(PeerGroupDeleteRecord(ours, &common));
}

/* ---------------------------------------------------------------- batches -- */

#define BATCH	8

static HRESULT progress(size_t done, size_t count, void *arg)
{
	(void)done;
	(void)count;
	(*(unsigned int *)arg)++;
	return S_OK;
}

static HRESULT count_one(const struct peergroup_record *record, void *arg)
{
	EXPECT(record->size == 4 && !memcmp(record->data, "data", 4));
	(*(unsigned int *)arg)++;
	return S_OK;
}

static void batches(unsigned int me, unsigned int round)
{
	struct peergroup_batch_record batch[BATCH] = { 0 };
	GUID type = type_of(100 + me);
	unsigned int i, n = 0;
	uuid_t uuid;

	(void)round;
	peergroup_guid_to_uuid(&type, uuid);
	for (i = 0; i < BATCH; i++) {
		uuid_copy(batch[i].type, uuid);
		batch[i].content.data = "data";
		batch[i].content.size = 4;
		batch[i].content.lifetime = 3600;
	}
	OK(peergroup_add_batch(ours, batch, BATCH, progress, &n));
	OK(peergroup_update_batch(ours, batch, BATCH, progress, &n));
	n = 0;
	OK(peergroup_records(ours, uuid, count_one, &n));
	EXPECT(n == BATCH);
	for (i = 0; i < BATCH; i++)
		OK(peergroup_delete_record(ours, batch[i].id));
}

/* ------------------------------------------------------------- one list -- */

static HPEERENUM list;
static atomic_uint taken, ended;

/* Each item of a list goes to one thread, and one of them ends it. */
static void share(unsigned int me, unsigned int round)
{
	PEER_RECORD r = record_of(200);
	GUID id, type = type_of(200);
	void **items;
	ULONG n;

	(void)round;
	OK(PeerGroupAddRecord(ours, &r, &id));
	meet();
	if (!me) {
		NEED(!PeerGroupEnumRecords(ours, &type, &list));
		atomic_store(&taken, 0);
		atomic_store(&ended, 0);
	}
	meet();
	for (n = 1; n; ) {
		n = 1;
		if (!OK(PeerGetNextItem(list, &n, &items)))
			break;
		atomic_fetch_add(&taken, n);
		PeerFreeData(items);
	}
	meet();
	EXPECT(atomic_load(&taken) == THREADS);
	atomic_fetch_add(&ended, PeerEndEnumeration(list) == S_OK);
	meet();
	EXPECT(atomic_load(&ended) == 1);
	OK(PeerGroupDeleteRecord(ours, &id));
}

const struct work work_records[] = {
	{ "records are added, found, changed and deleted", live, 2, false },
	{ "one record is changed by all", quarrel, 1, true },
	{ "batches are added and changed", batches, 1, false },
	{ "one list is taken by all, and ended by one", share, 1, true },
	{ .name = NULL },
};
