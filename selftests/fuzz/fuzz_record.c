// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records as they come from a link or over netlink: pg_rec_parse() and what is
 * done with a record that it has let through.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "record.h"
#include "refresh.h"
#include "reserved.h"
#include "wire.h"
#include "fuzz.h"

static const u8 group[PEERGROUP_HASH_LEN] = "the group id, thirty-two bytes.";

static void inside(struct pg_span span, const uint8_t *data, size_t len)
{
	FUZZ_NEED(!span.len || (span.p >= data && span.p + span.len <= data + len));
}

/* A chain gives more time with each step, and each step has its time. */
static void refresh(const struct pg_rec *rec)
{
	u64 now = rec->modified, until = rec->expires;
	u32 step, due;

	FUZZ_NEED(rec->count && rec->count <= PEERGROUP_REFRESH_COUNT_MAX && rec->period);
	FUZZ_NEED(!pg_rec_deleted(rec));
	FUZZ_NEED(!pg_refresh_due(rec, 0) && !pg_refresh_due(rec, now));
	FUZZ_NEED(pg_refresh_until(rec, 0) == until);
	for (step = 1; step <= rec->count; step *= 2) {
		FUZZ_NEED(pg_refresh_until(rec, step) > until || until == U64_MAX);
		until = pg_refresh_until(rec, step);
		due = pg_refresh_due(rec, until);
		FUZZ_NEED(due <= rec->count && due <= pg_refresh_due(rec, U64_MAX));
		/* It lives until then, and so its next step comes in time, where it may live that long. */
		FUZZ_NEED(due >= min(step, rec->count) || until == U64_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pg_rec_key key;
	struct pg_rec rec;

	if (pg_rec_parse(&rec, group, data, len))
		return 0;
	inside(rec.attrs, data, len);
	inside(rec.sig, data, len);
	inside(rec.sig_block, data, len);
	inside(rec.data, data, len);
	FUZZ_NEED(sizeof(struct peergroup_record_hdr) + rec.attrs.len + rec.sig_block.len +
		  rec.data.len == len);
	FUZZ_NEED(rec.version && rec.created <= rec.modified && rec.modified < rec.expires);
	FUZZ_NEED(pg_sig_well_formed(rec.sig_algo, rec.sig));
	FUZZ_NEED(!pg_rec_deleted(&rec) || (!rec.attrs.len && !rec.data.len));
	FUZZ_NEED(pg_rec_weight(&rec) >= rec.data.len);
	if (rec.anchor)
		refresh(&rec);
	fuzz_taken = pg_rec_check_data(&rec);
	pg_rec_type_reserved(rec.type);
	/* Of properties the kernel reads how they begin: none of one that is too short. */
	FUZZ_NEED(rec.data.len >= sizeof(struct peergroup_properties_head) ||
		  !pg_properties_flags(&rec));
	key.version = rec.version;
	key.modified = rec.modified;
	memcpy(key.digest, rec.digest, sizeof(key.digest));
	FUZZ_NEED(!pg_rec_key_cmp(&key, &key));
	return 0;
}

/*
 * Plain; with attributes; a tombstone; refreshed; in a batch; by an elliptic curve;
 * properties, also of another version and cut off.
 */
static const struct seed {
	const char *attrs, *data;
	u32 version, flags, period, count;
	u16 leaf, leaves, path;
	bool ecdsa;
	u8 data_len;		/* where there are zeros in it */
} seeds[] = {
	{ .data = "data", .version = 1 },
	{ .attrs = "<a>\xc3\xa9 \xf0\x9f\x90\xa7</a>", .data = "data", .version = 2 },
	{ .version = 3, .flags = PEERGROUP_RECORD_DELETED },
	{ .data = "x", .version = 1, .flags = PEERGROUP_RECORD_AUTOREFRESH, .period = 60,
	  .count = 1000 },
	{ .data = "x", .version = 1, .leaf = 4, .leaves = 7, .path = 3 },
	{ .data = "x", .version = 1, .leaf = 0, .leaves = 1, .path = 0 },
	{ .data = "x", .version = 1, .leaf = 6, .leaves = 7, .path = 2 },
	{ .data = "x", .version = 1, .leaf = 4095, .leaves = 4096, .path = 12 },
	{ .data = "x", .version = 1, .leaf = 2, .leaves = 3, .path = 1, .ecdsa = true },
	{ .data = "x", .version = 1, .ecdsa = true },
	{ .data = "\0\1\0\0\0\0\0\2more", .version = 1, .data_len = 12 },
	{ .data = "\0\2\0\0\0\0\0\2", .version = 1, .data_len = 8 },
	{ .data = "\0\1\0\0\0\0\0", .version = 1, .data_len = 7 },
};

static size_t seed_len(const struct seed *s)
{
	return s->data_len ? s->data_len : s->data ? strlen(s->data) : 0;
}

static uint8_t *put(uint8_t *to, const void *from, size_t len)
{
	if (len)
		memcpy(to, from, len);
	return to + len;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const u8 ecdsa[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	const struct seed *s = &seeds[n];
	struct peergroup_record_hdr hdr = { .id = "creator0random00", .type = "type" };
	static const u8 properties[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PROPERTIES;
	struct peergroup_sig_hdr sig = { .kind = PEERGROUP_SIG_DIRECT };
	u8 bytes[PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN];
	uint8_t *p = out;

	if (n >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	memset(bytes, 0x5a, sizeof(bytes));
	if (s->data_len) {
		memcpy(hdr.type, properties, sizeof(hdr.type));
		memset(hdr.id + 8, 0, 8);
	}
	hdr.version = cpu_to_be32(s->version);
	hdr.flags = cpu_to_be32(s->flags);
	memcpy(hdr.creator, "creator", 7);
	memcpy(hdr.modifier, "creator", 7);
	hdr.modified = cpu_to_be64(2000);
	hdr.created = s->version == 1 ? hdr.modified : cpu_to_be64(1000);
	hdr.expires = cpu_to_be64(3000);
	hdr.refresh_period = cpu_to_be32(s->period);
	hdr.refresh_count = cpu_to_be32(s->count);
	if (s->count)
		memcpy(hdr.anchor, bytes, sizeof(hdr.anchor));
	hdr.attrs_len = cpu_to_be32(s->attrs ? strlen(s->attrs) : 0);
	hdr.data_len = cpu_to_be32(seed_len(s));
	sha256((const u8 *)(s->data ? s->data : ""), seed_len(s), hdr.data_hash);
	sig.algo = s->ecdsa ? PEERGROUP_SIG_P256_SHA256 : PEERGROUP_SIG_RSA_SHA256;
	sig.sig_len = cpu_to_be16(s->ecdsa ? sizeof(ecdsa) : 256);
	if (s->leaves)
		sig.kind = PEERGROUP_SIG_BATCH;
	sig.leaf = cpu_to_be16(s->leaf);
	sig.leaves = cpu_to_be16(s->leaves);
	p = put(p, &hdr, sizeof(hdr));
	p = put(p, s->attrs, s->attrs ? strlen(s->attrs) : 0);
	p = put(p, &sig, sizeof(sig));
	p = s->ecdsa ? put(p, ecdsa, sizeof(ecdsa)) : put(p, bytes, 256);
	p = put(p, bytes, s->path * PEERGROUP_HASH_LEN);
	p = put(p, s->data, seed_len(s));
	return p - out;
}
