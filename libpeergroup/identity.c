// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Identities in the store: a key pair, a peer name derived from it and a friendly
 * name, each in a folder of its own. Called by the two APIs (p2p_identity.c) and by
 * whatever acts for an identity. The private key leaves this file and the store inside
 * an EVP_PKEY only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/rsa.h>
#include "cert.h"
#include "identity.h"
#include "store.h"

#define INFO_FILE	"info"
#define KEY_FILE	"key.pem"
#define RSA_BITS	2048

void pgi_identity_free(struct pgi_identity *identity)
{
	if (!identity)
		return;
	free(identity->name);
	free(identity->friendly);
	EVP_PKEY_free(identity->key);
	free(identity);
}

/* ---------------------------------------------------------------- reading -- */

static HRESULT parse_info(const char *key, const char *value, void *arg)
{
	struct pgi_identity *identity = arg;

	if (!strcmp(key, "name"))
		return pgi_text_copy(value, &identity->name);
	if (!strcmp(key, "friendly"))
		return pgi_text_copy(value, &identity->friendly);
	if (!strcmp(key, "created"))
		return pgi_text_number(value, UINT64_MAX, &identity->created);
	return S_OK;		/* of a later version */
}

/* Everything but the key. */
static HRESULT read_info(int dir, const char *entry, struct pgi_identity **out)
{
	struct pgi_identity *identity = calloc(1, sizeof(*identity));
	char expected[PGI_ENTRY_LEN];
	struct pgi_blob text;
	HRESULT hr;

	*out = NULL;
	if (!identity)
		return E_OUTOFMEMORY;
	hr = pgi_store_read(dir, INFO_FILE, false, &text);
	if (hr == PEER_E_NOT_FOUND)
		hr = PEER_E_CERT_STORE_CORRUPTED;
	if (SUCCEEDED(hr)) {
		hr = pgi_text_parse(&text, parse_info, identity);
		pgi_blob_free(&text);
	}
	if (SUCCEEDED(hr)) {
		if (identity->name && identity->friendly && pgi_name_valid(identity->name))
			hr = pgi_store_entry(identity->name, expected);
		else
			expected[0] = 0;
		if (SUCCEEDED(hr) && strcmp(expected, entry))
			hr = PEER_E_CERT_STORE_CORRUPTED;
	}
	if (hr == PEER_E_CERT_STORE_CORRUPTED)
		pgi_set_error("identity %s in the store is damaged", entry);
	if (FAILED(hr))
		pgi_identity_free(identity);
	else
		*out = identity;
	return hr;
}

void pgi_identities_free(struct pgi_identities *list)
{
	while (list->count)
		pgi_identity_free(list->items[--list->count]);
	free(list->items);
	list->items = NULL;
}

static HRESULT list_one(int parent, const char *entry, void *arg)
{
	struct pgi_identity **items, *identity;
	struct pgi_identities *list = arg;
	HRESULT hr;
	bool gone;
	int dir;

	hr = pgi_store_open_entry(parent, entry, &dir);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;		/* deleted meanwhile */
	if (FAILED(hr))
		return hr;
	hr = read_info(dir, entry, &identity);
	gone = FAILED(hr) && !pgi_store_in_place(parent, entry, dir);
	close(dir);
	if (FAILED(hr))
		return gone ? S_OK : hr;
	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items) {
		pgi_identity_free(identity);
		return E_OUTOFMEMORY;
	}
	items[list->count++] = identity;
	list->items = items;
	return S_OK;
}

static int older(const void *a, const void *b)
{
	const struct pgi_identity *x = *(struct pgi_identity *const *)a;
	const struct pgi_identity *y = *(struct pgi_identity *const *)b;

	if (x->created != y->created)
		return x->created < y->created ? -1 : 1;
	return strcmp(x->name, y->name);
}

HRESULT pgi_identities_read(struct pgi_identities *list)
{
	HRESULT hr;
	int dir;

	list->items = NULL;
	list->count = 0;
	hr = pgi_store_open(PGI_IDENTITIES, NULL, false, &dir);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;
	if (FAILED(hr))
		return hr;
	hr = pgi_store_each(dir, list_one, list);
	close(dir);
	if (FAILED(hr))
		pgi_identities_free(list);
	else if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), older);
	return hr;
}

HRESULT pgi_identity_oldest(char **name)
{
	struct pgi_identities list;
	HRESULT hr;

	*name = NULL;
	hr = pgi_identities_read(&list);
	if (FAILED(hr))
		return hr;
	if (!list.count)
		hr = pgi_fail(PEER_E_NOT_FOUND, "this user has no identity");
	else
		hr = pgi_text_copy(list.items[0]->name, name);
	pgi_identities_free(&list);
	return hr;
}

static HRESULT not_found(const char *name)
{
	return pgi_fail(PEER_E_NOT_FOUND, "no identity %s", name);
}

/* @name is not NULL. The caller closes *@dir on success. */
static HRESULT open_identity(const char *name, int *dir, char entry[PGI_ENTRY_LEN])
{
	HRESULT hr;
	int parent;

	if (!pgi_name_valid(name))
		return pgi_fail(E_INVALIDARG, "not a peer name: %s", name);
	hr = pgi_store_entry(name, entry);
	if (SUCCEEDED(hr))
		hr = pgi_store_open(PGI_IDENTITIES, NULL, false, &parent);
	if (SUCCEEDED(hr)) {
		hr = pgi_store_open_entry(parent, entry, dir);
		close(parent);
	}
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}

static HRESULT load_named(const char *name, bool key, struct pgi_identity **out)
{
	struct pgi_identity *identity;
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int dir;

	*out = NULL;
	hr = open_identity(name, &dir, entry);
	if (FAILED(hr))
		return hr;
	hr = read_info(dir, entry, &identity);
	if (SUCCEEDED(hr) && key) {
		hr = pgi_key_read(dir, KEY_FILE, &identity->key);
		if (SUCCEEDED(hr))
			hr = pgi_key_hash(identity->key, identity->spki_hash);
		if (SUCCEEDED(hr) && !pgi_name_matches(name, identity->spki_hash))
			hr = pgi_fail(PEER_E_CERT_STORE_CORRUPTED,
				      "the key of identity %s is another's", name);
		if (FAILED(hr))
			pgi_identity_free(identity);
	}
	close(dir);
	if (SUCCEEDED(hr))
		*out = identity;
	else if (pgi_store_has(PGI_IDENTITIES, entry) == PEER_E_NOT_FOUND)
		hr = not_found(name);	/* deleted meanwhile, a file before the other */
	return hr;
}

HRESULT pgi_identity_load(const char *name, struct pgi_identity **identity)
{
	char *oldest;
	HRESULT hr;

	if (name)
		return load_named(name, true, identity);
	*identity = NULL;
	hr = pgi_identity_oldest(&oldest);
	if (FAILED(hr))
		return hr;
	hr = load_named(oldest, true, identity);
	free(oldest);
	return hr;
}

HRESULT pgi_identity_exists(const char *name)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;

	if (!pgi_name_valid(name))
		return pgi_fail(E_INVALIDARG, "not a peer name: %s", name);
	hr = pgi_store_entry(name, entry);
	if (SUCCEEDED(hr))
		hr = pgi_store_has(PGI_IDENTITIES, entry);
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}

HRESULT pgi_identity_still(const char *name, HRESULT gone)
{
	HRESULT hr = pgi_identity_exists(name);

	return hr == PEER_E_NOT_FOUND ? pgi_fail(gone, "the identity %s is gone", name) : hr;
}

HRESULT pgi_identity_friendly(const char *name, char **friendly)
{
	struct pgi_identity *identity;
	HRESULT hr;

	*friendly = NULL;
	hr = load_named(name, false, &identity);
	if (FAILED(hr))
		return hr;
	*friendly = identity->friendly;
	identity->friendly = NULL;
	pgi_identity_free(identity);
	return S_OK;
}

/* ---------------------------------------------------------------- writing -- */

static HRESULT write_info(int dir, const struct pgi_identity *identity)
{
	struct pgi_text text = { 0 };
	HRESULT hr = E_OUTOFMEMORY;

	pgi_text_add(&text, "name", identity->name);
	pgi_text_add(&text, "friendly", identity->friendly);
	pgi_text_add_number(&text, "created", identity->created);
	if (!text.failed)
		hr = pgi_store_write(dir, INFO_FILE, text.data, text.len);
	free(text.data);
	return hr;
}

HRESULT pgi_identity_set_friendly(const char *name, const char *friendly)
{
	struct pgi_identity *identity;
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int dir;

	if (!pgi_friendly_valid(friendly))
		return pgi_fail(E_INVALIDARG, "the friendly name is too long or not plain text");
	hr = open_identity(name, &dir, entry);
	if (FAILED(hr))
		return hr;
	hr = read_info(dir, entry, &identity);
	if (SUCCEEDED(hr)) {
		hr = pgi_text_copy(friendly && *friendly ? friendly : name,
				   &identity->friendly);
		if (SUCCEEDED(hr))
			hr = write_info(dir, identity);
		pgi_identity_free(identity);
	}
	close(dir);
	return hr;
}

static HRESULT save_new(const struct pgi_identity *identity, char entry[PGI_ENTRY_LEN])
{
	struct pgi_store_new new;
	HRESULT hr;
	int parent;

	hr = pgi_store_entry(identity->name, entry);
	if (SUCCEEDED(hr))
		hr = pgi_store_open(PGI_IDENTITIES, NULL, true, &parent);
	if (FAILED(hr))
		return hr;
	hr = pgi_store_begin(parent, &new);
	if (SUCCEEDED(hr))
		hr = pgi_key_write(new.fd, KEY_FILE, identity->key);
	if (SUCCEEDED(hr))
		hr = write_info(new.fd, identity);
	if (SUCCEEDED(hr))
		hr = pgi_store_commit(&new, entry);
	else
		pgi_store_abort(&new);
	close(parent);
	return hr;
}

static HRESULT check_count(void)
{
	struct pgi_identities list;
	HRESULT hr;

	hr = pgi_identities_read(&list);
	if (FAILED(hr))
		return hr;
	if (list.count >= PGI_IDENTITIES_MAX)
		hr = pgi_fail(PEER_E_TOO_MANY_IDENTITIES, "there are %d identities already",
			      PGI_IDENTITIES_MAX);
	pgi_identities_free(&list);
	return hr;
}

/* It may be back, by an import, or made again of the same key: then it is not deleted. */
static HRESULT save_and_undelete(const struct pgi_identity *identity, int deleted)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr = save_new(identity, entry);

	if (hr == PEER_E_ALREADY_EXISTS)
		return pgi_fail(hr, "there is an identity %s already", identity->name);
	if (SUCCEEDED(hr) && deleted >= 0)
		unlinkat(deleted, entry, 0);
	return hr;
}

HRESULT pgi_identity_save(struct pgi_identity *identity)
{
	HRESULT hr = check_count();
	int deleted = -1;

	if (FAILED(hr))
		return hr;
	/* What could fail comes before what is not to be undone. */
	hr = pgi_store_open(PGI_DELETED, NULL, false, &deleted);
	if (hr == E_OUTOFMEMORY)
		return hr;
	identity->created = pgi_now();
	hr = save_and_undelete(identity, deleted);
	if (deleted >= 0)
		close(deleted);
	return hr;
}

/* A key of its own, or @key, which stays the caller's. */
static HRESULT take_key(struct pgi_identity *identity, EVP_PKEY *key)
{
	if (!key)
		return pgi_key_make(RSA_BITS, &identity->key);
	if (EVP_PKEY_up_ref(key) != 1)
		return E_OUTOFMEMORY;
	identity->key = key;
	return S_OK;
}

static HRESULT fill_new(struct pgi_identity *identity, const char *classifier,
			const char *friendly, EVP_PKEY *key)
{
	HRESULT hr = take_key(identity, key);

	if (SUCCEEDED(hr))
		hr = pgi_key_hash(identity->key, identity->spki_hash);
	if (SUCCEEDED(hr))
		hr = pgi_name_make(identity->spki_hash, classifier, &identity->name);
	if (SUCCEEDED(hr))
		hr = pgi_text_copy(friendly && *friendly ? friendly : identity->name,
				   &identity->friendly);
	return hr;
}

HRESULT pgi_identity_create(const char *classifier, const char *friendly, EVP_PKEY *key,
			    char **name)
{
	struct pgi_identity *identity;
	HRESULT hr;

	*name = NULL;
	if (!pgi_classifier_new(classifier))
		return pgi_fail(E_INVALIDARG, "the classifier is too long or not plain text");
	if (!pgi_friendly_valid(friendly))
		return pgi_fail(E_INVALIDARG, "the friendly name is too long or not plain text");
	/* Before a key is made in vain. */
	hr = check_count();
	if (FAILED(hr))
		return hr;
	identity = calloc(1, sizeof(*identity));
	if (!identity)
		return E_OUTOFMEMORY;
	hr = fill_new(identity, classifier, friendly, key);
	if (SUCCEEDED(hr))
		hr = pgi_identity_save(identity);
	if (SUCCEEDED(hr)) {
		*name = identity->name;
		identity->name = NULL;
	}
	pgi_identity_free(identity);
	return hr;
}

/* Remembered, so that inviting a deleted identity is told apart. */
static HRESULT note_deleted(const char *entry)
{
	HRESULT hr;
	int dir;

	hr = pgi_store_open(PGI_DELETED, NULL, true, &dir);
	if (SUCCEEDED(hr)) {
		hr = pgi_store_write(dir, entry, "", 0);
		close(dir);
	}
	return hr;
}

static void forget_deleted(const char *entry)
{
	int dir;

	if (FAILED(pgi_store_open(PGI_DELETED, NULL, false, &dir)))
		return;
	unlinkat(dir, entry, 0);
	close(dir);
}

HRESULT pgi_identity_was_deleted(const char *name, bool *deleted)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int dir;

	*deleted = false;
	if (!pgi_name_valid(name))
		return S_OK;		/* and was never made */
	hr = pgi_store_entry(name, entry);
	if (FAILED(hr))
		return hr;
	if (SUCCEEDED(pgi_store_open(PGI_DELETED, NULL, false, &dir))) {
		*deleted = !faccessat(dir, entry, F_OK, AT_SYMLINK_NOFOLLOW);
		close(dir);
	}
	return S_OK;
}

HRESULT pgi_identity_delete(const char *name)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	bool any;
	int dir;

	hr = pgi_identity_exists(name);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_any(name, &any);
	if (FAILED(hr))
		return hr;
	if (any)
		return pgi_fail(PEER_E_GROUPS_EXIST, "%s still belongs to groups", name);
	hr = pgi_store_entry(name, entry);
	if (SUCCEEDED(hr))
		hr = pgi_store_open(PGI_IDENTITIES, NULL, false, &dir);
	if (FAILED(hr))
		return hr;
	/* What else may keep it from being remembered keeps nobody from deleting it. */
	hr = note_deleted(entry);
	if (hr != E_OUTOFMEMORY) {
		hr = pgi_store_remove(dir, entry);
		if (FAILED(hr) && !faccessat(dir, entry, F_OK, AT_SYMLINK_NOFOLLOW))
			forget_deleted(entry);
	}
	close(dir);
	return hr == PEER_E_NOT_FOUND ? not_found(name) : hr;
}
