// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * A member that moves: the database and the configuration of a group as files and texts,
 * what of them a program is documented to rely on, and what the calls return where
 * something is in the way. Each case is called as in rules.tsv.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define PASSWORD	"correct horse"
#define BAD_TEXT	((PWSTR)&bad_handle)

static GUID kept, changed, gone;	/* records of Bob's file */
static char *other_name;		/* another group of Bob's */
static PWSTR config;

/* A path in the data folder, good until the next call but one. */
static const char *file(const char *name)
{
	static char path[2][512];
	static unsigned int next;
	char *p = path[next++ % 2];

	snprintf(p, sizeof(path[0]), "%s/%s", getenv("PEERGROUP_HOME"), name);
	return p;
}

static HRESULT export_to(HGROUP group, const char *path)
{
	return PeerGroupExportDatabase(group, wide(path));
}

static HRESULT import_from(HGROUP group, const char *path)
{
	return PeerGroupImportDatabase(group, wide(path));
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	NEED(f && fputs(text, f) >= 0 && !fclose(f));
}

static GUID bobs_own(void)
{
	PEER_RECORD r = new_record();
	GUID id;

	NEED(!PeerGroupAddRecord(bobs, &r, &id));
	return id;
}

static void update(const GUID *id)
{
	PEER_RECORD *r = get_record(bobs, id);

	NEED(r);
	HR(PeerGroupUpdateRecord(bobs, r), S_OK);
	PeerFreeData(r);
}

static PWSTR exported;			/* Alice's identity */

ERROR(PeerIdentityImport, PEER_E_ALREADY_EXISTS, "the identity is there")
{
	PWSTR s = BAD_TEXT;

	NEED(!PeerIdentityExport(wide(alice), wide(PASSWORD), &exported));
	HR(PeerIdentityImport(exported, wide(PASSWORD), &s), PEER_E_ALREADY_EXISTS);
	CHECK(!s);
}

static HRESULT import_identity(void *arg)
{
	return PeerIdentityImport(exported, wide(PASSWORD), arg);
}

ERROR(PeerIdentityImport, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(import_identity, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
}

ERROR(PeerIdentityImport, PEER_E_CERT_STORE_CORRUPTED, "what is kept of another is damaged")
{
	PWSTR s = BAD_TEXT;

	rules_damage("info", true);
	HR(PeerIdentityImport(exported, wide(PASSWORD), &s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
	rules_damage("info", false);
	PeerFreeData(exported);
}

/* ---------------------------------------------------------- one's database -- */

RULE(I1, "an export is a snapshot at an absolute path, in place of what is there")
{
	struct stat st;
	GUID later;

	rules_connect();
	rules_part();
	kept = bobs_own();
	changed = bobs_own();
	gone = bobs_own();
	HR(export_to(bobs, file("before")), S_OK);
	HR(PeerGroupDeleteRecord(bobs, &gone), S_OK);
	write_file(file("bob"), "what was there");
	HR(export_to(bobs, file("bob")), S_OK);
	CHECK(!stat(file("bob"), &st) && (st.st_mode & 0777) == 0600);
	later = bobs_own();
	HR(import_from(bobs, file("bob")), S_OK);
	CHECK(version_of(bobs, &later) == 1, "it is not in the file, and stays");
}

RULE(I3, "an import is for a group that is not connected")
{
	HGROUP second;

	rules_meet();
	HR(import_from(bobs, file("bob")), PEER_E_GROUP_IN_USE);
	NEED(!peergroup_open(bob, group_name, (peergroup_t *)&second));
	HR(import_from(second, file("bob")), PEER_E_GROUP_IN_USE);
	HR(PeerGroupClose(second), S_OK);
}

RULE(I6, "an export may be made of a group that is connected")
{
	HR(export_to(bobs, file("online")), S_OK);
	rules_part();
	HR(import_from(bobs, file("online")), S_OK);
}

RULE(I4, "who has made a group may import into it, too")
{
	GUID id = add_record();

	HR(export_to(ours, file("alice")), S_OK);
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &ours), S_OK);
	HR(import_from(ours, file("alice")), S_OK);
	CHECK(version_of(ours, &id) == 1);
}

RULE(I5, "a file is for the same member of the same group")
{
	struct peergroup_status *status;
	HGROUP other;

	HR(import_from(bobs, file("alice")), PEER_E_INVALID_DATABASE);
	NEED(!peergroup_create(bob, NULL, (peergroup_t *)&other));
	NEED(!peergroup_status(other, &status));
	other_name = strdup(status->name);
	peergroup_free(status);
	HR(import_from(other, file("bob")), PEER_E_INVALID_DATABASE);
	HR(PeerGroupClose(other), S_OK);
}

RULE(I7, "a file that is not there is ERROR_FILE_NOT_FOUND")
{
	HR(import_from(bobs, file("nothing")), HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND));
}

RULE(I8, "what is there and in the file is merged: the later version stays")
{
	update(&changed);
	HR(PeerGroupDeleteRecord(bobs, &kept), S_OK);
	HR(import_from(bobs, file("bob")), S_OK);
	CHECK(version_of(bobs, &changed) == 2);
	CHECK(version_of(bobs, &kept) == 0, "deleted after the file was made");
	HR(export_to(bobs, file("bob")), S_OK);
}

/* ----------------------------------------------------------- configuration -- */

ERROR(PeerGroupExportConfig, E_INVALIDARG, "no password, an empty one, or no room")
{
	PWSTR s = BAD_TEXT;

	HR(PeerGroupExportConfig(bobs, NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerGroupExportConfig(bobs, wide(""), &s), E_INVALIDARG);
	HR(PeerGroupExportConfig(bobs, wide("x"), NULL), E_INVALIDARG);
}

ERROR(PeerGroupExportConfig, PEER_E_INVALID_GROUP, "no group's handle")
{
	PWSTR s = BAD_TEXT;

	HR(PeerGroupExportConfig(BAD_GROUP, wide("x"), &s), PEER_E_INVALID_GROUP);
	CHECK(!s);
}

static HRESULT export_config(void *arg)
{
	return PeerGroupExportConfig(bobs, wide(PASSWORD), arg);
}

ERROR(PeerGroupExportConfig, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(export_config, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
	HR(export_config(&config), S_OK);
	NEED(config);
}

#define IMPORT(xml, password, overwrite, expected) do {				\
	PWSTR i_ = BAD_TEXT, g_ = BAD_TEXT;					\
										\
	HR(PeerGroupImportConfig(xml, password, overwrite, &i_, &g_), expected);	\
	CHECK(!i_ && !g_);							\
} while (0)

ERROR(PeerGroupImportConfig, E_INVALIDARG, "no text, password or room; another password")
{
	PWSTR s = BAD_TEXT;

	IMPORT(NULL, wide(PASSWORD), FALSE, E_INVALIDARG);
	IMPORT(config, NULL, FALSE, E_INVALIDARG);
	IMPORT(config, wide(""), FALSE, E_INVALIDARG);
	IMPORT(config, wide("battery staple"), TRUE, E_INVALIDARG);
	IMPORT(wide("<PEERGROUPCONFIG/>"), wide(PASSWORD), FALSE, E_INVALIDARG);
	HR(PeerGroupImportConfig(config, wide(PASSWORD), FALSE, NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerGroupImportConfig(config, wide(PASSWORD), FALSE, &s, NULL), E_INVALIDARG);
}

ERROR(PeerGroupImportConfig, PEER_E_ALREADY_EXISTS, "the group is there, and not to be replaced")
{
	IMPORT(config, wide(PASSWORD), FALSE, PEER_E_ALREADY_EXISTS);
}

ERROR(PeerGroupImportConfig, PEER_E_GROUP_IN_USE, "it is to be replaced, and is open")
{
	IMPORT(config, wide(PASSWORD), TRUE, PEER_E_GROUP_IN_USE);
}

/* As on another computer: Bob's identity is there, of the group nothing is. */
RULE(Y9, "a configuration that may replace one needs none")
{
	PWSTR who, which;

	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupDelete(wide(bob), wide(group_name)), S_OK);
	HR(PeerGroupImportConfig(config, wide(PASSWORD), TRUE, &who, &which), S_OK);
	NEED(who && which);
	CHECK(same(who, bob) && same(which, group_name));
	HR(PeerGroupOpen(who, which, NULL, &bobs), S_OK);
	PeerFreeData(who);
	PeerFreeData(which);
}

RULE(I9, "what an import adds is told as any change is, and what was deleted is not")
{
	PEER_GROUP_EVENT_DATA *data;
	struct listener l;
	bool last = false;
	GUID next;

	CHECK(count_records(bobs, &rules_type) == 0);
	listen_for(&l, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, &rules_type);
	HR(import_from(bobs, file("bob")), S_OK);
	CHECK(version_of(bobs, &changed) == 2, "an empty group takes all");
	CHECK(hear_change(&l, &changed, PEER_RECORD_ADDED));
	next = bobs_own();
	while (!last && (data = hear(&l))) {
		CHECK(data->recordChangeData.changeType == PEER_RECORD_ADDED);
		CHECK(!guids_equal(&data->recordChangeData.recordId, &gone));
		last = guids_equal(&data->recordChangeData.recordId, &next);
		PeerFreeData(data);
	}
	CHECK(last);
	stop_listening(&l);
}

RULE(Y10, "what was deleted stays so where it comes from a file")
{
	HR(PeerGroupDeleteRecord(bobs, &gone), PEER_E_RECORD_NOT_FOUND);
	/* An older file does not bring it back: the younger one had its tombstone. */
	HR(import_from(bobs, file("before")), S_OK);
	CHECK(version_of(bobs, &gone) == 0 && version_of(bobs, &kept) == 0);
}

/* -------------------------------------------------------- files that fail -- */

ERROR(PeerGroupExportDatabase, E_INVALIDARG, "no path, or a relative one")
{
	HR(PeerGroupExportDatabase(bobs, NULL), E_INVALIDARG);
	HR(export_to(bobs, ""), E_INVALIDARG);
	HR(export_to(bobs, "bob"), E_INVALIDARG);
	HR(export_to(bobs, "C:\\bob"), E_INVALIDARG);
}

ERROR(PeerGroupExportDatabase, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(export_to(BAD_GROUP, file("x")), PEER_E_INVALID_GROUP);
	CHECK(access(file("x"), F_OK));
}

ERROR(PeerGroupExportDatabase, ERROR_PATH_NOT_FOUND, "a folder that is not there")
{
	HR(export_to(bobs, file("no/bob")), HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND));
	HR(export_to(bobs, file("bob/bob")), HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND));
}

ERROR(PeerGroupExportDatabase, ERROR_DIRECTORY, "a folder of that name")
{
	NEED(!mkdir(file("folder"), 0700));
	HR(export_to(bobs, file("folder")), HRESULT_FROM_WIN32(ERROR_DIRECTORY));
}

ERROR(PeerGroupExportDatabase, ERROR_FILE_INVALID, "a socket")
{
	NEED(!mknod(file("socket"), S_IFSOCK | 0600, 0));
	HR(export_to(bobs, file("socket")), HRESULT_FROM_WIN32(ERROR_FILE_INVALID));
}

ERROR(PeerGroupExportDatabase, ERROR_INVALID_NAME, "a path that ends with its folder")
{
	HR(export_to(bobs, file("folder/")), HRESULT_FROM_WIN32(ERROR_INVALID_NAME));
}

/* Nobody's name is longer than NAME_MAX. */
static const char *long_name(void)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	return file(name);
}

ERROR(PeerGroupExportDatabase, ERROR_FILENAME_EXCED_RANGE, "a name that is too long")
{
	HR(export_to(bobs, long_name()), HRESULT_FROM_WIN32(ERROR_FILENAME_EXCED_RANGE));
}

static HRESULT export_file(void *arg)
{
	return export_to(bobs, arg);
}

ERROR(PeerGroupExportDatabase, E_ACCESSDENIED, "a folder that is another user's")
{
	HR(as_nobody(export_file, (void *)file("nobody")), E_ACCESSDENIED);
	CHECK(access(file("nobody"), F_OK));
}

/* What files remain to be opened: none. */
static HRESULT without_files(HRESULT (*call)(void *arg), void *arg)
{
	struct rlimit before, none;
	HRESULT hr;

	NEED(!getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = 0;
	NEED(!setrlimit(RLIMIT_NOFILE, &none));
	hr = call(arg);
	NEED(!setrlimit(RLIMIT_NOFILE, &before));
	return hr;
}

ERROR(PeerGroupExportDatabase, ERROR_TOO_MANY_OPEN_FILES, "no more files may be open")
{
	HR(without_files(export_file, (void *)file("many")),
	   HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES));
}

/* The folder "folder" is a file system of its own, of one page. */
static void mount_folder(unsigned long flags)
{
	NEED(!mount("small", file("folder"), "tmpfs", flags, "size=4k"));
}

ERROR(PeerGroupExportDatabase, PEER_E_DISK_FULL, "there is no room, and what is there stays")
{
	PEER_RECORD r = new_record();
	BYTE data[8192] = { 1 };
	char text[9] = "";
	FILE *f;

	r.data = (PEER_DATA){ sizeof(data), data };
	HR(PeerGroupAddRecord(bobs, &r, &r.id), S_OK);
	mount_folder(0);
	write_file(file("folder/bob"), "old");
	HR(export_to(bobs, file("folder/bob")), PEER_E_DISK_FULL);
	f = fopen(file("folder/bob"), "r");
	CHECK(f && fgets(text, sizeof(text), f) && !strcmp(text, "old"));
	if (f)
		fclose(f);
	CHECK(!unlink(file("folder/bob")) && !umount(file("folder")) && !rmdir(file("folder")),
	      "nothing else is left of it");
}

ERROR(PeerGroupExportDatabase, ERROR_WRITE_PROTECT, "a file system that is read only")
{
	NEED(!mkdir(file("folder"), 0700));
	mount_folder(MS_RDONLY);
	HR(export_to(bobs, file("folder/bob")), HRESULT_FROM_WIN32(ERROR_WRITE_PROTECT));
	NEED(!umount(file("folder")));
}

ERROR(PeerGroupImportDatabase, E_INVALIDARG, "no path, or a relative one")
{
	HR(PeerGroupImportDatabase(bobs, NULL), E_INVALIDARG);
	HR(import_from(bobs, ""), E_INVALIDARG);
	HR(import_from(bobs, "bob"), E_INVALIDARG);
}

ERROR(PeerGroupImportDatabase, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(import_from(BAD_GROUP, file("bob")), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupImportDatabase, PEER_E_GROUP_IN_USE, "the group is connected")
{
	NEED(!peergroup_online(bobs, BOBS_PORT));
	HR(import_from(bobs, file("bob")), PEER_E_GROUP_IN_USE);
	NEED(!peergroup_offline(bobs));
}

ERROR(PeerGroupImportDatabase, PEER_E_INVALID_DATABASE, "no such file, one that was cut off")
{
	struct stat st;

	write_file(file("foreign"), "a file of something else, and long enough to have a head\n");
	HR(import_from(bobs, file("foreign")), PEER_E_INVALID_DATABASE);
	write_file(file("foreign"), "");
	HR(import_from(bobs, file("foreign")), PEER_E_INVALID_DATABASE);
	NEED(!stat(file("online"), &st) && !truncate(file("online"), st.st_size - 1));
	HR(import_from(bobs, file("online")), PEER_E_INVALID_DATABASE);
}

ERROR(PeerGroupImportDatabase, ERROR_FILE_NOT_FOUND, "a file that is not there")
{
	HR(import_from(bobs, file("nothing")), HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND));
}

ERROR(PeerGroupImportDatabase, ERROR_PATH_NOT_FOUND, "a path through a file")
{
	HR(import_from(bobs, file("bob/bob")), HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND));
}

ERROR(PeerGroupImportDatabase, ERROR_DIRECTORY, "a folder")
{
	HR(import_from(bobs, file("folder")), HRESULT_FROM_WIN32(ERROR_DIRECTORY));
}

ERROR(PeerGroupImportDatabase, ERROR_FILENAME_EXCED_RANGE, "a name that is too long")
{
	HR(import_from(bobs, long_name()), HRESULT_FROM_WIN32(ERROR_FILENAME_EXCED_RANGE));
}

ERROR(PeerGroupImportDatabase, ERROR_FILE_INVALID, "a device, or a pipe")
{
	NEED(!mkfifo(file("pipe"), 0600));
	HR(import_from(bobs, file("pipe")), HRESULT_FROM_WIN32(ERROR_FILE_INVALID));
	HR(import_from(bobs, "/dev/null"), HRESULT_FROM_WIN32(ERROR_FILE_INVALID));
}

static HRESULT import_file(void *arg)
{
	return import_from(bobs, arg);
}

ERROR(PeerGroupImportDatabase, E_ACCESSDENIED, "a file that is another user's")
{
	HR(as_nobody(import_file, (void *)file("bob")), E_ACCESSDENIED);
}

ERROR(PeerGroupImportDatabase, ERROR_TOO_MANY_OPEN_FILES, "no more files may be open")
{
	HR(without_files(import_file, (void *)file("bob")),
	   HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES));
}

/* ------------------------------------------------------- and at the end -- */

RULE(Y8, "a configuration moves a member, who connects by it")
{
	rules_connect();
	CHECK(rules_agree(&changed) && version_of(ours, &changed) == 2);
}

ERROR(PeerGroupImportConfig, PEER_E_NOT_FOUND, "its identity is not here")
{
	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupDelete(wide(bob), wide(group_name)), S_OK);
	HR(PeerGroupDelete(wide(bob), wide(other_name)), S_OK);
	HR(PeerIdentityDelete(wide(bob)), S_OK);
	IMPORT(config, wide(PASSWORD), FALSE, PEER_E_NOT_FOUND);
	PeerFreeData(config);
	free(other_name);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
