/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A group's table between the kernel and a file.
 */
#ifndef _PEERGROUP_TRANSFER_H
#define _PEERGROUP_TRANSFER_H

#include "group.h"

/* @counts: what was written. */
HRESULT pgi_export(struct pgi_group *group, const char *path,
		   struct peergroup_transfer *counts);

/* PEER_E_INVALID_DATABASE, PEER_E_GROUP_IN_USE; @refused may be NULL. */
HRESULT pgi_import(struct pgi_group *group, const char *path, peergroup_refusal_fn refused,
		   void *arg, struct peergroup_transfer *counts);

#endif /* _PEERGROUP_TRANSFER_H */
