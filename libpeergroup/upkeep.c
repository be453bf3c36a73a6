// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What has to be done again and again while a group is open: one thread for each handle
 * that has anything of the kind, which sleeps until the first is due. What is due, and
 * when the next time is, credential.c, refresh.c, membership.c and announce.c know.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include "members.h"
#include "presence.h"
#include "refresh.h"

#define STEP_SECONDS	60

uint64_t pgi_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

static void (*const jobs[PGI_UPKEEP_JOBS])(struct pgi_group *group) = {
	[PGI_UPKEEP_CREDENTIAL] = pgi_credential_upkeep,
	[PGI_UPKEEP_REFRESH] = pgi_refresh_upkeep,
	[PGI_UPKEEP_MEMBERSHIP] = pgi_membership_upkeep,
	[PGI_UPKEEP_PRESENCE] = pgi_presence_upkeep,
};

/* The first that is due, PGI_UPKEEP_JOBS when the group is being closed. Lock held. */
static unsigned int await(struct pgi_group *group)
{
	struct pgi_upkeep *u = &group->upkeep;
	struct timespec step;
	uint64_t now, next;
	unsigned int i;
	bool any;

	while (!u->stop) {
		now = pgi_boottime();
		next = now + STEP_SECONDS;
		any = false;
		for (i = 0; i < PGI_UPKEEP_JOBS; i++) {
			if (u->at[i] && u->at[i] <= now)
				return i;
			any |= u->at[i] != 0;
			if (u->at[i] && u->at[i] < next)
				next = u->at[i];
		}
		if (!any) {
			pthread_cond_wait(&u->wake, &group->lock);
			continue;
		}
		/* In steps: the clock that a wait goes by stops while the machine sleeps. */
		clock_gettime(CLOCK_MONOTONIC, &step);
		step.tv_sec += (time_t)(next - now);
		pthread_cond_timedwait(&u->wake, &group->lock, &step);
	}
	return PGI_UPKEEP_JOBS;
}

static void *run(void *arg)
{
	struct pgi_group *group = arg;
	unsigned int job;

	pthread_mutex_lock(&group->lock);
	while ((job = await(group)) < PGI_UPKEEP_JOBS && pgi_work_begin()) {
		pthread_mutex_unlock(&group->lock);
		pgi_clear_error();
		jobs[job](group);
		pthread_mutex_lock(&group->lock);
		pgi_work_end();
	}
	pthread_mutex_unlock(&group->lock);
	return NULL;
}

void pgi_upkeep_init(struct pgi_group *group)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&group->upkeep.wake, &attr);
	pthread_condattr_destroy(&attr);
}

HRESULT pgi_upkeep_start(struct pgi_group *group)
{
	struct pgi_upkeep *u = &group->upkeep;
	sigset_t all, old;
	int err;

	if (u->stop)
		return S_OK;	/* the handle is going: what is left of it has no next time */
	if (u->pid == pgi_process()) {
		pthread_cond_signal(&u->wake);
		return S_OK;
	}
	pgi_work_prepare();
	/* Signals are the program's: they go to its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&u->thread, NULL, run, group);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return pgi_fail(pgi_from_errno(err), "a group's thread: %s", strerror(err));
	u->pid = pgi_process();
	return S_OK;
}

void pgi_upkeep_exit(struct pgi_group *group)
{
	struct pgi_upkeep *u = &group->upkeep;

	pthread_mutex_lock(&group->lock);
	u->stop = true;
	pthread_cond_signal(&u->wake);
	pthread_mutex_unlock(&group->lock);
	/* After fork() the thread is the parent's. */
	if (u->pid == pgi_process())
		pthread_join(u->thread, NULL);
	pthread_cond_destroy(&u->wake);
}
