// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupRegisterEvent(): a queue per registration and an event object that
 * becomes signalled when something is queued. As only sockets know when, one
 * thread per process waits for all registrations' sockets; it starts with the
 * first registration and ends with the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "event.h"
#include "feed.h"
#include "record.h"

#define STATUS_BITS	(PEERGROUP_STATUS_LISTENING | PEERGROUP_STATUS_CONNECTED)

struct filter {
	PEER_GROUP_EVENT_TYPE event;
	bool typed;
	uint8_t type[PEERGROUP_ID_LEN];
};

/* A Connect under way: which of its addresses have failed. */
struct attempt {
	HRESULT reason;			/* S_OK: there is none */
	size_t count;
	struct pgi_address addresses[PGI_ATTEMPT_MAX];
	bool failed[PGI_ATTEMPT_MAX];
};

struct registration {
	struct pgi_object obj;
	struct registration *next;	/* these four under thread.lock */
	uint64_t serial;
	const struct pgi_group *group;	/* to be compared only; NULL: closed */
	bool listed;
	atomic_bool dead;
	int signal;			/* the program's eventfd, a copy */
	struct filter *filters;
	size_t n_filters;
	pthread_mutex_t lock;		/* guards what follows */
	struct pgi_feed feed;
	struct attempt attempt;
	bool pushed;			/* something was, since signalled last */
};

/*
 * The thread and what it serves. Lock order: thread.lock, then a registration's.
 */
static struct {
	pthread_mutex_t lock;
	struct registration *list;
	uint64_t serials;
	pthread_t id;
	bool running;			/* it looks at the list */
	pthread_cond_t ended;		/* signalled when it no longer does */
	bool joinable;
	bool stop;
	int epoll, wake;
	pid_t pid;			/* whose thread it is */
} thread = {
	.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER,
	.epoll = -1, .wake = -1,
};

/* --------------------------------------------------------------- filters -- */

static bool registered(const struct registration *reg, PEER_GROUP_EVENT_TYPE event,
		       const uint8_t *type)
{
	const struct filter *f;
	size_t i;

	for (i = 0; i < reg->n_filters; i++) {
		f = &reg->filters[i];
		if (f->event == event && (!type || !f->typed ||
					  !memcmp(f->type, type, sizeof(f->type))))
			return true;
	}
	return false;
}

static void push_failed(struct registration *reg, HRESULT reason)
{
	static const struct peergroup_event none;

	if (registered(reg, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL) &&
	    SUCCEEDED(pgi_feed_push(&reg->feed, &none, reason)))
		reg->pushed = true;
}

static bool all_failed(struct attempt *a, const struct pgi_address *address)
{
	bool all = true;
	size_t i;

	for (i = 0; i < a->count; i++) {
		if (pgi_address_equal(&a->addresses[i], address))
			a->failed[i] = true;
		all = all && a->failed[i];
	}
	return all;
}

/* A Connect succeeds with the first link and fails with the last address. */
static void follow_attempt(struct registration *reg, const struct peergroup_event *event)
{
	struct attempt *a = &reg->attempt;
	struct pgi_address address;
	HRESULT reason = a->reason;

	if (reason == S_OK)
		return;
	if (event->link_state == PEERGROUP_LINK_UP) {
		a->reason = S_OK;
	} else if (event->link_state == PEERGROUP_LINK_FAILED &&
		   SUCCEEDED(pgi_address_from_sockaddr(
				(const struct sockaddr *)&event->link_address,
				sizeof(event->link_address), &address)) &&
		   all_failed(a, &address)) {
		a->reason = S_OK;
		push_failed(reg, reason);
	}
}

static bool link_news(uint32_t state)
{
	return state == PEERGROUP_LINK_UP || state == PEERGROUP_LINK_DOWN ||
	       state == PEERGROUP_LINK_FAILED;
}

static HRESULT failure_of(int reason)
{
	switch (reason) {
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return PEER_E_UNABLE_TO_LISTEN;
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
	case EACCES:
		return PEER_E_NOT_AUTHORIZED;
	default:
		return PEER_E_NO_MEMBER_CONNECTIONS;
	}
}

static bool wanted(struct registration *reg, const struct peergroup_event *event)
{
	switch (event->kind) {
	case PEERGROUP_EVENT_RECORD:
		return registered(reg, PEER_GROUP_EVENT_RECORD_CHANGED, event->type) &&
		       !pgi_type_reserved(event->type);
	case PEERGROUP_EVENT_LINK:
		follow_attempt(reg, event);
		return link_news(event->link_state) &&
		       registered(reg, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL);
	case PEERGROUP_EVENT_STATUS:
		if (event->reason)
			push_failed(reg, failure_of(event->reason));
		return (event->status ^ reg->feed.status) & STATUS_BITS &&
		       registered(reg, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
	case PEERGROUP_EVENT_MEMBER:
		return registered(reg, PEER_GROUP_EVENT_MEMBER_CHANGED, NULL);
	default:
		atomic_store(&reg->dead, true);
		return false;
	}
}

static bool filter_event(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct registration *reg = pgi_container_of(feed, struct registration, feed);
	bool want = wanted(reg, event);

	reg->pushed = reg->pushed || want;
	return want;
}

static void signal_program(struct registration *reg)
{
	static const uint64_t one = 1;

	/* Full only after 2^64 events that nobody reset: it is signalled then. */
	if (reg->pushed && write(reg->signal, &one, sizeof(one)) < 0 && errno == EBADF)
		atomic_store(&reg->dead, true);
	reg->pushed = false;
}

/* ---------------------------------------------------------------- thread -- */

/* A reference, unless it is being released. */
static struct registration *try_get(struct registration *reg)
{
	unsigned int refs = atomic_load(&reg->obj.refs);

	while (refs) {
		if (atomic_compare_exchange_weak(&reg->obj.refs, &refs, refs + 1))
			return reg;
	}
	return NULL;
}

static struct registration *find(uint64_t serial)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg && reg->serial != serial; reg = reg->next)
		;
	if (reg)
		reg = try_get(reg);
	pthread_mutex_unlock(&thread.lock);
	return reg;
}

/* thread.lock held */
static void forget_socket(struct registration *reg)
{
	if (thread.epoll >= 0)
		epoll_ctl(thread.epoll, EPOLL_CTL_DEL, pgi_nl_fd(&reg->feed.nl), NULL);
}

static void serve(uint64_t serial)
{
	struct registration *reg = find(serial);
	bool more;

	if (!reg)
		return;
	pthread_mutex_lock(&reg->lock);
	pgi_feed_read(&reg->feed, &more);	/* what failed is tried again next time */
	signal_program(reg);
	pthread_mutex_unlock(&reg->lock);
	if (atomic_load(&reg->dead)) {
		pthread_mutex_lock(&thread.lock);
		forget_socket(reg);
		pthread_mutex_unlock(&thread.lock);
	}
	pgi_object_put(&reg->obj);
}

static bool go_on(void)
{
	bool on;

	pthread_mutex_lock(&thread.lock);
	on = thread.list && !thread.stop;
	thread.running = on;
	if (!on)
		pthread_cond_broadcast(&thread.ended);
	pthread_mutex_unlock(&thread.lock);
	return on;
}

static void *run(void *arg PGI_UNUSED)
{
	struct epoll_event events[16];
	int epoll = thread.epoll, wake = thread.wake, n, i;
	uint64_t count;

	do {
		n = epoll_wait(epoll, events, PGI_ARRAY_SIZE(events), -1);
		for (i = 0; i < n; i++) {
			if (events[i].data.u64)
				serve(events[i].data.u64);
			else if (read(wake, &count, sizeof(count)) < 0)
				continue;
		}
	} while (go_on());
	return NULL;
}

/* thread.lock held, the thread has ended or will without taking the lock. */
static void reap(void)
{
	if (!thread.joinable)
		return;
	pthread_join(thread.id, NULL);
	close(thread.epoll);
	close(thread.wake);
	thread.epoll = -1;
	thread.wake = -1;
	thread.joinable = false;
}

static HRESULT watch_socket(struct registration *reg)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = reg->serial };

	if (epoll_ctl(thread.epoll, EPOLL_CTL_ADD, pgi_nl_fd(&reg->feed.nl), &event) < 0)
		return pgi_from_errno(errno);
	return S_OK;
}

static int create_thread(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t all, old;
	int err;

	thread.epoll = epoll_create1(EPOLL_CLOEXEC);
	thread.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread.epoll < 0 || thread.wake < 0 ||
	    epoll_ctl(thread.epoll, EPOLL_CTL_ADD, thread.wake, &event) < 0)
		return errno;
	/* Signals are the program's: they go to its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread.id, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* thread.lock held */
static HRESULT start_thread(void)
{
	struct registration *reg;
	int err;

	if (thread.pid != pgi_process()) {
		/* After fork() the thread is the parent's; so is what it served. */
		thread.running = false;
		thread.joinable = false;
		thread.list = NULL;
		thread.pid = pgi_process();
	}
	if (thread.running)
		return S_OK;
	reap();
	thread.stop = false;
	err = create_thread();
	if (err) {
		close(thread.epoll);
		close(thread.wake);
		thread.epoll = -1;
		thread.wake = -1;
		return pgi_fail(pgi_from_errno(err), "event thread: %s", strerror(err));
	}
	thread.running = true;
	thread.joinable = true;
	for (reg = thread.list; reg; reg = reg->next)
		watch_socket(reg);
	return S_OK;
}

static void wake_thread(void)
{
	static const uint64_t one = 1;

	if (thread.wake >= 0 && write(thread.wake, &one, sizeof(one)) < 0)
		return;		/* it is awake */
}

void pgi_event_shutdown(void)
{
	pthread_mutex_lock(&thread.lock);
	if (thread.pid == pgi_process()) {
		thread.stop = true;
		wake_thread();
		while (thread.running)
			pthread_cond_wait(&thread.ended, &thread.lock);
		reap();
	}
	pthread_mutex_unlock(&thread.lock);
}

/* -------------------------------------------------------- registrations -- */

/* thread.lock held */
static void unlink_registration(struct registration *reg)
{
	struct registration **p;

	for (p = &thread.list; *p && *p != reg; p = &(*p)->next)
		;
	if (*p)
		*p = reg->next;
}

static void release(struct pgi_object *obj)
{
	struct registration *reg = pgi_container_of(obj, struct registration, obj);

	pthread_mutex_lock(&thread.lock);
	if (reg->listed) {
		unlink_registration(reg);
		forget_socket(reg);
		if (!thread.list)
			wake_thread();
	}
	pthread_mutex_unlock(&thread.lock);
	pgi_feed_close(&reg->feed);
	if (reg->signal >= 0)
		close(reg->signal);
	pthread_mutex_destroy(&reg->lock);
	free(reg->filters);
	free(reg);
}

static HRESULT list_registration(struct registration *reg, const struct pgi_group *group)
{
	HRESULT hr;

	pthread_mutex_lock(&thread.lock);
	hr = start_thread();
	if (SUCCEEDED(hr)) {
		reg->serial = ++thread.serials;
		reg->group = group;
		hr = watch_socket(reg);
	}
	if (SUCCEEDED(hr)) {
		reg->next = thread.list;
		thread.list = reg;
		reg->listed = true;
	}
	pthread_mutex_unlock(&thread.lock);
	return hr;
}

static bool event_known(PEER_GROUP_EVENT_TYPE type)
{
	switch (type) {
	case PEER_GROUP_EVENT_STATUS_CHANGED:
	case PEER_GROUP_EVENT_PROPERTY_CHANGED:
	case PEER_GROUP_EVENT_RECORD_CHANGED:
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
	case PEER_GROUP_EVENT_INCOMING_DATA:
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
	case PEER_GROUP_EVENT_CONNECTION_FAILED:
	case PEER_GROUP_EVENT_AUTHENTICATION_FAILED:
		return true;
	default:
		return false;
	}
}

static HRESULT take_filters(struct registration *reg,
			    const PEER_GROUP_EVENT_REGISTRATION *from, DWORD count)
{
	struct filter *f;
	DWORD i;

	reg->filters = calloc(count, sizeof(*reg->filters));
	if (!reg->filters)
		return E_OUTOFMEMORY;
	reg->n_filters = count;
	for (i = 0; i < count; i++) {
		f = &reg->filters[i];
		if (!event_known(from[i].eventType))
			return pgi_fail(E_INVALIDARG, "unknown event type %d",
					(int)from[i].eventType);
		f->event = from[i].eventType;
		f->typed = from[i].pType;
		if (f->typed)
			peergroup_guid_to_uuid(from[i].pType, f->type);
	}
	return S_OK;
}

/* A copy, so that a program that closes its event too early does no harm. */
static HRESULT take_signal(struct registration *reg, HANDLE event)
{
	reg->signal = fcntl((int)(intptr_t)event, F_DUPFD_CLOEXEC, 3);
	if (reg->signal >= 0)
		return S_OK;
	if (errno == EBADF)
		return pgi_fail(E_INVALIDARG, "the event is not an open eventfd");
	return pgi_from_errno(errno);
}

static HRESULT new_registration(struct pgi_group *group, HANDLE event,
				const PEER_GROUP_EVENT_REGISTRATION *from, DWORD count,
				HPEEREVENT *handle)
{
	struct registration *reg = calloc(1, sizeof(*reg));
	HRESULT hr;

	if (!reg)
		return E_OUTOFMEMORY;
	pgi_object_init(&reg->obj, PGI_EVENT, release);
	pthread_mutex_init(&reg->lock, NULL);
	reg->signal = -1;
	reg->feed.tail = &reg->feed.head;
	reg->feed.filter = filter_event;
	hr = take_filters(reg, from, count);
	if (SUCCEEDED(hr))
		hr = take_signal(reg, event);
	if (SUCCEEDED(hr)) {
		reg->feed.records = registered(reg, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
		hr = pgi_feed_open(&reg->feed, group, PEERGROUP_SINCE_NOW);
	}
	if (SUCCEEDED(hr)) {
		signal_program(reg);
		hr = list_registration(reg, group);
	}
	if (SUCCEEDED(hr))
		hr = pgi_handle_new(&reg->obj, handle);
	if (FAILED(hr))
		pgi_object_put(&reg->obj);
	return hr;
}

void pgi_event_group_closed(const struct pgi_group *group)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg; reg = reg->next) {
		if (reg->group != group)
			continue;
		reg->group = NULL;
		atomic_store(&reg->dead, true);
		forget_socket(reg);
	}
	pthread_mutex_unlock(&thread.lock);
}

void pgi_event_failed(const struct pgi_group *group, HRESULT reason)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg; reg = reg->next) {
		if (reg->group != group)
			continue;
		pthread_mutex_lock(&reg->lock);
		push_failed(reg, reason);
		signal_program(reg);
		pthread_mutex_unlock(&reg->lock);
	}
	pthread_mutex_unlock(&thread.lock);
}

static void begin_attempt(struct attempt *a, HRESULT reason,
			  const struct pgi_address *addresses, size_t count)
{
	if (count > PGI_ATTEMPT_MAX)
		count = PGI_ATTEMPT_MAX;
	memset(a, 0, sizeof(*a));
	a->reason = reason;
	a->count = count;
	memcpy(a->addresses, addresses, count * sizeof(*addresses));
}

void pgi_event_attempt(const struct pgi_group *group, HRESULT reason,
		       const struct pgi_address *addresses, size_t count)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg; reg = reg->next) {
		if (reg->group != group)
			continue;
		pthread_mutex_lock(&reg->lock);
		begin_attempt(&reg->attempt, reason, addresses, count);
		pthread_mutex_unlock(&reg->lock);
	}
	pthread_mutex_unlock(&thread.lock);
}

/* -------------------------------------------------- the calls of <p2p.h> -- */

PGI_PUBLIC HRESULT PeerGroupRegisterEvent(HGROUP handle, HANDLE event, DWORD count,
					  PEER_GROUP_EVENT_REGISTRATION *registrations,
					  HPEEREVENT *out)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!event || !count || !registrations || !out)
		return pgi_fail(E_INVALIDARG, "no event, no registrations or no room for a handle");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = new_registration(group, event, registrations, count, out);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupUnregisterEvent(HPEEREVENT handle)
{
	struct pgi_object *obj;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	obj = pgi_handle_remove(handle, PGI_EVENT);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a registration's handle");
	pgi_object_put(obj);
	return S_OK;
}

static HRESULT link_failure(int err)
{
	switch (err) {
	case 0:
		return S_OK;
	case EALREADY:
	case EEXIST:
	case EMLINK:
	case EISCONN:
		return PEER_E_CONNECTION_REFUSED;
	case EACCES:
	case EPROTO:
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
		return PEER_E_CONNECTION_NOT_AUTHENTICATED;
	default:
		return PEER_E_CONNECTION_FAILED;
	}
}

static void fill_link(const struct peergroup_event *event,
		      PEER_EVENT_CONNECTION_CHANGE_DATA *out)
{
	out->dwSize = sizeof(*out);
	out->ullConnectionId = event->link_id;
	out->ullNodeId = event->link_node;
	if (event->link_state == PEERGROUP_LINK_UP) {
		out->status = PEER_CONNECTED;
	} else if (event->link_state == PEERGROUP_LINK_DOWN) {
		out->status = PEER_DISCONNECTED;
	} else {
		out->status = PEER_CONNECTION_FAILED;
		out->hrConnectionFailedReason =
			link_failure(event->link_error ? event->link_error : ECONNREFUSED);
	}
}

/* Who was revoked has left; who is no longer has joined again. */
static HRESULT fill_member(const struct peergroup_event *event, PEER_GROUP_EVENT_DATA *out)
{
	PEER_EVENT_MEMBER_CHANGE_DATA *m = &out->memberChangeData;

	out->eventType = PEER_GROUP_EVENT_MEMBER_CHANGED;
	m->dwSize = sizeof(*m);
	m->changeType = event->revoked ? PEER_MEMBER_LEFT : PEER_MEMBER_JOINED;
	m->pwzIdentity = pgi_sub_wide(out, event->link_peer);
	return m->pwzIdentity ? S_OK : E_OUTOFMEMORY;
}

static HRESULT fill_event(const struct pgi_item *item, PEER_GROUP_EVENT_DATA *out)
{
	const struct peergroup_event *event = &item->event;

	if (item->failed != S_OK) {
		out->eventType = PEER_GROUP_EVENT_CONNECTION_FAILED;
		out->hrConnectionFailedReason = item->failed;
	} else if (event->kind == PEERGROUP_EVENT_STATUS) {
		out->eventType = PEER_GROUP_EVENT_STATUS_CHANGED;
		out->dwStatus = (PEER_GROUP_STATUS)(event->status & STATUS_BITS);
	} else if (event->kind == PEERGROUP_EVENT_LINK) {
		out->eventType = PEER_GROUP_EVENT_NEIGHBOR_CONNECTION;
		fill_link(event, &out->connectionChangeData);
	} else if (event->kind == PEERGROUP_EVENT_MEMBER) {
		return fill_member(event, out);
	} else {
		out->eventType = PEER_GROUP_EVENT_RECORD_CHANGED;
		out->recordChangeData.dwSize = sizeof(out->recordChangeData);
		out->recordChangeData.changeType = (PEER_RECORD_CHANGE_TYPE)event->change;
		peergroup_uuid_to_guid(event->id, &out->recordChangeData.recordId);
		peergroup_uuid_to_guid(event->type, &out->recordChangeData.recordType);
	}
	return S_OK;
}

static HRESULT take_item(struct registration *reg, PEER_GROUP_EVENT_DATA **out)
{
	PEER_GROUP_EVENT_DATA *data;
	struct pgi_item *item;
	HRESULT hr;

	if (!reg->feed.head || atomic_load(&reg->dead))
		return PEER_S_NO_EVENT_DATA;
	data = pgi_new(sizeof(*data));
	if (!data)
		return E_OUTOFMEMORY;
	item = pgi_feed_pop(&reg->feed);
	hr = fill_event(item, data);
	free(item);
	if (FAILED(hr))
		PeerFreeData(data);
	else
		*out = data;
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupGetEventData(HPEEREVENT handle, PPEER_GROUP_EVENT_DATA *data)
{
	struct registration *reg;
	struct pgi_object *obj;
	HRESULT hr;

	pgi_clear_error();
	if (data)
		*data = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!data)
		return pgi_fail(E_INVALIDARG, "ppEventData is NULL");
	obj = pgi_handle_get(handle, PGI_EVENT);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a registration's handle");
	reg = pgi_container_of(obj, struct registration, obj);
	pthread_mutex_lock(&reg->lock);
	hr = take_item(reg, data);
	pthread_mutex_unlock(&reg->lock);
	pgi_object_put(obj);
	return hr;
}
