// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queries: what the schema allows and what it does not, each rule of the language by
 * one record that it lets through and one that it does not, what is left to the
 * kernel, and hostile queries.
 */
#include "lib_test.h"
#include "query.h"
#include "value.h"

#define Q(inside)	"<peersearch>" inside "</peersearch>"
#define C(attrib, type, compare, value) \
	"<clause attrib=\"" attrib "\" type=\"" type "\" compare=\"" compare "\">" value "</clause>"
#define AUTHORITY	"0123456789abcdef0123456789abcdef01234567"
#define GUID_TEXT	"00112233-4455-6677-8899-aabbccddeeff"

/* ------------------------------------------------------------------ syntax -- */

static void good(void)
{
	static const char *const xml[] = {
		Q(C("a", "string", "equal", "x")), Q(C("a", "string", "equal", "")),
		Q("<clause attrib=\"a\"/>"), Q("<clause attrib=\"a\" compare=\"less\">x</clause>"),
		Q("<clause compare=\"equal\" type=\"int\" attrib=\"a\"> -5 </clause>"),
		Q("<and>" C("a", "int", "equal", "1") "</and>"),
		Q("<or>" C("a", "int", "equal", "1") "</or>"),
		Q("<or>" C("a", "int", "equal", "1") "<and>" C("b", "int", "less", "+2")
		  C("c", "date", "greater", "2003") "</and><or><or>" C("d", "int", "equal", "1")
		  "</or></or></or>"),
		Q("\n <!-- c --> \t<and>\r\n<!-- d -->" C("a", "string", "equal", "a<!-- e -->b")
		  "</and>\n"),
		Q(C("a", "string", "equal", "<![CDATA[<x> & y]]>&#65;&lt;")),
		Q(C("a", "string", "equal", "\\*\\?\\\\*?")),
		Q(C("a", "string", "notequal", "\\*\\?\\\\*?")),
		Q(C("a", "string", "less", "\\*\\?\\\\*?")),
		Q(C("a-b_c.d:e", "string", "equal", "x")), Q(C("\xc3\xa9", "string", "equal", "x")),
		"<?xml version=\"1.0\"?>\n<!-- c -->" Q(C("a", "int", "equal", "1")) "<!-- d -->\n",
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" Q(C("a", "int", "equal", "1")),
		"<peersearch xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">"
		C("a", "int", "equal", "1") "</peersearch>",
		"<peersearch xmlns=\"urn:any\"><or xmlns=\"urn:other\">"
		C("a", "int", "equal", "1") "</or></peersearch>",
		Q(C("peercreatorid", "string", "equal", "x")),
		Q(C("peercreationtime", "date", "lessorequal", "2026-11-22T12:00Z")),
		Q(C("peercreationtime", "string", "greaterorequal", "x")),
		Q(C("peerrecordid", "string", "equal", "not a GUID")),
	};
	struct pgi_criteria *query;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		HRESULT hr = pgi_criteria_parse(xml[i], &query);

		CHECK(hr == S_OK && query, "%#x %s for %s", (unsigned int)hr,
		      peergroup_error_detail(), xml[i]);
		pgi_criteria_free(query);
	}
}

/* The schema. */
static void bad(void)
{
	static const char *const xml[] = {
		/* not XML */
		"", " ", "x", "<peersearch>", Q("<and>"), Q("<clause attrib=\"a\">x</clause"),
		Q(C("a", "string", "equal", "&unknown;")), Q(C("a", "string", "equal", "\x01")),
		Q(C("a", "string", "equal", "\xff")), Q(C("a", "string", "equal", "&#0;")),
		Q(C("a", "string", "equal", "&#xD800;")), Q("<clause attrib=\"a\" attrib=\"b\"/>"),
		Q(C("a", "int", "equal", "1")) Q(C("a", "int", "equal", "1")),
		/* two children; none */
		Q(C("a", "int", "equal", "1") "<and>" C("a", "int", "equal", "1") "</and>"),
		Q(C("a", "int", "equal", "1") C("a", "int", "equal", "1")),
		Q(""), "<peersearch/>", Q("<!-- c -->"), Q("<and/>"), Q("<or></or>"),
		Q("<and> <!-- c --> </and>"), Q("<and>" C("a", "int", "equal", "1") "<or/></and>"),
		/* an element in a clause */
		Q("<clause attrib=\"a\" type=\"string\"><b/></clause>"),
		Q("<clause attrib=\"a\" type=\"string\">x<clause attrib=\"b\">y</clause></clause>"),
		/* unknown elements, text between them */
		"<search>" C("a", "int", "equal", "1") "</search>", "<clause attrib=\"a\">x</clause>",
		"<PeerSearch>" C("a", "int", "equal", "1") "</PeerSearch>",
		Q("<not>" C("a", "int", "equal", "1") "</not>"), Q("<peersearch/>"),
		Q("<Clause attrib=\"a\">x</Clause>"), Q("x" C("a", "int", "equal", "1")),
		Q("<and>x" C("a", "int", "equal", "1") "</and>"),
		Q("<and><![CDATA[ ]]>" C("a", "int", "equal", "1") "</and>"),
		Q("<?pi x?>" C("a", "int", "equal", "1")), "<?pi x?>" Q(C("a", "int", "equal", "1")),
		Q("<clause attrib=\"a\"><?pi x?></clause>"),
		/* prefixes */
		"<xs:peersearch xmlns:xs=\"urn:x\">" C("a", "int", "equal", "1") "</xs:peersearch>",
		"<peersearch xmlns:xs=\"urn:x\"><xs:clause attrib=\"a\">x</xs:clause></peersearch>",
		"<peersearch xmlns:xs=\"urn:x\"><clause xs:attrib=\"a\">x</clause></peersearch>",
		Q("<xs:clause attrib=\"a\">x</xs:clause>"),
		/* XML attributes */
		"<peersearch x=\"1\">" C("a", "int", "equal", "1") "</peersearch>",
		Q("<and x=\"1\">" C("a", "int", "equal", "1") "</and>"),
		Q("<clause attrib=\"a\" name=\"b\">x</clause>"),
		Q("<clause attrib=\"a\" xml:lang=\"de\">x</clause>"),
		Q("<clause>x</clause>"), Q("<clause type=\"string\" compare=\"equal\">x</clause>"),
		Q(C("", "string", "equal", "x")), Q(C("a b", "string", "equal", "x")),
		Q(C("a$", "string", "equal", "x")), Q(C("*", "string", "equal", "x")),
		/* types and comparisons */
		Q(C("a", "", "equal", "x")), Q(C("a", "String", "equal", "x")),
		Q(C("a", "float", "equal", "1")), Q(C("a", "string", "", "x")),
		Q(C("a", "string", "Equal", "x")), Q(C("a", "string", "like", "x")),
		/* values that are not of their type, as wildcards are not */
		Q(C("a", "int", "equal", "")), Q(C("a", "int", "equal", "abc")),
		Q(C("a", "int", "equal", "1*")), Q(C("a", "int", "equal", "\\1")),
		Q(C("a", "int", "equal", "9223372036854775808")), Q(C("a", "int", "equal", "1 2")),
		Q(C("a", "date", "equal", "")), Q(C("a", "date", "equal", "2003-02-328")),
		Q(C("a", "date", "less", "2003-*")), Q(C("a", "date", "less", "2003-02-29")),
		Q(C("peercreationtime", "date", "less", "yesterday")),
		/* no DTD, no entities, no network */
		"<!DOCTYPE peersearch>" Q(C("a", "int", "equal", "1")),
		"<!DOCTYPE a [<!ENTITY x \"y\">]>" Q(C("a", "string", "equal", "&x;")),
		"<!DOCTYPE a SYSTEM \"http://192.0.2.1/a.dtd\">" Q(C("a", "int", "equal", "1")),
		"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
		Q(C("a", "string", "equal", "&x;")),
		/* what is wrong with the XML comes first */
		Q("<and>" C("a", "string", "equal", "\\x") "<or/></and>"),
		Q("<and>" C("a", "string", "equal", "\\x") C("b", "int", "equal", "x") "</and>"),
	};
	struct pgi_criteria *query;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		HRESULT hr = pgi_criteria_parse(xml[i], &query);

		CHECK(hr == PEER_E_INVALID_SEARCH, "%#x for %s", (unsigned int)hr, xml[i]);
		CHECK(*peergroup_error_detail(), "no detail for %s", xml[i]);
		CHECK(!query);
		pgi_criteria_free(query);
	}
}

/* Section 11: a backslash before anything else, or at the end, in any string clause. */
static void bad_escapes(void)
{
	static const char *const xml[] = {
		Q(C("a", "string", "equal", "\\")), Q(C("a", "string", "equal", "\\x")),
		Q(C("a", "string", "equal", "x\\\\\\")), Q(C("a", "string", "notequal", "\\n")),
		Q(C("a", "string", "less", "\\")), Q(C("a", "string", "greaterorequal", "a\\b")),
		Q(C("peercreatorid", "string", "equal", "\\x")),
		Q(C("peerrecordid", "string", "equal", "{\\}")), Q("<clause attrib=\"a\">\\</clause>"),
		Q("<or>" C("a", "string", "equal", "x") C("b", "string", "equal", "\\\xc3\xa9")
		  "</or>"),
	};
	struct pgi_criteria *query;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		HRESULT hr = pgi_criteria_parse(xml[i], &query);

		CHECK(hr == E_INVALIDARG, "%#x for %s", (unsigned int)hr, xml[i]);
		CHECK(strstr(peergroup_error_detail(), "backslash"), "%s", peergroup_error_detail());
		CHECK(!query);
	}
}

/* ---------------------------------------------------------------- matching -- */

static const uint8_t guid[PEERGROUP_ID_LEN] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff
};

static uint64_t at(const char *date)
{
	int64_t value = 0;

	NEED(pgi_value_date(date, &value) && value >= 0);
	return (uint64_t)value;
}

#define ATTRIBUTES							\
	"<attributes>"							\
	"<attribute name=\"file\" type=\"string\">data-01.xml</attribute>"	\
	"<attribute name=\"empty\" type=\"string\"></attribute>"	\
	"<attribute name=\"star\" type=\"string\">a*b?c\\d</attribute>"	\
	"<attribute name=\"space\" type=\"string\"> x </attribute>"	\
	"<attribute name=\"wide\" type=\"string\">\xf0\x9f\x98\x80</attribute>"	\
	"<attribute name=\"n\" type=\"int\"> 42 </attribute>"		\
	"<attribute name=\"digits\" type=\"string\">9</attribute>"	\
	"<attribute name=\"day\" type=\"date\">2003-02-28</attribute>"	\
	"<attribute name=\"time\" type=\"date\">2003-02-28T01:30:00.5+01:30</attribute>"	\
	"</attributes>"

static struct pgi_subject subject(const char *attrs)
{
	return (struct pgi_subject){
		.id = guid, .type = guid, .creator = AUTHORITY ".alice", .modifier = AUTHORITY ".bob",
		.created = at("2026-11-22T12:00Z"), .modified = at("2026-11-23"),
		.attrs = attrs, .attrs_len = strlen(attrs),
	};
}

static void check_match(const char *xml, const char *attrs, HRESULT expected)
{
	struct pgi_subject s = subject(attrs);
	struct pgi_criteria *query;
	HRESULT hr;

	hr = pgi_criteria_parse(xml, &query);
	CHECK(hr == S_OK, "%#x %s for %s", (unsigned int)hr, peergroup_error_detail(), xml);
	if (!query)
		return;
	hr = pgi_criteria_match(query, &s);
	CHECK(hr == expected, "%#x for %s", (unsigned int)hr, xml);
	pgi_subject_done(&s);
	pgi_criteria_free(query);
}

static void strings(void)
{
	static const char *const yes[] = {
		/* in all comparisons; equal unless told otherwise */
		Q(C("file", "string", "equal", "data-01.xml")),
		Q("<clause attrib=\"file\">data-01.xml</clause>"),
		Q(C("file", "string", "notequal", "data-02.xml")),
		Q(C("file", "string", "less", "data-02.xml")),
		Q(C("file", "string", "lessorequal", "data-01.xml")),
		Q(C("file", "string", "greater", "data")),
		Q(C("file", "string", "greaterorequal", "data-01.xml")),
		/* wildcards, also none of them */
		Q(C("file", "string", "equal", "*")), Q(C("file", "string", "equal", "data*")),
		Q(C("file", "string", "equal", "*.xml")), Q(C("file", "string", "equal", "*-*")),
		Q(C("file", "string", "equal", "data-0?.xml")),
		Q(C("file", "string", "equal", "data-01.xml*")),
		Q(C("file", "string", "equal", "???????????")),
		Q(C("file", "string", "equal", "**d**a**ta*-??.*l**")),
		Q(C("space", "string", "equal", "?x?")), Q(C("space", "string", "equal", "*x*")),
		Q(C("empty", "string", "equal", "*")), Q(C("wide", "string", "equal", "?")),
		/* so has "notequal" */
		Q(C("file", "string", "notequal", "data-0?.txt")),
		/* escapes */
		Q(C("star", "string", "equal", "a\\*b\\?c\\\\d")),
		Q(C("star", "string", "equal", "a?b?c?d")), Q(C("star", "string", "equal", "*\\**")),
		Q(C("star", "string", "less", "a\\*b\\?c\\\\e")),
		/* other comparisons have no wildcards */
		Q(C("file", "string", "greater", "*")), Q(C("star", "string", "lessorequal",
							     "a*b?c\\\\d")),
		/* white space counts */
		Q(C("space", "string", "equal", " x ")), Q(C("empty", "string", "equal", "")),
		/* by UTF-16, not by UTF-8 */
		Q(C("wide", "string", "less", "\xee\x80\x80")),
		Q(C("wide", "string", "greater", "\xed\x9f\xbf")),
		Q(C("wide", "string", "less", "\xf0\x9f\x98\x81")),
		Q(C("wide", "string", "greater", "\xf0\x9f\x97\xbf")),
		Q(C("file", "string", "greater", "Data-01.xml")),
	};
	static const char *const no[] = {
		Q(C("file", "string", "equal", "data-02.xml")),
		Q(C("file", "string", "equal", "DATA-01.xml")),
		Q(C("file", "string", "equal", "data-01.xm")), Q(C("file", "string", "equal", "")),
		Q(C("file", "string", "notequal", "data-01.xml")),
		Q(C("file", "string", "less", "data-01.xml")),
		Q(C("file", "string", "greater", "data-01.xml")),
		Q(C("file", "string", "lessorequal", "data")),
		Q(C("file", "string", "equal", "data-0?xml")), Q(C("file", "string", "equal", "*.txt")),
		Q(C("file", "string", "equal", "?")), Q(C("file", "string", "equal", "*x")),
		Q(C("file", "string", "equal", "d?")), Q(C("empty", "string", "equal", "?")),
		Q(C("wide", "string", "equal", "??")), Q(C("file", "string", "notequal", "data*")),
		Q(C("star", "string", "equal", "a\\?b\\*c\\\\d")),
		Q(C("star", "string", "equal", "a\\*b")), Q(C("file", "string", "equal", "\\*")),
		Q(C("space", "string", "equal", "x")),
		/* no such attribute, for any comparison; names have their case */
		Q(C("none", "string", "equal", "*")), Q(C("none", "string", "notequal", "x")),
		Q(C("none", "string", "less", "x")), Q(C("File", "string", "equal", "*")),
		/* another type */
		Q(C("n", "string", "equal", "42")), Q(C("n", "string", "notequal", "x")),
		Q(C("day", "string", "equal", "*")), Q(C("digits", "int", "equal", "9")),
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(yes); i++)
		check_match(yes[i], ATTRIBUTES, S_OK);
	for (i = 0; i < PGI_ARRAY_SIZE(no); i++)
		check_match(no[i], ATTRIBUTES, S_FALSE);
}

static void numbers(void)
{
	static const char *const yes[] = {
		Q(C("n", "int", "equal", "42")), Q(C("n", "int", "equal", "+042")),
		Q(C("n", "int", "equal", " 42\n")), Q(C("n", "int", "notequal", "41")),
		Q(C("n", "int", "greater", "9")), Q(C("n", "int", "greater", "-100")),
		Q(C("n", "int", "less", "100")), Q(C("n", "int", "lessorequal", "42")),
		Q(C("n", "int", "greaterorequal", "42")),
		Q(C("n", "int", "less", "9223372036854775807")),
		/* instants */
		Q(C("day", "date", "equal", "2003-02-28")), Q(C("day", "date", "equal", " 2003-02-28 ")),
		Q(C("day", "date", "equal", "2003-02-28T00:00Z")),
		Q(C("day", "date", "equal", "2003-02-28T05:30+05:30")),
		Q(C("day", "date", "equal", "2003-02-27T18:30:00.0-05:30")),
		Q(C("day", "date", "greater", "2003")), Q(C("day", "date", "greater", "2003-02")),
		Q(C("day", "date", "less", "2003-03")), Q(C("day", "date", "greater", "1601")),
		Q(C("day", "date", "greater", "0000")), Q(C("day", "date", "less", "9999-12-31")),
		Q(C("time", "date", "equal", "2003-02-28T00:00:00.5Z")),
		Q(C("time", "date", "equal", "2003-02-28T00:00:00.50000009Z")),
		Q(C("time", "date", "less", "2003-02-28T00:00:00.5000001Z")),
		Q(C("time", "date", "greater", "2003-02-28T00:00:00.4999999Z")),
	};
	static const char *const no[] = {
		Q(C("n", "int", "equal", "43")), Q(C("n", "int", "notequal", "42")),
		Q(C("n", "int", "less", "42")), Q(C("n", "int", "greater", "42")),
		Q(C("n", "int", "less", "-9223372036854775808")), Q(C("none", "int", "notequal", "1")),
		Q(C("day", "date", "equal", "2003-02")), Q(C("day", "date", "notequal", "2003-02-28")),
		Q(C("day", "date", "less", "2003-02-28")), Q(C("day", "int", "greater", "0")),
		Q(C("n", "date", "greater", "2003")),
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(yes); i++)
		check_match(yes[i], ATTRIBUTES, S_OK);
	for (i = 0; i < PGI_ARRAY_SIZE(no); i++)
		check_match(no[i], ATTRIBUTES, S_FALSE);
}

/* What every record has. */
static void header(void)
{
	static const char *const yes[] = {
		Q(C("peercreatorid", "string", "equal", AUTHORITY ".alice")),
		Q(C("peercreatorid", "string", "equal", "*.alice")),
		Q(C("peercreatorid", "string", "notequal", AUTHORITY ".bob")),
		Q(C("peerlastmodifiedby", "string", "equal", AUTHORITY ".bob")),
		Q(C("peerlastmodifiedby", "string", "greater", AUTHORITY)),
		Q(C("peerrecordid", "string", "equal", GUID_TEXT)),
		Q(C("peerrecordid", "string", "equal", "{" GUID_TEXT "}")),
		Q(C("peerrecordtype", "string", "equal", "{00112233-4455-6677-8899-AABBCCDDEEFF}")),
		Q(C("peerrecordtype", "string", "equal", "00112233-*-AAbbccddEEFF")),
		Q(C("peerrecordid", "string", "notequal", "*-00")),
		Q(C("peerrecordid", "string", "greater", "0011")),
		Q(C("peercreationtime", "date", "equal", "2026-11-22T12:00:00Z")),
		Q(C("peercreationtime", "date", "greater", "2026-11-22")),
		Q(C("peerlastmodificationtime", "date", "equal", "2026-11-23")),
		Q(C("peerlastmodificationtime", "date", "lessorequal", "2026-11-23")),
		Q(C("peercreationtime", "date", "greater", "0001")),
	};
	static const char *const no[] = {
		Q(C("peercreatorid", "string", "equal", AUTHORITY ".bob")),
		Q(C("peercreatorid", "string", "equal", AUTHORITY)),
		Q(C("peercreatorid", "string", "equal", AUTHORITY ".Alice")),
		Q(C("peercreatorid", "date", "notequal", "2003")),
		Q(C("PeerCreatorId", "string", "equal", "*")),
		Q(C("peerrecordid", "string", "equal", "{" GUID_TEXT)),
		Q(C("peerrecordid", "string", "equal", "00112233445566778899aabbccddeeff")),
		Q(C("peerrecordid", "string", "equal", "x")), Q(C("peerrecordid", "int", "equal", "0")),
		Q(C("peercreationtime", "date", "equal", "2026-11-22")),
		Q(C("peercreationtime", "date", "less", "2026-11-22T12:00Z")),
		Q(C("peercreationtime", "string", "notequal", "x")),
		Q(C("peerlastmodificationtime", "date", "greater", "2026-11-23")),
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(yes); i++)
		check_match(yes[i], "", S_OK);
	for (i = 0; i < PGI_ARRAY_SIZE(no); i++)
		check_match(no[i], "", S_FALSE);
}

#define T	C("n", "int", "equal", "42")
#define F	C("n", "int", "equal", "0")

static void nested(void)
{
	static const char *const yes[] = {
		Q("<and>" T T "</and>"), Q("<or>" F T "</or>"), Q("<or>" T F "</or>"), Q("<and>" T "</and>"),
		Q("<and>" T "<or>" F T "</or></and>"), Q("<or>" F "<and>" T T "</and></or>"),
		Q("<or><and>" T F "</and><and>" T T "</and></or>"),
		Q("<and><or><and><or>" F T "</or></and></or>" T "</and>"),
	};
	static const char *const no[] = {
		Q("<and>" T F "</and>"), Q("<and>" F T "</and>"), Q("<or>" F F "</or>"), Q("<or>" F "</or>"),
		Q("<and>" T "<or>" F F "</or></and>"), Q("<or>" F "<and>" T F "</and></or>"),
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(yes); i++)
		check_match(yes[i], ATTRIBUTES, S_OK);
	for (i = 0; i < PGI_ARRAY_SIZE(no); i++)
		check_match(no[i], ATTRIBUTES, S_FALSE);
}

/* Attributes of records that others made may be anything at all. */
static void hostile_attributes(void)
{
	static const char *const attrs[] = {
		"", "x", "<attributes>", "\xff", "<!DOCTYPE a [<!ENTITY n \"42\">]><attributes/>",
		"<attributes><attribute name=\"n\" type=\"int\">x</attribute></attributes>",
		"<attributes><attribute name=\"n\" type=\"int\">42</attribute>"
		"<attribute name=\"a-b\" type=\"int\">1</attribute></attributes>",
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(attrs); i++) {
		check_match(Q(T), attrs[i], S_FALSE);
		check_match(Q("<or>" T C("peercreatorid", "string", "equal", "*") "</or>"), attrs[i],
			    S_OK);
	}
}

/* -------------------------------------------------------------- narrowing -- */

/* A box as text: "creator,type,id,created,modified", each part only where there is one. */
static void box_text(const struct pgi_box *b, char *out)
{
	if (b->creator)
		out += sprintf(out, "creator=%s ", b->creator + 41);
	if (b->has_type)
		out += sprintf(out, "type ");
	if (b->has_id)
		out += sprintf(out, "id ");
	if (b->created[0])
		out += sprintf(out, "created>=%+lld ",
			       (long long)(b->created[0] - at("2026-11-22")));
	if (b->created[1] != UINT64_MAX)
		out += sprintf(out, "created<=%+lld ",
			       (long long)(b->created[1] - at("2026-11-22")));
	if (b->modified[0])
		out += sprintf(out, "modified>=%+lld ",
			       (long long)(b->modified[0] - at("2026-11-22")));
	if (b->modified[1] != UINT64_MAX)
		out += sprintf(out, "modified<=%+lld ",
			       (long long)(b->modified[1] - at("2026-11-22")));
	*out = 0;
}

static void check_narrow(const char *xml, const char *expected)
{
	struct pgi_criteria *query;
	struct pgi_boxes boxes;
	char text[4096], *p = text;
	size_t i;

	NEED_OK(pgi_criteria_parse(xml, &query));
	pgi_criteria_narrow(query, &boxes);
	*p = 0;
	for (i = 0; i < boxes.count; i++) {
		box_text(&boxes.box[i], p);
		strcat(p, "|");
		p += strlen(p);
	}
	CHECK(!strcmp(text, expected), "\"%s\", not \"%s\", for %s", text, expected, xml);
	pgi_criteria_free(query);
}

#define BY(name)	C("peercreatorid", "string", "equal", AUTHORITY "." name)
#define TYPE		C("peerrecordtype", "string", "equal", GUID_TEXT)
#define OTHER		C("peerrecordtype", "string", "equal", "{10112233-4455-6677-8899-aabbccddeeff}")
#define TIME(which, compare) C("peer" which "time", "date", compare, "2026-11-22")

static void narrow(void)
{
	check_narrow(Q(BY("a")), "creator=a |");
	check_narrow(Q(TYPE), "type |");
	check_narrow(Q(C("peerrecordid", "string", "equal", GUID_TEXT)), "id |");
	check_narrow(Q(TIME("creation", "less")), "created<=-1 |");
	check_narrow(Q(TIME("creation", "lessorequal")), "created<=+0 |");
	check_narrow(Q(TIME("creation", "greater")), "created>=+1 |");
	check_narrow(Q(TIME("lastmodification", "greaterorequal")), "modified>=+0 |");
	check_narrow(Q(TIME("lastmodification", "equal")), "modified>=+0 modified<=+0 |");
	/* of which the kernel knows nothing */
	check_narrow(Q(TIME("creation", "notequal")), "|");
	check_narrow(Q(C("a", "string", "equal", "x")), "|");
	check_narrow(Q(C("peercreatorid", "string", "equal", AUTHORITY "*")), "|");
	check_narrow(Q(C("peercreatorid", "string", "less", AUTHORITY)), "|");
	check_narrow(Q(C("peerrecordtype", "string", "notequal", GUID_TEXT)), "|");
	check_narrow(Q(C("peerlastmodifiedby", "string", "equal", AUTHORITY)), "|");
	/* and, or */
	check_narrow(Q("<and>" BY("a") TYPE TIME("creation", "less") F "</and>"),
		     "creator=a type created<=-1 |");
	check_narrow(Q("<or>" BY("a") BY("b") "</or>"), "creator=a |creator=b |");
	check_narrow(Q("<or>" BY("a") F "</or>"), "|");
	check_narrow(Q("<or>" F BY("a") "</or>"), "|");
	check_narrow(Q("<and><or>" BY("a") BY("b") "</or>" TYPE "</and>"),
		     "creator=a type |creator=b type |");
	check_narrow(Q("<and><or>" BY("a") TYPE "</or><or>" BY("a") OTHER "</or></and>"),
		     "creator=a |creator=a type |creator=a type |");
	check_narrow(Q("<and>" TIME("creation", "greater") TIME("creation", "greaterorequal")
		       "</and>"), "created>=+1 |");
	/* more than there is room for */
	check_narrow(Q("<or>" BY("a") BY("b") BY("c") BY("d") BY("e") BY("f") BY("g") BY("h")
		       BY("i") "</or>"), "|");
	check_narrow(Q("<and><or>" BY("a") BY("b") BY("c") "</or><or>" TYPE TIME("creation", "less")
		       TIME("creation", "greater") "</or></and>"),
		     "creator=a |creator=b |creator=c |");
}

/* What cannot match is not looked for. */
static void nothing(void)
{
	static const char *const xml[] = {
		Q("<and>" BY("a") BY("b") "</and>"), Q("<and>" TYPE OTHER "</and>"),
		Q("<and>" TIME("creation", "less") TIME("creation", "greater") "</and>"),
		Q(C("peercreatorid", "string", "equal", "Bob")),
		Q(C("peercreatorid", "string", "equal", AUTHORITY "x")),
		Q(C("peerrecordid", "string", "equal", "x")), Q(C("peerrecordid", "int", "equal", "1")),
		Q(C("peercreationtime", "string", "equal", "x")),
		Q(C("peercreationtime", "date", "less", "1601")),
		Q(C("peercreationtime", "date", "less", "0001")),
		Q(C("peercreationtime", "date", "equal", "1600-12-31")),
		Q("<or><and>" TYPE OTHER "</and><and>" BY("a") BY("b") "</and></or>"),
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++)
		check_narrow(xml[i], "");
	check_narrow(Q(C("peercreationtime", "date", "greater", "0001")), "|");
	check_narrow(Q(C("peercreationtime", "date", "lessorequal", "1601")),
		     "created<=-134397792000000000 |");
}

/* ------------------------------------------------------------------ limits -- */

static void check_depth(unsigned int depth, HRESULT expected)
{
	char xml[4096], *p = stpcpy(xml, "<peersearch>");
	struct pgi_criteria *query;
	unsigned int i;

	for (i = 0; i < depth; i++)
		p = stpcpy(p, i % 2 ? "<or>" : "<and>");
	p = stpcpy(p, T);
	for (i = depth; i-- > 0;)
		p = stpcpy(p, i % 2 ? "</or>" : "</and>");
	stpcpy(p, "</peersearch>");
	CHECK_HR(pgi_criteria_parse(xml, &query), expected);
	if (query) {
		struct pgi_subject s = subject(ATTRIBUTES);
		struct pgi_boxes boxes;

		CHECK_HR(pgi_criteria_match(query, &s), S_OK);
		pgi_criteria_narrow(query, &boxes);
		CHECK(boxes.count == 1);
		pgi_subject_done(&s);
	}
	pgi_criteria_free(query);
}

static void limits(void)
{
	static char xml[1U << 20];
	struct pgi_criteria *query;
	char *p = stpcpy(xml, "<peersearch><or>");
	unsigned int i;

	check_depth(PGI_QUERY_DEPTH, S_OK);
	check_depth(PGI_QUERY_DEPTH + 1, PEER_E_INVALID_SEARCH);
	check_depth(200, PEER_E_INVALID_SEARCH);
	for (i = 0; i < 5000; i++)
		p = stpcpy(p, F);
	p = stpcpy(p, T "</or></peersearch>");
	check_match(xml, ATTRIBUTES, S_OK);
	/* More than half a MiB. */
	memset(xml, ' ', sizeof(xml));
	strcpy(xml + (513U << 10), Q(T));
	CHECK_HR(pgi_criteria_parse(xml, &query), PEER_E_INVALID_SEARCH);
	memset(xml, '<', 100000);
	xml[100000] = 0;
	CHECK_HR(pgi_criteria_parse(xml, &query), PEER_E_INVALID_SEARCH);
}

/* ---------------------------------------------------------------- building -- */

static void build(void)
{
	static const struct peergroup_clause good_clauses[] = {
		{ "file", NULL, NULL, "data-*" }, { "n", "int", "less", "43" },
		{ "star", "string", "equal", "a\\*b\\?c\\\\d" },
	};
	struct peergroup_clause bad_clause = { "n", "int", NULL, "x" };
	char *xml, *escaped;

	NEED_OK(peergroup_query_build(good_clauses, 3, &xml));
	check_match(xml, ATTRIBUTES, S_OK);
	peergroup_free(xml);
	NEED_OK(peergroup_query_escape("a*b?c\\d<&\">", &escaped));
	CHECK(!strcmp(escaped, "a\\*b\\?c\\\\d<&\">"), "%s", escaped);
	bad_clause = (struct peergroup_clause){ "star", NULL, NULL, escaped };
	NEED_OK(peergroup_query_build(&bad_clause, 1, &xml));
	check_match(xml, "<attributes><attribute name=\"star\" type=\"string\">"
		    "a*b?c\\d&lt;&amp;\"></attribute></attributes>", S_OK);
	peergroup_free(xml);
	peergroup_free(escaped);

	bad_clause = (struct peergroup_clause){ "n", "int", NULL, "x" };
	CHECK_HR(peergroup_query_build(&bad_clause, 1, &xml), PEER_E_INVALID_SEARCH);
	CHECK(!xml);
	bad_clause = (struct peergroup_clause){ "n", "int\" compare=\"less", NULL, "1" };
	CHECK_HR(peergroup_query_build(&bad_clause, 1, &xml), PEER_E_INVALID_SEARCH);
	bad_clause = (struct peergroup_clause){ "n", "int", "like", "1" };
	CHECK_HR(peergroup_query_build(&bad_clause, 1, &xml), PEER_E_INVALID_SEARCH);
	bad_clause = (struct peergroup_clause){ "n", NULL, NULL, "\\x" };
	CHECK_HR(peergroup_query_build(&bad_clause, 1, &xml), E_INVALIDARG);
	bad_clause.value = NULL;
	CHECK_HR(peergroup_query_build(&bad_clause, 1, &xml), E_INVALIDARG);
	CHECK_HR(peergroup_query_build(NULL, 1, &xml), E_INVALIDARG);
	CHECK_HR(peergroup_query_build(good_clauses, 0, &xml), E_INVALIDARG);
	CHECK_HR(peergroup_query_build(good_clauses, 1, NULL), E_INVALIDARG);
	CHECK_HR(peergroup_query_escape(NULL, &escaped), E_INVALIDARG);
	CHECK_HR(peergroup_query_escape("x", NULL), E_INVALIDARG);
}

static void dates(void)
{
	static const struct {
		const char *text;
		int64_t seconds;	/* since 1970 */
	} known[] = {
		{ "1970", 0 }, { "1970-01-01T00:00:01Z", 1 }, { "2000-03-01", 951868800 },
		{ "2026-11-22T23:59:59Z", 1795391999 }, { "1601", -11644473600 },
		{ "0000", -62167219200 }, { "0000-03", -62162035200 }, { "9999-12-31", 253402214400 },
	};
	int64_t value;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(known); i++) {
		CHECK(pgi_value_date(known[i].text, &value), "%s", known[i].text);
		CHECK(value == (known[i].seconds + 11644473600) * 10000000, "%s is %lld",
		      known[i].text, (long long)value);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what the schema allows", good },
		{ "what it does not", bad },
		{ "backslashes that escape nothing", bad_escapes },
		{ "strings, wildcards, escapes", strings },
		{ "integers and dates", numbers },
		{ "dates as instants", dates },
		{ "what every record has", header },
		{ "and, or", nested },
		{ "records with hostile attributes", hostile_attributes },
		{ "what is left to the kernel", narrow },
		{ "what cannot match", nothing },
		{ "depth and size", limits },
		{ "building queries", build },
	};

	return TESTS(tests);
}
