/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages by which somebody joins a group with its password, both ends of them;
 * Documentation/protocol.rst has their form. Pure: no file, no socket, no thread.
 * passwordjoin.c is the one end's caller, answer.c the other's.
 */
#ifndef _PEERGROUP_PAKE_H
#define _PEERGROUP_PAKE_H

#include <linux/peergroup.h>
#include "cert.h"
#include "cpace.h"

#define PGI_BLINDER_LEN		32
#define PGI_COMMITMENT_LEN	32

/* First message of who answers. */
struct pgi_pake_answer {
	uint8_t share[PGI_CPACE_SHARE];
	uint8_t commitment[PGI_COMMITMENT_LEN];	/* to its certificate */
	uint8_t tag[PGI_CPACE_TAG];
} __attribute__((packed));

struct pgi_pake {
	uint8_t authority[PEERGROUP_AUTHORITY_LEN];
	uint8_t verifier[PGI_VERIFIER_LEN];
	uint8_t nonce[32];
	uint8_t blinder[PGI_BLINDER_LEN];
	uint8_t commitment[PGI_COMMITMENT_LEN];	/* of who answers */
	uint8_t scalar[PGI_CPACE_SHARE];
	uint8_t ya[PGI_CPACE_SHARE];
	uint8_t isk[PGI_CPACE_ISK];
	uint8_t tag[PGI_CPACE_TAG];		/* that who joins has to show */
	uint8_t mark[PGI_MARK_LEN];		/* the password's, by who answers */
	bool joined;				/* it has shown who it is */
};

/* The password a group of that authority is joined by, made hard to guess. Slow. */
HRESULT pgi_verifier_make(const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
			  const char *password, uint8_t verifier[PGI_VERIFIER_LEN]);
/* The same in a block of its own, without a mark yet, to be freed with the group's store. */
HRESULT pgi_verifier_new(const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
			 const char *password, struct pgi_verifier **verifier);

/* At random, for a password that is set now. */
HRESULT pgi_mark_draw(uint8_t mark[PGI_MARK_LEN]);

/* PEER_E_PASSWORD_DOES_NOT_MEET_POLICY */
HRESULT pgi_password_check(const char *password);

void pgi_pake_init(struct pgi_pake *p, const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
		   const uint8_t verifier[PGI_VERIFIER_LEN]);
void pgi_pake_clear(struct pgi_pake *p);

/* ---- who joins ---- */

/* The opening. */
HRESULT pgi_pake_open(struct pgi_pake *p, const struct pgi_identity *identity,
		      struct peergroup_password_opening *opening);
/*
 * The answer, and the message to it: @out is the caller's to free. PEER_E_NOT_AUTHORIZED
 * where the other end does not know this password.
 */
HRESULT pgi_pake_prove(struct pgi_pake *p, const struct pgi_identity *identity,
		       const uint8_t *msg, size_t len, struct pgi_blob *out);
/*
 * The end: an invitation, to be checked like any other, and by pgi_pake_issuer(). Or why
 * there is none. With it @p has the password's mark.
 */
HRESULT pgi_pake_accept(struct pgi_pake *p, const uint8_t *msg, size_t len, char **xml);
/* Was it that issuer, by its certificate, with whom the password was proved? */
bool pgi_pake_issuer(const struct pgi_pake *p, const uint8_t fingerprint[32]);

/* ---- who answers ---- */

/*
 * @opening: nonce and share, as the kernel hands them on. @fingerprint: own certificate's.
 * The password's mark, for the end, is the caller's to fill in.
 */
HRESULT pgi_pake_answer(struct pgi_pake *p, const uint8_t opening[PEERGROUP_PASSWORD_OPENING_LEN],
			const uint8_t fingerprint[32], struct pgi_pake_answer *out);
/*
 * The proof. *@identity_xml: who joins, as pgi_invite() takes it, the caller's to free.
 * PEER_E_NOT_AUTHORIZED for a wrong password.
 */
HRESULT pgi_pake_check(struct pgi_pake *p, const uint8_t *msg, size_t len,
		       char **identity_xml);
/* The end: an invitation, or (@xml NULL) why there is none. @out: the caller's to free. */
HRESULT pgi_pake_issue(struct pgi_pake *p, const char *xml, HRESULT why,
		       struct pgi_blob *out);

#endif /* _PEERGROUP_PAKE_H */
