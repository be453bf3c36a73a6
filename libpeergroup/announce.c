// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * This node's presence record: published when the group goes online and when the host's
 * addresses have changed, and taken back when the node leaves. The kernel keeps it alive by
 * a chain of hashes for as long as the group is online, whether or not a program has it
 * open; where the host ends without a word, the record expires. Called by connect.c and
 * group.c as the group goes online and is closed, and by upkeep.c.
 */
#include <endian.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "members.h"
#include "presence.h"
#include "properties.h"
#include "records.h"

#define TRIES		3

/* Seconds from look to look: another address is known soon, and a failure is tried again. */
#define LOOK_SECONDS	60

/* More refreshes would cost whoever signs the record, and each host that comes later. */
#define REFRESHES_MAX	6144

static const uint8_t presence_type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;

/* What is to be there, and what is. */
struct own {
	uint8_t id[PEERGROUP_ID_LEN];
	uint64_t now, lifetime;
	uint32_t period, count;		/* of its chain, in seconds and periods */
	bool wanted;
	struct pgi_blob data;
	struct pgi_record *old;		/* NULL: none; may be a tombstone */
};

static void free_own(struct own *o)
{
	pgi_blob_free(&o->data);
	pgi_record_free(o->old);
}

void pgi_presence_id(const struct pgi_group *group, uint64_t node,
		     uint8_t id[PEERGROUP_ID_LEN])
{
	uint64_t be = htobe64(node);

	memcpy(id, group->identity->spki_hash, PEERGROUP_ID_LEN / 2);
	memcpy(id + PEERGROUP_ID_LEN / 2, &be, sizeof(be));
}

/* Three refreshes in a lifetime, so that one may be lost; as many as the membership lasts. */
static void plan_chain(struct own *o, uint64_t until, uint32_t limit)
{
	uint64_t seconds = until > o->now ? (until - o->now) / PEERGROUP_TIME_PER_SECOND : 0;

	if (limit > REFRESHES_MAX)
		limit = REFRESHES_MAX;
	o->period = (uint32_t)(o->lifetime / PEERGROUP_TIME_PER_SECOND) / 3;
	o->count = seconds / o->period < limit ? (uint32_t)(seconds / o->period) : limit;
	if (!o->count)
		o->count = 1;
}

/* Not where the group has no use for it, or the membership ends before it would. */
static HRESULT ask_properties(struct pgi_group *group, struct own *o)
{
	struct pgi_properties p;
	uint32_t seconds;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	seconds = pgi_presence_lifetime(p.presence_lifetime);
	if (seconds > PEERGROUP_PRESENCE_SECONDS_MAX)
		seconds = PEERGROUP_PRESENCE_SECONDS_MAX;
	o->lifetime = seconds * PEERGROUP_TIME_PER_SECOND;
	o->wanted = !(p.flags & PEER_DISABLE_PRESENCE) &&
		    group->own->not_after >= o->now + o->lifetime;
	pgi_properties_free(&p);
	return S_OK;
}

static HRESULT look(struct pgi_group *group, const struct pgi_group_state *state, struct own *o)
{
	HRESULT hr;

	o->now = pgi_now() + (uint64_t)state->time_offset;
	pgi_presence_id(group, state->node, o->id);
	hr = pgi_check_publisher(group, o->now);
	if (SUCCEEDED(hr))
		hr = ask_properties(group, o);
	if (SUCCEEDED(hr))
		plan_chain(o, group->own->not_after, state->refresh_limit);
	if (SUCCEEDED(hr) && o->wanted)
		hr = pgi_place_here(state->node, state->port, &o->data);
	if (FAILED(hr))
		return hr;
	hr = pgi_fetch_one(group, o->id, &o->old);
	return hr == PEER_E_RECORD_NOT_FOUND ? S_OK : hr;
}

static bool is_live(const struct pgi_record *old)
{
	return old && !(old->flags & PEERGROUP_RECORD_DELETED);
}

/* How long the chain of what is there goes on, from now. */
static uint64_t chain_left(const struct own *o, const struct peergroup_record_hdr *hdr)
{
	uint64_t period = be32toh(hdr->refresh_period) * PEERGROUP_TIME_PER_SECOND;
	uint64_t end = be64toh(hdr->expires) + be32toh(hdr->refresh_count) * period;

	return end > o->now ? end - o->now : 0;
}

/*
 * Is what is there still good? The kernel refreshes it, and its chain has half of the time
 * left that another would have.
 */
static bool is_good(const struct own *o)
{
	struct pgi_parts parts;

	if (!o->wanted)
		return !is_live(o->old);
	return is_live(o->old) && pgi_record_parts(&o->old->wire, &parts) &&
	       parts.size == o->data.len && !memcmp(parts.data, o->data.data, parts.size) &&
	       o->old->refreshed && be32toh(parts.hdr->refresh_period) == o->period &&
	       o->old->expires >= o->now + o->lifetime / 4 &&
	       chain_left(o, parts.hdr) >=
	       (o->lifetime + (uint64_t)o->count * o->period * PEERGROUP_TIME_PER_SECOND) / 2;
}

/* The next version; one that is not wanted is a tombstone. */
static HRESULT publish(struct pgi_group *group, const struct own *o, bool *stale)
{
	struct pgi_draft d = { .version = 1, .created = o->now, .modified = o->now,
			       .flags = PEERGROUP_RECORD_AUTOREFRESH, .refresh = o->period };
	const struct pgi_own *own = group->own;
	uint8_t seed[PEERGROUP_HASH_LEN];
	struct pgi_parts parts;
	HRESULT hr;

	memcpy(d.id, o->id, sizeof(d.id));
	memcpy(d.type, presence_type, sizeof(d.type));
	memcpy(d.modifier, own->fingerprint, sizeof(d.modifier));
	memcpy(d.creator, own->fingerprint, sizeof(d.creator));
	d.expires = o->now + o->lifetime;
	if (o->old && pgi_record_parts(&o->old->wire, &parts)) {
		memcpy(d.creator, parts.hdr->creator, sizeof(d.creator));
		d.version = pgi_next_version(o->old->version);
		d.created = o->old->created;
		d.modified = pgi_after(o->old->modified, o->now);
		/* A tombstone has the end of what it deletes, and no version an earlier one. */
		if (!o->wanted || d.expires < o->old->expires)
			d.expires = o->old->expires;
	}
	if (o->wanted) {
		if (RAND_bytes(seed, sizeof(seed)) != 1)
			return pgi_fail(E_UNEXPECTED, "no random numbers");
		d.seed = seed;
		d.count = o->count;
		d.data = o->data.data;
		d.size = o->data.len;
	} else {
		d.flags |= PEERGROUP_RECORD_DELETED;
	}
	hr = pgi_record_publish(group, group->identity, &d, stale);
	OPENSSL_cleanse(seed, sizeof(seed));
	return hr;
}

/* One try. */
static HRESULT publish_if_due(struct pgi_group *group, const struct pgi_group_state *state,
			      bool leaving, bool *stale)
{
	struct own o = { .wanted = false };
	HRESULT hr;

	*stale = false;
	hr = look(group, state, &o);
	o.wanted &= !leaving;
	if (SUCCEEDED(hr) && !is_good(&o))
		hr = publish(group, &o, stale);
	free_own(&o);
	return hr;
}

static void publish_quietly(struct pgi_group *group, const struct pgi_group_state *state,
			    bool leaving)
{
	bool stale = true;
	HRESULT hr = S_OK;
	int i;

	for (i = 0; i < TRIES && SUCCEEDED(hr) && stale; i++)
		hr = publish_if_due(group, state, leaving, &stale);
}

/* Without memory for a thread the record expires, as if there was no program. */
static void plan(struct pgi_group *group)
{
	pthread_mutex_lock(&group->lock);
	group->upkeep.at[PGI_UPKEEP_PRESENCE] = pgi_boottime() + LOOK_SECONDS;
	pgi_upkeep_start(group);
	pthread_mutex_unlock(&group->lock);
}

/* Who was revoked has nobody to tell. */
static bool is_online(struct pgi_group *group, struct pgi_group_state *state)
{
	return SUCCEEDED(pgi_group_state(group, state)) &&
	       state->status & PEERGROUP_STATUS_LISTENING &&
	       !(state->status & PEERGROUP_STATUS_REVOKED) && atomic_load(&group->ready);
}

/* Offline, too, it is to be looked at again: another program may take the group online. */
void pgi_presence_announce(struct pgi_group *group)
{
	struct pgi_group_state state;

	if (is_online(group, &state))
		publish_quietly(group, &state, false);
	plan(group);
	pgi_clear_error();
}

void pgi_presence_upkeep(struct pgi_group *group)
{
	pthread_mutex_lock(&group->lock);
	group->upkeep.at[PGI_UPKEEP_PRESENCE] = 0;
	pthread_mutex_unlock(&group->lock);
	pgi_presence_announce(group);
}

void pgi_presence_withdraw(struct pgi_group *group)
{
	struct pgi_group_state state;

	if (is_online(group, &state))
		publish_quietly(group, &state, true);
	pgi_clear_error();
}
