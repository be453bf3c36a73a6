/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finding records by type, creator and time without reading the whole table.
 *
 * The table has its records in three more orders: by (type, id), by (created, id)
 * and by (modified, id). As an id begins with its creator's key, what one creator
 * has lies together in the order of ids, and what it has of one type in that of
 * types. Each order counts what is below a node, so that a search takes the one in
 * which the fewest records are left to look at.
 *
 * Writers and walks hold the group's lock.
 */
#ifndef _PG_SEARCH_H
#define _PG_SEARCH_H

#include <linux/rbtree.h>
#include "include/uapi/linux/peergroup.h"

struct pg_record;
struct pg_table;

/* The last is the table's own tree. */
enum pg_order { PG_BY_TYPE, PG_BY_CREATED, PG_BY_MODIFIED, PG_INDEXES, PG_BY_ID = PG_INDEXES };

/**
 * struct pg_index - a record's place in one of the orders
 * @node: in struct pg_table
 * @under: records in this node's subtree
 */
struct pg_index {
	struct rb_node node;
	u32 under;
};

/* Enters a record in all orders, and takes it out of them. */
void pg_index_enter(struct pg_table *t, struct pg_record *r);
void pg_index_leave(struct pg_table *t, struct pg_record *r);

/**
 * struct pg_filter - which records are wanted; what it points to is the caller's
 * @id: NULL for any
 * @type: NULL for any
 * @creator: peer name, no NUL; NULL for any. See pg_filter_creator()
 * @creator_len: bytes of it
 * @key: what the ids of @creator's records begin with
 * @created: first and last peer time of creation
 * @modified: first and last peer time of the version
 */
struct pg_filter {
	const u8 *id;
	const u8 *type;
	const char *creator;
	size_t creator_len;
	u8 key[PEERGROUP_ID_LEN / 2];
	u64 created[2];
	u64 modified[2];
};

/* Takes all. */
void pg_filter_init(struct pg_filter *f);

/**
 * pg_filter_creator() - want one creator's records
 * @f: filter
 * @name: peer name
 * @len: bytes of it
 *
 * Return: false where @name is none that a record's creator can have.
 */
bool __must_check pg_filter_creator(struct pg_filter *f, const char *name, size_t len);

/* Is this record wanted? It has its members. */
bool pg_filter_match(const struct pg_filter *f, const struct pg_record *r);

/* A place in any order: those parts count by which the order sorts. */
struct pg_place {
	u8 type[PEERGROUP_ID_LEN];
	u64 time;
	u8 id[PEERGROUP_ID_LEN];
};

/**
 * struct pg_walk - where a search stands; all in it is copied
 * @order: in which it goes
 * @begun: @at has been told
 * @at: where it begins, then the last record told
 * @end: the last place that may be wanted
 * @seq: changes up to this one are behind it
 */
struct pg_walk {
	enum pg_order order;
	bool begun;
	struct pg_place at;
	struct pg_place end;
	u64 seq;
};

/* Chooses the order in which the fewest records have to be looked at. Lock held. */
void pg_walk_begin(struct pg_walk *w, struct pg_table *t, const struct pg_filter *f);

/**
 * pg_walk_next() - the next record that may be wanted
 * @w: walk
 * @t: the table; it may have changed in any way since the last call
 *
 * A record that is there, and in the range, during the whole walk is met once. By
 * time of modification a record moves when it changes; so that it is not missed,
 * what has changed meanwhile is met once more at the end.
 *
 * O(log n). Lock held.
 *
 * Return: a record, held, for pg_filter_match() to judge; NULL at the end.
 */
struct pg_record *pg_walk_next(struct pg_walk *w, struct pg_table *t);

#endif /* _PG_SEARCH_H */
