/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records that live for as long as a hash chain goes on. Whoever signs one has hashed a
 * random seed @count times over and puts the outcome, the anchor, into the header; to
 * refresh it is to show the value one hash before the last one shown, and gives it one
 * period more. So a node can keep its record alive with no key and no program at hand,
 * and nobody else can.
 *
 * Engine file: hashes and times, no locks of its own, no clock.
 */
#ifndef _PG_REFRESH_H
#define _PG_REFRESH_H

#include "record.h"

/**
 * struct pg_refresh - how far a record has been refreshed
 * @step: refreshes so far
 * @value: what the last one showed; the anchor before the first
 * @claim_step: as whoever sent the record claims, until it is verified; 0: none
 * @claim: what it claims to have been shown
 * @own: this host refreshes it; read without a lock
 *
 * Of a record that is in the table it changes under the group's lock.
 */
struct pg_refresh {
	u32 step;
	u8 value[PEERGROUP_HASH_LEN];
	u32 claim_step;
	u8 claim[PEERGROUP_HASH_LEN];
	bool own;
};

/**
 * pg_refresh_new() - the state of a record that has not been refreshed
 * @rec: with an anchor
 * @gfp: allocation flags
 *
 * Return: for kfree(), or NULL.
 */
struct pg_refresh *pg_refresh_new(const struct pg_rec *rec, gfp_t gfp);

/**
 * pg_refresh_until() - when a record expires that has been refreshed so often
 * @rec: record
 * @step: refreshes
 *
 * Return: peer time; U64_MAX where that has no room for it.
 */
u64 pg_refresh_until(const struct pg_rec *rec, u32 step);

/**
 * pg_refresh_due() - how often may a record have been refreshed by now?
 * @rec: with an anchor
 * @now: peer time
 *
 * The first time is one period after its modification. So whoever knows all of a chain
 * cannot make a record live longer than its node does, but for what it was given at first.
 *
 * Return: steps, at most the length of the chain.
 */
u32 pg_refresh_due(const struct pg_rec *rec, u64 now);

/**
 * pg_refresh_hash() - go along a chain
 * @value: hashed in place
 * @n: times
 *
 * May sleep: it gives way now and then.
 */
void pg_refresh_hash(u8 *value, u32 n);

/**
 * pg_refresh_leads() - is that a value of the chain?
 * @value: to be that of step @step
 * @step: above @known_step
 * @known: value of step @known_step
 * @known_step: at which @known is
 *
 * May sleep. Return: true if it is.
 */
bool pg_refresh_leads(const u8 *value, u32 step, const u8 *known, u32 known_step);

/* It has been shown that this is the value at @step, which is above the present one. */
void pg_refresh_advance(struct pg_refresh *rf, u32 step, const u8 *value);

#endif /* _PG_REFRESH_H */
