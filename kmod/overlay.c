// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which links a group wants: to the addresses that programs gave, each dialled again
 * after a wait that grows with every failure, and to nodes of the view, one at a time.
 * Engine: no sockets, no clock, no locks of its own (the group's lock orders its
 * callers).
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "alloc.h"
#include "compat.h"
#include "member.h"
#include "overlay.h"
#include "record.h"

#define PG_VIEW_MEMBER	4	/* the part of the view for one member, */
#define PG_VIEW_BRANCH	2	/* and for one who invites and all below */

void pg_overlay_init(struct pg_overlay *o)
{
	memset(o, 0, sizeof(*o));
	INIT_LIST_HEAD(&o->targets);
	INIT_LIST_HEAD(&o->view);
}

static void pg_overlay_drop(struct pg_overlay *o, struct pg_target *t)
{
	list_del(&t->node);
	o->n--;
	kfree(t);
}

static bool pg_view_same_key(const struct pg_member *a, const struct pg_member *b)
{
	return a && b && !memcmp(a->gmc.spki_hash, b->gmc.spki_hash, sizeof(a->gmc.spki_hash));
}

/* Counts a node of the member of @node in or out. */
static void pg_view_share(struct pg_overlay *o, struct pg_node *node, int sign)
{
	struct pg_node *other;

	node->share = 1;
	list_for_each_entry(other, &o->view, list) {
		if (other == node || !pg_view_same_key(other->member, node->member))
			continue;
		other->share += sign;
		node->share++;
	}
}

static void pg_view_drop(struct pg_overlay *o, struct pg_node *node)
{
	pg_view_share(o, node, -1);
	list_del(&node->list);
	o->n_view--;
	pg_member_put(node->member);
	kfree(node);
}

void pg_overlay_destroy(struct pg_overlay *o)
{
	struct pg_target *t, *tmp;
	struct pg_node *node, *next;

	list_for_each_entry_safe(t, tmp, &o->targets, node)
		pg_overlay_drop(o, t);
	list_for_each_entry_safe(node, next, &o->view, list)
		pg_view_drop(o, node);
}

static bool pg_addr_equal(const struct pg_addr *a, const struct pg_addr *b)
{
	return a->port == b->port && a->scope == b->scope &&
	       !memcmp(&a->ip, &b->ip, sizeof(a->ip));
}

struct pg_target *pg_overlay_find(struct pg_overlay *o, const struct pg_addr *addr)
{
	struct pg_target *t;

	list_for_each_entry(t, &o->targets, node) {
		if (pg_addr_equal(&t->addr, addr))
			return t;
	}
	return NULL;
}

struct pg_target *pg_overlay_add(struct pg_overlay *o, const struct pg_addr *addr,
				 u64 id, u64 now_ms)
{
	struct pg_target *t = pg_overlay_find(o, addr);

	if (t) {
		t->due = now_ms;
		t->twin = 0;
		t->self = false;
		return t;
	}
	if (o->n >= PG_TARGETS_MAX)
		return ERR_PTR(-ENOSPC);
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->id = id;
	t->addr = *addr;
	t->due = now_ms;
	list_add_tail(&t->node, &o->targets);
	o->n++;
	return t;
}

int pg_overlay_del(struct pg_overlay *o, const struct pg_addr *addr)
{
	struct pg_target *t = pg_overlay_find(o, addr);

	if (!t)
		return -ENOENT;
	pg_overlay_drop(o, t);
	return 0;
}

static bool pg_target_idle(const struct pg_target *t)
{
	return !t->busy && !t->self && !t->twin;
}

struct pg_target *pg_overlay_next(struct pg_overlay *o, u64 now_ms)
{
	struct pg_target *t;

	list_for_each_entry(t, &o->targets, node) {
		if (!pg_target_idle(t) || t->due > now_ms)
			continue;
		t->busy = true;
		return t;
	}
	return NULL;
}

u64 pg_overlay_wait(const struct pg_overlay *o, u64 now_ms)
{
	const struct pg_target *t;
	u64 due = U64_MAX;

	list_for_each_entry(t, &o->targets, node) {
		if (pg_target_idle(t))
			due = min(due, t->due);
	}
	if (due == U64_MAX)
		return U64_MAX;
	return due > now_ms ? due - now_ms : 0;
}

void pg_overlay_link_up(struct pg_target *t)
{
	t->up = true;
	t->failures = 0;
	t->error = 0;
}

static u64 pg_overlay_backoff(const struct pg_overlay *o, const struct pg_target *t)
{
	u32 shift = min_t(u32, t->failures, 31);

	return min_t(u64, (u64)o->retry_min_ms << shift, o->retry_max_ms);
}

void pg_overlay_link_gone(struct pg_overlay *o, struct pg_target *t, int error,
			  u64 now_ms, u32 random)
{
	u64 wait = pg_overlay_backoff(o, t);

	wait -= ((wait / 4) * random) >> 32;
	t->due = now_ms + wait;
	t->failures = t->up ? 0 : t->failures + 1;
	t->busy = false;
	t->up = false;
	t->error = error;
}

void pg_overlay_satisfied(struct pg_target *t, u64 node)
{
	t->twin = node;
	t->failures = 0;
}

void pg_overlay_node_gone(struct pg_overlay *o, u64 node, u64 now_ms)
{
	struct pg_target *t;

	list_for_each_entry(t, &o->targets, node) {
		if (!t->twin || t->twin != node)
			continue;
		t->twin = 0;
		t->due = now_ms;
	}
}

/* ------------------------------------------------------------ the view -- */

/*
 * May it be dialled as a member says so? Not what is no one host's, or means another one
 * on each.
 */
static bool pg_place_usable(const u8 *ip)
{
	static const u8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	const u8 *v4 = ip + sizeof(v4_mapped);

	if (!memcmp(ip, v4_mapped, sizeof(v4_mapped)))
		return v4[0] && v4[0] != 127 && v4[0] < 224 && !(v4[0] == 169 && v4[1] == 254);
	/* All of ::/96, with the unspecified and the loopback address; multicast; link-local. */
	return memchr_inv(ip, 0, sizeof(v4_mapped)) && ip[0] != 0xff &&
	       !(ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
}

/* The addresses of a presence record that may be dialled. Return: how many. */
static u32 pg_place_read(const struct pg_rec *rec, struct pg_addr *addr)
{
	struct peergroup_presence head;
	const u8 *at, *end;
	u32 n = 0;

	if (pg_rec_deleted(rec))
		return 0;
	memcpy(&head, rec->data.p, sizeof(head));
	at = rec->data.p + sizeof(head);
	end = rec->data.p + rec->data.len;
	for (; head.port && at < end; at += PEERGROUP_PRESENCE_ADDRESS_LEN) {
		if (!pg_place_usable(at))
			continue;
		memset(&addr[n], 0, sizeof(addr[n]));
		memcpy(&addr[n].ip, at, sizeof(addr[n].ip));
		addr[n++].port = head.port;
	}
	return n;
}

bool pg_node_is(const struct pg_node *node, u64 id, const u8 *key)
{
	return node->id == id && !memcmp(node->member->gmc.spki_hash, key, PEERGROUP_HASH_LEN);
}

static struct pg_node *pg_view_find(struct pg_overlay *o, u64 id, const u8 *key)
{
	struct pg_node *node;

	list_for_each_entry(node, &o->view, list) {
		if (pg_node_is(node, id, key))
			return node;
	}
	return NULL;
}

/* One of those that have been marked. */
static struct pg_node *pg_view_one(struct pg_overlay *o, u32 random)
{
	struct pg_node *node;
	u32 n = 0, at;

	list_for_each_entry(node, &o->view, list)
		n += node->drawn;
	at = ((u64)n * random) >> 32;
	list_for_each_entry(node, &o->view, list) {
		if (node->drawn && !at--)
			return node;
	}
	return NULL;
}

static void pg_view_push_one(struct pg_overlay *o, u32 random)
{
	pg_view_drop(o, pg_view_one(o, random));
	o->crowded++;
}

static void pg_view_push_most(struct pg_overlay *o, u32 random)
{
	struct pg_node *node;
	u32 most = 0;

	list_for_each_entry(node, &o->view, list)
		most = max(most, node->share);
	list_for_each_entry(node, &o->view, list)
		node->drawn = node->share == most;
	pg_view_push_one(o, random);
}

/* Has the member of @by as many as it may have, or (@branch) who answers for it? */
static bool pg_view_mark_rivals(struct pg_overlay *o, const struct pg_member *by, bool branch)
{
	const struct pg_member *who = branch ? pg_member_branch(by) : by, *other;
	u32 most = max(o->view_max / (branch ? PG_VIEW_BRANCH : PG_VIEW_MEMBER), 1U);
	struct pg_node *node;
	u32 n = 0;

	list_for_each_entry(node, &o->view, list) {
		other = branch ? pg_member_branch(node->member) : node->member;
		node->drawn = pg_view_same_key(who, other);
		n += node->drawn;
	}
	return n >= most;
}

/* Makes room for a node of a member, unless nobody has any. */
static bool pg_view_room(struct pg_overlay *o, const struct pg_member *by, u32 random)
{
	if (!o->view_max) {
		o->crowded++;
		return false;
	}
	if (pg_view_mark_rivals(o, by, false) || pg_view_mark_rivals(o, by, true))
		pg_view_push_one(o, random);
	else if (o->n_view >= o->view_max)
		pg_view_push_most(o, random);
	return o->n_view < o->view_max;
}

static struct pg_node *pg_view_add(struct pg_overlay *o, u64 id, struct pg_member *by,
				   u32 random)
{
	struct pg_node *node;

	if (!pg_view_room(o, by, random))
		return NULL;
	node = kzalloc(sizeof(*node), PG_GFP_LINK);
	if (!node) {
		o->crowded++;
		return NULL;
	}
	node->id = id;
	node->member = pg_member_hold(by);
	pg_view_share(o, node, 1);
	list_add_tail(&node->list, &o->view);
	o->n_view++;
	return node;
}

/* A later record may be signed by another certificate of the key. */
static void pg_node_sign(struct pg_node *node, struct pg_member *by)
{
	struct pg_member *before = node->member;

	node->member = pg_member_hold(by);
	pg_member_put(before);
}

void pg_view_learn(struct pg_overlay *o, const struct pg_rec *rec, struct pg_member *by,
		   u64 self, u32 random)
{
	struct pg_addr addr[PEERGROUP_PRESENCE_ADDRESSES_MAX];
	u64 id = get_unaligned_be64(rec->id + PEERGROUP_ID_LEN / 2);
	struct pg_node *node = pg_view_find(o, id, by->gmc.spki_hash);
	u32 n = pg_place_read(rec, addr);

	if (id == self)
		return;
	if (!n) {
		if (node)
			pg_view_drop(o, node);
		return;
	}
	if (node)
		pg_node_sign(node, by);
	else
		node = pg_view_add(o, id, by, random);
	if (!node)
		return;
	memcpy(node->addr, addr, n * sizeof(*addr));
	node->n_addr = n;
	node->next = 0;
	node->failures = 0;
}

bool pg_view_trim(struct pg_overlay *o, u32 random)
{
	struct pg_node *node, *next;

	list_for_each_entry_safe(node, next, &o->view, list) {
		if (pg_member_revoked(node->member))
			pg_view_drop(o, node);
	}
	if (o->n_view > o->view_max)
		pg_view_push_most(o, random);
	return o->n_view > o->view_max;
}

void pg_view_rest(struct pg_overlay *o, u64 now_ms, u32 random)
{
	o->rested = now_ms;
	o->jitter = random;
}

/* From three quarters of the time to five quarters. */
u64 pg_view_wait(const struct pg_overlay *o, bool alone, u64 now_ms)
{
	u64 wait = alone ? o->maintenance_ms / 6 : o->maintenance_ms, due;

	if (!o->active || !o->n_view)
		return U64_MAX;
	due = o->rested + wait - wait / 4 + (((wait / 2) * o->jitter) >> 32);
	return due > now_ms ? due - now_ms : 0;
}

struct pg_node *pg_view_draw(struct pg_overlay *o,
			     bool (*wanted)(const struct pg_node *node, void *arg), void *arg,
			     u32 random)
{
	struct pg_node *node;

	list_for_each_entry(node, &o->view, list)
		node->drawn = !node->dial && wanted(node, arg);
	return pg_view_one(o, random);
}

struct pg_node *pg_view_dialled(struct pg_overlay *o, u64 link)
{
	struct pg_node *node;

	list_for_each_entry(node, &o->view, list) {
		if (node->dial == link)
			return node;
	}
	return NULL;
}

void pg_node_reached(struct pg_node *node)
{
	node->dial = 0;
	node->failures = 0;
}

void pg_node_missed(struct pg_overlay *o, struct pg_node *node, bool known)
{
	node->dial = 0;
	node->failures++;
	if (node->failures >= PG_NODE_TRIES && !known)
		pg_view_drop(o, node);
}
