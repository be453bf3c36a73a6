// SPDX-License-Identifier: GPL-2.0-only
/*
 * From links to inboxes: who gets a message, what is dropped, when reading waits for
 * programs and when no longer (data.h says why). Called by message.c for what comes,
 * by the netlink family for what is read; it reads no socket and sends nothing.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "group.h"
#include "link_priv.h"
#include "netlink.h"

/* What a letter weighs beside its data, so that a great many short ones weigh something. */
#define PG_LETTER_WEIGHT	256U

/* Inboxes of one user that have held links up in vain; further ones of its do not. */
#define PG_LATE_MAX		2
#define PG_LATE_MS		(60 * 1000)	/* for so long after they are gone, too */

static u64 pg_data_weight(const struct pg_data *d)
{
	return d->len + PG_LETTER_WEIGHT;
}

static void pg_data_put(struct pg_group *g, struct pg_data *d)
{
	lockdep_assert_held(&g->lock);
	if (--d->users)
		return;
	g->data_bytes -= pg_data_weight(d);
	pg_member_put(d->peer);
	kvfree(d->body);
	kfree(d);
}

/* ------------------------------------------------------- holding links up -- */

static void pg_data_set_late(struct pg_watch *w, bool late)
{
	w->user->late += late - w->data.late;
	w->data.late = late;
}

static bool pg_data_blocks(const struct pg_watch *w)
{
	return w->data.full && !w->data.late;
}

static bool pg_data_blocked(const struct pg_group *g)
{
	const struct pg_watch *w;

	list_for_each_entry(w, &g->watches, node)
		if (pg_data_blocks(w))
			return true;
	return false;
}

/*
 * Marks those as late that have blocked for too long, and has the others looked at when
 * their time is over. That may have changed since, so it is set anew.
 */
static void pg_data_judge(struct pg_group *g)
{
	unsigned long wait = msecs_to_jiffies(g->limits.receive_wait_ms), next = 0;
	struct pg_watch *w;
	long left;

	list_for_each_entry(w, &g->watches, node) {
		if (!pg_data_blocks(w))
			continue;
		left = w->data.full_at + wait - jiffies;
		if (left <= 0)
			pg_data_set_late(w, true);
		else
			next = next ? min_t(unsigned long, next, left) : left;
	}
	if (next && !g->ended)
		mod_delayed_work(pg_wq, &g->unhold, next);
}

/* Stops the link's reading where a program has too much to read. */
static void pg_data_hold(struct pg_group *g, struct pg_link *link)
{
	if (!link->direct)
		return;
	pg_data_judge(g);
	if (!pg_data_blocked(g))
		return;
	if (!test_and_set_bit(PG_LINK_HELD, &link->flags))
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_HELD);
}

/* Lets reading go on, unless there is still somebody to wait for. */
static void pg_data_release(struct pg_group *g)
{
	struct pg_link *link;

	if (pg_data_blocked(g))
		return;
	list_for_each_entry(link, &g->links, node)
		if (test_and_clear_bit(PG_LINK_HELD, &link->flags))
			pg_link_kick(link, &link->rx);
}

void pg_data_unhold_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, unhold);

	mutex_lock(&g->lock);
	pg_data_judge(g);
	pg_data_release(g);
	mutex_unlock(&g->lock);
}

/* ------------------------------------------------------------ what comes -- */

static struct pg_data *pg_data_new(struct pg_group *g, const struct pg_link *link, u8 *body,
				   u32 len)
{
	struct pg_data *d = kzalloc(sizeof(*d), PG_GFP_LINK);

	if (!d)
		return NULL;
	d->users = 1;
	d->link = link->id;
	d->peer = pg_member_hold(link->peer);
	d->body = body;
	d->len = len - sizeof(struct pg_direct);
	g->data_bytes += pg_data_weight(d);
	return d;
}

/*
 * May a message go into the inbox? Of a direct link's each may, as the link is held up
 * from the first one on that reaches the limit: so at most one more comes by each. No user
 * may have more waiting than is left for all others, so that some is: half of it, where
 * one user does not read, a third each where two do not.
 */
static bool pg_data_room(const struct pg_group *g, const struct pg_link *link,
			 const struct pg_watch *w)
{
	if (g->data_bytes > g->limits.receive_total ||
	    w->user->bytes > g->limits.receive_total - g->data_bytes)
		return false;
	return w->data.bytes < g->limits.receive_queue || (link->direct && !w->data.late);
}

/* Those of the watch's user that count as late although they are gone; the first to end. */
static unsigned int pg_data_gone_late(struct pg_group *g, const struct pg_watch *w,
				      struct pg_late **first)
{
	u64 now = pg_now_ms();
	unsigned int i, n = 0;
	struct pg_late *late;

	for (i = 0; i < PG_LATE_KEPT; i++) {
		late = &g->late[i];
		if (late->until <= now || !uid_eq(late->uid, w->user->uid))
			continue;
		if (!n++ || late->until < (*first)->until)
			*first = late;
	}
	return n;
}

/* For half of what it may, at least: one that goes just when it is full has done no harm. */
static bool pg_data_held_long(const struct pg_group *g, const struct pg_inbox *in)
{
	unsigned long half = msecs_to_jiffies(g->limits.receive_wait_ms) / 2;

	return in->late || time_after_eq(jiffies, in->full_at + half);
}

/*
 * A full inbox goes, late or not yet: another socket is not to begin anew in its place. Of a user
 * no more are kept than count, so that it cannot push out those of others.
 */
static void pg_data_keep_late(struct pg_group *g, const struct pg_watch *w)
{
	struct pg_late *late = g->late, *own;
	unsigned int i;

	for (i = 1; i < PG_LATE_KEPT; i++)
		if (g->late[i].until < late->until)
			late = &g->late[i];
	if (pg_data_gone_late(g, w, &own) >= PG_LATE_MAX)
		late = own;
	late->uid = w->user->uid;
	late->until = pg_now_ms() + PG_LATE_MS;
}

/*
 * The inbox is full, so it holds links up. Of one user's that nobody reads only so many may
 * have done that before: more sockets are not to give it more time.
 */
static void pg_data_fill(struct pg_group *g, struct pg_watch *w)
{
	struct pg_late *first;
	unsigned int late = w->user->late + pg_data_gone_late(g, w, &first);

	w->data.full = true;
	w->data.full_at = jiffies;
	pg_data_set_late(w, late >= PG_LATE_MAX);
}

static int pg_data_deliver(struct pg_group *g, struct pg_watch *w, struct pg_data *d)
{
	struct pg_letter *letter = kzalloc(sizeof(*letter), PG_GFP_LINK);
	struct pg_inbox *in = &w->data;

	if (!letter)
		return -ENOMEM;
	g->data_bytes += sizeof(*letter);
	d->users++;
	letter->data = d;
	letter->lost = in->lost;
	in->lost = 0;
	list_add_tail(&letter->list, &in->letters);
	in->bytes += pg_data_weight(d);
	w->user->bytes += pg_data_weight(d);
	if (!in->full && in->bytes >= g->limits.receive_queue)
		pg_data_fill(g, w);
	if (!in->told)
		pg_netlink_data(g, w);
	in->told = true;
	return 0;
}

/* Who takes data gets it. Return: whether anybody does. */
static bool pg_data_spread(struct pg_group *g, const struct pg_link *link, struct pg_data *d)
{
	bool wanted = false, got = false;
	struct pg_watch *w;

	list_for_each_entry(w, &g->watches, node) {
		if (!(w->takes & PEERGROUP_TAKES_DATA) || !pg_netlink_permits(g, w, PG_NEED_READ))
			continue;
		wanted = true;
		if (pg_data_room(g, link, w) && !pg_data_deliver(g, w, d)) {
			got = true;
			continue;
		}
		w->data.lost++;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_LOST);
	}
	if (got)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_RECEIVED);
	return wanted;
}

int pg_data_arrival(struct pg_link *link, u8 *body, u32 len)
{
	struct pg_group *g = link->group;
	struct pg_data *d;

	if (len <= sizeof(struct pg_direct)) {
		kvfree(body);
		return -EPROTO;
	}
	/* For programs it is closed. */
	if (pg_link_draining(link)) {
		kvfree(body);
		return 0;
	}
	mutex_lock(&g->lock);
	d = pg_data_new(g, link, body, len);
	if (!d) {
		mutex_unlock(&g->lock);
		kvfree(body);
		return -ENOMEM;
	}
	if (!pg_data_spread(g, link, d))
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_UNWANTED);
	pg_data_put(g, d);
	pg_data_hold(g, link);
	mutex_unlock(&g->lock);
	return 0;
}

/* ---------------------------------------------------------- what is read -- */

static void pg_letter_free(struct pg_group *g, struct pg_watch *w, struct pg_letter *letter)
{
	struct pg_inbox *in = &w->data;

	w->user->bytes -= pg_data_weight(letter->data);
	in->bytes -= pg_data_weight(letter->data);
	in->offset = 0;
	list_del(&letter->list);
	pg_data_put(g, letter->data);
	g->data_bytes -= sizeof(*letter);
	kfree(letter);
}

void pg_data_read(struct pg_group *g, struct pg_watch *w, u32 bytes)
{
	struct pg_inbox *in = &w->data;
	struct pg_letter *letter = pg_inbox_first(in);

	lockdep_assert_held(&g->lock);
	in->offset += bytes;
	if (in->offset < letter->data->len)
		return;
	pg_letter_free(g, w, letter);
	if (!in->full || in->bytes > g->limits.receive_queue / 2)
		return;
	in->full = false;
	pg_data_set_late(w, false);
	pg_data_release(g);
}

void pg_data_empty(struct pg_group *g, struct pg_watch *w)
{
	struct pg_inbox *in = &w->data;
	struct pg_letter *letter, *tmp;
	bool full = in->full;

	lockdep_assert_held(&g->lock);
	if (full && pg_data_held_long(g, in))
		pg_data_keep_late(g, w);
	list_for_each_entry_safe(letter, tmp, &in->letters, list)
		pg_letter_free(g, w, letter);
	in->full = false;
	pg_data_set_late(w, false);
	in->told = false;
	in->lost = 0;
	if (full)
		pg_data_release(g);
}
