// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Merkle trees that batches of records are signed by, against the vectors that
 * come with Certificate Transparency's own implementation of RFC 6962: the roots of
 * its first one to eight leaves, and paths. Then trees of all sizes: each path leads to
 * the root, by the rules as section 2.1.1 words them and not as the library does.
 */
#include <openssl/sha.h>
#include "lib_test.h"
#include "merkle.h"

static const struct {
	const char *leaf;		/* hex; a tree has this one and all before it */
	const char *root;
} published[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657",
	  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f",
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

/* Leaf, from 0, of the first @leaves of them. */
static const struct {
	unsigned int leaf, leaves;
	const char *path[3];
} paths[] = {
	{ 0, 1, { NULL } },
	{ 0, 8, { "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
		  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
	{ 5, 8, { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	{ 2, 3, { "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
	{ 1, 5, { "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
};

static const char *hex_of(const uint8_t *hash)
{
	static char text[2 * PEERGROUP_HASH_LEN + 1];
	size_t i;

	for (i = 0; i < PEERGROUP_HASH_LEN; i++)
		sprintf(text + 2 * i, "%02x", hash[i]);
	return text;
}

static void make(struct pgi_tree *tree, unsigned int leaves)
{
	uint8_t bytes[16];
	unsigned int i;
	size_t len, k;

	NEED(!pgi_tree_new(tree, leaves));
	for (i = 0; i < leaves; i++) {
		len = i < PGI_ARRAY_SIZE(published) ? strlen(published[i].leaf) / 2 : sizeof(i);
		memcpy(bytes, &i, sizeof(i));
		for (k = 0; i < PGI_ARRAY_SIZE(published) && k < len; k++)
			sscanf(published[i].leaf + 2 * k, "%2hhx", &bytes[k]);
		NEED(!pgi_tree_leaf(tree, i, bytes, len));
	}
	NEED(!pgi_tree_close(tree));
}

static void test_roots(void)
{
	struct pgi_tree tree;
	unsigned int i;

	for (i = 0; i < PGI_ARRAY_SIZE(published); i++) {
		make(&tree, i + 1);
		CHECK(!strcmp(hex_of(pgi_tree_root(&tree)), published[i].root), "%u leaves: %s",
		      i + 1, hex_of(pgi_tree_root(&tree)));
		pgi_tree_free(&tree);
	}
}

static void test_paths(void)
{
	uint8_t path[PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN];
	struct pgi_tree tree;
	unsigned int i, k;
	size_t len;

	for (i = 0; i < PGI_ARRAY_SIZE(paths); i++) {
		make(&tree, paths[i].leaves);
		len = pgi_tree_path(&tree, paths[i].leaf, path);
		for (k = 0; k < 3 && paths[i].path[k]; k++)
			CHECK(!strcmp(hex_of(path + PEERGROUP_HASH_LEN * k), paths[i].path[k]),
			      "%u of %u, %u: %s", paths[i].leaf, paths[i].leaves, k,
			      hex_of(path + PEERGROUP_HASH_LEN * k));
		CHECK(len == PEERGROUP_HASH_LEN * k, "%zu bytes", len);
		pgi_tree_free(&tree);
	}
}

/* MTH() of RFC 6962, as it stands there: by halves, from the top. */
static void top_down(const struct pgi_tree *tree, unsigned int from, unsigned int n,
		     uint8_t out[PEERGROUP_HASH_LEN])
{
	uint8_t both[1 + 2 * PEERGROUP_HASH_LEN] = { 1 };
	unsigned int k = 1;

	if (n == 1) {
		memcpy(out, tree->hash[from], PEERGROUP_HASH_LEN);
		return;
	}
	while (2 * k < n)
		k *= 2;
	top_down(tree, from, k, both + 1);
	top_down(tree, from + k, n - k, both + 1 + PEERGROUP_HASH_LEN);
	SHA256(both, sizeof(both), out);
}

static void test_shapes(void)
{
	static const unsigned int large[] = { 1023, 1025, 4095, PEERGROUP_BATCH_MAX };
	uint8_t root[PEERGROUP_HASH_LEN];
	struct pgi_tree tree;
	unsigned int i, leaves;

	for (i = 1; i < 70 + PGI_ARRAY_SIZE(large); i++) {
		leaves = i < 70 ? i : large[i - 70];
		make(&tree, leaves);
		top_down(&tree, 0, leaves, root);
		CHECK(!memcmp(root, pgi_tree_root(&tree), sizeof(root)), "%u leaves", leaves);
		pgi_tree_free(&tree);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "roots as published", test_roots },
		{ "paths as published", test_paths },
		{ "trees of all shapes, as RFC 6962 words it", test_shapes },
	};

	return TESTS(tests);
}
