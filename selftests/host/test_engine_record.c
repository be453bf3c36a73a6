// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: the good ones parse, each broken rule is found, no change of any
 * bit goes unnoticed, batch paths of all shapes lead to the root, and versions
 * have one order.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "record.h"
#include "tap.h"
#include "wire.h"

#define HASH	PEERGROUP_HASH_LEN
#define SIG_LEN	256

static const u8 group[HASH] = "the group id, thirty-two bytes.";
static const char attrs[] = "<attributes>\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7</attributes>";
static const char data[] = "data of the record";

struct rec_spec {
	struct peergroup_record_hdr hdr;
	struct peergroup_sig_hdr sig;
	const void *attrs;
	const void *data;
	const u8 *path;
	size_t path_len;
};

static struct rec_spec good(void)
{
	struct rec_spec s = {
		.hdr = {
			.id = "creator0random00",
			.type = "type",
			.version = cpu_to_be32(2),
			.creator = "creator",
			.modifier = "modifier",
			.created = cpu_to_be64(1000),
			.modified = cpu_to_be64(2000),
			.expires = cpu_to_be64(3000),
			.attrs_len = cpu_to_be32(sizeof(attrs) - 1),
			.data_len = cpu_to_be32(sizeof(data) - 1),
		},
		.sig = {
			.kind = PEERGROUP_SIG_DIRECT,
			.algo = PEERGROUP_SIG_RSA_SHA256,
			.sig_len = cpu_to_be16(SIG_LEN),
		},
		.attrs = attrs,
		.data = data,
	};

	sha256((const u8 *)data, sizeof(data) - 1, s.hdr.data_hash);
	return s;
}

static struct rec_spec good_batch(u16 leaf, u16 leaves, const u8 *path, size_t path_len)
{
	struct rec_spec s = good();

	s.sig.kind = PEERGROUP_SIG_BATCH;
	s.sig.leaf = cpu_to_be16(leaf);
	s.sig.leaves = cpu_to_be16(leaves);
	s.path = path;
	s.path_len = path_len;
	return s;
}

static u8 *put(u8 *to, const void *from, size_t len)
{
	if (len)
		memcpy(to, from, len);
	return to + len;
}

/* The wire form in memory of exactly its size, so that AddressSanitizer sees its end. */
static u8 *encode(const struct rec_spec *s, size_t *len)
{
	u32 attrs_len = be32_to_cpu(s->hdr.attrs_len), data_len = be32_to_cpu(s->hdr.data_len);
	u16 sig_len = be16_to_cpu(s->sig.sig_len);
	u8 *wire, *p;

	*len = sizeof(s->hdr) + attrs_len + sizeof(s->sig) + sig_len + s->path_len + data_len;
	wire = malloc(*len);
	NEED(wire);
	p = put(wire, &s->hdr, sizeof(s->hdr));
	p = put(p, s->attrs, attrs_len);
	p = put(p, &s->sig, sizeof(s->sig));
	memset(p, 0x5a, sig_len);
	p = put(p + sig_len, s->path, s->path_len);
	p = put(p, s->data, data_len);
	NEED(p == wire + *len);
	return wire;
}

static int parse(const struct rec_spec *s)
{
	struct pg_rec rec;
	size_t len;
	u8 *wire = encode(s, &len);
	int err = pg_rec_parse(&rec, group, wire, len);

	free(wire);
	return err;
}

static void test_good(void)
{
	struct rec_spec s = good();
	struct sha256_ctx sha;
	struct pg_rec rec;
	u8 digest[HASH];
	size_t len;
	u8 *wire = encode(&s, &len);

	sha256_init(&sha);
	sha256_update(&sha, (const u8 *)"peergroup record 1", 18);
	sha256_update(&sha, group, HASH);
	sha256_update(&sha, wire, sizeof(s.hdr) + sizeof(attrs) - 1);
	sha256_final(&sha, digest);

	CHECK(sizeof(s.hdr) == 208);
	CHECK(!pg_rec_parse(&rec, group, wire, len));
	CHECK(!memcmp(rec.id, s.hdr.id, sizeof(rec.id)));
	CHECK(!memcmp(rec.type, s.hdr.type, sizeof(rec.type)));
	CHECK(rec.version == 2 && !rec.flags && !pg_rec_deleted(&rec));
	CHECK(!memcmp(rec.creator, s.hdr.creator, HASH));
	CHECK(!memcmp(rec.modifier, s.hdr.modifier, HASH));
	CHECK(rec.created == 1000 && rec.modified == 2000 && rec.expires == 3000);
	CHECK(!memcmp(rec.digest, digest, HASH) && !memcmp(rec.signed_hash, digest, HASH));
	CHECK(rec.sig_algo == PEERGROUP_SIG_RSA_SHA256);
	CHECK(rec.attrs.len == sizeof(attrs) - 1 && !memcmp(rec.attrs.p, attrs, rec.attrs.len));
	CHECK(rec.sig.len == SIG_LEN && rec.sig.p[0] == 0x5a);
	CHECK(rec.sig_block.len == SIG_LEN + 8 && rec.sig_block.p + 8 == rec.sig.p);
	CHECK(rec.data.len == sizeof(data) - 1 && !memcmp(rec.data.p, data, rec.data.len));
	CHECK(pg_rec_check_data(&rec));
	free(wire);
}

/* A new value for one field of the header. */
struct patch {
	u8 offset, width;
	u64 value;
};

#define FIELD(f, v)	{ offsetof(struct peergroup_record_hdr, f),		\
			  sizeof(((struct peergroup_record_hdr *)0)->f), (v) }

struct header_case {
	const char *name;
	bool ok;
	struct patch patch[5];
};

static void apply(struct peergroup_record_hdr *hdr, const struct patch *patch)
{
	u8 *p = (u8 *)hdr + patch->offset;
	u64 v = patch->value;
	int i;

	for (i = patch->width; i; v >>= 8)
		p[--i] = (u8)v;
}

#define REFRESH(period, count, anch)	FIELD(flags, 2), FIELD(refresh_period, period), \
					FIELD(refresh_count, count), FIELD(anchor, anch)

static void test_header_rules(void)
{
	static const struct header_case cases[] = {
		{ "as it is", true, { { 0 } } },
		{ "version 0", false, { FIELD(version, 0) } },
		{ "version 1 with two times", false, { FIELD(version, 1) } },
		{ "version 1 by two members", false, { FIELD(version, 1), FIELD(created, 2000) } },
		{ "version 1", true,
		  { FIELD(version, 1), FIELD(created, 2000), FIELD(creator, 7), FIELD(modifier, 7) } },
		{ "version 2 with one time", false, { FIELD(created, 2000) } },
		{ "version 2 by the creator", true, { FIELD(creator, 7), FIELD(modifier, 7) } },
		{ "last version but one", true, { FIELD(version, 0xfffffffe) } },
		{ "the version of a revocation", false,
		  { FIELD(version, 0xffffffff), FIELD(created, 2000), FIELD(creator, 7),
		    FIELD(modifier, 7) } },
		{ "created behind modified", false, { FIELD(created, 2001) } },
		{ "expires when modified", false, { FIELD(expires, 2000) } },
		{ "expires before", false, { FIELD(expires, 1999) } },
		{ "expires at the end of time", true, { FIELD(expires, ~0ULL) } },
		{ "unknown flag", false, { FIELD(flags, 4) } },
		{ "high flag", false, { FIELD(flags, 1U << 31) } },
		{ "no type", false, { FIELD(type, 0) } },
		{ "tombstone with everything", false, { FIELD(flags, 1) } },
		{ "tombstone with data", false, { FIELD(flags, 1), FIELD(attrs_len, 0) } },
		{ "tombstone with attributes", false, { FIELD(flags, 1), FIELD(data_len, 0) } },
		{ "tombstone", true,
		  { FIELD(flags, 1), FIELD(attrs_len, 0), FIELD(data_len, 0) } },
		{ "tombstone at version 1", false,
		  { FIELD(flags, 1), FIELD(attrs_len, 0), FIELD(data_len, 0),
		    FIELD(version, 1), FIELD(created, 2000) } },
		{ "no attributes", true, { FIELD(attrs_len, 0) } },
		{ "no data", true, { FIELD(data_len, 0) } },
		{ "anchor without refresh", false, { FIELD(anchor, 1) } },
		{ "period without refresh", false, { FIELD(refresh_period, 60) } },
		{ "count without refresh", false, { FIELD(refresh_count, 1) } },
		{ "refresh", true, { REFRESH(60, 1, 1) } },
		{ "refresh often", true, { REFRESH(60, 16384, 1) } },
		{ "refresh too fast", false, { REFRESH(59, 1, 1) } },
		{ "refresh never", false, { REFRESH(60, 0, 1) } },
		{ "refresh too often", false, { REFRESH(60, 16385, 1) } },
		{ "refresh by signatures", true, { REFRESH(60, 0, 0) } },
		{ "refresh by signatures, too fast", false, { REFRESH(59, 0, 0) } },
		{ "refresh without anchor", false, { REFRESH(60, 1, 0) } },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rec_spec s = good();

		for (k = 0; k < ARRAY_SIZE(cases[i].patch); k++)
			apply(&s.hdr, &cases[i].patch[k]);
		CHECK(parse(&s) == (cases[i].ok ? 0 : -EBADMSG), "%s", cases[i].name);
	}
}

struct sig_case {
	const char *name;
	bool ok;
	u8 kind, algo;
	u16 sig_len, leaf, leaves, path_len;
};

static void test_sig_rules(void)
{
	static const struct sig_case cases[] = {
		{ "direct", true, 1, 1, 256, 0, 0, 0 },
		{ "direct, 3072 bits", true, 1, 1, 384, 0, 0, 0 },
		{ "direct, 4096 bits", true, 1, 1, 512, 0, 0, 0 },
		{ "odd length", false, 1, 1, 255, 0, 0, 0 },
		{ "no signature", false, 1, 1, 0, 0, 0, 0 },
		{ "long signature", false, 1, 1, 513, 0, 0, 0 },
		{ "kind 0", false, 0, 1, 256, 0, 0, 0 },
		{ "kind 3", false, 3, 1, 256, 0, 0, 0 },
		{ "algorithm 0", false, 1, 0, 256, 0, 0, 0 },
		{ "algorithm 3", false, 1, 3, 256, 0, 0, 0 },
		{ "P-256 that is no DER", false, 1, 2, 70, 0, 0, 0 },
		{ "direct with leaf", false, 1, 1, 256, 1, 0, 0 },
		{ "direct with leaves", false, 1, 1, 256, 0, 1, 0 },
		{ "direct with path", false, 1, 1, 256, 0, 0, 32 },
		{ "batch of none", false, 2, 1, 256, 0, 0, 0 },
		{ "batch of one", true, 2, 1, 256, 0, 1, 0 },
		{ "batch of two", true, 2, 1, 256, 1, 2, 32 },
		{ "path missing", false, 2, 1, 256, 1, 2, 0 },
		{ "path cut short", false, 2, 1, 256, 1, 2, 31 },
		{ "path too long", false, 2, 1, 256, 1, 2, 64 },
		{ "leaf outside", false, 2, 1, 256, 2, 2, 32 },
		{ "largest batch", true, 2, 1, 256, 4095, 4096, 12 * 32 },
		{ "batch too large", false, 2, 1, 256, 0, 4097, 13 * 32 },
		{ "batch far too large", false, 2, 1, 256, 0, 65535, 16 * 32 },
	};
	static const u8 path[16 * 32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sig_case *c = &cases[i];
		struct rec_spec s = good_batch(c->leaf, c->leaves, path, c->path_len);

		s.sig.kind = c->kind;
		s.sig.algo = c->algo;
		s.sig.sig_len = cpu_to_be16(c->sig_len);
		/* No data, so that what is left over cannot pass for it. */
		s.hdr.data_len = 0;
		CHECK(parse(&s) == (c->ok ? 0 : -EBADMSG), "%s", c->name);
	}
}

struct bytes {
	const char *p;
	u8 len;
	bool ok;
};

static void test_ecdsa_form(void)
{
	static const struct bytes cases[] = {
		{ "\x30\x06\x02\x01\x01\x02\x01\x01", 8, true },
		{ "\x30\x07\x02\x02\x00\x80\x02\x01\x01", 9, true },
		{ "\x30\x06\x02\x01\x00\x02\x01\x01", 8, false },	/* r is 0 */
		{ "\x30\x06\x02\x01\x01\x02\x01\x00", 8, false },
		{ "\x30\x06\x02\x01\x81\x02\x01\x01", 8, false },	/* negative */
		{ "\x30\x07\x02\x02\x00\x01\x02\x01\x01", 9, false },	/* not the shortest */
		{ "\x30\x81\x06\x02\x01\x01\x02\x01\x01", 9, false },
		{ "\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00", 10, false }, /* indefinite */
		{ "\x30\x06\x02\x01\x01\x02\x01\x01\x00", 9, false },	/* trailing */
		{ "\x30\x07\x02\x01\x01\x02\x01\x01\x00", 9, false },
		{ "\x30\x03\x02\x01\x01", 5, false },			/* s missing */
		{ "\x30\x05\x02\x00\x02\x01\x01", 7, false },		/* empty */
		{ "\x31\x06\x02\x01\x01\x02\x01\x01", 8, false },
		{ "\x30\x06\x03\x01\x01\x02\x01\x01", 8, false },
	};
	u8 big[] = { [0] = 0x30, 38, 0x02, 33, [36] = 0, [37] = 0x02, 1, 1 };
	struct pg_span s = { .p = big, .len = sizeof(big) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pg_span sig = { .p = (const u8 *)cases[i].p, .len = cases[i].len };

		CHECK(pg_sig_well_formed(PEERGROUP_SIG_P256_SHA256, sig) == cases[i].ok,
		      "case %u", i);
	}
	big[4] = 0;
	big[5] = 0x80;
	CHECK(pg_sig_well_formed(PEERGROUP_SIG_P256_SHA256, s));
	big[4] = 1;
	CHECK(!pg_sig_well_formed(PEERGROUP_SIG_P256_SHA256, s), "33 bytes of scalar");
	CHECK(!pg_sig_well_formed(PEERGROUP_SIG_P256_SHA256, (struct pg_span){ .p = big }));
}

static void test_utf8(void)
{
	static const struct bytes cases[] = {
		{ "a", 1, true },
		{ "\x01\x1f\x7f", 3, true },
		{ "\xc2\x80", 2, true },
		{ "\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 14, true },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true },
		{ "a\0b", 3, false },
		{ "\x80", 1, false },
		{ "\xbf", 1, false },
		{ "\xc0\x80", 2, false },
		{ "\xc1\xbf", 2, false },
		{ "\xe0\x80\x80", 3, false },
		{ "\xe0\x9f\xbf", 3, false },
		{ "\xf0\x8f\xbf\xbf", 4, false },
		{ "\xed\xa0\x80", 3, false },
		{ "\xed\xbf\xbf", 3, false },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\xf8\x88\x80\x80\x80", 5, false },
		{ "\xff", 1, false },
		{ "\xfe", 1, false },
		{ "a\xc3", 2, false },
		{ "\xe2\x82", 2, false },
		{ "\xf0\x9f\x90", 3, false },
		{ "\xc3g", 2, false },
		{ "\xe2\x82g", 3, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rec_spec s = good();

		s.attrs = cases[i].p;
		s.hdr.attrs_len = cpu_to_be32(cases[i].len);
		CHECK(parse(&s) == (cases[i].ok ? 0 : -EBADMSG), "case %u", i);
	}
}

static void test_limits(void)
{
	static u8 big[PEERGROUP_RECORD_SIZE_MAX + 1];
	struct rec_spec s = good();

	memset(big, 'x', sizeof(big));
	s.attrs = big;
	s.data = big;
	s.hdr.attrs_len = cpu_to_be32(PEERGROUP_ATTRS_LEN_MAX);
	CHECK(!parse(&s));
	s.hdr.attrs_len = cpu_to_be32(PEERGROUP_ATTRS_LEN_MAX + 1);
	CHECK(parse(&s) == -EBADMSG);
	s.hdr.attrs_len = 0;
	s.hdr.data_len = cpu_to_be32(PEERGROUP_RECORD_SIZE_MAX);
	CHECK(!parse(&s));
	s.hdr.data_len = cpu_to_be32(PEERGROUP_RECORD_SIZE_MAX + 1);
	CHECK(parse(&s) == -EBADMSG);
}

static void truncate_all(const struct rec_spec *s)
{
	struct pg_rec rec;
	size_t len, n;
	u8 *wire = encode(s, &len);

	for (n = 0; n < len; n++) {
		u8 *cut = malloc(n + !n);

		NEED(cut);
		memcpy(cut, wire, n);
		CHECK(pg_rec_parse(&rec, group, cut, n) == -EBADMSG, "%zu bytes", n);
		free(cut);
	}
	free(wire);

	/* and one byte more */
	wire = encode(s, &len);
	wire = realloc(wire, len + 1);
	NEED(wire);
	wire[len] = 0;
	CHECK(pg_rec_parse(&rec, group, wire, len + 1) == -EBADMSG);
	free(wire);
}

static bool same_bytes(struct pg_span a, struct pg_span b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

/* Would a change go unnoticed by all that is checked of a record? */
static void flip_all(const struct rec_spec *s)
{
	struct pg_rec was, is;
	size_t len, bit;
	u8 *wire = encode(s, &len), *bent = malloc(len);

	NEED(bent && !pg_rec_parse(&was, group, wire, len) && pg_rec_check_data(&was));
	memcpy(bent, wire, len);
	for (bit = 0; bit < 8 * len; bit++) {
		bent[bit / 8] ^= (u8)(1U << bit % 8);
		CHECK(pg_rec_parse(&is, group, bent, len) || !pg_rec_check_data(&is) ||
		      memcmp(is.signed_hash, was.signed_hash, HASH) ||
		      is.sig_algo != was.sig_algo || !same_bytes(is.sig, was.sig),
		      "bit %zu", bit);
		bent[bit / 8] ^= (u8)(1U << bit % 8);
	}
	free(bent);
	free(wire);
}

static void test_truncated(void)
{
	static const u8 path[3 * HASH] = "path";
	struct rec_spec direct = good(), batch = good_batch(4, 7, path, sizeof(path));

	truncate_all(&direct);
	truncate_all(&batch);
}

static void test_flipped(void)
{
	static const u8 path[3 * HASH] = "path";
	struct rec_spec direct = good(), batch = good_batch(4, 7, path, sizeof(path));

	flip_all(&direct);
	flip_all(&batch);
}

static void test_group_signed(void)
{
	static const u8 other[HASH] = "another group";
	struct rec_spec s = good();
	struct pg_rec a, b;
	size_t len;
	u8 *wire = encode(&s, &len);

	CHECK(!pg_rec_parse(&a, group, wire, len) && !pg_rec_parse(&b, other, wire, len));
	CHECK(memcmp(a.digest, b.digest, HASH));
	free(wire);
}

static void hash2(u8 *out, u8 prefix, const u8 *a, const u8 *b)
{
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, &prefix, 1);
	sha256_update(&s, a, HASH);
	if (b)
		sha256_update(&s, b, HASH);
	sha256_final(&s, out);
}

/* RFC 6962 section 2.1, as written there: MTH(D[n]). */
static void tree_hash(u8 *out, const u8 (*d)[HASH], unsigned int n)
{
	u8 left[HASH], right[HASH];
	unsigned int k = 1;

	if (n == 1) {
		hash2(out, 0, d[0], NULL);
		return;
	}
	while (2 * k < n)
		k *= 2;
	tree_hash(left, d, k);
	tree_hash(right, d + k, n - k);
	hash2(out, 1, left, right);
}

/* Section 2.1.1: PATH(m, D[n]); returns how many hashes. */
static unsigned int tree_path(u8 (*path)[HASH], unsigned int m, const u8 (*d)[HASH],
			      unsigned int n)
{
	unsigned int k = 1, len;

	if (n == 1)
		return 0;
	while (2 * k < n)
		k *= 2;
	if (m < k) {
		len = tree_path(path, m, d, k);
		tree_hash(path[len], d + k, n - k);
	} else {
		len = tree_path(path, m - k, d + k, n - k);
		tree_hash(path[len], d, k);
	}
	return len + 1;
}

static u8 digests[PEERGROUP_BATCH_MAX][HASH];

static void check_leaf(unsigned int leaf, unsigned int leaves)
{
	u8 path[PEERGROUP_BATCH_DEPTH + 1][HASH], root[HASH], want[HASH], kept[HASH];
	unsigned int n = tree_path(path, leaf, (const u8 (*)[HASH])digests, leaves);
	struct rec_spec s = good_batch((u16)leaf, (u16)leaves, path[0], n * HASH);
	__be32 count = cpu_to_be32(leaves);
	struct sha256_ctx sha;
	struct pg_rec rec;
	size_t len;
	u8 *wire = encode(&s, &len);

	CHECK(!pg_rec_parse(&rec, group, wire, len), "leaf %u of %u", leaf, leaves);

	/* Nobody else's path holds this leaf's digest: put it where it belongs. */
	memcpy(kept, digests[leaf], HASH);
	memcpy(digests[leaf], rec.digest, HASH);
	tree_hash(root, (const u8 (*)[HASH])digests, leaves);
	memcpy(digests[leaf], kept, HASH);

	sha256_init(&sha);
	sha256_update(&sha, (const u8 *)"peergroup batch 1", 17);
	sha256_update(&sha, group, HASH);
	sha256_update(&sha, (const u8 *)&count, 4);
	sha256_update(&sha, root, HASH);
	sha256_final(&sha, want);
	CHECK(!memcmp(rec.signed_hash, want, HASH), "leaf %u of %u", leaf, leaves);
	free(wire);
}

static void test_batch(void)
{
	static const unsigned int picked[] = { 0, 1, 2, 3, 1000, 2046, 2047, 2048, 4093, 4094 };
	unsigned int leaf, leaves, i;

	for (i = 0; i < PEERGROUP_BATCH_MAX; i++)
		sha256((const u8 *)&i, sizeof(i), digests[i]);
	for (leaves = 1; leaves <= 40; leaves++)
		for (leaf = 0; leaf < leaves; leaf++)
			check_leaf(leaf, leaves);
	for (leaves = 4095; leaves <= 4096; leaves++)
		for (i = 0; i < ARRAY_SIZE(picked); i++)
			check_leaf(picked[i], leaves);
	check_leaf(4095, 4096);
	check_leaf(2048, 2049);
	check_leaf(2047, 2049);
}

static void test_data(void)
{
	static u8 big[200001];
	struct rec_spec s = good();
	struct pg_rec rec;
	size_t len, i;
	u8 *wire;

	for (i = 0; i < sizeof(big); i++)
		big[i] = (u8)(i * 31);
	s.data = big;
	s.hdr.data_len = cpu_to_be32(sizeof(big));
	sha256(big, sizeof(big), s.hdr.data_hash);
	wire = encode(&s, &len);
	CHECK(!pg_rec_parse(&rec, group, wire, len) && pg_rec_check_data(&rec));
	wire[len - 1] ^= 1;
	CHECK(!pg_rec_check_data(&rec));
	free(wire);

	s.hdr.data_len = 0;
	sha256(big, 0, s.hdr.data_hash);
	wire = encode(&s, &len);
	CHECK(!pg_rec_parse(&rec, group, wire, len) && pg_rec_check_data(&rec));
	free(wire);
}

static void test_weight(void)
{
	struct pg_rec rec = {
		.attrs = { .p = (const u8 *)"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", .len = 10 },
		.data = { .len = 1000 },
	};

	/* a, e acute and the euro sign are one unit each, the penguin two */
	CHECK(pg_rec_weight(&rec) == 1000 + 2 * 5);
	rec.attrs.len = 0;
	CHECK(pg_rec_weight(&rec) == 1000);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void test_order(void)
{
	struct pg_rec_key k[27];
	int i, j, n = ARRAY_SIZE(k);

	/* Ascending in (version, modified, digest), each of three values. */
	for (i = 0; i < n; i++) {
		static const u64 values[] = { 1, 0x7fffffff, 0xffffffff };

		memset(&k[i], 0, sizeof(k[i]));
		k[i].version = (u32)values[i / 9];
		k[i].modified = values[i / 3 % 3] << 32;
		memset(k[i].digest, (int)values[i % 3] & 0xff, HASH - 1);
		k[i].digest[0] = i % 3 ? (u8)(0x7f * (i % 3)) : 0;
		k[i].digest[HASH - 1] = (u8)(0xff - i);
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			CHECK(sign(pg_rec_key_cmp(&k[i], &k[j])) == sign(i - j), "%d, %d", i, j);
}

static void test_reserved(void)
{
	static const u8 types[][PEERGROUP_ID_LEN] = {
		{ 0, 0, 1 }, { 0, 0, 2 }, { 0, 0, 3 }, { 0, 0, 4 }, { 1 }, { 2 },
		{ 0 }, { 0, 0, 5 }, { 3 }, { 0, 0, 0, 1 }, { 0, 1 }, { 1, 0, 1 },
		{ [15] = 1 }, { 1, [15] = 1 }, { 0, 0, 1, 0, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		CHECK(pg_rec_type_reserved(types[i]) == (i < 6), "case %u", i);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a good record says what was put in", test_good },
		{ "rules of the header", test_header_rules },
		{ "rules of the signature block", test_sig_rules },
		{ "an ECDSA signature is strict DER", test_ecdsa_form },
		{ "attributes are UTF-8 without NUL", test_utf8 },
		{ "longest attributes and data", test_limits },
		{ "truncated at every length", test_truncated },
		{ "every bit flipped", test_flipped },
		{ "the group is part of what is signed", test_group_signed },
		{ "batch paths lead to the root of RFC 6962", test_batch },
		{ "data matches its hash", test_data },
		{ "weight counts UTF-16 units", test_weight },
		{ "order of versions is total", test_order },
		{ "the six reserved types", test_reserved },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
