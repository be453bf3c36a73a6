// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records that their publisher keeps alive: a minute before one expires it is published
 * anew, as an update that changes nothing but the expiration. How much that gives is
 * part of the record, so that any program of the same member can go on with it. Called
 * by records.c for what is published and by upkeep.c when something is due.
 */
#include <stdlib.h>
#include <string.h>
#include "query.h"
#include "refresh.h"

/* Seconds; the first three are the published rules for such records. */
#define SLACK		60
#define SOONEST		4
#define LIFETIME_MIN	240
/* What other programs of the member left is found in time by looking so often. */
#define LATEST		(LIFETIME_MIN - 2 * SLACK)
#define RETRY		10

/* ------------------------------------------------------------ what is signed -- */

static uint32_t seconds_between(uint64_t from, uint64_t to)
{
	uint64_t seconds = to > from ? (to - from) / PEERGROUP_TIME_PER_SECOND : 0;

	if (seconds < LIFETIME_MIN)
		return LIFETIME_MIN;
	return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

/* As long again, but never beyond the membership. */
static uint64_t later(struct pgi_group *group, uint64_t now, uint32_t seconds)
{
	uint64_t end = group->own->not_after, expires = now + seconds * PEERGROUP_TIME_PER_SECOND;

	return expires < end ? expires : end;
}

void pgi_refresh_fill(struct pgi_group *group, struct pgi_draft *draft)
{
	uint64_t soonest = later(group, draft->modified, LIFETIME_MIN);

	draft->flags |= PEERGROUP_RECORD_AUTOREFRESH;
	draft->refresh = seconds_between(draft->modified, draft->expires);
	if (draft->expires < soonest)
		draft->expires = soonest;
}

void pgi_refresh_extend(struct pgi_draft *draft, uint64_t expires)
{
	draft->expires = expires;
	if (draft->flags & PEERGROUP_RECORD_AUTOREFRESH)
		draft->refresh = seconds_between(draft->modified, expires);
}

static HRESULT publish_again(struct pgi_group *group, const struct pgi_record *old,
			     struct pgi_draft *draft)
{
	struct pgi_parts parts;
	bool stale;
	char *attrs;
	HRESULT hr;

	if (!pgi_record_parts(&old->wire, &parts))
		return pgi_fail(E_UNEXPECTED, "the kernel's copy of a record is not understood");
	attrs = strndup(parts.attrs, parts.attrs_len);
	if (!attrs)
		return E_OUTOFMEMORY;
	draft->attrs = attrs;
	draft->data = parts.data;
	draft->size = parts.size;
	/* Stale: somebody changed it just now, and it is looked at again. */
	hr = pgi_record_publish(group, group->identity, draft, &stale);
	free(attrs);
	return hr;
}

/* What an administrator made of it is not the publisher's word, until he updates it. */
static bool is_to_refresh(const struct pgi_record *r, const char *publisher)
{
	return r->flags & PEERGROUP_RECORD_AUTOREFRESH && !strcmp(r->modifier, publisher);
}

HRESULT pgi_record_refresh(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN])
{
	struct pgi_record *old;
	struct pgi_draft draft;
	HRESULT hr;

	hr = pgi_record_draft_again(group, id, &draft, &old);
	if (FAILED(hr))
		return hr;
	draft.expires = later(group, draft.modified, draft.refresh);
	hr = draft.expires > old->expires && is_to_refresh(old, group->identity->name) ?
	     publish_again(group, old, &draft) : S_FALSE;
	pgi_record_free(old);
	return hr;
}

/* ---------------------------------------------------------------- when it is due -- */

/* Sets it, unless it comes sooner already. */
static void wake_in(struct pgi_group *group, uint64_t seconds)
{
	uint64_t *at = &group->upkeep.at[PGI_UPKEEP_REFRESH], when = pgi_boottime() + seconds;

	pthread_mutex_lock(&group->lock);
	if (!*at || *at > when) {
		*at = when;
		/* Without memory for a thread the record expires, as if there was no program. */
		pgi_upkeep_start(group);
	}
	pthread_mutex_unlock(&group->lock);
}

static uint64_t seconds_until_due(uint64_t now, uint64_t expires)
{
	uint64_t due = expires - SLACK * PEERGROUP_TIME_PER_SECOND;
	uint64_t seconds = due > now ? (due - now) / PEERGROUP_TIME_PER_SECOND : 0;

	return seconds < SOONEST ? SOONEST : seconds > LATEST ? LATEST : seconds;
}

void pgi_refresh_plan(struct pgi_group *group, const struct pgi_draft *draft)
{
	/* An administrator who updates another's is not its publisher. */
	if (draft->flags == PEERGROUP_RECORD_AUTOREFRESH &&
	    !memcmp(draft->id, group->identity->spki_hash, 8))
		wake_in(group, seconds_until_due(draft->modified, draft->expires));
}

struct look {
	struct pgi_snapshot due;
	uint64_t now;
	uint64_t end;			/* of the membership: nothing lives longer */
	const char *publisher;
	uint64_t next;			/* in so many seconds; 0: nothing to refresh */
};

static HRESULT look_at(struct pgi_record **record, void *arg)
{
	struct look *look = arg;
	uint64_t expires = (*record)->expires, seconds;

	if (!is_to_refresh(*record, look->publisher) || expires >= look->end)
		return S_OK;
	seconds = seconds_until_due(look->now, expires);
	if (!look->next || seconds < look->next)
		look->next = seconds;
	if (expires > look->now + (SLACK + SOONEST) * PEERGROUP_TIME_PER_SECOND)
		return S_OK;
	return pgi_snapshot_add(record, &look->due);
}

/* What this member published, and when the next of it is due; S_FALSE: not online. */
static HRESULT look_around(struct pgi_group *group, struct look *look)
{
	struct pgi_box box = { .creator = group->identity->name,
			       .created = { 0, UINT64_MAX }, .modified = { 0, UINT64_MAX } };
	struct pgi_query own = { .box = &box, .brief = true };
	struct pgi_group_state state;
	HRESULT hr;

	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	if (!(state.status & PEERGROUP_STATUS_LISTENING) || !atomic_load(&group->ready))
		return S_FALSE;
	look->now = pgi_now() + (uint64_t)state.time_offset;
	look->end = group->own->not_after;
	look->publisher = group->identity->name;
	return pgi_record_walk(group, &own, look_at, look);
}

void pgi_refresh_take_over(struct pgi_group *group)
{
	wake_in(group, SOONEST);
}

void pgi_refresh_upkeep(struct pgi_group *group)
{
	struct look look = { .next = 0 };
	HRESULT hr, one;
	size_t i;

	pthread_mutex_lock(&group->lock);
	group->upkeep.at[PGI_UPKEEP_REFRESH] = 0;
	pthread_mutex_unlock(&group->lock);
	hr = look_around(group, &look);
	for (i = 0; i < look.due.count; i++) {
		one = pgi_record_refresh(group, look.due.records[i]->id);
		/* Deleted or expired meanwhile is no failure. */
		if (FAILED(one) && one != PEER_E_RECORD_NOT_FOUND)
			hr = one;
	}
	pgi_snapshot_free(&look.due);
	if (hr != S_OK)
		wake_in(group, RETRY);
	else if (look.next)
		wake_in(group, look.next);
	pgi_clear_error();
}
