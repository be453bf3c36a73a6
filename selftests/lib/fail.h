/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing the module's allocations, one after the other: user space of
 * selftests/modules/.
 */
#ifndef _SELFTESTS_FAIL_H
#define _SELFTESTS_FAIL_H

#include <stdbool.h>

/* Whose allocations count. */
enum fail_whose {
	FAIL_ALL,
	FAIL_OURS,	/* this thread's, in a system call */
	FAIL_OTHERS,	/* all but this process's: what workers do */
};

/* Loads what does it, before the module. NULL, or why that cannot be here. */
const char *fail_load(void);
void fail_unload(void);

/*
 * From now on the @nth allocation fails and the @times - 1 behind it. Unless @times is 1 each
 * behind them fails, too, that is of a place which never failed, be it on the way back.
 */
void fail_arm(unsigned int nth, unsigned int times, enum fail_whose whose);
/* No more of that. How many have failed. */
unsigned int fail_disarm(void);
/* How many there were, and where in the module the last failed. */
unsigned int fail_seen(void);
const char *fail_where(void);

/*
 * Calls @one for the first allocation to fail, for the second and so on, each alone and then
 * together with the next, until it says that there are not so many; prints how many there were.
 * Before that for the places that never failed: what is done once is not there the next time.
 * And after it, should one have escaped as they are not the same each time.
 */
void fail_each(const char *what,
	       bool (*one)(const void *arg, unsigned int nth, unsigned int times),
	       const void *arg);

/* How often an allocation has failed that this function of the module asked for. */
unsigned int fail_in(const char *function);

/* Prints how many places allocate. Each has to have failed. */
void fail_report(void);

#endif
