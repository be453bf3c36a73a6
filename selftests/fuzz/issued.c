// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group of members whose library publishes to a kernel that keeps all it is given, and
 * has no word in it: see issued.h.
 */
#include <endian.h>
#include <pthread.h>
#include <openssl/ec.h>
#include "cert.h"
#include "home.h"
#include "identity.h"
#include "issued.h"
#include "members.h"
#include "presence.h"
#include "properties.h"
#include "refresh.h"

#define NODE		0x0706050403020100ULL
#define MANY		8U	/* of a batch: not all of them are kept */
#define REFRESHES	100U	/* that this kernel has room for */

/* One that has the group open. */
struct issuer {
	struct issuer *next;
	struct pgi_group group;
	struct pgi_own own;
	struct pgi_blob root, cert;
};

/* What the kernel was given. */
struct put {
	struct pgi_blob wire;
	const struct issuer *by;
};

static struct {
	struct put *puts;
	size_t count;
	struct pgi_blob staged;
	struct issuer *all;		/* they stay */
	struct issuer *now;		/* who is at work */
	struct issuer *target;		/* whom it sees */
	uint64_t ahead;			/* of this host's, its time */
} kernel;

/* ------------------------------------------------------------- the kernel -- */

HRESULT pgi_nl_open(struct pgi_nl *nl, const struct pgi_nl *like)
{
	(void)nl, (void)like;
	return E_UNEXPECTED;
}

void pgi_nl_close(struct pgi_nl *nl)
{
	(void)nl;
}

struct nlmsghdr *pgi_nl_request_at(struct pgi_nl *nl, size_t at, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(nl->buf + at);
	struct genlmsghdr *genl;

	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
	genl->cmd = cmd;
	return msg;
}

struct nlmsghdr *pgi_nl_request(struct pgi_nl *nl, uint8_t cmd, uint16_t flags)
{
	return pgi_nl_request_at(nl, 0, cmd, NLM_F_ACK | flags);
}

int pgi_nl_stage(struct pgi_nl *nl, uint32_t group, const void *data, size_t len)
{
	(void)nl, (void)group;
	FUZZ_NEED(pgi_blob_set(&kernel.staged, data, len) == S_OK);
	return 0;
}

static void keep(const void *wire, size_t len)
{
	struct put *put;

	kernel.puts = reallocarray(kernel.puts, kernel.count + 1, sizeof(*put));
	FUZZ_NEED(kernel.puts);
	put = &kernel.puts[kernel.count++];
	*put = (struct put) { .by = kernel.now };
	FUZZ_NEED(pgi_blob_set(&put->wire, wire, len) == S_OK);
}

static void take(const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;

	FUZZ_NEED(genl->cmd == PEERGROUP_CMD_RECORD_PUT);
	mnl_attr_for_each(attr, msg, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) == PEERGROUP_A_RECORD_WIRE)
			keep(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		else if (mnl_attr_get_type(attr) == PEERGROUP_A_RECORD_STAGED)
			keep(kernel.staged.data, kernel.staged.len);
	}
}

int pgi_nl_talk(struct pgi_nl *nl, const struct nlmsghdr *request, pgi_nl_answer answer,
		void *arg)
{
	(void)nl, (void)answer, (void)arg;
	take(request);
	return 0;
}

int pgi_nl_talk_many(struct pgi_nl *nl, size_t size, uint32_t n, pgi_nl_refused refused,
		     void *arg)
{
	const struct nlmsghdr *msg = (const void *)nl->buf;
	int left = (int)size;

	(void)refused, (void)arg;
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left), n--)
		take(msg);
	FUZZ_NEED(!n && !left);
	return 0;
}

HRESULT pgi_nl_fail(const struct pgi_nl *nl, int err)
{
	(void)nl, (void)err;
	return E_UNEXPECTED;
}

/* The latest of an id. */
HRESULT pgi_fetch_one(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		      struct pgi_record **record)
{
	const struct peergroup_record_hdr *hdr;
	struct pgi_record *r;
	size_t i;

	*record = NULL;
	for (i = kernel.count; i--; ) {
		hdr = (const void *)kernel.puts[i].wire.data;
		if (!memcmp(hdr->id, id, sizeof(hdr->id)))
			break;
	}
	if (i == (size_t)-1)
		return PEER_E_RECORD_NOT_FOUND;
	r = calloc(1, sizeof(*r));
	FUZZ_NEED(r);
	memcpy(r->id, hdr->id, sizeof(r->id));
	memcpy(r->type, hdr->type, sizeof(r->type));
	r->version = be32toh(hdr->version);
	r->flags = be32toh(hdr->flags);
	r->created = be64toh(hdr->created);
	r->modified = be64toh(hdr->modified);
	r->expires = be64toh(hdr->expires);
	r->creator = group->identity->name;
	r->modifier = group->identity->name;
	FUZZ_NEED(pgi_blob_set(&r->wire, hdr, kernel.puts[i].wire.len) == S_OK);
	*record = r;
	return S_OK;
}

HRESULT pgi_fetch(struct pgi_nl *nl, const struct pgi_query *query, pgi_record_fn fn,
		  void *arg, int *err)
{
	(void)nl, (void)query, (void)fn, (void)arg, (void)err;
	return E_UNEXPECTED;
}

HRESULT pgi_snapshot_add(struct pgi_record **record, void *arg)
{
	(void)record, (void)arg;
	return E_UNEXPECTED;
}

void pgi_snapshot_free(struct pgi_snapshot *s)
{
	(void)s;
}

/* ------------------------------------------------------- groups that are open -- */

HRESULT pgi_started(void)
{
	return PEER_E_NOT_INITIALIZED;
}

HRESULT pgi_group_find(const void *handle, struct pgi_group **group)
{
	(void)handle;
	*group = &kernel.now->group;
	pgi_object_get(&(*group)->obj);
	return S_OK;
}

HRESULT pgi_group_get(HGROUP handle, struct pgi_object **group)
{
	(void)handle, (void)group;
	return E_UNEXPECTED;
}

const struct pgi_group_store *pgi_group_get_store(struct pgi_object *group)
{
	(void)group;
	return NULL;
}

const struct pgi_identity *pgi_group_get_identity(struct pgi_object *group)
{
	(void)group;
	return NULL;
}

HRESULT pgi_group_check_ready(struct pgi_object *group)
{
	(void)group;
	return E_UNEXPECTED;
}

HRESULT pgi_group_check_not_revoked(struct pgi_object *group, const char *identity_xml)
{
	(void)group, (void)identity_xml;
	return S_OK;
}

HRESULT pgi_group_ready(struct pgi_group *group)
{
	(void)group;
	return S_OK;
}

HRESULT pgi_group_now(struct pgi_group *group, uint64_t *now)
{
	(void)group;
	*now = pgi_now() + kernel.ahead;
	return S_OK;
}

HRESULT pgi_group_state(struct pgi_group *group, struct pgi_group_state *state)
{
	(void)group;
	*state = (struct pgi_group_state) {
		.status = PEERGROUP_STATUS_LISTENING | PEERGROUP_STATUS_READY, .port = 3587,
		.record_limit = PEERGROUP_RECORD_SIZE_MAX, .refresh_limit = REFRESHES,
		.node = NODE, .time_offset = (int64_t)kernel.ahead,
	};
	return S_OK;
}

bool pgi_own_changed(struct pgi_group *group, const uint8_t was[PEERGROUP_HASH_LEN])
{
	(void)group, (void)was;
	return false;
}

uint64_t pgi_boottime(void)
{
	return 1;
}

/* What is to be done later is not done at all. */
HRESULT pgi_upkeep_start(struct pgi_group *group)
{
	(void)group;
	return S_OK;
}

static struct pgi_member seen;

HRESULT pgi_members_read(struct pgi_group *group, struct pgi_members *members)
{
	(void)group;
	seen = (struct pgi_member) {
		.name = kernel.target->group.identity->name, .depth = 2,
		.not_after = kernel.target->own.not_after, .der = kernel.target->cert,
	};
	*members = (struct pgi_members) { .list = &seen, .count = 1 };
	return S_OK;
}

void pgi_members_free(struct pgi_members *members)
{
	(void)members;
}

const struct pgi_member *pgi_members_find(const struct pgi_members *members, const char *name,
					  uint64_t now)
{
	(void)now;
	return strcmp(name, members->list->name) ? NULL : members->list;
}

const struct pgi_member *pgi_members_with(const struct pgi_members *members,
					  const uint8_t fingerprint[PEERGROUP_HASH_LEN])
{
	(void)members, (void)fingerprint;
	return NULL;
}

/* ---------------------------------------------------------------- members -- */

/* Of no bits: the elliptic curve. */
static EVP_PKEY *make_key(unsigned int bits)
{
	EVP_PKEY *key = NULL;

	if (!bits)
		key = EVP_EC_gen("P-256");
	else
		FUZZ_NEED(pgi_key_make(bits, &key) == S_OK);
	FUZZ_NEED(key);
	return key;
}

static struct pgi_identity *make_identity(unsigned int bits, const char *classifier,
					  const char *friendly)
{
	EVP_PKEY *key = make_key(bits);
	struct pgi_identity *identity;
	char *name;

	FUZZ_NEED(pgi_identity_create(classifier, friendly, key, &name) == S_OK);
	FUZZ_NEED(pgi_identity_load(name, &identity) == S_OK);
	EVP_PKEY_free(key);
	free(name);
	return identity;
}

/* As it is when a program has opened it. */
static struct issuer *open_group(struct pgi_identity *identity, struct pgi_group_store *store)
{
	struct issuer *i = calloc(1, sizeof(*i));
	struct pgi_cert *cert;

	FUZZ_NEED(i);
	i->next = kernel.all;
	kernel.all = i;
	i->root = store->root;
	i->cert = store->chain[store->chain_len - 1];
	FUZZ_NEED(pgi_cert_parse(i->cert.data, i->cert.len, &cert) == S_OK);
	i->own = (struct pgi_own) {
		.store = store, .roles = cert->roles, .depth = (uint32_t)store->chain_len,
		.not_before = cert->not_before, .not_after = cert->not_after,
	};
	memcpy(i->own.fingerprint, cert->fingerprint, sizeof(i->own.fingerprint));
	pgi_cert_free(cert);
	pgi_object_init(&i->group.obj, PGI_GROUP, NULL);
	i->group.identity = identity;
	i->group.store = store;
	i->group.own = &i->own;
	i->group.ready = true;
	i->group.record_limit = PEERGROUP_RECORD_SIZE_MAX;
	i->group.nl.buf = calloc(1, 2 * PGI_NL_MANY_SIZE);
	FUZZ_NEED(i->group.nl.buf);
	pthread_mutex_init(&i->group.lock, NULL);
	return i;
}

static struct issuer *create(void)
{
	struct pgi_group_store *store = calloc(1, sizeof(*store));
	struct pgi_identity *identity = make_identity(2048, "\xe2\x82\xac", "Fr\xc3\xa9""d");
	EVP_PKEY *key;

	FUZZ_NEED(store);
	store->identity = strdup(identity->name);
	store->classifier = strdup("club");
	FUZZ_NEED(store->identity && store->classifier);
	FUZZ_NEED(pgi_group_make(identity, "The club", store, &key) == S_OK);
	store->schemes = PEER_GROUP_GMC_AUTHENTICATION;
	FUZZ_NEED(pgi_group_store_create(store, key, false) == S_OK);
	EVP_PKEY_free(key);
	return open_group(identity, store);
}

static struct issuer *invite(const struct issuer *by, struct pgi_identity *identity,
			     uint32_t roles, uint64_t expires)
{
	struct pgi_group_store *store;
	char *xml, *invitation;

	FUZZ_NEED(pgi_identity_to_xml(identity, &xml) == S_OK);
	FUZZ_NEED(pgi_invite(by->group.store, by->group.identity, xml, expires, roles,
			     &invitation) == S_OK);
	FUZZ_NEED(pgi_invitation_accept(invitation, identity, &store) == S_OK);
	FUZZ_NEED(pgi_group_store_create(store, NULL, false) == S_OK);
	free(xml);
	free(invitation);
	return open_group(identity, store);
}

/* ---------------------------------------------------------------- records -- */

static const uint8_t type[PEERGROUP_ID_LEN] = "a type of record";

static struct pgi_content content(const void *data, size_t size, const char *attrs,
				  unsigned int hours)
{
	return (struct pgi_content) {
		.data = data, .size = size, .attrs = attrs, .type = type,
		.expires = pgi_now() + kernel.ahead + hours * 3600 * PEERGROUP_TIME_PER_SECOND,
	};
}

/* The library says nothing where it does not publish what no program asked for. */
static void need_latest(bool (*of_type)(const uint8_t *type), size_t n)
{
	const struct pgi_blob *wire = &kernel.puts[kernel.count - n].wire;
	const struct peergroup_record_hdr *hdr = (const void *)wire->data;

	FUZZ_NEED(of_type(hdr->type));
}

/* With what a member's first one brings along: its membership. */
static void plain(struct pgi_group *g)
{
	static const char attrs[] = "<attributes><attribute name=\"n\xc3\xa9\" type=\"string\">"
		"\xf0\x9f\x90\xa7</attribute><attribute name=\"n\" type=\"int\">-1</attribute>"
		"<attribute name=\"d\" type=\"date\">2026-11-30</attribute></attributes>";
	struct pgi_content c = content("data", 4, attrs, 1);
	uint8_t id[PEERGROUP_ID_LEN];

	FUZZ_NEED(pgi_record_add(g, &c, id) == S_OK);
	need_latest(pgi_type_is_membership, 1);
	c = content("\0 data", 6, NULL, 2);
	FUZZ_NEED(pgi_record_update(g, id, &c) == S_OK);
	FUZZ_NEED(pgi_record_delete(g, id) == S_OK);
	c = content(NULL, 0, NULL, 1);
	FUZZ_NEED(pgi_record_add(g, &c, id) == S_OK);
}

/* Kept alive by who publishes it. */
static void refreshed(struct pgi_group *g)
{
	struct pgi_content c = content("x", 1, NULL, 1);
	uint8_t id[PEERGROUP_ID_LEN];

	c.peer_flags = PEER_RECORD_FLAG_AUTOREFRESH;
	FUZZ_NEED(pgi_record_add(g, &c, id) == S_OK);
	kernel.ahead += 1800 * PEERGROUP_TIME_PER_SECOND;
	FUZZ_NEED(pgi_record_refresh(g, id) == S_OK);
	FUZZ_NEED(pgi_record_delete(g, id) == S_OK);
}

/* By one signature; of many the first and the last, whose ways to the root are the longest. */
static void batch(struct pgi_group *g, size_t n)
{
	struct pgi_batch_item *items = calloc(n, sizeof(*items));
	size_t before = kernel.count, i;

	FUZZ_NEED(items);
	for (i = 0; i < n; i++)
		items[i].content = content("batch", i % 5, i % 2 ? NULL : "<attributes/>", 1);
	FUZZ_NEED(pgi_record_batch(g, items, n, false, NULL, NULL) == S_OK);
	FUZZ_NEED(kernel.count == before + n && items[0].hr == S_OK && items[n - 1].hr == S_OK);
	if (n > MANY) {
		for (i = 1; i < n - 1; i++)
			pgi_blob_free(&kernel.puts[before + i].wire);
		kernel.puts[before + 1] = kernel.puts[before + n - 1];
		kernel.count = before + 2;
	}
	free(items);
}

/* The node comes and goes; a member is no longer one. */
static void about_members(struct issuer *by, struct issuer *target)
{
	struct pgi_group *g = &by->group;

	pgi_presence_announce(g);
	pgi_presence_withdraw(g);
	need_latest(pgi_type_is_presence, 1);
	need_latest(pgi_type_is_presence, 2);
	kernel.target = target;
	FUZZ_NEED(peergroup_revoke(NULL, target->group.identity->name, 0) == S_OK);
	FUZZ_NEED(peergroup_revoke(NULL, target->group.identity->name, PEERGROUP_REVOKE_ONLY |
				   PEERGROUP_REVOKE_WITHDRAW) == S_OK);
}

static char *repeat(const char *text, size_t n)
{
	char *out = calloc(n, strlen(text) + 1), *at = out;

	FUZZ_NEED(out);
	while (n--)
		at = stpcpy(at, text);
	return out;
}

/* Those of a new group, and those that take most room. */
static void properties(struct pgi_group *g)
{
	struct pgi_properties p = {
		.friendly = repeat("\xe2\x82\xac", PGI_FRIENDLY_MAX),
		.comment = repeat("\xe2\x82\xac", PGI_COMMENT_MAX),
		.flags = PEER_DEFER_EXPIRATION | PEER_MEMBER_DATA_OPTIONAL,
		.member_data_lifetime = 86400, .presence_lifetime = 600,
		.schemes = PEER_GROUP_GMC_AUTHENTICATION | PEER_GROUP_PASSWORD_AUTHENTICATION,
		.password_role = PEERGROUP_ROLE_MEMBER, .password_mark = "a mark",
	};

	FUZZ_NEED(pgi_properties_restore(g) == S_OK);
	FUZZ_NEED(pgi_properties_set(g, &p) == S_OK);
	free(p.friendly);
	free(p.comment);
}

/* Of a version to come, and cut off before the flags end: signed as any other. */
static void odd_properties(struct issuer *by)
{
	static const uint8_t cut[] = { 0, 1, 0, 0, 0, 0, 0 }, later[] = { 0, 2, 0, 0, 0, 0, 0, 2 };
	const struct peergroup_record_hdr *hdr = (const void *)kernel.puts[0].wire.data;
	const struct { const uint8_t *data; size_t size; } odd[] = {
		{ cut, sizeof(cut) }, { later, sizeof(later) },
	};
	struct pgi_identity signer = { .name = NULL };
	struct pgi_draft d = { .version = 2, .created = pgi_now() - 1, .modified = pgi_now(),
			       .expires = be64toh(hdr->expires) };
	struct pgi_blob wire;
	size_t i;

	FUZZ_NEED(pgi_group_store_load_key(by->group.store, &signer.key) == S_OK);
	memcpy(d.id, hdr->id, sizeof(d.id));
	memcpy(d.type, hdr->type, sizeof(d.type));
	memcpy(d.creator, hdr->creator, sizeof(d.creator));
	memcpy(d.modifier, hdr->modifier, sizeof(d.modifier));
	for (i = 0; i < PGI_ARRAY_SIZE(odd); i++) {
		d.data = odd[i].data;
		d.size = odd[i].size;
		FUZZ_NEED(pgi_record_sign(&d, by->group.store->id, &signer, &wire) == S_OK);
		keep(wire.data, wire.len);
		pgi_blob_free(&wire);
	}
	EVP_PKEY_free(signer.key);
}

/* @size bytes of them. */
static char *attributes(size_t size)
{
	static const char before[] = "<attributes><attribute name=\"a\" type=\"string\">";
	static const char behind[] = "</attribute></attributes>";
	char *value = repeat("x", size - strlen(before) - strlen(behind)), *out;

	FUZZ_NEED(asprintf(&out, "%s%s%s", before, value, behind) == (int)size);
	free(value);
	return out;
}

/* As long as an input may be: of data, and of attributes. */
static void fill_input(struct pgi_group *g)
{
	const size_t room = FUZZ_INPUT_MAX - sizeof(struct peergroup_record_hdr) -
			    sizeof(struct peergroup_sig_hdr) - PEERGROUP_SIG_LEN_MAX;
	char *data = repeat("x", room), *attrs = attributes(room);
	struct pgi_content c = content(data, room, NULL, 1);
	uint8_t id[PEERGROUP_ID_LEN];

	FUZZ_NEED(pgi_record_add(g, &c, id) == S_OK);
	c = content(NULL, 0, attrs, 1);
	FUZZ_NEED(pgi_record_add(g, &c, id) == S_OK);
	free(attrs);
	free(data);
}

static struct issuer *creator;

static void at_work(struct issuer *by)
{
	kernel.now = by;
	plain(&by->group);
	refreshed(&by->group);
	batch(&by->group, 1);
	batch(&by->group, 7);
}

/* By a creator, and by members whose keys are the smallest and the largest that there are. */
static void set_up(void)
{
	struct issuer *elliptic, *large;

	if (creator)
		return;
	fuzz_home_make();
	creator = create();
	elliptic = invite(creator, make_identity(0, NULL, NULL), PEERGROUP_ROLE_ADMIN, 0);
	large = invite(elliptic, make_identity(4096, NULL, "Large"), PEERGROUP_ROLE_MEMBER, 0);
	kernel.now = creator;
	properties(&creator->group);
	at_work(creator);
	about_members(creator, elliptic);
	at_work(elliptic);
	about_members(elliptic, large);
	at_work(large);
	batch(&large->group, PEERGROUP_BATCH_MAX);
	fill_input(&large->group);
	kernel.now = creator;
	odd_properties(creator);
}

/* The properties are the first that the kernel was given, and all of that type are the root's. */
static void name_signer(const struct put *put, struct issued_by *by)
{
	const struct peergroup_record_hdr *hdr = (const void *)put->wire.data;
	const struct pgi_blob *der = pgi_type_is_properties(hdr->type) ? &put->by->root :
									 &put->by->cert;

	by->group = put->by->group.store->id;
	by->der = der->data;
	by->der_len = der->len;
}

size_t issued_record(unsigned int n, uint8_t *out, struct issued_by *by)
{
	const struct put *put;

	set_up();
	if (n >= kernel.count)
		return 0;
	put = &kernel.puts[n];
	FUZZ_NEED(put->wire.len <= FUZZ_INPUT_MAX);
	memcpy(out, put->wire.data, put->wire.len);
	name_signer(put, by);
	return put->wire.len;
}

/* It is the last one then, until it is done with. */
const uint8_t *issued_longest(bool data, size_t *len, struct issued_by *by)
{
	uint8_t id[PEERGROUP_ID_LEN];
	struct pgi_content c;
	const struct put *put;
	char *much;

	set_up();
	if (data) {
		much = repeat("x", PEERGROUP_RECORD_SIZE_MAX);
		c = content(much, PEERGROUP_RECORD_SIZE_MAX, NULL, 1);
	} else {
		much = attributes(PEERGROUP_ATTRS_LEN_MAX);
		c = content(NULL, 0, much, 1);
	}
	kernel.now = creator;
	FUZZ_NEED(pgi_record_add(&creator->group, &c, id) == S_OK);
	free(much);
	put = &kernel.puts[kernel.count - 1];
	name_signer(put, by);
	*len = put->wire.len;
	return put->wire.data;
}

void issued_longest_done(void)
{
	pgi_blob_free(&kernel.puts[--kernel.count].wire);
	pgi_blob_free(&kernel.staged);
}

/* ----------------------------------------------------------- certificates -- */

static struct pgi_blob chains[64];
static unsigned int n_chains;

/* As members publish it, and with the root before it. */
static void add_chain(const struct pgi_blob *root, const struct pgi_blob *chain, size_t len)
{
	struct pgi_blob all[PEERGROUP_CHAIN_MAX + 1] = { *root };

	FUZZ_NEED(len <= PEERGROUP_CHAIN_MAX && n_chains + 2 <= PGI_ARRAY_SIZE(chains));
	memcpy(all + 1, chain, len * sizeof(*chain));
	FUZZ_NEED(pgi_membership_encode(all + 1, len, &chains[n_chains++]) == S_OK);
	if (len < PEERGROUP_CHAIN_MAX)
		FUZZ_NEED(pgi_membership_encode(all, len + 1, &chains[n_chains++]) == S_OK);
}

static struct issuer *joined(const struct issuer *by, struct pgi_identity *identity,
			     uint32_t roles, uint64_t expires)
{
	struct issuer *i = invite(by, identity, roles, expires);

	add_chain(&i->root, i->group.store->chain, i->group.store->chain_len);
	return i;
}

/* An administrator's certificate that takes the place of one since longer. */
static void renewed(const struct issuer *by, EVP_PKEY *key, const char *name)
{
	struct pgi_cert_spec spec = { .name = name, .friendly = "", .roles = PEERGROUP_ROLE_ADMIN };
	struct pgi_blob chain[2] = { by->cert };
	struct pgi_cert *own;

	FUZZ_NEED(pgi_cert_parse(by->cert.data, by->cert.len, &own) == S_OK);
	spec.since = own->not_before;
	spec.not_before = own->not_before + 3600 * PEERGROUP_TIME_PER_SECOND;
	spec.not_after = own->not_after;
	FUZZ_NEED(pgi_cert_issue(own, by->group.identity->key, key, &spec, &chain[1]) == S_OK);
	add_chain(&by->root, chain, 2);
	pgi_blob_free(&chain[1]);
	pgi_cert_free(own);
}

/* A root by the elliptic curve, with as little in it as there can be. */
static void smallest(void)
{
	struct pgi_cert_spec spec = {
		.friendly = "", .roles = PEERGROUP_ROLE_ROOT, .not_before = pgi_now(),
		.not_after = pgi_now() + 3600 * PEERGROUP_TIME_PER_SECOND,
	};
	EVP_PKEY *key = make_key(0), *member = make_key(0);
	struct pgi_blob root = { 0 }, below = { 0 };
	struct pgi_cert *cert;
	uint8_t hash[32];
	char *name;

	FUZZ_NEED(pgi_key_hash(key, hash) == S_OK && pgi_name_make(hash, NULL, &name) == S_OK);
	spec.name = name;
	FUZZ_NEED(pgi_cert_issue(NULL, key, key, &spec, &root) == S_OK);
	FUZZ_NEED(pgi_cert_parse(root.data, root.len, &cert) == S_OK);
	free(name);
	FUZZ_NEED(pgi_key_hash(member, hash) == S_OK && pgi_name_make(hash, NULL, &name) == S_OK);
	spec.name = name;
	spec.roles = PEERGROUP_ROLE_MEMBER;
	FUZZ_NEED(pgi_cert_issue(cert, key, member, &spec, &below) == S_OK);
	add_chain(&root, &below, 1);
	pgi_cert_free(cert);
	pgi_blob_free(&root);
	pgi_blob_free(&below);
	EVP_PKEY_free(key);
	EVP_PKEY_free(member);
	free(name);
}

static void set_up_chains(void)
{
	struct issuer *by, *large;
	char *classifier, *friendly;
	unsigned int i;

	if (n_chains)
		return;
	fuzz_home_make();
	by = create();
	add_chain(&by->root, by->group.store->chain, 1);
	smallest();
	classifier = repeat("\xe2\x82\xac", PGI_CLASSIFIER_MAX);
	friendly = repeat("\xe2\x82\xac", PGI_FRIENDLY_MAX);
	large = joined(by, make_identity(4096, classifier, friendly), PEERGROUP_ROLE_INVITING, 0);
	joined(large, make_identity(3072, NULL, NULL), PEERGROUP_ROLE_MEMBER |
	       PEERGROUP_ROLE_INVITING, pgi_now() + 3600 * PEERGROUP_TIME_PER_SECOND);
	renewed(by, large->group.identity->key, large->group.identity->name);
	for (i = 1; i < PEERGROUP_CHAIN_MAX; i++)
		by = (i < 4 || i == PEERGROUP_CHAIN_MAX - 1 ? joined : invite)
			(by, make_identity(0, NULL, i % 2 ? "member" : NULL),
			 PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER, 0);
	free(classifier);
	free(friendly);
}

size_t issued_chain(unsigned int n, uint8_t *out)
{
	set_up_chains();
	if (n >= n_chains)
		return 0;
	FUZZ_NEED(chains[n].len <= FUZZ_INPUT_MAX);
	memcpy(out, chains[n].data, chains[n].len);
	return chains[n].len;
}
