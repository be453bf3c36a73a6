// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which addresses are dialled when, and which nodes the view holds: engine file overlay.c
 * in user space.
 */
#include <errno.h>
#include <linux/slab.h>
#include "tap.h"
#include "member.h"
#include "overlay.h"
#include "record.h"

#define MIN_MS	1000
#define MAX_MS	60000

static struct pg_overlay o;

static struct pg_target *start(void)
{
	const struct pg_addr addr = { .port = 3587 };
	struct pg_target *t;

	pg_overlay_init(&o);
	o.retry_min_ms = MIN_MS;
	o.retry_max_ms = MAX_MS;
	t = pg_overlay_add(&o, &addr, 1, 0);
	NEED(t && pg_overlay_add(&o, &addr, 2, 0) == t);
	return t;
}

static void test_backoff(void)
{
	struct pg_target *t = start();
	uint64_t now = 0, wait = MIN_MS;
	int i;

	for (i = 0; i < 10; i++) {
		CHECK(pg_overlay_next(&o, now) == t);
		CHECK(!pg_overlay_next(&o, now), "being dialled");
		CHECK(pg_overlay_wait(&o, now) == ~0ULL);
		pg_overlay_link_gone(&o, t, ECONNREFUSED, now, 0);
		CHECK(pg_overlay_wait(&o, now) == wait, "%llu",
		      (unsigned long long)pg_overlay_wait(&o, now));
		CHECK(!pg_overlay_next(&o, now + wait - 1));
		now += wait;
		wait = wait * 2 > MAX_MS ? MAX_MS : wait * 2;
	}
	CHECK(pg_overlay_next(&o, now) == t);
	pg_overlay_link_up(t);
	pg_overlay_link_gone(&o, t, ECONNRESET, now, ~0U);
	wait = pg_overlay_wait(&o, now);
	CHECK(wait >= MIN_MS * 3 / 4 && wait < MIN_MS, "a link that was up begins anew");
	pg_overlay_destroy(&o);
}

/* A host that has dialled us is not dialled over and over. */
static void test_linked(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 0, 0);
	pg_overlay_satisfied(t, 7);
	CHECK(pg_overlay_wait(&o, 0) == ~0ULL);
	CHECK(!pg_overlay_next(&o, 1000 * MAX_MS));
	pg_overlay_node_gone(&o, 8, 1000);
	CHECK(pg_overlay_wait(&o, 1000) == ~0ULL, "another host's link ended");
	pg_overlay_node_gone(&o, 7, 1000);
	CHECK(pg_overlay_next(&o, 1000) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 1000, 0);
	pg_overlay_satisfied(t, 7);
	CHECK(pg_overlay_add(&o, &t->addr, 3, 2000) == t);
	CHECK(pg_overlay_next(&o, 2000) == t, "a program asks for it");
	pg_overlay_destroy(&o);
}

/* Who says that there is a link already, when there is none, has not noticed its end. */
static void test_stale(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 0, 0);
	CHECK(pg_overlay_wait(&o, 0) == MIN_MS, "%llu",
	      (unsigned long long)pg_overlay_wait(&o, 0));
	CHECK(pg_overlay_next(&o, MIN_MS) == t);
	pg_overlay_destroy(&o);
}

/* An address may be another host's by the time that a program asks for it again. */
static void test_moved(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	t->self = true;
	pg_overlay_link_gone(&o, t, ELOOP, 0, 0);
	CHECK(!pg_overlay_next(&o, 1000 * MAX_MS), "not by itself");
	CHECK(pg_overlay_add(&o, &t->addr, 3, 2000) == t);
	CHECK(pg_overlay_next(&o, 2000) == t, "a program asks for it");
	pg_overlay_destroy(&o);
}

/* ------------------------------------------------------------- the view -- */

#define VIEW	30
#define SELF	77

static struct pg_member members[64];
static u8 place[sizeof(struct peergroup_presence) + 2 * PEERGROUP_PRESENCE_ADDRESS_LEN];
static u32 turn;

/* Members that the root invited, until pg_member.parent says otherwise. */
static void start_view(u32 max)
{
	unsigned int i;

	pg_overlay_init(&o);
	o.view_max = max;
	o.active = 5;
	o.maintenance_ms = 30000;
	for (i = 0; i < ARRAY_SIZE(members); i++) {
		memset(&members[i], 0, sizeof(members[i]));
		refcount_set(&members[i].refs, 1);
		atomic64_set(&members[i].cut, PG_NOT_REVOKED);
		members[i].gmc.roles = PEERGROUP_ROLE_ADMIN;
		memset(members[i].gmc.spki_hash, 1 + i, sizeof(members[i].gmc.spki_hash));
	}
}

/* Nobody holds on to a member whose nodes are out. */
static void end_view(void)
{
	unsigned int i;

	pg_overlay_destroy(&o);
	CHECK(!o.n_view);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		CHECK(refcount_read(&members[i].refs) == 1, "member %u", i);
}

static void tell(u64 id, unsigned int by, u32 flags, u16 port, size_t addresses)
{
	struct peergroup_presence head = { cpu_to_be64(id), cpu_to_be16(port) };
	struct pg_rec rec = { .flags = flags };

	memcpy(rec.id + 8, &head.node, sizeof(head.node));
	memcpy(place, &head, sizeof(head));
	if (!flags) {
		rec.data.p = place;
		rec.data.len = sizeof(head) + addresses * PEERGROUP_PRESENCE_ADDRESS_LEN;
	}
	turn += 0x9e3779b9;
	pg_view_learn(&o, &rec, &members[by], SELF, turn);
}

/* 192.0.2.@host */
static void set_address(unsigned int at, u8 host)
{
	const u8 ip[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, host };

	memcpy(place + sizeof(struct peergroup_presence) + at * sizeof(ip), ip, sizeof(ip));
}

static void learn(u64 id, unsigned int by)
{
	set_address(0, 1);
	tell(id, by, 0, 3587, 1);
}

static bool any(const struct pg_node *node, void *arg)
{
	return !arg || *(u64 *)arg == node->id;
}

static struct pg_node *get(u64 id)
{
	return pg_view_draw(&o, any, &id, 0);
}

static u32 nodes_of(unsigned int by)
{
	struct pg_node *node;
	u32 n = 0;

	list_for_each_entry(node, &o.view, list)
		n += pg_node_is(node, node->id, members[by].gmc.spki_hash);
	return n;
}

static void test_learnt(void)
{
	start_view(VIEW);
	learn(1, 0);
	learn(SELF, 1);
	CHECK(o.n_view == 1 && get(1) && !get(SELF), "one's own node is learnt");
	CHECK(get(1)->n_addr == 1 && get(1)->addr[0].port == cpu_to_be16(3587));
	set_address(0, 2);
	set_address(1, 3);
	tell(1, 0, 0, 4000, 2);
	CHECK(o.n_view == 1 && get(1)->n_addr == 2 && get(1)->addr[1].ip.s6_addr[15] == 3 &&
	      get(1)->addr[0].port == cpu_to_be16(4000), "a newer record counts");
	learn(1, 1);
	CHECK(o.n_view == 2, "another's node with that id takes the place of the first");
	tell(1, 1, PEERGROUP_RECORD_DELETED, 0, 0);
	CHECK(o.n_view == 1 && nodes_of(0) == 1, "it has left");
	tell(1, 0, 0, 0, 1);
	CHECK(!o.n_view, "at no port");
	tell(1, 0, 0, 3587, 0);
	tell(1, 0, PEERGROUP_RECORD_DELETED, 0, 0);
	CHECK(!o.n_view, "at no address");
	shim_allocs_left = 0;
	learn(1, 0);
	shim_allocs_left = -1;
	CHECK(!o.n_view, "without memory");
	end_view();
}

static void test_addresses(void)
{
	static const struct {
		u8 ip[16];
		bool good;
	} list[] = {
		{ { [10] = 0xff, 0xff, 10, 0, 0, 1 }, true },
		{ { [10] = 0xff, 0xff, 223, 255, 255, 1 }, true },
		{ { [10] = 0xff, 0xff, 169, 253, 0, 1 }, true },
		{ { [10] = 0xff, 0xff, 0, 0, 0, 0 }, false },
		{ { [10] = 0xff, 0xff, 127, 0, 0, 1 }, false },
		{ { [10] = 0xff, 0xff, 127, 255, 0, 1 }, false },
		{ { [10] = 0xff, 0xff, 169, 254, 0, 1 }, false },
		{ { [10] = 0xff, 0xff, 224, 0, 0, 1 }, false },
		{ { [10] = 0xff, 0xff, 255, 255, 255, 255 }, false },
		{ { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, true },
		{ { 0xfd, [15] = 1 }, true },
		{ { 0 }, false },
		{ { [15] = 1 }, false },
		{ { [12] = 127, [15] = 1 }, false },
		{ { 0xff, 0x02, [15] = 1 }, false },
		{ { 0xfe, 0x80, [15] = 1 }, false },
		{ { 0xfe, 0xbf, [15] = 1 }, false },
	};
	unsigned int i;

	start_view(VIEW);
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		memcpy(place + sizeof(struct peergroup_presence), list[i].ip, sizeof(list[i].ip));
		set_address(1, 1);
		tell(1, 0, 0, 3587, 2);
		CHECK(get(1)->n_addr == 1U + list[i].good, "%u", i);
	}
	end_view();
}

static void test_greedy(void)
{
	unsigned int i;

	start_view(VIEW);
	for (i = 1; i <= 10; i++)
		learn(i, i);
	for (i = 100; i < 200; i++) {
		learn(i, 0);
		CHECK(nodes_of(0) <= VIEW / 4 && get(i), "%u: %u", i, nodes_of(0));
	}
	CHECK(nodes_of(0) == VIEW / 4 && o.n_view == 10 + VIEW / 4);
	CHECK(o.crowded == 100 - VIEW / 4, "%u", o.crowded);
	for (i = 1; i <= 10; i++)
		CHECK(get(i), "the node of %u", i);
	/* A full one takes from who has most. */
	for (i = 11; i <= 50; i++)
		learn(i, i);
	CHECK(o.n_view == VIEW && nodes_of(0) == 1, "%u of %u", nodes_of(0), o.n_view);
	CHECK(get(50), "the last of many");
	CHECK(o.crowded == 10 + 100 + 40 - VIEW, "%u", o.crowded);
	end_view();

	start_view(1);
	for (i = 1; i <= 3; i++)
		learn(i, i);
	CHECK(o.n_view == 1 && get(3) && o.crowded == 2, "room for one");
	end_view();
	start_view(0);
	learn(1, 0);
	CHECK(!o.n_view && o.crowded == 1, "no room");
	end_view();
}

/* Who invites makes members as it likes. */
static void test_inviter(void)
{
	unsigned int i;
	u32 n = 0;

	start_view(VIEW);
	for (i = 0; i < 20; i++)
		learn(i, i);
	members[20].gmc.roles = PEERGROUP_ROLE_INVITING;
	members[20].parent = &members[0];
	for (i = 21; i < ARRAY_SIZE(members); i++) {
		members[i].gmc.roles = PEERGROUP_ROLE_MEMBER;
		members[i].parent = &members[20];
		learn(i, i);
	}
	for (i = 20; i < ARRAY_SIZE(members); i++)
		n += nodes_of(i);
	CHECK(n && n <= VIEW / 2, "%u", n);
	end_view();
}

static void test_lowered(void)
{
	unsigned int i;

	start_view(VIEW);
	for (i = 1; i <= 20; i++)
		learn(i, i / 4);
	o.view_max = 6;
	while (pg_view_trim(&o, 0))
		;
	CHECK(o.n_view == 6 && o.crowded == 14);
	for (i = 0; i <= 5; i++)
		CHECK(nodes_of(i) == 1, "member %u: %u", i, nodes_of(i));
	atomic64_set(&members[3].cut, 5);
	CHECK(!pg_view_trim(&o, 0) && o.n_view == 5 && !nodes_of(3), "a revoked member");
	CHECK(o.crowded == 14, "it is counted as one too many");
	end_view();
}

static void test_draw(void)
{
	struct pg_node *node;
	unsigned int i;
	u32 seen = 0;
	u64 id = 3;

	start_view(VIEW);
	CHECK(!pg_view_draw(&o, any, NULL, ~0U), "of none");
	for (i = 0; i < 4; i++)
		learn(i, i);
	for (i = 0; i < 4; i++)
		seen |= 1U << pg_view_draw(&o, any, NULL, i * 0x40000000U + 5)->id;
	CHECK(seen == 0xf, "%x", seen);
	CHECK(pg_view_draw(&o, any, &id, ~0U)->id == 3);
	node = get(3);
	node->dial = 9;
	CHECK(!get(3), "one that is being dialled");
	CHECK(pg_view_dialled(&o, 9) == node && !pg_view_dialled(&o, 8));
	pg_node_reached(node);
	CHECK(get(3) == node && !pg_view_dialled(&o, 9));
	end_view();
}

static void test_missed(void)
{
	int i;

	start_view(VIEW);
	learn(1, 0);
	for (i = 0; i < 3 * PG_NODE_TRIES; i++)
		pg_node_missed(&o, get(1), true);
	CHECK(get(1), "its record is there");
	pg_node_missed(&o, get(1), false);
	CHECK(!get(1), "nothing is heard of it");
	learn(1, 0);
	for (i = 0; i < 3 * PG_NODE_TRIES; i++) {
		pg_node_missed(&o, get(1), false);
		if (i % (PG_NODE_TRIES - 1) == 1)
			pg_node_reached(get(1));
	}
	CHECK(get(1), "not in a row");
	learn(1, 0);
	for (i = 1; i < PG_NODE_TRIES; i++)
		pg_node_missed(&o, get(1), false);
	CHECK(get(1) && get(1)->failures == PG_NODE_TRIES - 1);
	learn(1, 0);
	CHECK(!get(1)->failures, "a newer record gives it another chance");
	end_view();
}

static void test_view_wait(void)
{
	start_view(VIEW);
	pg_view_rest(&o, 1000, 0);
	CHECK(pg_view_wait(&o, false, 1000) == ~0ULL, "nobody to dial");
	learn(1, 0);
	CHECK(pg_view_wait(&o, false, 1000) == 22500);
	CHECK(pg_view_wait(&o, true, 1000) == 3750);
	CHECK(pg_view_wait(&o, true, 2000) == 2750);
	CHECK(!pg_view_wait(&o, true, 4750) && !pg_view_wait(&o, true, 1000000));
	pg_view_rest(&o, 1000, ~0U);
	CHECK(pg_view_wait(&o, false, 1000) == 37499);
	CHECK(pg_view_wait(&o, true, 1000) == 6249);
	o.active = 0;
	CHECK(pg_view_wait(&o, true, 1000000) == ~0ULL, "no link is to be found");
	end_view();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "waits double from the least to the most", test_backoff },
		{ "an address whose host is linked has what it wants", test_linked },
		{ "a host that has not noticed a link's end", test_stale },
		{ "an address that was this host's", test_moved },
		{ "what the view learns", test_learnt },
		{ "addresses that no member makes others dial", test_addresses },
		{ "one member with many nodes", test_greedy },
		{ "one who invites, with many members", test_inviter },
		{ "fewer nodes may be there, or a member was revoked", test_lowered },
		{ "which node is dialled", test_draw },
		{ "nodes that are not reached", test_missed },
		{ "when the next node is dialled", test_view_wait },
	};

	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
