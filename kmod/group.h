/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One group on this host: what ties table, members, admission, links and
 * programs together.
 *
 * Locking, all of it:
 *
 *  pg_nets_ending (mutex)	held while namespaces that go, or all with the module, end their
 *			groups. Taken before any pg_net.lock, and never to make a namespace
 *  pg_net.lock (mutex)	the namespace's groups and listeners; held while a group
 *			is found or made, goes online or offline, or ends
 *  pg_group.lock (mutex)	orders every change of the group: table, links, targets,
 *			holders, status, link fields marked so. Taken inside
 *			pg_net.lock. Never held across a signature check or a
 *			wait for a peer
 *  pg_members.lock (mutex)	insertion of members; innermost mutex
 *  pg_flood.inflight_lock, pg_link.tx_lock, pg_link.state_lock,
 *  pg_listener.lock, pg_group.clock_lock, pg_owner.lock, pg_batches.lock,
 *  pg_claims.lock, pg_nl_net.lock, pg_net.dumps_lock, pg_nets_lock (spinlocks)
 *			leaves: nothing of ours is taken inside them; process
 *			context only, as sockets' callbacks only queue work
 *
 *  Reads of table (pg_table_find/get/compare), members (pg_members_get/each), of
 *  the namespace's groups (pg_group_get), of a group's holders and watches run under RCU.
 *
 * References: the namespace's index holds one, each link and each arrival one.
 * pg_group_end() takes a group out of the namespace, pg_group_wait() waits for its
 * links and arrivals without a lock that any of these takes, so that a group is gone from
 * the outside when that returns.
 */
#ifndef _PG_GROUP_H
#define _PG_GROUP_H

#include <linux/hashtable.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/siphash.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "access.h"
#include "alloc.h"
#include "batch.h"
#include "clock.h"
#include "data.h"
#include "flood.h"
#include "link.h"
#include "listen.h"
#include "overlay.h"

struct netlink_ext_ack;
struct pg_keeper;
struct pg_password_rate;

/**
 * struct pg_net - what the module keeps per network namespace
 */
struct pg_net {
	struct net *net;
	struct mutex lock;
	struct xarray groups;
	struct list_head listeners;
	u32 n_groups;
	struct list_head node;		/* in the list of all; the four from here by group.c */
	struct list_head turn;		/* in that of those whose groups end now */
	struct list_head ending;	/* its groups when it goes itself */
	bool going;
	spinlock_t dumps_lock;
	struct list_head dumps;		/* of records, under way: netlink_record.c's */
};

/* Limits and timers a program may set; ranges are in the netlink policy. */
struct pg_limits {
	struct pg_table_limits table;
	u32 links;
	u32 queue_bytes;
	u32 keepalive_ms;
	u32 handshake_ms;
	u32 retry_min_ms;
	u32 retry_max_ms;
	u32 defer_ms;
	u32 defer_records;
	u32 defer_bytes;
	u32 link_rate;
	u32 members;
	u32 invited;
	u32 half_open;
	u32 half_open_prefix;
	u32 member_links;
	u32 proof_rate;
	u32 issued;
	u32 direct;
	u32 member_direct;
	u32 send_queue;
	u32 receive_queue;
	u32 receive_total;
	u32 receive_wait_ms;
	u32 data_rate;
	u32 passwords;
	u32 password_rate;
	u32 password_prefix_rate;
	u32 sync_rate;
	u32 passive_view;
	u32 active_view;
	u32 maintenance_ms;
};

extern const struct pg_limits pg_limits_default;

/**
 * struct pg_holder - a netlink socket that has the group open
 * @sk: the socket, held
 * @portid: its port, which another one may have after its end
 * @uid: whose it is, as pg_cred_user() has it
 * @count: how often
 */
struct pg_holder {
	struct list_head node;
	struct rcu_head rcu;
	struct sock *sk;
	u32 portid;
	kuid_t uid;
	u32 count;
};

/**
 * struct pg_user - who has sockets in a list of those that watch, or answer; group's lock
 * @uid: as pg_cred_user() has it
 * @n: how many
 * @bytes: weight of what waits for all of them; this and the next one are data.c's
 * @late: how many of them are
 * @turn: the latest turn that any of them has had; password.c's
 *
 * Sums for all of a user's, so that nobody has to go through all sockets for each of them.
 */
struct pg_user {
	kuid_t uid;
	u32 n;
	u64 bytes;
	u32 late;
	u64 turn;
};

/**
 * struct pg_turn - when a socket's turn is to answer who joins by password; see password.c
 * @open: how many it answers
 * @last: the call that went to it last, or after which it left one unanswered
 */
struct pg_turn {
	u32 open;
	u64 last;
};

/**
 * struct pg_watch - a netlink socket that is sent the group's events
 * @sk: the socket, held; netlink finds it by @portid only
 * @portid: its port
 * @cred: of who opened it, held
 * @user: whose it is
 * @asked: it has been found out whether that one is @admin; group's lock
 * @admin: had CAP_NET_ADMIN in the network namespace, and has for as long as the socket
 * @takes: PEERGROUP_TAKES_*
 * @data: what has come for it; see data.h
 * @turn: where it is in the list of answerers
 *
 * What is not said otherwise changes under the group's lock.
 */
struct pg_watch {
	struct list_head node;
	struct rcu_head rcu;
	struct sock *sk;
	u32 portid;
	const struct cred *cred;
	struct pg_user *user;
	bool asked;
	bool admin;
	u32 takes;
	struct pg_inbox data;
	struct pg_turn turn;
};

/**
 * struct pg_opener - who asks for a group
 * @sk: the socket
 * @portid: its port
 * @cred: of who opened it
 * @admin: is known to have CAP_NET_ADMIN in the network namespace
 * @skb: the request, where that is to be found out once it matters, as asking is audited; or NULL
 */
struct pg_opener {
	struct sock *sk;
	u32 portid;
	const struct cred *cred;
	bool admin;
	const struct sk_buff *skb;
};

/**
 * struct pg_claims - sockets' waits for room on a group's links, and connections they opened
 * @lock: guards @hash; a leaf
 * @key: so that nobody can choose ports that meet in one bucket
 * @hash: struct pg_claim by port
 */
struct pg_claims {
	spinlock_t lock;
	siphash_key_t key;
	DECLARE_HASHTABLE(hash, 7);
};

#define PG_OWN_MAX	4	/* the present one and some from before */
#define PG_OWN_WORDS	4	/* of members that are remembered about each */

/**
 * struct pg_own - one of the group's member's own certificates
 * @m: held
 * @disowned: peer time until which another member counts as taking it for revoked, whether
 *	or not we know of it: that is one member's word, and not for good
 * @words: whose word that was lately
 */
struct pg_own {
	struct pg_member *m;
	u64 disowned;
	struct {
		u8 by[PEERGROUP_HASH_LEN];	/* hash of the key of who answers for that member */
		u64 until;			/* peer time: it is not listened to again before */
	} words[PG_OWN_WORDS];
};

struct pg_group {
	struct kref refs;
	struct rcu_head rcu;
	struct pg_net *pn;
	struct list_head ending;	/* of pg_group_end()'s caller */
	u32 index;
	u8 id[PEERGROUP_HASH_LEN];
	u64 node;
	u8 node_key[PG_NODE_KEY_LEN];		/* static, private: never leaves the group */
	u8 node_public[PG_NODE_KEY_LEN];
	struct pg_member *self;		/* one of @own, which it is shown by; read without @lock */
	u32 root_len;
	u8 *root;

	struct mutex lock;
	struct pg_table table;
	struct pg_members members;
	struct pg_flood flood;
	struct pg_batches batches;
	struct pg_stats stats;
	struct pg_limits limits;
	struct pg_limits allowed;	/* as far as CAP_NET_ADMIN went; namespace's lock */
	struct pg_overlay overlay;
	struct list_head links;
	u32 n_up;			/* read without the lock, too */
	struct list_head holders;
	struct list_head watches;
	struct pg_claims claims;
	struct list_head answerers;	/* struct pg_watch: for who joins by password */
	u32 n_exchanges;		/* who do */
	struct pg_password_rate *password_rate;	/* once somebody answers */
	struct pg_owner owner;
	struct mem_cgroup *memcg;	/* of who made it; pays for what links bring */
	bool online;
	bool kept;
	bool ready;		/* here or in a life before, as who opens it remembers */
	bool synced;		/* in this one */
	bool ended;
	bool defer_expiry;	/* by the group's properties; read without the lock, too */
	u32 status;		/* as last told to programs */
	struct pg_listener *listener;
	u16 port;
	u8 *credential;		/* struct peergroup_credential and signature, or NULL */
	u32 credential_len;
	u64 credential_until;
	u32 proof;		/* counts what has become of @credential and @self */
	u32 selves;		/* counts what has become of @self */
	struct pg_own own[PG_OWN_MAX];
	u32 n_own;

	spinlock_t clock_lock;
	struct pg_clock clock;

	struct delayed_work expire;
	struct delayed_work dial;
	struct delayed_work revoke;
	struct delayed_work tell;	/* programs, of members that @revoke changed */
	struct delayed_work unhold;	/* a program has held links up for long enough */
	struct delayed_work refresh;	/* of records whose seed is here */
	struct list_head keepers;	/* those, and what is on its way there: struct pg_keeper */
	u64 data_bytes;			/* of all that waits in inboxes */
	struct pg_late late[PG_LATE_KEPT];
	bool revokes_changed;		/* to be looked at by @revoke */
	u32 judgements;			/* how often it did; read without the lock, too */
	wait_queue_head_t judgement;
	bool programs;			/* the next one is for a program */
	bool rush;			/* the next one does not wait for the pause of the last */
	bool rushed;			/* the last one was for a program */
	u64 judged;			/* when the last one was over (ns) */
	u64 judge_ns;			/* and what it took, with what followed from it */
	bool sweeping;			/* records may be void, from @sweep_id on */
	u8 sweep_id[PEERGROUP_ID_LEN];
	atomic_t busy;			/* links and arrivals */
	wait_queue_head_t idle;
};

extern unsigned int pg_net_id;
extern struct workqueue_struct *pg_wq;

struct pg_net *pg_net_of(struct net *net);

/* Peer time now; process context. */
u64 pg_group_now(struct pg_group *g);

/* Looks a group up; a reference is taken. NULL if there is none or it has ended. */
struct pg_group *pg_group_get(struct pg_net *pn, u32 index);
void pg_group_put(struct pg_group *g);

/**
 * pg_group_open() - find or make a group and hold it for a socket
 * @root: DER of the group root
 * @chain: own chain, leaf last
 * @opener: the holder, and the owner of a new group
 * @limits: for a new group; NULL for defaults
 * @ready: it was synchronised in an earlier life; counts from who may write only
 *
 * The same group and own key in the namespace is the same object; a later
 * certificate for that key, by who may write, takes the place of the earlier one.
 * Making a group is for @opener->admin only, and to others who may not read it one
 * that exists looks like one that they may not make. May sleep.
 *
 * Return: the group with a reference, or an ERR_PTR with extack set.
 */
struct pg_group *pg_group_open(struct pg_net *pn, struct pg_span root,
			       const struct pg_chain *chain, const struct pg_opener *opener,
			       const struct pg_limits *limits, bool ready,
			       struct netlink_ext_ack *extack);

/* Gives up one hold; -ENOENT if the socket has none. The last ends a group not kept. */
int pg_group_release(struct pg_net *pn, struct pg_group *g, const struct sock *sk);

/* Sockets of this port have ended: all their holds and watches in the namespace. */
void pg_net_release_port(struct pg_net *pn, u32 portid);

/*
 * Sends the events of the group to a socket, until it closes. @takes: PEERGROUP_TAKES_*,
 * from now on.
 */
int pg_group_watch(struct pg_group *g, const struct pg_opener *opener, u32 takes,
		   struct netlink_ext_ack *extack);

/* Does a socket hold the group, or watch it? Lock held. */
bool pg_group_has_sock(const struct pg_group *g, const struct sock *sk);

/* Is that the end of this socket? Its port may have a new owner before we hear of it. */
bool pg_sock_ended(const struct sock *sk, u32 its_portid, u32 portid);

void pg_claims_init(struct pg_claims *claims);

/**
 * pg_claim_add() - a socket leaves something in the group that is to go when it is closed
 * @g: the group
 * @claim: in no group's claims
 * @portid: the socket's port
 *
 * Without a claim, a hold or a watch nobody looks into the group when a socket is closed:
 * most that are have nothing to do with it. Process context.
 */
void pg_claim_add(struct pg_group *g, struct pg_claim *claim, u32 portid);

/* It has gone. */
void pg_claim_del(struct pg_group *g, struct pg_claim *claim);

/*
 * The same for one of its lists of sockets: @watches, or @answerers, which are sent
 * what password.c has for them. Lock held. -ENOENT, -ENOSPC or -ENOMEM with extack set.
 */
int pg_group_add_watch(struct pg_group *g, struct list_head *watches,
		       const struct pg_opener *opener, u32 takes,
		       struct netlink_ext_ack *extack);

/* Ends a group for everybody and adds it to @ended, for pg_group_wait(). pn->lock held. */
void pg_group_end(struct pg_group *g, struct list_head *ended);

/* Waits until nothing runs of the groups in @ended, and lets go of them. No locks held. */
void pg_group_wait(struct list_head *ended);

/**
 * pg_group_set_online() - listen and dial, or stop both
 * @port: to listen on; 0 for PEERGROUP_PORT
 *
 * pn->lock held. Return: 0 or -errno (-EADDRINUSE...) with extack set.
 */
int pg_group_set_online(struct pg_group *g, bool online, u16 port,
			struct netlink_ext_ack *extack);

/**
 * pg_group_check_credential() - is that a credential for this node?
 * @wire: struct peergroup_credential and its signature, from a program
 *
 * pn->lock held; sleeps for a signature check. Return: 0 or -errno with extack set.
 */
int pg_group_check_credential(struct pg_group *g, const u8 *wire, u32 len,
			      struct netlink_ext_ack *extack);

/**
 * pg_group_swap_credential() - take a checked credential
 * @wire: from kmalloc(), or NULL; set to the one before
 * @len: likewise
 *
 * Takes the group's lock. Links are not told: pg_group_announce() does that.
 */
void pg_group_swap_credential(struct pg_group *g, u8 **wire, u32 *len);

/* Has it a proof of membership that holds now? Takes the group's lock. */
bool pg_group_proved(struct pg_group *g);

/* Peer time when this node's proof of membership runs out, 0 without. Lock held. */
u64 pg_group_credential_until(const struct pg_group *g);

/**
 * pg_group_introduce() - this node's proof of membership: credential and chain
 * @out: set to a buffer from kvmalloc()
 * @len: bytes to leave free before it; set to the whole length
 *
 * Lock held. Return: 0, -EKEYEXPIRED where there is none that is valid, -ENOMEM.
 */
int pg_group_introduce(struct pg_group *g, u8 **out, size_t *len);

/* Sends the proof to all links, as it has changed. Lock held. */
void pg_group_announce(struct pg_group *g);

/* The same to a link that is up now, where it changed since the handshake. Lock held. */
void pg_group_catch_up(struct pg_link *link);

/* Lives without holders, or no longer. pn->lock held; may end the group into @ended. */
void pg_group_set_kept(struct pg_group *g, bool kept, struct list_head *ended);

void pg_group_set_limits(struct pg_group *g, const struct pg_limits *limits);

/* Takes and drops an address that a link is wanted to. */
int pg_group_add_target(struct pg_group *g, const struct pg_addr *addr,
			struct netlink_ext_ack *extack);
int pg_group_del_target(struct pg_group *g, const struct pg_addr *addr,
			struct netlink_ext_ack *extack);

/**
 * pg_group_by_hint() - which group on this listener does an opening mean?
 * @make: makes the hint of a group for that nonce, as pg_group_hint() does
 *
 * Return: a group with a reference, or NULL; pn->lock is not needed.
 */
struct pg_group *pg_group_by_hint(struct pg_listener *l, const u8 *nonce, const u8 *hint,
				  void (*make)(const struct pg_group *g, const u8 *nonce,
					       u8 *hint));

/* SHA-256(PG_OPENING_TAG || group id || nonce). */
void pg_group_hint(const struct pg_group *g, const u8 *nonce, u8 *hint);

/* Do they lead to nodes of one member, by its key? Both have to have said who they are. */
bool pg_link_same_member(const struct pg_link *a, const struct pg_link *b);

/* Does the same one, who invites, answer for the members at both ends? */
bool pg_link_same_branch(const struct pg_link *a, const struct pg_link *b);

/* How many half-open links, in all and by prefix: the most that one of its groups allows. */
void pg_listener_limits(struct pg_listener *l, u32 *half_open, u32 *prefix);

/* Counts something that befell a listener in each group that uses it. */
void pg_listener_count(struct pg_listener *l, unsigned int stat);

/**
 * pg_group_attach() - a link enters a group's list
 *
 * For a dialled link before it connects, for an accepted one once its opening
 * named the group (the reference of pg_group_by_hint() is taken over).
 * Group's lock held for dialled links, taken for accepted ones by the caller.
 * Return: 0 or -ESHUTDOWN (ended or offline).
 */
int pg_group_attach(struct pg_group *g, struct pg_link *link);

/**
 * pg_group_link_up() - the handshake is over
 *
 * Decides about second links to the same node: both ends keep the one that
 * the lower node id dialled. Takes the group's lock. Starts the first
 * reconciliation on the dialling side.
 *
 * Return: 0, or the enum pg_bye_reason to close the link with.
 */
u32 pg_group_link_up(struct pg_link *link);

/* A PING or PONG of an established link told its peer time. Lock held. */
void pg_group_clock_heard(struct pg_link *link, u64 theirs);

/* A link is over; last call about it. Takes the group's lock. */
void pg_group_link_gone(struct pg_link *link);

/* Recomputes status and tells programs if it changed. Lock held. */
void pg_group_update_status(struct pg_group *g);

/* The group has synchronised, once or here; says so to programs and links once. Lock held. */
void pg_group_set_ready(struct pg_group *g);
void pg_group_set_synced(struct pg_group *g);

/*
 * group_hold.c: one hold for a socket, -ENOMEM, or -ENOSPC with extack set; no holds and
 * watches any more. Lock held.
 */
int pg_group_hold_for(struct pg_group *g, const struct pg_opener *opener,
		      struct netlink_ext_ack *extack);
void pg_group_drop_holders(struct pg_group *g);

/* ---- group_self.c; the group's lock held where nothing else is said ---- */

/* A program that may write opened the group by @m; a reference is taken. */
void pg_group_add_own(struct pg_group *g, struct pg_member *m);
void pg_group_drop_own(struct pg_group *g);

/* Goes by the own certificate that counts now. True where it is another one: tell links. */
bool pg_group_choose_self(struct pg_group *g);

/* Peer time when the first of the own certificates begins and the last one runs out. */
void pg_group_own_span(struct pg_group *g, u64 *from, u64 *until);

/*
 * Sends a link that is up the latest proof, where it has been shown another, or the certificate
 * of that is about to end and another counts. Takes the lock.
 */
void pg_group_succeed(struct pg_link *link);

/**
 * pg_group_disowned() - the other end ended a link as this member were revoked
 * @link: where it said so
 *
 * It may know of a revocation that has not come here, and that could not come without a
 * link: the next one is tried with another own certificate, if there is one. Not where
 * another one counts since the handshake: the other end may have said so before it heard
 * of that one, which the next link shows. Nor where it has said so of the same certificate
 * lately and somebody takes them all, as whatever was revoked is heard of from there, too: or a
 * member could have another one shown for as long as it likes. Takes the group's lock.
 */
void pg_group_disowned(struct pg_link *link);

/* What group.c, group_flood.c and group_link.c share. */
extern const struct pg_flood_ops pg_group_flood_ops;
void pg_group_expire_work(struct work_struct *work);
bool pg_group_expires(const struct pg_group *g);	/* or does all wait for a link? */
void pg_group_dial_work(struct work_struct *work);
void pg_group_redial(struct pg_group *g);	/* lock held */
void pg_group_close_links(struct pg_group *g);	/* lock held */

static inline u64 pg_now_ms(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

/* ---- group_overlay.c; the group's lock held where nothing else is said ---- */

/* What the limits say of the overlay. The group's lock held, or it is nobody else's. */
void pg_group_set_overlay(struct pg_group *g, const struct pg_limits *limits);

/*
 * Who finds no room in the view any more goes, and is counted: not by pg_group_set_overlay(),
 * which may be undone.
 */
void pg_group_view_trim(struct pg_group *g);

/* From now on it is a whole wait until the group looks for a link. */
void pg_group_view_rest(struct pg_group *g);

/* A presence record, or its tombstone, has been taken into the table, or refreshed. */
void pg_group_presence_changed(struct pg_group *g, const struct pg_record *r);

/* Dials a node of the view, if it is time to and a link is wanted. */
void pg_group_maintain(struct pg_group *g, u64 now_ms);

/* A link that was dialled so is up, or has come to its end. */
void pg_group_tried(struct pg_link *link);

/* ---- group_refresh.c ---- */

/**
 * pg_group_refresh_arrival() - a link tells that a record was refreshed
 * @link: established; only its @rx calls this
 * @msg: what it says
 *
 * Hashes without a lock, takes the group's. May sleep.
 *
 * Return: 0, or -EKEYREJECTED where it is not true.
 */
int pg_group_refresh_arrival(struct pg_link *link, const struct pg_refresh_msg *msg);

/* Notes in a record that came what its link said of its refreshes. Takes the lock. */
void pg_group_flood_claim(struct pg_flood *f, struct pg_link *from, struct pg_record *r);

/**
 * pg_keeper_new() - prepare to refresh a record that a program is about to put
 * @wire: the record, not looked at yet, @len bytes
 * @seed: where its chain begins
 * @uid: the effective user of who opened the socket
 *
 * May sleep, and hashes all of the chain. Takes the group's lock, as those two do.
 *
 * Return: for pg_group_keep() or pg_keeper_free(); ERR_PTR(-ENOMEM), or with extack set
 * -ENOSPC, -EFBIG or -EINVAL.
 */
struct pg_keeper *pg_keeper_new(struct pg_group *g, const u8 *wire, u32 len, const u8 *seed,
				kuid_t uid, struct netlink_ext_ack *extack);
void pg_keeper_free(struct pg_group *g, struct pg_keeper *k);

/* Its record has been put: refreshes it from now on. Takes @k over. */
void pg_group_keep(struct pg_group *g, struct pg_keeper *k);

/* Something may be due, or not have been while the group was offline. Lock held. */
void pg_group_refresh_soon(struct pg_group *g);
void pg_group_refresh_work(struct work_struct *work);
/* Is a record over but for a refresh of ours, as the host slept? Lock held. */
bool pg_group_refresh_overdue(struct pg_group *g, u64 now);
void pg_group_drop_keepers(struct pg_group *g);

/* group_revoke.c: revocations came or went, or chances are that one did. Lock held. */
void pg_group_revocations_changed(struct pg_group *g);

/**
 * pg_group_revocations_settle() - wait until what was committed before holds
 * @g: the group
 * @admin: for who has CAP_NET_ADMIN, of the host and not of a namespace
 *
 * For a program that has put a revocation: acknowledged, it is in force here. Waits for
 * one judgement, and where records are being looked through, for that first; not for the pause
 * between two, as genetlink's lock is held, for reading. Where the last judgement was for a
 * program as well, this one comes when what that brought is done and the pause over, of 5 s at
 * most, and it does not wait.
 * Not so for @admin, who has to be able to get rid of many. Who waits may be killed. No locks
 * of ours held.
 */
void pg_group_revocations_settle(struct pg_group *g, bool admin);
void pg_group_revoke_work(struct work_struct *work);
void pg_group_tell_work(struct work_struct *work);

/* Ends a link whose other end is a revoked member's, unless it is heard as such. Lock held. */
void pg_group_check_peer(struct pg_link *link);

/* Works in flight that pg_group_end() has to wait for. */
static inline void pg_group_busy(struct pg_group *g)
{
	atomic_inc(&g->busy);
}

static inline void pg_group_unbusy(struct pg_group *g)
{
	if (atomic_dec_and_test(&g->busy))
		wake_up_all(&g->idle);
}

/*
 * What links bring is charged to the memory cgroup of who made the group, though
 * it comes in on a kernel thread. Around the work; what it allocates says
 * __GFP_ACCOUNT. Who has reached the cgroup's limit loses the record and gets it by
 * a later reconciliation; the network is no reason to kill a program.
 */
static inline struct mem_cgroup *pg_group_charge(const struct pg_group *g)
{
	return set_active_memcg(g ? g->memcg : NULL);
}

static inline void pg_group_uncharge(struct mem_cgroup *before)
{
	set_active_memcg(before);
}

/* The module is on its way out: nobody opens a group any more. Written once. */
extern bool pg_group_closing;

int __must_check pg_group_module_init(void);
/* Refuses new groups and ends all there are, while the family can still tell of it. */
void pg_group_module_stop(void);
void pg_group_module_exit(void);

#endif /* _PG_GROUP_H */
