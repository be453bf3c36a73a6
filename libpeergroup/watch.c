// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watches: a group's events for programs that poll, and receivers, which are the same for
 * data that other members send. No thread: the program's own call reads the socket. What it
 * polls is an epoll that holds the socket, for events that wait in the queue already an eventfd,
 * and the feed's timer.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "feed.h"

struct watch {
	struct pgi_object obj;
	int epoll, queued;
	pthread_mutex_t lock;		/* guards what follows */
	struct pgi_feed feed;
	struct pgi_item *last;		/* holds the text of the event given last */
	bool signalled;
};

static void release(struct pgi_object *obj)
{
	struct watch *w = pgi_container_of(obj, struct watch, obj);

	pgi_feed_close(&w->feed);
	free(w->last);
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->queued >= 0)
		close(w->queued);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/*
 * Readable exactly while the queue holds something, or something is owed that could not be found
 * out: then the program's call tries again, and says why it cannot.
 */
static void update_signal(struct watch *w)
{
	bool wanted = w->feed.head || pgi_feed_owes(&w->feed);
	uint64_t count = 1;
	ssize_t n;

	if (wanted == w->signalled)
		return;
	if (wanted)
		n = write(w->queued, &count, sizeof(count));
	else
		n = read(w->queued, &count, sizeof(count));
	if (n == sizeof(count))
		w->signalled = wanted;
}

static int add_fd(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static HRESULT make_pollable(struct watch *w)
{
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->queued = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->queued < 0 || add_fd(w->epoll, w->queued) < 0 ||
	    add_fd(w->epoll, pgi_nl_fd(&w->feed.nl)) < 0 ||
	    (pgi_feed_timer(&w->feed) >= 0 && add_fd(w->epoll, pgi_feed_timer(&w->feed)) < 0))
		return pgi_from_errno(errno);
	update_signal(w);
	return S_OK;
}

/* A receiver hears of nothing else. That the group has ended it finds out by itself. */
static bool only_data(struct pgi_feed *feed PGI_UNUSED, const struct peergroup_event *event)
{
	return event->kind == PGI_EVENT_DATA;
}

static HRESULT open_watch(struct pgi_group *group, enum pgi_type type, uint64_t since,
			  uint32_t takes, void **handle)
{
	struct watch *w = calloc(1, sizeof(*w));
	HRESULT hr;

	if (!w)
		return E_OUTOFMEMORY;
	pgi_object_init(&w->obj, type, release);
	pthread_mutex_init(&w->lock, NULL);
	w->epoll = -1;
	w->queued = -1;
	w->feed.records = type == PGI_WATCH;
	w->feed.links = type == PGI_WATCH;
	w->feed.certs = type == PGI_WATCH;
	w->feed.takes = takes;
	if (type == PGI_RECEIVER)
		w->feed.filter = only_data;
	hr = pgi_feed_open(&w->feed, group, since);
	if (SUCCEEDED(hr))
		hr = make_pollable(w);
	if (SUCCEEDED(hr))
		hr = pgi_handle_new(&w->obj, handle);
	if (SUCCEEDED(hr))
		pgi_handle_native(*handle);
	if (FAILED(hr))
		pgi_object_put(&w->obj);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_watch_open(peergroup_t handle, uint64_t since,
					peergroup_watch_t *watch)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!watch)
		return pgi_fail(E_INVALIDARG, "watch is NULL");
	*watch = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = open_watch(group, PGI_WATCH, since, 0, (void **)watch);
	pgi_group_put(group);
	return hr;
}

static struct watch *get(const void *handle, enum pgi_type type)
{
	struct pgi_object *obj = pgi_handle_get(handle, type);

	return obj ? pgi_container_of(obj, struct watch, obj) : NULL;
}

static int fd_of(const void *handle, enum pgi_type type)
{
	struct watch *w = get(handle, type);
	int fd = w ? w->epoll : -1;

	if (w)
		pgi_object_put(&w->obj);
	return fd;
}

PGI_PUBLIC int peergroup_watch_fd(peergroup_watch_t handle)
{
	return fd_of(handle, PGI_WATCH);
}

/* The queue has a first: S_OK, or PEER_S_NO_EVENT_DATA. */
static HRESULT await_next(struct watch *w, int timeout)
{
	HRESULT hr = S_OK;
	bool more = true;

	/* Nothing more will come. */
	if (w->feed.gone)
		timeout = 0;

	while (!w->feed.head && more && SUCCEEDED(hr)) {
		hr = pgi_feed_read(&w->feed, timeout, &more);
		timeout = 0;
	}
	if (w->feed.head)
		return S_OK;
	return FAILED(hr) ? hr : PEER_S_NO_EVENT_DATA;
}

/* After something was taken out of the queue, or tried to be. */
static void settle(struct watch *w)
{
	pgi_feed_resume(&w->feed);
	pgi_feed_pull(&w->feed);
	update_signal(w);
}

static HRESULT next_event(peergroup_watch_t handle, int timeout, struct peergroup_event *event)
{
	struct watch *w;
	HRESULT hr;

	pgi_clear_error();
	if (!event)
		return pgi_fail(E_INVALIDARG, "event is NULL");
	memset(event, 0, sizeof(*event));
	w = get(handle, PGI_WATCH);
	if (!w)
		return pgi_fail(E_INVALIDARG, "not a watch");
	pthread_mutex_lock(&w->lock);
	free(w->last);
	w->last = NULL;
	hr = await_next(w, timeout);
	if (hr == S_OK) {
		w->last = pgi_feed_pop(&w->feed);
		*event = w->last->event;
	}
	settle(w);
	pthread_mutex_unlock(&w->lock);
	pgi_object_put(&w->obj);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_watch_next(peergroup_watch_t handle,
					struct peergroup_event *event)
{
	return next_event(handle, 0, event);
}

PGI_PUBLIC HRESULT peergroup_watch_wait(peergroup_watch_t handle, int timeout,
					struct peergroup_event *event)
{
	return next_event(handle, timeout < 0 ? -1 : timeout, event);
}

PGI_PUBLIC HRESULT peergroup_watch_close(peergroup_watch_t handle)
{
	struct pgi_object *obj;

	pgi_clear_error();
	obj = pgi_handle_remove(handle, PGI_WATCH);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a watch");
	pgi_object_put(obj);
	return S_OK;
}

/* -------------------------------------------------------------- receivers -- */

PGI_PUBLIC HRESULT peergroup_receive_open(peergroup_t handle, peergroup_receiver_t *receiver)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!receiver)
		return pgi_fail(E_INVALIDARG, "receiver is NULL");
	*receiver = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = open_watch(group, PGI_RECEIVER, PEERGROUP_SINCE_NOW,
			PEERGROUP_TAKES_DIRECT | PEERGROUP_TAKES_DATA, (void **)receiver);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC int peergroup_receive_fd(peergroup_receiver_t handle)
{
	return fd_of(handle, PGI_RECEIVER);
}

static HRESULT return_data(const struct pgi_item *item, struct peergroup_data **out)
{
	struct peergroup_data *d = pgi_new(sizeof(*d));
	void *bytes = d ? pgi_sub(d, item->size) : NULL;
	char *peer = d ? pgi_sub(d, strlen(item->peer) + 1) : NULL;

	if (!bytes || !peer) {
		peergroup_free(d);
		return E_OUTOFMEMORY;
	}
	d->connection = item->event.link_id;
	d->peer = strcpy(peer, item->peer);
	uuid_copy(d->type, item->event.type);
	d->data = memcpy(bytes, item->data, item->size);
	d->size = item->size;
	d->lost = item->event.sequence;
	*out = d;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_receive_next(peergroup_receiver_t handle,
					  struct peergroup_data **data)
{
	struct watch *w;
	HRESULT hr;

	pgi_clear_error();
	if (!data)
		return pgi_fail(E_INVALIDARG, "data is NULL");
	*data = NULL;
	w = get(handle, PGI_RECEIVER);
	if (!w)
		return pgi_fail(E_INVALIDARG, "not a receiver");
	pthread_mutex_lock(&w->lock);
	hr = await_next(w, 0);
	if (hr == S_OK)
		hr = return_data(w->feed.head, data);
	else if (hr == PEER_S_NO_EVENT_DATA && w->feed.gone)
		hr = pgi_fail(PEER_E_INVALID_GROUP, "the group has ended");
	/* What there was no memory for stays the queue's first. */
	if (*data)
		free(pgi_feed_pop(&w->feed));
	settle(w);
	pthread_mutex_unlock(&w->lock);
	pgi_object_put(&w->obj);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_receive_close(peergroup_receiver_t handle)
{
	struct pgi_object *obj;

	pgi_clear_error();
	obj = pgi_handle_remove(handle, PGI_RECEIVER);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a receiver");
	pgi_object_put(obj);
	return S_OK;
}
