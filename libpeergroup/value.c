// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include "internal.h"
#include "value.h"

#define DAY_SECONDS	86400
#define DAYS_TO_1601	730791		/* as days_to() counts */
#define TICK_DIGITS	7		/* of a fraction of a second that are kept */

static const char *skip_white(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

bool pgi_value_int(const char *text, int64_t *value)
{
	char *end;

	text = skip_white(text);
	if (!strchr("+-0123456789", *text) || !*text)
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return !errno && end != text && !*skip_white(end);
}

/* Exactly @digits digits, between @min and @max; moves *@s behind them. */
static bool number(const char **s, int digits, int min, int max, int *out)
{
	int i;

	*out = 0;
	for (i = 0; i < digits; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return *out >= min && *out <= max;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/*
 * Days since March 1 of the year -400: with the leap day last, the months before it are
 * the same in each year.
 */
static int64_t days_to(int year, int month, int day)
{
	year += 400;
	if (month < 3) {
		year--;
		month += 12;
	}
	return 365LL * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 +
	       day - 1;
}

/* Digits behind a point, as 100 ns; further ones are cut off. */
static bool fraction(const char **s, int64_t *ticks)
{
	int64_t value = 0;
	int digits = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++, digits++)
		if (digits < TICK_DIGITS)
			value = 10 * value + (**s - '0');
	if (!digits)
		return false;
	for (; digits < TICK_DIGITS; digits++)
		value *= 10;
	*ticks += value;
	return true;
}

/* Z, +hh:mm or -hh:mm: how far the clock is ahead of UTC. */
static bool zone(const char **s, int *minutes)
{
	int sign, hours, rest;

	*minutes = 0;
	if (**s == 'Z') {
		(*s)++;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!number(s, 2, 0, 23, &hours) || *(*s)++ != ':' || !number(s, 2, 0, 59, &rest))
		return false;
	*minutes = sign * (60 * hours + rest);
	return true;
}

/* hh:mm[:ss[.s...]] and a time zone; adds them to *@ticks. */
static bool clock_time(const char **s, int64_t *ticks)
{
	int hours, minutes, seconds = 0, ahead;

	if (!number(s, 2, 0, 23, &hours) || *(*s)++ != ':' || !number(s, 2, 0, 59, &minutes))
		return false;
	if (**s == ':') {
		(*s)++;
		if (!number(s, 2, 0, 59, &seconds))
			return false;
		if (**s == '.') {
			(*s)++;
			if (!fraction(s, ticks))
				return false;
		}
	}
	if (!zone(s, &ahead))
		return false;
	*ticks += ((60 * hours + minutes - ahead) * 60LL + seconds) *
		  (int64_t)PEERGROUP_TIME_PER_SECOND;
	return true;
}

bool pgi_value_date(const char *text, int64_t *value)
{
	int year, month = 1, day = 1;
	int64_t ticks = 0;
	bool ok;

	text = skip_white(text);
	ok = number(&text, 4, 0, 9999, &year);
	if (ok && *text == '-') {
		text++;
		ok = number(&text, 2, 1, 12, &month);
		if (ok && *text == '-') {
			text++;
			ok = number(&text, 2, 1, days_in(year, month), &day);
			if (ok && *text == 'T') {
				text++;
				ok = clock_time(&text, &ticks);
			}
		}
	}
	if (!ok || *skip_white(text))
		return false;
	*value = (days_to(year, month, day) - DAYS_TO_1601) * DAY_SECONDS *
		 (int64_t)PEERGROUP_TIME_PER_SECOND + ticks;
	return true;
}
