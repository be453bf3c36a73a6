/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records that their publisher keeps alive (PEER_RECORD_FLAG_AUTOREFRESH).
 */
#ifndef _PEERGROUP_REFRESH_H
#define _PEERGROUP_REFRESH_H

#include "records.h"

/* An added record is to be refreshed: it lives for four minutes or longer. */
void pgi_refresh_fill(struct pgi_group *group, struct pgi_draft *draft);

/* A program's update gives a later expiration; refreshes give as much from now on. */
void pgi_refresh_extend(struct pgi_draft *draft, uint64_t expires);

/* A version was published: where it is to be refreshed, that is seen to in time. */
void pgi_refresh_plan(struct pgi_group *group, const struct pgi_draft *draft);

/* The group has been opened: programs before this one may have left records to refresh. */
void pgi_refresh_take_over(struct pgi_group *group);

/* A turn of upkeep: refreshes what is due, and plans the next. */
void pgi_refresh_upkeep(struct pgi_group *group);

/* The same version with a later expiration; S_FALSE where there can be none. */
HRESULT pgi_record_refresh(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN]);

#endif
