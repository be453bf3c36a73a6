// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names: those of identities and groups for people, peer names put together, and
 * peer names as host names. Nothing here needs PeerGroupStartup(), as nothing is
 * asked of the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include "hostname.h"

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

/* What most functions here are: one text made into another. */
typedef HRESULT (*convert_fn)(const char *text, char **out);

static HRESULT convert_wide(convert_fn convert, PCWSTR text, PWSTR *out)
{
	char *from = NULL, *to = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!text || !out)
		return pgi_fail(E_INVALIDARG, "an argument is NULL");
	hr = pgi_utf8_from_wide(text, &from);
	if (SUCCEEDED(hr))
		hr = convert(from, &to);
	free(from);
	return return_wide(hr, to, out);
}

static HRESULT convert_str(convert_fn convert, const char *text, char **out)
{
	char *to = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!text || !out)
		return pgi_fail(E_INVALIDARG, "an argument is NULL");
	hr = convert(text, &to);
	return return_str(hr, to, out);
}

/* ---------------------------------------------------------- friendly names -- */

PGI_PUBLIC HRESULT PeerIdentityGetFriendlyName(PCWSTR name, PWSTR *friendly)
{
	return convert_wide(pgi_identity_friendly, name, friendly);
}

PGI_PUBLIC HRESULT peergroup_identity_friendly(const char *name, char **friendly)
{
	return convert_str(pgi_identity_friendly, name, friendly);
}

PGI_PUBLIC HRESULT PeerIdentitySetFriendlyName(PCWSTR name, PCWSTR friendly)
{
	char *n = NULL, *f = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "pwzIdentity is NULL");
	hr = pgi_utf8_from_wide(name, &n);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(friendly, &f);
	if (SUCCEEDED(hr))
		hr = pgi_identity_set_friendly(n, f);
	free(n);
	free(f);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_set_friendly(const char *name, const char *friendly)
{
	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "name is NULL");
	return pgi_identity_set_friendly(name, friendly);
}

/* ------------------------------------------------------------------ groups -- */

static HRESULT copy_group(void *items, size_t i, void *top, void **item)
{
	const struct peergroup_group_name *group = (struct peergroup_group_name *)items + i;
	PEER_NAME_PAIR *pair = pgi_sub(top, sizeof(*pair));

	if (!pair)
		return E_OUTOFMEMORY;
	pair->dwSize = sizeof(*pair);
	pair->pwzPeerName = pgi_sub_wide(top, group->name);
	pair->pwzFriendlyName = pgi_sub_wide(top, group->friendly);
	*item = pair;
	return pair->pwzPeerName && pair->pwzFriendlyName ? S_OK : E_OUTOFMEMORY;
}

static void free_groups(void *items, size_t count PGI_UNUSED)
{
	peergroup_free(items);
}

PGI_PUBLIC HRESULT PeerEnumGroups(PCWSTR identity, HPEERENUM *handle)
{
	static const struct pgi_enum_ops ops = { copy_group, free_groups };
	struct peergroup_group_name *groups;
	size_t count;
	HRESULT hr;
	char *name;

	pgi_clear_error();
	if (handle)
		*handle = NULL;
	if (!identity || !handle)
		return pgi_fail(E_INVALIDARG, "%s is NULL", handle ? "pwzIdentity" :
				"phPeerEnum");
	hr = pgi_utf8_from_wide(identity, &name);
	if (FAILED(hr))
		return hr;
	hr = peergroup_list_groups(name, &groups, &count);
	free(name);
	if (FAILED(hr))
		return hr;
	hr = pgi_enum_new(&ops, groups, count, handle);
	if (FAILED(hr))
		peergroup_free(groups);
	return hr;
}

/* -------------------------------------------------------------- peer names -- */

static HRESULT create_name(const char *identity, const char *classifier, char **name)
{
	bool has_classifier = classifier && *classifier;

	if (identity && !pgi_name_valid(identity))
		return pgi_fail(E_INVALIDARG, "not the peer name of an identity");
	if (!identity && !has_classifier)
		return pgi_fail(E_INVALIDARG, "neither an identity nor a classifier is given");
	if (!pgi_classifier_valid(classifier))
		return pgi_fail(E_INVALIDARG, "the classifier is too long or not plain text");
	if (!has_classifier)
		*name = strdup(identity);
	else if (asprintf(name, "%.*s.%s", identity ? PGI_AUTHORITY_LEN : 1,
			  identity ? identity : "0", classifier) < 0)
		*name = NULL;
	return *name ? S_OK : E_OUTOFMEMORY;
}

PGI_PUBLIC HRESULT PeerCreatePeerName(PCWSTR identity, PCWSTR classifier, PWSTR *name)
{
	char *i = NULL, *c = NULL, *made = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!name)
		return pgi_fail(E_INVALIDARG, "ppwzPeerName is NULL");
	*name = NULL;
	hr = pgi_utf8_from_wide(identity, &i);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(classifier, &c);
	if (SUCCEEDED(hr))
		hr = create_name(i, c, &made);
	free(i);
	free(c);
	return return_wide(hr, made, name);
}

/* -------------------------------------------------------------- host names -- */

PGI_PUBLIC HRESULT PeerNameToPeerHostName(PCWSTR name, PWSTR *host)
{
	return convert_wide(pgi_host_from_name, name, host);
}

PGI_PUBLIC HRESULT peergroup_host_from_name(const char *name, char **host)
{
	return convert_str(pgi_host_from_name, name, host);
}

PGI_PUBLIC HRESULT PeerHostNameToPeerName(PCWSTR host, PWSTR *name)
{
	return convert_wide(pgi_name_from_host, host, name);
}

PGI_PUBLIC HRESULT peergroup_name_from_host(const char *host, char **name)
{
	return convert_str(pgi_name_from_host, host, name);
}
