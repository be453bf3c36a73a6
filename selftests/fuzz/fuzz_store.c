// SPDX-License-Identifier: GPL-2.0-only
// mutations: 200
/*
 * The files of a user's data folder, as a disk may leave them or another program write
 * them, by the first byte: the certificates that a member goes by, those that it went by
 * before, what is known of the group and what changes of it, an identity; and two texts
 * that come from elsewhere, an invitation and what somebody says of its identity. The
 * folder and all that is right in it were made by the library.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"
#include "cert.h"
#include "home.h"
#include "identity.h"
#include "store.h"

enum { CHAIN, FORMER, INFO, STATE, IDENTITY, KEY, FILES, INVITATION = FILES, IDC, KINDS };

static const char *const names[FILES] = {
	"chain.pem", "former.pem", "info", "state", "info", "key.pem",
};

static struct pgi_identity *creator, *member;
static struct pgi_group_store *good;	/* the member's, who went by another one before */
static int folder[FILES];		/* where the file is */
static struct pgi_blob whole[FILES];	/* and what is in it */
static char *invitation, *idc;

/* What invite.c asks of groups that are open: none is. */
HRESULT pgi_group_get(HGROUP handle, struct pgi_object **group)
{
	*group = NULL;
	return handle ? PEER_E_INVALID_GROUP : E_INVALIDARG;
}

const struct pgi_group_store *pgi_group_get_store(struct pgi_object *group)
{
	FUZZ_NEED(!group);
	return NULL;
}

const struct pgi_identity *pgi_group_get_identity(struct pgi_object *group)
{
	FUZZ_NEED(!group);
	return NULL;
}

HRESULT pgi_group_check_ready(struct pgi_object *group)
{
	FUZZ_NEED(!group);
	return PEER_E_GROUP_NOT_READY;
}

HRESULT pgi_group_check_not_revoked(struct pgi_object *group, const char *identity_xml)
{
	(void)group;
	(void)identity_xml;
	return S_OK;
}

HRESULT pgi_started(void)
{
	return PEER_E_NOT_INITIALIZED;
}

/* ------------------------------------------------------------ what is right -- */

/* Keys of this kind are made in no time. */
static struct pgi_identity *make_identity(const char *friendly)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct pgi_identity *identity;
	char *name;

	FUZZ_NEED(key && pgi_identity_create("fuzz", friendly, key, &name) == S_OK);
	FUZZ_NEED(pgi_identity_load(name, &identity) == S_OK);
	EVP_PKEY_free(key);
	free(name);
	return identity;
}

static struct pgi_group_store *make_group(EVP_PKEY **key)
{
	struct pgi_group_store *store = calloc(1, sizeof(*store));

	FUZZ_NEED(store);
	store->identity = strdup(creator->name);
	FUZZ_NEED(store->identity && pgi_group_make(creator, "The club", store, key) == S_OK);
	return store;
}

/* The member is invited, and then again, to be more. */
static void join(const struct pgi_group_store *by)
{
	struct pgi_group_store *again;
	char *first;

	FUZZ_NEED(pgi_identity_to_xml(member, &idc) == S_OK);
	FUZZ_NEED(pgi_invite(by, creator, idc, 0, PEERGROUP_ROLE_MEMBER, &first) == S_OK);
	FUZZ_NEED(pgi_invite(by, creator, idc, 0, PEERGROUP_ROLE_ADMIN, &invitation) == S_OK);
	FUZZ_NEED(pgi_invitation_accept(first, member, &good) == S_OK);
	FUZZ_NEED(pgi_invitation_accept(invitation, member, &again) == S_OK);
	pgi_group_store_take(good, again->chain, again->chain_len);
	again->chain = NULL;
	again->chain_len = 0;
	FUZZ_NEED(pgi_group_store_remember(good, "[2001:db8::1]:3587") == S_OK);
	FUZZ_NEED(good->former_len == 1 && pgi_group_store_create(good, NULL, false) == S_OK);
	pgi_group_store_free(again);
	free(first);
}

static int open_folder(const char *top, const char *sub, const char *name)
{
	char entry[PGI_ENTRY_LEN];
	int parent, dir;

	FUZZ_NEED(pgi_store_entry(name, entry) == S_OK);
	FUZZ_NEED(pgi_store_open(top, sub, false, &parent) == S_OK);
	FUZZ_NEED(pgi_store_open_entry(parent, entry, &dir) == S_OK);
	close(parent);
	return dir;
}

static void find_files(void)
{
	char own[PGI_ENTRY_LEN];
	unsigned int i;

	FUZZ_NEED(pgi_store_entry(member->name, own) == S_OK);
	for (i = 0; i < FILES; i++) {
		folder[i] = i < IDENTITY ? open_folder(PGI_GROUPS, own, good->name) :
					   open_folder(PGI_IDENTITIES, NULL, member->name);
		FUZZ_NEED(pgi_store_read(folder[i], names[i], false, &whole[i]) == S_OK);
	}
}

static void set_up(void)
{
	struct pgi_group_store *store;
	EVP_PKEY *key;

	if (good)
		return;
	fuzz_home_make();
	creator = make_identity("Creator");
	member = make_identity("Member");
	store = make_group(&key);
	join(store);
	find_files();
	pgi_group_store_free(store);
	EVP_PKEY_free(key);
}

/* ------------------------------------------------------------------- inputs -- */

/* As it is, without what store.c does for a disk's sake. */
static void write_file(unsigned int kind, const void *data, size_t len)
{
	int fd = openat(folder[kind], names[kind], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_NEED(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

static bool same_certs(const struct pgi_blob *a, const struct pgi_blob *b, size_t n)
{
	while (n--)
		if (a[n].len != b[n].len || memcmp(a[n].data, b[n].data, a[n].len))
			return false;
	return true;
}

/* What is taken is written as something that is taken as the same. */
static void read_again(const struct pgi_group_store *store)
{
	struct pgi_group_store *again;
	size_t i;

	FUZZ_NEED(pgi_group_chain_write(folder[CHAIN], store) == S_OK);
	FUZZ_NEED(pgi_group_store_load(member->name, good->name, &again) == S_OK);
	FUZZ_NEED(again->chain_len == store->chain_len && again->former_len == store->former_len);
	FUZZ_NEED(same_certs(again->chain, store->chain, store->chain_len));
	for (i = 0; i < store->former_len; i++)
		FUZZ_NEED(store->former[i].len && again->former[i].len == store->former[i].len &&
			  same_certs(again->former[i].chain, store->former[i].chain,
				     store->former[i].len));
	pgi_group_store_free(again);
}

/* Whatever is damaged, those from before keep nobody from what there is. */
static void read_group(unsigned int kind)
{
	struct pgi_group_store *store;
	struct pgi_blob *chain;
	HRESULT hr = pgi_group_store_load(member->name, good->name, &store);

	FUZZ_NEED(hr == S_OK || (hr == PEER_E_CERT_STORE_CORRUPTED && kind != FORMER));
	fuzz_taken = hr == S_OK;
	if (FAILED(hr))
		return;
	FUZZ_NEED(store->chain_len && store->chain_len <= PEERGROUP_CHAIN_MAX);
	FUZZ_NEED(store->former_len <= PGI_FORMER_MAX && pgi_name_valid(store->identity));
	if (kind == CHAIN || kind == FORMER) {
		read_again(store);
		/* Another invitation is accepted. */
		chain = calloc(1, sizeof(*chain));
		FUZZ_NEED(chain && pgi_blob_set(chain, "x", 1) == S_OK);
		pgi_group_store_take(store, chain, 1);
		FUZZ_NEED(store->former_len && store->former_len <= PGI_FORMER_MAX);
	}
	pgi_group_store_free(store);
}

static void read_identity(void)
{
	struct pgi_identities list;
	struct pgi_identity *identity;
	HRESULT hr = pgi_identity_load(member->name, &identity);

	FUZZ_NEED(hr == S_OK || hr == PEER_E_CERT_STORE_CORRUPTED || hr == PEER_E_NO_KEY_ACCESS ||
		  hr == NTE_FAIL);
	fuzz_taken = hr == S_OK;
	if (SUCCEEDED(hr)) {
		FUZZ_NEED(!memcmp(identity->spki_hash, member->spki_hash, 32));
		pgi_identity_free(identity);
	}
	if (SUCCEEDED(pgi_identities_read(&list))) {
		FUZZ_NEED(list.count == 2);
		pgi_identities_free(&list);
	}
}

static void read_invitation(const char *xml)
{
	struct pgi_group_store *store;
	HRESULT hr = pgi_invitation_accept(xml, member, &store);

	FUZZ_NEED(hr != S_OK || (!strcmp(store->identity, member->name) && store->chain_len &&
				 pgi_name_valid(store->name)));
	fuzz_taken = hr == S_OK;
	pgi_group_store_free(store);
	hr = pgi_invitation_pending(xml, member, &store);
	FUZZ_NEED(hr != S_OK || (store->pending && pgi_name_valid(store->name)));
	pgi_group_store_free(store);
}

static void read_idc(const char *xml)
{
	struct pgi_idc who;
	HRESULT hr = pgi_identity_from_xml(xml, &who);

	FUZZ_NEED(hr == S_OK || hr == E_INVALIDARG);
	fuzz_taken = hr == S_OK;
	if (FAILED(hr))
		return;
	FUZZ_NEED(pgi_name_valid(who.name) && who.friendly && who.key);
	pgi_idc_free(&who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int kind;
	char *text;

	set_up();
	if (!len)
		return 0;
	kind = *data % KINDS;
	if (kind < FILES) {
		write_file(kind, data + 1, len - 1);
		if (kind < IDENTITY)
			read_group(kind);
		else
			read_identity();
		write_file(kind, whole[kind].data, whole[kind].len);
		if (kind == CHAIN)	/* which may have been written as another */
			write_file(FORMER, whole[FORMER].data, whole[FORMER].len);
		return 0;
	}
	text = strndup((const char *)data + 1, len - 1);
	FUZZ_NEED(text);
	if (kind == INVITATION)
		read_invitation(text);
	else
		read_idc(text);
	free(text);
	return 0;
}

/* Those from before: as often as there may be, not at all, or the root alone and then one. */
static size_t seed_former(unsigned int n, uint8_t *out)
{
	static const char end[] = "-----END CERTIFICATE-----\n";
	const uint8_t *second = memmem(whole[FORMER].data, whole[FORMER].len, end,
				       sizeof(end) - 1);
	uint8_t *at = out;

	FUZZ_NEED(second);
	second += sizeof(end) - 1;
	if (n == 2)
		at = mempcpy(at, whole[FORMER].data, (size_t)(second - whole[FORMER].data));
	for (n = n ? n - 1 : PGI_FORMER_MAX; n; n--)
		at = mempcpy(at, whole[FORMER].data, whole[FORMER].len);
	return (size_t)(at - out);
}

/* As each file is, and some more. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	const char *text = n == INVITATION ? invitation : idc;

	set_up();
	out[0] = (uint8_t)(n < KINDS ? n : FORMER);
	if (n < FILES)
		return (size_t)((uint8_t *)mempcpy(out + 1, whole[n].data, whole[n].len) - out);
	if (n < KINDS)
		return (size_t)((uint8_t *)mempcpy(out + 1, text, strlen(text)) - out);
	return n < KINDS + 3 ? 1 + seed_former(n - KINDS, out + 1) : 0;
}
