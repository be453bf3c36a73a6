// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who is in a group, and who of them is there: one item per member that has a membership
 * record or is present, by its latest certificate; one per node of those that are. Who is
 * present is known of this host itself, of those that it has links to, and, while it has
 * any, of those whose presence records say so. Called by p2p_member.c and native_member.c.
 */
#include <errno.h>
#include <stdlib.h>
#include "cert.h"
#include "members.h"
#include "records.h"
#include "roll.h"

/* A node of a member's: a link to it is up, or its presence record says so. */
struct present {
	char *name;
	struct pgi_place place;
};

struct pgi_roll {
	struct pgi_members members;
	uint8_t (*recorded)[PEERGROUP_HASH_LEN];	/* certificates, sorted */
	size_t n_recorded;
	uint64_t now;
	struct present *present;	/* by name and node, when all is asked */
	size_t n_present;
	struct pgi_roll_item *items;
	size_t n_items;
	const char *self;
	uint32_t status;
	struct pgi_place self_place;
};

/* ---------------------------------------------------------------- present -- */

/*
 * Where the member takes connections: where it was dialled, or else where it says that it
 * listens. A link that it dialled comes from a port where nobody does.
 */
static void take_address(const struct nlattr **a, struct pgi_place *place)
{
	const struct nlattr *bytes = a[PEERGROUP_A_LINK_ADDRESS];
	struct pgi_address *address = place->addresses;
	uint8_t outbound;

	pgi_nl_bytes(a[PEERGROUP_A_LINK_OUTBOUND], &outbound, sizeof(outbound));
	address->port = pgi_nl_u16(a[outbound ? PEERGROUP_A_LINK_PORT : PEERGROUP_A_LINK_LISTEN]);
	if (!bytes || !address->port || mnl_attr_get_payload_len(bytes) > sizeof(address->bytes))
		return;
	address->len = (uint8_t)mnl_attr_get_payload_len(bytes);
	memcpy(address->bytes, mnl_attr_get_payload(bytes), address->len);
	address->scope = pgi_nl_u32(a[PEERGROUP_A_LINK_SCOPE]);
	place->count = 1;
}

/* One more, at no address yet; NULL without memory. */
static struct pgi_place *add_present(struct pgi_roll *roll, const char *name, uint64_t node)
{
	struct present *p;

	p = reallocarray(roll->present, roll->n_present + 1, sizeof(*p));
	if (!p)
		return NULL;
	roll->present = p;
	p += roll->n_present;
	p->name = strdup(name);
	if (!p->name)
		return NULL;
	roll->n_present++;
	p->place.node = node;
	p->place.count = 0;
	return &p->place;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct pgi_roll *roll = arg;
	struct pgi_place *place;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]) != PEERGROUP_LINK_UP ||
	    !a[PEERGROUP_A_LINK_PEER] || a[PEERGROUP_A_LINK_DIRECT])
		return 0;
	place = add_present(roll, pgi_nl_str(a[PEERGROUP_A_LINK_PEER]),
			    pgi_nl_u64(a[PEERGROUP_A_LINK_NODE]));
	if (!place)
		return -ENOMEM;
	take_address(a, place);
	return 0;
}

static int take_self(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];
	struct pgi_roll *roll = arg;

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	roll->status = pgi_nl_u32(a[PEERGROUP_A_GROUP_STATUS]);
	roll->self_place.node = pgi_nl_u64(a[PEERGROUP_A_GROUP_NODE]);
	return 0;
}

static HRESULT ask_links(struct pgi_group *group, struct pgi_roll *roll)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	hr = pgi_group_talk(group, pgi_group_request(group, PEERGROUP_CMD_GROUP_GET),
			    take_self, roll);
	if (SUCCEEDED(hr)) {
		msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
		mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
		hr = pgi_group_talk(group, msg, take_link, roll);
	}
	pthread_mutex_unlock(&group->lock);
	return hr;
}

/* --------------------------------------------------------------- records -- */

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, PEERGROUP_HASH_LEN);
}

static HRESULT take_record(struct pgi_record **record, void *arg)
{
	uint8_t fingerprint[PEERGROUP_HASH_LEN], (*all)[PEERGROUP_HASH_LEN];
	struct pgi_roll *roll = arg;

	if ((*record)->expires <= roll->now || !pgi_membership_fingerprint(*record, fingerprint))
		return S_OK;
	all = reallocarray(roll->recorded, roll->n_recorded + 1, sizeof(*all));
	if (!all)
		return E_OUTOFMEMORY;
	roll->recorded = all;
	memcpy(all[roll->n_recorded++], fingerprint, sizeof(fingerprint));
	return S_OK;
}

/* Records of one member come in a row: so many of its are not even looked at. */
static bool is_too_many(const struct pgi_roll *roll, const char *name)
{
	return roll->n_present >= PGI_NODES_MAX &&
	       !strcmp(roll->present[roll->n_present - PGI_NODES_MAX].name, name) &&
	       !strcmp(roll->present[roll->n_present - 1].name, name);
}

/* A node that says that it is there. */
static HRESULT take_place(struct pgi_record **record, void *arg)
{
	struct pgi_roll *roll = arg;
	struct pgi_place place, *to;

	if ((*record)->expires <= roll->now || !pgi_place_read(*record, &place))
		return S_OK;
	if (place.node == roll->self_place.node && !strcmp((*record)->creator, roll->self)) {
		roll->self_place = place;
		return S_OK;
	}
	/* Without a link that was long ago, maybe. */
	if (!(roll->status & PEERGROUP_STATUS_CONNECTED))
		return S_OK;
	if (is_too_many(roll, (*record)->creator))
		return S_OK;
	to = add_present(roll, (*record)->creator, place.node);
	if (!to)
		return E_OUTOFMEMORY;
	*to = place;
	return S_OK;
}

/* By a socket of its own, as a long answer is to be in nobody's way. */
static HRESULT ask_records(struct pgi_group *group, struct pgi_roll *roll)
{
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;
	static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;
	struct pgi_query q = { .group = group->index, .type = membership };
	struct pgi_nl nl;
	HRESULT hr;

	hr = pgi_nl_open(&nl, &group->nl);
	if (FAILED(hr))
		return hr;
	hr = pgi_fetch(&nl, &q, take_record, roll, NULL);
	q.type = presence;
	if (SUCCEEDED(hr))
		hr = pgi_fetch(&nl, &q, take_place, roll, NULL);
	pgi_nl_close(&nl);
	if (SUCCEEDED(hr) && roll->n_recorded)
		qsort(roll->recorded, roll->n_recorded, sizeof(*roll->recorded), by_bytes);
	return hr;
}

/* Whichever of a member's certificates the record is about. */
static bool has_record(const struct pgi_roll *roll, const char *name)
{
	const struct pgi_member **m;
	size_t n;

	for (m = pgi_members_named(&roll->members, name, &n); n && roll->n_recorded; n--, m++) {
		if (bsearch((*m)->fingerprint, roll->recorded, roll->n_recorded,
			    sizeof(*roll->recorded), by_bytes))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ items -- */

static int by_node(const void *a, const void *b)
{
	const struct present *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->place.node < y->place.node ? -1 : x->place.node > y->place.node;
}

static void add_address(struct pgi_place *to, const struct pgi_address *a)
{
	size_t i;

	for (i = 0; i < to->count; i++)
		if (pgi_address_equal(&to->addresses[i], a))
			return;
	if (to->count < PGI_ARRAY_SIZE(to->addresses))
		to->addresses[to->count++] = *a;
}

/* What a link and a record say of one node becomes one. */
static void merge_present(struct pgi_roll *roll)
{
	struct present *to = roll->present, *p;
	size_t i, j;

	if (!roll->n_present)
		return;
	qsort(roll->present, roll->n_present, sizeof(*roll->present), by_node);
	for (i = 1; i < roll->n_present; i++) {
		p = &roll->present[i];
		if (by_node(to, p)) {
			*++to = *p;
			continue;
		}
		for (j = 0; j < p->place.count; j++)
			add_address(&to->place, &p->place.addresses[j]);
		free(p->name);
	}
	roll->n_present = (size_t)(to - roll->present) + 1;
}

static const struct present *first_present(const struct pgi_roll *roll, const char *name)
{
	size_t low = 0, high = roll->n_present, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(roll->present[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return roll->present + low;
}

static HRESULT describe(struct pgi_roll_item *item, const struct pgi_roll *roll)
{
	const struct pgi_member *issuer;
	HRESULT hr;

	hr = pgi_cert_parse(item->m.der.data, item->m.der.len, &item->cert);
	if (FAILED(hr))
		return hr;
	issuer = pgi_members_with(&roll->members, item->cert->issuer);
	if (issuer) {
		item->issuer = issuer->name;
		item->issuer_friendly = issuer->friendly;
	}
	return S_OK;
}

static bool is_self(const struct pgi_roll *roll, const char *name)
{
	return !strcmp(name, roll->self);
}

/* One certificate speaks for a member; who was revoked is none. */
static bool speaks(const struct pgi_roll *roll, const struct pgi_member *m)
{
	return m->depth && !m->revoked && pgi_members_find(&roll->members, m->name, roll->now) == m;
}

static HRESULT add_item(struct pgi_roll *roll, const struct pgi_member *m,
			const struct pgi_place *place)
{
	struct pgi_roll_item *item = &roll->items[roll->n_items];
	HRESULT hr;

	item->m = *m;
	item->place = place;
	hr = describe(item, roll);
	if (SUCCEEDED(hr))
		roll->n_items++;
	return hr;
}

/* One item for each node that is there, or else one for the member that is not. */
static HRESULT add_member(struct pgi_roll *roll, const struct pgi_member *m, uint32_t flags)
{
	bool self = is_self(roll, m->name);
	const struct present *p, *end = roll->present + roll->n_present;
	HRESULT hr = S_OK;
	size_t n = 0;

	if (self && roll->status & PEERGROUP_STATUS_LISTENING) {
		hr = add_item(roll, m, &roll->self_place);
		n++;
	}
	for (p = first_present(roll, m->name); p < end && SUCCEEDED(hr) && n < PGI_NODES_MAX &&
	     !strcmp(p->name, m->name); p++, n++)
		hr = add_item(roll, m, &p->place);
	if (SUCCEEDED(hr) && !n && !(flags & PEER_MEMBER_PRESENT) &&
	    (self || has_record(roll, m->name)))
		hr = add_item(roll, m, NULL);
	return hr;
}

/* This member first, then the others in the order that they became known. */
static HRESULT add_items(struct pgi_roll *roll, uint32_t flags, const char *name)
{
	HRESULT hr = S_OK;
	size_t i;
	bool self, own;

	roll->items = calloc(roll->members.count + roll->n_present + 1, sizeof(*roll->items));
	if (!roll->items)
		return E_OUTOFMEMORY;
	for (i = 0; i < 2 * roll->members.count && SUCCEEDED(hr); i++) {
		const struct pgi_member *m = &roll->members.list[i % roll->members.count];

		self = i < roll->members.count;
		own = is_self(roll, m->name);
		if (own == self && m->not_after > roll->now && speaks(roll, m) &&
		    (!name || !strcmp(name, m->name)))
			hr = add_member(roll, m, flags);
	}
	return hr;
}

void pgi_roll_free(struct pgi_roll *roll)
{
	size_t i;

	for (i = 0; i < roll->n_items; i++)
		pgi_cert_free(roll->items[i].cert);
	for (i = 0; i < roll->n_present; i++)
		free(roll->present[i].name);
	free(roll->items);
	free(roll->present);
	free(roll->recorded);
	pgi_members_free(&roll->members);
	free(roll);
}

static HRESULT call(struct pgi_group *group, uint32_t flags, const char *name,
		    struct pgi_roll *roll)
{
	HRESULT hr;

	roll->self = group->identity->name;	/* used in this call only */
	hr = pgi_group_now(group, &roll->now);
	if (SUCCEEDED(hr))
		hr = ask_links(group, roll);
	if (SUCCEEDED(hr))
		hr = ask_records(group, roll);
	if (SUCCEEDED(hr))
		hr = pgi_members_read(group, &roll->members);
	if (FAILED(hr))
		return hr;
	merge_present(roll);
	return add_items(roll, flags, name);
}

HRESULT pgi_roll_call(struct pgi_group *group, uint32_t flags, const char *name,
		      struct pgi_roll **out)
{
	struct pgi_roll *roll = calloc(1, sizeof(*roll));
	HRESULT hr;

	*out = NULL;
	if (!roll)
		return E_OUTOFMEMORY;
	/* One that is to be joined by password shows nobody yet. */
	hr = atomic_load(&group->pending) ? S_OK : call(group, flags, name, roll);
	if (FAILED(hr))
		pgi_roll_free(roll);
	else
		*out = roll;
	return hr;
}

size_t pgi_roll_count(const struct pgi_roll *roll)
{
	return roll->n_items;
}

const struct pgi_roll_item *pgi_roll_item(const struct pgi_roll *roll, size_t index)
{
	return &roll->items[index];
}
