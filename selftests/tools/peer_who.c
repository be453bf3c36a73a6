// SPDX-License-Identifier: GPL-2.0-only
/* Who pg-peer says that it is: certificates, keys, and the lies about them. */
#include <endian.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>
#include "pg-peer.h"

struct who who;

void do_chain(const char *path)
{
	if (!path)
		die("a file is missing");
	who.n = read_chain(path, who.certs);
	spki_hash(who.certs[0], who.group);
	who.have_group = true;
}

void do_group(const char *hex)
{
	fill_group(who.group, hex);
	who.have_group = true;
}

/* The only group of a data folder, and the identity that its certificate is for. */
void do_home(const char *path)
{
	char pattern[4096];
	glob_t found;
	size_t i;

	if (!path)
		die("a folder is missing");
	snprintf(pattern, sizeof(pattern), "%s/groups/*/*/chain.pem", path);
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1)
		die("%s: not one file", pattern);
	do_chain(found.gl_pathv[0]);
	globfree(&found);
	snprintf(pattern, sizeof(pattern), "%s/identities/*/key.pem", path);
	if (glob(pattern, 0, NULL, &found))
		die("%s: no file", pattern);
	who.key = NULL;
	for (i = 0; i < found.gl_pathc && !who.key; i++) {
		who.key = read_key(found.gl_pathv[i]);
		if (!X509_check_private_key(who.certs[who.n - 1], who.key)) {
			EVP_PKEY_free(who.key);
			who.key = NULL;
		}
	}
	globfree(&found);
	if (!who.key)
		die("%s: none of the keys is that of the certificate", path);
}

/* ------------------------------------------------------------------ lies -- */

static struct noise_meet *meet(void)
{
	if (!who.have_group)
		die("no group: \"home\", \"chain\" or \"group\" first");
	if (!who.have_meet)
		noise_meet_init(&who.meet, who.group, peer_time());
	who.have_meet = true;
	return &who.meet;
}

/* Seconds from now. */
static __be64 time_at(const char *value)
{
	return htobe64(peer_time() + number(value) * (int64_t)TICKS);
}

static bool lie_opening(const char *key, const char *value)
{
	if (!strcmp(key, "magic"))
		who.magic = get_bytes(value);
	else if (!strcmp(key, "hint"))
		who.wrong_hint = !strcmp(value, "wrong");
	else if (!strcmp(key, "prologue"))
		fill_group(who.prologue, value);
	else
		return false;
	who.have_prologue |= !strcmp(key, "prologue");
	return true;
}

static bool lie_meet(const char *key, const char *value)
{
	struct noise_meet *m = meet();

	if (!strcmp(key, "node"))
		m->meet.node = m->credential.node = htobe64(strtoull(value, NULL, 0));
	else if (!strcmp(key, "time"))
		who.time = number(value);
	else if (!strcmp(key, "port"))
		m->meet.port = htobe16(number(value));
	else if (!strcmp(key, "flags"))
		m->meet.flags = htobe16(number(value));
	else
		return false;
	return true;
}

static bool lie_credential(const char *key, const char *value)
{
	struct noise_meet *m = meet();

	if (!strcmp(key, "for-node"))
		m->credential.node = htobe64(strtoull(value, NULL, 0));
	else if (!strcmp(key, "from"))
		m->credential.not_before = time_at(value);
	else if (!strcmp(key, "until"))
		m->credential.not_after = time_at(value);
	else if (!strcmp(key, "for-group"))
		fill_group(m->group, value);
	else if (!strcmp(key, "sig"))
		m->spoil = !strcmp(value, "wrong");
	else if (!strcmp(key, "zero"))
		m->credential.zero = (uint8_t)number(value);
	else if (!strcmp(key, "for-key"))
		m->own_key = RAND_bytes(m->credential.key, sizeof(m->credential.key)) > 0;
	else
		return false;
	return true;
}

void take_lies(char **args)
{
	struct bytes b;

	for (; *args; args++) {
		char *value = strchr(*args, '=');

		if (!value)
			die("%s: KEY=VALUE is wanted", *args);
		*value++ = 0;
		if (!strcmp(*args, "static")) {
			b = get_bytes(value);
			if (b.len != sizeof(who.priv))
				die("static: 64 hex digits are wanted");
			memcpy(who.priv, b.p, b.len);
			who.have_priv = true;
			free(b.p);
		} else if (!lie_opening(*args, value) && !lie_meet(*args, value) &&
			   !lie_credential(*args, value)) {
			die("%s: no such field", *args);
		}
	}
}

struct bytes who_meet(const uint8_t *key)
{
	struct bytes chain = encode_chain(who.certs, who.n);
	struct bytes b = { alloc(NULL, PG_FRAME_MAX), 0 };
	struct noise_meet *m = meet();
	int len;

	m->meet.time = htobe64(peer_time() + who.time * (int64_t)TICKS);
	m->signer = who.key;
	m->chain = chain.p;
	m->chain_len = chain.len;
	len = noise_meet_write(m, key, b.p);
	if (len < 0)
		die("what there is to say cannot be said: %s", strerror(-len));
	b.len = (size_t)len;
	free(chain.p);
	return b;
}
