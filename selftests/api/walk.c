// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <sodium/crypto_pwhash.h>
#include <p2p.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

/* -------------------------------------------------- libcrypto's slow parts -- */

/* A key takes an emulated machine seconds: each of the first three is new. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...)
{
	static unsigned int n;
	EVP_PKEY *key = test_key(n < KEYS - 1 ? n++ : n);

	(void)ctx;
	(void)propq;
	NEED(!strcmp(type, "RSA") && EVP_PKEY_up_ref(key) == 1);
	return key;
}

/* As slow as a guess has to be, a walk would take hours over it. */
int EVP_PBE_scrypt(const char *pass, size_t len, const unsigned char *salt, size_t salt_len,
		   uint64_t n, uint64_t r, uint64_t p, uint64_t max, unsigned char *key,
		   size_t key_len)
{
	CHECK(n > 1 && r && p && max);
	return PKCS5_PBKDF2_HMAC(pass, (int)len, salt, (int)salt_len, 1, EVP_sha256(),
				 (int)key_len, key);
}

int crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *pass,
		  unsigned long long len, const unsigned char *salt,
		  unsigned long long ops, size_t memory, int alg)
{
	CHECK(ops >= crypto_pwhash_OPSLIMIT_MIN && memory > crypto_pwhash_MEMLIMIT_MIN);
	CHECK(alg == crypto_pwhash_ALG_ARGON2ID13);
	return PKCS5_PBKDF2_HMAC(pass, (int)len, salt, crypto_pwhash_SALTBYTES, 1, EVP_sha256(),
				 (int)out_len, out) == 1 ? 0 : -1;
}

/* The library's own, which this one stands in front of. */
#define NEXT(function)	((__typeof__(&(function)))next_of(#function))

static void *next_of(const char *name)
{
	void *next = dlsym(RTLD_NEXT, name);

	NEED(next);
	return next;
}

PKCS12 *PKCS12_create(const char *pass, const char *name, EVP_PKEY *key, X509 *cert,
		      STACK_OF(X509) *others, int key_nid, int cert_nid, int rounds,
		      int mac_rounds, int type)
{
	CHECK(rounds > 1);
	return NEXT(PKCS12_create)(pass, name, key, cert, others, key_nid, cert_nid, 1,
				   mac_rounds, type);
}

int PKCS12_set_mac(PKCS12 *p12, const char *pass, int len, unsigned char *salt, int salt_len,
		   int rounds, const EVP_MD *digest)
{
	CHECK(rounds > 1);
	return NEXT(PKCS12_set_mac)(p12, pass, len, salt, salt_len, 1, digest);
}

/* -------------------------------------------------------- the data folder -- */

static uint64_t folder;

static void mix(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		folder = (folder ^ *p++) * 0x100000001b3;
}

static int take_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char data[65536];
	size_t n;
	FILE *file;

	(void)ftw;
	mix(path, strlen(path));
	mix(&st->st_mode, sizeof(st->st_mode));
	if (kind != FTW_F)
		return 0;
	file = fopen(path, "r");
	NEED(file);
	n = fread(data, 1, sizeof(data), file);
	fclose(file);
	mix(data, n);
	return 0;
}

uint64_t walk_files(void)
{
	folder = 0xcbf29ce484222325;
	NEED(!nftw(getenv("PEERGROUP_HOME"), take_file, 16, FTW_PHYS));
	return folder;
}

/* ------------------------------------------------------- what came of it -- */

/* A text that @hr came with, or none, is freed. */
HRESULT walk_text(HRESULT hr, PWSTR text)
{
	if (FAILED(hr)) {
		CHECK(!text);
		return hr;
	}
	CHECK(text && text != (PWSTR)&bad_handle && text[0]);
	PeerFreeData(text);
	return hr;
}

HRESULT walk_list(HRESULT hr, HPEERENUM list, ULONG expected)
{
	ULONG n = 9999;

	if (FAILED(hr)) {
		CHECK(!list);
		return hr;
	}
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == expected, "%u of %u items", (unsigned int)n, (unsigned int)expected);
	HR(PeerEndEnumeration(list), S_OK);
	return hr;
}
