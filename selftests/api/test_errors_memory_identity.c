// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * No memory: each of the functions about identities and names, with each allocation
 * that it makes failing in turn, and the data folder as it was before. What libcrypto
 * allocates for itself is left alone here, and it makes no keys.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

static HRESULT startup_once(void)
{
	PEER_VERSION_DATA version;

	return ARMED(PeerGroupStartup(PEER_GROUP_VERSION, &version));
}

static HRESULT restart_once(void)
{
	HRESULT hr = startup_once();

	if (SUCCEEDED(hr))
		HR(PeerGroupShutdown(), S_OK);
	else
		HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	return hr;
}

ERROR(PeerGroupStartup, E_OUTOFMEMORY, "each allocation in turn")
{
	HR(PeerGroupShutdown(), S_OK);
	heap_walk(restart_once, walk_files);
	HR(startup_once(), S_OK);
}

/* ------------------------------------------------------------ identities -- */

static HRESULT create_identity_once(void)
{
	PWSTR name = BAD_TEXT;
	HRESULT hr = ARMED(PeerIdentityCreate(wide("new"), wide("New"), 0, &name));

	if (SUCCEEDED(hr))
		HR(PeerIdentityDelete(name), S_OK);
	return walk_text(hr, name);
}

ERROR(PeerIdentityCreate, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(create_identity_once, walk_files);
}

static HRESULT delete_identity_once(void)
{
	static PWSTR name;
	HRESULT hr;

	if (!name)
		NEED(!PeerIdentityCreate(wide("new"), wide("New"), 0, &name));
	hr = ARMED(PeerIdentityDelete(name));
	if (SUCCEEDED(hr)) {
		PeerFreeData(name);
		name = NULL;
	}
	return hr;
}

ERROR(PeerIdentityDelete, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(delete_identity_once, NULL);
}

static HRESULT default_once(void)
{
	PWSTR name = BAD_TEXT;
	HRESULT hr = ARMED(PeerIdentityGetDefault(&name));

	return walk_text(hr, name);
}

ERROR(PeerIdentityGetDefault, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(default_once, NULL);
}

static HRESULT xml_once(void)
{
	return TEXT(PeerIdentityGetXML, wide(bob));
}

ERROR(PeerIdentityGetXML, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(xml_once, walk_files);
}

static HRESULT friendly_once(void)
{
	return TEXT(PeerIdentityGetFriendlyName, wide(bob));
}

ERROR(PeerIdentityGetFriendlyName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(friendly_once, NULL);
}

static HRESULT set_friendly_once(void)
{
	return ARMED(PeerIdentitySetFriendlyName(wide(bob), wide("Robert")));
}

ERROR(PeerIdentitySetFriendlyName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(set_friendly_once, walk_files);
}

static HRESULT key_once(void)
{
	HCRYPTPROV key = 1;
	HRESULT hr = ARMED(PeerIdentityGetCryptKey(wide(bob), &key));

	CHECK(!key == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_key_release(key), S_OK);
	return hr;
}

ERROR(PeerIdentityGetCryptKey, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(key_once, NULL);
}

static HRESULT export_once(void)
{
	return TEXT(PeerIdentityExport, wide(bob), wide(PASSWORD));
}

ERROR(PeerIdentityExport, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(export_once, NULL);
}

static HRESULT identities_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerEnumIdentities(&list));

	return walk_list(hr, list, 2);
}

ERROR(PeerEnumIdentities, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(identities_once, NULL);
}

/* ----------------------------------------------------------------- names -- */

static HRESULT name_once(void)
{
	return TEXT(PeerCreatePeerName, wide(bob), wide("x"));
}

ERROR(PeerCreatePeerName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(name_once, NULL);
}

static HRESULT host_once(void)
{
	return TEXT(PeerNameToPeerHostName, wide(bob));
}

ERROR(PeerNameToPeerHostName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(host_once, NULL);
}

static PWSTR host;

static HRESULT from_host_once(void)
{
	return TEXT(PeerHostNameToPeerName, host);
}

ERROR(PeerHostNameToPeerName, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(!PeerNameToPeerHostName(wide(bob), &host));
	heap_walk(from_host_once, NULL);
	PeerFreeData(host);
}

int main(void)
{
	rules_begin();
	rules_people();
	return rules_main();
}
