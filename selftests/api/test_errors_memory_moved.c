// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// long: a walk of some hundred allocations, most of them with a link or a key file
// valgrind: no: malloc() is replaced
/*
 * No memory: export and import of identities, configurations and databases, by both APIs,
 * with each allocation that a call makes failing in turn, and the data folder as it was
 * before. What libcrypto allocates for itself is left alone here, and passwords
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

static char *carols_utf8;

static HRESULT import_identity_utf8_once(void)
{
	char *name = &bad_handle;
	HRESULT hr = ARMED(peergroup_identity_import(carols_utf8, PASSWORD, &name));

	if (SUCCEEDED(hr))
		HR(peergroup_identity_delete(name), S_OK);
	return walk_given(hr, name);
}

ERROR(PeerIdentityImport, E_OUTOFMEMORY, "each allocation in turn")
{
	export_carol();
	heap_walk(import_identity_once, walk_files);
	NEED(!peergroup_utf8_from_wide(carols, &carols_utf8));
	heap_walk(import_identity_utf8_once, walk_files);
	peergroup_free(carols_utf8);
	PeerFreeData(carols);
}

/* -------------------------------------------------------- configurations -- */

static HRESULT export_config_once(void)
{
	return TEXT(PeerGroupExportConfig, bobs, wide(PASSWORD));
}

static HRESULT export_config_utf8_once(void)
{
	return GIVES(peergroup_export_config, bobs, PASSWORD);
}

ERROR(PeerGroupExportConfig, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(export_config_once, walk_files);
	heap_walk(export_config_utf8_once, walk_files);
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

static char *config_utf8;

static HRESULT import_config_utf8_once(void)
{
	char *who = &bad_handle, *which = &bad_handle;
	HRESULT hr = ARMED(peergroup_import_config(config_utf8, PASSWORD, false, &who, &which));

	if (SUCCEEDED(hr)) {
		CHECK(!strcmp(who, bob) && !strcmp(which, group_name));
		HR(peergroup_delete(who, which), S_OK);
	}
	walk_given(hr, which);
	return walk_given(hr, who);
}

static HRESULT replace_config_utf8_once(void)
{
	char *who = &bad_handle, *which = &bad_handle;
	HRESULT hr = ARMED(peergroup_import_config(config_utf8, PASSWORD, true, &who, &which));

	walk_given(hr, which);
	return walk_given(hr, who);
}

ERROR(PeerGroupImportConfig, E_OUTOFMEMORY, "each allocation in turn, alone and in place of another")
{
	NEED(!PeerGroupClose(bobs));
	NEED(!PeerGroupDelete(wide(bob), wide(group_name)));
	heap_walk(import_config_once, walk_files);
	heap_walk(replace_config_once, walk_files);
	NEED(!PeerGroupDelete(wide(bob), wide(group_name)));
	NEED(!peergroup_utf8_from_wide(config, &config_utf8));
	heap_walk(import_config_utf8_once, walk_files);
	heap_walk(replace_config_utf8_once, walk_files);
	peergroup_free(config_utf8);
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

static HRESULT export_utf8_once(void)
{
	struct peergroup_transfer counts;
	HRESULT hr = ARMED(peergroup_export_database(ours, path, &counts));

	if (SUCCEEDED(hr))
		CHECK(counts.records >= 2 && !unlink(path));
	return hr;
}

ERROR(PeerGroupExportDatabase, E_OUTOFMEMORY, "each allocation in turn")
{
	snprintf(path, sizeof(path), "%s/database", getenv("PEERGROUP_HOME"));
	add_record();
	add_record();
	heap_walk(export_once, walk_files);
	heap_walk(export_utf8_once, walk_files);
	NEED(!PeerGroupExportDatabase(ours, wide(path)));
}

/* What is in the file is in the group already or after a part of it: nothing is taken away. */
static HRESULT import_once(void)
{
	HRESULT hr = ARMED(PeerGroupImportDatabase(ours, wide(path)));

	CHECK(count_records(ours, &rules_type) == 2);
	return hr;
}

static HRESULT import_utf8_once(void)
{
	struct peergroup_transfer counts;
	HRESULT hr = ARMED(peergroup_import_database(ours, path, NULL, NULL, &counts));

	CHECK(FAILED(hr) || counts.present >= 2);
	CHECK(count_records(ours, &rules_type) == 2);
	return hr;
}

ERROR(PeerGroupImportDatabase, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(import_once, walk_files);
	heap_walk(import_utf8_once, walk_files);
}

int main(void)
{
	rules_begin();
	walk_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
