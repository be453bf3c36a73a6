// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a group's table. What is read twice is the same both times, and what the
 * checksum does not cover is not taken for whole.
 */
#include <stdio.h>
#include <string.h>
#include "database.h"
#include "fuzz.h"

#define AUTHORITY	"0123456789abcdef0123456789abcdef01234567"

static uint64_t count(struct pgi_database *db, enum pgi_database_entry type, bool whole)
{
	uint64_t n = 0;
	HRESULT hr;

	FUZZ_NEED(pgi_database_again(db) == S_OK);
	while ((hr = pgi_database_next(db, type)) == S_OK) {
		FUZZ_NEED(db->entry.len && db->entry.len <= FUZZ_INPUT_MAX);
		n++;
	}
	/* Memory, other than a file, cannot be sought beyond its end: any failure will do. */
	FUZZ_NEED(hr == S_FALSE || (!whole && FAILED(hr)));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pgi_database db;
	uint64_t certs, records;
	FILE *file;
	HRESULT hr;
	bool whole;

	if (!len)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, len, "r");
	FUZZ_NEED(file);
	hr = pgi_database_open(&db, file);
	if (hr == S_OK) {
		FUZZ_NEED(pgi_name_valid(db.head.name) && pgi_name_valid(db.head.member));
		hr = pgi_database_check(&db);
		whole = hr == S_OK;
		/* A file may change between check and reading: that must do no harm either. */
		certs = count(&db, PGI_DATABASE_CERT, whole);
		records = count(&db, PGI_DATABASE_RECORD, whole);
		fuzz_taken = whole;
		FUZZ_NEED(!whole || (certs == db.certs && records == db.records));
	}
	FUZZ_NEED(hr == S_OK || hr == PEER_E_INVALID_DATABASE);
	pgi_database_free(&db);
	fclose(file);
	return 0;
}

/* Nothing, one of each, and several. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	const struct pgi_database_head head = {
		.group = { 7 }, .written = 1, .ready = n & 1,
		.name = AUTHORITY, .member = AUTHORITY ".alice",
	};
	FILE *file = fmemopen(out, FUZZ_INPUT_MAX, "w");
	struct pgi_database db;
	size_t len = 0;
	unsigned int i;

	FUZZ_NEED(file);
	if (n < 3) {
		FUZZ_NEED(pgi_database_begin(&db, file, &head) == S_OK);
		for (i = 0; i < n * n; i++) {
			FUZZ_NEED(pgi_database_put(&db, PGI_DATABASE_CERT, "cert", 4) == S_OK);
			FUZZ_NEED(pgi_database_put(&db, PGI_DATABASE_RECORD, out, 50) == S_OK);
		}
		FUZZ_NEED(pgi_database_end(&db) == S_OK);
		pgi_database_free(&db);
		fflush(file);
		len = (size_t)ftell(file);
	}
	fclose(file);
	return len;
}
