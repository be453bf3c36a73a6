// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watches: a group's events for programs that poll. No thread: the program's
 * own call reads the socket. What it polls is an epoll that holds the socket
 * and, for events that wait in the queue already, an eventfd.
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

/* Readable exactly while the queue holds something. */
static void update_signal(struct watch *w)
{
	bool wanted = w->feed.head;
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
	    add_fd(w->epoll, pgi_nl_fd(&w->feed.nl)) < 0)
		return pgi_from_errno(errno);
	update_signal(w);
	return S_OK;
}

static HRESULT open_watch(struct pgi_group *group, uint64_t since, void **handle)
{
	struct watch *w = calloc(1, sizeof(*w));
	HRESULT hr;

	if (!w)
		return E_OUTOFMEMORY;
	pgi_object_init(&w->obj, PGI_WATCH, release);
	pthread_mutex_init(&w->lock, NULL);
	w->epoll = -1;
	w->queued = -1;
	w->feed.records = true;
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
	hr = open_watch(group, since, (void **)watch);
	pgi_group_put(group);
	return hr;
}

static struct watch *get(peergroup_watch_t handle)
{
	struct pgi_object *obj = pgi_handle_get(handle, PGI_WATCH);

	return obj ? pgi_container_of(obj, struct watch, obj) : NULL;
}

PGI_PUBLIC int peergroup_watch_fd(peergroup_watch_t handle)
{
	struct watch *w = get(handle);
	int fd = w ? w->epoll : -1;

	if (w)
		pgi_object_put(&w->obj);
	return fd;
}

static HRESULT take_next(struct watch *w, int timeout, struct peergroup_event *event)
{
	HRESULT hr = S_OK;
	bool more = true;

	/* Nothing more will come. */
	if (w->feed.gone)
		timeout = 0;

	free(w->last);
	w->last = NULL;
	while (!w->feed.head && more && SUCCEEDED(hr)) {
		hr = pgi_feed_read(&w->feed, timeout, &more);
		timeout = 0;
	}
	w->last = pgi_feed_pop(&w->feed);
	update_signal(w);
	if (w->last) {
		*event = w->last->event;
		return S_OK;
	}
	return FAILED(hr) ? hr : PEER_S_NO_EVENT_DATA;
}

static HRESULT next_event(peergroup_watch_t handle, int timeout, struct peergroup_event *event)
{
	struct watch *w;
	HRESULT hr;

	pgi_clear_error();
	if (!event)
		return pgi_fail(E_INVALIDARG, "event is NULL");
	memset(event, 0, sizeof(*event));
	w = get(handle);
	if (!w)
		return pgi_fail(E_INVALIDARG, "not a watch");
	pthread_mutex_lock(&w->lock);
	hr = take_next(w, timeout, event);
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
