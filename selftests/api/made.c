// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys for new identities, made when the tests were built: an emulated machine takes
 * ten seconds over one. No key is handed out twice, to whatever process of a test; when
 * there is none left, or another kind is wanted, one is made as ever.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/mman.h>

#define BITS	2048

/* Of all processes that come of this one. */
static unsigned int *handed_out;

__attribute__((constructor)) static void share(void)
{
	handed_out = mmap(NULL, sizeof(*handed_out), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (handed_out == MAP_FAILED)
		abort();
}

static EVP_PKEY *made_before(void)
{
	const char *build = getenv("PG_BUILD");
	EVP_PKEY *key = NULL;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/selftests/keys/new/%u.pem", build ? build : "",
		 __atomic_add_fetch(handed_out, 1, __ATOMIC_RELAXED));
	file = fopen(path, "re");
	if (file) {
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	return key;
}

/* What EVP_RSA_gen() calls, which is a macro. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...)
{
	EVP_PKEY_CTX *making;
	EVP_PKEY *key = NULL;
	va_list args;
	int bits;

	if (strcmp(type, "RSA"))
		abort();
	va_start(args, type);
	bits = (int)va_arg(args, size_t);
	va_end(args);
	if (bits == BITS)
		key = made_before();
	if (key)
		return key;
	making = EVP_PKEY_CTX_new_from_name(ctx, type, propq);
	if (making && EVP_PKEY_keygen_init(making) > 0 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(making, bits) > 0)
		EVP_PKEY_generate(making, &key);
	EVP_PKEY_CTX_free(making);
	return key;
}
