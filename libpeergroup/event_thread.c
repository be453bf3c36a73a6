// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The thread of event registrations. As only sockets know when something has
 * happened, one thread per process waits for all registrations' sockets; it starts
 * with the first registration and ends with the last.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "members.h"
#include "registration.h"

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
} thread = {
	.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER,
	.epoll = -1, .wake = -1,
};

/* A reference, unless it is being released. */
static bool try_get(struct pgi_object *obj)
{
	unsigned int refs = atomic_load(&obj->refs);

	while (refs) {
		if (atomic_compare_exchange_weak(&obj->refs, &refs, refs + 1))
			return true;
	}
	return false;
}

static struct registration *find(uint64_t serial)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg && reg->serial != serial; reg = reg->next)
		;
	if (reg && !try_get(&reg->obj))
		reg = NULL;
	pthread_mutex_unlock(&thread.lock);
	return reg;
}

/* thread.lock held */
static void forget_socket(struct registration *reg)
{
	if (thread.epoll < 0 || !reg->feed.nl.sock)
		return;
	epoll_ctl(thread.epoll, EPOLL_CTL_DEL, pgi_nl_fd(&reg->feed.nl), NULL);
	if (pgi_feed_timer(&reg->feed) >= 0)
		epoll_ctl(thread.epoll, EPOLL_CTL_DEL, pgi_feed_timer(&reg->feed), NULL);
}

/* A member's first connection: its membership may be published now. */
static void announce(struct registration *reg)
{
	struct pgi_group *group;

	pthread_mutex_lock(&thread.lock);
	/* While it is not NULL the handle is not gone, though it may be going. */
	group = reg->group && try_get(&reg->group->obj) ? reg->group : NULL;
	pthread_mutex_unlock(&thread.lock);
	if (!group)
		return;
	if (SUCCEEDED(pgi_group_ready(group)))
		pgi_membership_announce(group);
	pgi_group_put(group);
}

HRESULT pgi_registration_serve(struct registration *reg)
{
	bool more, ready;
	HRESULT hr;

	pthread_mutex_lock(&reg->lock);
	hr = pgi_feed_read(&reg->feed, 0, &more);
	/* What failed is tried again next time; but the socket may be silent from now on. */
	reg->pushed = reg->pushed || pgi_feed_owes(&reg->feed) || reg->feed.stale;
	pgi_registration_signal(reg);
	ready = reg->feed.became_ready;
	reg->feed.became_ready = false;
	pthread_mutex_unlock(&reg->lock);
	if (ready)
		announce(reg);
	if (atomic_load(&reg->dead)) {
		pthread_mutex_lock(&thread.lock);
		forget_socket(reg);
		pthread_mutex_unlock(&thread.lock);
	}
	return hr;
}

static void serve(uint64_t serial)
{
	struct registration *reg = find(serial);

	if (!reg)
		return;
	pgi_registration_serve(reg);
	pgi_object_put(&reg->obj);
}

static void serve_all(const struct epoll_event *events, int n, int wake)
{
	uint64_t count;
	int i;

	for (i = 0; i < n; i++) {
		if (events[i].data.u64)
			serve(events[i].data.u64);
		else if (read(wake, &count, sizeof(count)) < 0)
			continue;
	}
}

static bool go_on(bool over)
{
	bool on;

	pthread_mutex_lock(&thread.lock);
	on = thread.list && !thread.stop && !over;
	thread.running = on;
	if (!on)
		pthread_cond_broadcast(&thread.ended);
	pthread_mutex_unlock(&thread.lock);
	return on;
}

static void *run(void *arg PGI_UNUSED)
{
	struct epoll_event events[16];
	int epoll = thread.epoll, wake = thread.wake, n;
	bool over;

	do {
		n = epoll_wait(epoll, events, PGI_ARRAY_SIZE(events), -1);
		over = !pgi_work_begin();
		if (!over) {
			serve_all(events, n, wake);
			pgi_work_end();
		}
	} while (go_on(over));
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

/* It may be watched already. */
static HRESULT watch_fd(const struct registration *reg, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = reg->serial };

	if (epoll_ctl(thread.epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno != EEXIST)
		return pgi_from_errno(errno);
	return S_OK;
}

static HRESULT watch_socket(struct registration *reg)
{
	HRESULT hr;

	if (!reg->feed.nl.sock)
		return S_OK;
	hr = watch_fd(reg, pgi_nl_fd(&reg->feed.nl));
	if (SUCCEEDED(hr) && pgi_feed_timer(&reg->feed) >= 0)
		hr = watch_fd(reg, pgi_feed_timer(&reg->feed));
	return hr;
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
	pgi_work_prepare();
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

/* The thread is the parent's; so is what it served, and who waits for its end. */
static void forked(void)
{
	pthread_mutex_init(&thread.lock, NULL);
	pthread_cond_init(&thread.ended, NULL);
	thread.running = false;
	thread.joinable = false;
	thread.list = NULL;
	thread.epoll = -1;
	thread.wake = -1;
}

PGI_AT_FORK(NULL, NULL, forked)

void pgi_event_shutdown(void)
{
	pthread_mutex_lock(&thread.lock);
	thread.stop = true;
	wake_thread();
	while (thread.running)
		pthread_cond_wait(&thread.ended, &thread.lock);
	reap();
	pthread_mutex_unlock(&thread.lock);
}

/* -------------------------------------------------------------- the list -- */

/* thread.lock held */
static void unlink_registration(struct registration *reg)
{
	struct registration **p;

	for (p = &thread.list; *p && *p != reg; p = &(*p)->next)
		;
	if (*p)
		*p = reg->next;
}

void pgi_registration_unlist(struct registration *reg)
{
	pthread_mutex_lock(&thread.lock);
	if (reg->listed) {
		unlink_registration(reg);
		forget_socket(reg);
		if (!thread.list)
			wake_thread();
	}
	pthread_mutex_unlock(&thread.lock);
}

/* Also of a group that was not in the kernel when it was made. thread.lock held */
static HRESULT open_late(struct registration *reg, struct pgi_group *group)
{
	HRESULT hr;

	if (reg->feed.nl.sock)
		return watch_socket(reg);
	pthread_mutex_lock(&reg->lock);
	hr = pgi_feed_open(&reg->feed, group, PEERGROUP_SINCE_NOW);
	pgi_registration_signal(reg);
	pthread_mutex_unlock(&reg->lock);
	return SUCCEEDED(hr) ? watch_socket(reg) : hr;
}

HRESULT pgi_event_group_begun(struct pgi_group *group)
{
	struct registration *reg;
	HRESULT hr = S_OK;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg && SUCCEEDED(hr); reg = reg->next)
		if (reg->group == group)
			hr = open_late(reg, group);
	/* Who registers from here on finds it in the kernel. */
	if (SUCCEEDED(hr))
		atomic_store(&group->pending, false);
	pthread_mutex_unlock(&thread.lock);
	return hr;
}

HRESULT pgi_registration_list(struct registration *reg, struct pgi_group *group)
{
	HRESULT hr;

	pthread_mutex_lock(&thread.lock);
	hr = start_thread();
	if (SUCCEEDED(hr)) {
		reg->serial = ++thread.serials;
		reg->group = group;
		if (reg->feed.nl.sock || !atomic_load(&group->pending))
			hr = open_late(reg, group);
	}
	if (SUCCEEDED(hr)) {
		reg->next = thread.list;
		thread.list = reg;
		reg->listed = true;
	}
	pthread_mutex_unlock(&thread.lock);
	return hr;
}

void pgi_registration_each(const struct pgi_group *group,
			   void (*fn)(struct registration *reg, void *arg), void *arg)
{
	struct registration *reg;

	pthread_mutex_lock(&thread.lock);
	for (reg = thread.list; reg; reg = reg->next) {
		if (reg->group != group)
			continue;
		pthread_mutex_lock(&reg->lock);
		fn(reg, arg);
		pthread_mutex_unlock(&reg->lock);
	}
	pthread_mutex_unlock(&thread.lock);
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
