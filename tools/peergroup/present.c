// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "peergroup members --present": the members that are there, and where.
 */
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "present.h"
#include "table.h"

static HRESULT member_json(const struct peergroup_member *m, void *arg)
{
	unsigned char node[8];
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(node); i++)
		node[i] = m->node >> (56 - 8 * i);
	json_object(NULL);
	json_str("name", m->name);
	json_str("friendly", m->friendly);
	json_roles("roles", m->roles);
	json_hex("node", node, sizeof(node));
	json_array("addresses");
	for (i = 0; i < m->n_addresses; i++)
		json_str(NULL, sockaddr_text(&m->addresses[i]));
	json_end_array();
	json_end_object();
	return S_OK;
}

/* Addresses beyond the first get lines of their own. */
static HRESULT member_row(const struct peergroup_member *m, void *arg)
{
	char *node = xprintf("%016llx", (unsigned long long)m->node);
	size_t i;

	table_row(arg, m->friendly, roles_text(m->roles), node,
		  m->n_addresses ? sockaddr_text(&m->addresses[0]) : "", m->name);
	for (i = 1; i < m->n_addresses; i++)
		table_row(arg, "", "", "", sockaddr_text(&m->addresses[i]), "");
	free(node);
	return S_OK;
}

static int list_present(peergroup_t group)
{
	static const char *const headings[] = {
		"NAME", "ROLES", "NODE", "ADDRESS", "PEER NAME", NULL
	};
	struct table *t = rows_begin(headings);
	HRESULT hr;

	hr = peergroup_members(group, PEER_MEMBER_PRESENT, NULL,
			       opt_json ? member_json : member_row, t);
	if (FAILED(hr))
		return fail_result(hr, "cannot list members");
	rows_end(t);
	return finish();
}

int show_present(const char *arg)
{
	struct group_ref ref;
	peergroup_t group;
	int ret;

	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = list_present(group);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}
