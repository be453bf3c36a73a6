// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading XML strictly. A document type declaration stops the parser where it
 * begins, so nothing in one is ever looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <libxml/chvalid.h>
#include <libxml/parser.h>
#include <libxml/threads.h>
#include "xml.h"

/* Twice the longest there is, attributes and the largest bundle in base64 with its line ends. */
#define XML_MAX	(512U << 10)
/*
 * Of a tag, and of a text. libxml2 compares each attribute with those before it, and each
 * prefix with the namespaces around it; there is no use for more than three of the former.
 */
#define ATTRIBUTES_MAX	8
#define NAMESPACES_MAX	64

static void init(void)
{
	xmlInitParser();
}

/*
 * Where memory runs out libxml2 has no parser to tell, and would write to stderr. What the
 * program has set to hear of errors is put back by pgi_xml_free().
 */
static _Thread_local struct {
	void *context;
	xmlStructuredErrorFunc call;
	bool no_memory;		/* of what is read now */
} programs;

/* libxml2 2.12 made the error const. */
#if LIBXML_VERSION >= 21200
#define XML_ERROR	const xmlError
#else
#define XML_ERROR	xmlError
#endif

static void say_nothing(void *context PGI_UNUSED, XML_ERROR *error)
{
	programs.no_memory |= error && error->code == XML_ERR_NO_MEMORY;
}

static void be_quiet(void)
{
	programs.context = xmlStructuredErrorContext;
	programs.call = xmlStructuredError;
	programs.no_memory = false;
	xmlSetStructuredErrorFunc(NULL, say_nothing);
}

void pgi_xml_free(xmlDoc *doc)
{
	xmlFreeDoc(doc);
	xmlResetLastError();
	xmlSetStructuredErrorFunc(programs.context, programs.call);
}

/*
 * What libxml2 keeps for each thread is there before it is used: it takes for granted that it
 * is, and 2.9 even calls itself without end where there is no memory for it.
 */
static bool has_own_state(void)
{
#if LIBXML_VERSION >= 21200
	return !xmlCheckThreadLocalStorage();
#else
	static _Thread_local bool has;
	void *volatile room;

	if (!has) {
		room = malloc(sizeof(xmlGlobalState));
		if (!room)
			return false;
		free(room);
		has = xmlGetGlobalState();
	}
	return has;
#endif
}

struct state {
	bool doctype;
};

static void refuse_doctype(void *ctx, const xmlChar *name PGI_UNUSED,
			   const xmlChar *external PGI_UNUSED, const xmlChar *system PGI_UNUSED)
{
	xmlParserCtxt *parser = ctx;
	struct state *state = parser->_private;

	state->doctype = true;
	xmlStopParser(parser);
}

static void say_why(xmlParserCtxt *parser, const struct state *state)
{
	const xmlError *error = xmlCtxtGetLastError(parser);
	size_t len;

	if (state->doctype) {
		pgi_set_error("the XML has a document type declaration");
		return;
	}
	if (!error || !error->message) {
		pgi_set_error("not XML");
		return;
	}
	len = strcspn(error->message, "\n");
	pgi_set_error("XML line %d: %.*s", error->line, (int)len, error->message);
}

/*
 * E_OUTOFMEMORY also where there may have been too little: some of what it had no memory for
 * libxml2 goes on without, and only errno tells. That is also set where malloc() found
 * memory after all, at a second place.
 */
static HRESULT parse(const char *xml, xmlDoc **doc)
{
	struct state state = { false };
	xmlParserCtxt *parser;
	HRESULT hr = S_OK;

	if (!has_own_state())
		return E_OUTOFMEMORY;
	errno = 0;
	be_quiet();
	parser = xmlNewParserCtxt();
	if (!parser) {
		pgi_xml_free(NULL);
		return E_OUTOFMEMORY;
	}
	parser->_private = &state;
	parser->sax->internalSubset = refuse_doctype;
	/* From a copy libxml2 2.9 would read on at NULL when it cannot make that larger. */
	*doc = xmlCtxtReadDoc(parser, (const xmlChar *)xml, NULL, "UTF-8",
			      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			      XML_PARSE_IGNORE_ENC);
	if (programs.no_memory || parser->errNo == XML_ERR_NO_MEMORY || errno == ENOMEM) {
		hr = E_OUTOFMEMORY;
	/* A namespace prefix without declaration leaves a document behind, too. */
	} else if (!*doc || state.doctype || !parser->wellFormed || !parser->nsWellFormed) {
		say_why(parser, &state);
		hr = E_INVALIDARG;
	}
	if (FAILED(hr)) {
		pgi_xml_free(*doc);
		*doc = NULL;
	}
	xmlFreeParserCtxt(parser);
	return hr;
}

static const char *behind(const char *s, const char *end)
{
	const char *found = strstr(s, end);

	return found ? found + strlen(end) : s + strlen(s);
}

static bool all_characters(const char *s)
{
	int32_t c;

	while (*s) {
		c = pgi_utf8_next(&s);
		if (c < 0 || !xmlIsCharQ((unsigned int)c))
			return false;
	}
	return true;
}

static const char nested[] = "a tag begins inside another";

/* What is wrong with an instruction, NULL if nothing; moves *@at from its "<" behind it. */
static const char *check_instruction(const char **at)
{
	const char *begin = *at;

	*at = behind(begin, "?>");
	return memchr(begin + 1, '<', (size_t)(*at - begin) - 1) ? nested : NULL;
}

/* The same with a tag. */
static const char *check_tag(const char **at, unsigned int *namespaces)
{
	unsigned int attributes = 0;
	const char *s;
	char quote = 0;

	for (s = *at + 1; *s && *s != '<' && (quote || *s != '>'); s++) {
		if (quote)
			quote = *s == quote ? 0 : quote;
		else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (*s == '=')
			attributes++;
		else if (!strncmp(s, "xmlns", 5))
			++*namespaces;
	}
	*at = s;
	if (*s == '<')
		return nested;
	if (attributes > ATTRIBUTES_MAX)
		return "too many attributes";
	return *namespaces > NAMESPACES_MAX ? "too many namespaces" : NULL;
}

/*
 * Why libxml2 must not have it, for what that would cost; NULL if it may. Some versions read
 * on behind an error, so what is passed over here has to be a comment or the like there,
 * whatever errors come before. So a "<" inside anything else is refused, as is a character
 * that is none, at which a comment ends for libxml2. (An instruction may have a "<" in it by
 * XML; but no format has instructions.)
 */
static const char *check_cost(const char *xml)
{
	unsigned int namespaces = 0;
	const char *why = NULL;

	if (!all_characters(xml))
		return "a character that XML does not have";
	while (!why && *(xml += strcspn(xml, "<"))) {
		if (!strncmp(xml, "<!--", 4))
			xml = behind(xml + 4, "-->");
		else if (!strncmp(xml, "<![CDATA[", 9))
			xml = behind(xml + 9, "]]>");
		else if (xml[1] == '!')
			xml += 2;
		else if (xml[1] == '?')
			why = check_instruction(&xml);
		else
			why = check_tag(&xml, &namespaces);
	}
	return why;
}

HRESULT pgi_xml_parse(const char *xml, xmlDoc **doc)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static const char bom[] = "\xef\xbb\xbf";
	size_t len = strlen(xml);
	const char *why;
	HRESULT hr;

	*doc = NULL;
	pthread_once(&once, init);
	if (len > XML_MAX)
		return pgi_fail(E_INVALIDARG, "more than %u bytes of XML", XML_MAX);
	if (!strncmp(xml, bom, sizeof(bom) - 1))
		xml += sizeof(bom) - 1;
	why = check_cost(xml);
	if (why)
		return pgi_fail(E_INVALIDARG, "XML: %s", why);
	hr = parse(xml, doc);
	/* Now there may be, or it was a second place that was found. */
	if (hr == E_OUTOFMEMORY)
		hr = parse(xml, doc);
	return hr == E_OUTOFMEMORY ? pgi_fail(hr, "out of memory") : hr;
}

xmlNode *pgi_xml_root(xmlDoc *doc)
{
	const xmlNode *node;

	for (node = doc->children; node; node = node->next)
		if (node->type != XML_ELEMENT_NODE && node->type != XML_COMMENT_NODE)
			return NULL;
	return xmlDocGetRootElement(doc);
}

bool pgi_xml_is(const xmlNode *node, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE && !node->ns &&
	       !strcmp((const char *)node->name, name);
}

bool pgi_xml_only_elements(const xmlNode *node)
{
	const xmlNode *child;

	for (child = node->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE || child->type == XML_COMMENT_NODE)
			continue;
		if (child->type != XML_TEXT_NODE || !xmlIsBlankNode(child))
			return false;
	}
	return true;
}

static bool is_text(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* In one go: xmlStrcat() leaves out, without a word, what it finds no memory for. */
xmlChar *pgi_xml_text(const xmlNode *node)
{
	const xmlNode *child;
	size_t len = 0;
	char *text, *end;

	for (child = node->children; child; child = child->next)
		if (is_text(child))
			len += child->content ? strlen((const char *)child->content) : 0;
		else if (child->type != XML_COMMENT_NODE)
			return NULL;
	text = xmlMalloc(len + 1);
	if (!text)
		return NULL;
	end = text;
	for (child = node->children; child; child = child->next)
		if (is_text(child) && child->content)
			end = stpcpy(end, (const char *)child->content);
	*end = 0;
	return (xmlChar *)text;
}

bool pgi_xml_no_attributes(const xmlNode *node)
{
	return !node->properties;
}

char *pgi_xml_attribute(const xmlNode *node, const char *ns, const char *name)
{
	xmlNode *n = (xmlNode *)(uintptr_t)node;

	return (char *)(ns ? xmlGetNsProp(n, (const xmlChar *)name, (const xmlChar *)ns)
			   : xmlGetNoNsProp(n, (const xmlChar *)name));
}

bool pgi_xml_only_attribute(const xmlNode *node, const char *ns, const char *name,
			    const char *value)
{
	char *found = pgi_xml_attribute(node, ns, name);
	bool ok = found && !strcmp(found, value) && !node->properties->next;

	xmlFree(found);
	return ok;
}

char *pgi_xml_base64(const xmlNode *node, const char *name)
{
	if (!pgi_xml_is(node, name) ||
	    !pgi_xml_only_attribute(node, PGI_DT_NAMESPACE, "dt", "bin.base64"))
		return NULL;
	return (char *)pgi_xml_text(node);
}

char *pgi_xml_plain(const xmlNode *node, const char *name)
{
	if (!pgi_xml_is(node, name) || !pgi_xml_no_attributes(node))
		return NULL;
	return (char *)pgi_xml_text(node);
}

void pgi_xml_put(FILE *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\r':
			fputs("&#13;", out);
			break;
		default:
			fputc(*s, out);
		}
}
