/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crowd of threads that call the library at once: what test_threads.c, which runs
 * them, and the files with the work they do share.
 */
#ifndef _SELFTESTS_THREADS_H
#define _SELFTESTS_THREADS_H

#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "rules.h"

#define THREADS		16

/**
 * struct work - what a thread does, again and again
 * @name: for the result line
 * @run: does it once; @me is the thread's number, @round how often it has been done
 * @rounds: how often a thread does it, where it is not told by PG_ROUNDS
 * @together: the threads wait for each other in it: not to be done beside other work
 */
struct work {
	const char *name;
	void (*run)(unsigned int me, unsigned int round);
	unsigned int rounds;
	bool together;
};

/* Up to an entry without a name. */
extern const struct work work_identities[], work_records[], work_events[], work_groups[],
	work_members[], work_kinds[];

/* Waits for all other threads. */
void meet(void);

/* A check, from any thread; the one of tap.h is for one thread only. */
void expect(bool is, const char *file, int line, const char *what, HRESULT hr);

#define EXPECT(cond)		expect(cond, __FILE__, __LINE__, #cond, S_OK)
#define SAYS(call, expected) __extension__ ({					\
	HRESULT says_ = (call);							\
										\
	expect(says_ == (expected), __FILE__, __LINE__, #call, says_);		\
	says_ == (expected);							\
})
/* True where it succeeds, which it should. */
#define OK(call)		SAYS(call, S_OK)

/* As wide() and same() of api.h, from any thread: good until its fourth call after it. */
WCHAR *widen(const char *text);

/* Takes all of an enumeration and ends it. Return: how many items it had. */
ULONG drain(HPEERENUM list, bool (*like)(const void *item, const void *arg), const void *arg,
	    ULONG *alike);

/* Alice's group by another name: ours, to threads that all use one handle. */
WCHAR *alice_wide(void);
WCHAR *group_wide(void);
/* A record type that is this thread's own. */
GUID type_of(unsigned int me);
/* A record of that type. */
PEER_RECORD record_of(unsigned int me);
/* Where Bob's host is; a link to it is up. */
PEER_ADDRESS bobs_address(void);

#endif /* _SELFTESTS_THREADS_H */
