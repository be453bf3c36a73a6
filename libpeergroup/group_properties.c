// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The record of a group's properties. The group's own key signs it, which only the
 * creator has. As the kernel forgets all records when it is restarted, every member
 * keeps the last one that it has seen on disk and brings it along when it opens the group.
 */
#include <stdlib.h>
#include "cloud.h"
#include "members.h"
#include "properties.h"
#include "records.h"

/* How often a change is tried again that lost against another one. */
#define SET_TRIES	5

static const uint8_t properties_type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PROPERTIES;

/* The first half of the group's id, then zeros. */
static void make_id(const struct pgi_group *group, uint8_t id[PEERGROUP_ID_LEN])
{
	memset(id, 0, PEERGROUP_ID_LEN);
	memcpy(id, group->store->id, PEERGROUP_ID_LEN / 2);
}

static HRESULT fetch(struct pgi_group *group, struct pgi_record **record,
		     struct pgi_parts *parts)
{
	uint8_t id[PEERGROUP_ID_LEN];
	HRESULT hr;

	make_id(group, id);
	hr = pgi_fetch_one(group, id, record);
	if (FAILED(hr) || pgi_record_parts(&(*record)->wire, parts))
		return hr;
	pgi_record_free(*record);
	*record = NULL;
	return pgi_fail(E_UNEXPECTED, "the kernel's copy of a record is not understood");
}

/* ------------------------------------------------------- kernel and disk -- */

/* Is it newer than all that have been noted? Who is told so sees to it that the disk has it. */
static bool note(struct pgi_group *group, const struct pgi_version *version)
{
	bool newer;

	pthread_mutex_lock(&group->lock);
	newer = pgi_version_newer(version, &group->properties_kept);
	if (newer)
		group->properties_kept = *version;
	pthread_mutex_unlock(&group->lock);
	return newer;
}

/* The disk has not got it: whoever reads next tries again. */
static void unnote(struct pgi_group *group, const struct pgi_version *version)
{
	pthread_mutex_lock(&group->lock);
	if (!pgi_version_newer(&group->properties_kept, version))
		memset(&group->properties_kept, 0, sizeof(group->properties_kept));
	pthread_mutex_unlock(&group->lock);
}

/*
 * The disk gets what the kernel has, if that is newer: a version may have the number of the one
 * before, by another of the creator's hosts, or because numbers end. One thread writes it, and
 * holds up nobody who only wants to know what is in it.
 */
static void keep(struct pgi_group *group, const struct pgi_blob *wire)
{
	struct pgi_version version;

	if (!pgi_record_version(wire, group->store->id, &version) || !note(group, &version) ||
	    SUCCEEDED(pgi_group_store_keep_properties(group->store, wire)))
		return;
	pgi_clear_error();
	unnote(group, &version);
}

static HRESULT sign(struct pgi_group *group, const struct pgi_properties *p, EVP_PKEY *key,
		    const struct pgi_record *old, struct pgi_blob *wire)
{
	const struct pgi_identity signer = { .key = key };
	struct pgi_draft d = { .version = old ? pgi_next_version(old->version) : 1 };
	struct pgi_blob data = { 0 };
	struct pgi_cert *root;
	uint64_t now;
	HRESULT hr;

	hr = pgi_group_now(group, &now);
	if (SUCCEEDED(hr))
		hr = pgi_cert_parse(group->store->root.data, group->store->root.len, &root);
	if (FAILED(hr))
		return hr;
	make_id(group, d.id);
	memcpy(d.type, properties_type, sizeof(d.type));
	memcpy(d.creator, root->fingerprint, sizeof(d.creator));
	memcpy(d.modifier, root->fingerprint, sizeof(d.modifier));
	d.created = old ? old->created : now;
	d.modified = old ? pgi_after(old->modified, now) : now;
	d.expires = root->not_after;
	pgi_cert_free(root);
	hr = pgi_properties_encode(p, &data);
	d.data = data.data;
	d.size = data.len;
	if (SUCCEEDED(hr))
		hr = pgi_record_sign(&d, group->store->id, &signer, wire);
	pgi_blob_free(&data);
	return hr;
}

/* *@wire is what the kernel has then, for the disk; to be freed in any case. */
static HRESULT publish(struct pgi_group *group, const struct pgi_properties *p, EVP_PKEY *key,
		       const struct pgi_record *old, struct pgi_blob *wire, bool *stale)
{
	HRESULT hr = sign(group, p, key, old, wire);

	if (SUCCEEDED(hr))
		hr = pgi_record_put(group, wire, stale);
	if (FAILED(hr) || *stale)
		pgi_blob_free(wire);
	return hr;
}

/* The first of all, by what the group was created with. */
static HRESULT publish_first(struct pgi_group *group)
{
	struct pgi_blob wire = { 0 };
	struct pgi_properties p;
	EVP_PKEY *key;
	HRESULT hr;
	bool stale;

	pgi_properties_borrow(group->store, &p);
	p.creator = group->identity->name;
	hr = pgi_group_store_load_key(group->store, &key);
	if (FAILED(hr))
		return hr;
	hr = publish(group, &p, key, NULL, &wire, &stale);
	EVP_PKEY_free(key);
	if (wire.len)
		keep(group, &wire);
	pgi_blob_free(&wire);
	return hr;
}

/* What the kernel has: S_FALSE if there is none, or only what is older than @disk. */
static HRESULT look(struct pgi_group *group, const struct pgi_version *disk)
{
	struct pgi_version version;
	struct pgi_record *record;
	struct pgi_parts parts;
	HRESULT hr;

	hr = fetch(group, &record, &parts);
	if (hr == PEER_E_RECORD_NOT_FOUND)
		return S_FALSE;
	if (FAILED(hr))
		return hr;
	if (pgi_record_version(&record->wire, group->store->id, &version) &&
	    pgi_version_newer(disk, &version))
		hr = S_FALSE;
	else
		keep(group, &record->wire);
	pgi_record_free(record);
	return hr;
}

HRESULT pgi_properties_restore(struct pgi_group *group)
{
	const struct pgi_blob *wire = &group->store->properties;
	struct pgi_version disk;
	bool stale;
	HRESULT hr;

	/* What is on disk already needs not be written again. */
	if (pgi_record_version(wire, group->store->id, &disk))
		note(group, &disk);
	hr = look(group, &disk);
	if (hr != S_FALSE)
		return hr;
	if (wire->len)
		return pgi_record_put(group, wire, &stale);
	return group->store->creator ? publish_first(group) : S_FALSE;
}

/* --------------------------------------------------------------- reading -- */

static HRESULT decode(struct pgi_group *group, const struct pgi_parts *parts,
		      struct pgi_properties *p)
{
	HRESULT hr = pgi_properties_decode(parts->data, parts->size, p);

	if (SUCCEEDED(hr) && strcmp(p->group, group->store->name)) {
		pgi_properties_free(p);
		hr = pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES,
			      "the properties are those of another group");
	}
	return hr;
}

static HRESULT look_at_record(struct pgi_group *group, struct pgi_record **record,
			      struct pgi_properties *p)
{
	struct pgi_parts parts;
	HRESULT hr;

	hr = pgi_group_ready(group);
	if (FAILED(hr))
		return hr;
	hr = fetch(group, record, &parts);
	if (hr == PEER_E_RECORD_NOT_FOUND)
		return pgi_fail(PEER_E_GROUP_NOT_READY,
				"the group's properties have not come here yet");
	if (FAILED(hr))
		return hr;
	hr = decode(group, &parts, p);
	if (FAILED(hr))
		pgi_record_free(*record);
	return hr;
}

static HRESULT read_record(struct pgi_group *group, struct pgi_record **record,
			   struct pgi_properties *p)
{
	HRESULT hr = look_at_record(group, record, p);

	if (SUCCEEDED(hr))
		keep(group, &(*record)->wire);
	return hr;
}

HRESULT pgi_properties_look(struct pgi_group *group, struct pgi_properties *p)
{
	struct pgi_record *record;
	HRESULT hr;

	hr = look_at_record(group, &record, p);
	if (SUCCEEDED(hr))
		pgi_record_free(record);
	return hr;
}

HRESULT pgi_properties_read(struct pgi_group *group, struct pgi_properties *p)
{
	struct pgi_record *record;
	HRESULT hr;

	hr = read_record(group, &record, p);
	if (SUCCEEDED(hr))
		pgi_record_free(record);
	return hr;
}

/* --------------------------------------------------------------- setting -- */

static bool stays(const char *wanted, const char *is)
{
	return !wanted || !strcmp(wanted, is ? is : "");
}

static HRESULT check_same(const struct pgi_properties *wanted, const struct pgi_properties *is)
{
	const char *what = NULL;

	if (wanted->cloud && !pgi_cloud_same(wanted->cloud, is->cloud))
		what = "cloud";
	else if (!stays(wanted->classifier, is->classifier))
		what = "classifier";
	else if (!stays(wanted->group, is->group))
		what = "peer name";
	else if (!stays(wanted->creator, is->creator))
		what = "creator";
	if (what)
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "the %s of a group never changes",
				what);
	return S_OK;
}

/* What the program would have; the texts are borrowed from @is and @wanted. */
typedef void (*merge_fn)(const struct pgi_properties *wanted, const struct pgi_properties *is,
			 struct pgi_properties *p);

static void merge_password(const struct pgi_properties *wanted, const struct pgi_properties *is,
			   struct pgi_properties *p)
{
	*p = *is;
	p->schemes = wanted->schemes;
	p->password_role = wanted->password_role;
	/* What is no new password keeps the mark of the last that anybody has set. */
	if (!wanted->password_role || !pgi_mark_none(wanted->password_mark))
		memcpy(p->password_mark, wanted->password_mark, sizeof(p->password_mark));
}

static void merge_all(const struct pgi_properties *wanted, const struct pgi_properties *is,
		      struct pgi_properties *p)
{
	if (wanted->schemes)
		merge_password(wanted, is, p);
	else
		*p = *is;
	p->friendly = wanted->friendly && *wanted->friendly ? wanted->friendly : is->group;
	p->comment = wanted->comment;
	p->flags = wanted->flags;
	p->member_data_lifetime = wanted->member_data_lifetime;
	p->presence_lifetime = pgi_presence_lifetime(wanted->presence_lifetime);
}

/* Do both say the same? What does not change is no news. */
static HRESULT same(const struct pgi_properties *a, const struct pgi_properties *b)
{
	struct pgi_blob x = { 0 }, y = { 0 };
	HRESULT hr;

	hr = pgi_properties_encode(a, &x);
	if (SUCCEEDED(hr))
		hr = pgi_properties_encode(b, &y);
	if (SUCCEEDED(hr))
		hr = x.len == y.len && !memcmp(x.data, y.data, x.len) ? S_OK : S_FALSE;
	pgi_blob_free(&x);
	pgi_blob_free(&y);
	return hr;
}

/* What the kernel has in the end goes to @wire, for the disk. The folder's lock is held. */
static HRESULT set_locked(struct pgi_group *group, const struct pgi_properties *wanted,
			  merge_fn merge, EVP_PKEY *key, struct pgi_blob *wire, bool *stale)
{
	struct pgi_properties is, p;
	struct pgi_record *record;
	HRESULT hr;

	hr = look_at_record(group, &record, &is);
	if (FAILED(hr))
		return hr;
	hr = check_same(wanted, &is);
	if (SUCCEEDED(hr)) {
		merge(wanted, &is, &p);
		hr = pgi_properties_check(&p);
	}
	if (SUCCEEDED(hr))
		hr = same(&p, &is);
	if (hr == S_FALSE)
		hr = publish(group, &p, key, record, wire, stale);
	else if (SUCCEEDED(hr))
		hr = pgi_blob_set(wire, record->wire.data, record->wire.len);
	pgi_properties_free(&is);
	pgi_record_free(record);
	return hr;
}

/*
 * Of two versions with one number the kernel takes the later, whatever it was made from: so who
 * else of this host looks and changes waits till it is done.
 */
static HRESULT set_once(struct pgi_group *group, const struct pgi_properties *wanted,
			merge_fn merge, EVP_PKEY *key, bool *stale)
{
	struct pgi_blob wire = { 0 };
	HRESULT hr;
	int lock;

	*stale = false;
	hr = pgi_group_store_lock(group->store->identity, group->store->name, &lock);
	if (FAILED(hr))
		return hr;
	hr = set_locked(group, wanted, merge, key, &wire, stale);
	pgi_group_store_unlock(lock);
	if (wire.len)
		keep(group, &wire);
	pgi_blob_free(&wire);
	return hr;
}

HRESULT pgi_properties_check_setter(struct pgi_group *group)
{
	HRESULT hr = pgi_group_ready(group);

	if (SUCCEEDED(hr) && !group->store->creator)
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED,
			      "only who created the group may change its properties");
	return hr;
}

/* By what they are each time: what others have changed meanwhile, and this does not, stays. */
static HRESULT set(struct pgi_group *group, const struct pgi_properties *wanted, merge_fn merge)
{
	bool stale = true;
	EVP_PKEY *key;
	HRESULT hr;
	int i;

	hr = pgi_properties_check_setter(group);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_load_key(group->store, &key);
	if (FAILED(hr))
		return hr;
	for (i = 0; i < SET_TRIES && SUCCEEDED(hr) && stale; i++)
		hr = set_once(group, wanted, merge, key, &stale);
	EVP_PKEY_free(key);
	if (SUCCEEDED(hr) && stale)
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION),
			      "other programs changed the properties %d times meanwhile", SET_TRIES);
	return hr;
}

HRESULT pgi_properties_set(struct pgi_group *group, const struct pgi_properties *wanted)
{
	return set(group, wanted, merge_all);
}

HRESULT pgi_properties_set_password(struct pgi_group *group, const struct pgi_properties *wanted)
{
	return set(group, wanted, merge_password);
}

/* ------------------------------------------------------- the UTF-8 calls -- */

static HRESULT show(const struct pgi_properties *p, struct peergroup_properties *out)
{
	const struct {
		const char *from, **to;
	} texts[] = {
		{ p->group, &out->name }, { p->creator, &out->creator },
		{ p->classifier, &out->classifier }, { p->cloud, &out->cloud },
		{ p->friendly ? p->friendly : p->group, &out->friendly },
		{ p->comment, &out->comment },
	};
	size_t i;

	out->flags = p->flags;
	out->member_data_lifetime = p->member_data_lifetime;
	out->presence_lifetime = p->presence_lifetime;
	for (i = 0; i < PGI_ARRAY_SIZE(texts); i++) {
		*texts[i].to = texts[i].from ? pgi_sub_str(out, texts[i].from) : NULL;
		if (texts[i].from && !*texts[i].to)
			return E_OUTOFMEMORY;
	}
	return S_OK;
}

static HRESULT get(struct pgi_group *group, struct peergroup_properties **out)
{
	struct pgi_properties p;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	*out = pgi_new(sizeof(**out));
	hr = *out ? show(&p, *out) : E_OUTOFMEMORY;
	pgi_properties_free(&p);
	if (FAILED(hr)) {
		peergroup_free(*out);
		*out = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT peergroup_properties(peergroup_t handle, struct peergroup_properties **out)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!out)
		return pgi_fail(E_INVALIDARG, "properties is NULL");
	*out = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = get(group, out);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_set_properties(peergroup_t handle,
					    const struct peergroup_properties *from)
{
	struct pgi_properties p;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!from)
		return pgi_fail(E_INVALIDARG, "properties is NULL");
	/* Nothing here is written to: the text stays the program's. */
	p = (struct pgi_properties) {
		.cloud = (char *)from->cloud, .classifier = (char *)from->classifier,
		.group = (char *)from->name, .creator = (char *)from->creator,
		.friendly = (char *)from->friendly, .comment = (char *)from->comment,
		.flags = from->flags, .member_data_lifetime = from->member_data_lifetime,
		.presence_lifetime = from->presence_lifetime,
	};
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_properties_set(group, &p);
	pgi_group_put(group);
	return hr;
}
