// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's own opinion of a chain of certificates, for tests of the library.
 * Built as the engine is, since its types and the library's do not mix.
 */
#include <stdlib.h>
#include "member.h"
#include "engine_view.h"

unsigned int engine_refuses(const struct engine_cert *certs, unsigned int count)
{
	struct pg_members *ms = calloc(1, sizeof(*ms));
	struct pg_chain chain = { .n = count - 1 };
	unsigned int i, refusal;

	if (!ms || !count || count - 1 > PEERGROUP_CHAIN_MAX)
		refusal = ~0U;
	else if (pg_members_init(ms, certs[0].data, certs[0].len))
		refusal = PEERGROUP_A_STATS_REFUSED_CERT;
	else {
		for (i = 1; i < count; i++)
			chain.cert[i - 1] = (struct pg_span){ .p = certs[i].data,
							      .len = certs[i].len };
		refusal = pg_members_learn(ms, &chain, NULL);
		pg_members_destroy(ms);
	}
	free(ms);
	return refusal;
}
