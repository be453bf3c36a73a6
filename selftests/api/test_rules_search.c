// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * The rules of attributes and of searching them, through PeerGroupAddRecord() and
 * PeerGroupSearchRecords(). Each case is called by its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uchar.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define ONE(name, type, value)							\
	"<attributes><attribute name=\"" name "\" type=\"" type "\">" value	\
	"</attribute></attributes>"
#define Q(inside)	"<peersearch>" inside "</peersearch>"
#define CLAUSE(attrib, type, compare, value)					\
	"<clause attrib=\"" attrib "\" type=\"" type "\" compare=\"" compare "\">" value	\
	"</clause>"
#define IS(attrib, value)	CLAUSE(attrib, "string", "equal", value)

static HRESULT try_attributes(const WCHAR *attributes)
{
	PEER_RECORD r = new_record();
	HRESULT hr;
	GUID id;

	r.pwzAttributes = (PWSTR)attributes;
	hr = PeerGroupAddRecord(ours, &r, &id);
	if (hr == S_OK)
		PeerGroupDeleteRecord(ours, &id);
	return hr;
}

#define TAKEN(text)	HR(try_attributes(wide(text)), S_OK)
#define REFUSED(text)	HR(try_attributes(wide(text)), PEER_E_INVALID_ATTRIBUTES)

/* ------------------------------------------------------------ attributes -- */

RULE(S1, "the root is attributes, in no namespace, with attributes in any order")
{
	TAKEN("<attributes><attribute name='a' type='int'>1</attribute>"
	      "<attribute name='b' type='string'>x</attribute></attributes>");
	TAKEN("<attributes><attribute type='string' name='b'>x</attribute>"
	      "<attribute type='int' name='a'>1</attribute></attributes>");
	REFUSED("<attribute name='a' type='int'>1</attribute>");
	REFUSED("<peersearch/>");
	REFUSED("<attributes><other/></attributes>");
}

RULE(S2, "name and type are needed; a type is string, int or date")
{
	TAKEN(ONE("a", "string", "x"));
	TAKEN(ONE("a", "int", "1"));
	TAKEN(ONE("a", "date", "2002-01-31"));
	REFUSED(ONE("a", "float", "1"));
	REFUSED("<attributes><attribute type='int'>1</attribute></attributes>");
	REFUSED("<attributes><attribute name='a'>1</attribute></attributes>");
}

RULE(S3, "a name has letters and digits only")
{
	TAKEN(ONE("AuthExpires2", "string", "x"));
	REFUSED(ONE("a-b", "string", "x"));
	REFUSED(ONE("a_b", "string", "x"));
	REFUSED(ONE("", "string", "x"));
}

RULE(S4, "reserved names are no program's")
{
	REFUSED(ONE("peercreatorid", "string", "x"));
	REFUSED(ONE("peerlastmodifiedby", "string", "x"));
	REFUSED(ONE("peerrecordid", "string", "x"));
	REFUSED(ONE("peerrecordtype", "string", "x"));
	REFUSED(ONE("peercreationtime", "date", "2002"));
	REFUSED(ONE("peerlastmodificationtime", "date", "2002"));
}

RULE(S5, "values are of their type: integers, dates in six forms, any text")
{
	static const char *const dates[] = {
		"2003", "2003-02", "2003-02-28", "2003-02-28T10:00Z", "2003-02-28T10:00:59+05:30",
		"2003-02-28T10:00:59.5-08:00",
	};
	char text[200];
	unsigned int i;

	for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		snprintf(text, sizeof(text), "<attributes><attribute name='a' type='date'>%s"
			 "</attribute></attributes>", dates[i]);
		TAKEN(text);
	}
	HR(try_attributes((PCWSTR)u"<attributes><attribute name='a' type='string'>gr\u00fc\U0001f600"
			  "</attribute></attributes>"), S_OK);
	TAKEN(ONE("a", "int", "-9223372036854775808"));
	REFUSED(ONE("a", "int", "abc"));
	REFUSED(ONE("a", "date", "2003-02-29"));
	REFUSED(ONE("a", "date", "yesterday"));
}

RULE(S6, "what breaks the schema and what is too much are told apart")
{
	WCHAR *many = many_attributes(300);

	REFUSED("<attributes>");
	HR(try_attributes(many), PEER_E_TOO_MANY_ATTRIBUTES);
	free(many);
}

RULE(S7, "no attributes: NULL, or an empty root")
{
	HR(try_attributes(NULL), S_OK);
	TAKEN("<attributes/>");
	TAKEN("<attributes></attributes>");
}

RULE(S8, "attributes count two bytes for a character")
{
	static BYTE large[PEERGROUP_RECORD_SIZE_DEFAULT];
	PEER_RECORD r = new_record();
	GUID id;

	r.data = (PEER_DATA){ sizeof(large) - 2 * 13 + 1, large };
	r.pwzAttributes = wide("<attributes/>");
	HR(PeerGroupAddRecord(ours, &r, &id), PEER_E_MAX_RECORD_SIZE_EXCEEDED);
	r.data.cbData--;
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
}

RULE(S9, "a declaration and white space between elements are fine")
{
	TAKEN("<?xml version=\"1.0\"?>\r\n<attributes>\r\n\t<attribute name=\"a\" type=\"int\">1"
	      "</attribute>\r\n</attributes>\r\n");
	HR(try_attributes((PCWSTR)u"<?xml version='1.0' encoding='utf-16'?><attributes/>"), S_OK);
}

RULE(S10, "a last tag without its slash is an error")
{
	REFUSED("<attributes><attribute name='a' type='int'>1</attribute><attributes>");
}

/* ---------------------------------------------------------------- search -- */

static GUID by_bob;

/* What is searched: six files of Alice's and one of Bob's. */
static void fill(void)
{
	static const char *const files[] = {
		"data-01.xml", "data-0B.xml", "data-10.xml", "notes *.txt", "what?", "back\\slash",
	};
	PEER_RECORD r = new_record();
	char text[500];
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(text, sizeof(text), "<attributes><attribute name='file' type='string'>%s"
			 "</attribute><attribute name='n' type='int'>%u</attribute>"
			 "<attribute name='day' type='date'>2026-11-%02u</attribute></attributes>",
			 files[i], 10 * i, i + 1);
		add_with(text);
	}
	HR(PeerGroupAddRecord(bobs, &r, &by_bob), S_OK);
	NEED(rules_agree(&by_bob));
}

static HRESULT search(const char *query)
{
	HPEERENUM list = &bad_handle;
	HRESULT hr = PeerGroupSearchRecords(ours, wide(query), &list);

	if (hr == S_OK)
		PeerEndEnumeration(list);
	else
		CHECK(!list);
	return hr;
}

#define FOUND(query, n) do {						\
	ULONG n_ = count_found(ours, query);				\
									\
	CHECK(n_ == (n), "%u for %s", (unsigned int)n_, query);		\
} while (0)

#define ANY	CLAUSE("n", "int", "greaterorequal", "0")

RULE(Q1, "a root of two children is refused")
{
	HR(search(Q(ANY ANY)), PEER_E_INVALID_SEARCH);
	HR(search(Q(ANY "<and>" ANY ANY "</and>")), PEER_E_INVALID_SEARCH);
	FOUND(Q("<and>" ANY "<and>" ANY "</and></and>"), 6);
}

RULE(Q2, "a root, an and, an or of no children is refused")
{
	HR(search(Q("")), PEER_E_INVALID_SEARCH);
	HR(search(Q("<and/>")), PEER_E_INVALID_SEARCH);
	HR(search(Q("<or></or>")), PEER_E_INVALID_SEARCH);
}

RULE(Q3, "an element in a clause is refused")
{
	HR(search(Q("<clause attrib='n' type='int' compare='equal'><b>1</b></clause>")),
	   PEER_E_INVALID_SEARCH);
}

RULE(Q4, "ill-formed XML, and what the schema does not know, is refused")
{
	HR(search("<peersearch>"), PEER_E_INVALID_SEARCH);
	HR(search("<search>" ANY "</search>"), PEER_E_INVALID_SEARCH);
	HR(search(Q("<not>" ANY "</not>")), PEER_E_INVALID_SEARCH);
	HR(search(Q(CLAUSE("n", "float", "equal", "1"))), PEER_E_INVALID_SEARCH);
	HR(search(Q(CLAUSE("n", "int", "like", "1"))), PEER_E_INVALID_SEARCH);
}

RULE(Q5, "a comparison left out is for equality")
{
	FOUND(Q("<clause attrib='n' type='int'>20</clause>"), 1);
}

RULE(Q6, "a clause is true of records whose attribute compares so")
{
	FOUND(Q(CLAUSE("n", "int", "equal", "20")), 1);
	FOUND(Q(CLAUSE("n", "int", "notequal", "20")), 5);
	FOUND(Q(CLAUSE("n", "int", "less", "20")), 2);
	FOUND(Q(CLAUSE("n", "int", "lessorequal", "20")), 3);
	FOUND(Q(CLAUSE("n", "int", "greater", "20")), 3);
	FOUND(Q(CLAUSE("n", "int", "greaterorequal", "20")), 4);
	FOUND(Q(CLAUSE("day", "date", "less", "2026-11-03T00:00Z")), 2);
	FOUND(Q(CLAUSE("file", "string", "greater", "data-10.xml")), 2);
	FOUND(Q("<or>" CLAUSE("n", "int", "equal", "0") "<and>"
		CLAUSE("day", "date", "greater", "2026-11-02") CLAUSE("n", "int", "less", "40")
		"</and></or>"), 3);
}

RULE(Q7, "reserved names ask about what every record has")
{
	char query[300], text[UUID_STR_LEN];
	uuid_t id;

	peergroup_guid_to_uuid(&by_bob, id);
	uuid_unparse(id, text);
	snprintf(query, sizeof(query), Q(IS("peerrecordid", "%s")), text);
	FOUND(query, 1);
	snprintf(query, sizeof(query), Q(IS("peercreatorid", "%s")), bob);
	FOUND(query, 1);
	snprintf(query, sizeof(query), Q(IS("peerlastmodifiedby", "%s")), alice);
	FOUND(query, 6);
	peergroup_guid_to_uuid(&rules_type, id);
	uuid_unparse(id, text);
	snprintf(query, sizeof(query), Q(IS("peerrecordtype", "{%s}")), text);
	FOUND(query, 7);
	FOUND(Q(CLAUSE("peercreationtime", "date", "greater", "2020")), 7);
	FOUND(Q(CLAUSE("peerlastmodificationtime", "date", "less", "2020")), 0);
}

RULE(Q8, "a namespace's declaration means nothing")
{
	FOUND("<peersearch xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">" ANY "</peersearch>", 6);
	FOUND("<peersearch xmlns:xs=\"https://www.w3.org/2001/XMLSchema\">" ANY "</peersearch>", 6);
}

RULE(Q9, "a query is needed")
{
	HPEERENUM list = &bad_handle;

	HR(PeerGroupSearchRecords(ours, NULL, &list), E_INVALIDARG);
	CHECK(!list);
}

RULE(Q10, "nothing found is no error")
{
	FOUND(Q(IS("file", "none")), 0);
	FOUND(Q(IS("unknown", "*")), 0);
}

RULE(Q11, "an asterisk stands for any number of characters")
{
	FOUND(Q(IS("file", "*")), 6);
	FOUND(Q(IS("file", "data-*")), 3);
	FOUND(Q(IS("file", "data-01.xml*")), 1);
	FOUND(Q(IS("file", "notes*txt")), 1);
}

RULE(Q12, "a question mark stands for one character")
{
	FOUND(Q(IS("file", "data-0?.xml")), 2);
	FOUND(Q(IS("file", "data-0??.xml")), 0);
}

RULE(Q13, "a backslash makes an asterisk one")
{
	FOUND(Q(IS("file", "notes \\*.txt")), 1);
	FOUND(Q(IS("file", "data-\\*")), 0);
}

RULE(Q14, "a backslash makes a question mark one")
{
	FOUND(Q(IS("file", "what\\?")), 1);
	FOUND(Q(IS("file", "data-0\\?.xml")), 0);
}

RULE(Q15, "a backslash makes a backslash one")
{
	FOUND(Q(IS("file", "back\\\\slash")), 1);
}

RULE(Q16, "a backslash before anything else is a wrong argument")
{
	HR(search(Q(IS("file", "back\\slash"))), E_INVALIDARG);
	HR(search(Q(IS("file", "x\\"))), E_INVALIDARG);
}

RULE(T7, "times in a query are the group's")
{
	PEER_RECORD *r = current(&by_bob);
	struct timespec ts;
	char query[300], seconds[32];
	struct tm tm;

	peergroup_time_to_unix(from_filetime(r->ftCreation), &ts);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", gmtime_r(&ts.tv_sec, &tm));
	snprintf(query, sizeof(query), Q(CLAUSE("peercreationtime", "date", "equal",
						  "%s.%07ldZ")), seconds, ts.tv_nsec / 100);
	FOUND(query, 1);
	PeerFreeData(r);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	fill();
	return rules_main();
}
