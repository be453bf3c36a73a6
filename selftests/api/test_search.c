// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupSearchRecords() and peergroup_search() on a group of two members, both in
 * this process: each error that is documented, each field of a record that can be
 * asked about, and what a search never shows. How queries are read is tested without
 * a kernel, in host/test_lib_query.c.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define BAD_GROUP	((HGROUP)&bad_handle)
#define Q(inside)	"<peersearch>" inside "</peersearch>"
#define FILES		20

static char bad_handle;
static char *alice, *bob;
static peergroup_t ours, bobs;
static uuid_t note, file, by_bob;
/* Of the files: their ids, and when each third was changed. */
static uuid_t ids[FILES];
static struct timespec changed;

static void test_not_initialized(void)
{
	HPEERENUM list = &bad_handle;

	HR(PeerGroupSearchRecords(BAD_GROUP, wide("x"), &list), PEER_E_NOT_INITIALIZED);
	CHECK(!list);
}

/* ---------------------------------------------------------------- the group -- */

static void add(peergroup_t group, const uuid_t type, const char *attributes, uint32_t lifetime,
		uuid_t id)
{
	struct peergroup_new_record record = {
		.data = "data", .size = 4, .attributes = attributes, .lifetime = lifetime,
	};
	HRESULT hr = peergroup_add(group, type, &record, id);

	if (hr)
		printf("# %s: %s\n", peergroup_strerror(hr), peergroup_error_detail());
	NEED(!hr);
}

static void add_files(void)
{
	char attributes[512];
	unsigned int i;

	for (i = 0; i < FILES; i++) {
		snprintf(attributes, sizeof(attributes), "<attributes>"
			 "<attribute name=\"filename\" type=\"string\">data-%02X.xml</attribute>"
			 "<attribute name=\"length\" type=\"int\">%u</attribute>"
			 "<attribute name=\"day\" type=\"date\">2026-11-%02u</attribute></attributes>",
			 i, 100 * i, i + 1);
		add(ours, file, attributes, 3600, ids[i]);
	}
}

static bool has_bobs(void *arg)
{
	struct peergroup_record *record;
	HRESULT hr = peergroup_get(arg, by_bob, &record);

	if (!hr)
		peergroup_free(record);
	return !hr;
}

static void join_bob(void)
{
	char *xml, *invitation;

	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(xml);
	peergroup_free(invitation);
}

static void set_up(void)
{
	PEER_VERSION_DATA version;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	uuid_generate(note);
	uuid_generate(file);
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("b*b", "Bob", &bob));
	NEED(!peergroup_create(alice, NULL, &ours));
	join_bob();
	add_files();
}

/* ------------------------------------------------------------------ searches -- */

/* How many records match; -1 where the search fails. Both APIs have to agree. */
static HRESULT count_one(const struct peergroup_record *record, void *arg)
{
	CHECK(record->size == 4 && !memcmp(record->data, "data", 4), "size %zu", record->size);
	++*(int *)arg;
	return S_OK;
}

static int search(const char *query)
{
	HPEERENUM list = NULL;
	ULONG n = 99;
	int native = 0;
	HRESULT hr = PeerGroupSearchRecords(ours, wide(query), &list);

	if (hr) {
		CHECK(false, "0x%08x (%s) for %s", (unsigned int)hr, peergroup_error_detail(), query);
		return -1;
	}
	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	HR(peergroup_search(ours, query, count_one, &native), S_OK);
	CHECK(native == (int)n, "%d and %u for %s", native, (unsigned int)n, query);
	return native;
}

/* One clause; the value is not escaped. */
static int clause(const char *attrib, const char *type, const char *compare, const char *value)
{
	struct peergroup_clause c = { attrib, type, compare, value };
	char *query;
	int n;

	NEED(!peergroup_query_build(&c, 1, &query));
	n = search(query);
	peergroup_free(query);
	return n;
}

static const char *guid_text(const uuid_t guid)
{
	static char text[UUID_STR_LEN];

	uuid_unparse(guid, text);
	return text;
}

static const char *date_text(const struct timespec *ts)
{
	static char text[64];
	char seconds[32];
	struct tm tm;

	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", gmtime_r(&ts->tv_sec, &tm));
	snprintf(text, sizeof(text), "%s.%07ldZ", seconds, ts->tv_nsec / 100);
	return text;
}

#define CLAUSE	"<clause attrib=\"filename\" type=\"string\" compare=\"equal\">x</clause>"

static void test_errors(void)
{
	static const WCHAR surrogate[] = { '<', 'a', 0xd800, '>', 0 };
	HPEERENUM list = &bad_handle;

	HR(PeerGroupSearchRecords(ours, NULL, &list), E_INVALIDARG);
	CHECK(!list);
	HR(PeerGroupSearchRecords(ours, wide(Q(CLAUSE)), NULL), E_INVALIDARG);
	list = &bad_handle;
	HR(PeerGroupSearchRecords(BAD_GROUP, wide(Q(CLAUSE)), &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
	HR(PeerGroupSearchRecords(NULL, wide(Q(CLAUSE)), &list), PEER_E_INVALID_GROUP);
	/* ill-formed; two children (the documented wrong example); none */
	HR(PeerGroupSearchRecords(ours, wide(""), &list), PEER_E_INVALID_SEARCH);
	HR(PeerGroupSearchRecords(ours, wide("<peersearch>"), &list), PEER_E_INVALID_SEARCH);
	HR(PeerGroupSearchRecords(ours, wide(Q(CLAUSE "<and>" CLAUSE "</and>")), &list),
	   PEER_E_INVALID_SEARCH);
	HR(PeerGroupSearchRecords(ours, wide(Q("")), &list), PEER_E_INVALID_SEARCH);
	HR(PeerGroupSearchRecords(ours, surrogate, &list), PEER_E_INVALID_SEARCH);
	list = &bad_handle;
	HR(PeerGroupSearchRecords(ours, wide(Q("<clause attrib=\"a\">\\x</clause>")), &list),
	   E_INVALIDARG);
	CHECK(!list);
	CHECK(strstr(peergroup_error_detail(), "backslash"), "%s", peergroup_error_detail());

	HR(peergroup_search(ours, NULL, count_one, NULL), E_INVALIDARG);
	HR(peergroup_search(ours, Q(CLAUSE), NULL, NULL), E_INVALIDARG);
	HR(peergroup_search(BAD_GROUP, Q(CLAUSE), count_one, NULL), PEER_E_INVALID_GROUP);
	HR(peergroup_search(ours, Q(""), count_one, NULL), PEER_E_INVALID_SEARCH);
}

/* Nothing found is no error, and there is nothing in a group just joined. */
static void test_nothing(void)
{
	HPEERENUM list;
	ULONG n = 99;

	CHECK(clause("filename", NULL, NULL, "none") == 0);
	HR(PeerGroupSearchRecords(bobs, wide(Q("<clause attrib=\"filename\">*</clause>")), &list),
	   S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == 0);
	HR(PeerEndEnumeration(list), S_OK);
}

static void test_attributes(void)
{
	CHECK(clause("filename", "string", "equal", "data-01.xml") == 1);
	CHECK(clause("filename", "string", "equal", "data-0?.xml") == 16, "01 and 0B alike");
	CHECK(clause("filename", "string", "equal", "*") == FILES);
	CHECK(clause("filename", "string", "notequal", "data-0*") == FILES - 16);
	CHECK(clause("filename", "string", "less", "data-10.xml") == 16);
	CHECK(clause("length", "int", "greater", "900") == 10, "and 1000 is more than that");
	CHECK(clause("length", "string", "equal", "*") == 0, "of another type");
	CHECK(clause("day", "date", "lessorequal", "2026-11-05T00:00Z") == 5);
	CHECK(clause("day", "date", "greaterorequal", "2026-12") == 0);
	CHECK(search(Q("<and><clause attrib=\"filename\">data-1*</clause><or>"
		       "<clause attrib=\"length\" type=\"int\" compare=\"less\">1700</clause>"
		       "<clause attrib=\"day\" type=\"date\">2026-11-20</clause>"
		       "</or></and>")) == 2);
}

static void test_items(void)
{
	PEER_RECORD **items;
	HPEERENUM list;
	char *before;
	ULONG n = 5;
	GUID guid;

	HR(PeerGroupSearchRecords(ours, wide(Q("<clause attrib=\"filename\">data-03.xml</clause>")),
				  &list), S_OK);
	/* A snapshot, */
	HR(peergroup_delete_record(ours, ids[3]), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	NEED(n == 1);
	peergroup_uuid_to_guid(ids[3], &guid);
	CHECK(items[0]->dwSize == sizeof(PEER_RECORD) && items[0]->dwVersion == 1);
	CHECK(!memcmp(&items[0]->id, &guid, sizeof(guid)));
	CHECK(items[0]->data.cbData == 4 && items[0]->pwzAttributes && items[0]->pwzCreatorId);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
	/* in which it is no more. */
	CHECK(clause("filename", NULL, NULL, "data-03.xml") == 0);
	CHECK(clause("filename", NULL, NULL, "data-*") == FILES - 1);
	CHECK(asprintf(&before, "{%s}", guid_text(ids[3])) > 0);
	CHECK(clause("peerrecordid", NULL, NULL, before) == 0);
	free(before);
}

static bool gone(void *arg)
{
	struct peergroup_record *record;
	HRESULT hr = peergroup_get(ours, arg, &record);

	if (!hr)
		peergroup_free(record);
	return hr;
}

static void test_expired(void)
{
	uuid_t id;

	add(ours, note, NULL, 1, id);
	CHECK(wait_until(gone, id));
	CHECK(clause("peerrecordid", NULL, NULL, guid_text(id)) == 0);
	CHECK(clause("peerrecordtype", NULL, NULL, guid_text(note)) == 0);
}

static void change_some(void)
{
	struct peergroup_new_record record = { .data = "data", .size = 4 };
	struct peergroup_record *last = NULL;
	unsigned int i;

	for (i = 0; i < FILES; i += 4) {
		struct peergroup_record *r;

		if (i)
			NEED(!peergroup_update(ours, ids[i], &record));
		NEED(!peergroup_get(ours, ids[i], &r));
		peergroup_free(last);
		last = r;
		if (i == 4)
			peergroup_time_to_unix(r->modified, &changed);
	}
	peergroup_free(last);
}

/* What every record has. Times are the group's. */
static void test_header(void)
{
	struct peergroup_record *r;
	struct timespec ts;
	char *escaped;
	uuid_t one;

	add(ours, note, NULL, 3600, one);
	CHECK(clause("peerrecordtype", NULL, NULL, guid_text(note)) == 1);
	CHECK(clause("peerrecordtype", NULL, NULL, guid_text(file)) == FILES - 1);
	CHECK(clause("peerrecordtype", NULL, "notequal", guid_text(file)) == 1);
	CHECK(clause("peerrecordid", NULL, NULL, guid_text(one)) == 1);
	CHECK(clause("peerrecordid", NULL, NULL, guid_text(ids[3])) == 0);
	NEED(!peergroup_get(ours, one, &r));
	peergroup_time_to_unix(r->created, &ts);
	peergroup_free(r);
	CHECK(clause("peercreationtime", "date", "equal", date_text(&ts)) == 1);
	CHECK(clause("peercreationtime", "date", "less", date_text(&ts)) == FILES - 1);
	CHECK(clause("peercreationtime", "date", "greater", date_text(&ts)) == 0);

	change_some();
	CHECK(clause("peerlastmodificationtime", "date", "equal", date_text(&changed)) == 1);
	CHECK(clause("peerlastmodificationtime", "date", "greaterorequal", date_text(&changed)) == 4);
	CHECK(clause("peerlastmodificationtime", "date", "less", date_text(&changed)) == FILES - 4);

	/* Two members; one's name has a wildcard in it. */
	NEED(!peergroup_online(ours, 0));
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_ready, bobs));
	add(bobs, note, NULL, 3600, by_bob);
	CHECK(wait_until(has_bobs, ours));
	CHECK(clause("peercreatorid", NULL, NULL, alice) == FILES);
	NEED(!peergroup_query_escape(bob, &escaped));
	CHECK(clause("peercreatorid", NULL, NULL, escaped) == 1);
	CHECK(clause("peercreatorid", NULL, "notequal", escaped) == FILES);
	CHECK(clause("peerlastmodifiedby", NULL, NULL, escaped) == 1);
	CHECK(clause("peercreatorid", NULL, NULL, "*.alice") == FILES);
	CHECK(clause("peercreatorid", NULL, NULL, "Alice") == 0, "no friendly names");
	peergroup_free(escaped);
}

/* What is about the group itself is nobody's record. */
static void test_hidden(void)
{
	static const uuid_t types[] = {
		PEERGROUP_TYPE_MEMBERSHIP, PEERGROUP_TYPE_PROPERTIES, PEERGROUP_TYPE_REVOCATION,
	};
	unsigned int i;

	HR(peergroup_revoke(ours, bob, 0), S_OK);
	for (i = 0; i < 3; i++)
		CHECK(clause("peerrecordtype", NULL, NULL, guid_text(types[i])) == 0, "%u", i);
	CHECK(clause("peercreatorid", NULL, NULL, alice) == FILES);
	CHECK(clause("peerrecordid", NULL, NULL, "*") == FILES + 1);
	CHECK(clause("peercreationtime", "date", "greater", "1601") == FILES + 1);
}

/* Several boxes for the kernel, with records in more than one. */
static void test_overlap(void)
{
	char *query;

	CHECK(asprintf(&query, Q("<or><clause attrib=\"peercreatorid\">%s</clause>"
				 "<clause attrib=\"peerrecordtype\">%s</clause>"
				 "<clause attrib=\"peerrecordid\">%s</clause></or>"),
		       alice, guid_text(note), "00000000-0000-0000-0000-000000000001") > 0);
	CHECK(search(query) == FILES + 1);
	free(query);
}

static HRESULT stop(const struct peergroup_record *record, void *arg)
{
	(void)record;
	++*(int *)arg;
	return S_FALSE;
}

static void test_ends(void)
{
	HPEERENUM list;
	ULONG n = 99;
	int calls = 0;

	HR(peergroup_search(ours, Q("<clause attrib=\"filename\">*</clause>"), stop, &calls),
	   S_FALSE);
	CHECK(calls == 1);
	/* An enumeration outlives its group. */
	HR(PeerGroupSearchRecords(ours, wide(Q("<clause attrib=\"day\" type=\"date\">2026-11-02"
						"</clause>")), &list), S_OK);
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == 1);
	HR(PeerEndEnumeration(list), S_OK);
	HR(PeerGroupSearchRecords(ours, wide(Q(CLAUSE)), &list), PEER_E_INVALID_GROUP);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "errors", test_errors },
		{ "nothing is found", test_nothing },
		{ "attributes", test_attributes },
		{ "what is found", test_items },
		{ "expired records", test_expired },
		{ "what every record has", test_header },
		{ "records of the group itself", test_hidden },
		{ "records that match twice", test_overlap },
		{ "the end", test_ends },
	};
	char home[] = "/tmp/search.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	test_not_initialized();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
