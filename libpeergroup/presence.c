// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The members that this host has links to.
 */
#include <errno.h>
#include <stdlib.h>
#include "presence.h"

void pgi_presence_free(struct pgi_presence *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		free(p->list[i].name);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

static struct pgi_present *find_link(const struct pgi_presence *p, uint64_t link)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->list[i].link == link)
			return &p->list[i];
	return NULL;
}

bool pgi_presence_has(const struct pgi_presence *p, uint64_t link)
{
	return find_link(p, link);
}

static bool is_there(const struct pgi_presence *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!strcmp(p->list[i].name, name))
			return true;
	return false;
}

HRESULT pgi_presence_add(struct pgi_presence *p, uint64_t link, const char *name)
{
	struct pgi_present *list;
	bool there;

	list = find_link(p, link);
	if (list) {
		list->seen = true;
		return S_FALSE;
	}
	there = is_there(p, name);
	list = reallocarray(p->list, p->count + 1, sizeof(*list));
	if (!list)
		return E_OUTOFMEMORY;
	p->list = list;
	list += p->count;
	list->link = link;
	list->seen = true;
	list->name = strdup(name);
	if (!list->name)
		return E_OUTOFMEMORY;
	p->count++;
	return there ? S_FALSE : S_OK;
}

char *pgi_presence_remove(struct pgi_presence *p, uint64_t link)
{
	struct pgi_present *at = find_link(p, link);
	char *name;

	if (!at)
		return NULL;
	name = at->name;
	*at = p->list[--p->count];
	if (!is_there(p, name))
		return name;
	free(name);
	return NULL;
}

/* ------------------------------------------------------------- comparing -- */

struct compare {
	struct pgi_presence *p;
	HRESULT (*tell)(const char *name, bool there, void *arg);
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
	if (hr == S_OK && c->tell)
		hr = c->tell(name, true, c->arg);
	if (FAILED(hr))
		c->hr = hr;
	return FAILED(hr) ? -ECANCELED : 0;
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
		name = pgi_presence_remove(c->p, c->p->list[i].link);
		if (name && c->tell)
			hr = c->tell(name, false, c->arg);
		free(name);
	}
	return hr;
}

HRESULT pgi_presence_compare(struct pgi_presence *p, struct pgi_nl *nl, uint32_t group,
			     HRESULT (*tell)(const char *name, bool there, void *arg),
			     void *arg)
{
	struct compare c = { p, tell, arg, S_OK };
	struct nlmsghdr *msg;
	size_t i;
	int err;

	for (i = 0; i < p->count; i++)
		p->list[i].seen = false;
	msg = pgi_nl_request(nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	err = pgi_nl_talk(nl, msg, take_link, &c);
	if (FAILED(c.hr))
		return c.hr;
	return err ? pgi_nl_fail(nl, err) : drop_unseen(&c);
}
