/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A group's table as a file: written and read entry by entry, so that it may be larger
 * than memory. Nothing here talks to the kernel; transfer.c does. The form is in
 * Documentation/formats.rst.
 */
#ifndef _PEERGROUP_DATABASE_H
#define _PEERGROUP_DATABASE_H

#include <stdio.h>
#include "internal.h"

enum pgi_database_entry {
	PGI_DATABASE_CERT = 1,		/* DER; each after its issuer's */
	PGI_DATABASE_RECORD = 2,	/* wire form */
	PGI_DATABASE_END = 255,
};

/* Whose table it is. */
struct pgi_database_head {
	uint8_t group[PEERGROUP_HASH_LEN];
	const char *name, *member;	/* peer names */
	uint64_t written;		/* peer time */
	bool ready;			/* of a host that had synchronised */
};

struct pgi_database {
	FILE *file;			/* the caller's */
	EVP_MD_CTX *hash;		/* of all so far; NULL when reading again */
	struct pgi_database_head head;
	char names[2][PEERGROUP_NAME_LEN_MAX + 1];
	struct pgi_blob entry;		/* the one read last */
	size_t room;			/* of entry.data */
	uint64_t certs, records;	/* so far */
	off_t begin;			/* where the entries begin */
};

/* ---- writing: file errors as results; pgi_database_free() in any case ---- */

HRESULT pgi_database_begin(struct pgi_database *db, FILE *file,
			   const struct pgi_database_head *head);
HRESULT pgi_database_put(struct pgi_database *db, enum pgi_database_entry type,
			 const void *data, size_t len);
HRESULT pgi_database_end(struct pgi_database *db);

/* ---- reading: PEER_E_INVALID_DATABASE for what is no such file ---- */

HRESULT pgi_database_open(struct pgi_database *db, FILE *file);
/* Reads all of a file that was just opened, in little memory: is it whole and unaltered? */
HRESULT pgi_database_check(struct pgi_database *db);
/* Goes back to the first entry, to read them this time. */
HRESULT pgi_database_again(struct pgi_database *db);
/* The next entry of that type, into db->entry; S_FALSE at the end. */
HRESULT pgi_database_next(struct pgi_database *db, enum pgi_database_entry type);

void pgi_database_free(struct pgi_database *db);

#endif /* _PEERGROUP_DATABASE_H */
