// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * No memory: each of the functions about identities and names, with each allocation
 * that it makes failing in turn, and the data folder as it was before. What libcrypto
 * allocates for itself is left alone here, and it makes no keys.
 */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "heap.h"
#include "rules.h"
#include "tap.h"

#define BAD_TEXT	((PWSTR)&bad_handle)
#define BAD_LIST	((HPEERENUM)&bad_handle)
#define PASSWORD	"correct horse battery"

/* -------------------------------------------------- libcrypto's slow parts -- */

/* A key takes an emulated machine seconds: each of the first three is new. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...)
{
	static unsigned int n;
	EVP_PKEY *key = test_key(n < KEYS - 1 ? n++ : n);

	(void)ctx;
	(void)propq;
	NEED(!strcmp(type, "RSA") && EVP_PKEY_up_ref(key) == 1);
	return key;
}

/* -------------------------------------------------------- the data folder -- */

static uint64_t folder;

static void mix(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		folder = (folder ^ *p++) * 0x100000001b3;
}

static int take_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char data[65536];
	size_t n;
	FILE *file;

	(void)ftw;
	mix(path, strlen(path));
	mix(&st->st_mode, sizeof(st->st_mode));
	if (kind != FTW_F)
		return 0;
	file = fopen(path, "r");
	NEED(file);
	n = fread(data, 1, sizeof(data), file);
	fclose(file);
	mix(data, n);
	return 0;
}

static uint64_t files(void)
{
	folder = 0xcbf29ce484222325;
	NEED(!nftw(getenv("PEERGROUP_HOME"), take_file, 16, FTW_PHYS));
	return folder;
}

/* ------------------------------------------------------------ identities -- */

/* A text that @hr came with, or none, is freed. */
static HRESULT check_text(HRESULT hr, PWSTR text)
{
	if (FAILED(hr)) {
		CHECK(!text);
		return hr;
	}
	CHECK(text && text != BAD_TEXT && text[0]);
	PeerFreeData(text);
	return hr;
}

static HRESULT check_list(HRESULT hr, HPEERENUM list, ULONG expected)
{
	ULONG n = 9999;

	if (FAILED(hr)) {
		CHECK(!list);
		return hr;
	}
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == expected, "%u of %u items", (unsigned int)n, (unsigned int)expected);
	HR(PeerEndEnumeration(list), S_OK);
	return hr;
}

#define TEXT(function, ...) __extension__ ({				\
	PWSTR text_ = BAD_TEXT;						\
	HRESULT hr_ = ARMED(function(__VA_ARGS__, &text_));		\
									\
	check_text(hr_, text_);						\
})

static HRESULT create_identity_once(void)
{
	PWSTR name = BAD_TEXT;
	HRESULT hr = ARMED(PeerIdentityCreate(wide("new"), wide("New"), 0, &name));

	if (SUCCEEDED(hr))
		HR(PeerIdentityDelete(name), S_OK);
	return check_text(hr, name);
}

ERROR(PeerIdentityCreate, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(create_identity_once, files);
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

	return check_text(hr, name);
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
	heap_walk(xml_once, files);
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
	heap_walk(set_friendly_once, files);
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

	return check_list(hr, list, 2);
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
