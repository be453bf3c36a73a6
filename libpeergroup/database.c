// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The file of a group's table. A file is not trusted: lengths are checked, memory grows
 * as bytes arrive, and who has signed what is for the kernel to judge. The checksum at
 * the end tells what broke on the way, not who wrote it.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include "database.h"

#define VERSION		1
#define FLAG_READY	0x0001
#define RECORD_MAX	(PEERGROUP_RECORD_SIZE_MAX + (1U << 20))
#define STEP		(64U << 10)

/* Spoilt by what takes it for text, as PNG's is. */
static const uint8_t magic[8] = { 0x89, 'P', 'G', 'D', '\r', '\n', 0x1a, '\n' };

struct file_head {
	uint8_t magic[8];
	uint16_t version;
	uint16_t flags;
	uint16_t name_len, member_len;	/* of what follows, without NULs */
	uint64_t written;
	uint8_t group[PEERGROUP_HASH_LEN];
};

struct entry_head {
	uint8_t type;
	uint8_t zero[3];
	uint32_t len;
};

struct file_end {
	uint64_t certs, records;
	uint8_t sha256[PEERGROUP_HASH_LEN];	/* of everything before it */
};

_Static_assert(sizeof(struct file_head) == 56 && sizeof(struct entry_head) == 8 &&
	       sizeof(struct file_end) == 48, "no padding");

static HRESULT init(struct pgi_database *db, FILE *file)
{
	memset(db, 0, sizeof(*db));
	db->file = file;
	db->hash = EVP_MD_CTX_new();
	if (!db->hash || EVP_DigestInit_ex(db->hash, EVP_sha256(), NULL) != 1)
		return E_OUTOFMEMORY;
	return S_OK;
}

void pgi_database_free(struct pgi_database *db)
{
	EVP_MD_CTX_free(db->hash);
	pgi_blob_free(&db->entry);
	db->hash = NULL;
}

static HRESULT sum_up(struct pgi_database *db, uint8_t sha256[PEERGROUP_HASH_LEN])
{
	return EVP_DigestFinal_ex(db->hash, sha256, NULL) == 1 ? S_OK : E_OUTOFMEMORY;
}

/* ----------------------------------------------------------------- writing -- */

static HRESULT put(struct pgi_database *db, const void *data, size_t len)
{
	if (len && EVP_DigestUpdate(db->hash, data, len) != 1)
		return E_OUTOFMEMORY;
	if (len && fwrite(data, len, 1, db->file) != 1)
		return pgi_fail(pgi_from_errno(errno), "cannot write: %s", strerror(errno));
	return S_OK;
}

HRESULT pgi_database_begin(struct pgi_database *db, FILE *file,
			   const struct pgi_database_head *head)
{
	struct file_head h = {
		.version = htobe16(VERSION), .flags = htobe16(head->ready ? FLAG_READY : 0),
		.name_len = htobe16((uint16_t)strlen(head->name)),
		.member_len = htobe16((uint16_t)strlen(head->member)),
		.written = htobe64(head->written),
	};
	HRESULT hr = init(db, file);

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.group, head->group, sizeof(h.group));
	if (SUCCEEDED(hr))
		hr = put(db, &h, sizeof(h));
	if (SUCCEEDED(hr))
		hr = put(db, head->name, strlen(head->name));
	if (SUCCEEDED(hr))
		hr = put(db, head->member, strlen(head->member));
	return hr;
}

HRESULT pgi_database_put(struct pgi_database *db, enum pgi_database_entry type,
			 const void *data, size_t len)
{
	struct entry_head e = { .type = (uint8_t)type, .len = htobe32((uint32_t)len) };
	HRESULT hr = put(db, &e, sizeof(e));

	db->certs += type == PGI_DATABASE_CERT;
	db->records += type == PGI_DATABASE_RECORD;
	return SUCCEEDED(hr) ? put(db, data, len) : hr;
}

HRESULT pgi_database_end(struct pgi_database *db)
{
	struct entry_head e = {
		.type = PGI_DATABASE_END, .len = htobe32(sizeof(struct file_end)),
	};
	struct file_end end = {
		.certs = htobe64(db->certs), .records = htobe64(db->records),
	};
	HRESULT hr = put(db, &e, sizeof(e));

	if (SUCCEEDED(hr))
		hr = put(db, &end, offsetof(struct file_end, sha256));
	if (SUCCEEDED(hr))
		hr = sum_up(db, end.sha256);
	if (SUCCEEDED(hr) && fwrite(end.sha256, sizeof(end.sha256), 1, db->file) != 1)
		hr = pgi_fail(pgi_from_errno(errno), "cannot write: %s", strerror(errno));
	return hr;
}

/* ----------------------------------------------------------------- reading -- */

static HRESULT invalid(const char *why)
{
	return pgi_fail(PEER_E_INVALID_DATABASE, "%s", why);
}

static HRESULT get(struct pgi_database *db, void *data, size_t len)
{
	if (len && fread(data, len, 1, db->file) != 1)
		return ferror(db->file) ?
			pgi_fail(pgi_from_errno(errno), "cannot read: %s", strerror(errno)) :
			invalid("the file is cut off");
	if (len && db->hash && EVP_DigestUpdate(db->hash, data, len) != 1)
		return E_OUTOFMEMORY;
	return S_OK;
}

static HRESULT get_name(struct pgi_database *db, char *name, uint16_t be_len)
{
	size_t len = be16toh(be_len);
	HRESULT hr;

	if (len > PEERGROUP_NAME_LEN_MAX)
		return invalid("a peer name is too long");
	hr = get(db, name, len);
	name[len] = 0;
	if (SUCCEEDED(hr) && (strlen(name) != len || !pgi_name_valid(name)))
		hr = invalid("a peer name is none");
	return hr;
}

HRESULT pgi_database_open(struct pgi_database *db, FILE *file)
{
	struct file_head h;
	HRESULT hr = init(db, file);

	if (SUCCEEDED(hr))
		hr = get(db, &h, sizeof(h));
	if (FAILED(hr))
		return hr;
	if (memcmp(h.magic, magic, sizeof(magic)))
		return invalid("not the file of a group's records");
	if (be16toh(h.version) != VERSION)
		return pgi_fail(PEER_E_INVALID_DATABASE, "the file is of version %u",
				be16toh(h.version));
	if (be16toh(h.flags) & ~FLAG_READY)
		return invalid("the file has flags of a later version");
	hr = get_name(db, db->names[0], h.name_len);
	if (SUCCEEDED(hr))
		hr = get_name(db, db->names[1], h.member_len);
	memcpy(db->head.group, h.group, sizeof(h.group));
	db->head.name = db->names[0];
	db->head.member = db->names[1];
	db->head.written = be64toh(h.written);
	db->head.ready = be16toh(h.flags) & FLAG_READY;
	db->begin = ftello(file);
	return hr;
}

/* What of that length may be there; @*len in this host's order. */
static HRESULT get_entry_head(struct pgi_database *db, uint8_t *type, uint32_t *len)
{
	static const uint8_t zero[3];
	struct entry_head e;
	HRESULT hr = get(db, &e, sizeof(e));

	if (FAILED(hr))
		return hr;
	*type = e.type;
	*len = be32toh(e.len);
	if (memcmp(e.zero, zero, sizeof(zero)))
		return invalid("an entry is malformed");
	switch (e.type) {
	case PGI_DATABASE_CERT:
		return *len && *len <= PEERGROUP_CERT_LEN_MAX ? S_OK :
			invalid("a certificate is too long");
	case PGI_DATABASE_RECORD:
		return *len && *len <= RECORD_MAX ? S_OK : invalid("a record is too long");
	case PGI_DATABASE_END:
		return *len == sizeof(struct file_end) ? S_OK : invalid("the end is malformed");
	default:
		return invalid("an entry is of an unknown kind");
	}
}

static HRESULT check_end(struct pgi_database *db)
{
	uint8_t sha256[PEERGROUP_HASH_LEN];
	struct file_end end;
	HRESULT hr;

	hr = get(db, &end, offsetof(struct file_end, sha256));
	if (SUCCEEDED(hr))
		hr = sum_up(db, sha256);
	EVP_MD_CTX_free(db->hash);	/* the sum itself is not in it */
	db->hash = NULL;
	if (SUCCEEDED(hr))
		hr = get(db, end.sha256, sizeof(end.sha256));
	if (FAILED(hr))
		return hr;
	if (memcmp(end.sha256, sha256, sizeof(sha256)))
		return invalid("the checksum is not that of the file");
	if (be64toh(end.certs) != db->certs || be64toh(end.records) != db->records)
		return invalid("the file has not as many entries as it says");
	if (getc(db->file) != EOF)
		return invalid("something stands behind the end");
	return S_OK;
}

/* Over the data of an entry, for the sum only. */
static HRESULT pass(struct pgi_database *db, uint32_t len)
{
	uint8_t buf[4096];
	HRESULT hr = S_OK;
	size_t n;

	for (; len && SUCCEEDED(hr); len -= (uint32_t)n) {
		n = len < sizeof(buf) ? len : sizeof(buf);
		hr = get(db, buf, n);
	}
	return hr;
}

HRESULT pgi_database_check(struct pgi_database *db)
{
	uint32_t len;
	uint8_t type;
	HRESULT hr;

	for (;;) {
		hr = get_entry_head(db, &type, &len);
		if (FAILED(hr))
			return hr;
		if (type == PGI_DATABASE_END)
			return check_end(db);
		db->certs += type == PGI_DATABASE_CERT;
		db->records += type == PGI_DATABASE_RECORD;
		hr = pass(db, len);
		if (FAILED(hr))
			return hr;
	}
}

HRESULT pgi_database_again(struct pgi_database *db)
{
	EVP_MD_CTX_free(db->hash);
	db->hash = NULL;
	if (fseeko(db->file, db->begin, SEEK_SET))
		return pgi_fail(pgi_from_errno(errno), "cannot read: %s", strerror(errno));
	return S_OK;
}

/* Room grows with what is there: a length alone costs nothing. */
static HRESULT read_entry(struct pgi_database *db, uint32_t len)
{
	size_t have = 0, n;
	uint8_t *data;
	HRESULT hr;

	for (; have < len; have += n) {
		n = len - have < STEP + have ? len - have : STEP + have;
		if (have + n > db->room) {
			data = realloc(db->entry.data, have + n);
			if (!data)
				return E_OUTOFMEMORY;
			db->entry.data = data;
			db->room = have + n;
		}
		hr = get(db, db->entry.data + have, n);
		if (FAILED(hr))
			return hr;
	}
	db->entry.len = len;
	return S_OK;
}

HRESULT pgi_database_next(struct pgi_database *db, enum pgi_database_entry wanted)
{
	uint32_t len;
	uint8_t type;
	HRESULT hr;

	for (;;) {
		hr = get_entry_head(db, &type, &len);
		if (FAILED(hr))
			return hr;
		if (type == PGI_DATABASE_END)
			return S_FALSE;
		if (type == wanted)
			return read_entry(db, len);
		if (fseeko(db->file, (off_t)len, SEEK_CUR))
			return pgi_fail(pgi_from_errno(errno), "cannot read: %s",
					strerror(errno));
	}
}
