// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Exporting a group's table to a file and importing it from one. Of what an import
 * brings, the kernel judges each certificate and each record as if it had come over a
 * link; what it refuses is told and passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "database.h"
#include "members.h"
#include "properties.h"
#include "records.h"
#include "transfer.h"

/* How long to wait where a creator's rate is used up. */
#define RATE_WAIT_NS	20000000L

/* A file that is missing is one thing, a folder another. */
static HRESULT file_failed(int err, const char *what, const char *path, bool folder)
{
	HRESULT hr = folder && err == ENOENT ? HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND) :
		pgi_from_errno(err);

	return pgi_fail(hr, "cannot %s %s: %s", what, path, strerror(err));
}

/* ---------------------------------------------------------------- exporting -- */

static HRESULT write_record(struct pgi_record **record, void *db)
{
	return pgi_database_put(db, PGI_DATABASE_RECORD, (*record)->wire.data,
				(*record)->wire.len);
}

/* Programs' records, then those about the group, which are only told when asked for. */
static HRESULT write_records(struct pgi_nl *nl, uint32_t group, struct pgi_database *db)
{
	static const uint8_t types[][PEERGROUP_ID_LEN] = {
		PEERGROUP_TYPE_PROPERTIES, PEERGROUP_TYPE_MEMBERSHIP, PEERGROUP_TYPE_REVOCATION,
	};
	struct pgi_query q = { .group = group, .tombstones = true };
	HRESULT hr;
	size_t i;

	hr = pgi_fetch(nl, &q, write_record, db, NULL);
	for (i = 0; i < PGI_ARRAY_SIZE(types) && SUCCEEDED(hr); i++) {
		q.type = types[i];
		hr = pgi_fetch(nl, &q, write_record, db, NULL);
	}
	return hr;
}

struct certs {
	struct pgi_database *db;
	HRESULT hr;
};

/* All but the root's, which who opens the group has. */
static int write_cert(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_MEMBER_MAX + 1], *cert;
	struct certs *c = arg;

	pgi_nl_parse(msg, a, PEERGROUP_A_MEMBER_MAX);
	cert = a[PEERGROUP_A_MEMBER_CERT];
	if (!cert || !pgi_nl_u32(a[PEERGROUP_A_MEMBER_DEPTH]))
		return 0;
	c->hr = pgi_database_put(c->db, PGI_DATABASE_CERT, mnl_attr_get_payload(cert),
				 mnl_attr_get_payload_len(cert));
	return FAILED(c->hr) ? -ECANCELED : 0;
}

/* After the records: those who have signed them are known by then. */
static HRESULT write_certs(struct pgi_nl *nl, uint32_t group, struct pgi_database *db)
{
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	struct certs c = { .db = db, .hr = S_OK };
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	err = pgi_nl_talk(nl, msg, write_cert, &c);
	if (FAILED(c.hr))
		return c.hr;
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

static HRESULT write_table(struct pgi_group *group, FILE *file,
			   struct peergroup_transfer *counts)
{
	struct pgi_database_head head = {
		.name = group->store->name, .member = group->store->identity,
		.ready = SUCCEEDED(pgi_group_ready(group)),
	};
	struct pgi_database db = { 0 };
	struct pgi_nl nl;
	HRESULT hr;

	memcpy(head.group, group->store->id, sizeof(head.group));
	hr = pgi_group_now(group, &head.written);
	if (SUCCEEDED(hr))
		hr = pgi_nl_open(&nl, &group->nl);
	if (FAILED(hr))
		return hr;
	hr = pgi_database_begin(&db, file, &head);
	if (SUCCEEDED(hr))
		hr = write_records(&nl, group->index, &db);
	if (SUCCEEDED(hr))
		hr = write_certs(&nl, group->index, &db);
	if (SUCCEEDED(hr))
		hr = pgi_database_end(&db);
	pgi_nl_close(&nl);
	counts->certificates = db.certs;
	counts->records = db.records;
	pgi_database_free(&db);
	return hr;
}

/* The folder of @path, for the sake of the entry in it. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static HRESULT finish_file(FILE *file, const char *temp, const char *path)
{
	if (fflush(file) || fsync(fileno(file)))
		return file_failed(errno, "write", path, false);
	if (rename(temp, path))
		return file_failed(errno, "write", path, true);
	sync_folder(path);
	return S_OK;
}

/* Beside its place: what is there stays whole until the new one is. */
static HRESULT open_temp(const char *path, char **temp, FILE **file)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0, fd;

	*file = NULL;
	if (asprintf(temp, "%.*s.peergroup-XXXXXX", folder, path) < 0) {
		*temp = NULL;
		return E_OUTOFMEMORY;
	}
	fd = mkostemp(*temp, O_CLOEXEC);	/* mode 0600 */
	if (fd < 0)
		return file_failed(errno, "write", path, true);
	*file = fdopen(fd, "w");
	if (*file)
		return S_OK;
	close(fd);
	unlink(*temp);
	return E_OUTOFMEMORY;
}

static HRESULT export_file(struct pgi_group *group, const char *path,
			   struct peergroup_transfer *counts)
{
	char *temp = NULL;
	FILE *file;
	HRESULT hr;

	hr = open_temp(path, &temp, &file);
	if (SUCCEEDED(hr)) {
		hr = write_table(group, file, counts);
		if (SUCCEEDED(hr))
			hr = finish_file(file, temp, path);
		if (FAILED(hr))
			unlink(temp);
		fclose(file);
	}
	free(temp);
	return hr;
}

static int write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= (size_t)n) {
		n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n < 0)
			n = 0;
	}
	return 0;
}

static int copy_file(FILE *from, int to)
{
	char buf[16384];
	size_t len;
	int err = 0;

	if (fflush(from) || fseek(from, 0, SEEK_SET))
		return errno;
	while (!err && (len = fread(buf, 1, sizeof(buf), from)))
		err = write_all(to, buf, len);
	return err ? err : ferror(from) ? EIO : 0;
}

/* That nobody reads any longer is a failure of this call, and ends no program. */
static int copy_quietly(FILE *from, int to)
{
	static const struct timespec at_once;
	sigset_t pipe, pending, old;
	int err;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	err = copy_file(from, to);
	if (err == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* As tmpfile(), which a program that is started meanwhile would have as well. */
static FILE *own_file(void)
{
	char path[] = P_tmpdir "/peergroup-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *file;

	if (fd < 0)
		return NULL;
	unlink(path);
	file = fdopen(fd, "w+");
	if (!file)
		close(fd);
	return file;
}

/* What cannot be replaced is written to, once there is all of it. */
static HRESULT export_through(struct pgi_group *group, int to, const char *path,
			      struct peergroup_transfer *counts)
{
	FILE *file = own_file();
	HRESULT hr;
	int err;

	if (!file)
		return pgi_fail(pgi_from_errno(errno), "temporary file: %s", strerror(errno));
	hr = write_table(group, file, counts);
	if (SUCCEEDED(hr)) {
		err = copy_quietly(file, to);
		if (err)
			hr = file_failed(err, "write", path, false);
	}
	fclose(file);
	return hr;
}

/* Another user's may be put where somebody is known to write, to get or to spoil something. */
static bool is_trusted(const struct stat *st)
{
	return !st->st_uid || st->st_uid == geteuid();
}

static HRESULT no_longer(const char *path)
{
	return pgi_fail(HRESULT_FROM_WIN32(ERROR_FILE_INVALID),
			"cannot write %s: it is no longer what it was", path);
}

/* What is at the path, or where @link leads to, is replaced. */
static HRESULT find_file(const char *path, bool link, const struct stat *st, char **file)
{
	struct stat now;

	*file = link ? realpath(path, NULL) : strdup(path);
	if (!*file)
		return file_failed(errno, "write", path, true);
	/* Any other name may be replaced only where a link has led to what stat() has seen. */
	if (!link || (!lstat(*file, &now) && now.st_dev == st->st_dev && now.st_ino == st->st_ino))
		return S_OK;
	free(*file);
	*file = NULL;
	return no_longer(path);
}

static bool on_pipefs(int err, const struct statfs *fs)
{
	return !err && fs->f_type == PIPEFS_MAGIC;
}

/*
 * A pipe or a character device, as stat() has seen it; *@to is -1 where it is rather to be
 * replaced. Nobody waits here for who reads a FIFO: that may be for ever.
 */
static HRESULT open_through(const char *path, bool link, const struct stat *st, int *to)
{
	bool any = !S_ISFIFO(st->st_mode) || is_trusted(st);
	struct statfs fs;
	struct stat now;

	*to = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (link ? 0 : O_NOFOLLOW));
	if (*to < 0) {
		if (!any && !on_pipefs(statfs(path, &fs), &fs))
			return S_OK;
		return file_failed(errno == ENXIO && S_ISFIFO(st->st_mode) ? EPIPE : errno,
				   "write", path, true);
	}
	if (fstat(*to, &now) || (now.st_mode & S_IFMT) != (st->st_mode & S_IFMT) ||
	    now.st_dev != st->st_dev || now.st_ino != st->st_ino) {
		close(*to);
		return no_longer(path);
	}
	/* A pipe without a name is whose who has started the program: it has no place to put. */
	if (!any && !on_pipefs(fstatfs(*to, &fs), &fs)) {
		close(*to);
		*to = -1;
		return S_OK;
	}
	fcntl(*to, F_SETFL, fcntl(*to, F_GETFL) & ~O_NONBLOCK);
	return S_OK;
}

/*
 * Where to write: a *@file, to be freed, which is replaced or made; or, of what is no file, a
 * descriptor *@to, and *@file is NULL. Links are followed, so that they stay what they are, but
 * for those of other users, which are replaced themselves, as their FIFOs are.
 */
static HRESULT find_target(const char *path, char **file, int *to)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	HRESULT hr;
	bool link;

	*file = NULL;
	*to = -1;
	if (!*(slash ? slash + 1 : path))
		return pgi_fail(HRESULT_FROM_WIN32(ERROR_INVALID_NAME), "%s names no file", path);
	if (lstat(path, &st)) {
		if (errno != ENOENT)
			return file_failed(errno, "write", path, true);
		return find_file(path, false, NULL, file);
	}
	link = S_ISLNK(st.st_mode) && is_trusted(&st);
	if (link && stat(path, &st)) {
		if (errno != ENOENT)
			return file_failed(errno, "write", path, true);
		return pgi_fail(HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND),
				"cannot write %s: it is a link to nothing", path);
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFLNK:
		return find_file(path, link, &st, file);
	case S_IFDIR:
		return file_failed(EISDIR, "write", path, true);
	case S_IFIFO:
	case S_IFCHR:
		hr = open_through(path, link, &st, to);
		return SUCCEEDED(hr) && *to < 0 ? find_file(path, link, &st, file) : hr;
	default:
		/* A disk's content is hardly what is to be replaced by this. */
		return pgi_fail(HRESULT_FROM_WIN32(ERROR_FILE_INVALID),
				"cannot write %s: it is no file, pipe or character device", path);
	}
}

HRESULT pgi_export(struct pgi_group *group, const char *path,
		   struct peergroup_transfer *counts)
{
	char *file;
	HRESULT hr;
	int to;

	memset(counts, 0, sizeof(*counts));
	hr = find_target(path, &file, &to);
	if (FAILED(hr))
		return hr;
	if (file) {
		hr = export_file(group, file, counts);
	} else {
		hr = export_through(group, to, path, counts);
		close(to);
	}
	free(file);
	return hr;
}

/* ---------------------------------------------------------------- importing -- */

struct import {
	struct pgi_group *group;
	struct pgi_database *db;
	struct pgi_nl nl;
	peergroup_refusal_fn refused;
	void *arg;
	struct peergroup_transfer *counts;
	HRESULT first;			/* refusal, ... */
	char why[256];			/* ... in the words it was told with */
};

static HRESULT open_file(const char *path, FILE **file)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	HRESULT hr = S_OK;

	*file = NULL;
	if (fd < 0)
		return file_failed(errno, "read", path, false);
	if (fstat(fd, &st))
		hr = file_failed(errno, "read", path, false);
	else if (S_ISDIR(st.st_mode))
		hr = file_failed(EISDIR, "read", path, false);
	else if (!S_ISREG(st.st_mode))
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_FILE_INVALID), "%s is no file", path);
	if (SUCCEEDED(hr)) {
		*file = fdopen(fd, "r");
		hr = *file ? S_OK : E_OUTOFMEMORY;
	}
	if (FAILED(hr))
		close(fd);
	return hr;
}

static HRESULT check_head(const struct pgi_group *group, const struct pgi_database_head *head)
{
	if (memcmp(head->group, group->store->id, sizeof(head->group)) ||
	    strcmp(head->name, group->store->name))
		return pgi_fail(PEER_E_INVALID_DATABASE, "the file is of group %s", head->name);
	if (strcmp(head->member, group->store->identity))
		return pgi_fail(PEER_E_INVALID_DATABASE, "the file is of member %s",
				head->member);
	return S_OK;
}

static HRESULT check_offline(struct pgi_group *group)
{
	struct pgi_group_state state;
	HRESULT hr = pgi_group_state(group, &state);

	if (SUCCEEDED(hr) && state.status & (PEERGROUP_STATUS_LISTENING |
					     PEERGROUP_STATUS_CONNECTED))
		return pgi_fail(PEER_E_GROUP_IN_USE, "the group is online");
	return hr;
}

/*
 * Refused for what it is, or has it more to do with the group, the right or the kernel?
 * Then nothing that follows would fare better.
 */
static bool is_refusal(const struct peergroup_record_hdr *hdr, int err)
{
	switch (-err) {
	case ENOMEM:
	case ENOBUFS:
	case ENOENT:
	case ENODEV:
	case ENOSPC:
	case ESHUTDOWN:
	case ENODATA:
		return false;
	case EPERM:
		/* Of a reserved type, it is the record's fault; else the group's mode. */
		return hdr && pgi_type_reserved(hdr->type);
	default:
		return true;
	}
}

/* @hdr is a record's, or NULL. */
static HRESULT refuse(struct import *in, int err, const char *what,
		      const struct peergroup_record_hdr *hdr)
{
	struct peergroup_refusal r = { .what = what };
	HRESULT hr = pgi_put_refused(&in->nl, err);

	if (!is_refusal(hdr, err))
		return hr;
	r.result = hr;
	r.why = peergroup_error_detail();
	if (hdr) {
		memcpy(r.id, hdr->id, sizeof(r.id));
		memcpy(r.type, hdr->type, sizeof(r.type));
	}
	in->counts->refused++;
	if (in->first == S_OK) {
		in->first = hr;
		snprintf(in->why, sizeof(in->why), "%s", r.why);
	}
	if (in->refused)
		in->refused(&r, in->arg);
	return S_OK;
}

static HRESULT take_cert(struct import *in)
{
	struct nlmsghdr *msg = pgi_nl_request(&in->nl, PEERGROUP_CMD_MEMBER_ADD, 0);
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, in->group->index);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, in->db->entry.len, in->db->entry.data);
	err = pgi_nl_talk(&in->nl, msg, NULL, NULL);
	in->counts->certificates++;
	return err ? refuse(in, err, "certificate", NULL) : S_OK;
}

/* A creator's rate is meant for who floods: an import goes as fast as it lets it. */
static int put_patiently(struct import *in)
{
	const struct timespec wait = { .tv_nsec = RATE_WAIT_NS };
	int err;

	while ((err = pgi_put(&in->nl, in->group->index, &in->db->entry, NULL)) == -EAGAIN)
		nanosleep(&wait, NULL);
	return err;
}

static HRESULT take_record(struct import *in)
{
	const struct peergroup_record_hdr *hdr = (const void *)in->db->entry.data;
	int err = put_patiently(in);

	in->counts->records++;
	switch (err) {
	case 0:
		in->counts->taken++;
		return S_OK;
	case -ESTALE:
		in->counts->present++;
		return S_OK;
	case -ETIMEDOUT:
		in->counts->expired++;
		return S_OK;
	default:
		return refuse(in, err, "record", in->db->entry.len < sizeof(*hdr) ? NULL : hdr);
	}
}

static HRESULT take_all(struct import *in, enum pgi_database_entry type,
			HRESULT (*take)(struct import *in))
{
	HRESULT hr = pgi_database_again(in->db);

	while (SUCCEEDED(hr)) {
		hr = pgi_database_next(in->db, type);
		if (hr != S_OK)
			break;
		hr = take(in);
	}
	return FAILED(hr) ? hr : S_OK;
}

/* What a host knew that had synchronised is enough to begin with, as it was there. */
static HRESULT become_ready(struct pgi_group *group)
{
	struct pgi_group_store store = *group->own->store;

	store.ready = true;
	return pgi_group_enter(group, &store);
}

/* What the library itself keeps of the records that came. */
static HRESULT settle(struct import *in)
{
	HRESULT hr = S_OK;

	if (in->db->head.ready && !atomic_load(&in->group->ready))
		hr = become_ready(in->group);
	if (SUCCEEDED(hr) && FAILED(pgi_properties_restore(in->group)))
		pgi_clear_error();
	if (SUCCEEDED(hr) && FAILED(pgi_own_renew(in->group, true)))
		pgi_clear_error();
	return hr;
}

static HRESULT import_from(struct import *in, FILE *file)
{
	HRESULT hr = pgi_database_open(in->db, file);

	if (SUCCEEDED(hr))
		hr = check_head(in->group, &in->db->head);
	/* All of it, before the first effect. */
	if (SUCCEEDED(hr))
		hr = pgi_database_check(in->db);
	if (SUCCEEDED(hr))
		hr = take_all(in, PGI_DATABASE_CERT, take_cert);
	if (SUCCEEDED(hr))
		hr = take_all(in, PGI_DATABASE_RECORD, take_record);
	return SUCCEEDED(hr) ? settle(in) : hr;
}

HRESULT pgi_import(struct pgi_group *group, const char *path, peergroup_refusal_fn refused,
		   void *arg, struct peergroup_transfer *counts)
{
	struct pgi_database db = { 0 };
	struct import in = {
		.group = group, .db = &db, .refused = refused, .arg = arg, .counts = counts,
		.first = S_OK,
	};
	FILE *file;
	HRESULT hr;

	memset(counts, 0, sizeof(*counts));
	hr = check_offline(group);
	if (SUCCEEDED(hr))
		hr = open_file(path, &file);
	if (FAILED(hr))
		return hr;
	hr = pgi_nl_open(&in.nl, &group->nl);
	if (SUCCEEDED(hr))
		hr = import_from(&in, file);
	pgi_nl_close(&in.nl);
	pgi_database_free(&db);
	fclose(file);
	if (SUCCEEDED(hr))
		pgi_clear_error();
	/* No failure, but worth a word to who asks for it. */
	if (SUCCEEDED(hr) && counts->refused)
		pgi_set_error("%llu entries were refused, the first because: %s",
			      (unsigned long long)counts->refused, in.why);
	return hr;
}

/* ------------------------------------------------------- public functions -- */

PGI_PUBLIC HRESULT peergroup_export_database(peergroup_t handle, const char *path,
					     struct peergroup_transfer *counts)
{
	struct peergroup_transfer own;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (counts)
		memset(counts, 0, sizeof(*counts));
	if (!path)
		return pgi_fail(E_INVALIDARG, "path is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_export(group, path, counts ? counts : &own);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_import_database(peergroup_t handle, const char *path,
					     peergroup_refusal_fn refused, void *arg,
					     struct peergroup_transfer *counts)
{
	struct peergroup_transfer own;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (counts)
		memset(counts, 0, sizeof(*counts));
	if (!path)
		return pgi_fail(E_INVALIDARG, "path is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_import(group, path, refused, arg, counts ? counts : &own);
	pgi_group_put(group);
	return hr;
}

/* The contract's calls want a whole path, as the working folder is nobody's business. */
static HRESULT find_path(HGROUP handle, PCWSTR wide, struct pgi_group **group, char **path)
{
	HRESULT hr = pgi_started();

	*path = NULL;
	if (SUCCEEDED(hr) && !wide)
		hr = pgi_fail(E_INVALIDARG, "pwzFilePath is NULL");
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, group);
	if (FAILED(hr))
		return hr;
	hr = pgi_utf8_from_wide(wide, path);
	if (SUCCEEDED(hr) && **path != '/')
		hr = pgi_fail(E_INVALIDARG, "%s is not an absolute path", *path);
	if (FAILED(hr)) {
		pgi_group_put(*group);
		free(*path);
	}
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupExportDatabase(HGROUP handle, PCWSTR path)
{
	struct peergroup_transfer counts;
	struct pgi_group *group;
	HRESULT hr;
	char *p;

	pgi_clear_error();
	hr = find_path(handle, path, &group, &p);
	if (FAILED(hr))
		return hr;
	hr = pgi_export(group, p, &counts);
	pgi_group_put(group);
	free(p);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupImportDatabase(HGROUP handle, PCWSTR path)
{
	struct peergroup_transfer counts;
	struct pgi_group *group;
	HRESULT hr;
	char *p;

	pgi_clear_error();
	hr = find_path(handle, path, &group, &p);
	if (FAILED(hr))
		return hr;
	hr = pgi_import(group, p, NULL, NULL, &counts);
	pgi_group_put(group);
	free(p);
	return hr;
}
