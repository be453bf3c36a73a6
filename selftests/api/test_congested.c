// SPDX-License-Identifier: GPL-2.0-only
/*
 * Once a message did not fit, a netlink socket gets none at all before it has been read empty,
 * and the reader is told of the first only. What is lost while the library reads what was there
 * is found out nevertheless. To lose something just then, recv(), by which the library hears, is
 * this program's.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "sockets.h"
#include "tap.h"

#define MANY	100	/* records, more than a shrunk socket has room for */

static const uuid_t type = { 1, 2, 3, 4 };
static uuid_t last;

static void add(uuid_t id)
{
	struct peergroup_new_record r = { .data = "data", .size = 4, .lifetime = 3600 };

	NEED(!peergroup_add(ours, type, &r, id));
}

/* ------------------------------------------------------------ the socket -- */

static enum phase {
	SHRINK = 1,		/* next it gets little room, */
	FLOOD,			/* ... then more than that, which it is told, */
	LOSE,			/* ... and, before it is empty, what is lost unheard */
} _Atomic phase;
static bool (*lose)(void);	/* false: not yet */

static void flood(void)
{
	uuid_t id;
	int i;

	for (i = 0; i < MANY; i++)
		add(id);
}

static void before(int fd)
{
	switch (phase) {
	case SHRINK:
		NEED(socket_shrink(fd));
		phase = 0;
		break;
	case FLOOD:
		phase = 0;
		flood();
		phase = LOSE;
		break;
	default:
		break;
	}
}

/* No other socket has anything to be read. What loses may read itself. */
static void after(ssize_t n)
{
	if (phase != LOSE || n <= 0 || sockets_read(NULL))
		return;
	phase = 0;
	if (!lose())
		phase = LOSE;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n;

	before(fd);
	n = syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
	after(n);
	return n;
}

/* ----------------------------------------------------------------- tests -- */

static bool is_quiet(void *arg)
{
	(void)arg;
	return !phase && sockets_read(NULL) && !sockets_dumping();
}

/* Alice's registration loses, with @lost, what it is to hear of all the same. */
static void listen_and_lose(PEER_GROUP_EVENT_TYPE kind, bool (*what)(void), HPEEREVENT *reg)
{
	PEER_GROUP_EVENT_REGISTRATION want = { kind, NULL };
	HANDLE event;
	uuid_t id;

	NEED(!peergroup_event_create(&event));
	NEED(!PeerGroupRegisterEvent(ours, event, 1, &want, reg));
	lose = what;
	phase = SHRINK;
	add(id);
	NEED(wait_until(is_quiet, NULL));
	phase = FLOOD;
	add(id);
	NEED(wait_until(is_quiet, NULL));
}

/* A record. */
static bool lose_record(void)
{
	unsigned long dropped = sockets_dropped();

	add(last);
	return sockets_dropped() > dropped;
}

static void test_record(void)
{
	PEER_GROUP_EVENT_DATA *data;
	unsigned int heard = 0;
	HPEEREVENT reg;
	uuid_t id;

	listen_and_lose(PEER_GROUP_EVENT_RECORD_CHANGED, lose_record, &reg);
	while (PeerGroupGetEventData(reg, &data) == S_OK) {
		peergroup_guid_to_uuid(&data->recordChangeData.recordId, id);
		heard += !uuid_compare(id, last);
		PeerFreeData(data);
	}
	CHECK(heard == 1, "the last was told %u times", heard);
	HR(PeerGroupUnregisterEvent(reg), S_OK);
}

static uint64_t received(void)
{
	struct peergroup_counter *list;
	uint64_t found = 0;
	size_t n;

	NEED(!peergroup_stats(ours, &list, &n));
	while (n--)
		if (!strcmp(list[n].name, "data_received"))
			found = list[n].value;
	peergroup_free(list);
	return found;
}

static uint64_t data_before;

static bool has_received(void *arg)
{
	(void)arg;
	return received() > data_before;
}

static HRESULT send_by(const struct peergroup_connection *c, void *arg)
{
	(void)arg;
	NEED(!peergroup_send(bobs, c->id, type, "data", 4, -1));
	return S_OK;
}

/* Data, once the dump has ended that was asked for when something was lost. */
static bool lose_data(void)
{
	unsigned long dropped = sockets_dropped();

	if (sockets_dumping())
		return false;
	data_before = received();
	NEED(!peergroup_connections(bobs, 0, send_by, NULL));
	NEED(wait_until(has_received, NULL));
	return sockets_dropped() > dropped;
}

static void test_data(void)
{
	PEER_GROUP_EVENT_DATA *data;
	HPEEREVENT reg;

	listen_and_lose(PEER_GROUP_EVENT_INCOMING_DATA, lose_data, &reg);
	NEED(PeerGroupGetEventData(reg, &data) == S_OK);
	CHECK(data->eventType == PEER_GROUP_EVENT_INCOMING_DATA);
	PeerFreeData(data);
	HR(PeerGroupUnregisterEvent(reg), S_OK);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a record, while the backlog was read", test_record },
		{ "data, while the backlog was read", test_data },
	};
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
