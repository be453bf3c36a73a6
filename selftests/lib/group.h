/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests in C need around the module: itself, a namespace of their own,
 * keys, certificates, groups, records, and waiting for a condition.
 */
#ifndef _SELFTESTS_GROUP_H
#define _SELFTESTS_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "certs.h"
#include "netlink.h"

#define TICKS	10000000ULL	/* of peer time, per second */

/* ---------------------------------------------------------- the machine -- */

/* For tests in which thousands of sockets ask one after the other; if not, the test is skipped. */
bool quick_machine(void);

/* Loads the module unless it is there, unloads it at exit. */
void need_module(void);
/* A network namespace for this process alone, with its loopback interface up. */
void own_namespace(void);
/*
 * Becomes this program anew, with two arguments; does not return. Not by way of the link
 * in /proc, which leads a program that valgrind runs to valgrind.
 */
void exec_self(const char *first, const char *second);

uint64_t peer_time_now(void);
double seconds_now(void);
/* The host's clock, so much ahead of what it shows; back where that is negative. */
void set_clock(int seconds);

/* Waits for a condition; false when it has not come true in many seconds. */
#define WAIT_SECONDS	600
bool wait_until(bool (*done)(void *arg), void *arg);

/* Objects of a slab cache in use; 0 where it is not listed. */
unsigned long slab_objects(const char *cache);
/* Waits until a cache has so many: freeing takes a grace period. */
bool wait_slab(const char *cache, unsigned long n);
/* A line of /proc/meminfo, in KiB. */
unsigned long meminfo(const char *line);
/* What slabs and vmalloc() have of it, in KiB; large kmalloc()s are among the slabs. */
unsigned long kernel_memory(void);
/* False if kmemleak finds something new; true where there is none. */
bool no_leaks(void);
/* Ends the last group that there is: none of its records is left, nor memory leaked. */
void check_nothing_left(struct nl *nl, uint32_t index);

/* --------------------------------------------------------- certificates -- */

/* Keys 0 to 3, RSA of 2048 bits, made when the tests were built. */
#define KEYS	4
EVP_PKEY *test_key(unsigned int n);

/**
 * struct cert - a certificate, its fingerprint and what it was made from
 *
 * Not to be copied: @spec points into it.
 */
struct cert {
	struct cert_spec spec;
	char friendly[32];
	uint8_t issuer[PEERGROUP_HASH_LEN];
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	struct der_buf der;
};

/* Fill in @spec as it should be, no two the same; change what you like, then cert_sign(). */
void cert_root(struct cert *cert, EVP_PKEY *key);
void cert_below(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles);
void cert_sign(struct cert *cert);

/* Both at once. */
void cert_new_root(struct cert *cert, EVP_PKEY *key);
void cert_issue(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles);

/* --------------------------------------------------------------- groups -- */

#define CHAIN_ROOM	64

/* What GROUP_OPEN and GMC carry; longer than is allowed, too. */
struct chain {
	const struct der_buf *cert[CHAIN_ROOM];
	unsigned int n;
};

/* Opens a group. 0 and *index, or -errno. */
int group_open(struct nl *nl, const struct der_buf *root, const struct chain *chain,
	       uint32_t *index);
/* The same below the root directly, bails out when it fails; synchronised. */
uint32_t group_of(struct nl *nl, const struct cert *root, const struct cert *member);
/*
 * Goes online with the member's word for the node, and looks for no links by itself. Bails
 * out when it fails.
 */
void group_online(struct nl *nl, uint32_t index, const struct cert *member, uint16_t port);
/* The second half of that. */
void group_vouch(struct nl *nl, uint32_t index, const struct cert *member);
/* Key and id of a group's node. */
void group_node(struct nl *nl, uint32_t index, struct peergroup_credential *c);
/* Signs what is filled in; room for the signature is behind it. Return: bytes of both. */
size_t credential_sign(struct peergroup_credential *c, const uint8_t *group, EVP_PKEY *key);
/* Gives the kernel one. 0 or -errno. */
int group_credential(struct nl *nl, uint32_t index, const void *credential, size_t len);
/* Waits until a counter (PEERGROUP_A_STATS_*) has reached @least. */
bool wait_stat(struct nl *nl, uint32_t index, uint16_t counter, uint64_t least);
/* It goes up by one from @before, no more. */
bool counted_once(struct nl *nl, uint32_t index, uint16_t counter, uint64_t before);
/* One limit or timer (PEERGROUP_A_LIMIT_*), a u32. 0 or -errno. */
int group_limit(struct nl *nl, uint32_t index, uint16_t which, uint32_t value);
/* The same of a limit of bytes, which is a u64. */
int group_limit_bytes(struct nl *nl, uint32_t index, uint16_t which, uint64_t value);
/* Keeps a link to a port of this namespace. 0 or -errno. */
int group_dial(struct nl *nl, uint32_t index, uint16_t port);

/* -------------------------------------------------------------- records -- */

/**
 * struct rec - a record, to be signed
 * @hdr: filled in by rec_new() and rec_next(); lengths and hash by rec_sign()
 * @wire: malloc()ed
 */
struct rec {
	struct peergroup_record_hdr hdr;
	const char *attrs;
	const void *data;
	size_t data_len;
	uint8_t *wire;
	size_t len;
};

extern const uint8_t test_type[PEERGROUP_ID_LEN];

/* A first version that lives for an hour. */
void rec_new(struct rec *rec, const struct cert *creator, const void *data, size_t len);
/* The version after @of, by @modifier. */
void rec_next(struct rec *rec, const struct rec *of, const struct cert *modifier,
	      const void *data, size_t len);
/* A chain that refreshes it: values by step, @count + 1 of them, the seed last. */
void rec_chain(struct rec *rec, uint32_t period, uint32_t count,
	       uint8_t (*value)[PEERGROUP_HASH_LEN]);
/* One that says that its node is there, at these addresses; the record is still to be signed. */
void rec_presence(struct rec *rec, const struct cert *by, uint64_t node, uint16_t port,
		  const char *const *addresses, size_t n);
/* The tombstone after @of. */
void rec_tombstone(struct rec *rec, const struct rec *of, const struct cert *modifier);

/* A revocation of whom @body says, which has to last: final, and with the id it has to have. */
void rec_revocation(struct rec *rec, const struct cert *by,
		    const struct peergroup_revocation *body);
/* The same, signed at that time. */
void rec_revocation_at(struct rec *rec, const struct cert *by,
		       const struct peergroup_revocation *body, uint64_t when);

void rec_sign(struct rec *rec, const struct cert *by);
/* With another key than the certificate's. */
void rec_sign_with(struct rec *rec, const uint8_t *group, EVP_PKEY *key);
/* One signature for up to PEERGROUP_BATCH_MAX records. */
void rec_sign_batch(struct rec *const recs[], unsigned int n, const struct cert *by);
void rec_free(struct rec *rec);

/* Where parts of the wire form begin. */
size_t rec_sig_at(const struct rec *rec);
size_t rec_data_at(const struct rec *rec);

#endif
