// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is known of a group besides its certificates, as lines of text: for the files of
 * a group's folder (groupstore.c), and for a configuration that travels (config.c).
 */
#include <stdlib.h>
#include <openssl/crypto.h>
#include "cert.h"
#include "properties.h"
#include "store.h"

#define ADDRESSES_MAX	8

void pgi_group_store_free(struct pgi_group_store *store)
{
	size_t i;

	if (!store)
		return;
	free(store->identity);
	free(store->name);
	free(store->friendly);
	free(store->classifier);
	free(store->comment);
	free(store->cloud);
	pgi_blob_free(&store->root);
	pgi_blob_free(&store->properties);
	pgi_bundle_free(store->chain, store->chain_len);
	for (i = 0; i < store->former_len; i++)
		pgi_bundle_free(store->former[i].chain, store->former[i].len);
	for (i = 0; i < store->addresses_len; i++)
		free(store->addresses[i]);
	free(store->addresses);
	if (store->verifier)
		OPENSSL_clear_free(store->verifier, sizeof(*store->verifier));
	free(store);
}

static HRESULT append_address(struct pgi_group_store *store, const char *address)
{
	char *copy = strdup(address);
	char **list = realloc(store->addresses,
			      (store->addresses_len + 1) * sizeof(*list));

	if (list)
		store->addresses = list;
	if (!list || !copy) {
		free(copy);
		return E_OUTOFMEMORY;
	}
	list[store->addresses_len++] = copy;
	return S_OK;
}

static void drop_address(struct pgi_group_store *store, size_t i)
{
	free(store->addresses[i]);
	store->addresses_len--;
	memmove(&store->addresses[i], &store->addresses[i + 1],
		(store->addresses_len - i) * sizeof(*store->addresses));
}

HRESULT pgi_group_store_remember(struct pgi_group_store *store, const char *address)
{
	size_t i;

	for (i = 0; i < store->addresses_len; i++)
		if (!strcmp(store->addresses[i], address)) {
			drop_address(store, i);
			break;
		}
	if (store->addresses_len >= ADDRESSES_MAX)
		drop_address(store, 0);
	return append_address(store, address);
}

void pgi_group_info_text(const struct pgi_group_store *store, struct pgi_text *text)
{
	char mark[2 * PGI_MARK_LEN + 1];

	pgi_text_add(text, "identity", store->identity);
	pgi_text_add(text, "name", store->name);
	pgi_text_add(text, "friendly", store->friendly);
	pgi_text_add(text, "classifier", store->classifier);
	pgi_text_add(text, "comment", store->comment);
	pgi_text_add(text, "cloud", store->cloud);
	pgi_text_add_number(text, "creator", store->creator);
	pgi_text_add_number(text, "flags", store->flags);
	pgi_text_add_number(text, "member_data_lifetime", store->member_data_lifetime);
	pgi_text_add_number(text, "presence_lifetime", store->presence_lifetime);
	if (store->password_role) {
		pgi_hex(store->password_mark, PGI_MARK_LEN, mark);
		pgi_text_add_number(text, "schemes", store->schemes);
		pgi_text_add_number(text, "password_role", store->password_role);
		pgi_text_add(text, "password_mark", mark);
	}
}

void pgi_group_state_text(const struct pgi_group_store *store, bool ready,
			  struct pgi_text *text)
{
	size_t i;

	pgi_text_add_number(text, "ready", ready);
	pgi_text_add_number(text, "port", store->port);
	for (i = 0; i < store->addresses_len; i++)
		pgi_text_add(text, "address", store->addresses[i]);
}

static HRESULT parse_number(const char *value, uint32_t max, uint32_t *out)
{
	uint64_t number;
	HRESULT hr = pgi_text_number(value, max, &number);

	*out = (uint32_t)number;
	return hr;
}

HRESULT pgi_group_info_parse(const char *key, const char *value, void *arg)
{
	struct pgi_group_store *store = arg;
	uint32_t number;
	HRESULT hr;

	if (!strcmp(key, "identity"))
		return pgi_text_copy(value, &store->identity);
	if (!strcmp(key, "name"))
		return pgi_text_copy(value, &store->name);
	if (!strcmp(key, "friendly"))
		return pgi_text_copy(value, &store->friendly);
	if (!strcmp(key, "classifier"))
		return pgi_text_copy(value, &store->classifier);
	if (!strcmp(key, "comment"))
		return pgi_text_copy(value, &store->comment);
	if (!strcmp(key, "cloud"))
		return pgi_text_copy(value, &store->cloud);
	if (!strcmp(key, "flags"))
		return parse_number(value, UINT32_MAX, &store->flags);
	if (!strcmp(key, "member_data_lifetime"))
		return parse_number(value, UINT32_MAX, &store->member_data_lifetime);
	if (!strcmp(key, "presence_lifetime"))
		return parse_number(value, UINT32_MAX, &store->presence_lifetime);
	if (!strcmp(key, "schemes"))
		return parse_number(value, UINT32_MAX, &store->schemes);
	if (!strcmp(key, "password_role"))
		return parse_number(value, UINT32_MAX, &store->password_role);
	if (!strcmp(key, "password_mark"))
		return pgi_unhex(value, store->password_mark, PGI_MARK_LEN) ?
			S_OK : PEER_E_CERT_STORE_CORRUPTED;
	if (!strcmp(key, "creator")) {
		hr = parse_number(value, 1, &number);
		store->creator = number;
		return hr;
	}
	return S_OK;		/* of a later version */
}

HRESULT pgi_group_state_parse(const char *key, const char *value, void *arg)
{
	struct pgi_group_store *store = arg;
	uint32_t number;
	HRESULT hr;

	if (!strcmp(key, "address"))
		return append_address(store, value);
	if (!strcmp(key, "ready")) {
		hr = parse_number(value, 1, &number);
		store->ready = number;
		return hr;
	}
	if (!strcmp(key, "port")) {
		hr = parse_number(value, UINT16_MAX, &number);
		store->port = (uint16_t)number;
		return hr;
	}
	return S_OK;
}

/* ------------------------------------------------------------- a password -- */

void pgi_group_verifier_text(const struct pgi_verifier *verifier, struct pgi_text *text)
{
	char hex[2 * PGI_VERIFIER_LEN + 1];

	pgi_hex(verifier->key, sizeof(verifier->key), hex);
	pgi_text_add(text, "verifier", hex);
	if (!pgi_mark_none(verifier->mark)) {
		pgi_hex(verifier->mark, sizeof(verifier->mark), hex);
		pgi_text_add(text, "mark", hex);
	}
	OPENSSL_cleanse(hex, sizeof(hex));
}

struct parse {
	struct pgi_verifier *out;
	bool seen;
};

static HRESULT parse_verifier(const char *key, const char *value, void *arg)
{
	struct parse *p = arg;
	bool right = true;

	if (!strcmp(key, "verifier")) {
		p->seen = true;
		right = pgi_unhex(value, p->out->key, sizeof(p->out->key));
	} else if (!strcmp(key, "mark")) {
		right = pgi_unhex(value, p->out->mark, sizeof(p->out->mark));
	}
	return right ? S_OK : PEER_E_CERT_STORE_CORRUPTED;
}

HRESULT pgi_group_verifier_parse(const struct pgi_blob *text, struct pgi_verifier *verifier)
{
	struct parse p = { .out = verifier };
	HRESULT hr;

	memset(verifier, 0, sizeof(*verifier));
	hr = pgi_text_parse(text, parse_verifier, &p);
	/* A file that was cut off would make zeros of it, which anybody knows. */
	if (FAILED(hr) || !p.seen)
		hr = pgi_fail(PEER_E_CERT_STORE_CORRUPTED,
			      "the file of the group's password is damaged");
	return hr;
}
