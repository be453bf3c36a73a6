// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of its member's certificates a group's node shows to others: the latest that
 * counts of those that programs opened the group by. Where that one turns out to be
 * revoked, with who issued it, an earlier one takes its place, so that a member does not
 * fall with every administrator who ever renewed it. Certificates that merely came over
 * links are never shown: anybody who may invite can make such.
 */
#include "group.h"

/* How long one member's word keeps a certificate behind the others. */
#define PG_OWN_DISOWNED		(600 * PG_TIME_SECOND)
/*
 * And for how long who said so is not listened to again about the same one. Longer, or one member
 * could have another one shown all the time; not for good, as it may have been true.
 */
#define PG_OWN_HEARD		(3600 * PG_TIME_SECOND)

static bool pg_own_over(const struct pg_own *own, u64 now)
{
	return own->m->gmc.not_after <= now;
}

static bool pg_own_disowned(const struct pg_own *own, u64 now)
{
	return own->disowned > now;
}

/*
 * Does @a count rather than @b? Of two that count it is the one that is not about to end (@soon
 * it does), then the one that was issued for a later time, as it may give a lower role.
 */
static bool pg_own_better(const struct pg_own *a, const struct pg_own *b, u64 now, u64 soon)
{
	if (pg_own_over(a, now) != pg_own_over(b, now))
		return pg_own_over(b, now);
	if (pg_member_revoked(a->m) != pg_member_revoked(b->m))
		return pg_member_revoked(b->m);
	if (pg_own_over(a, soon) != pg_own_over(b, soon))
		return pg_own_over(b, soon);
	if (pg_own_disowned(a, now) != pg_own_disowned(b, now))
		return pg_own_disowned(b, now);
	if (a->m->gmc.not_before != b->m->gmc.not_before)
		return a->m->gmc.not_before > b->m->gmc.not_before;
	return a->m->gmc.not_after > b->m->gmc.not_after;
}

/*
 * How far ahead the end of a certificate counts: the other ends of links want to have heard
 * of its successor before, and this end looks with each tick of a link's clock.
 */
static u64 pg_group_ahead(const struct pg_group *g)
{
	return 2 * pg_link_tick_ms(g) * (PG_TIME_SECOND / MSEC_PER_SEC);
}

/* The one that counts most, or (@worst) least. */
static struct pg_own *pg_group_pick(struct pg_group *g, bool worst)
{
	u64 now = pg_group_now(g), soon = now + pg_group_ahead(g);
	struct pg_own *pick = g->own;
	u32 i;

	for (i = 1; i < g->n_own; i++)
		if (worst ? pg_own_better(pick, &g->own[i], now, soon) :
			    pg_own_better(&g->own[i], pick, now, soon))
			pick = &g->own[i];
	return pick;
}

bool pg_group_choose_self(struct pg_group *g)
{
	struct pg_own *best;

	lockdep_assert_held(&g->lock);
	best = pg_group_pick(g, false);
	if (best->m == g->self)
		return false;
	WRITE_ONCE(g->self, best->m);
	g->selves++;
	WRITE_ONCE(g->proof, g->proof + 1);
	pg_group_update_status(g);
	return true;
}

void pg_group_add_own(struct pg_group *g, struct pg_member *m)
{
	struct pg_own *own = NULL;
	u32 i;

	lockdep_assert_held(&g->lock);
	for (i = 0; i < g->n_own; i++)
		if (g->own[i].m == m)
			own = &g->own[i];
	if (own) {
		/* A program insists. */
		own->disowned = 0;
	} else {
		own = g->n_own < PG_OWN_MAX ? &g->own[g->n_own++] :
					      pg_group_pick(g, true);
		if (own->m)
			pg_member_put(own->m);
		own->m = pg_member_hold(m);
		own->disowned = 0;
		memset(own->words, 0, sizeof(own->words));
	}
	pg_group_choose_self(g);
}

/* Lock held, or the group is nobody else's. */
void pg_group_drop_own(struct pg_group *g)
{
	while (g->n_own)
		pg_member_put(g->own[--g->n_own].m);
}

void pg_group_own_span(struct pg_group *g, u64 *from, u64 *until)
{
	u32 i;

	lockdep_assert_held(&g->lock);
	*from = U64_MAX;
	*until = 0;
	for (i = 0; i < g->n_own; i++) {
		*from = min(*from, g->own[i].m->gmc.not_before);
		*until = max(*until, g->own[i].m->gmc.not_after);
	}
}

void pg_group_succeed(struct pg_link *link)
{
	struct pg_group *g = link->group;

	if (READ_ONCE(link->proof) == READ_ONCE(g->proof) &&
	    READ_ONCE(g->self)->gmc.not_after > pg_group_now(g) + pg_group_ahead(g))
		return;
	mutex_lock(&g->lock);
	pg_group_choose_self(g);
	pg_group_catch_up(link);
	mutex_unlock(&g->lock);
}

/* Whose word it is what comes over a link; NULL where that is not known. Lock held. */
static const u8 *pg_link_speaker(const struct pg_link *link)
{
	const struct pg_member *m = link->peer;

	return m ? (pg_member_branch(m) ?: m)->gmc.spki_hash : NULL;
}

/* The place of somebody's word about a certificate; or else of the oldest that is not its. */
static u32 pg_own_word(const struct pg_own *own, const u8 *who)
{
	u32 i, oldest = 0;

	for (i = 0; i < PG_OWN_WORDS; i++) {
		if (!memcmp(own->words[i].by, who, PEERGROUP_HASH_LEN))
			return i;
		if (own->words[i].until < own->words[oldest].until)
			oldest = i;
	}
	return oldest;
}

/* Has it said so of the certificate lately? */
static bool pg_own_heard(const struct pg_own *own, const u8 *who, u64 now)
{
	u32 i = pg_own_word(own, who);

	return own->words[i].until > now && !memcmp(own->words[i].by, who, PEERGROUP_HASH_LEN);
}

/* ... or of any of them? Lock held. */
static bool pg_group_heard(const struct pg_group *g, const u8 *who, u64 now)
{
	u32 i;

	for (i = 0; i < g->n_own; i++)
		if (pg_own_heard(&g->own[i], who, now))
			return true;
	return false;
}

/*
 * Is there a link to somebody else who takes this end's certificates? Whoever has refused one
 * of them lately counts for nobody: it may keep from us what was really revoked. Lock held.
 */
static bool pg_group_taken(struct pg_group *g, const u8 *who, u64 now)
{
	struct pg_link *link;
	const u8 *other;

	list_for_each_entry(link, &g->links, node) {
		other = link->up && !pg_link_closing(link) ? pg_link_speaker(link) : NULL;
		if (other && memcmp(other, who, PEERGROUP_HASH_LEN) &&
		    !pg_group_heard(g, other, now))
			return true;
	}
	return false;
}

/* Who has said so lately may be a liar; but without it there may be nobody to hear from. */
static bool pg_own_listen(struct pg_group *g, struct pg_own *own, const u8 *who, u64 now)
{
	u32 i = pg_own_word(own, who);

	if (pg_own_heard(own, who, now) && pg_group_taken(g, who, now))
		return false;
	memcpy(own->words[i].by, who, PEERGROUP_HASH_LEN);
	own->words[i].until = now + PG_OWN_HEARD;
	return true;
}

/* Each certificate gets its turn, so that one who lies about it keeps nobody out. */
static void pg_group_disown(struct pg_group *g, const u8 *who)
{
	u64 now = pg_group_now(g);
	u32 i;

	for (i = 0; i < g->n_own; i++) {
		if (g->own[i].m != g->self)
			continue;
		if (!pg_own_listen(g, &g->own[i], who, now))
			return;
		g->own[i].disowned = now + PG_OWN_DISOWNED;
	}
	if (pg_group_choose_self(g))
		return;
	for (i = 0; i < g->n_own; i++)
		if (g->own[i].m != g->self)
			g->own[i].disowned = 0;
	pg_group_choose_self(g);
}

void pg_group_disowned(struct pg_link *link)
{
	struct pg_group *g = link->group;
	const u8 *who;

	mutex_lock(&g->lock);
	who = pg_link_speaker(link);
	if (who && g->n_own > 1 && link->met_as == g->selves)
		pg_group_disown(g, who);
	mutex_unlock(&g->lock);
}
