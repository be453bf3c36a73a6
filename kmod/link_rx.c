// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receiving half of a link, in two layers: from the bytes of the stream to
 * whole blocks, which are the handshake's or sealed frames, and from what frames
 * hold to whole messages, each of a type that may arrive and no longer than it
 * may be. What a peer announces costs nothing; memory follows the bytes that
 * really come.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include "link_priv.h"
#include "message.h"

#define PG_RX_BUDGET	128		/* steps in one run of the work: two per message */
#define PG_RX_FIRST	(64U << 10)	/* bytes of body allocated at once */
#define PG_RX_BLOCK	512U		/* and of a block: an opening fits */
#define PG_RX_BURST_NS	(100 * 1000000ULL)
#define PG_RX_AHEAD_NS	(PG_RX_BURST_NS + NSEC_PER_SEC)
#define PG_RX_RANGES	4		/* of a SYNC or its answer that count as one message */
#define PG_RX_PROOFS_NS	(10ULL * NSEC_PER_SEC)	/* and of what compares tables */
/* Each link of a member may read one more before they all wait, which is held against them. */
#define PG_RX_PROOFS_AHEAD_NS	(2 * PG_RX_PROOFS_NS)

/* ---------------------------------------------------------- holding back -- */

static bool pg_rx_over(const struct pg_link *link, int share)
{
	int max = READ_ONCE(link->appeal) ? PG_LINK_APPEAL_MAX : PG_LINK_ARRIVALS_MAX;

	return atomic_read(&link->arrivals) >= max / share ||
	       atomic_read(&link->arrival_bytes) >= (int)PG_LINK_ARRIVAL_BYTES / share;
}

/* Stops reading while too much of this link is being verified. */
static bool pg_rx_pause(struct pg_link *link)
{
	if (!pg_rx_over(link, 1))
		return false;
	set_bit(PG_LINK_PAUSED, &link->flags);
	/*
	 * Pairs with pg_link_arrival_done(): who lets go of an arrival from now on
	 * sees the flag, and what was let go of before is seen here.
	 */
	smp_mb__after_atomic();
	if (pg_rx_over(link, 2))
		return true;
	clear_bit(PG_LINK_PAUSED, &link->flags);
	return false;
}

void pg_link_arrival_done(struct pg_link *link, u32 bytes)
{
	atomic_sub(bytes, &link->arrival_bytes);
	atomic_dec(&link->arrivals);
	/* Pairs with pg_rx_pause(). */
	smp_mb__after_atomic();
	if (test_bit(PG_LINK_PAUSED, &link->flags) && !pg_rx_over(link, 2) &&
	    test_and_clear_bit(PG_LINK_PAUSED, &link->flags))
		pg_link_kick(link, &link->rx);
}

/* How long (ns) until a rate leaves room again, of which @burst ns' worth may come at once. */
static u64 pg_rx_wait(u64 due, u32 rate, u64 now, u64 burst)
{
	return pg_rate_over(due, rate, now, burst) ? due - now - burst : 0;
}

/* The same of what has a rate for all links of a member, and for all whom one invited. */
static u64 pg_rx_member_wait(const struct pg_link *link, enum pg_pace kind, u32 rate, u64 now)
{
	u64 own, all = 0;

	/* Who has not proved to be anybody yet has had nothing read that counts. */
	if (!link->payer)
		return 0;
	own = pg_rx_wait(atomic64_read(&link->payer->pace[kind]), rate, now, PG_RX_PROOFS_NS);
	if (link->inviter)
		all = pg_rx_wait(atomic64_read(&link->inviter->branch_pace[kind]),
				 rate * PG_QUOTA_INVITER, now, PG_RX_PROOFS_NS);
	return max(own, all);
}

/* Who is taken for revoked is not to hold up who invited it and is in. */
static enum pg_pace pg_rx_proof_pace(const struct pg_link *link)
{
	return link->appeal ? PG_PACE_APPEAL : PG_PACE_PROOF;
}

/*
 * How long (ns) until a link may bring more. Of records a tenth of a second's worth may
 * come at once. What proves a membership costs a signature check or an answer many times
 * as long, and what compares tables a search of all of it; who joins a large group asks for
 * much of both, and gets ten seconds' worth. As much as one creator may publish comes from
 * one member that is checked for nothing.
 */
static u64 pg_rx_early(const struct pg_link *link, u64 now)
{
	const struct pg_limits *l = &link->group->limits;
	u64 record, data, proof, sync, wasted;

	record = pg_rx_wait(link->rx_due, READ_ONCE(l->link_rate), now, PG_RX_BURST_NS);
	data = pg_rx_wait(link->rx_data_due, READ_ONCE(l->data_rate), now, PG_RX_BURST_NS);
	proof = pg_rx_member_wait(link, pg_rx_proof_pace(link), READ_ONCE(l->proof_rate), now);
	sync = pg_rx_member_wait(link, PG_PACE_SYNC, READ_ONCE(l->sync_rate), now);
	wasted = pg_rx_member_wait(link, PG_PACE_WASTED, READ_ONCE(l->table.creator.rate), now);
	return max(max(max(record, data), max(proof, sync)), wasted);
}

static void pg_rx_take_member(struct pg_link *link, enum pg_pace kind, u32 rate)
{
	u64 now = ktime_get_ns();

	pg_rate_take_shared(&link->payer->pace[kind], rate, now, PG_RX_PROOFS_AHEAD_NS);
	if (link->inviter)
		pg_rate_take_shared(&link->inviter->branch_pace[kind], rate * PG_QUOTA_INVITER,
				    now, PG_RX_PROOFS_AHEAD_NS);
}

static void pg_rx_take_sync(struct pg_link *link)
{
	pg_rx_take_member(link, PG_PACE_SYNC, READ_ONCE(link->group->limits.sync_rate));
}

/* Each range is searched for by itself, in an answer as in a question. */
static void pg_rx_take_ranges(struct pg_link *link, u32 ranges)
{
	for (; ranges > PG_RX_RANGES; ranges -= PG_RX_RANGES)
		pg_rx_take_sync(link);
	pg_rx_take_sync(link);
}

void pg_link_wasted(struct pg_link *link, u32 units)
{
	/* What is heard of who is taken for revoked has a bound of its own. */
	if (READ_ONCE(link->appeal))
		return;
	while (units--)
		pg_rx_take_member(link, PG_PACE_WASTED,
				  READ_ONCE(link->group->limits.table.creator.rate));
}

bool pg_rx_may_appeal(const struct pg_link *link)
{
	return !pg_rx_member_wait(link, PG_PACE_APPEAL, READ_ONCE(link->group->limits.proof_rate),
				  ktime_get_ns());
}

void pg_rx_take_appeal(struct pg_link *link)
{
	pg_rx_take_member(link, PG_PACE_APPEAL, READ_ONCE(link->group->limits.proof_rate));
}

/* Counts a message against the rate of its kind. */
static void pg_rx_take_rate(struct pg_link *link, u8 type, u32 len)
{
	const struct pg_limits *limits = &link->group->limits;

	switch (type) {
	case PG_MSG_RECORD:
	case PG_MSG_REFRESH:
		pg_rate_take(&link->rx_due, READ_ONCE(limits->link_rate), ktime_get_ns(),
			     PG_RX_AHEAD_NS);
		break;
	case PG_MSG_DIRECT:
		pg_rate_take(&link->rx_data_due, READ_ONCE(limits->data_rate), ktime_get_ns(),
			     PG_RX_AHEAD_NS);
		break;
	case PG_MSG_GMC:
	case PG_MSG_WANT_GMC:
	case PG_MSG_CREDENTIAL:
		pg_rx_take_member(link, pg_rx_proof_pace(link), READ_ONCE(limits->proof_rate));
		break;
	case PG_MSG_SYNC:
		pg_rx_take_ranges(link, pg_sync_ranges(len));
		break;
	case PG_MSG_SYNC_REPLY:
		pg_rx_take_ranges(link, pg_sync_asked(&link->sync));
		break;
	case PG_MSG_WANT:
	case PG_MSG_WANT_DONE:
	case PG_MSG_SYNC_END:
	case PG_MSG_PING:
	case PG_MSG_PONG:
		pg_rx_take_sync(link);
		break;
	}
}

/*
 * Stops reading for a moment where more comes than one link may bring: TCP makes the
 * other end wait, and nothing is lost.
 */
static bool pg_rx_pace(struct pg_link *link)
{
	u64 wait = link->group ? pg_rx_early(link, ktime_get_ns()) : 0;

	if (!wait)
		return false;
	if (!test_and_set_bit(PG_LINK_PACED, &link->flags))
		pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_LINK_PACED);
	spin_lock(&link->state_lock);
	if (!link->closing)
		queue_delayed_work(pg_wq, &link->pace, nsecs_to_jiffies(wait) + 1);
	spin_unlock(&link->state_lock);
	return true;
}

void pg_rx_pace_work(struct work_struct *work)
{
	struct pg_link *link = container_of(to_delayed_work(work), struct pg_link, pace);

	clear_bit(PG_LINK_PACED, &link->flags);
	pg_link_kick(link, &link->rx);
}

/* --------------------------------------------------------------- reading -- */

/* Return: bytes read, 0 where there is nothing to read now, or -errno. */
static int pg_rx_recv(struct pg_link *link, void *buf, u32 len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	int ret;

	ret = kernel_recvmsg(link->sock, &msg, &vec, 1, len, msg.msg_flags);
	if (ret == -EAGAIN)
		return 0;
	if (!ret)
		return -ECONNRESET;
	if (ret > 0) {
		WRITE_ONCE(link->last_rx, jiffies);
		atomic64_add(ret, &link->stat_rx_bytes);
	}
	return ret;
}

void pg_rx_drop(struct pg_link *link)
{
	kvfree(link->rx_body);
	link->rx_body = NULL;
	link->rx_room = 0;
	kvfree_sensitive(link->rx_block, link->rx_block_room);
	link->rx_block = NULL;
	link->rx_block_room = 0;
}

/* ---------------------------------------------------------------- blocks -- */

static bool pg_rx_whole(const struct pg_link *link)
{
	return link->rx_want && link->rx_block_have == link->rx_want;
}

/* Makes ready for the next block; its buffer stays. */
static void pg_rx_next_block(struct pg_link *link)
{
	link->rx_want = 0;
	link->rx_size_have = 0;
	link->rx_block_have = 0;
}

static int pg_rx_size(struct pg_link *link)
{
	u32 have = link->rx_size_have;
	int ret;

	ret = pg_rx_recv(link, (u8 *)&link->rx_size + have, sizeof(link->rx_size) - have);
	if (ret <= 0)
		return ret;
	link->rx_size_have += ret;
	if (link->rx_size_have < sizeof(link->rx_size))
		return 1;
	link->rx_want = be16_to_cpu(link->rx_size);
	/* An empty frame would be a sign of life that says nothing. */
	return link->rx_want > PG_NOISE_TAG_LEN ? 1 : -EPROTO;
}

static int pg_rx_grow_block(struct pg_link *link)
{
	u32 room = max(PG_RX_BLOCK, 2 * link->rx_block_room);
	u8 *block = kvmalloc(room, PG_GFP_LINK | __GFP_NOWARN);

	if (!block)
		return -ENOMEM;
	if (link->rx_block_have)
		memcpy(block, link->rx_block, link->rx_block_have);
	kvfree_sensitive(link->rx_block, link->rx_block_room);
	link->rx_block = block;
	link->rx_block_room = room;
	return 0;
}

/* Return: 1 for progress, 0 when there is nothing to read now, or -errno. */
static int pg_rx_block(struct pg_link *link)
{
	int ret;

	if (!link->rx_want)
		return pg_rx_size(link);
	if (link->rx_block_have == link->rx_block_room) {
		ret = pg_rx_grow_block(link);
		if (ret)
			return ret;
	}
	ret = pg_rx_recv(link, link->rx_block + link->rx_block_have,
			 min(link->rx_want, link->rx_block_room) - link->rx_block_have);
	if (ret > 0)
		link->rx_block_have += ret;
	return ret < 0 ? ret : !!ret;
}

/* Opens a frame: what it holds is next to be read. */
static int pg_rx_open(struct pg_link *link)
{
	u32 len = link->rx_want;

	pg_rx_next_block(link);
	if (pg_noise_open(&link->rx_cipher, link->rx_block, len)) {
		pg_link_fail(link, 0, EBADMSG, PEERGROUP_A_STATS_LINK_CRYPTO);
		return -EBADMSG;
	}
	if (++link->rx_frames % PG_REKEY_FRAMES == 0)
		pg_noise_rekey(&link->rx_cipher);
	link->rx_text = len - PG_NOISE_TAG_LEN;
	link->rx_text_at = 0;
	return 1;
}

static int pg_rx_handshake(struct pg_link *link)
{
	u32 len = link->rx_want;

	pg_rx_next_block(link);
	return pg_handshake_block(link, link->rx_block, len) ?: 1;
}

static int pg_rx_fill(struct pg_link *link)
{
	int ret = pg_rx_block(link);

	if (ret <= 0 || !pg_rx_whole(link))
		return ret;
	return link->keyed ? pg_rx_open(link) : pg_rx_handshake(link);
}

/* -------------------------------------------------------------- messages -- */

/* Some of the plaintext that is there, to @buf unless that is NULL. */
static u32 pg_rx_take(struct pg_link *link, void *buf, u32 len)
{
	len = min(len, link->rx_text - link->rx_text_at);
	if (buf)
		memcpy(buf, link->rx_block + link->rx_text_at, len);
	link->rx_text_at += len;
	return len;
}

/* Makes ready for the next header. */
static void pg_rx_next(struct pg_link *link)
{
	link->rx_hdr_have = 0;
	link->rx_body = NULL;
	link->rx_room = 0;
	link->rx_have = 0;
	link->rx_len = 0;
}

static int pg_rx_deliver(struct pg_link *link)
{
	u8 type = link->rx_hdr.type;
	u8 *body = link->rx_body;
	u32 len = link->rx_len;
	int ret;

	pg_rx_next(link);
	if (pg_link_state(link) == PEERGROUP_LINK_UP) {
		pg_rx_take_rate(link, type, len);
		return pg_message(link, type, body, len);
	}
	if (link->appeal && !link->outbound) {
		/* Each may be a signature to check, and comes from who is no member any more. */
		pg_rx_take_rate(link, PG_MSG_GMC, len);
		return pg_appeal_message(link, type, body, len);
	}
	ret = pg_handshake_message(link, type, body);
	kvfree(body);
	return ret;
}

static int pg_rx_grow(struct pg_link *link)
{
	u32 room = min(link->rx_len, link->rx_room ? 2 * link->rx_room : PG_RX_FIRST);
	u8 *body = kvmalloc(room, PG_GFP_LINK | __GFP_NOWARN);

	if (!body)
		return -ENOMEM;
	if (link->rx_have)
		memcpy(body, link->rx_body, link->rx_have);
	kvfree(link->rx_body);
	link->rx_body = body;
	link->rx_room = room;
	return 0;
}

static int pg_rx_body(struct pg_link *link)
{
	int ret;

	if (link->rx_have == link->rx_room) {
		ret = pg_rx_grow(link);
		if (ret)
			return ret;
	}
	link->rx_have += pg_rx_take(link, link->rx_body + link->rx_have,
				    link->rx_room - link->rx_have);
	if (link->rx_have < link->rx_len)
		return 1;
	ret = pg_rx_deliver(link);
	return ret < 0 ? ret : 1;
}

/* Passes over what is too long to be taken, without a copy. */
static int pg_rx_skip(struct pg_link *link)
{
	link->rx_skip -= pg_rx_take(link, NULL, link->rx_skip);
	if (!link->rx_skip)
		pg_rx_next(link);
	return 1;
}

static int pg_rx_oversize(struct pg_link *link, bool skip)
{
	if (!skip || link->rx_len > PG_RECORD_BODY_MAX) {
		pg_link_fail(link, PG_BYE_PROTOCOL, EMSGSIZE, PEERGROUP_A_STATS_LINK_OVERSIZE);
		return -EMSGSIZE;
	}
	pg_stat_inc(&link->group->stats, link->rx_hdr.type == PG_MSG_DIRECT ?
		    PEERGROUP_A_STATS_DATA_OVERSIZE : PEERGROUP_A_STATS_REFUSED_SIZE);
	link->rx_skip = link->rx_len;
	return 1;
}

/* A header is complete: may such a message come, and of that length? */
static int pg_rx_judge(struct pg_link *link)
{
	const struct pg_msg_hdr *hdr = &link->rx_hdr;
	bool skip = false;
	u32 limit;

	link->rx_len = be32_to_cpu(hdr->len);
	if (hdr->zero[0] || hdr->zero[1] || hdr->zero[2])
		return -EPROTO;
	if (pg_link_state(link) != PEERGROUP_LINK_UP)
		return pg_handshake_expects(link, hdr->type, link->rx_len) ? 1 : -EPROTO;
	limit = pg_message_limit(link, hdr->type, &skip);
	if (!limit)
		return -EPROTO;
	if (link->rx_len > limit)
		return pg_rx_oversize(link, skip);
	return 1;
}

static int pg_rx_header(struct pg_link *link)
{
	u32 have = link->rx_hdr_have;
	int ret;

	link->rx_hdr_have += pg_rx_take(link, (u8 *)&link->rx_hdr + have,
					sizeof(link->rx_hdr) - have);
	if (link->rx_hdr_have < sizeof(link->rx_hdr))
		return 1;
	ret = pg_rx_judge(link);
	if (ret > 0 && !link->rx_len)
		ret = pg_rx_deliver(link);
	return ret < 0 ? ret : 1;
}

/* Return: 1 to go on, 0 when there is nothing to read now, or -errno. */
static int pg_rx_step(struct pg_link *link)
{
	if (link->rx_text_at == link->rx_text)
		return pg_rx_fill(link);
	if (link->rx_skip)
		return pg_rx_skip(link);
	if (link->rx_hdr_have < sizeof(link->rx_hdr))
		return pg_rx_header(link);
	return pg_rx_body(link);
}

/* One that was accepted and ends before its handshake does was no link of ours. */
static void pg_rx_failed(struct pg_link *link, int error)
{
	bool up = pg_link_state(link) == PEERGROUP_LINK_UP;
	u32 fault = 0;

	if (error == ENOMEM)
		fault = 0;	/* this host's */
	else if (link->appeal)
		error = EKEYREVOKED;	/* which was counted */
	else if (error == EPROTO)
		fault = up ? PEERGROUP_A_STATS_LINK_MALFORMED : PEERGROUP_A_STATS_LINK_HANDSHAKE;
	else if (!up && !link->outbound && !link->exchange)
		fault = PEERGROUP_A_STATS_LINK_HANDSHAKE;
	pg_link_fail(link, up && error == EPROTO ? PG_BYE_PROTOCOL : 0, error, fault);
}

/* Until an opening has named the group, who made the listener pays. */
static struct mem_cgroup *pg_rx_charge(const struct pg_link *link)
{
	if (link->group)
		return pg_group_charge(link->group);
	return set_active_memcg(link->listener ? link->listener->memcg : NULL);
}

void pg_rx_work(struct work_struct *work)
{
	struct pg_link *link = container_of(work, struct pg_link, rx);
	struct mem_cgroup *memcg = pg_rx_charge(link);
	int budget = PG_RX_BUDGET;
	int ret = 1;

	if (pg_link_state(link) == PEERGROUP_LINK_CONNECTING)
		ret = pg_handshake_connect(link);
	while (ret > 0 && budget-- && !pg_link_closing(link)) {
		if (pg_rx_pause(link) || pg_rx_pace(link) || test_bit(PG_LINK_HELD, &link->flags))
			goto paused;
		ret = pg_rx_step(link);
	}
	if (ret < 0)
		pg_rx_failed(link, -ret);
	else if (ret > 0 && !pg_link_closing(link))
		queue_work(pg_wq, &link->rx);
paused:
	pg_group_uncharge(memcg);
}
