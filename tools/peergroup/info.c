// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel says about a group, its members, counters and limits.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "present.h"
#include "table.h"

enum { PEM = OPT_OWN, PRESENT, ALL };

/* Options that take no argument, the last that was given into *@given (0: none). */
static int read_flag(int argc, char **argv, const struct option *options, int *given)
{
	int c, status;

	*given = 0;
	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status == EXIT_OK ? -1 : status;
		if (*given && *given != c)
			return usage("--%s and --%s exclude each other", options[0].name,
				     options[1].name);
		*given = c;
	}
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	if (*given == PEM && opt_json)
		return usage("--pem and --json exclude each other");
	return EXIT_OK;
}

static void print_pem(const struct admin_blob *cert)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, k, n, column = 0;
	uint32_t v;

	puts("-----BEGIN CERTIFICATE-----");
	for (i = 0; i < cert->len; i += 3) {
		n = cert->len - i < 3 ? cert->len - i : 3;
		for (v = 0, k = 0; k < 3; k++)
			v = v << 8 | (k < n ? cert->data[i + k] : 0);
		for (k = 0; k < 4; k++)
			putchar(k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
		column += 4;
		if (column % 64 == 0 || i + 3 >= cert->len)
			putchar('\n');
	}
	puts("-----END CERTIFICATE-----");
}

static void members_json(const struct admin_member *members, size_t n, const char *self)
{
	size_t i;

	json_start(false);
	json_array(NULL);
	for (i = 0; i < n; i++) {
		json_object(NULL);
		json_str("name", members[i].name);
		json_str("friendly", members[i].friendly);
		json_roles("roles", members[i].roles);
		json_u64("depth", members[i].depth);
		json_time("not_before", members[i].not_before);
		json_time("not_after", members[i].not_after);
		json_hex("fingerprint", members[i].fingerprint, PEERGROUP_HASH_LEN);
		json_bool("self", str_eq(members[i].name, self));
		json_bool("revoked", members[i].revoked);
		if (members[i].revoked && members[i].records_until)
			json_time("records_until", members[i].records_until);
		json_base64("certificate", members[i].cert.data, members[i].cert.len);
		json_end_object();
	}
	json_end_array();
	json_finish();
}

static void members_table(const struct admin_member *members, size_t n)
{
	static const char *const headings[] = {
		"NAME", "ROLES", ">DEPTH", "VALID UNTIL", "PEER NAME", NULL
	};
	struct table *t = table_new(headings);
	size_t i;

	for (i = 0; i < n; i++) {
		char *depth = xprintf("%u", members[i].depth);

		table_row(t, members[i].friendly, roles_text(members[i].roles), depth,
			  members[i].revoked ? "revoked" : time_text(members[i].not_after),
			  members[i].name);
		free(depth);
	}
	table_print(t);
}

int cmd_members(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pem", no_argument, NULL, PEM },
		{ "present", no_argument, NULL, PRESENT },
		COMMON_OPTIONS
	};
	struct admin_member *members;
	struct admin_group group;
	size_t n, i;
	int flag, ret = read_flag(argc, argv, options, &flag);

	if (ret != EXIT_OK)
		return ret < 0 ? EXIT_OK : ret;
	if (flag == PRESENT)
		return show_present(argv[optind]);
	ret = admin_find_group(argv[optind], &group);
	if (ret == EXIT_OK)
		ret = admin_members(group.index, &members, &n);
	if (ret != EXIT_OK)
		return ret;
	if (flag == PEM)
		for (i = 0; i < n; i++)
			print_pem(&members[i].cert);
	else if (opt_json)
		members_json(members, n, group.member);
	else
		members_table(members, n);
	return finish();
}

int cmd_stats(int argc, char **argv)
{
	static const char *const headings[] = { "COUNTER", ">VALUE", NULL };
	static const struct option options[] = {
		{ "all", no_argument, NULL, ALL },
		COMMON_OPTIONS
	};
	uint64_t values[__PEERGROUP_A_STATS_MAX];
	struct admin_group group;
	struct table *t;
	unsigned int i;
	int flag, ret = read_flag(argc, argv, options, &flag);

	if (ret != EXIT_OK)
		return ret < 0 ? EXIT_OK : ret;
	ret = admin_find_group(argv[optind], &group);
	if (ret == EXIT_OK)
		ret = admin_stats(group.index, values);
	if (ret != EXIT_OK)
		return ret;
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		for (i = 0; i < __PEERGROUP_A_STATS_MAX; i++)
			if (stat_name(i))
				json_u64(stat_name(i), values[i]);
		json_end_object();
		json_finish();
		return finish();
	}
	t = table_new(headings);
	for (i = 0; i < __PEERGROUP_A_STATS_MAX; i++) {
		char *value = xprintf("%llu", (unsigned long long)values[i]);

		if (stat_name(i) && (flag || values[i]))
			table_row(t, stat_name(i), value);
		free(value);
	}
	table_print(t);
	return finish();
}

/* -------------------------------------------------------------- limits -- */

static const struct limit {
	const char *name;
	bool time;		/* ms, not a number */
	bool bytes;
	const char *meaning;
} limits[__PEERGROUP_A_LIMIT_MAX] = {
	[PEERGROUP_A_LIMIT_RECORD_SIZE] = { "record_size", false, true, "of one record" },
	[PEERGROUP_A_LIMIT_RECORDS] = { "records", false, false, "in the table, deleted ones too" },
	[PEERGROUP_A_LIMIT_BYTES] = { "bytes", false, true, "kernel memory of the record table" },
	[PEERGROUP_A_LIMIT_LINKS] = { "links", false, false, "established at a time" },
	[PEERGROUP_A_LIMIT_QUEUE] = { "queue", false, true, "waiting to be sent to one link" },
	[PEERGROUP_A_LIMIT_KEEPALIVE] = { "keepalive", true, false, "idle time before a ping" },
	[PEERGROUP_A_LIMIT_HANDSHAKE] = { "handshake", true, false, "for a link to come up" },
	[PEERGROUP_A_LIMIT_RETRY_MIN] = { "retry_min", true, false, "first wait before dialling again" },
	[PEERGROUP_A_LIMIT_RETRY_MAX] = { "retry_max", true, false, "longest wait before dialling again" },
	[PEERGROUP_A_LIMIT_DEFER] = { "defer", true, false,
				      "that a record waits for its signer's certificate" },
	[PEERGROUP_A_LIMIT_CREATOR_RECORDS] = { "creator_records", false, false,
						"of one creator (0: a quarter of records)" },
	[PEERGROUP_A_LIMIT_CREATOR_BYTES] = { "creator_bytes", false, true,
					      "of one creator (0: a quarter of bytes)" },
	[PEERGROUP_A_LIMIT_CREATOR_RATE] = { "creator_rate", false, false,
					     "versions a second by one creator (0: any)" },
	[PEERGROUP_A_LIMIT_LINK_RATE] = { "link_rate", false, false,
					  "records a second over one link (0: any)" },
	[PEERGROUP_A_LIMIT_MEMBERS] = { "members", false, false, "certificates" },
	[PEERGROUP_A_LIMIT_INVITED] = { "invited", false, false,
					"certificates below one that is no administrator's" },
	[PEERGROUP_A_LIMIT_DEFER_RECORDS] = { "defer_records", false, false,
					      "waiting for a certificate, per link" },
	[PEERGROUP_A_LIMIT_DEFER_BYTES] = { "defer_bytes", false, true, "of those" },
	[PEERGROUP_A_LIMIT_HALF_OPEN] = { "half_open", false, false,
					  "accepted links not up yet, per port" },
	[PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX] = { "half_open_prefix", false, false,
						 "of these, from one /64 or /24" },
	[PEERGROUP_A_LIMIT_MEMBER_LINKS] = { "member_links", false, false,
					     "established links to hosts of one member" },
	[PEERGROUP_A_LIMIT_PROOF_RATE] = { "proof_rate", false, false,
					   "certificates and credentials a second by one member (0: any)" },
	[PEERGROUP_A_LIMIT_ISSUED] = { "issued", false, false,
				       "certificates below an administrator's administrator (0: half of members)" },
	[PEERGROUP_A_LIMIT_INVITER_RECORDS] = { "inviter_records", false, false,
						"of one who invites and all below (0: half of records)" },
	[PEERGROUP_A_LIMIT_INVITER_BYTES] = { "inviter_bytes", false, true,
					      "of one who invites and all below (0: half of bytes)" },
	[PEERGROUP_A_LIMIT_DIRECT] = { "direct", false, false, "direct connections" },
	[PEERGROUP_A_LIMIT_MEMBER_DIRECT] = { "member_direct", false, false,
					      "of these with one member" },
	[PEERGROUP_A_LIMIT_SEND_QUEUE] = { "send_queue", false, true,
					   "of data waiting to be sent over one link" },
	[PEERGROUP_A_LIMIT_RECEIVE_QUEUE] = { "receive_queue", false, true,
					      "of data waiting for one program" },
	[PEERGROUP_A_LIMIT_RECEIVE_TOTAL] = { "receive_total", false, true,
					      "of data waiting for all programs" },
	[PEERGROUP_A_LIMIT_RECEIVE_WAIT] = { "receive_wait", true, false,
					     "that a program which does not read holds senders up" },
	[PEERGROUP_A_LIMIT_DATA_RATE] = { "data_rate", false, false,
					  "messages of data a second over one link (0: any)" },
	[PEERGROUP_A_LIMIT_PASSWORDS] = { "passwords", false, false,
		"who join by password, at a time" },
	[PEERGROUP_A_LIMIT_PASSWORD_RATE] = { "password_rate", false, false,
		"attempts to join by password in a minute, 0: any number" },
	[PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE] = { "password_prefix_rate", false, false,
		"the same from one IPv6 /64 or IPv4 /24" },
	[PEERGROUP_A_LIMIT_SYNC_RATE] = { "sync_rate", false, false,
		"messages that compare tables, and signs of life, a second by one member (0: any)" },
	[PEERGROUP_A_LIMIT_PASSIVE_VIEW] = { "passive_view", false, false,
		"hosts kept in mind to look for links to" },
	[PEERGROUP_A_LIMIT_ACTIVE_VIEW] = { "active_view", false, false,
		"links below which the group looks for more (0: never)" },
	[PEERGROUP_A_LIMIT_MAINTENANCE] = { "maintenance", true, false,
		"between two looks for a link, a sixth of it without any" },
	[PEERGROUP_A_LIMIT_REFRESH_STEPS] = { "refresh_steps", false, false,
		"hashes for one refresh of a record" },
};

/* "NAME=VALUE" */
static int parse_limit(const char *text, uint64_t *values, const char **given)
{
	const char *equals = strchr(text, '=');
	unsigned int i;
	bool good;

	for (i = 0; i < __PEERGROUP_A_LIMIT_MAX; i++)
		if (limits[i].name && strlen(limits[i].name) == (size_t)(equals - text) &&
		    str_starts(text, limits[i].name))
			break;
	if (i == __PEERGROUP_A_LIMIT_MAX)
		return usage("%.*s: no such limit (see: peergroup limits)",
			     (int)(equals - text), text);
	if (limits[i].time) {
		/* A bare number is in milliseconds, as --json shows it. */
		good = parse_u64(equals + 1, UINT64_MAX, &values[i]) ||
		       parse_duration(equals + 1, &values[i]);
	} else {
		good = parse_size(equals + 1, &values[i]);
	}
	if (!good || (i != PEERGROUP_A_LIMIT_BYTES && i != PEERGROUP_A_LIMIT_CREATOR_BYTES &&
		      i != PEERGROUP_A_LIMIT_INVITER_BYTES && values[i] > UINT32_MAX))
		return usage("%s: not a value for that", text);
	given[i] = text;
	return EXIT_OK;
}

static const char *limit_unit(unsigned int i)
{
	return limits[i].time ? " ms" : limits[i].bytes ? " bytes" : "";
}

static void limits_json(const struct admin_group *group)
{
	unsigned int i;

	for (i = 0; i < __PEERGROUP_A_LIMIT_MAX; i++)
		if (limits[i].name && group->has_limit[i])
			json_u64(limits[i].name, group->limits[i]);
}

static const char *limit_text(unsigned int i, uint64_t value, char **own)
{
	if (limits[i].bytes)
		return size_text(value);
	if (limits[i].time && value % 1000 == 0)
		*own = xprintf("%llu s", (unsigned long long)value / 1000);
	else
		*own = xprintf("%llu%s", (unsigned long long)value, limits[i].time ? " ms" : "");
	return *own;
}

int cmd_limits(int argc, char **argv)
{
	static const char *const headings[] = { "LIMIT", ">VALUE", "MEANING", NULL };
	static const struct option options[] = { COMMON_OPTIONS };
	uint64_t values[__PEERGROUP_A_LIMIT_MAX] = { 0 };
	const char *given[__PEERGROUP_A_LIMIT_MAX] = { NULL };
	struct admin_group group;
	const char *arg = NULL;
	bool set = false;
	struct table *t;
	unsigned int k;
	int i, status, ret;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	for (i = optind; i < argc; i++) {
		if (!strchr(argv[i], '=')) {
			if (i != optind)
				return usage("%s: NAME=VALUE is wanted", argv[i]);
			arg = argv[i];
			continue;
		}
		ret = parse_limit(argv[i], values, given);
		if (ret != EXIT_OK)
			return ret;
		set = true;
	}
	ret = admin_find_group(arg, &group);
	if (ret == EXIT_OK && set) {
		ret = admin_set_limits(group.index, values, given, limit_unit);
		if (ret == EXIT_OK)
			ret = admin_find_group(arg, &group);
	}
	if (ret != EXIT_OK)
		return ret;
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		limits_json(&group);
		json_end_object();
		json_finish();
		return finish();
	}
	t = table_new(headings);
	for (k = 0; k < __PEERGROUP_A_LIMIT_MAX; k++) {
		char *own = NULL;

		if (limits[k].name && group.has_limit[k] && (!set || given[k]))
			table_row(t, limits[k].name, limit_text(k, group.limits[k], &own),
				  limits[k].meaning);
		free(own);
	}
	table_print(t);
	return finish();
}

/* ---------------------------------------------------------------- info -- */

/*
 * Who issued a certificate: it names its issuer by fingerprint, and stands one
 * below it.
 */
static const struct admin_member *issuer(const struct admin_member *of,
					 const struct admin_member *members, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (members[i].depth + 1 == of->depth &&
		    memmem(of->cert.data, of->cert.len, members[i].fingerprint,
			   PEERGROUP_HASH_LEN))
			return &members[i];
	return NULL;
}

static void print_chain(const struct admin_member *member, const struct admin_member *members,
			size_t n)
{
	const struct admin_member *above;

	if (!member->depth)
		return;			/* the root, printed already */
	above = issuer(member, members, n);
	if (above)
		print_chain(above, members, n);
	print_pem(&member->cert);
}

static int info_pem(const struct admin_group *group)
{
	const struct admin_member *own = NULL;
	struct admin_member *members;
	size_t n, i;
	int ret = admin_members(group->index, &members, &n);

	if (ret != EXIT_OK)
		return ret;
	for (i = 0; i < n; i++)
		if (str_eq(members[i].name, group->member) &&
		    (!own || members[i].not_before > own->not_before))
			own = &members[i];
	print_pem(&group->root);
	if (own)
		print_chain(own, members, n);
	return finish();
}

/*
 * What keeps a group without links from having one. That others say that its member was
 * revoked counts most, even where somebody keeps a link to it, who may have fallen with it.
 */
static const struct admin_link *why_alone(const struct admin_link *links, size_t n)
{
	const struct admin_link *why = NULL;
	bool alone = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (links[i].direct)
			continue;
		if (links[i].state == PEERGROUP_LINK_UP)
			alone = false;
		else if (links[i].reason && (!why || links[i].reason == EKEYREVOKED))
			why = &links[i];
	}
	return why && (alone || why->reason == EKEYREVOKED) ? why : NULL;
}

static void info_json(const struct admin_group *group, size_t links_up,
		      const struct admin_link *why, uint64_t until)
{
	unsigned char node[8];
	char mode[8];
	int i;

	snprintf(mode, sizeof(mode), "%04o", group->mode & 0777);
	for (i = 0; i < 8; i++)
		node[i] = group->node >> (56 - 8 * i);
	json_start(false);
	json_object(NULL);
	json_str("name", group->name);
	json_str("friendly", group->friendly);
	json_str("identity", group->member);
	json_hex("group_id", group->id, sizeof(group->id));
	json_hex("node", node, sizeof(node));
	json_hex("node_key", group->node_key, sizeof(group->node_key));
	if (group->credential_expires)
		json_time("credential_expires", group->credential_expires);
	if (until)
		json_time("membership_until", until);
	json_u64("index", group->index);
	json_status(group->status);
	json_u64("port", group->port);
	json_u64("links_up", links_up);
	json_str("link_error", why ? link_error(why->reason) : NULL);
	json_u64("records", group->records);
	json_u64("tombstones", group->tombstones);
	json_u64("bytes", group->bytes);
	json_u64("sequence", group->seq);
	json_u64("horizon", group->horizon);
	json_hex("fingerprint", group->fingerprint, sizeof(group->fingerprint));
	json_i64("time_offset_ms", group->time_offset / 10000);
	json_u64("holders", group->holders);
	json_u64("uid", group->uid);
	json_u64("gid", group->gid);
	json_str("mode", mode);
	json_object("limits");
	limits_json(group);
	json_end_object();
	json_end_object();
	json_finish();
}

static void info_membership(const struct admin_group *group, uint64_t until)
{
	if (!until)
		return;
	if (admin_is_past(group, until))
		printf("membership:  expired %s; a new invitation is needed\n", time_text(until));
	else
		printf("membership:  until %s\n", time_text(until));
}

static void info_alone(const struct admin_link *why)
{
	if (why)
		printf("no link to:  %s, %s\n",
		       address_text(why->address, why->address_len, why->port, why->scope),
		       link_error(why->reason));
}

static void info_owner(const struct admin_group *group)
{
	const struct passwd *pw = getpwuid(group->uid);
	const struct group *gr = getgrgid(group->gid);
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", group->uid);
	snprintf(gid, sizeof(gid), "%u", group->gid);
	printf("owner:       %s:%s, mode %04o\n", pw ? pw->pw_name : uid,
	       gr ? gr->gr_name : gid, group->mode);
}

int cmd_info(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pem", no_argument, NULL, PEM },
		COMMON_OPTIONS
	};
	struct admin_group group;
	struct admin_link *links;
	size_t n, i, up = 0;
	uint64_t until;
	int flag, ret = read_flag(argc, argv, options, &flag);

	if (ret != EXIT_OK)
		return ret < 0 ? EXIT_OK : ret;
	ret = admin_find_group(argv[optind], &group);
	if (ret == EXIT_OK && flag == PEM)
		return info_pem(&group);
	if (ret == EXIT_OK)
		ret = admin_links(group.index, &links, &n);
	if (ret == EXIT_OK)
		ret = admin_member_until(&group, &until);
	if (ret != EXIT_OK)
		return ret;
	for (i = 0; i < n; i++)
		up += links[i].state == PEERGROUP_LINK_UP && !links[i].direct;
	if (opt_json) {
		info_json(&group, up, why_alone(links, n), until);
		return finish();
	}
	safe_print("group:       ", group.friendly, "\n");
	safe_print("peer name:   ", group.name, "\n");
	safe_print("member:      ", group.member ? group.member : "-", "\n");
	info_membership(&group, until);
	printf("status:      %s\n", group.status ? status_text(group.status) : "offline");
	if (group.port)
		printf("port:        %u\n", group.port);
	printf("node key:    %s\n", hex_text(group.node_key, 16));
	if (group.credential_expires)
		printf("vouched for: until %s\n", time_text(group.credential_expires));
	printf("links up:    %zu\n", up);
	info_alone(why_alone(links, n));
	printf("records:     %u, and %u deleted (%s, change #%llu)\n", group.records,
	       group.tombstones, size_text(group.bytes), (unsigned long long)group.seq);
	printf("fingerprint: %s\n", hex_text(group.fingerprint, 16));
	printf("group time:  %+.3f s from this host's\n", group.time_offset / 1e7);
	printf("programs:    %u\n", group.holders);
	info_owner(&group);
	return finish();
}
