/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rest of the library tells event registrations of this process: that
 * a connection attempt began, or came to nothing, or that a handle was closed.
 */
#ifndef _PEERGROUP_EVENT_H
#define _PEERGROUP_EVENT_H

#include "address.h"
#include "group.h"

/* Addresses of one attempt whose failures are counted. */
#define PGI_ATTEMPT_MAX	64

/* In a feed's item, in the place of the reason of a CONNECTION_FAILED. */
#define PGI_AUTHENTICATION_FAILED	((HRESULT)0xA0630001)

/* AUTHENTICATION_FAILED, and then the CONNECTION_FAILED that follows from it. */
void pgi_event_not_authenticated(const struct pgi_group *group);

/*
 * The group has come to be in the kernel, and is pending no more: registrations hear of it from
 * now on. Where that fails it is pending as before.
 */
HRESULT pgi_event_group_begun(struct pgi_group *group);

/* CONNECTION_FAILED with @reason, now. */
void pgi_event_failed(const struct pgi_group *group, HRESULT reason);

/* CONNECTION_FAILED with @reason once all of these addresses have failed. */
void pgi_event_attempt(const struct pgi_group *group, HRESULT reason,
		       const struct pgi_address *addresses, size_t count);
/* Is one under way that somebody will hear of? */
bool pgi_event_attempting(const struct pgi_group *group);

/* Registrations of a group handle that was closed hear nothing any more. */
void pgi_event_group_closed(const struct pgi_group *group);

/* Ends the thread, if there is one. */
void pgi_event_shutdown(void);

#endif /* _PEERGROUP_EVENT_H */
