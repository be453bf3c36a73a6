// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The groups that this user's identities belong to, as a list for programs.
 */
#include <stdlib.h>
#include "internal.h"

struct name_list {
	struct peergroup_group_name *items;	/* @block holds the texts */
	char *block;
	size_t count;
};

static HRESULT list_one(const struct pgi_group_store *store, void *arg)
{
	struct name_list *list = arg;
	struct peergroup_group_name *items, *item;

	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items)
		return E_OUTOFMEMORY;
	list->items = items;
	item = &items[list->count++];
	item->name = pgi_sub_str(list->block, store->name);
	item->friendly = pgi_sub_str(list->block, store->friendly);
	item->identity = pgi_sub_str(list->block, store->identity);
	return item->name && item->friendly && item->identity ? S_OK : E_OUTOFMEMORY;
}

static HRESULT return_list(const struct name_list *list,
			   struct peergroup_group_name **out, size_t *count)
{
	struct peergroup_group_name *items = pgi_new(list->count * sizeof(*items));
	size_t i;

	if (!items)
		return E_OUTOFMEMORY;
	for (i = 0; i < list->count; i++) {
		items[i].name = pgi_sub_str(items, list->items[i].name);
		items[i].friendly = pgi_sub_str(items, list->items[i].friendly);
		items[i].identity = pgi_sub_str(items, list->items[i].identity);
		if (!items[i].name || !items[i].friendly || !items[i].identity) {
			peergroup_free(items);
			return E_OUTOFMEMORY;
		}
	}
	*out = items;
	*count = list->count;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_list_groups(const char *identity,
					 struct peergroup_group_name **out, size_t *count)
{
	struct name_list list = { 0 };
	HRESULT hr = S_OK;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (count)
		*count = 0;
	if (!out || !count)
		return pgi_fail(E_INVALIDARG, "list or count is NULL");
	if (identity)
		hr = pgi_identity_exists(identity);
	if (FAILED(hr))
		return hr;
	list.block = pgi_new(1);
	if (!list.block)
		return E_OUTOFMEMORY;
	hr = pgi_group_store_each(identity, list_one, &list);
	if (SUCCEEDED(hr))
		hr = return_list(&list, out, count);
	free(list.items);
	peergroup_free(list.block);
	return hr;
}
