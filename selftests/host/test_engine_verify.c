// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel says about a signature, and what the module makes of it: a verdict, which
 * may cost a peer its link, or that there is none. The kernel is this file.
 */
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../kmod/verify.c"
#include "tap.h"

static int says;
static const char *lacks;
static unsigned int asked;

int crypto_has_alg(const char *name, u32 type, u32 mask)
{
	return !lacks || strcmp(name, lacks);
}

int public_key_verify_signature(const struct public_key *pkey,
				const struct public_key_signature *sig)
{
	asked++;
	return says;
}

static const u8 hash[PEERGROUP_HASH_LEN], bytes[PEERGROUP_SIG_LEN_MAX];

static int verify(u8 algo, u32 key_len, u32 sig_len)
{
	return pg_verify(algo, (struct pg_span){ bytes, key_len }, hash,
			 (struct pg_span){ bytes, sig_len });
}

static int made_of(int err)
{
	says = err;
	return verify(PEERGROUP_SIG_RSA_SHA256, 270, 256);
}

/* The same signature is that on all hosts, whatever implementation computes there. */
static void test_verdicts(void)
{
	static const int wrong[] = { -EKEYREJECTED, -EBADMSG, -EINVAL };
	unsigned int i;

	CHECK(!made_of(0));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		CHECK(made_of(wrong[i]) == -EKEYREJECTED, "%s: %d", strerror(-wrong[i]),
		      made_of(wrong[i]));
}

/* An implementation that is out of order, or gone: nothing is known of the signature. */
static void test_no_verdicts(void)
{
	static const int soon[] = { -ENOMEM, -EINTR, -EAGAIN, -ETIMEDOUT };
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(soon); i++)
		CHECK(made_of(soon[i]) == -ENOMEM, "%s: %d", strerror(-soon[i]),
		      made_of(soon[i]));
	for (err = 1; err < 600; err++) {
		int made = made_of(-err);

		CHECK(made == -ENOMEM || made == -ENOPKG || err == EKEYREJECTED ||
		      err == EBADMSG || err == EINVAL, "%s: %d", strerror(err), made);
	}
	/* Who is asked again at once would go on asking, as this does not pass by itself. */
	CHECK(made_of(-EIO) == -ENOPKG && made_of(-ENODEV) == -ENOPKG);
}

static void test_not_asked(void)
{
	asked = 0;
	CHECK(verify(PEERGROUP_SIG_RSA_SHA256, 270, 255) == -EKEYREJECTED);
	CHECK(verify(PEERGROUP_SIG_RSA_SHA256, PG_KEY_LEN_MAX + 1, 256) == -EKEYREJECTED);
	CHECK(verify(3, 270, 256) == -EKEYREJECTED);
	lacks = PG_ALG_RSA_SHA256;
	CHECK(pg_verify_init() == -ENOPKG);
	CHECK(verify(PEERGROUP_SIG_RSA_SHA256, 270, 256) == -ENOPKG);
	lacks = NULL;
	CHECK(!pg_verify_init());
	CHECK(!asked);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a verdict", test_verdicts },
		{ "no verdict", test_no_verdicts },
		{ "the kernel is not asked", test_not_asked },
	};

	NEED(!pg_verify_init());
	return tap_main(tests, ARRAY_SIZE(tests));
}
