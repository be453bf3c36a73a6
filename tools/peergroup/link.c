// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Links of a group: which there are, and to which addresses they are wanted.
 */
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "table.h"

/* "[GROUP] ADDR" behind the options. */
static int address_args(int argc, char **argv, const char **group, const char **text,
			struct sockaddr_storage *address)
{
	static const struct option options[] = { COMMON_OPTIONS };
	int status;

	*text = NULL;
	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind < 1 || argc - optind > 2)
		return usage("%s needs one ADDR", argv[0]);
	*text = argv[argc - 1];
	*group = argc - optind == 2 ? argv[optind] : NULL;
	if (!parse_address(*text, address))
		return usage("%s: not an address", *text);
	return EXIT_OK;
}

/* With the port, as links prints it. */
static int done(int ret, const struct sockaddr_storage *address)
{
	if (ret == EXIT_OK && opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("address", sockaddr_text(address));
		json_end_object();
		json_finish();
	}
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_connect(int argc, char **argv)
{
	struct sockaddr_storage address;
	const char *arg, *text;
	struct group_ref ref;
	peergroup_t group;
	HRESULT hr;
	int ret = address_args(argc, argv, &arg, &text, &address);

	if (ret != EXIT_OK || !text)
		return ret;
	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_connect(group, text);
	if (FAILED(hr))
		ret = fail_result(hr, "cannot connect to %s", text);
	peergroup_close(group);
	free_group(&ref);
	return done(ret, &address);
}

/*
 * Or "up" would dial it again. Of a group that is another user's nothing is remembered here,
 * and of a damaged one nothing can be.
 */
static int forget(const struct admin_group *group, const char *text, bool *was)
{
	HRESULT hr;

	*was = false;
	if (!group->mine)
		return EXIT_OK;
	hr = peergroup_forget_address(group->member, group->name, text);
	*was = hr == S_OK;
	return FAILED(hr) ? fail_result(hr, "%s is dialled again by the next 'up'", text) : EXIT_OK;
}

int cmd_disconnect(int argc, char **argv)
{
	struct sockaddr_storage address;
	struct admin_group group;
	const char *arg, *text;
	bool linked, remembered;
	int ret = address_args(argc, argv, &arg, &text, &address);

	if (ret != EXIT_OK || !text)
		return ret;
	ret = admin_find_group(arg, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = admin_disconnect(group.index, &address, &linked);
	/* It may be remembered where no link is kept, as where forgetting has failed before. */
	if (ret == EXIT_OK)
		ret = forget(&group, text, &remembered);
	if (ret == EXIT_OK && !linked && !remembered)
		ret = fail(EXIT_NOT_FOUND, "cannot disconnect: no link is kept to that address");
	return done(ret, &address);
}

static void link_json(const struct admin_link *link)
{
	unsigned char node[8];
	int i;

	for (i = 0; i < 8; i++)
		node[i] = link->node >> (56 - 8 * i);
	json_object(NULL);
	json_u64("id", link->id);
	json_str("address", address_text(link->address, link->address_len, link->port, link->scope));
	json_str("state", link_state_name(link->state));
	json_str("direction", link->outbound ? "out" : "in");
	json_bool("direct", link->direct);
	json_bool("found", link->found);
	if (link->node)
		json_hex("node", node, sizeof(node));
	else
		json_null("node");
	json_str("peer", link->peer && *link->peer ? link->peer : NULL);
	json_str("error", link->reason ? link_error(link->reason) : NULL);
	json_u64("errno", link->reason);
	json_u64("retries", link->retries);
	json_u64("queued", link->queued);
	json_u64("rx_bytes", link->rx_bytes);
	json_u64("tx_bytes", link->tx_bytes);
	json_u64("rx_records", link->rx_records);
	json_u64("tx_records", link->tx_records);
	if (link->has_rtt)
		json_u64("rtt_us", link->rtt_us);
	else
		json_null("rtt_us");
	json_end_object();
}

/* Who dialled, and what for if it is no link that somebody asked for. */
static const char *link_direction(const struct admin_link *link)
{
	if (link->found)
		return "out, found";
	if (link->direct)
		return link->outbound ? "out, direct" : "in, direct";
	return link->outbound ? "out" : "in";
}

static void link_row(struct table *t, const struct admin_link *link,
		     const struct admin_member *members, size_t n_members)
{
	const char *peer = short_name(link->peer);
	char *rtt = link->has_rtt ? xprintf("%.1f ms", link->rtt_us / 1000.0) : xstrdup("");
	char *in = xprintf("%llu", (unsigned long long)link->rx_records);
	char *out = xprintf("%llu", (unsigned long long)link->tx_records);
	char *note = link->reason ? xprintf("%s (tries: %u)", link_error(link->reason),
					    link->retries) : xstrdup("");
	size_t i;

	for (i = 0; i < n_members; i++)
		if (link->peer && str_eq(members[i].name, link->peer) &&
		    members[i].friendly && *members[i].friendly)
			peer = members[i].friendly;
	table_row(t, address_text(link->address, link->address_len, link->port, link->scope),
		  link_state_name(link->state), link_direction(link), peer, rtt,
		  in, out, size_text(link->rx_bytes), size_text(link->tx_bytes), note);
	free(rtt);
	free(in);
	free(out);
	free(note);
}

int cmd_links(int argc, char **argv)
{
	static const char *const headings[] = {
		"ADDRESS", "STATE", "DIR", "PEER", ">RTT", ">REC IN", ">REC OUT",
		">BYTES IN", ">BYTES OUT", "ERROR", NULL
	};
	static const struct option options[] = { COMMON_OPTIONS };
	struct admin_member *members = NULL;
	struct admin_group group;
	struct admin_link *links;
	size_t n, n_members = 0, i;
	struct table *t;
	int status, ret;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = admin_find_group(argv[optind], &group);
	if (ret == EXIT_OK)
		ret = admin_links(group.index, &links, &n);
	if (ret == EXIT_OK && !opt_json)
		ret = admin_members(group.index, &members, &n_members);
	if (ret != EXIT_OK)
		return ret;
	if (opt_json) {
		json_start(false);
		json_array(NULL);
		for (i = 0; i < n; i++)
			link_json(&links[i]);
		json_end_array();
		json_finish();
		return finish();
	}
	t = table_new(headings);
	for (i = 0; i < n; i++)
		link_row(t, &links[i], members, n_members);
	table_print(t);
	if (!n)
		fputs("no links (try: peergroup connect ADDR)\n", stderr);
	return finish();
}
