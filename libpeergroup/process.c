// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which process this is. Handles, threads and sockets of before a fork() are
 * the parent's, and every call with a handle has to see that; asking the kernel
 * each time would cost a system call, so fork() itself is asked to tell.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "internal.h"

static _Atomic pid_t known;		/* 0: not asked yet in this process */
static bool told;			/* of a fork() */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
	atomic_store_explicit(&known, 0, memory_order_relaxed);
}

static void register_child(void)
{
	told = !pthread_atfork(NULL, NULL, in_child);
}

pid_t pgi_process(void)
{
	pid_t pid = atomic_load_explicit(&known, memory_order_relaxed);

	if (pid)
		return pid;
	pid = getpid();
	pthread_once(&once, register_child);
	if (told)
		atomic_store_explicit(&known, pid, memory_order_relaxed);
	return pid;
}
