/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading records from the kernel and publishing versions of them; what the two
 * APIs do with records, they do here.
 */
#ifndef _PEERGROUP_RECORDS_H
#define _PEERGROUP_RECORDS_H

#include "group.h"
#include "query.h"
#include "record.h"

/* ---- fetch.c: reading ---- */

struct pgi_query {
	uint32_t group;			/* index */
	const uint8_t *id, *type;	/* NULL: any */
	const uint64_t *since;		/* NULL: not by sequence */
	const struct pgi_box *box;	/* NULL: all; @id and @type of it do not count */
	bool brief, tombstones;
	bool leave;			/* close the socket where @fn ends the calls */
};

/*
 * Called with each record; one that is to be kept is taken out by setting
 * *@record to NULL. Not S_OK ends the calls and is returned; the rest is read and thrown
 * away, which is long of a long list, unless the query says to leave.
 */
typedef HRESULT (*pgi_record_fn)(struct pgi_record **record, void *arg);

/*
 * Asks for records and waits for all. *@err becomes the kernel's errno where
 * the caller deals with it (@err may be NULL): -ESTALE for a @since that is too
 * long ago.
 */
HRESULT pgi_fetch(struct pgi_nl *nl, const struct pgi_query *query, pgi_record_fn fn,
		  void *arg, int *err);

/* One record by id, tombstones too: PEER_E_RECORD_NOT_FOUND. */
HRESULT pgi_fetch_one(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		      struct pgi_record **record);

/* ---- records.c ---- */

/* What a program wants a version to be; times as in struct pgi_draft. */
struct pgi_content {
	const void *data;
	size_t size;
	const char *attrs;		/* NULL and "" for none */
	uint64_t expires;
	uint64_t now;			/* that @expires was counted from; 0: not asked for yet */
	bool keep_expires;		/* update: as stored */
	const uint8_t *type;		/* add; update: must be the stored, NULL: do not check */
	uint32_t peer_flags;		/* PEER_RECORD_FLAG_*, as @type */
};

HRESULT pgi_record_add(struct pgi_group *group, const struct pgi_content *content,
		       uint8_t id[PEERGROUP_ID_LEN]);
HRESULT pgi_record_update(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
			  const struct pgi_content *content);
HRESULT pgi_record_delete(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN]);
/* A live one. */
HRESULT pgi_record_get(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
		       struct pgi_record **record);
/*
 * Signs a version of a record of any type and hands it to the kernel. *@stale is set
 * where one at least as new is there; that is no failure.
 */
HRESULT pgi_record_publish(struct pgi_group *group, const struct pgi_identity *signer,
			   const struct pgi_draft *draft, bool *stale);
/* The same with a version that was signed before, by whomever. */
HRESULT pgi_record_put(struct pgi_group *group, const struct pgi_blob *wire, bool *stale);
/*
 * The same on any socket, to be judged by errno: -ESTALE where it is stale. @seed: of the
 * chain by which the kernel refreshes it from then on, or NULL.
 */
int pgi_put(struct pgi_nl *nl, uint32_t group, const struct pgi_blob *wire, const uint8_t *seed);
/* What a program is told about such a refusal; for certificates, too. */
HRESULT pgi_put_refused(struct pgi_nl *nl, int err);
/* Who may publish at all: PEER_E_NOT_AUTHORIZED, PEER_E_INVALID_PEER_NAME. */
HRESULT pgi_check_publisher(struct pgi_group *group, uint64_t now);
/* Live ones of a type (NULL: all that programs made). */
HRESULT pgi_record_each(struct pgi_group *group, const uint8_t *type, pgi_record_fn fn,
			void *arg);
/* The same of what a query for the kernel says; its group is filled in. */
HRESULT pgi_record_walk(struct pgi_group *group, struct pgi_query *query, pgi_record_fn fn,
			void *arg);

/*
 * What is to be signed, checked as the calls above do; what a version has of @content
 * stays the caller's. For an add the group is ready, and its member may publish.
 */
HRESULT pgi_record_draft_add(struct pgi_group *group, const struct pgi_content *content,
			     uint64_t now, struct pgi_draft *draft);
/* @content NULL deletes. */
HRESULT pgi_record_draft_change(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
				const struct pgi_content *content, struct pgi_draft *draft);

/*
 * The version after *@old, which is read for it and the caller's to free, without
 * attributes and data.
 */
HRESULT pgi_record_draft_again(struct pgi_group *group, const uint8_t id[PEERGROUP_ID_LEN],
			       struct pgi_draft *draft, struct pgi_record **old);

/* ---- batch.c ---- */

/* One of many; @hr says what became of it. Where it is a failure before, it is left out. */
struct pgi_batch_item {
	struct pgi_content content;
	uint8_t id[PEERGROUP_ID_LEN];
	HRESULT hr;
};

/* Told that of the first @done items it is known what became; not S_OK ends it. */
typedef HRESULT (*pgi_progress_fn)(size_t done, void *arg);

/*
 * Adds or, by their ids, updates up to PEERGROUP_BATCH_MAX records with one signature.
 * Fails where none could be signed; else the items tell, and it returns what @progress,
 * which may be NULL, said: E_ABORT is what became of those behind.
 */
HRESULT pgi_record_batch(struct pgi_group *group, struct pgi_batch_item *items, size_t count,
			 bool update, pgi_progress_fn progress, void *arg);

/* ---- native.c ---- */

/* What a program says about a record, checked and as the calls above take it. */
HRESULT pgi_check_record(const struct peergroup_new_record *record);
HRESULT pgi_take_content(struct pgi_group *group, const struct peergroup_new_record *record,
			 bool update, struct pgi_content *content);

/* ---- snapshot.c ---- */

/* Records in an array that grows. */
struct pgi_snapshot {
	struct pgi_record **records;
	size_t count, room;
};

/* A pgi_record_fn; @arg is a struct pgi_snapshot. */
HRESULT pgi_snapshot_add(struct pgi_record **record, void *arg);
/* Of records that are in it twice only the latest version stays. */
void pgi_snapshot_unique(struct pgi_snapshot *s);
void pgi_snapshot_free(struct pgi_snapshot *s);
/* An enumeration of PEER_RECORD; takes the records over, also where it fails. */
HRESULT pgi_snapshot_enum(struct pgi_snapshot *s, HPEERENUM *handle);

/* ---- search.c ---- */

/* All that match a query; @found is for pgi_snapshot_free() also where it fails. */
HRESULT pgi_search(struct pgi_group *group, const char *xml, struct pgi_snapshot *found);

#endif /* _PEERGROUP_RECORDS_H */
