/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clouds by their names. A cloud is where a group's members look for one another; here
 * they do so by address, and the name goes along with the group and its invitations.
 */
#ifndef _PEERGROUP_CLOUD_H
#define _PEERGROUP_CLOUD_H

#include "internal.h"

#define PGI_CLOUD_MAX	256		/* as UTF-16 */

struct pgi_cloud {
	char name[3 * PGI_CLOUD_MAX + 1];	/* "": none was named */
	uint32_t scope;			/* PNRP_SCOPE */
};

/*
 * The cloud of that name, NULL and "" being the one that is everywhere: PEER_E_NO_CLOUD
 * where there is none, PEER_E_CLOUD_NAME_AMBIGUOUS where there are several.
 */
HRESULT pgi_cloud_find(const char *name, struct pgi_cloud *cloud);
/* The same of a call's argument, where NULL and "" name none: cloud->name is empty. */
HRESULT pgi_cloud_take(const WCHAR *name, struct pgi_cloud *cloud);

/*
 * Where a group is that an invitation brought: in @chosen, or, if that names none, where the
 * invitation says; a group that is stored already stays as it is. @chosen is NULL where
 * nobody can choose: what is not there, or ambiguous, is the cloud that is everywhere then.
 */
HRESULT pgi_cloud_settle(struct pgi_group_store *store, const struct pgi_cloud *chosen);

/* Do both mean one cloud? NULL is the one that is everywhere. */
bool pgi_cloud_same(const char *a, const char *b);

/* As a text has it: of several names for one cloud always the same. */
const char *pgi_cloud_written(const char *name);
/* How far it reaches, as far as can be told here. E_OUTOFMEMORY is all that can fail. */
HRESULT pgi_cloud_reach(const char *written, uint32_t *scope);
/* Does the name say something on this host only? */
bool pgi_cloud_local(const char *written);
/* CLOUDNAME, SCOPE and CLOUDFLAGS for a text, to be freed. NULL: no memory. */
char *pgi_cloud_elements(const char *name);
/* The same of what both of the first two have said. */
char *pgi_cloud_elements_of(const char *written, uint32_t scope);
bool pgi_cloud_scope(const char *text, uint32_t *scope);

#endif /* _PEERGROUP_CLOUD_H */
