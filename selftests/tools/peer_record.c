// SPDX-License-Identifier: GPL-2.0-only
/* Records of pg-peer: made or read, edited, signed, sent. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "pg-peer.h"

struct record {
	struct peergroup_record_hdr hdr;
	struct bytes attrs, sig, data;
	struct bytes wire;		/* once it was put together */
	bool assembled;
};

/* Splits what is well-formed; the signature block is whatever is left. */
static void split(struct record *r)
{
	size_t attrs, data, rest = r->wire.len - sizeof(r->hdr);

	if (r->wire.len < sizeof(r->hdr))
		die("%zu bytes are no record", r->wire.len);
	memcpy(&r->hdr, r->wire.p, sizeof(r->hdr));
	attrs = be32toh(r->hdr.attrs_len);
	data = be32toh(r->hdr.data_len);
	if (attrs > rest || data > rest - attrs)
		die("not a record: its lengths are wrong");
	r->attrs = copy(r->wire.p + sizeof(r->hdr), attrs);
	r->sig = copy(r->wire.p + sizeof(r->hdr) + attrs, rest - attrs - data);
	r->data = copy(r->wire.p + r->wire.len - data, data);
}

static void assemble(struct record *r)
{
	if (r->assembled)
		return;
	r->wire.len = 0;
	append(&r->wire, &r->hdr, sizeof(r->hdr));
	append(&r->wire, r->attrs.p, r->attrs.len);
	append(&r->wire, r->sig.p, r->sig.len);
	append(&r->wire, r->data.p, r->data.len);
	r->assembled = true;
}

static void new_record(struct record *r)
{
	uint64_t t = peer_time();

	RAND_bytes(r->hdr.id, sizeof(r->hdr.id));
	RAND_bytes(r->hdr.type, sizeof(r->hdr.type));
	r->hdr.version = htobe32(1);
	r->hdr.created = r->hdr.modified = htobe64(t);
	r->hdr.expires = htobe64(t + 3600 * TICKS);
}

/* "now", and "+N" or "-N" seconds from what is there; or a number. */
static uint64_t new_time(uint64_t old, const char *value)
{
	if (!strncmp(value, "now", 3)) {
		old = peer_time();
		value += 3;
	}
	if (!*value)
		return old;
	if (*value == '+' || *value == '-')
		return old + number(value) * (int64_t)TICKS;
	return number(value);
}

static void set_id(uint8_t id[16], const char *value)
{
	char hex[64];
	struct bytes b;
	size_t n = 0;

	for (; *value && n < sizeof(hex) - 1; value++)
		if (*value != '-')
			hex[n++] = *value;
	hex[n] = 0;
	b = get_bytes(hex);
	if (b.len != 16)
		die("%s: 16 bytes are wanted", hex);
	memcpy(id, b.p, 16);
	free(b.p);
}

/* The text itself, or @FILE. */
static struct bytes text(const char *value)
{
	return *value == '@' ? file_bytes(value + 1) : copy(value, strlen(value));
}

static void set_field(struct record *r, const char *field, const char *value)
{
	struct peergroup_record_hdr *h = &r->hdr;

	if (!field || !value)
		die("set FIELD VALUE");
	if (!strcmp(field, "version"))
		h->version = htobe32(number(value));
	else if (!strcmp(field, "flags"))
		h->flags = htobe32(number(value));
	else if (!strcmp(field, "created"))
		h->created = htobe64(new_time(be64toh(h->created), value));
	else if (!strcmp(field, "modified"))
		h->modified = htobe64(new_time(be64toh(h->modified), value));
	else if (!strcmp(field, "expires"))
		h->expires = htobe64(new_time(be64toh(h->expires), value));
	else if (!strcmp(field, "id"))
		set_id(h->id, value);
	else if (!strcmp(field, "type"))
		set_id(h->type, value);
	else if (!strcmp(field, "attrs"))
		r->attrs = text(value);
	else if (!strcmp(field, "data"))
		r->data = text(value);
	else
		die("%s: no such field", field);
	h->attrs_len = htobe32(r->attrs.len);
	h->data_len = htobe32(r->data.len);
}

static void set_creator(struct record *r, const char *path)
{
	X509 *cert = one_cert(path);
	uint8_t hash[32];

	spki_hash(cert, hash);
	memcpy(r->hdr.id, hash, 8);
	fingerprint(cert, r->hdr.creator);
	fingerprint(cert, r->hdr.modifier);
}

static void sign(struct record *r, const char *path)
{
	struct peergroup_sig_hdr hdr = { .kind = PEERGROUP_SIG_DIRECT };
	EVP_PKEY *key = read_key(path);
	struct bytes text = { NULL, 0 };
	uint8_t sig[1024], digest[32];
	size_t len;

	SHA256(r->data.p, r->data.len, r->hdr.data_hash);
	append(&text, PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN);
	append(&text, who.group, sizeof(who.group));
	append(&text, &r->hdr, sizeof(r->hdr));
	append(&text, r->attrs.p, r->attrs.len);
	SHA256(text.p, text.len, digest);
	len = noise_sign(key, digest, sig, sizeof(sig));
	if (!len)
		die("cannot sign");
	hdr.algo = noise_sign_algo(key);
	hdr.sig_len = htobe16(len);
	r->sig = copy(&hdr, sizeof(hdr));
	append(&r->sig, sig, len);
	EVP_PKEY_free(key);
	free(text.p);
}

/* "12", "-1", "data+3"; *@bit from behind a dot. */
static size_t where(const struct record *r, const char *text, unsigned int *bit)
{
	const struct {
		const char *name;
		size_t start;
	} parts[] = {
		{ "header", 0 },
		{ "attrs", sizeof(r->hdr) },
		{ "sig", sizeof(r->hdr) + r->attrs.len + sizeof(struct peergroup_sig_hdr) },
		{ "data", sizeof(r->hdr) + r->attrs.len + r->sig.len },
	};
	size_t start = 0, i, len;

	if (!text)
		die("an offset is missing");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		len = strlen(parts[i].name);
		if (!strncmp(text, parts[i].name, len) && text[len] == '+') {
			start = parts[i].start;
			text += len + 1;
		}
	}
	return offset_in(text, start, r->wire.len, bit);
}

static char **edit(struct record *r, char **args)
{
	const char *verb = *args++;
	unsigned int bit = 0;
	struct bytes b;
	size_t at;

	if (!strcmp(verb, "by") || !strcmp(verb, "modifier") || !strcmp(verb, "set") ||
	    !strcmp(verb, "sign")) {
		if (r->assembled)
			die("%s: too late, bytes were edited", verb);
		if (!strcmp(verb, "by"))
			set_creator(r, *args);
		else if (!strcmp(verb, "modifier"))
			fingerprint(one_cert(*args), r->hdr.modifier);
		else if (!strcmp(verb, "sign"))
			sign(r, *args);
		else
			set_field(r, args[0], args[0] ? args[1] : NULL);
		return args + (strcmp(verb, "set") ? 1 : 2);
	}
	assemble(r);
	if (!strcmp(verb, "flip")) {
		at = where(r, *args, &bit);
		r->wire.p[at] ^= 1U << bit;
	} else if (!strcmp(verb, "put")) {
		at = where(r, *args++, NULL);
		b = get_bytes(*args ? *args : "");
		if (b.len > r->wire.len - at)
			die("put: the record has %zu bytes", r->wire.len);
		memcpy(r->wire.p + at, b.p, b.len);
		free(b.p);
	} else if (!strcmp(verb, "cut")) {
		at = number(*args ? *args : "");
		if (at < r->wire.len)
			r->wire.len = at;
	} else if (!strcmp(verb, "pad")) {
		b = get_bytes(*args ? *args : "");
		append(&r->wire, b.p, b.len);
		free(b.p);
	} else {
		die("%s: no such edit", verb);
	}
	return args + 1;
}

void do_record(char **args)
{
	struct record r = { 0 };

	if (!*args)
		die("a file is missing");
	if (!strcmp(*args, "new")) {
		new_record(&r);
	} else {
		r.wire = file_bytes(*args);
		split(&r);
	}
	for (args++; *args;)
		args = edit(&r, args);
	assemble(&r);
	send_message(PG_MSG_RECORD, r.wire.p, r.wire.len);
	free(r.wire.p);
	free(r.attrs.p);
	free(r.sig.p);
	free(r.data.p);
}

