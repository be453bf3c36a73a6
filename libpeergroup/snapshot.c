// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records as the kernel gave them, kept: for enumerations, which are snapshots, and
 * for searches, which may meet a record twice.
 */
#include <stdlib.h>
#include "records.h"

HRESULT pgi_snapshot_add(struct pgi_record **record, void *arg)
{
	struct pgi_snapshot *s = arg;
	struct pgi_record **more;
	size_t room;

	if (s->count == s->room) {
		room = s->room ? 2 * s->room : 64;
		more = realloc(s->records, room * sizeof(*more));
		if (!more)
			return E_OUTOFMEMORY;
		s->records = more;
		s->room = room;
	}
	s->records[s->count++] = *record;
	*record = NULL;
	return S_OK;
}

static void free_records(void *items, size_t count)
{
	struct pgi_record **records = items;
	size_t i;

	for (i = 0; i < count; i++)
		pgi_record_free(records[i]);
	free(records);
}

void pgi_snapshot_free(struct pgi_snapshot *s)
{
	free_records(s->records, s->count);
	memset(s, 0, sizeof(*s));
}

/* By id, the latest version first; each change has a number of its own. */
static int compare_records(const void *a, const void *b)
{
	const struct pgi_record *x = *(struct pgi_record *const *)a;
	const struct pgi_record *y = *(struct pgi_record *const *)b;
	int order = memcmp(x->id, y->id, sizeof(x->id));

	if (order || x->seq == y->seq)
		return order;
	return x->seq > y->seq ? -1 : 1;
}

void pgi_snapshot_unique(struct pgi_snapshot *s)
{
	size_t i, count = 0;

	if (s->count < 2)
		return;
	qsort(s->records, s->count, sizeof(*s->records), compare_records);
	for (i = 0; i < s->count; i++) {
		struct pgi_record *r = s->records[i];

		if (count && !memcmp(r->id, s->records[count - 1]->id, sizeof(r->id)))
			pgi_record_free(r);
		else
			s->records[count++] = r;
	}
	s->count = count;
}

static HRESULT copy_record(void *items, size_t i, void *top, void **item)
{
	struct pgi_record **records = items;
	PEER_RECORD *out = pgi_sub(top, sizeof(*out));

	*item = out;
	return out ? pgi_record_to_peer(records[i], top, out) : E_OUTOFMEMORY;
}

static const struct pgi_enum_ops record_ops = {
	.copy = copy_record,
	.free_items = free_records,
};

HRESULT pgi_snapshot_enum(struct pgi_snapshot *s, HPEERENUM *handle)
{
	HRESULT hr = pgi_enum_new(&record_ops, s->records, s->count, handle);

	if (FAILED(hr))
		pgi_snapshot_free(s);
	memset(s, 0, sizeof(*s));
	return hr;
}
