// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer time: the median, its bounds, and that time does not run backwards.
 */
#include <string.h>
#include <linux/kernel.h>
#include "clock.h"
#include "tap.h"

#define SEC	((s64)PG_TIME_SECOND)

struct median {
	unsigned int n;
	s64 in[6];
	s64 out;
};

static void test_median(void)
{
	static const struct median cases[] = {
		{ 0, { 0 }, 0 },
		{ 1, { 4 * SEC }, 2 * SEC },
		{ 1, { -4 * SEC }, -2 * SEC },
		{ 2, { 4 * SEC, 8 * SEC }, 4 * SEC },
		{ 2, { 8 * SEC, -4 * SEC }, 0 },
		{ 2, { -8 * SEC, -4 * SEC }, -4 * SEC },
		{ 3, { 9 * SEC, 1 * SEC, 3 * SEC }, 2 * SEC },
		{ 3, { 9 * SEC, -1 * SEC, 3 * SEC }, (3 * SEC) / 2 },
		{ 4, { 5 * SEC, 7 * SEC, 6 * SEC, 9 * SEC }, 6 * SEC },
		{ 5, { 5 * SEC, 7 * SEC, 6 * SEC, -9 * SEC, 600 * SEC }, (11 * SEC) / 2 },
		{ 2, { 300 * SEC, 400 * SEC }, 60 * SEC },
		{ 3, { -300 * SEC, -300 * SEC, -400 * SEC }, -60 * SEC },
		{ 4, { S64_MAX, S64_MAX, S64_MIN, S64_MAX }, 60 * SEC },
		{ 4, { S64_MIN, S64_MIN, S64_MIN, S64_MIN }, -60 * SEC },
		{ 2, { S64_MIN, S64_MAX }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pg_clock clock = { .offset = 123 };
		s64 in[6];

		memcpy(in, cases[i].in, sizeof(in));
		pg_clock_adjust(&clock, in, cases[i].n);
		CHECK(clock.offset == cases[i].out, "case %u gives %lld", i, clock.offset);
	}
}

/* One liar in three, or sixteen of thirty-two, move time no further than the honest are. */
static void test_liars(void)
{
	struct pg_clock clock = { 0 };
	s64 in[PG_CLOCK_SAMPLES];
	unsigned int i;

	for (i = 0; i < PG_CLOCK_SAMPLES; i++)
		in[i] = i < PG_CLOCK_SAMPLES / 2 ? S64_MAX : (s64)i * SEC / 100;
	pg_clock_adjust(&clock, in, PG_CLOCK_SAMPLES);
	CHECK(clock.offset <= SEC, "%lld", clock.offset);
	CHECK(clock.offset >= 0, "%lld", clock.offset);
}

static void test_forward(void)
{
	struct pg_clock clock = { 0 };
	u64 host = PG_TIME_UNIX_EPOCH + 1000000 * PG_TIME_SECOND, last = 0;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		s64 in[1] = { (s64)(i * 7919 % 1200) * SEC - 600 * SEC };
		u64 now;

		pg_clock_adjust(&clock, in, 1);
		host += PG_TIME_SECOND / 10;
		now = pg_clock_now(&clock, host);
		CHECK(now >= last, "round %u", i);
		CHECK(now - host + 120 * PG_TIME_SECOND <= 240 * PG_TIME_SECOND, "round %u", i);
		last = now;
	}
}

static void test_host_set_back(void)
{
	struct pg_clock clock = { 0 };
	u64 host = PG_TIME_UNIX_EPOCH + 1000000 * PG_TIME_SECOND;

	pg_clock_now(&clock, host);
	CHECK(pg_clock_now(&clock, host - 100 * PG_TIME_SECOND) == host);
	CHECK(pg_clock_now(&clock, host - 3600 * PG_TIME_SECOND) == host - 3600 * PG_TIME_SECOND);
	CHECK(pg_clock_now(&clock, host - 3599 * PG_TIME_SECOND) == host - 3599 * PG_TIME_SECOND);
}

static void test_units(void)
{
	CHECK(pg_time_from_ns(0) == PG_TIME_UNIX_EPOCH);
	CHECK(pg_time_from_ns(1000000000ULL) == PG_TIME_UNIX_EPOCH + PG_TIME_SECOND);
	CHECK(pg_time_from_ns(199) == PG_TIME_UNIX_EPOCH + 1);
	CHECK(pg_clock_acceptable(0, PG_CLOCK_SKEW_MAX));
	CHECK(!pg_clock_acceptable(0, PG_CLOCK_SKEW_MAX + 1));
	CHECK(pg_clock_acceptable(PG_CLOCK_SKEW_MAX, 0));
	CHECK(!pg_clock_acceptable(~0ULL, 0));
}

static void test_smooth(void)
{
	const s64 step = 60 * (s64)PG_TIME_SECOND;
	s64 offset = 0;
	int i;

	CHECK(pg_clock_smooth(5, 5) == 5);
	CHECK(pg_clock_smooth(0, step) > 0 && pg_clock_smooth(0, step) < step / 4);
	CHECK(pg_clock_smooth(0, -step) == -pg_clock_smooth(0, step));
	/* A clock that was set is followed in the end, and never overshot. */
	for (i = 0; i < 100; i++) {
		s64 next = pg_clock_smooth(offset, -step);

		CHECK(next <= offset && next >= -step);
		offset = next;
	}
	CHECK(offset < -step + (s64)PG_TIME_SECOND);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "median of the neighbours' offsets and 0", test_median },
		{ "a minority of liars does not move peer time", test_liars },
		{ "peer time never runs backwards as offsets change", test_forward },
		{ "peer time follows a host clock that is set back", test_host_set_back },
		{ "units and the bound between two hosts", test_units },
		{ "a neighbour's offset follows its clock", test_smooth },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
