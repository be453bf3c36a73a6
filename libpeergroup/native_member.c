// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peergroup_members(): the members as <peergroup.h> has them.
 */
#include "cert.h"
#include "roll.h"

static void fill(const struct pgi_roll_item *item, struct sockaddr_storage *addresses,
		 struct peergroup_member *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	out->name = item->m.name;
	out->friendly = item->m.friendly;
	out->issuer = item->issuer ? item->issuer : "";
	out->roles = item->m.roles;
	out->not_before = item->m.not_before;
	out->not_after = item->m.not_after;
	if (!item->place)
		return;
	out->present = true;
	out->node = item->place->node;
	out->addresses = addresses;
	out->n_addresses = item->place->count;
	for (i = 0; i < item->place->count; i++)
		pgi_address_to_sockaddr(&item->place->addresses[i], &addresses[i]);
}

static HRESULT walk(const struct pgi_roll *roll,
		    HRESULT (*each)(const struct peergroup_member *member, void *arg), void *arg)
{
	struct sockaddr_storage addresses[PEERGROUP_PRESENCE_ADDRESSES_MAX];
	struct peergroup_member member;
	HRESULT hr = S_OK;
	size_t i;

	for (i = 0; i < pgi_roll_count(roll) && hr == S_OK; i++) {
		fill(pgi_roll_item(roll, i), addresses, &member);
		hr = each(&member, arg);
	}
	return hr;
}

PGI_PUBLIC HRESULT peergroup_members(peergroup_t handle, uint32_t flags, const char *name,
				     HRESULT (*each)(const struct peergroup_member *member,
						     void *arg),
				     void *arg)
{
	struct pgi_group *group;
	struct pgi_roll *roll;
	HRESULT hr;

	pgi_clear_error();
	if (!each || flags & ~(uint32_t)PEER_MEMBER_PRESENT)
		return pgi_fail(E_INVALIDARG, each ? "unknown flags" : "each is NULL");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_roll_call(group, flags, name, &roll);
	pgi_group_put(group);
	if (FAILED(hr))
		return hr;
	hr = walk(roll, each, arg);
	pgi_roll_free(roll);
	return hr;
}
