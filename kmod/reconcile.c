// SPDX-License-Identifier: GPL-2.0-only
/*
 * Range-based set reconciliation. A range of ids is compared by count and sum
 * of digests; where it differs the answering side splits it by rank, or lists
 * it when it is small, and the leader looks into what differs until it has
 * seen lists. From a list it learns what to ask for (WANT) and what to send.
 * What a reconciliation costs follows the difference, not the tables; two equal
 * tables cost one SYNC and one SYNC_REPLY.
 *
 * This is the leader's half; the other is reconcile_answer.c. The messages are laid out
 * in reconcile_priv.h.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "alloc.h"
#include "reconcile_priv.h"

/*
 * How often the parts of a range may be split again: a table has less than 2^32
 * entries. A leader keeps room on its stack for one range to go down that far.
 */
#define PG_SYNC_DEPTH	7

/*
 * How many ranges a run asks about, in a table of so few records too: who answers can split
 * what nobody has for ever. An honest end splits what has more than PG_SYNC_LEAF entries, into
 * parts as large as each other. The last to be split have PG_SYNC_LEAF + 1 of these or more, and
 * none in common; all above them are a fifteenth as many. So of n entries there are
 * n / 65 * 16 / 15 splits at most, of 16 ranges each: 0.263 n. What there may be meanwhile is
 * both tables, as the other grows by what this end sends: 0.525 ranges for each record that a
 * table may have. The rest is for records that come and go during the run. And the other end may
 * have more than may be here: half a range for each of the most that a limit can allow.
 */
#define PG_SYNC_RANGES_MIN	(1U << 23)

struct pg_sync_buffers {
	struct pg_sync_range stack[PG_SYNC_STACK];
	struct pg_sync_range asked[PG_SYNC_BRANCH];
	struct pg_sync_query query[PG_SYNC_BRANCH];
	struct {
		__be32 token;
		u8 ids[PG_WANT_MAX][PEERGROUP_ID_LEN];
	} __packed want;	/* struct pg_want */
	u8 due[PG_WANT_MAX][PEERGROUP_ID_LEN];
};

/* ------------------------------------------- leader: acting on a reply -- */

static int pg_sync_send_want(struct pg_sync *s)
{
	size_t len = sizeof(struct pg_want) + s->n_want * PEERGROUP_ID_LEN;

	s->buf->want.token = cpu_to_be32(++s->token);
	s->wanted = true;
	memcpy(s->buf->due, s->buf->want.ids, s->n_want * PEERGROUP_ID_LEN);
	s->n_due = s->n_want;
	s->n_want = 0;
	return s->ops->send(s, PG_MSG_WANT, &s->buf->want, len);
}

/* 1 when done, 0 where the WANT that is out must be done first, or -errno. */
static int pg_sync_want(struct pg_sync *s, const u8 *id)
{
	int err;

	if (s->n_want == PG_WANT_MAX) {
		if (s->wanted) {
			WRITE_ONCE(s->phase, PG_SYNC_WANTING);
			return 0;
		}
		err = pg_sync_send_want(s);
		if (err)
			return err;
	}
	memcpy(s->buf->want.ids[s->n_want++], id, PEERGROUP_ID_LEN);
	return 1;
}

/* 1 when done, 0 where there must be room first, or -errno. */
static int pg_sync_push(struct pg_sync *s, struct pg_record *r)
{
	int err;

	if (!s->ops->room(s)) {
		WRITE_ONCE(s->phase, PG_SYNC_PUSHING);
		return 0;
	}
	err = s->ops->push(s, r);
	return err < 0 ? err : 1;
}

/* Whose version of a record is newer? Above 0: ours. An entry tells enough of the digest. */
static int pg_entry_cmp(const struct pg_record *own, const struct pg_sync_entry *e)
{
	u64 modified = be64_to_cpu(e->modified);
	u32 version = be32_to_cpu(e->version);

	if (own->rec.version != version)
		return own->rec.version > version ? 1 : -1;
	if (own->rec.modified != modified)
		return own->rec.modified > modified ? 1 : -1;
	return memcmp(own->rec.digest, e->digest, sizeof(e->digest));
}

/* Which comes first by id? Below 0: our record; NULL is behind the last. */
static int pg_entry_order(const struct pg_record *own, const struct pg_sync_entry *e)
{
	if (!own)
		return 1;
	return e ? memcmp(own->rec.id, e->id, PEERGROUP_ID_LEN) : -1;
}

/* One side alone has the record, or both have it. Returns as push and want do. */
static int pg_sync_settle(struct pg_sync *s, struct pg_record *own,
			  const struct pg_sync_entry *e, int order)
{
	int newer = order ? -order : pg_entry_cmp(own, e);

	if (newer > 0)
		return pg_sync_push(s, own);
	return newer < 0 ? pg_sync_want(s, e->id) : 1;
}

/*
 * Walks a list and our records of its range side by side. Where it has to wait,
 * the range is shortened to what is still to do: our table may change meanwhile.
 * Returns 1 at the end of the range, 0 where it has to wait, or -errno.
 */
static int pg_sync_merge(struct pg_sync *s, struct pg_sync_range *range)
{
	struct pg_record *own = pg_table_ceiling(s->table, range->lo);
	const u8 *hi = pg_sync_bound(range->hi);

	for (;;) {
		const struct pg_sync_entry *e = s->listed ? (const void *)s->rest.pos : NULL;
		int order, ret;

		if (own && !pg_id_below(own->rec.id, hi))
			own = NULL;
		if (!own && !e)
			return 1;
		order = pg_entry_order(own, e);
		ret = pg_sync_settle(s, own, e, order);
		if (ret <= 0) {
			memcpy(range->lo, order <= 0 ? own->rec.id : e->id, sizeof(range->lo));
			return ret;
		}
		if (order <= 0)
			own = pg_table_after(s->table, own);
		if (order >= 0) {
			pg_cursor_take(&s->rest, sizeof(*e));
			s->listed--;
		}
	}
}

/*
 * A stack that is full leaves the range to another run, which is the caller's to begin, in
 * its time. With an honest end it hardly ever comes to that; a hostile one fills the stack
 * when it likes, and is not to have run after run for it, with the same records in each.
 */
static void pg_sync_later(struct pg_sync *s, const u8 *lo, const u8 *hi, u32 count)
{
	struct pg_sync_range *range;

	if (s->n_stack == PG_SYNC_STACK) {
		s->cut = true;
		return;
	}
	range = &s->buf->stack[s->n_stack++];
	memcpy(range->lo, lo, sizeof(range->lo));
	memcpy(range->hi, hi, sizeof(range->hi));
	range->count = count;
}

/* No honest end has so much to be asked about: what is left is left to another run. */
static void pg_sync_tire(struct pg_sync *s)
{
	if (!s->n_stack || s->ranges < max(s->table->limits.records, PG_SYNC_RANGES_MIN))
		return;
	s->n_stack = 0;
	s->cut = true;
}

static void pg_sync_descend(struct pg_sync *s, const struct pg_sync_range *range, u32 n)
{
	const struct pg_sync_part *part = pg_cursor_take(&s->rest, n * sizeof(*part));
	struct pg_print p;
	u32 i;

	for (i = 0; i < n; i++) {
		const u8 *hi = i + 1 < n ? part[i + 1].lo : range->hi;

		pg_table_print(s->table, part[i].lo, pg_sync_bound(hi), &p);
		if (!pg_print_matches(&p, part[i].count, part[i].print))
			pg_sync_later(s, part[i].lo, hi, be32_to_cpu(part[i].count));
	}
}

/* 1 when the reply, known to be valid, is worked through, 0 where it has to wait, or -errno. */
static int pg_sync_work(struct pg_sync *s)
{
	for (; s->at < s->n_asked; s->at++) {
		struct pg_sync_range *range = &s->buf->asked[s->at];
		int ret;

		if (!s->in_list) {
			const struct pg_sync_answer *a = pg_cursor_take(&s->rest, sizeof(*a));

			if (a->kind == PG_SYNC_SPLIT)
				pg_sync_descend(s, range, a->n);
			if (a->kind != PG_SYNC_LIST)
				continue;
			s->in_list = true;
			s->listed = a->n;
		}
		ret = pg_sync_merge(s, range);
		if (ret <= 0)
			return ret;
		s->in_list = false;
	}
	return 1;
}

/* ------------------------------------------------------ leader: a run -- */

static void pg_query_fill(struct pg_table *t, const struct pg_sync_range *range,
			  struct pg_sync_query *q)
{
	struct pg_print p;

	pg_table_print(t, range->lo, pg_sync_bound(range->hi), &p);
	memcpy(q->lo, range->lo, sizeof(q->lo));
	memcpy(q->hi, range->hi, sizeof(q->hi));
	q->count = cpu_to_be32(p.count);
	pg_print_bytes(&p, q->print);
}

/*
 * Takes ranges off the stack and asks about them. Those that are likely to be
 * split are taken only as far as the stack has room for all their parts and
 * then for one range to be split down to lists; one is always taken.
 */
static int pg_sync_ask(struct pg_sync *s)
{
	const int grow = PG_SYNC_BRANCH - 1;
	int splits = ((int)(PG_SYNC_STACK - s->n_stack) - PG_SYNC_DEPTH * grow) / grow;
	struct pg_sync_buffers *buf = s->buf;
	u32 n;

	for (n = 0; n < PG_SYNC_BRANCH && s->n_stack; n++) {
		struct pg_sync_range *range = &buf->stack[s->n_stack - 1];

		if (range->count > PG_SYNC_LEAF && n && --splits <= 0)
			break;
		buf->asked[n] = *range;
		pg_query_fill(s->table, range, &buf->query[n]);
		s->n_stack--;
	}
	WRITE_ONCE(s->n_asked, n);	/* for pg_sync_asked() */
	s->ranges += n;
	s->asked = true;
	WRITE_ONCE(s->phase, PG_SYNC_ASKED);
	return s->ops->send(s, PG_MSG_SYNC, buf->query, n * sizeof(*buf->query));
}

static void pg_sync_drop_reply(struct pg_sync *s)
{
	kvfree(s->copy);
	s->copy = NULL;
	s->replied = false;
}

static void pg_sync_stop(struct pg_sync *s)
{
	pg_sync_drop_reply(s);
	s->asked = false;
	s->wanted = false;
	s->again = false;
	s->n_stack = 0;
	s->n_want = 0;
	s->n_due = 0;
	WRITE_ONCE(s->phase, PG_SYNC_IDLE);
}

/* Does all that can be done now. Returns as pg_sync_reply(). */
static int pg_sync_run(struct pg_sync *s)
{
	int err, done = s->replied ? pg_sync_work(s) : 1;

	if (done < 0)
		return done;
	if (s->n_want && !s->wanted) {
		err = pg_sync_send_want(s);
		if (err)
			return err;
	}
	if (!done)
		return 0;
	pg_sync_drop_reply(s);
	if (s->asked)
		return 0;
	pg_sync_tire(s);
	if (s->n_stack)
		return pg_sync_ask(s);
	if (s->wanted) {
		WRITE_ONCE(s->phase, PG_SYNC_WANTING);
		return 0;
	}
	WRITE_ONCE(s->phase, PG_SYNC_IDLE);
	return s->again ? pg_sync_start(s) : 1;
}

static int pg_sync_step(struct pg_sync *s)
{
	int ret = pg_sync_run(s);

	if (ret < 0)
		pg_sync_stop(s);
	return ret;
}

int pg_sync_start(struct pg_sync *s)
{
	static const u8 zero[PEERGROUP_ID_LEN];
	int err;

	lockdep_assert_held(s->table->lock);
	s->again = s->phase != PG_SYNC_IDLE;
	if (s->again)
		return 0;
	s->cut = false;
	s->ranges = 0;
	pg_sync_later(s, zero, zero, U32_MAX);
	err = pg_sync_ask(s);
	if (err)
		pg_sync_stop(s);
	return err;
}

/* The caller's message goes away; what is left of it is needed later. */
static int pg_sync_keep_reply(struct pg_sync *s)
{
	size_t left = pg_cursor_left(&s->rest);

	s->copy = kvmalloc(left + 1, PG_GFP_LINK);	/* an empty list leaves nothing */
	if (!s->copy)
		return -ENOMEM;
	memcpy(s->copy, s->rest.pos, left);
	pg_cursor_init(&s->rest, s->copy, left);
	return 0;
}

int pg_sync_reply(struct pg_sync *s, const u8 *body, size_t len)
{
	int ret;

	lockdep_assert_held(s->table->lock);
	if (!s->asked || !pg_reply_valid(s->buf->asked, s->n_asked, body, len)) {
		pg_sync_stop(s);
		return -EPROTO;
	}
	s->asked = false;
	s->replied = true;
	s->at = 0;
	s->in_list = false;
	pg_cursor_init(&s->rest, body, len);
	ret = pg_sync_step(s);
	if (ret < 0 || !s->replied)
		return ret;
	ret = pg_sync_keep_reply(s);
	if (ret)
		pg_sync_stop(s);
	return ret;
}

int pg_sync_want_done(struct pg_sync *s, u32 token)
{
	lockdep_assert_held(s->table->lock);
	if (!s->wanted || token != s->token) {
		pg_sync_stop(s);
		return -EPROTO;
	}
	s->wanted = false;
	s->n_due = 0;
	return pg_sync_step(s);
}

u32 pg_sync_asked(const struct pg_sync *s)
{
	return READ_ONCE(s->n_asked);
}

bool pg_sync_due(struct pg_sync *s, const u8 *id)
{
	u32 i;

	lockdep_assert_held(s->table->lock);
	for (i = 0; i < s->n_due; i++) {
		if (memcmp(s->buf->due[i], id, PEERGROUP_ID_LEN))
			continue;
		memcpy(s->buf->due[i], s->buf->due[--s->n_due], PEERGROUP_ID_LEN);
		return true;
	}
	return false;
}

int pg_sync_continue(struct pg_sync *s)
{
	lockdep_assert_held(s->table->lock);
	return s->phase == PG_SYNC_IDLE ? 0 : pg_sync_step(s);
}

int pg_sync_init(struct pg_sync *s, struct pg_table *t, const struct pg_sync_ops *ops)
{
	memset(s, 0, sizeof(*s));
	s->table = t;
	s->ops = ops;
	s->buf = kvmalloc(sizeof(*s->buf), PG_GFP_LINK);
	return s->buf ? 0 : -ENOMEM;
}

void pg_sync_destroy(struct pg_sync *s)
{
	pg_sync_stop(s);
	kvfree(s->buf);
	s->buf = NULL;
}
