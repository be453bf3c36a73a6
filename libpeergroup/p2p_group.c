// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls of <p2p.h> about groups: UTF-16 turned into what lifecycle.c works on.
 * Those that deal with a group's properties are in p2p_properties.c.
 */
#include <stdlib.h>
#include "cloud.h"
#include "group.h"

/* ------------------------------------------------------------ open, join -- */

/* Two strings of a call; @first may be NULL. */
static HRESULT take_pair(const WCHAR *first, HRESULT bad_first, const WCHAR *second,
			 char **a, char **b)
{
	HRESULT hr;

	*b = NULL;
	hr = pgi_utf8_take(first, a, bad_first, "pwzIdentity");
	if (FAILED(hr)) {
		*a = NULL;
		return hr;
	}
	hr = pgi_utf8_from_wide(second, b);
	if (FAILED(hr)) {
		free(*a);
		*a = NULL;
		*b = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupOpen(PCWSTR identity, PCWSTR name, PCWSTR cloud, HGROUP *group)
{
	char *identity8, *name8;
	struct pgi_cloud found;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!identity || !name || !group)
		return pgi_fail(E_INVALIDARG, "pwzIdentity, pwzGroupPeerName or phGroup is NULL");
	hr = pgi_cloud_take(cloud, &found);
	if (SUCCEEDED(hr))
		hr = take_pair(identity, E_INVALIDARG, name, &identity8, &name8);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_open(identity8, name8, group);
	free(identity8);
	free(name8);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupJoin(PCWSTR identity, PCWSTR invitation, PCWSTR cloud,
				 HGROUP *group)
{
	char *identity8, *xml;
	struct pgi_cloud found;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!invitation || !group)
		return pgi_fail(E_INVALIDARG, "pwzInvitation or phGroup is NULL");
	hr = pgi_cloud_take(cloud, &found);
	if (SUCCEEDED(hr))
		hr = take_pair(identity, PEER_E_INVALID_PEER_NAME, invitation, &identity8, &xml);
	/* Half a character in an invitation is damage like any other. */
	if (hr == E_INVALIDARG)
		return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "the invitation is damaged");
	if (FAILED(hr))
		return hr;
	hr = pgi_join(identity8, xml, &found, group);
	free(identity8);
	free(xml);
	return hr;
}

/* --------------------------------------------------------- close, delete -- */

PGI_PUBLIC HRESULT PeerGroupClose(HGROUP group)
{
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	return FAILED(hr) ? hr : pgi_close(group);
}

PGI_PUBLIC HRESULT PeerGroupDelete(PCWSTR identity, PCWSTR name)
{
	char *identity8, *name8;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!name)
		return pgi_fail(E_INVALIDARG, "pwzGroupPeerName is NULL");
	hr = take_pair(identity, E_INVALIDARG, name, &identity8, &name8);
	if (FAILED(hr))
		return hr;
	hr = pgi_delete(identity8, name8);
	free(identity8);
	free(name8);
	return hr;
}

/* ------------------------------------------------------------- peer time -- */

/*
 * Source and destination may be the same object, and a destination is left
 * alone on failure.
 */
static HRESULT convert(HGROUP handle, const FILETIME *from, FILETIME *to, bool to_peer)
{
	struct pgi_group_state state = { 0 };
	struct pgi_group *group;
	uint64_t time, offset;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!from || !to)
		return pgi_fail(E_INVALIDARG, "a time is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_ready(group);
	if (SUCCEEDED(hr))
		hr = pgi_group_state(group, &state);
	pgi_group_put(group);
	if (FAILED(hr))
		return hr;
	time = pgi_filetime(from);
	offset = (uint64_t)(to_peer ? state.time_offset : -state.time_offset);
	/* Either end of what a FILETIME can say; the sign tells which was passed. */
	if ((int64_t)time < 0 || (int64_t)(time + offset) < 0)
		return pgi_fail(E_INVALIDARG, "the time is out of range");
	*to = pgi_to_filetime(time + offset);
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGroupPeerTimeToUniversalTime(HGROUP group, FILETIME *peer,
						    FILETIME *universal)
{
	return convert(group, peer, universal, false);
}

PGI_PUBLIC HRESULT PeerGroupUniversalTimeToPeerTime(HGROUP group, FILETIME *universal,
						    FILETIME *peer)
{
	return convert(group, universal, peer, true);
}
