/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For programs that walk functions about identities and groups with allocations failing
 * (heap.h): what such a call gives back, and what it may not leave in the data folder.
 * A program that is linked with walk.c makes no keys: that is libcrypto's slow part.
 */
#ifndef _SELFTESTS_WALK_H
#define _SELFTESTS_WALK_H

#include <stdint.h>
#include <p2p.h>
#include "heap.h"

#define BAD_TEXT	((PWSTR)&bad_handle)
#define BAD_LIST	((HPEERENUM)&bad_handle)
#define PASSWORD	"correct horse battery"

/* A number that stands for all that is in the data folder: for heap_walk(). */
uint64_t walk_files(void);

/* As rules_people(), with names so long that they need room of their own in what is given. */
void walk_people(void);

/* How many changes Alice's group has seen: for heap_walk(). */
uint64_t walk_changes(void);

/* Checks that a text came with @hr, or none did; frees it. Return: @hr. */
HRESULT walk_text(HRESULT hr, PWSTR text);

/* The same for an enumeration, of so many items. */
HRESULT walk_list(HRESULT hr, HPEERENUM list, ULONG expected);

/* The same for what a call of <peergroup.h> gives: a text, or one block. */
HRESULT walk_given(HRESULT hr, void *what);

/* A call whose last argument takes a text. */
#define TEXT(function, ...) __extension__ ({				\
	PWSTR text_ = BAD_TEXT;						\
	HRESULT hr_ = ARMED(function(__VA_ARGS__, &text_));		\
									\
	walk_text(hr_, text_);						\
})

/* The same for one of <peergroup.h>. */
#define GIVES(function, ...) __extension__ ({				\
	void *what_ = &bad_handle;					\
	HRESULT hr_ = ARMED(function(__VA_ARGS__, (void *)&what_));	\
									\
	walk_given(hr_, what_);						\
})

#endif
