// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Peer names: an authority, which is the start of a key's hash and so proves
 * itself, and a classifier that people chose. Also the other texts of the
 * contract that have rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "internal.h"

/* Others print names as they are, so the kernel refuses control characters too. */
bool pgi_text_plain(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;	/* C0, DEL, C1 */
	return pgi_utf8_valid(s);
}

bool pgi_text_xml(const char *s)
{
	return pgi_text_plain(s) && !strstr(s, "\xef\xbf\xbe") && !strstr(s, "\xef\xbf\xbf");
}

bool pgi_classifier_valid(const char *classifier)
{
	return !classifier || (pgi_text_plain(classifier) &&
			       pgi_utf8_units(classifier) <= PGI_CLASSIFIER_MAX);
}

bool pgi_classifier_new(const char *classifier)
{
	return pgi_classifier_valid(classifier) && (!classifier || pgi_text_xml(classifier));
}

bool pgi_friendly_valid(const char *friendly)
{
	return !friendly || (pgi_text_plain(friendly) &&
			     pgi_utf8_units(friendly) <= PGI_FRIENDLY_MAX);
}

bool pgi_name_valid(const char *name)
{
	uint8_t authority[PGI_AUTHORITY_LEN / 2];

	if (!pgi_unhex(name, authority, sizeof(authority)))
		return false;
	name += PGI_AUTHORITY_LEN;
	if (!*name)
		return true;
	return *name == '.' && name[1] && pgi_classifier_valid(name + 1);
}

bool pgi_name_matches(const char *name, const uint8_t spki_hash[32])
{
	uint8_t authority[PGI_AUTHORITY_LEN / 2];

	return pgi_name_valid(name) && pgi_unhex(name, authority, sizeof(authority)) &&
	       !memcmp(authority, spki_hash, sizeof(authority));
}

HRESULT pgi_name_make(const uint8_t spki_hash[32], const char *classifier, char **name)
{
	char authority[PGI_AUTHORITY_LEN + 1];

	*name = NULL;
	if (!pgi_classifier_new(classifier))
		return pgi_fail(E_INVALIDARG, "the classifier is too long or not plain text");
	pgi_hex(spki_hash, PGI_AUTHORITY_LEN / 2, authority);
	if (!classifier || !*classifier)
		*name = strdup(authority);
	else if (asprintf(name, "%s.%s", authority, classifier) < 0)
		*name = NULL;
	return *name ? S_OK : E_OUTOFMEMORY;
}
