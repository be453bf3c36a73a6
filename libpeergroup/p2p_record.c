// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls of <p2p.h> about records: UTF-16 and Windows structures turned into
 * what records.c works on, and back.
 */
#include <stdlib.h>
#include "records.h"

/* What add and update take alike; @attrs is to be freed. */
static HRESULT take_record(const PEER_RECORD *r, struct pgi_content *c,
			   uint8_t type[PEERGROUP_ID_LEN], char **attrs)
{
	HRESULT hr;

	*attrs = NULL;
	memset(c, 0, sizeof(*c));
	hr = pgi_utf8_from_wide(r->pwzAttributes, attrs);
	if (hr == E_INVALIDARG)
		return pgi_fail(PEER_E_INVALID_ATTRIBUTES,
				"the attributes are not proper Unicode");
	if (FAILED(hr))
		return hr;
	peergroup_guid_to_uuid(&r->type, type);
	c->type = type;
	c->peer_flags = r->dwFlags;
	c->expires = pgi_filetime(&r->ftExpiration);
	c->attrs = *attrs;
	c->data = r->data.pbData;
	c->size = r->data.cbData;
	return S_OK;
}

static HRESULT check_record(const PEER_RECORD *r)
{
	if (!r)
		return pgi_fail(E_INVALIDARG, "pRecord is NULL");
	if (r->dwSize != sizeof(*r))
		return pgi_fail(E_INVALIDARG, "dwSize of the record is wrong");
	if (r->data.cbData && !r->data.pbData)
		return pgi_fail(E_INVALIDARG, "pbData is NULL and cbData is not 0");
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGroupAddRecord(HGROUP handle, PPEER_RECORD record, GUID *id)
{
	uint8_t type[PEERGROUP_ID_LEN], new_id[PEERGROUP_ID_LEN];
	struct pgi_content content;
	struct pgi_group *group;
	char *attrs = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (id)
		memset(id, 0, sizeof(*id));
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!id)
		return pgi_fail(E_INVALIDARG, "pRecordId is NULL");
	hr = check_record(record);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = take_record(record, &content, type, &attrs);
	if (SUCCEEDED(hr))
		hr = pgi_record_add(group, &content, new_id);
	if (SUCCEEDED(hr))
		peergroup_uuid_to_guid(new_id, id);
	free(attrs);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupUpdateRecord(HGROUP handle, PPEER_RECORD record)
{
	uint8_t type[PEERGROUP_ID_LEN], id[PEERGROUP_ID_LEN];
	struct pgi_content content;
	struct pgi_group *group;
	char *attrs = NULL;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (SUCCEEDED(hr))
		hr = check_record(record);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	peergroup_guid_to_uuid(&record->id, id);
	hr = take_record(record, &content, type, &attrs);
	if (SUCCEEDED(hr))
		hr = pgi_record_update(group, id, &content);
	free(attrs);
	pgi_group_put(group);
	return hr;
}

/* The start that calls with a record's id have in common. */
static HRESULT take_id(HGROUP handle, const GUID *guid, uint8_t id[PEERGROUP_ID_LEN],
		       struct pgi_group **group)
{
	HRESULT hr = pgi_started();

	if (FAILED(hr))
		return hr;
	if (!guid)
		return pgi_fail(E_INVALIDARG, "pRecordId is NULL");
	peergroup_guid_to_uuid(guid, id);
	return pgi_group_find(handle, group);
}

PGI_PUBLIC HRESULT PeerGroupDeleteRecord(HGROUP handle, const GUID *guid)
{
	uint8_t id[PEERGROUP_ID_LEN];
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = take_id(handle, guid, id, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_delete(group, id);
	pgi_group_put(group);
	return hr;
}

static HRESULT return_record(const struct pgi_record *r, PPEER_RECORD *out)
{
	PEER_RECORD *top = pgi_new(sizeof(*top));
	HRESULT hr;

	if (!top)
		return E_OUTOFMEMORY;
	hr = pgi_record_to_peer(r, top, top);
	if (FAILED(hr))
		PeerFreeData(top);
	else
		*out = top;
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupGetRecord(HGROUP handle, const GUID *guid, PPEER_RECORD *record)
{
	uint8_t id[PEERGROUP_ID_LEN];
	struct pgi_group *group;
	struct pgi_record *r;
	HRESULT hr;

	pgi_clear_error();
	if (record)
		*record = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr) && !record)
		hr = pgi_fail(E_INVALIDARG, "ppRecord is NULL");
	if (SUCCEEDED(hr))
		hr = take_id(handle, guid, id, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_record_get(group, id, &r);
	if (SUCCEEDED(hr))
		hr = return_record(r, record);
	pgi_record_free(r);
	pgi_group_put(group);
	return hr;
}

/* --------------------------------------------------- enumeration, search -- */

PGI_PUBLIC HRESULT PeerGroupEnumRecords(HGROUP handle, const GUID *guid, HPEERENUM *out)
{
	uint8_t type[PEERGROUP_ID_LEN];
	struct pgi_snapshot s = { 0 };
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr) && !out)
		hr = pgi_fail(E_INVALIDARG, "phPeerEnum is NULL");
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	if (guid)
		peergroup_guid_to_uuid(guid, type);
	/* One that is to be joined by password has none yet. */
	if (!atomic_load(&group->pending))
		hr = pgi_record_each(group, guid ? type : NULL, pgi_snapshot_add, &s);
	if (SUCCEEDED(hr))
		hr = pgi_snapshot_enum(&s, out);
	pgi_snapshot_free(&s);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupSearchRecords(HGROUP handle, PCWSTR criteria, HPEERENUM *out)
{
	struct pgi_snapshot found = { 0 };
	struct pgi_group *group;
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr) && (!criteria || !out))
		hr = pgi_fail(E_INVALIDARG, "%s is NULL", out ? "pwzCriteria" : "phPeerEnum");
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_utf8_from_wide(criteria, &xml);
	if (hr == E_INVALIDARG)
		hr = pgi_fail(PEER_E_INVALID_SEARCH, "the query is not proper Unicode");
	if (SUCCEEDED(hr) && !atomic_load(&group->pending))
		hr = pgi_search(group, xml, &found);
	if (SUCCEEDED(hr))
		hr = pgi_snapshot_enum(&found, out);
	pgi_snapshot_free(&found);
	free(xml);
	pgi_group_put(group);
	return hr;
}
