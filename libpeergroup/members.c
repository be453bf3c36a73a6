// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking the kernel for the members of a group, and which certificate speaks for one that
 * has several.
 */
#include <errno.h>
#include <stdlib.h>
#include "cert.h"
#include "members.h"

static int copy_der(struct pgi_member *m, const struct nlattr *attr)
{
	m->der.len = attr ? mnl_attr_get_payload_len(attr) : 0;
	m->der.data = malloc(m->der.len ? m->der.len : 1);
	if (!m->der.data)
		return -ENOMEM;
	if (m->der.len)
		memcpy(m->der.data, mnl_attr_get_payload(attr), m->der.len);
	return 0;
}

static int take_member(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_MEMBER_MAX + 1];
	struct pgi_members *members = arg;
	struct pgi_member *m;

	m = reallocarray(members->list, members->count + 1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	members->list = m;
	m += members->count++;
	memset(m, 0, sizeof(*m));
	pgi_nl_parse(msg, a, PEERGROUP_A_MEMBER_MAX);
	pgi_nl_bytes(a[PEERGROUP_A_MEMBER_FINGERPRINT], m->fingerprint, sizeof(m->fingerprint));
	pgi_nl_bytes(a[PEERGROUP_A_MEMBER_ISSUER], m->issuer, sizeof(m->issuer));
	m->name = strdup(pgi_nl_str(a[PEERGROUP_A_MEMBER_NAME]));
	m->friendly = strdup(pgi_nl_str(a[PEERGROUP_A_MEMBER_FRIENDLY]));
	m->roles = pgi_nl_u32(a[PEERGROUP_A_MEMBER_ROLES]);
	m->not_before = pgi_nl_u64(a[PEERGROUP_A_MEMBER_NOT_BEFORE]);
	m->not_after = pgi_nl_u64(a[PEERGROUP_A_MEMBER_NOT_AFTER]);
	m->depth = pgi_nl_u32(a[PEERGROUP_A_MEMBER_DEPTH]);
	m->revoked = a[PEERGROUP_A_MEMBER_REVOKED];
	if (!m->name || !m->friendly)
		return -ENOMEM;
	return copy_der(m, a[PEERGROUP_A_MEMBER_CERT]);
}

/* ---------------------------------------------------------------- indexes -- */

static int in_order(const struct pgi_member *x, const struct pgi_member *y)
{
	return x < y ? -1 : x > y;
}

/* Certificates of one member: the one that was issued for a later time is the later one. */
bool pgi_member_later(const struct pgi_member *a, const struct pgi_member *b)
{
	return a->not_before > b->not_before ||
	       (a->not_before == b->not_before && a->not_after > b->not_after);
}

static int by_name(const void *a, const void *b)
{
	const struct pgi_member *x = *(const struct pgi_member **)a;
	const struct pgi_member *y = *(const struct pgi_member **)b;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = pgi_member_later(x, y) - pgi_member_later(y, x);
	return order ? order : in_order(x, y);
}

static int by_fingerprint(const void *a, const void *b)
{
	const struct pgi_member *x = *(const struct pgi_member **)a;
	const struct pgi_member *y = *(const struct pgi_member **)b;
	int order = memcmp(x->fingerprint, y->fingerprint, sizeof(x->fingerprint));

	return order ? order : in_order(x, y);
}

static const struct pgi_member **sort(const struct pgi_members *members,
				      int (*compare)(const void *, const void *))
{
	const struct pgi_member **sorted = calloc(members->count + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return NULL;
	for (i = 0; i < members->count; i++)
		sorted[i] = &members->list[i];
	qsort(sorted, members->count, sizeof(*sorted), compare);
	return sorted;
}

/* A group may have as many as 65536: whoever goes over all of them must not for each. */
HRESULT pgi_members_index(struct pgi_members *members)
{
	members->by_name = sort(members, by_name);
	members->by_fingerprint = sort(members, by_fingerprint);
	return members->by_name && members->by_fingerprint ? S_OK : E_OUTOFMEMORY;
}

/* The first of @sorted that is not before @key. */
static size_t first_from(const struct pgi_member **sorted, size_t count, const void *key,
			 int (*compare)(const struct pgi_member *m, const void *key))
{
	size_t low = 0, high = count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare(sorted[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int compare_name(const struct pgi_member *m, const void *key)
{
	return strcmp(m->name, key);
}

static int compare_fingerprint(const struct pgi_member *m, const void *key)
{
	return memcmp(m->fingerprint, key, sizeof(m->fingerprint));
}

const struct pgi_member **pgi_members_named(const struct pgi_members *members,
					    const char *name, size_t *n)
{
	size_t from = first_from(members->by_name, members->count, name, compare_name), i;

	for (i = from; i < members->count && !compare_name(members->by_name[i], name); i++)
		;
	*n = i - from;
	return members->by_name + from;
}

const struct pgi_member *pgi_members_with(const struct pgi_members *members,
					  const uint8_t fingerprint[PEERGROUP_HASH_LEN])
{
	size_t i = first_from(members->by_fingerprint, members->count, fingerprint,
			      compare_fingerprint);

	if (i == members->count || compare_fingerprint(members->by_fingerprint[i], fingerprint))
		return NULL;
	return members->by_fingerprint[i];
}

/* ----------------------------------------------------------------- reading -- */

HRESULT pgi_members_read(struct pgi_group *group, struct pgi_members *members)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	memset(members, 0, sizeof(*members));
	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group->index);
	hr = pgi_group_talk(group, msg, take_member, members);
	pthread_mutex_unlock(&group->lock);
	if (SUCCEEDED(hr))
		hr = pgi_members_index(members);
	if (FAILED(hr))
		pgi_members_free(members);
	return hr;
}

void pgi_members_free(struct pgi_members *members)
{
	size_t i;

	for (i = 0; i < members->count; i++) {
		free(members->list[i].name);
		free(members->list[i].friendly);
		pgi_blob_free(&members->list[i].der);
	}
	free(members->list);
	free(members->by_name);
	free(members->by_fingerprint);
	memset(members, 0, sizeof(*members));
}

/* ----------------------------------------------------- who speaks for whom -- */

bool pgi_member_by_administrator(const struct pgi_members *members, const struct pgi_member *m)
{
	const struct pgi_member *issuer = pgi_members_with(members, m->issuer);

	return issuer && issuer->roles & (PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_ROOT);
}

/* Has it most of its time left? */
static bool is_fresh(const struct pgi_member *m, uint64_t now)
{
	return now < m->not_before + (m->not_after - m->not_before) / 2;
}

bool pgi_member_may_follow(const struct pgi_member *m, const struct pgi_member *before,
			   uint64_t now)
{
	if (m->depth <= before->depth)
		return true;
	if (before->roles & PEERGROUP_ROLE_ADMIN)
		return false;
	return m->roles != before->roles || !is_fresh(before, now);
}

/*
 * Does @m, which is later, replace @before? What an administrator issued only another one
 * replaces: whoever may invite can issue what it likes for anybody's key, below itself.
 */
static bool replaces(const struct pgi_members *members, const struct pgi_member *m,
		     const struct pgi_member *before, uint64_t now)
{
	if (pgi_member_by_administrator(members, before) &&
	    !pgi_member_by_administrator(members, m))
		return false;
	return pgi_member_may_follow(m, before, now);
}

/* How far a certificate is from one that counts. */
enum standing {
	HOLDS,
	NOT_NOW,
	REVOKED,
	STANDINGS
};

/*
 * Who was revoked is so in all its certificates. One that fell with its issuer, whoever
 * that was, says nothing about the others.
 */
static enum standing standing_of(const struct pgi_member *m, uint64_t now)
{
	if (m->revoked)
		return REVOKED;
	return m->not_before <= now && now < m->not_after ? HOLDS : NOT_NOW;
}

const struct pgi_member *pgi_members_find(const struct pgi_members *members,
					  const char *name, uint64_t now)
{
	const struct pgi_member *found[STANDINGS] = { NULL }, **m;
	enum standing s;
	size_t n;

	for (m = pgi_members_named(members, name, &n); n; n--, m++) {
		s = standing_of(*m, now);
		if ((*m)->depth && (!found[s] || replaces(members, *m, found[s], now)))
			found[s] = *m;
	}
	for (s = HOLDS; s < REVOKED && !found[s]; s++)
		;
	return found[s];
}

/*
 * One that fell with its issuer may well be invited by another. Of a key that was revoked as
 * well this cannot be told: then the kernel has no use for what is issued.
 */
static bool is_put_out(const struct pgi_members *members, const struct pgi_member *m)
{
	const struct pgi_member *issuer = pgi_members_with(members, m->issuer);

	return m->revoked && issuer && !issuer->revoked;
}

HRESULT pgi_group_check_not_revoked(struct pgi_object *obj, const char *identity_xml)
{
	struct pgi_group *group = pgi_container_of(obj, struct pgi_group, obj);
	const struct pgi_member **named;
	struct pgi_members members;
	struct pgi_idc idc;
	HRESULT hr;
	size_t n;

	hr = pgi_identity_from_xml(identity_xml, &idc);
	if (FAILED(hr))
		return hr;
	hr = pgi_members_read(group, &members);
	if (SUCCEEDED(hr)) {
		for (named = pgi_members_named(&members, idc.name, &n); n; n--)
			if (is_put_out(&members, *named++))
				hr = pgi_fail(PEER_E_NOT_AUTHORIZED,
					      "%s was revoked: only a new identity can be invited",
					      idc.name);
		pgi_members_free(&members);
	}
	pgi_idc_free(&idc);
	return hr;
}
