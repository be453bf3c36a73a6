/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing user space's allocations, one after the other: a program that is linked with
 * heap.c has these in place of malloc() and its like, for all libraries it uses. What counts
 * is what the thread that armed it allocates, so that threads of the library's own go on
 * undisturbed; or, by heap_walk_threads(), what only those do.
 */
#ifndef _SELFTESTS_HEAP_H
#define _SELFTESTS_HEAP_H

#include <stdbool.h>
#include <p2p.h>

/*
 * What libcrypto allocates for itself counts, too; else that is spared. What is lost does not
 * count then, since libcrypto loses some by itself.
 */
extern bool heap_all;
/* Which allocation fails, counted from heap_arm(), 1 the first; 0: none. */
extern unsigned int heap_nth;

/* From here to heap_disarm() this thread's allocations are counted, failed and kept in mind. */
void heap_arm(void);
void heap_disarm(void);

/* The call that is walked. */
#define ARMED(call) __extension__ ({		\
	HRESULT armed_;				\
						\
	heap_arm();				\
	armed_ = (call);			\
	heap_disarm();				\
	armed_;					\
})

/**
 * heap_walk() - a call, with each of its allocations failing in turn
 * @once: makes it once, by ARMED(), checks what it gives back, takes back what it did,
 *	and returns what it returned
 * @state: a number that stands for all that a failed call may not have changed; or NULL
 *
 * Reports where another error than E_OUTOFMEMORY comes of it, where memory is lost, and
 * where something is left behind. A call may do without an allocation and succeed.
 */
void heap_walk(HRESULT (*once)(void), uint64_t (*state)(void));

/* So many times that such a thread comes by a place in a round are apart; 3 at first. */
extern unsigned int heap_times;

/**
 * heap_walk_threads() - what threads of the library's do, with their allocations failing
 * @round: has something happen and sees that the program hears of it as it is; any number of
 *	times
 *
 * Of each thread but the caller's. In each round one allocation fails, by its place: what it
 * was called by, and whether it is the first from there in a round, the second and so on; with
 * it those that are only come by when others have failed. Once there is no place left the
 * same is done anew, with all that follow failing too, until heap_return(). A place that is
 * passed often and never fails is reported.
 */
void heap_walk_threads(void (*round)(void));

/* There is memory again in this round, if there was none: what is owed can be told. */
void heap_return(void);

/*
 * From now on such a thread waits where it allocates, until it is let go: what happens
 * meanwhile it does not see. And whether one waits; for wait_until().
 */
void heap_hold(bool hold);
bool heap_holds(void *unused);

/* Reports what those threads have allocated and nobody freed, when all is closed. */
void heap_check_threads(void);

#endif
