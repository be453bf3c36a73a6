/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of the two types of attributes that are not just text. White space
 * around them does not count.
 */
#ifndef _PEERGROUP_VALUE_H
#define _PEERGROUP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* A signed integer of 64 bits. */
bool pgi_value_int(const char *text, int64_t *value);

/*
 * One of the forms of the W3C note on dates and times; as peer time, and so
 * negative before 1601. What is missing is the first instant of what is there.
 */
bool pgi_value_date(const char *text, int64_t *value);

#endif /* _PEERGROUP_VALUE_H */
