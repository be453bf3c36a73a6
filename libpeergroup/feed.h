/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A feed of what happens to a group: a socket that hears the kernel's events,
 * made complete by sequence number. Watches and event registrations each have
 * one. It does not lock; its owner does.
 */
#ifndef _PEERGROUP_FEED_H
#define _PEERGROUP_FEED_H

#include "group.h"
#include "known.h"
#include "presence.h"
#include "record.h"

/*
 * Data that has come, a kind that programs do not see as an event: link_id, link_peer and type
 * are set, and sequence is how many were lost right before.
 */
#define PGI_EVENT_DATA	((enum peergroup_event_kind)100)

/* What a feed waits with: to ask for data again, to look at all certificates. */
enum pgi_wait {
	PGI_WAIT_DATA,
	PGI_WAIT_LOOK,
	PGI_WAITS
};

/* One event in the queue. */
struct pgi_item {
	struct pgi_item *next;
	struct peergroup_event event;
	/* Not S_OK: a CONNECTION_FAILED (or AUTHENTICATION_FAILED), made here */
	HRESULT failed;
	const uint8_t *data;	/* of a PGI_EVENT_DATA, behind @peer */
	size_t size;		/* of that; of what is held which dump was the last before it */
	char peer[];		/* event.link_peer */
};

/*
 * Events that wait for a program, but for data, which has a bound of its own, and for what a
 * call of the program itself has caused. Above that they are left to catching up, which tells of
 * each record, member and link once, as it is then. As any member can make thousands of them a
 * second, a program that is busy would grow without end. So many are less than 2 MiB, and half
 * a second of what one member may publish: more than a program leaves that keeps up. What is
 * there at the start is told at once.
 */
#define PGI_NEWS_MAX	4096

/* So much data that the program has left, and nothing more is asked for. */
#define PGI_DATA_BYTES	(4U << 20)

/* What data takes in the queue, which much of little data would fill; 0 of an event. */
static inline size_t pgi_item_weight(const struct pgi_item *item)
{
	return item->data ? sizeof(*item) + item->size : 0;
}

struct pgi_feed {
	struct pgi_nl nl;		/* hears */
	struct pgi_nl ask;		/* asks; opened when first needed */
	uint32_t group;			/* index */
	char *identity, *name;		/* of the member and of the group, on disk */
	bool records;			/* whether the owner wants them, */
	bool properties, members;	/* ... news of the group's properties, of members, */
	bool certs;			/* ... of who has left, and is in again, */
	bool links;			/* ... of links, direct ones as well */
	uint32_t takes;			/* PEERGROUP_TAKES_* */
	/* Shown each event first; what it says false to is not queued. NULL: all is. */
	bool (*filter)(struct pgi_feed *feed, const struct peergroup_event *event);
	uint64_t seq;			/* all changes up to here are told, */
	uint64_t about_seq;		/* ... and those of reserved types up to here */
	uint32_t status;		/* as last told */
	bool behind;			/* a catch-up failed, or waits for room in the queue */
	bool links_behind;		/* so it is with links: no data is asked for till then */
	bool stale;			/* and to be done again when the socket is empty */
	bool certs_behind;		/* all certificates are to be looked at, */
	uint64_t look_from;		/* ... from then on, by CLOCK_MONOTONIC, */
	uint64_t look_due;		/* ... or then anyway, by the same; 0: not */
	bool gone;			/* the group ended */
	int reason;			/* of the status, that there was no memory to tell of */
	bool became_ready;		/* to be looked at and reset by the owner */
	struct pgi_presence presence;	/* where @members */
	struct pgi_presence revoked;	/* where @certs, by these instead of links, */
	struct pgi_presence rejoined;	/* ... and where @members, by which who had left is in */
	struct pgi_known known;
	struct pgi_item *spare;		/* for how a direct connection has failed */
	struct pgi_item *up;		/* links that were told of as up, and not as down */
	bool data_waits, data_asked;	/* in the kernel; a dump of it is under way, */
	uint32_t data_seq, data_seq_was;	/* ... as it was asked for, and before that */
	int timer;			/* where it @takes data, or @certs */
	uint64_t until[PGI_WAITS];	/* ... which runs till then; 0: there is nothing to wait for */
	size_t data_bytes;		/* in the queue, by pgi_item_weight() */
	size_t pulls, data_pulled;	/* how many dumps were asked for; bytes of the one under way */
	uint64_t data_lost;		/* for the next to tell */
	struct pgi_item *held, **held_tail;	/* links' events, behind data that waits, */
	size_t news_held;		/* ... and how many */
	struct pgi_item *incoming;	/* being put together, @filled bytes of it */
	size_t filled;
	struct pgi_item *head, **tail;	/* the queue, */
	size_t news_queued;		/* ... and how many events it has that others can make */
};

/*
 * Starts to listen and catches up from @since, as for peergroup_watch_open(). After a failure
 * it may be tried again, or closed: what was in the queue is there as before.
 */
HRESULT pgi_feed_open(struct pgi_feed *feed, struct pgi_group *group, uint64_t since);
void pgi_feed_close(struct pgi_feed *feed);

/*
 * Takes in what the socket has, a good deal at most, and waits @timeout ms for the first
 * of it, -1 for as long as it takes. *@more: there may be more.
 */
HRESULT pgi_feed_read(struct pgi_feed *feed, int timeout, bool *more);

/* Puts an event into the queue, if it is wanted. */
HRESULT pgi_feed_push(struct pgi_feed *feed, const struct peergroup_event *event,
		      HRESULT failed);
/* The same of what pgi_item_new() made, whether it is wanted or not. */
void pgi_feed_put(struct pgi_feed *feed, struct pgi_item *item);
/* No more of what is found again later: whoever leaves it out sets feed->behind. */
bool pgi_feed_full(const struct pgi_feed *feed);
/* The next one, to be freed by free(), or NULL. Then see whether the feed owes events. */
struct pgi_item *pgi_feed_pop(struct pgi_feed *feed);

/*
 * Events were left out, of which there is room to be told now. The socket may be silent, so
 * that whoever has taken from the queue looks after it: by pgi_feed_read(), or this.
 */
bool pgi_feed_owes(const struct pgi_feed *feed);
void pgi_feed_resume(struct pgi_feed *feed);

/* The socket to ask by, open. */
HRESULT pgi_feed_asking(struct pgi_feed *feed);
/* A change that a query answered. */
void pgi_feed_event_of(const struct pgi_record *record, struct peergroup_event *event);

/* ---- timer.c ---- */

/*
 * The timer's end is to be waited for as news of the socket is, and pgi_feed_read() called. -1 in
 * a feed that needs none.
 */
HRESULT pgi_feed_timer_open(struct pgi_feed *feed);
void pgi_feed_timer_close(struct pgi_feed *feed);
static inline int pgi_feed_timer(const struct pgi_feed *feed)
{
	return feed->nl.sock ? feed->timer : -1;
}
/* A clock's ns. */
uint64_t pgi_feed_clock(clockid_t clock);
/* Till then, by CLOCK_MONOTONIC; 0: not any more. */
void pgi_feed_wait(struct pgi_feed *feed, enum pgi_wait what, uint64_t until);
/* Is that over? It is then not waited for any more. */
bool pgi_feed_waited(struct pgi_feed *feed, enum pgi_wait what);

/* ---- incoming.c: data ---- */

/* Data waits in the kernel; a part of it; the end of a dump of it, or that there is none. */
void pgi_feed_data_waits(struct pgi_feed *feed);
HRESULT pgi_feed_data_part(struct pgi_feed *feed, const struct nlmsghdr *msg);
void pgi_feed_data_end(struct pgi_feed *feed, const struct nlmsghdr *msg);

/* Asks again for what was refused, if that has waited. */
void pgi_feed_data_again(struct pgi_feed *feed);
/* The socket has lost something: an answer perhaps, or the kernel had no memory for one. */
void pgi_feed_data_unsure(struct pgi_feed *feed);

/* Pushes a link's event, but not before the data that came over the link. */
HRESULT pgi_feed_push_link(struct pgi_feed *feed, const struct peergroup_event *event);

/* An item in no queue yet, or NULL. */
struct pgi_item *pgi_item_new(const struct peergroup_event *event, HRESULT failed);

/* Asks for what waits, unless enough is in the queue. Not while the socket's buffer is used. */
void pgi_feed_pull(struct pgi_feed *feed);

/* ---- links.c: news of links ---- */

/* What a message says of a link: an event, or the answer to LINK_GET. */
void pgi_feed_link_of(const struct nlmsghdr *msg, struct peergroup_event *event);
/* A link has changed. */
HRESULT pgi_feed_tell_link(struct pgi_feed *feed, const struct peergroup_event *event);
/* What is up at the start, which is not told; and what has changed unheard, which is. */
HRESULT pgi_feed_start_links(struct pgi_feed *feed);
HRESULT pgi_feed_compare_links(struct pgi_feed *feed);
void pgi_feed_free_links(struct pgi_feed *feed);
/* Room for what no catching up would tell; false where there is none. */
bool pgi_feed_keep_spare(struct pgi_feed *feed);

/* ---- about.c: what records and links say about the group itself ---- */

/* A record of a reserved type has changed. */
HRESULT pgi_feed_tell_about(struct pgi_feed *feed, const struct peergroup_event *event);
/* A link has changed. */
HRESULT pgi_feed_tell_presence(struct pgi_feed *feed, const struct peergroup_event *link);
/* Who is there, at the start; and found out anew, when that may have changed unheard. */
HRESULT pgi_feed_start_presence(struct pgi_feed *feed);
HRESULT pgi_feed_compare_presence(struct pgi_feed *feed);
/* Whatever was lost between feed->about_seq and feed->seq, found out. */
HRESULT pgi_feed_catch_up_about(struct pgi_feed *feed);

/* ---- look.c: who has left ---- */

/* At the start: who has is known, and nothing to tell. */
HRESULT pgi_feed_start_looks(struct pgi_feed *feed);
/*
 * Something was told, or may have been, of certificates, all of which are to be looked at: does
 * so, or it is not time yet, and the feed's timer runs.
 */
HRESULT pgi_feed_look(struct pgi_feed *feed);
/* @timeout ms, or less where a look is to be made before that. */
int pgi_feed_until_look(const struct pgi_feed *feed, int timeout);

#endif /* _PEERGROUP_FEED_H */
