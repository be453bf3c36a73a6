// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A group's properties: what it is, as its creator says. Shown to members, changed by
 * the creator.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "json.h"

static const struct {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "member-data-optional", PEER_MEMBER_DATA_OPTIONAL },
	{ "disable-presence", PEER_DISABLE_PRESENCE },
	{ "defer-expiration", PEER_DEFER_EXPIRATION },
};

/* The library would make this of what is less. */
#define PRESENCE_MIN	300

/* What the user gave; @given has a bit per option. */
struct change {
	unsigned int given;
	const char *name, *comment;
	uint32_t flags, member_lifetime, presence_lifetime;
};

enum { NAME = OPT_OWN, COMMENT, FLAGS, MEMBER_LIFETIME, PRESENCE_LIFETIME };

static bool is_given(const struct change *change, int option)
{
	return change->given & 1U << (option - OPT_OWN);
}

/* "none", or names with commas in between. */
static bool parse_flags(const char *text, uint32_t *flags)
{
	size_t len, i;

	*flags = 0;
	if (str_eq(text, "none"))
		return true;
	for (;; text++) {
		len = strcspn(text, ",");
		for (i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (strlen(flag_names[i].name) == len &&
			    !strncmp(flag_names[i].name, text, len))
				break;
		if (i == ARRAY_SIZE(flag_names))
			return false;
		*flags |= flag_names[i].flag;
		text += len;
		if (!*text)
			return true;
	}
}

static bool parse_seconds(const char *text, uint32_t *seconds)
{
	uint64_t ms;

	if (!parse_duration(text, &ms) || ms % 1000 || ms / 1000 > UINT32_MAX)
		return false;
	*seconds = (uint32_t)(ms / 1000);
	return true;
}

/* ---------------------------------------------------------------- showing -- */

static void show_json(const struct peergroup_properties *p)
{
	size_t i;

	json_start(false);
	json_object(NULL);
	json_str("name", p->name);
	json_str("friendly", p->friendly);
	json_str("comment", p->comment);
	json_str("creator", p->creator);
	json_str("classifier", p->classifier);
	json_u64("member_data_lifetime", p->member_data_lifetime);
	json_u64("presence_lifetime", p->presence_lifetime);
	json_array("flags");
	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (p->flags & flag_names[i].flag)
			json_str(NULL, flag_names[i].name);
	json_end_array();
	json_end_object();
	json_finish();
}

static void show_line(const char *what, const char *text)
{
	char *safe = safe_text(text, strlen(text));

	printf("%-17s%s\n", what, safe);
	free(safe);
}

static void show_text(const struct peergroup_properties *p)
{
	const char *comma = "";
	size_t i;

	show_line("group:", p->friendly);
	show_line("peer name:", p->name);
	show_line("created by:", p->creator);
	if (p->comment)
		show_line("comment:", p->comment);
	if (p->member_data_lifetime)
		printf("member data:     for %u s\n", p->member_data_lifetime);
	else
		puts("member data:     for as long as the membership");
	printf("presence:        for %u s\n", p->presence_lifetime);
	printf("flags:           ");
	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(p->flags & flag_names[i].flag))
			continue;
		printf("%s%s", comma, flag_names[i].name);
		comma = ",";
	}
	puts(*comma ? "" : "none");
}

/* --------------------------------------------------------------- changing -- */

static HRESULT apply(peergroup_t group, const struct change *change)
{
	struct peergroup_properties *all, p;
	HRESULT hr = peergroup_properties(group, &all);

	if (FAILED(hr))
		return hr;
	p = *all;
	if (is_given(change, NAME))
		p.friendly = change->name;
	if (is_given(change, COMMENT))
		p.comment = *change->comment ? change->comment : NULL;
	if (is_given(change, FLAGS))
		p.flags = change->flags;
	if (is_given(change, MEMBER_LIFETIME))
		p.member_data_lifetime = change->member_lifetime;
	if (is_given(change, PRESENCE_LIFETIME))
		p.presence_lifetime = change->presence_lifetime;
	hr = peergroup_set_properties(group, &p);
	peergroup_free(all);
	return hr;
}

static int change_and_show(peergroup_t group, const char *friendly, const struct change *change)
{
	struct peergroup_properties *p;
	HRESULT hr = change->given ? apply(group, change) : S_OK;

	if (FAILED(hr))
		return fail_result(hr, "cannot change the properties of '%s'", friendly);
	hr = peergroup_properties(group, &p);
	if (FAILED(hr))
		return fail_result(hr, "cannot ask for the properties of '%s'", friendly);
	if (opt_json)
		show_json(p);
	else
		show_text(p);
	peergroup_free(p);
	return EXIT_OK;
}

/* A group that is not up is what it was when this host saw it last. */
static int properties(const char *arg, const struct change *change)
{
	struct group_ref ref;
	peergroup_t group;
	HRESULT hr;
	int ret = find_group(arg, &ref);

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_open(ref.identity, ref.name, &group);
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot open group '%s'", ref.friendly);
	} else {
		ret = change_and_show(group, ref.friendly, change);
		peergroup_close(group);
	}
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

static int take_option(int option, struct change *change)
{
	change->given |= 1U << (option - OPT_OWN);
	switch (option) {
	case NAME:
		if (!*optarg)
			return usage("--name: a name that is not empty is wanted");
		change->name = optarg;
		break;
	case COMMENT:
		change->comment = optarg;
		break;
	case FLAGS:
		if (!parse_flags(optarg, &change->flags))
			return usage("--flags %s: member-data-optional, disable-presence, defer-expiration or none",
				     optarg);
		break;
	case MEMBER_LIFETIME:
		if (!parse_seconds(optarg, &change->member_lifetime))
			return usage("--member-lifetime %s: not a time", optarg);
		break;
	default:
		if (!parse_seconds(optarg, &change->presence_lifetime))
			return usage("--presence-lifetime %s: not a time", optarg);
		if (change->presence_lifetime < PRESENCE_MIN)
			return usage("--presence-lifetime %s: 5 minutes or more", optarg);
	}
	return EXIT_OK;
}

int cmd_properties(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, NAME },
		{ "comment", required_argument, NULL, COMMENT },
		{ "flags", required_argument, NULL, FLAGS },
		{ "member-lifetime", required_argument, NULL, MEMBER_LIFETIME },
		{ "presence-lifetime", required_argument, NULL, PRESENCE_LIFETIME },
		COMMON_OPTIONS
	};
	struct change change = { 0 };
	int c, status;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		status = take_option(c, &change);
		if (status != EXIT_OK)
			return status;
	}
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	return properties(argv[optind], &change);
}
