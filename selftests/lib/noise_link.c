// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include "../../kmod/noise.h"
#include "noise_link.h"

#define TICKS_PER_HOUR	(3600ULL * 10000000)

/**
 * struct noise_link - one end
 * @noise: the handshake, as long as it lasts
 * @sent: frames sealed with this key
 * @taken: frames opened with this key
 */
struct noise_link {
	struct pg_noise noise;
	struct pg_noise_cipher tx, rx;
	uint8_t priv[PG_NOISE_KEY_LEN];
	uint8_t key[PG_NOISE_KEY_LEN];
	uint8_t remote[PG_NOISE_KEY_LEN];
	unsigned int sent, taken;
	bool initiator;
	bool up;
};

struct noise_link *noise_link_new(bool initiator, const uint8_t *priv)
{
	struct noise_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->initiator = initiator;
	if (priv)
		memcpy(l->priv, priv, sizeof(l->priv));
	if ((!priv && RAND_bytes(l->priv, sizeof(l->priv)) <= 0) ||
	    !pg_noise_public(l->key, l->priv)) {
		free(l);
		return NULL;
	}
	/* Until then nothing can be said. */
	pg_noise_clear(&l->noise);
	return l;
}

void noise_link_free(struct noise_link *l)
{
	free(l);
}

const uint8_t *noise_link_key(const struct noise_link *l)
{
	return l->key;
}

const uint8_t *noise_link_remote(const struct noise_link *l)
{
	return l->remote;
}

bool noise_link_up(const struct noise_link *l)
{
	return l->up;
}

/* ------------------------------------------------------------- handshake -- */

static void opening_hint(const struct pg_opening *opening, const uint8_t *group, uint8_t *hint)
{
	uint8_t text[sizeof(PG_OPENING_TAG) - 1 + PEERGROUP_HASH_LEN + PG_NONCE_LEN], *p = text;

	p = mempcpy(p, PG_OPENING_TAG, sizeof(PG_OPENING_TAG) - 1);
	p = mempcpy(p, group, PEERGROUP_HASH_LEN);
	memcpy(p, opening->nonce, PG_NONCE_LEN);
	SHA256(text, sizeof(text), hint);
}

void noise_opening(struct pg_opening *opening, const uint8_t *group)
{
	memcpy(opening->magic, PG_OPENING_MAGIC, sizeof(opening->magic));
	RAND_bytes(opening->nonce, sizeof(opening->nonce));
	opening_hint(opening, group, opening->hint);
}

bool noise_opening_for(const struct pg_opening *opening, const uint8_t *group)
{
	uint8_t hint[sizeof(opening->hint)];

	opening_hint(opening, group, hint);
	return !memcmp(opening->magic, PG_OPENING_MAGIC, sizeof(opening->magic)) &&
	       !memcmp(opening->hint, hint, sizeof(hint));
}

static void start(struct noise_link *l, const struct pg_opening *opening, const uint8_t *group)
{
	struct pg_prologue prologue = { .opening = *opening };

	memcpy(prologue.tag, PG_PROLOGUE_TAG, sizeof(prologue.tag));
	memcpy(prologue.group, group, sizeof(prologue.group));
	pg_noise_init(&l->noise, l->initiator, l->priv, (const void *)&prologue, sizeof(prologue));
}

int noise_link_call(struct noise_link *l, const struct pg_opening *opening,
		    const uint8_t *group, uint8_t *out)
{
	uint8_t ephemeral[PG_NOISE_KEY_LEN];

	start(l, opening, group);
	memcpy(out, opening, sizeof(*opening));
	RAND_bytes(ephemeral, sizeof(ephemeral));
	return pg_noise_write(&l->noise, ephemeral, NULL, 0, out + sizeof(*opening));
}

int noise_link_called(struct noise_link *l, const uint8_t *group, const uint8_t *in)
{
	uint8_t first[PG_NOISE_FIRST], *payload;
	struct pg_opening opening;
	size_t len;

	memcpy(&opening, in, sizeof(opening));
	memcpy(first, in + sizeof(opening), sizeof(first));
	start(l, &opening, group);
	return pg_noise_read(&l->noise, first, sizeof(first), &payload, &len);
}

static void step_done(struct noise_link *l)
{
	uint8_t hash[PG_NOISE_HASH_LEN];

	memcpy(l->remote, pg_noise_remote(&l->noise), sizeof(l->remote));
	if (!pg_noise_done(&l->noise))
		return;
	pg_noise_split(&l->noise, &l->tx, &l->rx, hash);
	l->up = true;
}

int noise_link_say(struct noise_link *l, const void *payload, size_t len, uint8_t *out)
{
	size_t all = len + pg_noise_overhead(&l->noise);
	uint8_t ephemeral[PG_NOISE_KEY_LEN];
	int err;

	RAND_bytes(ephemeral, sizeof(ephemeral));
	err = pg_noise_write(&l->noise, ephemeral, payload, len, out + 2);
	if (err)
		return err;
	out[0] = (uint8_t)(all >> 8);
	out[1] = (uint8_t)all;
	step_done(l);
	return (int)all + 2;
}

int noise_link_hear(struct noise_link *l, uint8_t *msg, size_t len, uint8_t **payload)
{
	size_t payload_len;
	int err = pg_noise_read(&l->noise, msg, len, payload, &payload_len);

	if (err)
		return err;
	step_done(l);
	return (int)payload_len;
}

/* ---------------------------------------------------------------- frames -- */

static void frame_done(struct pg_noise_cipher *c, unsigned int *n)
{
	if (++*n < PG_REKEY_FRAMES)
		return;
	pg_noise_rekey(c);
	*n = 0;
}

int noise_link_seal(struct noise_link *l, const void *text, size_t len, uint8_t *out)
{
	size_t all = len + PG_NOISE_TAG_LEN;
	int err;

	if (!l->up)
		return -ENOTCONN;
	if (all > PG_FRAME_MAX)
		return -EMSGSIZE;
	if (len)
		memcpy(out + 2, text, len);
	err = pg_noise_seal(&l->tx, out + 2, len);
	if (err)
		return err;
	out[0] = (uint8_t)(all >> 8);
	out[1] = (uint8_t)all;
	frame_done(&l->tx, &l->sent);
	return (int)all + 2;
}

int noise_link_open(struct noise_link *l, uint8_t *frame, size_t len)
{
	int err = l->up ? pg_noise_open(&l->rx, frame, len) : -ENOTCONN;

	if (err)
		return err;
	frame_done(&l->rx, &l->taken);
	return (int)(len - PG_NOISE_TAG_LEN);
}

/* ------------------------------------------------------------ who we are -- */

uint8_t noise_sign_algo(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") ? PEERGROUP_SIG_RSA_SHA256 : PEERGROUP_SIG_P256_SHA256;
}

size_t noise_sign(EVP_PKEY *key, const uint8_t *hash, uint8_t *sig, size_t room)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = room;

	if (!ctx || EVP_PKEY_sign_init(ctx) <= 0 ||
	    (EVP_PKEY_is_a(key, "RSA") &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0 ||
	    EVP_PKEY_sign(ctx, sig, &len, hash, SHA256_DIGEST_LENGTH) <= 0)
		len = 0;
	EVP_PKEY_CTX_free(ctx);
	return len;
}

void noise_credential_hash(const struct peergroup_credential *c, const uint8_t *group,
			   uint8_t *hash)
{
	uint8_t text[PEERGROUP_CREDENTIAL_TAG_LEN + PEERGROUP_HASH_LEN +
		     PEERGROUP_NODE_KEY_LEN + 3 * sizeof(uint64_t)], *p = text;

	p = mempcpy(p, PEERGROUP_CREDENTIAL_TAG, PEERGROUP_CREDENTIAL_TAG_LEN);
	p = mempcpy(p, group, PEERGROUP_HASH_LEN);
	p = mempcpy(p, c->key, sizeof(c->key));
	p = mempcpy(p, &c->node, sizeof(c->node));
	p = mempcpy(p, &c->not_before, sizeof(c->not_before));
	memcpy(p, &c->not_after, sizeof(c->not_after));
	SHA256(text, sizeof(text), hash);
}

void noise_meet_init(struct noise_meet *m, const uint8_t *group, uint64_t time)
{
	uint64_t node;

	memset(m, 0, sizeof(*m));
	memcpy(m->group, group, sizeof(m->group));
	RAND_bytes((uint8_t *)&node, sizeof(node));
	m->meet.node = node | htobe64(1);
	m->meet.time = htobe64(time);
	m->credential.node = m->meet.node;
	m->credential.not_before = htobe64(time - TICKS_PER_HOUR);
	m->credential.not_after = htobe64(time + TICKS_PER_HOUR);
	m->credential.algo = PEERGROUP_SIG_RSA_SHA256;
}

int noise_meet_write(const struct noise_meet *m, const uint8_t *key, uint8_t *out)
{
	uint8_t hash[SHA256_DIGEST_LENGTH], sig[PEERGROUP_SIG_LEN_MAX], *p = out;
	struct peergroup_credential c = m->credential;
	size_t len = 256;

	if (!m->own_key)
		memcpy(c.key, key, sizeof(c.key));
	RAND_bytes(sig, sizeof(sig));
	if (m->signer) {
		noise_credential_hash(&c, m->group, hash);
		c.algo = noise_sign_algo(m->signer);
		len = noise_sign(m->signer, hash, sig, sizeof(sig));
		if (!len)
			return -EINVAL;
	}
	c.sig_len = htobe16((uint16_t)len);
	sig[len / 2] ^= m->spoil;
	if (sizeof(m->meet) + sizeof(c) + len + m->chain_len > PG_FRAME_MAX)
		return -EMSGSIZE;
	p = mempcpy(p, &m->meet, sizeof(m->meet));
	p = mempcpy(p, &c, sizeof(c));
	p = mempcpy(p, sig, len);
	if (m->chain_len)
		p = mempcpy(p, m->chain, m->chain_len);
	return (int)(p - out);
}
