// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Going online and linking to addresses. The kernel dials, again and again;
 * addresses are remembered on disk so that PeerGroupConnect(), which is given
 * none, has somewhere to go.
 */
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "event.h"
#include "members.h"
#include "presence.h"

/* ------------------------------------------------------------- requests -- */

/* @credential goes with going online. */
static HRESULT set_online(struct pgi_group *group, const struct pgi_credential *credential,
			  uint16_t port)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	msg = pgi_group_request(group, PEERGROUP_CMD_GROUP_SET);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, !!credential);
	if (credential)
		mnl_attr_put(msg, PEERGROUP_A_GROUP_CREDENTIAL, credential->len,
			     &credential->hdr);
	if (credential && port)
		mnl_attr_put_u16(msg, PEERGROUP_A_GROUP_PORT, port);
	hr = pgi_group_talk(group, msg, NULL, NULL);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

static HRESULT add_link(struct pgi_group *group, const struct pgi_address *a)
{
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;
	int err;

	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_LINK_ADD, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
	mnl_attr_put(msg, PEERGROUP_A_LINK_ADDRESS, a->len, a->bytes);
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, a->port);
	if (a->scope)
		mnl_attr_put_u32(msg, PEERGROUP_A_LINK_SCOPE, a->scope);
	err = pgi_nl_talk(&group->nl, msg, NULL, NULL);
	if (err == -EADDRNOTAVAIL || err == -EINVAL)
		hr = pgi_fail(PEER_E_INVALID_ADDRESS, "%s", group->nl.message);
	else if (err)
		hr = pgi_nl_fail(&group->nl, err);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

/* -------------------------------------------------------------- memory -- */

static HRESULT remember(struct pgi_group_store *store, const void *arg)
{
	return pgi_group_store_remember(store, arg);
}

static HRESULT remember_port(struct pgi_group_store *store, const void *arg)
{
	uint16_t port = *(const uint16_t *)arg;

	if (store->port == port)
		return S_FALSE;		/* nothing to write */
	store->port = port;
	return S_OK;
}

/*
 * Addresses remembered, as of now: another program may have added some. At most
 * @max of them, the newest.
 */
size_t pgi_recall(struct pgi_group *group, struct pgi_address *out, size_t max,
		  uint16_t *port)
{
	struct pgi_group_store *store;
	size_t i, n = 0;

	*port = 0;
	if (FAILED(pgi_group_store_load(group->store->identity, group->store->name, &store)))
		return 0;
	*port = store->port;
	for (i = 0; i < store->addresses_len && n < max; i++) {
		if (SUCCEEDED(pgi_address_parse(store->addresses[i], &out[n])))
			n++;
	}
	pgi_group_store_free(store);
	return n;
}

void pgi_remember(struct pgi_group *group, const struct pgi_address *a)
{
	char text[PGI_ADDRESS_TEXT];

	pgi_address_format(a, text);
	pgi_group_save(group, remember, text);
}

/* --------------------------------------------------------------- online -- */

/* Links to the remembered; one that the kernel does not want is no reason to fail. */
static void add_links(struct pgi_group *group, const struct pgi_address *a, size_t n)
{
	while (n--)
		add_link(group, a++);
}

/* Online already: what a member proves itself with may be about to run out all the same. */
static HRESULT stay_online(struct pgi_group *group, const struct pgi_group_state *state)
{
	HRESULT hr = S_OK;
	uint32_t lifetime;

	pthread_mutex_lock(&group->lock);
	lifetime = group->credential_lifetime;
	pthread_mutex_unlock(&group->lock);
	if (lifetime || state->credential_expires < group->own->not_after)
		hr = pgi_credential_set(group);
	pgi_membership_announce(group);
	pgi_presence_announce(group);
	return FAILED(hr) ? hr : PEER_S_ALREADY_CONNECTED;
}

HRESULT pgi_online(struct pgi_group *group, uint16_t port)
{
	struct pgi_address known[PGI_ATTEMPT_MAX];
	struct pgi_credential credential;
	struct pgi_group_state state;
	uint16_t last;
	size_t n;
	HRESULT hr;

	pgi_own_renew(group, true);
	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	/* Who joins by password is answered while somebody is there who may. */
	if (FAILED(pgi_answer_start(group)))
		pgi_clear_error();
	if (state.status & PEERGROUP_STATUS_LISTENING && (!port || port == state.port))
		return stay_online(group, &state);
	n = pgi_recall(group, known, PGI_ATTEMPT_MAX, &last);
	hr = pgi_credential_make(group, &credential);
	if (SUCCEEDED(hr))
		hr = set_online(group, &credential, port ? port : last);
	if (FAILED(hr))
		return hr;
	add_links(group, known, n);
	if (port)
		pgi_group_save(group, remember_port, &port);
	pgi_membership_announce(group);
	pgi_presence_announce(group);
	return S_OK;
}

static HRESULT connect_to(struct pgi_group *group, const struct pgi_address *a)
{
	HRESULT hr;

	hr = pgi_online(group, 0);
	if (SUCCEEDED(hr))
		hr = add_link(group, a);
	if (FAILED(hr))
		return hr;
	/* It is linked to: that it may be forgotten does not make the call fail. */
	pgi_remember(group, a);
	return S_OK;
}

/* ------------------------------------------------------- the UTF-8 calls -- */

PGI_PUBLIC HRESULT peergroup_online(peergroup_t handle, uint16_t port)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_joining_now(group, NULL, 0);
	if (SUCCEEDED(hr))
		hr = pgi_online(group, port);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_offline(peergroup_t handle)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	pgi_presence_withdraw(group);
	hr = set_online(group, NULL, 0);
	if (FAILED(hr))
		pgi_presence_announce(group);	/* it is there as before */
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_keep(peergroup_t handle, bool keep)
{
	struct pgi_group *group;
	struct nlmsghdr *msg;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&group->lock);
	msg = pgi_group_request(group, PEERGROUP_CMD_GROUP_SET);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_KEEP, keep);
	hr = pgi_group_talk(group, msg, NULL, NULL);
	pthread_mutex_unlock(&group->lock);
	pgi_group_put(group);
	return hr;
}

static HRESULT connect_handle(peergroup_t handle, const struct pgi_address *a)
{
	struct pgi_group *group;
	HRESULT hr;

	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_joining_now(group, a, 1);
	if (SUCCEEDED(hr))
		hr = connect_to(group, a);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_connect(peergroup_t group, const char *address)
{
	struct pgi_address a;
	HRESULT hr;

	pgi_clear_error();
	if (!address)
		return pgi_fail(E_INVALIDARG, "address is NULL");
	hr = pgi_address_parse(address, &a);
	return FAILED(hr) ? hr : connect_handle(group, &a);
}

PGI_PUBLIC HRESULT peergroup_connect_sockaddr(peergroup_t group,
					      const struct sockaddr *address, socklen_t len)
{
	struct pgi_address a;
	HRESULT hr;

	pgi_clear_error();
	if (!address)
		return pgi_fail(E_INVALIDARG, "address is NULL");
	hr = pgi_address_from_sockaddr(address, len, &a);
	return FAILED(hr) ? hr : connect_handle(group, &a);
}

/* -------------------------------------------------- the calls of <p2p.h> -- */

/*
 * What goes wrong after a Windows program's Connect is an event to it, not a
 * result. This is for what goes wrong at once.
 */
static HRESULT as_event(struct pgi_group *group, HRESULT hr)
{
	if (hr != PEER_E_UNABLE_TO_LISTEN)
		return hr;
	pgi_event_failed(group, hr);
	return S_OK;
}

/* It listens; and has what it needs for that, or somebody, or may yet find somebody? */
static bool has_connected(const struct pgi_group *group, uint32_t status)
{
	return status & PEERGROUP_STATUS_CONNECTED || atomic_load(&group->ready) ||
	       pgi_event_attempting(group);
}

static HRESULT connect_group(struct pgi_group *group)
{
	struct pgi_address known[PGI_ATTEMPT_MAX];
	struct pgi_group_state state;
	uint16_t port;
	bool online;
	size_t n;
	HRESULT hr;

	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	online = state.status & PEERGROUP_STATUS_LISTENING;
	if (online) {
		if (FAILED(pgi_answer_start(group)))
			pgi_clear_error();
		pgi_presence_announce(group);
		if (has_connected(group, state.status))
			return PEER_S_ALREADY_CONNECTED;
	}
	n = pgi_recall(group, known, PGI_ATTEMPT_MAX, &port);
	if (!atomic_load(&group->ready)) {
		/* A member that has nothing yet has to find somebody who has. */
		if (!n) {
			pgi_event_failed(group, PEER_E_NO_MEMBERS_FOUND);
			return S_OK;
		}
		pgi_event_attempt(group, PEER_E_NO_MEMBERS_FOUND, known, n);
	}
	if (online) {
		add_links(group, known, n);
		return S_OK;
	}
	return as_event(group, pgi_online(group, 0));
}

PGI_PUBLIC HRESULT PeerGroupConnect(HGROUP handle)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = atomic_load(&group->pending) ? pgi_joining_start(group, NULL, 0) :
					    connect_group(group);
	pgi_group_put(group);
	return hr;
}

static HRESULT take_addresses(const PEER_ADDRESS *from, ULONG count, struct pgi_address **to)
{
	HRESULT hr = S_OK;
	ULONG i;

	*to = calloc(count, sizeof(**to));
	if (!*to)
		return E_OUTOFMEMORY;
	for (i = 0; i < count && SUCCEEDED(hr); i++)
		hr = pgi_address_from_peer(&from[i], &(*to)[i]);
	if (FAILED(hr)) {
		free(*to);
		*to = NULL;
	}
	return hr;
}

HRESULT pgi_connect_addresses(struct pgi_group *group, const struct pgi_address *a,
			      size_t count)
{
	struct pgi_group_state state;
	HRESULT hr;
	size_t i;

	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	if (!(state.status & PEERGROUP_STATUS_CONNECTED))
		pgi_event_attempt(group, PEER_E_NO_MEMBER_CONNECTIONS, a, count);
	for (i = 0; i < count && SUCCEEDED(hr); i++)
		hr = connect_to(group, &a[i]);
	if (FAILED(hr))
		return as_event(group, hr);
	return state.status & PEERGROUP_STATUS_CONNECTED ? PEER_S_ALREADY_CONNECTED : S_OK;
}

PGI_PUBLIC HRESULT PeerGroupConnectByAddress(HGROUP handle, ULONG count,
					     PPEER_ADDRESS addresses)
{
	struct pgi_address *list;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!count || !addresses)
		return pgi_fail(E_INVALIDARG, "no addresses");
	hr = take_addresses(addresses, count, &list);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_find_any(handle, &group);
	if (SUCCEEDED(hr)) {
		hr = atomic_load(&group->pending) ? pgi_joining_start(group, list, count) :
						    pgi_connect_addresses(group, list, count);
		pgi_group_put(group);
	}
	free(list);
	return hr;
}
