// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identities and the store: made, listed, deleted; files with the right modes;
 * keys that others may read; damage; hostile names; another process's leftovers.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "lib_test.h"
#include "cert.h"
#include "store.h"

static char *path(const char *fmt, ...)
{
	static char text[512];
	va_list args;
	int len;

	len = snprintf(text, sizeof(text), "%s/", test_home);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
	va_end(args);
	return text;
}

static unsigned int mode(const char *file)
{
	struct stat st;

	return stat(file, &st) ? 0 : st.st_mode & 07777;
}

static void write_file(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	NEED(f);
	fputs(text, f);
	fclose(f);
}

static void none(void)
{
	struct peergroup_name_pair *list;
	size_t count = 9;
	HPEERENUM e;
	ULONG n = 9;
	PWSTR wide;
	char *name;

	CHECK_HR(peergroup_identity_default(&name), PEER_E_NOT_FOUND);
	CHECK(!name);
	CHECK_HR(PeerIdentityGetDefault(&wide), PEER_E_NOT_FOUND);
	CHECK_HR(PeerIdentityGetDefault(NULL), E_INVALIDARG);
	CHECK_HR(peergroup_identity_list(&list, &count), S_OK);
	CHECK(count == 0);
	peergroup_free(list);
	CHECK_HR(PeerEnumIdentities(NULL), E_INVALIDARG);
	CHECK_HR(PeerEnumIdentities(&e), S_OK);
	CHECK_HR(PeerGetItemCount(e, &n), S_OK);
	CHECK(n == 0);
	CHECK_HR(PeerEndEnumeration(e), S_OK);
}

static char *first, *second;

static void create(void)
{
	static const WCHAR classifier[] = { '.', '.', '/', '.', '.', '/', 'x', 0 };
	struct pgi_identity *identity;
	char entry[PGI_ENTRY_LEN], *name;
	PWSTR wide;

	CHECK_HR(peergroup_identity_create(NULL, NULL, NULL), E_INVALIDARG);
	NEED_OK(peergroup_identity_create(NULL, NULL, &name));
	first = strdup(name);
	peergroup_free(name);
	CHECK(strlen(first) == PGI_AUTHORITY_LEN);

	CHECK(mode(path("identities")) == 0700);
	CHECK(mode(path("identities/%s", first)) == 0700);
	CHECK(mode(path("identities/%s/key.pem", first)) == 0600);

	NEED_OK(pgi_identity_load(first, &identity));
	CHECK(!strcmp(identity->friendly, first));	/* the default */
	CHECK(EVP_PKEY_get_bits(identity->key) == 2048);
	pgi_identity_free(identity);

	NEED_OK(PeerIdentityCreate(classifier, NULL, 0, &wide));
	NEED_OK(pgi_utf8_from_wide(wide, &second));
	PeerFreeData(wide);
	CHECK(!strcmp(second + PGI_AUTHORITY_LEN, ".../../x"), "%s", second);
	NEED_OK(pgi_store_entry(second, entry));
	CHECK(!strchr(entry, '/') && strlen(entry) == PGI_ENTRY_LEN - 1);
	CHECK(mode(path("identities/%s/key.pem", entry)) == 0600);
	NEED_OK(pgi_identity_set_friendly(second, "n%\xc3\xa9=1"));
	NEED_OK(pgi_identity_friendly(second, &name));
	CHECK(!strcmp(name, "n%\xc3\xa9=1"), "%s", name);
	free(name);
}

static void arguments(void)
{
	WCHAR text[300], lone[] = { 0xd800, 0 }, *wide = text;
	char *name;
	int i;

	for (i = 0; i < 299; i++)
		text[i] = 'c';
	text[150] = 0;
	CHECK_HR(PeerIdentityCreate(text, NULL, 0, &wide), E_INVALIDARG);
	CHECK(!wide);
	text[150] = 'c';
	text[256] = 0;
	CHECK_HR(PeerIdentityCreate(NULL, text, 0, &wide), E_INVALIDARG);
	CHECK_HR(PeerIdentityCreate(lone, NULL, 0, &wide), E_INVALIDARG);
	CHECK_HR(PeerIdentityCreate(NULL, NULL, 1, &wide), E_HANDLE);
	CHECK_HR(PeerIdentityCreate(NULL, NULL, 0, NULL), E_INVALIDARG);
	CHECK_HR(peergroup_identity_create("a\n", NULL, &name), E_INVALIDARG);
	CHECK_HR(peergroup_identity_create("\xff", NULL, &name), E_INVALIDARG);
	CHECK_HR(peergroup_identity_create(NULL, "a\x1b[31m", &name), E_INVALIDARG);
	CHECK_HR(PeerIdentityDelete(NULL), E_INVALIDARG);
	CHECK_HR(PeerIdentityGetXML(NULL, NULL), E_INVALIDARG);
}

static void listing(void)
{
	struct peergroup_name_pair *list;
	PEER_NAME_PAIR **pairs;
	HPEERENUM e;
	size_t count;
	ULONG n = 10;
	char *name;

	NEED_OK(peergroup_identity_default(&name));
	CHECK(!strcmp(name, first));
	peergroup_free(name);
	NEED_OK(peergroup_identity_list(&list, &count));
	CHECK(count == 2 && !strcmp(list[0].name, first) && !strcmp(list[1].name, second));
	CHECK(!strcmp(list[1].friendly, "n%\xc3\xa9=1"));
	peergroup_free(list);
	NEED_OK(PeerEnumIdentities(&e));
	NEED_OK(PeerGetNextItem(e, &n, (PVOID **)&pairs));
	CHECK(n == 2 && pairs[0]->dwSize == sizeof(PEER_NAME_PAIR));
	CHECK(wide_is(pairs[0]->pwzPeerName, first) && wide_is(pairs[1]->pwzPeerName, second));
	CHECK(wide_is(pairs[1]->pwzFriendlyName, "n%\xc3\xa9=1"));
	PeerFreeData(pairs);
	PeerEndEnumeration(e);
}

static void unknown(void)
{
	static const char *const names[] = {
		"0000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000.x",
	};
	static const char *const no_names[] = { "", "..", "../../etc/passwd", "0.x" };
	struct pgi_identity *identity;
	bool deleted;
	char *xml;
	size_t i;

	for (i = 0; i < 2; i++) {
		CHECK_HR(peergroup_identity_delete(names[i]), PEER_E_NOT_FOUND);
		CHECK_HR(pgi_identity_load(names[i], &identity), PEER_E_NOT_FOUND);
		CHECK_HR(peergroup_identity_xml(names[i], &xml), E_HANDLE);
		CHECK(!xml);
	}
	for (i = 0; i < PGI_ARRAY_SIZE(no_names); i++) {
		CHECK_HR(peergroup_identity_delete(no_names[i]), E_INVALIDARG);
		CHECK_HR(peergroup_identity_xml(no_names[i], &xml), E_INVALIDARG);
		CHECK_HR(pgi_identity_was_deleted(no_names[i], &deleted), S_OK);
		CHECK(!deleted);
	}
}

static void signing(void)
{
	uint8_t digest[32] = { 1, 2, 3 }, sig[PEERGROUP_SIG_LEN_MAX], algo;
	struct pgi_identity *identity;
	EVP_PKEY_CTX *ctx;
	size_t len;

	NEED_OK(pgi_identity_load(first, &identity));
	NEED_OK(pgi_sign_digest(identity, digest, sig, &len, &algo));
	CHECK(len == 256 && algo == PEERGROUP_SIG_RSA_SHA256);
	ctx = EVP_PKEY_CTX_new(identity->key, NULL);
	NEED(ctx && EVP_PKEY_verify_init(ctx) == 1);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	CHECK(EVP_PKEY_verify(ctx, sig, len, digest, 32) == 1);
	digest[0] ^= 1;
	CHECK(EVP_PKEY_verify(ctx, sig, len, digest, 32) != 1);
	EVP_PKEY_CTX_free(ctx);
	pgi_identity_free(identity);
}

static void access_rights(void)
{
	struct pgi_identity *identity;
	char *name, *xml, aside[512];

	snprintf(aside, sizeof(aside), "%s", path("aside"));
	NEED(!chmod(path("identities/%s/key.pem", first), 0640));
	CHECK_HR(pgi_identity_load(first, &identity), PEER_E_NO_KEY_ACCESS);
	CHECK(!identity && strstr(peergroup_error_detail(), "640"));
	CHECK_HR(peergroup_identity_xml(first, &xml), PEER_E_NO_KEY_ACCESS);
	NEED_OK(pgi_identity_friendly(first, &name));	/* needs no key */
	free(name);
	NEED(!chmod(path("identities/%s/key.pem", first), 0600));

	/* A link in its place is not followed. */
	NEED(!rename(path("identities/%s/key.pem", first), aside));
	NEED(!symlink(aside, path("identities/%s/key.pem", first)));
	CHECK_HR(pgi_identity_load(first, &identity), PEER_E_NO_KEY_ACCESS);
	NEED(!unlink(path("identities/%s/key.pem", first)));
	CHECK_HR(pgi_identity_load(first, &identity), PEER_E_NO_KEY_ACCESS);
	NEED(!rename(aside, path("identities/%s/key.pem", first)));
	NEED_OK(pgi_identity_load(first, &identity));
	pgi_identity_free(identity);
}

static void damage(void)
{
	static const char *const infos[] = {
		"", "name", "name=x\n", "name=x\nfriendly=y\n", "garbage\n\n\n", "name=%zz\n",
		"name=%00\n",
	};
	struct pgi_identity *identity;
	struct pgi_blob saved;
	char *name;
	size_t i;
	int dir;

	NEED_OK(pgi_store_open("identities", first, false, &dir));
	NEED_OK(pgi_store_read(dir, "info", false, &saved));
	for (i = 0; i < PGI_ARRAY_SIZE(infos); i++) {
		write_file(path("identities/%s/info", first), infos[i]);
		CHECK_HR(pgi_identity_load(first, &identity), PEER_E_CERT_STORE_CORRUPTED);
		CHECK_HR(peergroup_identity_default(&name), PEER_E_CERT_STORE_CORRUPTED);
	}
	NEED_OK(pgi_store_write(dir, "info", saved.data, saved.len));
	pgi_blob_free(&saved);

	NEED_OK(pgi_store_read(dir, "key.pem", true, &saved));
	NEED_OK(pgi_store_write(dir, "key.pem", "no key", 6));
	CHECK_HR(pgi_identity_load(first, &identity), PEER_E_CERT_STORE_CORRUPTED);
	NEED_OK(pgi_store_write(dir, "key.pem", saved.data, saved.len));
	pgi_blob_free(&saved);
	close(dir);
	NEED_OK(pgi_identity_load(first, &identity));
	pgi_identity_free(identity);
}

/* What another process is about to make, or left behind, is not seen. */
static void leftovers(void)
{
	struct peergroup_name_pair *list;
	size_t count;

	NEED(!mkdir(path("identities/.new-0123"), 0700));
	NEED_OK(peergroup_identity_list(&list, &count));
	CHECK(count == 2);
	peergroup_free(list);
}

static void many(void)
{
	char text[256], dir[512], *name;
	int i;

	for (i = 2; i < PGI_IDENTITIES_MAX; i++) {
		snprintf(dir, sizeof(dir), "%s", path("identities/%040x", i));
		NEED(!mkdir(dir, 0700));
		strcat(dir, "/info");
		snprintf(text, sizeof(text), "name=%040x\nfriendly=f\ncreated=%d\n", i,
			 2000000000 + i);
		write_file(dir, text);
	}
	CHECK_HR(peergroup_identity_create(NULL, NULL, &name), PEER_E_TOO_MANY_IDENTITIES);
	for (i = 2; i < PGI_IDENTITIES_MAX; i++) {
		snprintf(text, sizeof(text), "%040x", i);
		CHECK_HR(peergroup_identity_delete(text), S_OK);
	}
}

/* The one text that cannot be hashed, or NULL; the library calls this one. */
static const char *unhashable;

unsigned char *SHA256(const unsigned char *data, size_t len, unsigned char *hash)
{
	unsigned char *(*real)(const unsigned char *, size_t, unsigned char *) =
		(unsigned char *(*)(const unsigned char *, size_t, unsigned char *))
		dlsym(RTLD_NEXT, "SHA256");

	if (unhashable && len == strlen(unhashable) && !memcmp(data, unhashable, len)) {
		ERR_raise(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE);
		return NULL;
	}
	return real(data, len, hash);
}

static HRESULT no_group(const struct pgi_group_store *store, void *arg)
{
	(void)store, (void)arg;
	return S_OK;
}

/* A folder of another name must be neither read, nor made, nor deleted. */
static void no_hash(void)
{
	struct peergroup_name_pair *list = NULL;
	struct pgi_group_store *store = NULL, new = { .identity = second, .name = first };
	size_t before, count;
	bool any, deleted;
	char *name;

	NEED_OK(peergroup_identity_list(&list, &before));
	peergroup_free(list);
	unhashable = "nobody has this";
	CHECK_HR(peergroup_identity_create(unhashable, NULL, &name), E_OUTOFMEMORY);
	CHECK(!name);
	unhashable = "../../x";
	CHECK_HR(peergroup_identity_create(unhashable, NULL, &name), E_OUTOFMEMORY);
	CHECK(!name);
	CHECK_HR(pgi_identity_exists(second), E_OUTOFMEMORY);
	CHECK_HR(pgi_identity_still(second, PEER_E_IDENTITY_DELETED), E_OUTOFMEMORY);
	CHECK_HR(pgi_identity_friendly(second, &name), E_OUTOFMEMORY);
	CHECK_HR(pgi_identity_set_friendly(second, "other"), E_OUTOFMEMORY);
	CHECK_HR(pgi_identity_was_deleted(second, &deleted), E_OUTOFMEMORY);
	CHECK_HR(peergroup_identity_delete(second), E_OUTOFMEMORY);
	CHECK_HR(peergroup_identity_list(&list, &count), E_OUTOFMEMORY);
	CHECK_HR(pgi_group_store_any(second, &any), E_OUTOFMEMORY);
	CHECK_HR(pgi_group_store_each(second, no_group, NULL), E_OUTOFMEMORY);
	CHECK_HR(pgi_group_store_load(second, first, &store), E_OUTOFMEMORY);
	CHECK_HR(pgi_group_store_load(first, second, &store), E_OUTOFMEMORY);
	CHECK(!store);
	CHECK_HR(pgi_group_store_create(&new, NULL, false), E_OUTOFMEMORY);
	new = (struct pgi_group_store){ .identity = first, .name = second };
	CHECK_HR(pgi_group_store_create(&new, NULL, false), E_OUTOFMEMORY);
	unhashable = NULL;
	NEED_OK(pgi_identity_friendly(second, &name));
	CHECK(!strcmp(name, "n%\xc3\xa9=1"), "%s", name);
	free(name);
	NEED_OK(peergroup_identity_list(&list, &count));
	CHECK(count == before);
	peergroup_free(list);
}

static void delete(void)
{
	char entry[PGI_ENTRY_LEN], dir[512];
	struct peergroup_name_pair *list;
	size_t count;

	NEED_OK(pgi_store_entry(second, entry));
	NEED(!mkdir(path("groups"), 0700));
	NEED(!mkdir(path("groups/%s", entry), 0700));
	snprintf(dir, sizeof(dir), "%s", path("groups/%s/some", entry));
	NEED(!mkdir(dir, 0700));
	CHECK_HR(peergroup_identity_delete(second), PEER_E_GROUPS_EXIST);
	NEED(!rmdir(dir));
	CHECK_HR(peergroup_identity_delete(second), S_OK);
	CHECK_HR(peergroup_identity_delete(second), PEER_E_NOT_FOUND);
	CHECK(access(path("identities/%s", entry), F_OK) == -1);
	NEED_OK(peergroup_identity_list(&list, &count));
	CHECK(count == 1);
	peergroup_free(list);
	CHECK_HR(peergroup_identity_delete(first), S_OK);
}

static void default_made(void)
{
	char *name, *xml;
	PWSTR wide;

	NEED_OK(peergroup_identity_xml(NULL, &xml));
	CHECK(strstr(xml, "<PEERIDENTITYINFO VERSION=\"1.0\""));
	NEED_OK(peergroup_identity_default(&name));
	peergroup_free(name);
	peergroup_free(xml);
	NEED_OK(PeerIdentityGetXML(NULL, &wide));
	PeerFreeData(wide);
}

static void folders(void)
{
	char home[128], *name;

	/* A home that cannot be made: a file is in the way. */
	snprintf(home, sizeof(home), "%s", path("file"));
	write_file(home, "");
	strcat(home, "/sub");
	setenv("PEERGROUP_HOME", home, 1);
	CHECK(FAILED(peergroup_identity_create(NULL, NULL, &name)));
	CHECK(*peergroup_error_detail());

	unsetenv("PEERGROUP_HOME");
	setenv("XDG_DATA_HOME", path("xdg/deep"), 1);
	NEED_OK(peergroup_identity_create(NULL, NULL, &name));
	peergroup_free(name);
	CHECK(mode(path("xdg/deep/peergroup/identities")) == 0700);
	setenv("XDG_DATA_HOME", "relative", 1);
	setenv("HOME", path("home"), 1);
	NEED_OK(peergroup_identity_create(NULL, NULL, &name));
	peergroup_free(name);
	CHECK(mode(path("home/.local/share/peergroup")) == 0700);
	setenv("PEERGROUP_HOME", test_home, 1);
}

/* What a program's thread has in its queue of errors is its own affair, and stays so. */
static void error_queue(void)
{
	char entry[PGI_ENTRY_LEN];
	EVP_PKEY *key;
	char *name;
	int dir, i;

	NEED(!peergroup_identity_create("queue", "Queue", &name));
	NEED(!pgi_store_entry(name, entry) && !pgi_store_open(PGI_IDENTITIES, entry, false, &dir));
	for (i = 0; i < 2; i++) {
		ERR_clear_error();
		if (i)
			ERR_raise(ERR_LIB_USER, 42);
		CHECK_HR(pgi_key_read(dir, "key.pem", &key), S_OK);
		EVP_PKEY_free(key);
		CHECK(!!ERR_peek_error() == i && ERR_GET_REASON(ERR_peek_last_error()) == 42 * i);
		write_file(path("identities/%s/none.pem", entry), "nothing\n");
		NEED(!chmod(path("identities/%s/none.pem", entry), 0600));
		CHECK_HR(pgi_key_read(dir, "none.pem", &key), PEER_E_CERT_STORE_CORRUPTED);
		CHECK(!!ERR_peek_error() == i && ERR_GET_REASON(ERR_peek_last_error()) == 42 * i);
	}
	NEED(!unlinkat(dir, "none.pem", 0));
	close(dir);
	ERR_clear_error();
	CHECK_HR(peergroup_identity_delete(name), S_OK);
	peergroup_free(name);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "no identity", none },
		{ "create", create },
		{ "arguments", arguments },
		{ "list", listing },
		{ "unknown names and no names", unknown },
		{ "sign", signing },
		{ "keys that others may read", access_rights },
		{ "damage", damage },
		{ "leftovers", leftovers },
		{ "a program's queue of errors", error_queue },
		{ "256 identities", many },
		{ "a name that cannot be hashed", no_hash },
		{ "delete", delete },
		{ "a default is made for GetXML", default_made },
		{ "where the data folder is", folders },
	};
	int ret;

	test_setup();
	ret = TESTS(tests);
	free(first);
	free(second);
	return ret;
}
