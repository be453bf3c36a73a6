// SPDX-License-Identifier: GPL-2.0-only
/*
 * What leaves a computer and comes to another, as far as no kernel takes part: identities
 * and configurations by password, keys to sign with, and the form of a database file.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <openssl/pkcs12.h>
#include "cert.h"
#include "config.h"
#include "database.h"
#include "key.h"
#include "lib_test.h"
#include "store.h"

#define PASSWORD	"correct horse"

static char *alice, *exported;

static WCHAR *wide(const char *s)
{
	static WCHAR buf[4][16384];
	static unsigned int next;
	WCHAR *w = buf[next++ % 4];
	size_t i;

	for (i = 0; s[i]; i++)
		w[i] = (unsigned char)s[i];
	w[i] = 0;
	return w;
}

/* ------------------------------------------------------------------ secrets -- */

/* No file of the store that holds a key is for anybody else. */
static int check_mode(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)ftw;
	if (flag == FTW_F)
		CHECK(!(st->st_mode & 077), "%s has mode %o", path, st->st_mode & 0777);
	return 0;
}

/* ---------------------------------------------------------------- identities -- */

/* Its name could not be read in what is exported, nor a group's in an invitation. */
static void test_no_xml(void)
{
	static const char *const names[] = { "a\xef\xbf\xbe", "\xef\xbf\xbf" "b" };
	struct peergroup_create_options o;
	peergroup_t group;
	char *name;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(names); i++) {
		CHECK_HR(peergroup_identity_create(names[i], NULL, &name), E_INVALIDARG);
		o = (struct peergroup_create_options) { .classifier = names[i] };
		CHECK_HR(peergroup_create(NULL, &o, &group), PEER_E_INVALID_CLASSIFIER);
		o = (struct peergroup_create_options) { .friendly = names[i] };
		CHECK_HR(peergroup_create(NULL, &o, &group), PEER_E_INVALID_GROUP_PROPERTIES);
	}
}

static void test_identity(void)
{
	char *name = NULL, *friendly;
	bool deleted;

	NEED_OK(peergroup_identity_create("al<i>&ce", "Alice \"A\"", &alice));
	NEED_OK(peergroup_identity_export(alice, PASSWORD, &exported));
	CHECK(strstr(exported, "<PEERIDENTITYEXPORT VERSION=\"1.0\""));
	CHECK(!strstr(exported, "PRIVATE"));
	CHECK_HR(peergroup_identity_import(exported, PASSWORD, &name), PEER_E_ALREADY_EXISTS);
	CHECK(!name);
	NEED_OK(peergroup_identity_delete(alice));
	NEED_OK(peergroup_identity_import(exported, PASSWORD, &name));
	CHECK(!strcmp(name, alice));
	NEED_OK(peergroup_identity_friendly(alice, &friendly));
	CHECK(!strcmp(friendly, "Alice \"A\""), "%s", friendly);
	CHECK_HR(pgi_identity_was_deleted(alice, &deleted), S_OK);
	CHECK(!deleted, "who is back may be invited");
	nftw(test_home, check_mode, 16, FTW_PHYS);
	peergroup_free(friendly);
	peergroup_free(name);
}

static void test_identity_errors(void)
{
	char *out = NULL;

	CHECK_HR(peergroup_identity_export(alice, "", &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_export(alice, NULL, &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_export(alice, "\xff", &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_export("0123456789012345678901234567890123456789", "x", &out),
		 PEER_E_NOT_FOUND);
	CHECK_HR(peergroup_identity_export("nobody", "x", &out), E_INVALIDARG);
	CHECK(!out);
	NEED_OK(peergroup_identity_delete(alice));
	CHECK_HR(peergroup_identity_import(exported, "Correct horse", &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_import(exported, "", &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_import("", "x", &out), E_INVALIDARG);
	CHECK_HR(peergroup_identity_import("<PEERIDENTITYEXPORT/>", "x", &out), E_INVALIDARG);
	CHECK_HR(pgi_identity_exists(alice), PEER_E_NOT_FOUND);
}

/* A character of the text becomes another one. */
static char *altered(const char *text, size_t at)
{
	char *copy = strdup(text);

	NEED(copy);
	copy[at] = copy[at] == 'A' ? 'B' : 'A';
	return copy;
}

static void test_identity_altered(void)
{
	size_t len = strlen(exported), i;
	char *name = NULL, *xml;

	/* Where it is good XML yet, finding out takes as long as guessing the password. */
	for (i = 5; i < len; i += len / 3) {
		xml = altered(exported, i);
		CHECK_HR(peergroup_identity_import(xml, PASSWORD, &name), E_INVALIDARG);
		free(xml);
	}
	for (i = 0; i < len; i += len / 50) {
		xml = strndup(exported, i);
		CHECK_HR(peergroup_identity_import(xml, PASSWORD, &name), E_INVALIDARG);
		free(xml);
	}
	CHECK_HR(pgi_identity_exists(alice), PEER_E_NOT_FOUND);
}

static void mac_by(PKCS12 *p12, const EVP_MD *md)
{
	NEED(PKCS12_set_mac(p12, PASSWORD, -1, NULL, 16, 1, (EVP_MD *)(uintptr_t)md));
}

/*
 * PBMAC1 of RFC 9879, which OpenSSL knows from 3.4 on: the rounds are in the algorithm, and
 * those beside it mean nothing. Its parameters are two algorithms, as those of PBES2.
 */
static void mac_without_end(PKCS12 *p12)
{
	PBE2PARAM *pbmac1 = PBE2PARAM_new();
	ASN1_TYPE *type = NULL;
	const X509_ALGOR *alg;
	ASN1_STRING *params;

	mac_by(p12, EVP_sha256());
	PKCS12_get0_mac(NULL, &alg, NULL, NULL, p12);
	NEED(pbmac1);
	X509_ALGOR_free(pbmac1->keyfunc);
	pbmac1->keyfunc = PKCS5_pbkdf2_set(INT_MAX, NULL, 16, NID_hmacWithSHA256, 32);
	X509_ALGOR_set0(pbmac1->encryption, OBJ_nid2obj(NID_hmacWithSHA256), V_ASN1_NULL, NULL);
	NEED(pbmac1->keyfunc && ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PBE2PARAM), pbmac1, &type));
	params = ASN1_STRING_dup(type->value.sequence);
	NEED(X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)alg,
			     OBJ_txt2obj("1.2.840.113549.1.5.14", 1), V_ASN1_SEQUENCE, params));
	ASN1_TYPE_free(type);
	PBE2PARAM_free(pbmac1);
}

/* What was exported, with another MAC: of a digest, or without one of PBMAC1. */
static char *with_mac(const EVP_MD *md)
{
	const char *begin = strstr(exported, "bin.base64\">"), *end = strstr(exported, "</DATA>");
	struct pgi_blob der = { 0 };
	const unsigned char *p;
	unsigned char *out = NULL;
	char *base64, *xml;
	PKCS12 *p12;
	int len;

	NEED(begin && end);
	begin += strlen("bin.base64\">");
	base64 = strndup(begin, (size_t)(end - begin));
	NEED(pgi_base64_decode(base64, 16384, &der));
	free(base64);
	p = der.data;
	p12 = d2i_PKCS12(NULL, &p, (long)der.len);
	NEED(p12);
	if (md)
		mac_by(p12, md);
	else
		mac_without_end(p12);
	len = i2d_PKCS12(p12, &out);
	NEED(len > 0);
	base64 = pgi_base64_encode(out, (size_t)len);
	NEED(asprintf(&xml, "%.*s%s%s", (int)(begin - exported), exported, base64, end) > 0);
	free(base64);
	OPENSSL_free(out);
	PKCS12_free(p12);
	pgi_blob_free(&der);
	return xml;
}

/* None but those whose rounds are known before they are done. */
static void test_identity_mac(void)
{
	char *xml[] = { with_mac(NULL), with_mac(EVP_sha512()), with_mac(EVP_sha1()) };
	char *name = NULL;

	CHECK_HR(peergroup_identity_import(xml[0], PASSWORD, &name), E_INVALIDARG);
	CHECK(strstr(peergroup_error_detail(), "damaged"), "%s", peergroup_error_detail());
	CHECK_HR(peergroup_identity_import(xml[1], PASSWORD, &name), E_INVALIDARG);
	CHECK(strstr(peergroup_error_detail(), "damaged"), "%s", peergroup_error_detail());
	NEED_OK(peergroup_identity_import(xml[2], PASSWORD, &name));
	NEED_OK(peergroup_identity_delete(name));
	peergroup_free(name);
	free(xml[0]);
	free(xml[1]);
	free(xml[2]);
}

/* The names that the page of Import has for the same elements. */
static void test_identity_other_names(void)
{
	char *data = strstr(exported, "<DATA "), *name, *xml;
	char *end = strstr(exported, "</DATA>"), *peer = strstr(exported, "<PEERNAME>");

	NEED(data && end && peer);
	NEED(asprintf(&xml, "%.*s<IDENTITY>%.*s</IDENTITY><IDENTITYDATA %.*s</IDENTITYDATA>"
		      "</PEERIDENTITYEXPORT>", (int)(peer - exported), exported,
		      (int)(strstr(exported, "</PEERNAME>") - peer - 10), peer + 10,
		      (int)(end - data - 6), data + 6) > 0);
	NEED_OK(PeerIdentityImport(wide(xml), wide(PASSWORD), (PWSTR *)&name));
	CHECK(wide_is((WCHAR *)name, alice));
	peergroup_free(name);
	free(xml);
}

static void test_identity_windows(void)
{
	WCHAR *xml = (WCHAR *)1, *name = NULL;

	CHECK_HR(PeerIdentityExport(NULL, wide("x"), &xml), E_INVALIDARG);
	CHECK(!xml);
	CHECK_HR(PeerIdentityExport(wide(alice), NULL, &xml), E_INVALIDARG);
	CHECK_HR(PeerIdentityExport(wide(alice), wide("x"), NULL), E_INVALIDARG);
	CHECK_HR(PeerIdentityImport(NULL, wide("x"), &name), E_INVALIDARG);
	CHECK_HR(PeerIdentityImport(wide("x"), NULL, &name), E_INVALIDARG);
	CHECK_HR(PeerIdentityImport(wide("x"), wide("x"), NULL), E_INVALIDARG);
	NEED_OK(PeerIdentityExport(wide(alice), wide("p\xe4ss"), &xml));
	CHECK_HR(PeerIdentityImport(xml, wide("p\xe4ss"), &name), PEER_E_ALREADY_EXISTS);
	PeerFreeData(xml);
}

/* Nobody, not even root, makes folders there. */
static void test_identity_no_place(void)
{
	char *name = NULL;

	NEED(!setenv("PEERGROUP_HOME", "/sys/peergroup", 1));
	CHECK_HR(peergroup_identity_import(exported, PASSWORD, &name), PEER_E_NO_KEY_ACCESS);
	CHECK(!name);
	NEED(!setenv("PEERGROUP_HOME", test_home, 1));
}

/* --------------------------------------------------------------------- keys -- */

static void test_key(void)
{
	HCRYPTPROV key = 0, again;
	WCHAR *other = NULL;
	void *der, *sig;
	size_t der_len, sig_len;
	char *same = NULL;

	CHECK_HR(PeerIdentityGetCryptKey(wide(alice), NULL), E_INVALIDARG);
	CHECK_HR(PeerIdentityGetCryptKey(NULL, &key), E_INVALIDARG);
	CHECK_HR(PeerIdentityGetCryptKey(wide("0123456789012345678901234567890123456789"), &key),
		 PEER_E_NOT_FOUND);
	CHECK(!key);
	NEED_OK(PeerIdentityGetCryptKey(wide(alice), &key));
	NEED_OK(peergroup_identity_key(alice, &again));
	CHECK(key != again);
	NEED_OK(peergroup_key_release(again));
	NEED_OK(peergroup_key_public(key, &der, &der_len));
	NEED_OK(peergroup_key_sign(key, "hello", 5, &sig, &sig_len));
	CHECK_HR(peergroup_verify(der, der_len, "hello", 5, sig, sig_len), S_OK);
	CHECK_HR(peergroup_verify(der, der_len, "hallo", 5, sig, sig_len), NTE_BAD_SIGNATURE);
	CHECK_HR(peergroup_verify(der, der_len, "hello", 5, sig, sig_len - 1), NTE_BAD_SIGNATURE);
	CHECK_HR(peergroup_verify(der, der_len - 1, "hello", 5, sig, sig_len), E_INVALIDARG);
	peergroup_free(sig);
	peergroup_free(der);

	/* Another identity of the same key, told apart by its classifier. */
	NEED_OK(PeerIdentityCreate(wide("work"), NULL, key, &other));
	CHECK_HR(peergroup_identity_create_with_key("work", NULL, key, &same),
		 PEER_E_ALREADY_EXISTS);
	CHECK(other && !memcmp(other, wide(alice), 40 * sizeof(WCHAR)));
	NEED_OK(PeerIdentityDelete(other));
	PeerFreeData(other);
	CHECK_HR(peergroup_key_release(key), S_OK);
	CHECK_HR(peergroup_key_release(key), E_HANDLE);
	CHECK_HR(peergroup_key_sign(key, "x", 1, &sig, &sig_len), E_HANDLE);
	CHECK_HR(PeerIdentityCreate(NULL, NULL, key, &other), E_HANDLE);
	CHECK_HR(PeerIdentityCreate(NULL, NULL, 4711, &other), E_HANDLE);
}

/* ------------------------------------------------------------ configurations -- */

static struct pgi_identity *identity;
static struct pgi_group_store *group;
static char *config;

static void make_group(void)
{
	EVP_PKEY *key;

	NEED_OK(pgi_identity_load(alice, &identity));
	group = calloc(1, sizeof(*group));
	NEED(group);
	group->identity = strdup(alice);
	NEED_OK(pgi_group_make(identity, "The lab", group, &key));
	NEED_OK(pgi_group_store_remember(group, "192.0.2.7"));
	group->port = 4000;
	NEED_OK(pgi_blob_set(&group->properties, "properties", 10));
	NEED_OK(pgi_group_store_create(group, key, false));
	EVP_PKEY_free(key);
}

static HRESULT open_config(const char *xml, const char *password,
			   struct pgi_group_store **store, EVP_PKEY **key)
{
	struct pgi_config c;
	HRESULT hr = pgi_config_parse(xml, &c);

	*store = NULL;
	*key = NULL;
	if (FAILED(hr))
		return hr;
	hr = pgi_config_open(&c, password, identity, store, key);
	pgi_config_free(&c);
	return hr;
}

static void test_config(void)
{
	struct pgi_group_store *store;
	EVP_PKEY *key, *own;

	make_group();
	NEED_OK(pgi_config_make(group, PASSWORD, &config));
	CHECK(!strstr(config, "The lab") && !strstr(config, "192.0.2.7"),
	      "only the contract's elements are for all to read");
	NEED_OK(open_config(config, PASSWORD, &store, &key));
	CHECK(!strcmp(store->name, group->name) && !strcmp(store->friendly, "The lab"));
	CHECK(store->creator && store->ready && store->port == 4000);
	CHECK(store->addresses_len == 1 && !strcmp(store->addresses[0], "192.0.2.7"));
	CHECK(store->properties.len == 10 && !memcmp(store->properties.data, "properties", 10));
	NEED_OK(pgi_group_store_load_key(group, &own));
	CHECK(EVP_PKEY_eq(own, key) == 1);
	EVP_PKEY_free(own);
	EVP_PKEY_free(key);
	pgi_group_store_free(store);
}

static void test_config_import(void)
{
	char *who, *what;

	CHECK_HR(peergroup_import_config(config, PASSWORD, false, &who, &what),
		 PEER_E_ALREADY_EXISTS);
	CHECK(!who && !what);
	CHECK_HR(peergroup_import_config(config, "other", true, &who, &what), E_INVALIDARG);
	CHECK_HR(peergroup_import_config(config, "", true, &who, &what), E_INVALIDARG);
	CHECK_HR(peergroup_import_config(NULL, PASSWORD, true, &who, &what), E_INVALIDARG);
	NEED_OK(pgi_group_store_delete(alice, group->name));
	NEED_OK(peergroup_import_config(config, PASSWORD, true, &who, &what));
	CHECK(!strcmp(who, alice) && !strcmp(what, group->name));
	peergroup_free(who);
	peergroup_free(what);
	nftw(test_home, check_mode, 16, FTW_PHYS);
	CHECK_HR(PeerGroupImportConfig(wide("x"), wide("x"), FALSE, (PWSTR *)&who, (PWSTR *)&what),
		 PEER_E_NOT_INITIALIZED);
	CHECK_HR(PeerGroupExportConfig(NULL, wide("x"), (PWSTR *)&who), PEER_E_NOT_INITIALIZED);
}

static unsigned int entries(const char *path)
{
	unsigned int n = 0;
	DIR *dir = opendir(path);

	NEED(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Replacing leaves the new one and nothing of the old. */
static void test_config_overwrite(void)
{
	char path[256], entry[PGI_ENTRY_LEN];
	struct pgi_group_store *store;
	EVP_PKEY *key;

	NEED_OK(open_config(config, PASSWORD, &store, &key));
	store->port = 4001;
	NEED_OK(pgi_group_store_create(store, key, true));
	pgi_group_store_free(store);
	EVP_PKEY_free(key);
	NEED_OK(pgi_group_store_load(alice, group->name, &store));
	CHECK(store->port == 4001);
	pgi_group_store_free(store);
	NEED_OK(pgi_group_store_load_key(group, &key));
	EVP_PKEY_free(key);
	NEED_OK(pgi_store_entry(alice, entry));
	snprintf(path, sizeof(path), "%s/groups/%s", test_home, entry);
	CHECK(entries(path) == 3, "%u", entries(path));
}

static void test_config_altered(void)
{
	size_t len = strlen(config), i;
	struct pgi_group_store *store;
	EVP_PKEY *key;
	char *xml;

	for (i = 0; i < len; i += len / 7) {
		xml = altered(config, i);
		CHECK_HR(open_config(xml, PASSWORD, &store, &key), E_INVALIDARG);
		xml[i] = 0;
		CHECK_HR(open_config(xml, PASSWORD, &store, &key), E_INVALIDARG);
		free(xml);
	}
}

/* The sealed part does not open with another word in place of one. */
static void refuse_instead(const char *xml, const char *was, const char *is)
{
	const char *at = strstr(xml, was);
	struct pgi_group_store *store;
	EVP_PKEY *key;
	char *other;

	NEED(at && asprintf(&other, "%.*s%s%s", (int)(at - xml), xml, is, at + strlen(was)) > 0);
	CHECK_HR(open_config(other, PASSWORD, &store, &key), E_INVALIDARG);
	free(other);
}

static void test_config_cloud(void)
{
	struct pgi_group_store *store;
	EVP_PKEY *key;
	char *xml;

	refuse_instead(config, ">GLOBAL<", ">SITELOCAL<");
	refuse_instead(config, "<CLOUDFLAGS>0", "<CLOUDFLAGS>1");
	group->cloud = strdup("LinkLocal_eth0");
	NEED_OK(pgi_config_make(group, PASSWORD, &xml));
	refuse_instead(xml, ">LINKLOCAL<", ">SITELOCAL<");
	refuse_instead(xml, "<CLOUDFLAGS>1", "<CLOUDFLAGS>0");
	NEED_OK(open_config(xml, PASSWORD, &store, &key));
	CHECK(!strcmp(store->cloud, "LinkLocal_eth0"));
	pgi_group_store_free(store);
	EVP_PKEY_free(key);
	free(xml);
}

static void test_config_no_identity(void)
{
	char *who, *what;

	NEED_OK(pgi_group_store_delete(alice, group->name));
	NEED_OK(peergroup_identity_delete(alice));
	CHECK_HR(peergroup_import_config(config, PASSWORD, false, &who, &what),
		 PEER_E_NOT_FOUND);
	pgi_identity_free(identity);
	pgi_group_store_free(group);
	free(config);
	peergroup_free(exported);
	peergroup_free(alice);
}

/* ----------------------------------------------------------- database files -- */

static uint8_t *table;
static size_t table_len;

static void test_database(void)
{
	struct pgi_database_head head = {
		.group = { 1, 2, 3 }, .written = 77, .ready = true,
		.name = "0123456789012345678901234567890123456789",
		.member = "9876543210987654321098765432109876543210.bob",
	};
	uint8_t *big = calloc(1, 300000);
	struct pgi_database db;
	FILE *file = open_memstream((char **)&table, &table_len);

	NEED(file && big);
	memset(big, 'r', 300000);
	NEED_OK(pgi_database_begin(&db, file, &head));
	NEED_OK(pgi_database_put(&db, PGI_DATABASE_RECORD, big, 300000));
	NEED_OK(pgi_database_put(&db, PGI_DATABASE_RECORD, "second", 6));
	NEED_OK(pgi_database_put(&db, PGI_DATABASE_CERT, "certificate", 11));
	NEED_OK(pgi_database_end(&db));
	pgi_database_free(&db);
	NEED(!fclose(file));
	free(big);

	file = fmemopen(table, table_len, "r");
	NEED_OK(pgi_database_open(&db, file));
	CHECK(!strcmp(db.head.name, head.name) && !strcmp(db.head.member, head.member));
	CHECK(db.head.ready && db.head.written == 77 && db.head.group[2] == 3);
	NEED_OK(pgi_database_check(&db));
	CHECK(db.certs == 1 && db.records == 2);
	CHECK(!db.entry.data, "a check stores nothing");
	NEED_OK(pgi_database_again(&db));
	NEED_OK(pgi_database_next(&db, PGI_DATABASE_CERT));
	CHECK(db.entry.len == 11 && !memcmp(db.entry.data, "certificate", 11));
	CHECK_HR(pgi_database_next(&db, PGI_DATABASE_CERT), S_FALSE);
	NEED_OK(pgi_database_again(&db));
	NEED_OK(pgi_database_next(&db, PGI_DATABASE_RECORD));
	CHECK(db.entry.len == 300000 && db.entry.data[299999] == 'r');
	NEED_OK(pgi_database_next(&db, PGI_DATABASE_RECORD));
	CHECK(db.entry.len == 6 && !memcmp(db.entry.data, "second", 6));
	CHECK_HR(pgi_database_next(&db, PGI_DATABASE_RECORD), S_FALSE);
	pgi_database_free(&db);
	fclose(file);
}

static HRESULT check_bytes(uint8_t *data, size_t len)
{
	FILE *file = fmemopen(data, len, "r");
	struct pgi_database db;
	HRESULT hr;

	NEED(file);
	hr = pgi_database_open(&db, file);
	if (SUCCEEDED(hr))
		hr = pgi_database_check(&db);
	pgi_database_free(&db);
	fclose(file);
	return hr;
}

/* Every byte where something is said, and some of the long data. */
static size_t next_byte(size_t i)
{
	return i > 200 && i < 300000 ? i + 30011 : i + 1;
}

static void test_database_altered(void)
{
	uint8_t *copy = malloc(table_len + 1);
	size_t i;

	NEED(copy);
	memcpy(copy, table, table_len);
	CHECK_HR(check_bytes(copy, table_len), S_OK);
	for (i = 0; i < table_len; i = next_byte(i)) {
		copy[i] ^= 0x20;
		CHECK_HR(check_bytes(copy, table_len), PEER_E_INVALID_DATABASE);
		copy[i] ^= 0x20;
	}
	copy[table_len] = 0;
	CHECK_HR(check_bytes(copy, table_len + 1), PEER_E_INVALID_DATABASE);
	free(copy);
}

static void test_database_cut(void)
{
	size_t i;

	for (i = 1; i < table_len; i = next_byte(i))
		CHECK_HR(check_bytes(table, i), PEER_E_INVALID_DATABASE);
	free(table);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "an identity goes out and comes back", test_identity },
		{ "what is wrong with the password or the name is told", test_identity_errors },
		{ "an altered or cut off identity is refused", test_identity_altered },
		{ "so is one authenticated in another way than is meant", test_identity_mac },
		{ "the other names of its elements are understood", test_identity_other_names },
		{ "the Windows calls do the same", test_identity_windows },
		{ "an identity is not imported where keys cannot be kept", test_identity_no_place },
		{ "no name that XML does not have", test_no_xml },
		{ "a key signs, and makes another identity", test_key },
		{ "a configuration has what the disk knew", test_config },
		{ "it is imported where nothing is in the way", test_config_import },
		{ "or over what is there", test_config_overwrite },
		{ "an altered or cut off configuration is refused", test_config_altered },
		{ "so is one whose cloud is altered", test_config_cloud },
		{ "so is one whose identity is not here", test_config_no_identity },
		{ "a database file has what was put in", test_database },
		{ "a database file that was altered is refused", test_database_altered },
		{ "a database file that was cut off is refused", test_database_cut },
	};

	test_setup();
	return TESTS(tests);
}
