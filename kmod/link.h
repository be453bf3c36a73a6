/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A link: one TCP connection between two hosts of a group. link.c opens the
 * connection, keeps it alive and ends it, link_rx.c and link_tx.c turn bytes into
 * messages and back and seal what is sent, handshake.c is the handshake's one
 * place; what messages mean is message.c's business. Edge: it holds no policy about
 * records.
 *
 * Life: pg_link_dial() or listen.c makes a link; it has no group until its
 * opening has named one (pg_group_attach()); it ends by pg_link_close(), by
 * anybody, any number of times. The socket's callbacks only queue work; no work
 * item runs against itself: @rx reads and dispatches, @tx sends, @tick keeps
 * time. What closing has to do happens in @close, on a workqueue of its own and
 * after the other three have been stopped, so it has link and socket to itself; and
 * in @linger, which comes after it where the other end has a last word to acknowledge.
 * The last reference frees the link.
 */
#ifndef _PG_LINK_H
#define _PG_LINK_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/net.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>
#include "addr.h"
#include "noise.h"
#include "quota.h"
#include "reconcile.h"
#include "wire.h"

struct pg_exchange;
struct pg_group;
struct pg_handshake;
struct pg_listener;
struct pg_opener;
struct pg_target;

#define PG_LINK_HASH_BITS	8
#define PG_LINK_DEFER_MAX	64	/* records waiting for a certificate, per link */
#define PG_LINK_ARRIVALS_MAX	128	/* records being verified, per link */
#define PG_LINK_ARRIVAL_BYTES	(4U << 20)
#define PG_LINK_APPEAL_MAX	4	/* of PG_LINK_ARRIVALS_MAX, where there is no membership */

/**
 * struct pg_deferred - a record whose signer is not known yet
 * @r: NULL where the place is free
 * @missing: the fingerprint that is missing
 * @asked: it was this record for which the other end was asked
 * @deadline: jiffies
 */
struct pg_deferred {
	struct pg_record *r;
	u8 missing[PEERGROUP_HASH_LEN];
	bool asked;
	unsigned long deadline;
};

/**
 * struct pg_claim - that a netlink socket has left something in a group; see pg_claim_add()
 * @portid: its port
 */
struct pg_claim {
	struct hlist_node node;
	u32 portid;
};

/**
 * struct pg_link - one connection
 * @refs: one for the connection, dropped by @close; and whoever holds a pointer
 * @id: unique in the module, never 0; of a dialled link its target's, so that who
 *	asked for a link recognises its events
 * @group: set once by pg_group_attach(), held until the link is freed
 * @listener: where it was accepted, until it is up or gone; else NULL
 * @target: what it was dialled for; NULL if accepted; group's lock
 * @node: list entry in the group's list
 * @half: list entry in the listener's
 * @near: ring of those of these that come from one prefix; listener's lock
 * @n_near: how many, in the oldest, which is in the listener's hash as @prefix
 * @state_lock: guards @closing and what goes with it; who queues @rx, @tx or @tick
 *	from outside looks at @closing under it
 * @state: enum peergroup_link_state; goes up only, and read without locks
 * @outbound: this host dialled
 * @closing: pg_link_close() was called; @bye, @error and @fault are its first caller's
 * @bye: what to tell the other end
 * @fault: PEERGROUP_A_STATS_LINK_* to count when it has closed, or 0
 * @flags: PG_LINK_* bits
 * @found: dialled as the group looks for links by itself; @target is NULL
 * @direct: for data only: no neighbour, and never @up. Set before it is up
 * @expect: peer name that the other end of a dialled direct one has to prove, @expect_len
 *	bytes; or NULL
 * @opener: netlink socket that asked for it and is still there, or NULL; held. This and
 *	@claim are group_direct.c's, under the group's lock
 * @claim: its port
 * @opener_uid: the effective user of who opened it, also when it is gone; group's lock
 * @opener_user: whose that is, as pg_cred_user() has it; likewise
 * @appeal: one end takes the other for revoked: revocations may follow, then it ends with
 *	EKEYREVOKED; set by @rx
 * @draining: it is closed for programs, and ends when what is queued has been sent
 * @drain_by: jiffies, when it ends in any case
 * @up: counted as an established neighbour of the group; group's lock
 * @addr: the other end
 * @peer_node: the other end's node id
 * @peer_ready: the other end has synchronised before
 * @peer_port: where it says that it takes links, 0 while unknown
 * @peer: its membership, which it has proved; set before the link is up, and then a
 *	later certificate may take its place: the group's lock
 * @payer: that member's entry among the creators, whose rates what comes counts against;
 *	there as soon as @peer is, and only @rx looks. Where it is not even worth learning,
 *	as somebody above it was revoked (appeal.c), there is no @peer, and this is that one's
 * @inviter: the same of who answers for the member, or NULL
 * @peer_key: its node's static key
 * @proof: the group's @proof when this end proved itself here last; group's lock
 * @met_as: the group's @selves when it did so in the handshake; group's lock
 * @peer_until: peer time when its certificate or credential runs out
 * @clock_offset: its peer time minus this host's clock, at the handshake and as its
 *	PINGs have shown since; group's lock once the link is up
 * @error: positive errno that ended it
 * @handshake: from the first message of the handshake to its end
 * @exchange: it is none, but somebody who joins by password; set by @rx, ended when that
 *	no longer runs, both under the group's lock
 * @keyed: the handshake has given keys; set by @rx once the other fields are
 * @rx_cipher: opens what comes in
 * @rx_frames: frames opened so far
 * @rx_want: bytes of the block that is coming in, 0 while its length is to come
 * @rx_size: that length, @rx_size_have bytes of it
 * @rx_block: the block: @rx_block_have bytes of it, @rx_block_room allocated
 * @rx_text: plaintext in @rx_block, of which @rx_text_at bytes are used up
 * @rx_hdr: header of the message that is coming in, @rx_hdr_have bytes of it
 * @rx_body: its body: @rx_have of @rx_len bytes are there, @rx_room allocated
 * @rx_skip: bytes to pass over
 * @sync: reconciliation that this end leads; group's lock
 * @want: ids that the other end asked for, of which those from @want_at up to @want_n
 *	wait for room in the queue; group's lock
 * @want_token: what to tell it when the last of them is queued; group's lock
 * @answered: a SYNC of the other end has been answered; group's lock
 * @synced: one whole reconciliation is behind it; group's lock
 * @resync: records were dropped from the queue: reconcile once it has drained
 * @missed: what it brought was over its creator's rate, or was dropped as it waited for a
 *	certificate: reconcile in time
 * @mismatches: pings in a row that showed another table; group's lock
 * @futile: reconciliations for a difference in a row that brought nothing; group's lock
 * @made_up: those for what was known to be missing, in a row; group's lock
 * @asked_again: something was dropped that a run has been begun for since; likewise
 * @last_sync: jiffies of the last reconciliation started for a difference; group's lock
 * @answer_heard: jiffies of the last SYNC or WANT sent, or of what came then but for PINGs
 * @fresh: the last REFRESH that was of no record here; group's lock
 * @deferred: ring of waiting records; group's lock
 * @deferred_bytes: their size; group's lock
 * @told: bitmap by pg_member.nr: certificates the other end has, or that wait in the queue;
 *	group's lock
 * @arrivals: records of this link being verified
 * @arrival_bytes: their size
 * @rx_due: when the last record would have come if all had kept to the rate (ns)
 * @rx_data_due: the same for data
 * @pace: lets reading go on
 * @tx_queue: struct pg_tx waiting, in the order of sending
 * @tx_hash: those of them that are records, by id and @tx_key
 * @tx_key: so that nobody can make ids that meet in one bucket
 * @tx_bytes: all that is queued or partly sent
 * @tx_control: the part of it that pg_link_send() queued
 * @tx_controls: in how many messages
 * @tx_data: the part of it that pg_link_send_data() queued
 * @tx_waits: struct pg_send_wait of sockets whose data found no room; @tx_lock
 * @tx_waited: somebody waits for pg_message_drained(); @tx_lock
 * @tx_now: taken from the queue, @tx_done bytes of it in frames; only @tx and @close
 * @tx_cipher: seals what goes out; @tx and @close
 * @tx_frames: frames sealed so far
 * @tx_frame: room for one frame, from the first one on
 * @tx_out: what the socket gets next: @tx_out_len bytes, @tx_out_done of them sent
 * @tx_raw: the message of the handshake that @tx_out points into
 * @linger: ends it when what was said last has been acknowledged, or late enough
 * @last_rx: jiffies of the last byte received
 * @last_ping: jiffies of the last PING sent; only @tick
 * @born: jiffies when it was made
 * @ping_token: of the PING that no PONG has come for, 0 if none; group's lock
 * @ping_sent: when; group's lock
 * @rtt_us: what the last PONG took; group's lock
 */
struct pg_link {
	struct kref refs;
	u64 id;
	struct pg_group *group;
	struct pg_listener *listener;
	struct pg_target *target;
	struct list_head node;
	struct list_head half;
	struct list_head near;
	struct hlist_node prefix;
	u32 n_near;
	spinlock_t state_lock;
	u32 state;
	bool outbound;
	bool closing;
	bool up;
	u32 bye;
	u32 fault;
	unsigned long flags;
	bool found;
	bool direct;
	u32 expect_len;
	u8 *expect;
	struct sock *opener;
	struct pg_claim claim;
	kuid_t opener_uid;
	kuid_t opener_user;
	bool appeal;
	bool draining;
	unsigned long drain_by;
	struct pg_addr addr;
	u64 peer_node;
	bool peer_ready;
	u16 peer_port;
	struct pg_member *peer;
	struct pg_creator *payer;
	struct pg_creator *inviter;
	u8 peer_key[PG_NODE_KEY_LEN];
	u32 proof;
	u32 met_as;
	atomic64_t peer_until;
	s64 clock_offset;
	int error;

	struct socket *sock;
	void (*old_data_ready)(struct sock *sk);
	void (*old_write_space)(struct sock *sk);
	void (*old_state_change)(struct sock *sk);

	struct pg_handshake *handshake;
	struct pg_exchange *exchange;
	bool keyed;

	/* receiving; only @rx touches these, but for @arrivals */
	struct work_struct rx;
	struct pg_noise_cipher rx_cipher;
	u64 rx_frames;
	u32 rx_want;
	__be16 rx_size;
	u32 rx_size_have;
	u8 *rx_block;
	u32 rx_block_have;
	u32 rx_block_room;
	u32 rx_text;
	u32 rx_text_at;
	struct pg_msg_hdr rx_hdr;
	u32 rx_hdr_have;
	u8 *rx_body;
	u32 rx_len;
	u32 rx_have;
	u32 rx_room;
	u32 rx_skip;
	atomic_t arrivals;
	atomic_t arrival_bytes;
	u64 rx_due;
	u64 rx_data_due;
	struct delayed_work pace;

	/* sending */
	struct work_struct tx;
	spinlock_t tx_lock;
	struct list_head tx_queue;
	struct hlist_head tx_hash[1 << PG_LINK_HASH_BITS];
	siphash_key_t tx_key;
	u32 tx_bytes;
	u32 tx_control;
	u32 tx_controls;
	u32 tx_data;
	struct list_head tx_waits;
	bool tx_waited;
	struct pg_tx *tx_now;
	u32 tx_done;
	struct pg_noise_cipher tx_cipher;
	u64 tx_frames;
	u8 *tx_frame;
	const u8 *tx_out;
	u32 tx_out_len;
	u32 tx_out_done;
	struct pg_tx *tx_raw;

	struct delayed_work tick;
	struct work_struct close;
	struct delayed_work linger;
	unsigned long last_rx;
	unsigned long last_ping;
	unsigned long born;
	u64 ping_token;
	ktime_t ping_sent;
	u32 rtt_us;

	atomic64_t stat_rx_bytes;
	atomic64_t stat_tx_bytes;
	atomic64_t stat_rx_records;
	atomic64_t stat_tx_records;

	struct pg_sync sync;
	u8 want[PG_WANT_MAX][PEERGROUP_ID_LEN];
	u32 want_at;
	u32 want_n;
	__be32 want_token;
	bool answered;
	bool synced;
	bool resync;
	bool missed;
	u32 mismatches;
	u32 futile;
	u32 made_up;
	bool asked_again;
	unsigned long last_sync;
	unsigned long answer_heard;
	struct pg_refresh_msg fresh;
	u32 defer_next;
	u32 deferred_bytes;
	struct pg_deferred deferred[PG_LINK_DEFER_MAX];
	unsigned long *told;
};

/* Takes a waiting record out of the ring; NULL where the place is free. Group's lock held. */
static inline struct pg_record *pg_link_undefer(struct pg_link *link, struct pg_deferred *d)
{
	struct pg_record *r = d->r;

	if (r)
		link->deferred_bytes -= r->wire_len;
	d->r = NULL;
	return r;
}

/* Bits of pg_link.flags. */
#define PG_LINK_PAUSED	0	/* reading waits for arrivals to be dealt with */
#define PG_LINK_PACED	1	/* reading waits, as messages came faster than they may */
#define PG_LINK_HELD	2	/* reading waits for a program to take data; group's lock */
#define PG_LINK_LIED	3	/* a record that it brought was invalid */

/* Once per module. After exit no callback of a socket runs any more. */
int __must_check pg_link_module_init(void);
void pg_link_module_exit(void);

/* An id for a link or for a target that will have links. */
u64 pg_link_new_id(void);

/**
 * struct pg_dial - what to connect to
 * @id: the link's
 * @addr: where
 * @target: what overlay.c wants linked, or NULL
 * @found: nobody asked for it: it is to a node of overlay.c's view
 * @direct: the link is for data only, and the two below count
 * @expect: peer name of who shall be there
 * @expect_len: bytes of it
 */
struct pg_dial {
	u64 id;
	const struct pg_addr *addr;
	struct pg_target *target;
	bool found;
	bool direct;
	const u8 *expect;
	u32 expect_len;
};

/**
 * pg_sock_create() - a TCP socket of the kernel's own
 * @net: its namespace
 * @family: AF_INET or AF_INET6
 * @sock: the socket, where 0 is returned
 *
 * Where there is no IPv6 a socket of it would look for a module, and who asks for one holds
 * locks that another module's init may wait for. Return: 0, -EAFNOSUPPORT or -errno.
 */
int pg_sock_create(struct net *net, int family, struct socket **sock);

/**
 * pg_link_dial() - start a connection
 * @group: online; its lock is held
 * @dial: what to
 *
 * Does not wait: the outcome arrives through pg_group_link_up() or
 * pg_group_link_gone(). Return: 0 or -errno where not even a start was possible.
 */
int pg_link_dial(struct pg_group *group, const struct pg_dial *dial);

/**
 * pg_link_accept() - take over a freshly accepted socket
 * @listener: keeps the link in its list of half-open ones until it is up
 * @sock: taken over in any case
 */
int pg_link_accept(struct pg_listener *listener, struct socket *sock);

/**
 * pg_link_send() - queue a message that is not a record
 * @type: enum pg_msg_type, not RECORD
 * @body: copied
 *
 * May sleep for memory; the group's lock may be held. What is queued this way has a
 * fixed bound of its own: who reaches it asks and does not read, and is closed.
 *
 * Return: 0, -ENOMEM, -ENOBUFS (bound reached) or -EPIPE (closing).
 */
int pg_link_send(struct pg_link *link, u8 type, const void *body, size_t len);

/**
 * pg_link_send_record() - queue a record
 * @r: a reference is taken
 *
 * A queued older version of the same id is replaced in its place. Sends the
 * signers' certificates first where the other end has not been told them.
 * Where the queue has reached the group's limit, or memory is short, the record
 * is dropped and counted, @link->resync is set and pg_message_drained() called when
 * the queue is empty. Group's lock held; may sleep for memory.
 *
 * Return: 0, -ENOBUFS where the record was dropped, or -EPIPE (closing).
 */
int pg_link_send_record(struct pg_link *link, struct pg_record *r);

/* Queues how far a record has been refreshed, unless the queue is full. As above. */
void pg_link_send_refresh(struct pg_link *link, const struct pg_record *r);

/**
 * pg_link_send_data() - queue data from a program
 * @type: what it means, PEERGROUP_ID_LEN bytes
 * @data: copied, so the memory is charged to who calls
 * @len: bytes of it, not 0
 *
 * May sleep for memory; no locks held. Where the queue of data has reached the group's limit
 * nothing is queued, and pg_link_await_room() tells when to try again.
 *
 * Return: 0, -EAGAIN (full), -ENOMEM or -ENOTCONN (not up, or closing).
 */
int pg_link_send_data(struct pg_link *link, const u8 *type, const void *data, u32 len);

/**
 * struct pg_send_wait - a netlink socket that waits for room in a link's queue
 * @sk: held
 * @portid: its port
 * @uid: whose it is, as pg_cred_user() has it
 * @claim: so that it is found when the socket is closed
 */
struct pg_send_wait {
	struct list_head list;
	struct pg_claim claim;
	struct sock *sk;
	u32 portid;
	kuid_t uid;
};

/**
 * pg_link_await_room() - have a socket told when the link takes data again
 * @link: established
 * @opener: the socket, to which a reference is taken
 *
 * Told by pg_netlink_sendable(), once, also when the link ends. May sleep for memory; no
 * locks held. Return: 0, -EBUSY where there is room now, -ENOTCONN (closing), -ENOMEM,
 * -ENOSPC where too many of that user wait, or -EUSERS where too many of all do who are neither
 * the group's owner nor @opener->admin.
 */
int pg_link_await_room(struct pg_link *link, const struct pg_opener *opener);

/*
 * Drops the waits of a netlink socket that is gone: it would live on in them, and the
 * network namespace with it. Takes @tx_lock.
 */
void pg_link_forget_port(struct pg_link *link, u32 portid);

/*
 * May a reconciliation queue more? Where not, pg_message_drained() will be called. Where
 * it may, the next record is dropped for want of memory only. Group's lock held.
 */
bool pg_link_room(struct pg_link *link);

/* Calls for a reconciliation, to begin when all that is queued has been sent. */
void pg_link_resync(struct pg_link *link);

/* Closed for programs; who sees that sees when it ends, and all that was queued before. */
static inline bool pg_link_draining(const struct pg_link *link)
{
	/* Pairs with pg_link_drain(). */
	return smp_load_acquire(&link->draining);
}

/* Without @state_lock it may change at once, but never back. */
static inline bool pg_link_closing(const struct pg_link *link)
{
	return READ_ONCE(link->closing);
}

/**
 * pg_link_close() - end a link
 * @bye: enum pg_bye_reason to tell the other end, 0 for none
 * @error: positive errno, for events and dumps
 *
 * May be called by anybody, also from the link's own work; does not wait, and only the
 * first call counts. pg_group_link_gone() follows from a work item for a link that was
 * attached, when its socket is gone.
 */
void pg_link_close(struct pg_link *link, u32 bye, int error);

/* Ends a link that is up as soon as all that is queued has been sent. Group's lock held. */
void pg_link_drain(struct pg_link *link);

/* Milliseconds between two looks at a link that is up. */
u32 pg_link_tick_ms(const struct pg_group *group);

/* The negative errno for the enum pg_bye_reason that ended a link. */
int pg_bye_errno(u32 reason);

static inline void pg_link_hold(struct pg_link *link)
{
	kref_get(&link->refs);
}

/* May sleep. */
void pg_link_put(struct pg_link *link);

/*
 * As much as @units versions take was checked of what came over it, all true, and for nothing:
 * there is a rate for that, of all links of the member together. May be called from any work.
 */
void pg_link_wasted(struct pg_link *link, u32 units);

/* One record of this link has been dealt with: reading may go on. */
void pg_link_arrival_done(struct pg_link *link, u32 bytes);

#endif /* _PG_LINK_H */
