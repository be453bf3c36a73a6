// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records for programs of <peergroup.h>: arguments checked and converted, the
 * rest is in records.c.
 */
#include "records.h"

HRESULT pgi_take_content(struct pgi_group *group, const struct peergroup_new_record *r,
			 bool update, struct pgi_content *c)
{
	uint64_t now;
	HRESULT hr;

	memset(c, 0, sizeof(*c));
	c->data = r->data;
	c->size = r->size;
	c->attrs = r->attributes;
	c->expires = r->expires;
	if (!update)
		c->peer_flags = pgi_flags_to_peer(r->flags);
	if (r->expires)
		return S_OK;
	if (!r->lifetime) {
		c->keep_expires = update;
		return S_OK;	/* to be refused by pgi_record_add() */
	}
	hr = pgi_group_now(group, &now);
	c->now = now;
	c->expires = now + r->lifetime * PEERGROUP_TIME_PER_SECOND;
	return hr;
}

HRESULT pgi_check_record(const struct peergroup_new_record *record)
{
	if (!record)
		return pgi_fail(E_INVALIDARG, "record is NULL");
	if (record->size && !record->data)
		return pgi_fail(E_INVALIDARG, "data is NULL and size is not 0");
	if (record->flags & ~PEERGROUP_RECORD_AUTOREFRESH)
		return pgi_fail(E_INVALIDARG, "flags are 0 or PEERGROUP_RECORD_AUTOREFRESH");
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_add(peergroup_t handle, const uuid_t type,
				 const struct peergroup_new_record *record, uuid_t id)
{
	struct pgi_content content;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (id)
		uuid_clear(id);
	if (!type || !id)
		return pgi_fail(E_INVALIDARG, "%s is NULL", type ? "id" : "type");
	hr = pgi_check_record(record);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_take_content(group, record, false, &content);
	content.type = type;
	if (SUCCEEDED(hr))
		hr = pgi_record_add(group, &content, id);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_update(peergroup_t handle, const uuid_t id,
				    const struct peergroup_new_record *record)
{
	struct pgi_content content;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!id)
		return pgi_fail(E_INVALIDARG, "id is NULL");
	hr = pgi_check_record(record);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_take_content(group, record, true, &content);
	if (SUCCEEDED(hr))
		hr = pgi_record_update(group, id, &content);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_delete_record(peergroup_t handle, const uuid_t id)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!id)
		return pgi_fail(E_INVALIDARG, "id is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_delete(group, id);
	pgi_group_put(group);
	return hr;
}

static HRESULT return_record(const struct pgi_record *r, struct peergroup_record **out)
{
	struct peergroup_record *top = pgi_new(sizeof(*top));
	HRESULT hr;

	if (!top)
		return E_OUTOFMEMORY;
	hr = pgi_record_to_native(r, top, top);
	if (FAILED(hr))
		peergroup_free(top);
	else
		*out = top;
	return hr;
}

PGI_PUBLIC HRESULT peergroup_get(peergroup_t handle, const uuid_t id,
				 struct peergroup_record **record)
{
	struct pgi_group *group;
	struct pgi_record *r;
	HRESULT hr;

	pgi_clear_error();
	if (record)
		*record = NULL;
	if (!id || !record)
		return pgi_fail(E_INVALIDARG, "%s is NULL", id ? "record" : "id");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_get(group, id, &r);
	if (SUCCEEDED(hr))
		hr = return_record(r, record);
	pgi_record_free(r);
	pgi_group_put(group);
	return hr;
}

struct each {
	HRESULT (*fn)(const struct peergroup_record *record, void *arg);
	void *arg;
};

static HRESULT call_each(struct pgi_record **record, void *arg)
{
	struct peergroup_record *out = NULL;
	const struct each *each = arg;
	HRESULT hr;

	hr = return_record(*record, &out);
	if (SUCCEEDED(hr))
		hr = each->fn(out, each->arg);
	peergroup_free(out);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_records(peergroup_t handle, const unsigned char *type,
				     HRESULT (*fn)(const struct peergroup_record *record,
						   void *arg),
				     void *arg)
{
	struct each each = { .fn = fn, .arg = arg };
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!fn)
		return pgi_fail(E_INVALIDARG, "each is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_each(group, type, call_each, &each);
	pgi_group_put(group);
	return hr;
}
