/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is present: the members at the other ends of the links that are up, and those
 * whose nodes say so by a presence record. A member is there with the first of these and
 * gone with the last, whichever nodes of it those are.
 */
#ifndef _PEERGROUP_PRESENCE_H
#define _PEERGROUP_PRESENCE_H

#include "address.h"
#include "internal.h"
#include "netlink.h"

struct pgi_group;
struct pgi_record;

/* Told of a member: PEER_MEMBER_CONNECTED, _DISCONNECTED or, for its addresses, _UPDATED. */
typedef HRESULT (*pgi_presence_tell)(const char *name, uint32_t change, void *arg);

/* More nodes of one member are not shown: it alone says how many there are. */
#define PGI_NODES_MAX	16

struct pgi_present;

struct pgi_presence {
	struct pgi_present **list;	/* why members are there, in no order */
	size_t count;
	void *by_key, *by_name;		/* trees of the same, and of members */
	uint8_t own[PEERGROUP_ID_LEN];	/* id of this node's record: it is here anyway */
	uint64_t due;			/* of certificates: the next of theirs begins; or 0 */
};

void pgi_presence_free(struct pgi_presence *p);

/* No record has such an id: the first half of one is a hash of its creator's key. */
void pgi_presence_key(uint64_t link, uint8_t key[PEERGROUP_ID_LEN]);

bool pgi_presence_has(const struct pgi_presence *p, uint64_t link);
bool pgi_presence_has_member(const struct pgi_presence *p, const char *name);

/* A link is up, the member's first maybe, or is no longer. What fails can be tried again. */
HRESULT pgi_presence_link(struct pgi_presence *p, uint64_t link, const char *name,
			  pgi_presence_tell tell, void *arg);
HRESULT pgi_presence_gone(struct pgi_presence *p, const uint8_t key[PEERGROUP_ID_LEN],
			  pgi_presence_tell tell, void *arg);

/* A presence record, as it is now; none of a node too many. */
HRESULT pgi_presence_record(struct pgi_presence *p, const struct pgi_record *record,
			    pgi_presence_tell tell, void *arg);

/*
 * Makes the list what the kernel says, with @records of these too: a host without links
 * cannot know who else is there. @tell may be NULL.
 */
HRESULT pgi_presence_compare(struct pgi_presence *p, struct pgi_nl *nl, uint32_t group,
			     bool records, pgi_presence_tell tell, void *arg);

/*
 * The same of a list of certificates that were revoked, in the place of links, of those who
 * have no other that holds at @now, peer time: who has the first of them revoked is CONNECTED to
 * @tell, and who is not among them any more DISCONNECTED. Where that is by a certificate that
 * holds, that one is in @again from then on; NULL: that is of no use.
 */
HRESULT pgi_presence_compare_revoked(struct pgi_presence *p, struct pgi_presence *again,
				     struct pgi_nl *nl, uint32_t group, uint64_t now,
				     pgi_presence_tell tell, void *arg);

/* ---- place.c: where a node is, as the record has it ---- */

struct pgi_place {
	uint64_t node;
	struct pgi_address addresses[PEERGROUP_PRESENCE_ADDRESSES_MAX];
	size_t count;
};

/* False where it is a tombstone or of a form that is not known here. */
bool pgi_place_read(const struct pgi_record *record, struct pgi_place *place);
/* The data of a record for a node of this host, at the addresses that it has now. */
HRESULT pgi_place_here(uint64_t node, uint16_t port, struct pgi_blob *data);

/* ---- announce.c: this node's own record ---- */

/*
 * The group is online, or may be: publishes this node's presence, unless it is there, or
 * is not to be. What goes wrong is tried again the next time.
 */
void pgi_presence_announce(struct pgi_group *group);
/* A turn of upkeep: the same, and plans the next. */
void pgi_presence_upkeep(struct pgi_group *group);
/* The id of a node's record. */
void pgi_presence_id(const struct pgi_group *group, uint64_t node,
		     uint8_t id[PEERGROUP_ID_LEN]);
/* The node is about to go offline, or the group to end: takes the record back. */
void pgi_presence_withdraw(struct pgi_group *group);

#endif /* _PEERGROUP_PRESENCE_H */
