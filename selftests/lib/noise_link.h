/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The encryption of links in user space, over the module's own engine: for
 * peers that speak the protocol rightly or wrongly. It makes and takes bytes;
 * callers carry them, and may spoil them on the way.
 */
#ifndef _SELFTESTS_NOISE_LINK_H
#define _SELFTESTS_NOISE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>

#ifndef BIT
#define BIT(n)		(1U << (n))
#endif
#undef __packed
#define __packed	__attribute__((packed))
#include "../../kmod/wire.h"

/* Opening and first Noise message; and any later message or frame, with its length. */
#define NOISE_CALL_LEN	(sizeof(struct pg_opening) + PG_NOISE_FIRST)
#define NOISE_ROOM	(2 + PG_FRAME_MAX)

/**
 * struct noise_meet - who we say that we are, to be changed before it is written
 * @meet: in the order of the wire
 * @credential: so, too; @key and @sig_len are filled in
 * @group: that the credential is signed for
 * @signer: the member's key; without one, the signature is random bytes
 * @spoil: the signature gets a bit changed
 * @own_key: @credential.key is not to be filled in
 * @chain: as in a GMC message
 */
struct noise_meet {
	struct pg_meet meet;
	struct peergroup_credential credential;
	uint8_t group[PEERGROUP_HASH_LEN];
	EVP_PKEY *signer;
	bool spoil;
	bool own_key;
	const uint8_t *chain;
	size_t chain_len;
};

struct noise_link;

/* An end with a static key of its own, fresh where @priv is NULL. NULL if out of memory. */
struct noise_link *noise_link_new(bool initiator, const uint8_t *priv);
void noise_link_free(struct noise_link *l);

/* Our static key, and theirs once it was heard. */
const uint8_t *noise_link_key(const struct noise_link *l);
const uint8_t *noise_link_remote(const struct noise_link *l);
/* The handshake is over: noise_link_seal() and _open() have keys. */
bool noise_link_up(const struct noise_link *l);

/* A good opening for a group. */
void noise_opening(struct pg_opening *opening, const uint8_t *group);
/* Whether it is for that group. */
bool noise_opening_for(const struct pg_opening *opening, const uint8_t *group);
/* The dialling side's first bytes, NOISE_CALL_LEN; or takes them on the other side. */
int noise_link_call(struct noise_link *l, const struct pg_opening *opening,
		    const uint8_t *group, uint8_t *out);
int noise_link_called(struct noise_link *l, const uint8_t *group, const uint8_t *in);

/* The next handshake message, its length before it: bytes in @out, or -errno. */
int noise_link_say(struct noise_link *l, const void *payload, size_t len, uint8_t *out);
/* Takes one, without its length: bytes of *payload, or -errno. */
int noise_link_hear(struct noise_link *l, uint8_t *msg, size_t len, uint8_t **payload);

/* One frame, its length before it; takes a new key when it is due. */
int noise_link_seal(struct noise_link *l, const void *text, size_t len, uint8_t *out);
/* Takes a frame without its length: bytes of text at @frame, or -errno. */
int noise_link_open(struct noise_link *l, uint8_t *frame, size_t len);

/* A good one for an hour around @time, with a node id of its own, but for signer and chain. */
void noise_meet_init(struct noise_meet *m, const uint8_t *group, uint64_t time);
/* The payload of message 2 or 3: bytes in @out, which has room for PG_FRAME_MAX; or -errno. */
int noise_meet_write(const struct noise_meet *m, const uint8_t *key, uint8_t *out);
/* What a credential's signature is over. */
void noise_credential_hash(const struct peergroup_credential *c, const uint8_t *group,
			   uint8_t *hash);

/* Signs a SHA-256 hash as records and credentials are: bytes in @sig, or 0. */
size_t noise_sign(EVP_PKEY *key, const uint8_t *hash, uint8_t *sig, size_t room);
/* enum peergroup_sig_algo of a key. */
uint8_t noise_sign_algo(EVP_PKEY *key);

#endif
