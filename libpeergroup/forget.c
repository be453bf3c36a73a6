// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Forgetting an address that a link was asked for: what has gone online before is dialled
 * again with the next time otherwise. It is on disk, so no open group is needed.
 */
#include <stdlib.h>
#include "address.h"
#include "group.h"
#include "store.h"

/* The same place, however it was written. */
static bool is_that(const char *text, const struct pgi_address *address)
{
	struct pgi_address a;

	return SUCCEEDED(pgi_address_parse(text, &a)) && pgi_address_equal(&a, address);
}

/* S_FALSE where it is not among them. */
static HRESULT drop(struct pgi_group_store *store, const void *address)
{
	size_t i, kept = 0;

	for (i = 0; i < store->addresses_len; i++) {
		if (is_that(store->addresses[i], address))
			free(store->addresses[i]);
		else
			store->addresses[kept++] = store->addresses[i];
	}
	if (kept == i)
		return S_FALSE;
	store->addresses_len = kept;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_forget_address(const char *identity, const char *group,
					    const char *address)
{
	struct pgi_address a;
	char *own = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (!group || !address)
		return pgi_fail(E_INVALIDARG, "%s is NULL", group ? "address" : "group");
	hr = pgi_address_parse(address, &a);
	/* Not to be told from none, as elsewhere. */
	if (SUCCEEDED(hr) && (!identity || !*identity))
		hr = pgi_identity_oldest(&own);
	else if (SUCCEEDED(hr) && !pgi_name_valid(identity))
		hr = pgi_fail(E_INVALIDARG, "\"%s\" is not a peer name", identity);
	if (SUCCEEDED(hr))
		hr = pgi_group_save_named(own ? own : identity, group, drop, &a);
	free(own);
	return hr;
}
