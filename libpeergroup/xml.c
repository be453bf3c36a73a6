// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading XML strictly. A document type declaration stops the parser where it
 * begins, so nothing in one is ever looked at.
 */
#include <libxml/parser.h>
#include "xml.h"

/*
 * Twice the longest there is, attributes and the largest bundle in base64 with
 * its line ends. What a text costs to read grows with the square of its pieces.
 */
#define XML_MAX	(512U << 10)

static void init(void)
{
	xmlInitParser();
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

HRESULT pgi_xml_parse(const char *xml, xmlDoc **doc)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct state state = { false };
	size_t len = strlen(xml);
	xmlParserCtxt *parser;
	HRESULT hr = S_OK;

	*doc = NULL;
	pthread_once(&once, init);
	if (len > XML_MAX)
		return pgi_fail(E_INVALIDARG, "more than %u bytes of XML", XML_MAX);
	parser = xmlNewParserCtxt();
	if (!parser)
		return E_OUTOFMEMORY;
	parser->_private = &state;
	parser->sax->internalSubset = refuse_doctype;
	*doc = xmlCtxtReadMemory(parser, xml, (int)len, NULL, "UTF-8",
				 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
				 XML_PARSE_IGNORE_ENC);
	/* A namespace prefix without declaration leaves a document behind, too. */
	if (!*doc || state.doctype || !parser->wellFormed || !parser->nsWellFormed) {
		say_why(parser, &state);
		if (*doc)
			xmlFreeDoc(*doc);
		*doc = NULL;
		hr = parser->errNo == XML_ERR_NO_MEMORY ? E_OUTOFMEMORY : E_INVALIDARG;
	}
	xmlFreeParserCtxt(parser);
	return hr;
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

xmlChar *pgi_xml_text(const xmlNode *node)
{
	const xmlNode *child;
	xmlChar *text = xmlStrdup((const xmlChar *)"");

	for (child = node->children; child && text; child = child->next) {
		if (child->type == XML_COMMENT_NODE)
			continue;
		if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE) {
			xmlFree(text);
			return NULL;
		}
		text = xmlStrcat(text, child->content);
	}
	return text;
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
