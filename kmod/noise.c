// SPDX-License-Identifier: GPL-2.0-only
/*
 * Noise_XX_25519_ChaChaPoly_BLAKE2s over the kernel's crypto library. What
 * refuses something once refuses everything from then on: a stream with a byte
 * changed has no way to go on, and nobody gets a second guess.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include "compat.h"
#include "noise.h"

static const u8 pg_noise_name[] = "Noise_XX_25519_ChaChaPoly_BLAKE2s";

/* ------------------------------------------------------------------ keys -- */

/* The hash of two strings, one after the other. */
static void pg_noise_hash2(u8 out[PG_NOISE_HASH_LEN], const u8 *a, size_t a_len,
			   const u8 *b, size_t b_len)
{
	struct blake2s_ctx state;

	blake2s_init(&state, PG_NOISE_HASH_LEN);
	blake2s_update(&state, a, a_len);
	blake2s_update(&state, b, b_len);
	blake2s_final(&state, out);
}

/* HMAC as of RFC 2104, not BLAKE2's own keyed mode: that is what Noise asks for. */
static void pg_noise_hmac(u8 out[PG_NOISE_HASH_LEN], const u8 key[PG_NOISE_HASH_LEN],
			  const u8 *data, size_t len)
{
	u8 inner[PG_NOISE_HASH_LEN];
	u8 pad[BLAKE2S_BLOCK_SIZE];
	size_t i;

	memset(pad, 0x36, sizeof(pad));
	for (i = 0; i < PG_NOISE_HASH_LEN; i++)
		pad[i] ^= key[i];
	pg_noise_hash2(inner, pad, sizeof(pad), data, len);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	pg_noise_hash2(out, pad, sizeof(pad), inner, sizeof(inner));
	memzero_explicit(inner, sizeof(inner));
	memzero_explicit(pad, sizeof(pad));
}

/* HKDF with two outputs; @first may be where @chain is. */
static void pg_noise_hkdf(u8 first[PG_NOISE_HASH_LEN], u8 second[PG_NOISE_HASH_LEN],
			  const u8 chain[PG_NOISE_HASH_LEN], const u8 *data, size_t len)
{
	u8 secret[PG_NOISE_HASH_LEN];
	u8 text[PG_NOISE_HASH_LEN + 1];

	pg_noise_hmac(secret, chain, data, len);
	text[0] = 1;
	pg_noise_hmac(first, secret, text, 1);
	memcpy(text, first, PG_NOISE_HASH_LEN);
	text[PG_NOISE_HASH_LEN] = 2;
	pg_noise_hmac(second, secret, text, sizeof(text));
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(text, sizeof(text));
}

/**
 * pg_noise_public - the public half of a key
 * @pub: where to put it
 * @priv: 32 random bytes
 *
 * Return: false if there is none, which no random bytes lead to.
 */
bool pg_noise_public(u8 pub[PG_NOISE_KEY_LEN], const u8 priv[PG_NOISE_KEY_LEN])
{
	u8 secret[PG_NOISE_KEY_LEN];
	bool good;

	memcpy(secret, priv, sizeof(secret));
	curve25519_clamp_secret(secret);
	good = curve25519_generate_public(pub, secret);
	memzero_explicit(secret, sizeof(secret));
	return good;
}

/* --------------------------------------------------------------- ciphers -- */

static void pg_noise_cipher_set(struct pg_noise_cipher *c, const u8 key[PG_NOISE_KEY_LEN])
{
	memcpy(c->key, key, sizeof(c->key));
	c->nonce = 0;
}

static void pg_noise_cipher_end(struct pg_noise_cipher *c)
{
	memzero_explicit(c->key, sizeof(c->key));
	c->nonce = U64_MAX;
}

static int pg_noise_encrypt(struct pg_noise_cipher *c, u8 *buf, size_t len,
			    const u8 *ad, size_t ad_len)
{
	if (c->nonce == U64_MAX)
		return -ENOKEY;
	chacha20poly1305_encrypt(buf, buf, len, ad, ad_len, c->nonce++, c->key);
	return 0;
}

static int pg_noise_decrypt(struct pg_noise_cipher *c, u8 *buf, size_t len,
			    const u8 *ad, size_t ad_len)
{
	if (c->nonce == U64_MAX)
		return -ENOKEY;
	if (len < PG_NOISE_TAG_LEN ||
	    !chacha20poly1305_decrypt(buf, buf, len, ad, ad_len, c->nonce, c->key)) {
		pg_noise_cipher_end(c);
		return -EBADMSG;
	}
	c->nonce++;
	return 0;
}

/**
 * pg_noise_seal - encrypt a frame in place
 * @c: from pg_noise_split()
 * @buf: the frame, and PG_NOISE_TAG_LEN bytes more
 * @len: bytes of the frame, without those
 *
 * Return: 0; -EMSGSIZE; -ENOKEY if the cipher can be used no more.
 */
int pg_noise_seal(struct pg_noise_cipher *c, u8 *buf, size_t len)
{
	if (len > PG_NOISE_MSG_MAX - PG_NOISE_TAG_LEN)
		return -EMSGSIZE;
	return pg_noise_encrypt(c, buf, len, NULL, 0);
}

/**
 * pg_noise_open - decrypt a frame in place
 * @c: from pg_noise_split()
 * @buf: what pg_noise_seal() left
 * @len: all of its bytes; the frame has PG_NOISE_TAG_LEN less
 *
 * Frames open in the order they were sealed and each once. After one that does
 * not, the cipher opens no other.
 *
 * Return: 0; -EBADMSG if this is not what was sealed; -ENOKEY if the cipher
 * can be used no more.
 */
int pg_noise_open(struct pg_noise_cipher *c, u8 *buf, size_t len)
{
	if (len > PG_NOISE_MSG_MAX) {
		pg_noise_cipher_end(c);
		return -EBADMSG;
	}
	return pg_noise_decrypt(c, buf, len, NULL, 0);
}

/**
 * pg_noise_rekey - go on with another key
 * @c: from pg_noise_split()
 *
 * The key follows from the old one, which does not follow from it: who gets
 * hold of the new key cannot read what was sent before. Both ends do so after
 * the same frame. The numbering of frames goes on.
 */
void pg_noise_rekey(struct pg_noise_cipher *c)
{
	u8 buf[PG_NOISE_KEY_LEN + PG_NOISE_TAG_LEN] = {};

	/* Nothing may come of a cipher that has refused something. */
	if (c->nonce == U64_MAX)
		return;
	chacha20poly1305_encrypt(buf, buf, PG_NOISE_KEY_LEN, NULL, 0, U64_MAX, c->key);
	memcpy(c->key, buf, sizeof(c->key));
	memzero_explicit(buf, sizeof(buf));
}

/* ------------------------------------------------------------- handshake -- */

static void pg_noise_mix_hash(struct pg_noise *s, const u8 *data, size_t len)
{
	pg_noise_hash2(s->hash, s->hash, sizeof(s->hash), data, len);
}

/* Lets a Diffie-Hellman result into the keys to come. */
static int pg_noise_mix_dh(struct pg_noise *s, const u8 priv[PG_NOISE_KEY_LEN],
			   const u8 pub[PG_NOISE_KEY_LEN])
{
	u8 key[PG_NOISE_KEY_LEN];
	u8 dh[PG_NOISE_KEY_LEN];
	int err = -EKEYREJECTED;

	if (curve25519(dh, priv, pub)) {
		pg_noise_hkdf(s->chain, key, s->chain, dh, sizeof(dh));
		pg_noise_cipher_set(&s->cipher, key);
		s->keyed = true;
		err = 0;
	}
	memzero_explicit(dh, sizeof(dh));
	memzero_explicit(key, sizeof(key));
	return err;
}

/* Appends @len bytes, encrypted if there is a key yet; moves @out behind them. */
static int pg_noise_put(struct pg_noise *s, u8 **out, const void *data, size_t len)
{
	size_t all = len;
	int err;

	if (len)
		memcpy(*out, data, len);
	if (s->keyed) {
		err = pg_noise_encrypt(&s->cipher, *out, len, s->hash, sizeof(s->hash));
		if (err)
			return err;
		all += PG_NOISE_TAG_LEN;
	}
	pg_noise_mix_hash(s, *out, all);
	*out += all;
	return 0;
}

/* Takes @len bytes as they were sent, tag and all, and decrypts them in place. */
static int pg_noise_get(struct pg_noise *s, u8 *in, size_t len)
{
	u8 hash[PG_NOISE_HASH_LEN];
	int err;

	/* The hash is of what was sent, which is gone once it is decrypted. */
	memcpy(hash, s->hash, sizeof(hash));
	pg_noise_mix_hash(s, in, len);
	if (!s->keyed)
		return 0;
	err = pg_noise_decrypt(&s->cipher, in, len, hash, sizeof(hash));
	memzero_explicit(hash, sizeof(hash));
	return err;
}

/* What a static key takes in a message. */
static size_t pg_noise_static_len(const struct pg_noise *s)
{
	return s->step ? PG_NOISE_KEY_LEN + PG_NOISE_TAG_LEN : 0;
}

static size_t pg_noise_ephemeral_len(const struct pg_noise *s)
{
	return s->step < 2 ? PG_NOISE_KEY_LEN : 0;
}

/**
 * pg_noise_overhead - what the next message needs beside its payload
 * @s: the handshake
 *
 * Return: bytes; 0 once the handshake is over.
 */
size_t pg_noise_overhead(const struct pg_noise *s)
{
	if (s->step >= PG_NOISE_STEPS)
		return 0;
	return pg_noise_ephemeral_len(s) + pg_noise_static_len(s) +
	       (s->step ? PG_NOISE_TAG_LEN : 0);
}

/* Messages take turns, the initiator first. */
static bool pg_noise_writes(const struct pg_noise *s)
{
	return s->step < PG_NOISE_STEPS && s->initiator == !(s->step & 1);
}

static bool pg_noise_reads(const struct pg_noise *s)
{
	return s->step < PG_NOISE_STEPS && s->initiator == (s->step & 1);
}

static int pg_noise_fail(struct pg_noise *s, int err)
{
	pg_noise_clear(s);
	return err;
}

/* es is between the initiator's ephemeral and the responder's static key. */
static int pg_noise_mix_es(struct pg_noise *s)
{
	return s->initiator ? pg_noise_mix_dh(s, s->e_priv, s->rs) :
			      pg_noise_mix_dh(s, s->s_priv, s->re);
}

/* se the other way round. */
static int pg_noise_mix_se(struct pg_noise *s)
{
	return s->initiator ? pg_noise_mix_dh(s, s->s_priv, s->re) :
			      pg_noise_mix_dh(s, s->e_priv, s->rs);
}

/**
 * pg_noise_init - start a handshake
 * @s: what to fill in
 * @initiator: this end sends the first message
 * @static_priv: our static key; 32 random bytes
 * @prologue: what both ends must agree about, else they do not understand
 *	each other
 * @len: bytes of @prologue
 *
 * pg_noise_clear() or pg_noise_split() must follow some time, for the keys.
 */
void pg_noise_init(struct pg_noise *s, bool initiator,
		   const u8 static_priv[PG_NOISE_KEY_LEN],
		   const u8 *prologue, size_t len)
{
	BUILD_BUG_ON(sizeof(pg_noise_name) - 1 <= PG_NOISE_HASH_LEN);

	memset(s, 0, sizeof(*s));
	s->initiator = initiator;
	memcpy(s->s_priv, static_priv, sizeof(s->s_priv));
	curve25519_clamp_secret(s->s_priv);
	pg_noise_hash2(s->hash, pg_noise_name, sizeof(pg_noise_name) - 1, NULL, 0);
	memcpy(s->chain, s->hash, sizeof(s->chain));
	pg_noise_mix_hash(s, prologue, len);
	/* A clamped key always has a public half, of a point of large order. */
	if (!curve25519_generate_public(s->s_pub, s->s_priv))
		pg_noise_clear(s);
}

static int pg_noise_write_ephemeral(struct pg_noise *s, const u8 *ephemeral, u8 **out)
{
	memcpy(s->e_priv, ephemeral, sizeof(s->e_priv));
	curve25519_clamp_secret(s->e_priv);
	if (!curve25519_generate_public(s->e_pub, s->e_priv))
		return -EKEYREJECTED;
	memcpy(*out, s->e_pub, PG_NOISE_KEY_LEN);
	pg_noise_mix_hash(s, *out, PG_NOISE_KEY_LEN);
	*out += PG_NOISE_KEY_LEN;
	/* ee: the first message has no other end to share anything with. */
	return s->step ? pg_noise_mix_dh(s, s->e_priv, s->re) : 0;
}

/**
 * pg_noise_write - make the next message
 * @s: the handshake
 * @ephemeral: 32 random bytes never used before; NULL for the third message
 * @payload: what to say in it
 * @len: bytes of @payload
 * @out: @len + pg_noise_overhead() bytes, none of them in @payload
 *
 * Return: 0; -EMSGSIZE; -EPROTO if it is the other end's turn, or nobody's;
 * -EKEYREJECTED if the other end has sent a key that leads to no secret, and
 * the handshake is over.
 */
int pg_noise_write(struct pg_noise *s, const u8 *ephemeral, const void *payload,
		   size_t len, u8 *out)
{
	int err = 0;

	if (!pg_noise_writes(s) || (s->step < 2 && !ephemeral))
		return -EPROTO;
	if (len > PG_NOISE_MSG_MAX - pg_noise_overhead(s))
		return -EMSGSIZE;
	if (s->step < 2)
		err = pg_noise_write_ephemeral(s, ephemeral, &out);
	if (!err && s->step)
		err = pg_noise_put(s, &out, s->s_pub, sizeof(s->s_pub));
	if (!err && s->step)
		err = s->step == 1 ? pg_noise_mix_es(s) : pg_noise_mix_se(s);
	if (!err)
		err = pg_noise_put(s, &out, payload, len);
	if (err)
		return pg_noise_fail(s, err);
	s->step++;
	return 0;
}

static int pg_noise_read_ephemeral(struct pg_noise *s, const u8 *in)
{
	memcpy(s->re, in, sizeof(s->re));
	pg_noise_mix_hash(s, in, sizeof(s->re));
	return s->step ? pg_noise_mix_dh(s, s->e_priv, s->re) : 0;
}

static int pg_noise_read_static(struct pg_noise *s, u8 *in)
{
	int err = pg_noise_get(s, in, pg_noise_static_len(s));

	if (err)
		return err;
	memcpy(s->rs, in, sizeof(s->rs));
	return s->step == 1 ? pg_noise_mix_es(s) : pg_noise_mix_se(s);
}

/**
 * pg_noise_read - take the next message
 * @s: the handshake
 * @msg: the message, which is decrypted in place
 * @len: its bytes
 * @payload: where in @msg the payload is
 * @payload_len: its bytes
 *
 * Any error ends the handshake, except that of a call out of turn.
 *
 * Return: 0; -EPROTO if it is not the other end's turn, or the message is too
 * short or too long; -EBADMSG if it was made by somebody else or changed, or
 * for another prologue; -EKEYREJECTED if a key in it leads to no secret.
 */
int pg_noise_read(struct pg_noise *s, u8 *msg, size_t len, u8 **payload,
		  size_t *payload_len)
{
	size_t skip = pg_noise_ephemeral_len(s);
	int err = 0;

	if (!pg_noise_reads(s))
		return -EPROTO;
	if (len < pg_noise_overhead(s) || len > PG_NOISE_MSG_MAX)
		return pg_noise_fail(s, -EPROTO);
	if (skip)
		err = pg_noise_read_ephemeral(s, msg);
	if (!err && s->step)
		err = pg_noise_read_static(s, msg + skip);
	skip += pg_noise_static_len(s);
	if (!err)
		err = pg_noise_get(s, msg + skip, len - skip);
	if (err)
		return pg_noise_fail(s, err);
	*payload = msg + skip;
	*payload_len = len - pg_noise_overhead(s);
	s->step++;
	return 0;
}

/**
 * pg_noise_done - whether all messages have been exchanged
 * @s: the handshake
 */
bool pg_noise_done(const struct pg_noise *s)
{
	return s->step == PG_NOISE_STEPS;
}

/**
 * pg_noise_remote - the other end's static key
 * @s: the handshake
 *
 * Return: the key, as long as @s has it: for the initiator from the second
 * message on, for the responder from the third. That the other end holds its
 * private half is sure after the message that brought it.
 */
const u8 *pg_noise_remote(const struct pg_noise *s)
{
	return s->rs;
}

/**
 * pg_noise_split - the keys of what follows
 * @s: a handshake that is done; there is nothing in it afterwards
 * @tx: for what we send
 * @rx: for what we receive
 * @hash: set to what names this handshake for ever, the same at both ends; may be NULL
 */
void pg_noise_split(struct pg_noise *s, struct pg_noise_cipher *tx,
		    struct pg_noise_cipher *rx, u8 hash[PG_NOISE_HASH_LEN])
{
	u8 first[PG_NOISE_KEY_LEN], second[PG_NOISE_KEY_LEN];

	if (hash)
		memcpy(hash, s->hash, PG_NOISE_HASH_LEN);
	if (WARN_ON_ONCE(!pg_noise_done(s))) {
		pg_noise_cipher_end(tx);
		pg_noise_cipher_end(rx);
		pg_noise_clear(s);
		return;
	}
	pg_noise_hkdf(first, second, s->chain, NULL, 0);
	pg_noise_cipher_set(tx, s->initiator ? first : second);
	pg_noise_cipher_set(rx, s->initiator ? second : first);
	memzero_explicit(first, sizeof(first));
	memzero_explicit(second, sizeof(second));
	pg_noise_clear(s);
}

/**
 * pg_noise_clear - forget all keys of a handshake
 * @s: the handshake, which cannot be used any more
 */
void pg_noise_clear(struct pg_noise *s)
{
	memzero_explicit(s, sizeof(*s));
	s->step = PG_NOISE_BROKEN;
}
