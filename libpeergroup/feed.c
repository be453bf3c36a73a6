// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What happens to a group, without loss. The kernel's events are hints: they
 * may be dropped when a program is slow, but each record change has a sequence
 * number, and after a gap the kernel is asked for the changes since. Only if
 * that is too long ago for it, the whole table is compared with what is known.
 */
#include <errno.h>
#include <stdlib.h>
#include "feed.h"
#include "records.h"

/* Datagrams taken at a time, so that several feeds of one thread share it. */
#define READ_BURST	256

/* Caught up is from here on, so that a round of it is worth the asking. */
#define NEWS_FEW	(PGI_NEWS_MAX / 2)

/* ----------------------------------------------------------------- queue -- */

struct pgi_item *pgi_item_new(const struct peergroup_event *event, HRESULT failed)
{
	const char *peer = event->link_peer ? event->link_peer : "";
	size_t len = strlen(peer) + 1;
	struct pgi_item *item = calloc(1, sizeof(*item) + len);

	if (!item)
		return NULL;
	item->event = *event;
	memcpy(item->peer, peer, len);
	item->event.link_peer = item->peer;
	item->failed = failed;
	return item;
}

/* What others can make, and so as many as they like. */
static bool is_news(const struct pgi_item *item)
{
	switch (item->event.kind) {
	case PEERGROUP_EVENT_RECORD:
	case PEERGROUP_EVENT_MEMBER:
	case PEERGROUP_EVENT_LINK:
	case PEERGROUP_EVENT_DIRECT:
	case PEERGROUP_EVENT_STATUS:
		return true;
	default:
		return false;
	}
}

bool pgi_feed_full(const struct pgi_feed *feed)
{
	return feed->news_queued + feed->news_held >= PGI_NEWS_MAX;
}

void pgi_feed_put(struct pgi_feed *feed, struct pgi_item *item)
{
	feed->news_queued += is_news(item);
	*feed->tail = item;
	feed->tail = &item->next;
}

/* Whether an event that waits says of the status, or of a member, what is no longer so. */
static bool is_outdated(const struct pgi_item *item, const struct peergroup_event *now)
{
	const struct peergroup_event *was = &item->event;

	if (was->kind != now->kind)
		return false;
	if (now->kind == PEERGROUP_EVENT_STATUS)
		return true;
	return now->kind == PEERGROUP_EVENT_MEMBER &&
	       ((was->revoked && now->member_change == PEER_MEMBER_JOINED) ||
		(now->revoked && was->member_change == PEER_MEMBER_JOINED)) &&
	       !strcmp(was->link_peer, now->link_peer);
}

/*
 * What no catching up tells of is not left out. Where there is no room the last that was said
 * of the matter, and is not so any more, becomes what is so now.
 */
static bool amend(struct pgi_feed *feed, const struct peergroup_event *now)
{
	struct pgi_item *item, *last = NULL;

	/* There is a walk for few of them only. */
	if (now->kind != PEERGROUP_EVENT_STATUS && now->kind != PEERGROUP_EVENT_MEMBER)
		return false;
	for (item = feed->head; item; item = item->next)
		if (is_outdated(item, now))
			last = item;
	if (!last)
		return false;
	last->event = *now;
	last->event.link_peer = last->peer;
	return true;
}

HRESULT pgi_feed_push(struct pgi_feed *feed, const struct peergroup_event *event,
		      HRESULT failed)
{
	struct pgi_item *item;

	if (failed == S_OK && feed->filter && !feed->filter(feed, event))
		return S_OK;
	if (failed == S_OK && pgi_feed_full(feed) && amend(feed, event))
		return S_OK;
	item = pgi_item_new(event, failed);
	if (!item)
		return E_OUTOFMEMORY;
	pgi_feed_put(feed, item);
	return S_OK;
}

struct pgi_item *pgi_feed_pop(struct pgi_feed *feed)
{
	struct pgi_item *item = feed->head;

	if (!item)
		return NULL;
	feed->head = item->next;
	feed->data_bytes -= pgi_item_weight(item);
	feed->news_queued -= is_news(item);
	if (!feed->head)
		feed->tail = &feed->head;
	return item;
}

static HRESULT push_gone(struct pgi_feed *feed, int reason)
{
	struct peergroup_event event = { .kind = PEERGROUP_EVENT_GONE, .reason = reason };

	HRESULT hr;

	if (feed->gone)
		return S_OK;
	hr = pgi_feed_push(feed, &event, S_OK);
	/* Whoever catches up finds it out again. */
	if (SUCCEEDED(hr))
		feed->gone = true;
	else
		feed->behind = true;
	return hr;
}

static HRESULT push_status(struct pgi_feed *feed, uint32_t status, int reason)
{
	struct peergroup_event event = {
		.kind = PEERGROUP_EVENT_STATUS, .status = status, .reason = reason,
	};
	uint32_t changed;
	HRESULT hr;

	if (status == feed->status && !reason)
		return S_OK;
	if (status & ~feed->status & PEERGROUP_STATUS_READY) {
		pgi_group_save_ready(feed->identity, feed->name);
		feed->became_ready = true;
	}
	hr = pgi_feed_push(feed, &event, S_OK);
	if (FAILED(hr)) {
		feed->behind = true;
		/* The owner of a filter has seen the reason. */
		if (reason && !feed->filter)
			feed->reason = reason;
		return hr;
	}
	feed->reason = 0;
	changed = status ^ feed->status;
	feed->status = status;
	/* Who else is there is known through links: with the first one, and until the last. */
	if (feed->members && changed & PEERGROUP_STATUS_CONNECTED && pgi_feed_full(feed)) {
		feed->behind = true;
	} else if (feed->members && changed & PEERGROUP_STATUS_CONNECTED) {
		hr = pgi_feed_asking(feed);
		if (SUCCEEDED(hr))
			hr = pgi_feed_compare_presence(feed);
		/* Of a group that has ended meanwhile that is heard next. */
		if (pgi_nl_ended(hr))
			return S_OK;
		feed->behind |= FAILED(hr);
	}
	return hr;
}

/* --------------------------------------------------------------- records -- */

static bool live(uint32_t change)
{
	return change == PEERGROUP_CHANGE_ADDED || change == PEERGROUP_CHANGE_UPDATED;
}

/*
 * Keeps the set of known records and tells of a change. What is gone without
 * having been known is nothing to tell; what is not known is new, whatever the
 * kernel calls it. What could not be told is known as before, and told the next time.
 */
static HRESULT tell(struct pgi_feed *feed, const struct peergroup_event *change)
{
	struct peergroup_event event = *change;
	bool known;
	HRESULT hr;

	event.kind = PEERGROUP_EVENT_RECORD;
	if (pgi_type_reserved(event.type))
		return pgi_feed_tell_about(feed, &event);
	if (!feed->records)
		return S_OK;
	known = pgi_known_find(&feed->known, event.id);
	if (!live(event.change)) {
		hr = known ? pgi_feed_push(feed, &event, S_OK) : S_OK;
		if (SUCCEEDED(hr))
			pgi_known_remove(&feed->known, event.id);
		return hr;
	}
	if (!known)
		event.change = PEERGROUP_CHANGE_ADDED;
	hr = pgi_known_add(&feed->known, event.id, event.type);
	if (FAILED(hr))
		return hr;
	hr = pgi_feed_push(feed, &event, S_OK);
	if (FAILED(hr) && !known)
		pgi_known_remove(&feed->known, event.id);
	return hr;
}

void pgi_feed_event_of(const struct pgi_record *r, struct peergroup_event *event)
{
	memset(event, 0, sizeof(*event));
	event->sequence = r->seq;
	event->change = r->change;
	event->version = r->version;
	memcpy(event->id, r->id, sizeof(event->id));
	memcpy(event->type, r->type, sizeof(event->type));
}

HRESULT pgi_feed_asking(struct pgi_feed *feed)
{
	return feed->ask.sock ? S_OK : pgi_nl_open(&feed->ask, &feed->nl);
}

/* A change since feed->seq; they come in order. */
static HRESULT take_change(struct pgi_record **record, void *arg)
{
	struct peergroup_event event;
	struct pgi_feed *feed = arg;
	HRESULT hr;

	if ((*record)->seq <= feed->seq)
		return S_OK;
	pgi_feed_event_of(*record, &event);
	hr = tell(feed, &event);
	if (SUCCEEDED(hr))
		feed->seq = event.sequence;
	return hr;
}

/*
 * The same where the queue is bounded. What is left has higher numbers; as it may be much, and
 * there may be many rounds of this, it is not read to its end but asked for again.
 */
static HRESULT take_missed(struct pgi_record **record, void *arg)
{
	struct pgi_feed *feed = arg;

	return pgi_feed_full(feed) ? S_FALSE : take_change(record, arg);
}

/* Like take_change() at the start, where what is gone was known to the program. */
static HRESULT take_first_change(struct pgi_record **record, void *arg)
{
	struct pgi_feed *feed = arg;
	HRESULT hr;

	if (!live((*record)->change)) {
		hr = pgi_known_add(&feed->known, (*record)->id, (*record)->type);
		if (FAILED(hr))
			return hr;
	}
	return take_change(record, arg);
}

static HRESULT changes_since(struct pgi_feed *feed, pgi_record_fn fn, int *err)
{
	uint64_t since = feed->seq;
	struct pgi_query q = {
		.group = feed->group, .since = &since, .brief = true, .tombstones = true,
		.leave = true,
	};

	return pgi_fetch(&feed->ask, &q, fn, feed, err);
}

/* ------------------------------------------------- the whole table -- */

struct compare {
	struct pgi_feed *feed;
	uint64_t base;		/* changes above it are told later, by sequence */
};

static HRESULT compare_record(struct pgi_record **record, void *arg)
{
	struct pgi_record *r = *record;
	struct compare *c = arg;
	struct pgi_feed *feed = c->feed;
	bool known = pgi_known_find(&feed->known, r->id);
	struct peergroup_event event;
	HRESULT hr = S_OK;

	/* Marked before it is told: what is seen is not gone. */
	if (known)
		hr = pgi_known_add(&feed->known, r->id, r->type);
	if (FAILED(hr) || r->seq > c->base || (known && r->seq <= feed->seq))
		return hr;
	pgi_feed_event_of(r, &event);
	event.change = r->flags & PEERGROUP_RECORD_DELETED ? PEERGROUP_CHANGE_DELETED :
		       PEERGROUP_CHANGE_UPDATED;
	return tell(feed, &event);
}

static HRESULT tell_expired(struct pgi_feed *feed, uint64_t base)
{
	struct pgi_known_entry entry;
	struct peergroup_event event = {
		.kind = PEERGROUP_EVENT_RECORD, .change = PEERGROUP_CHANGE_EXPIRED,
		.sequence = base,
	};
	HRESULT hr = S_OK;
	size_t from = 0;

	while (SUCCEEDED(hr) && pgi_known_pop_unmarked(&feed->known, &from, &entry)) {
		memcpy(event.id, entry.id, sizeof(event.id));
		memcpy(event.type, entry.type, sizeof(event.type));
		hr = pgi_feed_push(feed, &event, S_OK);
		/* To be told the next time; there is room, as it was there. */
		if (FAILED(hr))
			pgi_known_add(&feed->known, entry.id, entry.type);
	}
	return hr;
}

/*
 * Not by sequence, so that it cannot stop half way: the queue gets one event of each record at
 * most, and of each the set of known ones holds as much anyway.
 */
static HRESULT compare_all(struct pgi_feed *feed)
{
	struct pgi_query q = { .group = feed->group, .brief = true, .tombstones = true };
	struct compare c = { .feed = feed };
	struct pgi_group_state state;
	HRESULT hr;

	hr = pgi_group_state_by_index(&feed->ask, feed->group, &state);
	if (FAILED(hr))
		return hr;
	c.base = state.seq;
	pgi_known_unmark(&feed->known);
	hr = pgi_fetch(&feed->ask, &q, compare_record, &c, NULL);
	if (SUCCEEDED(hr))
		hr = tell_expired(feed, c.base);
	if (SUCCEEDED(hr))
		feed->seq = c.base;
	return hr;
}

/* ---------------------------------------------------------- catching up -- */

/* Some numbers stand for changes that are not told: they are no gap. */
static void told_until(struct pgi_feed *feed, HRESULT hr, uint64_t seq)
{
	if (SUCCEEDED(hr) && feed->seq < seq)
		feed->seq = seq;
}

/* S_FALSE: the queue is full before the end. */
static HRESULT catch_up_records(struct pgi_feed *feed)
{
	HRESULT hr;
	int err;

	hr = changes_since(feed, take_missed, &err);
	if (err != -ESTALE)
		return hr;
	hr = compare_all(feed);
	if (SUCCEEDED(hr))
		hr = changes_since(feed, take_missed, NULL);
	return hr;
}

/*
 * What is held goes by data. For that the links have to be caught up with, where they are not; and
 * none is asked for while the program leaves what it has.
 */
static bool has_room(const struct pgi_feed *feed)
{
	bool may_wait = !feed->links_behind || feed->data_bytes >= PGI_DATA_BYTES;
	size_t held = may_wait ? feed->news_held : 0;

	return feed->news_queued + held < NEWS_FEW;
}

bool pgi_feed_owes(const struct pgi_feed *feed)
{
	return feed->behind && !feed->gone && has_room(feed);
}

/*
 * Who makes records as fast as they are taken does not hide what else there is. The walk that
 * was left has taken the socket to ask by along.
 */
static HRESULT catch_up_rest(struct pgi_feed *feed)
{
	HRESULT hr = pgi_feed_asking(feed);

	return SUCCEEDED(hr) ? pgi_feed_catch_up_about(feed) : hr;
}

/* After events were lost: whatever they may have said, found out; but the status, where few wait. */
static HRESULT catch_up(struct pgi_feed *feed)
{
	struct pgi_group_state state;
	HRESULT hr;

	feed->behind = true;
	hr = pgi_feed_asking(feed);
	if (SUCCEEDED(hr))
		hr = pgi_group_state_by_index(&feed->ask, feed->group, &state);
	if (SUCCEEDED(hr))
		hr = push_status(feed, state.status, feed->reason);
	/* Data that is on its way is not to come before its link. */
	if (SUCCEEDED(hr) && feed->links && (has_room(feed) || feed->data_asked))
		hr = pgi_feed_compare_links(feed);
	/* The library itself goes by the status; the rest comes when there is room for it. */
	if (SUCCEEDED(hr) && !has_room(feed))
		return S_OK;
	if (SUCCEEDED(hr) && feed->records && state.seq > feed->seq) {
		hr = catch_up_records(feed);
		if (hr == S_FALSE)
			return catch_up_rest(feed);
	}
	told_until(feed, hr, state.seq);
	if (SUCCEEDED(hr))
		hr = pgi_feed_catch_up_about(feed);
	if (pgi_nl_ended(hr))
		hr = push_gone(feed, ENOENT);
	if (SUCCEEDED(hr))
		feed->behind = false;
	return hr;
}

/* ---------------------------------------------------------------- events -- */

static bool follows_records(const struct pgi_feed *feed)
{
	return feed->records || feed->properties || feed->members;
}

static HRESULT record_event(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	const struct nlattr *a[PEERGROUP_A_RECORD_MAX + 1];
	struct peergroup_event event = { 0 };
	HRESULT hr;

	pgi_nl_parse(msg, a, PEERGROUP_A_RECORD_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_RECORD_GROUP]) != feed->group || !follows_records(feed))
		return S_OK;
	event.sequence = pgi_nl_u64(a[PEERGROUP_A_RECORD_SEQ]);
	if (event.sequence <= feed->seq || feed->behind)
		return S_OK;
	if (event.sequence > feed->seq + 1)
		return catch_up(feed);
	if (pgi_feed_full(feed)) {
		feed->behind = true;
		return S_OK;
	}
	event.change = pgi_nl_u32(a[PEERGROUP_A_RECORD_CHANGE]);
	event.version = pgi_nl_u32(a[PEERGROUP_A_RECORD_VERSION]);
	pgi_nl_bytes(a[PEERGROUP_A_RECORD_ID], event.id, sizeof(event.id));
	pgi_nl_bytes(a[PEERGROUP_A_RECORD_TYPE], event.type, sizeof(event.type));
	hr = tell(feed, &event);
	if (FAILED(hr)) {
		feed->behind = true;
		return hr;
	}
	feed->seq = event.sequence;
	feed->about_seq = event.sequence;
	return S_OK;
}

static HRESULT link_event(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct peergroup_event event;
	HRESULT hr;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_LINK_GROUP]) != feed->group)
		return S_OK;
	pgi_feed_link_of(msg, &event);
	hr = pgi_feed_tell_link(feed, &event);
	if (FAILED(hr) || !feed->members || event.kind == PEERGROUP_EVENT_DIRECT)
		return hr;
	if (pgi_feed_full(feed)) {
		feed->behind = true;
		return S_OK;
	}
	hr = pgi_feed_tell_presence(feed, &event);
	feed->behind |= FAILED(hr);
	return hr;
}

static HRESULT group_event(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];
	uint32_t status;
	int reason;

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_GROUP_INDEX]) != feed->group)
		return S_OK;
	status = pgi_nl_u32(a[PEERGROUP_A_GROUP_STATUS]);
	reason = (int)pgi_nl_u32(a[PEERGROUP_A_GROUP_REASON]);
	if (!status && reason == ENOENT)
		return push_gone(feed, 0);
	return push_status(feed, status, reason ? reason : feed->reason);
}

/* What it says of one certificate is not what is told. */
static void member_event(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	const struct nlattr *a[PEERGROUP_A_MEMBER_MAX + 1];

	pgi_nl_parse(msg, a, PEERGROUP_A_MEMBER_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_MEMBER_GROUP]) == feed->group)
		feed->certs_behind |= feed->certs;
}

struct taking {
	struct pgi_feed *feed;
	HRESULT hr;
};

static int take_event(const struct nlmsghdr *msg, void *arg)
{
	struct taking *t = arg;
	HRESULT hr = S_OK;

	if (t->feed->gone)
		return 0;
	if (msg->nlmsg_type == NLMSG_DONE || msg->nlmsg_type == NLMSG_ERROR) {
		pgi_feed_data_end(t->feed, msg);
		return 0;
	}
	switch (pgi_nl_cmd(msg)) {
	case PEERGROUP_CMD_RECORD_NTF:
		hr = record_event(t->feed, msg);
		break;
	case PEERGROUP_CMD_LINK_NTF:
		hr = link_event(t->feed, msg);
		break;
	case PEERGROUP_CMD_GROUP_NTF:
		hr = group_event(t->feed, msg);
		break;
	case PEERGROUP_CMD_MEMBER_NTF:
		member_event(t->feed, msg);
		break;
	case PEERGROUP_CMD_DATA_NTF:
		pgi_feed_data_waits(t->feed);
		break;
	case PEERGROUP_CMD_DATA_GET:
		hr = pgi_feed_data_part(t->feed, msg);
		break;
	}
	if (FAILED(hr))
		t->hr = hr;
	return 0;
}

/* The socket has lost something, and whatever it may have been is found out. */
static void all_behind(struct pgi_feed *feed)
{
	feed->links_behind = feed->links;
	feed->certs_behind = feed->certs;
	pgi_feed_data_unsure(feed);
}

/*
 * The socket is empty. What was in it may be older than what has been found out, and what came
 * before it was empty was lost without another word.
 */
static HRESULT at_rest(struct pgi_feed *feed)
{
	HRESULT hr;

	feed->stale = false;
	if (feed->gone)
		return S_OK;
	all_behind(feed);
	hr = catch_up(feed);
	pgi_feed_pull(feed);
	return hr;
}

/*
 * Whoever waits for an event shall have it before the socket is asked again; but not where
 * certificates are to be looked at, once for all that is told of them.
 */
static bool is_enough(const struct pgi_feed *feed)
{
	return feed->head && !feed->stale && !feed->certs_behind;
}

static HRESULT take_in(struct pgi_feed *feed, int timeout, bool *more)
{
	struct taking t = { .feed = feed, .hr = S_OK };
	int len, i;

	if (pgi_feed_owes(feed)) {
		t.hr = catch_up(feed);
		pgi_feed_pull(feed);
		/* There is something to tell: news, or that there is none to be had. */
		timeout = 0;
	}
	if (feed->stale)
		timeout = 0;
	for (i = 0; i < READ_BURST; i++) {
		len = pgi_nl_receive(&feed->nl, timeout);
		timeout = 0;
		if (len == -EAGAIN && feed->stale)
			t.hr = at_rest(feed);
		if (len == -EAGAIN || len == -EINTR)
			return t.hr;
		if (len == -ENOBUFS) {
			feed->stale = true;
			all_behind(feed);
			t.hr = catch_up(feed);
			pgi_feed_pull(feed);
			continue;
		}
		if (len < 0)
			return pgi_nl_fail(&feed->nl, len);
		pgi_nl_each(&feed->nl, len, take_event, &t);
		pgi_feed_pull(feed);
		if (is_enough(feed))
			break;
	}
	*more = true;
	return t.hr;
}

HRESULT pgi_feed_read(struct pgi_feed *feed, int timeout, bool *more)
{
	HRESULT hr, looked;

	*more = false;
	pgi_feed_data_again(feed);
	hr = take_in(feed, pgi_feed_until_look(feed, timeout), more);
	looked = pgi_feed_look(feed);
	return FAILED(hr) ? hr : looked;
}

void pgi_feed_resume(struct pgi_feed *feed)
{
	/* What fails is tried again next time. */
	if (!pgi_feed_owes(feed))
		return;
	catch_up(feed);
	pgi_feed_pull(feed);
	pgi_feed_look(feed);
}

/* --------------------------------------------------------------- opening -- */

/* At the start: what is there is known, and nothing to tell. */
static HRESULT take_known(struct pgi_record **record, void *arg)
{
	struct pgi_feed *feed = arg;

	return pgi_known_add(&feed->known, (*record)->id, (*record)->type);
}

static HRESULT learn(struct pgi_feed *feed)
{
	struct pgi_query q = { .group = feed->group, .brief = true };

	return pgi_fetch(&feed->ask, &q, take_known, feed, NULL);
}

/*
 * All there is, told: for a program that starts from nothing, and for one whose
 * last change is too long ago, as nobody knows what it knows.
 */
static HRESULT start_from_nothing(struct pgi_feed *feed)
{
	pgi_known_free(&feed->known);
	feed->seq = 0;
	return changes_since(feed, take_change, NULL);
}

static HRESULT start_records(struct pgi_feed *feed, uint64_t since, uint64_t now)
{
	HRESULT hr;
	int err;

	if (!since)
		return start_from_nothing(feed);
	hr = learn(feed);
	if (FAILED(hr))
		return hr;
	feed->seq = since == PEERGROUP_SINCE_NOW ? now : since;
	hr = changes_since(feed, take_first_change, &err);
	return err == -ESTALE ? start_from_nothing(feed) : hr;
}

static HRESULT begin(struct pgi_feed *feed, struct pgi_group *group, uint64_t since)
{
	struct pgi_group_state state;
	HRESULT hr;

	if (!feed->tail)
		feed->tail = &feed->head;
	feed->held_tail = &feed->held;
	feed->group = group->index;
	feed->identity = strdup(group->store->identity);
	feed->name = strdup(group->store->name);
	if (!feed->identity || !feed->name)
		return E_OUTOFMEMORY;
	feed->timer = -1;
	memset(feed->until, 0, sizeof(feed->until));
	hr = pgi_nl_open(&feed->nl, &group->nl);
	if (SUCCEEDED(hr))
		hr = pgi_feed_timer_open(feed);
	/* Heard first and asked then, so that nothing falls in between. */
	if (SUCCEEDED(hr))
		hr = pgi_nl_listen(&feed->nl, feed->group, feed->takes);
	if (SUCCEEDED(hr))
		hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	feed->status = state.status;
	pgi_presence_id(group, state.node, feed->presence.own);
	if (!follows_records(feed) && !feed->links)
		return S_OK;
	hr = pgi_feed_asking(feed);
	if (SUCCEEDED(hr) && feed->links)
		hr = pgi_feed_start_links(feed);
	if (SUCCEEDED(hr) && feed->links)
		hr = pgi_feed_keep_spare(feed) ? S_OK : E_OUTOFMEMORY;
	if (SUCCEEDED(hr) && feed->certs)
		hr = pgi_feed_start_looks(feed);
	if (SUCCEEDED(hr) && feed->members)
		hr = pgi_feed_start_presence(feed);
	if (SUCCEEDED(hr) && feed->records)
		hr = start_records(feed, since, state.seq);
	told_until(feed, hr, state.seq);
	feed->about_seq = feed->seq;
	return hr;
}

/* What it knows, and by what it asks: all but the queues. */
static void end(struct pgi_feed *feed)
{
	free(feed->spare);
	free(feed->identity);
	free(feed->name);
	feed->spare = NULL;
	feed->identity = NULL;
	feed->name = NULL;
	pgi_known_free(&feed->known);
	pgi_feed_free_links(feed);
	pgi_presence_free(&feed->presence);
	pgi_presence_free(&feed->revoked);
	pgi_presence_free(&feed->rejoined);
	pgi_feed_timer_close(feed);
	pgi_nl_close(&feed->ask);
	pgi_nl_close(&feed->nl);
}

HRESULT pgi_feed_open(struct pgi_feed *feed, struct pgi_group *group, uint64_t since)
{
	HRESULT hr = begin(feed, group, since);

	if (FAILED(hr)) {
		end(feed);
		return hr;
	}
	/* Data may have been announced before the answer that the group is listened to. */
	pgi_feed_data_waits(feed);
	pgi_feed_pull(feed);
	pgi_feed_look(feed);
	return S_OK;
}

void pgi_feed_close(struct pgi_feed *feed)
{
	struct pgi_item *item;

	while ((item = pgi_feed_pop(feed)))
		free(item);
	while ((item = feed->held)) {
		feed->held = item->next;
		free(item);
	}
	free(feed->incoming);
	end(feed);
}
