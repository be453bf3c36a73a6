// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which addresses are dialled when: engine file overlay.c in user space.
 */
#include <errno.h>
#include "tap.h"
#include "overlay.h"

#define MIN_MS	1000
#define MAX_MS	60000

static struct pg_overlay o;

static struct pg_target *start(void)
{
	const struct pg_addr addr = { .port = 3587 };
	struct pg_target *t;

	pg_overlay_init(&o);
	o.retry_min_ms = MIN_MS;
	o.retry_max_ms = MAX_MS;
	t = pg_overlay_add(&o, &addr, 1, 0);
	NEED(t && pg_overlay_add(&o, &addr, 2, 0) == t);
	return t;
}

static void test_backoff(void)
{
	struct pg_target *t = start();
	uint64_t now = 0, wait = MIN_MS;
	int i;

	for (i = 0; i < 10; i++) {
		CHECK(pg_overlay_next(&o, now) == t);
		CHECK(!pg_overlay_next(&o, now), "being dialled");
		CHECK(pg_overlay_wait(&o, now) == ~0ULL);
		pg_overlay_link_gone(&o, t, ECONNREFUSED, now, 0);
		CHECK(pg_overlay_wait(&o, now) == wait, "%llu",
		      (unsigned long long)pg_overlay_wait(&o, now));
		CHECK(!pg_overlay_next(&o, now + wait - 1));
		now += wait;
		wait = wait * 2 > MAX_MS ? MAX_MS : wait * 2;
	}
	CHECK(pg_overlay_next(&o, now) == t);
	pg_overlay_link_up(t);
	pg_overlay_link_gone(&o, t, ECONNRESET, now, ~0U);
	wait = pg_overlay_wait(&o, now);
	CHECK(wait >= MIN_MS * 3 / 4 && wait < MIN_MS, "a link that was up begins anew");
	pg_overlay_destroy(&o);
}

/* A host that has dialled us is not dialled over and over. */
static void test_linked(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 0, 0);
	pg_overlay_satisfied(t, 7);
	CHECK(pg_overlay_wait(&o, 0) == ~0ULL);
	CHECK(!pg_overlay_next(&o, 1000 * MAX_MS));
	pg_overlay_node_gone(&o, 8, 1000);
	CHECK(pg_overlay_wait(&o, 1000) == ~0ULL, "another host's link ended");
	pg_overlay_node_gone(&o, 7, 1000);
	CHECK(pg_overlay_next(&o, 1000) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 1000, 0);
	pg_overlay_satisfied(t, 7);
	CHECK(pg_overlay_add(&o, &t->addr, 3, 2000) == t);
	CHECK(pg_overlay_next(&o, 2000) == t, "a program asks for it");
	pg_overlay_destroy(&o);
}

/* Who says that there is a link already, when there is none, has not noticed its end. */
static void test_stale(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	pg_overlay_link_gone(&o, t, EALREADY, 0, 0);
	CHECK(pg_overlay_wait(&o, 0) == MIN_MS, "%llu",
	      (unsigned long long)pg_overlay_wait(&o, 0));
	CHECK(pg_overlay_next(&o, MIN_MS) == t);
	pg_overlay_destroy(&o);
}

/* An address may be another host's by the time that a program asks for it again. */
static void test_moved(void)
{
	struct pg_target *t = start();

	NEED(pg_overlay_next(&o, 0) == t);
	t->self = true;
	pg_overlay_link_gone(&o, t, ELOOP, 0, 0);
	CHECK(!pg_overlay_next(&o, 1000 * MAX_MS), "not by itself");
	CHECK(pg_overlay_add(&o, &t->addr, 3, 2000) == t);
	CHECK(pg_overlay_next(&o, 2000) == t, "a program asks for it");
	pg_overlay_destroy(&o);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "waits double from the least to the most", test_backoff },
		{ "an address whose host is linked has what it wants", test_linked },
		{ "a host that has not noticed a link's end", test_stale },
		{ "an address that was this host's", test_moved },
	};

	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
