// SPDX-License-Identifier: GPL-2.0-only
// long: thousands of signatures
// timeout: 600
/*
 * The library, called by 16 threads at once: each kind of call by all of them with the
 * same handles, and then all kinds beside each other. Whether memory is shared without a
 * lock is for test_tsan.sh to see, which runs this program, too; what the
 * calls return is checked here. PG_ROUNDS says how often each thread does each thing.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include "threads.h"

static pthread_mutex_t tap_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t gate;

#define TEXT_MAX	32768		/* an invitation is long */

/* ---------------------------------------------------------------- helpers -- */

void expect(bool is, const char *file, int line, const char *what, HRESULT hr)
{
	if (is)
		return;
	pthread_mutex_lock(&tap_lock);
	if (tap_bad++ < TAP_REPORTS_MAX)
		printf("# %s:%d: not so: %s -> 0x%08x %s\n", file, line, what, (unsigned int)hr,
		       peergroup_error_detail());
	pthread_mutex_unlock(&tap_lock);
}

void meet(void)
{
	pthread_barrier_wait(&gate);
}

WCHAR *widen(const char *text)
{
	static __thread WCHAR room[4][TEXT_MAX];
	static __thread unsigned int next;
	WCHAR *w = room[next++ % 4];
	size_t i;

	NEED(strlen(text) < TEXT_MAX);
	for (i = 0; text[i]; i++)
		w[i] = (WCHAR)text[i];
	w[i] = 0;
	return w;
}

ULONG drain(HPEERENUM list, bool (*like)(const void *item, const void *arg), const void *arg,
	    ULONG *alike)
{
	ULONG total = 0, count = 0, n, i;
	void **items;

	OK(PeerGetItemCount(list, &count));
	do {
		n = 7;
		if (!OK(PeerGetNextItem(list, &n, &items)))
			break;
		for (i = 0; like && i < n; i++)
			*alike += like(items[i], arg);
		PeerFreeData(items);
		total += n;
	} while (n);
	EXPECT(total == count);
	OK(PeerEndEnumeration(list));
	return total;
}

WCHAR *alice_wide(void)
{
	return widen(alice);
}

WCHAR *group_wide(void)
{
	return widen(group_name);
}

GUID type_of(unsigned int me)
{
	GUID type = rules_type;

	type.Data1 += me + 1;
	return type;
}

PEER_RECORD record_of(unsigned int me)
{
	PEER_RECORD r = new_record();

	r.type = type_of(me);
	return r;
}

PEER_ADDRESS bobs_address(void)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a) };

	a.sin6.sin6_family = AF_INET6;
	a.sin6.sin6_port = htons(BOBS_PORT);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr);
	return a;
}

/* -------------------------------------------------------------- the crowd -- */

struct worker {
	pthread_t thread;
	unsigned int me;
	const struct work *work;	/* NULL: all kinds, each thread beginning with another */
};

static unsigned int rounds_of(const struct work *work)
{
	const char *told = getenv("PG_ROUNDS");

	return told ? (unsigned int)atoi(told) : work->rounds;
}

static const struct work *const kinds[] = {
	work_identities, work_records, work_events, work_groups, work_members, work_kinds,
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

/* The nth of all that may go on beside each other; NULL where there are not so many. */
static const struct work *nth_apart(unsigned int n)
{
	const struct work *work;
	size_t k;

	for (k = 0; k < KINDS; k++)
		for (work = kinds[k]; work->name; work++)
			if (!work->together && !n--)
				return work;
	return NULL;
}

static void mix(unsigned int me)
{
	unsigned int n = 0, i;

	while (nth_apart(n))
		n++;
	for (i = 0; i < n; i++)
		nth_apart((me + i) % n)->run(me, 1000);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	meet();
	if (!w->work)
		mix(w->me);
	for (i = 0; w->work && i < rounds_of(w->work); i++)
		w->work->run(w->me, i);
	return NULL;
}

static void crowd(const struct work *work)
{
	struct worker workers[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].me = i;
		workers[i].work = work;
		NEED(!pthread_create(&workers[i].thread, NULL, run, &workers[i]));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

/* ------------------------------------------------------------------- main -- */

/* As tap_main(), with the work of all files for its tests. */
static int run_all(void)
{
	unsigned int total = 1, count = 0, bad = 0;
	const struct work *work;
	size_t k;

	for (k = 0; k < KINDS; k++)
		for (work = kinds[k]; work->name; work++)
			total++;
	printf("TAP version 13\n1..%u\n", total);
	for (k = 0; k <= KINDS; k++) {
		for (work = k < KINDS ? kinds[k] : NULL; !work || work->name; work++) {
			tap_bad = 0;
			crowd(work);
			bad += tap_bad != 0;
			printf("%sok %u %s\n", tap_bad ? "not " : "", ++count,
			       work ? work->name : "all of it at once");
			if (!work)
				break;
		}
	}
	return bad != 0;
}

int main(void)
{
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	NEED(!pthread_barrier_init(&gate, NULL, THREADS));
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_INVITING);
	rules_connect();
	status = run_all();
	peergroup_close(bobs);
	peergroup_close(ours);
	PeerGroupShutdown();
	peergroup_free(alice);
	peergroup_free(bob);
	peergroup_free(invitation);
	free(group_name);
	pthread_barrier_destroy(&gate);
	return status;
}
