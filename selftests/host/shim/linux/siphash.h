/* SPDX-License-Identifier: GPL-2.0-only */
/* Not SipHash: nobody attacks the tests. */
#ifndef _SHIM_LINUX_SIPHASH_H
#define _SHIM_LINUX_SIPHASH_H

#include <string.h>
#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

static inline u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	return ((a ^ key->key[0]) * 0x9e3779b97f4a7c15ULL) >> 32;
}

static inline u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	return siphash_1u64(siphash_1u64(a, key) ^ b, key);
}

static inline u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 hash = 0, word;

	for (; len >= sizeof(word); len -= sizeof(word), data = (const char *)data + sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		hash = siphash_2u64(hash, word, key);
	}
	return hash;
}

#endif
