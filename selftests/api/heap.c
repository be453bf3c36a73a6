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
#define SEEN_FEW	4
#define SEEN_OFTEN	10		/* a place that is, and never failed, is not walked */

bool heap_all;
unsigned int heap_nth;
unsigned int heap_times = 3;

static __thread bool armed;
static __thread bool busy;		/* with what is not the call's own */
static unsigned int seen;
static bool failed;
static void *where[FRAMES];		/* what failed was called by */
static int where_len;

/* Of heap_walk_threads(): this thread is the test's, and the others' allocations count. */
static __thread bool spared;
static bool others;

static bool counts(void)
{
	return !busy && (armed || (!spared && __atomic_load_n(&others, __ATOMIC_ACQUIRE)));
}

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

	busy = true;
	n = backtrace(by, FRAMES);
	busy = false;
	return n;
}

static void keep(void *p)
{
	struct block *b;
	void *by[FRAMES];
	int by_len = 0;

	if (!p || !counts())
		return;
	if (tracing)
		by_len = trace(by);
	pthread_mutex_lock(&lock);
	b = live < BLOCKS / 2 ? slot_of(p) : NULL;
	if (!b)
		abort();
	b->p = p;
	b->by_len = by_len;
	memcpy(b->by, by, sizeof(by[0]) * (size_t)by_len);
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

static bool fails_here(const void *caller);

static bool fails(const void *caller)
{
	uintptr_t by = (uintptr_t)caller;

	if (!counts() || (!heap_all && by >= spared_from && by < spared_to))
		return false;
	if (!armed)
		return fails_here(caller);
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

static void begin(void)
{
	static bool once;
	void *first[1];

	if (once)
		return;
	dl_iterate_phdr(find_libcrypto, NULL);
	backtrace(first, 1);	/* it loads a library */
	once = true;
}

void heap_arm(void)
{
	begin();
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

/* ------------------------------------------------ threads of the library's -- */

/*
 * A place is what an allocation was called by, down to where its thread began. The first time
 * in a round, the second and so on, which come upon what was left by then, are several.
 */
#define PLACES	4096
#define DEPTH	40

struct place {
	uint64_t hash;			/* 0: free */
	void *by[FRAMES];
	int by_len;
	unsigned int passed;		/* in how many rounds, */
	unsigned int last;		/* ... of which this is the last */
	unsigned int round, times;	/* how often in that round was it come by */
	bool failed;
};

static struct place places[PLACES];
static unsigned int n_places, n_failed, round_nr;
static bool may_fail, lasts, lasting, held;
static unsigned int waiting;
static pthread_mutex_t others_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t others_cond = PTHREAD_COND_INITIALIZER;

static uint64_t hash_of(void *const at[], int n)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (n--)
		hash = (hash ^ (uintptr_t)at[n]) * 0x100000001b3;
	return hash | 1;
}

static struct place *place_of(uint64_t hash, void *const at[], int n)
{
	struct place *p;
	size_t i = hash % PLACES;

	while (places[i].hash && places[i].hash != hash)
		i = (i + 1) % PLACES;
	p = &places[i];
	if (!p->hash) {
		if (++n_places > PLACES / 2)
			abort();
		p->hash = hash;
		p->by_len = n < FRAMES ? n : FRAMES;
		memcpy(p->by, at, sizeof(at[0]) * (size_t)p->by_len);
	}
	return p;
}

/* One of a thread that is not the test's; others_lock held. */
static bool judge_place(void *const at[], int n)
{
	uint64_t hash = hash_of(at, n);
	struct place *p = place_of(hash, at, n);

	p->times = p->round == round_nr ? p->times + 1 : 1;
	p->round = round_nr;
	if (p->times > 1 && heap_times > 1)
		p = place_of((hash ^ (p->times < heap_times ? p->times : heap_times)) * 0x100000001b3 | 1,
			     at, n);
	/* Not first among those that fail: what comes before it is to blame. */
	if (lasting)
		return true;
	p->passed += p->last != round_nr;
	p->last = round_nr;
	/* What only comes upon a failure fails with it. */
	if (!may_fail || p->failed || (failed && p->passed < SEEN_FEW))
		return false;
	p->failed = true;
	n_failed++;
	failed = true;
	lasting = lasts;
	where_len = p->by_len;
	memcpy(where, p->by, sizeof(where));
	return true;
}

/*
 * What libxml2 has of its own for a thread, and cannot do without: version 2.9 calls itself
 * without end. The library sees to it that there is room right before.
 */
static bool is_needed(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_sname &&
	       !strcmp(info.dli_sname, "xmlGetGlobalState");
}

static bool fails_here(const void *caller)
{
	void *at[DEPTH];
	bool fail;
	int n;

	if (is_needed(caller))
		return false;
	busy = true;
	n = backtrace(at, DEPTH);
	pthread_mutex_lock(&others_lock);
	if (held) {
		waiting++;
		while (held)
			pthread_cond_wait(&others_cond, &others_lock);
		waiting--;
	}
	fail = judge_place(at, n);
	pthread_mutex_unlock(&others_lock);
	busy = false;
	if (fail)
		errno = ENOMEM;
	return fail;
}

void heap_hold(bool hold)
{
	pthread_mutex_lock(&others_lock);
	held = hold;
	pthread_cond_broadcast(&others_cond);
	pthread_mutex_unlock(&others_lock);
}

bool heap_holds(void *unused)
{
	bool holds;

	(void)unused;
	pthread_mutex_lock(&others_lock);
	holds = waiting;
	pthread_mutex_unlock(&others_lock);
	return holds;
}

void heap_return(void)
{
	pthread_mutex_lock(&others_lock);
	lasting = false;
	pthread_mutex_unlock(&others_lock);
}

/* Whether there was something to fail in it. */
static bool one_round(void (*round)(void), bool fail)
{
	bool was;

	pthread_mutex_lock(&others_lock);
	round_nr++;
	failed = false;
	may_fail = fail;
	pthread_mutex_unlock(&others_lock);
	round();
	pthread_mutex_lock(&others_lock);
	may_fail = false;
	lasting = false;
	was = failed;
	pthread_mutex_unlock(&others_lock);
	if (was && tap_bad) {
		printf("# failed at, %s:\n", lasts ? "and from there on" : "once");
		print_frames(where, where_len);
	}
	return was;
}

static void check_places(void)
{
	unsigned int i;

	CHECK(n_failed, "no thread of the library allocates anything");
	for (i = 0; i < PLACES; i++) {
		if (!places[i].hash || places[i].failed || places[i].passed < SEEN_OFTEN)
			continue;
		CHECK(places[i].failed, "in %u rounds:", places[i].passed);
		print_frames(places[i].by, places[i].by_len);
	}
	printf("# %s: %u places of %u failed, in %u rounds\n", lasts ? "for a while" : "once",
	       n_failed, n_places, round_nr);
}

/* A round more than one in which nothing is left to fail: not all take the same way. */
static void walk_places(void (*round)(void), bool for_a_while)
{
	unsigned int quiet = 0;

	memset(places, 0, sizeof(places));
	n_places = 0;
	n_failed = 0;
	round_nr = 0;
	lasts = for_a_while;
	one_round(round, false);
	while (quiet < 2 && !tap_bad)
		quiet = one_round(round, true) ? 0 : quiet + 1;
	if (!tap_bad)
		check_places();
}

void heap_walk_threads(void (*round)(void))
{
	begin();
	spared = true;
	tracing = true;
	__atomic_store_n(&others, true, __ATOMIC_RELEASE);
	walk_places(round, false);
	if (!tap_bad)
		walk_places(round, true);
}

/* The linker's, of threads: the C library keeps some of those that have ended. */
static bool is_of_thread(const struct block *b)
{
	Dl_info info;

	return b->by_len > 2 && dladdr(b->by[2], &info) && info.dli_fname &&
	       strstr(info.dli_fname, "/ld-linux");
}

void heap_check_threads(void)
{
	unsigned int i;

	__atomic_store_n(&others, false, __ATOMIC_RELEASE);
	for (i = 0; i < BLOCKS; i++) {
		while (blocks[i].p && is_of_thread(&blocks[i])) {
			empty(&blocks[i]);
			live--;
		}
	}
	CHECK(!live, "%u blocks are lost", live);
	if (live)
		print_lost();
}
