/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is present: the members at the other ends of the links that are up. A member is
 * there with its first link and gone with its last, whichever nodes of it those are.
 */
#ifndef _PEERGROUP_PRESENCE_H
#define _PEERGROUP_PRESENCE_H

#include "internal.h"
#include "netlink.h"

struct pgi_present {
	uint64_t link;
	char *name;			/* of the member */
	bool seen;			/* by the comparison under way */
};

struct pgi_presence {
	struct pgi_present *list;
	size_t count;
};

void pgi_presence_free(struct pgi_presence *p);

/* A link is up; S_FALSE unless it is the member's first. */
HRESULT pgi_presence_add(struct pgi_presence *p, uint64_t link, const char *name);

bool pgi_presence_has(const struct pgi_presence *p, uint64_t link);

/* A link is up no longer: the name, malloc()ed, if it was the member's last, or NULL. */
char *pgi_presence_remove(struct pgi_presence *p, uint64_t link);

/*
 * Makes the list what the kernel says. @tell (may be NULL) hears of each member that has
 * come or gone.
 */
HRESULT pgi_presence_compare(struct pgi_presence *p, struct pgi_nl *nl, uint32_t group,
			     HRESULT (*tell)(const char *name, bool there, void *arg),
			     void *arg);

#endif /* _PEERGROUP_PRESENCE_H */
