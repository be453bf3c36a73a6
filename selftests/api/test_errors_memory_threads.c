// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * No memory in the thread of the library's that hears of events, each place in turn and then
 * for a while: whatever has happened, the program is told to come, and hears of it as it is
 * once there is memory. Alice's group and Bob's are two hosts to each other, although they
 * are in one process.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/pem.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "heap.h"
#include "home.h"
#include "netlink.h"
#include "rules.h"
#include "sockets.h"
#include "tap.h"

#define PATIENCE	20000	/* ms: what is not told by then is lost */
#define SLICE		200
#define NOWHERE		"127.0.0.1:4444"

/* --------------------------------------------------- what the program is told -- */

static HANDLE event;
static HPEEREVENT reg;
static bool empty;			/* not to be asked before it is signalled */

/* What was heard since forget(). */
static struct {
	unsigned int records, properties, direct_failed, data;
	unsigned int up, down, direct_up, direct_down;
	unsigned int connected, disconnected, updated, joined, left;
	bool there;			/* by the last that was said of Bob */
	char name[256];			/* who joined last */
	DWORD status;
} heard;

/* Records, the first apart from the others, and what was said last of each. */
#define RECORDS		20

static struct peergroup_batch_record batch[RECORDS];
static PEER_RECORD_CHANGE_TYPE said[RECORDS];

static void forget(void)
{
	memset(&heard, 0, sizeof(heard));
	memset(said, 0, sizeof(said));
}

static void take_record(const PEER_EVENT_RECORD_CHANGE_DATA *c)
{
	uuid_t id;
	size_t i;

	peergroup_guid_to_uuid(&c->recordId, id);
	heard.records++;
	for (i = 0; i < RECORDS; i++)
		if (!uuid_compare(batch[i].id, id))
			said[i] = c->changeType;
}

static void take_connection(const PEER_EVENT_CONNECTION_CHANGE_DATA *c, bool direct)
{
	unsigned int *up = direct ? &heard.direct_up : &heard.up;
	unsigned int *down = direct ? &heard.direct_down : &heard.down;

	*up += c->status == PEER_CONNECTED;
	*down += c->status == PEER_DISCONNECTED;
	heard.direct_failed += direct && c->status == PEER_CONNECTION_FAILED;
}

static void take_member(const PEER_EVENT_MEMBER_CHANGE_DATA *m)
{
	size_t i;

	if (m->changeType == PEER_MEMBER_LEFT)
		heard.left++;
	if (m->changeType == PEER_MEMBER_JOINED) {
		heard.joined++;
		for (i = 0; i < sizeof(heard.name) - 1 && m->pwzIdentity[i]; i++)
			heard.name[i] = (char)m->pwzIdentity[i];
		heard.name[i] = '\0';
	}
	if (!same(m->pwzIdentity, bob))
		return;
	switch (m->changeType) {
	case PEER_MEMBER_CONNECTED:
		heard.connected++;
		heard.there = true;
		break;
	case PEER_MEMBER_DISCONNECTED:
		heard.disconnected++;
		heard.there = false;
		break;
	case PEER_MEMBER_UPDATED:
		heard.updated++;
		break;
	default:
		break;
	}
}

static void take(const PEER_GROUP_EVENT_DATA *data)
{
	switch (data->eventType) {
	case PEER_GROUP_EVENT_RECORD_CHANGED:
		take_record(&data->recordChangeData);
		break;
	case PEER_GROUP_EVENT_PROPERTY_CHANGED:
		heard.properties++;
		break;
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
		take_connection(&data->connectionChangeData, false);
		break;
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
		take_connection(&data->connectionChangeData, true);
		break;
	case PEER_GROUP_EVENT_INCOMING_DATA:
		CHECK(data->incomingData.data.cbData == 5 &&
		      !memcmp(data->incomingData.data.pbData, "hello", 5));
		heard.data++;
		break;
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
		take_member(&data->memberChangeData);
		break;
	case PEER_GROUP_EVENT_STATUS_CHANGED:
		heard.status = (DWORD)data->dwStatus;
		break;
	default:
		CHECK(!"an event that nobody asked for", "%d", (int)data->eventType);
	}
}

/* What the thread has put off it does without memory, too: for a while. */
static bool is_called(void)
{
	int ms;

	for (ms = 0; ms < PATIENCE; ms += SLICE) {
		if (peergroup_event_wait(event, SLICE) == S_OK)
			return true;
		heap_return();
	}
	return false;
}

/* As programs do: when the event is signalled, all that there is. */
static bool hear_more(void)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;

	if (empty && !is_called())
		return false;
	empty = false;
	while ((hr = PeerGroupGetEventData(reg, &data)) == S_OK) {
		take(data);
		PeerFreeData(data);
	}
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x, %s", (unsigned int)hr, peergroup_error_detail());
	empty = true;
	return hr == PEER_S_NO_EVENT_DATA;
}

/* The thread has come by all there is, with memory or without: now there is some. */
static void settle(void)
{
	NEED(wait_until(sockets_read, NULL));
	heap_return();
}

/* Hears until it is so; false where it does not become so. */
#define HEAR(cond) do {							\
	settle();							\
	while (!tap_bad && !(cond) && hear_more())			\
		;							\
	CHECK(tap_bad || (cond), "was not told");			\
} while (0)

static void listen_to(const PEER_GROUP_EVENT_TYPE *types, DWORD n)
{
	PEER_GROUP_EVENT_REGISTRATION want[8] = { 0 };
	DWORD i;

	for (i = 0; i < n; i++)
		want[i].eventType = types[i];
	NEED(!peergroup_event_create(&event));
	NEED(!PeerGroupRegisterEvent(ours, event, n, want, &reg));
	empty = true;
}

static void walk(void (*round)(void), const PEER_GROUP_EVENT_TYPE *types, DWORD n)
{
	listen_to(types, n);
	forget();
	heap_walk_threads(round);
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

#define WALK(round, ...) do {						\
	static const PEER_GROUP_EVENT_TYPE types_[] = { __VA_ARGS__ };	\
									\
	walk(round, types_, sizeof(types_) / sizeof(types_[0]));	\
} while (0)

/* ----------------------------------------------------------------- records -- */

static void change_record(uint32_t change)
{
	struct peergroup_batch_record *r = &batch[0];

	forget();
	if (change == PEER_RECORD_ADDED)
		NEED(!peergroup_add(ours, r->type, &r->content, r->id));
	else if (change == PEER_RECORD_UPDATED)
		NEED(!peergroup_update(ours, r->id, &r->content));
	else
		NEED(!peergroup_delete_record(ours, r->id));
	HEAR(said[0]);
	CHECK(said[0] == (PEER_RECORD_CHANGE_TYPE)change && heard.records == 1,
	      "%d, not %u; %u events", (int)said[0], change, heard.records);
}

static void records_round(void)
{
	change_record(PEER_RECORD_ADDED);
	change_record(PEER_RECORD_UPDATED);
	change_record(PEER_RECORD_DELETED);
}

static void test_records(void)
{
	WALK(records_round, PEER_GROUP_EVENT_RECORD_CHANGED);
}

/* -------------------------------------------------------------- properties -- */

static void change_properties(void)
{
	struct peergroup_properties *p;

	NEED(!peergroup_properties(ours, &p));
	p->comment = p->comment && !strcmp(p->comment, "one") ? "another" : "one";
	NEED(!peergroup_set_properties(ours, p));
	peergroup_free(p);
}

static void properties_round(void)
{
	forget();
	change_properties();
	HEAR(heard.properties);
	CHECK(heard.properties == 1, "%u times", heard.properties);
}

static void test_properties(void)
{
	WALK(properties_round, PEER_GROUP_EVENT_PROPERTY_CHANGED);
}

/* ------------------------------------------------------ neighbours, members -- */

static bool is_linked(void *unused)
{
	(void)unused;
	return has_status(ours, PEERGROUP_STATUS_CONNECTED);
}

static void meet(void)
{
	rules_meet();
	NEED(wait_until(is_linked, NULL));
}

static void neighbours_round(void)
{
	forget();
	rules_part();
	HEAR(heard.down && heard.status == PEER_GROUP_STATUS_LISTENING);
	meet();
	HEAR(heard.up && heard.status & PEER_GROUP_STATUS_HAS_CONNECTIONS);
	CHECK(heard.up == 1 && heard.down == 1, "%u up, %u down", heard.up, heard.down);
}

static void test_neighbours(void)
{
	WALK(neighbours_round, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
	     PEER_GROUP_EVENT_STATUS_CHANGED);
}

static void status_round(void)
{
	forget();
	rules_part();
	HEAR(heard.status == PEER_GROUP_STATUS_LISTENING);
	meet();
	HEAR(heard.status & PEER_GROUP_STATUS_HAS_CONNECTIONS);
}

static void test_status(void)
{
	WALK(status_round, PEER_GROUP_EVENT_STATUS_CHANGED);
}

static void members_round(void)
{
	forget();
	rules_part();
	HEAR(heard.disconnected && !heard.there);
	meet();
	HEAR(heard.connected && heard.there);
	CHECK(heard.connected == 1 && heard.disconnected == 1, "%u came, %u went",
	      heard.connected, heard.disconnected);
}

static void test_members(void)
{
	WALK(members_round, PEER_GROUP_EVENT_MEMBER_CHANGED);
}

/* --------------------------------------------------- what is said of members -- */

static struct cert creator, by_bob;
static struct nl nl;
static uint32_t group;

static void put_record(struct rec *rec, const struct cert *by)
{
	rec_sign(rec, by);
	NEED(!nl_put_record(&nl, group, rec->wire, rec->len));
}

/* With an address and without. */
static void updated_round(void)
{
	static const char *const address = "2001:db8::1";
	static struct rec node;
	struct rec next;

	forget();
	if (!node.wire) {
		rec_presence(&node, &by_bob, 7, 1, &address, 1);
		put_record(&node, &by_bob);
		settle();
	}
	rec_next(&next, &node, &by_bob, node.data, node.data_len ^ PEERGROUP_PRESENCE_ADDRESS_LEN);
	put_record(&next, &by_bob);
	rec_free(&node);
	node = next;
	HEAR(heard.updated);
	CHECK(heard.updated <= 2, "%u times", heard.updated);
}

/* Another role, which Bob does not take before he connects. */
static void joined_round(void)
{
	static bool inviting;

	forget();
	inviting = !inviting;
	NEED(!peergroup_renew(ours, bob, 0, inviting ? PEERGROUP_ROLE_INVITING :
			      PEERGROUP_ROLE_MEMBER, PEERGROUP_RENEW_STORE, NULL));
	HEAR(heard.joined);
	CHECK(!strcmp(heard.name, bob) && heard.joined == 1, "%u times, %s", heard.joined,
	      heard.name);
}

/* One is revoked in each round. */
#define OTHERS	60

static char other[OTHERS][256];
static unsigned int revoked;

/* Of a kind that is made at once. */
static EVP_PKEY *new_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	NEED(ctx && EVP_PKEY_keygen_init(ctx) > 0);
	NEED(EVP_PKEY_CTX_set_group_name(ctx, "P-256") > 0 && EVP_PKEY_generate(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* As Alice's library leaves a certificate of her making in the group. */
static void invite_other(void)
{
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;
	static struct cert cert;
	uint8_t data[2 * (2 + DER_ROOM)], hash[PEERGROUP_HASH_LEN], *p = data;
	const struct cert *chain[] = { &creator, &cert };
	struct rec rec;
	unsigned int i;

	cert_below(&cert, &creator, new_key(), PEERGROUP_ROLE_MEMBER);
	cert_sign(&cert);
	for (i = 0; i < 2; i++) {
		*p++ = (uint8_t)(chain[i]->der.len >> 8);
		*p++ = (uint8_t)chain[i]->der.len;
		p = mempcpy(p, chain[i]->der.p, chain[i]->der.len);
	}
	rec_new(&rec, &creator, data, (size_t)(p - data));
	cert_spki_hash(cert.spec.key, hash);
	memcpy(rec.hdr.id + 8, hash, 8);
	memcpy(rec.hdr.type, membership, sizeof(membership));
	put_record(&rec, &creator);
	rec_free(&rec);
	EVP_PKEY_free(cert.spec.key);
}

static void invite_others(void)
{
	static const PEER_GROUP_EVENT_TYPE type = PEER_GROUP_EVENT_MEMBER_CHANGED;
	unsigned int i;

	listen_to(&type, 1);
	for (i = 0; i < OTHERS; i++) {
		forget();
		invite_other();
		HEAR(heard.joined);
		strcpy(other[i], heard.name);
	}
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

static void left_round(void)
{
	forget();
	NEED(revoked < OTHERS);
	NEED(!peergroup_revoke(ours, other[revoked++], 0));
	HEAR(heard.left);
	CHECK(heard.left == 1, "%u times", heard.left);
}

static void test_said(void)
{
	static char not_before[32];
	struct peergroup_status *status;
	time_t now = time(NULL);
	struct tm tm;

	NEED(!nl_open(&nl) && !peergroup_status(ours, &status));
	group = status->index;
	peergroup_free(status);
	home_member(bob, &creator, &by_bob);
	creator.spec.key = home_key(alice);
	gmtime_r(&now, &tm);
	strftime(not_before, sizeof(not_before), "%y%m%d%H%M%SZ", &tm);
	creator.spec.not_before = not_before;
	creator.spec.not_after = by_bob.spec.not_after;
	memcpy(creator.spec.group, by_bob.spec.group, PEERGROUP_HASH_LEN);
	WALK(updated_round, PEER_GROUP_EVENT_MEMBER_CHANGED);
	WALK(joined_round, PEER_GROUP_EVENT_MEMBER_CHANGED);
}

static void test_left(void)
{
	invite_others();
	WALK(left_round, PEER_GROUP_EVENT_MEMBER_CHANGED);
}

/* ------------------------------------------------------------------ direct -- */

static void direct_round(void)
{
	static const uuid_t type = "a type of a word";
	uint64_t id;

	forget();
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &id));
	HEAR(heard.direct_up);
	/* What there is no memory for is dropped; what comes after it is not. */
	while (!tap_bad && !heard.data) {
		NEED(!peergroup_send(bobs, id, type, "hello", 5, WAIT_SECONDS * 1000));
		settle();
		empty = peergroup_event_wait(event, 0) != S_OK;
		if (!empty)
			hear_more();
	}
	NEED(!peergroup_direct_close(bobs, id));
	HEAR(heard.direct_down);
	HR(peergroup_direct_open(ours, bob, NOWHERE, WAIT_SECONDS * 1000, &id),
	   PEER_E_CONNECTION_FAILED);
	HEAR(heard.direct_failed);
	CHECK(heard.direct_up == 1 && heard.direct_down == 1 && heard.direct_failed == 1,
	      "%u up, %u down, %u failed", heard.direct_up, heard.direct_down,
	      heard.direct_failed);
}

static void test_direct(void)
{
	WALK(direct_round, PEER_GROUP_EVENT_DIRECT_CONNECTION, PEER_GROUP_EVENT_INCOMING_DATA);
}

/* ------------------------------------------------------------- catching up -- */

static void shrink(void)
{
	int fd, found = 0;

	for (fd = 3; fd < 64; fd++)
		found += sockets_shrink_polled(fd);
	NEED(found);
}

/* More than the socket takes while the thread waits; it holds what it got before. */
static void overrun(void)
{
	unsigned long before = sockets_dropped();

	while (sockets_dropped() == before)
		NEED(!peergroup_update_batch(ours, batch + 1, RECORDS - 1, NULL, NULL));
}

static void add_batch(void)
{
	NEED(!peergroup_add_batch(ours, batch + 1, RECORDS - 1, NULL, NULL));
}

static void delete_batch(void)
{
	size_t i;

	for (i = 1; i < RECORDS; i++)
		NEED(!peergroup_delete_record(ours, batch[i].id));
}

/* Of how many of these something else was said last. */
static unsigned int wrong(PEER_RECORD_CHANGE_TYPE change)
{
	unsigned int n = 0;
	size_t i;

	for (i = 1; i < RECORDS; i++)
		n += said[i] != change;
	return n;
}

static void gap_round(void)
{
	uint64_t id;

	forget();
	add_batch();
	HEAR(!wrong(PEER_RECORD_ADDED));
	shrink();
	heap_hold(true);
	overrun();
	change_properties();
	rules_part();
	heap_hold(false);
	HEAR(!wrong(PEER_RECORD_UPDATED) && heard.properties && heard.down && !heard.there &&
	     heard.status == PEER_GROUP_STATUS_LISTENING);
	heap_hold(true);
	overrun();
	meet();
	NEED(!peergroup_direct_open(bobs, alice, "127.0.0.1", WAIT_SECONDS * 1000, &id));
	delete_batch();
	heap_hold(false);
	HEAR(!wrong(PEER_RECORD_DELETED) && heard.up && heard.there && heard.direct_up &&
	     heard.status & PEER_GROUP_STATUS_HAS_CONNECTIONS);
	NEED(!peergroup_direct_close(bobs, id));
	HEAR(heard.direct_down);
	CHECK(heard.up == 1 && heard.down == 1, "%u up, %u down", heard.up, heard.down);
}

static void test_gap(void)
{
	WALK(gap_round, PEER_GROUP_EVENT_RECORD_CHANGED, PEER_GROUP_EVENT_PROPERTY_CHANGED,
	     PEER_GROUP_EVENT_MEMBER_CHANGED, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION,
	     PEER_GROUP_EVENT_STATUS_CHANGED, PEER_GROUP_EVENT_DIRECT_CONNECTION,
	     PEER_GROUP_EVENT_INCOMING_DATA);
}

/* Changes of before are forgotten, so that only what is there can be looked at. */
static bool is_forgotten(void *since)
{
	return nl_group_number(&nl, group, PEERGROUP_A_GROUP_HORIZON) > *(uint64_t *)since;
}

static bool has_expired(void *rec)
{
	struct peergroup_record *r;

	if (peergroup_get(ours, ((struct rec *)rec)->hdr.id, &r))
		return true;
	peergroup_free(r);
	return false;
}

static void put_dying(struct rec *rec, unsigned int ms)
{
	rec_new(rec, &creator, "soon gone", 9);
	rec->hdr.expires = htobe64(peer_time_now() + ms * (TICKS / 1000));
	put_record(rec, &creator);
}

/* One that is known ends unheard, and so does the tombstone of another. */
static void forgotten_round(void)
{
	struct rec known, other, tombstone;
	uint64_t since;

	forget();
	add_batch();
	put_dying(&known, 1000);
	uuid_copy(batch[0].id, known.hdr.id);
	HEAR(said[0] && !wrong(PEER_RECORD_ADDED));
	shrink();
	heap_hold(true);
	since = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
	overrun();
	put_dying(&other, 200);
	rec_tombstone(&tombstone, &other, &creator);
	put_record(&tombstone, &creator);
	NEED(wait_until(is_forgotten, &since) && wait_until(has_expired, &known));
	heap_hold(false);
	HEAR(!wrong(PEER_RECORD_UPDATED) && said[0] == PEER_RECORD_EXPIRED);
	delete_batch();
	HEAR(!wrong(PEER_RECORD_DELETED));
	rec_free(&known);
	rec_free(&other);
	rec_free(&tombstone);
}

static void test_forgotten(void)
{
	WALK(forgotten_round, PEER_GROUP_EVENT_RECORD_CHANGED);
}

/* Who was revoked unheard has left, too. */
static void gap_left_round(void)
{
	forget();
	shrink();
	heap_hold(true);
	add_batch();
	overrun();
	NEED(revoked < OTHERS);
	NEED(!peergroup_revoke(ours, other[revoked++], 0));
	heap_hold(false);
	HEAR(heard.left);
	CHECK(heard.left == 1, "%u times", heard.left);
	delete_batch();
}

static void test_gap_left(void)
{
	static const PEER_GROUP_EVENT_TYPE type = PEER_GROUP_EVENT_MEMBER_CHANGED;

	listen_to(&type, 1);
	gap_left_round();
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

/* ----------------------------------------------------------------- the end -- */

static void test_end(void)
{
	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	heap_check_threads();
}

static void set_up(void)
{
	static const uuid_t type = "a type of a note";
	size_t i;

	rules_begin();
	/* An address that others could dial: the loopback interface has none. */
	NEED(!system("ip link add v0 type veth peer name v1 && ip link set v1 up && "
		     "ip link set v0 up && ip address add 192.0.2.1/24 dev v0"));
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	for (i = 0; i < RECORDS; i++) {
		uuid_copy(batch[i].type, type);
		batch[i].content = (struct peergroup_new_record){
			.data = "data", .size = 4, .lifetime = 3600,
		};
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "changes of records", test_records },
		{ "changes of the properties", test_properties },
		{ "neighbours come and go, and the status with them", test_neighbours },
		{ "the status", test_status },
		{ "members come and go", test_members },
		{ "what is said of members", test_said },
		{ "who was revoked has left", test_left },
		{ "direct connections and data", test_direct },
		{ "what there was no room for, caught up with", test_gap },
		{ "changes that were forgotten meanwhile", test_forgotten },
		{ "who was revoked in a gap has left", test_gap_left },
		{ "nothing is left", test_end },
	};

	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
