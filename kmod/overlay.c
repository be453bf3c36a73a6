// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which links a group wants. Today that is the addresses a program gave, each
 * dialled again after a wait that grows with every failure; later the views of
 * the overlay live here too. Engine: no sockets, no clock, no locks of its own
 * (the group's lock orders its callers).
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "overlay.h"

void pg_overlay_init(struct pg_overlay *o)
{
	memset(o, 0, sizeof(*o));
	INIT_LIST_HEAD(&o->targets);
}

static void pg_overlay_drop(struct pg_overlay *o, struct pg_target *t)
{
	list_del(&t->node);
	o->n--;
	kfree(t);
}

void pg_overlay_destroy(struct pg_overlay *o)
{
	struct pg_target *t, *tmp;

	list_for_each_entry_safe(t, tmp, &o->targets, node)
		pg_overlay_drop(o, t);
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
