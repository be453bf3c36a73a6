// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "group.h"
#include "tap.h"

#define HASH	PEERGROUP_HASH_LEN

const uint8_t test_type[PEERGROUP_ID_LEN] = {
	0x6b, 0x1f, 0x7c, 0x1e, 0x0d, 0x52, 0x4f, 0x1c,
	0x9a, 0x38, 0x3d, 0x0b, 0x5a, 0xd1, 0xc0, 0x02,
};

/* -------------------------------------------------------------- headers -- */

void rec_new(struct rec *rec, const struct cert *creator, const void *data, size_t len)
{
	uint8_t key[HASH];

	memset(rec, 0, sizeof(*rec));
	cert_spki_hash(creator->spec.key, key);
	memcpy(rec->hdr.id, key, 8);
	NEED(RAND_bytes(rec->hdr.id + 8, 8) > 0);
	memcpy(rec->hdr.type, test_type, sizeof(test_type));
	memcpy(rec->hdr.creator, creator->fingerprint, HASH);
	memcpy(rec->hdr.modifier, creator->fingerprint, HASH);
	rec->hdr.version = htobe32(1);
	rec->hdr.created = htobe64(peer_time_now());
	rec->hdr.modified = rec->hdr.created;
	/* Longer than the longest test takes in the slowest kernel. */
	rec->hdr.expires = htobe64(be64toh(rec->hdr.created) + 86400 * TICKS);
	rec->data = data;
	rec->data_len = len;
}

/* What the last one says. */
static struct {
	struct peergroup_presence head;
	uint8_t addresses[PEERGROUP_PRESENCE_ADDRESSES_MAX][PEERGROUP_PRESENCE_ADDRESS_LEN];
} __attribute__((packed)) place;

void rec_presence(struct rec *rec, const struct cert *by, uint64_t node, uint16_t port,
		  const char *const *addresses, size_t n)
{
	static const uint8_t type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;
	size_t i;

	NEED(n <= PEERGROUP_PRESENCE_ADDRESSES_MAX);
	place.head.node = htobe64(node);
	place.head.port = htobe16(port);
	for (i = 0; i < n; i++)
		NEED(inet_pton(AF_INET6, addresses[i], place.addresses[i]) == 1);
	rec_new(rec, by, &place, sizeof(place.head) + n * sizeof(place.addresses[0]));
	memcpy(rec->hdr.type, type, sizeof(type));
	memcpy(rec->hdr.id + 8, &place.head.node, sizeof(place.head.node));
}

void rec_next(struct rec *rec, const struct rec *of, const struct cert *modifier,
	      const void *data, size_t len)
{
	memset(rec, 0, sizeof(*rec));
	rec->hdr = of->hdr;
	memcpy(rec->hdr.modifier, modifier->fingerprint, HASH);
	rec->hdr.version = htobe32(be32toh(of->hdr.version) + 1);
	rec->hdr.modified = htobe64(be64toh(of->hdr.modified) + 1);
	rec->data = data;
	rec->data_len = len;
}

void rec_chain(struct rec *rec, uint32_t period, uint32_t count, uint8_t (*value)[HASH])
{
	uint32_t i;

	NEED(RAND_bytes(value[count], HASH) > 0);
	for (i = count; i; i--)
		SHA256(value[i], HASH, value[i - 1]);
	rec->hdr.flags = htobe32(PEERGROUP_RECORD_AUTOREFRESH);
	rec->hdr.refresh_period = htobe32(period);
	rec->hdr.refresh_count = htobe32(count);
	memcpy(rec->hdr.anchor, value[0], HASH);
}

void rec_tombstone(struct rec *rec, const struct rec *of, const struct cert *modifier)
{
	rec_next(rec, of, modifier, NULL, 0);
	rec->hdr.flags |= htobe32(PEERGROUP_RECORD_DELETED);
	memset(rec->hdr.anchor, 0, sizeof(rec->hdr.anchor));
	rec->hdr.refresh_count = 0;
}

void rec_revocation(struct rec *rec, const struct cert *by,
		    const struct peergroup_revocation *body)
{
	rec_revocation_at(rec, by, body, peer_time_now());
}

void rec_revocation_at(struct rec *rec, const struct cert *by,
		       const struct peergroup_revocation *body, uint64_t when)
{
	static const uint8_t type[] = PEERGROUP_TYPE_REVOCATION;
	uint8_t text[PEERGROUP_REVOCATION_TAG_LEN + HASH + 16 + sizeof(*body)];
	uint8_t hash[SHA256_DIGEST_LENGTH], *p = text;

	rec_new(rec, by, body, sizeof(*body));
	rec->hdr.created = htobe64(when);
	rec->hdr.modified = rec->hdr.created;
	memcpy(rec->hdr.type, type, sizeof(type));
	rec->hdr.version = htobe32(PEERGROUP_VERSION_FINAL);
	p = mempcpy(p, PEERGROUP_REVOCATION_TAG, PEERGROUP_REVOCATION_TAG_LEN);
	p = mempcpy(p, by->spec.group, HASH);
	p = mempcpy(p, &rec->hdr.modified, 8);
	p = mempcpy(p, &rec->hdr.expires, 8);
	p = mempcpy(p, body, sizeof(*body));
	SHA256(text, p - text, hash);
	memcpy(rec->hdr.id + 8, hash, 8);
}

static size_t attrs_len(const struct rec *rec)
{
	return rec->attrs ? strlen(rec->attrs) : 0;
}

static void finish_header(struct rec *rec)
{
	rec->hdr.attrs_len = htobe32(attrs_len(rec));
	rec->hdr.data_len = htobe32(rec->data_len);
	SHA256(rec->data ? rec->data : "", rec->data_len, rec->hdr.data_hash);
}

/* -------------------------------------------------------------- signing -- */

static void hash_parts(uint8_t *out, const void *a, size_t a_len, const void *b, size_t b_len,
		       const void *c, size_t c_len, const void *d, size_t d_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	NEED(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) > 0);
	EVP_DigestUpdate(ctx, a, a_len);
	EVP_DigestUpdate(ctx, b, b_len);
	EVP_DigestUpdate(ctx, c, c_len);
	EVP_DigestUpdate(ctx, d, d_len);
	NEED(EVP_DigestFinal_ex(ctx, out, NULL) > 0);
	EVP_MD_CTX_free(ctx);
}

static void digest_of(const struct rec *rec, const uint8_t *group, uint8_t *digest)
{
	hash_parts(digest, PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN, group, HASH,
		   &rec->hdr, sizeof(rec->hdr), rec->attrs ? rec->attrs : "", attrs_len(rec));
}

static void assemble(struct rec *rec, const void *block, size_t block_len)
{
	uint8_t *p;

	rec->len = sizeof(rec->hdr) + attrs_len(rec) + block_len + rec->data_len;
	free(rec->wire);
	rec->wire = p = malloc(rec->len);
	NEED(p);
	p = mempcpy(p, &rec->hdr, sizeof(rec->hdr));
	p = mempcpy(p, rec->attrs ? rec->attrs : "", attrs_len(rec));
	p = mempcpy(p, block, block_len);
	if (rec->data_len)
		memcpy(p, rec->data, rec->data_len);
}

/* A signature block; returns its length. */
static size_t make_block(uint8_t *out, EVP_PKEY *key, const uint8_t *hash, uint8_t kind)
{
	struct peergroup_sig_hdr hdr = {
		.kind = kind,
		.algo = cert_key_is_rsa(key) ? PEERGROUP_SIG_RSA_SHA256 :
					       PEERGROUP_SIG_P256_SHA256,
	};
	struct der_buf sig = { 0 };

	cert_sign_hash(key, hash, &sig);
	hdr.sig_len = htobe16(sig.len);
	memcpy(mempcpy(out, &hdr, sizeof(hdr)), sig.p, sig.len);
	return sizeof(hdr) + sig.len;
}

void rec_sign_with(struct rec *rec, const uint8_t *group, EVP_PKEY *key)
{
	uint8_t digest[HASH], block[sizeof(struct peergroup_sig_hdr) + PEERGROUP_SIG_LEN_MAX];

	finish_header(rec);
	digest_of(rec, group, digest);
	assemble(rec, block, make_block(block, key, digest, PEERGROUP_SIG_DIRECT));
}

void rec_sign(struct rec *rec, const struct cert *by)
{
	rec_sign_with(rec, by->spec.group, by->spec.key);
}

/* One level of the tree becomes the next, in place; the old one stays in @level. */
static unsigned int fold(uint8_t (*next)[HASH], uint8_t (*level)[HASH], unsigned int n)
{
	unsigned int i;

	for (i = 0; i + 1 < n; i += 2)
		hash_parts(next[i / 2], "\1", 1, level[i], HASH, level[i + 1], HASH, "", 0);
	if (n & 1)
		memcpy(next[n / 2], level[n - 1], HASH);
	return (n + 1) / 2;
}

struct tree {
	uint8_t (*level[PEERGROUP_BATCH_DEPTH + 1])[HASH];
	unsigned int n[PEERGROUP_BATCH_DEPTH + 1];
	unsigned int depth;
};

static void tree_make(struct tree *t, struct rec *const recs[], unsigned int n,
		      const uint8_t *group)
{
	uint8_t digest[HASH];
	unsigned int i;

	for (t->depth = 0; t->depth <= PEERGROUP_BATCH_DEPTH; t->depth++) {
		t->level[t->depth] = calloc(n + 1, HASH);
		NEED(t->level[t->depth]);
	}
	for (i = 0; i < n; i++) {
		finish_header(recs[i]);
		digest_of(recs[i], group, digest);
		hash_parts(t->level[0][i], "\0", 1, digest, HASH, "", 0, "", 0);
	}
	t->n[0] = n;
	for (t->depth = 0; t->n[t->depth] > 1; t->depth++)
		t->n[t->depth + 1] = fold(t->level[t->depth + 1], t->level[t->depth],
					  t->n[t->depth]);
}

static void tree_free(struct tree *t)
{
	unsigned int i;

	for (i = 0; i <= PEERGROUP_BATCH_DEPTH; i++)
		free(t->level[i]);
}

/* Appends the siblings of a leaf. */
static size_t tree_path(const struct tree *t, unsigned int leaf, uint8_t *out)
{
	unsigned int level;
	size_t len = 0;

	for (level = 0; level < t->depth; level++, leaf /= 2) {
		if ((leaf ^ 1) >= t->n[level])
			continue;
		memcpy(out + len, t->level[level][leaf ^ 1], HASH);
		len += HASH;
	}
	return len;
}

void rec_sign_batch(struct rec *const recs[], unsigned int n, const struct cert *by)
{
	uint8_t block[sizeof(struct peergroup_sig_hdr) + PEERGROUP_SIG_LEN_MAX +
		      PEERGROUP_BATCH_DEPTH * HASH];
	struct peergroup_sig_hdr *hdr = (struct peergroup_sig_hdr *)block;
	uint32_t count = htobe32(n);
	uint8_t hash[HASH];
	struct tree t;
	unsigned int i;
	size_t len;

	NEED(n && n <= PEERGROUP_BATCH_MAX);
	tree_make(&t, recs, n, by->spec.group);
	hash_parts(hash, PEERGROUP_BATCH_TAG, PEERGROUP_BATCH_TAG_LEN, by->spec.group, HASH,
		   &count, sizeof(count), t.level[t.depth][0], HASH);
	len = make_block(block, by->spec.key, hash, PEERGROUP_SIG_BATCH);
	hdr->leaves = htobe16(n);
	for (i = 0; i < n; i++) {
		hdr->leaf = htobe16(i);
		assemble(recs[i], block, len + tree_path(&t, i, block + len));
	}
	tree_free(&t);
}

void rec_free(struct rec *rec)
{
	free(rec->wire);
	rec->wire = NULL;
}

size_t rec_sig_at(const struct rec *rec)
{
	return sizeof(rec->hdr) + attrs_len(rec) + sizeof(struct peergroup_sig_hdr);
}

size_t rec_data_at(const struct rec *rec)
{
	return rec->len - rec->data_len;
}
