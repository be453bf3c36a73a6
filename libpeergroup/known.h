/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which records a watcher knows of. Needed for the one case in which the kernel
 * cannot say what is gone: the watcher was away for more expiries than it
 * remembers.
 */
#ifndef _PEERGROUP_KNOWN_H
#define _PEERGROUP_KNOWN_H

#include "internal.h"

struct pgi_known_entry {
	uint8_t id[PEERGROUP_ID_LEN];
	uint8_t type[PEERGROUP_ID_LEN];
	uint8_t mark;		/* 0: empty slot */
};

/* All zero is an empty set. */
struct pgi_known {
	struct pgi_known_entry *slots;
	size_t size;		/* power of two, or 0 */
	size_t count;
	uint64_t seed;
	uint8_t mark;
};

void pgi_known_free(struct pgi_known *known);
struct pgi_known_entry *pgi_known_find(struct pgi_known *known,
				       const uint8_t id[PEERGROUP_ID_LEN]);
/* Marks it too; one that is there already is only marked. */
HRESULT pgi_known_add(struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN],
		      const uint8_t type[PEERGROUP_ID_LEN]);
bool pgi_known_remove(struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN]);

/* From now on nothing is marked. */
void pgi_known_unmark(struct pgi_known *known);
/* Takes out one that is not marked; call until it says false. @from starts at 0. */
bool pgi_known_pop_unmarked(struct pgi_known *known, size_t *from,
			    struct pgi_known_entry *entry);

#endif /* _PEERGROUP_KNOWN_H */
