/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family as it is, without the library: requests put together
 * attribute by attribute, so that each can be wrong, and what the kernel says
 * about it.
 */
#ifndef _SELFTESTS_NETLINK_H
#define _SELFTESTS_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/peergroup.h>

#define NL_ROOM		(256U << 10)

/**
 * struct nl - a socket and the last answer
 * @text: what the kernel said about the last refusal, or ""
 * @has_cookie: the last acknowledgement brought one
 * @cookie: of RECORD_PUT: the sequence of the change
 * @said_done: the last answer ended as a dump does
 */
struct nl {
	struct mnl_socket *sock;
	uint16_t family;
	uint32_t events;
	uint32_t seq;
	char text[256];
	bool has_cookie;
	uint64_t cookie;
	bool said_done;
	uint8_t amid;		/* the last event's command that came amid an answer, or 0 */
	uint8_t out[NL_ROOM];
	uint8_t in[NL_ROOM];
};

typedef void (*nl_each)(const struct nlmsghdr *msg, void *arg);

/* 0 or -errno; the family has to be there. */
int nl_open(struct nl *nl);
void nl_close(struct nl *nl);
/* Joins the group of events. 0 or -errno. */
int nl_listen(struct nl *nl);

/* Begins a request; mnl_attr_put*() go on. @flags beside REQUEST and ACK, NLM_F_DUMP instead. */
struct nlmsghdr *nl_begin(struct nl *nl, uint8_t cmd, uint16_t flags);

/* Sends it and reads until the answer is complete. 0 or -errno. */
int nl_talk(struct nl *nl, struct nlmsghdr *msg, nl_each each, void *arg);
/* The second half of that. */
int nl_hear(struct nl *nl, nl_each each, void *arg);

const struct nlattr *nl_attr(const struct nlmsghdr *msg, uint16_t type);
uint32_t nl_u32(const struct nlmsghdr *msg, uint16_t type);
uint64_t nl_u64(const struct nlmsghdr *msg, uint16_t type);
uint8_t nl_cmd(const struct nlmsghdr *msg);

/* Requests of one attribute, which names the group. */
int nl_simple(struct nl *nl, uint8_t cmd, uint16_t type, uint32_t index);
/* A counter (PEERGROUP_A_STATS_*) of a group. */
uint64_t nl_stat(struct nl *nl, uint32_t index, uint16_t counter);
/* A number (PEERGROUP_A_GROUP_*) of a group. */
uint64_t nl_group_number(struct nl *nl, uint32_t index, uint16_t type);
/* How many answers a dump brings; @type and @index as in nl_simple(), 0: all. */
unsigned int nl_count(struct nl *nl, uint8_t cmd, uint16_t type, uint32_t index);

/* As RECORD_PUT, in parts where it is long. 0 or -errno. */
int nl_put_record(struct nl *nl, uint32_t index, const void *wire, size_t len);
/* A short one that the kernel is to refresh by that seed. */
int nl_put_kept(struct nl *nl, uint32_t index, const void *wire, size_t len, const void *seed,
		size_t seed_len);

#endif
