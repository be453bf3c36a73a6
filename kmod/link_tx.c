// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sending half of a link: the work that seals what waits in link_queue.c into
 * frames and hands these to the socket as far as that takes them. What waits is in
 * clear, and what has been sealed is sent.
 */
#include <linux/mm.h>
#include <linux/socket.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "link_queue.h"

#define PG_TX_BUDGET		64		/* frames in one run of the work */

/* ---------------------------------------------------------------- frames -- */

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

/* All that was to be sent before the end has been. */
static void pg_tx_end(struct pg_link *link)
{
	if (READ_ONCE(link->appeal))
		pg_link_close(link, 0, EKEYREVOKED);
	else
		pg_link_close(link, PG_BYE_LEAVING, ESHUTDOWN);
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
	if (pg_link_draining(link) && !READ_ONCE(link->tx_bytes) && !pg_tx_pending(link))
		pg_tx_end(link);
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

/* Sends on what is sealed or the handshake's, or @all. True if the socket took it. */
static bool pg_tx_flush(struct pg_link *link, bool all)
{
	struct pg_tx *tx;

	while (pg_tx_pending(link) || ((tx = pg_tx_next(link)) && (all || tx->raw))) {
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

	/*
	 * This is the last chance for what is queued still: that somebody is revoked, and what
	 * a program published right before it left.
	 */
	if (!link->keyed ||
	    !pg_tx_flush(link, reason == PG_BYE_REVOKED || reason == PG_BYE_LEAVING) ||
	    (link->tx_now && link->tx_done))
		return;
	if (pg_tx_seal(link, (u8 *)&out, sizeof(out.hdr) + sizeof(out.bye)))
		return;
	pg_tx_set_out(link, (u8 *)&out, sizeof(out));
	pg_tx_some(link);
	pg_tx_set_out(link, NULL, 0);
}

void pg_tx_drop(struct pg_link *link)
{
	pg_tx_set_out(link, NULL, 0);
	if (link->tx_raw)
		pg_tx_free(link->tx_raw);
	link->tx_raw = NULL;
	kvfree(link->tx_frame);
	link->tx_frame = NULL;
	pg_tx_empty(link);
}
