// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a fuzz target does without libFuzzer:
 *
 *	PROGRAM seeds DIR	writes the seeds there, one file each
 *	PROGRAM replay FILE...	runs inputs; a name that ends in .hex holds hex digits
 *	PROGRAM mutate N	runs each seed, and N mutations, the same always; each seed
 *				has to be taken for what it is
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "fuzz.h"

static uint64_t state = 1;

__attribute__((weak)) bool fuzz_seed_refused(unsigned int n)
{
	(void)n;
	return false;
}

/* splitmix64 */
static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* In memory of exactly its size, so that AddressSanitizer sees its end. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		exit(1);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static size_t mutate(uint8_t *p, size_t len)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned int i, n = 1 + rnd() % 4;
	size_t at, by;

	for (i = 0; i < n && len; i++) {
		at = rnd() % len;
		switch (rnd() % 6) {
		case 0:
			p[at] ^= 1U << rnd() % 8;
			break;
		case 1:
			p[at] = edges[rnd() % sizeof(edges)];
			break;
		case 2:
			p[at] = rnd();
			break;
		case 3:
			len = at;
			break;
		case 4:
			by = 1 + rnd() % 8;
			by = by < len - at ? by : len - at;
			memmove(p + at, p + at + by, len - at - by);
			len -= by;
			break;
		default:
			by = 1 + rnd() % 8;
			if (len + by > FUZZ_INPUT_MAX)
				break;
			memmove(p + at + by, p + at, len - at);
			len += by;
		}
	}
	return len;
}

/* Return: whether it is taken, or refused, as it is meant to be. */
static bool run_seed(unsigned int n, const uint8_t *seed, size_t len)
{
	fuzz_taken = false;
	run(seed, len);
	if (fuzz_taken != fuzz_seed_refused(n))
		return true;
	printf("seed %u is %s\n", n, fuzz_taken ? "taken" : "not taken");
	return false;
}

static int mutate_all(unsigned int times)
{
	static uint8_t seed[FUZZ_INPUT_MAX], input[FUZZ_INPUT_MAX];
	unsigned int n, i;
	bool good = true;
	size_t len;

	for (n = 0; (len = fuzz_seed(n, seed)); n++) {
		good &= run_seed(n, seed, len);
		for (i = 0; i < times; i++) {
			memcpy(input, seed, len);
			run(input, mutate(input, len));
		}
	}
	printf("%u seeds, %u inputs\n", n, n * (times + 1));
	return n && good ? 0 : 1;
}

static int write_seeds(const char *dir)
{
	static uint8_t seed[FUZZ_INPUT_MAX];
	char path[4096];
	unsigned int n;
	size_t len;
	FILE *f;

	for (n = 0; (len = fuzz_seed(n, seed)); n++) {
		snprintf(path, sizeof(path), "%s/seed-%u", dir, n);
		f = fopen(path, "wb");
		if (!f || fwrite(seed, 1, len, f) != len || fclose(f)) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

static size_t unhex(uint8_t *p, size_t len)
{
	size_t i, n = 0;
	bool half = false;

	for (i = 0; i < len; i++) {
		int c = tolower(p[i]), v = isdigit(c) ? c - '0' : c - 'a' + 10;

		if (!isxdigit(c))
			continue;
		p[n] = half ? p[n] | v : v << 4;
		n += half;
		half = !half;
	}
	return n;
}

static int replay(const char *path)
{
	static uint8_t input[2 * FUZZ_INPUT_MAX + 4096];
	const char *dot = strrchr(path, '.');
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!f) {
		perror(path);
		return 1;
	}
	len = fread(input, 1, sizeof(input), f);
	fclose(f);
	run(input, dot && !strcmp(dot, ".hex") ? unhex(input, len) : len);
	return 0;
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	if (argc == 3 && !strcmp(argv[1], "seeds"))
		return write_seeds(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "mutate"))
		return mutate_all(strtoul(argv[2], NULL, 10));
	if (argc >= 3 && !strcmp(argv[1], "replay")) {
		for (i = 2; i < argc; i++)
			failed |= replay(argv[i]);
		return failed;
	}
	fprintf(stderr, "usage: %s seeds DIR | replay FILE... | mutate N\n", argv[0]);
	return 2;
}
