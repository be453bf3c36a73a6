/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Noise_XX_25519_ChaChaPoly_BLAKE2s of the Noise Protocol Framework, revision
 * 34: the handshake that opens a link, and the ciphers of what follows. Engine
 * file: no sockets, no clock, no randomness of its own; the caller brings
 * ephemeral keys and carries the messages.
 *
 *	initiator			responder
 *	pg_noise_write()   -> e		  pg_noise_read()
 *	pg_noise_read()   e, ee, s, es <- pg_noise_write()
 *	pg_noise_write()   -> s, se	  pg_noise_read()
 *	pg_noise_split()		  pg_noise_split()
 *
 * The payload of the first message is not encrypted, that of the second can be
 * read by whoever called, that of the third by the responder alone. Nothing
 * here tells whether a static key is welcome: that is the caller's to judge by
 * pg_noise_remote() and the payloads, before it uses what pg_noise_split()
 * gives.
 *
 * Callers keep a state to one thread at a time.
 */
#ifndef _PG_NOISE_H
#define _PG_NOISE_H

#include <linux/types.h>
#include <linux/compiler.h>
#include "wire.h"

#define PG_NOISE_KEY_LEN	32
#define PG_NOISE_HASH_LEN	32
#define PG_NOISE_MSG_MAX	PG_FRAME_MAX	/* of a handshake message and of a frame */

/**
 * struct pg_noise_cipher - one direction of a link
 * @key: the key; zeroes once the cipher has refused something
 * @nonce: number of the next frame; U64_MAX: used up, or refused
 */
struct pg_noise_cipher {
	u8 key[PG_NOISE_KEY_LEN];
	u64 nonce;
};

/**
 * struct pg_noise - a handshake
 * @hash: of all that was said so far
 * @chain: what the keys to come depend on
 * @cipher: of the handshake messages, once there was a Diffie-Hellman
 * @s_priv: own static key, clamped
 * @s_pub: its public half
 * @e_priv: own ephemeral key
 * @e_pub: its public half
 * @rs: the other end's static key
 * @re: the other end's ephemeral key
 * @step: messages so far; or PG_NOISE_BROKEN
 * @initiator: we send the first one
 * @keyed: @cipher has a key
 */
struct pg_noise {
	u8 hash[PG_NOISE_HASH_LEN];
	u8 chain[PG_NOISE_HASH_LEN];
	struct pg_noise_cipher cipher;
	u8 s_priv[PG_NOISE_KEY_LEN];
	u8 s_pub[PG_NOISE_KEY_LEN];
	u8 e_priv[PG_NOISE_KEY_LEN];
	u8 e_pub[PG_NOISE_KEY_LEN];
	u8 rs[PG_NOISE_KEY_LEN];
	u8 re[PG_NOISE_KEY_LEN];
	u8 step;
	bool initiator;
	bool keyed;
};

#define PG_NOISE_STEPS		3
#define PG_NOISE_BROKEN		0xff

bool pg_noise_public(u8 pub[PG_NOISE_KEY_LEN], const u8 priv[PG_NOISE_KEY_LEN]);
void pg_noise_init(struct pg_noise *s, bool initiator,
		   const u8 static_priv[PG_NOISE_KEY_LEN],
		   const u8 *prologue, size_t len);
size_t pg_noise_overhead(const struct pg_noise *s);
int __must_check pg_noise_write(struct pg_noise *s, const u8 *ephemeral,
				const void *payload, size_t len, u8 *out);
int __must_check pg_noise_read(struct pg_noise *s, u8 *msg, size_t len,
			       u8 **payload, size_t *payload_len);
bool pg_noise_done(const struct pg_noise *s);
const u8 *pg_noise_remote(const struct pg_noise *s);
void pg_noise_split(struct pg_noise *s, struct pg_noise_cipher *tx,
		    struct pg_noise_cipher *rx, u8 hash[PG_NOISE_HASH_LEN]);
int __must_check pg_noise_seal(struct pg_noise_cipher *c, u8 *buf, size_t len);
int __must_check pg_noise_open(struct pg_noise_cipher *c, u8 *buf, size_t len);
void pg_noise_rekey(struct pg_noise_cipher *c);
void pg_noise_clear(struct pg_noise *s);

#endif /* _PG_NOISE_H */
