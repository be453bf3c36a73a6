/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data folder of a user: small folders of small files, each replaced as a
 * whole. Callers work with directory descriptors and names that store.c made,
 * so no peer name, however hostile, becomes part of a path.
 */
#ifndef _PEERGROUP_STORE_H
#define _PEERGROUP_STORE_H

#include "internal.h"

/* Room for the folder name of a peer name. */
#define PGI_ENTRY_LEN	(PGI_AUTHORITY_LEN + 1 + 40 + 1)

#define PGI_IDENTITIES	"identities"
#define PGI_DELETED	"deleted"	/* names of deleted identities */
#define PGI_GROUPS	"groups"	/* one folder per identity in it */

/* The folder name of a (valid) peer name. NTE_FAIL or E_OUTOFMEMORY: no hash. */
HRESULT pgi_store_entry(const char *name, char entry[PGI_ENTRY_LEN]);

/*
 * Opens a folder below the data folder, or below that one @sub (may be NULL).
 * With @make it is made; without, PEER_E_NOT_FOUND if missing.
 */
HRESULT pgi_store_open(const char *folder, const char *sub, bool make, int *fd);
HRESULT pgi_store_open_entry(int dir, const char *entry, int *fd);
/*
 * Is @fd still what @entry names? Who deletes or replaces a folder moves it away first, and
 * then removes its files: to whom has it open they go missing.
 */
bool pgi_store_in_place(int dir, const char *entry, int fd);
/* S_OK while there is such a folder, else PEER_E_NOT_FOUND: one look, nothing opened. */
HRESULT pgi_store_has(const char *folder, const char *entry);

/* A new folder appears whole: begun hidden, filled by the caller, then named. */
struct pgi_store_new {
	int parent;
	int fd;
	char name[32];
};

HRESULT pgi_store_begin(int parent, struct pgi_store_new *new);
HRESULT pgi_store_commit(struct pgi_store_new *new, const char *entry);
/* The same where there may be one: that disappears, whole, as the new one appears. */
HRESULT pgi_store_replace(struct pgi_store_new *new, const char *entry);
void pgi_store_abort(struct pgi_store_new *new);

/* A folder disappears whole. */
HRESULT pgi_store_remove(int parent, const char *entry);

/* Calls back for each entry that is not hidden. */
HRESULT pgi_store_each(int dir, HRESULT (*each)(int dir, const char *entry, void *arg),
		       void *arg);

/*
 * Whole files. A secret is refused with PEER_E_NO_KEY_ACCESS where anybody but
 * the user might have read it; writing one gives it mode 0600.
 */
HRESULT pgi_store_read(int dir, const char *file, bool secret, struct pgi_blob *data);
/* One of the host's, not of the data folder. */
HRESULT pgi_store_read_host(const char *path, struct pgi_blob *data);
HRESULT pgi_store_write(int dir, const char *file, const void *data, size_t len);

/* Lines of "key=value", control characters and '%' as %XX. */
struct pgi_text {
	char *data;
	size_t len;
	bool failed;		/* no memory */
};

void pgi_text_add(struct pgi_text *text, const char *key, const char *value);
void pgi_text_add_number(struct pgi_text *text, const char *key, uint64_t value);

/*
 * Takes such a text apart: @each is told every pair, decoded; it copies what it
 * wants. PEER_E_CERT_STORE_CORRUPTED for what is no such text.
 */
HRESULT pgi_text_parse(const struct pgi_blob *text,
		       HRESULT (*each)(const char *key, const char *value, void *arg),
		       void *arg);
HRESULT pgi_text_number(const char *value, uint64_t max, uint64_t *out);
HRESULT pgi_text_copy(const char *value, char **out);	/* replaces *out */

/* The certificates of a group's folder (groupstore_chain.c), those from before with them. */
HRESULT pgi_group_chain_write(int dir, const struct pgi_group_store *store);
HRESULT pgi_group_chain_read(int dir, struct pgi_group_store *store);

/* Private keys, PEM. */
HRESULT pgi_key_write(int dir, const char *file, EVP_PKEY *key);
HRESULT pgi_key_read(int dir, const char *file, EVP_PKEY **key);

/* groupstore_text.c: a group's "info" and "state"; these parsers are for pgi_text_parse(). */
void pgi_group_info_text(const struct pgi_group_store *store, struct pgi_text *text);
void pgi_group_state_text(const struct pgi_group_store *store, bool ready,
			  struct pgi_text *text);
HRESULT pgi_group_info_parse(const char *key, const char *value, void *store);
HRESULT pgi_group_state_parse(const char *key, const char *value, void *store);
/* The file of a password. The parser writes to @text; PEER_E_CERT_STORE_CORRUPTED. */
void pgi_group_verifier_text(const struct pgi_verifier *verifier, struct pgi_text *text);
HRESULT pgi_group_verifier_parse(const struct pgi_blob *text, struct pgi_verifier *verifier);

/* Whether @identity has groups here. */
HRESULT pgi_group_store_any(const char *identity, bool *any);

/* The name of the oldest identity, malloc()ed; PEER_E_NOT_FOUND. */
HRESULT pgi_identity_oldest(char **name);

#endif /* _PEERGROUP_STORE_H */
