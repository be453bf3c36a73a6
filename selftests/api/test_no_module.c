// SPDX-License-Identifier: GPL-2.0-only
// timeout: 100
/*
 * Without the kernel module: every call that needs it says so at once, and
 * what is of this user alone works.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uchar.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

#define NO_MODULE	HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL)

static char *name;

static void test_startup(void)
{
	PEER_VERSION_DATA version = { 7, 7 };
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) };
	HGROUP g = &version;

	HR(PeerGroupStartup(PEER_GROUP_VERSION, &version), NO_MODULE);
	CHECK(!version.wVersion && !version.wHighestVersion);
	HR(PeerGroupCreate(&p, &g), PEER_E_NOT_INITIALIZED);
	CHECK(!g);
	HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
}

static void test_words(void)
{
	PEER_VERSION_DATA version;

	CHECK(PeerGroupStartup(PEER_GROUP_VERSION, &version) == NO_MODULE);
	CHECK(strstr(peergroup_error_detail(), "module"), "it says \"%s\"",
	      peergroup_error_detail());
	CHECK(*peergroup_strerror(NO_MODULE));
}

static void test_identity(void)
{
	char *xml;

	HR(peergroup_identity_create("alone", NULL, &name), S_OK);
	NEED(name);
	HR(peergroup_identity_xml(name, &xml), S_OK);
	CHECK(xml && *xml);
	peergroup_free(xml);
}

static void test_native(void)
{
	static const char no_group[] = "0123456789012345678901234567890123456789.x";
	peergroup_t g = (peergroup_t)&name;

	HR(peergroup_create(name, NULL, &g), NO_MODULE);
	CHECK(!g);
	/* Nothing of it was written. */
	HR(peergroup_open(name, no_group, &g), PEER_E_NOT_FOUND);
	HR(peergroup_delete(name, no_group), PEER_E_NOT_FOUND);
	HR(peergroup_identity_delete(name), S_OK);
}

static void test_command(void)
{
	int status = system("peergroup create g > /dev/null 2>&1");

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) && WEXITSTATUS(status) < 126, "%d", status);
}

static void test_netlink(void)
{
	static struct nl nl;

	CHECK(nl_open(&nl) == -ENOENT);
	nl_close(&nl);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "PeerGroupStartup", test_startup },
		{ "it says what is missing", test_words },
		{ "identities need no module", test_identity },
		{ "native calls", test_native },
		{ "the command", test_command },
		{ "there is no such family", test_netlink },
	};
	char home[] = "/tmp/nomodule.XXXXXX";

	if (!access("/sys/module/peergroup", F_OK)) {
		puts("1..0 # SKIP somebody has loaded the module");
		return 4;
	}
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
