// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files "clouds" of the host and of a user's data folder, as whoever writes them may leave
 * them, and a name that is looked for in them: two bytes say how long the name is, two how
 * long the host's file, and the rest is the user's. What is found is called so, and can be
 * written into a text; which of the files a line is in makes no difference.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <libxml/parser.h>
#include "cloud.h"
#include "fuzz.h"
#include "store.h"

#define NAME_ROOM	1024

static struct pgi_blob host, user;

/* In place of store.c: both are there. */
static HRESULT give(const struct pgi_blob *from, struct pgi_blob *to)
{
	to->data = malloc(from->len + 1);
	FUZZ_NEED(to->data);
	if (from->len)
		memcpy(to->data, from->data, from->len);
	to->data[from->len] = 0;
	to->len = from->len;
	return S_OK;
}

HRESULT pgi_store_read_host(const char *path, struct pgi_blob *data)
{
	FUZZ_NEED(!strcmp(path, "/etc/peergroup/clouds"));
	return give(&host, data);
}

HRESULT pgi_store_open(const char *folder, const char *sub, bool make, int *fd)
{
	FUZZ_NEED(!strcmp(folder, ".") && !sub && !make);
	*fd = -1;
	return S_OK;
}

HRESULT pgi_store_read(int dir, const char *file, bool secret, struct pgi_blob *data)
{
	FUZZ_NEED(dir == -1 && !strcmp(file, "clouds") && !secret);
	return give(&user, data);
}

HRESULT pgi_group_store_has(const struct pgi_group_store *store)
{
	FUZZ_NEED(!store);
	return PEER_E_NOT_FOUND;
}

/* --------------------------------------------------------------- the target -- */

static bool is_scope(uint32_t scope)
{
	return scope == PNRP_GLOBAL_SCOPE || scope == PNRP_SITE_LOCAL_SCOPE ||
	       scope == PNRP_LINK_LOCAL_SCOPE;
}

/* As one element of an invitation has it, whatever the name is. */
static void write_text(const char *name)
{
	char *elements = pgi_cloud_elements(name), *text;
	xmlDoc *doc;
	int len;

	FUZZ_NEED(elements);
	len = asprintf(&text, "<A>%s</A>", elements);
	FUZZ_NEED(len > 0);
	doc = xmlReadMemory(text, len, NULL, "UTF-8",
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	FUZZ_NEED(doc);
	xmlFreeDoc(doc);
	free(text);
	free(elements);
}

static void find(const char *name)
{
	struct pgi_cloud cloud, other;
	struct pgi_blob was = host;
	HRESULT hr = pgi_cloud_find(name, &cloud);

	fuzz_taken = hr == S_OK;
	FUZZ_NEED(hr == S_OK || hr == PEER_E_NO_CLOUD || hr == PEER_E_CLOUD_NAME_AMBIGUOUS);
	host = user;
	user = was;
	FUZZ_NEED(pgi_cloud_find(name, &other) == hr);
	if (hr != S_OK)
		return;
	FUZZ_NEED(strnlen(cloud.name, sizeof(cloud.name)) < sizeof(cloud.name));
	FUZZ_NEED(is_scope(cloud.scope) && cloud.scope == other.scope &&
		  !strcmp(cloud.name, other.name));
	FUZZ_NEED(!*name || !strcasecmp(cloud.name, name));
	FUZZ_NEED(pgi_cloud_same(cloud.name, name) && !pgi_cloud_local(cloud.name));
	write_text(cloud.name);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t name_len, host_len;
	char name[NAME_ROOM];

	if (len < 4)
		return 0;
	name_len = least((size_t)data[0] << 8 | data[1], least(len - 4, NAME_ROOM - 1));
	host_len = least((size_t)data[2] << 8 | data[3], len - 4 - name_len);
	memcpy(name, data + 4, name_len);
	name[name_len] = 0;
	data += 4 + name_len;
	len -= 4 + name_len;
	host = (struct pgi_blob){ .data = (uint8_t *)data, .len = host_len };
	user = (struct pgi_blob){ .data = (uint8_t *)data + host_len, .len = len - host_len };
	/* What links there are, files do not say. */
	if (!pgi_cloud_local(name))
		find(name);
	write_text(name);
	return 0;
}

/* -------------------------------------------------------------------- seeds -- */

static size_t put(uint8_t *out, const char *name, const char *hosts, const char *users)
{
	size_t name_len = strlen(name), host_len = strlen(hosts);
	uint8_t *at = out;

	*at++ = (uint8_t)(name_len >> 8);
	*at++ = (uint8_t)name_len;
	*at++ = (uint8_t)(host_len >> 8);
	*at++ = (uint8_t)host_len;
	at = mempcpy(at, name, name_len);
	at = mempcpy(at, hosts, host_len);
	at = mempcpy(at, users, strlen(users));
	return (size_t)(at - out);
}

/* A file with a line for each scope there is a word for, and @name's among them. */
static void fill(char *file, size_t room, const char *name, const char *scope)
{
	snprintf(file, room, "# of this host\nfirst GLOBAL\n\t%s %s\t# ours\r\nthird site-local\n"
		 "fourth link-local more\n\nfifth LINKLOCAL\nLinkLocal_eth0\nsixth SITELOCAL",
		 name, scope);
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const char *const names[] = {
		"Here_", "h\xc3\xa9re", "", "Global_", "LinkLocal_lo",
	};
	static const char *const words[] = { "", "GLOBAL", "SiteLocal", "link-local", "nowhere" };
	/* No name has any of these, as it goes into XML as it is. */
	static const char *const odd[] = {
		"<b>", "a&b", "a'b", "\"b\"", "\x01", "\x7f", "\xc2\x85", "\xef\xbf\xbe",
		"\xef\xbf\xbf", "\xed\xa0\x80", "\xc3", "\xf4\x90\x80\x80",
	};
	char file[512], name[3 * (PGI_CLOUD_MAX + 1) + 1];
	unsigned int i;

	if (n < 5) {
		fill(file, sizeof(file), names[n], words[n]);
		return put(out, names[n], file, "second\n");
	}
	switch (n) {
	case 5:		/* there are two */
		fill(file, sizeof(file), "here_", "GLOBAL");
		return put(out, "Here_", file, "HERE_ SITELOCAL\n");
	case 6:		/* there is none */
		return put(out, "Here_", "there\n", "");
	case 7:		/* as long as a name may be, */
	case 8:		/* and longer */
		for (i = 0; i < PGI_CLOUD_MAX + n - 7; i++)
			memcpy(name + 3 * i, "\xe2\x98\x81", 3);
		name[3 * i] = 0;
		return put(out, name, "", name);
	case 9:		/* more than a name and a scope */
		return put(out, "Here_", "Here_\n", "Here_ GLOBAL more\n");
	default:
		n -= 10;
		return n < sizeof(odd) / sizeof(odd[0]) ? put(out, odd[n], odd[n], "") : 0;
	}
}

/* A link's cloud, one of which there are two or none, names too long or of what XML has not. */
bool fuzz_seed_refused(unsigned int n)
{
	return (n >= 4 && n <= 6) || n == 8 || n >= 10;
}
