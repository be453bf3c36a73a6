// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of what reconciliations have brought, by the clock of who looks, which may have
 * been read before that of who counted.
 */
#include "quota.h"
#include "tap.h"

#define RATE	100
#define AT	1000U

static u32 left(u32 then, u32 n, u32 rate, u32 now)
{
	return pg_backlog_left((u64)then << 32 | n, rate, now);
}

static void test_made_up(void)
{
	CHECK(left(AT, 5000, RATE, AT) == 5000);
	CHECK(left(AT, 5000, RATE, AT + 1) == 5000 - RATE);
	CHECK(left(AT, 5000, RATE, AT + 49) == RATE);
	CHECK(!left(AT, 5000, RATE, AT + 50));
	CHECK(!left(AT, 5000, RATE, AT + 51));
	CHECK(!left(AT, 0, RATE, AT + 51));
	CHECK(left(AT, U32_MAX, 1, AT + 1000) == U32_MAX - 1000);
	CHECK(!left(AT, U32_MAX, U32_MAX, AT + 1));
	CHECK(!left(AT, U32_MAX, U32_MAX, AT + 0x7fffffff), "an overflow");
}

/* Somebody else counted between the look at the clock and that at what is left. */
static void test_behind(void)
{
	CHECK(left(AT, 5000, RATE, AT - 1) == 5000, "all the time there is has gone by");
	CHECK(left(0, 5000, RATE, U32_MAX) == 5000);
}

static void test_wrapped(void)
{
	CHECK(left(U32_MAX, 5000, RATE, 0) == 5000 - RATE);
	CHECK(left(U32_MAX - 1, 5000, RATE, 1) == 5000 - 3 * RATE);
}

static void test_add(void)
{
	atomic64_t backlog;

	atomic64_set(&backlog, 0);
	pg_backlog_add(&backlog, 64, RATE, AT);
	pg_backlog_add(&backlog, 936, RATE, AT);
	CHECK(pg_backlog_left(atomic64_read(&backlog), RATE, AT) == 1000);
	pg_backlog_add(&backlog, 1, RATE, AT + 2);
	CHECK(pg_backlog_left(atomic64_read(&backlog), RATE, AT + 2) == 801);
	CHECK(pg_backlog_left(atomic64_read(&backlog), RATE, AT + 1) == 801);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "the rate makes up for it", test_made_up },
		{ "a clock that was read before", test_behind },
		{ "seconds that wrap around", test_wrapped },
		{ "more is counted", test_add },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
