// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The identity calls of both APIs that need no password: what programs give is checked
 * for NULL and converted here, and identity.c does the rest.
 */
#include <stdlib.h>
#include "cert.h"
#include "identity.h"
#include "key.h"
#include "store.h"

static HRESULT get_xml(const char *name, char **xml)
{
	struct pgi_identity *identity;
	char *made = NULL;
	HRESULT hr;

	*xml = NULL;
	hr = pgi_identity_load(name, &identity);
	if (hr == PEER_E_NOT_FOUND && !name) {
		pgi_clear_error();
		hr = pgi_identity_create(NULL, NULL, NULL, &made);
		if (SUCCEEDED(hr))
			hr = pgi_identity_load(made, &identity);
		free(made);
	}
	if (hr == PEER_E_NOT_FOUND)
		hr = E_HANDLE;		/* the code that GetXML documents for it */
	if (FAILED(hr))
		return hr;
	hr = pgi_identity_to_xml(identity, xml);
	pgi_identity_free(identity);
	return hr;
}

/* Ends a function that made the malloc()ed @utf8 into its result. */
static HRESULT return_wide(HRESULT hr, char *utf8, PWSTR *out)
{
	if (SUCCEEDED(hr))
		hr = pgi_wide_return(utf8, out);
	free(utf8);
	return hr;
}

static HRESULT return_str(HRESULT hr, char *utf8, char **out)
{
	if (SUCCEEDED(hr))
		hr = pgi_str_return(utf8, out);
	free(utf8);
	return hr;
}

/* @key 0: a new one. */
static HRESULT create(const char *classifier, const char *friendly, HCRYPTPROV key,
		      char **name)
{
	EVP_PKEY *pkey = NULL;
	HRESULT hr = S_OK;

	*name = NULL;
	if (key)
		hr = pgi_key_get(key, &pkey);
	if (SUCCEEDED(hr))
		hr = pgi_identity_create(classifier, friendly, pkey, name);
	EVP_PKEY_free(pkey);
	return hr;
}

PGI_PUBLIC HRESULT PeerIdentityCreate(PCWSTR classifier, PCWSTR friendly,
				      HCRYPTPROV provider, PWSTR *name)
{
	char *c = NULL, *f = NULL, *made = NULL;
	PWSTR room = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "ppwzIdentity is NULL");
	*name = NULL;
	hr = pgi_utf8_from_wide(classifier, &c);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(friendly, &f);
	if (SUCCEEDED(hr))
		hr = pgi_wide_room(&room);
	if (SUCCEEDED(hr))
		hr = create(c, f, provider, &made);
	free(c);
	free(f);
	pgi_wide_end(hr, room, made, name);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_create(const char *classifier, const char *friendly,
					     char **name)
{
	return peergroup_identity_create_with_key(classifier, friendly, 0, name);
}

PGI_PUBLIC HRESULT peergroup_identity_create_with_key(const char *classifier,
						      const char *friendly,
						      HCRYPTPROV key, char **name)
{
	char *made = NULL, *room;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "name is NULL");
	*name = NULL;
	hr = pgi_str_room(&room);
	if (SUCCEEDED(hr))
		hr = create(classifier, friendly, key, &made);
	pgi_str_end(hr, room, made, name);
	return hr;
}

PGI_PUBLIC HRESULT PeerIdentityDelete(PCWSTR name)
{
	char *n;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "pwzIdentity is NULL");
	hr = pgi_utf8_from_wide(name, &n);
	if (FAILED(hr))
		return hr;
	hr = pgi_identity_delete(n);
	free(n);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_delete(const char *name)
{
	pgi_clear_error();
	return name ? pgi_identity_delete(name) : pgi_fail(E_INVALIDARG, "name is NULL");
}

PGI_PUBLIC HRESULT PeerIdentityGetDefault(PWSTR *name)
{
	char *n = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "ppwzPeerName is NULL");
	*name = NULL;
	hr = pgi_identity_oldest(&n);
	return return_wide(hr, n, name);
}

PGI_PUBLIC HRESULT peergroup_identity_default(char **name)
{
	char *n = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "name is NULL");
	*name = NULL;
	hr = pgi_identity_oldest(&n);
	return return_str(hr, n, name);
}

PGI_PUBLIC HRESULT PeerIdentityGetXML(PCWSTR name, PWSTR *xml)
{
	char *n, *x = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!xml)
		return pgi_fail(E_INVALIDARG, "ppwzIdentityXML is NULL");
	*xml = NULL;
	hr = pgi_utf8_from_wide(name, &n);
	if (FAILED(hr))
		return hr;
	hr = get_xml(n, &x);
	free(n);
	return return_wide(hr, x, xml);
}

PGI_PUBLIC HRESULT peergroup_identity_xml(const char *name, char **xml)
{
	char *x = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!xml)
		return pgi_fail(E_INVALIDARG, "xml is NULL");
	*xml = NULL;
	hr = get_xml(name, &x);
	return return_str(hr, x, xml);
}

static HRESULT copy_pair(void *items, size_t i, void *top, void **item)
{
	const struct pgi_identity *identity = ((struct pgi_identity **)items)[i];
	PEER_NAME_PAIR *pair = pgi_sub(top, sizeof(*pair));

	if (!pair)
		return E_OUTOFMEMORY;
	pair->dwSize = sizeof(*pair);
	pair->pwzPeerName = pgi_sub_wide(top, identity->name);
	pair->pwzFriendlyName = pgi_sub_wide(top, identity->friendly);
	*item = pair;
	return pair->pwzPeerName && pair->pwzFriendlyName ? S_OK : E_OUTOFMEMORY;
}

static void free_pairs(void *items, size_t count)
{
	struct pgi_identities list = { .items = items, .count = count };

	pgi_identities_free(&list);
}

PGI_PUBLIC HRESULT PeerEnumIdentities(HPEERENUM *handle)
{
	static const struct pgi_enum_ops ops = { copy_pair, free_pairs };
	struct pgi_identities list;
	HRESULT hr;

	pgi_clear_error();
	if (!handle)
		return pgi_fail(E_INVALIDARG, "phPeerEnum is NULL");
	*handle = NULL;
	hr = pgi_identities_read(&list);
	if (FAILED(hr))
		return hr;
	hr = pgi_enum_new(&ops, list.items, list.count, handle);
	if (FAILED(hr))
		pgi_identities_free(&list);
	return hr;
}

static HRESULT fill_pairs(const struct pgi_identities *all, struct peergroup_name_pair *pairs)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		pairs[i].name = pgi_sub_str(pairs, all->items[i]->name);
		pairs[i].friendly = pgi_sub_str(pairs, all->items[i]->friendly);
		if (!pairs[i].name || !pairs[i].friendly)
			return E_OUTOFMEMORY;
	}
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_identity_list(struct peergroup_name_pair **list, size_t *count)
{
	struct peergroup_name_pair *pairs;
	struct pgi_identities all;
	HRESULT hr;

	pgi_clear_error();
	if (list)
		*list = NULL;
	if (count)
		*count = 0;
	if (!list || !count)
		return pgi_fail(E_INVALIDARG, "list or count is NULL");
	hr = pgi_identities_read(&all);
	if (FAILED(hr))
		return hr;
	pairs = pgi_new(all.count * sizeof(*pairs));
	hr = pairs ? fill_pairs(&all, pairs) : E_OUTOFMEMORY;
	if (SUCCEEDED(hr)) {
		*list = pairs;
		*count = all.count;
	} else {
		peergroup_free(pairs);
	}
	pgi_identities_free(&all);
	return hr;
}
