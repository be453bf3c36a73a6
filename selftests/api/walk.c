// SPDX-License-Identifier: GPL-2.0-only
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <p2p.h>
#include <peergroup.h>
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

HRESULT walk_given(HRESULT hr, void *what)
{
	CHECK(!what == FAILED(hr), "%p with 0x%08x", what, (unsigned int)hr);
	CHECK(what != &bad_handle);
	peergroup_free(what);
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

/* A block has room for a few short strings at once, and what fits there cannot fail. */
static char *long_identity(const char *name)
{
	char classifier[121], friendly[201], *peer;

	snprintf(classifier, sizeof(classifier), "%s.%055d.%055d", name, 0, 0);
	snprintf(friendly, sizeof(friendly), "%s %0190d", name, 0);
	NEED(!peergroup_identity_create(classifier, friendly, &peer));
	return peer;
}

void walk_people(void)
{
	alice = long_identity("alice");
	bob = long_identity("bob");
}

uint64_t walk_changes(void)
{
	struct peergroup_status *status;
	uint64_t seq;

	NEED(!peergroup_status(ours, &status));
	seq = status->sequence;
	peergroup_free(status);
	return seq;
}
