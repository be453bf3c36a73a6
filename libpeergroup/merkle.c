// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Merkle trees of RFC 6962, section 2.1, with SHA-256: a leaf is hashed behind a byte
 * 0, two nodes behind a byte 1, and the last node of a level that has an odd number of
 * them goes up as it is. What such a tree is good for here is said in batch.c.
 */
#include <stdlib.h>
#include "merkle.h"

#define HASH	PEERGROUP_HASH_LEN

HRESULT pgi_tree_new(struct pgi_tree *tree, unsigned int leaves)
{
	memset(tree, 0, sizeof(*tree));
	tree->leaves = leaves;
	/* Below twice the leaves, but for one more on each level of odd length. */
	tree->hash = calloc(2 * (size_t)leaves + PEERGROUP_BATCH_DEPTH, HASH);
	tree->ctx = EVP_MD_CTX_new();
	if (!tree->hash || !tree->ctx || !EVP_DigestInit_ex(tree->ctx, EVP_sha256(), NULL))
		return E_OUTOFMEMORY;
	return S_OK;
}

void pgi_tree_free(struct pgi_tree *tree)
{
	EVP_MD_CTX_free(tree->ctx);
	free(tree->hash);
}

/* The algorithm is looked up once, by pgi_tree_new(). */
static bool hash(struct pgi_tree *tree, uint8_t prefix, const void *data, size_t len,
		 uint8_t out[HASH])
{
	return EVP_DigestInit_ex(tree->ctx, NULL, NULL) &&
	       EVP_DigestUpdate(tree->ctx, &prefix, 1) &&
	       EVP_DigestUpdate(tree->ctx, data, len) &&
	       EVP_DigestFinal_ex(tree->ctx, out, NULL);
}

HRESULT pgi_tree_leaf(struct pgi_tree *tree, unsigned int leaf, const void *data, size_t len)
{
	return hash(tree, 0, data, len, tree->hash[leaf]) ? S_OK : E_OUTOFMEMORY;
}

HRESULT pgi_tree_close(struct pgi_tree *tree)
{
	uint8_t (*level)[HASH] = tree->hash, (*up)[HASH];
	unsigned int n, i;

	for (n = tree->leaves; n > 1; n = (n + 1) / 2) {
		up = level + n;
		for (i = 0; i + 1 < n; i += 2) {
			/* The two lie one behind the other. */
			if (!hash(tree, 1, level[i], 2 * HASH, up[i / 2]))
				return E_OUTOFMEMORY;
		}
		if (n & 1)
			memcpy(up[n / 2], level[n - 1], HASH);
		level = up;
	}
	return S_OK;
}

const uint8_t *pgi_tree_root(const struct pgi_tree *tree)
{
	uint8_t (*level)[HASH] = tree->hash;
	unsigned int n;

	for (n = tree->leaves; n > 1; n = (n + 1) / 2)
		level += n;
	return *level;
}

size_t pgi_tree_path(const struct pgi_tree *tree, unsigned int leaf,
		     uint8_t path[PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN])
{
	uint8_t (*level)[HASH] = tree->hash;
	size_t len = 0;
	unsigned int n;

	for (n = tree->leaves; n > 1; n = (n + 1) / 2) {
		if ((leaf ^ 1) < n) {
			memcpy(path + len, level[leaf ^ 1], HASH);
			len += HASH;
		}
		level += n;
		leaf /= 2;
	}
	return len;
}
