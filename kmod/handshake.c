// SPDX-License-Identifier: GPL-2.0-only
/*
 * How two hosts prove to each other that they belong to the same group, and
 * agree on keys: an opening that names the group to those who know it, then
 * Noise XX between the two nodes, in which each shows its member's chain and
 * that member's word for the node (wire.h has the form). Nothing outside this
 * file knows that form.
 *
 * The listening side does no public-key work before the hint is one of its
 * groups', and checks no signature before the caller has shown that it holds the
 * key it speaks of. The dialling side speaks of itself only to a member.
 */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "credential.h"
#include "cursor.h"
#include "link_priv.h"
#include "message.h"
#include "password.h"

/**
 * struct pg_handshake - what a link keeps while it comes up
 * @noise: state of the Noise handshake
 * @opening: as it was sent or came
 */
struct pg_handshake {
	struct pg_noise noise;
	struct pg_opening opening;
};

void pg_handshake_free(struct pg_link *link)
{
	if (!link->handshake)
		return;
	pg_noise_clear(&link->handshake->noise);
	kfree_sensitive(link->handshake);
	link->handshake = NULL;
}

/* The other end's fault: what to count depends on how it failed. */
static int pg_handshake_refuse(struct pg_link *link, int error)
{
	switch (error) {
	case -EBADMSG:
		pg_link_fail(link, 0, EBADMSG, PEERGROUP_A_STATS_LINK_CRYPTO);
		break;
	case -EKEYREJECTED:
	case -EKEYEXPIRED:
		pg_link_fail(link, 0, -error, PEERGROUP_A_STATS_LINK_CREDENTIAL);
		break;
	case -EKEYREVOKED:
		pg_link_fail(link, link->keyed ? PG_BYE_REVOKED : 0, -error,
			     PEERGROUP_A_STATS_LINK_REVOKED);
		break;
	}
	return error;
}

/* ----------------------------------------------------------------- noise -- */

/* Starts Noise with what both ends have to agree in. */
static int pg_handshake_begin(struct pg_link *link, const struct pg_opening *opening)
{
	struct pg_group *g = link->group;
	struct pg_prologue prologue = { .opening = *opening };
	struct pg_handshake *hs;

	hs = kzalloc(sizeof(*hs), PG_GFP_LINK);
	if (!hs)
		return -ENOMEM;
	BUILD_BUG_ON(sizeof(prologue.tag) != sizeof(PG_PROLOGUE_TAG) - 1);
	memcpy(prologue.tag, PG_PROLOGUE_TAG, sizeof(prologue.tag));
	memcpy(prologue.group, g->id, sizeof(prologue.group));
	hs->opening = *opening;
	pg_noise_init(&hs->noise, link->outbound, g->node_key, (u8 *)&prologue, sizeof(prologue));
	link->handshake = hs;
	return 0;
}

static int pg_handshake_write(struct pg_link *link, const void *payload, size_t len, u8 *out)
{
	u8 ephemeral[PG_NODE_KEY_LEN];
	int err;

	get_random_bytes(ephemeral, sizeof(ephemeral));
	err = pg_noise_write(&link->handshake->noise, ephemeral, payload, len, out);
	memzero_explicit(ephemeral, sizeof(ephemeral));
	return err;
}

/* Says who we are: Noise message 2 or 3. */
static int pg_handshake_introduce(struct pg_link *link)
{
	struct pg_group *g = link->group;
	size_t len = sizeof(struct pg_meet), overhead;
	struct pg_meet *meet;
	u8 *payload, *out;
	int err;

	mutex_lock(&g->lock);
	err = pg_group_introduce(g, &payload, &len);
	WRITE_ONCE(link->proof, g->proof);
	link->met_as = g->selves;
	mutex_unlock(&g->lock);
	if (err) {
		/* That this end has no proof is no fault to count against the other. */
		pg_link_close(link, 0, -err);
		return err;
	}
	meet = (struct pg_meet *)payload;
	meet->node = cpu_to_be64(g->node);
	meet->time = cpu_to_be64(pg_group_now(g));
	meet->port = cpu_to_be16(READ_ONCE(g->port));
	meet->flags = cpu_to_be16((READ_ONCE(g->ready) ? PG_MEET_READY : 0) |
				  (link->outbound && link->direct ? PG_MEET_DIRECT : 0));

	overhead = pg_noise_overhead(&link->handshake->noise);
	err = -ENOMEM;
	out = kvmalloc(sizeof(__be16) + overhead + len, PG_GFP_LINK);
	if (!out)
		goto free;
	put_unaligned_be16(overhead + len, out);
	err = pg_handshake_write(link, payload, len, out + sizeof(__be16));
	if (!err)
		err = pg_tx_raw(link, out, sizeof(__be16) + overhead + len);
	kvfree(out);
free:
	kvfree(payload);
	return err;
}

/* All messages of the handshake are said: from now on frames follow. */
static void pg_handshake_keys(struct pg_link *link)
{
	pg_noise_split(&link->handshake->noise, &link->tx_cipher, &link->rx_cipher, NULL);
	pg_handshake_free(link);
	link->keyed = true;
}

/* ------------------------------------------------------ who the other end is -- */

/* A link to this very host: the address is never dialled again. */
static int pg_handshake_self(struct pg_link *link, u64 node)
{
	struct pg_group *g = link->group;

	if (memcmp(link->peer_key, g->node_public, sizeof(link->peer_key)))
		return node == g->node ? -EPROTO : 0;
	mutex_lock(&g->lock);
	if (link->target)
		link->target->self = true;
	mutex_unlock(&g->lock);
	pg_link_fail(link, PG_BYE_SELF, ELOOP, PEERGROUP_A_STATS_LINK_DUPLICATE);
	return -ELOOP;
}

/* -ETIME is still to be told to the other end. */
static int pg_handshake_clock(struct pg_link *link, const struct pg_meet *meet)
{
	u64 theirs = be64_to_cpu(meet->time);

	link->clock_offset = theirs - pg_time_from_ns(ktime_get_real_ns());
	if (pg_clock_acceptable(pg_group_now(link->group), theirs))
		return 0;
	pr_notice_ratelimited("link to %pI6c: clocks differ by more than ten minutes\n",
			      &link->addr.ip);
	return -ETIME;
}

/* Both have to hold now; whose clock is ahead may have begun a little later than now. */
static int pg_handshake_valid(struct pg_link *link, const struct pg_credential *cred,
			      const struct pg_gmc *gmc, u64 *until)
{
	u64 now = pg_group_now(link->group);

	*until = min(cred->not_after, gmc->not_after);
	if (max(cred->not_before, gmc->not_before) > now + PG_CLOCK_SKEW_MAX)
		return -EKEYREJECTED;
	return now < *until ? 0 : -EKEYEXPIRED;
}

/*
 * Is the chain worth learning? A member is never forgotten, so that nobody may bring
 * in certificates whose own is over, or came from somebody who was revoked: then *@above is
 * the last one in it that is known, with a reference.
 */
static int pg_handshake_worth(struct pg_group *g, const struct pg_chain *chain,
			      struct pg_gmc *gmc, struct pg_member **above)
{
	const struct pg_span *leaf = &chain->cert[chain->n - 1];

	if (pg_gmc_parse(gmc, leaf->p, leaf->len))
		return -EKEYREJECTED;
	if (gmc->not_after <= pg_group_now(g))
		return -EKEYEXPIRED;
	*above = pg_members_barred(&g->members, chain);
	return *above ? -EKEYREVOKED : 0;
}

/*
 * What comes over the link counts for the member at its other end, and for who answers for
 * that: so it is of no use to have many links, to come again, or to invite others. Lock held.
 */
static int pg_handshake_charge(struct pg_link *link, const struct pg_member *leaf)
{
	struct pg_quotas *quotas = &link->group->table.quotas;
	const struct pg_member *top = pg_member_branch(leaf);
	struct pg_creator *own, *inviter;

	lockdep_assert_held(&link->group->lock);
	own = pg_quota_get(quotas, leaf->gmc.spki_hash);
	inviter = top ? pg_quota_get(quotas, top->gmc.spki_hash) : NULL;
	if (!own || (top && !inviter))
		return -ENOMEM;
	WRITE_ONCE(link->payer, own);
	link->inviter = inviter;
	return 0;
}

static int pg_handshake_refusal(struct pg_group *g, unsigned int refusal)
{
	if (!refusal)
		return 0;
	pg_stat_inc(&g->stats, refusal);
	return refusal == PEERGROUP_A_STATS_REFUSED_NOMEM ? -ENOMEM : -EKEYREJECTED;
}

/*
 * The other end's chain is not worth learning, as somebody at or over @above was revoked. Nobody
 * is heard as revoked who has not proved to be who was: a certificate is no secret. As nothing
 * of that is remembered, the key that is spoken of proves itself first, which costs one
 * check. The chain's certificates that hold count as what this caller may say besides
 * (appeal.c): for who was revoked. One that does not hold is the end, and the caller's own: of
 * that anybody could make as many as used the rate up.
 * Return: -EKEYREVOKED, -EBUSY where the rate is used up, or what is wrong with it besides.
 */
static int pg_handshake_barred(struct pg_link *link, const struct pg_credential *cred,
			       const struct pg_chain *chain, const struct pg_gmc *gmc,
			       const struct pg_member *above)
{
	struct pg_group *g = link->group;
	const struct pg_member *fallen;
	u32 good;
	u64 until;
	int err;

	err = pg_credential_verify(cred, g->id, gmc);
	if (!err)
		err = pg_handshake_valid(link, cred, gmc, &until);
	if (err)
		return err;
	fallen = pg_member_fallen(above);
	/* It has just been let in again: the next call shows that. */
	if (!fallen)
		return -EKEYREJECTED;
	mutex_lock(&g->lock);
	err = pg_handshake_charge(link, fallen);
	mutex_unlock(&g->lock);
	if (err)
		return err;
	if (!pg_rx_may_appeal(link))
		return -EBUSY;
	err = pg_handshake_refusal(g, pg_members_check(&g->members, chain, &good));
	while (good-- > above->depth)
		pg_rx_take_appeal(link);
	return err ?: -EKEYREVOKED;
}

/* The chain of who is not known to be revoked. */
static int pg_handshake_learn(struct pg_group *g, const struct pg_credential *cred,
			      const struct pg_chain *chain, struct pg_member **leaf)
{
	int err;

	err = pg_handshake_refusal(g, pg_members_learn(&g->members, chain, leaf));
	if (err)
		return err;
	err = pg_credential_verify(cred, g->id, &(*leaf)->gmc);
	if (err)
		pg_member_put(*leaf);
	return err;
}

/* Reads and verifies a chain, and the credential by its last certificate. */
static int pg_handshake_chain(struct pg_link *link, struct pg_cursor *c,
			      const struct pg_credential *cred, struct pg_member **leaf)
{
	struct pg_chain *chain = kmalloc(sizeof(*chain), GFP_KERNEL);
	struct pg_gmc *gmc = kmalloc(sizeof(*gmc), GFP_KERNEL);
	struct pg_group *g = link->group;
	struct pg_member *above = NULL;
	int err = -ENOMEM;

	if (!chain || !gmc)
		goto out;
	err = pg_chain_decode(chain, c->pos, pg_cursor_left(c)) ? -EPROTO : 0;
	if (!err)
		err = pg_handshake_worth(g, chain, gmc, &above);
	if (!err)
		err = pg_handshake_learn(g, cred, chain, leaf);
	if (above) {
		err = pg_handshake_barred(link, cred, chain, gmc, above);
		pg_member_put(above);
	}
out:
	kfree(gmc);
	kfree(chain);
	return err;
}

/*
 * Reads a credential and the chain of its member behind it, verifies both.
 * Return: 0 with a reference to the member; -EPROTO, -EKEYREJECTED, -EKEYEXPIRED,
 * -EKEYREVOKED, -EBUSY or -ENOMEM.
 */
static int pg_handshake_proof(struct pg_link *link, u64 node, struct pg_cursor *c,
			      struct pg_credential *cred, struct pg_member **leaf)
{
	int err;

	lockdep_assert_not_held(&link->group->lock);
	if (pg_credential_read(cred, c))
		return -EPROTO;
	if (cred->node != node ||
	    memcmp(cred->hdr->key, link->peer_key, sizeof(link->peer_key)))
		return -EKEYREJECTED;
	err = pg_handshake_chain(link, c, cred, leaf);
	return err == -ENOPKG ? -EKEYREJECTED : err;
}

/*
 * Is that who a direct connection was opened to? What this end says of itself is for that
 * member only. That there is another is nobody's fault.
 */
static int pg_handshake_expected(struct pg_link *link, const struct pg_member *leaf)
{
	const struct pg_span *name = &leaf->gmc.name;

	if (!link->expect ||
	    (name->len == link->expect_len && !memcmp(name->p, link->expect, name->len)))
		return 0;
	pg_link_close(link, 0, EKEYREJECTED);
	return -EKEYREJECTED;
}

/* Takes down who the other end has proved to be, and judges whether it will do. */
static int pg_handshake_meet(struct pg_link *link, const u8 *payload, size_t len)
{
	const struct pg_meet *meet;
	struct pg_credential cred;
	struct pg_member *leaf;
	struct pg_cursor c;
	u64 node, until;
	int err;

	pg_cursor_init(&c, payload, len);
	meet = pg_cursor_take(&c, sizeof(*meet));
	if (!meet)
		return -EPROTO;
	memcpy(link->peer_key, pg_noise_remote(&link->handshake->noise), sizeof(link->peer_key));
	node = be64_to_cpu(meet->node);
	err = pg_handshake_self(link, node);
	if (!err)
		err = pg_handshake_proof(link, node, &c, &cred, &leaf);
	if (err)
		return err;
	mutex_lock(&link->group->lock);
	err = pg_handshake_charge(link, leaf);
	link->peer = leaf;
	link->peer_node = node;
	link->peer_ready = meet->flags & cpu_to_be16(PG_MEET_READY);
	link->peer_port = be16_to_cpu(meet->port);
	if (!link->outbound)
		link->direct = meet->flags & cpu_to_be16(PG_MEET_DIRECT);
	mutex_unlock(&link->group->lock);
	if (!err)
		err = pg_handshake_expected(link, leaf);
	if (!err)
		err = pg_handshake_clock(link, meet);
	if (!err)
		err = pg_handshake_valid(link, &cred, &leaf->gmc, &until);
	if (!err)
		atomic64_set(&link->peer_until, until);
	return err;
}

int pg_handshake_told(struct pg_link *link)
{
	struct pg_group *g = link->group;
	const struct pg_member *m;

	link->told = bitmap_zalloc(PG_MEMBERS_MAX, PG_GFP_LINK);
	if (!link->told)
		return -ENOMEM;
	mutex_lock(&g->lock);
	for (m = link->peer; m; m = m->parent)
		__set_bit(m->nr, link->told);
	mutex_unlock(&g->lock);
	return 0;
}

/* The other end will do: it joins in. */
static int pg_handshake_up(struct pg_link *link)
{
	u32 reason;
	int err;

	err = pg_handshake_told(link);
	if (err)
		return err;
	reason = pg_group_link_up(link);
	if (reason) {
		pg_link_close(link, reason, -pg_bye_errno(reason));
		return pg_bye_errno(reason);
	}
	pg_link_watch(link);
	return 0;
}

/* --------------------------------------------------------- the dialling side -- */

static int pg_handshake_open(struct pg_link *link)
{
	struct {
		struct pg_opening opening;
		u8 noise[PG_NOISE_FIRST];
	} __packed first;
	int err;

	BUILD_BUG_ON(sizeof(first) != PG_HANDSHAKE_OPENING);
	memcpy(first.opening.magic, PG_OPENING_MAGIC, sizeof(first.opening.magic));
	get_random_bytes(first.opening.nonce, sizeof(first.opening.nonce));
	pg_group_hint(link->group, first.opening.nonce, first.opening.hint);
	err = pg_handshake_begin(link, &first.opening);
	if (!err)
		err = pg_handshake_write(link, NULL, 0, first.noise);
	return err ?: pg_tx_raw(link, &first, sizeof(first));
}

int pg_handshake_connect(struct pg_link *link)
{
	struct sock *sk = link->sock->sk;
	int err;

	switch (inet_sk_state_load(sk)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return 0;
	case TCP_CLOSE:
		err = sock_error(sk);
		return err ? err : -ECONNABORTED;
	}
	WRITE_ONCE(link->state, PEERGROUP_LINK_HANDSHAKE);
	err = pg_handshake_open(link);
	return err ? err : 1;
}

/* Noise message 2. That clocks differ a member is told, in the end. */
static int pg_handshake_second(struct pg_link *link, u8 *block, u32 len)
{
	u8 *payload;
	size_t payload_len;
	int err, clock;

	err = pg_noise_read(&link->handshake->noise, block, len, &payload, &payload_len);
	if (err)
		return -EBADMSG;
	clock = pg_handshake_meet(link, payload, payload_len);
	if (clock && clock != -ETIME)
		return clock;
	err = pg_handshake_introduce(link);
	if (err)
		return err;
	pg_handshake_keys(link);
	if (clock)
		pg_link_fail(link, PG_BYE_CLOCK, ETIME, PEERGROUP_A_STATS_LINK_CLOCK);
	return clock;
}

bool pg_handshake_expects(const struct pg_link *link, u8 type, u32 len)
{
	if (!link->outbound)
		return link->appeal && pg_appeal_expects(type, len);
	return (type == PG_MSG_WELCOME && !len && !link->appeal) ||
	       (type == PG_MSG_BYE && len == sizeof(struct pg_bye));
}

int pg_handshake_message(struct pg_link *link, u8 type, const u8 *body)
{
	const struct pg_bye *bye = (const void *)body;
	int ret;

	if (type == PG_MSG_WELCOME)
		return pg_handshake_up(link);
	ret = pg_message_bye(link, bye);
	return ret == -EKEYREVOKED && pg_appeal_make(link) ? 0 : ret;
}

/* -------------------------------------------------------- the listening side -- */

/* Finds the group that an accepted link is for, and enters it there. */
static int pg_handshake_attach(struct pg_link *link, const struct pg_opening *opening)
{
	struct pg_group *g;
	int err;

	g = pg_group_by_hint(link->listener, opening->nonce, opening->hint, pg_group_hint);
	if (!g)
		return -EPROTO;
	mutex_lock(&g->lock);
	err = pg_group_attach(g, link);
	mutex_unlock(&g->lock);
	if (err) {
		pg_group_put(g);
		return err;
	}
	/* Until pg_rx_work() ends, which began with the listener's: that may go before. */
	pg_group_charge(g);
	return 0;
}

static int pg_handshake_first(struct pg_link *link, u8 *block)
{
	const struct pg_opening *opening = (const void *)block;
	size_t payload_len;
	u8 *payload;
	int err;

	if (pg_password_is_opening(block))
		return pg_password_begin(link, block);
	if (memcmp(opening->magic, PG_OPENING_MAGIC, sizeof(opening->magic)))
		return -EPROTO;
	err = pg_handshake_attach(link, opening);
	if (!err)
		err = pg_handshake_begin(link, opening);
	if (err)
		return err;
	if (pg_noise_read(&link->handshake->noise, block + sizeof(*opening), PG_NOISE_FIRST,
			  &payload, &payload_len))
		return -EBADMSG;
	return pg_handshake_introduce(link);
}

/* Noise message 3. */
static int pg_handshake_third(struct pg_link *link, u8 *block, u32 len)
{
	size_t payload_len;
	u8 *payload;
	int err;

	err = pg_noise_read(&link->handshake->noise, block, len, &payload, &payload_len);
	if (err)
		return -EBADMSG;
	err = pg_handshake_meet(link, payload, payload_len);
	if (!err && pg_member_revoked(link->peer))
		err = -EKEYREVOKED;
	if (err && err != -ETIME && err != -EKEYREVOKED && err != -EBUSY)
		return err;
	pg_handshake_keys(link);
	/* It is only told, and not heard. */
	if (err == -EBUSY)
		pg_link_fail(link, PG_BYE_REVOKED, EBUSY, PEERGROUP_A_STATS_LINK_PACED);
	if (err == -ETIME)
		pg_link_fail(link, PG_BYE_CLOCK, ETIME, PEERGROUP_A_STATS_LINK_CLOCK);
	/* It may not know, have another certificate, or know better. */
	if (err == -EKEYREVOKED) {
		pg_appeal_hear(link);
		return 0;
	}
	if (err)
		return err;
	if (!pg_listener_take(link->listener, link))
		return -ECONNABORTED;
	/* From here on the group alone answers for the socket. */
	pg_listener_forget(link);
	return pg_handshake_up(link);
}

int pg_handshake_block(struct pg_link *link, u8 *block, u32 len)
{
	int err;

	if (link->exchange)
		return pg_password_message(link, block, len);
	if (link->outbound)
		err = pg_handshake_second(link, block, len);
	else if (!link->handshake)
		err = pg_handshake_first(link, block);
	else
		err = pg_handshake_third(link, block, len);
	return pg_handshake_refuse(link, err);
}

/* ---------------------------------------------------------------- renewal -- */

int pg_handshake_renew(struct pg_link *link, const u8 *body, u32 len)
{
	struct pg_group *g = link->group;
	struct pg_member *leaf, *m;
	struct pg_credential cred;
	struct pg_cursor c;
	u64 until;
	int err;

	pg_cursor_init(&c, body, len);
	err = pg_handshake_proof(link, link->peer_node, &c, &cred, &leaf);
	if (err)
		return pg_handshake_refuse(link, err);
	err = pg_handshake_valid(link, &cred, &leaf->gmc, &until);
	/* Only @rx, which this is, changes it. */
	if (!err && memcmp(leaf->gmc.spki_hash, link->peer->gmc.spki_hash,
			   sizeof(leaf->gmc.spki_hash)))
		err = -EKEYREJECTED;
	if (err) {
		pg_member_put(leaf);
		return pg_handshake_refuse(link, err);
	}
	mutex_lock(&g->lock);
	err = pg_handshake_charge(link, leaf);
	if (err)
		goto out;
	for (m = leaf; m; m = m->parent)
		__set_bit(m->nr, link->told);
	swap(link->peer, leaf);
	atomic64_set(&link->peer_until, until);
	/* Members are judged when a revocation comes, and this one may be new to the link. */
	pg_group_check_peer(link);
out:
	mutex_unlock(&g->lock);
	pg_member_put(leaf);
	return err;
}
