// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watcher of flags, with a group that is said to it: it reads the table while the host
 * synchronises, which ends before it asks anything else.
 */
#include <sys/stat.h>
#define peergroup_status	said_status
#define peergroup_free		said_free
#define peergroup_records	said_records
#define peergroup_watch_open	said_watch_open
#define peergroup_watch_fd	said_watch_fd
#define peergroup_watch_next	said_watch_next
#define peergroup_watch_close	said_watch_close
#define main			flags_main
#include "../../tools/peergroup/safe.c"
#include "../../tools/examples/common.c"
#include "../../tools/examples/output.c"
#include "../../tools/examples/peer-flags.c"
#undef main
#undef peergroup_free
#include "tap.h"

void peergroup_free(const void *data);

static struct peergroup_status now;
static unsigned int reads, events;

HRESULT said_status(peergroup_t group, struct peergroup_status **status)
{
	(void)group;
	*status = &now;
	return S_OK;
}

void said_free(const void *data)
{
	if (data != &now)
		peergroup_free(data);
}

static void say(const char *name, HRESULT (*each)(const struct peergroup_record *, void *),
		void *arg)
{
	struct peergroup_record record = { .data = "new", .size = 3 };
	char *xml;

	NEED(asprintf(&xml, "<attributes><attribute name=\"name\" type=\"string\">%s</attribute>"
		      "</attributes>", name) > 0);
	record.attributes = xml;
	NEED(each(&record, arg) == S_OK);
	free(xml);
}

/* The first time there is one of two, and then the host has synchronised. */
HRESULT said_records(peergroup_t group, const unsigned char *type,
		     HRESULT (*each)(const struct peergroup_record *record, void *arg), void *arg)
{
	(void)group, (void)type;
	say("a", each, arg);
	if (reads++)
		say("b", each, arg);
	now.flags |= PEERGROUP_STATUS_SYNCED;
	return S_OK;
}

HRESULT said_watch_open(peergroup_t group, uint64_t since, peergroup_watch_t *watch)
{
	(void)group, (void)since;
	*watch = NULL;
	return S_OK;
}

int said_watch_fd(peergroup_watch_t watch)
{
	(void)watch;
	return -1;
}

/* That it has, and when all of it is taken the end of the group. */
HRESULT said_watch_next(peergroup_watch_t watch, struct peergroup_event *event)
{
	(void)watch;
	events++;
	if (events == 2)
		return PEER_S_NO_EVENT_DATA;
	event->kind = events == 1 ? PEERGROUP_EVENT_STATUS : PEERGROUP_EVENT_GONE;
	return S_OK;
}

HRESULT said_watch_close(peergroup_watch_t watch)
{
	(void)watch;
	return S_OK;
}

static char folder[] = "/tmp/peergroup-test-XXXXXX";

static char *content(const char *name)
{
	static char text[256];
	FILE *file = fopen(name, "r");

	text[file ? fread(text, 1, sizeof(text) - 1, file) : 0] = 0;
	if (file)
		fclose(file);
	return text;
}

static void test_partial(void)
{
	char *command[] = { "cp", "flags", "seen", NULL };
	FILE *file = fopen("flags", "w");

	NEED(file && fputs("a=new\nb=new\n", file) >= 0 && !fclose(file));
	now.flags = PEERGROUP_STATUS_READY;
	CHECK(watch_flags(NULL, "flags", command) == 1, "the group has ended");
	CHECK(reads == 2, "%u", reads);
	CHECK(access("seen", F_OK), "the command was run, with %s", content("seen"));
	CHECK(!strcmp(content("flags"), "a=new\nb=new\n"), "%s", content("flags"));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what was read before the end of the synchronisation is not all", test_partial },
	};
	int failed;

	NEED(mkdtemp(folder) && !chdir(folder));
	failed = tap_main(tests, sizeof(tests) / sizeof(tests[0]));
	unlink("flags");
	unlink("seen");
	rmdir(folder);
	return failed;
}
