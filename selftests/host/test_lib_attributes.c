// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attribute XML: what the schema allows, what it does not, and hostile XML.
 */
#include "lib_test.h"

#define A(type, value) \
	"<attributes><attribute name=\"n\" type=\"" type "\">" value "</attribute></attributes>"
#define N(name) \
	"<attributes><attribute name=\"" name "\" type=\"string\">x</attribute></attributes>"

static void good(void)
{
	static const char *const xml[] = {
		"", "<attributes/>", "<attributes></attributes>",
		"<?xml version=\"1.0\"?>\n<attributes>\n\t<!-- c -->\n</attributes>\n<!-- d -->",
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><attributes/>",
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><attributes/>",
		"\xef\xbb\xbf<attributes/>",
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?><attributes/>",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><attributes/>",
		"<attributes><attribute name=\"AuthenticationType\" type=\"string\">Kerberos"
		"</attribute><attribute type=\"date\" name=\"AuthExpires\">2002-01-31</attribute>"
		"</attributes>",
		A("string", ""), A("string", "<![CDATA[<x>]]>"), A("string", "a<!-- c -->b"),
		A("string", "&lt;&amp;&#65;&#x1F600;"), A("string", " \n "),
		A("int", "0"), A("int", "-1"), A("int", "+7"), A("int", " 42\n"),
		A("int", "9223372036854775807"), A("int", "-9223372036854775808"),
		A("date", "2003"), A("date", "2003-02"), A("date", "2003-02-28"),
		A("date", "2004-02-29"), A("date", "2000-02-29"), A("date", " 2003 "),
		A("date", "2003-02-28T23:59Z"), A("date", "2003-02-28T23:59:59Z"),
		A("date", "2003-02-28T23:59:59.123456789+05:30"),
		A("date", "2003-02-28T00:00-12:00"),
		N("n1"), N("N"), N("\xc3\xa9t\xc3\xa9"), N("\xe4\xb8\xad\xe6\x96\x87"),
		"<attributes><attribute name=\"a\" type=\"string\"/>"
		"<attribute name=\"A\" type=\"string\"/></attributes>",
	};
	size_t i, units;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		CHECK_HR(pgi_attributes_check(xml[i], &units), S_OK);
		CHECK(units == pgi_utf8_units(xml[i]), "%s", xml[i]);
	}
	CHECK_HR(pgi_attributes_check(NULL, &units), S_OK);
	CHECK(units == 0);
}

static void bad(void)
{
	static const char *const xml[] = {
		" ", "x", "<attributes>", "<attributes/><attributes/>", "<attribute/>",
		"<Attributes/>", "<attributes x=\"\"/>", "<attributes>x</attributes>",
		"<attributes xmlns=\"urn:x\"/>", "<x:attributes/>",
		"<x:attributes xmlns:x=\"urn:x\"/>", "<attributes><!-- -- --></attributes>",
		"<attributes><?pi x?></attributes>", "<?pi x?><attributes/>",
		"<attributes><attribut/></attributes>",
		"<attributes><attribute type=\"string\">x</attribute></attributes>",
		"<attributes><attribute name=\"n\">x</attribute></attributes>",
		"<attributes><attribute name=\"n\" type=\"string\" x=\"\">x</attribute></attributes>",
		"<attributes><attribute name=\"n\" type=\"string\" xml:lang=\"de\">x</attribute>"
		"</attributes>",
		"<attributes><attribute name=\"n\" type=\"string\"><b/></attribute></attributes>",
		"<attributes><attribute name=\"n\" type=\"string\"/>"
		"<attribute name=\"n\" type=\"int\">1</attribute></attributes>",
		A("String", "x"), A("", "x"), A("float", "1"),
		A("int", ""), A("int", "abc"), A("int", "1.0"), A("int", "0x1"), A("int", "1 2"),
		A("int", "+ 1"), A("int", "9223372036854775808"), A("int", "-"),
		A("date", ""), A("date", "2003-02-328"), A("date", "2003-02-29"),
		A("date", "1900-02-29"), A("date", "2003-00"), A("date", "2003-13"),
		A("date", "2003-1-1"), A("date", "203"), A("date", "2003-02-28T23:59"),
		A("date", "2003-02-28T24:00Z"), A("date", "2003-02-28T23:60Z"),
		A("date", "2003-02-28T23:59:60Z"), A("date", "2003-02-28T23:59:59.Z"),
		A("date", "2003-02-28 23:59Z"), A("date", "2003-02-28T"), A("date", "2003-02T10:00Z"),
		A("date", "2003-02-28T23:59+5:30"), A("date", "2003-02-28T23:59Zx"),
		N(""), N("a-b"), N("a_b"), N("a b"), N("a.b"), N("a:b"), N(" a"), N("\xe2\x82\xac"),
		N("peercreatorid"), N("PeerCreatorId"), N("peerlastmodifiedby"), N("peerrecordid"),
		N("peerrecordtype"), N("peercreationtime"), N("peerlastmodificationtime"),
		A("string", "&unknown;"), A("string", "&#0;"), A("string", "\x01"), A("string", "&#1;"),
		A("string", "\xff"), A("string", "<![CDATA["),
		"<!DOCTYPE attributes><attributes/>",
		"<!DOCTYPE a [<!ENTITY x \"y\">]><attributes/>",
		"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><attributes/>",
		"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" A("string", "&x;"),
	};
	size_t i, units;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		HRESULT hr = pgi_attributes_check(xml[i], &units);

		CHECK(hr == PEER_E_INVALID_ATTRIBUTES, "%#x for %s", (unsigned int)hr, xml[i]);
		CHECK(*peergroup_error_detail(), "no detail for %s", xml[i]);
		CHECK(units == 0);
	}
}

static char *make(int count, int name_len, size_t value_len)
{
	char *xml = malloc((size_t)count * (value_len + (size_t)name_len + 64) + 64), *p = xml;
	int i;

	p = stpcpy(p, "<attributes>");
	for (i = 0; i < count; i++) {
		p += sprintf(p, "<attribute name=\"%0*d\" type=\"string\">", name_len, i);
		memset(p, 'v', value_len);
		p = stpcpy(p + value_len, "</attribute>");
	}
	stpcpy(p, "</attributes>");
	return xml;
}

static void check_made(int count, int name_len, size_t value_len, HRESULT expected)
{
	char *xml = make(count, name_len, value_len);
	size_t units;

	CHECK_HR(pgi_attributes_check(xml, &units), expected);
	free(xml);
}

static void limits(void)
{
	check_made(64, 3, 1, S_OK);
	check_made(PGI_ATTRIBUTES_MAX, 3, 1, S_OK);
	check_made(PGI_ATTRIBUTES_MAX + 1, 3, 1, PEER_E_TOO_MANY_ATTRIBUTES);
	check_made(1, 255, 1, S_OK);
	check_made(1, 256, 1, PEER_E_INVALID_ATTRIBUTES);
	check_made(1, 1, PEERGROUP_ATTRS_LEN_MAX - 100, S_OK);
	check_made(1, 1, PEERGROUP_ATTRS_LEN_MAX, PEER_E_MAX_RECORD_SIZE_EXCEEDED);
}

static void deep(void)
{
	char xml[4096], *p = xml;
	size_t units;
	int i;

	for (i = 0; i < 1000; i++)
		p = stpcpy(p, "<a>");
	CHECK_HR(pgi_attributes_check(xml, &units), PEER_E_INVALID_ATTRIBUTES);
}

/*
 * What libxml2 compares with all before it, attributes and namespaces, is refused before
 * libxml2 has it: 35,000 in a tag took it seconds. It reads on behind an error, so a tag
 * that only one of the two takes for a comment is no way around that.
 */
static void costly(void)
{
	static const struct {
		const char *before, *of, *behind;
	} xml[] = {
		{ "<attributes ", "a%x='' ", "/>" },
		{ "<attributes x='>'\ny=\">\" ", "a%x=''\n", "/>" },
		{ "<attributes ", "xmlns:a%x='u' ", "/>" },
		{ "<attributes><x></x ", "a%x='' ", "></attributes>" },
		{ "<attributes>", "<x xmlns:a%x='u'/>", "</attributes>" },
		{ "<attributes><!-- <x>' --><!----><![CDATA[<x]]]><x ", "a%x='' ", "/></attributes>" },
		{ "<attributes><!-- \x01<x ", "a%x='' ", "/>--></attributes>" },
		{ "<attributes><!-- \xef\xbf\xbf<x ", "a%x='' ", "/>--></attributes>" },
		{ "<attributes><? <x ", "a%x='' ", "/>?></attributes>" },
		{ "<attributes><?x ><!-- ?><x ", "a%x='' ", "/>--></attributes>" },
		{ "<attributes><!x <x ", "a%x='' ", "/>></attributes>" },
		{ "<attributes><x '<!--' <x ", "a%x='' ", "/>--></attributes>" },
		{ "<attributes x='<!--'/><x ", "a%x='' ", "/>--></attributes>" },
	};
	char text[250000], *p;
	size_t i, units;
	unsigned int n;

	for (i = 0; i < PGI_ARRAY_SIZE(xml); i++) {
		p = stpcpy(text, xml[i].before);
		for (n = 0; p < text + sizeof(text) - 64; n++)
			p += sprintf(p, xml[i].of, n);
		stpcpy(p, xml[i].behind);
		CHECK_HR(pgi_attributes_check(text, &units), PEER_E_INVALID_ATTRIBUTES);
		CHECK(!strncmp(peergroup_error_detail(), "XML: ", 5), "%s: %s", xml[i].before,
		      peergroup_error_detail());
	}
}

/* But text may have in it whatever is text. */
static void not_costly(void)
{
	char text[4096], *p = stpcpy(text, "<attributes><attribute name='n' type='string'>");
	size_t units;
	int i;

	for (i = 0; i < 50; i++)
		p = stpcpy(p, "xmlns='' <!-- <a b='' c=''> \" --><![CDATA[ <a b='' c=''> ' ]]>");
	stpcpy(p, "</attribute></attributes>");
	CHECK_HR(pgi_attributes_check(text, &units), S_OK);
}

static void build(void)
{
	static const struct peergroup_attribute in[] = {
		{ "host", "string", "<a & \"b\">\r\n\t'" }, { "port", "int", "22" },
		{ "since", "date", "2026-01-01" }, { "empty", "string", "" },
	};
	struct peergroup_attribute wrong = { "a-b", "string", "" }, *out;
	size_t count, i;
	char *xml;

	NEED_OK(peergroup_attributes_build(in, 4, &xml));
	NEED_OK(peergroup_attributes_parse(xml, &out, &count));
	CHECK(count == 4);
	for (i = 0; i < count; i++)
		CHECK(!strcmp(in[i].name, out[i].name) && !strcmp(in[i].type, out[i].type) &&
		      !strcmp(in[i].value, out[i].value), "%s", out[i].value);
	peergroup_free(out);
	peergroup_free(xml);
	NEED_OK(peergroup_attributes_build(NULL, 0, &xml));
	NEED_OK(peergroup_attributes_parse(xml, NULL, &count));
	CHECK(count == 0);
	peergroup_free(xml);
	CHECK_HR(peergroup_attributes_build(&wrong, 1, &xml), PEER_E_INVALID_ATTRIBUTES);
	CHECK(!xml);
	wrong.name = "a";
	wrong.value = "\x01";
	CHECK_HR(peergroup_attributes_build(&wrong, 1, &xml), PEER_E_INVALID_ATTRIBUTES);
	wrong.value = NULL;
	CHECK_HR(peergroup_attributes_build(&wrong, 1, &xml), E_INVALIDARG);
	CHECK_HR(peergroup_attributes_build(NULL, 1, &xml), E_INVALIDARG);
	CHECK_HR(peergroup_attributes_parse(NULL, &out, &count), S_OK);
	CHECK(count == 0);
	peergroup_free(out);
	CHECK_HR(peergroup_attributes_parse("", NULL, NULL), E_INVALIDARG);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what the schema allows", good },
		{ "what it does not", bad },
		{ "limits", limits },
		{ "deep nesting", deep },
		{ "more in a tag than there is any use for", costly },
		{ "as much in text", not_costly },
		{ "built and taken apart", build },
	};

	return TESTS(tests);
}
