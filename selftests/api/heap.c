// SPDX-License-Identifier: GPL-2.0-only
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <p2p.h>
#include <peergroup.h>
#include "heap.h"
#include "tap.h"

/* The C library's own, below those that this file defines. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

#define WALK_MAX	200000
#define FRAMES		12

bool heap_all;
unsigned int heap_nth;

static __thread bool armed;
static unsigned int seen;
static bool failed;
static void *where[FRAMES];		/* what failed was called by */
static int where_len;

/* ------------------------------------------------------ what is allocated -- */

/* All since heap_arm() that is not free yet. */
#define BLOCKS		(1U << 16)

struct block {
	void *p;
	void *by[FRAMES];
	int by_len;
};

static struct block blocks[BLOCKS];
static unsigned int live;
static bool tracing;			/* say who allocated what is lost */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned int home_of(const void *p)
{
	return (unsigned int)((uintptr_t)p >> 4) * 2654435761U % BLOCKS;
}

static struct block *slot_of(const void *p)
{
	unsigned int i = home_of(p);

	while (blocks[i].p != p && blocks[i].p)
		i = (i + 1) % BLOCKS;
	return &blocks[i];
}

/* Those behind it move up, so that each is found from its home on. */
static void empty(struct block *b)
{
	unsigned int hole = (unsigned int)(b - blocks), i = hole, home;

	for (;;) {
		i = (i + 1) % BLOCKS;
		if (!blocks[i].p)
			break;
		home = home_of(blocks[i].p);
		if ((i - home) % BLOCKS < (i - hole) % BLOCKS)
			continue;
		blocks[hole] = blocks[i];
		hole = i;
	}
	blocks[hole].p = NULL;
}

/* No allocation of backtrace()'s own is one of the call's. */
static int trace(void *by[FRAMES])
{
	int n;

	armed = false;
	n = backtrace(by, FRAMES);
	armed = true;
	return n;
}

static void keep(void *p)
{
	struct block *b;

	if (!armed || !p)
		return;
	pthread_mutex_lock(&lock);
	b = live < BLOCKS / 2 ? slot_of(p) : NULL;
	if (!b)
		abort();
	b->p = p;
	b->by_len = tracing ? trace(b->by) : 0;
	live++;
	pthread_mutex_unlock(&lock);
}

/* Was it there? */
static bool drop(const void *p)
{
	struct block *b;
	bool was;

	if (!p || !__atomic_load_n(&live, __ATOMIC_RELAXED))
		return false;
	pthread_mutex_lock(&lock);
	b = slot_of(p);
	was = b->p;
	if (was) {
		empty(b);
		live--;
	}
	pthread_mutex_unlock(&lock);
	return was;
}

/* ------------------------------------------------------------- who fails -- */

static uintptr_t spared_from, spared_to;

static int find_libcrypto(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t end;
	int i;

	(void)size;
	(void)arg;
	if (!strstr(info->dlpi_name, "libcrypto"))
		return 0;
	spared_from = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++) {
		end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > spared_to)
			spared_to = end;
	}
	return 1;
}

static bool fails(const void *caller)
{
	uintptr_t by = (uintptr_t)caller;

	if (!armed || (!heap_all && by >= spared_from && by < spared_to))
		return false;
	if (++seen != heap_nth)
		return false;
	failed = true;
	where_len = trace(where);
	errno = ENOMEM;
	return true;
}

#define FAILS()	fails(__builtin_return_address(0))

void *malloc(size_t size)
{
	void *p = FAILS() ? NULL : __libc_malloc(size);

	keep(p);
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = FAILS() ? NULL : __libc_calloc(n, size);

	keep(p);
	return p;
}

static void *grow(void *old, size_t size)
{
	bool ours = !old || drop(old);
	void *p = __libc_realloc(old, size);

	/* What was there before is not the call's to free. */
	if (ours)
		keep(p || !size ? p : old);
	return p;
}

void *realloc(void *old, size_t size)
{
	return FAILS() ? NULL : grow(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (FAILS() || __builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return grow(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	void *p = FAILS() ? NULL : __libc_memalign(alignment, size);

	keep(p);
	return p;
}

void *memalign(size_t alignment, size_t size)
{
	void *p = FAILS() ? NULL : __libc_memalign(alignment, size);

	keep(p);
	return p;
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	void *got = FAILS() ? NULL : __libc_memalign(alignment, size);

	if (!got)
		return ENOMEM;
	keep(got);
	*p = got;
	return 0;
}

void free(void *p)
{
	drop(p);
	__libc_free(p);
}

/* ---------------------------------------------------------------- a walk -- */

void heap_arm(void)
{
	static bool once;
	void *first[1];

	if (!once) {
		dl_iterate_phdr(find_libcrypto, NULL);
		backtrace(first, 1);	/* it loads a library */
		once = true;
	}
	pthread_mutex_lock(&lock);
	if (live)
		memset(blocks, 0, sizeof(blocks));
	live = 0;
	pthread_mutex_unlock(&lock);
	seen = 0;
	failed = false;
	armed = true;
}

/* Also what libcrypto keeps for a thread, such as texts of errors that it got over. */
void heap_disarm(void)
{
	OPENSSL_thread_stop();
	armed = false;
}

static void print_frame(const void *at)
{
	const char *file;
	Dl_info info;

	if (!dladdr(at, &info) || !info.dli_fname)
		return;
	file = strrchr(info.dli_fname, '/');
	printf("#\t%s+0x%lx %s\n", file ? file + 1 : info.dli_fname,
	       (unsigned long)((uintptr_t)at - (uintptr_t)info.dli_fbase),
	       info.dli_sname ? info.dli_sname : "");
}

static void print_frames(void *const by[], int n)
{
	int i;

	for (i = 2; i < n; i++)
		print_frame(by[i]);
}

static void print_lost(void)
{
	unsigned int i, shown = 0;

	for (i = 0; i < BLOCKS && shown < 3; i++) {
		if (!blocks[i].p)
			continue;
		printf("# lost, allocated by:\n");
		print_frames(blocks[i].by, blocks[i].by_len);
		shown++;
	}
}

/* Where its own allocations fail, libcrypto loses some of the others: that is not ours. */
static unsigned int lost(void)
{
	return heap_all ? 0 : live;
}

/* Whether the walk is to go on after a call whose @heap_nth allocation failed. */
static void judge(HRESULT hr, bool changed)
{
	bool bad = (FAILED(hr) && (hr != E_OUTOFMEMORY || changed)) || lost();

	CHECK(hr == E_OUTOFMEMORY || SUCCEEDED(hr), "allocation %u: 0x%08x, %s", heap_nth,
	      (unsigned int)hr, peergroup_error_detail());
	CHECK(!FAILED(hr) || !changed, "allocation %u: something was left behind", heap_nth);
	CHECK(!lost(), "allocation %u: %u blocks are lost", heap_nth, live);
	if (lost())
		print_lost();
	if (bad && tap_bad <= TAP_REPORTS_MAX) {
		printf("# failed at:\n");
		print_frames(where, where_len);
	}
}

/* Once, or a few times where memory seems lost: libraries keep some for the next time. */
static void round_of(HRESULT (*once)(void), uint64_t (*state)(void), unsigned int *optional)
{
	uint64_t before = 0;
	unsigned int tries;
	HRESULT hr;

	for (tries = 0; tries < 3; tries++) {
		tracing = tries == 2;
		before = state ? state() : 0;
		hr = once();
		if (!lost())
			break;
	}
	if (failed && SUCCEEDED(hr) && getenv("PG_HEAP_OPTIONAL")) {
		printf("# done without:\n");
		print_frames(where, where_len);
	}
	*optional += failed && SUCCEEDED(hr);
	judge(hr, FAILED(hr) && state && state() != before);
}

void heap_walk(HRESULT (*once)(void), uint64_t (*state)(void))
{
	unsigned int optional = 0;
	HRESULT hr;

	heap_nth = 0;
	hr = once();
	CHECK(SUCCEEDED(hr), "with memory: 0x%08x, %s", (unsigned int)hr, peergroup_error_detail());
	if (FAILED(hr))
		return;
	do {
		NEED(++heap_nth < WALK_MAX);
		round_of(once, state, &optional);
	} while (failed && tap_bad < TAP_REPORTS_MAX);
	printf("# %u allocations, %u could be done without\n", heap_nth - 1, optional);
	heap_nth = 0;
}
