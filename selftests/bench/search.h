/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a search costs while the table grows. The same few records are looked for
 * each time, so that the figures tell whether the rest of the table counts.
 */
#ifndef _BENCH_SEARCH_H
#define _BENCH_SEARCH_H

#include <peergroup.h>

#define SEARCH_RARE	100	/* records that are looked for */

/* Adds these records, of two creators. */
void search_prepare(peergroup_t group);
/* Prints one line per kind of search; @table is how many records there are beside. */
void search_measure(peergroup_t group, unsigned int table);

#endif
