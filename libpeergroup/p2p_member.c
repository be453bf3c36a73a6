// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupEnumMembers(): one item per member that has a membership record or is
 * present, by its latest certificate. Who is present is known of this host itself and
 * of those that it has links to.
 */
#include <errno.h>
#include <stdlib.h>
#include "address.h"
#include "cert.h"
#include "members.h"
#include "records.h"

/* A link that is up: whose, and to which node. */
struct present {
	char *name;
	uint64_t node;
	struct pgi_address address;
};

struct item {
	struct pgi_member m;		/* what is in it is the list's */
	char *issuer, *issuer_friendly;
	struct pgi_cert *cert;
	bool present;
	uint64_t node;
	struct pgi_address address;	/* len 0: none */
};

struct list {
	struct pgi_members members;
	uint8_t (*recorded)[PEERGROUP_HASH_LEN];	/* certificates, sorted */
	size_t n_recorded;
	uint64_t now;
	struct present *present;
	size_t n_present;
	struct item *items;
	size_t n_items;
	const char *self;
	bool online;
	uint64_t self_node;
};

/* ---------------------------------------------------------------- present -- */

/*
 * Where the member takes connections: where it was dialled, or else where it says that it
 * listens. A link that it dialled comes from a port where nobody does.
 */
static void take_address(const struct nlattr **a, struct pgi_address *address)
{
	const struct nlattr *bytes = a[PEERGROUP_A_LINK_ADDRESS];
	uint8_t outbound;

	pgi_nl_bytes(a[PEERGROUP_A_LINK_OUTBOUND], &outbound, sizeof(outbound));
	address->port = pgi_nl_u16(a[outbound ? PEERGROUP_A_LINK_PORT : PEERGROUP_A_LINK_LISTEN]);
	if (!bytes || !address->port || mnl_attr_get_payload_len(bytes) > sizeof(address->bytes))
		return;
	address->len = (uint8_t)mnl_attr_get_payload_len(bytes);
	memcpy(address->bytes, mnl_attr_get_payload(bytes), address->len);
	address->scope = pgi_nl_u32(a[PEERGROUP_A_LINK_SCOPE]);
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct list *list = arg;
	struct present *p;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]) != PEERGROUP_LINK_UP ||
	    !a[PEERGROUP_A_LINK_PEER] || a[PEERGROUP_A_LINK_DIRECT])
		return 0;
	p = reallocarray(list->present, list->n_present + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	list->present = p;
	p += list->n_present;
	memset(p, 0, sizeof(*p));
	p->name = strdup(pgi_nl_str(a[PEERGROUP_A_LINK_PEER]));
	if (!p->name)
		return -ENOMEM;
	list->n_present++;
	p->node = pgi_nl_u64(a[PEERGROUP_A_LINK_NODE]);
	take_address(a, &p->address);
	return 0;
}

static int take_self(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];
	struct list *list = arg;

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	list->online = pgi_nl_u32(a[PEERGROUP_A_GROUP_STATUS]) & PEERGROUP_STATUS_LISTENING;
	list->self_node = pgi_nl_u64(a[PEERGROUP_A_GROUP_NODE]);
	return 0;
}

static HRESULT ask_present(struct pgi_group *group, struct list *list)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	hr = pgi_group_talk(group, pgi_group_request(group, PEERGROUP_CMD_GROUP_GET),
			    take_self, list);
	if (SUCCEEDED(hr)) {
		msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
		mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
		hr = pgi_group_talk(group, msg, take_link, list);
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
	struct list *list = arg;

	if ((*record)->expires <= list->now || !pgi_membership_fingerprint(*record, fingerprint))
		return S_OK;
	all = reallocarray(list->recorded, list->n_recorded + 1, sizeof(*all));
	if (!all)
		return E_OUTOFMEMORY;
	list->recorded = all;
	memcpy(all[list->n_recorded++], fingerprint, sizeof(fingerprint));
	return S_OK;
}

/* By a socket of its own, as a long answer is to be in nobody's way. */
static HRESULT ask_records(struct pgi_group *group, struct list *list)
{
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;
	struct pgi_query q = { .group = group->index, .type = membership };
	struct pgi_nl nl;
	HRESULT hr;

	hr = pgi_nl_open(&nl, &group->nl);
	if (FAILED(hr))
		return hr;
	hr = pgi_fetch(&nl, &q, take_record, list, NULL);
	pgi_nl_close(&nl);
	if (SUCCEEDED(hr) && list->n_recorded)
		qsort(list->recorded, list->n_recorded, sizeof(*list->recorded), by_bytes);
	return hr;
}

/* Whichever of a member's certificates the record is about. */
static bool has_record(const struct list *list, const char *name)
{
	const struct pgi_member **m;
	size_t n;

	for (m = pgi_members_named(&list->members, name, &n); n && list->n_recorded; n--, m++) {
		if (bsearch((*m)->fingerprint, list->recorded, list->n_recorded,
			    sizeof(*list->recorded), by_bytes))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ items -- */

static HRESULT describe(struct item *item, const struct list *list)
{
	const struct pgi_member *issuer;
	HRESULT hr;

	hr = pgi_cert_parse(item->m.der.data, item->m.der.len, &item->cert);
	if (FAILED(hr))
		return hr;
	issuer = pgi_members_with(&list->members, item->cert->issuer);
	if (issuer) {
		item->issuer = issuer->name;
		item->issuer_friendly = issuer->friendly;
	}
	return S_OK;
}

static void find_present(struct item *item, const struct list *list)
{
	size_t i;

	if (!strcmp(item->m.name, list->self)) {
		item->present = list->online;
		item->node = list->online ? list->self_node : 0;
		return;
	}
	for (i = 0; i < list->n_present; i++) {
		if (strcmp(list->present[i].name, item->m.name))
			continue;
		item->present = true;
		item->node = list->present[i].node;
		item->address = list->present[i].address;
	}
}

/* One certificate speaks for a member; who was revoked is none. */
static bool speaks(const struct list *list, const struct pgi_member *m)
{
	return m->depth && !m->revoked && pgi_members_find(&list->members, m->name, list->now) == m;
}

static HRESULT add_item(struct list *list, const struct pgi_member *m, DWORD flags)
{
	struct item *item = &list->items[list->n_items];
	HRESULT hr;

	item->m = *m;
	find_present(item, list);
	if (!item->present && (flags & PEER_MEMBER_PRESENT ||
			       (strcmp(m->name, list->self) && !has_record(list, m->name))))
		return S_OK;
	hr = describe(item, list);
	if (SUCCEEDED(hr))
		list->n_items++;
	return hr;
}

/* This member first, then the others in the order that they became known. */
static HRESULT add_items(struct list *list, DWORD flags, const char *name)
{
	HRESULT hr = S_OK;
	size_t i;
	bool self, own;

	list->items = calloc(list->members.count + 1, sizeof(*list->items));
	if (!list->items)
		return E_OUTOFMEMORY;
	for (i = 0; i < 2 * list->members.count && SUCCEEDED(hr); i++) {
		const struct pgi_member *m = &list->members.list[i % list->members.count];

		self = i < list->members.count;
		own = !strcmp(m->name, list->self);
		if (own == self && m->not_after > list->now && speaks(list, m) &&
		    (!name || !strcmp(name, m->name)))
			hr = add_item(list, m, flags);
	}
	return hr;
}

static void free_list(void *items, size_t count PGI_UNUSED)
{
	struct list *list = items;
	size_t i;

	for (i = 0; i < list->n_items; i++)
		pgi_cert_free(list->items[i].cert);
	for (i = 0; i < list->n_present; i++)
		free(list->present[i].name);
	free(list->items);
	free(list->present);
	free(list->recorded);
	pgi_members_free(&list->members);
	free(list);
}

/* --------------------------------------------------- as programs see them -- */

static HRESULT fill_roles(const struct item *item, void *top, PEER_CREDENTIAL_INFO *out)
{
	static const struct {
		uint32_t role;
		const GUID *guid;
	} roles[] = {
		{ PEERGROUP_ROLE_ADMIN, &PEER_GROUP_ROLE_ADMIN },
		{ PEERGROUP_ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER },
		{ PEERGROUP_ROLE_MEMBER, &PEER_GROUP_ROLE_MEMBER },
	};
	size_t i;

	out->pRoles = pgi_sub(top, sizeof(roles) / sizeof(roles[0]) * sizeof(GUID));
	if (!out->pRoles)
		return E_OUTOFMEMORY;
	for (i = 0; i < PGI_ARRAY_SIZE(roles); i++)
		if (item->m.roles & roles[i].role)
			out->pRoles[out->cRoles++] = *roles[i].guid;
	return S_OK;
}

static HRESULT fill_credentials(const struct item *item, void *top, PEER_CREDENTIAL_INFO *out)
{
	out->dwSize = sizeof(*out);
	out->ftValidityStart = pgi_to_filetime(item->m.not_before);
	out->ftValidityEnd = pgi_to_filetime(item->m.not_after);
	out->pwzFriendlyName = pgi_sub_wide(top, item->m.friendly);
	out->pwzIssuerPeerName = pgi_sub_wide(top, item->issuer ? item->issuer : "");
	out->pwzIssuerFriendlyName =
		pgi_sub_wide(top, item->issuer_friendly ? item->issuer_friendly : "");
	if (!out->pwzFriendlyName || !out->pwzIssuerPeerName || !out->pwzIssuerFriendlyName)
		return E_OUTOFMEMORY;
	out->pPublicKey = pgi_key_info(top, item->cert->x509);
	return out->pPublicKey ? fill_roles(item, top, out) : E_OUTOFMEMORY;
}

static HRESULT fill_address(const struct item *item, void *top, PEER_MEMBER *out)
{
	if (!item->address.len)
		return S_OK;
	out->pAddresses = pgi_sub(top, sizeof(*out->pAddresses));
	if (!out->pAddresses)
		return E_OUTOFMEMORY;
	out->cAddresses = 1;
	pgi_address_to_peer(&item->address, out->pAddresses);
	return S_OK;
}

static HRESULT copy_member(void *items, size_t index, void *top, void **out)
{
	const struct list *list = items;
	const struct item *item = &list->items[index];
	PEER_MEMBER *m = pgi_sub(top, sizeof(*m));
	HRESULT hr;

	if (!m)
		return E_OUTOFMEMORY;
	m->dwSize = sizeof(*m);
	m->dwFlags = item->present ? PEER_MEMBER_PRESENT : 0;
	m->ullNodeId = item->node;
	m->pwzIdentity = pgi_sub_wide(top, item->m.name);
	m->pCredentialInfo = pgi_sub(top, sizeof(*m->pCredentialInfo));
	if (!m->pwzIdentity || !m->pCredentialInfo)
		return E_OUTOFMEMORY;
	hr = fill_credentials(item, top, m->pCredentialInfo);
	if (SUCCEEDED(hr))
		hr = fill_address(item, top, m);
	*out = m;
	return hr;
}

static const struct pgi_enum_ops member_ops = {
	.copy = copy_member,
	.free_items = free_list,
};

static HRESULT enumerate(struct pgi_group *group, DWORD flags, const char *name,
			 HPEERENUM *handle)
{
	struct list *list = calloc(1, sizeof(*list));
	HRESULT hr;

	if (!list)
		return E_OUTOFMEMORY;
	list->self = group->identity->name;	/* used in this call only */
	hr = pgi_group_now(group, &list->now);
	if (SUCCEEDED(hr))
		hr = ask_records(group, list);
	if (SUCCEEDED(hr))
		hr = pgi_members_read(group, &list->members);
	if (SUCCEEDED(hr))
		hr = ask_present(group, list);
	if (SUCCEEDED(hr))
		hr = add_items(list, flags, name);
	if (SUCCEEDED(hr))
		hr = pgi_enum_new(&member_ops, list, list->n_items, handle);
	if (FAILED(hr))
		free_list(list, 0);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupEnumMembers(HGROUP handle, DWORD flags, PCWSTR identity,
					HPEERENUM *out)
{
	struct pgi_snapshot none = { 0 };
	struct pgi_group *group;
	char *name = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!out || flags & ~(DWORD)PEER_MEMBER_PRESENT)
		return pgi_fail(E_INVALIDARG, out ? "unknown flags" : "phPeerEnum is NULL");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	if (identity)
		hr = pgi_utf8_from_wide(identity, &name);
	/* One that is to be joined by password shows none yet. */
	if (SUCCEEDED(hr) && atomic_load(&group->pending))
		hr = pgi_snapshot_enum(&none, out);
	else if (SUCCEEDED(hr))
		hr = enumerate(group, flags, name, out);
	free(name);
	pgi_group_put(group);
	return hr;
}
