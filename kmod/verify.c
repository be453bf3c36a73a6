// SPDX-License-Identifier: GPL-2.0-only
/*
 * One signature check by the kernel's asymmetric-key code, for certificates
 * and records. The only file that knows the crypto API. What is not there when the
 * module is loaded is never asked for again, so no peer can make the kernel look
 * for modules that it has not got.
 */
#include <linux/cache.h>
#include <linux/crypto.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/public_key.h>
#include "compat.h"
#include "verify.h"

/* Longest RSAPublicKey that pg_gmc_parse() lets through: 4096 bits, 32 bit exponent. */
#define PG_KEY_LEN_MAX	544

/* What the API wants writable memory for, although it only reads it. */
struct pg_verify_copy {
	u8 key[PG_KEY_LEN_MAX];
	u8 digest[PEERGROUP_HASH_LEN];
	u8 sig[PEERGROUP_SIG_LEN_MAX];
};

static const struct pg_verify_algo {
	const char *driver;	/* what must be there */
	const char *pkey_algo;
	const char *encoding;
} pg_verify_algos[] = {
	[PEERGROUP_SIG_RSA_SHA256] = { PG_ALG_RSA_SHA256, "rsa", "pkcs1" },
	[PEERGROUP_SIG_P256_SHA256] = { PG_ALG_P256, "ecdsa-nist-p256", "x962" },
};

static bool pg_verify_have[ARRAY_SIZE(pg_verify_algos)] __ro_after_init;

int __init pg_verify_init(void)
{
	unsigned int i;

	for (i = PEERGROUP_SIG_RSA_SHA256; i < ARRAY_SIZE(pg_verify_algos); i++)
		pg_verify_have[i] = crypto_has_alg(pg_verify_algos[i].driver,
						   PG_ALG_TYPE_SIG, CRYPTO_ALG_TYPE_MASK);
	return pg_verify_have[PEERGROUP_SIG_RSA_SHA256] ? 0 : -ENOPKG;
}

/*
 * The API has three names for "this is no such signature"; -EINVAL is of a number that is
 * too large for the key, and of a key that is no point of the curve. All else says that no
 * check was made, and must not be taken for one: it would cost an honest peer its link. What
 * does not pass by itself, as where a device does not answer, is like an algorithm that is
 * not there. Were it like memory, it would be asked for again at once, and without end.
 */
static int pg_verify_errno(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -EKEYREJECTED:
	case -EBADMSG:
	case -EINVAL:
		return -EKEYREJECTED;
	case -ENOMEM:
	case -EINTR:
	case -EAGAIN:
	case -ETIMEDOUT:
		return -ENOMEM;
	default:
		return -ENOPKG;
	}
}

int pg_verify(u8 algo, struct pg_span key, const u8 *hash, struct pg_span sig)
{
	struct public_key_signature pks = {};
	struct public_key pkey = { .id_type = "X509" };
	struct pg_verify_copy *copy;
	int err;

	if (!pg_sig_well_formed(algo, sig) || key.len > PG_KEY_LEN_MAX)
		return -EKEYREJECTED;
	if (!pg_verify_have[algo])
		return -ENOPKG;

	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	pkey.key = memcpy(copy->key, key.p, key.len);
	pkey.keylen = key.len;
	pkey.pkey_algo = pg_verify_algos[algo].pkey_algo;
	pks.s = memcpy(copy->sig, sig.p, sig.len);
	pks.s_size = sig.len;
	pg_sig_set_digest(&pks, memcpy(copy->digest, hash, PEERGROUP_HASH_LEN),
			  PEERGROUP_HASH_LEN);
	pks.pkey_algo = pkey.pkey_algo;
	pks.hash_algo = "sha256";
	pks.encoding = pg_verify_algos[algo].encoding;

	err = public_key_verify_signature(&pkey, &pks);
	kfree(copy);
	return pg_verify_errno(err);
}
