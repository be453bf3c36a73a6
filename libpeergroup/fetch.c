// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading records: a dump of messages into records, each of one message or, if
 * it is large, of several that follow one another.
 */
#include <errno.h>
#include <stdlib.h>
#include "records.h"

struct fetch {
	pgi_record_fn fn;
	void *arg;
	bool brief;
	struct pgi_record *record;	/* being put together */
	size_t filled;			/* bytes of its wire form so far */
	HRESULT hr;
};

/* Ends the walk; the errno only says that there is a result in f->hr. */
static int stop(struct fetch *f, HRESULT hr)
{
	f->hr = hr;
	return -ECANCELED;
}

static int hand_over(struct fetch *f)
{
	HRESULT hr = f->fn(&f->record, f->arg);

	pgi_record_free(f->record);
	f->record = NULL;
	return hr == S_OK ? 0 : stop(f, hr);
}

static struct pgi_record *new_record(const struct nlattr **a)
{
	const char *creator = pgi_nl_str(a[PEERGROUP_A_RECORD_CREATOR]);
	const char *modifier = pgi_nl_str(a[PEERGROUP_A_RECORD_MODIFIER]);
	size_t creator_len = strlen(creator) + 1, modifier_len = strlen(modifier) + 1;
	struct pgi_record *r;
	char *names;

	r = calloc(1, sizeof(*r) + creator_len + modifier_len);
	if (!r)
		return NULL;
	names = (char *)(r + 1);
	r->creator = memcpy(names, creator, creator_len);
	r->modifier = memcpy(names + creator_len, modifier, modifier_len);
	pgi_nl_bytes(a[PEERGROUP_A_RECORD_ID], r->id, sizeof(r->id));
	pgi_nl_bytes(a[PEERGROUP_A_RECORD_TYPE], r->type, sizeof(r->type));
	r->version = pgi_nl_u32(a[PEERGROUP_A_RECORD_VERSION]);
	r->flags = pgi_nl_u32(a[PEERGROUP_A_RECORD_FLAGS]);
	r->created = pgi_nl_u64(a[PEERGROUP_A_RECORD_CREATED]);
	r->modified = pgi_nl_u64(a[PEERGROUP_A_RECORD_MODIFIED]);
	r->expires = pgi_nl_u64(a[PEERGROUP_A_RECORD_EXPIRES]);
	r->seq = pgi_nl_u64(a[PEERGROUP_A_RECORD_SEQ]);
	r->change = pgi_nl_u32(a[PEERGROUP_A_RECORD_CHANGE]);
	r->refreshed = a[PEERGROUP_A_RECORD_REFRESHED];
	return r;
}

static int begin(struct fetch *f, const struct nlattr **a)
{
	uint32_t size = pgi_nl_u32(a[PEERGROUP_A_RECORD_SIZE]);

	pgi_record_free(f->record);
	f->filled = 0;
	f->record = new_record(a);
	if (!f->record)
		return stop(f, E_OUTOFMEMORY);
	/* Brief answers tell the size of what they leave out. */
	if (!a[PEERGROUP_A_RECORD_WIRE] || f->brief)
		return 0;
	f->record->wire.data = malloc(size ? size : 1);
	if (!f->record->wire.data)
		return stop(f, E_OUTOFMEMORY);
	f->record->wire.len = size;
	return 0;
}

static int take_chunk(struct fetch *f, const struct nlattr *chunk)
{
	size_t len = mnl_attr_get_payload_len(chunk);

	if (len > f->record->wire.len - f->filled)
		return stop(f, pgi_fail(E_UNEXPECTED, "the kernel sent more than a record"));
	memcpy(f->record->wire.data + f->filled, mnl_attr_get_payload(chunk), len);
	f->filled += len;
	return 0;
}

static int take_record(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_RECORD_MAX + 1];
	struct fetch *f = arg;
	int err;

	pgi_nl_parse(msg, a, PEERGROUP_A_RECORD_MAX);
	if (!pgi_nl_u32(a[PEERGROUP_A_RECORD_OFFSET])) {
		err = begin(f, a);
		if (err)
			return err;
	}
	if (f->record && f->record->wire.data && a[PEERGROUP_A_RECORD_WIRE]) {
		err = take_chunk(f, a[PEERGROUP_A_RECORD_WIRE]);
		if (err)
			return err;
	}
	if (f->record && f->filled == f->record->wire.len)
		return hand_over(f);
	return 0;
}

static void put_box(struct nlmsghdr *msg, const struct pgi_box *box)
{
	if (box->creator)
		mnl_attr_put_strz(msg, PEERGROUP_A_RECORD_CREATOR, box->creator);
	if (box->created[0])
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_CREATED_FROM, box->created[0]);
	if (box->created[1] != UINT64_MAX)
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_CREATED_TO, box->created[1]);
	if (box->modified[0])
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_MODIFIED_FROM, box->modified[0]);
	if (box->modified[1] != UINT64_MAX)
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_MODIFIED_TO, box->modified[1]);
}

HRESULT pgi_fetch(struct pgi_nl *nl, const struct pgi_query *q, pgi_record_fn fn, void *arg,
		  int *err)
{
	struct fetch f = { .fn = fn, .arg = arg, .brief = q->brief, .hr = S_OK };
	struct nlmsghdr *msg;
	int ret;

	msg = pgi_nl_request(nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, q->group);
	if (q->id)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, q->id);
	if (q->type)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_TYPE, PEERGROUP_ID_LEN, q->type);
	if (q->since)
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_SINCE, *q->since);
	if (q->box)
		put_box(msg, q->box);
	if (q->brief)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_BRIEF, 0, NULL);
	if (q->tombstones)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_TOMBSTONES, 0, NULL);
	ret = q->leave ? pgi_nl_talk_or_leave(nl, msg, take_record, &f) :
			 pgi_nl_talk(nl, msg, take_record, &f);
	pgi_record_free(f.record);
	if (err)
		*err = f.hr == S_OK ? ret : 0;
	if (f.hr != S_OK)
		return f.hr;
	return ret ? pgi_nl_fail(nl, ret) : S_OK;
}

static HRESULT keep_record(struct pgi_record **record, void *arg)
{
	struct pgi_record **kept = arg;

	pgi_record_free(*kept);
	*kept = *record;
	*record = NULL;
	return S_OK;
}

HRESULT pgi_fetch_one(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		      struct pgi_record **record)
{
	struct pgi_query q = { .group = group->index, .id = id, .tombstones = true };
	HRESULT hr;
	int err;

	*record = NULL;
	pthread_mutex_lock(&group->lock);
	hr = pgi_fetch(&group->nl, &q, keep_record, record, &err);
	pthread_mutex_unlock(&group->lock);
	if (SUCCEEDED(hr) && !*record)
		return pgi_fail(PEER_E_RECORD_NOT_FOUND, "there is no such record");
	if (FAILED(hr)) {
		pgi_record_free(*record);
		*record = NULL;
	}
	return hr;
}
