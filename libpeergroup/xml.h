/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading XML strictly, as the three formats of the contract need it: no DTD,
 * no entities but the predefined, no network, nothing where it does not belong.
 */
#ifndef _PEERGROUP_XML_H
#define _PEERGROUP_XML_H

#include <stdio.h>
#include <libxml/tree.h>
#include "internal.h"

/*
 * E_INVALIDARG for what is not such XML, which the caller turns into its own
 * code. What an XML declaration says about the encoding is not heeded: the
 * program's text has been converted already. *@doc is for pgi_xml_free(), in the
 * same thread and before another is parsed; until then libxml2 keeps its errors to itself.
 */
HRESULT pgi_xml_parse(const char *xml, xmlDoc **doc);
void pgi_xml_free(xmlDoc *doc);

/* The root element, with nothing but comments around it; NULL if not so. */
xmlNode *pgi_xml_root(xmlDoc *doc);
/* An element of this name without a namespace. */
bool pgi_xml_is(const xmlNode *node, const char *name);
/* Whether there is only white space and comments between its child elements. */
bool pgi_xml_only_elements(const xmlNode *node);
/* Its text, malloc()ed by libxml2; NULL where it has child elements. */
xmlChar *pgi_xml_text(const xmlNode *node);
bool pgi_xml_no_attributes(const xmlNode *node);
/* Writes text so that it means itself, in an element or in double quotes. */
void pgi_xml_put(FILE *out, const char *s);

/* What identities and invitations are made of; texts are for xmlFree(). */
#define PGI_DT_NAMESPACE	"urn:schemas-microsoft-com:datatypes"

char *pgi_xml_attribute(const xmlNode *node, const char *ns, const char *name);
bool pgi_xml_only_attribute(const xmlNode *node, const char *ns, const char *name,
			    const char *value);
/* Text of an element of this name marked as base64, or with no attribute at all. */
char *pgi_xml_base64(const xmlNode *node, const char *name);
char *pgi_xml_plain(const xmlNode *node, const char *name);

#endif /* _PEERGROUP_XML_H */
