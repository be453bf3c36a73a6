/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The admin plane: what the kernel itself says about groups, links, members and
 * counters, asked by libnl-genl and not through libpeergroup, so that a second
 * implementation uses the netlink family. It sees every group of the network
 * namespace that this user may read, also those of other users.
 *
 * Every function returns an exit code and has told why where it is not EXIT_OK. What they
 * give lasts until admin_free(): who asks again and again calls it, all others end.
 */
#ifndef PEERGROUP_ADMIN_H
#define PEERGROUP_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <linux/peergroup.h>

struct admin_blob {
	size_t len;
	unsigned char *data;
};

struct admin_group {
	uint32_t index;
	unsigned char id[PEERGROUP_HASH_LEN];
	char *name;
	char *friendly;			/* as this user knows it; the name if not */
	char *member;
	bool mine;			/* the member is an identity of this user */
	uint64_t node;
	unsigned char node_key[PEERGROUP_NODE_KEY_LEN];
	uint64_t credential_expires;	/* 0: none */
	unsigned char shown[PEERGROUP_HASH_LEN];	/* fingerprint of the own certificate */
	uint32_t status;
	uint16_t port;
	uint64_t seq;
	uint64_t horizon;
	uint32_t records;
	uint32_t tombstones;
	uint64_t bytes;
	uint32_t holders;
	uint32_t uid, gid, mode;
	int64_t time_offset;
	unsigned char fingerprint[PEERGROUP_HASH_LEN];
	uint64_t limits[__PEERGROUP_A_LIMIT_MAX];
	bool has_limit[__PEERGROUP_A_LIMIT_MAX];
	struct admin_blob root;
	struct admin_blob *chain;
	size_t chain_len;
};

struct admin_link {
	uint64_t id;
	unsigned char address[16];
	size_t address_len;
	uint16_t port;
	uint32_t scope;
	uint32_t state;
	bool outbound;
	bool found;
	bool direct;			/* for data only, no neighbour */
	uint64_t node;
	char *peer;			/* or NULL */
	int reason;
	uint32_t queued;
	uint64_t rx_bytes, tx_bytes, rx_records, tx_records;
	uint32_t retries;
	uint32_t rtt_us;
	bool has_rtt;
};

struct admin_member {
	unsigned char fingerprint[PEERGROUP_HASH_LEN];
	char *name;
	char *friendly;
	uint32_t roles;
	uint64_t not_before, not_after;
	uint32_t depth;
	struct admin_blob cert;
	bool revoked;
	uint64_t records_until;		/* where revoked: later ones are void */
};

/* Frees all that the functions below have given. */
void admin_free(void);

/* All groups of the namespace; NULL where none runs. */
int admin_groups(struct admin_group **groups, size_t *n);

/**
 * admin_find_group() - a running group, named as for find_group()
 * @arg: what the user typed, or NULL
 * @group: receives all of it
 */
int admin_find_group(const char *arg, struct admin_group *group);

int admin_links(uint32_t index, struct admin_link **links, size_t *n);
int admin_members(uint32_t index, struct admin_member **members, size_t *n);
/* Until when the group's own membership lasts; *@until is 0 where the kernel does not say. */
int admin_member_until(const struct admin_group *group, uint64_t *until);
/* Is that over by the group's clock? 0 is not. */
bool admin_is_past(const struct admin_group *group, uint64_t peer_time);
/* @values: by PEERGROUP_A_STATS_*. */
int admin_stats(uint32_t index, uint64_t values[__PEERGROUP_A_STATS_MAX]);
/*
 * Sets the limits that have given[i], the user's "NAME=VALUE". @unit says what is behind a
 * number of one of them.
 */
int admin_set_limits(uint32_t index, const uint64_t *values, const char *const *given,
		     const char *(*unit)(unsigned int limit));

/* What is to be changed of owner, group of users and mode. */
struct admin_owner {
	bool has_uid, has_gid, has_mode;
	uint32_t uid, gid, mode;
};

int admin_set_owner(uint32_t index, const struct admin_owner *owner);
/* Takes it offline and keeps it no longer: it ends where no program has it open. */
int admin_let_go(uint32_t index);
/* *@was: whether a link to there was kept, or asked for; that none was is no failure. */
int admin_disconnect(uint32_t index, const struct sockaddr_storage *address, bool *was);
/* The wire form of a record; EXIT_NOT_FOUND if there is none. */
int admin_record(uint32_t index, const unsigned char *id, struct admin_blob *wire);

/* "ADDR", "ADDR:PORT", "[ADDR]:PORT", with %interface; false if it is none. */
bool parse_address(const char *text, struct sockaddr_storage *address);

/* A counter's name, NULL for what is none; and back, 0 if unknown. */
const char *stat_name(unsigned int stat);
unsigned int stat_by_name(const char *name);

#endif /* PEERGROUP_ADMIN_H */
