/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may sign what: the rules for records of programs (member.h has them) and of the
 * reserved types. Engine file: pure functions over a record and its signers.
 */
#ifndef _PG_RESERVED_H
#define _PG_RESERVED_H

#include "member.h"
#include "record.h"

/**
 * pg_rec_vouch() - may the signer have signed this record, whatever its type?
 * @rec: a parsed record whose data is what its hash says
 * @creator: member of rec->creator
 * @modifier: member of rec->modifier
 *
 * pg_member_vouch(), and what holds for the reserved types: the group root signs the
 * group's properties and nothing else, and nobody else signs these; a membership record
 * is made by the member, or by who issued the certificate; presence is a member's own,
 * and for a day at the most; for revocations see pg_revocation_vouch(). Records with a
 * reserved id are of no other type, so nobody can replace them by a later version of
 * something else.
 *
 * Return: 0 or a refusal: _MALFORMED, _ID, _ROLE, _TIMES, _SIGNATURE, _RESERVED.
 */
unsigned int __must_check pg_rec_vouch(const struct pg_rec *rec,
				       const struct pg_member *creator,
				       const struct pg_member *modifier);

/**
 * pg_properties_flags() - what a group's properties say to the kernel
 * @rec: a properties record that pg_rec_vouch() found right
 *
 * Return: PEERGROUP_PROPERTY_* and flags that are no concern of the kernel's; 0 where the
 * data is of a form it does not know.
 */
u32 pg_properties_flags(const struct pg_rec *rec);

#endif /* _PG_RESERVED_H */
