// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * No memory: each of the functions about identities and names, of both APIs, with each
 * allocation that it makes failing in turn, and the data folder as it was before. What libcrypto
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

static HRESULT create_utf8_once(void)
{
	char *name = &bad_handle;
	HRESULT hr = ARMED(peergroup_identity_create("new", "New", &name));

	if (SUCCEEDED(hr))
		HR(peergroup_identity_delete(name), S_OK);
	return walk_given(hr, name);
}

ERROR(PeerIdentityCreate, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(create_identity_once, walk_files);
	heap_walk(create_utf8_once, walk_files);
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

static HRESULT delete_utf8_once(void)
{
	static char *name;
	HRESULT hr;

	if (!name)
		NEED(!peergroup_identity_create("new", "New", &name));
	hr = ARMED(peergroup_identity_delete(name));
	if (SUCCEEDED(hr)) {
		peergroup_free(name);
		name = NULL;
	}
	return hr;
}

ERROR(PeerIdentityDelete, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(delete_identity_once, NULL);
	heap_walk(delete_utf8_once, NULL);
}

static HRESULT default_once(void)
{
	PWSTR name = BAD_TEXT;
	HRESULT hr = ARMED(PeerIdentityGetDefault(&name));

	return walk_text(hr, name);
}

static HRESULT default_utf8_once(void)
{
	char *name = &bad_handle;
	HRESULT hr = ARMED(peergroup_identity_default(&name));

	return walk_given(hr, name);
}

ERROR(PeerIdentityGetDefault, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(default_once, NULL);
	heap_walk(default_utf8_once, walk_files);
}

static HRESULT xml_once(void)
{
	return TEXT(PeerIdentityGetXML, wide(bob));
}

static HRESULT xml_utf8_once(void)
{
	return GIVES(peergroup_identity_xml, bob);
}

ERROR(PeerIdentityGetXML, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(xml_once, walk_files);
	heap_walk(xml_utf8_once, walk_files);
}

static HRESULT friendly_once(void)
{
	return TEXT(PeerIdentityGetFriendlyName, wide(bob));
}

static HRESULT friendly_utf8_once(void)
{
	return GIVES(peergroup_identity_friendly, bob);
}

ERROR(PeerIdentityGetFriendlyName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(friendly_once, NULL);
	heap_walk(friendly_utf8_once, walk_files);
}

static HRESULT set_friendly_once(void)
{
	return ARMED(PeerIdentitySetFriendlyName(wide(bob), wide("Robert")));
}

static HRESULT set_friendly_utf8_once(void)
{
	return ARMED(peergroup_identity_set_friendly(bob, "Bobby"));
}

ERROR(PeerIdentitySetFriendlyName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(set_friendly_once, walk_files);
	heap_walk(set_friendly_utf8_once, walk_files);
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

static HRESULT key_utf8_once(void)
{
	HCRYPTPROV key = 1;
	HRESULT hr = ARMED(peergroup_identity_key(bob, &key));

	CHECK(!key == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_key_release(key), S_OK);
	return hr;
}

/* A handle is good until it is given up, and not after that. */
static HRESULT release_once(void)
{
	HCRYPTPROV key;
	HRESULT hr;

	NEED(!peergroup_identity_key(bob, &key));
	hr = ARMED(peergroup_key_release(key));
	if (FAILED(hr))
		HR(peergroup_key_release(key), S_OK);
	HR(peergroup_key_release(key), E_HANDLE);
	return hr;
}

ERROR(PeerIdentityGetCryptKey, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(key_once, NULL);
	heap_walk(key_utf8_once, NULL);
	heap_walk(release_once, NULL);
}

static HRESULT export_once(void)
{
	return TEXT(PeerIdentityExport, wide(bob), wide(PASSWORD));
}

static HRESULT export_utf8_once(void)
{
	return GIVES(peergroup_identity_export, bob, PASSWORD);
}

ERROR(PeerIdentityExport, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(export_once, NULL);
	heap_walk(export_utf8_once, walk_files);
}

static HRESULT identities_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerEnumIdentities(&list));

	return walk_list(hr, list, 2);
}

static HRESULT list_once(void)
{
	struct peergroup_name_pair *list = (void *)&bad_handle;
	size_t n = 9999;
	HRESULT hr = ARMED(peergroup_identity_list(&list, &n));

	CHECK(n == (FAILED(hr) ? 0 : 2), "%zu identities", n);
	if (SUCCEEDED(hr))
		CHECK(!strcmp(list[0].name, alice) && !strcmp(list[1].name, bob));
	return walk_given(hr, list);
}

ERROR(PeerEnumIdentities, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(identities_once, NULL);
	heap_walk(list_once, walk_files);
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

static HRESULT host_utf8_once(void)
{
	return GIVES(peergroup_host_from_name, bob);
}

ERROR(PeerNameToPeerHostName, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(host_once, NULL);
	heap_walk(host_utf8_once, NULL);
}

static PWSTR host;

static HRESULT from_host_once(void)
{
	return TEXT(PeerHostNameToPeerName, host);
}

static char *host_utf8;

static HRESULT from_host_utf8_once(void)
{
	return GIVES(peergroup_name_from_host, host_utf8);
}

ERROR(PeerHostNameToPeerName, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(!PeerNameToPeerHostName(wide(bob), &host));
	heap_walk(from_host_once, NULL);
	NEED(!peergroup_host_from_name(bob, &host_utf8));
	heap_walk(from_host_utf8_once, NULL);
	peergroup_free(host_utf8);
	PeerFreeData(host);
}

int main(void)
{
	rules_begin();
	walk_people();
	return rules_main();
}
