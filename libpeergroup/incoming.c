// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Data that comes for a feed. The kernel says that some waits, and gives it to who asks:
 * the feed does so as long as the program takes it away, a piece at a time. What the
 * program leaves stays in the kernel, which makes the senders wait.
 */
#include <errno.h>
#include <stdlib.h>
#include "feed.h"

#define PULL_BYTES	(1U << 20)	/* asked for at a time */
/* After so many nothing is left of what was there before: the most that receive_queue can be. */
#define PULLS_ALL	((1U << 30) / PULL_BYTES + 2)

/* Where the kernel has no memory nothing tells when it has some. */
#define PAUSE_NS	(100 * 1000 * 1000)

void pgi_feed_data_waits(struct pgi_feed *feed)
{
	feed->data_waits = feed->takes & PEERGROUP_TAKES_DATA;
}

/* ------------------------------------------------------- events of links -- */

/* Those that were held when dump number @upto was asked for, which @feed->pulls counts. */
static void flush_held(struct pgi_feed *feed, size_t upto)
{
	struct pgi_item *item;

	while ((item = feed->held) && item->size <= upto) {
		feed->held = item->next;
		feed->news_held--;
		item->next = NULL;
		item->size = 0;
		if (!feed->filter || feed->filter(feed, &item->event))
			pgi_feed_put(feed, item);
		else
			free(item);
	}
	if (!feed->held)
		feed->held_tail = &feed->held;
}

static bool is_held(const struct pgi_feed *feed, uint64_t link)
{
	const struct pgi_item *item;

	for (item = feed->held; item && item->event.link_id != link; item = item->next)
		;
	return item;
}

/*
 * That a link has ended is told when all that came over it has been. The kernel announces
 * data before it says so; while some is announced and not taken, the news waits, and what
 * comes after it about a link of the same id. Others are told of at once, as data may follow.
 */
HRESULT pgi_feed_push_link(struct pgi_feed *feed, const struct peergroup_event *event)
{
	bool down = event->link_state == PEERGROUP_LINK_DOWN;
	struct pgi_item *item;

	if (!(down && (feed->data_waits || feed->data_asked)) && !is_held(feed, event->link_id))
		return pgi_feed_push(feed, event, S_OK);
	item = pgi_item_new(event, S_OK);
	if (!item)
		return E_OUTOFMEMORY;
	item->size = feed->pulls;
	*feed->held_tail = item;
	feed->held_tail = &item->next;
	feed->news_held++;
	return S_OK;
}

/* ------------------------------------------------------------------ data -- */

static void set_timer(struct pgi_feed *feed, bool on)
{
	if (!on)
		pgi_feed_wait(feed, PGI_WAIT_DATA, 0);
	else if (!feed->until[PGI_WAIT_DATA])
		pgi_feed_wait(feed, PGI_WAIT_DATA, pgi_feed_clock(CLOCK_MONOTONIC) + PAUSE_NS);
}

/* Nothing has been taken out of the kernel. */
static void refused(struct pgi_feed *feed)
{
	feed->data_asked = false;
	pgi_feed_data_waits(feed);
	set_timer(feed, true);
}

/*
 * One that did not come to its size found the kernel's end, so that all from before it was asked
 * for is here. Who sends without end may keep that from being found: then it is what the kernel
 * has room for. Until either the kernel is asked, though it may have announced nothing more.
 */
static void at_end(struct pgi_feed *feed)
{
	bool all = feed->data_pulled < PULL_BYTES;

	feed->data_asked = false;
	feed->data_pulled = 0;
	if (all)
		flush_held(feed, feed->data_waits ? feed->pulls - 1 : feed->pulls);
	else if (feed->pulls > PULLS_ALL)
		flush_held(feed, feed->pulls - PULLS_ALL);
	if (feed->held)
		pgi_feed_data_waits(feed);
	set_timer(feed, false);
}

/* Should it not come to its end after all, it is asked for again. */
static void go_on(struct pgi_feed *feed, bool was)
{
	if (was)
		feed->data_seq = feed->data_seq_was;
	set_timer(feed, true);
}

/*
 * No memory to begin one is ENOMEM. With ENOBUFS it has begun, and goes on as the socket is read;
 * so it has where another is under way.
 */
void pgi_feed_data_end(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	int err = pgi_nl_error(msg);

	if (!feed->data_asked || msg->nlmsg_seq != feed->data_seq)
		return;
	if (msg->nlmsg_type == NLMSG_DONE || !(err == -EBUSY || err == -ENOBUFS || err == -ENOMEM))
		at_end(feed);
	else if (err == -ENOMEM)
		refused(feed);
	else
		go_on(feed, err == -EBUSY);
}

void pgi_feed_data_unsure(struct pgi_feed *feed)
{
	pgi_feed_data_waits(feed);
	if (feed->data_asked)
		set_timer(feed, true);
}

/* S_OK, or the timer runs. */
static HRESULT ask(struct pgi_feed *feed)
{
	struct nlmsghdr *msg;

	msg = pgi_nl_request(&feed->nl, PEERGROUP_CMD_DATA_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_DATA_GROUP, feed->group);
	mnl_attr_put_u32(msg, PEERGROUP_A_DATA_SIZE, PULL_BYTES);
	if (pgi_nl_send(&feed->nl, msg)) {
		set_timer(feed, true);
		return E_OUTOFMEMORY;
	}
	feed->data_seq_was = feed->data_seq;
	feed->data_seq = feed->nl.seq;
	return S_OK;
}

/* While data is on its way links are told of however many events wait: not without end. */
void pgi_feed_pull(struct pgi_feed *feed)
{
	if (!feed->data_waits || feed->data_asked || feed->until[PGI_WAIT_DATA] || feed->gone ||
	    feed->links_behind || feed->data_bytes >= PGI_DATA_BYTES ||
	    feed->news_queued >= PGI_NEWS_MAX)
		return;
	if (FAILED(ask(feed)))
		return;
	feed->data_waits = false;
	feed->data_asked = true;
	feed->pulls++;
}

/*
 * A dump that the kernel had no memory to go on with does so when something is read: the answer
 * to this, which then is that it is under way. If there is none this begins one, which counts as
 * what was asked for before.
 */
void pgi_feed_data_again(struct pgi_feed *feed)
{
	if (!pgi_feed_waited(feed, PGI_WAIT_DATA))
		return;
	if (feed->data_asked && !feed->gone)
		ask(feed);
	else
		pgi_feed_pull(feed);
}

/* One block, so that it is freed as any item. */
static struct pgi_item *new_item(const struct nlattr **a)
{
	const char *peer = pgi_nl_str(a[PEERGROUP_A_DATA_PEER]);
	size_t size = pgi_nl_u32(a[PEERGROUP_A_DATA_SIZE]), len = strlen(peer) + 1;
	struct pgi_item *item = calloc(1, sizeof(*item) + len + size);

	if (!item)
		return NULL;
	memcpy(item->peer, peer, len);
	item->data = (uint8_t *)item->peer + len;
	item->size = size;
	item->event.kind = PGI_EVENT_DATA;
	item->event.link_peer = item->peer;
	item->event.link_id = pgi_nl_u64(a[PEERGROUP_A_DATA_LINK]);
	pgi_nl_bytes(a[PEERGROUP_A_DATA_TYPE], item->event.type, sizeof(item->event.type));
	return item;
}

static void take_whole(struct pgi_feed *feed)
{
	struct pgi_item *item = feed->incoming;

	feed->incoming = NULL;
	if (feed->filter && !feed->filter(feed, &item->event)) {
		free(item);
		return;
	}
	*feed->tail = item;
	feed->tail = &item->next;
	feed->data_bytes += pgi_item_weight(item);
}

/* What there is no memory for the kernel does not give again: what comes next says so. */
static HRESULT begin_item(struct pgi_feed *feed, const struct nlattr **a)
{
	free(feed->incoming);
	feed->filled = 0;
	feed->data_lost += pgi_nl_u64(a[PEERGROUP_A_DATA_LOST]);
	feed->incoming = new_item(a);
	if (!feed->incoming) {
		feed->data_lost++;
		return E_OUTOFMEMORY;
	}
	feed->incoming->event.sequence = feed->data_lost;
	feed->data_lost = 0;
	return S_OK;
}

HRESULT pgi_feed_data_part(struct pgi_feed *feed, const struct nlmsghdr *msg)
{
	const struct nlattr *a[PEERGROUP_A_DATA_MAX + 1], *bytes;
	HRESULT hr = S_OK;
	size_t len;

	pgi_nl_parse(msg, a, PEERGROUP_A_DATA_MAX);
	bytes = a[PEERGROUP_A_DATA_BYTES];
	if (!bytes || pgi_nl_u32(a[PEERGROUP_A_DATA_GROUP]) != feed->group)
		return S_OK;
	len = mnl_attr_get_payload_len(bytes);
	feed->data_pulled += len;
	if (!pgi_nl_u32(a[PEERGROUP_A_DATA_OFFSET]))
		hr = begin_item(feed, a);
	/* Of one that there was no memory for, the rest is passed over. */
	if (FAILED(hr) || !feed->incoming || len > feed->incoming->size - feed->filled)
		return hr;
	memcpy((uint8_t *)feed->incoming->data + feed->filled, mnl_attr_get_payload(bytes), len);
	feed->filled += len;
	if (feed->filled == feed->incoming->size)
		take_whole(feed);
	return S_OK;
}
