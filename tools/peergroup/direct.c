// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Connections and the data that goes over them: "peergroup connections", "send" and
 * "receive".
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "record.h"
#include "table.h"

#define BOTH	(PEER_CONNECTION_NEIGHBOR | PEER_CONNECTION_DIRECT)

const char *sockaddr_text(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET)
		return address_text(&v4->sin_addr, 4, ntohs(v4->sin_port), 0);
	if (address->ss_family == AF_INET6)
		return address_text(&v6->sin6_addr, 16, ntohs(v6->sin6_port), v6->sin6_scope_id);
	return "";
}

/* ----------------------------------------------------------- connections -- */

static HRESULT connection_json(const struct peergroup_connection *c, void *arg)
{
	unsigned char node[8];
	int i;

	(void)arg;
	for (i = 0; i < 8; i++)
		node[i] = c->node >> (56 - 8 * i);
	json_object(NULL);
	json_u64("connection", c->id);
	json_str("kind", c->direct ? "direct" : "neighbour");
	json_str("direction", c->outbound ? "out" : "in");
	json_str("address", sockaddr_text(&c->address));
	json_str("peer", c->peer);
	json_hex("node", node, sizeof(node));
	json_u64("queued", c->queued);
	json_end_object();
	return S_OK;
}

static HRESULT connection_row(const struct peergroup_connection *c, void *arg)
{
	char *id = xprintf("%llu", (unsigned long long)c->id);
	char *peer = safe_text(c->peer, strlen(c->peer));

	table_row(arg, id, c->direct ? "direct" : "neighbour", c->outbound ? "out" : "in",
		  sockaddr_text(&c->address), short_name(peer), size_text(c->queued));
	free(peer);
	free(id);
	return S_OK;
}

static int show_connections(peergroup_t group)
{
	static const char *const headings[] = {
		">ID", "KIND", "DIR", "ADDRESS", "PEER", ">QUEUED", NULL
	};
	struct table *t = rows_begin(headings);
	HRESULT hr;

	hr = peergroup_connections(group, BOTH, opt_json ? connection_json : connection_row, t);
	if (FAILED(hr))
		return fail_result(hr, "cannot list connections");
	rows_end(t);
	return finish();
}

int cmd_connections(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct group_ref ref;
	peergroup_t group;
	int status, ret;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = show_connections(group);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}

/* ------------------------------------------------------------------ send -- */

struct sending {
	const char *group, *to, *file, *text, *connect;
	uuid_t type;
	int timeout;
};

/* What the user says of a link, and the one that it was. */
struct wanted {
	const char *peer;
	struct sockaddr_storage address;
	uint64_t id;
	bool direct;
};

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

/* A direct connection before a neighbour's link. */
static HRESULT match(const struct peergroup_connection *c, void *arg)
{
	struct wanted *w = arg;

	if ((w->peer ? str_eq(c->peer, w->peer) : same_address(&c->address, &w->address)) &&
	    (!w->id || (c->direct && !w->direct))) {
		w->id = c->id;
		w->direct = c->direct;
	}
	return S_OK;
}

static int member_name(const struct group_ref *ref, const char *arg, char **name)
{
	struct admin_group running;
	int ret = admin_find_group(ref->name, &running);

	return ret == EXIT_OK ? find_member(running.index, arg, name) : ret;
}

/* The link that TO means: its number, an address of its other end, or a member. */
static int find_connection(const struct sending *s, const struct group_ref *ref,
			   peergroup_t group, uint64_t *id)
{
	struct wanted w = { 0 };
	char *name = NULL;
	HRESULT hr;
	int ret = EXIT_OK;

	if (parse_u64(s->to, UINT64_MAX, id) && *id)
		return EXIT_OK;
	if (!parse_address(s->to, &w.address))
		ret = member_name(ref, s->to, &name);
	if (ret != EXIT_OK)
		return ret;
	w.peer = name;
	hr = peergroup_connections(group, BOTH, match, &w);
	free(name);
	if (FAILED(hr))
		return fail_result(hr, "cannot list connections");
	if (!w.id)
		return fail(EXIT_NOT_FOUND, "there is no connection to '%s' (try: --connect ADDR)",
			    s->to);
	*id = w.id;
	return EXIT_OK;
}

static int open_connection(const struct sending *s, const struct group_ref *ref,
			   peergroup_t group, uint64_t *id)
{
	char *name;
	HRESULT hr;
	int ret;

	ret = member_name(ref, s->to, &name);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_direct_open(group, name, s->connect, s->timeout ? s->timeout : 1, id);
	free(name);
	return FAILED(hr) ? fail_result(hr, "cannot connect to %s", s->connect) : EXIT_OK;
}

static int send_data(const struct sending *s, const struct group_ref *ref, peergroup_t group)
{
	size_t size = s->text ? strlen(s->text) : 0;
	const char *data = s->text;
	char *read = NULL;
	uint64_t id;
	HRESULT hr;
	int ret = EXIT_OK;

	if (!data)
		ret = read_input(s->file, PEERGROUP_RECORD_SIZE_MAX + 1UL, &read, &size);
	if (ret == EXIT_OK && !size)
		ret = fail(EXIT_FAILED, "there is nothing to send");
	if (ret == EXIT_OK)
		ret = (s->connect ? open_connection : find_connection)(s, ref, group, &id);
	if (ret == EXIT_OK) {
		hr = peergroup_send(group, id, s->type, data ? data : read, size, s->timeout);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot send to '%s'", s->to);
		/* What was sent still goes out. */
		if (s->connect)
			peergroup_direct_close(group, id);
	}
	if (ret == EXIT_OK && opt_json) {
		json_start(false);
		json_object(NULL);
		json_u64("connection", id);
		json_u64("size", size);
		json_end_object();
		json_finish();
	}
	free(read);
	return ret;
}

/* [GROUP] TO [FILE|-] */
static int take_places(struct sending *s, char **argv, int n)
{
	uint64_t number;
	int at = 0;

	if (!n)
		return usage("send to whom?");
	/* A connection's number may be the start of a group's name, too. */
	if (n == 1 && !parse_u64(argv[0], UINT64_MAX, &number) && is_group(argv[0]))
		return usage("send to whom? '%s' is a group", argv[0]);
	if (n == 3 || (n == 2 && (s->text || is_group(argv[0]))))
		s->group = argv[at++];
	s->to = argv[at++];
	if (at < n && s->text)
		return usage("%s: --data and a file are two kinds of data", argv[at]);
	s->file = at < n ? argv[at++] : "-";
	return at < n ? usage("%s: too many arguments", argv[at]) : EXIT_OK;
}

int cmd_send(int argc, char **argv)
{
	enum { TYPE = OPT_OWN, CONNECT, TIMEOUT, DATA };
	static const struct option options[] = {
		{ "type", required_argument, NULL, TYPE },
		{ "connect", required_argument, NULL, CONNECT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "data", required_argument, NULL, DATA },
		COMMON_OPTIONS
	};
	struct sending s = { .timeout = -1 };
	uint64_t timeout;
	struct group_ref ref;
	peergroup_t group;
	int c, status, ret;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == TYPE && !parse_type(optarg, s.type))
			return bad_type(optarg);
		if (c == CONNECT)
			s.connect = optarg;
		if (c == DATA)
			s.text = optarg;
		if (c != TIMEOUT)
			continue;
		if (!parse_duration(optarg, &timeout) || timeout > INT32_MAX)
			return usage("--timeout %s: not a time", optarg);
		s.timeout = (int)timeout;
	}
	if (uuid_is_null(s.type))
		return usage("--type is missing");
	ret = take_places(&s, argv + optind, argc - optind);
	if (ret == EXIT_OK)
		ret = open_group(s.group, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = send_data(&s, &ref, group);
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

/* --------------------------------------------------------------- receive -- */

struct receiving {
	bool typed, raw;
	uuid_t type;
	uint64_t count;
	int64_t deadline;
};

static void print_data(const struct receiving *r, const struct peergroup_data *d)
{
	char *peer = safe_text(d->peer, strlen(d->peer));

	if (d->lost)
		fprintf(stderr, "peergroup: %llu messages were lost, as they were not read in time\n",
			(unsigned long long)d->lost);
	if (!r->raw) {
		char *text = safe_text(d->data, d->size < 64 ? d->size : 64);

		printf("%s  connection %llu  type %s  %s  %s%s\n", short_name(peer),
		       (unsigned long long)d->connection, uuid_text(d->type), size_text(d->size),
		       text, d->size > 64 ? "..." : "");
		free(text);
	} else {
		fwrite(d->data, 1, d->size, stdout);
	}
	free(peer);
}

static void data_json(const struct peergroup_data *d)
{
	json_start(true);
	json_object(NULL);
	json_u64("connection", d->connection);
	json_str("peer", d->peer);
	json_uuid("type", d->type);
	json_u64("size", d->size);
	json_u64("lost", d->lost);
	json_base64("data", d->data, d->size);
	json_end_object();
	json_finish();
}

/* Until something can be read; EXIT_TIMED_OUT at the deadline. */
static int await_data(const struct receiving *r, peergroup_receiver_t receiver)
{
	struct pollfd pfd = { .fd = peergroup_receive_fd(receiver), .events = POLLIN };
	int64_t left = -1;

	if (r->deadline >= 0) {
		left = r->deadline - now_ms();
		if (left <= 0)
			return EXIT_TIMED_OUT;
	}
	if (poll(&pfd, 1, left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR)
		return fail(EXIT_FAILED, "cannot wait: %s", strerror(errno));
	return EXIT_OK;
}

static int receive_loop(const struct receiving *r, peergroup_receiver_t receiver)
{
	struct peergroup_data *d;
	uint64_t seen = 0;
	int ret = EXIT_OK;
	HRESULT hr;

	while (ret == EXIT_OK && (!r->count || seen < r->count)) {
		hr = peergroup_receive_next(receiver, &d);
		if (FAILED(hr))
			return fail_result(hr, "cannot receive");
		if (hr == PEER_S_NO_EVENT_DATA) {
			ret = await_data(r, receiver);
			continue;
		}
		if (!r->typed || !uuid_compare(r->type, d->type)) {
			if (opt_json)
				data_json(d);
			else
				print_data(r, d);
			seen++;
			ret = finish();
		}
		peergroup_free(d);
	}
	return ret;
}

int cmd_receive(int argc, char **argv)
{
	enum { TYPE = OPT_OWN, COUNT, TIMEOUT, DATA };
	static const struct option options[] = {
		{ "type", required_argument, NULL, TYPE },
		{ "count", required_argument, NULL, COUNT },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "data", no_argument, NULL, DATA },
		COMMON_OPTIONS
	};
	struct receiving r = { .deadline = -1 };
	peergroup_receiver_t receiver;
	struct group_ref ref;
	peergroup_t group;
	int c, status, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == TYPE && !parse_type(optarg, r.type))
			return bad_type(optarg);
		r.typed = r.typed || c == TYPE;
		r.raw = r.raw || c == DATA;
		if (c == COUNT && (!parse_u64(optarg, UINT64_MAX, &r.count) || !r.count))
			return usage("--count %s: not a count", optarg);
		if (c != TIMEOUT)
			continue;
		if (!parse_deadline(optarg, &r.deadline))
			return usage("--timeout %s: not a time", optarg);
	}
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_receive_open(group, &receiver);
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot receive in '%s'", ref.friendly);
	} else {
		ret = receive_loop(&r, receiver);
		peergroup_receive_close(receiver);
	}
	peergroup_close(group);
	free_group(&ref);
	return ret;
}
