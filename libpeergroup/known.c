// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A set of record ids: open addressing with linear probing, no tombstones. Half
 * of an id is chosen by its creator, so the hash is keyed.
 */
#include <stdlib.h>
#include <sys/random.h>
#include "known.h"

#define FIRST_SIZE	64

static size_t slot_of(const struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN])
{
	uint64_t high, low, h;

	memcpy(&high, id, sizeof(high));
	memcpy(&low, id + sizeof(high), sizeof(low));
	h = (low ^ known->seed) * 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 32 ^ high) * 0xd6e8feb86659fd93ULL;
	return (size_t)(h ^ h >> 32) & (known->size - 1);
}

void pgi_known_free(struct pgi_known *known)
{
	free(known->slots);
	memset(known, 0, sizeof(*known));
}

/* The entry, or the empty slot where it would be. */
static struct pgi_known_entry *probe(struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN])
{
	size_t i = slot_of(known, id);

	while (known->slots[i].mark && memcmp(known->slots[i].id, id, PEERGROUP_ID_LEN))
		i = (i + 1) & (known->size - 1);
	return &known->slots[i];
}

struct pgi_known_entry *pgi_known_find(struct pgi_known *known,
				       const uint8_t id[PEERGROUP_ID_LEN])
{
	struct pgi_known_entry *e;

	if (!known->size)
		return NULL;
	e = probe(known, id);
	return e->mark ? e : NULL;
}

static HRESULT grow(struct pgi_known *known)
{
	struct pgi_known bigger = *known;
	size_t i;

	bigger.size = known->size ? 2 * known->size : FIRST_SIZE;
	if (!known->size) {
		bigger.mark = 1;
		/* A seed of what memory held is no catastrophe. */
		if (getrandom(&bigger.seed, sizeof(bigger.seed), GRND_NONBLOCK) < 0)
			bigger.seed = (uint64_t)(uintptr_t)known;
	}
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return E_OUTOFMEMORY;
	for (i = 0; i < known->size; i++) {
		if (known->slots[i].mark)
			*probe(&bigger, known->slots[i].id) = known->slots[i];
	}
	free(known->slots);
	*known = bigger;
	return S_OK;
}

HRESULT pgi_known_add(struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN],
		      const uint8_t type[PEERGROUP_ID_LEN])
{
	struct pgi_known_entry *e;
	HRESULT hr;

	if (2 * (known->count + 1) > known->size) {
		hr = grow(known);
		if (FAILED(hr))
			return hr;
	}
	e = probe(known, id);
	if (!e->mark) {
		memcpy(e->id, id, sizeof(e->id));
		memcpy(e->type, type, sizeof(e->type));
		known->count++;
	}
	e->mark = known->mark;
	return S_OK;
}

/* Moves up what the hole would cut off from its place. */
static void close_hole(struct pgi_known *known, size_t hole)
{
	size_t mask = known->size - 1, i, home;

	for (i = (hole + 1) & mask; known->slots[i].mark; i = (i + 1) & mask) {
		home = slot_of(known, known->slots[i].id);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		known->slots[hole] = known->slots[i];
		hole = i;
	}
	known->slots[hole].mark = 0;
}

bool pgi_known_remove(struct pgi_known *known, const uint8_t id[PEERGROUP_ID_LEN])
{
	struct pgi_known_entry *e = pgi_known_find(known, id);

	if (!e)
		return false;
	known->count--;
	close_hole(known, (size_t)(e - known->slots));
	return true;
}

/* All: the last round may not have come to its end, so that some have either mark. */
void pgi_known_unmark(struct pgi_known *known)
{
	uint8_t was = known->mark;
	size_t i;

	known->mark = was == 1 ? 2 : 1;
	for (i = 0; i < known->size; i++)
		if (known->slots[i].mark)
			known->slots[i].mark = was;
}

bool pgi_known_pop_unmarked(struct pgi_known *known, size_t *from,
			    struct pgi_known_entry *entry)
{
	struct pgi_known_entry *e;

	/* Closing a hole may bring the next one to the same place: look there again. */
	for (; *from < known->size; (*from)++) {
		e = &known->slots[*from];
		if (!e->mark || e->mark == known->mark)
			continue;
		*entry = *e;
		known->count--;
		close_hole(known, *from);
		return true;
	}
	return false;
}
