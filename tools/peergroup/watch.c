// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "peergroup watch" prints events, "peergroup wait" blocks until conditions
 * hold. Both sleep on the library's watch; only counters, which have no events,
 * are looked at again every few milliseconds.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"

#define STAT_INTERVAL	20	/* ms between looks at counters */

/*
 * Waits until the watch may have news. @deadline: by now_ms(), or -1.
 * @interval: at most that many ms, or -1. Returns an exit code.
 */
static int sleep_on(peergroup_watch_t watch, int64_t deadline, int interval)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };
	int64_t left = -1;

	if (deadline >= 0) {
		left = deadline - now_ms();
		if (left <= 0)
			return EXIT_TIMED_OUT;
		if (left > 1 << 30)
			left = 1 << 30;
	}
	if (interval >= 0 && (left < 0 || left > interval))
		left = interval;
	if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR)
		return fail(EXIT_FAILED, "cannot wait: %s", strerror(errno));
	return EXIT_OK;
}

/* --------------------------------------------------------------- watch -- */

static void print_event(const struct peergroup_event *event)
{
	struct timeval tv;
	struct tm tm;
	char at[32];
	char *peer;

	gettimeofday(&tv, NULL);
	localtime_r(&tv.tv_sec, &tm);
	strftime(at, sizeof(at), "%H:%M:%S", &tm);
	printf("%s.%03ld  ", at, (long)tv.tv_usec / 1000);
	switch (event->kind) {
	case PEERGROUP_EVENT_RECORD:
		printf("%-7s  %s  version %u  type %s  #%llu\n", change_name(event->change),
		       uuid_text(event->id), event->version, uuid_text(event->type),
		       (unsigned long long)event->sequence);
		break;
	case PEERGROUP_EVENT_LINK:
	case PEERGROUP_EVENT_DIRECT:
		peer = safe_text(event->link_peer ? event->link_peer : "",
				 event->link_peer ? strlen(event->link_peer) : 0);
		printf("%-7s  %s %s %s %s%s%s\n",
		       event->kind == PEERGROUP_EVENT_LINK ? "link" : "direct", link_state_name(event->link_state),
		       event->link_outbound ? "to" : "from", sockaddr_text(&event->link_address),
		       short_name(peer), event->link_error ? ": " : "",
		       event->link_error ? link_error(event->link_error) : "");
		free(peer);
		break;
	case PEERGROUP_EVENT_STATUS:
	case PEERGROUP_EVENT_GONE:
		printf("status   %s%s%s\n",
		       event->kind == PEERGROUP_EVENT_GONE ? "gone" :
		       event->status ? status_text(event->status) : "offline",
		       event->reason ? ": " : "", event->reason ? strerror(event->reason) : "");
		break;
	case PEERGROUP_EVENT_MEMBER:
		peer = safe_text(event->link_peer, strlen(event->link_peer));
		printf("member   %s %s\n", short_name(peer),
		       event->revoked ? "revoked" : "no longer revoked");
		free(peer);
		break;
	}
}

static void event_json(const struct peergroup_event *event)
{
	static const char *const kinds[] = {
		[PEERGROUP_EVENT_RECORD] = "record",
		[PEERGROUP_EVENT_LINK] = "link",
		[PEERGROUP_EVENT_STATUS] = "status",
		[PEERGROUP_EVENT_GONE] = "gone",
		[PEERGROUP_EVENT_MEMBER] = "member",
		[PEERGROUP_EVENT_DIRECT] = "direct",
	};

	json_start(true);
	json_object(NULL);
	json_str("event", kinds[event->kind]);
	switch (event->kind) {
	case PEERGROUP_EVENT_RECORD:
		json_str("change", change_name(event->change));
		json_u64("sequence", event->sequence);
		json_uuid("id", event->id);
		json_uuid("type", event->type);
		json_u64("version", event->version);
		break;
	case PEERGROUP_EVENT_LINK:
	case PEERGROUP_EVENT_DIRECT:
		json_u64("link", event->link_id);
		json_str("state", link_state_name(event->link_state));
		json_str("direction", event->link_outbound ? "out" : "in");
		json_str("address", sockaddr_text(&event->link_address));
		json_str("peer", event->link_peer && *event->link_peer ? event->link_peer : NULL);
		json_str("error", event->link_error ? link_error(event->link_error) : NULL);
		break;
	case PEERGROUP_EVENT_STATUS:
		json_status(event->status);
		/* fallthrough */
	case PEERGROUP_EVENT_GONE:
		json_str("error", event->reason ? strerror(event->reason) : NULL);
		break;
	case PEERGROUP_EVENT_MEMBER:
		json_str("member", event->link_peer);
		json_bool("revoked", event->revoked);
		break;
	}
	json_end_object();
	json_finish();
}

/* Prints events until one of the ends; returns an exit code. */
static int watch_loop(peergroup_watch_t watch, uint64_t count, int64_t deadline, int only)
{
	struct peergroup_event event;
	uint64_t seen = 0;
	HRESULT hr;
	int ret;

	for (;;) {
		hr = peergroup_watch_next(watch, &event);
		if (FAILED(hr))
			return fail_result(hr, "cannot watch");
		if (hr == PEER_S_NO_EVENT_DATA) {
			ret = sleep_on(watch, deadline, -1);
			if (ret != EXIT_OK)
				return ret;
			continue;
		}
		if (!only || (int)event.kind == only || event.kind == PEERGROUP_EVENT_GONE) {
			if (opt_json)
				event_json(&event);
			else
				print_event(&event);
			ret = finish();
			if (ret != EXIT_OK)
				return ret;
			seen++;
		}
		if (event.kind == PEERGROUP_EVENT_GONE)
			return count ? EXIT_FAILED : EXIT_OK;
		if (count && seen == count)
			return EXIT_OK;
	}
}

int cmd_watch(int argc, char **argv)
{
	enum { SINCE = OPT_OWN, COUNT, TIMEOUT, ONLY };
	static const struct option options[] = {
		{ "since", required_argument, NULL, SINCE },
		{ "count", required_argument, NULL, COUNT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "only", required_argument, NULL, ONLY },
		COMMON_OPTIONS
	};
	uint64_t since = PEERGROUP_SINCE_NOW, count = 0;
	int64_t deadline = -1;
	peergroup_watch_t watch;
	struct group_ref ref;
	peergroup_t group;
	int c, status, ret, only = 0;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == SINCE && !parse_u64(optarg, UINT64_MAX - 1, &since))
			return usage("--since %s: not a sequence number", optarg);
		if (c == COUNT && (!parse_u64(optarg, UINT64_MAX, &count) || !count))
			return usage("--count %s: not a count", optarg);
		if (c == TIMEOUT && !parse_deadline(optarg, &deadline))
			return usage("--timeout %s: not a time", optarg);
		if (c != ONLY)
			continue;
		only = str_eq(optarg, "record") ? PEERGROUP_EVENT_RECORD :
		       str_eq(optarg, "link") ? PEERGROUP_EVENT_LINK :
		       str_eq(optarg, "status") ? PEERGROUP_EVENT_STATUS :
		       str_eq(optarg, "member") ? PEERGROUP_EVENT_MEMBER :
		       str_eq(optarg, "direct") ? PEERGROUP_EVENT_DIRECT : 0;
		if (!only)
			return usage("--only %s: record, link, status, member or direct", optarg);
	}
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_watch_open(group, since, &watch);
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot watch '%s'", ref.friendly);
	} else {
		ret = watch_loop(watch, count, deadline, only);
		peergroup_watch_close(watch);
	}
	peergroup_close(group);
	free_group(&ref);
	return ret;
}

/* ---------------------------------------------------------------- wait -- */

enum condition_kind {
	WAIT_READY, WAIT_SYNCED, WAIT_RECORDS, WAIT_LINKS, WAIT_RECORD, WAIT_NO_RECORD, WAIT_STAT
};

struct condition {
	enum condition_kind kind;
	uint64_t n;
	uuid_t id;
	unsigned int stat;
	const char *text;	/* as the user gave it */
	const char *option;
};

struct waiting {
	peergroup_t group;
	uint32_t index;
	bool has_type;
	uuid_t type;
	struct condition *conditions;
	size_t n;
};

static HRESULT count_one(const struct peergroup_record *record, void *arg)
{
	uint64_t *n = arg;

	(void)record;
	++*n;
	return S_OK;
}

/* Sets *@now to how far the condition is; it holds from *@wanted on. */
static int measure(const struct waiting *w, const struct condition *condition, uint64_t *now)
{
	uint64_t stats[__PEERGROUP_A_STATS_MAX];
	struct peergroup_status *status;
	struct peergroup_record *record;
	struct admin_link *links;
	HRESULT hr = S_OK;
	size_t n, i;
	int ret;

	*now = 0;
	switch (condition->kind) {
	case WAIT_RECORD:
	case WAIT_NO_RECORD:
		hr = peergroup_get(w->group, condition->id, &record);
		if (hr == PEER_E_RECORD_NOT_FOUND || hr == PEER_E_GROUP_NOT_READY) {
			*now = condition->kind == WAIT_NO_RECORD;
			return EXIT_OK;
		}
		if (FAILED(hr))
			break;
		*now = condition->kind == WAIT_RECORD ? record->version : 0;
		peergroup_free(record);
		return EXIT_OK;
	case WAIT_LINKS:
		ret = admin_links(w->index, &links, &n);
		for (i = 0; ret == EXIT_OK && i < n; i++)
			*now += links[i].state == PEERGROUP_LINK_UP && !links[i].direct;
		admin_free();
		return ret;
	case WAIT_STAT:
		ret = admin_stats(w->index, stats);
		*now = stats[condition->stat];
		return ret;
	case WAIT_RECORDS:
		if (w->has_type) {
			hr = peergroup_records(w->group, w->type, count_one, now);
			if (FAILED(hr))
				break;
			return EXIT_OK;
		}
		/* fallthrough */
	case WAIT_READY:
	case WAIT_SYNCED:
		hr = peergroup_status(w->group, &status);
		if (FAILED(hr))
			break;
		*now = condition->kind == WAIT_RECORDS ? status->records :
		       !!(status->flags & (condition->kind == WAIT_READY ?
					   PEERGROUP_STATUS_READY : PEERGROUP_STATUS_SYNCED));
		peergroup_free(status);
		return EXIT_OK;
	}
	return fail_result(hr, "--%s", condition->option);
}

static int wait_loop(const struct waiting *w, peergroup_watch_t watch, int64_t deadline)
{
	struct peergroup_event event;
	bool has_stat = false;
	uint64_t now = 0;
	HRESULT hr;
	size_t i;
	int ret;

	for (;;) {
		/* What happens from here on makes the watch readable. */
		do {
			hr = peergroup_watch_next(watch, &event);
			if (FAILED(hr))
				return fail_result(hr, "cannot watch");
			if (hr == S_OK && event.kind == PEERGROUP_EVENT_GONE)
				return fail(EXIT_FAILED, "the group has ended");
		} while (hr != PEER_S_NO_EVENT_DATA);
		for (i = 0; i < w->n; i++) {
			ret = measure(w, &w->conditions[i], &now);
			if (ret != EXIT_OK)
				return ret;
			if (now < w->conditions[i].n) {
				has_stat = w->conditions[i].kind == WAIT_STAT;
				break;
			}
		}
		if (i == w->n)
			return EXIT_OK;
		ret = sleep_on(watch, deadline, has_stat ? STAT_INTERVAL : -1);
		if (ret == EXIT_TIMED_OUT)
			return fail(ret, "timeout: --%s %s does not hold (now: %llu)",
				    w->conditions[i].option, w->conditions[i].text,
				    (unsigned long long)now);
		if (ret != EXIT_OK)
			return ret;
	}
}

/* ID[:VERSION] */
static bool parse_versioned_id(const char *text, uuid_t id, uint64_t *version)
{
	char *copy = xstrdup(text), *colon = strchr(copy, ':');
	bool good = true;

	*version = 1;
	if (colon) {
		*colon = 0;
		good = parse_u64(colon + 1, UINT32_MAX, version) && *version;
	}
	good = good && !uuid_parse(copy, id);
	free(copy);
	return good;
}

/* NAME=N */
static bool parse_stat(const char *text, unsigned int *stat, uint64_t *n)
{
	const char *equals = strchr(text, '=');
	char *name;

	if (!equals)
		return false;
	name = xstrdup(text);
	name[equals - text] = 0;
	*stat = stat_by_name(name);
	free(name);
	return *stat && parse_u64(equals + 1, UINT64_MAX, n);
}

static bool parse_condition(struct condition *condition, const char *option, const char *text)
{
	condition->option = option;
	condition->text = text ? text : "";
	condition->n = 1;
	switch (condition->kind) {
	case WAIT_READY:
	case WAIT_SYNCED:
		return true;
	case WAIT_RECORDS:
	case WAIT_LINKS:
		return parse_u64(text, UINT32_MAX, &condition->n);
	case WAIT_RECORD:
		return parse_versioned_id(text, condition->id, &condition->n);
	case WAIT_NO_RECORD:
		return !uuid_parse(text, condition->id);
	case WAIT_STAT:
		return parse_stat(text, &condition->stat, &condition->n);
	}
	return false;
}

static int do_wait(const char *arg, struct waiting *w, int64_t deadline)
{
	struct peergroup_status *status;
	peergroup_watch_t watch;
	struct group_ref ref;
	HRESULT hr;
	int ret = open_group(arg, &ref, &w->group);

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_status(w->group, &status);
	if (SUCCEEDED(hr)) {
		w->index = status->index;
		peergroup_free(status);
		hr = peergroup_watch_open(w->group, PEERGROUP_SINCE_NOW, &watch);
	}
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot watch '%s'", ref.friendly);
	} else {
		/* Some conditions ask the kernel by the admin plane: open it now. */
		struct admin_group *groups;
		size_t n;

		ret = admin_groups(&groups, &n);
		admin_free();
		if (ret == EXIT_OK)
			ret = wait_loop(w, watch, deadline);
		peergroup_watch_close(watch);
	}
	peergroup_close(w->group);
	free_group(&ref);
	if (ret == EXIT_OK && opt_json)
		puts("{}");
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_wait(int argc, char **argv)
{
	/* The conditions come first, in the order of enum condition_kind. */
	enum { TIMEOUT = OPT_OWN + WAIT_STAT + 1, TYPE };
	static const struct option options[] = {
		{ "ready", no_argument, NULL, OPT_OWN + WAIT_READY },
		{ "synced", no_argument, NULL, OPT_OWN + WAIT_SYNCED },
		{ "records", required_argument, NULL, OPT_OWN + WAIT_RECORDS },
		{ "links", required_argument, NULL, OPT_OWN + WAIT_LINKS },
		{ "record", required_argument, NULL, OPT_OWN + WAIT_RECORD },
		{ "no-record", required_argument, NULL, OPT_OWN + WAIT_NO_RECORD },
		{ "stat", required_argument, NULL, OPT_OWN + WAIT_STAT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "type", required_argument, NULL, TYPE },
		COMMON_OPTIONS
	};
	static const char *const shapes[] = {
		[WAIT_RECORDS] = "a number",
		[WAIT_LINKS] = "a number",
		[WAIT_RECORD] = "a record's ID, or ID:VERSION",
		[WAIT_NO_RECORD] = "a record's ID",
		[WAIT_STAT] = "NAME=N with a NAME that 'peergroup stats' prints",
	};
	struct waiting w = { 0 };
	int64_t deadline = -1;
	int c, status, ret;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == TIMEOUT) {
			if (!parse_deadline(optarg, &deadline))
				return usage("--timeout %s: not a time", optarg);
			continue;
		}
		if (c == TYPE) {
			if (!parse_type(optarg, w.type))
				return bad_type(optarg);
			w.has_type = true;
			continue;
		}
		w.conditions = xrealloc(w.conditions, (w.n + 1) * sizeof(*w.conditions));
		memset(&w.conditions[w.n], 0, sizeof(*w.conditions));
		w.conditions[w.n].kind = c - OPT_OWN;
		if (!parse_condition(&w.conditions[w.n], options[c - OPT_OWN].name, optarg))
			return usage("--%s %s: not %s", options[c - OPT_OWN].name, optarg,
				     shapes[c - OPT_OWN]);
		w.n++;
	}
	if (!w.n)
		return usage("wait for what?");
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = do_wait(argv[optind], &w, deadline);
	free(w.conditions);
	return ret;
}
