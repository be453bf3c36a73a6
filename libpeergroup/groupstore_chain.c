// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The certificates in a group's folder: those that the member goes by, and a few that it
 * went by before, for when who issued the present ones is revoked. Called by groupstore.c
 * to read and write a folder; what they are good for is the business of own.c.
 */
#include <stdlib.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include "cert.h"
#include "store.h"

#define CHAIN_FILE	"chain.pem"	/* the root first, our own last */
#define FORMER_FILE	"former.pem"	/* likewise, once for each; may be missing */

/* ---------------------------------------------------------------- writing -- */

static bool add_pem(BIO *bio, const struct pgi_blob *der)
{
	return PEM_write_bio(bio, PEM_STRING_X509, "", der->data, (long)der->len) > 0;
}

static bool add_chain(BIO *bio, const struct pgi_blob *root, const struct pgi_blob *chain,
		      size_t len)
{
	bool ok = add_pem(bio, root);
	size_t i;

	for (i = 0; ok && i < len; i++)
		ok = add_pem(bio, &chain[i]);
	return ok;
}

static HRESULT write_bio(int dir, const char *file, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return pgi_store_write(dir, file, data, (size_t)len);
}

static HRESULT write_former(int dir, const struct pgi_group_store *store)
{
	HRESULT hr = E_OUTOFMEMORY;
	size_t i;
	BIO *bio;
	bool ok;

	if (!store->former_len) {
		unlinkat(dir, FORMER_FILE, 0);
		return S_OK;
	}
	bio = BIO_new(BIO_s_mem());
	ok = bio;

	for (i = 0; ok && i < store->former_len; i++)
		ok = add_chain(bio, &store->root, store->former[i].chain, store->former[i].len);
	if (ok)
		hr = write_bio(dir, FORMER_FILE, bio);
	BIO_free(bio);
	return hr;
}

/* Those from before first: of a change that ends half way nothing is missing. */
HRESULT pgi_group_chain_write(int dir, const struct pgi_group_store *store)
{
	BIO *bio = BIO_new(BIO_s_mem());
	HRESULT hr = E_OUTOFMEMORY;

	if (bio && add_chain(bio, &store->root, store->chain, store->chain_len))
		hr = write_former(dir, store);
	if (SUCCEEDED(hr))
		hr = write_bio(dir, CHAIN_FILE, bio);
	BIO_free(bio);
	return hr;
}

/* ---------------------------------------------------------------- reading -- */

static HRESULT append(struct pgi_blob **certs, size_t *n, const void *der, size_t len)
{
	struct pgi_blob *more;
	HRESULT hr;

	if (*n == PEERGROUP_CHAIN_MAX)
		return PEER_E_CERT_STORE_CORRUPTED;
	more = realloc(*certs, (*n + 1) * sizeof(*more));
	if (!more)
		return E_OUTOFMEMORY;
	*certs = more;
	memset(&more[*n], 0, sizeof(*more));
	hr = pgi_blob_set(&more[*n], der, len);
	if (SUCCEEDED(hr))
		(*n)++;
	return hr;
}

static HRESULT take_pem(struct pgi_group_store *store, const void *der, size_t len)
{
	if (!store->root.data)
		return pgi_blob_set(&store->root, der, len);
	return append(&store->chain, &store->chain_len, der, len);
}

/* The root begins another one. */
static HRESULT take_former(struct pgi_group_store *store, const void *der, size_t len)
{
	struct pgi_former *f;

	if (len == store->root.len && !memcmp(der, store->root.data, len)) {
		if (store->former_len == PGI_FORMER_MAX)
			return PEER_E_CERT_STORE_CORRUPTED;
		store->former_len++;
		return S_OK;
	}
	if (!store->former_len)
		return PEER_E_CERT_STORE_CORRUPTED;
	f = &store->former[store->former_len - 1];
	return append(&f->chain, &f->len, der, len);
}

/* Why there is no further one: a chain that ends too soon would be another member's. */
static HRESULT why_no_more(void)
{
	unsigned long err = ERR_peek_last_error();

	if (ERR_GET_LIB(err) == ERR_LIB_PEM && ERR_GET_REASON(err) == PEM_R_NO_START_LINE)
		return S_OK;
	return ERR_GET_REASON(err) == ERR_R_MALLOC_FAILURE ? E_OUTOFMEMORY :
							     PEER_E_CERT_STORE_CORRUPTED;
}

static HRESULT read_pem(int dir, const char *file, struct pgi_group_store *store,
			HRESULT (*take)(struct pgi_group_store *store, const void *der,
					size_t len))
{
	char *label, *header;
	unsigned char *der;
	struct pgi_blob pem;
	HRESULT hr;
	BIO *bio;
	long len;

	hr = pgi_store_read(dir, file, false, &pem);
	if (FAILED(hr))
		return hr;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (!bio)
		hr = E_OUTOFMEMORY;
	ERR_clear_error();
	while (SUCCEEDED(hr) && PEM_read_bio(bio, &label, &header, &der, &len)) {
		hr = take(store, der, (size_t)len);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	if (SUCCEEDED(hr))
		hr = why_no_more();
	ERR_clear_error();
	BIO_free(bio);
	pgi_blob_free(&pem);
	return hr;
}

void pgi_group_store_drop(struct pgi_group_store *store, size_t i)
{
	pgi_bundle_free(store->former[i].chain, store->former[i].len);
	store->former_len--;
	memmove(&store->former[i], &store->former[i + 1],
		(store->former_len - i) * sizeof(store->former[0]));
	memset(&store->former[store->former_len], 0, sizeof(store->former[0]));
}

/* Without those from before, or where they are damaged, the present ones do. */
HRESULT pgi_group_chain_read(int dir, struct pgi_group_store *store)
{
	HRESULT hr = read_pem(dir, CHAIN_FILE, store, take_pem);
	size_t i;

	if (FAILED(hr))
		return hr;
	hr = read_pem(dir, FORMER_FILE, store, take_former);
	for (i = store->former_len; i--; )
		if (FAILED(hr) || !store->former[i].len)
			pgi_group_store_drop(store, i);
	if (hr == E_OUTOFMEMORY)
		return hr;
	pgi_clear_error();
	return S_OK;
}

/* --------------------------------------------------------------- changing -- */

static bool same_leaf(const struct pgi_former *a, const struct pgi_former *b)
{
	const struct pgi_blob *x = &a->chain[a->len - 1], *y = &b->chain[b->len - 1];

	return x->len == y->len && !memcmp(x->data, y->data, x->len);
}

void pgi_group_store_take(struct pgi_group_store *store, struct pgi_blob *chain, size_t len)
{
	struct pgi_former old = { store->chain, store->chain_len }, new = { chain, len };
	size_t i;

	store->chain = chain;
	store->chain_len = len;
	if (same_leaf(&old, &new)) {
		pgi_bundle_free(old.chain, old.len);
		return;
	}
	for (i = store->former_len; i--; )
		if (same_leaf(&store->former[i], &new) || same_leaf(&store->former[i], &old))
			pgi_group_store_drop(store, i);
	if (store->former_len == PGI_FORMER_MAX)
		pgi_group_store_drop(store, PGI_FORMER_MAX - 1);
	memmove(&store->former[1], &store->former[0],
		store->former_len * sizeof(store->former[0]));
	store->former[0] = old;
	store->former_len++;
}
