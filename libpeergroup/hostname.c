// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * alice.p0123...pnrp.net and 0123....alice: each peer name that becomes a host name is
 * what that becomes again, so what is ambiguous is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "hostname.h"

#define SUFFIX		"pnrp.net"
#define LABEL_MAX	63
#define HOST_MAX	253
#define ACE		"xn--"

/* "0123...", or with a letter before it. */
static const char *authority_of(const char *label)
{
	size_t len = strlen(label);

	if (len == PGI_AUTHORITY_LEN + 1 && (*label == 'p' || *label == 'P'))
		label++;
	else if (len != PGI_AUTHORITY_LEN)
		return NULL;
	return strspn(label, "0123456789abcdefABCDEF") == PGI_AUTHORITY_LEN ? label : NULL;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Takes the next label off *@rest, which becomes NULL behind the last. */
static void next_label(const char **rest, char *label, size_t size, bool *fits)
{
	size_t len = strcspn(*rest, ".");

	*fits = len && len < size;
	if (*fits) {
		memcpy(label, *rest, len);
		label[len] = 0;
	}
	*rest = (*rest)[len] ? *rest + len + 1 : NULL;
}

/* ---------------------------------------------------------- to a host name -- */

static HRESULT cannot(const char *why)
{
	return pgi_fail(PEER_E_CANNOT_CONVERT_PEER_NAME, "the peer name %s", why);
}

static bool encode_label(const char *label, char out[LABEL_MAX + 1])
{
	if (is_ascii(label)) {
		/* It would come back as something else. */
		if (strlen(label) > LABEL_MAX || !strncasecmp(label, ACE, strlen(ACE)))
			return false;
		strcpy(out, label);
		return true;
	}
	strcpy(out, ACE);
	return pgi_punycode_encode(label, out + strlen(ACE), LABEL_MAX + 1 - strlen(ACE));
}

static HRESULT put_labels(const char *rest, bool secure, char *out, size_t size)
{
	char label[4 * (PGI_CLASSIFIER_MAX + 1)], encoded[LABEL_MAX + 1];
	size_t len = 0;
	bool fits;

	while (rest) {
		next_label(&rest, label, sizeof(label), &fits);
		if (!fits)
			return cannot("has an empty label");
		if (!encode_label(label, encoded))
			return cannot("has a label that is too long or begins with " ACE);
		if (!rest && !secure && authority_of(encoded))
			return cannot("would be taken for a secure one");
		if (len + strlen(encoded) + 2 > size)
			return cannot("is too long");
		len += (size_t)sprintf(out + len, "%s.", encoded);
	}
	return S_OK;
}

/* An unsecured name, or a secure one? Sets where its classifier begins, or NULL. */
static bool split_name(const char *name, const char **classifier, bool *secure)
{
	*secure = pgi_name_valid(name);
	if (*secure) {
		*classifier = name[PGI_AUTHORITY_LEN] ? name + PGI_AUTHORITY_LEN + 1 : NULL;
		return true;
	}
	*classifier = name + 2;
	return !strncmp(name, "0.", 2) && name[2] && pgi_classifier_valid(name + 2);
}

HRESULT pgi_host_from_name(const char *name, char **host)
{
	char labels[HOST_MAX + 1] = "";
	const char *classifier;
	bool secure;
	HRESULT hr;

	*host = NULL;
	if (!split_name(name, &classifier, &secure))
		return cannot("is malformed");
	hr = put_labels(classifier, secure, labels, sizeof(labels));
	if (FAILED(hr))
		return hr;
	if (asprintf(host, "%s%s%.*s%s" SUFFIX, labels,
		     secure && *name >= '0' && *name <= '9' ? "p" : "",
		     secure ? PGI_AUTHORITY_LEN : 0, name, secure ? "." : "") < 0) {
		*host = NULL;
		return E_OUTOFMEMORY;
	}
	if (strlen(*host) <= HOST_MAX)
		return S_OK;
	free(*host);
	*host = NULL;
	return cannot("is too long");
}

/* -------------------------------------------------------- from a host name -- */

static HRESULT no_host(const char *why)
{
	return pgi_fail(PEER_E_INVALID_PEER_HOST_NAME, "the host name %s", why);
}

/* Only what encode_label() makes. */
static bool decode_label(const char *label, char *out, size_t size)
{
	char again[LABEL_MAX + 1];

	if (strncasecmp(label, ACE, strlen(ACE))) {
		if (strlen(label) >= size || !is_ascii(label))
			return false;
		strcpy(out, label);
		return true;
	}
	return pgi_punycode_decode(label + strlen(ACE), out, size) && !is_ascii(out) &&
	       encode_label(out, again) && !strcasecmp(again, label);
}

/* The labels before the suffix, without the dots around them; NULL if it is not there. */
static char *cut_suffix(const char *host)
{
	size_t len = strlen(host);

	if (len && host[len - 1] == '.')
		len--;
	if (len > HOST_MAX || len <= strlen("." SUFFIX))
		return NULL;
	len -= strlen("." SUFFIX);
	return strncasecmp(host + len, "." SUFFIX, strlen("." SUFFIX)) ? NULL :
	       strndup(host, len);
}

/* Decodes all labels into a classifier. */
static bool get_labels(const char *rest, char *out, size_t size)
{
	char label[LABEL_MAX + 1], decoded[4 * LABEL_MAX + 1];
	size_t len = 0;
	bool fits;

	while (rest) {
		next_label(&rest, label, sizeof(label), &fits);
		if (!fits || !decode_label(label, decoded, sizeof(decoded)) ||
		    len + strlen(decoded) + 2 > size)
			return false;
		len += (size_t)sprintf(out + len, "%s%s", len ? "." : "", decoded);
	}
	return true;
}

static HRESULT build_name(char *labels, char **name)
{
	char classifier[4 * HOST_MAX + 1] = "", *last = strrchr(labels, '.'), *p;
	const char *authority = authority_of(last ? last + 1 : labels);

	if (authority && last)
		*last = 0;
	if ((last || !authority) && (!get_labels(labels, classifier, sizeof(classifier)) ||
				     !pgi_classifier_valid(classifier)))
		return no_host("has a label that no peer name has");
	if (asprintf(name, "%s%s%s", authority ? authority : "0", *classifier ? "." : "",
		     classifier) < 0) {
		*name = NULL;
		return E_OUTOFMEMORY;
	}
	/* Who asks a name server may get it back in capitals. */
	for (p = *name; authority && p < *name + PGI_AUTHORITY_LEN; p++)
		*p = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
	return S_OK;
}

HRESULT pgi_name_from_host(const char *host, char **name)
{
	char *labels = cut_suffix(host);
	HRESULT hr;

	*name = NULL;
	if (!labels)
		return no_host("is not one below " SUFFIX);
	hr = build_name(labels, name);
	free(labels);
	return hr;
}
