// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group's configuration: by its first byte the XML, whose sealed part is not opened,
 * as no password would, or what a sealed part has inside.
 */
#include <string.h>
#include "cert.h"
#include "config.h"
#include "store.h"
#include "fuzz.h"

#define AUTHORITY	"0123456789abcdef0123456789abcdef01234567"

static void read_xml(const uint8_t *data, size_t len)
{
	char *xml = strndup((const char *)data, len);
	struct pgi_config c;
	HRESULT hr;

	FUZZ_NEED(xml);
	hr = pgi_config_parse(xml, &c);
	FUZZ_NEED(hr == S_OK || hr == E_INVALIDARG);
	FUZZ_NEED(hr != S_OK || (pgi_name_valid(c.identity) && c.certs_len && c.sealed.len));
	fuzz_taken = hr == S_OK;
	if (hr == S_OK)
		pgi_config_free(&c);
	free(xml);
}

static void read_secrets(const uint8_t *data, size_t len)
{
	struct pgi_group_store *store = calloc(1, sizeof(*store));
	struct pgi_blob plain = { .data = malloc(len + 1), .len = len };
	EVP_PKEY *key;
	HRESULT hr;

	FUZZ_NEED(store && plain.data);
	memcpy(plain.data, data, len);
	hr = pgi_config_secrets(&plain, store, &key);
	FUZZ_NEED(hr == S_OK || hr == E_INVALIDARG);
	fuzz_taken = hr == S_OK;
	EVP_PKEY_free(key);
	pgi_group_store_free(store);
	pgi_blob_wipe(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (*data == '<')
		read_xml(data, len);
	else
		read_secrets(data, len);
	return 0;
}

/* A group's that is nowhere but here. */
static size_t seed_xml(uint8_t *out)
{
	struct pgi_identity identity = { .friendly = "Creator", .key = EVP_EC_gen("P-256") };
	struct pgi_group_store *store = calloc(1, sizeof(*store));
	EVP_PKEY *key;
	size_t len;
	char *xml;

	FUZZ_NEED(store && identity.key);
	FUZZ_NEED(pgi_key_hash(identity.key, identity.spki_hash) == S_OK);
	FUZZ_NEED(pgi_name_make(identity.spki_hash, NULL, &identity.name) == S_OK);
	store->identity = strdup(identity.name);
	FUZZ_NEED(store->identity && pgi_group_make(&identity, "g", store, &key) == S_OK);
	store->creator = false;		/* whose key is in a file */
	FUZZ_NEED(pgi_config_make(store, "a password", &xml) == S_OK);
	len = strlen(xml);
	memcpy(out, xml, len);
	free(xml);
	free(identity.name);
	EVP_PKEY_free(identity.key);
	EVP_PKEY_free(key);
	pgi_group_store_free(store);
	return len;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const char info[] = "identity=" AUTHORITY "\nname=" AUTHORITY "\nfriendly=g\n"
		"creator=0\n", state[] = "ready=1\nport=3587\naddress=192.0.2.7\n";
	uint8_t *at = out;

	if (!n)
		return seed_xml(out);
	if (n > 1)
		return 0;
	memset(out, 0, 16);
	out[3] = sizeof(info) - 1;
	at = mempcpy(out + 4, info, sizeof(info) - 1);
	memset(at, 0, 4);
	at[3] = sizeof(state) - 1;
	at = mempcpy(at + 4, state, sizeof(state) - 1);
	memset(at, 0, 8);
	return (size_t)(at + 8 - out);
}
