// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sending half of a link: a bounded queue of messages in which a newer
 * version of a record takes the place of an older one, and the work that seals
 * them into frames and hands these to the socket as far as that takes them.
 * Records are queued by reference; what waits is in clear, and what has been
 * sealed is sent.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "link_priv.h"
#include "message.h"
#include "trace.h"

#define PG_TX_BUDGET		64		/* frames in one run of the work */
#define PG_TX_CONTROL_MAX	(1U << 20)	/* bytes that are not records */
#define PG_TX_CONTROLS_MAX	4096		/* messages that are not records */

/**
 * struct pg_tx - one message to send
 * @list: in pg_link.tx_queue
 * @hash: in pg_link.tx_hash, if it is a record
 * @r: the record, held; NULL for other messages
 * @control: counts against PG_TX_CONTROL_MAX and PG_TX_CONTROLS_MAX
 * @raw: the body is a message of the handshake, sent as it is and without @hdr
 * @len: bytes of body
 * @hdr: the header as sent
 * @body: the body, of what is not a record
 */
struct pg_tx {
	struct list_head list;
	struct hlist_node hash;
	struct pg_record *r;
	bool control;
	bool raw;
	u32 len;
	struct pg_msg_hdr hdr;
	u8 body[];
};

void pg_tx_init(struct pg_link *link)
{
	spin_lock_init(&link->tx_lock);
	INIT_LIST_HEAD(&link->tx_queue);
	hash_init(link->tx_hash);
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
	tx->raw = false;
	tx->len = len;
	memset(&tx->hdr, 0, sizeof(tx->hdr));
	tx->hdr.len = cpu_to_be32(len);
	tx->hdr.type = type;
	return tx;
}

static void pg_tx_free(struct pg_tx *tx)
{
	if (tx->r)
		pg_record_put(tx->r);
	kvfree(tx);
}

static u32 pg_tx_size(const struct pg_tx *tx)
{
	return sizeof(tx->hdr) + tx->len;
}

/* ------------------------------------------------------------- the queue -- */

/* The low half of an id is random. */
static struct hlist_head *pg_tx_bucket(struct pg_link *link, const u8 *id)
{
	u32 n = get_unaligned((u32 *)(id + PEERGROUP_ID_LEN - sizeof(u32)));

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
}

static void pg_tx_append(struct pg_link *link, struct pg_tx *tx)
{
	lockdep_assert_held(&link->tx_lock);
	list_add_tail(&tx->list, &link->tx_queue);
	if (tx->r)
		hlist_add_head(&tx->hash, pg_tx_bucket(link, tx->r->rec.id));
	pg_tx_account(link, tx, 1);
}

/* Appends a message and starts sending; frees it where that cannot be. */
static int pg_tx_queue(struct pg_link *link, struct pg_tx *tx)
{
	int err = 0;

	spin_lock_bh(&link->tx_lock);
	if (pg_link_closing(link))
		err = -EPIPE;
	else if (tx->control && (link->tx_control >= PG_TX_CONTROL_MAX ||
				 link->tx_controls >= PG_TX_CONTROLS_MAX))
		err = -ENOBUFS;
	else
		pg_tx_append(link, tx);
	spin_unlock_bh(&link->tx_lock);
	if (err) {
		pg_tx_free(tx);
		return err;
	}
	pg_link_kick(link, &link->tx);
	return 0;
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
	return link->tx_bytes - link->tx_control;
}

bool pg_link_room(struct pg_link *link)
{
	bool room;

	spin_lock_bh(&link->tx_lock);
	room = pg_tx_load(link) < pg_tx_limit(link) / 2;
	if (!room)
		link->tx_waited = true;
	spin_unlock_bh(&link->tx_lock);
	return room;
}

/* --------------------------------------------------------------- records -- */

int pg_link_send_chain(struct pg_link *link, const struct pg_member *m)
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
		err = pg_link_send_chain(link, r->creator);
	if (!err && !test_bit(r->modifier->nr, link->told))
		err = pg_link_send_chain(link, r->modifier);
	return err;
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

/*
 * Puts @r in the place of a version of it that waits; true if there is nothing
 * left to do. What is being sent has left the queue and is not touched.
 */
static bool pg_tx_coalesce(struct pg_link *link, struct pg_record *r)
{
	struct pg_record *drop = NULL;
	struct pg_tx *tx;
	bool waits;

	spin_lock_bh(&link->tx_lock);
	tx = pg_tx_find(link, r->rec.id);
	waits = tx;
	if (tx && pg_tx_newer(r, tx->r)) {
		drop = pg_record_hold(r);
		pg_tx_swap(link, tx, &drop);
	}
	spin_unlock_bh(&link->tx_lock);
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

	spin_lock_bh(&link->tx_lock);
	tx = pg_tx_find(link, r->rec.id);
	if (tx && pg_tx_newer(r, tx->r)) {
		list_del(&tx->list);
		hlist_del(&tx->hash);
		pg_tx_account(link, tx, -1);
	} else {
		tx = NULL;
	}
	spin_unlock_bh(&link->tx_lock);
	if (!tx)
		return;
	pg_tx_free(tx);
	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_COALESCED);
}

static bool pg_tx_full(struct pg_link *link)
{
	bool full;

	spin_lock_bh(&link->tx_lock);
	full = pg_tx_load(link) >= pg_tx_limit(link);
	spin_unlock_bh(&link->tx_lock);
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
	if (pg_tx_told(link, r)) {
		if (pg_tx_coalesce(link, r))
			return 0;
	} else {
		pg_tx_supersede(link, r);
	}
	if (pg_tx_full(link))
		goto drop;
	tx = pg_tx_new(PG_MSG_RECORD, r->wire_len, 0);
	if (!tx)
		goto drop;
	tx->r = pg_record_hold(r);
	err = pg_tx_tell(link, r);
	if (!err)
		return pg_tx_queue(link, tx);
	pg_tx_free(tx);
	if (err == -EPIPE)
		return err;
drop:
	pg_tx_give_up(link);
	return -ENOBUFS;
}

/* ---------------------------------------------------------------- frames -- */

/* What is half in a frame goes on; else the next message leaves the queue. */
static struct pg_tx *pg_tx_next(struct pg_link *link)
{
	struct pg_tx *tx;

	if (link->tx_now)
		return link->tx_now;
	spin_lock_bh(&link->tx_lock);
	tx = list_first_entry_or_null(&link->tx_queue, struct pg_tx, list);
	if (tx) {
		list_del_init(&tx->list);
		if (tx->r)
			hlist_del_init(&tx->hash);
	}
	link->tx_now = tx;
	link->tx_done = 0;
	spin_unlock_bh(&link->tx_lock);
	return tx;
}

/* A message is in frames, or on its way as it is: it waits no longer. */
static void pg_tx_finish(struct pg_link *link, struct pg_tx *tx)
{
	if (tx->r) {
		atomic64_inc(&link->stat_tx_records);
		trace_pg_record_sent(link->group->index, link->id, tx->r->rec.id,
				     tx->r->rec.version);
	}
	spin_lock_bh(&link->tx_lock);
	link->tx_now = NULL;
	pg_tx_account(link, tx, -1);
	spin_unlock_bh(&link->tx_lock);
	if (tx->raw)
		link->tx_raw = tx;
	else
		pg_tx_free(tx);
}

/* Copies what fits of a message. Return: bytes. */
static u32 pg_tx_copy(struct pg_link *link, struct pg_tx *tx, u8 *to, u32 room)
{
	const u8 *body = tx->r ? tx->r->wire : tx->body;
	u32 done = link->tx_done, n = 0;

	if (done < sizeof(tx->hdr)) {
		n = min_t(u32, room, sizeof(tx->hdr) - done);
		memcpy(to, (u8 *)&tx->hdr + done, n);
		done += n;
	}
	if (done >= sizeof(tx->hdr) && n < room) {
		u32 more = min(room - n, pg_tx_size(tx) - done);

		memcpy(to + n, body + done - sizeof(tx->hdr), more);
		n += more;
	}
	link->tx_done += n;
	return n;
}

/* Seals a frame: be16, ciphertext and tag. @frame holds the plaintext behind the be16. */
static int pg_tx_seal(struct pg_link *link, u8 *frame, u32 text)
{
	int err;

	put_unaligned_be16(text + PG_NOISE_TAG_LEN, frame);
	err = pg_noise_seal(&link->tx_cipher, frame + sizeof(__be16), text);
	if (!err && ++link->tx_frames % PG_REKEY_FRAMES == 0)
		pg_noise_rekey(&link->tx_cipher);
	return err;
}

static void pg_tx_set_out(struct pg_link *link, const u8 *out, u32 len)
{
	link->tx_out = out;
	link->tx_out_len = len;
	link->tx_out_done = 0;
}

/* One frame of what is queued now. Return: 1, 0 where there is nothing, or -errno. */
static int pg_tx_gather(struct pg_link *link)
{
	struct pg_tx *tx;
	u32 text = 0;
	int err;

	if (!link->tx_frame)
		link->tx_frame = kvmalloc(sizeof(__be16) + PG_FRAME_TEXT + PG_NOISE_TAG_LEN,
					  PG_GFP_LINK);
	if (!link->tx_frame)
		return -ENOMEM;
	while (text < PG_FRAME_TEXT && (tx = pg_tx_next(link))) {
		text += pg_tx_copy(link, tx, link->tx_frame + sizeof(__be16) + text,
				   PG_FRAME_TEXT - text);
		if (link->tx_done == pg_tx_size(tx))
			pg_tx_finish(link, tx);
	}
	if (!text)
		return 0;
	err = pg_tx_seal(link, link->tx_frame, text);
	if (err)
		return err;
	pg_tx_set_out(link, link->tx_frame, sizeof(__be16) + text + PG_NOISE_TAG_LEN);
	return 1;
}

/* Decides what the socket gets next. The handshake's messages are all queued before others. */
static int pg_tx_fill(struct pg_link *link)
{
	struct pg_tx *tx = pg_tx_next(link);

	if (link->tx_raw)
		pg_tx_free(link->tx_raw);
	link->tx_raw = NULL;
	if (!tx)
		return 0;
	if (!tx->raw)
		return pg_tx_gather(link);
	pg_tx_set_out(link, tx->body, tx->len);
	pg_tx_finish(link, tx);
	return 1;
}

/* --------------------------------------------------------------- sending -- */

static bool pg_tx_pending(const struct pg_link *link)
{
	return link->tx_out_done < link->tx_out_len;
}

static int pg_tx_some(struct pg_link *link)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = {
		.iov_base = (u8 *)link->tx_out + link->tx_out_done,
		.iov_len = link->tx_out_len - link->tx_out_done,
	};
	int ret = kernel_sendmsg(link->sock, &msg, &vec, 1, vec.iov_len);

	if (ret > 0) {
		atomic64_add(ret, &link->stat_tx_bytes);
		link->tx_out_done += ret;
	}
	return ret;
}

/*
 * Return: 1 to go on, 0 when all is sent or the socket takes no more (it set
 * SOCK_NOSPACE and will call back), or -errno.
 */
static int pg_tx_step(struct pg_link *link)
{
	int ret = 1;

	if (!pg_tx_pending(link))
		ret = pg_tx_fill(link);
	if (ret > 0)
		ret = pg_tx_some(link);
	if (ret <= 0)
		return ret == -EAGAIN ? 0 : ret;
	return 1;
}

/* Tells those who wait for room in the queue. */
static void pg_tx_drained(struct pg_link *link)
{
	bool tell = false;

	if (pg_link_state(link) != PEERGROUP_LINK_UP)
		return;
	spin_lock_bh(&link->tx_lock);
	if (link->tx_waited && pg_tx_load(link) <= pg_tx_limit(link) / 4) {
		link->tx_waited = false;
		tell = true;
	} else if (!link->tx_bytes && READ_ONCE(link->resync)) {
		tell = true;
	}
	spin_unlock_bh(&link->tx_lock);
	if (tell)
		pg_message_drained(link);
}

/*
 * A connection that the other end has ended may still have its last words to
 * read: then the end is @rx's to find.
 */
static void pg_tx_broken(struct pg_link *link, int error)
{
	if (inet_sk_state_load(link->sock->sk) == TCP_CLOSE)
		pg_link_kick(link, &link->rx);
	else
		pg_link_close(link, 0, error);
}

static void pg_tx_run(struct pg_link *link)
{
	int budget = PG_TX_BUDGET;
	int ret = 1;

	while (ret > 0 && budget-- && !pg_link_closing(link))
		ret = pg_tx_step(link);
	if (pg_link_closing(link))
		return;
	if (ret < 0) {
		pg_tx_broken(link, -ret);
		return;
	}
	if (ret > 0)
		queue_work(pg_wq, &link->tx);
	pg_tx_drained(link);
}

void pg_tx_work(struct work_struct *work)
{
	struct pg_link *link = container_of(work, struct pg_link, tx);
	struct mem_cgroup *memcg = pg_group_charge(READ_ONCE(link->group));

	if (pg_link_state(link) != PEERGROUP_LINK_CONNECTING)
		pg_tx_run(link);
	pg_group_uncharge(memcg);
}

/* --------------------------------------------------------------- the end -- */

/* Sends on what is sealed or the handshake's. True if the socket took it all. */
static bool pg_tx_flush(struct pg_link *link)
{
	struct pg_tx *tx;

	while (pg_tx_pending(link) || ((tx = pg_tx_next(link)) && tx->raw)) {
		if (pg_tx_step(link) <= 0)
			return false;
	}
	return true;
}

void pg_tx_bye(struct pg_link *link, u32 reason)
{
	struct {
		__be16 size;
		struct pg_msg_hdr hdr;
		struct pg_bye bye;
		u8 tag[PG_NOISE_TAG_LEN];
	} __packed out = {
		.hdr = { .len = cpu_to_be32(sizeof(out.bye)), .type = PG_MSG_BYE },
		.bye = { .reason = cpu_to_be32(reason) },
	};

	if (!link->keyed || !pg_tx_flush(link) || (link->tx_now && link->tx_done))
		return;
	if (pg_tx_seal(link, (u8 *)&out, sizeof(out.hdr) + sizeof(out.bye)))
		return;
	pg_tx_set_out(link, (u8 *)&out, sizeof(out));
	pg_tx_some(link);
	pg_tx_set_out(link, NULL, 0);
}

void pg_tx_drop(struct pg_link *link)
{
	struct pg_tx *tx, *tmp;
	LIST_HEAD(list);

	pg_tx_set_out(link, NULL, 0);
	if (link->tx_raw)
		pg_tx_free(link->tx_raw);
	link->tx_raw = NULL;
	kvfree(link->tx_frame);
	link->tx_frame = NULL;
	spin_lock_bh(&link->tx_lock);
	list_splice_init(&link->tx_queue, &list);
	if (link->tx_now)
		list_add(&link->tx_now->list, &list);
	link->tx_now = NULL;
	hash_init(link->tx_hash);
	link->tx_bytes = 0;
	link->tx_control = 0;
	link->tx_controls = 0;
	spin_unlock_bh(&link->tx_lock);
	list_for_each_entry_safe(tx, tmp, &list, list)
		pg_tx_free(tx);
}
