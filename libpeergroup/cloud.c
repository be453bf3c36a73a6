// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which clouds there are: one that is everywhere, those that the files "clouds" of the
 * host and of the user's data folder name, and one for each of the host's links.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cloud.h"
#include "store.h"

#define HOST_FILE	"/etc/peergroup/clouds"
#define USER_FILE	"clouds"
#define EVERYWHERE	"Global_"
#define LINK		"LinkLocal_"	/* and the interface's name */
#define BLANK		" \t\r"

static const struct {
	const char *text;
	uint32_t scope;
} scopes[] = {
	{ "GLOBAL", PNRP_GLOBAL_SCOPE },
	{ "SITELOCAL", PNRP_SITE_LOCAL_SCOPE }, { "site-local", PNRP_SITE_LOCAL_SCOPE },
	{ "LINKLOCAL", PNRP_LINK_LOCAL_SCOPE }, { "link-local", PNRP_LINK_LOCAL_SCOPE },
};

bool pgi_cloud_scope(const char *text, uint32_t *scope)
{
	size_t i;

	for (i = 0; text && i < PGI_ARRAY_SIZE(scopes); i++)
		if (!strcasecmp(text, scopes[i].text)) {
			*scope = scopes[i].scope;
			return true;
		}
	return false;
}

static bool is_global(const char *name)
{
	return !name || !*name || !strcasecmp(name, "global") || !strcasecmp(name, EVERYWHERE);
}

bool pgi_cloud_local(const char *name)
{
	return !strncasecmp(name, LINK, sizeof(LINK) - 1);
}

bool pgi_cloud_same(const char *a, const char *b)
{
	return is_global(a) ? is_global(b) : b && !strcasecmp(a, b);
}

/* ----------------------------------------------------------- what there is -- */

struct search {
	const char *name;
	struct pgi_cloud *found;
	unsigned int count;
};

/* Goes into XML as it is. */
static bool is_plain(const char *name)
{
	return *name && pgi_text_xml(name) && pgi_utf8_units(name) <= PGI_CLOUD_MAX &&
	       !strpbrk(name, "<>&\"'");
}

static void offer(struct search *s, const char *name, uint32_t scope)
{
	if (strcasecmp(name, s->name) || !is_plain(name))
		return;
	strcpy(s->found->name, name);
	s->found->scope = scope;
	s->count++;
}

/* A name, and perhaps its scope. What is wrong is no cloud. */
static void read_line(struct search *s, char *line)
{
	uint32_t scope = PNRP_GLOBAL_SCOPE;
	char *rest, *name, *word;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, BLANK, &rest);
	word = name ? strtok_r(NULL, BLANK, &rest) : NULL;
	if (!name || pgi_cloud_local(name) || (word && !pgi_cloud_scope(word, &scope)))
		return;
	if (!word || !strtok_r(NULL, BLANK, &rest))
		offer(s, name, scope);
}

/* A file that is not there, or may not be read, has no names. */
static HRESULT read_lines(struct search *s, HRESULT hr, struct pgi_blob *file)
{
	char *rest = (char *)file->data, *line;

	if (FAILED(hr))
		return hr == E_OUTOFMEMORY ? hr : S_OK;
	while ((line = strsep(&rest, "\n")))
		read_line(s, line);
	pgi_blob_free(file);
	return S_OK;
}

static HRESULT search_files(struct search *s)
{
	struct pgi_blob file = { 0 };
	HRESULT hr;
	int dir;

	hr = read_lines(s, pgi_store_read_host(HOST_FILE, &file), &file);
	if (FAILED(hr))
		return hr;
	hr = pgi_store_open(".", NULL, false, &dir);
	if (SUCCEEDED(hr)) {
		hr = pgi_store_read(dir, USER_FILE, false, &file);
		close(dir);
	}
	return read_lines(s, hr, &file);
}

/*
 * "LinkLocal_" by itself is any of them, which does where there is one. Of those that differ
 * in case only it is the one that is written the same.
 */
static HRESULT search_links(struct search *s)
{
	struct if_nameindex *all = if_nameindex(), *i;
	const char *link = s->name + sizeof(LINK) - 1;
	char name[sizeof(LINK) + IF_NAMESIZE];
	bool exact;

	if (!all)
		return errno == ENOBUFS ? E_OUTOFMEMORY : pgi_from_errno(errno);
	for (i = all; i->if_index; i++) {
		/* The first one is the host's own. */
		if (!strcmp(i->if_name, "lo"))
			continue;
		snprintf(name, sizeof(name), LINK "%s", i->if_name);
		exact = !strcmp(i->if_name, link);
		if (exact)
			s->count = 0;
		if (!*link)
			s->name = name;
		offer(s, name, PNRP_LINK_LOCAL_SCOPE);
		if (exact)
			break;
	}
	if_freenameindex(all);
	return S_OK;
}

HRESULT pgi_cloud_find(const char *name, struct pgi_cloud *cloud)
{
	struct search s = { .name = name, .found = cloud };
	HRESULT hr;

	memset(cloud, 0, sizeof(*cloud));
	if (is_global(name)) {
		strcpy(cloud->name, name && *name ? name : EVERYWHERE);
		cloud->scope = PNRP_GLOBAL_SCOPE;
		return S_OK;
	}
	hr = pgi_cloud_local(name) ? search_links(&s) : search_files(&s);
	if (FAILED(hr))
		return hr;
	pgi_clear_error();
	if (s.count == 1)
		return S_OK;
	return s.count ? pgi_fail(PEER_E_CLOUD_NAME_AMBIGUOUS, "%u clouds are called \"%s\"",
				  s.count, name) :
			 pgi_fail(PEER_E_NO_CLOUD, "there is no cloud \"%s\"", name);
}

HRESULT pgi_cloud_take(const WCHAR *wide, struct pgi_cloud *cloud)
{
	char *name;
	HRESULT hr;

	cloud->name[0] = '\0';
	hr = pgi_utf8_take(wide, &name, PEER_E_NO_CLOUD, "pwzCloud");
	if (SUCCEEDED(hr) && name && *name)
		hr = pgi_cloud_find(name, cloud);
	free(name);
	return hr;
}

/* -------------------------------------------------------- a group's cloud -- */

HRESULT pgi_cloud_settle(struct pgi_group_store *store, const struct pgi_cloud *chosen)
{
	struct pgi_cloud found;
	char *name;
	HRESULT hr;

	if (!chosen || !*chosen->name) {
		/* What is known here stays where it is. */
		hr = pgi_group_store_has(store);
		if (hr != PEER_E_NOT_FOUND)
			return hr;
		/* What a link is called elsewhere says nothing here. */
		hr = pgi_cloud_find(pgi_cloud_local(store->cloud) ? LINK : store->cloud, &found);
		if (!chosen && (hr == PEER_E_NO_CLOUD || hr == PEER_E_CLOUD_NAME_AMBIGUOUS))
			hr = pgi_cloud_find(NULL, &found);
		if (FAILED(hr))
			return hr;
		pgi_clear_error();
		chosen = &found;
	}
	name = strdup(chosen->name);
	if (!name)
		return E_OUTOFMEMORY;
	free(store->cloud);
	store->cloud = name;
	return S_OK;
}

/* What is not there any more is told as it was, as far as its name says. */
HRESULT pgi_cloud_reach(const char *name, uint32_t *scope)
{
	struct pgi_cloud cloud;
	HRESULT hr;

	*scope = pgi_cloud_local(name) ? PNRP_LINK_LOCAL_SCOPE : PNRP_GLOBAL_SCOPE;
	if (pgi_cloud_local(name))
		return S_OK;
	hr = pgi_cloud_find(name, &cloud);
	if (hr == E_OUTOFMEMORY)
		return hr;
	if (SUCCEEDED(hr))
		*scope = cloud.scope;
	pgi_clear_error();
	return S_OK;
}

/* What came from elsewhere may be anything, and be written as it is only if it is plain. */
const char *pgi_cloud_written(const char *name)
{
	return is_global(name) || !is_plain(name) ? EVERYWHERE : name;
}

char *pgi_cloud_elements_of(const char *name, uint32_t scope)
{
	bool local = pgi_cloud_local(name);
	char *text;
	size_t i = 0;

	while (scopes[i].scope != scope)
		i++;
	if (asprintf(&text, "<CLOUDNAME>%s</CLOUDNAME><SCOPE>%s</SCOPE>"
		     "<CLOUDFLAGS>%d</CLOUDFLAGS>", name, scopes[i].text, local) < 0)
		return NULL;
	return text;
}

char *pgi_cloud_elements(const char *name)
{
	uint32_t scope;

	name = pgi_cloud_written(name);
	return FAILED(pgi_cloud_reach(name, &scope)) ? NULL : pgi_cloud_elements_of(name, scope);
}
