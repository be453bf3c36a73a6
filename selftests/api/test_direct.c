// SPDX-License-Identifier: GPL-2.0-only
// timeout: 400
/*
 * Direct connections and data, by both APIs: opening, each way to fail, closing, the
 * events at both ends; sending over direct connections and neighbours' links, in
 * order, with back-pressure, to several programs, and what is lost to whom. Alice's
 * group and Bob's are two hosts to each other, although they are in one process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define BOBS_PORT	4000
#define BAD_GROUP	((HGROUP)&bad_handle)

static const GUID other_type = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
static const GUID data_type = { 0x9abcdef0, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 11 } };
static char bad_handle;
static char *alice, *bob, *carol;
static peergroup_t ours, bobs;
static struct nl nl;
static uint32_t our_index, bobs_index;

/* ---------------------------------------------------------------- helpers -- */

/* A registration; what it got last of each kind is for the caller to take. */
struct ear {
	HANDLE event;
	HPEEREVENT reg;
	PEER_GROUP_EVENT_DATA *got;
};

static void listen_to(peergroup_t group, struct ear *e, const PEER_GROUP_EVENT_REGISTRATION *what,
		      DWORD n)
{
	memset(e, 0, sizeof(*e));
	NEED(!peergroup_event_create(&e->event));
	NEED(!PeerGroupRegisterEvent(group, e->event, n, (PEER_GROUP_EVENT_REGISTRATION *)what,
				     &e->reg));
}

/* Connections and data. */
static void listen_all(peergroup_t group, struct ear *e)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, (GUID *)&other_type },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
	};

	listen_to(group, e, want, 2);
}

static void stop_listening(struct ear *e)
{
	PeerFreeData(e->got);
	HR(PeerGroupUnregisterEvent(e->reg), S_OK);
	peergroup_event_close(e->event);
}

/* The next event, in e->got until the one after it. */
static bool hear(struct ear *e)
{
	PeerFreeData(e->got);
	e->got = NULL;
	while (PeerGroupGetEventData(e->reg, &e->got) == PEER_S_NO_EVENT_DATA)
		if (peergroup_event_wait(e->event, WAIT_SECONDS * 1000) != S_OK)
			return false;
	return e->got;
}

static bool nothing_waits(struct ear *e)
{
	PEER_GROUP_EVENT_DATA *data;

	return PeerGroupGetEventData(e->reg, &data) == PEER_S_NO_EVENT_DATA;
}

/* The next event is of a direct connection, and like that. */
static const PEER_EVENT_CONNECTION_CHANGE_DATA *hear_change(struct ear *e,
							    PEER_CONNECTION_STATUS status)
{
	static const PEER_EVENT_CONNECTION_CHANGE_DATA none;
	const PEER_EVENT_CONNECTION_CHANGE_DATA *c;

	if (!hear(e))
		return &none;
	c = &e->got->connectionChangeData;
	CHECK(e->got->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION, "event %d",
	      (int)e->got->eventType);
	CHECK(c->dwSize == sizeof(*c) && c->status == status && c->ullConnectionId,
	      "status %d, expected %d", (int)c->status, (int)status);
	CHECK(!c->ullNextConnectionId);
	return c;
}

static bool hear_data(struct ear *e, const void *data, size_t len)
{
	const PEER_EVENT_INCOMING_DATA *d;

	if (!hear(e) || e->got->eventType != PEER_GROUP_EVENT_INCOMING_DATA)
		return false;
	d = &e->got->incomingData;
	return d->dwSize == sizeof(*d) && d->ullConnectionId && d->data.cbData == len &&
	       !memcmp(d->data.pbData, data, len);
}

/* ::ffff:127.0.0.1 */
static PEER_ADDRESS address(uint16_t port)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a) };

	a.sin6.sin6_family = AF_INET6;
	a.sin6.sin6_port = htons(port);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr);
	return a;
}

static uint64_t stat_of(uint32_t index, uint16_t counter)
{
	return nl_stat(&nl, index, counter);
}

static HRESULT send_text(peergroup_t group, uint64_t id, const char *text)
{
	return PeerGroupSendData(group, id, &data_type, (ULONG)strlen(text), (PVOID)text);
}

/* From Alice to Bob, and up at both ends. */
static uint64_t connect_to_bob(struct ear *here, struct ear *there, uint64_t *bobs_id)
{
	PEER_ADDRESS a = address(BOBS_PORT);
	ULONGLONG id = 0;
	const PEER_EVENT_CONNECTION_CHANGE_DATA *c;

	HR(PeerGroupOpenDirectConnection(ours, wide(bob), &a, &id), S_OK);
	c = hear_change(here, PEER_CONNECTED);
	CHECK(c->ullConnectionId == id && c->ullNodeId);
	*bobs_id = hear_change(there, PEER_CONNECTED)->ullConnectionId;
	return id;
}

static ULONG connections(peergroup_t group, DWORD flags)
{
	HPEERENUM list;
	ULONG n = 99;

	HR(PeerGroupEnumConnections(group, flags, &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	return n;
}

static bool one_neighbour(void *arg)
{
	return connections(arg, PEER_CONNECTION_NEIGHBOR) == 1;
}

static bool no_direct(void *arg)
{
	return connections(arg, PEER_CONNECTION_DIRECT) == 0;
}

/* ----------------------------------------------------------------- errors -- */

static void test_not_initialized(void)
{
	PEER_ADDRESS a = address(BOBS_PORT);
	HPEERENUM list = &bad_handle;
	ULONGLONG id = 7;

	HR(PeerGroupOpenDirectConnection(BAD_GROUP, wide("x"), &a, &id), PEER_E_NOT_INITIALIZED);
	CHECK(!id);
	HR(PeerGroupCloseDirectConnection(BAD_GROUP, 1), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupSendData(BAD_GROUP, 1, &data_type, 1, "x"), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupEnumConnections(BAD_GROUP, 1, &list), PEER_E_NOT_INITIALIZED);
	CHECK(!list);
}

static char *invite(const char *who)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_xml(who, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	peergroup_free(xml);
	return invitation;
}

static void set_up(void)
{
	PEER_VERSION_DATA version;
	struct peergroup_status *status;
	char *invitation;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!nl_open(&nl));
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
	NEED(!peergroup_identity_create("carol", "Carol", &carol));
	NEED(!peergroup_create(alice, NULL, &ours));
	invitation = invite(bob);
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(invitation);
	NEED(!peergroup_status(ours, &status));
	our_index = status->index;
	peergroup_free(status);
	NEED(!peergroup_status(bobs, &status));
	bobs_index = status->index;
	peergroup_free(status);
}

static void test_offline(void)
{
	PEER_ADDRESS a = address(BOBS_PORT);
	ULONGLONG id = 7;

	set_up();
	HR(PeerGroupOpenDirectConnection(ours, wide(bob), &a, &id), PEER_E_GROUP_NOT_READY);
	CHECK(!id);
	CHECK(connections(ours, PEER_CONNECTION_NEIGHBOR | PEER_CONNECTION_DIRECT) == 0);
	NEED(!peergroup_online(ours, 0));
	NEED(!peergroup_online(bobs, BOBS_PORT));
}

/* -------------------------------------------------------- ways not to be let in -- */

static void check_failure(struct ear *e, const char *who, uint16_t port, HRESULT why)
{
	PEER_ADDRESS a = address(port);
	const PEER_EVENT_CONNECTION_CHANGE_DATA *c;
	ULONGLONG id;

	HR(PeerGroupOpenDirectConnection(ours, wide(who), &a, &id), S_OK);
	c = hear_change(e, PEER_CONNECTION_FAILED);
	CHECK(c->ullConnectionId == id && c->hrConnectionFailedReason == why, "0x%08x",
	      (unsigned int)c->hrConnectionFailedReason);
	HR(send_text(ours, id, "x"), PEER_E_CONNECTION_NOT_FOUND);
}

static void test_refused(void)
{
	uint64_t refused = stat_of(bobs_index, PEERGROUP_A_STATS_DIRECT_REFUSED);
	PEER_ADDRESS a = address(BOBS_PORT);
	struct ear here, there;
	ULONGLONG id = 1;

	listen_all(ours, &here);
	check_failure(&here, bob, BOBS_PORT, PEER_E_CONNECTION_REFUSED);
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DIRECT_REFUSED) == refused + 1);
	listen_all(bobs, &there);
	check_failure(&here, carol, BOBS_PORT, PEER_E_CONNECTION_NOT_AUTHENTICATED);
	check_failure(&here, bob, 3587, PEER_E_CONNECTION_NOT_AUTHENTICATED);
	check_failure(&here, bob, 4444, PEER_E_CONNECTION_FAILED);
	CHECK(nothing_waits(&there), "who was not let in is no event");
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_DIRECT, 0));
	check_failure(&here, bob, BOBS_PORT, PEER_E_CONNECTION_REFUSED);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_DIRECT, 64));
	NEED(!group_limit(&nl, our_index, PEERGROUP_A_LIMIT_DIRECT, 0));
	HR(PeerGroupOpenDirectConnection(ours, wide(bob), &a, &id), PEER_E_TOO_MUCH_LOAD);
	CHECK(!id);
	NEED(!group_limit(&nl, our_index, PEERGROUP_A_LIMIT_DIRECT, 64));
	CHECK(nothing_waits(&here), "what has not begun is no event");
	stop_listening(&here);
	stop_listening(&there);
}

/* ---------------------------------------------------- one connection's life -- */

static void check_info(peergroup_t group, uint64_t id, const char *peer)
{
	PEER_CONNECTION_INFO **items;
	HPEERENUM list;
	ULONG n = 5;

	HR(PeerGroupEnumConnections(group, PEER_CONNECTION_DIRECT, &list), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	NEED(n == 1);
	CHECK(items[0]->dwSize == sizeof(*items[0]));
	CHECK(items[0]->dwFlags == PEER_CONNECTION_DIRECT && items[0]->ullConnectionId == id);
	CHECK(items[0]->ullNodeId && same(items[0]->pwzPeerId, peer));
	CHECK(items[0]->address.dwSize == sizeof(PEER_ADDRESS) &&
	      items[0]->address.sin6.sin6_family == AF_INET6);
	PeerFreeData(items);
	PeerEndEnumeration(list);
}

static void test_life(void)
{
	struct peergroup_status *status;
	uint64_t id, bobs_id;
	struct ear here, there;

	listen_all(ours, &here);
	listen_all(bobs, &there);
	id = connect_to_bob(&here, &there, &bobs_id);
	check_info(ours, id, bob);
	check_info(bobs, bobs_id, alice);
	CHECK(connections(ours, PEER_CONNECTION_NEIGHBOR) == 0);
	NEED(!peergroup_status(ours, &status));
	CHECK(!(status->flags & PEERGROUP_STATUS_CONNECTED), "it is no neighbour");
	peergroup_free(status);

	HR(send_text(ours, id, "hello"), S_OK);
	CHECK(hear_data(&there, "hello", 5) && there.got->incomingData.ullConnectionId == bobs_id);
	CHECK(!memcmp(&there.got->incomingData.type, &data_type, sizeof(GUID)));
	HR(send_text(bobs, bobs_id, "and back"), S_OK);
	CHECK(hear_data(&here, "and back", 8) && here.got->incomingData.ullConnectionId == id);

	/* No kind is both of them. */
	CHECK(connections(ours, PEER_CONNECTION_DIRECT) == 1 && connections(ours, 0) == 1);

	/* What was sent before it is closed still arrives. */
	HR(send_text(ours, id, "bye"), S_OK);
	HR(PeerGroupCloseDirectConnection(ours, id), S_OK);
	HR(PeerGroupCloseDirectConnection(ours, id), PEER_E_CONNECTION_NOT_FOUND);
	CHECK(hear_data(&there, "bye", 3));
	CHECK(hear_change(&there, PEER_DISCONNECTED)->ullConnectionId == bobs_id);
	CHECK(hear_change(&here, PEER_DISCONNECTED)->ullConnectionId == id);
	HR(send_text(bobs, bobs_id, "x"), PEER_E_CONNECTION_NOT_FOUND);
	CHECK(no_direct(ours) && no_direct(bobs));
	stop_listening(&here);
	stop_listening(&there);
}

/* It is for all programs, and ends with the last that takes such. */
static void test_shared(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION typed[] = {
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, (GUID *)&other_type },
	};
	struct ear here, there, second, narrow;
	uint64_t id, bobs_id;

	listen_all(ours, &here);
	listen_all(bobs, &there);
	listen_all(bobs, &second);
	listen_to(bobs, &narrow, typed, 2);
	id = connect_to_bob(&here, &there, &bobs_id);
	CHECK(hear_change(&second, PEER_CONNECTED)->ullConnectionId == bobs_id);
	hear_change(&narrow, PEER_CONNECTED);
	HR(send_text(ours, id, "for all"), S_OK);
	HR(PeerGroupSendData(ours, id, &other_type, 4, "both"), S_OK);
	CHECK(hear_data(&there, "for all", 7) && hear_data(&there, "both", 4));
	CHECK(hear_data(&second, "for all", 7) && hear_data(&second, "both", 4));
	CHECK(hear_data(&narrow, "both", 4), "its type only");
	stop_listening(&there);
	stop_listening(&narrow);
	HR(send_text(ours, id, "still"), S_OK);
	CHECK(hear_data(&second, "still", 5));
	stop_listening(&second);
	CHECK(hear_change(&here, PEER_DISCONNECTED)->ullConnectionId == id, "nobody takes it");
	stop_listening(&here);
	CHECK(wait_until(no_direct, bobs));
}

/* ------------------------------------------------------------------ much data -- */

#define LARGE	(1U << 20)

static uint8_t *pattern(size_t len, unsigned int seed)
{
	uint8_t *p = malloc(len);
	size_t i;

	NEED(p);
	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + (i >> 8) + seed);
	return p;
}

static void test_large(void)
{
	uint8_t *data = pattern(LARGE + 1, 1);
	struct ear here, there;
	uint64_t id, bobs_id;

	listen_all(ours, &here);
	listen_all(bobs, &there);
	id = connect_to_bob(&here, &there, &bobs_id);
	HR(PeerGroupSendData(ours, id, &data_type, LARGE + 1, data),
	   PEER_E_MAX_RECORD_SIZE_EXCEEDED);
	HR(PeerGroupSendData(ours, id, &data_type, LARGE, data), S_OK);
	CHECK(hear_data(&there, data, LARGE));
	/* Over the receiver's limit: passed over, and what follows comes. */
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECORD_SIZE, 1024));
	HR(PeerGroupSendData(ours, id, &data_type, 1025, data), S_OK);
	HR(send_text(ours, id, "next"), S_OK);
	CHECK(hear_data(&there, "next", 4));
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_OVERSIZE) == 1);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECORD_SIZE, LARGE));
	HR(PeerGroupCloseDirectConnection(ours, id), S_OK);
	hear_change(&here, PEER_DISCONNECTED);
	stop_listening(&here);
	stop_listening(&there);
	free(data);
}

#define PIECE	(48U << 10)	/* longer than one request takes */
#define PIECES	400		/* more than all queues on the way hold */

struct numbered {
	uint32_t n;
	uint8_t rest[PIECE - sizeof(uint32_t)];
};

/*
 * What is on the way fills all queues, Bob's last of all, once his host has counted that it
 * takes no more. One's own may be full before only because his host is slow.
 */
static unsigned int send_until_full(uint64_t id, struct numbered *piece, uint16_t counter)
{
	uint64_t before = stat_of(bobs_index, counter);
	bool over = false;
	uuid_t type;
	HRESULT hr = S_OK;

	peergroup_guid_to_uuid(&data_type, type);
	for (piece->n = 0; piece->n < PIECES; piece->n += hr == S_OK) {
		hr = peergroup_send(ours, id, type, piece, sizeof(*piece), over ? 0 : 100);
		if (hr != S_OK && (hr != PEER_E_TIMEOUT || over))
			break;
		over = stat_of(bobs_index, counter) > before;
	}
	HR(hr, PEER_E_TIMEOUT);
	return piece->n;
}

static peergroup_receiver_t receiver_of(peergroup_t group)
{
	peergroup_receiver_t r;

	NEED(!peergroup_receive_open(group, &r));
	CHECK(peergroup_receive_fd(r) >= 0);
	return r;
}

static struct peergroup_data *receive(peergroup_receiver_t r)
{
	struct pollfd pfd = { .fd = peergroup_receive_fd(r), .events = POLLIN };
	struct peergroup_data *d = NULL;

	while (peergroup_receive_next(r, &d) == PEER_S_NO_EVENT_DATA)
		if (poll(&pfd, 1, WAIT_SECONDS * 1000) <= 0)
			return NULL;
	return d;
}

#define WAITS_MAX	256	/* of the module, for one link */

/*
 * A socket that is told to wait and is closed takes nobody's place. Return: how many were
 * sent meanwhile, as what is on the way may still find room on a slow host.
 */
static unsigned int leave_waiting(uint64_t id, const struct numbered *piece)
{
	unsigned int waiting = 0, sent = 0;
	struct nlmsghdr *msg;
	struct nl other;
	int err = 0;

	while (waiting < WAITS_MAX + 10 && sent < PIECES && (!err || err == -EAGAIN)) {
		NEED(!nl_open(&other));
		msg = nl_begin(&other, PEERGROUP_CMD_DATA_SEND, 0);
		mnl_attr_put_u32(msg, PEERGROUP_A_DATA_GROUP, our_index);
		mnl_attr_put_u64(msg, PEERGROUP_A_DATA_LINK, id);
		mnl_attr_put(msg, PEERGROUP_A_DATA_TYPE, PEERGROUP_ID_LEN, test_type);
		mnl_attr_put(msg, PEERGROUP_A_DATA_BYTES, PEERGROUP_CHUNK_MAX, piece);
		err = nl_talk(&other, msg, NULL, NULL);
		nl_close(&other);
		waiting = err ? waiting + 1 : 0;
		sent += !err;
	}
	CHECK(err == -EAGAIN, "%d after %u", err, waiting);
	return sent;
}

/* All of Alice's, in order, up to the one before @end. */
static void receive_pieces(peergroup_receiver_t r, unsigned int n, unsigned int end)
{
	for (; n < end; n++) {
		struct peergroup_data *d = receive(r);

		NEED(d);
		if (d->size != sizeof(struct numbered) || d->lost || strcmp(d->peer, alice) ||
		    memcmp(d->data, &n, sizeof(n)))
			break;
		peergroup_free(d);
	}
	CHECK(n == end, "%u of %u", n, end);
}

/* Who does not read makes the sender wait; nothing is lost, and the order is kept. */
static void test_back_pressure(void)
{
	uint64_t lost = stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST), id;
	struct numbered *piece = calloc(1, sizeof(*piece));
	peergroup_receiver_t r = receiver_of(bobs);
	unsigned int sent, more;

	NEED(piece);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 3600 * 1000));
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_QUEUE, 256 << 10));
	NEED(!group_limit(&nl, our_index, PEERGROUP_A_LIMIT_SEND_QUEUE, 256 << 10));
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id), S_OK);
	sent = send_until_full(id, piece, PEERGROUP_A_STATS_DATA_HELD);
	CHECK(sent > 5 && sent < PIECES, "%u", sent);
	CHECK(stat_of(our_index, PEERGROUP_A_STATS_DATA_FULL) > 0);
	more = leave_waiting(id, piece);
	receive_pieces(r, 0, sent);
	while (more--)
		peergroup_free(receive(r));
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST) == lost);
	HR(peergroup_direct_close(ours, id), S_OK);
	HR(peergroup_receive_close(r), S_OK);
	free(piece);
}

/*
 * Nor does anything get lost that comes faster than the rate, for which Bob's program is not
 * to blame: it waits with Alice, and comes by and by, or as fast as a new rate lets it.
 */
static void test_rate(void)
{
	uint64_t full = stat_of(our_index, PEERGROUP_A_STATS_DATA_FULL);
	uint64_t held = stat_of(bobs_index, PEERGROUP_A_STATS_DATA_HELD);
	uint64_t lost = stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST), paced, id;
	struct numbered *piece = calloc(1, sizeof(*piece));
	peergroup_receiver_t r = receiver_of(bobs);
	unsigned int sent;

	NEED(piece);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_QUEUE, 32 << 20));
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_DATA_RATE, 1));
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id), S_OK);
	sent = send_until_full(id, piece, PEERGROUP_A_STATS_LINK_PACED);
	CHECK(sent > 5 && sent < PIECES, "%u", sent);
	CHECK(stat_of(our_index, PEERGROUP_A_STATS_DATA_FULL) > full);
	/* Once more it has been read no further, and then it is again. */
	paced = stat_of(bobs_index, PEERGROUP_A_STATS_LINK_PACED);
	CHECK(wait_stat(&nl, bobs_index, PEERGROUP_A_STATS_LINK_PACED, paced + 1));
	receive_pieces(r, 0, 2);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_DATA_RATE, 10000));
	receive_pieces(r, 2, sent);
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_HELD) == held);
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST) == lost);
	HR(peergroup_direct_close(ours, id), S_OK);
	HR(peergroup_receive_close(r), S_OK);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_QUEUE, 256 << 10));
	free(piece);
}

/* One that never reads holds the others up for so long, and then loses. */
static void test_late(void)
{
	peergroup_receiver_t lazy = receiver_of(bobs), good = receiver_of(bobs);
	struct numbered *piece = calloc(1, sizeof(*piece));
	struct peergroup_data *d;
	uint64_t id, told = 0;
	uuid_t type;
	unsigned int n, have = 0;

	NEED(piece);
	peergroup_guid_to_uuid(&data_type, type);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 10));
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id), S_OK);
	for (n = 0; n < 60; n++) {
		piece->n = n;
		NEED(!peergroup_send(ours, id, type, piece, sizeof(*piece), WAIT_SECONDS * 1000));
		d = receive(good);
		NEED(d);
		CHECK(!d->lost && !memcmp(d->data, &n, sizeof(n)));
		peergroup_free(d);
	}
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST) > 0);
	/* It reads at last: what it got is in order, and then it hears what it missed. */
	piece->n = n;
	do {
		NEED(!peergroup_send(ours, id, type, piece, sizeof(*piece), WAIT_SECONDS * 1000));
		d = receive(lazy);
		NEED(d);
		CHECK(d->lost || !memcmp(d->data, &have, sizeof(have)));
		have++;
		told = d->lost;
		peergroup_free(d);
	} while (!told && have < 200);
	CHECK(told, "%u without a word", have);
	HR(peergroup_direct_close(ours, id), S_OK);
	HR(peergroup_receive_close(lazy), S_OK);
	HR(peergroup_receive_close(good), S_OK);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 5000));
	free(piece);
}

/* So many pieces come to @good without loss, and none waits for anybody else. */
static void pass(uint64_t id, peergroup_receiver_t good, unsigned int count)
{
	struct numbered *piece = calloc(1, sizeof(*piece));
	struct peergroup_data *d;
	uuid_t type;

	NEED(piece);
	peergroup_guid_to_uuid(&data_type, type);
	for (piece->n = 0; piece->n < count; piece->n++) {
		NEED(!peergroup_send(ours, id, type, piece, sizeof(*piece), WAIT_SECONDS * 1000));
		d = receive(good);
		NEED(d);
		CHECK(!d->lost && !memcmp(d->data, &piece->n, sizeof(piece->n)));
		peergroup_free(d);
	}
	free(piece);
}

/* A receiver of another user's. */
static peergroup_receiver_t receiver_of_nobody(peergroup_t group)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);
	peergroup_receiver_t r;

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, bobs_index);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, 0666);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
	NEED(!seteuid(65534));
	r = receiver_of(group);
	NEED(!seteuid(0));
	return r;
}

/* With each socket that one never reads from it gets no more time to hold others up. */
static void test_many_late(void)
{
	peergroup_receiver_t lazy[4], good = receiver_of_nobody(bobs);
	uint64_t id;
	size_t i;

	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 10));
	for (i = 0; i < 2; i++)
		lazy[i] = receiver_of(bobs);
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id), S_OK);
	pass(id, good, 20);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 3600 * 1000));
	lazy[2] = receiver_of(bobs);
	pass(id, good, 60);
	/* Nor with those that take the place of others. */
	for (i = 0; i < 3; i++)
		HR(peergroup_receive_close(lazy[i]), S_OK);
	lazy[3] = receiver_of(bobs);
	pass(id, good, 60);
	HR(peergroup_direct_close(ours, id), S_OK);
	HR(peergroup_receive_close(lazy[3]), S_OK);
	HR(peergroup_receive_close(good), S_OK);
}

/* Nor does it get the room of others: they read while it has all that it may have. */
static void test_share(void)
{
	peergroup_receiver_t lazy = receiver_of(bobs), good = receiver_of_nobody(bobs);
	uint64_t lost = stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST), id;

	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 3600 * 1000));
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_QUEUE, 1 << 20));
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_TOTAL, 1 << 20));
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4000", 60000, &id), S_OK);
	pass(id, good, 60);
	CHECK(stat_of(bobs_index, PEERGROUP_A_STATS_DATA_LOST) > lost);
	HR(peergroup_direct_close(ours, id), S_OK);
	HR(peergroup_receive_close(lazy), S_OK);
	HR(peergroup_receive_close(good), S_OK);
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_WAIT, 5000));
	NEED(!group_limit(&nl, bobs_index, PEERGROUP_A_LIMIT_RECEIVE_TOTAL, 64 << 20));
}

/* ------------------------------------------------------------------ neighbours -- */

struct found {
	uint64_t id;
	bool direct;
};

static HRESULT take_found(const struct peergroup_connection *c, void *arg)
{
	struct found *f = arg;

	f->id = c->id;
	f->direct = c->direct;
	return S_OK;
}

struct unwanted {
	uint64_t link, before;
};

/* The library's thread may let go of a registration a moment after it was undone. */
static bool is_unwanted(void *arg)
{
	const struct unwanted *u = arg;

	HR(send_text(ours, u->link, "to nobody"), S_OK);
	return stat_of(bobs_index, PEERGROUP_A_STATS_DATA_UNWANTED) > u->before;
}

static void test_neighbour(void)
{
	static const PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_INCOMING_DATA, NULL },
	};
	struct unwanted u;
	struct found f = { 0 };
	struct ear there;

	listen_to(bobs, &there, want, 2);
	NEED(!peergroup_connect(ours, "127.0.0.1:4000"));
	CHECK(wait_until(one_neighbour, ours));
	NEED(hear(&there));
	CHECK(there.got->eventType == PEER_GROUP_EVENT_NEIGHBOR_CONNECTION &&
	      there.got->connectionChangeData.status == PEER_CONNECTED);
	HR(peergroup_connections(ours, PEER_CONNECTION_NEIGHBOR, take_found, &f), S_OK);
	CHECK(f.id && !f.direct);
	CHECK(connections(ours, 0) == 1);
	HR(PeerGroupCloseDirectConnection(ours, f.id), PEER_E_CONNECTION_NOT_FOUND);
	HR(send_text(ours, f.id, "over a link"), S_OK);
	CHECK(hear_data(&there, "over a link", 11));
	HR(PeerGroupCloseDirectConnection(ours, f.id), PEER_E_CONNECTION_NOT_FOUND);
	stop_listening(&there);
	u.link = f.id;
	u.before = stat_of(bobs_index, PEERGROUP_A_STATS_DATA_UNWANTED);
	CHECK(wait_until(is_unwanted, &u));
}

/* Of the data that nobody wanted some may still come to Bob. */
static const PEER_GROUP_EVENT_REGISTRATION only_connections = {
	PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL
};

/*
 * Alice has dialled, from a port where nobody listens. Her address as Bob is told it is where
 * she takes connections all the same.
 */
static void test_found(void)
{
	const PEER_EVENT_CONNECTION_CHANGE_DATA *c;
	struct ear here, there;
	PEER_MEMBER **items;
	ULONGLONG id = 0;
	HPEERENUM list;
	ULONG n = 5;

	listen_all(ours, &here);
	listen_to(bobs, &there, &only_connections, 1);
	HR(PeerGroupEnumMembers(bobs, PEER_MEMBER_PRESENT, wide(alice), &list), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	PeerEndEnumeration(list);
	NEED(n == 1 && items[0]->cAddresses == 1);
	HR(PeerGroupOpenDirectConnection(bobs, wide(alice), items[0]->pAddresses, &id), S_OK);
	PeerFreeData(items);
	c = hear_change(&there, PEER_CONNECTED);
	NEED(c->ullConnectionId == id && c->status == PEER_CONNECTED);
	HR(send_text(bobs, id, "found"), S_OK);
	hear_change(&here, PEER_CONNECTED);
	CHECK(hear_data(&here, "found", 5));
	HR(PeerGroupCloseDirectConnection(bobs, id), S_OK);
	CHECK(wait_until(no_direct, ours) && wait_until(no_direct, bobs));
	stop_listening(&here);
	stop_listening(&there);
}

/* A member that is revoked loses its direct connections, too. */
static void test_revoked(void)
{
	struct ear here, there;
	uint64_t id, bobs_id;

	listen_to(ours, &here, &only_connections, 1);
	listen_to(bobs, &there, &only_connections, 1);
	id = connect_to_bob(&here, &there, &bobs_id);
	HR(peergroup_revoke(ours, bob, 0), S_OK);
	CHECK(hear_change(&here, PEER_DISCONNECTED)->ullConnectionId == id);
	CHECK(hear_change(&there, PEER_DISCONNECTED)->ullConnectionId == bobs_id);
	check_failure(&here, bob, BOBS_PORT, PEER_E_CONNECTION_NOT_AUTHENTICATED);
	stop_listening(&here);
	stop_listening(&there);
}

static void test_native_errors(void)
{
	struct peergroup_data *d = (void *)&bad_handle;
	peergroup_receiver_t r = (void *)&bad_handle;
	uuid_t type = { 1 };
	uint64_t id = 7;

	HR(peergroup_direct_open(ours, NULL, "127.0.0.1", 0, &id), E_INVALIDARG);
	CHECK(!id);
	HR(peergroup_direct_open(ours, bob, "nowhere", 0, &id), PEER_E_INVALID_ADDRESS);
	HR(peergroup_direct_open((void *)&bad_handle, bob, "127.0.0.1", 0, &id),
	   PEER_E_INVALID_GROUP);
	HR(peergroup_direct_open(ours, bob, "127.0.0.1:4444", -1, &id), PEER_E_CONNECTION_FAILED);
	HR(peergroup_direct_close(ours, 7), PEER_E_CONNECTION_NOT_FOUND);
	HR(peergroup_send(ours, 7, type, "x", 1, 0), PEER_E_CONNECTION_NOT_FOUND);
	HR(peergroup_send(ours, 7, type, "x", 0, 0), E_INVALIDARG);
	HR(peergroup_connections(ours, 4, take_found, NULL), E_INVALIDARG);
	HR(peergroup_connections(ours, 1, NULL, NULL), E_INVALIDARG);
	HR(peergroup_receive_open(ours, NULL), E_INVALIDARG);
	HR(peergroup_receive_open((void *)&bad_handle, &r), PEER_E_INVALID_GROUP);
	CHECK(!r);
	HR(peergroup_receive_next(r, &d), E_INVALIDARG);
	CHECK(!d && peergroup_receive_fd(r) == -1);
	HR(peergroup_receive_close(r), E_INVALIDARG);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "before PeerGroupStartup", test_not_initialized },
		{ "offline", test_offline },
		{ "errors of the native calls", test_native_errors },
		{ "refused, another member, nobody there, too many", test_refused },
		{ "from opening to closing, at both ends", test_life },
		{ "several programs, and the last of them", test_shared },
		{ "as large as a record, and over the receiver's limit", test_large },
		{ "who does not read holds the sender up", test_back_pressure },
		{ "faster than the receiver's rate of data", test_rate },
		{ "who does not read for too long loses, and hears of it", test_late },
		{ "nobody holds others up with one socket after another", test_many_late },
		{ "nobody takes the room of others' data", test_share },
		{ "over a neighbour's link", test_neighbour },
		{ "to the address that a member is found at", test_found },
		{ "revoked", test_revoked },
	};
	char home[] = "/tmp/direct.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
