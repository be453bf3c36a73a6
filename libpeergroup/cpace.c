// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * CPace; see cpace.h. Names in comments are those of draft-irtf-cfrg-cpace, whose
 * test vectors selftests/host/test_lib_cpace.c holds this to. pake.c is its only caller.
 */
#include <sodium.h>
#include <string.h>
#include "cpace.h"

#define DSI		"CPaceRistretto255"
#define DSI_ISK		"CPaceRistretto255_ISK"
#define DSI_MAC		"CPaceMac"
#define HASH_BLOCK	128U	/* of SHA-512 */

/* prepend_len(): the length in LEB128, seven bits a byte. */
static size_t put_len(size_t len, uint8_t out[10])
{
	size_t n = 0;

	do {
		out[n] = len & 0x7f;
		len >>= 7;
		if (len)
			out[n] |= 0x80;
		n++;
	} while (len);
	return n;
}

static size_t lv_size(size_t len)
{
	uint8_t head[10];

	return put_len(len, head) + len;
}

/* One part of an lv_cat(). */
static void hash_lv(crypto_hash_sha512_state *state, const void *data, size_t len)
{
	uint8_t head[10];

	crypto_hash_sha512_update(state, head, put_len(len, head));
	if (len)
		crypto_hash_sha512_update(state, data, len);
}

/* calculate_generator(): padding keeps the password in a hash block of its own. */
bool pgi_cpace_generator(const struct pgi_cpace_context *c, uint8_t g[PGI_CPACE_SHARE])
{
	static const uint8_t zeros[HASH_BLOCK];
	size_t used = 1 + lv_size(c->password.len) + lv_size(sizeof(DSI) - 1);
	uint8_t hash[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state state;
	bool ok;

	crypto_hash_sha512_init(&state);
	hash_lv(&state, DSI, sizeof(DSI) - 1);
	hash_lv(&state, c->password.data, c->password.len);
	hash_lv(&state, zeros, used < HASH_BLOCK ? HASH_BLOCK - used : 0);
	hash_lv(&state, c->channel.data, c->channel.len);
	hash_lv(&state, c->session.data, c->session.len);
	crypto_hash_sha512_final(&state, hash);
	ok = !crypto_core_ristretto255_from_hash(g, hash);
	sodium_memzero(hash, sizeof(hash));
	sodium_memzero(&state, sizeof(state));
	return ok;
}

bool pgi_cpace_share(const uint8_t g[PGI_CPACE_SHARE], const uint8_t scalar[PGI_CPACE_SHARE],
		     uint8_t share[PGI_CPACE_SHARE])
{
	return !crypto_scalarmult_ristretto255(share, scalar, g);
}

bool pgi_cpace_begin(const struct pgi_cpace_context *c, uint8_t scalar[PGI_CPACE_SHARE],
		     uint8_t share[PGI_CPACE_SHARE])
{
	uint8_t g[PGI_CPACE_SHARE];
	bool ok;

	crypto_core_ristretto255_scalar_random(scalar);
	ok = pgi_cpace_generator(c, g) && pgi_cpace_share(g, scalar, share);
	sodium_memzero(g, sizeof(g));
	return ok;
}

/* ISK = H(lv_cat(DSI_ISK, sid, K) || transcript_ir(Ya, ADa, Yb, ADb)) */
bool pgi_cpace_key(const struct pgi_cpace_context *c, const struct pgi_cpace_transcript *t,
		   const uint8_t scalar[PGI_CPACE_SHARE],
		   const uint8_t theirs[PGI_CPACE_SHARE], uint8_t isk[PGI_CPACE_ISK])
{
	crypto_hash_sha512_state state;
	uint8_t k[PGI_CPACE_SHARE];

	/* It refuses what is no element, and a neutral result. */
	if (crypto_scalarmult_ristretto255(k, scalar, theirs))
		return false;
	crypto_hash_sha512_init(&state);
	hash_lv(&state, DSI_ISK, sizeof(DSI_ISK) - 1);
	hash_lv(&state, c->session.data, c->session.len);
	hash_lv(&state, k, sizeof(k));
	hash_lv(&state, t->ya, sizeof(t->ya));
	hash_lv(&state, t->ada.data, t->ada.len);
	hash_lv(&state, t->yb, sizeof(t->yb));
	hash_lv(&state, t->adb.data, t->adb.len);
	crypto_hash_sha512_final(&state, isk);
	sodium_memzero(k, sizeof(k));
	sodium_memzero(&state, sizeof(state));
	return true;
}

/* mac_key = H(b"CPaceMac" || sid || ISK); T = MAC(mac_key, lv_cat(Y, AD)) */
bool pgi_cpace_tag(const struct pgi_cpace_context *c, const struct pgi_cpace_transcript *t,
		   const uint8_t isk[PGI_CPACE_ISK], bool initiator,
		   uint8_t tag[PGI_CPACE_TAG])
{
	const struct pgi_bytes ad = initiator ? t->ada : t->adb;
	uint8_t key[crypto_hash_sha512_BYTES], head[10];
	crypto_auth_hmacsha512_state mac;
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, (const uint8_t *)DSI_MAC, sizeof(DSI_MAC) - 1);
	crypto_hash_sha512_update(&state, c->session.data, c->session.len);
	crypto_hash_sha512_update(&state, isk, PGI_CPACE_ISK);
	crypto_hash_sha512_final(&state, key);
	crypto_auth_hmacsha512_init(&mac, key, sizeof(key));
	crypto_auth_hmacsha512_update(&mac, head, put_len(PGI_CPACE_SHARE, head));
	crypto_auth_hmacsha512_update(&mac, initiator ? t->ya : t->yb, PGI_CPACE_SHARE);
	crypto_auth_hmacsha512_update(&mac, head, put_len(ad.len, head));
	crypto_auth_hmacsha512_update(&mac, ad.data, ad.len);
	crypto_auth_hmacsha512_final(&mac, tag);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&mac, sizeof(mac));
	sodium_memzero(&state, sizeof(state));
	return true;
}
