// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * Records in batches, on a group of three members in this process: 4096 by one
 * signature, which each host checks once; each record refused for itself; updates; late
 * join and revocation. A batch with an altered record comes from kmod/test_hostile.c.
 */
#include <stdlib.h>
#include <string.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define MANY	PEERGROUP_BATCH_MAX
#define LARGE	(100 << 10)

static char bad_handle;
static char *bob;
static peergroup_t ours, bobs, carols;
static uuid_t note;
static struct peergroup_batch_record batch[MANY + 4], by_bob[40];
static char large[LARGE];

/* A counter of a group. */
static uint64_t counter(peergroup_t group, const char *name)
{
	struct peergroup_counter *list;
	uint64_t value = 0;
	size_t n, i;

	NEED(!peergroup_stats(group, &list, &n));
	for (i = 0; i < n && strcmp(list[i].name, name); i++)
		;
	NEED(i < n);
	value = list[i].value;
	peergroup_free(list);
	return value;
}

static void fill(struct peergroup_batch_record *list, size_t n)
{
	size_t i;

	memset(list, 0, n * sizeof(*list));
	for (i = 0; i < n; i++) {
		uuid_copy(list[i].type, note);
		list[i].content = (struct peergroup_new_record){
			.data = "data", .size = 4, .lifetime = 3600,
		};
	}
}

static bool has(peergroup_t group, const uuid_t id, uint32_t version)
{
	struct peergroup_record *record;
	bool same;

	if (peergroup_get(group, id, &record))
		return false;
	same = record->version == version;
	peergroup_free(record);
	return same;
}

/* Do two hosts have the same table? */
static bool same_tables(void *arg)
{
	struct peergroup_status *a, *b;
	bool same;

	NEED(!peergroup_status(ours, &a) && !peergroup_status(arg, &b));
	same = !memcmp(a->fingerprint, b->fingerprint, sizeof(a->fingerprint));
	peergroup_free(a);
	peergroup_free(b);
	return same;
}

/* A member more, linked to us. */
static char *join(const char *classifier, uint16_t port, peergroup_t *group)
{
	char *name, *xml, *invitation;

	NEED(!peergroup_identity_create(classifier, NULL, &name));
	NEED(!peergroup_identity_xml(name, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(name, invitation, group));
	NEED(!peergroup_online(*group, port));
	NEED(!peergroup_connect(*group, "127.0.0.1"));
	NEED(wait_until(is_ready, *group));
	peergroup_free(xml);
	peergroup_free(invitation);
	return name;
}

/* -------------------------------------------------------------------- errors -- */

static HRESULT never(size_t done, size_t count, void *arg)
{
	(void)done, (void)count;
	++*(int *)arg;
	return S_OK;
}

static void test_errors(void)
{
	struct peergroup_counter *list = (void *)&bad_handle;
	size_t n = 9;
	int calls = 0;

	fill(batch, 1);
	HR(peergroup_add_batch(ours, NULL, 1, NULL, NULL), E_INVALIDARG);
	HR(peergroup_update_batch(ours, NULL, 1, NULL, NULL), E_INVALIDARG);
	HR(peergroup_add_batch((peergroup_t)&bad_handle, batch, 1, NULL, NULL),
	   PEER_E_INVALID_GROUP);
	CHECK(batch[0].result == E_ABORT && uuid_is_null(batch[0].id));
	HR(peergroup_add_batch(ours, NULL, 0, never, &calls), S_OK);
	CHECK(!calls);
	HR(peergroup_stats(ours, NULL, &n), E_INVALIDARG);
	HR(peergroup_stats(ours, &list, NULL), E_INVALIDARG);
	CHECK(!list);
	HR(peergroup_stats((peergroup_t)&bad_handle, &list, &n), PEER_E_INVALID_GROUP);
	CHECK(!list && !n);
	CHECK(!peergroup_counter_name(0) && !peergroup_counter_name(~0U));
	CHECK(!strcmp(peergroup_counter_name(PEERGROUP_A_STATS_ADDED), "added"));
}

/* Each is refused for itself, by the library or by the kernel. */
static void test_refused(void)
{
	static const uuid_t reserved = { 0, 0, 4, 0 };
	static char much[(1 << 20) + 1];
	unsigned int i;

	fill(batch, 8);
	uuid_clear(batch[1].type);
	uuid_copy(batch[2].type, reserved);
	batch[3].content.lifetime = 0;
	batch[4].content.data = much;
	batch[4].content.size = sizeof(much);
	batch[5].content.attributes = "<no attributes";
	batch[6].content.data = NULL;
	HR(peergroup_add_batch(ours, batch, 8, NULL, NULL), S_FALSE);
	CHECK(!strncmp(peergroup_error_detail(), "6 of 8 ", 7), "%s", peergroup_error_detail());
	HR(batch[0].result, S_OK);
	HR(batch[1].result, PEER_E_INVALID_RECORD);
	HR(batch[2].result, PEER_E_NOT_AUTHORIZED);
	HR(batch[3].result, PEER_E_INVALID_RECORD);
	HR(batch[4].result, PEER_E_MAX_RECORD_SIZE_EXCEEDED);
	HR(batch[5].result, PEER_E_INVALID_ATTRIBUTES);
	HR(batch[6].result, E_INVALIDARG);
	HR(batch[7].result, S_OK);
	for (i = 0; i < 8; i++) {
		CHECK(uuid_is_null(batch[i].id) == (batch[i].result != S_OK), "%u", i);
		CHECK(has(ours, batch[i].id, 1) == (batch[i].result == S_OK), "%u", i);
	}
}

/* -------------------------------------------------------------- many records -- */

static HRESULT count_up(size_t done, size_t count, void *arg)
{
	size_t *last = arg;

	CHECK(done > *last && done <= count && count == MANY, "%zu of %zu", done, count);
	*last = done;
	return S_OK;
}

static void test_many(void)
{
	uint64_t verified, batched, bob_verified, bob_batched;
	size_t done = 0, i, bad = 0;

	/* What the tests before have published is counted before, there too. */
	CHECK(wait_until(same_tables, bobs));
	verified = counter(ours, "verified");
	batched = counter(ours, "batched");
	bob_verified = counter(bobs, "verified");
	bob_batched = counter(bobs, "batched");
	fill(batch, MANY);
	HR(peergroup_add_batch(ours, batch, MANY, count_up, &done), S_OK);
	CHECK(done == MANY, "%zu", done);
	for (i = 0; i < MANY; i++)
		bad += batch[i].result != S_OK || uuid_is_null(batch[i].id);
	CHECK(!bad, "%zu", bad);
	CHECK(counter(ours, "verified") == verified + 1);
	CHECK(counter(ours, "batched") == batched + MANY - 1);
	/* All of it gets there, and one signature is checked there, too. */
	CHECK(wait_until(same_tables, bobs));
	CHECK(counter(bobs, "verified") == bob_verified + 1, "%llu",
	      (unsigned long long)(counter(bobs, "verified") - bob_verified));
	CHECK(counter(bobs, "batched") == bob_batched + MANY - 1);
	CHECK(has(bobs, batch[0].id, 1) && has(bobs, batch[MANY - 1].id, 1));
}

/* More than one signature can stand for. */
static void test_more(void)
{
	uint64_t verified = counter(ours, "verified");
	size_t i, bad = 0;

	fill(batch, MANY + 4);
	HR(peergroup_add_batch(ours, batch, MANY + 4, NULL, NULL), S_OK);
	for (i = 0; i < MANY + 4; i++)
		bad += batch[i].result != S_OK;
	CHECK(!bad, "%zu", bad);
	CHECK(counter(ours, "verified") == verified + 2);
	CHECK(wait_until(same_tables, bobs));
}

/* Records that do not fit into a message with others, before, between and behind these. */
static void test_large(void)
{
	static const unsigned int at[] = { 0, 5, 6, 9 };
	struct peergroup_record *record;
	unsigned int i;

	fill(batch, 10);
	memset(large, 'l', sizeof(large));
	for (i = 0; i < 4; i++) {
		batch[at[i]].content.data = large;
		batch[at[i]].content.size = sizeof(large);
	}
	HR(peergroup_add_batch(ours, batch, 10, NULL, NULL), S_OK);
	for (i = 0; i < 10; i++) {
		NEED(!peergroup_get(ours, batch[i].id, &record));
		CHECK(record->size == batch[i].content.size &&
		      !memcmp(record->data, batch[i].content.data, record->size), "%u", i);
		peergroup_free(record);
	}
	CHECK(wait_until(same_tables, bobs));
}

static HRESULT enough(size_t done, size_t count, void *arg)
{
	(void)count;
	*(size_t *)arg = done;
	return S_FALSE;
}

/* The program ends it: what is done is done. */
static void test_ends(void)
{
	size_t done = 0, i, bad = 0;

	fill(batch, 1000);
	HR(peergroup_add_batch(ours, batch, 1000, enough, &done), S_FALSE);
	CHECK(done && done < 1000, "%zu", done);
	for (i = 0; i < 1000; i++)
		bad += batch[i].result != (i < done ? S_OK : E_ABORT);
	CHECK(!bad, "%zu", bad);
}

/* ------------------------------------------------------------------- updates -- */

static void test_update(void)
{
	struct peergroup_record *record;
	unsigned int i;

	fill(batch, 100);
	HR(peergroup_add_batch(ours, batch, 100, NULL, NULL), S_OK);
	for (i = 0; i < 100; i++) {
		batch[i].content.data = "later";
		batch[i].content.size = 5;
		batch[i].content.lifetime = 0;
	}
	uuid_generate(batch[7].id);
	batch[8].content.lifetime = 10;
	HR(peergroup_delete_record(ours, batch[9].id), S_OK);
	HR(peergroup_update_batch(ours, batch, 100, NULL, NULL), S_FALSE);
	for (i = 0; i < 100; i++) {
		if (i >= 7 && i <= 9)
			continue;
		CHECK(batch[i].result == S_OK && has(ours, batch[i].id, 2), "%u", i);
	}
	HR(batch[7].result, PEER_E_RECORD_NOT_FOUND);
	HR(batch[8].result, PEER_E_INVALID_RECORD_EXPIRATION);
	HR(batch[9].result, PEER_E_RECORD_NOT_FOUND);
	/* Of two for one record the second stays. */
	uuid_copy(batch[1].id, batch[0].id);
	batch[1].content.data = "second";
	batch[1].content.size = 6;
	HR(peergroup_update_batch(ours, batch, 2, NULL, NULL), S_OK);
	NEED(!peergroup_get(ours, batch[0].id, &record));
	CHECK(record->version >= 3 && record->size == 6 && !memcmp(record->data, "second", 6));
	peergroup_free(record);
	/* It is like any other. */
	HR(peergroup_delete_record(ours, batch[0].id), S_OK);
	CHECK(wait_until(same_tables, bobs));
	CHECK(peergroup_get(bobs, batch[0].id, &record) && has(bobs, batch[99].id, 2));
}

/* -------------------------------------------------- who comes, and who has to go -- */

/* Whoever joins late gets records of many batches in the order of their ids. */
static void test_late(void)
{
	uint64_t known = counter(ours, "verified");

	peergroup_free(join("carol", 4001, &carols));
	CHECK(wait_until(same_tables, carols));
	CHECK(counter(carols, "batched") >= 2 * MANY, "%llu",
	      (unsigned long long)counter(carols, "batched"));
	CHECK(counter(carols, "verified") <= known, "%llu of %llu",
	      (unsigned long long)counter(carols, "verified"), (unsigned long long)known);
}

static bool none_of_bobs(void *arg)
{
	unsigned int i;

	for (i = 0; i < 40; i++)
		if (has(arg, by_bob[i].id, 1))
			return false;
	return true;
}

static void test_revoked(void)
{
	fill(by_bob, 40);
	HR(peergroup_add_batch(bobs, by_bob, 40, NULL, NULL), S_OK);
	CHECK(wait_until(same_tables, bobs) && wait_until(same_tables, carols));
	CHECK(has(carols, by_bob[39].id, 1));
	HR(peergroup_revoke(ours, bob, PEERGROUP_REVOKE_WITHDRAW), S_OK);
	CHECK(wait_until(none_of_bobs, ours));
	CHECK(wait_until(none_of_bobs, carols));
	/* The signature was found good before: that is not what counts. */
	CHECK(wait_until(none_of_bobs, bobs));
	fill(by_bob, 2);
	HR(peergroup_add_batch(bobs, by_bob, 2, NULL, NULL), S_FALSE);
	HR(by_bob[0].result, PEER_E_NOT_AUTHORIZED);
	HR(by_bob[1].result, PEER_E_NOT_AUTHORIZED);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "errors", test_errors },
		{ "each is refused for itself", test_refused },
		{ "4096 records by one signature", test_many },
		{ "more than 4096", test_more },
		{ "large records among small ones", test_large },
		{ "the program ends it", test_ends },
		{ "updates", test_update },
		{ "who joins late", test_late },
		{ "who is revoked", test_revoked },
	};
	/* Signatures are counted: those that each node makes again and again are left out. */
	struct peergroup_create_options options = { .flags = PEER_DISABLE_PRESENCE };
	char home[] = "/tmp/batch.XXXXXX", *alice;

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	uuid_generate(note);
	NEED(!peergroup_identity_create("alice", NULL, &alice));
	NEED(!peergroup_create(alice, &options, &ours));
	peergroup_free(alice);
	NEED(!peergroup_online(ours, 0));
	bob = join("bob", 4000, &bobs);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
