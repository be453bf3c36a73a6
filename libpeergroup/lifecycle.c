// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making, opening, joining, closing and deleting groups: the rules of what may
 * be in them, the files and then the kernel. The UTF-8 calls stand here, the
 * ones of <p2p.h> in p2p_group.c.
 */
#include <errno.h>
#include <stdlib.h>
#include "cloud.h"
#include "group.h"
#include "pake.h"
#include "properties.h"

/* ---------------------------------------------------------------- create -- */

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static HRESULT check_options(const struct peergroup_create_options *o)
{
	const struct pgi_properties p = {
		.friendly = (char *)o->friendly, .comment = (char *)o->comment,
		.flags = o->flags, .member_data_lifetime = o->member_data_lifetime,
	};

	if (!pgi_classifier_new(o->classifier))
		return pgi_fail(PEER_E_INVALID_CLASSIFIER,
				"the classifier is too long or not plain text");
	return pgi_properties_check(&p);
}

static HRESULT copy_string(const char *from, char **to)
{
	if (!or_null(from))
		return S_OK;
	*to = strdup(from);
	return *to ? S_OK : E_OUTOFMEMORY;
}

static HRESULT fill_store(const struct peergroup_create_options *o,
			  const struct pgi_identity *identity,
			  struct pgi_group_store *store)
{
	struct pgi_cloud cloud = { 0 };
	HRESULT hr;

	store->flags = o->flags;
	store->member_data_lifetime = o->member_data_lifetime;
	store->presence_lifetime = pgi_presence_lifetime(o->presence_lifetime);
	hr = copy_string(identity->name, &store->identity);
	if (SUCCEEDED(hr) && or_null(o->cloud))
		hr = pgi_cloud_find(o->cloud, &cloud);
	if (SUCCEEDED(hr))
		hr = copy_string(o->classifier, &store->classifier);
	if (SUCCEEDED(hr))
		hr = copy_string(o->comment, &store->comment);
	if (SUCCEEDED(hr))
		hr = copy_string(cloud.name, &store->cloud);
	return hr;
}

/* Opening has published the properties, or tried to: a group is not without them. */
static HRESULT check_published(void *handle)
{
	struct pgi_group *group;
	HRESULT hr;

	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_properties_restore(group);
	pgi_group_put(group);
	return hr;
}

HRESULT pgi_open_new(const struct pgi_group_store *store, void **handle)
{
	HRESULT hr = pgi_group_open(store->identity, store->name, handle);

	if (SUCCEEDED(hr) && store->creator)
		hr = check_published(*handle);
	if (FAILED(hr)) {
		char *detail = strdup(peergroup_error_detail());

		if (*handle)
			pgi_close(*handle);
		*handle = NULL;
		pgi_group_store_delete(store->identity, store->name);
		if (detail)
			pgi_set_error("%s", detail);
		free(detail);
	}
	return hr;
}

/* Once the group has an id. */
static HRESULT fill_password(const struct pgi_password *password,
			     struct pgi_group_store *store)
{
	HRESULT hr;

	store->schemes = password->schemes;
	store->password_role = password->role;
	hr = pgi_mark_draw(store->password_mark);
	if (SUCCEEDED(hr))
		hr = pgi_verifier_new(store->id, password->text, &store->verifier);
	if (SUCCEEDED(hr))
		memcpy(store->verifier->mark, store->password_mark, PGI_MARK_LEN);
	return hr;
}

static HRESULT create_for(const struct pgi_identity *identity,
			  const struct peergroup_create_options *o,
			  const struct pgi_password *password, void **handle)
{
	struct pgi_group_store *store = calloc(1, sizeof(*store));
	EVP_PKEY *key = NULL;
	HRESULT hr;

	if (!store)
		return E_OUTOFMEMORY;
	hr = fill_store(o, identity, store);
	if (SUCCEEDED(hr))
		hr = pgi_group_make(identity, or_null(o->friendly), store, &key);
	if (SUCCEEDED(hr) && password)
		hr = fill_password(password, store);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_create(store, key, false);
	if (SUCCEEDED(hr))
		hr = pgi_open_new(store, handle);
	EVP_PKEY_free(key);
	pgi_group_store_free(store);
	return hr;
}

HRESULT pgi_create(const char *identity_name,
		   const struct peergroup_create_options *options,
		   const struct pgi_password *password, void **handle)
{
	static const struct peergroup_create_options defaults;
	struct pgi_identity *identity;
	HRESULT hr;

	if (!options)
		options = &defaults;
	hr = check_options(options);
	if (SUCCEEDED(hr) && password)
		hr = pgi_password_check(password->text);
	if (FAILED(hr))
		return hr;
	if (identity_name && !pgi_name_valid(identity_name))
		return pgi_fail(PEER_E_INVALID_PEER_NAME, "\"%s\" is not a peer name",
				identity_name);
	/* Keys take a while to make: not for nothing. */
	hr = pgi_nl_family_present();
	if (SUCCEEDED(hr))
		hr = pgi_identity_load(identity_name, &identity);
	if (FAILED(hr))
		return hr;
	hr = create_for(identity, options, password, handle);
	pgi_identity_free(identity);
	return hr;
}

/* ------------------------------------------------------------------ join -- */

static bool same_group(struct pgi_object *obj, void *arg)
{
	const struct pgi_group_store *store = arg, *other;

	if (obj->type != PGI_GROUP)
		return false;
	other = pgi_group_get_store(obj);
	return !strcmp(other->name, store->name) && !strcmp(other->identity, store->identity);
}

HRESULT pgi_group_unused(const struct pgi_group_store *store)
{
	struct pgi_group_state state;
	struct pgi_nl nl;
	HRESULT hr;

	hr = pgi_nl_open(&nl, NULL);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_running(&nl, store, &state);
	if (hr == S_OK && state.holders)
		hr = pgi_fail(PEER_E_GROUP_IN_USE, "%s is open", store->name);
	pgi_nl_close(&nl);
	return FAILED(hr) ? hr : S_OK;
}

static HRESULT leaf_of(const struct pgi_group_store *store, uint64_t *from, uint64_t *to)
{
	struct pgi_cert **chain;
	size_t len;
	HRESULT hr;

	hr = pgi_chain_parse(store, &chain, &len);
	if (FAILED(hr))
		return hr;
	*from = chain[len - 1]->not_before;
	*to = chain[len - 1]->not_after;
	pgi_chain_free(chain, len);
	return S_OK;
}

static HRESULT take_chain(struct pgi_group_store *old, struct pgi_group_store *store)
{
	pgi_group_store_take(old, store->chain, store->chain_len);
	store->chain = NULL;
	store->chain_len = 0;
	return pgi_group_store_renew(old);
}

/* Invited after all, before the password was of use. */
static HRESULT instead_of_password(const struct pgi_group_store *store)
{
	HRESULT hr = pgi_group_store_renew(store);

	return SUCCEEDED(hr) ? pgi_group_store_forget_verifier(store) : hr;
}

/* The group's lock is held. */
static HRESULT renew_locked(struct pgi_group_store *old, struct pgi_group_store *store)
{
	uint64_t old_from, old_to, from, to;
	HRESULT hr = leaf_of(old, &old_from, &old_to);

	if (SUCCEEDED(hr))
		hr = leaf_of(store, &from, &to);
	/* The creator's own certificate comes from the root and cannot be bettered. */
	if (SUCCEEDED(hr) && !old->creator && (from > old_from || (from == old_from && to > old_to)))
		hr = take_chain(old, store);
	return hr;
}

/* Joined before: a later certificate takes the place of the one on disk. */
static HRESULT renew(struct pgi_group_store *store)
{
	struct pgi_group_store *old;
	HRESULT hr;
	int lock;

	hr = pgi_group_unused(store);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_lock(store->identity, store->name, &lock);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_load(store->identity, store->name, &old);
	if (SUCCEEDED(hr) && old->pending)
		hr = instead_of_password(store);
	else if (SUCCEEDED(hr))
		hr = renew_locked(old, store);
	pgi_group_store_free(old);
	pgi_group_store_unlock(lock);
	return hr;
}

static HRESULT join_as(const struct pgi_identity *identity, const char *invitation,
		       const struct pgi_cloud *cloud, void **handle)
{
	struct pgi_group_store *store;
	HRESULT hr;

	hr = pgi_invitation_accept(invitation, identity, &store);
	if (FAILED(hr))
		return hr;
	hr = pgi_cloud_settle(store, cloud);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_create(store, NULL, false);
	if (hr == PEER_E_ALREADY_EXISTS) {
		hr = renew(store);
		if (SUCCEEDED(hr))
			hr = pgi_group_open(store->identity, store->name, handle);
	} else if (SUCCEEDED(hr)) {
		hr = pgi_open_new(store, handle);
	}
	pgi_group_store_free(store);
	return hr;
}

HRESULT pgi_join(const char *identity_name, const char *invitation,
		 const struct pgi_cloud *cloud, void **handle)
{
	struct pgi_identity *identity;
	HRESULT hr;

	if (identity_name && !pgi_name_valid(identity_name))
		return pgi_fail(PEER_E_INVALID_PEER_NAME, "\"%s\" is not a peer name",
				identity_name);
	hr = pgi_identity_load(identity_name, &identity);
	if (FAILED(hr))
		return hr;
	hr = join_as(identity, invitation, cloud, handle);
	pgi_identity_free(identity);
	return hr;
}

/* --------------------------------------------------------- close, delete -- */

HRESULT pgi_close(void *handle)
{
	struct pgi_object *obj = pgi_handle_remove(handle, PGI_GROUP);

	if (!obj)
		return pgi_fail(PEER_E_INVALID_GROUP, "not the handle of an open group");
	pgi_object_put(obj);
	return S_OK;
}

/* Ends the group for all programs; there is nothing to end without the module. */
static HRESULT destroy_in_kernel(const struct pgi_group_store *store)
{
	struct pgi_group_state state;
	struct nlmsghdr *msg;
	struct pgi_nl nl;
	HRESULT hr;
	int err;

	hr = pgi_nl_open(&nl, NULL);
	if (hr == HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL))
		return S_OK;
	if (FAILED(hr))
		return hr;
	hr = pgi_group_running(&nl, store, &state);
	if (hr == S_OK) {
		msg = pgi_nl_request(&nl, PEERGROUP_CMD_GROUP_DESTROY, 0);
		mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, state.index);
		err = pgi_nl_talk(&nl, msg, NULL, NULL);
		/* Gone by itself in between is as good. */
		if (err && err != -ENOENT)
			hr = pgi_nl_fail(&nl, err);
	}
	pgi_nl_close(&nl);
	return FAILED(hr) ? hr : S_OK;
}

HRESULT pgi_delete(const char *identity, const char *name)
{
	struct pgi_group_store *store;
	HRESULT hr;

	hr = pgi_group_store_load(identity, name, &store);
	/* To be rid of it is what a group is still good for that is damaged. */
	if (hr == PEER_E_CERT_STORE_CORRUPTED)
		hr = pgi_group_store_named(identity, name, &store);
	if (FAILED(hr))
		return hr;
	pgi_clear_error();
	hr = destroy_in_kernel(store);
	if (SUCCEEDED(hr)) {
		pgi_handle_remove_if(same_group, store);
		hr = pgi_group_store_delete(store->identity, store->name);
	}
	pgi_group_store_free(store);
	return hr;
}

/* ------------------------------------------------------- the UTF-8 calls -- */

HRESULT pgi_native_handle(HRESULT hr, const peergroup_t *group)
{
	if (SUCCEEDED(hr))
		pgi_handle_native(*group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_create(const char *identity,
				    const struct peergroup_create_options *options,
				    peergroup_t *group)
{
	pgi_clear_error();
	if (!group)
		return pgi_fail(E_INVALIDARG, "group is NULL");
	*group = NULL;
	return pgi_native_handle(pgi_create(or_null(identity), options, NULL, (void **)group), group);
}

PGI_PUBLIC HRESULT peergroup_open(const char *identity, const char *name,
				  peergroup_t *group)
{
	pgi_clear_error();
	if (group)
		*group = NULL;
	if (!group || !name)
		return pgi_fail(E_INVALIDARG, "%s is NULL", group ? "name" : "group");
	return pgi_native_handle(pgi_group_open(or_null(identity), name, (void **)group), group);
}

PGI_PUBLIC HRESULT peergroup_join(const char *identity, const char *invitation,
				  peergroup_t *group)
{
	pgi_clear_error();
	if (group)
		*group = NULL;
	if (!group || !invitation)
		return pgi_fail(E_INVALIDARG, "%s is NULL", group ? "invitation" : "group");
	return pgi_native_handle(pgi_join(or_null(identity), invitation, NULL, (void **)group),
				 group);
}

PGI_PUBLIC HRESULT peergroup_close(peergroup_t group)
{
	pgi_clear_error();
	return pgi_close(group);
}

PGI_PUBLIC HRESULT peergroup_delete(const char *identity, const char *name)
{
	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "name is NULL");
	return pgi_delete(or_null(identity), name);
}

/* ---------------------------------------------------------------- status -- */

/* The creator may have renamed the group since it was opened. */
static const char *friendly_name(struct pgi_group *group, struct peergroup_status *out)
{
	struct pgi_properties p = { 0 };
	const char *name;

	if (FAILED(pgi_properties_read(group, &p)))
		pgi_clear_error();
	name = pgi_sub_str(out, p.friendly ? p.friendly : group->store->friendly);
	pgi_properties_free(&p);
	return name;
}

static HRESULT fill_status(struct pgi_group *group, const struct pgi_group_state *state,
			   struct peergroup_status *out)
{
	out->name = pgi_sub_str(out, group->store->name);
	out->friendly = friendly_name(group, out);
	out->identity = pgi_sub_str(out, group->identity->name);
	if (!out->name || !out->friendly || !out->identity)
		return E_OUTOFMEMORY;
	out->index = state->index;
	out->flags = state->status;
	out->roles = group->own->roles;
	out->port = state->status & PEERGROUP_STATUS_LISTENING ? state->port : 0;
	out->records = state->records;
	out->tombstones = state->tombstones;
	out->sequence = state->seq;
	out->time_offset = state->time_offset;
	memcpy(out->fingerprint, state->fingerprint, sizeof(out->fingerprint));
	memcpy(out->node_key, state->node_key, sizeof(out->node_key));
	out->credential_expires = state->credential_expires;
	return S_OK;
}

static HRESULT make_status(struct pgi_group *group, struct peergroup_status **status)
{
	struct pgi_group_state state;
	HRESULT hr;

	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	pgi_own_follow(group, &state);
	*status = pgi_new(sizeof(**status));
	if (!*status)
		return E_OUTOFMEMORY;
	hr = fill_status(group, &state, *status);
	if (FAILED(hr)) {
		peergroup_free(*status);
		*status = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT peergroup_status(peergroup_t handle, struct peergroup_status **status)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!status)
		return pgi_fail(E_INVALIDARG, "status is NULL");
	*status = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = make_status(group, status);
	pgi_group_put(group);
	return hr;
}
