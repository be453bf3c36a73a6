/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-or-later */
/*
 * peergroup: groups of hosts that agree about a set of signed records.
 *
 * This header holds what user space shares with the module: the generic-netlink
 * family (Documentation/netlink/specs/peergroup.yaml describes each operation),
 * the signed form of a record and the form of a membership certificate.
 *
 * Times are "peer time": unsigned 64 bit counts of 100 ns since 1601-01-01 UTC.
 * Wire structures are big-endian and packed; netlink attributes are host-endian
 * unless their comment says otherwise.
 */
#ifndef _UAPI_LINUX_PEERGROUP_H
#define _UAPI_LINUX_PEERGROUP_H

#include <linux/types.h>

/* ------------------------------------------------------------- records -- */

#define PEERGROUP_HASH_LEN	32	/* SHA-256 */
#define PEERGROUP_ID_LEN	16	/* record ids and types: GUIDs in text order */

#define PEERGROUP_RECORD_TAG		"peergroup record 1"	/* 18 bytes, no NUL */
#define PEERGROUP_RECORD_TAG_LEN	18
#define PEERGROUP_BATCH_TAG		"peergroup batch 1"	/* 17 bytes, no NUL */
#define PEERGROUP_BATCH_TAG_LEN		17

#define PEERGROUP_RECORD_DELETED	(1U << 0)	/* a tombstone */
#define PEERGROUP_RECORD_AUTOREFRESH	(1U << 1)	/* its publisher extends it */

/*
 * The version of a revocation, and of nothing else: nothing comes after it, so no
 * one can put another version in its place.
 */
#define PEERGROUP_VERSION_FINAL		0xffffffffU

#define PEERGROUP_RECORD_SIZE_MIN	1024U		/* of the settable limit */
#define PEERGROUP_RECORD_SIZE_DEFAULT	(1U << 20)
#define PEERGROUP_RECORD_SIZE_MAX	(60U << 20)
#define PEERGROUP_ATTRS_LEN_MAX		(256U << 10)	/* UTF-8 bytes of attribute XML */

#define PEERGROUP_REFRESH_SECONDS_MIN	60U		/* that a refresh gives */
#define PEERGROUP_REFRESH_COUNT_MAX	16384U		/* of the length of a chain */

/**
 * struct peergroup_record_hdr - the signed header of a record, as it travels
 * @id: high 64 bits: the first 8 bytes of the SHA-256 of the creator's
 *	SubjectPublicKeyInfo; low 64 bits: random
 * @type: what the data means, chosen by the program
 * @version: 1 at creation, one more with each update
 * @flags: PEERGROUP_RECORD_*; other bits are zero
 * @creator: SHA-256 of the creator's membership certificate (DER)
 * @modifier: the same for who signed this version (the creator, at version 1)
 * @created: peer time; never changes
 * @modified: peer time of this version, inside the modifier's certificate
 * @expires: peer time; an update never shortens it
 * @anchor: SHA-256 of SHA-256 of ... a seed, @refresh_count times; to show the value one
 *	hash before the last one shown is to refresh the record. Zero where the publisher signs each
 *	refresh, and without AUTOREFRESH
 * @refresh_period: seconds that a refresh gives; zero without AUTOREFRESH
 * @refresh_count: length of the hash chain; zero without one
 * @attrs_len: bytes of attribute XML (UTF-8) behind the header
 * @data_len: bytes of data
 * @data_hash: SHA-256 of the data
 *
 * A record on the wire and over netlink is this header, the attributes, one
 * signature block and the data, without padding. Its digest is
 * SHA-256("peergroup record 1" || group id || header || attributes), so the
 * tag and the group are signed but never sent.
 */
struct peergroup_record_hdr {
	__u8	id[PEERGROUP_ID_LEN];
	__u8	type[PEERGROUP_ID_LEN];
	__be32	version;
	__be32	flags;
	__u8	creator[PEERGROUP_HASH_LEN];
	__u8	modifier[PEERGROUP_HASH_LEN];
	__be64	created;
	__be64	modified;
	__be64	expires;
	__u8	anchor[PEERGROUP_HASH_LEN];
	__be32	refresh_period;
	__be32	refresh_count;
	__be32	attrs_len;
	__be32	data_len;
	__u8	data_hash[PEERGROUP_HASH_LEN];
} __attribute__((packed));

enum peergroup_sig_kind {
	PEERGROUP_SIG_DIRECT = 1,	/* signs the record's digest */
	PEERGROUP_SIG_BATCH,		/* signs the root of a Merkle tree of digests */
};

enum peergroup_sig_algo {
	PEERGROUP_SIG_RSA_SHA256 = 1,	/* PKCS#1 v1.5, key of 2048 to 4096 bits, e > 2^16 */
	PEERGROUP_SIG_P256_SHA256,	/* ECDSA, DER of (r, s), where the kernel has it */
};

#define PEERGROUP_SIG_LEN_MAX	512
#define PEERGROUP_BATCH_MAX	4096	/* records under one signature */
#define PEERGROUP_BATCH_DEPTH	12	/* log2 of it */

/**
 * struct peergroup_sig_hdr - start of a signature block
 * @kind: enum peergroup_sig_kind
 * @algo: enum peergroup_sig_algo
 * @sig_len: bytes of signature that follow
 * @leaf: place of the record in its batch; zero for a direct signature
 * @leaves: records in the batch; zero for a direct signature
 *
 * The signature follows, then for a batch the sibling hashes on the way from
 * the leaf to the root, bottom first. How many there are follows from @leaf
 * and @leaves as in RFC 6962 section 2.1.1; leaf hash = SHA-256(0 || digest),
 * node hash = SHA-256(1 || left || right). What a batch signs is
 * SHA-256("peergroup batch 1" || group id || leaves (be32) || root).
 */
struct peergroup_sig_hdr {
	__u8	kind;
	__u8	algo;
	__be16	sig_len;
	__be16	leaf;
	__be16	leaves;
} __attribute__((packed));

/* ------------------------------------------------------ reserved types -- */

/*
 * Records about the group itself. Who may sign them, and which id they have, is
 * checked by every host; those of the library's other reserved types are refused.
 *
 * PROPERTIES: what the group is, one record: signed by the group root, which signs
 * no other; its id is the first 8 bytes of the group id and 8 zeros. The data is the
 * library's, but for how it begins: struct peergroup_properties_head.
 *
 * MEMBERSHIP: a chain as the data, each certificate behind its length (be16), below
 * the root first. Signed by who the last certificate is about, with its key: its id
 * is the first 8 bytes of the key's hash and 8 zeros. Or, with any other id, by its
 * issuer, for a member that will find it: a renewal.
 *
 * PRESENCE: that a node of a member is there: struct peergroup_presence as the data, and
 * behind it the addresses at which it listens, IPv4 as ::ffff:a.b.c.d. Signed by the
 * member; its id is the first 8 bytes of the key's hash and the node's id.
 *
 * REVOCATION: struct peergroup_revocation as the data.
 */
#define PEERGROUP_TYPE_PRESENCE { 0, 0, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define PEERGROUP_TYPE_MEMBERSHIP { 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define PEERGROUP_TYPE_PROPERTIES { 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define PEERGROUP_TYPE_REVOCATION { 0x5b, 0x0a, 0x4e, 0x3c, 0x91, 0x7d, 0x4f, 0x62, \
				    0xa3, 0x58, 0x1c, 0xd9, 0x70, 0x2e, 0x86, 0xb4 }

#define PEERGROUP_PROPERTIES_LEN_MAX	(16U << 10)	/* bytes of data */
#define PEERGROUP_PROPERTIES_MAJOR	1		/* of another the kernel reads nothing */

/* While a host has no link nothing expires there. */
#define PEERGROUP_PROPERTY_DEFER_EXPIRATION	(1U << 2)

/**
 * struct peergroup_properties_head - how the data of a properties record begins
 * @major: version; a record without this struct, or of another one, has no @flags
 * @minor: the same with more behind it
 * @flags: PEERGROUP_PROPERTY_*, and others that are for programs
 */
struct peergroup_properties_head {
	__be16 major;
	__be16 minor;
	__be32 flags;
} __attribute__((packed));

#define PEERGROUP_PRESENCE_ADDRESS_LEN		16
#define PEERGROUP_PRESENCE_ADDRESSES_MAX	8
#define PEERGROUP_PRESENCE_SECONDS_MAX		86400	/* from modification to expiration */
#define PEERGROUP_PRESENCE_RECORDS_MAX		64	/* of one member, tombstones too */

/**
 * struct peergroup_presence - how the data of a presence record begins
 * @node: its node id (PEERGROUP_A_GROUP_NODE), not 0
 * @port: at which it listens
 */
struct peergroup_presence {
	__be64 node;
	__be16 port;
} __attribute__((packed));

#define PEERGROUP_REVOKE_ONLY		(1U << 0)	/* not what it issued before */
#define PEERGROUP_REVOKE_WITHDRAW	(1U << 1)	/* its earlier records go, too */

#define PEERGROUP_REVOCATION_TAG	"peergroup revocation 1"	/* 22 bytes, no NUL */
#define PEERGROUP_REVOCATION_TAG_LEN	22

/**
 * struct peergroup_revocation - a member is none any more
 * @key: SHA-256 of the SubjectPublicKeyInfo of who is revoked: all its certificates
 *	are meant, also those that not everybody has seen
 * @flags: PEERGROUP_REVOKE_*; other bits are zero
 *
 * The data of a record that an administrator has created with the version
 * PEERGROUP_VERSION_FINAL, without attributes and flags. When it was modified is when
 * the membership ended. The low 64 bits of the record's id are the first 8 bytes of
 * SHA-256("peergroup revocation 1" || group id || modified || expires || this), so that
 * its creator's key can make no other record in its place.
 */
struct peergroup_revocation {
	__u8	key[PEERGROUP_HASH_LEN];
	__be32	flags;
} __attribute__((packed));

/* -------------------------------------------------------- certificates -- */

/*
 * A membership certificate is X.509 v3, signed with SHA-256, with one critical
 * extension whose value is the DER of
 *
 *	Membership ::= SEQUENCE {
 *		version		INTEGER (1),
 *		roles		INTEGER,		-- PEERGROUP_ROLE_*
 *		groupId		OCTET STRING (SIZE (32)),
 *		issuer		OCTET STRING (SIZE (0 | 32)),
 *		peerName	UTF8String,		-- 40..760 bytes
 *		friendlyName	UTF8String		-- 0..1020 bytes
 *	}
 *
 * groupId is the SHA-256 of the group root's SubjectPublicKeyInfo. issuer is
 * the SHA-256 of the issuing certificate's DER, empty in the self-signed group
 * root only. peerName starts with the first 20 bytes of the SHA-256 of the
 * certificate's own SubjectPublicKeyInfo in lower-case hex, optionally followed
 * by a dot and a classifier. The root carries the group's peer name and
 * friendly name. Validity and roles lie inside the issuer's.
 *
 * A certificate that renews another may say by a second extension, which is not
 * critical, since when its holder has been what it is:
 *
 *	Since ::= GeneralizedTime
 *
 * That is no later than the certificate begins, and no earlier than the issuer's
 * certificate says of itself; without the extension it is when the certificate begins.
 *
 * A signature by ECDSA is the lower one of two: its second number is at most half
 * the order of the curve.
 */
#define PEERGROUP_OID		"2.25.94353306031353521129696888610489091273"
#define PEERGROUP_OID_DER	{ 0x69, 0x81, 0x8d, 0xfb, 0xe4, 0xc9, 0xd0, \
				  0x8f, 0xd2, 0xa5, 0x8f, 0x81, 0xf4, 0xff, \
				  0xcd, 0xec, 0x91, 0xef, 0x89, 0x49 }
#define PEERGROUP_OID_SINCE	PEERGROUP_OID ".2"
#define PEERGROUP_OID_SINCE_DER	{ 0x69, 0x81, 0x8d, 0xfb, 0xe4, 0xc9, 0xd0, \
				  0x8f, 0xd2, 0xa5, 0x8f, 0x81, 0xf4, 0xff, \
				  0xcd, 0xec, 0x91, 0xef, 0x89, 0x49, 0x02 }

#define PEERGROUP_ROLE_ADMIN	(1U << 0)	/* may invite, revoke and change any record */
#define PEERGROUP_ROLE_INVITING	(1U << 1)	/* may invite, but no administrator */
#define PEERGROUP_ROLE_MEMBER	(1U << 2)	/* may publish, and change what is its own */
#define PEERGROUP_ROLE_ROOT	(1U << 3)	/* the self-signed root, alone */

#define PEERGROUP_CHAIN_MAX	24		/* certificates below the root */
#define PEERGROUP_CERT_LEN_MAX	4096		/* bytes of DER */
#define PEERGROUP_NAME_LEN_MAX	760		/* bytes of UTF-8, no NUL */
#define PEERGROUP_FRIENDLY_LEN_MAX 1020

/* --------------------------------------------------------- credentials -- */

#define PEERGROUP_NODE_KEY_LEN		32	/* X25519 */
#define PEERGROUP_CREDENTIAL_TAG	"peergroup node 1"	/* 16 bytes, no NUL */
#define PEERGROUP_CREDENTIAL_TAG_LEN	16

/**
 * struct peergroup_credential - a member says that a node is its own
 * @key: the node's static public key (PEERGROUP_A_GROUP_NODE_KEY)
 * @node: its node id (PEERGROUP_A_GROUP_NODE)
 * @not_before: peer time
 * @not_after: peer time; both lie inside the member's certificate
 * @algo: enum peergroup_sig_algo, that of the member's key
 * @zero: must be zero
 * @sig_len: bytes of signature that follow
 *
 * The signature is the member's, over SHA-256("peergroup node 1" || group id ||
 * @key || @node || @not_before || @not_after).
 */
struct peergroup_credential {
	__u8	key[PEERGROUP_NODE_KEY_LEN];
	__be64	node;
	__be64	not_before;
	__be64	not_after;
	__u8	algo;
	__u8	zero;
	__be16	sig_len;
} __attribute__((packed));

#define PEERGROUP_CREDENTIAL_LEN_MAX	\
	(sizeof(struct peergroup_credential) + PEERGROUP_SIG_LEN_MAX)

/* ------------------------------------------------- joining by password -- */

#define PEERGROUP_PASSWORD_MAGIC	"peergrpw"
#define PEERGROUP_PASSWORD_TAG		"peergroup password 1"
#define PEERGROUP_PASSWORD_TAG_LEN	20
#define PEERGROUP_AUTHORITY_LEN		20	/* of a group id: what its name has of it */
#define PEERGROUP_SHARE_LEN		32
#define PEERGROUP_PASSWORD_IN_MAX	8192	/* bytes of one message of who joins */
#define PEERGROUP_PASSWORD_OUT_MAX	65000	/* and of one that answers it */
#define PEERGROUP_PASSWORD_MESSAGES	4	/* each way, without the opening */

/**
 * struct peergroup_password_opening - what who joins by password says first
 * @magic: PEERGROUP_PASSWORD_MAGIC
 * @nonce: looks random; Documentation/protocol.rst says what is in it
 * @hint: SHA-256(PEERGROUP_PASSWORD_TAG || first PEERGROUP_AUTHORITY_LEN bytes of the
 *	group id || @nonce): tells a host of the group which one is meant
 * @share: a share of the key agreement, which the kernel does not look at
 *
 * To the port that links go to. Behind it, both ways: be16 length, a message.
 */
struct peergroup_password_opening {
	__u8	magic[8];
	__u8	nonce[32];
	__u8	hint[PEERGROUP_HASH_LEN];
	__u8	share[PEERGROUP_SHARE_LEN];
} __attribute__((packed));

/* What a program that answers is given of it: @nonce and @share. */
#define PEERGROUP_PASSWORD_OPENING_LEN	(32 + PEERGROUP_SHARE_LEN)

/* ------------------------------------------------------ netlink family -- */

#define PEERGROUP_FAMILY_NAME		"peergroup"
#define PEERGROUP_FAMILY_VERSION	1
#define PEERGROUP_MCGRP_EVENTS		"events"
#define PEERGROUP_PORT			3587

/* Bytes of record that one netlink message carries at most. */
#define PEERGROUP_CHUNK_MAX		(32U << 10)

enum peergroup_cmd {
	PEERGROUP_CMD_GROUP_OPEN = 1,	/* find or make a group and hold it */
	PEERGROUP_CMD_GROUP_CLOSE,	/* give up this socket's hold */
	PEERGROUP_CMD_GROUP_SET,	/* online, kept, ready, port, limits, timers */
	PEERGROUP_CMD_GROUP_GET,	/* one, or dump */
	PEERGROUP_CMD_GROUP_DESTROY,	/* end it for all holders */
	PEERGROUP_CMD_RECORD_STAGE,	/* hand over part of a large record */
	PEERGROUP_CMD_RECORD_PUT,	/* a signed version: add, update or delete */
	PEERGROUP_CMD_RECORD_GET,	/* dump: by id, by type, since a sequence, all */
	PEERGROUP_CMD_LINK_ADD,		/* keep a link to an address */
	PEERGROUP_CMD_LINK_DEL,		/* stop that */
	PEERGROUP_CMD_LINK_GET,		/* dump of links and addresses */
	PEERGROUP_CMD_MEMBER_GET,	/* dump of known membership certificates */
	PEERGROUP_CMD_STATS_GET,	/* counters of a group */
	PEERGROUP_CMD_RECORD_NTF,	/* event: a record changed */
	PEERGROUP_CMD_LINK_NTF,		/* event: a link came up, went down or failed */
	PEERGROUP_CMD_GROUP_NTF,	/* event: status changed, or the group ended */
	PEERGROUP_CMD_GROUP_WATCH,	/* send this socket the group's events */
	PEERGROUP_CMD_MEMBER_NTF,	/* event: a member was revoked, or is no longer */
	PEERGROUP_CMD_MEMBER_ADD,	/* a membership certificate to know */
	PEERGROUP_CMD_DIRECT_OPEN,	/* open a connection for data to a member's address */
	PEERGROUP_CMD_DIRECT_CLOSE,	/* close one */
	PEERGROUP_CMD_DATA_SEND,	/* send data over a link */
	PEERGROUP_CMD_DATA_GET,		/* dump: what has come for this socket, and is gone then */
	PEERGROUP_CMD_DATA_NTF,		/* event: data waits for this socket */
	PEERGROUP_CMD_SEND_NTF,		/* event: a link that was full takes data again, or ended */
	PEERGROUP_CMD_PASSWORD_ANSWER,	/* this socket answers who joins by password */
	PEERGROUP_CMD_PASSWORD_SEND,	/* a message to one of these */
	PEERGROUP_CMD_PASSWORD_NTF,	/* event: a message by one of these, or its end */

	__PEERGROUP_CMD_MAX,
	PEERGROUP_CMD_MAX = __PEERGROUP_CMD_MAX - 1
};

/* Status bits of a group. */
#define PEERGROUP_STATUS_LISTENING	(1U << 0)	/* online, accepts links */
#define PEERGROUP_STATUS_CONNECTED	(1U << 1)	/* has at least one link */
#define PEERGROUP_STATUS_READY		(1U << 2)	/* has synchronised once */
#define PEERGROUP_STATUS_KEPT		(1U << 3)	/* lives without holders */
#define PEERGROUP_STATUS_REVOKED	(1U << 4)	/* own membership was revoked */
#define PEERGROUP_STATUS_SYNCED		(1U << 5)	/* synchronised since it was made here */

/* What the socket of a GROUP_WATCH takes beside events. */
#define PEERGROUP_TAKES_DIRECT	(1U << 0)	/* direct connections that others open */
#define PEERGROUP_TAKES_DATA	(1U << 1)	/* data that comes over any link */

/* Attributes of a group. */
enum {
	PEERGROUP_A_GROUP_PAD = 1,
	PEERGROUP_A_GROUP_INDEX,	/* u32: names the group in this namespace */
	PEERGROUP_A_GROUP_ID,		/* binary 32 */
	PEERGROUP_A_GROUP_ROOT,		/* binary: DER of the group root */
	PEERGROUP_A_GROUP_CHAIN,	/* multi binary: DER, below the root first, own last */
	PEERGROUP_A_GROUP_NAME,		/* string: the group's peer name */
	PEERGROUP_A_GROUP_MEMBER,	/* string: own peer name */
	PEERGROUP_A_GROUP_NODE,		/* u64: own node id */
	PEERGROUP_A_GROUP_STATUS,	/* u32: PEERGROUP_STATUS_* */
	PEERGROUP_A_GROUP_ONLINE,	/* u8: 1 listen and link, 0 stop */
	PEERGROUP_A_GROUP_KEEP,		/* u8: 1 live without holders */
	PEERGROUP_A_GROUP_READY,	/* u8: 1 on open: was synchronised before */
	PEERGROUP_A_GROUP_PORT,		/* u16: port to listen on; reply: the one in use */
	PEERGROUP_A_GROUP_SEQ,		/* u64: of the latest change */
	PEERGROUP_A_GROUP_HORIZON,	/* u64: "since" below this cannot be answered */
	PEERGROUP_A_GROUP_RECORDS,	/* u32: live records, of programs */
	PEERGROUP_A_GROUP_TOMBSTONES,	/* u32: the same of tombstones */
	PEERGROUP_A_GROUP_BYTES,	/* u64: kernel memory of the record table */
	PEERGROUP_A_GROUP_FINGERPRINT,	/* binary 32: of the whole table */
	PEERGROUP_A_GROUP_TIME_OFFSET,	/* s64: peer time minus this host's, 100 ns */
	PEERGROUP_A_GROUP_LIMITS,	/* nest: PEERGROUP_A_LIMIT_* */
	PEERGROUP_A_GROUP_REASON,	/* u32: errno in a GROUP_NTF of failure */
	PEERGROUP_A_GROUP_HOLDERS,	/* u32: sockets that hold the group */
	PEERGROUP_A_GROUP_UID,		/* u32: owner, in the socket's user namespace */
	PEERGROUP_A_GROUP_GID,		/* u32 */
	PEERGROUP_A_GROUP_MODE,		/* u32: read and write for owner, group, others: 0666 */
	PEERGROUP_A_GROUP_NODE_KEY,	/* binary 32: the node's static public key */
	PEERGROUP_A_GROUP_CREDENTIAL,	/* binary: struct peergroup_credential, signature */
	PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES, /* u64: peer time; absent where there is none */
	PEERGROUP_A_GROUP_TAKES,	/* u32: PEERGROUP_TAKES_*, with GROUP_WATCH */
	PEERGROUP_A_GROUP_SHOWN,	/* binary 32: SHA-256 of own DER that the node shows */
	PEERGROUP_A_GROUP_MEMBER_CHANGES, /* u64: grows with each that MEMBER_GET would show */

	__PEERGROUP_A_GROUP_MAX,
	PEERGROUP_A_GROUP_MAX = __PEERGROUP_A_GROUP_MAX - 1
};

/* Limits and timers of a group; a value out of range is refused. */
enum {
	PEERGROUP_A_LIMIT_RECORD_SIZE = 1, /* u32: bytes of data + 2 x attribute characters */
	PEERGROUP_A_LIMIT_RECORDS,	/* u32: in the table, tombstones too */
	PEERGROUP_A_LIMIT_BYTES,	/* u64: kernel memory of the record table */
	PEERGROUP_A_LIMIT_PAD,
	PEERGROUP_A_LIMIT_LINKS,	/* u32: established links */
	PEERGROUP_A_LIMIT_QUEUE,	/* u32: bytes queued to one link */
	PEERGROUP_A_LIMIT_KEEPALIVE,	/* u32 ms: idle time before a ping */
	PEERGROUP_A_LIMIT_HANDSHAKE,	/* u32 ms: for a link to come up */
	PEERGROUP_A_LIMIT_RETRY_MIN,	/* u32 ms: first wait before dialling again */
	PEERGROUP_A_LIMIT_RETRY_MAX,	/* u32 ms */
	PEERGROUP_A_LIMIT_DEFER,	/* u32 ms: of a record, for its signer's certificate */
	PEERGROUP_A_LIMIT_CREATOR_RECORDS, /* u32: of one creator; 0: a quarter of RECORDS */
	PEERGROUP_A_LIMIT_CREATOR_BYTES, /* u64: of one creator; 0: a quarter of BYTES */
	PEERGROUP_A_LIMIT_CREATOR_RATE,	/* u32: versions a second by one creator; 0: any */
	PEERGROUP_A_LIMIT_LINK_RATE,	/* u32: records a second read from one link; 0: any */
	PEERGROUP_A_LIMIT_MEMBERS,	/* u32: membership certificates */
	PEERGROUP_A_LIMIT_INVITED,	/* u32: of them, below one that is no administrator's */
	PEERGROUP_A_LIMIT_DEFER_RECORDS, /* u32: waiting for a certificate, per link */
	PEERGROUP_A_LIMIT_DEFER_BYTES,	/* u32: of those */
	PEERGROUP_A_LIMIT_HALF_OPEN,	/* u32: links accepted on a port that are not up yet */
	PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, /* u32: of these from one IPv6 /64 or IPv4 /24 */
	PEERGROUP_A_LIMIT_MEMBER_LINKS, /* u32: established links to nodes of one member */
	PEERGROUP_A_LIMIT_PROOF_RATE, /* u32: proofs of membership a second of one member; 0: any */
	PEERGROUP_A_LIMIT_ISSUED, /* u32: of MEMBERS, below an administrator of another; 0: half */
	PEERGROUP_A_LIMIT_INVITER_RECORDS, /* u32: of an inviter and all below; 0: half */
	PEERGROUP_A_LIMIT_INVITER_BYTES, /* u64: of an inviter and all below; 0: half */
	PEERGROUP_A_LIMIT_DIRECT, /* u32: direct connections */
	PEERGROUP_A_LIMIT_MEMBER_DIRECT, /* u32: of these with one member; an inviter: half */
	PEERGROUP_A_LIMIT_SEND_QUEUE, /* u32: bytes of data queued to one link */
	PEERGROUP_A_LIMIT_RECEIVE_QUEUE, /* u32: bytes of data waiting for one socket */
	PEERGROUP_A_LIMIT_RECEIVE_TOTAL, /* u32: bytes of data waiting for all sockets */
	PEERGROUP_A_LIMIT_RECEIVE_WAIT, /* u32 ms: that a socket which does not read holds all up */
	PEERGROUP_A_LIMIT_DATA_RATE, /* u32: messages of data a second over one link; 0: any */
	PEERGROUP_A_LIMIT_PASSWORDS, /* u32: who join by password, at a time */
	PEERGROUP_A_LIMIT_PASSWORD_RATE, /* u32: attempts to, a minute; 0: any */
	PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE, /* u32: from one IPv6 /64 or IPv4 /24; 0: any */
	PEERGROUP_A_LIMIT_SYNC_RATE, /* u32: questions, signs of life a second of one; 0: any */
	PEERGROUP_A_LIMIT_PASSIVE_VIEW, /* u32: nodes that links may be looked for to */
	PEERGROUP_A_LIMIT_ACTIVE_VIEW, /* u32: links below which more are looked for; 0: never */
	PEERGROUP_A_LIMIT_MAINTENANCE, /* u32 ms: between two looks; without a link a sixth */

	PEERGROUP_A_LIMIT_REFRESH_STEPS, /* u32: hashes for one refresh of a record */

	__PEERGROUP_A_LIMIT_MAX,
	PEERGROUP_A_LIMIT_MAX = __PEERGROUP_A_LIMIT_MAX - 1
};

enum peergroup_change {
	PEERGROUP_CHANGE_ADDED = 1,	/* there was none of this id */
	PEERGROUP_CHANGE_UPDATED,	/* another version takes its place */
	PEERGROUP_CHANGE_DELETED,	/* a member has deleted it, on all hosts */
	PEERGROUP_CHANGE_EXPIRED,	/* its time was over */
};

/* Attributes of a record. */
enum {
	PEERGROUP_A_RECORD_PAD = 1,
	PEERGROUP_A_RECORD_GROUP,	/* u32: index of the group */
	PEERGROUP_A_RECORD_ID,		/* binary 16 */
	PEERGROUP_A_RECORD_TYPE,	/* binary 16 */
	PEERGROUP_A_RECORD_VERSION,	/* u32 */
	PEERGROUP_A_RECORD_FLAGS,	/* u32: PEERGROUP_RECORD_* */
	PEERGROUP_A_RECORD_CREATOR,	/* string: peer name; dump: only its records */
	PEERGROUP_A_RECORD_MODIFIER,	/* string: peer name */
	PEERGROUP_A_RECORD_CREATED,	/* u64 */
	PEERGROUP_A_RECORD_MODIFIED,	/* u64 */
	PEERGROUP_A_RECORD_EXPIRES,	/* u64: with its refreshes, unlike the wire form's */
	PEERGROUP_A_RECORD_SEQ,		/* u64: of the change that brought this version */
	PEERGROUP_A_RECORD_CHANGE,	/* u32: enum peergroup_change */
	PEERGROUP_A_RECORD_SIZE,	/* u32: bytes of the whole wire form */
	PEERGROUP_A_RECORD_OFFSET,	/* u32: of this chunk in the wire form */
	PEERGROUP_A_RECORD_WIRE,	/* binary: the wire form, or this chunk of it */
	PEERGROUP_A_RECORD_STAGED,	/* flag: put what RECORD_STAGE brought */
	PEERGROUP_A_RECORD_SINCE,	/* u64: only changes with a higher sequence */
	PEERGROUP_A_RECORD_BRIEF,	/* flag: no wire form in the answer */
	PEERGROUP_A_RECORD_TOMBSTONES,	/* flag: deleted ones too */
	PEERGROUP_A_RECORD_CREATED_FROM, /* u64: only those created then or later */
	PEERGROUP_A_RECORD_CREATED_TO,	/* u64: only those created then or before */
	PEERGROUP_A_RECORD_MODIFIED_FROM, /* u64: only versions made then or later */
	PEERGROUP_A_RECORD_MODIFIED_TO,	/* u64: only versions made then or before */
	PEERGROUP_A_RECORD_SEED,	/* binary 32: refresh it by this, see @anchor */
	PEERGROUP_A_RECORD_REFRESHES,	/* u32: how often it has been refreshed */
	PEERGROUP_A_RECORD_REFRESHED,	/* flag: this host does that */

	__PEERGROUP_A_RECORD_MAX,
	PEERGROUP_A_RECORD_MAX = __PEERGROUP_A_RECORD_MAX - 1
};

enum peergroup_link_state {
	PEERGROUP_LINK_WAITING = 1,	/* an address, to be dialled later */
	PEERGROUP_LINK_CONNECTING,	/* being dialled */
	PEERGROUP_LINK_HANDSHAKE,	/* both ends prove their memberships */
	PEERGROUP_LINK_UP,		/* in use */
	PEERGROUP_LINK_DOWN,		/* in events: one that was up has ended */
	PEERGROUP_LINK_FAILED,		/* in events: a dial that came to nothing */
};

/* Attributes of a link. */
enum {
	PEERGROUP_A_LINK_PAD = 1,
	PEERGROUP_A_LINK_GROUP,		/* u32: index of the group */
	PEERGROUP_A_LINK_ID,		/* u64: never 0; events and dumps agree on it */
	PEERGROUP_A_LINK_ADDRESS,	/* binary 4 or 16, network order */
	PEERGROUP_A_LINK_PORT,		/* u16 */
	PEERGROUP_A_LINK_SCOPE,		/* u32: interface index of a link-local address */
	PEERGROUP_A_LINK_STATE,		/* u32: enum peergroup_link_state */
	PEERGROUP_A_LINK_OUTBOUND,	/* u8: 1 where this host dialled */
	PEERGROUP_A_LINK_NODE,		/* u64: the other end's node id */
	PEERGROUP_A_LINK_PEER,		/* string: the other end's peer name */
	PEERGROUP_A_LINK_REASON,	/* u32: errno of the last failure */
	PEERGROUP_A_LINK_QUEUED,	/* u32: bytes waiting to be sent */
	PEERGROUP_A_LINK_RX_BYTES,	/* u64 */
	PEERGROUP_A_LINK_TX_BYTES,	/* u64 */
	PEERGROUP_A_LINK_RX_RECORDS,	/* u64 */
	PEERGROUP_A_LINK_TX_RECORDS,	/* u64 */
	PEERGROUP_A_LINK_RETRIES,	/* u32: dials since it was last up */
	PEERGROUP_A_LINK_RTT,		/* u32 us: of the last ping; absent before */
	PEERGROUP_A_LINK_DIRECT,	/* u8: 1 where it is for data only */
	PEERGROUP_A_LINK_LISTEN,	/* u16: at which the other end takes links */
	PEERGROUP_A_LINK_FOUND,		/* u8: 1 where the group looked for it by itself */

	__PEERGROUP_A_LINK_MAX,
	PEERGROUP_A_LINK_MAX = __PEERGROUP_A_LINK_MAX - 1
};

/* Attributes of data that is sent or has come over a link. */
enum {
	PEERGROUP_A_DATA_PAD = 1,
	PEERGROUP_A_DATA_GROUP,		/* u32: index of the group */
	PEERGROUP_A_DATA_LINK,		/* u64: id of the link */
	PEERGROUP_A_DATA_TYPE,		/* binary 16: what the data means */
	PEERGROUP_A_DATA_SIZE,		/* u32: bytes of all of it; dump: where to stop */
	PEERGROUP_A_DATA_OFFSET,	/* u32: of this part */
	PEERGROUP_A_DATA_BYTES,		/* binary: the data, or this part of it */
	PEERGROUP_A_DATA_STAGED,	/* flag: send what RECORD_STAGE brought */
	PEERGROUP_A_DATA_PEER,		/* string: peer name of who sent it */
	PEERGROUP_A_DATA_LOST,		/* u64: so many before were dropped for this socket */

	__PEERGROUP_A_DATA_MAX,
	PEERGROUP_A_DATA_MAX = __PEERGROUP_A_DATA_MAX - 1
};

/* Attributes of a member: one membership certificate the group has verified. */
enum {
	PEERGROUP_A_MEMBER_PAD = 1,
	PEERGROUP_A_MEMBER_GROUP,	/* u32: index of the group */
	PEERGROUP_A_MEMBER_FINGERPRINT,	/* binary 32: SHA-256 of the DER */
	PEERGROUP_A_MEMBER_NAME,	/* string: peer name */
	PEERGROUP_A_MEMBER_FRIENDLY,	/* string */
	PEERGROUP_A_MEMBER_ROLES,	/* u32: PEERGROUP_ROLE_* */
	PEERGROUP_A_MEMBER_NOT_BEFORE,	/* u64 */
	PEERGROUP_A_MEMBER_NOT_AFTER,	/* u64 */
	PEERGROUP_A_MEMBER_DEPTH,	/* u32: 1 = issued by the root */
	PEERGROUP_A_MEMBER_CERT,	/* binary: DER */
	PEERGROUP_A_MEMBER_REVOKED,	/* u64: records later than this do not count */
	PEERGROUP_A_MEMBER_ISSUER,	/* binary 32: fingerprint; not of the root */

	__PEERGROUP_A_MEMBER_MAX,
	PEERGROUP_A_MEMBER_MAX = __PEERGROUP_A_MEMBER_MAX - 1
};

/* Attributes of joining by password. */
enum {
	PEERGROUP_A_PASSWORD_PAD = 1,
	PEERGROUP_A_PASSWORD_GROUP,	/* u32: index of the group */
	PEERGROUP_A_PASSWORD_ID,	/* u64: of the connection */
	PEERGROUP_A_PASSWORD_ADDRESS,	/* binary 4 or 16: where it comes from */
	PEERGROUP_A_PASSWORD_OPENING,	/* binary 64: nonce and share, in the first event */
	PEERGROUP_A_PASSWORD_DATA,	/* binary: a message */
	PEERGROUP_A_PASSWORD_LAST,	/* flag: the last to send, or the end of it */

	__PEERGROUP_A_PASSWORD_MAX,
	PEERGROUP_A_PASSWORD_MAX = __PEERGROUP_A_PASSWORD_MAX - 1
};

/*
 * Counters of a group, each a u64 but the first two. A refusal's counter number
 * is also the refusal's name inside the module and in tracepoints.
 */
enum {
	PEERGROUP_A_STATS_PAD = 1,
	PEERGROUP_A_STATS_GROUP,		/* u32: index of the group */

	PEERGROUP_A_STATS_ADDED,		/* new records committed */
	PEERGROUP_A_STATS_UPDATED,		/* new versions committed */
	PEERGROUP_A_STATS_DELETED,		/* tombstones committed */
	PEERGROUP_A_STATS_EXPIRED,
	PEERGROUP_A_STATS_VERIFIED,		/* signatures found good */
	PEERGROUP_A_STATS_PRESENT,		/* arrived again, dropped before crypto */
	PEERGROUP_A_STATS_OLD,			/* older than ours, ours sent back */
	PEERGROUP_A_STATS_DEFERRED,		/* waited for a certificate */
	PEERGROUP_A_STATS_COALESCED,		/* replaced in a send queue by a newer version */
	PEERGROUP_A_STATS_FORWARDED,		/* copies queued to links */
	PEERGROUP_A_STATS_SYNCS,		/* reconciliations finished */
	PEERGROUP_A_STATS_LINKS_UP,
	PEERGROUP_A_STATS_LINKS_DOWN,
	PEERGROUP_A_STATS_LINKS_FAILED,

	PEERGROUP_A_STATS_REFUSED_MALFORMED,	/* a record that breaks its format */
	PEERGROUP_A_STATS_REFUSED_ID,		/* id not derived from the creator's key */
	PEERGROUP_A_STATS_REFUSED_TIMES,	/* outside the certificate, or out of order */
	PEERGROUP_A_STATS_REFUSED_FUTURE,	/* modified later than clocks may differ */
	PEERGROUP_A_STATS_REFUSED_EXPIRED,	/* already over */
	PEERGROUP_A_STATS_REFUSED_HASH,		/* data does not match its hash */
	PEERGROUP_A_STATS_REFUSED_SIGNATURE,
	PEERGROUP_A_STATS_REFUSED_ALGORITHM,	/* this kernel cannot verify it */
	PEERGROUP_A_STATS_REFUSED_ROLE,		/* signer may not change this record */
	PEERGROUP_A_STATS_REFUSED_RESERVED,	/* reserved record type */
	PEERGROUP_A_STATS_REFUSED_UNKNOWN,	/* signer's certificate never came */
	PEERGROUP_A_STATS_REFUSED_SIZE,		/* over the record size limit */
	PEERGROUP_A_STATS_REFUSED_FULL,		/* over the table's limits */
	PEERGROUP_A_STATS_REFUSED_STALE,	/* local: not newer than what is stored */
	PEERGROUP_A_STATS_REFUSED_CHANGED,	/* local: alters what an update must keep */
	PEERGROUP_A_STATS_REFUSED_NOMEM,
	PEERGROUP_A_STATS_REFUSED_CERT,		/* certificate or chain not valid here */
	PEERGROUP_A_STATS_REFUSED_MEMBERS,	/* member table full, or an inviter's part of it */
	PEERGROUP_A_STATS_DROPPED_DEFERRED,	/* pushed out of the waiting ring */
	PEERGROUP_A_STATS_DROPPED_QUEUE,	/* send queue full; a sync makes up for it */
	PEERGROUP_A_STATS_LINK_MALFORMED,	/* message that breaks the protocol */
	PEERGROUP_A_STATS_LINK_OVERSIZE,	/* message announced too long */
	PEERGROUP_A_STATS_LINK_HANDSHAKE,	/* handshake wrong or too slow */
	PEERGROUP_A_STATS_LINK_DUPLICATE,	/* second link to one node, or to ourselves */
	PEERGROUP_A_STATS_LINK_TIMEOUT,		/* the other end fell silent */
	PEERGROUP_A_STATS_LINK_CLOCK,		/* clocks differ too much */
	PEERGROUP_A_STATS_LINK_FULL,		/* over the limit of links */
	PEERGROUP_A_STATS_EVENTS_LOST,		/* notifications that found no memory or no room */
	PEERGROUP_A_STATS_REFUSED_QUOTA,	/* over what one creator may have */
	PEERGROUP_A_STATS_REFUSED_RATE,		/* creator publishes too fast */
	PEERGROUP_A_STATS_REFUSED_PERMISSION,	/* requests that the group's mode forbids */
	PEERGROUP_A_STATS_LINK_PACED,		/* times that a link was read late, or not heard */
	PEERGROUP_A_STATS_LINK_CRYPTO,		/* a handshake message or frame failed its tag */
	PEERGROUP_A_STATS_LINK_CREDENTIAL,	/* the other end proved no valid membership */
	PEERGROUP_A_STATS_LINK_HALF_OPEN,	/* gave way to a later half-open link */
	PEERGROUP_A_STATS_REFUSED_REVOKED,	/* signed by a member after it was revoked */
	PEERGROUP_A_STATS_WITHDRAWN,		/* records taken out as their signer was revoked */
	PEERGROUP_A_STATS_LINK_REVOKED,		/* link of a revoked member */
	PEERGROUP_A_STATS_LINK_MEMBER,		/* over the limit of links of one member */
	PEERGROUP_A_STATS_BATCHED,		/* under a batch's signature found good before */
	PEERGROUP_A_STATS_DIRECT_UP,		/* direct connections, not among the links above */
	PEERGROUP_A_STATS_DIRECT_DOWN,
	PEERGROUP_A_STATS_DIRECT_FAILED,	/* opened here, and came to nothing */
	PEERGROUP_A_STATS_DIRECT_REFUSED,	/* no program here takes them */
	PEERGROUP_A_STATS_DIRECT_FULL,		/* over the limit of them, or of them from others */
	PEERGROUP_A_STATS_DIRECT_MEMBER,	/* over that with one member, or one who invites */
	PEERGROUP_A_STATS_DATA_SENT,		/* messages of data queued to links */
	PEERGROUP_A_STATS_DATA_FULL,		/* times that a link's queue took no more */
	PEERGROUP_A_STATS_DATA_RECEIVED,	/* messages that at least one socket gets */
	PEERGROUP_A_STATS_DATA_UNWANTED,	/* messages that no socket takes */
	PEERGROUP_A_STATS_DATA_LOST,		/* copies dropped for a socket that had too many */
	PEERGROUP_A_STATS_DATA_OVERSIZE,	/* messages over the record size limit */
	PEERGROUP_A_STATS_DATA_HELD,		/* times that a socket held direct connections up */
	PEERGROUP_A_STATS_PASSWORD_OPENED,	/* joining by password: a program was told */
	PEERGROUP_A_STATS_PASSWORD_ISSUED,	/* attempts it answered to the end */
	PEERGROUP_A_STATS_PASSWORD_FAILED,	/* those that ended before: a wrong password */
	PEERGROUP_A_STATS_PASSWORD_MALFORMED,	/* those that broke the form */
	PEERGROUP_A_STATS_PASSWORD_RATE,	/* refused: too many in a minute */
	PEERGROUP_A_STATS_PASSWORD_FULL,	/* refused: too many at a time */
	PEERGROUP_A_STATS_PASSWORD_UNANSWERED,	/* refused: no program answers */
	PEERGROUP_A_STATS_LINKS_FOUND,		/* of those that came up: looked for by the group */

	PEERGROUP_A_STATS_REFRESHED,		/* refreshes of records taken */
	PEERGROUP_A_STATS_REFUSED_REFRESH,	/* not of the record's chain */
	PEERGROUP_A_STATS_REFUSED_STEPS,	/* too many steps of one at once */
	PEERGROUP_A_STATS_VIEW_FULL,		/* nodes to look for links to, without room */

	__PEERGROUP_A_STATS_MAX,
	PEERGROUP_A_STATS_MAX = __PEERGROUP_A_STATS_MAX - 1
};

#endif /* _UAPI_LINUX_PEERGROUP_H */
