// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a refusal is called outside the module: its errno and its text.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include "stats.h"

static const struct {
	int err;
	const char *text;
} pg_refusals[__PEERGROUP_A_STATS_MAX] = {
	[PEERGROUP_A_STATS_REFUSED_MALFORMED] =
		{ -EBADMSG, "record does not follow the record format" },
	[PEERGROUP_A_STATS_REFUSED_ID] =
		{ -EBADSLT, "record id does not belong to the creator's key" },
	[PEERGROUP_A_STATS_REFUSED_TIMES] =
		{ -ERANGE, "record times are out of order or outside the signer's certificate" },
	[PEERGROUP_A_STATS_REFUSED_FUTURE] =
		{ -ETIME, "record was modified in the future" },
	[PEERGROUP_A_STATS_REFUSED_EXPIRED] =
		{ -ETIMEDOUT, "record has already expired" },
	[PEERGROUP_A_STATS_REFUSED_HASH] =
		{ -EILSEQ, "record data does not match its hash" },
	[PEERGROUP_A_STATS_REFUSED_SIGNATURE] =
		{ -EKEYREJECTED, "signature is not the signer's" },
	[PEERGROUP_A_STATS_REFUSED_ALGORITHM] =
		{ -ENOPKG, "this kernel cannot verify that signature algorithm" },
	[PEERGROUP_A_STATS_REFUSED_ROLE] =
		{ -EACCES, "only its creator or an administrator may change a record" },
	[PEERGROUP_A_STATS_REFUSED_RESERVED] =
		{ -EPERM, "record type is reserved" },
	[PEERGROUP_A_STATS_REFUSED_UNKNOWN] =
		{ -ENOKEY, "signer's membership certificate is not known" },
	[PEERGROUP_A_STATS_REFUSED_SIZE] =
		{ -EFBIG, "record is larger than the group's limit" },
	[PEERGROUP_A_STATS_REFUSED_FULL] =
		{ -EDQUOT, "record table is full" },
	[PEERGROUP_A_STATS_REFUSED_STALE] =
		{ -ESTALE, "a version at least as new is stored" },
	[PEERGROUP_A_STATS_REFUSED_CHANGED] =
		{ -EINVAL, "an update keeps creator, type, flags and creation, "
			   "and never shortens the expiration" },
	[PEERGROUP_A_STATS_REFUSED_NOMEM] =
		{ -ENOMEM, "out of memory" },
	[PEERGROUP_A_STATS_REFUSED_CERT] =
		{ -EKEYREVOKED, "certificate or chain is not valid in this group" },
	[PEERGROUP_A_STATS_REFUSED_MEMBERS] =
		{ -EUSERS, "member table, or the part of it for one who issues, is full" },
	[PEERGROUP_A_STATS_REFUSED_QUOTA] =
		{ -EDQUOT, "creator, or who invited it, has as much as one may have" },
	[PEERGROUP_A_STATS_REFUSED_RATE] =
		{ -EAGAIN, "creator publishes faster than one may" },
	[PEERGROUP_A_STATS_REFUSED_REVOKED] =
		{ -EOWNERDEAD, "signer's membership was revoked" },
};

int pg_refusal_errno(unsigned int refusal)
{
	if (refusal >= ARRAY_SIZE(pg_refusals) || !pg_refusals[refusal].err)
		return -EIO;
	return pg_refusals[refusal].err;
}

const char *pg_refusal_text(unsigned int refusal)
{
	if (refusal >= ARRAY_SIZE(pg_refusals) || !pg_refusals[refusal].text)
		return "refused";
	return pg_refusals[refusal].text;
}
