// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// long: a walk of some hundred allocations, most of them with a link or a key file
// valgrind: no: malloc() is replaced
/*
 * No memory: export and import of identities, configurations and databases, and joining by
 * password, with each allocation that a call makes failing in turn, and the data folder as
 * it was before. What libcrypto allocates for itself is left alone here, and passwords
 * cost no time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

static PWSTR config;			/* Bob's membership */

static char path[512];			/* of the database's file */

/* ------------------------------------------------------------ identities -- */

static PWSTR carols;

/* She is not here any more when she has been exported. */
static void export_carol(void)
{
	char *carol;

	NEED(!peergroup_identity_create("carol", NULL, &carol));
	NEED(!PeerIdentityExport(wide(carol), wide(PASSWORD), &carols));
	NEED(!PeerIdentityDelete(wide(carol)));
	peergroup_free(carol);
}

static HRESULT import_identity_once(void)
{
	PWSTR name = BAD_TEXT;
	HRESULT hr = ARMED(PeerIdentityImport(carols, wide(PASSWORD), &name));

	if (SUCCEEDED(hr))
		HR(PeerIdentityDelete(name), S_OK);
	return walk_text(hr, name);
}

ERROR(PeerIdentityImport, E_OUTOFMEMORY, "each allocation in turn")
{
	export_carol();
	heap_walk(import_identity_once, walk_files);
	PeerFreeData(carols);
}

/* -------------------------------------------------------- configurations -- */

static HRESULT export_config_once(void)
{
	return TEXT(PeerGroupExportConfig, bobs, wide(PASSWORD));
}

ERROR(PeerGroupExportConfig, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(export_config_once, walk_files);
	NEED(!PeerGroupExportConfig(bobs, wide(PASSWORD), &config));
}

static HRESULT import_config_once(void)
{
	PWSTR who = BAD_TEXT, which = BAD_TEXT;
	HRESULT hr = ARMED(PeerGroupImportConfig(config, wide(PASSWORD), FALSE, &who, &which));

	if (SUCCEEDED(hr)) {
		CHECK(same(who, bob) && same(which, group_name));
		HR(PeerGroupDelete(who, which), S_OK);
	}
	walk_text(hr, which);
	return walk_text(hr, who);
}

/* The one that is there stays, or all of the new one takes its place. */
static HRESULT replace_config_once(void)
{
	PWSTR who = BAD_TEXT, which = BAD_TEXT;
	HRESULT hr = ARMED(PeerGroupImportConfig(config, wide(PASSWORD), TRUE, &who, &which));

	walk_text(hr, which);
	return walk_text(hr, who);
}

ERROR(PeerGroupImportConfig, E_OUTOFMEMORY, "each allocation in turn, alone and in place of another")
{
	NEED(!PeerGroupClose(bobs));
	NEED(!PeerGroupDelete(wide(bob), wide(group_name)));
	heap_walk(import_config_once, walk_files);
	heap_walk(replace_config_once, walk_files);
	PeerFreeData(config);
}

/* ------------------------------------------------------------- databases -- */

static HRESULT export_once(void)
{
	HRESULT hr = ARMED(PeerGroupExportDatabase(ours, wide(path)));

	if (SUCCEEDED(hr))
		CHECK(!unlink(path));
	return hr;
}

ERROR(PeerGroupExportDatabase, E_OUTOFMEMORY, "each allocation in turn")
{
	snprintf(path, sizeof(path), "%s/database", getenv("PEERGROUP_HOME"));
	add_record();
	add_record();
	heap_walk(export_once, walk_files);
	NEED(!PeerGroupExportDatabase(ours, wide(path)));
}

/* What is in the file is in the group already or after a part of it: nothing is taken away. */
static HRESULT import_once(void)
{
	HRESULT hr = ARMED(PeerGroupImportDatabase(ours, wide(path)));

	CHECK(count_records(ours, &rules_type) == 2);
	return hr;
}

ERROR(PeerGroupImportDatabase, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(import_once, walk_files);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
