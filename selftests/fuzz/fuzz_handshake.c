// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a stranger sends before it is let in, and the frames behind that. The first
 * byte says to which state of a link: one that waits for message 1, 2 or 3, one that is
 * up (frames, each with its length), or one whose handshake has brought its payload,
 * which no tag protects from who made it.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "../host/certs.h"
#include "../host/tap.h"
#include "credential.h"
#include "cursor.h"
#include "member.h"
#include "noise.h"
#include "wire.h"
#include "fuzz.h"

enum { FIRST, SECOND, THIRD, FRAMES, PAYLOAD, MODES };

static const u8 prologue[] = "a prologue";
static const u8 group[PEERGROUP_HASH_LEN] = "the group id, thirty-two bytes.";

/* Two ends with keys that are the same in each process, so that seeds stay good. */
struct ends {
	struct pg_noise a, b;
	u8 msg[3][1024];
	size_t len[3];
};

static void write_step(struct ends *e, unsigned int step, const u8 *text, size_t len)
{
	struct pg_noise *from = step == 1 ? &e->b : &e->a, *to = step == 1 ? &e->a : &e->b;
	u8 key[PG_NOISE_KEY_LEN], copy[sizeof(e->msg[0])], *payload;
	size_t payload_len;

	memset(key, 0x10 + step, sizeof(key));
	e->len[step] = len + pg_noise_overhead(from);
	FUZZ_NEED(!pg_noise_write(from, step < 2 ? key : NULL, text, len, e->msg[step]));
	memcpy(copy, e->msg[step], e->len[step]);
	FUZZ_NEED(!pg_noise_read(to, copy, e->len[step], &payload, &payload_len));
	FUZZ_NEED(payload_len == len);
}

static void start(struct ends *e, unsigned int steps)
{
	u8 key[PG_NOISE_KEY_LEN];
	unsigned int i;

	memset(key, 1, sizeof(key));
	pg_noise_init(&e->a, true, key, prologue, sizeof(prologue));
	memset(key, 2, sizeof(key));
	pg_noise_init(&e->b, false, key, prologue, sizeof(prologue));
	for (i = 0; i < steps; i++)
		write_step(e, i, (const u8 *)"payload", i ? 7 : 0);
}

/* The end that @mode's message comes to, where all before it has been said. */
static void read_step(unsigned int mode, u8 *data, size_t len)
{
	static struct ends e;
	struct pg_noise *to = mode == SECOND ? &e.a : &e.b;
	size_t payload_len;
	u8 key[PG_NOISE_KEY_LEN], *payload;

	start(&e, 0);
	memset(key, 0x10, sizeof(key));		/* as write_step() has it */
	if (mode == SECOND) {
		FUZZ_NEED(!pg_noise_write(&e.a, key, NULL, 0, e.msg[0]));
	} else if (mode == THIRD) {
		write_step(&e, 0, NULL, 0);
		write_step(&e, 1, (const u8 *)"payload", 7);
	}
	if (pg_noise_read(to, data, len, &payload, &payload_len)) {
		/* Broken for good, whatever comes next. */
		FUZZ_NEED(pg_noise_read(to, data, len, &payload, &payload_len));
		return;
	}
	FUZZ_NEED(payload >= data && payload + payload_len <= data + len);
	FUZZ_NEED(pg_noise_done(to) == (mode == THIRD));
	fuzz_taken = true;
}

static void open_frames(u8 *data, size_t len)
{
	struct pg_noise_cipher tx, rx;
	u8 hash[PG_NOISE_HASH_LEN];
	static struct ends e;
	size_t n;

	start(&e, 3);
	pg_noise_split(&e.b, &tx, &rx, hash);
	while (len > 2) {
		n = (size_t)data[0] << 8 | data[1];
		data += 2;
		len -= 2;
		if (n > len || pg_noise_open(&rx, data, n))
			return;
		data += n;
		len -= n;
	}
	fuzz_taken = !len;
}

static void read_payload(const u8 *data, size_t len)
{
	struct pg_credential cred;
	struct pg_chain chain;
	struct pg_cursor c;
	struct pg_gmc gmc;

	pg_cursor_init(&c, data, len);
	if (!pg_cursor_take(&c, sizeof(struct pg_meet)) || pg_credential_read(&cred, &c))
		return;
	FUZZ_NEED(cred.sig.p >= data && cred.sig.p + cred.sig.len <= data + len);
	FUZZ_NEED(cred.node && cred.not_before < cred.not_after);
	if (pg_chain_decode(&chain, c.pos, pg_cursor_left(&c)) ||
	    pg_gmc_parse(&gmc, chain.cert[chain.n - 1].p, chain.cert[chain.n - 1].len))
		return;
	fuzz_taken = true;
	/* Whoever signed it, it was not for this group. */
	FUZZ_NEED(pg_credential_verify(&cred, group, &gmc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	u8 *copy;

	if (!len || len > PG_NOISE_MSG_MAX)
		return 0;
	/* Of exactly its size: it is decrypted in place. */
	copy = malloc(len - 1 ? len - 1 : 1);
	FUZZ_NEED(copy);
	memcpy(copy, data + 1, len - 1);
	switch (data[0] % MODES) {
	case FRAMES:
		open_frames(copy, len - 1);
		break;
	case PAYLOAD:
		read_payload(copy, len - 1);
		break;
	default:
		read_step(data[0] % MODES, copy, len - 1);
	}
	free(copy);
	return 0;
}

static size_t seed_frames(uint8_t *out)
{
	struct pg_noise_cipher tx, rx;
	u8 hash[PG_NOISE_HASH_LEN];
	static struct ends e;
	size_t at = 1;
	int i;

	start(&e, 3);
	pg_noise_split(&e.a, &tx, &rx, hash);
	for (i = 0; i < 3; i++) {
		out[at] = 0;
		out[at + 1] = 10 + PG_NOISE_TAG_LEN;
		memset(out + at + 2, i, 10);
		FUZZ_NEED(!pg_noise_seal(&tx, out + at + 2, 10));
		at += 2 + 10 + PG_NOISE_TAG_LEN;
	}
	return at;
}

static size_t seed_payload(uint8_t *out)
{
	struct peergroup_credential cred = {
		.key = "the node's key", .node = cpu_to_be64(1), .not_before = cpu_to_be64(1),
		.not_after = cpu_to_be64(2), .algo = PEERGROUP_SIG_RSA_SHA256,
		.sig_len = cpu_to_be16(256),
	};
	struct pg_meet meet = { .node = cpu_to_be64(1) };
	struct der_buf root = { 0 }, member = { 0 };
	struct cert_spec root_spec, member_spec;
	uint8_t print[PEERGROUP_HASH_LEN], *p = out + 1;

	root_spec = cert_spec_root(cert_key_rsa(2048, 65537));
	cert_make(&root_spec, &root);
	member_spec = cert_spec_below(cert_key_rsa(2048, 65537), &root_spec, &root, print,
				      PEERGROUP_ROLE_MEMBER);
	cert_make(&member_spec, &member);
	memcpy(p, &meet, sizeof(meet));
	p += sizeof(meet);
	memcpy(p, &cred, sizeof(cred));
	p += sizeof(cred);
	memset(p, 0x5a, 256);
	p += 256;
	*p++ = member.len >> 8;
	*p++ = member.len;
	memcpy(p, member.p, member.len);
	EVP_PKEY_free(root_spec.key);
	EVP_PKEY_free(member_spec.key);
	return p + member.len - out;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static struct ends e;

	if (n >= MODES)
		return 0;
	out[0] = n;
	if (n == FRAMES)
		return seed_frames(out);
	if (n == PAYLOAD)
		return seed_payload(out);
	start(&e, n + 1);
	memcpy(out + 1, e.msg[n], e.len[n]);
	return 1 + e.len[n];
}
