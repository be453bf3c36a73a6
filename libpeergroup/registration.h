/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event registrations: what event.c, event_thread.c and event_data.c share.
 */
#ifndef _PEERGROUP_REGISTRATION_H
#define _PEERGROUP_REGISTRATION_H

#include "event.h"
#include "feed.h"

#define PGI_STATUS_BITS	(PEERGROUP_STATUS_LISTENING | PEERGROUP_STATUS_CONNECTED)

struct filter {
	PEER_GROUP_EVENT_TYPE event;
	bool typed;
	uint8_t type[PEERGROUP_ID_LEN];
};

/* A Connect under way: which of its addresses have failed. */
struct attempt {
	HRESULT reason;			/* S_OK: there is none */
	size_t count;
	struct pgi_address addresses[PGI_ATTEMPT_MAX];
	bool failed[PGI_ATTEMPT_MAX];
};

struct registration {
	struct pgi_object obj;
	struct registration *next;	/* these four under the thread's lock */
	uint64_t serial;
	struct pgi_group *group;	/* not held; NULL: closed */
	bool listed;
	atomic_bool dead;
	int signal;			/* the program's eventfd, a copy, or -1 */
	HANDLE foreign;			/* or an event of its own; this and the next are signal.c's */
	struct registration *signal_next;
	struct filter *filters;
	size_t n_filters;
	pthread_mutex_t lock;		/* guards what follows */
	struct pgi_feed feed;
	struct attempt attempt;
	struct pgi_item *spare[2];	/* for a CONNECTION_FAILED, an AUTHENTICATION_FAILED */
	bool pushed;			/* something was, since signalled last */
};

/* ---- event.c ---- */

/* Signals the program's event if something was queued since. reg->lock held. */
void pgi_registration_signal(struct registration *reg);

/*
 * The program has what an item says, which is freed; or it is room for the next of its kind,
 * where there was no memory for that. reg->lock held.
 */
void pgi_registration_done(struct registration *reg, struct pgi_item *item);

/* ---- event_thread.c ---- */

/* From now on the thread serves it. */
HRESULT pgi_registration_list(struct registration *reg, struct pgi_group *group);
void pgi_registration_unlist(struct registration *reg);

/*
 * Takes in what the feed has, as the thread does, and signals it; also where that failed and
 * something is owed, so that the program comes and tries. No lock held.
 */
HRESULT pgi_registration_serve(struct registration *reg);

/* Calls back, with its lock held, for each registration of an open handle. */
void pgi_registration_each(const struct pgi_group *group,
			   void (*fn)(struct registration *reg, void *arg), void *arg);

/* ---- signal.c ---- */

/* Whether the program's events are its own, and none of peergroup_event_create(). */
bool pgi_signal_foreign(void);

/* Has reg->foreign signalled by who calls peergroup_signal_next(). */
void pgi_signal_queue(struct registration *reg);

/* Nobody signals reg->foreign after this; waits for who does so now. */
void pgi_signal_drop(struct registration *reg);

#endif /* _PEERGROUP_REGISTRATION_H */
