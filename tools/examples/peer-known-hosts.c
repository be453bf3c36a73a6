// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-known-hosts - ssh host keys that a group of hosts tells each other
 *
 *	peer-known-hosts [-g GROUP] [-n NAME]... [-k FOLDER] [-o FILE] [-1]
 *
 * A service: publishes this host's keys as records, and keeps a known_hosts file of
 * what all members have published. Each key is a record; its data is a line as in
 * ssh_host_*_key.pub without the comment, its attribute "host" the name. A name that
 * two members claim is left out, since one of them lies: ssh then asks its user.
 */
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common.h"
#include "people.h"

#define LIFETIME	(30 * 24 * 3600)	/* of a record, in seconds */
#define REFRESH		(24 * 3600)		/* long before it ends */
#define NAMES_MAX	16
#define TOLD_MAX	8	/* names that are disputed, and members that claim one */

static const uuid_t key_type = {
	0x8c, 0x1d, 0x5e, 0x02, 0x7f, 0x44, 0x4b, 0x0a,
	0x9b, 0x36, 0x2d, 0x10, 0xc4, 0x5a, 0x6e, 0x91
};

static const char *folder = "/etc/ssh";
static struct output output = {
	.path = "/etc/ssh/ssh_known_hosts", .end = ' ', .compare = strncasecmp,
};
static const char *names[NAMES_MAX];
static unsigned int n_names;
static char *identity;

/* What we have published, and what of it has a key file still. */
struct published {
	struct {
		uuid_t id;
		char *host, *line;
		bool wanted;
	} *record;
	size_t count;
};

/* -------------------------------------------------------- this host's keys -- */

/* The first two words of a line of a public key file: type and key. */
static bool is_key(const char *line)
{
	const char *space = strchr(line, ' ');
	char type[64] = "";

	if (!space || (size_t)(space - line) >= sizeof(type))
		return false;
	memcpy(type, line, (size_t)(space - line));
	return is_made_of(type, sizeof(type), ALNUM "-@.") &&
	       is_made_of(space + 1, 16384, ALNUM "+/=");
}

/* The key of a file without its comment, to be freed; NULL if it has none. */
static char *read_key(const char *path)
{
	char *line = NULL, *end;
	size_t size = 0;
	FILE *file = fopen(path, "re");

	if (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		end = strchr(line, ' ');
		end = end ? strchr(end + 1, ' ') : NULL;
		if (end)
			*end = '\0';
	}
	if (file)
		fclose(file);
	if (line && is_key(line))
		return line;
	fprintf(stderr, "%s: no public key\n", path);
	free(line);
	return NULL;
}

static HRESULT add_published(const struct peergroup_record *record, void *arg)
{
	struct published *p = arg;

	p->record = reallocarray(p->record, p->count + 1, sizeof(*p->record));
	if (!p->record)
		return E_OUTOFMEMORY;
	memcpy(p->record[p->count].id, record->id, sizeof(uuid_t));
	p->record[p->count].host = attribute(record, "host");
	p->record[p->count].line = strndup(record->data ? record->data : "", record->size);
	p->record[p->count].wanted = false;
	p->count++;
	return S_OK;
}

/* Records of our own, which the kernel finds by their creator. */
static HRESULT find_published(peergroup_t group, struct published *p)
{
	char *query = query_for(key_type, "peercreatorid", "%s", identity);
	HRESULT hr;

	hr = peergroup_search(group, query, add_published, p);
	peergroup_free(query);
	return hr;
}

static HRESULT publish(peergroup_t group, struct published *p, const char *host,
		       const char *line)
{
	struct peergroup_attribute attributes[] = { { "host", "string", host } };
	struct peergroup_new_record record = {
		.data = line, .size = strlen(line), .lifetime = LIFETIME,
	};
	char *xml;
	HRESULT hr;
	size_t i;

	check(peergroup_attributes_build(attributes, 1, &xml), host);
	record.attributes = xml;
	for (i = 0; i < p->count; i++)
		if (!p->record[i].wanted && p->record[i].host && p->record[i].line &&
		    !strcmp(p->record[i].host, host) && !strcmp(p->record[i].line, line))
			break;
	if (i < p->count) {
		p->record[i].wanted = true;
		hr = put_record(group, key_type, p->record[i].id, &record);	/* lives on */
	} else {
		hr = put_record(group, key_type, NULL, &record);
	}
	peergroup_free(xml);
	return hr;
}

static HRESULT publish_file(peergroup_t group, struct published *p, const char *path)
{
	char *line = read_key(path);
	HRESULT hr = S_OK;
	unsigned int i;

	for (i = 0; line && i < n_names && SUCCEEDED(hr); i++)
		hr = publish(group, p, names[i], line);
	free(line);
	return hr;
}

/* Delete what has no key file any more, if the rest went well; free all. */
static HRESULT drop_published(peergroup_t group, struct published *p, HRESULT hr)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (SUCCEEDED(hr) && !p->record[i].wanted)
			hr = peergroup_delete_record(group, p->record[i].id);
		free(p->record[i].host);
		free(p->record[i].line);
	}
	free(p->record);
	return hr;
}

/* Make the group hold the keys of this host, for another LIFETIME. */
static HRESULT publish_keys(peergroup_t group)
{
	struct published p = { 0 };
	char pattern[PATH_MAX];
	glob_t files = { 0 };
	HRESULT hr;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/ssh_host_*_key.pub", folder);
	hr = find_published(group, &p);
	if (SUCCEEDED(hr) && glob(pattern, 0, NULL, &files))
		fprintf(stderr, "%s: no keys\n", pattern);
	for (i = 0; i < files.gl_pathc && SUCCEEDED(hr); i++)
		hr = publish_file(group, &p, files.gl_pathv[i]);
	hr = drop_published(group, &p, hr);
	globfree(&files);
	return hr;
}

/* --------------------------------------------------------- everybody's keys -- */

struct claim {
	char *host, *line, *member;
};

struct claims {
	struct claim *claim;
	size_t count;
};

/* Whatever is in a record, a member wrote it: what is no key is no line. */
static HRESULT add_claim(const struct peergroup_record *record, void *arg)
{
	struct claims *c = arg;
	struct claim new = {
		.host = attribute(record, "host"),
		.line = strndup(record->data ? record->data : "", record->size),
		.member = strdup(record->creator),
	};

	if (!new.line || !new.member)
		return E_OUTOFMEMORY;
	/* No wildcards, no "!", no "|", no comma: one name means one host. */
	if (!is_made_of(new.host, 253, ALNUM ".-_:[]") || strlen(new.line) != record->size ||
	    !is_key(new.line)) {
		free(new.host);
		free(new.line);
		free(new.member);
		return S_OK;
	}
	c->claim = reallocarray(c->claim, c->count + 1, sizeof(new));
	if (!c->claim)
		return E_OUTOFMEMORY;
	c->claim[c->count++] = new;
	return S_OK;
}

/* Names are the same in any case; who claims one stands beside the others that do. */
static int by_host(const void *a, const void *b)
{
	return strcasecmp(((const struct claim *)a)->host, ((const struct claim *)b)->host);
}

static int by_host_and_member(const void *a, const void *b)
{
	int order = by_host(a, b);

	return order ? order :
		strcmp(((const struct claim *)a)->member, ((const struct claim *)b)->member);
}

static size_t same_host(const struct claims *c, size_t from, bool *disputed)
{
	size_t i;

	*disputed = false;
	for (i = from; i < c->count && !by_host(&c->claim[i], &c->claim[from]); i++)
		*disputed |= strcmp(c->claim[i].member, c->claim[from].member) != 0;
	return i;
}

/* Who is to be asked about a name that is left out. */
static void tell_disputed(const struct people *people, const struct claim *claim, size_t count)
{
	size_t i, told = 0;
	PWSTR member;

	fprintf(stderr, "%s: claimed by more than one member, left out:", claim->host);
	for (i = 0; i < count && told <= TOLD_MAX; i++) {
		if ((i && !strcmp(claim[i].member, claim[i - 1].member)) || ++told > TOLD_MAX)
			continue;
		check(peergroup_wide_from_utf8(claim[i].member, &member), "member");
		fprintf(stderr, " %s", people_name(people, member));
		peergroup_free(member);
	}
	fputs(told > TOLD_MAX ? " ...\n" : "\n", stderr);
}

static void free_claims(struct claims *c)
{
	while (c->count--) {
		free(c->claim[c->count].host);
		free(c->claim[c->count].line);
		free(c->claim[c->count].member);
	}
	free(c->claim);
}

static void write_known_hosts(peergroup_t group)
{
	struct claims c = { 0 };
	struct lines lines = { 0 };
	struct people people = { 0 };
	size_t i, next, disputes = 0;
	bool disputed;

	output_begin(&output, group);
	check(peergroup_records(group, key_type, add_claim, &c), "records");
	if (c.count)
		qsort(c.claim, c.count, sizeof(*c.claim), by_host_and_member);
	for (i = 0; i < c.count; i = next) {
		next = same_host(&c, i, &disputed);
		if (disputed && !disputes++)
			check(people_read(group, &people), "members");
		if (disputed && disputes <= TOLD_MAX)
			tell_disputed(&people, &c.claim[i], next - i);
		output_heard(&output, c.claim[i].host);
		for (; i < next && !disputed; i++)
			lines_add(&lines, "%s %s", c.claim[i].host, c.claim[i].line);
	}
	if (output_write(&output, &lines))
		fprintf(stderr, "%s: %zu keys\n", output.path, lines.count);
	if (disputes > TOLD_MAX)
		fprintf(stderr, "%zu more names that are claimed so\n", disputes - TOLD_MAX);
	people_free(&people);
	lines_free(&lines);
	free_claims(&c);
}

/* ----------------------------------------------------------------- waiting -- */

static int serve(peergroup_t group, bool once)
{
	bool changed = true, published = false;
	peergroup_watch_t watch;
	int ready = 0;
	HRESULT hr;

	check(peergroup_watch_open(group, PEERGROUP_SINCE_NOW, &watch), "watch");
	while (ready >= 0) {
		if (!published || !ready) {	/* at first, each day, and when it failed */
			hr = publish_keys(group);
			published = SUCCEEDED(hr);
			/* Before the first synchronisation nobody may publish. */
			if (!published && hr != PEER_E_GROUP_NOT_READY)
				die("publish", hr);
		}
		if (changed)
			write_known_hosts(group);
		if (once && published)
			break;
		changed = false;
		ready = wait_readable(watch, REFRESH);
		if (!take_events(watch, key_type, &changed))
			return fputs("the group has ended\n", stderr), 1;
	}
	peergroup_watch_close(watch);
	return 0;
}

static int usage(void)
{
	fputs("usage: peer-known-hosts [-g GROUP] [-n NAME]... [-k FOLDER] [-o FILE] [-1]\n"
	      "  -g GROUP   peer name or friendly name (default: the only one)\n"
	      "  -n NAME    what this host is called (default: its host name)\n"
	      "  -k FOLDER  where ssh_host_*_key.pub are (default: /etc/ssh)\n"
	      "  -o FILE    what to keep (default: /etc/ssh/ssh_known_hosts)\n"
	      "  -1         publish and write once, and end\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static char own_name[256];
	PEER_VERSION_DATA version;
	const char *name = NULL;
	bool once = false;
	peergroup_t group;
	int c;

	while ((c = getopt(argc, argv, "g:n:k:o:1")) != -1) {
		if (c == 'g')
			name = optarg;
		else if (c == 'n' && n_names < NAMES_MAX)
			names[n_names++] = optarg;
		else if (c == 'k')
			folder = optarg;
		else if (c == 'o')
			output.path = optarg;
		else if (c == '1')
			once = true;
		else
			return usage();
	}
	if (optind != argc)
		return usage();
	if (!n_names && !gethostname(own_name, sizeof(own_name) - 1))
		names[n_names++] = own_name;
	check(PeerGroupStartup(PEER_GROUP_VERSION, &version), "start");
	group = open_group(name, &identity);
	c = serve(group, once);
	peergroup_close(group);
	PeerGroupShutdown();
	lines_free(&output.carried);
	free(identity);
	return c;
}
