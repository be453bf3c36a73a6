// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each message of an established link means. link_rx.c calls in with
 * whole messages of bounded length; replies go out through pg_link_send().
 * Nothing here parses more than fixed structures: records, chains and ranges
 * are the engine's.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "credential.h"
#include "link_priv.h"
#include "message.h"
#include "trace.h"

/* In times of silence after which a PING goes out: how long an answer may take to begin. */
#define PG_ANSWER_ALIVES	8

/* ------------------------------------------------------ reconciliation -- */

/*
 * Before a step after which an answer may be due, as the tick looks at both without a
 * lock: who sees the phase sees since when (pg_message_overdue()).
 */
static void pg_message_ask(struct pg_link *link)
{
	WRITE_ONCE(link->answer_heard, jiffies);
	smp_wmb();	/* pairs with pg_message_overdue() */
}

static int pg_message_sync_send(struct pg_sync *s, u8 type, const void *body, size_t len)
{
	struct pg_link *link = container_of(s, struct pg_link, sync);

	WRITE_ONCE(link->answer_heard, jiffies);
	return pg_link_send(link, type, body, len);
}

static int pg_message_sync_push(struct pg_sync *s, struct pg_record *r)
{
	int err = pg_link_send_record(container_of(s, struct pg_link, sync), r);

	/* What was dropped has called for another run. */
	return err == -ENOBUFS ? 0 : err;
}

static bool pg_message_sync_room(struct pg_sync *s)
{
	return pg_link_room(container_of(s, struct pg_link, sync));
}

const struct pg_sync_ops pg_message_sync_ops = {
	.send = pg_message_sync_send,
	.push = pg_message_sync_push,
	.room = pg_message_sync_room,
};

/*
 * Both ends have what the other had, once the last records it brought are
 * checked, those that wait for a certificate too. If the other end's table was
 * whole, so is ours now: the group is ready. That outlives the table here, by
 * what programs remember, so it is said apart that tables were compared here.
 * What was dropped has been asked for again by then, once: it may not be for this host to have.
 *
 * It is no more than the word of the first member that was reached. Who says
 * that it is ready may have just been started itself, ready by what its programs
 * remember and with nothing in its table, or may lie.
 */
static void pg_message_settle(struct pg_link *link)
{
	struct pg_group *g = link->group;

	lockdep_assert_held(&g->lock);
	if (!g->synced && link->synced && link->peer_ready && !atomic_read(&link->arrivals) &&
	    !link->deferred_bytes && link->sync.phase == PG_SYNC_IDLE &&
	    !READ_ONCE(link->resync) && (link->asked_again || !READ_ONCE(link->missed)))
		pg_group_set_synced(g);
}

/* Goes on after a step of the reconciliation that this end leads. */
static int pg_message_sync_step(struct pg_link *link, int ret)
{
	struct pg_group *g = link->group;
	struct pg_sync_end end = { .flags = cpu_to_be32(g->ready ? PG_SYNC_END_READY : 0) };

	lockdep_assert_held(&g->lock);
	trace_pg_sync(g->index, link->id, link->sync.phase);
	if (ret <= 0)
		return ret;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_SYNCS);
	/*
	 * Not one that left something out, which may have taken long: pg_message_make_up() begins
	 * another in its time, counted from now, that makes up for what was dropped meanwhile, too.
	 */
	if (link->sync.cut) {
		link->last_sync = jiffies;
		return 0;
	}
	/* Something was dropped meanwhile: the run that makes up for it is the one that counts. */
	if (READ_ONCE(link->resync)) {
		WRITE_ONCE(link->resync, false);
		pg_message_ask(link);
		return pg_sync_start(&link->sync);
	}
	link->synced = true;
	pg_message_settle(link);
	return pg_link_send(link, PG_MSG_SYNC_END, &end, sizeof(end));
}

static int pg_message_sync(struct pg_link *link, const u8 *body, u32 len)
{
	struct pg_group *g = link->group;
	size_t out_len;
	u8 *out;
	int ret;

	mutex_lock(&g->lock);
	ret = pg_sync_answer(&g->table, body, len, &out, &out_len);
	if (!ret)
		link->answered = true;
	mutex_unlock(&g->lock);
	if (ret)
		return ret;
	ret = pg_link_send(link, PG_MSG_SYNC_REPLY, out, out_len);
	kvfree(out);
	return ret;
}

static int pg_message_sync_reply(struct pg_link *link, const u8 *body, u32 len)
{
	struct pg_group *g = link->group;
	int ret;

	mutex_lock(&g->lock);
	ret = pg_message_sync_step(link, pg_sync_reply(&link->sync, body, len));
	mutex_unlock(&g->lock);
	return ret;
}

/*
 * Queues what the other end asked for, as far as there is room now: it takes the
 * WANT_DONE for word that nothing is missing. Lock held.
 */
static int pg_message_want_continue(struct pg_link *link)
{
	struct pg_want done = { .token = link->want_token };
	int ret = 0;

	lockdep_assert_held(&link->group->lock);
	while (!ret && link->want_at < link->want_n) {
		struct pg_record *r;

		if (!pg_link_room(link))
			return 0;
		r = pg_table_get(&link->group->table, link->want[link->want_at++]);
		if (!r)
			continue;
		ret = pg_link_send_record(link, r);
		pg_record_put(r);
	}
	link->want_n = 0;
	return ret ?: pg_link_send(link, PG_MSG_WANT_DONE, &done, sizeof(done));
}

static int pg_message_want(struct pg_link *link, const u8 *body, u32 len)
{
	const struct pg_want *want = (const void *)body;
	struct pg_group *g = link->group;
	int ret = -EPROTO;
	u32 n;

	if (len < sizeof(*want) || (len - sizeof(*want)) % PEERGROUP_ID_LEN)
		return -EPROTO;
	n = (len - sizeof(*want)) / PEERGROUP_ID_LEN;
	if (!n || n > PG_WANT_MAX)
		return -EPROTO;
	mutex_lock(&g->lock);
	/* Nobody asks again before the last question is answered. */
	if (!link->want_n) {
		memcpy(link->want, want->ids, n * PEERGROUP_ID_LEN);
		link->want_token = want->token;
		link->want_at = 0;
		link->want_n = n;
		ret = pg_message_want_continue(link);
	}
	mutex_unlock(&g->lock);
	return ret;
}

static int pg_message_want_done(struct pg_link *link, const u8 *body, u32 len)
{
	const struct pg_want *want = (const void *)body;
	struct pg_group *g = link->group;
	int ret;

	if (len != sizeof(*want))
		return -EPROTO;
	mutex_lock(&g->lock);
	ret = pg_message_sync_step(link, pg_sync_want_done(&link->sync,
							   be32_to_cpu(want->token)));
	mutex_unlock(&g->lock);
	return ret;
}

static int pg_message_sync_end(struct pg_link *link, const u8 *body, u32 len)
{
	const struct pg_sync_end *end = (const void *)body;
	struct pg_group *g = link->group;

	if (len != sizeof(*end))
		return -EPROTO;
	mutex_lock(&g->lock);
	if (end->flags & cpu_to_be32(PG_SYNC_END_READY))
		link->peer_ready = true;
	/* The dialling end leads the first one; here its end is the whole of it. */
	if (!link->outbound && link->answered)
		link->synced = true;
	pg_message_settle(link);
	mutex_unlock(&g->lock);
	return 0;
}

void pg_message_drained(struct pg_link *link)
{
	struct pg_group *g = link->group;
	int ret = 0;

	mutex_lock(&g->lock);
	if (!link->up)
		goto out;
	if (link->want_n)
		ret = pg_message_want_continue(link);
	if (ret)
		goto out;
	if (link->sync.phase == PG_SYNC_PUSHING) {
		pg_message_ask(link);
		ret = pg_message_sync_step(link, pg_sync_continue(&link->sync));
	} else if (READ_ONCE(link->resync) && link->sync.phase == PG_SYNC_IDLE &&
		   !link->sync.cut) {
		WRITE_ONCE(link->resync, false);
		pg_message_ask(link);
		ret = pg_sync_start(&link->sync);
	}
	if (!ret)
		pg_message_settle(link);
out:
	mutex_unlock(&g->lock);
	if (ret)
		pg_link_close(link, PG_BYE_PROTOCOL, -ret);
}

/* -------------------------------------------------------- certificates -- */

/* Takes out what waited for a certificate that is known now. Lock held. */
static u32 pg_message_undefer(struct pg_link *link, struct pg_record **out)
{
	struct pg_group *g = link->group;
	u32 i, n = 0;

	for (i = 0; i < PG_LINK_DEFER_MAX; i++) {
		struct pg_deferred *d = &link->deferred[i];
		struct pg_member *m;

		if (!d->r)
			continue;
		m = pg_members_get(&g->members, d->missing);
		if (!m)
			continue;
		pg_member_put(m);
		out[n++] = pg_link_undefer(link, d);
	}
	return n;
}

static int pg_message_gmc(struct pg_link *link, const u8 *body, u32 len)
{
	struct pg_record *again[PG_LINK_DEFER_MAX];
	struct pg_group *g = link->group;
	struct pg_member *leaf, *m;
	struct pg_chain *chain;
	unsigned int refusal;
	u32 i, n;

	chain = kmalloc(sizeof(*chain), GFP_KERNEL);
	if (!chain)
		return -ENOMEM;
	if (pg_chain_decode(chain, body, len)) {
		kfree(chain);
		return -EPROTO;
	}
	refusal = pg_members_learn(&g->members, chain, &leaf);
	kfree(chain);
	if (refusal) {
		pg_stat_inc(&g->stats, refusal);
		return refusal == PEERGROUP_A_STATS_REFUSED_CERT ? -EKEYREJECTED : 0;
	}
	mutex_lock(&g->lock);
	for (m = leaf; m; m = m->parent)
		__set_bit(m->nr, link->told);
	n = pg_message_undefer(link, again);
	mutex_unlock(&g->lock);
	pg_member_put(leaf);
	for (i = 0; i < n; i++)
		pg_flood_again(&g->flood, link, again[i]);
	mutex_lock(&g->lock);
	pg_message_settle(link);
	mutex_unlock(&g->lock);
	return 0;
}

static int pg_message_want_gmc(struct pg_link *link, const u8 *body, u32 len)
{
	const struct pg_want_gmc *want = (const void *)body;
	struct pg_member *m;
	size_t out_len;
	int ret = 0;
	u8 *out;

	if (len != sizeof(*want))
		return -EPROTO;
	m = pg_members_get(&link->group->members, want->fingerprint);
	if (!m)
		return 0;
	out_len = pg_chain_encoded_len(m);
	if (!out_len)		/* the root, which a host of the group has */
		goto put;
	ret = -ENOMEM;
	out = kvmalloc(out_len, PG_GFP_LINK);
	if (out) {
		pg_chain_encode(m, out);
		ret = pg_link_send(link, PG_MSG_GMC, out, out_len);
	}
	kvfree(out);
put:
	pg_member_put(m);
	return ret;
}

bool pg_message_overdue(const struct pg_link *link)
{
	enum pg_sync_phase phase = READ_ONCE(link->sync.phase);
	u64 ms = READ_ONCE(link->group->limits.keepalive_ms);

	if (phase != PG_SYNC_ASKED && phase != PG_SYNC_WANTING)
		return false;
	smp_rmb();	/* pairs with pg_message_ask() */
	return time_after(jiffies, READ_ONCE(link->answer_heard) +
				   msecs_to_jiffies(ms * PG_ANSWER_ALIVES));
}

#define PG_RESYNC_SHIFT_MAX	8	/* an hour, at the usual keepalive */

/*
 * How long a link that shows another table is left in peace. Tables may differ
 * for good, where one has a smaller limit or cannot check an algorithm, and each
 * reconciliation then sends all of the difference for nothing.
 */
static unsigned long pg_message_resync_wait(const struct pg_link *link, u32 futile)
{
	u64 ms = READ_ONCE(link->group->limits.keepalive_ms);

	ms <<= min_t(u32, futile, PG_RESYNC_SHIFT_MAX);
	return msecs_to_jiffies(min_t(u64, ms, 3600 * MSEC_PER_SEC));
}

/* Is it time for another run, after so many that did not bring all? Lock held. */
static bool pg_message_may_repeat(const struct pg_link *link, u32 futile)
{
	/* The last one may be so long ago that what time_before() compares has wrapped. */
	return link->sync.phase == PG_SYNC_IDLE &&
	       jiffies - link->last_sync >= pg_message_resync_wait(link, futile);
}

static int pg_message_repeat(struct pg_link *link)
{
	link->mismatches = 0;
	link->futile++;
	link->last_sync = jiffies;
	WRITE_ONCE(link->missed, false);
	/* What was dropped until now it makes up for. */
	WRITE_ONCE(link->resync, false);
	pg_message_ask(link);
	return pg_sync_start(&link->sync);
}

/*
 * What is known to be missing is asked for in time, however much comes and goes over the link:
 * PINGs, which show that tables differ, are for quiet ones. What comes meanwhile says nothing of
 * whether that is of use, so that these runs are counted apart.
 */
static int pg_message_make_up(struct pg_link *link)
{
	if (!link->up || !pg_message_may_repeat(link, link->made_up))
		return 0;
	if (!link->sync.cut && !READ_ONCE(link->missed)) {
		/* What the last one brought and waits still may have to be asked for again. */
		if (!link->deferred_bytes) {
			link->made_up = 0;
			link->asked_again = false;
		}
		return 0;
	}
	link->made_up++;
	link->asked_again |= READ_ONCE(link->missed);
	return pg_message_repeat(link);
}

void pg_message_tick(struct pg_link *link)
{
	struct pg_group *g = link->group;
	int ret;
	u32 i;

	mutex_lock(&g->lock);
	for (i = 0; i < PG_LINK_DEFER_MAX; i++) {
		struct pg_deferred *d = &link->deferred[i];

		if (!d->r || time_before(jiffies, d->deadline))
			continue;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_REFUSED_UNKNOWN);
		trace_pg_record_verdict(g->index, link->id, d->r->rec.id, d->r->rec.version,
					PEERGROUP_A_STATS_REFUSED_UNKNOWN);
		pg_record_put(pg_link_undefer(link, d));
		WRITE_ONCE(link->missed, true);
	}
	ret = pg_message_make_up(link);
	pg_message_settle(link);
	mutex_unlock(&g->lock);
	if (ret)
		pg_link_close(link, PG_BYE_PROTOCOL, -ret);
}

/* -------------------------------------------------------- signs of life -- */

static void pg_message_fill_ping(struct pg_link *link, struct pg_ping *ping)
{
	struct pg_group *g = link->group;
	struct pg_print print;

	lockdep_assert_held(&g->lock);
	ping->time = cpu_to_be64(pg_group_now(g));
	/* Tables are none of a direct link's business. */
	if (link->direct) {
		ping->count = 0;
		memset(ping->fingerprint, 0, sizeof(ping->fingerprint));
		return;
	}
	pg_table_print(&g->table, NULL, NULL, &print);
	ping->count = cpu_to_be32(print.count);
	pg_print_bytes(&print, ping->fingerprint);
}

int pg_message_ping(struct pg_link *link)
{
	struct pg_group *g = link->group;
	struct pg_ping ping;

	mutex_lock(&g->lock);
	link->ping_token = get_random_u64();
	link->ping_sent = ktime_get();
	ping.token = cpu_to_be64(link->ping_token);
	pg_message_fill_ping(link, &ping);
	mutex_unlock(&g->lock);
	return pg_link_send(link, PG_MSG_PING, &ping, sizeof(ping));
}

/*
 * Two tables that still differ on a quiet link: something was lost on the way,
 * or expired here and not there. Twice in a row is no coincidence; more often
 * than each keepalive is nobody's business. After a run that left something out
 * there is another, whatever the tables are now, as the other end may wait for the
 * end of a whole one: pg_message_make_up() sees to that.
 */
static int pg_message_compare(struct pg_link *link, const struct pg_ping *theirs)
{
	struct pg_ping mine;

	pg_message_fill_ping(link, &mine);
	if (link->sync.cut)
		return 0;
	if (mine.count == theirs->count &&
	    !memcmp(mine.fingerprint, theirs->fingerprint, sizeof(mine.fingerprint))) {
		WRITE_ONCE(link->missed, false);
		link->mismatches = 0;
		link->futile = 0;
		return 0;
	}
	/* What is on its way may be the difference. */
	if (atomic_read(&link->arrivals) || !pg_message_may_repeat(link, link->futile) ||
	    ++link->mismatches < 2)
		return 0;
	return pg_message_repeat(link);
}

static int pg_message_pinged(struct pg_link *link, u8 type, const u8 *body, u32 len)
{
	const struct pg_ping *ping = (const void *)body;
	struct pg_group *g = link->group;
	struct pg_ping pong;
	int ret;

	if (len != sizeof(*ping))
		return -EPROTO;
	mutex_lock(&g->lock);
	pg_group_clock_heard(link, be64_to_cpu(ping->time));
	ret = link->direct ? 0 : pg_message_compare(link, ping);
	pong.token = ping->token;
	pg_message_fill_ping(link, &pong);
	if (type == PG_MSG_PONG && link->ping_token &&
	    be64_to_cpu(ping->token) == link->ping_token) {
		link->rtt_us = ktime_us_delta(ktime_get(), link->ping_sent);
		link->ping_token = 0;
	}
	mutex_unlock(&g->lock);
	if (ret || type == PG_MSG_PONG)
		return ret;
	return pg_link_send(link, PG_MSG_PONG, &pong, sizeof(pong));
}

int pg_message_bye(struct pg_link *link, const struct pg_bye *bye)
{
	u32 reason = be32_to_cpu(bye->reason);

	if (reason == PG_BYE_REVOKED)
		pg_group_disowned(link);
	return pg_bye_errno(reason);
}

/* ------------------------------------------------------------ dispatch -- */

/* What may come over a direct link. */
static bool pg_message_for_direct(u8 type)
{
	return type == PG_MSG_DIRECT || type == PG_MSG_PING || type == PG_MSG_PONG ||
	       type == PG_MSG_CREDENTIAL || type == PG_MSG_BYE;
}

u32 pg_message_limit(struct pg_link *link, u8 type, bool *skip)
{
	*skip = false;
	if (link->direct && !pg_message_for_direct(type))
		return 0;
	switch (type) {
	case PG_MSG_DIRECT:
		*skip = true;
		return READ_ONCE(link->group->limits.table.record_size) + sizeof(struct pg_direct);
	case PG_MSG_GMC:
		return PG_GMC_BODY_MAX;
	case PG_MSG_CREDENTIAL:
		return PEERGROUP_CREDENTIAL_LEN_MAX + PG_CHAIN_LEN_MAX;
	case PG_MSG_RECORD:
		*skip = true;
		return READ_ONCE(link->group->limits.table.record_size) + PG_RECORD_OVERHEAD;
	case PG_MSG_WANT_GMC:
		return sizeof(struct pg_want_gmc);
	case PG_MSG_WANT:
		return sizeof(struct pg_want) + PG_WANT_MAX * PEERGROUP_ID_LEN;
	case PG_MSG_SYNC:
	case PG_MSG_SYNC_REPLY:
		return PG_MSG_BODY_MAX;
	case PG_MSG_WANT_DONE:
		return sizeof(struct pg_want);
	case PG_MSG_SYNC_END:
		return sizeof(struct pg_sync_end);
	case PG_MSG_PING:
	case PG_MSG_PONG:
		return sizeof(struct pg_ping);
	case PG_MSG_REFRESH:
		return sizeof(struct pg_refresh_msg);
	case PG_MSG_BYE:
		return sizeof(struct pg_bye);
	default:
		return 0;
	}
}

static int pg_message_small(struct pg_link *link, u8 type, const u8 *body, u32 len)
{
	switch (type) {
	case PG_MSG_GMC:
		return pg_message_gmc(link, body, len);
	case PG_MSG_CREDENTIAL:
		return pg_handshake_renew(link, body, len);
	case PG_MSG_WANT_GMC:
		return pg_message_want_gmc(link, body, len);
	case PG_MSG_SYNC:
		return pg_message_sync(link, body, len);
	case PG_MSG_SYNC_REPLY:
		return pg_message_sync_reply(link, body, len);
	case PG_MSG_WANT:
		return pg_message_want(link, body, len);
	case PG_MSG_WANT_DONE:
		return pg_message_want_done(link, body, len);
	case PG_MSG_SYNC_END:
		return pg_message_sync_end(link, body, len);
	case PG_MSG_PING:
	case PG_MSG_PONG:
		return pg_message_pinged(link, type, body, len);
	case PG_MSG_REFRESH:
		return len == sizeof(struct pg_refresh_msg) ?
		       pg_group_refresh_arrival(link, (const void *)body) : -EPROTO;
	case PG_MSG_BYE:
		return len == sizeof(struct pg_bye) ? pg_message_bye(link, (const void *)body) :
						      -EPROTO;
	default:
		return -EPROTO;
	}
}

int pg_message(struct pg_link *link, u8 type, u8 *body, u32 len)
{
	int ret;

	/* Who owes an answer is on its way to it with all but this. */
	if (type != PG_MSG_PING && type != PG_MSG_PONG && type != PG_MSG_REFRESH)
		WRITE_ONCE(link->answer_heard, jiffies);
	if (type == PG_MSG_RECORD) {
		if (!len)
			return -EPROTO;
		atomic64_inc(&link->stat_rx_records);
		pg_flood_arrival(&link->group->flood, link, body, len);
		return 0;
	}
	if (type == PG_MSG_DIRECT)
		return pg_data_arrival(link, body, len);
	ret = pg_message_small(link, type, body, len);
	kvfree(body);
	return ret;
}
