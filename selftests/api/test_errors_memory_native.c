// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// long: a walk of some hundred allocations, most of them with a link or a key file
// valgrind: no: malloc() is replaced
/*
 * No memory: what <peergroup.h> has beside the Windows interface, with each allocation that
 * a call makes failing in turn. What libcrypto allocates for itself is left alone here.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

#define BATCH	8

static uuid_t type;

/* ---------------------------------------------------------------- records -- */

static struct peergroup_batch_record batch[BATCH];

static void fill(void)
{
	size_t i;

	for (i = 0; i < BATCH; i++) {
		uuid_copy(batch[i].type, type);
		batch[i].content = (struct peergroup_new_record){
			.data = "data", .size = 4, .lifetime = 3600,
			.attributes = "<attributes><attribute name='a' type='int'>1"
				      "</attribute></attributes>",
		};
	}
}

/* Each record says of itself whether it is there, and what it lacked is memory. */
static void check_results(HRESULT hr)
{
	bool all = true;
	size_t i;

	for (i = 0; i < BATCH; i++) {
		CHECK(batch[i].result == S_OK || batch[i].result == E_OUTOFMEMORY ||
		      (FAILED(hr) && batch[i].result == E_ABORT),
		      "record %zu: 0x%08x", i, (unsigned int)batch[i].result);
		all &= batch[i].result == S_OK;
	}
	CHECK(all == (hr == S_OK), "0x%08x", (unsigned int)hr);
}

static HRESULT add_batch_once(void)
{
	HRESULT hr;
	size_t i;

	memset(batch, 0, sizeof(batch));
	fill();
	hr = ARMED(peergroup_add_batch(ours, batch, BATCH, NULL, NULL));
	check_results(hr);
	for (i = 0; i < BATCH; i++)
		if (batch[i].result == S_OK)
			HR(peergroup_delete_record(ours, batch[i].id), S_OK);
	return hr;
}

static void test_add_batch(void)
{
	heap_walk(add_batch_once, walk_changes);
}

static HRESULT update_batch_once(void)
{
	HRESULT hr = ARMED(peergroup_update_batch(ours, batch, BATCH, NULL, NULL));

	check_results(hr);
	return hr;
}

static void test_update_batch(void)
{
	memset(batch, 0, sizeof(batch));
	fill();
	NEED(!peergroup_add_batch(ours, batch, BATCH, NULL, NULL));
	heap_walk(update_batch_once, walk_changes);
}

static HRESULT add_once(void)
{
	uuid_t id;
	HRESULT hr;

	fill();
	memset(id, 0xff, sizeof(id));
	hr = ARMED(peergroup_add(ours, type, &batch[0].content, id));
	CHECK(uuid_is_null(id) == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_delete_record(ours, id), S_OK);
	return hr;
}

static HRESULT update_once(void)
{
	return ARMED(peergroup_update(ours, batch[0].id, &batch[0].content));
}

static HRESULT delete_once(void)
{
	struct peergroup_record *r;
	uuid_t id;
	HRESULT hr;

	NEED(!peergroup_add(ours, type, &batch[0].content, id));
	hr = ARMED(peergroup_delete_record(ours, id));
	if (FAILED(hr))
		HR(peergroup_delete_record(ours, id), S_OK);
	HR(peergroup_get(ours, id, &r), PEER_E_RECORD_NOT_FOUND);
	return hr;
}

static void test_one(void)
{
	heap_walk(add_once, walk_changes);
	heap_walk(update_once, walk_changes);
	heap_walk(delete_once, NULL);
}

static HRESULT get_once(void)
{
	return GIVES(peergroup_get, ours, batch[0].id);
}

static void test_get(void)
{
	heap_walk(get_once, NULL);
}

static HRESULT count(const struct peergroup_record *record, void *arg)
{
	CHECK(record->size == 4 && record->attributes);
	++*(unsigned int *)arg;
	return S_OK;
}

static HRESULT records_once(void)
{
	unsigned int n = 0;
	HRESULT hr = ARMED(peergroup_records(ours, type, count, &n));

	CHECK(FAILED(hr) || n == BATCH, "%u records", n);
	return hr;
}

static void test_records(void)
{
	heap_walk(records_once, NULL);
}

static char *query;

static HRESULT query_once(void)
{
	static const struct peergroup_clause clauses[] = {
		{ "a", "int", "equal", "1" }, { "peercreatorid", "string", "notequal", "x" },
	};

	return GIVES(peergroup_query_build, clauses, 2);
}

static void test_query(void)
{
	static const struct peergroup_clause clause = { "a", "int", "equal", "1" };

	heap_walk(query_once, NULL);
	NEED(!peergroup_query_build(&clause, 1, &query));
}

static HRESULT escape_once(void)
{
	return GIVES(peergroup_query_escape, "what? * \\");
}

static void test_escape(void)
{
	heap_walk(escape_once, NULL);
}

static HRESULT search_once(void)
{
	unsigned int n = 0;
	HRESULT hr = ARMED(peergroup_search(ours, query, count, &n));

	CHECK(FAILED(hr) || n == BATCH, "%u records", n);
	return hr;
}

static void test_search(void)
{
	heap_walk(search_once, NULL);
	peergroup_free(query);
}

static char *attributes;

static HRESULT build_once(void)
{
	static const struct peergroup_attribute list[] = {
		{ "a", "int", "1" }, { "b", "string", "<&>" },
	};

	return GIVES(peergroup_attributes_build, list, 2);
}

static HRESULT parse_once(void)
{
	struct peergroup_attribute *list = (void *)&bad_handle;
	size_t n = 9999;
	HRESULT hr = ARMED(peergroup_attributes_parse(attributes, &list, &n));

	CHECK(n == (FAILED(hr) ? 0 : 1), "%zu attributes", n);
	return walk_given(hr, list);
}

static void test_attributes(void)
{
	static const struct peergroup_attribute one = { "a", "string", "<&>" };

	heap_walk(build_once, NULL);
	NEED(!peergroup_attributes_build(&one, 1, &attributes));
	heap_walk(parse_once, NULL);
	peergroup_free(attributes);
}

/* ----------------------------------------------------------------- groups -- */

static HRESULT status_once(void)
{
	return GIVES(peergroup_status, ours);
}

static HRESULT properties_once(void)
{
	return GIVES(peergroup_properties, ours);
}

static HRESULT stats_once(void)
{
	struct peergroup_counter *list = (void *)&bad_handle;
	size_t n = 9999;
	HRESULT hr = ARMED(peergroup_stats(ours, &list, &n));

	CHECK(!n == FAILED(hr), "%zu counters", n);
	return walk_given(hr, list);
}

static HRESULT groups_once(void)
{
	struct peergroup_group_name *list = (void *)&bad_handle;
	size_t n = 9999;
	HRESULT hr = ARMED(peergroup_list_groups(bob, &list, &n));

	CHECK(n == (FAILED(hr) ? 0 : 1), "%zu groups", n);
	return walk_given(hr, list);
}

static void test_told(void)
{
	heap_walk(status_once, NULL);
	heap_walk(properties_once, NULL);
	heap_walk(stats_once, NULL);
	heap_walk(groups_once, NULL);
}

static HRESULT renew_once(void)
{
	return GIVES(peergroup_renew, ours, bob, 0, 0, 0);
}

static void test_renew(void)
{
	heap_walk(renew_once, walk_changes);
}

/* ------------------------------------------------------------ connections -- */

static HRESULT skip(const struct peergroup_connection *connection, void *arg)
{
	(void)connection;
	++*(unsigned int *)arg;
	return S_OK;
}

static HRESULT connections_once(void)
{
	unsigned int n = 0;
	HRESULT hr = ARMED(peergroup_connections(ours, PEER_CONNECTION_NEIGHBOR, skip, &n));

	CHECK(FAILED(hr) || n == 1, "%u connections", n);
	return hr;
}

static HRESULT skip_member(const struct peergroup_member *m, void *arg)
{
	++*(unsigned int *)arg;
	return m->present && m->n_addresses ? S_OK : E_FAIL;
}

static HRESULT members_once(void)
{
	unsigned int n = 0;
	HRESULT hr = ARMED(peergroup_members(ours, PEER_MEMBER_PRESENT, bob, skip_member, &n));

	CHECK(FAILED(hr) || n == 1, "%u members", n);
	return hr;
}

static HRESULT online_once(void)
{
	DWORD status;
	HRESULT hr;

	NEED(!peergroup_offline(ours));
	hr = ARMED(peergroup_online(ours, 0));
	NEED(!PeerGroupGetStatus(ours, &status));
	CHECK(!(status & PEER_GROUP_STATUS_LISTENING) == FAILED(hr));
	return hr;
}

static HRESULT connect_once(void)
{
	return ARMED(peergroup_connect(ours, "127.0.0.1:4000"));
}

static HRESULT connect_sockaddr_once(void)
{
	const struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(BOBS_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return ARMED(peergroup_connect_sockaddr(ours, (const struct sockaddr *)&a, sizeof(a)));
}

/* What links there were end as the group goes offline: the others need theirs. */
static void test_online(void)
{
	heap_walk(online_once, NULL);
	NEED(SUCCEEDED(peergroup_online(ours, 0)));
	heap_walk(connect_once, NULL);
	heap_walk(connect_sockaddr_once, NULL);
	rules_part();
	rules_meet();
}

static void test_connections(void)
{
	heap_walk(connections_once, NULL);
	heap_walk(members_once, NULL);
}

static uint64_t direct;

static HRESULT open_once(void)
{
	uint64_t id = 1;
	HRESULT hr = ARMED(peergroup_direct_open(ours, bob, "127.0.0.1:4000",
						 WAIT_SECONDS * 1000, &id));

	CHECK(!id == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_direct_close(ours, id), S_OK);
	return hr;
}

static HRESULT send_once(void)
{
	return ARMED(peergroup_send(ours, direct, type, "data", 4, WAIT_SECONDS * 1000));
}

static HRESULT windows_send_once(void)
{
	return ARMED(PeerGroupSendData(ours, direct, &rules_type, 4, (void *)(uintptr_t)"data"));
}

static HRESULT close_once(void)
{
	HRESULT hr;

	if (!direct)
		NEED(!peergroup_direct_open(ours, bob, "127.0.0.1:4000", WAIT_SECONDS * 1000,
					    &direct));
	hr = ARMED(PeerGroupCloseDirectConnection(ours, direct));
	if (SUCCEEDED(hr))
		direct = 0;
	return hr;
}

static HRESULT close_utf8_once(void)
{
	uint64_t id;
	HRESULT hr;

	NEED(!peergroup_direct_open(ours, bob, "127.0.0.1:4000", WAIT_SECONDS * 1000, &id));
	hr = ARMED(peergroup_direct_close(ours, id));
	if (FAILED(hr))
		HR(peergroup_direct_close(ours, id), S_OK);
	return hr;
}

static peergroup_receiver_t inbox;
static unsigned int gaps;

/* "one" was not given: it comes now, or what comes after it says that it is lost. */
static void take_both(void)
{
	struct pollfd fd = { .fd = peergroup_receive_fd(inbox), .events = POLLIN };
	struct peergroup_data *data;
	bool first = false, second = false;

	HR(peergroup_send(ours, direct, type, "two", 4, WAIT_SECONDS * 1000), S_OK);
	while (!second) {
		NEED(poll(&fd, 1, WAIT_SECONDS * 1000) == 1);
		NEED(SUCCEEDED(peergroup_receive_next(inbox, &data)));
		if (!data)
			continue;
		second = !strcmp(data->data, "two");
		CHECK(data->lost == (second && !first), "%u lost", (unsigned int)data->lost);
		first = true;
		gaps += (unsigned int)data->lost;
		peergroup_free(data);
	}
}

/* Lost is only what there is no memory to take from the kernel. */
static HRESULT next_once(void)
{
	struct pollfd fd = { .fd = peergroup_receive_fd(inbox), .events = POLLIN };
	struct peergroup_data *data = (void *)&bad_handle;
	HRESULT hr;

	HR(peergroup_send(ours, direct, type, "one", 4, WAIT_SECONDS * 1000), S_OK);
	NEED(poll(&fd, 1, WAIT_SECONDS * 1000) == 1);
	hr = ARMED(peergroup_receive_next(inbox, &data));
	CHECK(!data == (hr != S_OK));
	if (data)
		CHECK(!strcmp(data->data, "one") && !data->lost);
	peergroup_free(data);
	if (hr != S_OK)
		take_both();
	return hr;
}

static void test_direct(void)
{
	peergroup_receiver_t receiver;

	NEED(!peergroup_receive_open(bobs, &receiver));
	heap_walk(open_once, NULL);
	NEED(!peergroup_direct_open(ours, bob, "127.0.0.1:4000", WAIT_SECONDS * 1000, &direct));
	inbox = receiver;
	heap_walk(next_once, NULL);
	CHECK(gaps == 1, "%u times", gaps);
	heap_walk(send_once, NULL);
	heap_walk(windows_send_once, NULL);
	heap_walk(close_once, NULL);
	heap_walk(close_utf8_once, NULL);
	HR(peergroup_receive_close(receiver), S_OK);
}

/* ----------------------------------------------------------------- events -- */

static HRESULT watch_once(void)
{
	peergroup_watch_t watch = (void *)&bad_handle;
	HRESULT hr = ARMED(peergroup_watch_open(ours, PEERGROUP_SINCE_NOW, &watch));

	if (FAILED(hr))
		CHECK(!watch);
	else
		HR(peergroup_watch_close(watch), S_OK);
	return hr;
}

static HRESULT receive_once(void)
{
	peergroup_receiver_t receiver = (void *)&bad_handle;
	HRESULT hr = ARMED(peergroup_receive_open(ours, &receiver));

	if (FAILED(hr))
		CHECK(!receiver);
	else
		HR(peergroup_receive_close(receiver), S_OK);
	return hr;
}

/* What ends does so without memory. */
static HRESULT unwatch_once(void)
{
	peergroup_watch_t watch;
	HRESULT hr;

	NEED(!peergroup_watch_open(ours, PEERGROUP_SINCE_NOW, &watch));
	hr = ARMED(peergroup_watch_close(watch));
	if (FAILED(hr))
		HR(peergroup_watch_close(watch), S_OK);
	return hr;
}

static HRESULT stop_receiving_once(void)
{
	peergroup_receiver_t receiver;
	HRESULT hr;

	NEED(!peergroup_receive_open(ours, &receiver));
	hr = ARMED(peergroup_receive_close(receiver));
	if (FAILED(hr))
		HR(peergroup_receive_close(receiver), S_OK);
	return hr;
}

static HRESULT event_wait_once(void)
{
	HANDLE event;
	HRESULT hr;

	NEED(!peergroup_event_create(&event));
	hr = ARMED(peergroup_event_wait(event, 0));
	CHECK(FAILED(hr) || hr == S_FALSE);
	peergroup_event_close(event);
	return hr;
}

static HRESULT event_once(void)
{
	HANDLE event = &bad_handle;
	HRESULT hr = ARMED(peergroup_event_create(&event));

	if (FAILED(hr))
		CHECK(!event);
	else
		peergroup_event_close(event);
	return hr;
}

static void test_events(void)
{
	heap_walk(watch_once, NULL);
	heap_walk(receive_once, NULL);
	heap_walk(event_once, NULL);
	heap_walk(unwatch_once, NULL);
	heap_walk(stop_receiving_once, NULL);
	heap_walk(event_wait_once, NULL);
}

/* ------------------------------------------------------------------- text -- */

static HRESULT wide_once(void)
{
	PWSTR text = (PWSTR)&bad_handle;
	HRESULT hr = ARMED(peergroup_wide_from_utf8("text", &text));

	CHECK(SUCCEEDED(hr) || !text);
	peergroup_free(text);
	return hr;
}

static HRESULT utf8_once(void)
{
	char *text = &bad_handle;
	HRESULT hr = ARMED(peergroup_utf8_from_wide(u"text", &text));

	CHECK(SUCCEEDED(hr) || !text);
	peergroup_free(text);
	return hr;
}

static void test_text(void)
{
	heap_walk(wide_once, NULL);
	heap_walk(utf8_once, NULL);
}

/* ------------------------------------------------------------- revocation -- */

/* That he is revoked again is no error. */
static HRESULT revoke_once(void)
{
	return ARMED(peergroup_revoke(ours, bob, 0));
}

static HRESULT windows_revoke_once(void)
{
	return ARMED(PeerGroupRevokeMember(ours, wide(bob), 0));
}

static void test_revoke(void)
{
	heap_walk(windows_revoke_once, walk_changes);
	heap_walk(revoke_once, walk_changes);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a batch is added", test_add_batch },
		{ "a batch is updated", test_update_batch },
		{ "a record is added, updated and deleted", test_one },
		{ "a record is read", test_get },
		{ "records are listed", test_records },
		{ "a query is built", test_query },
		{ "a text for one is escaped", test_escape },
		{ "records are searched for", test_search },
		{ "attributes are built and read", test_attributes },
		{ "status, properties, counters, groups", test_told },
		{ "a membership is renewed", test_renew },
		{ "a group goes online and links", test_online },
		{ "connections are listed", test_connections },
		{ "direct connections and what goes over them", test_direct },
		{ "events are waited for", test_events },
		{ "text is converted", test_text },
		{ "a member is revoked", test_revoke },
	};

	rules_begin();
	walk_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	peergroup_guid_to_uuid(&rules_type, type);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
