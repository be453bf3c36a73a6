// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which process this is, and its end. Handles, threads and sockets of before a fork()
 * are the parent's, and every call with a handle has to see that; asking the kernel
 * each time would cost a system call, so fork() itself is asked to tell.
 *
 * When the process ends, libcrypto lets go of what it has while the library's threads
 * may still be using it: exit() waits for what they are at, and they begin nothing more.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "internal.h"

/* exit() from a function that the library calls may be what a thread waits for. */
#define EXIT_PATIENCE	5		/* seconds */

static _Atomic pid_t known;		/* 0: not asked yet in this process */
static bool told;			/* of a fork() */
static pthread_once_t end_once = PTHREAD_ONCE_INIT;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned int working;		/* threads of the library that are at something */
	bool over;
} end = { .lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER };

/* Nobody works in the child but who called fork(). */
static void in_child(void)
{
	atomic_store_explicit(&known, 0, memory_order_relaxed);
	pthread_mutex_init(&end.lock, NULL);
	pthread_cond_init(&end.idle, NULL);
	end.working = 0;
}

/* Before there is anything that a child would have. */
__attribute__((constructor)) static void register_fork(void)
{
	told = !pthread_atfork(NULL, NULL, in_child);
}

pid_t pgi_process(void)
{
	pid_t pid = atomic_load_explicit(&known, memory_order_relaxed);

	if (pid)
		return pid;
	pid = getpid();
	if (told)
		atomic_store_explicit(&known, pid, memory_order_relaxed);
	return pid;
}

static void at_exit(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += EXIT_PATIENCE;
	pthread_mutex_lock(&end.lock);
	end.over = true;
	while (end.working && !pthread_cond_timedwait(&end.idle, &end.lock, &until))
		;
	pthread_mutex_unlock(&end.lock);
}

static void register_end(void)
{
	/* What was registered last is called first, so libcrypto's has to be there. */
	OPENSSL_init_crypto(0, NULL);
	atexit(at_exit);
}

void pgi_work_prepare(void)
{
	pthread_once(&end_once, register_end);
}

bool pgi_work_begin(void)
{
	bool may;

	pthread_mutex_lock(&end.lock);
	may = !end.over;
	end.working += may;
	pthread_mutex_unlock(&end.lock);
	return may;
}

void pgi_work_end(void)
{
	/* Not when the thread ends, which may be beside exit(). */
	OPENSSL_thread_stop();
	pthread_mutex_lock(&end.lock);
	if (!--end.working)
		pthread_cond_signal(&end.idle);
	pthread_mutex_unlock(&end.lock);
}
