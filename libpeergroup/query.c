// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Queries: the XML read and checked against the schema of the contract, values
 * converted and wildcards taken apart, so that a record can be asked quickly.
 */
#include <ctype.h>
#include <stdlib.h>
#include <libxml/chvalid.h>
#include "query.h"
#include "value.h"
#include "xml.h"

struct parser {
	const char *bad_escape;		/* clause in which there is one, or NULL */
};

static HRESULT invalid(const char *why, const char *what)
{
	return pgi_fail(PEER_E_INVALID_SEARCH, "query: %s: %s", what, why);
}

static const char *name_of(const xmlNode *node)
{
	return (const char *)node->name;
}

/* A default namespace is of no account, so it may be any; a prefix is none of ours. */
static bool is(const xmlNode *node, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE && (!node->ns || !node->ns->prefix) &&
	       !strcmp(name_of(node), name);
}

/* ----------------------------------------------------------------- clauses -- */

static const struct {
	const char *name;
	enum pgi_field field;
} fields[] = {
	{ "peercreatorid", PGI_FIELD_CREATOR },
	{ "peerlastmodifiedby", PGI_FIELD_MODIFIER },
	{ "peerrecordid", PGI_FIELD_ID },
	{ "peerrecordtype", PGI_FIELD_TYPE },
	{ "peercreationtime", PGI_FIELD_CREATED },
	{ "peerlastmodificationtime", PGI_FIELD_MODIFIED },
};

static const char *const types[] = { "string", "int", "date", NULL };

static const char *const compares[] = {
	"equal", "notequal", "less", "greater", "lessorequal", "greaterorequal", NULL
};

/* The number of @word among @words; -1 for none of them. */
static int look_up(const char *const *words, const char *word)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static bool name_char(uint32_t c)
{
	return xmlIsBaseCharQ(c) || xmlIsIdeographicQ(c) || xmlIsDigitQ(c) ||
	       xmlIsCombiningQ(c) || xmlIsExtenderQ(c) || (c < 0x80 && c && strchr(".-_:", (int)c));
}

/* What the schema lets a name be, which is more than a record may have. */
static bool name_valid(const char *name)
{
	const char *s = name;

	while (*s)
		if (!name_char((uint32_t)pgi_utf8_next(&s)))
			return false;
	return *name;
}

/* GUIDs are compared as text; with or without braces, in upper or lower case. */
static void normalise_guid(char *text)
{
	size_t len = strlen(text);
	char *s;

	if (len >= 2 && text[0] == '{' && text[len - 1] == '}') {
		text[len - 1] = 0;
		memmove(text, text + 1, len - 1);
	}
	for (s = text; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* An escaped character stands for itself; a backslash before another is an error. */
static bool unescape(const char **s, uint32_t *c)
{
	if (**s == '\\') {
		(*s)++;
		if (!**s || !strchr("*?\\", **s))
			return false;
	}
	*c = (uint32_t)pgi_utf8_next(s);
	return true;
}

/*
 * Takes the backslashes out of @c->text, and, where it is compared for being equal
 * or not, finds wildcards. False for a bad backslash; with @pattern NULL, there are
 * no wildcards to find.
 */
static bool take_apart(struct pgi_criteria *c, uint32_t *pattern)
{
	const char *s = c->text, *start;
	char *out = c->text;
	bool wild = false;
	uint32_t one;

	while (*s) {
		if (pattern && (*s == '*' || *s == '?')) {
			one = *s++ == '*' ? PGI_ANY_MANY : PGI_ANY_ONE;
			wild = true;
		} else {
			if (!unescape(&s, &one))
				return false;
			/* It ends where @s is now, and its last bytes are all of it. */
			for (start = s - 1; ((unsigned char)*start & 0xc0) == 0x80; start--)
				;
			while (start < s)
				*out++ = *start++;
		}
		if (pattern)
			pattern[c->pattern_len++] = one;
	}
	*out = 0;
	c->pattern = wild ? pattern : NULL;
	return true;
}

static HRESULT string_value(struct pgi_criteria *c, struct parser *p)
{
	bool wild = c->compare == PGI_EQUAL || c->compare == PGI_NOTEQUAL;
	uint32_t *pattern = NULL;

	if (c->field == PGI_FIELD_ID || c->field == PGI_FIELD_TYPE)
		normalise_guid(c->text);
	if (wild) {
		pattern = malloc((strlen(c->text) + 1) * sizeof(*pattern));
		if (!pattern)
			return E_OUTOFMEMORY;
	}
	/* All of the XML comes first. */
	if (!take_apart(c, pattern) && !p->bad_escape)
		p->bad_escape = c->attrib;
	if (!c->pattern)
		free(pattern);
	return S_OK;
}

static HRESULT convert_value(struct pgi_criteria *c, struct parser *p)
{
	switch (c->type) {
	case PGI_INT:
		return pgi_value_int(c->text, &c->number) ? S_OK :
		       invalid("the value is not an integer", c->attrib);
	case PGI_DATE:
		return pgi_value_date(c->text, &c->number) ? S_OK :
		       invalid("the value is not a date", c->attrib);
	default:
		return string_value(c, p);
	}
}

/* malloc()ed, from libxml2's own. */
static HRESULT own(xmlChar *text, char **out)
{
	*out = text ? strdup((char *)text) : NULL;
	xmlFree(text);
	return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT take_text(const xmlNode *node, struct pgi_criteria *c)
{
	const xmlNode *child;

	for (child = node->children; child; child = child->next)
		if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE &&
		    child->type != XML_COMMENT_NODE)
			return invalid("something else than text in the value", c->attrib);
	return own(pgi_xml_text(node), &c->text);
}

static HRESULT take_property(const xmlAttr *a, struct pgi_criteria *c)
{
	const char *name = (const char *)a->name;
	char *value;
	HRESULT hr;
	int i;

	if (a->ns)
		return invalid("unknown XML attribute of a clause", name);
	hr = own(xmlNodeListGetString(a->doc, a->children, 1), &value);
	/* An empty one has no node. */
	if (FAILED(hr) && !a->children)
		hr = own(xmlStrdup((const xmlChar *)""), &value);
	if (FAILED(hr))
		return hr;
	if (!strcmp(name, "attrib")) {
		c->attrib = value;
		return name_valid(value) ? S_OK : invalid("not the name of an attribute", value);
	}
	if (!strcmp(name, "type")) {
		i = look_up(types, value);
		c->type = (enum pgi_value_type)i;
		hr = i >= 0 ? S_OK : invalid("no such type", value);
	} else if (!strcmp(name, "compare")) {
		i = look_up(compares, value);
		c->compare = (enum pgi_compare)i;
		hr = i >= 0 ? S_OK : invalid("no such comparison", value);
	} else {
		hr = invalid("unknown XML attribute of a clause", name);
	}
	free(value);
	return hr;
}

static HRESULT parse_clause(const xmlNode *node, struct pgi_criteria *c, struct parser *p)
{
	const xmlAttr *a;
	HRESULT hr = S_OK;
	size_t i;

	for (a = node->properties; a && SUCCEEDED(hr); a = a->next)
		hr = take_property(a, c);
	if (SUCCEEDED(hr) && !c->attrib)
		hr = invalid("it does not say which attribute it is about", "clause");
	if (SUCCEEDED(hr))
		hr = take_text(node, c);
	if (FAILED(hr))
		return hr;
	for (i = 0; i < PGI_ARRAY_SIZE(fields); i++)
		if (!strcmp(c->attrib, fields[i].name))
			c->field = fields[i].field;
	return convert_value(c, p);
}

/* -------------------------------------------------------------------- tree -- */

/* Elements only, and no XML attributes. */
static HRESULT check_branch(const xmlNode *node)
{
	if (!pgi_xml_no_attributes(node))
		return invalid("it has no XML attributes", name_of(node));
	if (!pgi_xml_only_elements(node))
		return invalid("only clause, and, or may be in it", name_of(node));
	return S_OK;
}

static HRESULT parse_node(const xmlNode *node, unsigned int depth, struct parser *p,
			  struct pgi_criteria **out);

static HRESULT parse_branch(xmlNode *node, unsigned int depth, struct parser *p,
			    struct pgi_criteria *branch)
{
	struct pgi_criteria **last = &branch->child;
	const xmlNode *child;
	HRESULT hr;

	if (depth == PGI_QUERY_DEPTH)
		return invalid("nested too deep", name_of(node));
	hr = check_branch(node);
	child = xmlFirstElementChild(node);
	if (SUCCEEDED(hr) && !child)
		hr = invalid("it is empty", name_of(node));
	for (; child && SUCCEEDED(hr); child = child->next) {
		if (child->type != XML_ELEMENT_NODE)
			continue;
		hr = parse_node(child, depth + 1, p, last);
		if (*last)
			last = &(*last)->next;
	}
	return hr;
}

/* *@out is set also where it fails, for the caller to free. */
static HRESULT parse_node(const xmlNode *node, unsigned int depth, struct parser *p,
			  struct pgi_criteria **out)
{
	struct pgi_criteria *c;

	*out = NULL;
	if (!is(node, "clause") && !is(node, "and") && !is(node, "or"))
		return invalid("unknown element", name_of(node));
	c = calloc(1, sizeof(*c));
	if (!c)
		return E_OUTOFMEMORY;
	*out = c;
	if (is(node, "clause"))
		return parse_clause(node, c, p);
	c->kind = is(node, "and") ? PGI_AND : PGI_OR;
	return parse_branch((xmlNode *)(uintptr_t)node, depth, p, c);
}

static HRESULT parse_root(xmlNode *root, struct parser *p, struct pgi_criteria **out)
{
	const xmlNode *child;
	HRESULT hr;

	if (!is(root, "peersearch"))
		return pgi_fail(PEER_E_INVALID_SEARCH, "query: the root is not peersearch");
	hr = check_branch(root);
	if (FAILED(hr))
		return hr;
	child = xmlFirstElementChild(root);
	if (!child || xmlNextElementSibling((xmlNode *)(uintptr_t)child))
		return invalid("exactly one clause, and, or is wanted in it", "peersearch");
	return parse_node(child, 0, p, out);
}

HRESULT pgi_criteria_parse(const char *xml, struct pgi_criteria **query)
{
	struct parser p = { NULL };
	xmlDoc *doc;
	HRESULT hr;

	*query = NULL;
	if (!pgi_utf8_valid(xml))
		return pgi_fail(PEER_E_INVALID_SEARCH, "query: not UTF-8");
	hr = pgi_xml_parse(xml, &doc);
	if (FAILED(hr))
		return hr == E_INVALIDARG ? PEER_E_INVALID_SEARCH : hr;
	hr = parse_root(pgi_xml_root(doc), &p, query);
	pgi_xml_free(doc);
	if (SUCCEEDED(hr) && p.bad_escape)
		hr = pgi_fail(E_INVALIDARG, "query: %s: a backslash before something else than "
			      "*, ? or a backslash", p.bad_escape);
	if (FAILED(hr)) {
		pgi_criteria_free(*query);
		*query = NULL;
	}
	return hr;
}

/* As deep as it was parsed. */
void pgi_criteria_free(struct pgi_criteria *query)
{
	struct pgi_criteria *next;

	for (; query; query = next) {
		next = query->next;
		pgi_criteria_free(query->child);
		free(query->attrib);
		free(query->text);
		free(query->pattern);
		free(query);
	}
}
