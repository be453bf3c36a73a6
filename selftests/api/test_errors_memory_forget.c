// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * An address that a group was connected to is forgotten: what that says, and, without
 * memory, that it is remembered still.
 */
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

#define ADDRESS	"127.0.0.1:4001"

static void test_results(void)
{
	NEED(!peergroup_connect(ours, ADDRESS));
	NEED(!peergroup_connect(ours, "[::1]:4001"));
	HR(peergroup_forget_address(alice, group_name, "127.0.0.1:4002"), S_FALSE);
	HR(peergroup_forget_address(alice, group_name, ADDRESS), S_OK);
	HR(peergroup_forget_address(alice, group_name, ADDRESS), S_FALSE);
	HR(peergroup_forget_address(alice, group_name, "[0:0:0::1]:4001"), S_OK);
	HR(peergroup_forget_address(NULL, group_name, "[::1]:4001"), S_FALSE);
	HR(peergroup_forget_address("", group_name, "[::1]:4001"), S_FALSE);
	HR(peergroup_forget_address(alice, group_name, "nowhere"), PEER_E_INVALID_ADDRESS);
	HR(peergroup_forget_address(alice, NOBODY, ADDRESS), PEER_E_NOT_FOUND);
	HR(peergroup_forget_address(NOBODY, group_name, ADDRESS), PEER_E_NOT_FOUND);
	HR(peergroup_forget_address("?", group_name, ADDRESS), E_INVALIDARG);
	HR(peergroup_forget_address(alice, "?", ADDRESS), E_INVALIDARG);
	HR(peergroup_forget_address(alice, NULL, ADDRESS), E_INVALIDARG);
	HR(peergroup_forget_address(alice, group_name, NULL), E_INVALIDARG);
}

static HRESULT forget_once(void)
{
	HRESULT hr;

	NEED(!peergroup_connect(ours, ADDRESS));
	hr = ARMED(peergroup_forget_address(alice, group_name, ADDRESS));
	HR(peergroup_forget_address(alice, group_name, ADDRESS), FAILED(hr) ? S_OK : S_FALSE);
	return hr;
}

static HRESULT forget_default_once(void)
{
	return ARMED(peergroup_forget_address(NULL, group_name, ADDRESS));
}

static void test_memory(void)
{
	heap_walk(forget_once, NULL);
	heap_walk(forget_default_once, walk_files);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what is remembered, and what is not", test_results },
		{ "without memory", test_memory },
	};

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
