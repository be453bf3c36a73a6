/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's ChaCha20-Poly1305 library calls over libcrypto's. */
#ifndef _SHIM_CRYPTO_CHACHA20POLY1305_H
#define _SHIM_CRYPTO_CHACHA20POLY1305_H

#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <linux/types.h>

#define CHACHA20POLY1305_KEY_SIZE	32
#define CHACHA20POLY1305_AUTHTAG_SIZE	16

static inline EVP_CIPHER_CTX *shim_chacha_start(const u8 *ad, size_t ad_len, u64 nonce,
						const u8 *key, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	u8 iv[12] = { 0 };
	int i, n;

	/* Four bytes of zeroes, and the number in little-endian. */
	for (i = 0; i < 8; i++)
		iv[4 + i] = (u8)(nonce >> (8 * i));
	if (!ctx || EVP_CipherInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, iv, encrypt) <= 0 ||
	    (ad_len && EVP_CipherUpdate(ctx, NULL, &n, ad, (int)ad_len) <= 0))
		abort();
	return ctx;
}

static inline void chacha20poly1305_encrypt(u8 *dst, const u8 *src, const size_t src_len,
					    const u8 *ad, const size_t ad_len, const u64 nonce,
					    const u8 key[CHACHA20POLY1305_KEY_SIZE])
{
	EVP_CIPHER_CTX *ctx = shim_chacha_start(ad, ad_len, nonce, key, 1);
	u8 none[1];
	int n;

	if ((src_len && EVP_CipherUpdate(ctx, dst, &n, src, (int)src_len) <= 0) ||
	    EVP_CipherFinal_ex(ctx, none, &n) <= 0 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CHACHA20POLY1305_AUTHTAG_SIZE,
				dst + src_len) <= 0)
		abort();
	EVP_CIPHER_CTX_free(ctx);
}

/* As in the kernel, dst is left alone where src is not authentic. */
static inline bool __must_check
chacha20poly1305_decrypt(u8 *dst, const u8 *src, const size_t src_len,
			 const u8 *ad, const size_t ad_len, const u64 nonce,
			 const u8 key[CHACHA20POLY1305_KEY_SIZE])
{
	const size_t tag = CHACHA20POLY1305_AUTHTAG_SIZE;
	EVP_CIPHER_CTX *ctx;
	u8 *text, none[1];
	size_t len;
	bool good;
	int n;

	if (src_len < tag)
		return false;
	len = src_len - tag;
	text = (u8 *)malloc(len + 1);
	ctx = shim_chacha_start(ad, ad_len, nonce, key, 0);
	if (!text || (len && EVP_CipherUpdate(ctx, text, &n, src, (int)len) <= 0) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag, (void *)(src + len)) <= 0)
		abort();
	good = EVP_CipherFinal_ex(ctx, none, &n) > 0;
	if (good && len)
		memcpy(dst, text, len);
	OPENSSL_cleanse(text, len);
	free(text);
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

#endif
