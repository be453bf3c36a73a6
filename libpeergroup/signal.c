// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event objects that are the program's own: those of a Win32 that it brings with
 * it, as under Winelib. Only a thread of that Win32 may signal one, and the
 * library's are none. So what is to be signalled waits here in a queue until such
 * a thread takes it; <p2p.h> starts one where it meets a windows.h. Nothing here
 * ever touches an event.
 */
#include "internal.h"
#include "registration.h"

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool on;
	unsigned int run;		/* counts begins and ends */
	struct registration *first;	/* to be signalled */
	HANDLE busy;			/* handed out, and not yet known to be signalled */
} signals = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

/* There is no thread that takes them in a child, until it starts one, and none that waits. */
static void forked(void)
{
	pthread_mutex_init(&signals.lock, NULL);
	pthread_cond_init(&signals.changed, NULL);
	signals.on = false;
	signals.first = NULL;
	signals.busy = NULL;
}

PGI_AT_FORK(NULL, NULL, forked)

bool pgi_signal_foreign(void)
{
	bool on;

	pthread_mutex_lock(&signals.lock);
	on = signals.on;
	pthread_mutex_unlock(&signals.lock);
	return on;
}

void pgi_signal_queue(struct registration *reg)
{
	struct registration **at;

	pthread_mutex_lock(&signals.lock);
	for (at = &signals.first; *at && *at != reg; at = &(*at)->signal_next)
		;
	if (!*at && reg->foreign) {
		reg->signal_next = NULL;
		*at = reg;
		pthread_cond_broadcast(&signals.changed);
	}
	pthread_mutex_unlock(&signals.lock);
}

void pgi_signal_drop(struct registration *reg)
{
	struct registration **at;

	pthread_mutex_lock(&signals.lock);
	for (at = &signals.first; *at && *at != reg; at = &(*at)->signal_next)
		;
	if (*at)
		*at = reg->signal_next;
	/* The program may close it next. */
	while (reg->foreign && signals.busy == reg->foreign)
		pthread_cond_wait(&signals.changed, &signals.lock);
	reg->foreign = NULL;
	pthread_mutex_unlock(&signals.lock);
}

void pgi_signal_end(void)
{
	pthread_mutex_lock(&signals.lock);
	signals.on = false;
	signals.run++;
	pthread_cond_broadcast(&signals.changed);
	pthread_mutex_unlock(&signals.lock);
}

PGI_PUBLIC HRESULT peergroup_signal_begin(void)
{
	HRESULT hr = pgi_started();

	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&signals.lock);
	if (signals.on) {
		hr = S_FALSE;
	} else {
		signals.on = true;
		signals.run++;
	}
	pthread_mutex_unlock(&signals.lock);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_signal_next(HANDLE *event)
{
	static _Thread_local unsigned int run;
	HRESULT hr = S_FALSE;

	if (!event)
		return pgi_fail(E_INVALIDARG, "event is NULL");
	*event = NULL;
	pthread_mutex_lock(&signals.lock);
	if (!run)
		run = signals.run;
	signals.busy = NULL;
	pthread_cond_broadcast(&signals.changed);
	while (signals.on && run == signals.run && !signals.first)
		pthread_cond_wait(&signals.changed, &signals.lock);
	if (signals.on && run == signals.run) {
		*event = signals.busy = signals.first->foreign;
		signals.first = signals.first->signal_next;
		hr = S_OK;
	}
	if (hr == S_FALSE)
		run = 0;
	pthread_mutex_unlock(&signals.lock);
	return hr;
}
