// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: registrations that come and go while records change, also for events
 * that a thread of the program signals, one that all take from, watches, and data over direct
 * connections.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include "threads.h"

/* Bob's handle hears of what is added through Alice's. */
static void hear_of_it(unsigned int me, unsigned int round)
{
	PEER_RECORD r = record_of(300 + me);
	GUID id, type = type_of(300 + me);
	struct listener l;

	(void)round;
	listen_for(&l, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, &type);
	if (OK(PeerGroupAddRecord(ours, &r, &id))) {
		EXPECT(hear_change(&l, &id, PEER_RECORD_ADDED));
		OK(PeerGroupDeleteRecord(ours, &id));
		EXPECT(hear_change(&l, &id, PEER_RECORD_DELETED));
	}
	OK(PeerGroupUnregisterEvent(l.handle));
	SAYS(PeerGroupUnregisterEvent(l.handle), E_INVALIDARG);
	peergroup_event_close(l.event);
}

/* ---------------------------------------------- events of the program's own -- */

static atomic_uint begun, left;

/* What the events are, the library does not know: here they are its own kind nevertheless. */
static void signal_all(void)
{
	const uint64_t one = 1;
	HANDLE event;

	while (peergroup_signal_next(&event) == S_OK)
		EXPECT(write(peergroup_event_fd(event), &one, sizeof(one)) == sizeof(one));
}

/* Of all who begin one has to signal, until who is the last to hear of anything ends it. */
static void signalled(unsigned int me, unsigned int round)
{
	PEER_VERSION_DATA version;
	HRESULT hr;

	if (!me) {
		atomic_store(&begun, 0);
		atomic_store(&left, 0);
	}
	meet();
	hr = peergroup_signal_begin();
	expect(hr == S_OK || hr == S_FALSE, __FILE__, __LINE__, "begin", hr);
	if (hr == S_OK) {
		atomic_fetch_add(&begun, 1);
		signal_all();
	} else {
		hear_of_it(me, round);
		if (atomic_fetch_add(&left, 1) == THREADS - 2)
			OK(PeerGroupShutdown());
	}
	meet();
	EXPECT(atomic_load(&begun) == 1);
	if (!me)
		OK(PeerGroupStartup(PEER_GROUP_VERSION, &version));
	meet();
}

/* ------------------------------------------------------ one registration -- */

static struct listener common;
static atomic_uint heard, ended;

static void take_some(void)
{
	PEER_GROUP_EVENT_DATA *data;

	while (atomic_load(&heard) < THREADS) {
		if (PeerGroupGetEventData(common.handle, &data) == S_OK) {
			EXPECT(data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED);
			atomic_fetch_add(&heard, 1);
			PeerFreeData(data);
		} else {
			/* Who was woken may have found it taken. */
			peergroup_event_wait(common.event, 50);
		}
	}
}

static void share(unsigned int me, unsigned int round)
{
	GUID id, type = type_of(400);
	PEER_RECORD r = record_of(400);
	HRESULT hr;

	(void)round;
	if (!me) {
		atomic_store(&heard, 0);
		atomic_store(&ended, 0);
		listen_for(&common, ours, PEER_GROUP_EVENT_RECORD_CHANGED, &type);
	}
	meet();
	OK(PeerGroupAddRecord(ours, &r, &id));
	take_some();
	meet();
	EXPECT(atomic_load(&heard) == THREADS);
	hr = PeerGroupUnregisterEvent(common.handle);
	EXPECT(hr == S_OK || hr == E_INVALIDARG);
	atomic_fetch_add(&ended, hr == S_OK);
	OK(PeerGroupDeleteRecord(ours, &id));
	meet();
	EXPECT(atomic_load(&ended) == 1);
	if (!me)
		peergroup_event_close(common.event);
}

/* ---------------------------------------------------------------- watches -- */

static bool tells_of(peergroup_watch_t watch, const uuid_t id)
{
	struct peergroup_event event;
	HRESULT hr;

	do {
		hr = peergroup_watch_wait(watch, 20000, &event);
		if (hr == S_OK && event.kind == PEERGROUP_EVENT_RECORD &&
		    !uuid_compare(event.id, id))
			return true;
	} while (hr == S_OK || hr == PEER_S_NO_EVENT_DATA);
	return false;
}

static void watch(unsigned int me, unsigned int round)
{
	struct peergroup_new_record r = { .data = "x", .size = 1, .lifetime = 3600 };
	GUID type = type_of(500 + me);
	peergroup_watch_t w;
	uuid_t uuid, id;

	(void)round;
	peergroup_guid_to_uuid(&type, uuid);
	if (!OK(peergroup_watch_open(bobs, me % 2 ? 0 : PEERGROUP_SINCE_NOW, &w)))
		return;
	EXPECT(peergroup_watch_fd(w) >= 0);
	if (OK(peergroup_add(ours, uuid, &r, id))) {
		EXPECT(tells_of(w, id));
		OK(peergroup_delete_record(ours, id));
	}
	OK(peergroup_watch_close(w));
	SAYS(peergroup_watch_close(w), E_INVALIDARG);
}

/* ------------------------------------------------------------------- data -- */

static bool is_connection(const void *item, const void *id)
{
	const PEER_CONNECTION_INFO *info = item;

	return info->ullConnectionId == *(const ULONGLONG *)id;
}

static bool comes(peergroup_receiver_t receiver, const char *text)
{
	struct peergroup_data *data;
	unsigned int tries = 2000;
	bool is = false;

	while (!is && tries--) {
		switch (peergroup_receive_next(receiver, &data)) {
		case S_OK:
			is = data->size == strlen(text) && !memcmp(data->data, text, data->size);
			peergroup_free(data);
			break;
		case PEER_S_NO_EVENT_DATA: {
			struct timespec ms = { 0, 10000000 };

			nanosleep(&ms, NULL);
			break;
		}
		default:
			return false;
		}
	}
	return is;
}

static void send_one(uint64_t id, unsigned int me, peergroup_receiver_t receiver)
{
	GUID type = type_of(me);
	ULONG found = 0;
	HPEERENUM list;
	char text[32];

	if (OK(PeerGroupEnumConnections(ours, PEER_CONNECTION_DIRECT, &list))) {
		drain(list, is_connection, &id, &found);
		EXPECT(found == 1);
	}
	snprintf(text, sizeof(text), "from %u", me);
	OK(PeerGroupSendData(ours, id, &type, (ULONG)strlen(text), text));
	EXPECT(comes(receiver, text));
	OK(PeerGroupCloseDirectConnection(ours, id));
	SAYS(PeerGroupSendData(ours, id, &type, 1, "x"), PEER_E_CONNECTION_NOT_FOUND);
}

/* With those of kinds.c as many as a host takes of one member. */
#define DIRECT	5

static void data(unsigned int me, unsigned int round)
{
	peergroup_receiver_t receiver;
	uint64_t id;

	(void)round;
	if (me >= DIRECT || !OK(peergroup_receive_open(bobs, &receiver)))
		return;
	EXPECT(peergroup_receive_fd(receiver) >= 0);
	if (OK(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id)))
		send_one(id, me, receiver);
	OK(peergroup_receive_close(receiver));
	SAYS(peergroup_receive_close(receiver), E_INVALIDARG);
}

const struct work work_events[] = {
	{ "registrations come, hear and go", hear_of_it, 2, false },
	{ "registrations for events of the program's own", signalled, 2, true },
	{ "one registration is read by all, and ended by one", share, 1, true },
	{ "watches come, hear and go", watch, 1, false },
	{ "direct connections come, carry data and go", data, 1, false },
	{ .name = NULL },
};
