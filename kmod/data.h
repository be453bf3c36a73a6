/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that came over links and waits for programs. Each socket that takes data has an
 * inbox; a message is kept once however many inboxes it is in.
 *
 * Who may send without end must not be able to fill the memory, and one program that does
 * not read must not cost another its data. So an inbox is bounded. One that is full
 * holds up the reading of direct links, so that TCP makes the senders wait; but not
 * for longer than receive_wait, after which it loses what comes, and is told how much.
 * Where two of one user's are late, or have held links up and gone in the last minute, further
 * ones of its hold nothing up; and a user's have no more waiting in all than is left of
 * receive_total for other users'.
 * Links to neighbours are never held up, as records come over them: there a full inbox
 * loses data at once.
 */
#ifndef _PG_DATA_H
#define _PG_DATA_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

struct pg_group;
struct pg_link;
struct pg_member;
struct pg_watch;

#define PG_LATE_KEPT	32	/* two each of sixteen users */

/**
 * struct pg_late - an inbox that is gone has held links up; group's lock
 * @uid: the user whose it was
 * @until: as long as that counts, as pg_now_ms() has it
 */
struct pg_late {
	kuid_t uid;
	u64 until;
};

/**
 * struct pg_data - one message, the group's lock
 * @users: inboxes it is in, and who works on it
 * @link: id of the link it came over
 * @peer: who sent it, held
 * @body: struct pg_direct and the data, from kvmalloc()
 * @len: bytes of data
 */
struct pg_data {
	u32 users;
	u64 link;
	struct pg_member *peer;
	u8 *body;
	u32 len;
};

/**
 * struct pg_letter - a message in an inbox
 * @lost: messages that were dropped from this inbox right before it
 */
struct pg_letter {
	struct list_head list;
	struct pg_data *data;
	u64 lost;
};

/**
 * struct pg_inbox - what waits for one socket, the group's lock
 * @letters: struct pg_letter, oldest first
 * @bytes: their weight
 * @offset: bytes of the first one's data that have been read
 * @lost: messages dropped since the latest letter
 * @full_at: jiffies when it became full
 * @full: has reached its limit, and not been read to half of it since
 * @late: has been full for too long: does not hold links up
 * @told: the socket has been told that data waits, and has not read all since
 */
struct pg_inbox {
	struct list_head letters;
	u64 bytes;
	u32 offset;
	u64 lost;
	unsigned long full_at;
	bool full;
	bool late;
	bool told;
};

static inline void pg_inbox_init(struct pg_inbox *in)
{
	INIT_LIST_HEAD(&in->letters);
}

/* The first letter, or NULL. */
static inline struct pg_letter *pg_inbox_first(struct pg_inbox *in)
{
	return list_first_entry_or_null(&in->letters, struct pg_letter, list);
}

/**
 * pg_data_arrival() - a DIRECT message has come
 * @link: over which; from its rx work
 * @body: from kvmalloc(), taken over in any case; NULL where @len is 0
 * @len: bytes of it
 *
 * Takes the group's lock. Return: 0, -EPROTO, or -ENOMEM.
 */
int pg_data_arrival(struct pg_link *link, u8 *body, u32 len);

/* So many bytes of the first letter have been read; at its end it goes. Lock held. */
void pg_data_read(struct pg_group *g, struct pg_watch *w, u32 bytes);

/* Drops all that waits for a socket. Lock held. */
void pg_data_empty(struct pg_group *g, struct pg_watch *w);

/* Goes through inboxes that hold links up: those that are not read are late. */
void pg_data_unhold_work(struct work_struct *work);

#endif /* _PG_DATA_H */
