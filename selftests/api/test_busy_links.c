// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that does not take its events, while others make and end connections: what waits
 * for it is bounded, and what it is told in the end is so. Alice's group and Bob's are two hosts
 * to each other, although they are in one process.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "sockets.h"
#include "tap.h"

#define BOBS_PORT	4000
#define QUEUE_MAX	4096	/* feed.c's NEWS_MAX */
#define TIMES		10	/* that a connection comes and goes */

static const uuid_t type = { 1, 2, 3, 4 };
static char *alice, *bob;
static peergroup_t ours, bobs;
static struct peergroup_batch_record batch[QUEUE_MAX];

/* ---------------------------------------------------------------- helpers -- */

static bool is_alone(void *arg)
{
	return !has_status(arg, PEERGROUP_STATUS_CONNECTED);
}

static bool is_connected(void *arg)
{
	return has_status(arg, PEERGROUP_STATUS_CONNECTED);
}

static void link_up(void)
{
	NEED(!peergroup_online(bobs, BOBS_PORT) && !peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_connected, ours) && wait_until(is_connected, bobs));
}

static void link_down(void)
{
	NEED(!peergroup_offline(bobs) && wait_until(is_alone, ours));
}

static void set_up(void)
{
	PEER_VERSION_DATA version;
	char *xml, *invitation;
	size_t i;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!peergroup_identity_create("alice", NULL, &alice));
	NEED(!peergroup_identity_create("bob", NULL, &bob));
	NEED(!peergroup_create(alice, NULL, &ours));
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(invitation);
	peergroup_free(xml);
	NEED(!peergroup_online(ours, 0));
	link_up();
	NEED(wait_until(is_ready, bobs));
	for (i = 0; i < QUEUE_MAX; i++) {
		uuid_copy(batch[i].type, type);
		batch[i].content = (struct peergroup_new_record){
			.data = "data", .size = 4, .lifetime = 3600,
		};
	}
}

static void listen_to(HANDLE *event, HPEEREVENT *reg,
		      const PEER_GROUP_EVENT_REGISTRATION *what, DWORD n)
{
	NEED(!peergroup_event_create(event));
	NEED(!PeerGroupRegisterEvent(ours, *event, n, (PEER_GROUP_EVENT_REGISTRATION *)what, reg));
}

static void stop_listening(HANDLE event, HPEEREVENT reg)
{
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

/* As many events as may wait: none is left to the socket, whose room is another matter. */
static void fill_queue(void)
{
	HRESULT hr;
	size_t i;

	if (uuid_is_null(batch[0].id))
		hr = peergroup_add_batch(ours, batch, QUEUE_MAX, NULL, NULL);
	else
		hr = peergroup_update_batch(ours, batch, QUEUE_MAX, NULL, NULL);
	NEED(!hr);
	for (i = 0; i < QUEUE_MAX; i++)
		NEED(batch[i].result == S_OK);
	NEED(wait_until(sockets_read, NULL));
}

/* The next event that is not of a record, which are counted; NULL where there is none. */
static PEER_GROUP_EVENT_DATA *next_other(HPEEREVENT reg, unsigned int *records)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;

	while ((hr = PeerGroupGetEventData(reg, &data)) == S_OK) {
		if (data->eventType != PEER_GROUP_EVENT_RECORD_CHANGED)
			return data;
		++*records;
		PeerFreeData(data);
	}
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x", (unsigned int)hr);
	return NULL;
}

/* The same, waited for. */
static PEER_GROUP_EVENT_DATA *hear_other(HANDLE event, HPEEREVENT reg, unsigned int *records)
{
	PEER_GROUP_EVENT_DATA *data;

	while (!(data = next_other(reg, records)))
		NEED(peergroup_event_wait(event, WAIT_SECONDS * 1000) == S_OK);
	return data;
}

static void check_connection(PEER_GROUP_EVENT_DATA *data, PEER_GROUP_EVENT_TYPE kind,
			     PEER_CONNECTION_STATUS status, ULONGLONG *id)
{
	const PEER_EVENT_CONNECTION_CHANGE_DATA *c = &data->connectionChangeData;

	CHECK(data->eventType == kind && c->status == status, "event %d, status %d",
	      (int)data->eventType, (int)c->status);
	CHECK(status == PEER_CONNECTED || c->ullConnectionId == *id);
	CHECK(c->ullNodeId);
	*id = c->ullConnectionId;
	PeerFreeData(data);
}

/* ----------------------------------------------------------------- direct -- */

static void come_and_go(void)
{
	unsigned int i;
	uint64_t id;

	for (i = 0; i < TIMES; i++) {
		NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &id));
		NEED(!peergroup_direct_close(bobs, id));
	}
}

static bool one_is_left(void *arg)
{
	HPEERENUM list;
	ULONG n;

	(void)arg;
	NEED(!PeerGroupEnumConnections(ours, PEER_CONNECTION_DIRECT, &list));
	NEED(!PeerGetItemCount(list, &n) && !PeerEndEnumeration(list));
	return n == 1;
}

static void test_direct(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
	};
	uint64_t first, last, failing;
	PEER_GROUP_EVENT_DATA *data;
	unsigned int records = 0;
	ULONGLONG id = 0, other = 0;
	HPEEREVENT reg;
	HANDLE event;

	set_up();
	listen_to(&event, &reg, want, 3);
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &first));
	NEED(wait_until(sockets_read, NULL));
	fill_queue();
	NEED(!peergroup_direct_close(bobs, first));
	come_and_go();
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4444", WAIT_SECONDS * 1000, &failing),
	   PEER_E_CONNECTION_FAILED);
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &last));
	NEED(wait_until(one_is_left, NULL) && wait_until(sockets_read, NULL));
	NEED(!peergroup_send(bobs, last, type, "hello", 5, WAIT_SECONDS * 1000));
	NEED(wait_until(sockets_read, NULL));

	check_connection(hear_other(event, reg, &records), PEER_GROUP_EVENT_DIRECT_CONNECTION,
			 PEER_CONNECTED, &id);
	check_connection(hear_other(event, reg, &records), PEER_GROUP_EVENT_DIRECT_CONNECTION,
			 PEER_DISCONNECTED, &id);
	data = hear_other(event, reg, &records);
	CHECK(data->connectionChangeData.status == PEER_CONNECTION_FAILED, "status %d",
	      (int)data->connectionChangeData.status);
	PeerFreeData(data);
	/* What came and went unseen is not told; what is there is, before what came over it. */
	check_connection(hear_other(event, reg, &records), PEER_GROUP_EVENT_DIRECT_CONNECTION,
			 PEER_CONNECTED, &other);
	CHECK(other > id);
	data = hear_other(event, reg, &records);
	CHECK(data->eventType == PEER_GROUP_EVENT_INCOMING_DATA &&
	      data->incomingData.ullConnectionId == other &&
	      data->incomingData.data.cbData == 5 &&
	      !memcmp(data->incomingData.data.pbData, "hello", 5));
	PeerFreeData(data);

	/* And it goes on as before. */
	NEED(!peergroup_direct_close(bobs, last));
	check_connection(hear_other(event, reg, &records), PEER_GROUP_EVENT_DIRECT_CONNECTION,
			 PEER_DISCONNECTED, &other);
	CHECK(!next_other(reg, &records));
	CHECK(records == QUEUE_MAX, "%u records", records);
	stop_listening(event, reg);
}

/* ------------------------------------------------------- who sends on and on -- */

static atomic_bool enough;

static void *send_on(void *arg)
{
	static const char text[512];

	while (!atomic_load(&enough))
		NEED(!peergroup_send(bobs, *(uint64_t *)arg, type, text, sizeof(text),
				     WAIT_SECONDS * 1000));
	return NULL;
}

/* Takes what comes until a connection of that state is told of; what it is called. */
static ULONGLONG hear_connection(HANDLE event, HPEEREVENT reg, PEER_CONNECTION_STATUS status)
{
	unsigned int records = 0;
	PEER_GROUP_EVENT_DATA *data;
	ULONGLONG id = 0;

	while (!id) {
		data = hear_other(event, reg, &records);
		if (data->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION) {
			CHECK(data->connectionChangeData.status == status, "status %d, not %d",
			      (int)data->connectionChangeData.status, (int)status);
			id = data->connectionChangeData.ullConnectionId;
		}
		PeerFreeData(data);
	}
	return id;
}

/* It does not keep the ends of others from being told, nor whoever comes after them. */
static void test_sending(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
	};
	PEER_GROUP_EVENT_DATA *data;
	uint64_t sending, other;
	pthread_t sender;
	unsigned int i;
	HPEEREVENT reg;
	HANDLE event;
	ULONGLONG id;

	listen_to(&event, &reg, want, 2);
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &sending));
	hear_connection(event, reg, PEER_CONNECTED);
	NEED(!pthread_create(&sender, NULL, send_on, &sending));
	for (i = 0; i < TIMES; i++) {
		NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000,
					    &other));
		id = hear_connection(event, reg, PEER_CONNECTED);
		NEED(!peergroup_direct_close(bobs, other));
		CHECK(hear_connection(event, reg, PEER_DISCONNECTED) == id);
	}
	atomic_store(&enough, true);
	/* It may wait for room. */
	while (pthread_tryjoin_np(sender, NULL))
		if (PeerGroupGetEventData(reg, &data) == S_OK)
			PeerFreeData(data);
	NEED(!peergroup_direct_close(bobs, sending));
	hear_connection(event, reg, PEER_DISCONNECTED);
	stop_listening(event, reg);
}

/* ------------------------------------------------------- neighbours, status -- */

static void test_neighbours(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
		{ PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
	};
	unsigned int i, records = 0, statuses = 0, ups = 0, downs = 0;
	PEER_GROUP_EVENT_DATA *data;
	DWORD status = 0;
	HPEEREVENT reg;
	HANDLE event;

	listen_to(&event, &reg, want, 3);
	fill_queue();
	for (i = 0; i < TIMES; i++) {
		link_down();
		link_up();
	}
	NEED(wait_until(sockets_read, NULL));
	while ((data = next_other(reg, &records))) {
		if (data->eventType == PEER_GROUP_EVENT_STATUS_CHANGED) {
			statuses++;
			status = (DWORD)data->dwStatus;
		} else {
			CHECK(data->eventType == PEER_GROUP_EVENT_NEIGHBOR_CONNECTION);
			ups += data->connectionChangeData.status == PEER_CONNECTED;
			downs += data->connectionChangeData.status == PEER_DISCONNECTED;
		}
		PeerFreeData(data);
	}
	/* The link of the beginning was known to be up. */
	CHECK(downs == 1 && ups == 1, "%u up, %u down", ups, downs);
	CHECK(statuses == 1, "%u times the status", statuses);
	CHECK(status == (PEER_GROUP_STATUS_LISTENING | PEER_GROUP_STATUS_HAS_CONNECTIONS), "%#x",
	      (unsigned int)status);
	CHECK(records == QUEUE_MAX, "%u records", records);
	stop_listening(event, reg);
}

/* ------------------------------------------------------- lost by the kernel -- */

/* What a watch has that is of links: how many, and the last of it. */
static unsigned int take_links(peergroup_watch_t watch, struct peergroup_event *last)
{
	struct peergroup_event event;
	unsigned int n = 0;
	HRESULT hr;

	while ((hr = peergroup_watch_next(watch, &event)) == S_OK) {
		if (event.kind != PEERGROUP_EVENT_LINK || event.link_state == PEERGROUP_LINK_FAILED)
			continue;
		CHECK(!strcmp(event.link_peer, bob), "\"%s\"", event.link_peer);
		*last = event;
		n++;
	}
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x", (unsigned int)hr);
	return n;
}

/* More events than the watch's socket takes. */
static void overflow(void)
{
	unsigned long before = sockets_dropped();

	NEED(!peergroup_update_batch(ours, batch, 100, NULL, NULL));
	NEED(sockets_dropped() > before);
}

static void test_lost(void)
{
	struct peergroup_event last = { 0 };
	peergroup_watch_t watch;
	unsigned int n;
	uint64_t id;

	NEED(!peergroup_watch_open(ours, PEERGROUP_SINCE_NOW, &watch));
	NEED(sockets_shrink_polled(peergroup_watch_fd(watch)) == 1);
	overflow();
	link_down();
	n = take_links(watch, &last);
	CHECK(n == 1 && last.link_state == PEERGROUP_LINK_DOWN, "%u, state %u", n, last.link_state);
	id = last.link_id;
	overflow();
	link_up();
	n = take_links(watch, &last);
	CHECK(n == 1 && last.link_state == PEERGROUP_LINK_UP && last.link_id != id,
	      "%u, state %u", n, last.link_state);
	CHECK(last.link_node);
	/* Another one, of which both ends were lost. */
	overflow();
	link_down();
	link_up();
	id = last.link_id;
	n = take_links(watch, &last);
	CHECK(n == 2 && last.link_state == PEERGROUP_LINK_UP && last.link_id != id,
	      "%u, state %u", n, last.link_state);
	CHECK(!peergroup_watch_close(watch));
}

static void test_end(void)
{
	HR(peergroup_close(bobs), S_OK);
	HR(peergroup_close(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	peergroup_free(alice);
	peergroup_free(bob);
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "direct connections come and go, and data comes over one", test_direct },
		{ "who sends on and on keeps no end from being told", test_sending },
		{ "neighbours, and the status that goes by them", test_neighbours },
		{ "links' events that the kernel had no room for", test_lost },
		{ "the end", test_end },
	};
	char home[] = "/tmp/busy.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
