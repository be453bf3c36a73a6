// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Publishing and reading records: the rules a program's record has to keep
 * (those that a kernel knows better are left to it), signing, and handing the
 * signed version to the kernel. Both APIs end up here.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <openssl/rand.h>
#include "members.h"
#include "refresh.h"

/* How often an update is tried again that lost against somebody else's. */
#define UPDATE_TRIES	5

/* -------------------------------------------------------------- refusals -- */

static const struct {
	int err;
	HRESULT hr;
} refusals[] = {
	{ EBADMSG, PEER_E_INVALID_RECORD },		/* malformed */
	{ EBADSLT, PEER_E_INVALID_RECORD },		/* not the creator's id */
	{ ERANGE, PEER_E_NOT_AUTHORIZED },		/* membership does not cover it */
	{ ETIME, PEER_E_INVALID_RECORD },		/* in the future */
	{ ETIMEDOUT, PEER_E_INVALID_RECORD },		/* expired by now */
	{ EILSEQ, PEER_E_INVALID_RECORD },		/* data and hash */
	{ EKEYREJECTED, PEER_E_NOT_AUTHORIZED },	/* signature */
	{ ENOPKG, CRYPT_E_UNKNOWN_ALGO },
	{ EACCES, PEER_E_NOT_AUTHORIZED },		/* role */
	{ ENOKEY, PEER_E_NOT_AUTHORIZED },		/* certificate unknown */
	{ EFBIG, PEER_E_MAX_RECORD_SIZE_EXCEEDED },
	{ EDQUOT, PEER_E_DISK_FULL },			/* table full, or one's share of it */
	{ EAGAIN, PEER_E_TOO_MUCH_LOAD },		/* too fast */
	{ EUSERS, PEER_E_DISK_FULL },			/* member table full */
	{ EINVAL, PEER_E_INVALID_RECORD },		/* changes what must stay */
	{ EKEYREVOKED, PEER_E_NOT_AUTHORIZED },
	{ EOWNERDEAD, PEER_E_NOT_AUTHORIZED },		/* own membership was revoked */
};

HRESULT pgi_put_refused(struct pgi_nl *nl, int err)
{
	size_t i;

	/* A reserved type; without words it is the right to talk to the family. */
	if (err == -EPERM && nl->message[0])
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "%s", nl->message);
	for (i = 0; i < PGI_ARRAY_SIZE(refusals); i++) {
		if (refusals[i].err == -err)
			return pgi_fail(refusals[i].hr, "%s", nl->message[0] ?
					nl->message : strerror(-err));
	}
	return pgi_nl_fail(nl, err);
}

/* --------------------------------------------------------------- putting -- */

int pgi_put(struct pgi_nl *nl, uint32_t group, const struct pgi_blob *wire, const uint8_t *seed)
{
	bool large = wire->len > PEERGROUP_CHUNK_MAX;
	struct nlmsghdr *msg;
	int err = 0;

	if (large)
		err = pgi_nl_stage(nl, group, wire->data, wire->len);
	if (err)
		return err;
	msg = pgi_nl_request(nl, PEERGROUP_CMD_RECORD_PUT, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	if (large)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_STAGED, 0, NULL);
	else
		mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, wire->len, wire->data);
	if (seed)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_SEED, PEERGROUP_HASH_LEN, seed);
	return pgi_nl_talk(nl, msg, NULL, NULL);
}

static HRESULT put(struct pgi_group *group, const struct pgi_blob *wire, const uint8_t *seed,
		   bool *stale)
{
	HRESULT hr = S_OK;
	int err;

	*stale = false;
	pthread_mutex_lock(&group->lock);
	err = pgi_put(&group->nl, group->index, wire, seed);
	if (err == -ESTALE)
		*stale = true;
	else if (err)
		hr = pgi_put_refused(&group->nl, err);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

HRESULT pgi_record_put(struct pgi_group *group, const struct pgi_blob *wire, bool *stale)
{
	return put(group, wire, NULL, stale);
}

static HRESULT publish(struct pgi_group *group, const struct pgi_identity *signer,
		       const struct pgi_draft *draft, bool *stale)
{
	struct pgi_blob wire;
	HRESULT hr;

	hr = pgi_record_sign(draft, group->store->id, signer, &wire);
	if (FAILED(hr))
		return hr;
	hr = put(group, &wire, draft->seed, stale);
	pgi_blob_free(&wire);
	return hr;
}

HRESULT pgi_record_publish(struct pgi_group *group, const struct pgi_identity *signer,
			   const struct pgi_draft *draft, bool *stale)
{
	HRESULT hr = publish(group, signer, draft, stale);
	struct pgi_draft again = *draft;

	/* By the group's key, or by who may not: there is no other certificate for that. */
	if (hr != PEER_E_NOT_AUTHORIZED || signer != group->identity ||
	    !pgi_own_changed(group, draft->modifier))
		return hr;
	memcpy(again.modifier, group->own->fingerprint, sizeof(again.modifier));
	if (!memcmp(draft->creator, draft->modifier, sizeof(again.creator)))
		memcpy(again.creator, again.modifier, sizeof(again.creator));
	pgi_clear_error();
	return publish(group, signer, &again, stale);
}

/* ---------------------------------------------------------------- checks -- */

static uint32_t record_limit(struct pgi_group *group)
{
	uint32_t limit;

	pthread_mutex_lock(&group->lock);
	limit = group->record_limit;
	pthread_mutex_unlock(&group->lock);
	return limit;
}

static HRESULT check_size(struct pgi_group *group, size_t weight)
{
	struct pgi_group_state state;
	HRESULT hr;

	if (weight <= record_limit(group))
		return S_OK;
	/* Somebody may have raised the limit since. */
	hr = pgi_group_state(group, &state);
	if (FAILED(hr) || weight <= state.record_limit)
		return hr;
	return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED,
			"%zu bytes of data and attributes, the limit is %u", weight,
			state.record_limit);
}

static HRESULT check_content(struct pgi_group *group, const struct pgi_content *c)
{
	size_t units = 0;
	HRESULT hr;

	if (c->attrs && *c->attrs) {
		hr = pgi_attributes_check(c->attrs, &units);
		if (FAILED(hr))
			return hr;
		if (strlen(c->attrs) > PEERGROUP_ATTRS_LEN_MAX)
			return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED,
					"more than %u bytes of attributes",
					PEERGROUP_ATTRS_LEN_MAX);
	}
	if (c->size > PEERGROUP_RECORD_SIZE_MAX)
		return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED, "%zu bytes of data", c->size);
	return check_size(group, c->size + 2 * units);
}

/* A record never outlives the membership of who publishes it. */
static HRESULT check_membership(const struct pgi_group *group, uint64_t expires)
{
	if (expires > group->own->not_after)
		return pgi_fail(PEER_E_INVALID_RECORD_EXPIRATION,
				"the expiration is later than the end of the membership");
	return S_OK;
}

HRESULT pgi_check_publisher(struct pgi_group *group, uint64_t now)
{
	const struct pgi_own *own = group->own;
	HRESULT hr = pgi_identity_still(group->identity->name, PEER_E_INVALID_PEER_NAME);

	if (FAILED(hr))
		return hr;
	if (now < own->not_before || now >= own->not_after)
		return pgi_fail(PEER_E_NOT_AUTHORIZED,
				"the membership has expired or has not begun");
	return S_OK;
}

static HRESULT check_flags(uint32_t flags)
{
	if (flags & ~(uint32_t)PEER_RECORD_FLAG_AUTOREFRESH)
		return pgi_fail(PEER_E_INVALID_RECORD, "a record is added with AUTOREFRESH or no flag");
	return S_OK;
}

/* Types: reserved is a matter of rights, and comes before what may be malformed. */
static HRESULT check_type(const uint8_t type[PEERGROUP_ID_LEN])
{
	static const uint8_t null[PEERGROUP_ID_LEN];

	if (pgi_type_reserved(type))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "the record type is reserved");
	if (!memcmp(type, null, sizeof(null)))
		return pgi_fail(PEER_E_INVALID_RECORD, "the record type is null");
	return S_OK;
}

/* ------------------------------------------------------------------- add -- */

/* The creator's key and chance: nobody else can make this id. */
static HRESULT make_id(const struct pgi_identity *identity, uint8_t id[PEERGROUP_ID_LEN])
{
	memcpy(id, identity->spki_hash, 8);
	return RAND_bytes(id + 8, 8) == 1 ? S_OK : pgi_fail(E_UNEXPECTED, "no random numbers");
}

/* The record itself; @now is when it will have been made. */
static HRESULT check_new(struct pgi_group *group, const struct pgi_content *c, uint64_t now)
{
	HRESULT hr;

	hr = check_flags(c->peer_flags);
	if (SUCCEEDED(hr) && c->expires <= now)
		hr = pgi_fail(PEER_E_INVALID_RECORD, "the expiration is not in the future");
	if (SUCCEEDED(hr))
		hr = check_membership(group, c->expires);
	return SUCCEEDED(hr) ? check_content(group, c) : hr;
}

static HRESULT check_add(struct pgi_group *group, const struct pgi_content *c, uint64_t *now)
{
	HRESULT hr;

	hr = pgi_group_ready(group);
	if (SUCCEEDED(hr))
		hr = check_type(c->type);
	*now = c->now;
	if (SUCCEEDED(hr) && !*now)
		hr = pgi_group_now(group, now);
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(group, *now);
	return SUCCEEDED(hr) ? check_new(group, c, *now) : hr;
}

static void fill_draft(struct pgi_draft *d, struct pgi_group *group,
		       const struct pgi_content *c)
{
	memcpy(d->modifier, group->own->fingerprint, sizeof(d->modifier));
	d->attrs = c->attrs && *c->attrs ? c->attrs : NULL;
	d->data = c->data;
	d->size = c->size;
}

static HRESULT draft_new(struct pgi_group *group, const struct pgi_content *c, uint64_t now,
			 struct pgi_draft *d)
{
	HRESULT hr;

	memset(d, 0, sizeof(*d));
	hr = make_id(group->identity, d->id);
	if (FAILED(hr))
		return hr;
	memcpy(d->type, c->type, sizeof(d->type));
	fill_draft(d, group, c);
	memcpy(d->creator, d->modifier, sizeof(d->creator));
	d->version = 1;
	d->created = now;
	d->modified = now;
	d->expires = c->expires;
	if (c->peer_flags & PEER_RECORD_FLAG_AUTOREFRESH)
		pgi_refresh_fill(group, d);
	return S_OK;
}

HRESULT pgi_record_draft_add(struct pgi_group *group, const struct pgi_content *c,
			     uint64_t now, struct pgi_draft *d)
{
	HRESULT hr;

	hr = check_type(c->type);
	if (SUCCEEDED(hr))
		hr = check_new(group, c, now);
	return SUCCEEDED(hr) ? draft_new(group, c, now, d) : hr;
}

HRESULT pgi_record_add(struct pgi_group *group, const struct pgi_content *c,
		       uint8_t id[PEERGROUP_ID_LEN])
{
	struct pgi_draft d;
	uint64_t now;
	HRESULT hr;
	bool stale;

	hr = check_add(group, c, &now);
	if (SUCCEEDED(hr))
		hr = draft_new(group, c, now, &d);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_publish(group, group->identity, &d, &stale);
	if (SUCCEEDED(hr) && stale)
		hr = pgi_fail(E_UNEXPECTED, "a random record id was taken");
	if (FAILED(hr))
		return hr;
	memcpy(id, d.id, sizeof(d.id));
	pgi_refresh_plan(group, &d);
	pgi_membership_acted(group, now);
	return S_OK;
}

/* --------------------------------------------------------- update, delete -- */

static bool is_creator(const struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN])
{
	return !memcmp(id, group->identity->spki_hash, 8);
}

/* The kernel shows no record that has expired, unless the group defers that. */
static HRESULT check_live(const struct pgi_record *r)
{
	if (r->flags & PEERGROUP_RECORD_DELETED)
		return pgi_fail(PEER_E_RECORD_NOT_FOUND, "the record was deleted");
	return S_OK;
}

/* Reads what is to be changed and checks that this member may. */
static HRESULT read_for_change(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
			       uint64_t *now, struct pgi_record **record)
{
	HRESULT hr;

	*record = NULL;
	hr = pgi_group_now(group, now);
	if (SUCCEEDED(hr))
		hr = pgi_fetch_one(group, id, record);
	if (SUCCEEDED(hr))
		hr = check_live(*record);
	if (SUCCEEDED(hr) && !is_creator(group, id) && !(group->own->roles & PEERGROUP_ROLE_ADMIN))
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED,
			      "only its creator or an administrator may change a record");
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(group, *now);
	if (FAILED(hr)) {
		pgi_record_free(*record);
		*record = NULL;
	}
	return hr;
}

static HRESULT check_update(struct pgi_group *group, const struct pgi_record *old,
			    const struct pgi_content *c)
{
	HRESULT hr;

	if (c->type && memcmp(c->type, old->type, sizeof(old->type)))
		return pgi_fail(PEER_E_INVALID_RECORD, "an update keeps the record's type");
	if (c->type && c->peer_flags != pgi_flags_to_peer(old->flags))
		return pgi_fail(PEER_E_INVALID_RECORD, "an update keeps the record's flags");
	if (!c->keep_expires && c->expires < old->expires)
		return pgi_fail(PEER_E_INVALID_RECORD_EXPIRATION,
				"an update never shortens the expiration");
	/* What somebody else promised may be longer than one's own membership. */
	if (!c->keep_expires && c->expires != old->expires) {
		hr = check_membership(group, c->expires);
		if (FAILED(hr))
			return hr;
	}
	return check_content(group, c);
}

static HRESULT next_version(struct pgi_group *group, const struct pgi_record *old,
			    uint64_t now, struct pgi_draft *d)
{
	struct pgi_parts parts;

	if (!pgi_record_parts(&old->wire, &parts))
		return pgi_fail(E_UNEXPECTED, "the kernel's copy of a record is not understood");
	memset(d, 0, sizeof(*d));
	memcpy(d->id, old->id, sizeof(d->id));
	memcpy(d->type, old->type, sizeof(d->type));
	memcpy(d->creator, parts.hdr->creator, sizeof(d->creator));
	memcpy(d->modifier, group->own->fingerprint, sizeof(d->modifier));
	d->version = pgi_next_version(old->version);
	d->flags = old->flags;
	d->created = old->created;
	d->modified = pgi_after(old->modified, now);
	d->expires = old->expires;
	d->refresh = be32toh(parts.hdr->refresh_period);
	return S_OK;
}

HRESULT pgi_record_draft_change(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
				const struct pgi_content *c, struct pgi_draft *d)
{
	struct pgi_record *old;
	uint64_t now;
	HRESULT hr;

	hr = read_for_change(group, id, &now, &old);
	if (FAILED(hr))
		return hr;
	if (c)
		hr = check_update(group, old, c);
	if (SUCCEEDED(hr))
		hr = next_version(group, old, now, d);
	if (SUCCEEDED(hr) && c) {
		fill_draft(d, group, c);
		if (!c->keep_expires && c->expires != old->expires)
			pgi_refresh_extend(d, c->expires);
	} else if (SUCCEEDED(hr)) {
		d->flags |= PEERGROUP_RECORD_DELETED;
	}
	pgi_record_free(old);
	return hr;
}

HRESULT pgi_record_draft_again(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
			       struct pgi_draft *d, struct pgi_record **old)
{
	uint64_t now;
	HRESULT hr;

	hr = read_for_change(group, id, &now, old);
	if (SUCCEEDED(hr))
		hr = next_version(group, *old, now, d);
	if (FAILED(hr)) {
		pgi_record_free(*old);
		*old = NULL;
	}
	return hr;
}

/* One try; @c NULL deletes. */
static HRESULT change(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		      const struct pgi_content *c, bool *stale)
{
	struct pgi_draft d;
	HRESULT hr;

	*stale = false;
	hr = pgi_record_draft_change(group, id, c, &d);
	if (SUCCEEDED(hr))
		hr = pgi_record_publish(group, group->identity, &d, stale);
	if (SUCCEEDED(hr) && !*stale)
		pgi_refresh_plan(group, &d);
	return hr;
}

static HRESULT change_until_done(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
				 const struct pgi_content *c)
{
	bool stale = true;
	HRESULT hr;
	int i;

	hr = pgi_group_ready(group);
	for (i = 0; i < UPDATE_TRIES && SUCCEEDED(hr) && stale; i++)
		hr = change(group, id, c, &stale);
	if (SUCCEEDED(hr) && stale)
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION),
			      "others changed the record %d times meanwhile", UPDATE_TRIES);
	return hr;
}

HRESULT pgi_record_update(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
			  const struct pgi_content *content)
{
	return change_until_done(group, id, content);
}

HRESULT pgi_record_delete(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN])
{
	return change_until_done(group, id, NULL);
}

/* --------------------------------------------------------------- reading -- */

HRESULT pgi_record_get(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		       struct pgi_record **record)
{
	HRESULT hr;

	*record = NULL;
	hr = pgi_group_ready(group);
	if (SUCCEEDED(hr))
		hr = pgi_fetch_one(group, id, record);
	if (SUCCEEDED(hr))
		hr = check_live(*record);
	if (FAILED(hr)) {
		pgi_record_free(*record);
		*record = NULL;
	}
	return hr;
}

struct walk {
	pgi_record_fn fn;
	void *arg;
};

static HRESULT visit(struct pgi_record **record, void *arg)
{
	struct walk *w = arg;

	if (pgi_type_reserved((*record)->type) || FAILED(check_live(*record)))
		return S_OK;
	return w->fn(record, w->arg);
}

HRESULT pgi_record_walk(struct pgi_group *group, struct pgi_query *q, pgi_record_fn fn,
			void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };
	struct pgi_nl nl;
	HRESULT hr;

	/* A socket of its own, so that a long walk is in nobody's way. */
	hr = pgi_nl_open(&nl, &group->nl);
	if (FAILED(hr))
		return hr;
	q->group = group->index;
	hr = pgi_fetch(&nl, q, visit, &w, NULL);
	pgi_nl_close(&nl);
	if (SUCCEEDED(hr))
		pgi_clear_error();	/* what was passed over is no failure */
	return hr;
}

HRESULT pgi_record_each(struct pgi_group *group, const uint8_t *type, pgi_record_fn fn,
			void *arg)
{
	struct pgi_query q = { .type = type };

	return pgi_record_walk(group, &q, fn, arg);
}
