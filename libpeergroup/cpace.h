/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace), initiator and
 * responder: two ends that share a password agree on a key, and who does not know it
 * learns of each run whether one guess was right. Pure: no file, no socket.
 */
#ifndef _PEERGROUP_CPACE_H
#define _PEERGROUP_CPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PGI_CPACE_SHARE	32	/* bytes of a share, and of a scalar */
#define PGI_CPACE_ISK	64
#define PGI_CPACE_TAG	64

struct pgi_bytes {
	const void *data;
	size_t len;
};

/* What both ends have to agree in. */
struct pgi_cpace_context {
	struct pgi_bytes password;	/* PRS */
	struct pgi_bytes channel;	/* CI */
	struct pgi_bytes session;	/* sid */
};

/* The whole of it, as both ends see it: shares and associated data. */
struct pgi_cpace_transcript {
	uint8_t ya[PGI_CPACE_SHARE], yb[PGI_CPACE_SHARE];
	struct pgi_bytes ada, adb;
};

/* The generator of the run. False without memory. */
bool pgi_cpace_generator(const struct pgi_cpace_context *c, uint8_t g[PGI_CPACE_SHARE]);

/* A share for a scalar of one's own. False where there is none, which chance does not bring. */
bool pgi_cpace_share(const uint8_t g[PGI_CPACE_SHARE], const uint8_t scalar[PGI_CPACE_SHARE],
		     uint8_t share[PGI_CPACE_SHARE]);

/* Makes a scalar and its share. */
bool pgi_cpace_begin(const struct pgi_cpace_context *c, uint8_t scalar[PGI_CPACE_SHARE],
		     uint8_t share[PGI_CPACE_SHARE]);

/*
 * The session key, from one's own scalar and the other end's share. False where that
 * share is no group element, or the neutral one: the run has to end then.
 */
bool pgi_cpace_key(const struct pgi_cpace_context *c, const struct pgi_cpace_transcript *t,
		   const uint8_t scalar[PGI_CPACE_SHARE],
		   const uint8_t theirs[PGI_CPACE_SHARE], uint8_t isk[PGI_CPACE_ISK]);

/* Proof of the key: by the initiator over its share and data, or by the responder. */
bool pgi_cpace_tag(const struct pgi_cpace_context *c, const struct pgi_cpace_transcript *t,
		   const uint8_t isk[PGI_CPACE_ISK], bool initiator,
		   uint8_t tag[PGI_CPACE_TAG]);

#endif /* _PEERGROUP_CPACE_H */
