// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * follow - keep track of a group with <peergroup.h>: all records there are, and
 * then each change, until the group ends
 *
 *	follow [ADDRESS]
 *
 * It takes the first group of this user. With ADDRESS, it links to a member.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <peergroup.h>

static void check(HRESULT hr, const char *what)
{
	if (SUCCEEDED(hr))
		return;
	fprintf(stderr, "%s: %s (%s)\n", what, peergroup_strerror(hr),
		peergroup_error_detail());
	exit(1);
}

static peergroup_t open_first(void)
{
	struct peergroup_group_name *list;
	peergroup_t group;
	size_t count;

	check(peergroup_list_groups(NULL, &list, &count), "groups");
	if (!count) {
		fputs("this user is in no group\n", stderr);
		exit(1);
	}
	check(peergroup_open(list[0].identity, list[0].name, &group), list[0].friendly);
	printf("group %s\n", list[0].friendly);
	peergroup_free(list);
	return group;
}

static void print_record(peergroup_t group, const struct peergroup_event *event)
{
	struct peergroup_record *record;
	char id[37];

	uuid_unparse(event->id, id);
	switch (event->change) {
	case PEERGROUP_CHANGE_DELETED:
		printf("%s was deleted\n", id);
		break;
	case PEERGROUP_CHANGE_EXPIRED:
		printf("%s has expired\n", id);
		break;
	default:
		if (FAILED(peergroup_get(group, event->id, &record)))
			break;		/* gone again; an event will say so */
		printf("%s version %u by %.12s: %zu bytes\n", id, record->version,
		       record->modifier, record->size);
		peergroup_free(record);
	}
}

/* Everything that waits; false at the group's end. */
static bool take_events(peergroup_t group, peergroup_watch_t watch)
{
	struct peergroup_event event;
	HRESULT hr;

	while ((hr = peergroup_watch_next(watch, &event)) == S_OK) {
		if (event.kind == PEERGROUP_EVENT_RECORD)
			print_record(group, &event);
		else if (event.kind == PEERGROUP_EVENT_LINK)
			printf("link %llu: state %u\n", (unsigned long long)event.link_id,
			       event.link_state);
		else if (event.kind == PEERGROUP_EVENT_GONE)
			return false;
	}
	check(hr, "watch");
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd pfd = { .events = POLLIN };
	peergroup_watch_t watch;
	peergroup_t group;

	group = open_first();
	/* 0: first all there is. Nothing falls between that and what follows. */
	check(peergroup_watch_open(group, 0, &watch), "watch");
	if (argc > 1)
		check(peergroup_connect(group, argv[1]), argv[1]);
	pfd.fd = peergroup_watch_fd(watch);
	while (take_events(group, watch) && poll(&pfd, 1, -1) > 0)
		;
	peergroup_watch_close(watch);
	peergroup_close(group);
	return 0;
}
