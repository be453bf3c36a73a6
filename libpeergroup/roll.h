/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The members of a group as programs are told of them.
 */
#ifndef _PEERGROUP_ROLL_H
#define _PEERGROUP_ROLL_H

#include "members.h"
#include "presence.h"

struct pgi_cert;
struct pgi_roll;

/* A node of a member's that is there, or a member that is not. All is the roll's. */
struct pgi_roll_item {
	struct pgi_member m;
	const char *issuer, *issuer_friendly;	/* NULL: not known */
	struct pgi_cert *cert;
	const struct pgi_place *place;	/* NULL: not present */
};

/*
 * This host's member first, then the others in the order that they became known. @flags:
 * 0 or PEER_MEMBER_PRESENT; @name: of one member, or NULL. To be freed by pgi_roll_free().
 */
HRESULT pgi_roll_call(struct pgi_group *group, uint32_t flags, const char *name,
		      struct pgi_roll **roll);
void pgi_roll_free(struct pgi_roll *roll);

size_t pgi_roll_count(const struct pgi_roll *roll);
const struct pgi_roll_item *pgi_roll_item(const struct pgi_roll *roll, size_t index);

#endif /* _PEERGROUP_ROLL_H */
