/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the admin plane share: a request, its answer, and reading
 * attributes. admin.h is what the commands use.
 */
#ifndef PEERGROUP_ADMIN_NL_H
#define PEERGROUP_ADMIN_NL_H

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include "admin.h"

typedef void (*admin_parse_fn)(struct nlattr **tb, struct nlattr *first, int len, void *arg);

/**
 * struct admin_answer - what came back for one request
 * @parse: called per message
 * @policy: of the attributes, @maxattr of them
 * @error: errno of the kernel, positive
 * @detail: its words (extack)
 * @offset: of the attribute that it complains about, in the request; or 0
 * @ranged: @detail ends with what the number may be
 * @interrupted: a dump that has to start over
 */
struct admin_answer {
	admin_parse_fn parse;
	void *arg;
	const struct nla_policy *policy;
	int maxattr;
	int error;
	bool done;
	bool interrupted;
	bool ranged;
	unsigned int offset;
	char detail[256];
};

/* Opens the family's socket once. An exit status, told. */
int admin_open(void);
/* A message of the family; ends the program where there is no memory. */
struct nl_msg *admin_request(uint8_t cmd, int flags);
/* Sends @msg, which stays the caller's, and takes what comes back. */
int admin_exchange(struct nl_msg *msg, struct admin_answer *answer);
/* Tells what the kernel refused @what with. */
int admin_refused(const struct admin_answer *answer, const char *what);
/* A request without an answer to parse, or with one. Frees @msg. */
int admin_perform(struct nl_msg *msg, struct admin_answer *answer, const char *what);
/*
 * A dump, from the start again while the kernel says that it was interrupted.
 * @reset drops what an interrupted try had collected. Frees @msg.
 */
int admin_dump(struct nl_msg *msg, struct admin_answer *answer, void (*reset)(void *arg),
	       const char *what);

/* Attributes that may be missing: 0, NULL, unchanged, empty. */
uint64_t admin_uint(struct nlattr *attr);
char *admin_string(struct nlattr *attr);
void admin_bytes(struct nlattr *attr, void *out, size_t len);
struct admin_blob admin_blob(struct nlattr *attr);

/* Room that lasts until admin_free(), or more of it; a copy there, and a NUL behind it. */
void *admin_memory(void *bytes, size_t size);
void *admin_copy(const void *bytes, size_t len);

/* A growing array: the state of each dump. */
struct admin_list {
	void *items;
	size_t n;
};

void *admin_list_add(struct admin_list *list, size_t size);
void admin_list_reset(void *list);

#endif
