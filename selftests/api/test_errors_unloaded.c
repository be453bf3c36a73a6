// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * The kernel module goes away while a program has a group open, which ends the group:
 * each call that asks the kernel says so, in words other than those about a group that was
 * deleted, and so it stays when the module is back. Each case is called as in rules.tsv.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define UNAVAILABLE	HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE)

static GUID added;

/* Others that use it are on their way out: a socket that is closed, a work that ends. */
static bool unloaded(void *arg)
{
	(void)arg;
	return !syscall(SYS_delete_module, "peergroup", O_NONBLOCK);
}

static void check_unavailable(void)
{
	PEER_RECORD r = new_record(), *got = &r;
	HPEERENUM list = (HPEERENUM)&bad_handle;
	DWORD status = 99;

	refuse(&r, UNAVAILABLE);
	HR(PeerGroupGetRecord(ours, &added, &got), UNAVAILABLE);
	CHECK(!got);
	HR(PeerGroupDeleteRecord(ours, &added), UNAVAILABLE);
	HR(PeerGroupEnumRecords(ours, NULL, &list), UNAVAILABLE);
	CHECK(!list);
	HR(PeerGroupGetStatus(ours, &status), UNAVAILABLE);
	CHECK(!status);
	HR(PeerGroupConnect(ours), UNAVAILABLE);
	CHECK(strstr(peergroup_error_detail(), "unloaded"), "it says \"%s\"",
	      peergroup_error_detail());
}

ERROR(PeerGroupPeerTimeToUniversalTime, RPC_S_SERVER_UNAVAILABLE, "the module went away under an open group")
{
	FILETIME t = { 1, 1 };

	added = add_record();
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, &t), S_OK);
	t = (FILETIME){ 1, 1 };
	NEED(wait_until(unloaded, NULL));
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, &t), UNAVAILABLE);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
	check_unavailable();
}

ERROR(PeerGroupUniversalTimeToPeerTime, RPC_S_SERVER_UNAVAILABLE, "the module went away, and is back")
{
	FILETIME t = { 1, 1 };
	HGROUP again;

	HR(PeerGroupUniversalTimeToPeerTime(ours, &t, &t), UNAVAILABLE);
	need_module();
	HR(PeerGroupUniversalTimeToPeerTime(ours, &t, &t), UNAVAILABLE);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
	check_unavailable();
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &again), S_OK);
	HR(PeerGroupUniversalTimeToPeerTime(again, &t, &t), S_OK);
	CHECK(!count_records(again, NULL), "they are the kernel's, and there is no other host");
	HR(PeerGroupClose(again), S_OK);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
