// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records as they come from a link or over netlink: pg_rec_parse() and what is
 * done with a record that it has let through. The seeds are what the library signs: of all
 * types, with and without attributes, tombstones, refreshed ones, batches, by each kind of
 * key (issued.c).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "record.h"
#include "refresh.h"
#include "reserved.h"
#include "verify.h"
#include "wire.h"
#include "fuzz.h"
#include "issued.h"

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

/* What the library made is signed by whom it names. */
static void signed_by(const struct issued_by *by, const uint8_t *wire, size_t len)
{
	struct pg_gmc gmc;
	struct pg_rec rec;

	FUZZ_NEED(!pg_gmc_parse(&gmc, by->der, by->der_len));
	FUZZ_NEED(!pg_rec_parse(&rec, by->group, wire, len));
	FUZZ_NEED(!memcmp(rec.modifier, gmc.fingerprint, sizeof(rec.modifier)));
	FUZZ_NEED(!pg_verify(rec.sig_algo, gmc.key, rec.signed_hash, rec.sig));
}

/* Too long to be an input: these are looked at once. */
static void look_at_longest(void)
{
	struct issued_by by;
	const uint8_t *wire;
	unsigned int i;
	size_t len;

	for (i = 0; i < 2; i++) {
		wire = issued_longest(i, &len, &by);
		signed_by(&by, wire, len);
		fuzz_taken = false;
		LLVMFuzzerTestOneInput(wire, len);
		FUZZ_NEED(fuzz_taken);
		issued_longest_done();
	}
}

/* Of the record at @out the header, with a signature as short as any that is well-formed. */
static size_t shortest_signature(uint8_t *out)
{
	static const u8 ecdsa[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	struct peergroup_sig_hdr sig = { .kind = PEERGROUP_SIG_DIRECT };
	struct peergroup_record_hdr hdr;

	memcpy(&hdr, out, sizeof(hdr));
	hdr.attrs_len = 0;
	hdr.data_len = 0;
	sha256((const u8 *)"", 0, hdr.data_hash);
	sig.algo = PEERGROUP_SIG_P256_SHA256;
	sig.sig_len = cpu_to_be16(sizeof(ecdsa));
	memcpy(out, &hdr, sizeof(hdr));
	memcpy(out + sizeof(hdr), &sig, sizeof(sig));
	memcpy(out + sizeof(hdr) + sizeof(sig), ecdsa, sizeof(ecdsa));
	return sizeof(hdr) + sizeof(sig) + sizeof(ecdsa);
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	struct issued_by by;
	size_t len;

	if (!n)
		look_at_longest();
	len = issued_record(n ? n - 1 : 0, out, &by);
	if (!n)
		return shortest_signature(out);
	if (len)
		signed_by(&by, out, len);
	return len;
}
