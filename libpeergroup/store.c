// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The data folder: $PEERGROUP_HOME, or peergroup below $XDG_DATA_HOME, or below
 * ~/.local/share. Files are written beside their place, synced and renamed, so
 * that a crash or a full disk leaves the old state or the new one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "cert.h"
#include "store.h"

#define FILE_MAX	(4U << 20)	/* nothing here is larger */

/* ---------------------------------------------------------------- folders -- */

static HRESULT home_folder(char **path)
{
	struct passwd pw, *found = NULL;
	const char *home = secure_getenv("HOME");
	char buf[4096];
	int len;

	if (!home || home[0] != '/') {
		if (getpwuid_r(geteuid(), &pw, buf, sizeof(buf), &found) || !found)
			return pgi_fail(PEER_E_NO_KEY_ACCESS,
					"no home folder: set HOME or PEERGROUP_HOME");
		home = pw.pw_dir;
	}
	len = asprintf(path, "%s/.local/share/peergroup", home);
	return len < 0 ? E_OUTOFMEMORY : S_OK;
}

static HRESULT data_folder(char **path)
{
	const char *own = secure_getenv("PEERGROUP_HOME");
	const char *xdg = secure_getenv("XDG_DATA_HOME");
	int len;

	if (own && *own)
		len = asprintf(path, "%s", own);
	else if (xdg && xdg[0] == '/')		/* XDG: ignore relative ones */
		len = asprintf(path, "%s/peergroup", xdg);
	else
		return home_folder(path);
	return len < 0 ? E_OUTOFMEMORY : S_OK;
}

static HRESULT file_error(int err, const char *what, const char *name)
{
	HRESULT hr = pgi_from_errno(err);

	/* What is in the folder is keys: the contract has its own code for it. */
	if (hr == E_ACCESSDENIED || hr == HRESULT_FROM_WIN32(ERROR_WRITE_PROTECT))
		hr = PEER_E_NO_KEY_ACCESS;
	return pgi_fail(hr, "cannot %s %s: %s", what, name, strerror(err));
}

/* As mkdir -p with mode 0700. */
static HRESULT make_path(char *path)
{
	char *p = path;

	do {
		p = strchr(p + 1, '/');
		if (p)
			*p = 0;
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return file_error(errno, "make the folder", path);
		if (p)
			*p = '/';
	} while (p);
	return S_OK;
}

static HRESULT open_base(bool make, int *fd)
{
	HRESULT hr;
	char *path;

	hr = data_folder(&path);
	if (FAILED(hr))
		return hr;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT && make) {
		hr = make_path(path);
		if (SUCCEEDED(hr))
			*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (SUCCEEDED(hr) && *fd < 0)
		hr = errno == ENOENT ? PEER_E_NOT_FOUND :
			file_error(errno, "open the folder", path);
	free(path);
	return hr;
}

static HRESULT open_below(int dir, const char *name, bool make, int *fd)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	*fd = openat(dir, name, flags);
	if (*fd < 0 && errno == ENOENT && make) {
		if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
			return file_error(errno, "make the folder", name);
		*fd = openat(dir, name, flags);
	}
	if (*fd >= 0)
		return S_OK;
	return errno == ENOENT ? PEER_E_NOT_FOUND :
		file_error(errno, "open the folder", name);
}

HRESULT pgi_store_open(const char *folder, const char *sub, bool make, int *fd)
{
	int base, mid;
	HRESULT hr;

	*fd = -1;
	hr = open_base(make, &base);
	if (FAILED(hr))
		return hr;
	hr = open_below(base, folder, make, fd);
	close(base);
	if (FAILED(hr) || !sub)
		return hr;
	mid = *fd;
	hr = open_below(mid, sub, make, fd);
	close(mid);
	return hr;
}

HRESULT pgi_store_has(const char *folder, const char *entry)
{
	char *base, *path;
	struct stat st;
	HRESULT hr;

	hr = data_folder(&base);
	if (FAILED(hr))
		return hr;
	if (asprintf(&path, "%s/%s/%s", base, folder, entry) < 0)
		path = NULL;
	free(base);
	if (!path)
		return E_OUTOFMEMORY;
	if (lstat(path, &st) < 0)
		hr = errno == ENOENT || errno == ENOTDIR ? PEER_E_NOT_FOUND :
			file_error(errno, "look at the folder", path);
	else if (!S_ISDIR(st.st_mode))
		hr = PEER_E_NOT_FOUND;
	free(path);
	return hr;
}

HRESULT pgi_store_open_entry(int dir, const char *entry, int *fd)
{
	return open_below(dir, entry, false, fd);
}

bool pgi_store_in_place(int dir, const char *entry, int fd)
{
	struct stat is, named;

	return fstat(fd, &is) < 0 ||
	       (!fstatat(dir, entry, &named, AT_SYMLINK_NOFOLLOW) &&
		is.st_dev == named.st_dev && is.st_ino == named.st_ino);
}

HRESULT pgi_store_entry(const char *name, char entry[PGI_ENTRY_LEN])
{
	uint8_t hash[32];

	/* The authority is hex; a classifier may hold anything, so it is hashed. */
	memcpy(entry, name, PGI_AUTHORITY_LEN);
	entry[PGI_AUTHORITY_LEN] = 0;
	if (name[PGI_AUTHORITY_LEN]) {
		name += PGI_AUTHORITY_LEN + 1;
		if (!SHA256((const uint8_t *)name, strlen(name), hash))
			return pgi_crypto_failed("hash a peer name");
		entry[PGI_AUTHORITY_LEN] = '.';
		pgi_hex(hash, 20, entry + PGI_AUTHORITY_LEN + 1);
	}
	return S_OK;
}

static HRESULT temp_name(char name[32])
{
	uint8_t random[8];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return pgi_fail(E_UNEXPECTED, "no random numbers");
	strcpy(name, ".new-");
	pgi_hex(random, sizeof(random), name + 5);
	return S_OK;
}

HRESULT pgi_store_begin(int parent, struct pgi_store_new *new)
{
	HRESULT hr = temp_name(new->name);

	new->parent = parent;
	new->fd = -1;
	if (FAILED(hr))
		return hr;
	if (mkdirat(parent, new->name, 0700) < 0)
		return file_error(errno, "make the folder", new->name);
	hr = open_below(parent, new->name, false, &new->fd);
	if (FAILED(hr))
		unlinkat(parent, new->name, AT_REMOVEDIR);
	return hr;
}

static HRESULT unlink_one(int dir, const char *entry, void *arg PGI_UNUSED)
{
	if (unlinkat(dir, entry, 0) < 0 && errno != ENOENT)
		return file_error(errno, "delete", entry);
	return S_OK;
}

static HRESULT each_entry(int dir, bool hidden,
			  HRESULT (*each)(int dir, const char *entry, void *arg), void *arg);

/* With all that is in it, also what a process left there that ended as it wrote. */
static HRESULT remove_hidden(int parent, const char *name)
{
	HRESULT hr;
	int fd;

	hr = open_below(parent, name, false, &fd);
	if (FAILED(hr))
		return hr;
	hr = each_entry(fd, true, unlink_one, NULL);
	close(fd);
	if (SUCCEEDED(hr) && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		hr = file_error(errno, "delete", name);
	return hr;
}

HRESULT pgi_store_commit(struct pgi_store_new *new, const char *entry)
{
	/* Onto a folder with files in it, a rename fails: nothing is overwritten. */
	if (fsync(new->fd) < 0 || renameat(new->parent, new->name, new->parent, entry) < 0) {
		int err = errno;

		pgi_store_abort(new);
		if (err == EEXIST || err == ENOTEMPTY)
			return PEER_E_ALREADY_EXISTS;
		return file_error(err, "make the folder", entry);
	}
	fsync(new->parent);
	close(new->fd);
	new->fd = -1;
	return S_OK;
}

/* Where the file system cannot exchange two names, there is a moment with neither. */
static int exchange(int parent, const char *name, const char *entry)
{
	char aside[32];

	if (!renameat2(parent, name, parent, entry, RENAME_EXCHANGE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (FAILED(temp_name(aside))) {
		errno = EIO;
		return -1;
	}
	if (renameat(parent, entry, parent, aside) < 0)
		return -1;
	if (!renameat(parent, name, parent, entry) && !renameat(parent, aside, parent, name))
		return 0;
	renameat(parent, aside, parent, entry);
	return -1;
}

HRESULT pgi_store_replace(struct pgi_store_new *new, const char *entry)
{
	HRESULT hr;

	if (fsync(new->fd) < 0 || exchange(new->parent, new->name, entry) < 0) {
		if (errno == ENOENT)
			return pgi_store_commit(new, entry);
		hr = file_error(errno, "replace the folder", entry);
		pgi_store_abort(new);
		return hr;
	}
	fsync(new->parent);
	close(new->fd);
	new->fd = -1;
	return remove_hidden(new->parent, new->name);	/* what was there before */
}

void pgi_store_abort(struct pgi_store_new *new)
{
	if (new->fd < 0)
		return;
	close(new->fd);
	new->fd = -1;
	remove_hidden(new->parent, new->name);
}

HRESULT pgi_store_remove(int parent, const char *entry)
{
	char name[32];
	HRESULT hr;

	hr = temp_name(name);
	if (FAILED(hr))
		return hr;
	if (renameat(parent, entry, parent, name) < 0)
		return errno == ENOENT ? PEER_E_NOT_FOUND :
			file_error(errno, "delete", entry);
	fsync(parent);
	return remove_hidden(parent, name);
}

/* The names that the kernel gave at once. */
static HRESULT each_of(int dir, bool hidden, const char *buf, size_t len,
		       HRESULT (*each)(int dir, const char *entry, void *arg), void *arg)
{
	const struct dirent64 *entry;
	HRESULT hr = S_OK;
	size_t at;

	for (at = 0; at < len && SUCCEEDED(hr); at += entry->d_reclen) {
		entry = (const void *)(buf + at);
		if (entry->d_name[0] != '.' ||
		    (hidden && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")))
			hr = each(dir, entry->d_name, arg);
	}
	return hr;
}

/* Not by opendir(), which allocates: what is deleted goes where memory ran out, too. */
static HRESULT each_entry(int dir, bool hidden,
			  HRESULT (*each)(int dir, const char *entry, void *arg), void *arg)
{
	char buf[4096] __attribute__((aligned(8)));
	HRESULT hr = S_OK;
	ssize_t len = 1;
	int fd;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (SUCCEEDED(hr) && len) {
		len = fd < 0 ? -1 : getdents64(fd, buf, sizeof(buf));
		hr = len < 0 ? file_error(errno, "list", "a folder") :
			each_of(dir, hidden, buf, (size_t)len, each, arg);
	}
	if (fd >= 0)
		close(fd);
	return hr;
}

HRESULT pgi_store_each(int dir, HRESULT (*each)(int dir, const char *entry, void *arg),
		       void *arg)
{
	return each_entry(dir, false, each, arg);
}

/* ------------------------------------------------------------------ files -- */

/* Whose owner would have to be told where it is, to mend it. */
static HRESULT refuse_secret(int fd, const char *file, const struct stat *st)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len > 0)
		path[len] = 0;
	else
		snprintf(path, sizeof(path), "%s", file);
	if (st->st_uid != geteuid())
		return pgi_fail(PEER_E_NO_KEY_ACCESS,
				"%s holds a private key and is another user's", path);
	return pgi_fail(PEER_E_NO_KEY_ACCESS,
			"%s holds a private key and others may read it: mode %03o (try: chmod 600)",
			path, st->st_mode & 0777U);
}

static HRESULT check_file(int fd, const char *file, bool secret, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return file_error(errno, "read", file);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return pgi_fail(PEER_E_CERT_STORE_CORRUPTED, "%s is no file of ours", file);
	if (secret && (st.st_uid != geteuid() || (st.st_mode & 077)))
		return refuse_secret(fd, file, &st);
	*size = (size_t)st.st_size;
	return S_OK;
}

static HRESULT read_file(int dir, const char *file, int flags, bool secret,
			 struct pgi_blob *data)
{
	size_t size = 0;
	ssize_t got;
	HRESULT hr;
	int fd;

	data->data = NULL;
	data->len = 0;
	fd = openat(dir, file, flags | O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? PEER_E_NOT_FOUND : file_error(errno, "read", file);
	hr = check_file(fd, file, secret, &size);
	if (FAILED(hr))
		goto out;
	data->data = malloc(size + 1);
	if (!data->data) {
		hr = E_OUTOFMEMORY;
		goto out;
	}
	while (data->len < size) {
		got = read(fd, data->data + data->len, size - data->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			hr = file_error(errno, "read", file);
		if (got <= 0)
			break;
		data->len += (size_t)got;
	}
	if (FAILED(hr))
		pgi_blob_free(data);
	else
		data->data[data->len] = 0;
out:
	close(fd);
	return hr;
}

HRESULT pgi_store_read(int dir, const char *file, bool secret, struct pgi_blob *data)
{
	return read_file(dir, file, O_NOFOLLOW, secret, data);
}

/* Whoever runs the host may have it elsewhere, behind a link. */
HRESULT pgi_store_read_host(const char *path, struct pgi_blob *data)
{
	return read_file(AT_FDCWD, path, 0, false, data);
}

static HRESULT write_all(int fd, const char *file, const uint8_t *data, size_t len)
{
	ssize_t put;

	while (len) {
		put = write(fd, data, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return file_error(errno, "write", file);
		data += put;
		len -= (size_t)put;
	}
	if (fsync(fd) < 0)
		return file_error(errno, "write", file);
	return S_OK;
}

HRESULT pgi_store_write(int dir, const char *file, const void *data, size_t len)
{
	char temp[32];
	HRESULT hr;
	int fd;

	hr = temp_name(temp);
	if (FAILED(hr))
		return hr;
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_error(errno, "write", file);
	hr = write_all(fd, file, data, len);
	if (close(fd) < 0 && SUCCEEDED(hr))
		hr = file_error(errno, "write", file);
	if (SUCCEEDED(hr) && renameat(dir, temp, dir, file) < 0)
		hr = file_error(errno, "write", file);
	if (FAILED(hr))
		unlinkat(dir, temp, 0);
	else
		fsync(dir);
	return hr;
}

/* ------------------------------------------------------------------- keys -- */

HRESULT pgi_key_write(int dir, const char *file, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());	/* wiped when freed */
	HRESULT hr = E_OUTOFMEMORY;
	char *data;
	long len;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &data);
		hr = pgi_store_write(dir, file, data, (size_t)len);
	}
	BIO_free(bio);
	return hr;
}

HRESULT pgi_key_read(int dir, const char *file, EVP_PKEY **key)
{
	struct pgi_blob pem;
	HRESULT hr;
	BIO *bio;

	*key = NULL;
	hr = pgi_store_read(dir, file, true, &pem);
	if (hr == PEER_E_NOT_FOUND)
		return pgi_fail(PEER_E_NO_KEY_ACCESS, "%s is missing", file);
	if (FAILED(hr))
		return hr;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (!bio) {
		hr = E_OUTOFMEMORY;
	} else {
		/* Of what it tries until it finds the format the program is to see nothing. */
		ERR_set_mark();
		/* "" as password: never ask on the terminal. */
		*key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
		ERR_pop_to_mark();
		if (!*key)
			hr = pgi_fail(PEER_E_CERT_STORE_CORRUPTED, "%s holds no key", file);
	}
	BIO_free(bio);
	OPENSSL_cleanse(pem.data, pem.len);
	pgi_blob_free(&pem);
	return hr;
}

/* --------------------------------------------------------- key=value texts -- */

static bool plain(unsigned char c)
{
	return c >= 0x20 && c != '%' && c != 0x7f;
}

void pgi_text_add(struct pgi_text *text, const char *key, const char *value)
{
	const unsigned char *p;
	char *data, *out;

	if (!value || text->failed)
		return;
	data = realloc(text->data, text->len + strlen(key) + 3 * strlen(value) + 3);
	if (!data) {
		text->failed = true;
		return;
	}
	text->data = data;
	out = stpcpy(data + text->len, key);
	*out++ = '=';
	for (p = (const unsigned char *)value; *p; p++) {
		if (plain(*p))
			*out++ = (char)*p;
		else
			out += sprintf(out, "%%%02x", *p);
	}
	*out++ = '\n';
	text->len = (size_t)(out - data);
}

void pgi_text_add_number(struct pgi_text *text, const char *key, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	pgi_text_add(text, key, digits);
}

/* Decodes in place; it only gets shorter. */
static bool decode(char *s)
{
	char *out = s;
	uint8_t c;

	for (; *s; s++) {
		if (*s == '%') {
			if (!pgi_unhex(s + 1, &c, 1) || !c)
				return false;
			*out++ = (char)c;
			s += 2;
		} else {
			*out++ = *s;
		}
	}
	*out = 0;
	return true;
}

HRESULT pgi_text_parse(const struct pgi_blob *text,
		       HRESULT (*each)(const char *key, const char *value, void *arg),
		       void *arg)
{
	char *line = (char *)text->data, *end = line + text->len, *next, *value;
	HRESULT hr = S_OK;

	for (; line < end && SUCCEEDED(hr); line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			return PEER_E_CERT_STORE_CORRUPTED;	/* cut off */
		*next++ = 0;
		value = strchr(line, '=');
		if (!value)
			return PEER_E_CERT_STORE_CORRUPTED;
		*value++ = 0;
		if (!decode(value) || !pgi_utf8_valid(value))
			return PEER_E_CERT_STORE_CORRUPTED;
		hr = each(line, value, arg);
	}
	return hr;
}

HRESULT pgi_text_number(const char *value, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (errno || end == value || *end || *value == '-' || *out > max)
		return PEER_E_CERT_STORE_CORRUPTED;
	return S_OK;
}

HRESULT pgi_text_copy(const char *value, char **out)
{
	char *copy = strdup(value);

	if (!copy)
		return E_OUTOFMEMORY;
	free(*out);
	*out = copy;
	return S_OK;
}
