// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The members that are there, as links and presence records tell.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include "presence.h"
#include "records.h"

void pgi_presence_key(uint64_t link, uint8_t key[PEERGROUP_ID_LEN])
{
	link = htobe64(link);
	memset(key, 0, PEERGROUP_ID_LEN / 2);
	memcpy(key + PEERGROUP_ID_LEN / 2, &link, sizeof(link));
}

static void forget(struct pgi_present *at)
{
	free(at->name);
	pgi_blob_free(&at->place);
}

void pgi_presence_free(struct pgi_presence *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		forget(&p->list[i]);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

static struct pgi_present *find(const struct pgi_presence *p, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!memcmp(p->list[i].key, key, sizeof(p->list[i].key)))
			return &p->list[i];
	return NULL;
}

bool pgi_presence_has(const struct pgi_presence *p, uint64_t link)
{
	uint8_t key[PEERGROUP_ID_LEN];

	pgi_presence_key(link, key);
	return find(p, key);
}

static bool is_there(const struct pgi_presence *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!strcmp(p->list[i].name, name))
			return true;
	return false;
}

/* @key is new. S_FALSE unless it is the member's first. */
static HRESULT add(struct pgi_presence *p, const uint8_t *key, const char *name,
		   struct pgi_present **at)
{
	bool there = is_there(p, name);
	struct pgi_present *list;

	list = reallocarray(p->list, p->count + 1, sizeof(*list));
	if (!list)
		return E_OUTOFMEMORY;
	p->list = list;
	list += p->count;
	memset(list, 0, sizeof(*list));
	memcpy(list->key, key, sizeof(list->key));
	list->seen = true;
	list->name = strdup(name);
	if (!list->name)
		return E_OUTOFMEMORY;
	p->count++;
	*at = list;
	return there ? S_FALSE : S_OK;
}

HRESULT pgi_presence_add(struct pgi_presence *p, uint64_t link, const char *name)
{
	uint8_t key[PEERGROUP_ID_LEN];
	struct pgi_present *at;

	pgi_presence_key(link, key);
	at = find(p, key);
	if (!at)
		return add(p, key, name, &at);
	at->seen = true;
	return S_FALSE;
}

char *pgi_presence_remove(struct pgi_presence *p, const uint8_t key[PEERGROUP_ID_LEN])
{
	struct pgi_present *at = find(p, key);
	char *name;

	if (!at)
		return NULL;
	name = at->name;
	at->name = NULL;
	forget(at);
	*at = p->list[--p->count];
	if (!is_there(p, name))
		return name;
	free(name);
	return NULL;
}

static HRESULT tell_if(pgi_presence_tell tell, const char *name, uint32_t change, void *arg)
{
	return tell ? tell(name, change, arg) : S_OK;
}

static bool is_same(const struct pgi_blob *place, const struct pgi_parts *parts)
{
	return place->len == parts->size && !memcmp(place->data, parts->data, parts->size);
}

HRESULT pgi_presence_record(struct pgi_presence *p, const struct pgi_record *record,
			    pgi_presence_tell tell, void *arg)
{
	struct pgi_blob place = { 0 };
	struct pgi_parts parts;
	struct pgi_present *at;
	HRESULT hr;

	if (record->flags & PEERGROUP_RECORD_DELETED || !strcmp(record->creator, p->self) ||
	    !pgi_record_parts(&record->wire, &parts))
		return S_OK;
	at = find(p, record->id);
	if (at) {
		at->seen = true;
		if (is_same(&at->place, &parts))
			return S_OK;
		hr = pgi_blob_set(&at->place, parts.data, parts.size);
		return FAILED(hr) ? hr : tell_if(tell, at->name, PEER_MEMBER_UPDATED, arg);
	}
	hr = pgi_blob_set(&place, parts.data, parts.size);
	if (SUCCEEDED(hr))
		hr = add(p, record->id, record->creator, &at);
	if (FAILED(hr)) {
		pgi_blob_free(&place);
		return hr;
	}
	at->place = place;
	/* Who was linked to before has been told of. */
	return hr == S_OK ? tell_if(tell, at->name, PEER_MEMBER_CONNECTED, arg) : S_OK;
}

/* ------------------------------------------------------------- comparing -- */

struct compare {
	struct pgi_presence *p;
	pgi_presence_tell tell;
	void *arg;
	HRESULT hr;
};

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct compare *c = arg;
	const char *name;
	HRESULT hr;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]) != PEERGROUP_LINK_UP ||
	    !a[PEERGROUP_A_LINK_PEER] || a[PEERGROUP_A_LINK_DIRECT])
		return 0;
	name = pgi_nl_str(a[PEERGROUP_A_LINK_PEER]);
	hr = pgi_presence_add(c->p, pgi_nl_u64(a[PEERGROUP_A_LINK_ID]), name);
	if (hr == S_OK)
		hr = tell_if(c->tell, name, PEER_MEMBER_CONNECTED, c->arg);
	if (FAILED(hr))
		c->hr = hr;
	return FAILED(hr) ? -ECANCELED : 0;
}

static HRESULT compare_links(struct compare *c, struct pgi_nl *nl, uint32_t group)
{
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	err = pgi_nl_talk(nl, msg, take_link, c);
	if (FAILED(c->hr))
		return c->hr;
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

static HRESULT compare_record(struct pgi_record **record, void *arg)
{
	struct compare *c = arg;

	return pgi_presence_record(c->p, *record, c->tell, c->arg);
}

/* What the kernel did not name is gone. */
static HRESULT drop_unseen(struct compare *c)
{
	HRESULT hr = S_OK;
	char *name;
	size_t i = 0;

	while (i < c->p->count && SUCCEEDED(hr)) {
		if (c->p->list[i].seen) {
			i++;
			continue;
		}
		name = pgi_presence_remove(c->p, c->p->list[i].key);
		if (name)
			hr = tell_if(c->tell, name, PEER_MEMBER_DISCONNECTED, c->arg);
		free(name);
	}
	return hr;
}

HRESULT pgi_presence_compare(struct pgi_presence *p, struct pgi_nl *nl, uint32_t group,
			     bool records, pgi_presence_tell tell, void *arg)
{
	static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;
	struct pgi_query q = { .group = group, .type = presence };
	struct compare c = { p, tell, arg, S_OK };
	HRESULT hr;
	size_t i;

	for (i = 0; i < p->count; i++)
		p->list[i].seen = false;
	hr = compare_links(&c, nl, group);
	if (SUCCEEDED(hr) && records)
		hr = pgi_fetch(nl, &q, compare_record, &c, NULL);
	return FAILED(hr) ? hr : drop_unseen(&c);
}
