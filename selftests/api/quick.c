// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passwords that cost no time, for programs that are linked with this: as slow as a guess
 * has to be, an emulated machine takes minutes over a few, and a walk of allocations hours.
 */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <sodium/crypto_pwhash.h>
#include "tap.h"

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
