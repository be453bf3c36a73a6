// SPDX-License-Identifier: GPL-2.0-only
/*
 * A watch from a program that only waits: peergroup_watch_wait() beside
 * peergroup_watch_next() and a poll. What is lost and made up for is in test_lost_events.c.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

static struct nl nl;
static peergroup_t group;
static peergroup_watch_t watch;
static char bad_handle;
static uuid_t note, added;
static pid_t waiter;
static atomic_bool woken;		/* the wait is over */
static volatile sig_atomic_t signals;

static void add(uuid_t id)
{
	struct peergroup_new_record record = { .data = "data", .size = 4, .lifetime = 3600 };

	NEED(!peergroup_add(group, note, &record, id));
}

static uint32_t index_of(peergroup_t handle)
{
	struct peergroup_status *status;
	uint32_t index;

	NEED(!peergroup_status(handle, &status));
	index = status->index;
	peergroup_free(status);
	return index;
}

static bool readable(void)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* Takes what a test before has left. */
static void drain(void)
{
	struct peergroup_event event;

	while (peergroup_watch_next(watch, &event) == S_OK)
		;
}

/* The kernel's view of the thread that waits: it sleeps, and in a read of a socket. */
static bool asleep(void *arg)
{
	char path[64], line[128] = "";
	FILE *file;

	(void)arg;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", waiter);
	file = fopen(path, "r");
	NEED(file && fgets(line, sizeof(line), file));
	fclose(file);
	return strstr(line, ") S ");
}

static bool asleep_or_woken(void *arg)
{
	return atomic_load(&woken) || asleep(arg);
}

static void *add_when_asleep(void *arg)
{
	(void)arg;
	NEED(wait_until(asleep, NULL));
	add(added);
	return NULL;
}

/* Again and again, as one that comes just before the wait ends nothing. */
static void *interrupt_when_asleep(void *arg)
{
	while (!atomic_load(&woken)) {
		NEED(wait_until(asleep_or_woken, NULL));
		if (!atomic_load(&woken))
			pthread_kill(*(pthread_t *)arg, SIGUSR1);
		usleep(10000);
	}
	return NULL;
}

static void *end_when_asleep(void *arg)
{
	(void)arg;
	NEED(wait_until(asleep, NULL));
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index_of(group)));
	return NULL;
}

/* ----------------------------------------------------------------- tests -- */

static void test_errors(void)
{
	struct peergroup_event event;

	HR(peergroup_watch_wait(watch, 0, NULL), E_INVALIDARG);
	HR(peergroup_watch_wait(NULL, -1, &event), E_INVALIDARG);
	HR(peergroup_watch_wait((void *)&bad_handle, -1, &event), E_INVALIDARG);
	HR(peergroup_watch_wait((void *)group, -1, &event), E_INVALIDARG);
}

static void test_nothing(void)
{
	struct peergroup_event event;

	drain();
	HR(peergroup_watch_wait(watch, 0, &event), PEER_S_NO_EVENT_DATA);
	HR(peergroup_watch_wait(watch, 20, &event), PEER_S_NO_EVENT_DATA);
	HR(peergroup_watch_wait(watch, 1, &event), PEER_S_NO_EVENT_DATA);
	HR(peergroup_watch_next(watch, &event), PEER_S_NO_EVENT_DATA);
}

static void test_there(void)
{
	struct peergroup_event event;
	uuid_t first, second;

	add(first);
	add(second);
	HR(peergroup_watch_wait(watch, -1, &event), S_OK);
	CHECK(event.kind == PEERGROUP_EVENT_RECORD && !uuid_compare(event.id, first));
	CHECK(readable());
	HR(peergroup_watch_next(watch, &event), S_OK);
	CHECK(event.kind == PEERGROUP_EVENT_RECORD && !uuid_compare(event.id, second));
	CHECK(!readable());
}

/* Does what @other does while it waits, and gives what that brought. */
static HRESULT wait_while(void *(*other)(void *), int timeout, struct peergroup_event *event)
{
	pthread_t self = pthread_self(), thread;
	HRESULT hr;

	waiter = gettid();
	atomic_store(&woken, false);
	NEED(!pthread_create(&thread, NULL, other, &self));
	hr = peergroup_watch_wait(watch, timeout, event);
	atomic_store(&woken, true);
	pthread_join(thread, NULL);
	return hr;
}

static void test_waits(void)
{
	struct peergroup_event event;

	HR(wait_while(add_when_asleep, -1, &event), S_OK);
	CHECK(event.kind == PEERGROUP_EVENT_RECORD && !uuid_compare(event.id, added));
	/* Nor is it the time that ends the wait, where there is plenty. */
	HR(wait_while(add_when_asleep, 3600 * 1000, &event), S_OK);
	CHECK(event.kind == PEERGROUP_EVENT_RECORD && !uuid_compare(event.id, added));
	CHECK(!readable());
}

static void count_signal(int nr)
{
	(void)nr;
	signals++;
}

static void test_signal(void)
{
	struct sigaction action = { .sa_handler = count_signal };
	struct peergroup_event event;

	NEED(!sigaction(SIGUSR1, &action, NULL));
	HR(wait_while(interrupt_when_asleep, -1, &event), PEER_S_NO_EVENT_DATA);
	CHECK(signals > 0);
}

/* Whoever waits has to learn that there is nothing to wait for. */
static void test_gone(void)
{
	struct peergroup_event event;

	HR(wait_while(end_when_asleep, -1, &event), S_OK);
	while (event.kind != PEERGROUP_EVENT_GONE && !peergroup_watch_wait(watch, -1, &event))
		;
	CHECK(event.kind == PEERGROUP_EVENT_GONE);
	HR(peergroup_watch_wait(watch, -1, &event), PEER_S_NO_EVENT_DATA);
	HR(peergroup_watch_close(watch), S_OK);
	HR(peergroup_watch_wait(watch, -1, &event), E_INVALIDARG);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "errors", test_errors },
		{ "nothing happens", test_nothing },
		{ "what is there already", test_there },
		{ "what comes while it waits", test_waits },
		{ "a signal ends the wait", test_signal },
		{ "the end of the group does, too", test_gone },
	};
	char home[] = "/tmp/watch.XXXXXX", *name;

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	NEED(!nl_open(&nl));
	uuid_generate(note);
	NEED(!peergroup_identity_create("watcher", NULL, &name));
	NEED(!peergroup_create(name, NULL, &group));
	peergroup_free(name);
	NEED(!peergroup_watch_open(group, PEERGROUP_SINCE_NOW, &watch));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
