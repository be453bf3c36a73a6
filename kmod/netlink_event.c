// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what the group tells whoever listens. Built only where somebody
 * does. One that gets lost is counted; what it was about, RECORD_GET with SINCE and
 * GROUP_GET tell.
 *
 * There are two ways to listen. The multicast group tells of every group of the
 * namespace; a multicast cannot be filtered by receiver on all kernels
 * (netlink_broadcast_filtered() went with 5.18 and came back with 6.6), and joining
 * cannot be either, so that it is for CAP_NET_ADMIN, which may read every group.
 * Everybody else names a group with GROUP_WATCH and is sent its events by unicast,
 * as long as who opened the socket may read the group: that is asked each time, so
 * that a new owner or mode counts at once. A full receive buffer shows as ENOBUFS
 * in both cases, and so does an event for which there was no memory.
 */
#include <linux/file.h>
#include "compat.h"
#include "netlink_internal.h"

#define PG_NL_RECORD_EVENT_SIZE	(4 * nla_total_size(sizeof(u32)) +			\
				 nla_total_size_64bit(sizeof(u64)) +			\
				 2 * nla_total_size(PEERGROUP_ID_LEN))
#define PG_NL_LINK_EVENT_SIZE	(8 * nla_total_size(sizeof(u32)) +			\
				 2 * nla_total_size_64bit(sizeof(u64)) +		\
				 nla_total_size(sizeof(struct in6_addr)))
#define PG_NL_DATA_EVENT_SIZE	(nla_total_size(sizeof(u32)) +				\
				 nla_total_size_64bit(sizeof(u64)))
#define PG_NL_GROUP_EVENT_SIZE	(3 * nla_total_size(sizeof(u32)) +			\
				 nla_total_size(PEERGROUP_HASH_LEN) +			\
				 nla_total_size_64bit(sizeof(u64)))
#define PG_NL_MEMBER_EVENT_SIZE	(nla_total_size(sizeof(u32)) +				\
				 nla_total_size(PEERGROUP_HASH_LEN) +			\
				 nla_total_size_64bit(sizeof(u64)) +			\
				 nla_total_size(1))

static bool pg_nl_heard(const struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	return !list_empty(&g->watches) ||
	       genl_has_listeners(&pg_nl_family, g->pn->net, PG_NL_MCGRP_EVENTS) > 0;
}

/*
 * The file of a socket, held, or NULL where it is being closed. Until it is put
 * the socket keeps its port, so that nobody else is sent what is meant for it.
 */
static struct file *pg_sock_file(struct sock *sk)
{
	struct file *file = NULL;

	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_socket)
		file = pg_get_file_active(&sk->sk_socket->file);
	read_unlock_bh(&sk->sk_callback_lock);
	return file;
}

/*
 * A capability makes up for what the mode does not give. What credentials have they
 * keep, so it is asked once: each time asking is audited.
 */
static bool pg_watch_permits(struct pg_group *g, struct pg_watch *w, const struct file *file,
			     unsigned int needs)
{
	lockdep_assert_held(&g->lock);
	if (pg_owner_permits(&g->owner, w->cred, needs))
		return true;
	if (!w->asked)
		w->admin = file_ns_capable(file, g->pn->net->user_ns, CAP_NET_ADMIN);
	w->asked = true;
	return w->admin;
}

bool pg_netlink_permits(struct pg_group *g, struct pg_watch *w, unsigned int needs)
{
	struct file *file;
	bool permits;

	lockdep_assert_held(&g->lock);
	if (pg_owner_permits(&g->owner, w->cred, needs))
		return true;
	file = pg_sock_file(w->sk);
	if (!file)
		return false;
	permits = pg_watch_permits(g, w, file, needs);
	fput(file);
	return permits;
}

/* As a socket whose receive buffer is full: whoever reads it looks at everything again. */
static void pg_nl_event_overrun(struct sock *sk)
{
	WRITE_ONCE(sk->sk_err, ENOBUFS);
	sk_error_report(sk);
}

/*
 * Sends a watch a copy of an event, or where that has got lost (NULL) says so. Return:
 * 0, also where the socket shall not or cannot have it, or -ENOMEM, or -EAGAIN where its
 * buffer is full.
 */
static int pg_nl_event_tell(struct pg_group *g, struct pg_watch *w, struct sk_buff *skb)
{
	struct file *file = pg_sock_file(w->sk);
	struct sk_buff *copy;
	int err = 0;

	if (!file)
		return 0;
	if (pg_watch_permits(g, w, file, PG_NEED_READ)) {
		copy = skb ? skb_clone(skb, GFP_KERNEL) : NULL;
		if (copy) {
			/* A full buffer says so itself; the caller counts. */
			err = genlmsg_unicast(g->pn->net, copy, w->portid) == -EAGAIN ?
			      -EAGAIN : 0;
		} else {
			pg_nl_event_overrun(w->sk);
			err = -ENOMEM;
		}
	}
	fput(file);
	return err;
}

/**
 * pg_nl_tell() - sends one socket something that is for it alone
 * @g: the group, its lock held
 * @w: the socket, which has to be one that may write to the group
 * @skb: taken over; NULL where there is no memory for it, which the socket is told
 *
 * Return: 0, -EPERM, or -errno where the socket is gone or its buffer is full.
 */
int pg_nl_tell(struct pg_group *g, struct pg_watch *w, struct sk_buff *skb)
{
	struct file *file = pg_sock_file(w->sk);
	int err = -ESHUTDOWN;

	if (!file) {
		nlmsg_free(skb);
		return err;
	}
	if (!pg_watch_permits(g, w, file, PG_NEED_WRITE)) {
		nlmsg_free(skb);
		err = -EPERM;
	} else if (skb) {
		err = genlmsg_unicast(g->pn->net, skb, w->portid);
	} else {
		pg_nl_event_overrun(w->sk);
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
		err = -ENOMEM;
	}
	fput(file);
	return err;
}

/* There is no memory for an event. Not each has a sequence whose gap would show. */
static void pg_nl_event_lost(struct pg_group *g)
{
	struct pg_watch *w;

	lockdep_assert_held(&g->lock);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
	list_for_each_entry(w, &g->watches, node)
		pg_nl_event_tell(g, w, NULL);
	genl_set_err(&pg_nl_family, g->pn->net, 0, PG_NL_MCGRP_EVENTS, -ENOBUFS);
}

/* An event with its header, or NULL, counted as lost. */
static struct sk_buff *pg_nl_event_begin(struct pg_group *g, size_t size, u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		pg_nl_event_lost(g);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &pg_nl_family, 0, cmd);
	return skb;
}

static void pg_nl_event_send(struct pg_group *g, struct sk_buff *skb, void *hdr)
{
	struct pg_watch *w;
	int err;

	lockdep_assert_held(&g->lock);
	genlmsg_end(skb, hdr);
	list_for_each_entry(w, &g->watches, node) {
		if (pg_nl_event_tell(g, w, skb))
			pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
		cond_resched();
	}
	err = genlmsg_multicast_netns(&pg_nl_family, g->pn->net, skb, 0, PG_NL_MCGRP_EVENTS,
				      GFP_KERNEL);
	/* -ESRCH: the last listener has just left */
	if (err && err != -ESRCH)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
}

/* Cannot happen: the sizes above are wrong. */
static void pg_nl_event_overflow(struct pg_group *g, struct sk_buff *skb)
{
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
}

void pg_netlink_record(struct pg_group *g, const struct pg_record *r, u32 change)
{
	struct sk_buff *skb;
	void *hdr;

	if (!change || !pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_RECORD_EVENT_SIZE, PEERGROUP_CMD_RECORD_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_SEQ, r->seq, PEERGROUP_A_RECORD_PAD) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_CHANGE, change) ||
	    nla_put(skb, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, r->rec.id) ||
	    nla_put(skb, PEERGROUP_A_RECORD_TYPE, PEERGROUP_ID_LEN, r->rec.type) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_VERSION, r->rec.version))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

void pg_netlink_link(struct pg_group *g, const struct pg_link *link, u32 state, int error)
{
	struct sk_buff *skb;
	size_t size;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	size = PG_NL_LINK_EVENT_SIZE;
	if (link->peer)
		size += nla_total_size(link->peer->gmc.name.len + 1);
	skb = pg_nl_event_begin(g, size, PEERGROUP_CMD_LINK_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr || pg_nl_put_link(skb, g, link, state, error))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

void pg_netlink_member(struct pg_group *g, const struct pg_member *m)
{
	struct sk_buff *skb;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_MEMBER_EVENT_SIZE + m->gmc.name.len,
				PEERGROUP_CMD_MEMBER_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_MEMBER_GROUP, g->index) ||
	    nla_put(skb, PEERGROUP_A_MEMBER_FINGERPRINT, PEERGROUP_HASH_LEN,
		    m->gmc.fingerprint) ||
	    pg_nl_put_text(skb, PEERGROUP_A_MEMBER_NAME, &m->gmc.name) ||
	    (pg_member_revoked(m) &&
	     nla_put_u64_64bit(skb, PEERGROUP_A_MEMBER_REVOKED, pg_member_cut(m),
			       PEERGROUP_A_MEMBER_PAD)))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

/* The last one about a group has no status bits and says why there will be no more. */
void pg_netlink_group(struct pg_group *g, u32 status, int error)
{
	struct sk_buff *skb;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_GROUP_EVENT_SIZE, PEERGROUP_CMD_GROUP_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_INDEX, g->index) ||
	    nla_put(skb, PEERGROUP_A_GROUP_ID, PEERGROUP_HASH_LEN, g->id) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_STATUS, status) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_SEQ, g->table.seq, PEERGROUP_A_GROUP_PAD) ||
	    (error && nla_put_u32(skb, PEERGROUP_A_GROUP_REASON, abs(error))))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

/* An event about data, for one socket only; NULL where there is no memory for it. */
static struct sk_buff *pg_nl_data_event(const struct pg_group *g, u8 cmd, u64 link)
{
	struct sk_buff *skb = genlmsg_new(PG_NL_DATA_EVENT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, 0, 0, &pg_nl_family, 0, cmd);
	if (WARN_ON_ONCE(!hdr || nla_put_u32(skb, PEERGROUP_A_DATA_GROUP, g->index) ||
			 (link && nla_put_u64_64bit(skb, PEERGROUP_A_DATA_LINK, link,
						    PEERGROUP_A_DATA_PAD)))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

void pg_netlink_data(struct pg_group *g, struct pg_watch *w)
{
	struct sk_buff *skb = pg_nl_data_event(g, PEERGROUP_CMD_DATA_NTF, 0);

	lockdep_assert_held(&g->lock);
	if (pg_nl_event_tell(g, w, skb))
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
	consume_skb(skb);
}

/* As a watch; nobody's credentials are kept here, as a socket waits once. */
static bool pg_wait_permits(struct pg_group *g, const struct file *file)
{
	return pg_owner_permits(&g->owner, file->f_cred, PG_NEED_WRITE) ||
	       file_ns_capable(file, g->pn->net->user_ns, CAP_NET_ADMIN);
}

/*
 * Who may not send any more is told neither the group nor the link, only that something got
 * lost: it has to look again, and is refused, where it would otherwise wait for ever.
 */
void pg_netlink_sendable(struct pg_group *g, u64 link, const struct pg_send_wait *wait)
{
	struct file *file = pg_sock_file(wait->sk);
	bool permits = file && pg_wait_permits(g, file);
	struct sk_buff *skb = permits ? pg_nl_data_event(g, PEERGROUP_CMD_SEND_NTF, link) : NULL;

	if (skb)
		genlmsg_unicast(g->pn->net, skb, wait->portid);
	else if (file)
		pg_nl_event_overrun(wait->sk);
	if (permits && !skb)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
	if (file)
		fput(file);
}

/* A socket that watches twice is told once. What it takes is what it said last. */
int pg_nl_group_watch(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_opener opener = {
		.sk = NETLINK_CB(skb).sk,
		.portid = info->snd_portid,
		.cred = pg_nl_cred(skb),
		.skb = skb,
	};
	struct nlattr *takes = info->attrs[PEERGROUP_A_GROUP_TAKES];
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_GROUP_INDEX);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_group_watch(g, &opener, takes ? nla_get_u32(takes) : 0, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, info->attrs[PEERGROUP_A_GROUP_INDEX]);
	pg_group_put(g);
	return err;
}
