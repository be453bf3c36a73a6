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
 * pg_verify() - is @sig a signature by @key over a SHA-256 hash?
 * @algo: enum peergroup_sig_algo, of both key and signature
 * @key: as struct pg_gmc has it
 * @hash: the 32 byte hash that was signed
 * @sig: the signature
 *
 * Sleeps; takes around 0.1 ms. No locks needed, none should be held.
 *
 * Return: 0, -EKEYREJECTED, -ENOPKG where the kernel has no such algorithm, or
 * -ENOMEM.
 */
int __must_check pg_verify(u8 algo, struct pg_span key, const u8 *hash, struct pg_span sig);

#endif /* _PG_VERIFY_H */
