// SPDX-License-Identifier: LGPL-2.1-or-later
#include "group.h"

PGI_PUBLIC HRESULT PeerGroupGetStatus(HGROUP handle, DWORD *status)
{
	struct pgi_group_state state;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (status)
		*status = 0;
	hr = pgi_started();
	if (SUCCEEDED(hr) && !status)
		hr = pgi_fail(E_INVALIDARG, "pdwStatus is NULL");
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	memset(&state, 0, sizeof(state));
	if (!atomic_load(&group->pending))
		hr = pgi_group_state(group, &state);
	pgi_group_put(group);
	if (FAILED(hr))
		return hr;
	if (state.status & PEERGROUP_STATUS_LISTENING)
		*status |= PEER_GROUP_STATUS_LISTENING;
	if (state.status & PEERGROUP_STATUS_CONNECTED)
		*status |= PEER_GROUP_STATUS_HAS_CONNECTIONS;
	return S_OK;
}
