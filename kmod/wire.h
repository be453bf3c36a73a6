/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What travels on a link, all of it. All integers are big-endian; no offset is
 * ever taken from the peer. Documentation/protocol.rst says what each message
 * means and when it may be sent; encoders and decoders stand beside the state
 * machine that uses them.
 *
 * First the handshake, Noise_XX_25519_ChaChaPoly_BLAKE2s, its static keys those
 * of the two nodes, the dialling side the initiator:
 *
 *	-> struct pg_opening, and the 32 bytes of Noise message 1 (no payload)
 *	<- be16 length, Noise message 2 with the listening side's struct pg_meet
 *	-> be16 length, Noise message 3 with the dialling side's struct pg_meet
 *
 * The prologue is struct pg_prologue. Then frames in both directions: the be16
 * length of what follows, ciphertext and tag. The plaintexts of one direction,
 * joined, are a stream of messages, each a struct pg_msg_hdr and a body: a frame
 * may hold many and a message may span many. The listening side's first message
 * is WELCOME, which the dialling side waits for before it says anything but BYE.
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

/* Numbers 16 to 18 and 20 are kept for IHAVE, GRAFT, PRUNE and NEIGHBOR. */
enum pg_msg_type {
	PG_MSG_WELCOME = 1,	/* nothing; the listening side's first message */
	PG_MSG_GMC,		/* certificates below the root, top first: {be16 len, DER} */
	PG_MSG_WANT_GMC,	/* struct pg_want_gmc */
	PG_MSG_RECORD,		/* one record */
	PG_MSG_SYNC,		/* ranges, see reconcile_priv.h */
	PG_MSG_SYNC_REPLY,	/* ranges, see reconcile_priv.h */
	PG_MSG_WANT,		/* struct pg_want and ids */
	PG_MSG_WANT_DONE,	/* struct pg_want with no ids: what you wanted is sent */
	PG_MSG_SYNC_END,	/* struct pg_sync_end */
	PG_MSG_PING,		/* struct pg_ping */
	PG_MSG_PONG,		/* struct pg_ping, the token sent back */
	PG_MSG_BYE,		/* struct pg_bye, last */
	PG_MSG_CREDENTIAL,	/* the sender's new credential, and its chain as in GMC */
	PG_MSG_REFRESH = 19,	/* struct pg_refresh_msg */
	PG_MSG_DIRECT = 21,	/* struct pg_direct and data, from program to program */
};

#define PG_OPENING_MAGIC	"peergrp2"
#define PG_OPENING_TAG		"peergroup hello 2"	/* 17 bytes, no NUL */
#define PG_PROLOGUE_TAG		"peergroup link 2"	/* 16 bytes, no NUL */
#define PG_NONCE_LEN		32
#define PG_NODE_KEY_LEN		PEERGROUP_NODE_KEY_LEN
#define PG_NOISE_FIRST		32	/* Noise message 1: an ephemeral key */
#define PG_NOISE_TAG_LEN	16

/**
 * struct pg_opening - the only thing a link says in clear
 * @magic: PG_OPENING_MAGIC
 * @nonce: random
 * @hint: SHA-256(PG_OPENING_TAG || group id || @nonce): tells a host of the
 *	group which of its groups is meant, and others nothing
 */
struct pg_opening {
	__u8	magic[8];
	__u8	nonce[PG_NONCE_LEN];
	__u8	hint[32];
} __packed;

/**
 * struct pg_prologue - what both ends of a handshake must agree in
 * @tag: PG_PROLOGUE_TAG
 * @group: group id
 * @opening: as it was sent
 */
struct pg_prologue {
	__u8	tag[16];
	__u8	group[PEERGROUP_HASH_LEN];
	struct pg_opening opening;
} __packed;

#define PG_MEET_READY		BIT(0)
#define PG_MEET_DIRECT		BIT(1)

/**
 * struct pg_meet - who the sender is; payload of Noise messages 2 and 3
 * @node: sender's node id, not zero
 * @time: sender's peer time
 * @port: TCP port the sender listens on, 0 if none
 * @flags: PG_MEET_READY where the sender has synchronised before; PG_MEET_DIRECT, of the
 *	dialling side, where the link is to be for data only
 *
 * Directly followed by the sender's struct peergroup_credential with its
 * signature, and that by its chain as in a GMC message, to the end.
 */
struct pg_meet {
	__be64	node;
	__be64	time;
	__be16	port;
	__be16	flags;
} __packed;

/* Longest Noise message or ciphertext with its tag: what a be16 can say. */
#define PG_FRAME_MAX		65535U

/* Longest plaintext that is sent in a frame: a frame with all of it is 16 KiB. */
#define PG_FRAME_TEXT		((16U << 10) - 2 - PG_NOISE_TAG_LEN)

/* Each direction takes a new key after so many frames (Noise's rekey). */
#define PG_REKEY_FRAMES		4096

/* Longest encoded chain that fits into a handshake; message 2 adds 96 bytes. */
#define PG_CHAIN_LEN_MAX	(PG_FRAME_MAX - 96 - sizeof(struct pg_meet) -	\
				 sizeof(struct peergroup_credential) - PEERGROUP_SIG_LEN_MAX)

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
	PG_BYE_CREDENTIAL,	/* a certificate or credential has run out */
	PG_BYE_REVOKED,		/* one of the two ends' membership was */
	PG_BYE_REFUSED,		/* no program takes direct connections here */
};

struct pg_bye {
	__be32	reason;
} __packed;

/**
 * struct pg_refresh_msg - a record's node is still there
 * @id: the record's
 * @digest: of which version
 * @step: how often it has been refreshed by this
 * @value: of its chain at that step
 *
 * Right before a RECORD it says how far that has been refreshed.
 */
struct pg_refresh_msg {
	__u8	id[PEERGROUP_ID_LEN];
	__u8	digest[PEERGROUP_HASH_LEN];
	__be32	step;
	__u8	value[PEERGROUP_HASH_LEN];
} __packed;

/**
 * struct pg_direct - data from program to program
 * @type: what it means; the programs' business
 *
 * Followed by the data, one byte at least.
 */
struct pg_direct {
	__u8	type[PEERGROUP_ID_LEN];
} __packed;

/* Longest body of anything but RECORD, DIRECT and GMC. */
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
