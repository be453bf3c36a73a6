// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a group's node proves whose it is: the credential that a program brought
 * and the chain of the member who signed it. The netlink family sets it, the
 * handshake shows it.
 */
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include "credential.h"
#include "cursor.h"
#include "group.h"

/* The certificate may be renewed, so it is asked for its end each time. */
u64 pg_group_credential_until(const struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	return g->credential ? min(g->credential_until, g->self->gmc.not_after) : 0;
}

bool pg_group_proved(struct pg_group *g)
{
	bool proved;

	mutex_lock(&g->lock);
	pg_group_choose_self(g);
	proved = pg_group_credential_until(g) > pg_group_now(g);
	mutex_unlock(&g->lock);
	return proved;
}

int pg_group_check_credential(struct pg_group *g, const u8 *wire, u32 len,
			      struct netlink_ext_ack *extack)
{
	const struct pg_gmc *gmc;
	struct pg_credential cred;
	struct pg_cursor c;
	u64 from, until;
	int err;

	lockdep_assert_held(&g->pn->lock);
	pg_cursor_init(&c, wire, len);
	if (pg_credential_read(&cred, &c) || !pg_cursor_done(&c)) {
		NL_SET_ERR_MSG(extack, "CREDENTIAL does not follow its format");
		return -EBADMSG;
	}
	if (memcmp(cred.hdr->key, g->node_public, sizeof(g->node_public)) || cred.node != g->node) {
		NL_SET_ERR_MSG(extack, "CREDENTIAL is for another node");
		return -EKEYREJECTED;
	}
	/* Another one may take its place meanwhile: its key is the same, and it stays. */
	mutex_lock(&g->lock);
	gmc = &g->self->gmc;
	pg_group_own_span(g, &from, &until);
	mutex_unlock(&g->lock);
	if (cred.not_before < from || cred.not_after > until ||
	    cred.not_after <= pg_group_now(g)) {
		NL_SET_ERR_MSG(extack, "CREDENTIAL has expired or lies outside the membership");
		return -EKEYEXPIRED;
	}
	err = pg_credential_verify(&cred, g->id, gmc);
	if (!err || err == -ENOMEM)
		return err;
	NL_SET_ERR_MSG(extack, "CREDENTIAL is not signed by the group's member");
	return -EKEYREJECTED;
}

void pg_group_swap_credential(struct pg_group *g, u8 **wire, u32 *len)
{
	const struct peergroup_credential *hdr;

	mutex_lock(&g->lock);
	swap(g->credential, *wire);
	swap(g->credential_len, *len);
	hdr = (const void *)g->credential;
	g->credential_until = hdr ? be64_to_cpu(hdr->not_after) : 0;
	WRITE_ONCE(g->proof, g->proof + 1);
	mutex_unlock(&g->lock);
}

int pg_group_introduce(struct pg_group *g, u8 **out, size_t *out_len)
{
	size_t len;

	lockdep_assert_held(&g->lock);
	pg_group_choose_self(g);
	if (pg_group_credential_until(g) <= pg_group_now(g))
		return -EKEYEXPIRED;
	len = g->credential_len + pg_chain_encoded_len(g->self);
	*out = kvmalloc(*out_len + len, PG_GFP_LINK);
	if (!*out)
		return -ENOMEM;
	memcpy(*out + *out_len, g->credential, g->credential_len);
	pg_chain_encode(g->self, *out + *out_len + g->credential_len);
	*out_len += len;
	return 0;
}

/* Whoever proved itself by what it was before says what it is now. */
static void pg_group_tell(struct pg_group *g, struct pg_link *link, const u8 *proof, size_t len)
{
	int err = pg_link_send(link, PG_MSG_CREDENTIAL, proof, len);

	WRITE_ONCE(link->proof, g->proof);
	/* The other end would take it for one that has run out, some time: now is better. */
	if (err && err != -EPIPE)
		pg_link_close(link, 0, -err);
}

void pg_group_announce(struct pg_group *g)
{
	struct pg_link *link;
	size_t len = 0;
	u8 *body;

	lockdep_assert_held(&g->lock);
	pg_group_refresh_soon(g);
	if (pg_group_introduce(g, &body, &len))
		return;
	list_for_each_entry(link, &g->links, node)
		if (READ_ONCE(link->state) == PEERGROUP_LINK_UP)
			pg_group_tell(g, link, body, len);
	kvfree(body);
}

void pg_group_catch_up(struct pg_link *link)
{
	struct pg_group *g = link->group;
	size_t len = 0;
	u8 *body;

	lockdep_assert_held(&g->lock);
	if (link->proof == g->proof || pg_group_introduce(g, &body, &len))
		return;
	pg_group_tell(g, link, body, len);
	kvfree(body);
}
