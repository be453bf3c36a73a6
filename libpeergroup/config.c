// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A group's configuration on its way to another computer: the membership, in the XML of
 * the contract, and, sealed by a password, what else the disk has of the group. That is
 * also where the private key of the group goes, if the member made it. The member's own
 * key and the records travel by themselves.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include "cert.h"
#include "cloud.h"
#include "config.h"
#include "group.h"
#include "seal.h"
#include "store.h"
#include "xml.h"

/* ------------------------------------------------------------- the secrets -- */

/* Four parts, each behind its length: info, state, the properties' record, the key. */
enum { INFO, STATE, PROPERTIES, KEY, PARTS };

static HRESULT join_parts(const struct pgi_blob parts[PARTS], struct pgi_blob *out)
{
	uint32_t len;
	uint8_t *at;
	int i;

	out->len = 0;
	for (i = 0; i < PARTS; i++)
		out->len += sizeof(len) + parts[i].len;
	out->data = malloc(out->len);
	if (!out->data)
		return E_OUTOFMEMORY;
	at = out->data;
	for (i = 0; i < PARTS; i++) {
		len = htobe32((uint32_t)parts[i].len);
		at = mempcpy(at, &len, sizeof(len));
		if (parts[i].len)
			at = mempcpy(at, parts[i].data, parts[i].len);
	}
	return S_OK;
}

/* The parts point into @in. */
static bool split_parts(const struct pgi_blob *in, struct pgi_blob parts[PARTS])
{
	uint8_t *at = in->data;
	size_t left = in->len;
	uint32_t len;
	int i;

	for (i = 0; i < PARTS; i++) {
		if (left < sizeof(len))
			return false;
		memcpy(&len, at, sizeof(len));
		len = be32toh(len);
		left -= sizeof(len);
		at += sizeof(len);
		if (len > left)
			return false;
		parts[i].data = at;
		parts[i].len = len;
		at += len;
		left -= len;
	}
	return !left;
}

static HRESULT text_part(struct pgi_text *text, struct pgi_blob *part)
{
	part->data = (uint8_t *)text->data;
	part->len = text->len;
	return text->failed ? E_OUTOFMEMORY : S_OK;
}

/* PKCS #8, not encrypted: the sealing does that. */
static HRESULT key_part(const struct pgi_group_store *store, struct pgi_blob *part)
{
	PKCS8_PRIV_KEY_INFO *p8;
	unsigned char *der = NULL;
	EVP_PKEY *key;
	HRESULT hr;
	int len;

	if (!store->creator)
		return S_OK;
	hr = pgi_group_store_load_key(store, &key);
	if (FAILED(hr))
		return hr;
	p8 = EVP_PKEY2PKCS8(key);
	len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : 0;
	hr = len > 0 ? pgi_blob_set(part, der, (size_t)len) : pgi_crypto_failed("encode a key");
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	PKCS8_PRIV_KEY_INFO_free(p8);
	EVP_PKEY_free(key);
	return hr;
}

static HRESULT secrets_of(const struct pgi_group_store *store, struct pgi_blob *plain)
{
	struct pgi_blob parts[PARTS] = { 0 };
	struct pgi_text info = { 0 }, state = { 0 };
	HRESULT hr;

	pgi_group_info_text(store, &info);
	pgi_group_state_text(store, store->ready, &state);
	hr = text_part(&info, &parts[INFO]);
	if (SUCCEEDED(hr))
		hr = text_part(&state, &parts[STATE]);
	parts[PROPERTIES] = store->properties;
	if (SUCCEEDED(hr))
		hr = key_part(store, &parts[KEY]);
	if (SUCCEEDED(hr))
		hr = join_parts(parts, plain);
	pgi_blob_wipe(&parts[KEY]);
	free(info.data);
	free(state.data);
	return hr;
}

/* ------------------------------------------------------------------ the XML -- */

static void put_element(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<%s>", name);
	pgi_xml_put(out, text);
	fprintf(out, "</%s>", name);
}

static HRESULT put_xml(const struct pgi_config *c, const char *gmc, const char *sealed,
		       char **xml)
{
	char *cloud = pgi_cloud_elements_of(c->cloud, c->scope);
	size_t size;
	FILE *out = cloud ? pgi_stream_begin(xml, &size) : NULL;

	if (!out) {
		free(cloud);
		return E_OUTOFMEMORY;
	}
	fprintf(out, "<PEERGROUPCONFIG VERSION=\"1.0\" xmlns:dt=\"%s\">", PGI_DT_NAMESPACE);
	put_element(out, "IDENTITYPEERNAME", c->identity);
	put_element(out, "GROUPPEERNAME", c->group);
	fputs(cloud, out);
	free(cloud);
	fprintf(out, "<GMC dt:dt=\"bin.base64\">%s</GMC>"
		"<SEALED dt:dt=\"bin.base64\">%s</SEALED></PEERGROUPCONFIG>", gmc, sealed);
	return pgi_stream_end(out, xml);
}

/* Nothing of the one that is everywhere: so it was when there was no other. */
static void put_reach(FILE *out, const struct pgi_config *c)
{
	uint32_t reach[] = { htobe32(c->scope), htobe32(c->cloud_flags) };

	if (c->scope != PNRP_GLOBAL_SCOPE || c->cloud_flags)
		fwrite(reach, sizeof(reach), 1, out);
}

/* What can be read without the password, sealed in so that it cannot be changed without. */
static HRESULT aad_of(const struct pgi_config *c, struct pgi_blob *aad)
{
	const char *texts[] = { c->identity, c->group, c->cloud };
	size_t i, size;
	FILE *out = pgi_stream_begin((char **)&aad->data, &size);
	uint32_t len;
	HRESULT hr;

	if (!out)
		return E_OUTOFMEMORY;
	for (i = 0; i < PGI_ARRAY_SIZE(texts); i++)
		fwrite(texts[i], strlen(texts[i]) + 1, 1, out);
	for (i = 0; i < c->certs_len; i++) {
		len = htobe32((uint32_t)c->certs[i].len);
		fwrite(&len, sizeof(len), 1, out);
		fwrite(c->certs[i].data, c->certs[i].len, 1, out);
	}
	put_reach(out, c);
	hr = pgi_stream_end(out, (char **)&aad->data);
	aad->len = size;
	return hr;
}

static HRESULT damaged(void)
{
	return pgi_fail(E_INVALIDARG, "the configuration is damaged or altered");
}

/* The next sibling in *@node as an element of that name; moves behind it. */
static char *take(xmlNode **node, const char *name, bool base64)
{
	char *text = base64 ? pgi_xml_base64(*node, name) : pgi_xml_plain(*node, name);

	*node = *node ? xmlNextElementSibling(*node) : NULL;
	return text;
}

static bool take_names(xmlNode **node, struct pgi_config *c)
{
	char *scope, *flags;
	bool ok;

	c->identity = take(node, "IDENTITYPEERNAME", false);
	c->group = take(node, "GROUPPEERNAME", false);
	c->cloud = take(node, "CLOUDNAME", false);
	scope = take(node, "SCOPE", false);
	flags = take(node, "CLOUDFLAGS", false);
	ok = c->identity && c->group && c->cloud && scope && flags &&
	     pgi_name_valid(c->identity) && pgi_name_valid(c->group) &&
	     pgi_cloud_scope(scope, &c->scope) && (!strcmp(flags, "0") || !strcmp(flags, "1"));
	c->cloud_flags = ok && flags[0] == '1' ? PNRP_CLOUD_NAME_LOCAL : 0;
	xmlFree(scope);
	xmlFree(flags);
	return ok;
}

static HRESULT take_certs(xmlNode **node, struct pgi_config *c)
{
	char *gmc = take(node, "GMC", true);
	HRESULT hr;

	hr = gmc ? pgi_bundle_decode(gmc, &c->certs, &c->certs_len) : damaged();
	xmlFree(gmc);
	return hr;
}

static HRESULT take_sealed(xmlNode **node, struct pgi_config *c)
{
	char *sealed = take(node, "SEALED", true);
	bool ok;

	ok = sealed && !*node && pgi_base64_decode(sealed, PGI_SEALED_MAX, &c->sealed);
	xmlFree(sealed);
	return ok ? S_OK : damaged();
}

HRESULT pgi_config_parse(const char *xml, struct pgi_config *c)
{
	xmlNode *root, *node;
	xmlDoc *doc;
	HRESULT hr;

	memset(c, 0, sizeof(*c));
	hr = pgi_utf8_valid(xml) ? pgi_xml_parse(xml, &doc) : damaged();
	if (FAILED(hr))
		return hr;
	root = pgi_xml_root(doc);
	node = root ? xmlFirstElementChild(root) : NULL;
	if (!pgi_xml_is(root, "PEERGROUPCONFIG") || !pgi_xml_only_elements(root) ||
	    !pgi_xml_only_attribute(root, NULL, "VERSION", "1.0") || !take_names(&node, c))
		hr = damaged();
	if (SUCCEEDED(hr))
		hr = take_certs(&node, c);
	if (SUCCEEDED(hr))
		hr = take_sealed(&node, c);
	pgi_xml_free(doc);
	if (FAILED(hr))
		pgi_config_free(c);
	return hr;
}

void pgi_config_free(struct pgi_config *c)
{
	xmlFree(c->identity);
	xmlFree(c->group);
	xmlFree(c->cloud);
	pgi_bundle_free(c->certs, c->certs_len);
	pgi_blob_free(&c->sealed);
	memset(c, 0, sizeof(*c));
}

/* ---------------------------------------------------------------- exporting -- */

/* Borrows everything from @store, but for the array. */
static HRESULT describe(const struct pgi_group_store *store, struct pgi_config *c)
{
	HRESULT hr;

	memset(c, 0, sizeof(*c));
	c->identity = store->identity;
	c->group = store->name;
	c->cloud = (char *)pgi_cloud_written(store->cloud);
	c->cloud_flags = pgi_cloud_local(c->cloud) ? PNRP_CLOUD_NAME_LOCAL : 0;
	hr = pgi_cloud_reach(c->cloud, &c->scope);
	if (FAILED(hr))
		return hr;
	c->certs_len = store->chain_len + 1;
	c->certs = calloc(c->certs_len, sizeof(*c->certs));
	if (!c->certs)
		return E_OUTOFMEMORY;
	c->certs[0] = store->root;
	memcpy(&c->certs[1], store->chain, store->chain_len * sizeof(*c->certs));
	return S_OK;
}

static HRESULT seal(const struct pgi_group_store *store, const char *password,
		    struct pgi_config *c)
{
	struct pgi_blob plain = { 0 }, aad = { 0 };
	HRESULT hr;

	hr = secrets_of(store, &plain);
	if (SUCCEEDED(hr))
		hr = aad_of(c, &aad);
	if (SUCCEEDED(hr))
		hr = pgi_seal(password, &aad, &plain, &c->sealed);
	pgi_blob_wipe(&plain);
	pgi_blob_free(&aad);
	return hr;
}

HRESULT pgi_config_make(const struct pgi_group_store *store, const char *password, char **xml)
{
	char *gmc = NULL, *sealed = NULL;
	struct pgi_config c;
	HRESULT hr;

	*xml = NULL;
	hr = describe(store, &c);
	if (SUCCEEDED(hr))
		hr = seal(store, password, &c);
	if (SUCCEEDED(hr))
		hr = pgi_bundle_encode(c.certs, c.certs_len, &gmc);
	if (SUCCEEDED(hr)) {
		sealed = pgi_base64_encode(c.sealed.data, c.sealed.len);
		hr = sealed ? put_xml(&c, gmc, sealed, xml) : E_OUTOFMEMORY;
	}
	free(gmc);
	free(sealed);
	free(c.certs);
	pgi_blob_free(&c.sealed);
	return hr;
}

/* ---------------------------------------------------------------- importing -- */

static HRESULT parse_text(struct pgi_blob *part,
			  HRESULT (*each)(const char *key, const char *value, void *arg),
			  struct pgi_group_store *store)
{
	HRESULT hr = pgi_text_parse(part, each, store);

	return hr == PEER_E_CERT_STORE_CORRUPTED ? damaged() : hr;
}

static HRESULT parse_key(const struct pgi_blob *part, EVP_PKEY **key)
{
	const unsigned char *p = part->data;
	PKCS8_PRIV_KEY_INFO *p8;

	*key = NULL;
	if (!part->len)
		return S_OK;
	p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)part->len);
	if (p8 && p == part->data + part->len)
		*key = EVP_PKCS82PKEY(p8);
	PKCS8_PRIV_KEY_INFO_free(p8);
	ERR_clear_error();
	return *key ? S_OK : damaged();
}

static HRESULT take_chain(struct pgi_group_store *store, struct pgi_cert *const *chain,
			  size_t len)
{
	HRESULT hr = pgi_blob_set(&store->root, chain[0]->der.data, chain[0]->der.len);
	size_t i;

	memcpy(store->id, chain[0]->spki_hash, sizeof(store->id));
	store->chain = calloc(len - 1, sizeof(*store->chain));
	if (!store->chain)
		return E_OUTOFMEMORY;
	for (i = 1; i < len && SUCCEEDED(hr); i++) {
		hr = pgi_blob_set(&store->chain[i - 1], chain[i]->der.data, chain[i]->der.len);
		store->chain_len = i;
	}
	return hr;
}

/* The certificates are of this group and of this identity, whose key is here. */
static HRESULT check_chain(const struct pgi_config *c, const struct pgi_identity *identity,
			   struct pgi_cert *const *chain, size_t len)
{
	const struct pgi_cert *leaf = chain[len - 1];
	HRESULT hr = len > 1 ? pgi_chain_verify(chain, len) : damaged();

	if (FAILED(hr))
		return hr;
	if (strcmp(chain[0]->name, c->group) || strcmp(leaf->name, c->identity) ||
	    memcmp(leaf->spki_hash, identity->spki_hash, 32))
		return damaged();
	return S_OK;
}

static HRESULT read_chain(const struct pgi_config *c, const struct pgi_identity *identity,
			  struct pgi_group_store *store)
{
	struct pgi_cert **chain = calloc(c->certs_len, sizeof(*chain));
	HRESULT hr = chain ? S_OK : E_OUTOFMEMORY;
	size_t i;

	for (i = 0; i < c->certs_len && SUCCEEDED(hr); i++)
		hr = pgi_cert_parse(c->certs[i].data, c->certs[i].len, &chain[i]);
	if (SUCCEEDED(hr) && !pgi_chain_order(chain, c->certs_len))
		hr = damaged();
	if (SUCCEEDED(hr))
		hr = check_chain(c, identity, chain, c->certs_len);
	if (SUCCEEDED(hr))
		hr = take_chain(store, chain, c->certs_len);
	if (chain)
		pgi_chain_free(chain, c->certs_len);
	return hr == PEER_E_INVITATION_NOT_TRUSTED ? damaged() : hr;
}

/* Who made the group has its key: nobody else, and not without. */
static HRESULT check_secrets(const struct pgi_config *c, const struct pgi_group_store *store,
			     EVP_PKEY *key)
{
	uint8_t hash[32];
	HRESULT hr;

	if (!store->identity || !store->name || !store->friendly ||
	    strcmp(store->identity, c->identity) || strcmp(store->name, c->group) ||
	    !pgi_friendly_valid(store->friendly) || store->creator != (key != NULL))
		return damaged();
	if (!key)
		return S_OK;
	hr = pgi_key_hash(key, hash);
	return SUCCEEDED(hr) && memcmp(hash, store->id, 32) ? damaged() : hr;
}

HRESULT pgi_config_secrets(struct pgi_blob *plain, struct pgi_group_store *store,
			   EVP_PKEY **key)
{
	struct pgi_blob parts[PARTS];
	HRESULT hr;

	*key = NULL;
	if (!split_parts(plain, parts))
		return damaged();
	hr = parse_text(&parts[INFO], pgi_group_info_parse, store);
	if (SUCCEEDED(hr))
		hr = parse_text(&parts[STATE], pgi_group_state_parse, store);
	if (SUCCEEDED(hr) && parts[PROPERTIES].len)
		hr = pgi_blob_set(&store->properties, parts[PROPERTIES].data,
				  parts[PROPERTIES].len);
	return SUCCEEDED(hr) ? parse_key(&parts[KEY], key) : hr;
}

HRESULT pgi_config_open(const struct pgi_config *c, const char *password,
			const struct pgi_identity *identity, struct pgi_group_store **out,
			EVP_PKEY **key)
{
	struct pgi_group_store *store = calloc(1, sizeof(*store));
	struct pgi_blob plain = { 0 }, aad = { 0 };
	HRESULT hr;

	*out = NULL;
	*key = NULL;
	hr = store ? aad_of(c, &aad) : E_OUTOFMEMORY;
	if (SUCCEEDED(hr))
		hr = pgi_unseal(password, &aad, &c->sealed, &plain);
	if (SUCCEEDED(hr))
		hr = pgi_config_secrets(&plain, store, key);
	if (SUCCEEDED(hr))
		hr = read_chain(c, identity, store);
	if (SUCCEEDED(hr))
		hr = check_secrets(c, store, *key);
	pgi_blob_wipe(&plain);
	pgi_blob_free(&aad);
	if (SUCCEEDED(hr)) {
		*out = store;
		return hr;
	}
	pgi_group_store_free(store);
	EVP_PKEY_free(*key);
	*key = NULL;
	return hr;
}
