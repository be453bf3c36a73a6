// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group's configuration: by its first byte the XML, whose sealed part is not opened,
 * as no password would, or what a sealed part has inside.
 */
#include <string.h>
#include "config.h"
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

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const char xml[] = "<PEERGROUPCONFIG VERSION=\"1.0\" "
		"xmlns:dt=\"urn:schemas-microsoft-com:datatypes\"><IDENTITYPEERNAME>" AUTHORITY
		"</IDENTITYPEERNAME><GROUPPEERNAME>" AUTHORITY ".g</GROUPPEERNAME>"
		"<CLOUDNAME>Global_</CLOUDNAME><SCOPE>GLOBAL</SCOPE><CLOUDFLAGS>0</CLOUDFLAGS>"
		"<GMC dt:dt=\"bin.base64\">AAAA</GMC><SEALED dt:dt=\"bin.base64\">AQ8IAQ==</SEALED>"
		"</PEERGROUPCONFIG>";
	static const char info[] = "identity=" AUTHORITY "\nname=" AUTHORITY "\nfriendly=g\n"
		"creator=0\n", state[] = "ready=1\nport=3587\naddress=192.0.2.7\n";
	uint8_t *at = out;

	if (!n)
		return (size_t)((uint8_t *)mempcpy(out, xml, sizeof(xml) - 1) - out);
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
