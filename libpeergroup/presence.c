// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The members that are there, as links and presence records tell.
 */
#include <endian.h>
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include "presence.h"
#include "records.h"

void pgi_presence_key(uint64_t link, uint8_t key[PEERGROUP_ID_LEN])
{
	link = htobe64(link);
	memset(key, 0, PEERGROUP_ID_LEN / 2);
	memcpy(key + PEERGROUP_ID_LEN / 2, &link, sizeof(link));
}

static uint64_t cert_of(const struct nlattr *fingerprint)
{
	uint8_t bytes[PEERGROUP_HASH_LEN];
	uint64_t cert;

	pgi_nl_bytes(fingerprint, bytes, sizeof(bytes));
	memcpy(&cert, bytes, sizeof(cert));
	return cert;
}

/* A member, by its name. */
struct member {
	const char *name;		/* first, as members are looked up by such a pointer */
	size_t reasons;			/* for which it is there */
	bool untold, holds;		/* of certificates: it is new; another one holds, */
	uint64_t cert;			/* ... the last of which is this */
	char text[];
};

/* One reason for which a member is there. */
struct pgi_present {
	uint8_t key[PEERGROUP_ID_LEN];	/* a record's id; or a link's, by pgi_presence_key() */
	struct member *member;		/* NULL: it is this very node */
	struct pgi_blob place;		/* what the record says; empty of a link */
	size_t index;			/* in the list */
	bool seen;			/* by the comparison under way */
};

/* ----------------------------------------------------------------- trees -- */

/* Both compare what is looked for, which may be what a tree has. */
static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, PEERGROUP_ID_LEN);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct pgi_present *find(const struct pgi_presence *p, const uint8_t *key)
{
	void *at = tfind(key, &p->by_key, by_key);

	return at ? *(struct pgi_present **)at : NULL;
}

static struct member *find_member(const struct pgi_presence *p, const char *name)
{
	void *at = tfind(&name, &p->by_name, by_name);

	return at ? *(struct member **)at : NULL;
}

static struct member *new_member(const char *name)
{
	size_t len = strlen(name) + 1;
	struct member *m = malloc(sizeof(*m) + len);

	if (m) {
		m->reasons = 0;
		m->untold = false;
		m->holds = false;
		m->cert = 0;
		m->name = memcpy(m->text, name, len);
	}
	return m;
}

/* Finds or makes it: NULL without memory. */
static struct member *get_member(struct pgi_presence *p, const char *name)
{
	struct member *m = find_member(p, name);

	if (m)
		return m;
	m = new_member(name);
	if (m && !tsearch(m, &p->by_name, by_name)) {
		free(m);
		return NULL;
	}
	return m;
}

static void put_member(struct pgi_presence *p, struct member *m)
{
	if (!m || m->reasons)
		return;
	tdelete(m, &p->by_name, by_name);
	free(m);
}

static void drop(struct pgi_presence *p, struct pgi_present *at)
{
	struct pgi_present *last = p->list[--p->count];

	tdelete(at->key, &p->by_key, by_key);
	p->list[at->index] = last;
	last->index = at->index;
	if (at->member)
		at->member->reasons--;
	put_member(p, at->member);
	pgi_blob_free(&at->place);
	free(at);
}

void pgi_presence_free(struct pgi_presence *p)
{
	while (p->count)
		drop(p, p->list[p->count - 1]);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

/* A new one, in the list and the tree, of @member (NULL: none); NULL without memory. */
static struct pgi_present *new_present(struct pgi_presence *p, const uint8_t *key,
				       struct member *member)
{
	struct pgi_present *at = calloc(1, sizeof(*at)), **list;

	list = reallocarray(p->list, p->count + 1, sizeof(*list));
	if (list)
		p->list = list;
	if (at)
		memcpy(at->key, key, sizeof(at->key));
	if (!list || !at || !tsearch(at, &p->by_key, by_key)) {
		free(at);
		return NULL;
	}
	at->index = p->count;
	at->member = member;
	if (member)
		member->reasons++;
	at->seen = true;
	p->list[p->count++] = at;
	return at;
}

/* @key is new. S_FALSE unless it is the member's first. */
static HRESULT add(struct pgi_presence *p, const uint8_t *key, const char *name,
		   struct pgi_present **at)
{
	struct member *m = get_member(p, name);

	*at = m ? new_present(p, key, m) : NULL;
	if (!*at) {
		put_member(p, m);
		return E_OUTOFMEMORY;
	}
	return m->reasons > 1 ? S_FALSE : S_OK;
}

/* ----------------------------------------------------------------- links -- */

bool pgi_presence_has(const struct pgi_presence *p, uint64_t link)
{
	uint8_t key[PEERGROUP_ID_LEN];

	pgi_presence_key(link, key);
	return find(p, key);
}

bool pgi_presence_has_member(const struct pgi_presence *p, const char *name)
{
	return find_member(p, name);
}

static HRESULT add_link(struct pgi_presence *p, uint64_t link, const char *name)
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

static HRESULT tell_if(pgi_presence_tell tell, const char *name, uint32_t change, void *arg)
{
	return tell ? tell(name, change, arg) : S_OK;
}

HRESULT pgi_presence_link(struct pgi_presence *p, uint64_t link, const char *name,
			  pgi_presence_tell tell, void *arg)
{
	uint8_t key[PEERGROUP_ID_LEN];
	HRESULT hr = add_link(p, link, name);

	if (hr == S_OK)
		hr = tell_if(tell, name, PEER_MEMBER_CONNECTED, arg);
	pgi_presence_key(link, key);
	if (FAILED(hr) && find(p, key))
		drop(p, find(p, key));	/* to be told the next time */
	return hr;
}

static HRESULT gone(struct pgi_presence *p, struct pgi_present *at, pgi_presence_tell tell,
		    void *arg)
{
	HRESULT hr = S_OK;

	if (at->member && at->member->reasons == 1)
		hr = tell_if(tell, at->member->name, PEER_MEMBER_DISCONNECTED, arg);
	if (SUCCEEDED(hr))
		drop(p, at);
	return hr;
}

HRESULT pgi_presence_gone(struct pgi_presence *p, const uint8_t key[PEERGROUP_ID_LEN],
			  pgi_presence_tell tell, void *arg)
{
	struct pgi_present *at = find(p, key);

	return at ? gone(p, at, tell, arg) : S_OK;
}

/* --------------------------------------------------------------- records -- */

/* This very node's is kept for what changes in it. */
static HRESULT add_record(struct pgi_presence *p, const struct pgi_record *record,
			  struct pgi_present **at)
{
	if (memcmp(record->id, p->own, sizeof(p->own)))
		return add(p, record->id, record->creator, at);
	*at = new_present(p, record->id, NULL);
	return *at ? S_FALSE : E_OUTOFMEMORY;
}

static bool is_too_many(const struct pgi_presence *p, const char *name)
{
	const struct member *m = find_member(p, name);

	return m && m->reasons >= PGI_NODES_MAX;
}

static HRESULT take_new(struct pgi_presence *p, const struct pgi_record *record,
			const struct pgi_parts *parts, pgi_presence_tell tell, void *arg)
{
	struct pgi_present *at;
	HRESULT hr, first;

	if (is_too_many(p, record->creator))
		return S_OK;
	first = add_record(p, record, &at);
	if (FAILED(first))
		return first;
	hr = pgi_blob_set(&at->place, parts->data, parts->size);
	/* Who was linked to before has been told of. */
	if (SUCCEEDED(hr) && first == S_OK)
		hr = tell_if(tell, at->member->name, PEER_MEMBER_CONNECTED, arg);
	if (FAILED(hr))
		drop(p, at);	/* to be told the next time */
	return hr;
}

HRESULT pgi_presence_record(struct pgi_presence *p, const struct pgi_record *record,
			    pgi_presence_tell tell, void *arg)
{
	struct pgi_parts parts;
	struct pgi_present *at;
	HRESULT hr;

	if (record->flags & PEERGROUP_RECORD_DELETED || !pgi_record_parts(&record->wire, &parts))
		return S_OK;
	at = find(p, record->id);
	if (!at)
		return take_new(p, record, &parts, tell, arg);
	at->seen = true;
	if (at->place.len == parts.size && !memcmp(at->place.data, parts.data, parts.size))
		return S_OK;
	hr = tell_if(tell, record->creator, PEER_MEMBER_UPDATED, arg);
	return FAILED(hr) ? hr : pgi_blob_set(&at->place, parts.data, parts.size);
}

/* ------------------------------------------------------------- comparing -- */

struct compare {
	struct pgi_presence *p, *again;
	pgi_presence_tell tell;
	void *arg;
	HRESULT hr;
	uint64_t now;			/* of certificates: peer time; */
	bool untold;			/* ... of a member that was not among them */
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
	hr = pgi_presence_link(c->p, pgi_nl_u64(a[PEERGROUP_A_LINK_ID]), name, c->tell, c->arg);
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
	size_t i = 0;

	while (i < c->p->count && SUCCEEDED(hr)) {
		if (c->p->list[i]->seen)
			i++;
		else
			hr = gone(c->p, c->p->list[i], c->tell, c->arg);
	}
	return hr;
}

HRESULT pgi_presence_compare(struct pgi_presence *p, struct pgi_nl *nl, uint32_t group,
			     bool records, pgi_presence_tell tell, void *arg)
{
	static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;
	struct pgi_query q = { .group = group, .type = presence };
	struct compare c = { .p = p, .tell = tell, .arg = arg, .hr = S_OK };
	HRESULT hr;
	size_t i;

	for (i = 0; i < p->count; i++)
		p->list[i]->seen = false;
	hr = compare_links(&c, nl, group);
	if (SUCCEEDED(hr) && records)
		hr = pgi_fetch(nl, &q, compare_record, &c, NULL);
	return FAILED(hr) ? hr : drop_unseen(&c);
}

/* As members.c has it. */
static bool holds(const struct nlattr **a, uint64_t now)
{
	return !a[PEERGROUP_A_MEMBER_REVOKED] &&
	       pgi_nl_u64(a[PEERGROUP_A_MEMBER_NOT_BEFORE]) <= now &&
	       now < pgi_nl_u64(a[PEERGROUP_A_MEMBER_NOT_AFTER]);
}

static void await_cert(struct pgi_presence *p, uint64_t begins, uint64_t now)
{
	if (begins > now && (!p->due || begins < p->due))
		p->due = begins;
}

/* One that holds, or will: where its member is not here yet another dump is to tell. */
static int take_good(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_MEMBER_MAX + 1];
	struct compare *c = arg;
	struct member *m;

	pgi_nl_parse(msg, a, PEERGROUP_A_MEMBER_MAX);
	m = find_member(c->p, pgi_nl_str(a[PEERGROUP_A_MEMBER_NAME]));
	if (!m || a[PEERGROUP_A_MEMBER_REVOKED])
		return 0;
	await_cert(c->p, pgi_nl_u64(a[PEERGROUP_A_MEMBER_NOT_BEFORE]), c->now);
	if (holds(a, c->now)) {
		m->holds = true;
		m->cert = cert_of(a[PEERGROUP_A_MEMBER_FINGERPRINT]);
	}
	return 0;
}

/* One that was revoked, or holds. Memory is needed for what is new only. */
static int take_cert(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_MEMBER_MAX + 1];
	uint8_t key[PEERGROUP_ID_LEN];
	struct compare *c = arg;
	struct pgi_present *at;
	HRESULT hr = S_FALSE;

	pgi_nl_parse(msg, a, PEERGROUP_A_MEMBER_MAX);
	if (!a[PEERGROUP_A_MEMBER_REVOKED])
		return take_good(msg, arg);
	pgi_presence_key(cert_of(a[PEERGROUP_A_MEMBER_FINGERPRINT]), key);
	at = find(c->p, key);
	if (!at)
		hr = add(c->p, key, pgi_nl_str(a[PEERGROUP_A_MEMBER_NAME]), &at);
	if (FAILED(hr)) {
		c->hr = hr;
		return -ECANCELED;
	}
	at->seen = true;
	at->member->untold |= hr == S_OK;
	c->untold |= hr == S_OK;
	return 0;
}

static HRESULT dump_certs(struct compare *c, struct pgi_nl *nl, uint32_t group,
			  pgi_nl_answer take)
{
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	err = pgi_nl_talk(nl, msg, take, c);
	if (FAILED(c->hr))
		return c->hr;
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

/* One void certificate less counts. The kernel has as many at most as there will be in @again. */
static HRESULT gone_cert(struct compare *c, struct pgi_present *at)
{
	struct member *m = at->member;
	HRESULT hr = S_OK;

	if (m->untold)
		return gone(c->p, at, NULL, NULL);
	if (c->again && m->holds && m->reasons == 1)
		hr = add_link(c->again, m->cert, m->name);
	return FAILED(hr) ? hr : gone(c->p, at, c->tell, c->arg);
}

/* Of who has another one that holds none counts: that one may leave yet. */
static HRESULT tell_certs(struct compare *c)
{
	HRESULT hr = S_OK;
	size_t i = 0;

	while (i < c->p->count && SUCCEEDED(hr)) {
		struct pgi_present *at = c->p->list[i];
		struct member *m = at->member;

		if (!at->seen || m->holds) {
			hr = gone_cert(c, at);
			continue;
		}
		if (m->untold)
			hr = tell_if(c->tell, m->name, PEER_MEMBER_CONNECTED, c->arg);
		m->untold &= FAILED(hr);
		i++;
	}
	return hr;
}

/* To be told the next time. */
static void drop_untold(struct pgi_presence *p)
{
	size_t i = 0;

	while (i < p->count) {
		if (p->list[i]->member->untold)
			drop(p, p->list[i]);	/* the last takes its place */
		else
			i++;
	}
}

HRESULT pgi_presence_compare_revoked(struct pgi_presence *p, struct pgi_presence *again,
				     struct pgi_nl *nl, uint32_t group, uint64_t now,
				     pgi_presence_tell tell, void *arg)
{
	struct compare c = {
		.p = p, .again = again, .tell = tell, .arg = arg, .hr = S_OK, .now = now,
	};
	HRESULT hr;
	size_t i;

	for (i = 0; i < p->count; i++) {
		p->list[i]->seen = false;
		p->list[i]->member->holds = false;
	}
	p->due = 0;
	hr = dump_certs(&c, nl, group, take_cert);
	/* Others of who is new may have come before. */
	if (SUCCEEDED(hr) && c.untold)
		hr = dump_certs(&c, nl, group, take_good);
	if (SUCCEEDED(hr))
		hr = tell_certs(&c);
	drop_untold(p);
	return hr;
}
