// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink dump of records: those that a filter lets through (search.h), or
 * what changed since a sequence number. Between two messages nothing is locked;
 * each step finds its place again by the last record or sequence it has told, so
 * a dump survives any change of the table and costs what it returns.
 *
 * Refusals wait for the first call of the dump: where a dump is set up there
 * is no extack to explain them in.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "netlink_internal.h"
#include "refresh.h"

#define PG_DUMPS_MAX	256	/* dumps of one user that are under way in the namespace */

/**
 * struct pg_record_dump - where a dump stands
 * @node: in the namespace's list of dumps under way
 * @uid: whose socket it is, as pg_cred_user() has it
 * @index: the group's
 * @of: its node id, by which it is known again
 * @g: the group, while a step runs: a dump that nobody reads on keeps none that has ended
 * @filter: which records are wanted; points into the request
 * @since: sequence up to which the program knows the table
 * @passed: sequence the walk had reached before this step
 * @start_seq: latest sequence when the walk began
 * @by_seq: walk the changes above @since
 * @brief: leave the wire forms out
 * @tombstones: tell of deleted records that the program never knew
 * @begun: @walk has been chosen
 * @walk: where it stands, unless @by_seq
 * @seq: sequence of the last step
 * @now: peer time when the step was taken, for expiry; 0 while nothing expires
 * @change: being told: its parts are
 * @kind: enum peergroup_change, 0 unless @by_seq
 * @pending: there is something in @change that has not been told in full
 * @offset: how much of the wire form has been
 */
struct pg_record_dump {
	struct list_head node;
	kuid_t uid;
	u32 index;
	u64 of;
	struct pg_group *g;
	struct pg_filter filter;
	u64 since;
	u64 passed;
	u64 start_seq;
	bool by_seq;
	bool brief;
	bool tombstones;

	bool begun;
	struct pg_walk walk;
	u64 seq;
	u64 now;

	struct pg_change change;
	u32 kind;
	bool pending;
	u32 offset;
};

static struct pg_record_dump *pg_record_dump_of(struct netlink_callback *cb)
{
	return (struct pg_record_dump *)cb->args[0];
}

int pg_nl_record_get_start(struct netlink_callback *cb)
{
	struct pg_record_dump *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	cb->args[0] = (long)d;
	if (!d)
		return -ENOMEM;
	INIT_LIST_HEAD(&d->node);
	return 0;
}

int pg_nl_record_get_done(struct netlink_callback *cb)
{
	struct pg_net *pn = pg_net_of(sock_net(NETLINK_CB(cb->skb).sk));
	struct pg_record_dump *d = pg_record_dump_of(cb);

	spin_lock(&pn->dumps_lock);
	list_del(&d->node);
	spin_unlock(&pn->dumps_lock);
	if (d->pending && d->change.r)
		pg_record_put(d->change.r);
	kfree(d);
	return 0;
}

/*
 * Puts a dump among those for its group. What nobody reads on keeps the version of a record that
 * it has told a part of, which may have left the table since, and no limit counts that. @owns: as
 * the group's owner does. Return: 0, -ENOSPC where its user has too many, -EUSERS where all have.
 */
static int pg_record_dump_enter(struct pg_net *pn, struct pg_record_dump *d, bool owns)
{
	const struct pg_record_dump *other;
	u32 n = 0, own = 0, all = 0;
	int err = 0;

	spin_lock(&pn->dumps_lock);
	list_for_each_entry(other, &pn->dumps, node) {
		n += uid_eq(other->uid, d->uid);
		if (other->index != d->index)
			continue;
		own += uid_eq(other->uid, d->uid);
		all++;
	}
	if (n >= PG_DUMPS_MAX)
		err = -ENOSPC;
	else if (pg_crowded(own, all, owns))
		err = -EUSERS;
	else
		list_add_tail(&d->node, &pn->dumps);
	spin_unlock(&pn->dumps_lock);
	return err;
}

static int pg_record_dump_admit(struct pg_record_dump *d, struct netlink_callback *cb)
{
	const struct cred *cred = pg_nl_cred(cb->skb);
	bool owns = pg_owner_permits(&d->g->owner, cred, PG_NEED_OWN);
	int err;

	/* It may read the group, so that it has credentials. */
	d->uid = pg_cred_user(cred);
	d->index = d->g->index;
	err = pg_record_dump_enter(d->g->pn, d, owns);
	/* Asked for where there is no room without, as asking is audited. */
	if (err == -EUSERS && !owns && pg_nl_capable(cb->skb, CAP_NET_ADMIN))
		err = pg_record_dump_enter(d->g->pn, d, true);
	if (!err)
		return 0;
	return pg_nl_refuse(cb->extack, NULL, err == -EUSERS ?
			    "too many sockets have not read to the end of a dump" :
			    "too many sockets of this user have not read to the end of a dump",
			    -ENOSPC);
}

/*
 * A filter beside id and type. An expiry is remembered by id and type only, so
 * none of these goes with SINCE.
 */
static int pg_record_dump_narrow(const struct nlattr *attr, const struct nlattr *since,
				 u64 *bound, struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	if (since) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "SINCE goes with ID and TYPE only");
		return -EINVAL;
	}
	if (bound)
		*bound = nla_get_u64(attr);
	return 0;
}

static int pg_record_dump_filter(struct pg_filter *f, struct nlattr **attrs,
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *creator = attrs[PEERGROUP_A_RECORD_CREATOR];
	const struct nlattr *since = attrs[PEERGROUP_A_RECORD_SINCE];
	int err;

	pg_filter_init(f);
	if (attrs[PEERGROUP_A_RECORD_ID])
		f->id = nla_data(attrs[PEERGROUP_A_RECORD_ID]);
	if (attrs[PEERGROUP_A_RECORD_TYPE])
		f->type = nla_data(attrs[PEERGROUP_A_RECORD_TYPE]);
	err = pg_record_dump_narrow(attrs[PEERGROUP_A_RECORD_CREATED_FROM], since,
				    &f->created[0], extack) ?:
	      pg_record_dump_narrow(attrs[PEERGROUP_A_RECORD_CREATED_TO], since,
				    &f->created[1], extack) ?:
	      pg_record_dump_narrow(attrs[PEERGROUP_A_RECORD_MODIFIED_FROM], since,
				    &f->modified[0], extack) ?:
	      pg_record_dump_narrow(attrs[PEERGROUP_A_RECORD_MODIFIED_TO], since,
				    &f->modified[1], extack) ?:
	      pg_record_dump_narrow(creator, since, NULL, extack);
	if (!err && creator && !pg_filter_creator(f, nla_data(creator), nla_len(creator) - 1)) {
		NL_SET_ERR_MSG_ATTR(extack, creator, "not a peer name");
		err = -EINVAL;
	}
	return err;
}

static int pg_record_dump_begin(struct pg_record_dump *d, struct netlink_callback *cb)
{
	struct nlattr **attrs = pg_dumpit_attrs(cb);
	struct nlattr *since = attrs[PEERGROUP_A_RECORD_SINCE];
	struct pg_group *g = d->g;
	int err;

	err = pg_record_dump_admit(d, cb);
	if (err)
		return err;
	d->brief = attrs[PEERGROUP_A_RECORD_BRIEF];
	d->tombstones = attrs[PEERGROUP_A_RECORD_TOMBSTONES];
	if (since) {
		d->by_seq = true;
		d->since = nla_get_u64(since);
		d->seq = d->since;
		d->passed = d->since;
		mutex_lock(&g->lock);
		d->start_seq = g->table.seq;
		mutex_unlock(&g->lock);
	}
	return 0;
}

/* Next of the search. Group's lock held. Returns 1, or 0 at the end. */
static int pg_record_dump_by_filter(struct pg_record_dump *d)
{
	struct pg_table *t = &d->g->table;
	struct pg_record *r;

	if (!d->begun)
		pg_walk_begin(&d->walk, t, &d->filter);
	d->begun = true;
	r = pg_walk_next(&d->walk, t);
	if (!r)
		return 0;
	d->change = (struct pg_change){ .seq = r->seq, .added_seq = r->added_seq, .r = r };
	return 1;
}

/*
 * Next in the order of changes. Group's lock held. The walk goes on to the
 * latest change there is, also those made since it began: a record that moves
 * up while it is under way is met where it went, so that all that was added up
 * to the last sequence told has been told. Returns 1, 0 at the end, or
 * -ESTALE where changes above the last one told have been forgotten, or @since
 * is from another life of the group. Who starts at 0 knew nothing that could
 * be gone.
 */
static int pg_record_dump_by_seq(struct pg_record_dump *d, struct netlink_ext_ack *extack)
{
	struct pg_table *t = &d->g->table;

	if (d->since && (d->seq < t->horizon || d->since > t->seq)) {
		NL_SET_ERR_MSG(extack, "changes since SINCE are no longer known: dump all records");
		return -ESTALE;
	}
	if (!pg_table_next_change(t, d->seq, &d->change))
		return 0;
	d->passed = d->seq;
	d->seq = d->change.seq;
	return 1;
}

static int pg_record_dump_step(struct pg_record_dump *d, struct netlink_ext_ack *extack)
{
	struct pg_group *g = d->g;
	int ret;

	mutex_lock(&g->lock);
	if (g->ended) {
		NL_SET_ERR_MSG(extack, "group has ended");
		ret = -ENOENT;
	} else if (d->by_seq) {
		ret = pg_record_dump_by_seq(d, extack);
	} else {
		ret = pg_record_dump_by_filter(d);
	}
	mutex_unlock(&g->lock);
	d->now = pg_group_expires(g) ? pg_group_now(g) : 0;
	return ret;
}

/* What a change is to somebody who knows the state at @since; 0: nothing. */
static u32 pg_record_dump_kind(const struct pg_record_dump *d)
{
	bool known = d->change.added_seq <= d->since;
	/* This very walk may have told of it before it went. */
	bool heard = known || (d->change.seq > d->start_seq && d->change.added_seq <= d->passed);

	if (!d->change.r)
		return heard ? d->change.gone.change : 0;
	if (pg_rec_deleted(&d->change.r->rec))
		return heard || d->tombstones ? PEERGROUP_CHANGE_DELETED : 0;
	return known ? PEERGROUP_CHANGE_UPDATED : PEERGROUP_CHANGE_ADDED;
}

static bool pg_record_dump_match(const struct pg_record_dump *d)
{
	const struct pg_filter *f = &d->filter;
	const struct pg_record *r = d->change.r;
	const u8 *type = r ? r->rec.type : d->change.gone.type;

	/* What is about the group itself is for who asks for just that. */
	if (pg_rec_type_reserved(type) && !f->type && !f->id)
		return false;
	if (r)
		return pg_filter_match(f, r);
	return !(f->type && memcmp(f->type, type, PEERGROUP_ID_LEN)) &&
	       !(f->id && memcmp(f->id, d->change.gone.id, PEERGROUP_ID_LEN));
}

/* Is the step's outcome to be told? Sets @kind. */
static bool pg_record_dump_wanted(struct pg_record_dump *d)
{
	const struct pg_record *r = d->change.r;
	bool tombstone = r && pg_rec_deleted(&r->rec);

	if (!pg_record_dump_match(d))
		return false;

	/*
	 * Expired but not swept yet. A deletion is news even then: no event
	 * follows when the sweep takes a tombstone away.
	 */
	if (r && pg_record_expires(r) <= d->now && !(d->by_seq && tombstone))
		return false;
	if (!d->by_seq) {
		d->kind = 0;
		return !tombstone || d->tombstones;
	}
	d->kind = pg_record_dump_kind(d);
	return d->kind;
}

/* Finds what to tell next. Returns 1, 0 at the end, or -errno with extack set. */
static int pg_record_dump_next(struct pg_record_dump *d, struct netlink_ext_ack *extack)
{
	int ret;

	while ((ret = pg_record_dump_step(d, extack)) > 0) {
		if (pg_record_dump_wanted(d)) {
			d->pending = true;
			d->offset = 0;
			return 1;
		}
		if (d->change.r)
			pg_record_put(d->change.r);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return ret;
}

static int pg_record_put_gone(struct sk_buff *skb, const struct pg_change *c)
{
	if (nla_put(skb, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, c->gone.id) ||
	    nla_put(skb, PEERGROUP_A_RECORD_TYPE, PEERGROUP_ID_LEN, c->gone.type))
		return -EMSGSIZE;
	return 0;
}

static int pg_record_put_refresh(struct sk_buff *skb, const struct pg_refresh *rf)
{
	if (nla_put_u32(skb, PEERGROUP_A_RECORD_REFRESHES, READ_ONCE(rf->step)) ||
	    (READ_ONCE(rf->own) && nla_put_flag(skb, PEERGROUP_A_RECORD_REFRESHED)))
		return -EMSGSIZE;
	return 0;
}

static int pg_record_put_info(struct sk_buff *skb, const struct pg_record *r)
{
	const struct pg_rec *rec = &r->rec;

	if (nla_put(skb, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, rec->id) ||
	    nla_put(skb, PEERGROUP_A_RECORD_TYPE, PEERGROUP_ID_LEN, rec->type) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_VERSION, rec->version) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_FLAGS, rec->flags) ||
	    pg_nl_put_text(skb, PEERGROUP_A_RECORD_CREATOR, &r->creator->gmc.name) ||
	    pg_nl_put_text(skb, PEERGROUP_A_RECORD_MODIFIER, &r->modifier->gmc.name) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_CREATED, rec->created,
			      PEERGROUP_A_RECORD_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_MODIFIED, rec->modified,
			      PEERGROUP_A_RECORD_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_EXPIRES, pg_record_expires(r),
			      PEERGROUP_A_RECORD_PAD) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_SIZE, r->wire_len))
		return -EMSGSIZE;
	return r->refresh ? pg_record_put_refresh(skb, r->refresh) : 0;
}

/*
 * As much of the wire form as one message takes. A record that does not fit
 * behind others waits for a buffer of its own; in that (@alone) a part of it
 * will do. So a reader with a small buffer gets smaller parts, and none is
 * ever cut off. Returns the bytes put, or -EMSGSIZE.
 */
static int pg_record_put_part(struct sk_buff *skb, const struct pg_record_dump *d, bool alone)
{
	const struct pg_record *r = d->change.r;
	u32 len = min(r->wire_len - d->offset, PEERGROUP_CHUNK_MAX);
	int room;

	if (nla_put_u32(skb, PEERGROUP_A_RECORD_OFFSET, d->offset))
		return -EMSGSIZE;
	room = round_down(skb_tailroom(skb), NLA_ALIGNTO) - NLA_HDRLEN;
	if (room <= 0)
		return -EMSGSIZE;
	if (alone)
		len = min_t(u32, len, room);
	if (nla_put(skb, PEERGROUP_A_RECORD_WIRE, len, r->wire + d->offset))
		return -EMSGSIZE;
	return len;
}

/* One message about @change. Returns 0 or -EMSGSIZE. */
static int pg_record_dump_tell(struct pg_record_dump *d, struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	const struct pg_record *r = d->change.r;
	bool alone = !skb->len;
	int part = 0;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &pg_nl_family,
			  NLM_F_MULTI, PEERGROUP_CMD_RECORD_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, PEERGROUP_A_RECORD_GROUP, d->g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_SEQ, d->change.seq,
			      PEERGROUP_A_RECORD_PAD) ||
	    (d->kind && nla_put_u32(skb, PEERGROUP_A_RECORD_CHANGE, d->kind)) ||
	    (r ? pg_record_put_info(skb, r) : pg_record_put_gone(skb, &d->change)))
		goto cancel;
	if (r && !d->brief) {
		part = pg_record_put_part(skb, d, alone);
		if (part < 0)
			goto cancel;
	}
	genlmsg_end(skb, hdr);

	d->offset += part;
	if (r && (d->brief || d->offset == r->wire_len))
		pg_record_put(d->change.r);
	d->pending = r && !d->brief && d->offset < r->wire_len;
	return 0;

cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/* Fills one buffer. */
static int pg_record_dump_fill(struct pg_record_dump *d, struct sk_buff *skb,
			       struct netlink_callback *cb, bool begins)
{
	int ret = begins ? pg_record_dump_begin(d, cb) : 0;

	while (!ret) {
		if (!d->pending) {
			ret = pg_record_dump_next(d, cb->extack);
			if (ret <= 0)
				return ret;
		}
		ret = pg_record_dump_tell(d, skb, cb);
	}
	return ret == -EMSGSIZE && skb->len ? skb->len : ret;
}

int pg_nl_record_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_record_dump *d = pg_record_dump_of(cb);
	bool begins = !d->of;
	int ret;

	if (begins) {
		ret = pg_record_dump_filter(&d->filter, pg_dumpit_attrs(cb), cb->extack);
		if (ret)
			return ret;
	}
	d->g = pg_nl_dump_again(cb, PEERGROUP_A_RECORD_GROUP, &d->of);
	if (IS_ERR(d->g))
		return PTR_ERR(d->g);
	ret = pg_record_dump_fill(d, skb, cb, begins);
	pg_group_put(d->g);
	return ret;
}
