// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of membership certificates as they come from a link: taken apart, each
 * certificate parsed, each asked whether it fits below the one before. The seeds are
 * chains that the library issued (issued.c).
 */
#include <string.h>
#include "member.h"
#include "fuzz.h"
#include "issued.h"

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

/* From a root and one below it to as many as there may be, by keys of all kinds. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	return issued_chain(n, out);
}
