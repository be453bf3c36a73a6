/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failing user space's allocations, one after the other: a program that is linked with
 * heap.c has these in place of malloc() and its like, for all libraries it uses. Only
 * what the thread that armed it allocates counts, so threads of the library's own go on
 * undisturbed.
 */
#ifndef _SELFTESTS_HEAP_H
#define _SELFTESTS_HEAP_H

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

#endif
