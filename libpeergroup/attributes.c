// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The attributes of a record: a small XML text of names, types and values,
 * checked against the schema of the contract before anything is signed, so that
 * every member can rely on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <libxml/chvalid.h>
#include <libxml/parser.h>
#include "value.h"
#include "xml.h"

#define NAME_MAX_CHARS	255

static HRESULT invalid(const char *why, const char *what)
{
	return pgi_fail(PEER_E_INVALID_ATTRIBUTES, "attributes: %s: %s", why, what);
}

static bool value_valid(const char *type, const char *value)
{
	int64_t number;

	if (!strcmp(type, "int"))
		return pgi_value_int(value, &number);
	if (!strcmp(type, "date"))
		return pgi_value_date(value, &number);
	return true;
}

/* ------------------------------------------------------------------- names -- */

/* Letters and digits of any script; hyphen and underscore are not. */
static bool name_valid(const char *name)
{
	int c, len, count = 0;

	for (; *name; name += len, count++) {
		len = (int)strlen(name) < 4 ? (int)strlen(name) : 4;
		c = xmlGetUTF8Char((const unsigned char *)name, &len);
		if (c < 0 || !(xmlIsBaseCharQ((unsigned int)c) ||
			       xmlIsIdeographicQ((unsigned int)c) ||
			       xmlIsDigitQ((unsigned int)c)))
			return false;
	}
	return count >= 1 && count <= NAME_MAX_CHARS;
}

static bool name_reserved(const char *name)
{
	static const char *const reserved[] = {
		"peercreatorid", "peerlastmodifiedby", "peerrecordid", "peerrecordtype",
		"peercreationtime", "peerlastmodificationtime",
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(reserved); i++)
		if (!strcasecmp(name, reserved[i]))
			return true;
	return false;
}

static HRESULT check_item(const struct pgi_attributes *list, const struct peergroup_attribute *item)
{
	size_t i;

	if (!name_valid(item->name))
		return invalid("a name has letters and digits only", item->name);
	if (name_reserved(item->name))
		return invalid("this name is reserved", item->name);
	if (strcmp(item->type, "string") && strcmp(item->type, "int") &&
	    strcmp(item->type, "date"))
		return invalid("no such type", item->type);
	if (!value_valid(item->type, item->value))
		return invalid("the value is not of its type", item->name);
	for (i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].name, item->name))
			return invalid("given twice", item->name);
	return S_OK;
}

/* ----------------------------------------------------------------- reading -- */

static void free_item(struct peergroup_attribute *item)
{
	xmlFree((void *)(uintptr_t)item->name);
	xmlFree((void *)(uintptr_t)item->type);
	xmlFree((void *)(uintptr_t)item->value);
}

void pgi_attributes_free(struct pgi_attributes *list)
{
	while (list && list->count)
		free_item(&list->items[--list->count]);
	free(list);
}

/* Only "name" and "type", both without a namespace. */
static bool properties_ok(const xmlNode *node)
{
	const xmlAttr *a;

	for (a = node->properties; a; a = a->next)
		if (a->ns || (strcmp((const char *)a->name, "name") &&
			      strcmp((const char *)a->name, "type")))
			return false;
	return xmlHasProp((xmlNode *)(uintptr_t)node, (const xmlChar *)"name") &&
	       xmlHasProp((xmlNode *)(uintptr_t)node, (const xmlChar *)"type");
}

static HRESULT take_item(xmlNode *node, struct pgi_attributes *list)
{
	struct peergroup_attribute item;
	HRESULT hr;

	if (!pgi_xml_is(node, "attribute") || !properties_ok(node))
		return invalid("needs <attribute name= type=>", (const char *)node->name);
	if (list->count == PGI_ATTRIBUTES_MAX)
		return pgi_fail(PEER_E_TOO_MANY_ATTRIBUTES, "more than %d attributes",
				PGI_ATTRIBUTES_MAX);
	item.name = (char *)xmlGetNoNsProp(node, (const xmlChar *)"name");
	item.type = (char *)xmlGetNoNsProp(node, (const xmlChar *)"type");
	item.value = (char *)pgi_xml_text(node);
	if (item.name && !item.value)
		hr = invalid("something else than text in the value", item.name);
	else if (!item.name || !item.type)
		hr = E_OUTOFMEMORY;
	else
		hr = check_item(list, &item);
	if (FAILED(hr))
		free_item(&item);
	else
		list->items[list->count++] = item;
	return hr;
}

static HRESULT parse_list(const char *xml, struct pgi_attributes *list)
{
	xmlNode *root, *node;
	xmlDoc *doc;
	HRESULT hr;

	hr = pgi_xml_parse(xml, &doc);
	if (FAILED(hr))
		return hr == E_INVALIDARG ? PEER_E_INVALID_ATTRIBUTES : hr;
	root = pgi_xml_root(doc);
	if (!pgi_xml_is(root, "attributes") || !pgi_xml_no_attributes(root) ||
	    !pgi_xml_only_elements(root)) {
		hr = invalid("must be", "<attributes> with <attribute>s in it");
	} else {
		node = xmlFirstElementChild(root);
		for (; node && SUCCEEDED(hr); node = xmlNextElementSibling(node))
			hr = take_item(node, list);
	}
	pgi_xml_free(doc);
	return hr;
}

HRESULT pgi_attributes_read(const char *xml, struct pgi_attributes **out)
{
	struct pgi_attributes *list;
	HRESULT hr = S_OK;

	*out = NULL;
	if (!pgi_utf8_valid(xml))
		return invalid("not UTF-8", "");
	if (strlen(xml) > PEERGROUP_ATTRS_LEN_MAX)
		return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED,
				"more than %u bytes of attributes", PEERGROUP_ATTRS_LEN_MAX);
	list = calloc(1, sizeof(*list));
	if (!list)
		return E_OUTOFMEMORY;
	if (*xml)
		hr = parse_list(xml, list);
	if (FAILED(hr))
		pgi_attributes_free(list);
	else
		*out = list;
	return hr;
}

HRESULT pgi_attributes_check(const char *xml, size_t *units)
{
	struct pgi_attributes *list;
	HRESULT hr;

	*units = 0;
	if (!xml)
		return S_OK;
	hr = pgi_attributes_read(xml, &list);
	if (FAILED(hr))
		return hr;
	pgi_attributes_free(list);
	*units = pgi_utf8_units(xml);
	return S_OK;
}

static HRESULT return_list(const struct pgi_attributes *list, struct peergroup_attribute **out)
{
	struct peergroup_attribute *items = pgi_new(list->count * sizeof(*items));
	size_t i;

	if (!items)
		return E_OUTOFMEMORY;
	for (i = 0; i < list->count; i++) {
		items[i].name = pgi_sub_str(items, list->items[i].name);
		items[i].type = pgi_sub_str(items, list->items[i].type);
		items[i].value = pgi_sub_str(items, list->items[i].value);
		if (!items[i].name || !items[i].type || !items[i].value) {
			peergroup_free(items);
			return E_OUTOFMEMORY;
		}
	}
	*out = items;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_attributes_parse(const char *xml,
					      struct peergroup_attribute **attributes,
					      size_t *count)
{
	struct pgi_attributes *list;
	HRESULT hr;

	pgi_clear_error();
	if (attributes)
		*attributes = NULL;
	if (!count)
		return pgi_fail(E_INVALIDARG, "count is NULL");
	*count = 0;
	hr = pgi_attributes_read(xml ? xml : "", &list);
	if (FAILED(hr))
		return hr;
	if (attributes)
		hr = return_list(list, attributes);
	if (SUCCEEDED(hr))
		*count = list->count;
	pgi_attributes_free(list);
	return hr;
}

/* ----------------------------------------------------------------- writing -- */

static void put_items(FILE *out, const struct peergroup_attribute *items, size_t count)
{
	size_t i;

	fputs("<attributes>", out);
	for (i = 0; i < count; i++) {
		fputs("<attribute name=\"", out);
		pgi_xml_put(out, items[i].name);
		fputs("\" type=\"", out);
		pgi_xml_put(out, items[i].type);
		fputs("\">", out);
		pgi_xml_put(out, items[i].value);
		fputs("</attribute>", out);
	}
	fputs("</attributes>", out);
}

static HRESULT build(const struct peergroup_attribute *items, size_t count, char **xml)
{
	size_t len, i, units;
	HRESULT hr;
	FILE *out;

	*xml = NULL;
	for (i = 0; i < count; i++)
		if (!items[i].name || !items[i].type || !items[i].value)
			return pgi_fail(E_INVALIDARG, "attribute %zu lacks a part", i);
	out = pgi_stream_begin(xml, &len);
	if (!out)
		return E_OUTOFMEMORY;
	put_items(out, items, count);
	hr = pgi_stream_end(out, xml);
	if (FAILED(hr))
		return hr;
	hr = pgi_attributes_check(*xml, &units);
	if (FAILED(hr)) {
		free(*xml);
		*xml = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT peergroup_attributes_build(const struct peergroup_attribute *items,
					      size_t count, char **xml)
{
	HRESULT hr;
	char *made;

	pgi_clear_error();
	if (!xml)
		return pgi_fail(E_INVALIDARG, "xml is NULL");
	*xml = NULL;
	if (count && !items)
		return pgi_fail(E_INVALIDARG, "attributes is NULL");
	hr = build(items, count, &made);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(made, xml);
	free(made);
	return hr;
}
