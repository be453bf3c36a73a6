// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and certificates out of $PEERGROUP_HOME.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "home.h"
#include "tap.h"

void home_path(const char *folder, const char *name, const char *file, char path[HOME_PATH])
{
	char pattern[HOME_PATH];
	glob_t found;

	/* A folder begins with the part of a peer name that is of the key. */
	snprintf(pattern, sizeof(pattern), "%s/%s/%.40s*/%s", getenv("PEERGROUP_HOME"), folder,
		 name, file);
	NEED(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	NEED(strlen(found.gl_pathv[0]) < HOME_PATH);
	strcpy(path, found.gl_pathv[0]);
	globfree(&found);
}

FILE *home_file(const char *folder, const char *name, const char *file)
{
	char path[HOME_PATH];
	FILE *f;

	home_path(folder, name, file, path);
	f = fopen(path, "r");
	NEED(f);
	return f;
}

EVP_PKEY *home_key(const char *name)
{
	FILE *f = home_file("identities", name, "key.pem");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);

	NEED(key);
	fclose(f);
	return key;
}

static void take_der(X509 *x, struct cert *cert)
{
	uint8_t *p = cert->der.p;

	NEED(x && i2d_X509(x, NULL) < DER_ROOM);
	cert->der.len = (size_t)i2d_X509(x, &p);
	SHA256(cert->der.p, cert->der.len, cert->fingerprint);
}

void home_member(const char *name, struct cert *creator, struct cert *cert)
{
	static char not_after[32];
	FILE *f = home_file("groups", name, "*/chain.pem");
	X509 *root = PEM_read_X509(f, NULL, NULL, NULL);
	X509 *above = PEM_read_X509(f, NULL, NULL, NULL);
	X509 *own = PEM_read_X509(f, NULL, NULL, NULL);

	take_der(above, creator);
	take_der(own, cert);
	cert_spki_hash(X509_get0_pubkey(root), cert->spec.group);
	cert->spec.key = home_key(name);
	snprintf(not_after, sizeof(not_after), "%s", X509_get0_notAfter(own)->data);
	cert->spec.not_after = not_after;
	X509_free(root);
	X509_free(above);
	X509_free(own);
	fclose(f);
}
