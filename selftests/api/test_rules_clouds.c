// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of clouds: which names there are, what they are called in a group and its
 * invitations, and each error of the functions that take one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define FIRST_LINK	"LinkLocal_pgl0"
#define LONGEST		256
#define X35		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_COMMENT	"#" X35 X35 X35 X35 X35 X35 X35 X35 "xxxxxx"	/* 287 characters */
#define SECOND_LINK	"LinkLocal_pgl1"

static void write_file(const char *folder, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/clouds", folder);
	file = fopen(path, "w");
	NEED(file && fputs(text, file) >= 0 && !fclose(file));
}

/* The longest name there may be, and one that is longer: lines of the user's file. */
static const char *long_names(void)
{
	static char text[3 * (2 * LONGEST + 1) + 3];
	unsigned int i;

	for (i = 0; i < 2 * LONGEST + 1; i++)
		strcat(text, i == LONGEST ? "\n\u20ac" : "\u20ac");
	return strcat(text, "\n");
}

static HRESULT create(const char *cloud, HGROUP *group)
{
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .pwzCreatorPeerName = wide(alice),
		.pwzCloud = cloud ? wide(cloud) : NULL,
	};

	*group = BAD_GROUP;
	return PeerGroupCreate(&p, group);
}

static void refuse_create(const char *cloud, HRESULT expected)
{
	HGROUP g;

	HR(create(cloud, &g), expected);
	CHECK(!g);
}

/* An invitation of Bob to a new group in that cloud, to be freed. The group is closed. */
static char *invite_from(const char *cloud)
{
	char *xml, *text;
	HGROUP g;

	NEED(!create(cloud, &g));
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite((peergroup_t)g, xml, 0, PEERGROUP_ROLE_MEMBER, &text));
	peergroup_free(xml);
	HR(PeerGroupClose(g), S_OK);
	return text;
}

static void check_invitation(const char *text, const char *cloud, DWORD scope, DWORD flags)
{
	PEER_INVITATION_INFO *info;

	NEED(!PeerGroupParseInvitation(wide(text), &info));
	CHECK(same(info->pwzCloudName, cloud), "not in %s", cloud);
	CHECK(info->dwScope == scope && info->dwCloudFlags == flags);
	PeerFreeData(info);
}

static bool is_in(HGROUP group, const char *cloud)
{
	PEER_GROUP_PROPERTIES *p;
	bool is;

	NEED(!PeerGroupGetProperties(group, &p));
	is = same(p->pwzCloud, cloud);
	PeerFreeData(p);
	return is;
}

/* Under the name that the member knows it by its cloud comes out again. */
static HRESULT join(const char *text, const char *cloud, const char *expected)
{
	char *xml;
	HGROUP g;
	HRESULT hr;

	hr = PeerGroupJoin(wide(bob), wide(text), cloud ? wide(cloud) : NULL, &g);
	CHECK(!g == FAILED(hr));
	if (FAILED(hr))
		return hr;
	NEED(!peergroup_export_config((peergroup_t)g, "password", &xml));
	CHECK(strstr(xml, expected), "not in %s", expected);
	peergroup_free(xml);
	HR(PeerGroupClose(g), S_OK);
	return hr;
}

RULE(CL1, "NULL, an empty name, global and Global_ are the cloud that is everywhere")
{
	static const char *const names[] = { NULL, "", "global", "GLOBAL", "Global_" };
	PEER_GROUP_PROPERTIES *p;
	unsigned int i;
	HGROUP g;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		HR(create(names[i], &g), S_OK);
		NEED(!PeerGroupGetProperties(g, &p));
		p->pwzCloud = wide("Global_");
		HR(PeerGroupSetProperties(g, p), S_OK);
		PeerFreeData(p);
		HR(PeerGroupClose(g), S_OK);
	}
}

/* UTF-16 counts: here it takes three bytes a character. */
static void check_length(void)
{
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p), .pwzCreatorPeerName = wide(alice) };
	WCHAR name[LONGEST + 2] = { 0 };
	unsigned int i;
	HGROUP g;

	for (i = 0; i < LONGEST; i++)
		name[i] = 0x20ac;
	p.pwzCloud = name;
	HR(PeerGroupCreate(&p, &g), S_OK);
	if (g)
		HR(PeerGroupClose(g), S_OK);
	name[i] = 0x20ac;
	HR(PeerGroupCreate(&p, &g), PEER_E_NO_CLOUD);
}

/* No other file is read in place of the user's, and the host's by itself is good. */
static void check_link(void)
{
	char path[200], other[210];
	HGROUP g;

	snprintf(path, sizeof(path), "%s/clouds", getenv("PEERGROUP_HOME"));
	snprintf(other, sizeof(other), "%s.aside", path);
	NEED(!rename(path, other));
	NEED(!symlink(other, path));
	refuse_create("wide", PEER_E_NO_CLOUD);
	HR(create("Campus", &g), S_OK);
	HR(PeerGroupClose(g), S_OK);
	NEED(!unlink(path) && !rename(other, path));
}

RULE(CL2, "what files of the host and the user name is a cloud, and goes along with a group")
{
	char *text;
	HGROUP g;

	HR(create("Campus", &g), S_OK);
	CHECK(is_in(g, "campus"), "as the file has it");
	HR(PeerGroupClose(g), S_OK);
	text = invite_from("campus");
	check_invitation(text, "campus", PNRP_SITE_LOCAL_SCOPE, 0);
	HR(join(text, NULL, "<CLOUDNAME>campus</CLOUDNAME><SCOPE>SITELOCAL</SCOPE>"), S_OK);
	peergroup_free(text);
	text = invite_from("wide");
	check_invitation(text, "wide", PNRP_GLOBAL_SCOPE, 0);
	HR(join(text, "campus", "<CLOUDNAME>campus</CLOUDNAME>"), S_OK);
	peergroup_free(text);
	check_length();
	refuse_create("third", PEER_E_NO_CLOUD);
	refuse_create("tail", PEER_E_NO_CLOUD);
	check_link();
}

/* Who cannot choose one is in the one that is everywhere. Bob leaves again. */
static void join_native(const char *text)
{
	struct peergroup_status *status;
	peergroup_t g;
	char *xml;

	HR(peergroup_join(bob, text, &g), S_OK);
	if (!g)
		return;
	NEED(!peergroup_export_config(g, "password", &xml));
	CHECK(strstr(xml, "<CLOUDNAME>Global_</CLOUDNAME>"));
	peergroup_free(xml);
	NEED(!peergroup_status(g, &status));
	HR(peergroup_delete(bob, status->name), S_OK);
	peergroup_free(status);
}

RULE(CL3, "a link is a cloud, called by its interface, where it is this host's alone")
{
	char *text;

	refuse_create("LinkLocal_", PEER_E_NO_CLOUD);
	refuse_create("LinkLocal_lo", PEER_E_NO_CLOUD);
	NEED(!system("ip link add pgl0 type dummy"));
	text = invite_from("LinkLocal_");
	check_invitation(text, FIRST_LINK, PNRP_LINK_LOCAL_SCOPE, PNRP_CLOUD_NAME_LOCAL);
	HR(join(text, NULL, "<CLOUDNAME>" FIRST_LINK "</CLOUDNAME><SCOPE>LINKLOCAL</SCOPE>"
		"<CLOUDFLAGS>1</CLOUDFLAGS>"), S_OK);
	peergroup_free(text);
	text = invite_from(FIRST_LINK);
	NEED(!system("ip link add pgl1 type dummy"));
	HR(join(text, NULL, ""), PEER_E_CLOUD_NAME_AMBIGUOUS);
	join_native(text);
	HR(join(text, SECOND_LINK, "<CLOUDNAME>" SECOND_LINK "</CLOUDNAME>"), S_OK);
	HR(join(text, NULL, "<CLOUDNAME>" SECOND_LINK "</CLOUDNAME>"), S_OK);
	peergroup_free(text);
	NEED(!system("ip link add PGL1 type dummy"));
	text = invite_from(SECOND_LINK);
	check_invitation(text, SECOND_LINK, PNRP_LINK_LOCAL_SCOPE, PNRP_CLOUD_NAME_LOCAL);
	peergroup_free(text);
	refuse_create("LinkLocal_Pgl1", PEER_E_CLOUD_NAME_AMBIGUOUS);
}

/* --------------------------------------------------------------- ambiguous -- */

ERROR(PeerGroupCreate, PEER_E_CLOUD_NAME_AMBIGUOUS, "of several clouds, and of any link")
{
	refuse_create("twice", PEER_E_CLOUD_NAME_AMBIGUOUS);
	refuse_create("both", PEER_E_CLOUD_NAME_AMBIGUOUS);
	refuse_create("LinkLocal_", PEER_E_CLOUD_NAME_AMBIGUOUS);
	refuse_create("badscope", PEER_E_NO_CLOUD);
}

ERROR(PeerGroupOpen, PEER_E_CLOUD_NAME_AMBIGUOUS, "of several clouds, and of any link")
{
	HGROUP g = BAD_GROUP;

	HR(PeerGroupOpen(wide(alice), wide(group_name), wide("twice"), &g),
	   PEER_E_CLOUD_NAME_AMBIGUOUS);
	CHECK(!g);
	HR(PeerGroupOpen(wide(alice), wide(group_name), wide(FIRST_LINK), &g), S_OK);
	HR(PeerGroupClose(g), S_OK);
}

ERROR(PeerGroupJoin, PEER_E_CLOUD_NAME_AMBIGUOUS, "of several clouds, and of any link")
{
	char *text = invite_from(NULL);

	HR(join(text, "twice", ""), PEER_E_CLOUD_NAME_AMBIGUOUS);
	HR(join(text, "LinkLocal_", ""), PEER_E_CLOUD_NAME_AMBIGUOUS);
	HR(join(text, NULL, "<CLOUDNAME>Global_</CLOUDNAME>"), S_OK);
	peergroup_free(text);
}

/* An invitation to nobody's group, to be freed. */
static char *by_password(const char *cloud)
{
	char *text;

	NEED(asprintf(&text, "<PEERINVITATION VERSION=\"1.1\"><CLOUDNAME>%s</CLOUDNAME>"
		      "<SCOPE>GLOBAL</SCOPE><CLOUDFLAGS>0</CLOUDFLAGS><GROUPPEERNAME>" NOBODY
		      "</GROUPPEERNAME><GROUPFRIENDLYNAME>x</GROUPFRIENDLYNAME></PEERINVITATION>",
		      cloud) > 0);
	return text;
}

static HRESULT join_by_password(const char *cloud, const char *argument)
{
	char *text = by_password(cloud);
	HGROUP g = BAD_GROUP;
	HRESULT hr;

	hr = PeerGroupPasswordJoin(wide(bob), wide(text), wide("password"),
				   argument ? wide(argument) : NULL, &g);
	CHECK(!g == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(PeerGroupClose(g), S_OK);
	free(text);
	return hr;
}

static HRESULT join_by_password_native(const char *cloud)
{
	char *text = by_password(cloud);
	peergroup_t g;
	HRESULT hr;

	hr = peergroup_join_password(bob, text, "password", &g);
	CHECK(!g == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_delete(bob, NOBODY), S_OK);
	free(text);
	return hr;
}

ERROR(PeerGroupPasswordJoin, PEER_E_CLOUD_NAME_AMBIGUOUS, "of several clouds, and of any link")
{
	HR(join_by_password("twice", NULL), PEER_E_CLOUD_NAME_AMBIGUOUS);
	HR(join_by_password("global", "twice"), PEER_E_CLOUD_NAME_AMBIGUOUS);
	HR(join_by_password("nowhere", NULL), PEER_E_NO_CLOUD);
	HR(join_by_password_native("twice"), S_OK);
	HR(join_by_password_native("nowhere"), S_OK);
	HR(join_by_password("twice", "campus"), S_OK);
	HR(join_by_password("twice", NULL), PEER_S_ALREADY_A_MEMBER);
}

int main(void)
{
	char users[3000];
	int status;

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	NEED(!mkdir("/etc/peergroup", 0755) || errno == EEXIST);
	write_file("/etc/peergroup", "# The host's clouds\ncampus SITELOCAL\n\nboth\n");
	snprintf(users, sizeof(users), "wide global\t# all there is\nboth\ntwice\nTwice\n"
		 "badscope everywhere\nthird GLOBAL GLOBAL\n%s%stail\nLinkLocal_lo",
		 long_names(), LONG_COMMENT);
	write_file(getenv("PEERGROUP_HOME"), users);
	status = rules_main();
	/* The machine's, which other tests use after this one. */
	unlink("/etc/peergroup/clouds");
	return status;
}
