// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits to be sent on a link: a bounded queue of messages, in which a newer
 * version of a record takes the place of an older one. Records are queued by
 * reference. Whoever has something to say calls it; link_tx.c takes from it.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "link_queue.h"
#include "message.h"
#include "refresh.h"
#include "netlink.h"
#include "trace.h"

#define PG_TX_CONTROL_MAX	(1U << 20)	/* bytes that are not records */
#define PG_TX_CONTROLS_MAX	4096		/* messages that are not records */
#define PG_TX_WAITS_MAX		256		/* sockets of one user that wait for room */

void pg_tx_init(struct pg_link *link)
{
	spin_lock_init(&link->tx_lock);
	INIT_LIST_HEAD(&link->tx_queue);
	INIT_LIST_HEAD(&link->tx_waits);
	hash_init(link->tx_hash);
	get_random_bytes(&link->tx_key, sizeof(link->tx_key));
}

static struct pg_tx *pg_tx_new(u8 type, size_t len, size_t inline_len)
{
	struct pg_tx *tx = kvmalloc(struct_size(tx, body, inline_len), PG_GFP_LINK);

	if (!tx)
		return NULL;
	INIT_LIST_HEAD(&tx->list);
	INIT_HLIST_NODE(&tx->hash);
	tx->r = NULL;
	tx->control = false;
	tx->data = false;
	tx->raw = false;
	tx->len = len;
	memset(&tx->hdr, 0, sizeof(tx->hdr));
	tx->hdr.len = cpu_to_be32(len);
	tx->hdr.type = type;
	return tx;
}

void pg_tx_free(struct pg_tx *tx)
{
	if (tx->r)
		pg_record_put(tx->r);
	kvfree(tx);
}

/* ------------------------------------------------------------- the queue -- */

/* All of an id's lower half is its creator's to choose, hence the key. */
static struct hlist_head *pg_tx_bucket(struct pg_link *link, const u8 *id)
{
	u64 n = siphash(id, PEERGROUP_ID_LEN, &link->tx_key);

	return &link->tx_hash[n % ARRAY_SIZE(link->tx_hash)];
}

static void pg_tx_account(struct pg_link *link, const struct pg_tx *tx, int sign)
{
	lockdep_assert_held(&link->tx_lock);
	WRITE_ONCE(link->tx_bytes, link->tx_bytes + sign * pg_tx_size(tx));
	if (tx->control) {
		link->tx_control += sign * pg_tx_size(tx);
		link->tx_controls += sign;
	}
	if (tx->data)
		link->tx_data += sign * pg_tx_size(tx);
}

static void pg_tx_append(struct pg_link *link, struct pg_tx *tx)
{
	lockdep_assert_held(&link->tx_lock);
	list_add_tail(&tx->list, &link->tx_queue);
	if (tx->r)
		hlist_add_head(&tx->hash, pg_tx_bucket(link, tx->r->rec.id));
	pg_tx_account(link, tx, 1);
}

/* A message has been appended: starts sending; or, where it could not be (@err), frees it. */
static int pg_tx_appended(struct pg_link *link, struct pg_tx *tx, int err)
{
	if (err)
		pg_tx_free(tx);
	else
		pg_link_kick(link, &link->tx);
	return err;
}

static int pg_tx_queue(struct pg_link *link, struct pg_tx *tx)
{
	int err = 0;

	spin_lock(&link->tx_lock);
	if (pg_link_closing(link))
		err = -EPIPE;
	else if (tx->control && (link->tx_control >= PG_TX_CONTROL_MAX ||
				 link->tx_controls >= PG_TX_CONTROLS_MAX))
		err = -ENOBUFS;
	else
		pg_tx_append(link, tx);
	spin_unlock(&link->tx_lock);
	return pg_tx_appended(link, tx, err);
}

int pg_link_send(struct pg_link *link, u8 type, const void *body, size_t len)
{
	struct pg_tx *tx = pg_tx_new(type, len, len);

	if (!tx)
		return -ENOMEM;
	memcpy(tx->body, body, len);
	tx->control = true;
	return pg_tx_queue(link, tx);
}

int pg_tx_raw(struct pg_link *link, const void *data, size_t len)
{
	struct pg_tx *tx = pg_tx_new(0, len, len);

	if (!tx)
		return -ENOMEM;
	memcpy(tx->body, data, len);
	tx->control = true;
	tx->raw = true;
	return pg_tx_queue(link, tx);
}

/*
 * Records may be queued up to the group's limit, and the last one beyond it: so
 * one longer than the limit still gets through.
 */
static u32 pg_tx_limit(const struct pg_link *link)
{
	return READ_ONCE(link->group->limits.queue_bytes);
}

static u32 pg_tx_load(const struct pg_link *link)
{
	lockdep_assert_held(&link->tx_lock);
	return link->tx_bytes - link->tx_control - link->tx_data;
}

bool pg_link_room(struct pg_link *link)
{
	bool room;

	spin_lock(&link->tx_lock);
	room = pg_tx_load(link) < pg_tx_limit(link) / 2;
	if (!room)
		link->tx_waited = true;
	spin_unlock(&link->tx_lock);
	return room;
}

/* ------------------------------------------------------------------ data -- */

/* As with records: the last one may go beyond the limit. */
static bool pg_tx_data_room(const struct pg_link *link, u32 share)
{
	lockdep_assert_held(&link->tx_lock);
	return link->tx_data < READ_ONCE(link->group->limits.send_queue) / share;
}

/* 0 where data may be queued now. */
static int pg_tx_data_check(const struct pg_link *link)
{
	if (pg_link_closing(link) || pg_link_draining(link) ||
	    pg_link_state(link) != PEERGROUP_LINK_UP)
		return -ENOTCONN;
	return pg_tx_data_room(link, 1) ? 0 : -EAGAIN;
}

int pg_link_send_data(struct pg_link *link, const u8 *type, const void *data, u32 len)
{
	struct pg_tx *tx;
	int err;

	spin_lock(&link->tx_lock);
	err = pg_tx_data_check(link);
	spin_unlock(&link->tx_lock);
	if (err)
		return err;
	tx = pg_tx_new(PG_MSG_DIRECT, PEERGROUP_ID_LEN + len, PEERGROUP_ID_LEN + len);
	if (!tx)
		return -ENOMEM;
	memcpy(tx->body, type, PEERGROUP_ID_LEN);
	memcpy(tx->body + PEERGROUP_ID_LEN, data, len);
	tx->data = true;
	/* Others may have filled it meanwhile. */
	spin_lock(&link->tx_lock);
	err = pg_tx_data_check(link);
	if (!err)
		pg_tx_append(link, tx);
	spin_unlock(&link->tx_lock);
	return pg_tx_appended(link, tx, err);
}

/*
 * Puts @wait into the list, unless its socket is in it. @owns: as the group's owner does. Return:
 * 0, or -errno for @wait to go.
 */
static int pg_tx_add_wait(struct pg_link *link, struct pg_send_wait *wait, bool owns)
{
	const struct pg_send_wait *other;
	u32 n = 0, all = 0;
	int err;

	lockdep_assert_held(&link->tx_lock);
	err = pg_tx_data_check(link);
	if (err != -EAGAIN)
		return err ?: -EBUSY;
	list_for_each_entry(other, &link->tx_waits, list) {
		if (other->sk == wait->sk)
			return -EALREADY;
		n += uid_eq(other->uid, wait->uid);
		all++;
	}
	if (n >= PG_TX_WAITS_MAX)
		return -ENOSPC;
	if (pg_crowded(n, all, owns))
		return -EUSERS;
	list_add_tail(&wait->list, &link->tx_waits);
	return 0;
}

static void pg_send_wait_free(struct pg_link *link, struct pg_send_wait *wait)
{
	pg_claim_del(link->group, &wait->claim);
	sock_put(wait->sk);
	kfree(wait);
}

int pg_link_await_room(struct pg_link *link, const struct pg_opener *opener)
{
	struct pg_send_wait *wait = kzalloc(sizeof(*wait), GFP_KERNEL_ACCOUNT);
	bool owns = opener->admin ||
		    pg_owner_permits(&link->group->owner, opener->cred, PG_NEED_OWN);
	int err;

	if (!wait)
		return -ENOMEM;
	/* Before it can be found: who closes the socket looks at it without a lock. */
	pg_claim_add(link->group, &wait->claim, opener->portid);
	sock_hold(opener->sk);
	wait->sk = opener->sk;
	wait->portid = opener->portid;
	wait->uid = pg_cred_user(opener->cred);
	spin_lock(&link->tx_lock);
	err = pg_tx_add_wait(link, wait, owns);
	spin_unlock(&link->tx_lock);
	if (err)
		pg_send_wait_free(link, wait);
	return err == -EALREADY ? 0 : err;
}

void pg_link_forget_port(struct pg_link *link, u32 portid)
{
	struct pg_send_wait *wait, *tmp;
	LIST_HEAD(gone);

	spin_lock(&link->tx_lock);
	list_for_each_entry_safe(wait, tmp, &link->tx_waits, list)
		if (wait->portid == portid && sock_flag(wait->sk, SOCK_DEAD))
			list_move(&wait->list, &gone);
	spin_unlock(&link->tx_lock);
	list_for_each_entry_safe(wait, tmp, &gone, list)
		pg_send_wait_free(link, wait);
}

/* Tells those who wait for room that there is some, or (@closing) that there never will. */
static void pg_tx_wake(struct pg_link *link, bool closing)
{
	struct pg_send_wait *wait, *tmp;
	LIST_HEAD(waits);

	spin_lock(&link->tx_lock);
	if (closing || pg_tx_data_room(link, 2))
		list_splice_init(&link->tx_waits, &waits);
	spin_unlock(&link->tx_lock);
	list_for_each_entry_safe(wait, tmp, &waits, list) {
		pg_netlink_sendable(link->group, link->id, wait);
		pg_send_wait_free(link, wait);
	}
}

/* --------------------------------------------------------------- records -- */

/* Queues a member's certificates, and marks each of them as told. As pg_link_send(). */
static int pg_tx_chain(struct pg_link *link, const struct pg_member *m)
{
	size_t len = pg_chain_encoded_len(m);
	struct pg_tx *tx;
	int err;

	lockdep_assert_held(&link->group->lock);
	/* The root is known to whoever is in the group. */
	if (!m->parent)
		return 0;
	tx = pg_tx_new(PG_MSG_GMC, len, len);
	if (!tx)
		return -ENOMEM;
	pg_chain_encode(m, tx->body);
	err = pg_tx_queue(link, tx);
	if (err)
		return err;
	for (; m; m = m->parent)
		__set_bit(m->nr, link->told);
	return 0;
}

static bool pg_tx_told(const struct pg_link *link, const struct pg_record *r)
{
	return test_bit(r->creator->nr, link->told) && test_bit(r->modifier->nr, link->told);
}

/* Sends the chains of a record's signers where the other end lacks them. */
static int pg_tx_tell(struct pg_link *link, const struct pg_record *r)
{
	int err = 0;

	if (!test_bit(r->creator->nr, link->told))
		err = pg_tx_chain(link, r->creator);
	if (!err && !test_bit(r->modifier->nr, link->told))
		err = pg_tx_chain(link, r->modifier);
	return err;
}

/* Says how far a record has been refreshed. As pg_link_send(). */
static int pg_tx_refresh(struct pg_link *link, const struct pg_record *r)
{
	struct pg_tx *tx = pg_tx_new(PG_MSG_REFRESH, sizeof(struct pg_refresh_msg),
				     sizeof(struct pg_refresh_msg));
	struct pg_refresh_msg *msg;

	lockdep_assert_held(&link->group->lock);
	if (!tx)
		return -ENOMEM;
	msg = (struct pg_refresh_msg *)tx->body;
	memcpy(msg->id, r->rec.id, sizeof(msg->id));
	memcpy(msg->digest, r->rec.digest, sizeof(msg->digest));
	msg->step = cpu_to_be32(r->refresh->step);
	memcpy(msg->value, r->refresh->value, sizeof(msg->value));
	return pg_tx_queue(link, tx);
}

static bool pg_record_refreshed(const struct pg_record *r)
{
	return r->refresh && r->refresh->step;
}

static struct pg_tx *pg_tx_find(struct pg_link *link, const u8 *id)
{
	struct pg_tx *tx;

	lockdep_assert_held(&link->tx_lock);
	hlist_for_each_entry(tx, pg_tx_bucket(link, id), hash) {
		if (!memcmp(tx->r->rec.id, id, PEERGROUP_ID_LEN))
			return tx;
	}
	return NULL;
}

static bool pg_tx_newer(const struct pg_record *a, const struct pg_record *b)
{
	struct pg_rec_key ka, kb;

	pg_record_key(a, &ka);
	pg_record_key(b, &kb);
	return pg_rec_key_cmp(&ka, &kb) > 0;
}

static void pg_tx_swap(struct pg_link *link, struct pg_tx *tx, struct pg_record **r)
{
	pg_tx_account(link, tx, -1);
	swap(tx->r, *r);
	tx->len = tx->r->wire_len;
	tx->hdr.len = cpu_to_be32(tx->len);
	pg_tx_account(link, tx, 1);
}

static bool pg_tx_same_signers(const struct pg_record *a, const struct pg_record *b)
{
	return a->creator == b->creator && a->modifier == b->modifier;
}

/*
 * Puts @r in the place of a version of it that waits; true if there is nothing
 * left to do. What is being sent has left the queue and is not touched. Nor is a
 * version by other signers: what tells of @r's may wait, too, and behind it.
 */
static bool pg_tx_coalesce(struct pg_link *link, struct pg_record *r)
{
	struct pg_record *drop = NULL;
	struct pg_tx *tx;
	bool waits;

	spin_lock(&link->tx_lock);
	tx = pg_tx_find(link, r->rec.id);
	waits = tx;
	if (tx && pg_tx_newer(r, tx->r)) {
		waits = pg_tx_same_signers(r, tx->r);
		if (waits) {
			drop = pg_record_hold(r);
			pg_tx_swap(link, tx, &drop);
		}
	}
	spin_unlock(&link->tx_lock);
	if (!drop)
		return waits;
	pg_record_put(drop);
	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_COALESCED);
	return true;
}

/* A version that must not overtake its signer's certificate cannot take a place. */
static void pg_tx_supersede(struct pg_link *link, const struct pg_record *r)
{
	struct pg_tx *tx;

	spin_lock(&link->tx_lock);
	tx = pg_tx_find(link, r->rec.id);
	if (tx && pg_tx_newer(r, tx->r)) {
		list_del(&tx->list);
		hlist_del(&tx->hash);
		pg_tx_account(link, tx, -1);
	} else {
		tx = NULL;
	}
	spin_unlock(&link->tx_lock);
	if (!tx)
		return;
	pg_tx_free(tx);
	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_COALESCED);
}

static bool pg_tx_full(struct pg_link *link)
{
	bool full;

	spin_lock(&link->tx_lock);
	full = pg_tx_load(link) >= pg_tx_limit(link);
	spin_unlock(&link->tx_lock);
	return full;
}

void pg_link_resync(struct pg_link *link)
{
	WRITE_ONCE(link->resync, true);
	pg_link_kick(link, &link->tx);
}

/* The other end will have to find out by reconciliation. */
static void pg_tx_give_up(struct pg_link *link)
{
	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_DROPPED_QUEUE);
	pg_link_resync(link);
}

int pg_link_send_record(struct pg_link *link, struct pg_record *r)
{
	struct pg_tx *tx;
	int err;

	lockdep_assert_held(&link->group->lock);
	if (pg_link_closing(link))
		return -EPIPE;
	/* What goes before it cannot take a place, either. */
	if (pg_tx_told(link, r) && !pg_record_refreshed(r) && pg_tx_coalesce(link, r))
		return 0;
	pg_tx_supersede(link, r);
	if (pg_tx_full(link))
		goto drop;
	tx = pg_tx_new(PG_MSG_RECORD, r->wire_len, 0);
	if (!tx)
		goto drop;
	tx->r = pg_record_hold(r);
	err = pg_tx_tell(link, r);
	if (!err && pg_record_refreshed(r))
		err = pg_tx_refresh(link, r);
	if (!err)
		return pg_tx_queue(link, tx);
	pg_tx_free(tx);
	if (err == -EPIPE)
		return err;
drop:
	pg_tx_give_up(link);
	return -ENOBUFS;
}

void pg_link_send_refresh(struct pg_link *link, const struct pg_record *r)
{
	if (!pg_link_closing(link) && !pg_tx_full(link))
		pg_tx_refresh(link, r);
}

/* --------------------------------------------------- what link_tx.c takes -- */

struct pg_tx *pg_tx_next(struct pg_link *link)
{
	struct pg_tx *tx;

	if (link->tx_now)
		return link->tx_now;
	spin_lock(&link->tx_lock);
	tx = list_first_entry_or_null(&link->tx_queue, struct pg_tx, list);
	if (tx) {
		list_del_init(&tx->list);
		if (tx->r)
			hlist_del_init(&tx->hash);
	}
	link->tx_now = tx;
	link->tx_done = 0;
	spin_unlock(&link->tx_lock);
	return tx;
}

void pg_tx_finish(struct pg_link *link, struct pg_tx *tx)
{
	if (tx->r) {
		atomic64_inc(&link->stat_tx_records);
		trace_pg_record_sent(link->group->index, link->id, tx->r->rec.id,
				     tx->r->rec.version);
	}
	spin_lock(&link->tx_lock);
	link->tx_now = NULL;
	pg_tx_account(link, tx, -1);
	spin_unlock(&link->tx_lock);
	if (tx->raw)
		link->tx_raw = tx;
	else
		pg_tx_free(tx);
}

void pg_tx_drained(struct pg_link *link)
{
	bool tell = false;

	if (pg_link_state(link) != PEERGROUP_LINK_UP)
		return;
	spin_lock(&link->tx_lock);
	if (link->tx_waited && pg_tx_load(link) <= pg_tx_limit(link) / 4) {
		link->tx_waited = false;
		tell = true;
	} else if (!pg_tx_load(link) && READ_ONCE(link->resync)) {
		tell = true;
	}
	spin_unlock(&link->tx_lock);
	if (tell)
		pg_message_drained(link);
	pg_tx_wake(link, false);
}

void pg_tx_empty(struct pg_link *link)
{
	struct pg_tx *tx, *tmp;
	LIST_HEAD(list);

	spin_lock(&link->tx_lock);
	list_splice_init(&link->tx_queue, &list);
	if (link->tx_now)
		list_add(&link->tx_now->list, &list);
	link->tx_now = NULL;
	hash_init(link->tx_hash);
	link->tx_bytes = 0;
	link->tx_control = 0;
	link->tx_controls = 0;
	link->tx_data = 0;
	spin_unlock(&link->tx_lock);
	list_for_each_entry_safe(tx, tmp, &list, list)
		pg_tx_free(tx);
	pg_tx_wake(link, true);
}
