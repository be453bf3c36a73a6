// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record format: from hostile bytes to struct pg_rec, and the order of a
 * record's versions. The table, the links and netlink all read records through
 * here, so a record means the same wherever it came from. Checks no signature
 * and keeps no state.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "compat.h"
#include "cursor.h"
#include "record.h"
#include "utf8.h"

/* Hashing this much takes about a fifth of a millisecond. */
#define PG_HASH_CHUNK		(64U << 10)

static void pg_rec_read_hdr(struct pg_rec *rec, const struct peergroup_record_hdr *hdr)
{
	memcpy(rec->id, hdr->id, sizeof(rec->id));
	memcpy(rec->type, hdr->type, sizeof(rec->type));
	rec->version = be32_to_cpu(hdr->version);
	rec->flags = be32_to_cpu(hdr->flags);
	memcpy(rec->creator, hdr->creator, sizeof(rec->creator));
	memcpy(rec->modifier, hdr->modifier, sizeof(rec->modifier));
	rec->created = be64_to_cpu(hdr->created);
	rec->modified = be64_to_cpu(hdr->modified);
	rec->expires = be64_to_cpu(hdr->expires);
	rec->period = be32_to_cpu(hdr->refresh_period);
	rec->count = be32_to_cpu(hdr->refresh_count);
	/* What is deleted has nothing to be kept alive. */
	rec->anchor = rec->count && !pg_rec_deleted(rec) ? hdr->anchor : NULL;
	rec->attrs.len = be32_to_cpu(hdr->attrs_len);
	rec->data.len = be32_to_cpu(hdr->data_len);
	rec->data_hash = hdr->data_hash;
}

static bool pg_rec_refresh_ok(const struct pg_rec *rec, const struct peergroup_record_hdr *hdr)
{
	bool anchored = memchr_inv(hdr->anchor, 0, sizeof(hdr->anchor));

	if (!(rec->flags & PEERGROUP_RECORD_AUTOREFRESH))
		return !anchored && !rec->period && !rec->count;
	if (rec->period < PEERGROUP_REFRESH_SECONDS_MIN)
		return false;
	/* Without a chain, the publisher signs each refresh as the update that it is. */
	return anchored ? rec->count && rec->count <= PEERGROUP_REFRESH_COUNT_MAX : !rec->count;
}

static bool pg_rec_times_ok(const struct pg_rec *rec)
{
	bool first = rec->version == 1 || rec->version == PEERGROUP_VERSION_FINAL;

	if (rec->created > rec->modified || rec->modified >= rec->expires)
		return false;
	if (first != (rec->created == rec->modified))
		return false;
	return !first || !memcmp(rec->creator, rec->modifier, sizeof(rec->creator));
}

static bool pg_rec_hdr_ok(const struct pg_rec *rec, const struct peergroup_record_hdr *hdr)
{
	if (rec->flags & ~(PEERGROUP_RECORD_DELETED | PEERGROUP_RECORD_AUTOREFRESH))
		return false;
	if (!rec->version || !memchr_inv(rec->type, 0, sizeof(rec->type)))
		return false;
	if ((rec->version == PEERGROUP_VERSION_FINAL) !=
	    (pg_rec_kind(rec->type) == PG_REC_REVOCATION))
		return false;
	if (rec->attrs.len > PEERGROUP_ATTRS_LEN_MAX || rec->data.len > PEERGROUP_RECORD_SIZE_MAX)
		return false;
	if (pg_rec_deleted(rec) && (rec->version == 1 || rec->attrs.len || rec->data.len))
		return false;
	return pg_rec_times_ok(rec) && pg_rec_refresh_ok(rec, hdr);
}

static bool pg_rec_attrs_ok(const struct pg_rec *rec)
{
	struct pg_cursor c;

	pg_cursor_init(&c, rec->attrs.p, rec->attrs.len);
	while (pg_cursor_left(&c))
		if (!pg_utf8_take(&c))
			return false;
	return true;
}

/*
 * Has the node at @place a sibling, on a level of the tree whose last node is
 * at @last? The last node of a level that has an odd number of them has none,
 * and goes up unchanged.
 */
static bool pg_batch_sibling(u32 place, u32 last)
{
	return (place & 1) || place != last;
}

static u32 pg_batch_path_len(u32 place, u32 last)
{
	u32 len = 0;

	for (; last; place >>= 1, last >>= 1)
		if (pg_batch_sibling(place, last))
			len += PEERGROUP_HASH_LEN;
	return len;
}

static void pg_batch_node(u8 *out, const u8 *left, const u8 *right)
{
	static const u8 prefix = 1;
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, &prefix, 1);
	sha256_update(&s, left, PEERGROUP_HASH_LEN);
	sha256_update(&s, right, PEERGROUP_HASH_LEN);
	sha256_final(&s, out);
}

/* From the leaf up to the root, hashing in the siblings of @path. */
static void pg_batch_fold(u8 *root, const u8 *digest, u32 place, u32 last, const u8 *path)
{
	u8 leaf[1 + PEERGROUP_HASH_LEN] = { 0 };

	memcpy(leaf + 1, digest, PEERGROUP_HASH_LEN);
	sha256(leaf, sizeof(leaf), root);

	for (; last; place >>= 1, last >>= 1) {
		if (!pg_batch_sibling(place, last))
			continue;
		if (place & 1)
			pg_batch_node(root, path, root);
		else
			pg_batch_node(root, root, path);
		path += PEERGROUP_HASH_LEN;
	}
}

static void pg_batch_signed_hash(struct pg_rec *rec, const u8 *group,
				 const struct peergroup_sig_hdr *hdr)
{
	const u8 *path = (const u8 *)(hdr + 1) + rec->sig.len;
	u16 leaves = be16_to_cpu(hdr->leaves);
	__be32 count = cpu_to_be32(leaves);
	u8 root[PEERGROUP_HASH_LEN];
	struct sha256_ctx s;

	pg_batch_fold(root, rec->digest, be16_to_cpu(hdr->leaf), leaves - 1U, path);

	sha256_init(&s);
	sha256_update(&s, (const u8 *)PEERGROUP_BATCH_TAG, PEERGROUP_BATCH_TAG_LEN);
	sha256_update(&s, group, PEERGROUP_HASH_LEN);
	sha256_update(&s, (const u8 *)&count, sizeof(count));
	sha256_update(&s, root, sizeof(root));
	sha256_final(&s, rec->signed_hash);
}

/* Header and attributes lie one behind the other, as they are hashed. */
static void pg_rec_hash(struct pg_rec *rec, const u8 *group, const u8 *wire)
{
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, (const u8 *)PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN);
	sha256_update(&s, group, PEERGROUP_HASH_LEN);
	sha256_update(&s, wire, sizeof(struct peergroup_record_hdr) + rec->attrs.len);
	sha256_final(&s, rec->digest);
}

static bool pg_sig_place_ok(const struct peergroup_sig_hdr *hdr)
{
	u16 leaf = be16_to_cpu(hdr->leaf);
	u16 leaves = be16_to_cpu(hdr->leaves);

	switch (hdr->kind) {
	case PEERGROUP_SIG_DIRECT:
		return !leaf && !leaves;
	case PEERGROUP_SIG_BATCH:
		return leaf < leaves && leaves <= PEERGROUP_BATCH_MAX;
	default:
		return false;
	}
}

/* Returns the block's header, NULL where the block is not well-formed. */
static const struct peergroup_sig_hdr *pg_rec_read_sig(struct pg_rec *rec, struct pg_cursor *c)
{
	const struct peergroup_sig_hdr *hdr;

	rec->sig_block.p = c->pos;
	hdr = pg_cursor_take(c, sizeof(*hdr));
	if (!hdr || !pg_sig_place_ok(hdr))
		return NULL;

	rec->sig_algo = hdr->algo;
	rec->sig.len = be16_to_cpu(hdr->sig_len);
	rec->sig.p = pg_cursor_take(c, rec->sig.len);
	if (!rec->sig.p || !pg_sig_well_formed(rec->sig_algo, rec->sig))
		return NULL;

	if (hdr->kind == PEERGROUP_SIG_BATCH)
		pg_cursor_take(c, pg_batch_path_len(be16_to_cpu(hdr->leaf),
						    be16_to_cpu(hdr->leaves) - 1U));
	rec->sig_block.len = c->pos - rec->sig_block.p;
	return c->bad ? NULL : hdr;
}

int pg_rec_parse(struct pg_rec *rec, const u8 *group, const u8 *wire, size_t len)
{
	const struct peergroup_record_hdr *hdr;
	const struct peergroup_sig_hdr *sig;
	struct pg_cursor c;

	pg_cursor_init(&c, wire, len);
	hdr = pg_cursor_take(&c, sizeof(*hdr));
	if (!hdr)
		return -EBADMSG;
	pg_rec_read_hdr(rec, hdr);
	if (!pg_rec_hdr_ok(rec, hdr))
		return -EBADMSG;

	rec->attrs.p = pg_cursor_take(&c, rec->attrs.len);
	if (!rec->attrs.p)
		return -EBADMSG;
	sig = pg_rec_read_sig(rec, &c);
	if (!sig)
		return -EBADMSG;
	rec->data.p = pg_cursor_take(&c, rec->data.len);
	if (!pg_cursor_done(&c) || !pg_rec_attrs_ok(rec))
		return -EBADMSG;

	pg_rec_hash(rec, group, wire);
	if (sig->kind == PEERGROUP_SIG_BATCH)
		pg_batch_signed_hash(rec, group, sig);
	else
		memcpy(rec->signed_hash, rec->digest, sizeof(rec->signed_hash));
	return 0;
}

bool pg_rec_check_data(const struct pg_rec *rec)
{
	const u8 *p = rec->data.p;
	u32 left = rec->data.len;
	u8 hash[PEERGROUP_HASH_LEN];
	struct sha256_ctx s;

	sha256_init(&s);
	while (left) {
		u32 n = min(left, PG_HASH_CHUNK);

		sha256_update(&s, p, n);
		p += n;
		left -= n;
		cond_resched();
	}
	sha256_final(&s, hash);
	return !memcmp(hash, rec->data_hash, sizeof(hash));
}

u64 pg_rec_weight(const struct pg_rec *rec)
{
	u64 weight = rec->data.len;
	u32 i;

	/* A code point is one UTF-16 unit, two where its UTF-8 takes four bytes. */
	for (i = 0; i < rec->attrs.len; i++) {
		if ((rec->attrs.p[i] & 0xc0) != 0x80)
			weight += 2;
		if (rec->attrs.p[i] >= 0xf0)
			weight += 2;
	}
	return weight;
}

int pg_rec_key_cmp(const struct pg_rec_key *a, const struct pg_rec_key *b)
{
	if (a->version != b->version)
		return a->version < b->version ? -1 : 1;
	if (a->modified != b->modified)
		return a->modified < b->modified ? -1 : 1;
	return memcmp(a->digest, b->digest, sizeof(a->digest));
}

enum pg_rec_kind pg_rec_kind(const u8 *type)
{
	/* Windows' own record types, told apart by the first group of the GUID. */
	static const struct {
		u8 group[4];
		enum pg_rec_kind kind;
	} reserved[] = {
		{ { 0, 0, 1, 0 }, PG_REC_UNUSED },	/* graph info */
		{ { 0, 0, 2, 0 }, PG_REC_UNUSED },	/* signature */
		{ { 0, 0, 3, 0 }, PG_REC_UNUSED },	/* contact */
		{ { 0, 0, 4, 0 }, PG_REC_PRESENCE },
		{ { 1, 0, 0, 0 }, PG_REC_MEMBERSHIP },
		{ { 2, 0, 0, 0 }, PG_REC_PROPERTIES },
	};
	static const u8 revocation[] = PEERGROUP_TYPE_REVOCATION;
	unsigned int i;

	if (!memcmp(type, revocation, sizeof(revocation)))
		return PG_REC_REVOCATION;
	if (memchr_inv(type + 4, 0, PEERGROUP_ID_LEN - 4))
		return PG_REC_PROGRAM;
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!memcmp(type, reserved[i].group, sizeof(reserved[i].group)))
			return reserved[i].kind;
	return PG_REC_PROGRAM;
}
