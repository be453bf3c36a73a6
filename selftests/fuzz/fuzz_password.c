// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes from who is not a member yet, or says to be one: by its first byte an
 * opening, an answer, a proof or an end, of somebody who does not know the password; or
 * the text of an end that was sealed by one who does.
 */
#include <sodium.h>
#include <string.h>
#include "fuzz.h"
#include "cert.h"
#include "pake.h"

static const uint8_t authority[PEERGROUP_AUTHORITY_LEN] = "of a group's id";
static const uint8_t verifier[PGI_VERIFIER_LEN] = "of a password";
static const uint8_t fingerprint[32] = "of who answers";

/* Behind a tag that fits; nothing from outside comes so far. */
HRESULT pgi_identity_to_xml(const struct pgi_identity *identity, char **xml)
{
	FUZZ_NEED(!identity && !xml);
	return E_FAIL;
}

HRESULT pgi_identity_from_xml(const char *xml, struct pgi_idc *idc)
{
	FUZZ_NEED(!xml && !idc);
	return E_FAIL;
}

static void answer(struct pgi_pake *p, const uint8_t *data, size_t len)
{
	uint8_t opening[PEERGROUP_PASSWORD_OPENING_LEN] = { 0 };
	struct pgi_pake_answer out;
	HRESULT hr;

	memcpy(opening, data, len < sizeof(opening) ? len : sizeof(opening));
	hr = pgi_pake_answer(p, opening, fingerprint, &out);
	FUZZ_NEED(hr == S_OK || hr == PEER_E_NOT_AUTHORIZED);
	fuzz_taken = hr == S_OK;
}

/* Nobody comes through who does not know the password: so there is no identity. */
static void refuse(struct pgi_pake *p, uint8_t what, const uint8_t *data, size_t len)
{
	struct pgi_blob out;
	HRESULT hr;
	char *text;

	if (what == 1)
		hr = pgi_pake_prove(p, NULL, data, len, &out);
	else if (what == 2)
		hr = pgi_pake_check(p, data, len, &text);
	else
		hr = pgi_pake_accept(p, data, len, &text);
	FUZZ_NEED(hr == PEER_E_NOT_AUTHORIZED);
}

static void end(struct pgi_pake *p, const uint8_t *data, size_t len)
{
	char *xml = strndup((const char *)data, len), *back;
	struct pgi_blob out;

	FUZZ_NEED(xml && pgi_pake_issue(p, xml, S_OK, &out) == S_OK);
	FUZZ_NEED(pgi_pake_accept(p, out.data, out.len, &back) == S_OK && !strcmp(xml, back));
	fuzz_taken = true;
	pgi_blob_free(&out);
	free(back);
	free(xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pgi_pake p;

	if (!len || len > PEERGROUP_PASSWORD_IN_MAX)
		return 0;
	pgi_pake_init(&p, authority, verifier);
	memset(p.tag, 0x5a, sizeof(p.tag));
	memset(p.scalar, 1, sizeof(p.scalar));
	if (!*data)
		answer(&p, data + 1, len - 1);
	else if (*data < 4)
		refuse(&p, *data, data + 1, len - 1);
	else
		end(&p, data + 1, len - 1);
	pgi_pake_clear(&p);
	return 0;
}

/* But for the last two nobody knows the password, or an element that is none. */
bool fuzz_seed_refused(unsigned int n)
{
	return n < 4;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const size_t lens[] = {
		PEERGROUP_PASSWORD_OPENING_LEN, sizeof(struct pgi_pake_answer), 600, 400, 200,
		PEERGROUP_PASSWORD_OPENING_LEN,
	};
	uint8_t scalar[crypto_core_ristretto255_SCALARBYTES] = { 7 };

	if (n >= sizeof(lens) / sizeof(*lens))
		return 0;
	memset(out, 0x5a, lens[n] + 1);
	out[0] = (uint8_t)(n % 5);
	/* Zero is an element: the neutral one, which is refused later than what is none. */
	if (!n)
		memset(out + 33, 0, 32);
	if (n == 5)
		FUZZ_NEED(!crypto_scalarmult_ristretto255_base(out + 33, scalar));
	return lens[n] + 1;
}
