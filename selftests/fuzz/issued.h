/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records and chains of certificates as the library makes them: by its own functions, from
 * the calls of programs down to where the kernel would take them, with keys that are made
 * as the program runs. For targets that are built with the kernel's names for things.
 */
#ifndef _FUZZ_ISSUED_H
#define _FUZZ_ISSUED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who signed a record, as hosts know him: for a group's properties that is its root. */
struct issued_by {
	const uint8_t *group;		/* id */
	const uint8_t *der;
	size_t der_len;
};

/* Record number @n of those that are no longer than FUZZ_INPUT_MAX; 0: no more. */
size_t issued_record(unsigned int n, uint8_t *out, struct issued_by *by);

/* The longest that there can be, or with @data false the one with the longest attributes. */
const uint8_t *issued_longest(bool data, size_t *len, struct issued_by *by);
void issued_longest_done(void);

/* The same of chains, each certificate behind its length; every second has the root. */
size_t issued_chain(unsigned int n, uint8_t *out);

#endif /* _FUZZ_ISSUED_H */
