// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who takes the other end of a link for revoked may have heard the wrong half: of two
 * administrators who revoke each other one counts, and those who know which are just those
 * whom the other has revoked. So the listening side says that it takes the caller for
 * revoked, and hears the revocations that the caller has before it hangs up; nothing else.
 * What they make of it shows the next time.
 *
 * All of that is a part of the handshake: its deadline and the limits of half-open links
 * hold. Called by handshake.c and link_rx.c.
 */
#include <linux/slab.h>
#include "link_priv.h"
#include "message.h"
#include "revoke.h"
#include "search.h"

/* Header, signature block and what a revocation says are a small part of that. */
#define PG_APPEAL_RECORD_MAX	(4U << 10)

void pg_appeal_hear(struct pg_link *link)
{
	struct pg_bye bye = { .reason = cpu_to_be32(PG_BYE_REVOKED) };

	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_LINK_REVOKED);
	WRITE_ONCE(link->appeal, true);
	if (pg_link_send(link, PG_MSG_BYE, &bye, sizeof(bye)))
		pg_link_close(link, 0, EKEYREVOKED);
}

bool pg_appeal_expects(u8 type, u32 len)
{
	return (type == PG_MSG_GMC && len && len <= PG_GMC_BODY_MAX) ||
	       (type == PG_MSG_RECORD && len >= sizeof(struct peergroup_record_hdr) &&
		len <= PG_APPEAL_RECORD_MAX);
}

/*
 * Only who may revoke is worth learning here, and nobody below somebody who is revoked: a
 * member is never forgotten, and these may be as many as the caller likes.
 */
static int pg_appeal_gmc(struct pg_link *link, const u8 *body, u32 len)
{
	struct pg_members *ms = &link->group->members;
	struct pg_chain *chain = kmalloc(sizeof(*chain), GFP_KERNEL);
	struct pg_gmc *gmc = kmalloc(sizeof(*gmc), GFP_KERNEL);
	struct pg_member *above;
	const struct pg_span *leaf;
	int err = -ENOMEM;

	if (!chain || !gmc)
		goto out;
	err = -EKEYREJECTED;
	if (pg_chain_decode(chain, body, len))
		goto out;
	leaf = &chain->cert[chain->n - 1];
	if (pg_gmc_parse(gmc, leaf->p, leaf->len) || !(gmc->roles & PEERGROUP_ROLE_ADMIN))
		goto out;
	err = 0;
	above = pg_members_barred(ms, chain);
	if (above)
		pg_member_put(above);
	else if (pg_members_learn(ms, chain, NULL) == PEERGROUP_A_STATS_REFUSED_CERT)
		err = -EKEYREJECTED;
out:
	kfree(gmc);
	kfree(chain);
	return err;
}

/*
 * Whose certificate did not come before is nobody's word. Where the data, which is last, is
 * none of a revocation, that is found out later.
 */
static bool pg_appeal_worth(struct pg_link *link, const u8 *body, u32 len)
{
	const struct peergroup_record_hdr *hdr = (const void *)body;
	struct pg_members *ms = &link->group->members;
	const struct peergroup_revocation *what;
	struct pg_member *signer;
	bool worth;

	if (len < sizeof(*hdr) + sizeof(*what))
		return false;
	signer = pg_members_get(ms, hdr->modifier);
	if (!signer)
		return false;
	what = (const void *)(body + len - sizeof(*what));
	worth = !pg_member_revoked(signer) || pg_revocation_answers(ms, signer, what->key);
	pg_member_put(signer);
	return worth;
}

int pg_appeal_message(struct pg_link *link, u8 type, u8 *body, u32 len)
{
	const struct peergroup_record_hdr *hdr = (const void *)body;
	int ret = -EPROTO;

	if (type == PG_MSG_RECORD && pg_rec_kind(hdr->type) == PG_REC_REVOCATION) {
		ret = 0;
		if (pg_appeal_worth(link, body, len)) {
			pg_flood_arrival(&link->group->flood, link, body, len);
			return 0;
		}
	} else if (type == PG_MSG_GMC) {
		ret = pg_appeal_gmc(link, body, len);
	}
	kvfree(body);
	return ret;
}

/* Queues them as far as there is room. Return: how many. */
static u32 pg_appeal_queue(struct pg_link *link)
{
	static const u8 type[] = PEERGROUP_TYPE_REVOCATION;
	struct pg_group *g = link->group;
	struct pg_record *r;
	struct pg_filter f;
	struct pg_walk w;
	int err = 0;
	u32 n = 0;

	lockdep_assert_held(&g->lock);
	pg_filter_init(&f);
	f.type = type;
	pg_walk_begin(&w, &g->table, &f);
	while (!err && (r = pg_walk_next(&w, &g->table))) {
		if (pg_filter_match(&f, r))
			err = pg_link_send_record(link, r);
		n += !err;
		pg_record_put(r);
	}
	return n;
}

bool pg_appeal_make(struct pg_link *link)
{
	struct pg_group *g = link->group;
	u32 n = 0;

	if (link->appeal || pg_handshake_told(link))
		return false;
	mutex_lock(&g->lock);
	if (!g->ended)
		n = pg_appeal_queue(link);
	if (n) {
		WRITE_ONCE(link->appeal, true);
		pg_link_drain(link);
	}
	mutex_unlock(&g->lock);
	return n;
}
