/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels from 6.1 on. The only file that asks for the
 * version. Engine files are compiled in user space, too, where it is of no
 * importance.
 */
#ifndef _PG_COMPAT_H
#define _PG_COMPAT_H

#ifndef __KERNEL__
#include <asm/unaligned.h>
#else
#include <linux/crypto.h>
#include <linux/fs.h>
#include <linux/version.h>
#include <crypto/public_key.h>
#include <net/genetlink.h>

/* Split off <linux/kernel.h>, which after a while ceased to include it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#include <linux/hex.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* What hashes are computed in has a type of its own for each; it was called state before. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define sha256_ctx sha256_state
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define blake2s_ctx blake2s_state
#endif

/* What kernel_bind() and kernel_connect() take, now that a sockaddr is 16 bytes long. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized sockaddr
#endif

/*
 * What public_key_verify_signature() asks the crypto API for. Signatures were
 * ciphers once; now they are a kind of their own, with other names.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define PG_ALG_TYPE_SIG		CRYPTO_ALG_TYPE_SIG
#define PG_ALG_RSA_SHA256	"pkcs1(rsa,sha256)"
#define PG_ALG_P256		"x962(ecdsa-nist-p256)"
#else
#define PG_ALG_TYPE_SIG		CRYPTO_ALG_TYPE_AKCIPHER
#define PG_ALG_RSA_SHA256	"pkcs1pad(rsa,sha256)"
#define PG_ALG_P256		"ecdsa-nist-p256"
#endif

/* A signature may now be one of a whole message, which is where a digest goes, too. */
static inline void pg_sig_set_digest(struct public_key_signature *sig, u8 *digest, u32 len)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	sig->m = digest;
	sig->m_size = len;
#else
	sig->digest = digest;
	sig->digest_size = len;
#endif
}

/* A file that is not being closed, held, or NULL. The caller keeps its memory from going. */
static inline struct file *pg_get_file_active(struct file **slot)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_active(slot);
#else
	struct file *file = READ_ONCE(*slot);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* What a dump was asked for. */
static inline struct nlattr **pg_dumpit_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}
#endif /* __KERNEL__ */

#endif /* _PG_COMPAT_H */
