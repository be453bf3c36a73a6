// SPDX-License-Identifier: GPL-2.0-only
/*
 * Node credentials, as they come from peers in a handshake and from programs
 * that put a group online.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <crypto/sha2.h>
#include "compat.h"
#include "credential.h"
#include "cursor.h"
#include "verify.h"

int pg_credential_read(struct pg_credential *cred, struct pg_cursor *c)
{
	const struct peergroup_credential *hdr = pg_cursor_take(c, sizeof(*hdr));

	if (!hdr || hdr->zero)
		return -EBADMSG;
	cred->hdr = hdr;
	cred->node = get_unaligned_be64(&hdr->node);
	cred->not_before = get_unaligned_be64(&hdr->not_before);
	cred->not_after = get_unaligned_be64(&hdr->not_after);
	cred->sig.len = get_unaligned_be16(&hdr->sig_len);
	cred->sig.p = pg_cursor_take(c, cred->sig.len);
	if (!cred->sig.p || !pg_sig_well_formed(hdr->algo, cred->sig))
		return -EBADMSG;
	if (!cred->node || cred->not_before >= cred->not_after)
		return -EBADMSG;
	return 0;
}

int pg_credential_verify(const struct pg_credential *cred, const u8 *group,
			 const struct pg_gmc *gmc)
{
	struct sha256_ctx state;
	u8 hash[PEERGROUP_HASH_LEN];

	if (cred->hdr->algo != gmc->algo)
		return -EKEYREJECTED;
	sha256_init(&state);
	sha256_update(&state, PEERGROUP_CREDENTIAL_TAG, PEERGROUP_CREDENTIAL_TAG_LEN);
	sha256_update(&state, group, PEERGROUP_HASH_LEN);
	sha256_update(&state, (const u8 *)cred->hdr, offsetof(struct peergroup_credential, algo));
	sha256_final(&state, hash);
	return pg_verify(gmc->algo, gmc->key, hash, cred->sig);
}
