// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls of <p2p.h> about connections and data: arguments checked and converted, the
 * rest is in direct.c.
 */
#include <stdlib.h>
#include "address.h"
#include "group.h"

PGI_PUBLIC HRESULT PeerGroupOpenDirectConnection(HGROUP handle, PCWSTR identity,
						 PPEER_ADDRESS address, ULONGLONG *id)
{
	struct pgi_group *group;
	struct pgi_address a;
	uint64_t opened = 0;
	char *name = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (id)
		*id = 0;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!identity || !address || !id)
		return pgi_fail(E_INVALIDARG, "pwzIdentity, pAddress or pullConnectionId is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_address_from_peer(address, &a);
	if (hr == PEER_E_INVALID_ADDRESS)
		hr = E_INVALIDARG;
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(identity, &name);
	if (SUCCEEDED(hr))
		hr = pgi_direct_open(group, name, &a, &opened);
	if (SUCCEEDED(hr))
		*id = opened;
	free(name);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupCloseDirectConnection(HGROUP handle, ULONGLONG id)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_direct_close(group, id);
	pgi_group_put(group);
	return hr;
}

/* Waits for room in the connection's queue, as there is nothing to say that it is full. */
PGI_PUBLIC HRESULT PeerGroupSendData(HGROUP handle, ULONGLONG id, const GUID *type, ULONG size,
				     PVOID data)
{
	struct pgi_group *group;
	uuid_t uuid;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!type || !size || !data)
		return pgi_fail(E_INVALIDARG, "pType or pvData is NULL, or cbData is 0");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	peergroup_guid_to_uuid(type, uuid);
	hr = pgi_send(group, id, uuid, data, size, -1);
	pgi_group_put(group);
	return hr;
}

/* ----------------------------------------------------------- enumerating -- */

static HRESULT copy_connection(void *items, size_t index, void *top, void **out)
{
	const struct pgi_connections *list = items;
	const struct peergroup_connection *c = &list->list[index];
	PEER_CONNECTION_INFO *info = pgi_sub(top, sizeof(*info));
	struct pgi_address a;

	if (!info)
		return E_OUTOFMEMORY;
	info->dwSize = sizeof(*info);
	info->dwFlags = c->direct ? PEER_CONNECTION_DIRECT : PEER_CONNECTION_NEIGHBOR;
	info->ullConnectionId = c->id;
	info->ullNodeId = c->node;
	info->pwzPeerId = pgi_sub_wide(top, c->peer);
	if (!info->pwzPeerId)
		return E_OUTOFMEMORY;
	if (SUCCEEDED(pgi_address_from_sockaddr((const struct sockaddr *)&c->address,
						sizeof(c->address), &a)))
		pgi_address_to_peer(&a, &info->address);
	*out = info;
	return S_OK;
}

static void free_connections(void *items, size_t count PGI_UNUSED)
{
	pgi_connections_free(items);
	free(items);
}

static const struct pgi_enum_ops connection_ops = {
	.copy = copy_connection,
	.free_items = free_connections,
};

static HRESULT enumerate(struct pgi_group *group, DWORD flags, HPEERENUM *handle)
{
	struct pgi_connections *list = calloc(1, sizeof(*list));
	HRESULT hr;

	if (!list)
		return E_OUTOFMEMORY;
	hr = pgi_connections_read(group, flags, list);
	if (SUCCEEDED(hr))
		hr = pgi_enum_new(&connection_ops, list, list->count, handle);
	if (FAILED(hr))
		free_connections(list, 0);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupEnumConnections(HGROUP handle, DWORD flags, HPEERENUM *out)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!out)
		return pgi_fail(E_INVALIDARG, "phPeerEnum is NULL");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = enumerate(group, flags, out);
	pgi_group_put(group);
	return hr;
}
