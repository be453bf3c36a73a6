// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * This member's own certificates, and how it comes by later ones: an administrator
 * renews them and leaves them in the group as a record, from which the kernel learns
 * them like anybody's. The library finds them among the members, when the group is
 * opened, connected and closed. Those from before stay on disk, a few: where the present
 * one is revoked, with who issued it, the latest that still holds takes its place. The
 * kernel does so at once, and the library when it is asked how the group is, or refused.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/sha.h>
#include "cert.h"
#include "members.h"

/* ---------------------------------------------------------- what they are -- */

static HRESULT fill(struct pgi_own *own, const struct pgi_group_store *store)
{
	const struct pgi_cert *leaf;
	struct pgi_cert **chain;
	size_t len;
	HRESULT hr;

	hr = pgi_chain_parse(store, &chain, &len);
	if (FAILED(hr))
		return hr;
	if (len < 2 || len > PEERGROUP_CHAIN_MAX + 1) {
		hr = pgi_fail(PEER_E_CERT_STORE_CORRUPTED, "the certificate chain of %s",
			      store->name);
	} else {
		leaf = chain[len - 1];
		memcpy(own->fingerprint, leaf->fingerprint, sizeof(own->fingerprint));
		own->roles = leaf->roles;
		own->depth = len - 1;
		own->not_before = leaf->not_before;
		own->not_after = leaf->not_after;
	}
	pgi_chain_free(chain, len);
	return hr;
}

/* Other threads may be using what it was before, so that stays until the group is closed. */
HRESULT pgi_own_set(struct pgi_group *group, struct pgi_group_store *store)
{
	struct pgi_own *own = calloc(1, sizeof(*own));
	HRESULT hr = own ? S_OK : E_OUTOFMEMORY;

	if (!own) {
		if (group->store != store)
			pgi_group_store_free(store);
		return hr;
	}
	hr = fill(own, store);
	if (FAILED(hr)) {
		free(own);
		if (group->store != store)
			pgi_group_store_free(store);
		return hr;
	}
	own->store = store;
	pthread_mutex_lock(&group->lock);
	own->before = group->own;
	group->own = own;
	pthread_mutex_unlock(&group->lock);
	return S_OK;
}

void pgi_own_free(struct pgi_group *group)
{
	struct pgi_own *own = group->own, *before;

	for (; own; own = before) {
		before = own->before;
		if (own->store != group->store)
			pgi_group_store_free(own->store);
		free(own);
	}
	pgi_group_store_free(group->store);
}

/* ------------------------------------------------------------ better ones -- */

/*
 * Any other administrator could bring this member below itself, where it would fall with
 * that one: not without need.
 */
static bool is_later(const struct pgi_member *m, const struct pgi_own *own, uint64_t now)
{
	const struct pgi_member is = { .not_before = own->not_before, .roles = own->roles,
				       .not_after = own->not_after, .depth = own->depth };

	return pgi_member_later(m, &is) && pgi_member_may_follow(m, &is, now);
}

/* With who issued it, it may be: then anything that holds is better. */
static bool is_revoked(const struct pgi_members *members, const struct pgi_own *own)
{
	const struct pgi_member *m = pgi_members_with(members, own->fingerprint);

	return m && m->revoked;
}

static bool is_better(const struct pgi_members *members, const struct pgi_member *m,
		      const struct pgi_own *own, uint64_t now)
{
	return is_revoked(members, own) || is_later(m, own, now);
}

/* Did this member go by it before? */
static bool is_former(const struct pgi_member *m, const struct pgi_group_store *store)
{
	const struct pgi_former *f;
	size_t i;

	for (i = 0; i < store->former_len; i++) {
		f = &store->former[i];
		if (f->chain[f->len - 1].len == m->der.len &&
		    !memcmp(f->chain[f->len - 1].data, m->der.data, m->der.len))
			return true;
	}
	return false;
}

/*
 * Only administrators renew: else whoever may invite could bring a member below himself,
 * and down to a lower role, or, with one that begins last, keep it from the true one.
 */
static const struct pgi_member *find_better(struct pgi_group *group,
					    const struct pgi_members *members, uint64_t now)
{
	const struct pgi_member *found = NULL, *m, **named;
	const struct pgi_own *own = group->own;
	size_t n;

	for (named = pgi_members_named(members, group->identity->name, &n); n; n--) {
		m = *named++;
		if (m->depth && !m->revoked && m->not_before <= now && now < m->not_after &&
		    (pgi_member_by_administrator(members, m) || is_former(m, own->store)) &&
		    is_better(members, m, own, now) && (!found || pgi_member_later(m, found)))
			found = m;
	}
	return found;
}

/*
 * Puts one certificate where it belongs; *@m becomes its issuer's. The last one is
 * for this member's key and no other is.
 */
static HRESULT take_one(const struct pgi_members *members, const uint8_t *spki_hash,
			const struct pgi_member **m, bool last, struct pgi_blob *der)
{
	const struct pgi_member *issuer;
	struct pgi_cert *cert;
	HRESULT hr;

	hr = pgi_cert_parse((*m)->der.data, (*m)->der.len, &cert);
	if (FAILED(hr))
		return hr;
	issuer = pgi_members_with(members, cert->issuer);
	if (!issuer || issuer->depth + 1 != (*m)->depth ||
	    last != !memcmp(cert->spki_hash, spki_hash, sizeof(cert->spki_hash)))
		hr = S_FALSE;
	else
		hr = pgi_blob_set(der, (*m)->der.data, (*m)->der.len);
	pgi_cert_free(cert);
	*m = issuer;
	return hr;
}

/* Replaces the chain of @store by that of @m. */
static HRESULT take_chain(const struct pgi_group *group, const struct pgi_members *members,
			  const struct pgi_member *m, struct pgi_group_store *store)
{
	size_t len = m->depth, i;
	struct pgi_blob *chain;
	HRESULT hr = S_OK;

	if (len > PEERGROUP_CHAIN_MAX)
		return S_FALSE;
	chain = calloc(len, sizeof(*chain));
	if (!chain)
		return E_OUTOFMEMORY;
	for (i = len; i-- && hr == S_OK; )
		hr = take_one(members, group->identity->spki_hash, &m, i == len - 1, &chain[i]);
	if (hr != S_OK) {
		pgi_bundle_free(chain, len);
		return hr;
	}
	pgi_group_store_take(store, chain, len);
	return S_OK;
}

/*
 * What is known to be revoked is not kept: whoever opens the group next does not know it
 * any more, and would take it for the later one.
 */
static void forget_revoked(const struct pgi_members *members, struct pgi_group_store *store)
{
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	const struct pgi_member *m;
	size_t i;

	for (i = store->former_len; i--; ) {
		const struct pgi_former *f = &store->former[i];
		const struct pgi_blob *leaf = &f->chain[f->len - 1];

		SHA256(leaf->data, leaf->len, fingerprint);
		m = pgi_members_with(members, fingerprint);
		if (m && m->revoked)
			pgi_group_store_drop(store, i);
	}
}

/*
 * By what is on disk now: another program may have been here first, or joined anew. Under
 * the store's lock, so that none does so between the look and the change.
 */
static HRESULT take_on_disk(struct pgi_group *group, const struct pgi_members *members,
			    const struct pgi_member *m, uint64_t now,
			    struct pgi_group_store **out)
{
	const char *identity = group->store->identity, *name = group->store->name;
	struct pgi_group_store *store;
	struct pgi_own disk = { 0 };
	HRESULT hr;
	int lock;

	hr = pgi_group_store_lock(identity, name, &lock);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_load(identity, name, &store);
	if (SUCCEEDED(hr))
		hr = store->creator ? S_FALSE : fill(&disk, store);
	if (hr == S_OK && is_better(members, m, &disk, now)) {
		hr = take_chain(group, members, m, store);
		if (hr == S_OK) {
			forget_revoked(members, store);
			hr = pgi_group_store_renew(store);
		}
	}
	pgi_group_store_unlock(lock);
	*out = store;
	return hr;
}

static HRESULT take(struct pgi_group *group, const struct pgi_members *members,
		    const struct pgi_member *m, uint64_t now)
{
	struct pgi_group_store *store = NULL;
	HRESULT hr;

	hr = take_on_disk(group, members, m, now, &store);
	if (hr == S_OK)
		hr = pgi_group_enter(group, store);
	if (hr == S_OK)
		return pgi_own_set(group, store);
	pgi_group_store_free(store);
	return hr;
}

static HRESULT prove_again(struct pgi_group *group)
{
	struct pgi_group_state state;
	HRESULT hr;

	hr = pgi_group_state(group, &state);
	if (SUCCEEDED(hr) && state.status & PEERGROUP_STATUS_LISTENING)
		hr = pgi_credential_set(group);
	return hr;
}

static void sooner(uint64_t *until, uint64_t when, uint64_t now)
{
	if (now < when && when < *until)
		*until = when;
}

/* As long as the members stay what they are find_better() finds no other: certificates begin... */
static uint64_t found_until(struct pgi_group *group, const struct pgi_members *members,
			    uint64_t now)
{
	const struct pgi_own *own = group->own;
	const struct pgi_member **named;
	uint64_t until = UINT64_MAX;
	size_t n;

	for (named = pgi_members_named(members, group->identity->name, &n); n; n--, named++) {
		sooner(&until, (*named)->not_before, now);
		sooner(&until, (*named)->not_after, now);
	}
	/* ... and end, and the present one loses what pgi_member_may_follow() goes by. */
	sooner(&until, own->not_before + (own->not_after - own->not_before) / 2, now);
	return until;
}

/* @none: set where there is none better, but for what the caller knows. May be NULL. */
static HRESULT renew(struct pgi_group *group, bool live, struct pgi_none *none)
{
	const struct pgi_member *m;
	struct pgi_members members;
	uint64_t now;
	HRESULT hr;

	/* The creator's comes from the root: there is none better. */
	if (group->store->creator)
		return S_FALSE;
	hr = pgi_group_now(group, &now);
	if (SUCCEEDED(hr))
		hr = pgi_members_read(group, &members);
	if (FAILED(hr)) {
		pgi_clear_error();
		return hr;
	}
	m = find_better(group, &members, now);
	if (!m && none) {
		none->from = now;
		none->until = found_until(group, &members, now);
	}
	hr = m ? take(group, &members, m, now) : S_FALSE;
	pgi_members_free(&members);
	if (hr == S_OK && live)
		hr = prove_again(group);
	pgi_clear_error();
	return hr;
}

HRESULT pgi_own_renew(struct pgi_group *group, bool live)
{
	return renew(group, live, NULL);
}

/* When there was nothing better, and by what: until the members change, or the time. */
static void note_none(struct pgi_group *group, struct pgi_own *own, const struct pgi_none *none)
{
	pthread_mutex_lock(&group->lock);
	own->none = *none;
	pthread_mutex_unlock(&group->lock);
}

static bool none_since(struct pgi_group *group, const struct pgi_own *own, uint64_t changes)
{
	struct pgi_none none;
	uint64_t now;

	pthread_mutex_lock(&group->lock);
	none = own->none;
	pthread_mutex_unlock(&group->lock);
	return changes && none.until && none.changes == changes &&
	       SUCCEEDED(pgi_group_now(group, &now)) && none.from <= now && now < none.until;
}

void pgi_own_follow(struct pgi_group *group, const struct pgi_group_state *state)
{
	struct pgi_own *own = group->own;
	struct pgi_none none = { .changes = state->member_changes };

	if (!memcmp(state->shown, own->fingerprint, PEERGROUP_HASH_LEN) ||
	    none_since(group, own, state->member_changes))
		return;
	renew(group, true, &none);
	if (none.until)
		note_none(group, own, &none);
}

bool pgi_own_changed(struct pgi_group *group, const uint8_t was[PEERGROUP_HASH_LEN])
{
	char *detail = strdup(peergroup_error_detail());
	bool changed;

	if (!memcmp(was, group->own->fingerprint, PEERGROUP_HASH_LEN))
		pgi_own_renew(group, true);
	changed = memcmp(was, group->own->fingerprint, PEERGROUP_HASH_LEN);
	if (detail)
		pgi_set_error("%s", detail);
	free(detail);
	return changed;
}
