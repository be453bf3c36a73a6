// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of membership certificates as they come from a link: taken apart, each
 * certificate parsed, each asked whether it fits below the one before.
 */
#include <string.h>
#include "../host/certs.h"
#include "../host/tap.h"
#include "member.h"
#include "fuzz.h"

static void inside(struct pg_span span, struct pg_span whole)
{
	FUZZ_NEED(span.p >= whole.p && span.p + span.len <= whole.p + whole.len);
}

static void check(const struct pg_gmc *gmc, struct pg_span der)
{
	inside(gmc->tbs, der);
	inside(gmc->key, der);
	inside(gmc->sig, der);
	inside(gmc->name, der);
	inside(gmc->friendly, der);
	FUZZ_NEED(gmc->not_before < gmc->not_after);
	FUZZ_NEED(gmc->roles && !(gmc->roles & ~0xfU));
	FUZZ_NEED(gmc->name.len >= 40 && gmc->name.len <= PEERGROUP_NAME_LEN_MAX);
	FUZZ_NEED(gmc->friendly.len <= PEERGROUP_FRIENDLY_LEN_MAX);
	FUZZ_NEED(pg_sig_well_formed(gmc->sig_algo, gmc->sig));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pg_gmc gmc[2];
	struct pg_chain chain;
	u32 i, good = 0;

	if (pg_chain_decode(&chain, data, len))
		return 0;
	FUZZ_NEED(chain.n && chain.n <= PEERGROUP_CHAIN_MAX);
	for (i = 0; i < chain.n; i++) {
		inside(chain.cert[i], (struct pg_span){ data, len });
		if (pg_gmc_parse(&gmc[i % 2], chain.cert[i].p, chain.cert[i].len))
			break;
		check(&gmc[i % 2], chain.cert[i]);
		if (!i) {
			good++;
		} else if (pg_gmc_may_issue(&gmc[(i + 1) % 2], &gmc[i % 2])) {
			good++;
			FUZZ_NEED(gmc[i % 2].not_after <= gmc[(i + 1) % 2].not_after);
			FUZZ_NEED(!(gmc[i % 2].roles & PEERGROUP_ROLE_ROOT));
		}
	}
	fuzz_taken = good == chain.n;
	return 0;
}

static size_t append(uint8_t *out, size_t at, const struct der_buf *der)
{
	out[at] = der->len >> 8;
	out[at + 1] = der->len;
	memcpy(out + at + 2, der->p, der->len);
	return at + 2 + der->len;
}

/* The root, one below it, one below that; of RSA keys and of elliptic curves. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	uint8_t root_print[PEERGROUP_HASH_LEN], print[PEERGROUP_HASH_LEN];
	struct der_buf root = { 0 }, admin = { 0 }, member = { 0 };
	struct cert_spec root_spec, admin_spec, member_spec;
	static EVP_PKEY *keys[3];
	size_t at = 0;
	unsigned int i;

	if (n >= 4)
		return 0;
	for (i = 0; i < 3 && n % 2 == 0; i++) {
		EVP_PKEY_free(keys[i]);
		keys[i] = n ? cert_key_p256() : cert_key_rsa(2048, 65537);
	}
	root_spec = cert_spec_root(keys[0]);
	cert_make(&root_spec, &root);
	admin_spec = cert_spec_below(keys[1], &root_spec, &root, root_print, PEERGROUP_ROLE_ADMIN);
	cert_make(&admin_spec, &admin);
	member_spec = cert_spec_below(keys[2], &admin_spec, &admin, print, PEERGROUP_ROLE_MEMBER);
	cert_make(&member_spec, &member);
	if (n % 2)
		at = append(out, at, &root);
	at = append(out, at, &admin);
	return append(out, at, &member);
}
