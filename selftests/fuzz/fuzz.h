/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target is one file with these two functions. It is built twice: with
 * libFuzzer, which looks for new ways through the code, and with driver.c, which
 * makes the seeds, replays what was found once, and mutates a little by itself.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define FUZZ_INPUT_MAX	(64U << 10)

/* One input. What is wrong ends the process: by a sanitizer, or by FUZZ_NEED(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * Input number @n of those that are right, made by the project's own encoders where it has
 * them here, into FUZZ_INPUT_MAX bytes. Returns its length, 0 where there are no more. That
 * each is taken is looked at, so that a change of a format does not leave the fuzzers before
 * a closed door.
 */
size_t fuzz_seed(unsigned int n, uint8_t *out);

/* Set by LLVMFuzzerTestOneInput() where the parser takes all of its input for right. */
__attribute__((weak)) bool fuzz_taken;

/* A target has this one where seed number @n is none that is to be taken, but nearly. */
bool fuzz_seed_refused(unsigned int n);

#define FUZZ_NEED(cond) do {							\
	if (!(cond))								\
		__builtin_trap();						\
} while (0)

#endif /* _FUZZ_H */
