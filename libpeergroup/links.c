// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * News of links. Of each that a feed tells of as up it keeps a copy, so that after a gap the
 * links there are tell what has changed: which came up, and which are gone. One that did both
 * in the gap is nothing to tell.
 */
#include <errno.h>
#include <stdlib.h>
#include "feed.h"
#include "group.h"

void pgi_feed_link_of(const struct nlmsghdr *msg, struct peergroup_event *event)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	uint8_t flag = 0;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	memset(event, 0, sizeof(*event));
	event->kind = PEERGROUP_EVENT_LINK;
	if (pgi_nl_bytes(a[PEERGROUP_A_LINK_DIRECT], &flag, sizeof(flag)) && flag)
		event->kind = PEERGROUP_EVENT_DIRECT;
	flag = 0;
	pgi_nl_bytes(a[PEERGROUP_A_LINK_OUTBOUND], &flag, sizeof(flag));
	event->link_outbound = flag;
	event->link_id = pgi_nl_u64(a[PEERGROUP_A_LINK_ID]);
	event->link_state = pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]);
	event->link_node = pgi_nl_u64(a[PEERGROUP_A_LINK_NODE]);
	event->link_error = (int)pgi_nl_u32(a[PEERGROUP_A_LINK_REASON]);
	event->link_peer = pgi_nl_str(a[PEERGROUP_A_LINK_PEER]);
	pgi_link_address(a, &event->link_address);
}

/* ------------------------------------------------------- those that are up -- */

/* Where it stands in a list, or the list's end. There are few: the group's limit of links. */
static struct pgi_item **find(struct pgi_item **list, uint64_t id)
{
	while (*list && (*list)->event.link_id != id)
		list = &(*list)->next;
	return list;
}

/* An address that is dialled has one id, whoever is there next. */
static bool is_same(const struct pgi_item *item, const struct peergroup_event *event)
{
	return item->event.link_node == event->link_node &&
	       !strcmp(item->peer, event->link_peer ? event->link_peer : "");
}

static void put(struct pgi_item **list, struct pgi_item *item)
{
	item->next = *list;
	*list = item;
}

static void forget(struct pgi_item **at)
{
	struct pgi_item *item = *at;

	*at = item->next;
	free(item);
}

void pgi_feed_free_links(struct pgi_feed *feed)
{
	while (feed->up)
		forget(&feed->up);
}

static HRESULT tell_up(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct pgi_item *item = pgi_item_new(event, S_OK);
	HRESULT hr = item ? pgi_feed_push_link(feed, event) : E_OUTOFMEMORY;

	if (SUCCEEDED(hr))
		put(&feed->up, item);
	else
		free(item);
	return hr;
}

static HRESULT tell_down(struct pgi_feed *feed, struct pgi_item **at, int error)
{
	struct peergroup_event event = (*at)->event;
	HRESULT hr;

	event.link_state = PEERGROUP_LINK_DOWN;
	event.link_error = error;
	hr = pgi_feed_push_link(feed, &event);
	if (SUCCEEDED(hr))
		forget(at);
	return hr;
}

/* -------------------------------------------------------------- comparing -- */

struct compare {
	struct pgi_feed *feed;
	struct pgi_item *before;	/* that were up, but for those that still are */
	struct pgi_item *fresh;		/* that are, and were not */
};

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	struct peergroup_event event;
	struct compare *c = arg;
	struct pgi_item **at, *item;

	pgi_feed_link_of(msg, &event);
	if (event.link_state != PEERGROUP_LINK_UP)
		return 0;
	at = find(&c->before, event.link_id);
	item = *at;
	if (item && is_same(item, &event)) {
		*at = item->next;
		put(&c->feed->up, item);
		return 0;
	}
	event.link_error = 0;	/* why it was not up before */
	item = pgi_item_new(&event, S_OK);
	if (!item)
		return -ENOMEM;
	*find(&c->fresh, event.link_id) = item;
	return 0;
}

static HRESULT ask_links(struct compare *c)
{
	struct pgi_nl *nl = &c->feed->ask;
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, c->feed->group);
	err = pgi_nl_talk(nl, msg, take_link, c);
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

static void move(struct pgi_item **from, struct pgi_item **to)
{
	struct pgi_item *item;

	while ((item = *from)) {
		*from = item->next;
		put(to, item);
	}
}

/* What is gone is told first, as where a neighbour has linked anew. */
static HRESULT tell(struct compare *c)
{
	struct pgi_feed *feed = c->feed;
	HRESULT hr = S_OK;

	while (SUCCEEDED(hr) && c->before)
		hr = tell_down(feed, &c->before, 0);
	while (SUCCEEDED(hr) && c->fresh) {
		hr = tell_up(feed, &c->fresh->event);
		if (SUCCEEDED(hr))
			forget(&c->fresh);
	}
	return hr;
}

static HRESULT compare(struct pgi_feed *feed, bool telling)
{
	struct compare c = { .feed = feed, .before = feed->up };
	HRESULT hr;

	feed->up = NULL;
	hr = ask_links(&c);
	/* Whether there is data of those that are gone is to be seen first. */
	if (SUCCEEDED(hr) && telling && c.before)
		pgi_feed_data_waits(feed);
	if (SUCCEEDED(hr) && telling)
		hr = tell(&c);
	else if (SUCCEEDED(hr))
		move(&c.fresh, &feed->up);
	/* What could not be told is, the next time. */
	move(&c.before, &feed->up);
	while (c.fresh)
		forget(&c.fresh);
	feed->links_behind = FAILED(hr);
	return hr;
}

HRESULT pgi_feed_start_links(struct pgi_feed *feed)
{
	return compare(feed, false);
}

HRESULT pgi_feed_compare_links(struct pgi_feed *feed)
{
	return compare(feed, true);
}

/* ----------------------------------------------------------------- events -- */

/* Shown to the owner, who goes by it, but not queued. */
static void leave_out(struct pgi_feed *feed, const struct peergroup_event *event)
{
	if (feed->filter)
		feed->filter(feed, event);
}

static HRESULT found_later(struct pgi_feed *feed, HRESULT hr)
{
	feed->behind = true;
	feed->links_behind = true;
	return hr;
}

/*
 * What is on its way while data is may be data of this link, which then is told of however
 * full the queue is. Otherwise none is asked for before it is told of.
 */
static HRESULT came_up(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct pgi_item **at = find(&feed->up, event->link_id);
	HRESULT hr = S_OK;

	if (*at && is_same(*at, event))
		return S_OK;
	if (*at)
		hr = tell_down(feed, at, 0);
	if (FAILED(hr))
		return found_later(feed, hr);
	if (pgi_feed_full(feed) && !feed->data_asked) {
		leave_out(feed, event);
		return found_later(feed, S_OK);
	}
	hr = tell_up(feed, event);
	return SUCCEEDED(hr) ? hr : found_later(feed, hr);
}

/* No more of these can be in the queue than it has had of the others. */
static HRESULT went_down(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct pgi_item **at = find(&feed->up, event->link_id);
	HRESULT hr;

	if (!*at)
		return S_OK;
	hr = tell_down(feed, at, event->link_error);
	return SUCCEEDED(hr) ? hr : found_later(feed, hr);
}

bool pgi_feed_keep_spare(struct pgi_feed *feed)
{
	if (!feed->spare)
		feed->spare = malloc(sizeof(*feed->spare) + PEERGROUP_NAME_LEN_MAX + 1);
	return feed->spare;
}

/*
 * A direct connection fails that was opened here: whoever did so waits for the news, which is
 * found nowhere later. Room for one is kept.
 */
static HRESULT tell_failed(struct pgi_feed *feed, const struct peergroup_event *event)
{
	size_t len = strlen(event->link_peer) + 1;
	HRESULT hr = pgi_feed_push_link(feed, event);
	struct pgi_item *item = feed->spare;

	if (SUCCEEDED(hr) || !item || len > PEERGROUP_NAME_LEN_MAX + 1)
		return hr;
	memset(item, 0, sizeof(*item));
	item->event = *event;
	item->event.link_peer = memcpy(item->peer, event->link_peer, len);
	item->failed = S_OK;
	pgi_feed_put(feed, item);
	feed->spare = NULL;
	return S_OK;
}

HRESULT pgi_feed_tell_link(struct pgi_feed *feed, const struct peergroup_event *event)
{
	HRESULT hr;

	/* Of no use to the owner but that it sees them. */
	if (!feed->links)
		return pgi_feed_push(feed, event, S_OK);
	switch (event->link_state) {
	case PEERGROUP_LINK_UP:
		return came_up(feed, event);
	case PEERGROUP_LINK_DOWN:
		return went_down(feed, event);
	}
	if (event->link_state == PEERGROUP_LINK_FAILED && event->kind == PEERGROUP_EVENT_DIRECT) {
		hr = tell_failed(feed, event);
		pgi_feed_keep_spare(feed);
		return hr;
	}
	if (event->kind == PEERGROUP_EVENT_DIRECT || !pgi_feed_full(feed))
		return pgi_feed_push_link(feed, event);
	leave_out(feed, event);
	return S_OK;
}
