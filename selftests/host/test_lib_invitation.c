// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates, chains and invitations. Groups are played by the functions
 * below, so that PeerGroupCreateInvitation() runs without a kernel.
 */
#include <openssl/x509.h>
#include "lib_test.h"
#include "cert.h"
#include "store.h"

struct fake_group {
	struct pgi_object obj;
	struct pgi_group_store *store;
	const struct pgi_identity *identity;
};

static bool started = true, ready = true;

HRESULT pgi_started(void)
{
	return started ? S_OK : PEER_E_NOT_INITIALIZED;
}

HRESULT pgi_group_get(HGROUP handle, struct pgi_object **group)
{
	*group = pgi_handle_get(handle, PGI_GROUP);
	return *group ? S_OK : PEER_E_INVALID_GROUP;
}

const struct pgi_group_store *pgi_group_get_store(struct pgi_object *group)
{
	return ((struct fake_group *)group)->store;
}

const struct pgi_identity *pgi_group_get_identity(struct pgi_object *group)
{
	return ((struct fake_group *)group)->identity;
}

HRESULT pgi_group_check_ready(struct pgi_object *group)
{
	(void)group;
	return ready ? S_OK : PEER_E_GROUP_NOT_READY;
}

HRESULT pgi_group_check_not_revoked(struct pgi_object *group, const char *identity_xml)
{
	(void)group;
	(void)identity_xml;
	return S_OK;
}

/* ------------------------------------------------------------------ actors -- */

struct actor {
	struct pgi_identity *id;
	char *xml;			/* of the identity */
	struct pgi_group_store *store;
	struct fake_group group;
	HGROUP handle;
};

static struct actor creator, admin, inviter, member, other;

static void no_release(struct pgi_object *obj)
{
	(void)obj;
}

static void open_group(struct actor *a)
{
	pgi_object_init(&a->group.obj, PGI_GROUP, no_release);
	a->group.store = a->store;
	a->group.identity = a->id;
	NEED_OK(pgi_handle_new(&a->group.obj, &a->handle));
}

static void make_actor(struct actor *a, const char *friendly)
{
	char *name;

	NEED_OK(peergroup_identity_create("test", friendly, &name));
	NEED_OK(pgi_identity_load(name, &a->id));
	NEED_OK(pgi_identity_to_xml(a->id, &a->xml));
	peergroup_free(name);
}

static void free_actor(struct actor *a)
{
	pgi_identity_free(a->id);
	pgi_group_store_free(a->store);
	free(a->xml);
	if (a->handle)
		pgi_object_put(pgi_handle_remove(a->handle, PGI_GROUP));
	memset(a, 0, sizeof(*a));
}

static void make_group(struct actor *a)
{
	EVP_PKEY *key;

	a->store = calloc(1, sizeof(*a->store));
	a->store->identity = strdup(a->id->name);
	a->store->classifier = strdup("class");
	a->store->comment = strdup("line\nline %41");
	a->store->port = 4000;
	NEED_OK(pgi_group_make(a->id, "Gr\xc3\xbcppe", a->store, &key));
	NEED_OK(pgi_group_store_create(a->store, key, false));
	CHECK_HR(pgi_group_store_create(a->store, key, false), PEER_E_ALREADY_EXISTS);
	EVP_PKEY_free(key);
	open_group(a);
}

static void join(struct actor *from, struct actor *to, uint32_t roles)
{
	char *xml;

	NEED_OK(peergroup_invite(from->handle, to->xml, 0, roles, &xml));
	NEED_OK(pgi_invitation_accept(xml, to->id, &to->store));
	peergroup_free(xml);
	open_group(to);
}

static void actors(void)
{
	make_actor(&creator, "Creator");
	make_actor(&admin, "Admin");
	make_actor(&inviter, "Inviter");
	make_actor(&member, "Member");
	make_actor(&other, "Other");
	make_group(&creator);
	join(&creator, &admin, PEERGROUP_ROLE_ADMIN);
	join(&admin, &inviter, PEERGROUP_ROLE_INVITING);
	join(&inviter, &member, PEERGROUP_ROLE_MEMBER);
	CHECK(creator.store->chain_len == 1 && member.store->chain_len == 4);
	CHECK(!strcmp(member.store->friendly, "Gr\xc3\xbcppe"));
	CHECK(!memcmp(member.store->id, creator.store->id, 32));
	CHECK(!member.store->ready && creator.store->ready);
}

/* ------------------------------------------------------------------- tests -- */

static HRESULT count_one(const struct pgi_group_store *store, void *arg)
{
	CHECK(*store->name);
	++*(int *)arg;
	return S_OK;
}

static void stores(void)
{
	struct peergroup_group_name *list;
	struct pgi_group_store *s;
	EVP_PKEY *key;
	char text[32];
	size_t count;
	int i, n = 0;

	NEED_OK(pgi_group_store_load(creator.id->name, creator.store->name, &s));
	CHECK(!strcmp(s->comment, "line\nline %41") && !strcmp(s->classifier, "class"));
	CHECK(s->creator && s->ready && s->port == 4000 && !s->cloud);
	CHECK(!memcmp(s->id, creator.store->id, 32));
	CHECK(s->chain_len == 1 && s->chain[0].len == creator.store->chain[0].len &&
	      !memcmp(s->chain[0].data, creator.store->chain[0].data, s->chain[0].len));
	NEED_OK(pgi_group_store_load_key(s, &key));
	EVP_PKEY_free(key);
	for (i = 0; i < 10; i++) {
		sprintf(text, "[2001:db8::%d]:3587", i);
		NEED_OK(pgi_group_store_remember(s, text));
	}
	NEED_OK(pgi_group_store_remember(s, "[2001:db8::4]:3587"));
	s->ready = false;	/* as a process that never saw it synchronise */
	NEED_OK(pgi_group_store_save(s));
	pgi_group_store_free(s);
	NEED_OK(pgi_group_store_load(NULL, creator.store->name, &s));	/* oldest identity */
	CHECK(s->ready && s->addresses_len == 8);
	CHECK(!strcmp(s->addresses[0], "[2001:db8::2]:3587"));
	CHECK(!strcmp(s->addresses[7], "[2001:db8::4]:3587"));
	pgi_group_store_free(s);

	NEED_OK(pgi_group_store_create(member.store, NULL, false));
	CHECK_HR(pgi_group_store_load(other.id->name, creator.store->name, &s), PEER_E_NOT_FOUND);
	CHECK_HR(pgi_group_store_load(creator.id->name, member.id->name, &s), PEER_E_NOT_FOUND);
	CHECK_HR(pgi_group_store_load(creator.id->name, "../x", &s), E_INVALIDARG);
	NEED_OK(pgi_group_store_each(NULL, count_one, &n));
	CHECK(n == 2);
	NEED_OK(peergroup_list_groups(NULL, &list, &count));
	CHECK(count == 2);
	peergroup_free(list);
	NEED_OK(peergroup_list_groups(member.id->name, &list, &count));
	CHECK(count == 1 && !strcmp(list[0].identity, member.id->name) &&
	      !strcmp(list[0].friendly, "Gr\xc3\xbcppe"));
	peergroup_free(list);
	CHECK_HR(peergroup_list_groups("0000000000000000000000000000000000000000", &list, &count),
		 PEER_E_NOT_FOUND);
	CHECK_HR(peergroup_identity_delete(member.id->name), PEER_E_GROUPS_EXIST);
	NEED_OK(pgi_group_store_renew(member.store));
	NEED_OK(pgi_group_store_delete(member.id->name, member.store->name));
	CHECK_HR(pgi_group_store_delete(member.id->name, member.store->name), PEER_E_NOT_FOUND);
}

/* How many groups are listed, and whether it is said that one is damaged. */
static void check_listed(const char *identity, size_t expected, bool damaged)
{
	struct peergroup_group_name *list = NULL;
	size_t count = 99;

	CHECK_HR(peergroup_list_groups(identity, &list, &count), S_OK);
	CHECK(count == expected, "%zu", count);
	CHECK(!!strstr(peergroup_error_detail(), "damaged") == damaged, "%s",
	      peergroup_error_detail());
	peergroup_free(list);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	NEED(file && fputs(text, file) >= 0 && !fclose(file));
}

/* The last of a member's certificates is @what: it is not taken for who invited it. */
static void check_chain(const char *path, void (*what)(char *last))
{
	struct pgi_group_store *s = NULL;
	char pem[16384], *last;
	FILE *file = fopen(path, "r");
	size_t n;

	NEED(file);
	n = fread(pem, 1, sizeof(pem) - 1, file);
	fclose(file);
	pem[n] = 0;
	last = strstr(pem, "-----BEGIN");
	for (char *next = last; next; next = strstr(next + 1, "-----BEGIN"))
		last = next;
	NEED(last);
	what(last);
	write_file(path, pem);
	CHECK_HR(pgi_group_store_load(member.id->name, member.store->name, &s),
		 PEER_E_CERT_STORE_CORRUPTED);
	pgi_group_store_free(s);
}

static void gone(char *last)
{
	*last = 0;
}

static void not_base64(char *last)
{
	strchr(last, '\n')[5] = '!';
}

static void cut_short(char *last)
{
	last[strlen(last) / 2] = 0;
}

static void damaged_chain(void)
{
	static void (*const kinds[])(char *last) = { gone, not_base64, cut_short };
	char identity[PGI_ENTRY_LEN], group[PGI_ENTRY_LEN], path[512];
	unsigned int i;

	NEED_OK(pgi_store_entry(member.store->identity, identity));
	NEED_OK(pgi_store_entry(member.store->name, group));
	snprintf(path, sizeof(path), "%s/groups/%s/%s/chain.pem", test_home, identity, group);
	for (i = 0; i < PGI_ARRAY_SIZE(kinds); i++) {
		NEED_OK(pgi_group_store_create(member.store, NULL, false));
		check_chain(path, kinds[i]);
		NEED_OK(pgi_group_store_delete(member.id->name, member.store->name));
	}
}

/* A group of which a file is missing, cut off, or no file at all. */
static void damaged(void)
{
	static const char *const files[] = { "info", "state", "chain.pem" };
	char identity[PGI_ENTRY_LEN], group[PGI_ENTRY_LEN], path[512], aside[520];
	struct pgi_group_store *s;
	int i, kind, listed;

	NEED_OK(pgi_group_store_create(member.store, NULL, false));
	NEED_OK(pgi_store_entry(member.store->identity, identity));
	NEED_OK(pgi_store_entry(member.store->name, group));
	check_listed(NULL, 2, false);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/groups/%s/%s/%s", test_home, identity, group,
			 files[i]);
		snprintf(aside, sizeof(aside), "%s.aside", path);
		listed = strcmp(files[i], "info") ? 1 : 0;
		NEED(!rename(path, aside));
		for (kind = 0; kind < 3; kind++) {
			if (kind == 1)
				write_file(path, "x");
			else if (kind == 2)
				NEED(!mkdir(path, 0700));
			CHECK_HR(pgi_group_store_load(member.id->name, member.store->name, &s),
				 PEER_E_CERT_STORE_CORRUPTED);
			check_listed(NULL, 1 + (size_t)listed, true);
			check_listed(member.id->name, (size_t)listed, true);
			check_listed(creator.id->name, 1, false);
			if (kind)
				NEED(!remove(path));
		}
		NEED(!rename(aside, path));
	}
	check_listed(NULL, 2, false);
	NEED_OK(pgi_group_store_delete(member.id->name, member.store->name));
}

/* Folders that are none. */
static void stray(void)
{
	char identity[PGI_ENTRY_LEN], path[2][512];
	int i;

	NEED_OK(pgi_store_entry(creator.id->name, identity));
	snprintf(path[0], sizeof(path[0]), "%s/groups/stray", test_home);
	snprintf(path[1], sizeof(path[1]), "%s/groups/%s/stray", test_home, identity);
	for (i = 0; i < 2; i++) {
		write_file(path[i], "x");
		check_listed(NULL, 1, true);
		check_listed(creator.id->name, 1, i);
		NEED(!remove(path[i]));
	}
	check_listed(NULL, 1, false);
}

/* The names alone, and of the id what they say. */
static void named(void)
{
	struct pgi_group_store *s;

	NEED_OK(pgi_group_store_named(creator.id->name, creator.store->name, &s));
	CHECK(!strcmp(s->identity, creator.id->name) && !strcmp(s->name, creator.store->name));
	CHECK(!memcmp(s->id, creator.store->id, PEERGROUP_AUTHORITY_LEN) && !s->root.len);
	pgi_group_store_free(s);
	CHECK_HR(pgi_group_store_named(creator.id->name, "x", &s), E_INVALIDARG);
	CHECK(!s);
}

static void parse(void)
{
	struct peergroup_invitation *inv;
	time_t end = time(NULL) + 86400;
	char *xml;

	NEED_OK(peergroup_invite(inviter.handle, other.xml, end,
				 PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER, &xml));
	NEED_OK(peergroup_parse_invitation(xml, &inv));
	CHECK(!strcmp(inv->group_name, creator.store->name));
	CHECK(!strcmp(inv->group_friendly, "Gr\xc3\xbcppe"));
	CHECK(!strcmp(inv->issuer_name, inviter.id->name));
	CHECK(!strcmp(inv->issuer_friendly, "Inviter"));
	CHECK(!strcmp(inv->subject_name, other.id->name));
	CHECK(!strcmp(inv->subject_friendly, "Other"));
	CHECK(inv->not_after == end);
	CHECK(inv->not_before <= time(NULL) && inv->not_before > time(NULL) - 700);
	CHECK(inv->roles == (PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER));
	CHECK(inv->depth == 4);
	peergroup_free(inv);
	peergroup_free(xml);
	CHECK_HR(peergroup_parse_invitation(NULL, &inv), E_INVALIDARG);
	CHECK_HR(peergroup_parse_invitation("", NULL), E_INVALIDARG);
}

static void thousand_years(void)
{
	struct peergroup_invitation *inv;
	char *xml;

	NEED_OK(peergroup_invite(creator.handle, other.xml, 0, PEERGROUP_ROLE_MEMBER, &xml));
	NEED_OK(peergroup_parse_invitation(xml, &inv));
	CHECK(inv->not_after > time(NULL) + 31556000000LL);
	CHECK(inv->not_after < time(NULL) + 31557000000LL);
	peergroup_free(inv);
	peergroup_free(xml);
}

static WCHAR *wide_of(const char *utf8)
{
	WCHAR *wide;

	NEED_OK(pgi_wide_return(utf8, &wide));
	return wide;
}

static void wide(void)
{
	GUID roles[] = { PEER_GROUP_ROLE_MEMBER, PEER_GROUP_ROLE_ADMIN };
	FILETIME end = pgi_to_filetime(pgi_now() + 15 * 86400 * PEERGROUP_TIME_PER_SECOND);
	WCHAR *info = wide_of(other.xml), *xml;
	PEER_INVITATION_INFO *p;

	NEED_OK(PeerGroupCreateInvitation(creator.handle, info, &end, 2, roles, &xml));
	NEED_OK(PeerGroupParseInvitation(xml, &p));
	CHECK(p->dwSize == sizeof(*p) && p->dwScope == 1 && p->dwCloudFlags == 0);
	CHECK(p->authScheme == PEER_GROUP_GMC_AUTHENTICATION);
	CHECK(wide_is(p->pwzCloudName, "Global_"));
	CHECK(wide_is(p->pwzGroupPeerName, creator.store->name));
	CHECK(wide_is(p->pwzGroupFriendlyName, "Gr\xc3\xbcppe"));
	CHECK(wide_is(p->pwzIssuerPeerName, creator.id->name));
	CHECK(wide_is(p->pwzIssuerFriendlyName, "Creator"));
	CHECK(wide_is(p->pwzSubjectPeerName, other.id->name));
	CHECK(wide_is(p->pwzSubjectFriendlyName, "Other"));
	CHECK(p->cRoles == 2 && pgi_role_of_guid(&p->pRoles[0]) == PEERGROUP_ROLE_ADMIN);
	/* Certificates know whole seconds. */
	CHECK(pgi_filetime(&end) - pgi_filetime(&p->ftValidityEnd) < PEERGROUP_TIME_PER_SECOND);
	CHECK(!strcmp(p->pSubjectPublicKey->Algorithm.pszObjId, "1.2.840.113549.1.1.1"));
	CHECK(p->pSubjectPublicKey->Algorithm.Parameters.cbData == 2 &&
	      !memcmp(p->pSubjectPublicKey->Algorithm.Parameters.pbData, "\x05", 2));
	CHECK(p->pSubjectPublicKey->PublicKey.cbData == 270);
	PeerFreeData(p);
	PeerFreeData(xml);

	started = false;
	CHECK_HR(PeerGroupParseInvitation(NULL, NULL), PEER_E_NOT_INITIALIZED);
	CHECK_HR(PeerGroupCreateInvitation(NULL, NULL, NULL, 0, NULL, NULL),
		 PEER_E_NOT_INITIALIZED);
	started = true;
	CHECK_HR(PeerGroupParseInvitation(NULL, &p), E_INVALIDARG);
	CHECK_HR(PeerGroupParseInvitation(info, &p), PEER_E_INVITATION_NOT_TRUSTED);
	CHECK(!p);
	CHECK_HR(PeerGroupCreateInvitation(creator.handle, info, NULL, 0, roles, &xml),
		 E_INVALIDARG);
	CHECK_HR(PeerGroupCreateInvitation(creator.handle, NULL, NULL, 1, roles, &xml),
		 E_INVALIDARG);
	CHECK_HR(PeerGroupCreateInvitation(NULL, info, NULL, 1, roles, &xml),
		 PEER_E_INVALID_GROUP);
	ready = false;
	CHECK_HR(PeerGroupCreateInvitation(creator.handle, info, NULL, 1, roles, &xml),
		 PEER_E_GROUP_NOT_READY);
	ready = true;
	memset(&end, 0, sizeof(end));
	CHECK_HR(PeerGroupCreateInvitation(creator.handle, info, &end, 1, roles, &xml),
		 PEER_E_INVALID_TIME_PERIOD);
	roles[0].Data1++;
	CHECK_HR(PeerGroupCreateInvitation(creator.handle, info, NULL, 1, roles, &xml),
		 PEER_E_INVALID_ROLE_PROPERTY);
	CHECK(!xml);
	PeerFreeData(info);
}

#define INVITE(from, to, roles) peergroup_invite((from).handle, (to).xml, 0, roles, &xml)

static void permissions(void)
{
	char *xml = NULL;

	CHECK_HR(INVITE(member, other, PEERGROUP_ROLE_MEMBER), PEER_E_NOT_AUTHORIZED);
	CHECK(!xml);
	CHECK_HR(INVITE(inviter, other, PEERGROUP_ROLE_ADMIN), PEER_E_NOT_AUTHORIZED);
	CHECK_HR(INVITE(inviter, other, PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER),
		 PEER_E_NOT_AUTHORIZED);
	CHECK_HR(INVITE(inviter, other, PEERGROUP_ROLE_INVITING), S_OK);
	peergroup_free(xml);
	CHECK_HR(INVITE(admin, other, PEERGROUP_ROLE_ADMIN), S_OK);
	peergroup_free(xml);
	CHECK_HR(INVITE(admin, other, PEERGROUP_ROLE_ROOT), PEER_E_INVALID_ROLE_PROPERTY);
	CHECK_HR(INVITE(admin, other, 0), E_INVALIDARG);
	CHECK_HR(INVITE(inviter, admin, PEERGROUP_ROLE_MEMBER), PEER_E_CIRCULAR_CHAIN_DETECTED);
	CHECK_HR(INVITE(creator, creator, PEERGROUP_ROLE_ADMIN),
		 PEER_E_CIRCULAR_CHAIN_DETECTED);
}

static void periods(void)
{
	struct pgi_group_store *kept = other.store;
	time_t now = time(NULL);
	struct actor brief = { 0 };
	char *xml;

	CHECK_HR(peergroup_invite(admin.handle, other.xml, now - 1, PEERGROUP_ROLE_MEMBER, &xml),
		 PEER_E_INVALID_TIME_PERIOD);
	CHECK_HR(peergroup_invite(admin.handle, other.xml, now + 40000000000LL,
				  PEERGROUP_ROLE_MEMBER, &xml), PEER_E_INVALID_TIME_PERIOD);
	NEED_OK(peergroup_invite(admin.handle, other.xml, now + 600, PEERGROUP_ROLE_ADMIN, &xml));
	NEED_OK(pgi_invitation_accept(xml, other.id, &other.store));
	peergroup_free(xml);
	open_group(&other);
	make_actor(&brief, NULL);
	CHECK_HR(peergroup_invite(other.handle, brief.xml, now + 601, PEERGROUP_ROLE_MEMBER,
				  &xml), PEER_E_INVALID_TIME_PERIOD);
	now = time(NULL) + 4;		/* ample for the two calls, on a busy host too */
	NEED_OK(peergroup_invite(other.handle, brief.xml, now, PEERGROUP_ROLE_MEMBER, &xml));
	NEED_OK(pgi_invitation_accept(xml, brief.id, &brief.store));
	while (time(NULL) <= now)
		usleep(100000);
	pgi_group_store_free(brief.store);
	CHECK_HR(pgi_invitation_accept(xml, brief.id, &brief.store), PEER_E_INVALID_TIME_PERIOD);
	CHECK(!brief.store);
	peergroup_free(xml);
	free_actor(&brief);
	pgi_object_put(pgi_handle_remove(other.handle, PGI_GROUP));
	other.handle = NULL;
	pgi_group_store_free(other.store);
	other.store = kept;
}

static void long_chain(void)
{
	static struct actor chain[PEERGROUP_CHAIN_MAX + 1];
	unsigned int i;
	char *xml;

	make_actor(&chain[0], NULL);
	make_group(&chain[0]);
	for (i = 1; i < PEERGROUP_CHAIN_MAX; i++) {
		make_actor(&chain[i], NULL);
		join(&chain[i - 1], &chain[i], PEERGROUP_ROLE_ADMIN);
	}
	CHECK(chain[i - 1].store->chain_len == PEERGROUP_CHAIN_MAX);
	CHECK_HR(INVITE(chain[i - 1], other, PEERGROUP_ROLE_MEMBER), PEER_E_CHAIN_TOO_LONG);
	for (i = 0; i < PEERGROUP_CHAIN_MAX; i++)
		free_actor(&chain[i]);
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	NEED(at);
	NEED(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return out;
}

static void check_altered(const char *xml, const char *from, const char *to, HRESULT expected)
{
	char *text = replaced(xml, from, to);
	struct peergroup_invitation *inv;
	struct pgi_group_store *store;

	CHECK_HR(peergroup_parse_invitation(text, &inv), expected);
	peergroup_free(inv);
	CHECK_HR(pgi_invitation_accept(text, other.id, &store), expected);
	pgi_group_store_free(store);
	free(text);
}

static void altered(void)
{
	const HRESULT no = PEER_E_INVITATION_NOT_TRUSTED;
	struct pgi_group_store *store;
	char *xml;

	NEED_OK(INVITE(admin, other, PEERGROUP_ROLE_MEMBER));
	check_altered(xml, "<PEERI", "<?xml version=\"1.0\"?>\n <PEERI", S_OK);
	check_altered(xml, "<SCOPE>", "\n<SCOPE>", S_OK);
	check_altered(xml, "<SCOPE>GLOBAL", "<SCOPE>global", S_OK);
	check_altered(xml, "VERSION=\"1.0\"", "VERSION=\"2.0\"", PEER_E_UNSUPPORTED_VERSION);
	check_altered(xml, "VERSION=\"1.0\"", "VERSION=\"1.1\"", no);
	check_altered(xml, " VERSION=\"1.0\"", "", no);
	check_altered(xml, "VERSION", "x=\"\" VERSION", no);
	check_altered(xml, "<SCOPE>GLOBAL</SCOPE>", "", no);
	check_altered(xml, "<SCOPE>GLOBAL</SCOPE>", "<SCOPE>EVERYWHERE</SCOPE>", no);
	check_altered(xml, "<CLOUDFLAGS>", "<X/><CLOUDFLAGS>", no);
	check_altered(xml, "</GMC>", "</GMC><X/>", no);
	check_altered(xml, "</GMC>", "AAAA</GMC>", no);
	check_altered(xml, "</GMC>", "=</GMC>", no);
	check_altered(xml, " dt:dt=\"bin.base64\"", "", no);
	check_altered(xml, "datatypes", "datatype", no);
	check_altered(xml, "<PEERI", "<!DOCTYPE x><PEERI", no);
	CHECK_HR(pgi_invitation_accept(xml, member.id, &store), no);
	CHECK_HR(pgi_invitation_accept(other.xml, other.id, &store), no);
	CHECK_HR(pgi_invitation_accept("", other.id, &store), no);
	CHECK_HR(pgi_invitation_accept("\xff", other.id, &store), no);
	peergroup_free(xml);
}

/* Every byte of the base64 matters: flip one in each of many places. */
static void bit_flips(void)
{
	struct pgi_blob *certs;
	struct peergroup_invitation *inv;
	char *xml, *text, *start, *end;
	size_t count, i, step, n = 0;
	unsigned char *der;

	NEED_OK(INVITE(creator, other, PEERGROUP_ROLE_MEMBER));
	start = strstr(xml, "base64\">") + 8;
	end = strstr(start, "</GMC>");
	text = strndup(start, (size_t)(end - start));
	NEED_OK(pgi_bundle_decode(text, &certs, &count));
	CHECK(count == 3);
	pgi_bundle_free(certs, count);
	der = malloc(strlen(text));
	NEED(der);
	count = (size_t)EVP_DecodeBlock(der, (unsigned char *)text, (int)strlen(text));
	step = count / 300 + 1;
	for (i = 0; i < count - 3; i += step) {
		der[i] ^= 1 << (i % 8);
		/* Same length, so it replaces the base64 in place. */
		EVP_EncodeBlock((unsigned char *)text, der, (int)count);
		der[i] ^= 1 << (i % 8);
		memcpy(start, text, (size_t)(end - start));
		if (peergroup_parse_invitation(xml, &inv) == S_OK) {
			n++;
			peergroup_free(inv);
		}
	}
	/* What the PKCS #7 says around the certificates is not signed. */
	CHECK(n <= 4, "%zu accepted", n);
	free(der);
	free(text);
	peergroup_free(xml);
}

static void truncated(void)
{
	struct pgi_cert *cert;
	const struct pgi_blob *der = &creator.store->chain[0];
	size_t len;

	for (len = 0; len < der->len; len++)
		CHECK_HR(pgi_cert_parse(der->data, len, &cert), PEER_E_INVITATION_NOT_TRUSTED);
	NEED_OK(pgi_cert_parse(der->data, len, &cert));
	CHECK(cert->roles == PEERGROUP_ROLE_ADMIN && !cert->root);
	pgi_cert_free(cert);
}

/* Chains that break one rule each, properly signed. */
static HRESULT verify_with(const struct pgi_cert_spec *spec, struct actor *issuer,
			   EVP_PKEY *signer, const struct pgi_cert *named)
{
	struct pgi_cert **chain;
	struct pgi_blob der = { 0 };
	HRESULT hr;
	size_t len;

	NEED_OK(pgi_chain_parse(issuer->store, &chain, &len));
	NEED_OK(pgi_cert_issue(named ? named : chain[len - 1], signer, other.id->key, spec,
			       &der));
	chain = realloc(chain, (len + 1) * sizeof(*chain));
	NEED(chain);
	hr = pgi_cert_parse(der.data, der.len, &chain[len]);
	if (SUCCEEDED(hr))
		hr = pgi_chain_verify(chain, len + 1);
	pgi_chain_free(chain, len + (SUCCEEDED(hr) || chain[len] ? 1 : 0));
	pgi_blob_free(&der);
	return hr;
}

static void chains(void)
{
	const HRESULT no = PEER_E_INVITATION_NOT_TRUSTED;
	uint64_t now = pgi_now();
	struct pgi_cert_spec good = {
		.name = other.id->name, .friendly = "x", .roles = PEERGROUP_ROLE_MEMBER,
		.not_before = now, .not_after = now + PGI_MINUTE,
	}, spec;
	struct pgi_cert **chain;
	size_t len;

	CHECK_HR(verify_with(&good, &admin, admin.id->key, NULL), S_OK);
	CHECK_HR(verify_with(&good, &admin, creator.id->key, NULL), no);	/* signature */
	CHECK_HR(verify_with(&good, &member, member.id->key, NULL), no);	/* role */
	spec = good, spec.roles = PEERGROUP_ROLE_ADMIN;
	CHECK_HR(verify_with(&spec, &inviter, inviter.id->key, NULL), no);
	spec = good, spec.roles = 0;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);
	spec = good, spec.roles = PEERGROUP_ROLE_ROOT;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);
	spec = good, spec.roles = 16;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);
	spec = good, spec.name = admin.id->name;	/* another's */
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);
	spec = good, spec.not_after = spec.not_before;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);
	spec = good, spec.not_before = now - 86400 * PEERGROUP_TIME_PER_SECOND;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);	/* before the issuer */
	spec = good, spec.not_after = now + 40000000000ULL * PEERGROUP_TIME_PER_SECOND;
	CHECK_HR(verify_with(&spec, &admin, admin.id->key, NULL), no);	/* outlives it */

	NEED_OK(pgi_chain_parse(creator.store, &chain, &len));
	CHECK_HR(pgi_chain_verify(chain, len), S_OK);
	CHECK_HR(pgi_chain_verify(chain, 1), no);
	CHECK_HR(pgi_chain_verify(chain + 1, 1), no);
	CHECK_HR(verify_with(&good, &admin, creator.id->key, chain[1]), no);	/* skips one */
	pgi_chain_free(chain, len);
}

/* A certificate for @subject's key at the chain's end, signed by @signer. */
static void prolong(struct pgi_blob *certs, size_t *n, const struct actor *signer,
		    const struct actor *subject, uint32_t roles)
{
	const struct pgi_cert_spec spec = {
		.name = subject->id->name, .friendly = "x", .roles = roles,
		.not_before = pgi_now() - PGI_MINUTE, .not_after = pgi_now() + PGI_MINUTE,
	};
	struct pgi_cert *issuer;

	NEED_OK(pgi_cert_parse(certs[*n - 1].data, certs[*n - 1].len, &issuer));
	NEED_OK(pgi_cert_issue(issuer, signer->id->key, subject->id->key, &spec, &certs[*n]));
	pgi_cert_free(issuer);
	++*n;
}

/* Whom the administrator has let in lets in the administrator: no call makes such a one. */
static void circular(void)
{
	const struct pgi_group_store *from = admin.store;
	struct pgi_blob certs[PEERGROUP_CHAIN_MAX + 1] = { from->root };
	struct pgi_group_store *store;
	size_t n = from->chain_len + 1, own = n, i;
	char *xml;

	for (i = 1; i < n; i++)
		certs[i] = from->chain[i - 1];
	prolong(certs, &n, &admin, &other, PEERGROUP_ROLE_ADMIN);
	prolong(certs, &n, &other, &admin, PEERGROUP_ROLE_MEMBER);
	NEED_OK(pgi_invitation_xml(NULL, certs, n, &xml));
	CHECK_HR(pgi_invitation_accept(xml, admin.id, &store), PEER_E_CIRCULAR_CHAIN_DETECTED);
	CHECK(!store);
	free(xml);
	while (n-- > own)
		pgi_blob_free(&certs[n]);
}

static void identity_xml(void)
{
	static const char *const from[] = {
		"VERSION=\"1.0\"", "<IDC", "</IDC>", "</IDC>", "<PEERIDENTITYINFO", "base64\">MII",
	};
	static const char *const to[] = {
		"VERSION=\"1.1\"", "<X/><IDC", "A</IDC>", "</IDC><IDC/>", "<PEERINVITATION",
		"base64\">MIJ",
	};
	char *xml, *text;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(from); i++) {
		text = replaced(other.xml, from[i], to[i]);
		CHECK_HR(peergroup_invite(creator.handle, text, 0, PEERGROUP_ROLE_MEMBER, &xml),
			 E_INVALIDARG);
		CHECK(!xml);
		free(text);
	}
	CHECK_HR(peergroup_invite(creator.handle, "", 0, PEERGROUP_ROLE_MEMBER, &xml),
		 E_INVALIDARG);
}

static void deleted(void)
{
	struct actor gone = { 0 };
	char *xml;

	make_actor(&gone, NULL);
	NEED_OK(INVITE(creator, gone, PEERGROUP_ROLE_MEMBER));
	peergroup_free(xml);
	NEED_OK(peergroup_identity_delete(gone.id->name));
	CHECK_HR(INVITE(creator, gone, PEERGROUP_ROLE_MEMBER), PEER_E_IDENTITY_DELETED);
	free_actor(&gone);
}

static void password_form(void)
{
	struct pgi_group_store *store;
	PEER_INVITATION_INFO *p;
	char *text = NULL;
	WCHAR *xml;

	NEED(asprintf(&text, "<PEERINVITATION VERSION=\"1.1\"><CLOUDNAME>Global_</CLOUDNAME>"
		      "<SCOPE>GLOBAL</SCOPE><CLOUDFLAGS>0</CLOUDFLAGS><GROUPPEERNAME>%s"
		      "</GROUPPEERNAME><GROUPFRIENDLYNAME>a &amp; b</GROUPFRIENDLYNAME>"
		      "</PEERINVITATION>", creator.store->name) > 0);
	xml = wide_of(text);
	NEED_OK(PeerGroupParseInvitation(xml, &p));
	CHECK(p->authScheme == PEER_GROUP_PASSWORD_AUTHENTICATION && !p->pwzSubjectPeerName);
	CHECK(wide_is(p->pwzGroupFriendlyName, "a & b"));
	PeerFreeData(p);
	PeerFreeData(xml);
	CHECK_HR(pgi_invitation_accept(text, other.id, &store), PEER_E_INVITATION_NOT_TRUSTED);
	free(text);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "creator, admin, inviter and member", actors },
		{ "groups on disk", stores },
		{ "a damaged group keeps nobody from the others", damaged },
		{ "a group whose chain of certificates is damaged", damaged_chain },
		{ "nor does a file among the folders", stray },
		{ "a group by its names alone", named },
		{ "what an invitation says", parse },
		{ "a thousand years", thousand_years },
		{ "the calls of Windows", wide },
		{ "who may invite whom", permissions },
		{ "periods", periods },
		{ "a chain of 24", long_chain },
		{ "altered invitations", altered },
		{ "flipped bits", bit_flips },
		{ "truncated certificates", truncated },
		{ "chains that break a rule", chains },
		{ "who is above oneself", circular },
		{ "altered identity information", identity_xml },
		{ "a deleted identity", deleted },
		{ "the password form", password_form },
	};
	int ret;

	test_setup();
	ret = TESTS(tests);
	free_actor(&creator);
	free_actor(&admin);
	free_actor(&inviter);
	free_actor(&member);
	free_actor(&other);
	return ret;
}
