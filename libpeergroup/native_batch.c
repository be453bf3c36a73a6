// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Batches for programs of <peergroup.h>: any number of records, in as many batches as
 * it takes. What a batch is, is in batch.c.
 */
#include <stdlib.h>
#include "records.h"

struct many {
	struct pgi_group *group;
	struct peergroup_batch_record *records;
	size_t count;
	bool update;
	HRESULT (*progress)(size_t done, size_t count, void *arg);
	void *arg;
	size_t at;			/* records before the batch that is being made */
	struct pgi_batch_item *items;
};

static HRESULT told(size_t done, void *arg)
{
	const struct many *m = arg;

	return m->progress(m->at + done, m->count, m->arg);
}

static HRESULT take_item(const struct many *m, const struct peergroup_batch_record *r,
			 struct pgi_batch_item *item)
{
	HRESULT hr = pgi_check_record(&r->content);

	memset(item, 0, sizeof(*item));
	if (SUCCEEDED(hr))
		hr = pgi_take_content(m->group, &r->content, m->update, &item->content);
	if (m->update)
		memcpy(item->id, r->id, sizeof(item->id));
	else
		item->content.type = r->type;
	return hr;
}

static void give_item(const struct many *m, const struct pgi_batch_item *item,
		      struct peergroup_batch_record *r)
{
	r->result = item->hr;
	if (!m->update && SUCCEEDED(item->hr))
		memcpy(r->id, item->id, sizeof(r->id));
}

/* One signature. */
static HRESULT make_batch(struct many *m, size_t n)
{
	HRESULT hr;
	size_t i;

	for (i = 0; i < n; i++)
		m->items[i].hr = take_item(m, &m->records[m->at + i], &m->items[i]);
	hr = pgi_record_batch(m->group, m->items, n, m->update, m->progress ? told : NULL, m);
	for (i = 0; i < n; i++)
		give_item(m, &m->items[i], &m->records[m->at + i]);
	if (SUCCEEDED(hr))
		m->at += n;
	return hr;
}

static HRESULT make_all(struct many *m)
{
	HRESULT hr = S_OK;
	size_t n;

	while (m->at < m->count && hr == S_OK) {
		n = m->count - m->at;
		if (n > PEERGROUP_BATCH_MAX)
			n = PEERGROUP_BATCH_MAX;
		hr = make_batch(m, n);
	}
	return hr;
}

/* S_FALSE where a record was refused. */
static HRESULT count_refused(const struct many *m)
{
	size_t i, n = 0, first = 0;

	for (i = m->count; i-- > 0;) {
		if (FAILED(m->records[i].result)) {
			first = i;
			n++;
		}
	}
	if (!n)
		return S_OK;
	return pgi_fail(S_FALSE, "%zu of %zu records were refused, the first is number %zu: %s",
			n, m->count, first,
			peergroup_strerror(m->records[first].result));
}

static HRESULT batch(peergroup_t handle, struct many *m)
{
	HRESULT hr;
	size_t i;

	pgi_clear_error();
	if (m->count && !m->records)
		return pgi_fail(E_INVALIDARG, "records is NULL");
	for (i = 0; i < m->count; i++) {
		m->records[i].result = E_ABORT;
		if (!m->update)
			uuid_clear(m->records[i].id);
	}
	hr = pgi_group_find(handle, &m->group);
	if (FAILED(hr))
		return hr;
	m->items = calloc(m->count < PEERGROUP_BATCH_MAX ? m->count : PEERGROUP_BATCH_MAX,
			  sizeof(*m->items));
	hr = m->items || !m->count ? make_all(m) : E_OUTOFMEMORY;
	free(m->items);
	pgi_group_put(m->group);
	return hr == S_OK ? count_refused(m) : hr;
}

PGI_PUBLIC HRESULT peergroup_add_batch(peergroup_t handle,
				       struct peergroup_batch_record *records, size_t count,
				       HRESULT (*progress)(size_t done, size_t count, void *arg),
				       void *arg)
{
	struct many m = { .records = records, .count = count, .progress = progress, .arg = arg };

	return batch(handle, &m);
}

PGI_PUBLIC HRESULT peergroup_update_batch(peergroup_t handle,
					  struct peergroup_batch_record *records, size_t count,
					  HRESULT (*progress)(size_t done, size_t count,
							      void *arg),
					  void *arg)
{
	struct many m = { .records = records, .count = count, .update = true,
			  .progress = progress, .arg = arg };

	return batch(handle, &m);
}
