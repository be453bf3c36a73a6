/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Node credentials: a member's word that a node, which is a static key and an
 * id, is its own. Reading one, and telling whether it is what it claims. Engine
 * file: knows neither clocks nor links.
 */
#ifndef _PG_CREDENTIAL_H
#define _PG_CREDENTIAL_H

#include "gmc.h"

struct pg_cursor;

/**
 * struct pg_credential - one that was read; points into the buffer given
 * @hdr: as it travels
 * @node: node id
 * @not_before: peer time
 * @not_after: peer time
 * @sig: signature, of @hdr->algo
 */
struct pg_credential {
	const struct peergroup_credential *hdr;
	u64 node;
	u64 not_before;
	u64 not_after;
	struct pg_span sig;
};

/**
 * pg_credential_read() - take a credential off a cursor
 * @cred: filled in
 * @c: hostile; what follows the credential is left on it
 *
 * Return: 0 or -EBADMSG.
 */
int __must_check pg_credential_read(struct pg_credential *cred, struct pg_cursor *c);

/**
 * pg_credential_verify() - did that member sign it for a node of that group?
 * @cred: as read
 * @group: group id
 * @gmc: the member's certificate, verified
 *
 * Says nothing about times: it holds while both it and the certificate do. Sleeps
 * for one signature check.
 *
 * Return: 0, or as pg_verify().
 */
int __must_check pg_credential_verify(const struct pg_credential *cred, const u8 *group,
				      const struct pg_gmc *gmc);

#endif /* _PG_CREDENTIAL_H */
