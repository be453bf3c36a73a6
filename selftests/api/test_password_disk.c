// SPDX-License-Identifier: GPL-2.0-only
// timeout: 60
/*
 * A password is set while the disk is full: that is said, and nobody waits for a lock that is
 * one's own. When there is room it is set, by one program and by another that has the same
 * membership and does not know of it yet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

static char filler[128];
static peergroup_t ours, again;

static void fill_disk(void)
{
	static const char page[4096];
	FILE *f = fopen(filler, "w");

	NEED(f);
	setbuf(f, NULL);
	while (fwrite(page, sizeof(page), 1, f) == 1)
		;
	fclose(f);
}

static void test_full(void)
{
	struct peergroup_status *status;
	char *name;

	NEED(!peergroup_identity_create("alice", NULL, &name));
	NEED(!peergroup_create(name, NULL, &ours) && !peergroup_status(ours, &status));
	NEED(!peergroup_open(name, status->name, &again));
	peergroup_free(status);
	fill_disk();
	HR(peergroup_set_password(ours, "correct horse", PEERGROUP_ROLE_MEMBER), PEER_E_DISK_FULL);
	NEED(!unlink(filler));
	HR(peergroup_set_password(ours, "correct horse", PEERGROUP_ROLE_MEMBER), S_OK);
	peergroup_free(name);
}

static void test_other(void)
{
	HR(peergroup_set_password(again, "battery staple", PEERGROUP_ROLE_MEMBER), S_OK);
	HR(peergroup_set_password(ours, NULL, 0), S_OK);
	HR(peergroup_set_password(again, "battery staple", PEERGROUP_ROLE_MEMBER), S_OK);
	HR(peergroup_close(again), S_OK);
	HR(peergroup_close(ours), S_OK);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a full disk is said, and what is set when there is room is kept", test_full },
		{ "by another program, and none", test_other },
	};
	char home[] = "/tmp/password.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !mount("small", home, "tmpfs", 0, "size=256k"));
	NEED(!setenv("PEERGROUP_HOME", home, 1));
	snprintf(filler, sizeof(filler), "%s/filler", home);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
