/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The conformance suite: a case for each rule of api/rules.tsv that a program can
 * show, called by the rule's name, and two members of a group that it is shown with.
 */
#ifndef _SELFTESTS_RULES_H
#define _SELFTESTS_RULES_H

#include "api.h"
#include "group.h"

/* ---------------------------------------------------------------- cases -- */

struct rule {
	const char *name;
	void (*run)(void);
	int line;
};

#define RULE_CASE_(symbol, text)					\
	static void symbol(void);					\
	static const struct rule symbol##_ = { text, symbol, __LINE__ };	\
	static const struct rule *const symbol##_at			\
		__attribute__((used, section("rules"))) = &symbol##_;	\
	static void symbol(void)

/* A case of a rule: RULE(A5, "a type is needed") { ... } */
#define RULE(id, what)	RULE_CASE_(rule_##id, #id " " what)
/* A case of an error that a function is documented to return. */
#define ERROR(function, error, what) \
	RULE_CASE_(error_##function##_##error, #function " " #error ": " what)

/* Runs the cases of this program's file in their order there. */
int rules_main(void);

/* ---------------------------------------------------------- two members -- */

/*
 * Alice, who made the group, and Bob, whom she invited: two hosts to each other,
 * although they are in one process. What does not come from here is set to fail.
 */
extern char *alice, *bob, *group_name, *invitation;
extern HGROUP ours, bobs;
extern char bad_handle;

#define BAD_GROUP	((HGROUP)&bad_handle)
#define BAD_EVENT	((HPEEREVENT)&bad_handle)
/* A peer name like any, of nobody. */
#define NOBODY		"0123456789012345678901234567890123456789.x"
#define BOBS_PORT	4000
/* A part of a second less than an hour, in peer time from now. */
#define HOUR		(3600 * TICKS)

/* A namespace and a data folder of this process alone, and PeerGroupStartup(). */
void rules_begin(void);
/* Alice and Bob; the group with @flags (PEER_GROUP_PROPERTY_FLAGS), Bob in it by @role. */
void rules_people(void);
void rules_group(uint32_t flags, uint32_t role);
/* SHA-256 of Bob's public key, as his invitation has it, in the form of certificates. */
void bobs_key_hash(uint8_t hash[32]);
/* Both online, linked, and Bob synchronised. */
void rules_connect(void);
/* Bob goes offline, and online again. */
void rules_part(void);
void rules_meet(void);

/* Waits until Bob's host has what Alice's has, to the last version. */
bool rules_agree(const GUID *id);

/* ------------------------------------------------------------- records -- */

extern const GUID rules_type;

FILETIME to_filetime(uint64_t time);
uint64_t from_filetime(FILETIME time);
/* A record of rules_type, for an hour, with five bytes. */
PEER_RECORD new_record(void);
/* Adds it for Alice. Bails out when that fails. */
GUID add_record(void);
GUID add_with(const char *attributes);
/* Bob's, there at both; to be freed with PeerFreeData(). */
PEER_RECORD *bobs_record(void);
/* Alice adds it and is refused, with nothing given back. */
void refuse(PEER_RECORD *r, HRESULT expected);
bool guids_equal(const GUID *a, const GUID *b);
/* A text of so many attributes, to be freed with free(). */
WCHAR *many_attributes(unsigned int n);
/* Alice's record as it is now, to be freed. Bails out where there is none. */
PEER_RECORD *current(const GUID *id);
/* A record as a group has it, to be freed; NULL if it has none. */
PEER_RECORD *get_record(HGROUP group, const GUID *id);
DWORD version_of(HGROUP group, const GUID *id);
/* How many records of a type a group has; NULL: of all. */
ULONG count_records(HGROUP group, const GUID *type);
/* How many records a query finds. Reports where it fails. */
ULONG count_found(HGROUP group, const char *query);

/* The whole first item of an enumeration, to be freed with *items; ends it. */
void *first_item(HPEERENUM list, void ***items, ULONG *count);

/* -------------------------------------------------------------- events -- */

/* A registration that takes items until the one that is waited for. */
struct listener {
	HANDLE event;
	HPEEREVENT handle;
};

void listen_for(struct listener *l, HGROUP group, PEER_GROUP_EVENT_TYPE type, const GUID *filter);
void stop_listening(struct listener *l);
/* Takes items up to one of a change to a record; false when it does not come. */
bool hear_change(struct listener *l, const GUID *id, PEER_RECORD_CHANGE_TYPE change);
/* The next item, to be freed; NULL when none comes. */
PEER_GROUP_EVENT_DATA *hear(struct listener *l);
/* Nothing is queued any more. */
bool silent(struct listener *l);

/* ------------------------------------------------------------- another -- */

/* A file of Bob's identity goes aside, and an empty one is in its place; and back. */
void rules_damage(const char *file, bool damage);

/* Runs with the rights of the user nobody; for what only root may read. */
HRESULT as_nobody(HRESULT (*call)(void *arg), void *arg);

#endif /* _SELFTESTS_RULES_H */
