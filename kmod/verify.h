/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One signature check, by the kernel's own asymmetric-key code. The only place
 * that knows the crypto API; the user-space build of the engine has its own
 * version over libcrypto.
 */
#ifndef _PG_VERIFY_H
#define _PG_VERIFY_H

#include "gmc.h"

/**
 * pg_verify_init() - find out which algorithms this kernel has
 *
 * Once, when the module is loaded, before anything else of this file. An
 * algorithm that is absent then stays so until the module is loaded again.
 *
 * Return: 0, or -ENOPKG where there is not even RSA.
 */
int __must_check pg_verify_init(void);

/**
 * pg_verify() - is @sig a signature by @key over a SHA-256 hash?
 * @algo: enum peergroup_sig_algo, of both key and signature
 * @key: as struct pg_gmc has it
 * @hash: the 32 byte hash that was signed
 * @sig: the signature
 *
 * Sleeps; takes around 0.1 ms. No locks needed, none should be held.
 *
 * Return: 0, -EKEYREJECTED, -ENOPKG where the kernel has no such algorithm, or one that
 * does not work, or -ENOMEM where the check could not be made, also for being killed in it.
 */
int __must_check pg_verify(u8 algo, struct pg_span key, const u8 *hash, struct pg_span sig);

#endif /* _PG_VERIFY_H */
