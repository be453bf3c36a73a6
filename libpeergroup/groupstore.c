// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What this user's disk knows of the groups it belongs to: the certificates,
 * the properties given at creation, and what changes with use (port, remembered
 * addresses, whether it was ever synchronised). Records are the kernel's.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "cert.h"
#include "pake.h"
#include "properties.h"
#include "record.h"
#include "store.h"

#define INFO_FILE	"info"		/* never changes */
#define STATE_FILE	"state"
#define KEY_FILE	"group-key.pem"	/* at the creator only */
#define PROPERTIES_FILE	"properties"	/* the record, where one was seen */
#define PASSWORD_FILE	"password"	/* what is kept of it, where it is known */

/* ---------------------------------------------------------------- writing -- */

static HRESULT write_text(int dir, const char *file, struct pgi_text *text)
{
	HRESULT hr = E_OUTOFMEMORY;

	if (!text->failed)
		hr = pgi_store_write(dir, file, text->data ? text->data : "", text->len);
	/* It may be what is kept of a password. */
	if (text->data)
		OPENSSL_cleanse(text->data, text->len);
	free(text->data);
	return hr;
}

static HRESULT write_info(int dir, const struct pgi_group_store *store)
{
	struct pgi_text text = { 0 };

	pgi_group_info_text(store, &text);
	return write_text(dir, INFO_FILE, &text);
}

static HRESULT write_state(int dir, const struct pgi_group_store *store, bool ready)
{
	struct pgi_text text = { 0 };

	pgi_group_state_text(store, ready, &text);
	return write_text(dir, STATE_FILE, &text);
}

static HRESULT write_verifier(int dir, const struct pgi_verifier *verifier)
{
	struct pgi_text text = { 0 };

	pgi_group_verifier_text(verifier, &text);
	return write_text(dir, PASSWORD_FILE, &text);
}

static HRESULT write_all(int dir, const struct pgi_group_store *store, EVP_PKEY *key)
{
	HRESULT hr = write_info(dir, store);

	if (SUCCEEDED(hr) && !store->pending)
		hr = pgi_group_chain_write(dir, store);
	if (SUCCEEDED(hr) && store->verifier)
		hr = write_verifier(dir, store->verifier);
	if (SUCCEEDED(hr))
		hr = write_state(dir, store, store->ready);
	if (SUCCEEDED(hr) && store->properties.len)
		hr = pgi_store_write(dir, PROPERTIES_FILE, store->properties.data,
				     store->properties.len);
	if (SUCCEEDED(hr) && key)
		hr = pgi_key_write(dir, KEY_FILE, key);
	return hr;
}

HRESULT pgi_group_store_create(const struct pgi_group_store *store, EVP_PKEY *key,
			       bool replace)
{
	char identity[PGI_ENTRY_LEN], group[PGI_ENTRY_LEN];
	struct pgi_store_new new;
	HRESULT hr;
	int parent;

	hr = pgi_store_entry(store->identity, identity);
	if (SUCCEEDED(hr))
		hr = pgi_store_entry(store->name, group);
	if (SUCCEEDED(hr))
		hr = pgi_store_open(PGI_GROUPS, identity, true, &parent);
	if (FAILED(hr))
		return hr;
	hr = pgi_store_begin(parent, &new);
	if (SUCCEEDED(hr))
		hr = write_all(new.fd, store, key);
	if (SUCCEEDED(hr))
		hr = replace ? pgi_store_replace(&new, group) : pgi_store_commit(&new, group);
	else
		pgi_store_abort(&new);
	close(parent);
	return hr;
}

/* ---------------------------------------------------------------- reading -- */

static HRESULT read_text(int dir, const char *file,
			 HRESULT (*each)(const char *key, const char *value, void *arg),
			 struct pgi_group_store *store)
{
	struct pgi_blob text;
	HRESULT hr;

	hr = pgi_store_read(dir, file, false, &text);
	if (FAILED(hr))
		return hr;
	hr = pgi_text_parse(&text, each, store);
	pgi_blob_free(&text);
	return hr;
}

/* Without certificates it is a group that is to be joined by password, or damaged. */
static HRESULT read_membership(int dir, struct pgi_group_store *store)
{
	HRESULT hr = pgi_group_chain_read(dir, store);

	if (hr != PEER_E_NOT_FOUND || faccessat(dir, PASSWORD_FILE, F_OK, 0))
		return hr;
	pgi_clear_error();
	store->pending = true;
	return S_OK;
}

/* What the info says, and whether it is in its place. */
static HRESULT check_names(const struct pgi_group_store *store, const char *entry)
{
	char expected[PGI_ENTRY_LEN];
	HRESULT hr;

	if (!store->identity || !store->name || !store->friendly ||
	    !pgi_name_valid(store->identity) || !pgi_name_valid(store->name))
		return PEER_E_CERT_STORE_CORRUPTED;
	hr = pgi_store_entry(store->name, expected);
	if (FAILED(hr))
		return hr;
	return strcmp(expected, entry) ? PEER_E_CERT_STORE_CORRUPTED : S_OK;
}

/* Of a chain that is cut off the last one is another member's. */
static HRESULT check_leaf(const struct pgi_group_store *store)
{
	const struct pgi_blob *last = &store->chain[store->chain_len - 1];
	struct pgi_cert *leaf;
	HRESULT hr;

	hr = pgi_cert_parse(last->data, last->len, &leaf);
	if (FAILED(hr))
		return hr == E_OUTOFMEMORY ? hr : PEER_E_CERT_STORE_CORRUPTED;
	if (strcmp(leaf->name, store->identity))
		hr = PEER_E_CERT_STORE_CORRUPTED;
	pgi_cert_free(leaf);
	return hr;
}

/* The group id is not stored: it is what the root's key says. */
static HRESULT check_store(struct pgi_group_store *store, const char *entry)
{
	struct pgi_cert *root;
	HRESULT hr;

	if (store->pending == !!store->chain_len)
		return PEER_E_CERT_STORE_CORRUPTED;
	hr = check_names(store, entry);
	if (FAILED(hr))
		return hr;
	if (store->pending)
		return S_OK;
	hr = pgi_cert_parse(store->root.data, store->root.len, &root);
	if (FAILED(hr))
		return hr == E_OUTOFMEMORY ? hr : PEER_E_CERT_STORE_CORRUPTED;
	memcpy(store->id, root->spki_hash, sizeof(store->id));
	if (!root->root || strcmp(root->name, store->name))
		hr = PEER_E_CERT_STORE_CORRUPTED;
	pgi_cert_free(root);
	return SUCCEEDED(hr) ? check_leaf(store) : hr;
}

/* Without it, or where it is damaged, what the invitation said holds. */
static HRESULT read_properties(int dir, struct pgi_group_store *store)
{
	HRESULT hr = pgi_store_read(dir, PROPERTIES_FILE, false, &store->properties);

	if (hr == E_OUTOFMEMORY)
		return hr;
	if (SUCCEEDED(hr) && FAILED(pgi_properties_overlay(store)))
		pgi_blob_free(&store->properties);
	pgi_clear_error();
	return S_OK;
}

static HRESULT read_store(int parent, const char *entry, struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	bool moved;
	HRESULT hr;
	int dir;

	*out = NULL;
	hr = pgi_store_open_entry(parent, entry, &dir);
	if (FAILED(hr))
		return hr;
	store = calloc(1, sizeof(*store));
	hr = store ? read_text(dir, INFO_FILE, pgi_group_info_parse, store) : E_OUTOFMEMORY;
	if (SUCCEEDED(hr))
		hr = read_text(dir, STATE_FILE, pgi_group_state_parse, store);
	if (SUCCEEDED(hr))
		hr = read_membership(dir, store);
	if (SUCCEEDED(hr))
		hr = check_store(store, entry);
	if (SUCCEEDED(hr))
		hr = read_properties(dir, store);
	if (hr == PEER_E_NOT_FOUND)
		hr = PEER_E_CERT_STORE_CORRUPTED;	/* a file is missing */
	if (hr == PEER_E_CERT_STORE_CORRUPTED)
		pgi_set_error("group %s in the store is damaged", entry);
	moved = hr == PEER_E_CERT_STORE_CORRUPTED && !pgi_store_in_place(parent, entry, dir);
	close(dir);
	if (FAILED(hr))
		pgi_group_store_free(store);
	else
		*out = store;
	/* Deleted or replaced meanwhile: what is there now counts. */
	return moved ? read_store(parent, entry, out) : hr;
}

/* --------------------------------------------------------------- one group -- */

/* The default identity where @identity is NULL; *@own is to be freed. */
static HRESULT which_identity(const char **identity, char **own)
{
	HRESULT hr = S_OK;

	*own = NULL;
	if (!*identity)
		hr = pgi_identity_oldest(own);
	else if (!pgi_name_valid(*identity))
		hr = pgi_fail(E_INVALIDARG, "not a peer name: %s", *identity);
	if (SUCCEEDED(hr) && *own)
		*identity = *own;
	return hr;
}

static HRESULT not_joined(HRESULT hr, const char *identity, const char *name)
{
	if (hr == PEER_E_NOT_FOUND)
		pgi_set_error("%s is in no group %s", identity, name);
	return hr;
}

/* Opens the folder of @identity's groups; sets @entry to that of group @name. */
static HRESULT open_parent(const char *identity, const char *name,
			   char entry[PGI_ENTRY_LEN], int *parent)
{
	char own[PGI_ENTRY_LEN];
	HRESULT hr;

	if (!pgi_name_valid(name))
		return pgi_fail(E_INVALIDARG, "not a peer name: %s", name);
	hr = pgi_store_entry(identity, own);
	if (SUCCEEDED(hr))
		hr = pgi_store_entry(name, entry);
	return SUCCEEDED(hr) ? pgi_store_open(PGI_GROUPS, own, false, parent) : hr;
}

HRESULT pgi_group_store_load(const char *identity, const char *name,
			     struct pgi_group_store **store)
{
	char entry[PGI_ENTRY_LEN], *own;
	HRESULT hr;
	int parent;

	*store = NULL;
	hr = which_identity(&identity, &own);
	if (FAILED(hr))
		return hr;
	hr = open_parent(identity, name, entry, &parent);
	if (SUCCEEDED(hr)) {
		hr = read_store(parent, entry, store);
		close(parent);
	}
	hr = not_joined(hr, identity, name);
	free(own);
	return hr;
}

HRESULT pgi_group_store_named(const char *identity, const char *name,
			      struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	HRESULT hr;
	char *own;

	*out = NULL;
	hr = which_identity(&identity, &own);
	if (FAILED(hr))
		return hr;
	store = calloc(1, sizeof(*store));
	hr = store ? pgi_text_copy(identity, &store->identity) : E_OUTOFMEMORY;
	free(own);
	if (SUCCEEDED(hr))
		hr = pgi_text_copy(name, &store->name);
	/* A peer name begins with the start of the id, in hexadecimal. */
	if (SUCCEEDED(hr) && !pgi_unhex(name, store->id, PEERGROUP_AUTHORITY_LEN))
		hr = pgi_fail(E_INVALIDARG, "not a peer name: %s", name);
	if (FAILED(hr))
		pgi_group_store_free(store);
	else
		*out = store;
	return hr;
}

static HRESULT open_group(const struct pgi_group_store *store, int *dir)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int parent;

	hr = open_parent(store->identity, store->name, entry, &parent);
	if (SUCCEEDED(hr)) {
		hr = pgi_store_open_entry(parent, entry, dir);
		close(parent);
	}
	return not_joined(hr, store->identity, store->name);
}

HRESULT pgi_group_store_has(const struct pgi_group_store *store)
{
	HRESULT hr;
	int dir;

	hr = open_group(store, &dir);
	if (SUCCEEDED(hr))
		close(dir);
	return hr;
}

HRESULT pgi_group_store_lock(const char *identity, const char *name, int *lock)
{
	const struct pgi_group_store store = { .identity = (char *)identity, .name = (char *)name };
	HRESULT hr;
	int err;

	hr = open_group(&store, lock);
	if (FAILED(hr))
		return hr;
	do {
		err = flock(*lock, LOCK_EX) ? errno : 0;
	} while (err == EINTR);
	if (err) {
		close(*lock);
		return pgi_fail(pgi_from_errno(err), "lock: %s", strerror(err));
	}
	return S_OK;
}

/* Not by close() alone: a child that another thread has forked meanwhile would keep it. */
void pgi_group_store_unlock(int lock)
{
	flock(lock, LOCK_UN);
	close(lock);
}

HRESULT pgi_group_store_save(const struct pgi_group_store *store)
{
	struct pgi_group_store *now;
	bool ready = store->ready;
	HRESULT hr;
	int dir;

	/* Another process may have seen the group synchronise: that sticks. */
	hr = pgi_group_store_load(store->identity, store->name, &now);
	if (FAILED(hr))
		return hr;
	ready = ready || now->ready;
	pgi_group_store_free(now);
	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	hr = write_state(dir, store, ready);
	close(dir);
	return hr;
}

HRESULT pgi_group_store_renew(const struct pgi_group_store *store)
{
	HRESULT hr;
	int dir;

	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_chain_write(dir, store);
	close(dir);
	return hr;
}

static bool is_newer(const struct pgi_blob *wire, const struct pgi_group_store *store)
{
	struct pgi_version is, known;

	pgi_record_version(&store->properties, store->id, &known);	/* there may be none */
	return pgi_record_version(wire, store->id, &is) && pgi_version_newer(&is, &known);
}

HRESULT pgi_group_store_keep_properties(const struct pgi_group_store *store,
					const struct pgi_blob *wire)
{
	struct pgi_group_store *now = NULL;
	HRESULT hr;
	int dir;

	hr = pgi_group_store_lock(store->identity, store->name, &dir);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_load(store->identity, store->name, &now);
	if (SUCCEEDED(hr) && is_newer(wire, now))
		hr = pgi_store_write(dir, PROPERTIES_FILE, wire->data, wire->len);
	pgi_group_store_free(now);
	pgi_group_store_unlock(dir);
	return hr;
}

HRESULT pgi_group_store_verifier(const struct pgi_group_store *store,
				 struct pgi_verifier *verifier)
{
	struct pgi_blob text = { 0 };
	HRESULT hr;
	int dir;

	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	hr = pgi_store_read(dir, PASSWORD_FILE, true, &text);
	close(dir);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_verifier_parse(&text, verifier);
	OPENSSL_cleanse(text.data, text.len);
	pgi_blob_free(&text);
	return hr;
}

HRESULT pgi_group_store_keep_verifier(const struct pgi_group_store *store,
				      const struct pgi_verifier *verifier)
{
	HRESULT hr;
	int dir;

	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	hr = write_verifier(dir, verifier);
	close(dir);
	return hr;
}

HRESULT pgi_group_store_forget_verifier(const struct pgi_group_store *store)
{
	HRESULT hr;
	int dir;

	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	if (unlinkat(dir, PASSWORD_FILE, 0) && errno != ENOENT)
		hr = pgi_fail(pgi_from_errno(errno), "%s: %s", PASSWORD_FILE, strerror(errno));
	close(dir);
	return hr;
}

HRESULT pgi_group_store_load_key(const struct pgi_group_store *store, EVP_PKEY **key)
{
	HRESULT hr;
	int dir;

	*key = NULL;
	hr = open_group(store, &dir);
	if (FAILED(hr))
		return hr;
	hr = pgi_key_read(dir, KEY_FILE, key);
	close(dir);
	return hr;
}

/* Files that cannot be deleted are file errors here, not a matter of keys. */
HRESULT pgi_group_store_delete(const char *identity, const char *name)
{
	char entry[PGI_ENTRY_LEN], *own;
	HRESULT hr;
	int parent;

	hr = which_identity(&identity, &own);
	if (FAILED(hr))
		return hr;
	hr = open_parent(identity, name, entry, &parent);
	if (SUCCEEDED(hr)) {
		hr = pgi_store_remove(parent, entry);
		close(parent);
	}
	if (hr == PEER_E_NO_KEY_ACCESS)
		hr = E_ACCESSDENIED;
	hr = not_joined(hr, identity, name);
	free(own);
	return hr;
}

/* -------------------------------------------------------------- all groups -- */

struct walk {
	HRESULT (*each)(const struct pgi_group_store *store, void *arg);
	void *arg;
	bool all;			/* of all identities */
	unsigned int damaged;		/* groups, and folders that are none */
	char first[PGI_ENTRY_LEN];	/* the folder of one of them */
};

/* Nothing that is wrong with this folder: the next one would fail, too. */
static bool is_general(HRESULT hr)
{
	return hr == E_OUTOFMEMORY || hr == E_UNEXPECTED ||
	       hr == HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES);
}

/* What cannot be read keeps nobody from the others. */
static HRESULT pass_over(struct walk *walk, const char *entry, HRESULT hr)
{
	hr = pgi_fail(hr, "group %s in the store is damaged", entry);
	if (is_general(hr))
		return hr;
	if (!walk->damaged++)
		snprintf(walk->first, sizeof(walk->first), "%s", entry);
	return S_OK;
}

/* Of a group that is damaged: whose it is and how it is called, if that much is there. */
static HRESULT read_names(int parent, const char *entry, struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	HRESULT hr;
	int dir;

	*out = NULL;
	hr = pgi_store_open_entry(parent, entry, &dir);
	if (FAILED(hr))
		return hr;
	store = calloc(1, sizeof(*store));
	hr = store ? read_text(dir, INFO_FILE, pgi_group_info_parse, store) : E_OUTOFMEMORY;
	close(dir);
	if (SUCCEEDED(hr))
		hr = check_names(store, entry);
	if (FAILED(hr))
		pgi_group_store_free(store);
	else
		*out = store;
	return hr;
}

static HRESULT walk_group(int parent, const char *entry, void *arg)
{
	struct pgi_group_store *store;
	struct walk *walk = arg;
	HRESULT hr;

	hr = read_store(parent, entry, &store);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;		/* deleted meanwhile */
	if (FAILED(hr)) {
		hr = pass_over(walk, entry, hr);
		if (SUCCEEDED(hr))
			hr = read_names(parent, entry, &store);
		/* It cannot be opened, but be seen, and so be deleted. */
		if (FAILED(hr))
			return is_general(hr) ? hr : S_OK;
	}
	hr = walk->each(store, walk->arg);
	pgi_group_store_free(store);
	return hr;
}

static HRESULT walk_identity(int parent, const char *entry, void *arg)
{
	struct walk *walk = arg;
	HRESULT hr;
	int dir;

	hr = pgi_store_open_entry(parent, entry, &dir);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;
	if (FAILED(hr))
		return walk->all ? pass_over(walk, entry, hr) : hr;
	hr = pgi_store_each(dir, walk_group, arg);
	close(dir);
	return hr;
}

HRESULT pgi_group_store_each(const char *identity,
			     HRESULT (*each)(const struct pgi_group_store *store, void *arg),
			     void *arg)
{
	struct walk walk = { .each = each, .arg = arg, .all = !identity };
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int dir;

	if (identity) {
		if (!pgi_name_valid(identity))
			return pgi_fail(E_INVALIDARG, "not a peer name: %s", identity);
		hr = pgi_store_entry(identity, entry);
		if (FAILED(hr))
			return hr;
	}
	hr = pgi_store_open(PGI_GROUPS, NULL, false, &dir);
	if (FAILED(hr))
		return hr == PEER_E_NOT_FOUND ? S_OK : hr;
	hr = identity ? walk_identity(dir, entry, &walk) :
			pgi_store_each(dir, walk_identity, &walk);
	close(dir);
	if (SUCCEEDED(hr) && walk.damaged > 1)
		pgi_set_error("%u groups in the store are damaged, %s is one", walk.damaged,
			      walk.first);
	else if (SUCCEEDED(hr) && walk.damaged)
		pgi_set_error("group %s in the store is damaged", walk.first);
	else if (SUCCEEDED(hr))
		pgi_clear_error();	/* one that was deleted meanwhile is not damaged */
	return hr;
}

/* By folder alone: a damaged group keeps its identity from being deleted too. */
static HRESULT note_any(int parent PGI_UNUSED, const char *entry PGI_UNUSED, void *arg)
{
	*(bool *)arg = true;
	return S_OK;
}

HRESULT pgi_group_store_any(const char *identity, bool *any)
{
	char entry[PGI_ENTRY_LEN];
	HRESULT hr;
	int dir;

	*any = false;
	hr = pgi_store_entry(identity, entry);
	if (SUCCEEDED(hr))
		hr = pgi_store_open(PGI_GROUPS, entry, false, &dir);
	if (FAILED(hr))
		return hr == PEER_E_NOT_FOUND ? S_OK : hr;
	hr = pgi_store_each(dir, note_any, any);
	close(dir);
	return hr;
}
