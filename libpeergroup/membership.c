// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Membership records: a member's own, by which others know it while it is away, and
 * what both kinds (an administrator's renewals are the other) say. The own one is
 * published when the member connects, and again when its certificates have changed or
 * the record is about to expire, which upkeep.c looks after.
 */
#include <endian.h>
#include <stdlib.h>
#include <openssl/sha.h>
#include "members.h"
#include "properties.h"
#include "records.h"

#define PUBLISH_TRIES	3

/* After a failure not with every record that a program publishes. */
#define RETRY_AFTER	(10 * PEERGROUP_TIME_PER_SECOND)

/* Peer time may leap, and the thread waits by another clock: seconds from look to look. */
#define LOOK_SECONDS	300

static const uint8_t membership_type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;

bool pgi_membership_is_own(const uint8_t id[PEERGROUP_ID_LEN])
{
	static const uint8_t zero[PEERGROUP_ID_LEN / 2];

	return !memcmp(id + PEERGROUP_ID_LEN / 2, zero, sizeof(zero));
}

/* --------------------------------------------------------------- reading -- */

/* The last certificate of a chain in which each is behind its length. */
static bool last_of(const uint8_t *data, size_t size, const uint8_t **der, size_t *len)
{
	uint16_t be;

	*len = 0;
	while (size) {
		if (size < sizeof(be))
			return false;
		memcpy(&be, data, sizeof(be));
		*len = be16toh(be);
		*der = data + sizeof(be);
		if (*len > size - sizeof(be))
			return false;
		data += sizeof(be) + *len;
		size -= sizeof(be) + *len;
	}
	return *len;
}

static HRESULT subject_der(const struct pgi_record *record, const uint8_t **der, size_t *len)
{
	struct pgi_parts parts;

	if (record->flags & PEERGROUP_RECORD_DELETED ||
	    !pgi_record_parts(&record->wire, &parts) ||
	    !last_of(parts.data, parts.size, der, len))
		return S_FALSE;
	return S_OK;
}

HRESULT pgi_membership_subject(const struct pgi_record *record, struct pgi_cert **cert)
{
	const uint8_t *der;
	size_t len;
	HRESULT hr;

	hr = subject_der(record, &der, &len);
	if (hr == S_OK)
		hr = pgi_cert_parse(der, len, cert);
	/* The kernel has verified it; what is beyond this library is not its business. */
	if (hr == PEER_E_INVITATION_NOT_TRUSTED) {
		pgi_clear_error();
		return S_FALSE;
	}
	return hr;
}

bool pgi_membership_fingerprint(const struct pgi_record *record,
				uint8_t fingerprint[PEERGROUP_HASH_LEN])
{
	const uint8_t *der;
	size_t len;

	return subject_der(record, &der, &len) == S_OK && SHA256(der, len, fingerprint);
}

/* --------------------------------------------------------------- writing -- */

HRESULT pgi_membership_encode(const struct pgi_blob *certs, size_t count,
			      struct pgi_blob *data)
{
	uint16_t len;
	uint8_t *at;
	size_t i;

	data->len = 0;
	for (i = 0; i < count; i++)
		data->len += sizeof(len) + certs[i].len;
	at = malloc(data->len);
	data->data = at;
	if (!at)
		return E_OUTOFMEMORY;
	for (i = 0; i < count; i++) {
		len = htobe16((uint16_t)certs[i].len);
		at = mempcpy(at, &len, sizeof(len));
		at = mempcpy(at, certs[i].data, certs[i].len);
	}
	return S_OK;
}

/* ------------------------------------------------------ this member's own -- */

/* What is to be there, and what is. */
struct own {
	const struct pgi_own *own;
	struct pgi_blob data;
	uint64_t now, expires;
	uint32_t flags;			/* of the group's properties */
	struct pgi_record *old;		/* NULL: none */
};

static void free_own(struct own *o)
{
	pgi_blob_free(&o->data);
	pgi_record_free(o->old);
}

static HRESULT ask_properties(struct pgi_group *group, struct own *o)
{
	struct pgi_properties p;
	uint64_t lifetime;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	lifetime = p.member_data_lifetime * PEERGROUP_TIME_PER_SECOND;
	o->flags = p.flags;
	o->expires = o->own->not_after;
	if (lifetime && lifetime < o->expires - o->now)
		o->expires = o->now + lifetime;
	pgi_properties_free(&p);
	return S_OK;
}

static void make_id(const struct pgi_group *group, uint8_t id[PEERGROUP_ID_LEN])
{
	memset(id, 0, PEERGROUP_ID_LEN);
	memcpy(id, group->identity->spki_hash, PEERGROUP_ID_LEN / 2);
}

static HRESULT look(struct pgi_group *group, struct own *o)
{
	uint8_t id[PEERGROUP_ID_LEN];
	HRESULT hr;

	o->own = group->own;
	hr = pgi_group_now(group, &o->now);
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(group, o->now);
	if (SUCCEEDED(hr))
		hr = ask_properties(group, o);
	if (SUCCEEDED(hr))
		hr = pgi_membership_encode(o->own->store->chain, o->own->store->chain_len,
					   &o->data);
	if (FAILED(hr))
		return hr;
	make_id(group, id);
	hr = pgi_fetch_one(group, id, &o->old);
	return hr == PEER_E_RECORD_NOT_FOUND ? S_OK : hr;
}

/* Is what is there still good, for half of the time that it might have? */
static bool is_good(const struct own *o)
{
	struct pgi_parts parts;
	uint64_t half;

	if (!o->old || !pgi_record_parts(&o->old->wire, &parts))
		return false;
	if (parts.size != o->data.len || memcmp(parts.data, o->data.data, o->data.len))
		return false;
	half = o->now + (o->expires - o->now) / 2;
	return o->old->expires >= half;
}

static HRESULT publish(struct pgi_group *group, const struct own *o, bool *stale)
{
	struct pgi_draft d = { .version = 1, .created = o->now, .modified = o->now };
	struct pgi_parts parts;

	make_id(group, d.id);
	memcpy(d.type, membership_type, sizeof(d.type));
	memcpy(d.modifier, o->own->fingerprint, sizeof(d.modifier));
	memcpy(d.creator, o->own->fingerprint, sizeof(d.creator));
	d.expires = o->expires;
	d.data = o->data.data;
	d.size = o->data.len;
	if (o->old && pgi_record_parts(&o->old->wire, &parts)) {
		memcpy(d.creator, parts.hdr->creator, sizeof(d.creator));
		d.version = pgi_next_version(o->old->version);
		d.created = o->old->created;
		d.modified = pgi_after(o->old->modified, o->now);
		if (d.expires < o->old->expires)
			d.expires = o->old->expires;
	}
	return pgi_record_publish(group, group->identity, &d, stale);
}

/* One try. When it is to be looked at again: *@again. */
static HRESULT publish_if_due(struct pgi_group *group, bool acted, bool *stale,
			      uint64_t *again)
{
	struct own o = { 0 };
	HRESULT hr;

	*stale = false;
	hr = look(group, &o);
	if (SUCCEEDED(hr) && !o.old && !acted && o.flags & PEER_MEMBER_DATA_OPTIONAL) {
		hr = S_FALSE;
	} else if (SUCCEEDED(hr)) {
		*again = o.now + (o.expires - o.now) / 2;
		if (!is_good(&o))
			hr = publish(group, &o, stale);
	}
	free_own(&o);
	return hr;
}

/* The thread is to look again when it may be due, at peer time @now. Lock held. */
static void plan(struct pgi_group *group, uint64_t now)
{
	uint64_t left = LOOK_SECONDS;

	if (group->membership_again > now)
		left = (group->membership_again - now) / PEERGROUP_TIME_PER_SECOND + 1;
	group->upkeep.at[PGI_UPKEEP_MEMBERSHIP] = pgi_boottime() +
						  (left < LOOK_SECONDS ? left : LOOK_SECONDS);
	/* Without memory for a thread it is published with what the member publishes next. */
	pgi_upkeep_start(group);
}

/* Nothing to do as long as it is the same certificate and the record far from its end. */
static bool is_settled(struct pgi_group *group, uint64_t now)
{
	bool settled;

	pthread_mutex_lock(&group->lock);
	settled = group->membership_of == group->own && now < group->membership_again;
	pthread_mutex_unlock(&group->lock);
	return settled;
}

static void publish_quietly(struct pgi_group *group, bool acted, uint64_t now)
{
	const struct pgi_own *own = group->own;
	uint64_t again = 0;
	bool stale = true;
	HRESULT hr = S_OK;
	int i;

	if (is_settled(group, now))
		return;
	for (i = 0; i < PUBLISH_TRIES && SUCCEEDED(hr) && stale; i++)
		hr = publish_if_due(group, acted, &stale, &again);
	if (FAILED(hr) && SUCCEEDED(pgi_group_now(group, &again)))
		again += RETRY_AFTER;
	/* S_FALSE: it may be left out for now, but not once the member has acted. */
	if (hr != S_FALSE && !stale) {
		pthread_mutex_lock(&group->lock);
		group->membership_of = own;
		group->membership_again = again;
		pthread_mutex_unlock(&group->lock);
	}
	pgi_clear_error();
}

void pgi_membership_acted(struct pgi_group *group, uint64_t when)
{
	publish_quietly(group, true, when);
}

void pgi_membership_announce(struct pgi_group *group)
{
	struct pgi_group_state state;
	uint64_t now;

	if (SUCCEEDED(pgi_group_state(group, &state)) &&
	    state.status & PEERGROUP_STATUS_LISTENING) {
		now = pgi_now() + (uint64_t)state.time_offset;
		if (atomic_load(&group->ready))
			publish_quietly(group, false, now);
		pthread_mutex_lock(&group->lock);
		plan(group, now);
		pthread_mutex_unlock(&group->lock);
	}
	pgi_clear_error();
}

/* Offline there is nothing to plan: who connects announces. */
void pgi_membership_upkeep(struct pgi_group *group)
{
	pthread_mutex_lock(&group->lock);
	group->upkeep.at[PGI_UPKEEP_MEMBERSHIP] = 0;
	pthread_mutex_unlock(&group->lock);
	pgi_membership_announce(group);
}
