// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include "group.h"
#include "tap.h"

/* --------------------------------------------------------- certificates -- */

EVP_PKEY *test_key(unsigned int n)
{
	static EVP_PKEY *keys[KEYS];
	const char *build = getenv("PG_BUILD");
	char path[4096];
	FILE *file;

	NEED(n < KEYS);
	if (keys[n])
		return keys[n];
	NEED(build);
	snprintf(path, sizeof(path), "%s/selftests/keys/%u.pem", build, n);
	file = fopen(path, "r");
	NEED(file);
	keys[n] = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	NEED(keys[n]);
	return keys[n];
}

void cert_root(struct cert *cert, EVP_PKEY *key)
{
	cert->spec = cert_spec_root(key);
}

void cert_below(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles)
{
	static unsigned int count;

	cert->spec = cert_spec_below(key, &issuer->spec, &issuer->der, cert->issuer, roles);
	snprintf(cert->friendly, sizeof(cert->friendly), "member %u", ++count);
	cert->spec.friendly = cert->friendly;
}

void cert_sign(struct cert *cert)
{
	cert_make(&cert->spec, &cert->der);
	SHA256(cert->der.p, cert->der.len, cert->fingerprint);
}

void cert_new_root(struct cert *cert, EVP_PKEY *key)
{
	cert_root(cert, key);
	cert_sign(cert);
}

void cert_issue(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles)
{
	cert_below(cert, issuer, key, roles);
	cert_sign(cert);
}

/* --------------------------------------------------------------- groups -- */

static void take_index(const struct nlmsghdr *msg, void *arg)
{
	*(uint32_t *)arg = nl_u32(msg, PEERGROUP_A_GROUP_INDEX);
}

int group_open(struct nl *nl, const struct der_buf *root, const struct chain *chain,
	       uint32_t *index)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_OPEN, 0);
	unsigned int i;

	mnl_attr_put(msg, PEERGROUP_A_GROUP_ROOT, root->len, root->p);
	for (i = 0; i < chain->n; i++)
		mnl_attr_put(msg, PEERGROUP_A_GROUP_CHAIN, chain->cert[i]->len,
			     chain->cert[i]->p);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_READY, 1);
	*index = 0;
	return nl_talk(nl, msg, take_index, index);
}

uint32_t group_of(struct nl *nl, const struct cert *root, const struct cert *member)
{
	struct chain chain = { .cert = { &member->der }, .n = 1 };
	uint32_t index;
	int err = group_open(nl, &root->der, &chain, &index);

	if (err)
		printf("# %s: %s\n", strerror(-err), nl->text);
	NEED(!err && index);
	return index;
}

void group_online(struct nl *nl, uint32_t index, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, 1);
	mnl_attr_put_u16(msg, PEERGROUP_A_GROUP_PORT, port);
	NEED(!nl_talk(nl, msg, NULL, NULL));
}

int group_limit(struct nl *nl, uint32_t index, uint16_t which, uint32_t value)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_SET, 0);
	struct nlattr *nest;

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	nest = mnl_attr_nest_start(msg, PEERGROUP_A_GROUP_LIMITS);
	mnl_attr_put_u32(msg, which, value);
	mnl_attr_nest_end(msg, nest);
	return nl_talk(nl, msg, NULL, NULL);
}

int group_dial(struct nl *nl, uint32_t index, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_LINK_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, index);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(0x7f000001));
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, port);
	return nl_talk(nl, msg, NULL, NULL);
}

/* ------------------------------------------------------------- counters -- */

struct stat_wanted {
	struct nl *nl;
	uint32_t index;
	uint16_t counter;
	uint64_t least;
};

static bool stat_reached(void *arg)
{
	struct stat_wanted *w = arg;

	return nl_stat(w->nl, w->index, w->counter) >= w->least;
}

bool wait_stat(struct nl *nl, uint32_t index, uint16_t counter, uint64_t least)
{
	struct stat_wanted w = { nl, index, counter, least };

	return wait_until(stat_reached, &w);
}

bool counted_once(struct nl *nl, uint32_t index, uint16_t counter, uint64_t before)
{
	return wait_stat(nl, index, counter, before + 1) &&
	       nl_stat(nl, index, counter) == before + 1;
}
