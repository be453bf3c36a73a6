// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * HPEERENUM: a snapshot of items, made when the enumeration was opened, and a
 * position in it. Items are put into a program's form only when it asks.
 */
#include <stdlib.h>
#include "internal.h"

struct enumeration {
	struct pgi_object obj;
	const struct pgi_enum_ops *ops;
	void *items;
	size_t count;
	pthread_mutex_t lock;
	size_t pos;			/* under @lock */
};

static void release(struct pgi_object *obj)
{
	struct enumeration *e = pgi_container_of(obj, struct enumeration, obj);

	if (e->ops->free_items)
		e->ops->free_items(e->items, e->count);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

HRESULT pgi_enum_new(const struct pgi_enum_ops *ops, void *items, size_t count,
		     HPEERENUM *handle)
{
	struct enumeration *e;
	HRESULT hr;

	*handle = NULL;
	if (count > UINT32_MAX)
		return E_OUTOFMEMORY;
	e = calloc(1, sizeof(*e));
	if (!e)
		return E_OUTOFMEMORY;
	pgi_object_init(&e->obj, PGI_ENUM, release);
	pthread_mutex_init(&e->lock, NULL);
	e->ops = ops;
	e->items = items;
	e->count = count;
	hr = pgi_handle_new(&e->obj, handle);
	if (FAILED(hr)) {
		pthread_mutex_destroy(&e->lock);
		free(e);	/* @items stay the caller's */
	}
	return hr;
}

static struct enumeration *get(HPEERENUM handle)
{
	struct pgi_object *obj = pgi_handle_get(handle, PGI_ENUM);

	return obj ? pgi_container_of(obj, struct enumeration, obj) : NULL;
}

PGI_PUBLIC HRESULT PeerGetItemCount(HPEERENUM handle, ULONG *count)
{
	struct enumeration *e;

	pgi_clear_error();
	if (!count)
		return pgi_fail(E_INVALIDARG, "pCount is NULL");
	*count = 0;
	e = get(handle);
	if (!e)
		return pgi_fail(E_INVALIDARG, "not an enumeration handle");
	*count = (ULONG)e->count;
	pgi_object_put(&e->obj);
	return S_OK;
}

static HRESULT copy_items(struct enumeration *e, size_t wanted, void ***items)
{
	HRESULT hr = S_OK;
	void **array;
	size_t i;

	array = pgi_new(wanted * sizeof(*array));
	if (!array)
		return E_OUTOFMEMORY;
	for (i = 0; i < wanted && SUCCEEDED(hr); i++)
		hr = e->ops->copy(e->items, e->pos + i, array, &array[i]);
	if (FAILED(hr)) {
		PeerFreeData(array);
		return hr;
	}
	*items = array;
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGetNextItem(HPEERENUM handle, ULONG *count, PVOID **items)
{
	struct enumeration *e;
	HRESULT hr = S_OK;
	size_t wanted;

	pgi_clear_error();
	if (items)
		*items = NULL;
	if (!count || !items) {
		if (count)
			*count = 0;
		return pgi_fail(E_INVALIDARG, "pCount or pppvItems is NULL");
	}
	wanted = *count;
	*count = 0;
	e = get(handle);
	if (!e)
		return pgi_fail(E_INVALIDARG, "not an enumeration handle");
	pthread_mutex_lock(&e->lock);
	if (wanted > e->count - e->pos)
		wanted = e->count - e->pos;
	if (wanted)
		hr = copy_items(e, wanted, items);
	if (SUCCEEDED(hr)) {
		e->pos += wanted;
		*count = (ULONG)wanted;
	}
	pthread_mutex_unlock(&e->lock);
	pgi_object_put(&e->obj);
	return hr;
}

PGI_PUBLIC HRESULT PeerEndEnumeration(HPEERENUM handle)
{
	struct pgi_object *obj;

	pgi_clear_error();
	obj = pgi_handle_remove(handle, PGI_ENUM);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not an enumeration handle");
	pgi_object_put(obj);
	return S_OK;
}
