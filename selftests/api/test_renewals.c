// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * What certificates of others than who invited a member do to it: an inviting member's do
 * nothing, an administrator's nothing without need, and with an administrator that is
 * revoked only what it issued goes: the member is back by itself, by what it had before.
 * Each member's group is a host to the others, although they are in one process.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "home.h"
#include "tap.h"

struct host {
	char *name;
	peergroup_t group;
	uint16_t port;
};

static struct host alice, bob, carol, dave;
static char *group_name;
static const uuid_t type = "a type of a note";

/* ------------------------------------------------------------- the hosts -- */

static struct peergroup_status *status_of(peergroup_t group)
{
	struct peergroup_status *status;

	NEED(!peergroup_status(group, &status));
	return status;
}

static uint32_t roles_of(const struct host *h)
{
	struct peergroup_status *status = status_of(h->group);
	uint32_t roles = status->roles;

	peergroup_free(status);
	return roles;
}

static bool is_connected(void *arg)
{
	return has_status(arg, PEERGROUP_STATUS_CONNECTED);
}

static void up(struct host *h)
{
	NEED(!peergroup_online(h->group, h->port));
	NEED(!peergroup_connect(h->group, "127.0.0.1"));
}

/* What a member does that looks into the group for certificates of its own. */
static void again(struct host *h)
{
	NEED(!peergroup_offline(h->group));
	up(h);
}

static void invite(struct host *h, const char *name, uint16_t port, uint32_t roles)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_create(name, name, &h->name));
	NEED(!peergroup_identity_xml(h->name, &xml));
	NEED(!peergroup_invite(alice.group, xml, 0, roles, &invitation));
	NEED(!peergroup_join(h->name, invitation, &h->group));
	h->port = port;
	up(h);
	NEED(wait_until(is_ready, h->group));
	peergroup_free(xml);
	peergroup_free(invitation);
}

static void set_up(void)
{
	struct peergroup_status *status;
	PEER_VERSION_DATA version;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!peergroup_identity_create("alice", "alice", &alice.name));
	NEED(!peergroup_create(alice.name, NULL, &alice.group));
	NEED(!peergroup_online(alice.group, 0));
	status = status_of(alice.group);
	group_name = strdup(status->name);
	peergroup_free(status);
	invite(&bob, "bob", 4000, PEERGROUP_ROLE_INVITING);
	invite(&carol, "carol", 4001, PEERGROUP_ROLE_ADMIN);
	invite(&dave, "dave", 4002, PEERGROUP_ROLE_INVITING);
}

/* --------------------------------------------------- who is in, and as what -- */

static struct {
	const char *name;
	const GUID *role;		/* NULL: any; @gone: is in no more */
	bool gone;
} wanted;

static bool as_wanted(void *arg)
{
	PEER_MEMBER **items = NULL;
	HPEERENUM list;
	ULONG n = 1;
	bool is;

	NEED(!PeerGroupEnumMembers(arg, 0, wide(wanted.name), &list));
	if (PeerGetNextItem(list, &n, (PVOID **)&items) != S_OK || !n)
		items = NULL;
	PeerEndEnumeration(list);
	is = items ? !wanted.gone && (!wanted.role ||
				      !memcmp((*items)->pCredentialInfo->pRoles, wanted.role,
					      sizeof(GUID))) : wanted.gone;
	PeerFreeData(items);
	return is;
}

static bool knows(struct host *h, const struct host *whom, const GUID *role)
{
	wanted.name = whom->name;
	wanted.role = role;
	wanted.gone = false;
	return wait_until(as_wanted, h->group);
}

static bool knows_gone(struct host *h, const struct host *whom)
{
	wanted.name = whom->name;
	wanted.gone = true;
	return wait_until(as_wanted, h->group);
}

static uuid_t note_id;

static bool has_note(void *arg)
{
	struct peergroup_record *record;
	bool has = peergroup_get(arg, note_id, &record) == S_OK;

	if (has)
		peergroup_free(record);
	return has;
}

/* What @from publishes counts at @to. */
static bool publishes(struct host *from, struct host *to)
{
	struct peergroup_new_record note = { .data = "x", .size = 1, .lifetime = 3600 };

	HR(peergroup_add(from->group, type, &note, note_id), S_OK);
	return wait_until(has_note, to->group);
}

/* ------------------------------------------------------- an inviting member -- */

/* How many there are down to its own. */
static int certificates(const struct host *h)
{
	FILE *f = home_file("groups", h->name, "*/chain.pem");
	X509 *x;
	int n;

	for (n = 0; (x = PEM_read_X509(f, NULL, NULL, NULL)); n++)
		X509_free(x);
	fclose(f);
	return n;
}

/*
 * It publishes until it does so as no more than a member: what it dates before the revocation,
 * as its clock may be behind, still counts as what it was. What the status says is not asked.
 */
static bool is_member_again(void *arg)
{
	struct peergroup_new_record note = { .data = "x", .size = 1, .lifetime = 3600 };
	struct host *h = arg;

	peergroup_add(h->group, type, &note, note_id);
	return certificates(h) == 3;
}

/* A certificate for @whom by @by, which begins when it is made. */
static void forge(const struct cert *by, const struct host *whom, struct cert *cert)
{
	static char not_before[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(not_before, sizeof(not_before), "%y%m%d%H%M%SZ", &tm);
	cert_below(cert, by, home_key(whom->name), PEERGROUP_ROLE_MEMBER);
	cert->spec.classifier = strchr(whom->name, '.') + 1;
	cert->spec.not_before = not_before;
	cert_sign(cert);
}

/* As an administrator's library leaves one in the group. */
static void leave(const struct host *h, const struct cert *chain[3])
{
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;
	uint8_t data[3 * (2 + DER_ROOM)], key[PEERGROUP_HASH_LEN], *p = data;
	struct peergroup_status *status;
	struct rec rec;
	struct nl nl;
	int i;

	for (i = 0; i < 3; i++) {
		*p++ = (uint8_t)(chain[i]->der.len >> 8);
		*p++ = (uint8_t)chain[i]->der.len;
		p = mempcpy(p, chain[i]->der.p, chain[i]->der.len);
	}
	rec_new(&rec, chain[1], data, (size_t)(p - data));
	cert_spki_hash(chain[2]->spec.key, key);
	memcpy(rec.hdr.id + 8, key, 8);
	memcpy(rec.hdr.type, membership, sizeof(membership));
	rec_sign(&rec, chain[1]);
	status = status_of(h->group);
	NEED(!nl_open(&nl));
	NEED(!nl_put_record(&nl, status->index, rec.wire, rec.len));
	nl_close(&nl);
	peergroup_free(status);
	rec_free(&rec);
}

/* At @h, what its member's library would not: a record with nearly the last version there is. */
static void spend_versions(const struct host *h)
{
	struct peergroup_status *status = status_of(h->group);
	static struct cert creator, own;
	struct rec rec;
	struct nl nl;

	home_member(h->name, &creator, &own);
	rec_new(&rec, &own, "mine", 4);
	rec.hdr.created = htobe64(be64toh(rec.hdr.created) - TICKS);
	rec.hdr.version = htobe32(PEERGROUP_VERSION_FINAL - 1);
	rec_sign(&rec, &own);
	memcpy(note_id, rec.hdr.id, sizeof(note_id));
	NEED(!nl_open(&nl));
	NEED(!nl_put_record(&nl, status->index, rec.wire, rec.len));
	nl_close(&nl);
	EVP_PKEY_free(own.spec.key);
	peergroup_free(status);
	rec_free(&rec);
}

static struct peergroup_new_record newer = { .size = 5, .lifetime = 172800 };

static bool is_updated(void *arg)
{
	struct peergroup_record *r;
	bool is;

	if (peergroup_get(arg, note_id, &r) != S_OK)
		return false;
	is = r->size == newer.size && !memcmp(r->data, newer.data, r->size);
	peergroup_free(r);
	return is;
}

static bool is_deleted(void *arg)
{
	return !has_note(arg);
}

/* It is the administrator's to change and to delete all the same. */
static void test_versions(void)
{
	spend_versions(&bob);
	NEED(wait_until(has_note, alice.group));
	newer.data = "ours!";
	NEED(peergroup_update(alice.group, note_id, &newer) == S_OK);
	CHECK(wait_until(is_updated, bob.group));
	newer.data = "mine!";
	newer.lifetime += 3600;
	HR(peergroup_update(bob.group, note_id, &newer), S_OK);
	/* Who has not heard of it makes a version that may be the older one. */
	CHECK(wait_until(is_updated, alice.group));
	NEED(peergroup_delete_record(alice.group, note_id) == S_OK);
	CHECK(wait_until(is_deleted, bob.group));
}

/* One that begins last, and all the same is not taken, nor keeps the true one away. */
static void test_inviting(void)
{
	static struct cert creator, by, cert;
	const struct cert *chain[] = { &creator, &by, &cert };

	NEED(knows(&dave, &bob, NULL));
	home_member(dave.name, &creator, &by);
	forge(&by, &bob, &cert);
	leave(&dave, chain);
	CHECK(publishes(&dave, &bob), "what came before has come, too");
	again(&bob);
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_INVITING, "%u", roles_of(&bob));
	HR(peergroup_renew(alice.group, bob.name, 0, PEERGROUP_ROLE_MEMBER,
			   PEERGROUP_RENEW_STORE, NULL), S_OK);
	CHECK(knows(&bob, &bob, &PEER_GROUP_ROLE_MEMBER));
	again(&bob);
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_MEMBER, "the creator's is");
	EVP_PKEY_free(by.spec.key);
	EVP_PKEY_free(cert.spec.key);
}

/* -------------------------------------------------------- an administrator -- */

/* As it is: it would only be one more to fall with. */
static void test_needless(void)
{
	NEED(knows(&carol, &bob, &PEER_GROUP_ROLE_MEMBER));
	HR(peergroup_renew(carol.group, bob.name, 0, PEERGROUP_ROLE_MEMBER,
			   PEERGROUP_RENEW_STORE, NULL), S_OK);
	CHECK(publishes(&carol, &bob));
	again(&bob);
	CHECK(certificates(&bob) == 3, "the root's, the creator's, its own");
	HR(peergroup_renew(alice.group, dave.name, 0, PEERGROUP_ROLE_ADMIN,
			   PEERGROUP_RENEW_STORE, NULL), S_OK);
	CHECK(knows(&dave, &dave, &PEER_GROUP_ROLE_ADMIN));
	again(&dave);
	CHECK(roles_of(&dave) == PEERGROUP_ROLE_ADMIN);
}

static void give(struct host *by, uint32_t roles, const GUID *role)
{
	NEED(wait_until(is_connected, bob.group));
	HR(peergroup_renew(by->group, bob.name, 0, roles, PEERGROUP_RENEW_STORE, NULL), S_OK);
	CHECK(knows(&bob, &bob, role));
	again(&bob);
	CHECK(roles_of(&bob) == roles, "another role is taken");
	CHECK(certificates(&bob) == 4);
	NEED(wait_until(is_connected, bob.group));
	CHECK(publishes(&bob, &alice), "and counts");
}

/* Links come up again, and publishing goes on, by the handle that is open. */
static void test_falls(void)
{
	give(&carol, PEERGROUP_ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER);
	HR(peergroup_revoke(alice.group, carol.name, 0), S_OK);
	CHECK(knows_gone(&bob, &carol), "the revocation came over a new link");
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_MEMBER, "it is what it was before");
	CHECK(certificates(&bob) == 3, "and so it is on disk");
	CHECK(publishes(&bob, &alice));
	CHECK(!has_status(bob.group, PEERGROUP_STATUS_REVOKED));
}

/* It comes back from elsewhere with a certificate that only the others know is void. */
static void test_away(void)
{
	give(&dave, PEERGROUP_ROLE_INVITING, &PEER_GROUP_ROLE_INVITING_MEMBER);
	PeerGroupClose(bob.group);
	HR(peergroup_revoke(alice.group, dave.name, 0), S_OK);
	NEED(!peergroup_open(bob.name, group_name, &bob.group));
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_INVITING, "it does not know yet");
	up(&bob);
	CHECK(wait_until(is_member_again, &bob), "it is let in and told");
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_MEMBER);
	CHECK(publishes(&bob, &alice));
	PeerGroupClose(bob.group);
	NEED(!peergroup_open(bob.name, group_name, &bob.group));
	CHECK(roles_of(&bob) == PEERGROUP_ROLE_MEMBER, "and so it is on disk");
}

/* With its own membership all of them go. */
static void test_revoked(void)
{
	up(&bob);
	NEED(wait_until(is_connected, bob.group));
	HR(peergroup_revoke(alice.group, bob.name, 0), S_OK);
	CHECK(knows_gone(&alice, &bob));
	again(&bob);
	CHECK(knows_gone(&alice, &bob), "what it had before is of no use");
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a record with hardly a version left", test_versions },
		{ "an inviting member's certificate for another", test_inviting },
		{ "an administrator's that changes nothing", test_needless },
		{ "an administrator that gave a role is revoked", test_falls },
		{ "the same while the member is away", test_away },
		{ "the member itself is revoked", test_revoked },
	};
	char home[] = "/tmp/renewals.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
