// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Who is there, beyond the neighbours: Alice, Bob and Carol in a line, Alice and Carol
 * without a link. What peergroup_members(), PeerGroupEnumMembers() and the events about
 * members say of Carol at Alice's. Each member's group is a host to the others, although
 * they are in one process.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "home.h"
#include "tap.h"

#define AT_ONCE	20		/* rounds */

struct host {
	char *name;
	peergroup_t group;
	uint16_t port;
};

static struct host alice = { .port = 3587 }, bob = { .port = 4001 }, carol = { .port = 4002 };
static char bad_handle;

/* ------------------------------------------------------------- the hosts -- */

static bool is_alone(void *group)
{
	return !has_status(group, PEERGROUP_STATUS_CONNECTED);
}

static void invite(struct host *h, const char *classifier, const char *friendly, time_t expires)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_create(classifier, friendly, &h->name));
	NEED(!peergroup_identity_xml(h->name, &xml));
	NEED(!peergroup_invite(alice.group, xml, expires, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(h->name, invitation, &h->group));
	peergroup_free(xml);
	peergroup_free(invitation);
}

static void link_to(struct host *h, const char *address)
{
	NEED(!peergroup_online(h->group, h->port));
	NEED(!peergroup_connect(h->group, address));
	NEED(wait_until(is_ready, h->group));
}

static void set_up(void)
{
	struct peergroup_create_options options = { .friendly = "line" };

	/* An address that others could dial: the loopback interface has none. */
	NEED(!system("ip link add v0 type veth peer name v1 && ip link set v1 up && "
		     "ip link set v0 up && ip address add 192.0.2.1/24 dev v0"));
	NEED(!peergroup_identity_create("alice", "Alice", &alice.name));
	NEED(!peergroup_create(alice.name, &options, &alice.group));
	NEED(!peergroup_online(alice.group, alice.port));
	invite(&bob, "bob", "Bob", 0);
	invite(&carol, "carol", "Carol", 0);
	link_to(&bob, "127.0.0.1");
	link_to(&carol, "127.0.0.1:4001");
}

/* --------------------------------------------------------------- looking -- */

/* What was seen of a member. */
struct seen {
	unsigned int items, present, addresses;
	char address[INET6_ADDRSTRLEN];		/* the last one */
	uint16_t port;
	uint64_t node;
	uint32_t roles;
};

static HRESULT see(const struct peergroup_member *m, void *arg)
{
	struct seen *s = arg;
	size_t i;

	s->items++;
	s->present += m->present;
	s->roles = m->roles;
	s->node = m->node;
	s->addresses = (unsigned int)m->n_addresses;
	for (i = 0; i < m->n_addresses; i++) {
		const struct sockaddr_in *in = (const void *)&m->addresses[i];

		if (in->sin_family != AF_INET)
			continue;
		inet_ntop(AF_INET, &in->sin_addr, s->address, sizeof(s->address));
		s->port = ntohs(in->sin_port);
	}
	return S_OK;
}

static struct seen look(peergroup_t at, const char *name)
{
	struct seen s = { 0 };

	NEED(!peergroup_members(at, 0, name, see, &s));
	return s;
}

/* At Alice's. */
static bool carol_is_there(void *arg)
{
	(void)arg;
	return look(alice.group, carol.name).present == 1;
}

static bool carol_is_away(void *arg)
{
	struct seen s = look(alice.group, carol.name);

	(void)arg;
	return s.items == 1 && !s.present && !s.addresses && !s.node;
}

static bool carol_has_two(void *arg)
{
	(void)arg;
	return look(alice.group, carol.name).addresses == 2;
}

/* ---------------------------------------------------------------- events -- */

struct listener {
	HANDLE event;
	HPEEREVENT reg;
	unsigned int carol[PEER_MEMBER_LEFT + 1];
};

static struct listener ears;

static void take_events(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data;

	while (PeerGroupGetEventData(l->reg, &data) == S_OK) {
		if (same(data->memberChangeData.pwzIdentity, carol.name))
			l->carol[data->memberChangeData.changeType]++;
		PeerFreeData(data);
	}
}

static bool heard(PEER_MEMBER_CHANGE_TYPE what, unsigned int times)
{
	for (take_events(&ears); ears.carol[what] < times; take_events(&ears))
		if (peergroup_event_wait(ears.event, 20000) != S_OK)
			break;
	if (ears.carol[what] != times)
		printf("# heard %u times, not %u\n", ears.carol[what], times);
	return ears.carol[what] == times;
}

static void listen_at_alice(void)
{
	PEER_GROUP_EVENT_REGISTRATION want = { PEER_GROUP_EVENT_MEMBER_CHANGED, NULL };

	NEED(!peergroup_event_create(&ears.event));
	NEED(!PeerGroupRegisterEvent(alice.group, ears.event, 1, &want, &ears.reg));
}

/* Has Alice that record? */
static bool has_record(void *id)
{
	struct peergroup_record *record;

	if (peergroup_get(alice.group, id, &record))
		return false;
	peergroup_free(record);
	return true;
}

/* What a node sent before it has come to Alice, too, once this has. */
static void mark(struct host *h)
{
	static const uuid_t type = "a mark by a node";
	struct peergroup_new_record r = { .data = "x", .size = 1, .lifetime = 200 };
	uuid_t id;

	NEED(!peergroup_add(h->group, type, &r, id));
	NEED(wait_until(has_record, id));
	take_events(&ears);
}

/* ------------------------------------------------------------------ tests -- */

static HRESULT stop_at_once(const struct peergroup_member *m, void *arg)
{
	(void)m;
	++*(int *)arg;
	return S_FALSE;
}

static void test_arguments(void)
{
	int calls = 0;

	HR(peergroup_members((peergroup_t)&bad_handle, 0, NULL, see, NULL), PEER_E_INVALID_GROUP);
	HR(peergroup_members(alice.group, 2, NULL, see, NULL), E_INVALIDARG);
	HR(peergroup_members(alice.group, 0, NULL, NULL, NULL), E_INVALIDARG);
	HR(peergroup_members(alice.group, 0, NULL, stop_at_once, &calls), S_FALSE);
	CHECK(calls == 1);
	CHECK(look(alice.group, "nobody").items == 0);
}

static void test_there(void)
{
	struct seen at_alice, at_bob, self;
	PEER_MEMBER **items;
	HPEERENUM list;
	ULONG n = 9;

	CHECK(wait_until(carol_is_there, NULL));
	at_alice = look(alice.group, carol.name);
	at_bob = look(bob.group, carol.name);
	self = look(carol.group, carol.name);
	CHECK(at_alice.items == 1 && at_bob.items == 1, "of a link and a record one thing is said");
	CHECK(at_alice.node && at_alice.node == self.node && at_bob.node == self.node);
	CHECK(at_alice.roles == PEERGROUP_ROLE_MEMBER);
	CHECK(at_alice.addresses == 1 && !strcmp(at_alice.address, "192.0.2.1") &&
	      at_alice.port == carol.port, "%u: %s:%u", at_alice.addresses, at_alice.address,
	      at_alice.port);
	NEED(!PeerGroupEnumMembers(alice.group, PEER_MEMBER_PRESENT, wide(carol.name), &list));
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	NEED(n == 1);
	CHECK(items[0]->dwFlags == PEER_MEMBER_PRESENT && items[0]->ullNodeId == self.node &&
	      items[0]->cAddresses == 1);
	PeerFreeData(items);
	PeerEndEnumeration(list);
}

/* A record that nobody but the library may see. */
static HRESULT count(const struct peergroup_record *record, void *arg)
{
	(void)record;
	++*(int *)arg;
	return S_OK;
}

static void test_hidden(void)
{
	int n = 0;

	HR(peergroup_records(alice.group, NULL, count, &n), S_OK);
	CHECK(n == 0);
}

static void test_away(void)
{
	NEED(!peergroup_offline(carol.group));
	CHECK(heard(PEER_MEMBER_DISCONNECTED, 1));
	CHECK(carol_is_away(NULL));
	link_to(&carol, "127.0.0.1:4001");
	CHECK(heard(PEER_MEMBER_CONNECTED, 1));
	CHECK(wait_until(carol_is_there, NULL));
}

/* Who cannot hear of others does not say that they are there. */
static void test_alone(void)
{
	NEED(!peergroup_offline(bob.group));
	NEED(wait_until(is_alone, alice.group));
	CHECK(heard(PEER_MEMBER_DISCONNECTED, 2));
	CHECK(carol_is_away(NULL));
	link_to(&bob, "127.0.0.1");
	CHECK(heard(PEER_MEMBER_CONNECTED, 2));
	CHECK(carol_is_there(NULL));
	NEED(wait_until(is_ready, carol.group));
}

/* Another address is told when the library looks, which a program can have it do. */
static void test_moved(void)
{
	NEED(!system("ip address add 192.0.2.2/24 dev v0"));
	HR(peergroup_online(carol.group, 0), PEER_S_ALREADY_CONNECTED);
	CHECK(heard(PEER_MEMBER_UPDATED, 1));
	CHECK(wait_until(carol_has_two, NULL));
	CHECK(ears.carol[PEER_MEMBER_CONNECTED] == 2 && ears.carol[PEER_MEMBER_DISCONNECTED] == 2);
	HR(peergroup_online(carol.group, 0), PEER_S_ALREADY_CONNECTED);
	mark(&carol);
	CHECK(ears.carol[PEER_MEMBER_UPDATED] == 1, "nothing new, nothing told");
}

static void set_flags(uint32_t flags)
{
	struct peergroup_properties *p;

	NEED(!peergroup_properties(alice.group, &p));
	p->flags = flags;
	HR(peergroup_set_properties(alice.group, p), S_OK);
	peergroup_free(p);
}

static bool carol_knows_flags(void *arg)
{
	struct peergroup_properties *p;
	bool is;

	NEED(!peergroup_properties(carol.group, &p));
	is = p->flags == *(uint32_t *)arg;
	peergroup_free(p);
	return is;
}

static void test_disabled(void)
{
	uint32_t flags = PEER_DISABLE_PRESENCE;

	set_flags(flags);
	CHECK(wait_until(carol_knows_flags, &flags));
	HR(peergroup_online(carol.group, 0), PEER_S_ALREADY_CONNECTED);
	CHECK(heard(PEER_MEMBER_DISCONNECTED, 3));
	CHECK(carol_is_away(NULL));
	CHECK(look(bob.group, carol.name).present == 1, "a neighbour is there all the same");
	flags = 0;
	set_flags(flags);
	CHECK(wait_until(carol_knows_flags, &flags));
	HR(peergroup_online(carol.group, 0), PEER_S_ALREADY_CONNECTED);
	CHECK(heard(PEER_MEMBER_CONNECTED, 3));
}

/* The last program that closes the group takes its node along, no other. */
static void test_closed(void)
{
	struct peergroup_status *status;
	peergroup_t again;

	NEED(!peergroup_status(carol.group, &status));
	NEED(!peergroup_open(carol.name, status->name, &again));
	peergroup_free(status);
	HR(peergroup_close(carol.group), S_OK);
	carol.group = again;
	mark(&carol);
	CHECK(ears.carol[PEER_MEMBER_DISCONNECTED] == 3 && carol_is_there(NULL));
	NEED(!peergroup_status(carol.group, &status));
	HR(peergroup_close(carol.group), S_OK);
	CHECK(heard(PEER_MEMBER_DISCONNECTED, 4));
	NEED(!peergroup_open(carol.name, status->name, &carol.group));
	peergroup_free(status);
	link_to(&carol, "127.0.0.1:4001");
	CHECK(heard(PEER_MEMBER_CONNECTED, 4));
}

static pthread_barrier_t door;

static void *close_at_once(void *handle)
{
	pthread_barrier_wait(&door);
	HR(peergroup_close(handle), S_OK);
	return NULL;
}

/* Two that close it side by side: one of them is the last. */
static void test_closed_at_once(void)
{
	struct peergroup_status *status;
	pthread_t other;
	peergroup_t again;
	unsigned int i;

	NEED(!peergroup_status(carol.group, &status));
	pthread_barrier_init(&door, NULL, 2);
	for (i = 1; i <= AT_ONCE; i++) {
		NEED(!peergroup_open(carol.name, status->name, &again));
		NEED(!pthread_create(&other, NULL, close_at_once, again));
		close_at_once(carol.group);
		pthread_join(other, NULL);
		CHECK(heard(PEER_MEMBER_DISCONNECTED, 4 + i), "round %u", i);
		NEED(!peergroup_open(carol.name, status->name, &carol.group));
		link_to(&carol, "127.0.0.1:4001");
		NEED(heard(PEER_MEMBER_CONNECTED, 4 + i));
	}
	pthread_barrier_destroy(&door);
	peergroup_free(status);
}

/* Whenever she said so. */
static void test_revoked(void)
{
	CHECK(wait_until(carol_is_there, NULL));
	HR(peergroup_revoke(alice.group, carol.name, 0), S_OK);
	CHECK(heard(PEER_MEMBER_LEFT, 1));
	CHECK(heard(PEER_MEMBER_DISCONNECTED, 5 + AT_ONCE));
	CHECK(look(alice.group, carol.name).items == 0);
}

static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;

/* What the library would not: Bob says that many nodes of his are there. How many may be. */
static int make_up_nodes(void)
{
	struct peergroup_presence place = { .port = htobe16(1) };
	static struct cert creator, own;
	struct peergroup_status *status;
	struct rec rec;
	struct nl nl;
	int i, err = 0;

	home_member(bob.name, &creator, &own);
	NEED(!peergroup_status(bob.group, &status) && !nl_open(&nl));
	for (i = 1; i <= 100 && !err; i++) {
		place.node = htobe64((uint64_t)i);
		rec_new(&rec, &own, &place, sizeof(place));
		memcpy(rec.hdr.type, presence, sizeof(presence));
		memcpy(rec.hdr.id + 8, &place.node, sizeof(place.node));
		rec_sign(&rec, &own);
		err = nl_put_record(&nl, status->index, rec.wire, rec.len);
		rec_free(&rec);
	}
	nl_close(&nl);
	EVP_PKEY_free(own.spec.key);
	peergroup_free(status);
	return i - 2;
}

static bool bob_has_many(void *arg)
{
	(void)arg;
	return look(alice.group, bob.name).items == 16;
}

/* Its word is all there is for it, and fills nobody's list. */
static void test_many(void)
{
	int n = make_up_nodes();
	HPEERENUM list;
	ULONG items;

	CHECK(n < PEERGROUP_PRESENCE_RECORDS_MAX && n > PEERGROUP_PRESENCE_RECORDS_MAX - 4,
	      "%d beside what there was of him", n);
	CHECK(wait_until(bob_has_many, NULL));
	CHECK(look(alice.group, bob.name).present == 16);
	HR(PeerGroupEnumMembers(alice.group, 0, wide(bob.name), &list), S_OK);
	HR(PeerGetItemCount(list, &items), S_OK);
	CHECK(items == 16, "%lu", (unsigned long)items);
	HR(PeerEndEnumeration(list), S_OK);
}

static bool dave_has_membership(void *arg)
{
	struct host *dave = arg;

	return look(alice.group, dave->name).items == 1;
}

/* A membership that ends sooner than the record would: none is published. */
static void test_short(void)
{
	struct host dave = { .port = 4003 };
	struct seen s;

	invite(&dave, "dave", "Dave", time(NULL) + 290);
	link_to(&dave, "127.0.0.1:4001");
	CHECK(wait_until(dave_has_membership, &dave));
	mark(&dave);
	s = look(alice.group, dave.name);
	CHECK(!s.present && look(bob.group, dave.name).present == 1);
	HR(peergroup_close(dave.group), S_OK);
	peergroup_free(dave.name);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "arguments", test_arguments },
		{ "a member that is no neighbour is there", test_there },
		{ "programs do not see the records", test_hidden },
		{ "going offline, and online again", test_away },
		{ "a host without links knows nobody", test_alone },
		{ "another address", test_moved },
		{ "PEER_DISABLE_PRESENCE", test_disabled },
		{ "closing", test_closed },
		{ "closing, two at once", test_closed_at_once },
		{ "a revoked member is not there", test_revoked },
		{ "a member that makes up nodes", test_many },
		{ "a membership that ends too soon", test_short },
	};
	char home[] = "/tmp/presence.XXXXXX";
	PEER_VERSION_DATA version;

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	set_up();
	NEED(wait_until(carol_is_there, NULL));
	listen_at_alice();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
