/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two files of a link's sending half share: link_queue.c, where messages wait,
 * and link_tx.c, which takes them from there.
 */
#ifndef _PG_LINK_QUEUE_H
#define _PG_LINK_QUEUE_H

#include "link_priv.h"
#include "wire.h"

/**
 * struct pg_tx - one message to send
 * @list: in pg_link.tx_queue
 * @hash: in pg_link.tx_hash, if it is a record
 * @r: the record, held; NULL for other messages
 * @control: counts against PG_TX_CONTROL_MAX and PG_TX_CONTROLS_MAX
 * @data: counts against the group's limit of data
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
	bool data;
	bool raw;
	u32 len;
	struct pg_msg_hdr hdr;
	u8 body[];
};

static inline u32 pg_tx_size(const struct pg_tx *tx)
{
	return sizeof(tx->hdr) + tx->len;
}

void pg_tx_free(struct pg_tx *tx);

/* What is half in a frame goes on; else the next message leaves the queue. @tx, @close. */
struct pg_tx *pg_tx_next(struct pg_link *link);

/* A message is in frames, or on its way as it is: it waits no longer. @tx, @close. */
void pg_tx_finish(struct pg_link *link, struct pg_tx *tx);

/* Tells those who wait for room in the queue. @tx only. */
void pg_tx_drained(struct pg_link *link);

/* Drops all that waits. @tx does not run any more. */
void pg_tx_empty(struct pg_link *link);

#endif /* _PG_LINK_QUEUE_H */
