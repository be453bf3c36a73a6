// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupEnumMembers(): the members as <p2p.h> has them.
 */
#include <stdlib.h>
#include "cert.h"
#include "roll.h"

static HRESULT fill_roles(const struct pgi_roll_item *item, void *top, PEER_CREDENTIAL_INFO *out)
{
	static const struct {
		uint32_t role;
		const GUID *guid;
	} roles[] = {
		{ PEERGROUP_ROLE_ADMIN, &PEER_GROUP_ROLE_ADMIN },
		{ PEERGROUP_ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER },
		{ PEERGROUP_ROLE_MEMBER, &PEER_GROUP_ROLE_MEMBER },
	};
	size_t i;

	out->pRoles = pgi_sub(top, sizeof(roles) / sizeof(roles[0]) * sizeof(GUID));
	if (!out->pRoles)
		return E_OUTOFMEMORY;
	for (i = 0; i < PGI_ARRAY_SIZE(roles); i++)
		if (item->m.roles & roles[i].role)
			out->pRoles[out->cRoles++] = *roles[i].guid;
	return S_OK;
}

static HRESULT fill_credentials(const struct pgi_roll_item *item, void *top,
				PEER_CREDENTIAL_INFO *out)
{
	out->dwSize = sizeof(*out);
	out->ftValidityStart = pgi_to_filetime(item->m.not_before);
	out->ftValidityEnd = pgi_to_filetime(item->m.not_after);
	out->pwzFriendlyName = pgi_sub_wide(top, item->m.friendly);
	out->pwzIssuerPeerName = pgi_sub_wide(top, item->issuer ? item->issuer : "");
	out->pwzIssuerFriendlyName =
		pgi_sub_wide(top, item->issuer_friendly ? item->issuer_friendly : "");
	if (!out->pwzFriendlyName || !out->pwzIssuerPeerName || !out->pwzIssuerFriendlyName)
		return E_OUTOFMEMORY;
	out->pPublicKey = pgi_key_info(top, item->cert->x509);
	return out->pPublicKey ? fill_roles(item, top, out) : E_OUTOFMEMORY;
}

static HRESULT fill_addresses(const struct pgi_roll_item *item, void *top, PEER_MEMBER *out)
{
	const struct pgi_place *place = item->place;

	if (!place || !place->count)
		return S_OK;
	out->pAddresses = pgi_sub(top, place->count * sizeof(*out->pAddresses));
	if (!out->pAddresses)
		return E_OUTOFMEMORY;
	for (; out->cAddresses < place->count; out->cAddresses++)
		pgi_address_to_peer(&place->addresses[out->cAddresses],
				    &out->pAddresses[out->cAddresses]);
	return S_OK;
}

static HRESULT copy_member(void *items, size_t index, void *top, void **out)
{
	const struct pgi_roll_item *item = pgi_roll_item(items, index);
	PEER_MEMBER *m = pgi_sub(top, sizeof(*m));
	HRESULT hr;

	if (!m)
		return E_OUTOFMEMORY;
	m->dwSize = sizeof(*m);
	m->dwFlags = item->place ? PEER_MEMBER_PRESENT : 0;
	m->ullNodeId = item->place ? item->place->node : 0;
	m->pwzIdentity = pgi_sub_wide(top, item->m.name);
	m->pCredentialInfo = pgi_sub(top, sizeof(*m->pCredentialInfo));
	if (!m->pwzIdentity || !m->pCredentialInfo)
		return E_OUTOFMEMORY;
	hr = fill_credentials(item, top, m->pCredentialInfo);
	if (SUCCEEDED(hr))
		hr = fill_addresses(item, top, m);
	*out = m;
	return hr;
}

static void free_members(void *items, size_t count PGI_UNUSED)
{
	pgi_roll_free(items);
}

static const struct pgi_enum_ops member_ops = {
	.copy = copy_member,
	.free_items = free_members,
};

static HRESULT enumerate(struct pgi_group *group, DWORD flags, const char *name,
			 HPEERENUM *handle)
{
	struct pgi_roll *roll;
	HRESULT hr;

	hr = pgi_roll_call(group, flags, name, &roll);
	if (FAILED(hr))
		return hr;
	hr = pgi_enum_new(&member_ops, roll, pgi_roll_count(roll), handle);
	if (FAILED(hr))
		pgi_roll_free(roll);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupEnumMembers(HGROUP handle, DWORD flags, PCWSTR identity,
					HPEERENUM *out)
{
	struct pgi_group *group;
	char *name = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!out || flags & ~(DWORD)PEER_MEMBER_PRESENT)
		return pgi_fail(E_INVALIDARG, out ? "unknown flags" : "phPeerEnum is NULL");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	if (identity)
		hr = pgi_utf8_from_wide(identity, &name);
	if (SUCCEEDED(hr))
		hr = enumerate(group, flags, name, out);
	free(name);
	pgi_group_put(group);
	return hr;
}
