/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merkle trees of RFC 6962, by which one signature stands for many records: batch.c
 * signs the root. They know nothing of records.
 */
#ifndef _PEERGROUP_MERKLE_H
#define _PEERGROUP_MERKLE_H

#include <openssl/evp.h>
#include "internal.h"

struct pgi_tree {
	unsigned int leaves;
	uint8_t (*hash)[PEERGROUP_HASH_LEN];	/* the leaves, each level above them, the root */
	EVP_MD_CTX *ctx;
};

/* For pgi_tree_free(), also where it fails. @leaves is 1 to PEERGROUP_BATCH_MAX. */
HRESULT pgi_tree_new(struct pgi_tree *tree, unsigned int leaves);
void pgi_tree_free(struct pgi_tree *tree);

/* Each leaf, in any order; then all above them. E_OUTOFMEMORY. */
HRESULT pgi_tree_leaf(struct pgi_tree *tree, unsigned int leaf, const void *data, size_t len);
HRESULT pgi_tree_close(struct pgi_tree *tree);

/* Of a tree that was closed: the root, and @leaf's siblings on the way to it. */
const uint8_t *pgi_tree_root(const struct pgi_tree *tree);
size_t pgi_tree_path(const struct pgi_tree *tree, unsigned int leaf,
		     uint8_t path[PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN]);

#endif /* _PEERGROUP_MERKLE_H */
