/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What travels on a link, all of it: messages in the order they were sent on a
 * TCP stream, each a header and a body. All integers are big-endian; no offset
 * is ever taken from the peer. Documentation/protocol.rst says what each
 * message means and when it may be sent; encoders and decoders stand beside
 * the state machine that uses them.
 *
 * Records travel as struct peergroup_record_hdr of the uapi header.
 */
#ifndef _PG_WIRE_H
#define _PG_WIRE_H

#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

/**
 * struct pg_msg_hdr - starts every message
 * @len: bytes of body that follow
 * @type: enum pg_msg_type
 * @zero: must be zero
 */
struct pg_msg_hdr {
	__be32	len;
	__u8	type;
	__u8	zero[3];
} __packed;

/* Numbers 16 and up are kept for IHAVE, GRAFT, PRUNE, REFRESH, NEIGHBOR, DIRECT. */
enum pg_msg_type {
	PG_MSG_HELLO = 1,	/* struct pg_hello, first in each direction */
	PG_MSG_GMC,		/* certificates below the root, top first: {be16 len, DER} */
	PG_MSG_WANT_GMC,	/* struct pg_want_gmc */
	PG_MSG_RECORD,		/* one record */
	PG_MSG_SYNC,		/* ranges, see reconcile.c */
	PG_MSG_SYNC_REPLY,	/* ranges, see reconcile.c */
	PG_MSG_WANT,		/* struct pg_want and ids */
	PG_MSG_WANT_DONE,	/* struct pg_want with no ids: what you wanted is sent */
	PG_MSG_SYNC_END,	/* struct pg_sync_end */
	PG_MSG_PING,		/* struct pg_ping */
	PG_MSG_PONG,		/* struct pg_ping, the token sent back */
	PG_MSG_BYE,		/* struct pg_bye, last */
};

#define PG_HELLO_MAGIC		"peergrp1"
#define PG_HELLO_TAG		"peergroup hello 1"
#define PG_HELLO_READY		BIT(0)
#define PG_NONCE_LEN		32

/**
 * struct pg_hello - opens a link
 * @magic: PG_HELLO_MAGIC
 * @nonce: random
 * @hint: SHA-256(PG_HELLO_TAG || group id || @nonce): tells a host of the
 *	group which of its groups is meant, and others nothing
 * @node: sender's node id, not zero
 * @time: sender's peer time
 * @port: TCP port the sender listens on, 0 if none
 * @flags: PG_HELLO_READY where the sender has synchronised before
 *
 * The link handshake (Noise) will take the place of this message; nothing
 * outside handshake.c knows its form.
 */
struct pg_hello {
	__u8	magic[8];
	__u8	nonce[PG_NONCE_LEN];
	__u8	hint[32];
	__be64	node;
	__be64	time;
	__be16	port;
	__be16	flags;
} __packed;

struct pg_want_gmc {
	__u8	fingerprint[PEERGROUP_HASH_LEN];
} __packed;

#define PG_WANT_MAX	64	/* ids in one WANT */

struct pg_want {
	__be32	token;		/* comes back in WANT_DONE */
	__u8	ids[][PEERGROUP_ID_LEN];
} __packed;

#define PG_SYNC_END_READY	BIT(0)

/**
 * struct pg_sync_end - the sender's half of a reconciliation is over
 * @flags: PG_SYNC_END_READY: what was sent before is all of a table that has
 *	been synchronised
 */
struct pg_sync_end {
	__be32	flags;
} __packed;

struct pg_ping {
	__be64	token;
	__be64	time;				/* sender's peer time */
	__be32	count;				/* entries of the sender's table */
	__u8	fingerprint[PEERGROUP_HASH_LEN];	/* of the sender's table */
} __packed;

enum pg_bye_reason {
	PG_BYE_LEAVING = 1,
	PG_BYE_DUPLICATE,	/* another link to the same node stays */
	PG_BYE_SELF,
	PG_BYE_CLOCK,
	PG_BYE_FULL,
	PG_BYE_PROTOCOL,
	PG_BYE_REVOKED,		/* one of the two ends' membership was */
};

struct pg_bye {
	__be32	reason;
} __packed;

/* Longest body of anything but RECORD and GMC. */
#define PG_MSG_BODY_MAX		(64U << 10)

/* Longest body of a GMC message. */
#define PG_GMC_BODY_MAX		(PEERGROUP_CHAIN_MAX * (2U + PEERGROUP_CERT_LEN_MAX))

/* What a record may weigh beyond its data: header, attributes, signature block. */
#define PG_RECORD_OVERHEAD	(sizeof(struct peergroup_record_hdr) +		\
				 PEERGROUP_ATTRS_LEN_MAX +			\
				 sizeof(struct peergroup_sig_hdr) +		\
				 PEERGROUP_SIG_LEN_MAX +			\
				 PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN)

#define PG_RECORD_BODY_MAX	(PEERGROUP_RECORD_SIZE_MAX + PG_RECORD_OVERHEAD)

#endif /* _PG_WIRE_H */
