// SPDX-License-Identifier: GPL-2.0-only
/* Arguments of pg-peer's steps: numbers, bytes, certificates, keys. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include "pg-peer.h"

const char *step = "";

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "pg-peer: %s: ", step);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *alloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		die("out of memory");
	return p;
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

uint64_t peer_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return EPOCH + ts.tv_sec * TICKS + ts.tv_nsec / 100;
}

struct bytes file_bytes(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes b = { NULL, 0 };
	size_t n;

	if (!file)
		die("%s: %s", path, strerror(errno));
	do {
		b.p = alloc(b.p, b.len + 65536);
		n = fread(b.p + b.len, 1, 65536, file);
		b.len += n;
	} while (n);
	fclose(file);
	return b;
}

struct bytes get_bytes(const char *text)
{
	struct bytes b = { NULL, 0 };
	unsigned int v;
	size_t i;

	if (*text == '@')
		return file_bytes(text + 1);
	if (strlen(text) % 2)
		die("%s: an odd number of hex digits", text);
	b.len = strlen(text) / 2;
	b.p = alloc(NULL, b.len);
	for (i = 0; i < b.len; i++) {
		if (sscanf(text + 2 * i, "%2x", &v) != 1)
			die("%s: not hex", text);
		b.p[i] = v;
	}
	return b;
}

long long number(const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 0);
	if (*end || end == text || errno)
		die("%s: not a number", text);
	return v;
}

double seconds(const char *text)
{
	char *end;
	double v;

	if (!text)
		return WAIT_DEFAULT;
	v = strtod(text, &end);
	if (*end || end == text || v < 0)
		die("%s: not a number of seconds", text);
	return v;
}

struct bytes copy(const void *p, size_t len)
{
	struct bytes b = { alloc(NULL, len), len };

	if (len)
		memcpy(b.p, p, len);
	return b;
}

void append(struct bytes *b, const void *p, size_t len)
{
	b->p = alloc(b->p, b->len + len);
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

size_t offset_in(const char *text, size_t start, size_t len, unsigned int *bit)
{
	long long offset;
	char *end;

	offset = strtoll(text, &end, 0);
	if (*end == '.' && bit)
		*bit = strtoul(end + 1, &end, 10) & 7;
	if (*end || end == text)
		die("%s: not an offset", text);
	offset += start;
	if (offset < 0)
		offset += len;
	if (offset < 0 || (size_t)offset >= len)
		die("%s: there are %zu bytes", text, len);
	return offset;
}

void fill_group(uint8_t *group, const char *hex)
{
	struct bytes b = get_bytes(hex ? hex : "");

	if (b.len != PEERGROUP_HASH_LEN)
		die("a group is 64 hex digits");
	memcpy(group, b.p, b.len);
	free(b.p);
}

/* ------------------------------------------------------------ certificates -- */

static X509 *read_cert(FILE *file)
{
	return PEM_read_X509(file, NULL, NULL, NULL);
}

void spki_hash(X509 *cert, uint8_t *hash)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(X509_get0_pubkey(cert), &der);

	if (len < 0)
		die("a certificate without a usable key");
	SHA256(der, len, hash);
	OPENSSL_free(der);
}

void fingerprint(X509 *cert, uint8_t *hash)
{
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len < 0)
		die("a certificate that cannot be written");
	SHA256(der, len, hash);
	OPENSSL_free(der);
}

int read_chain(const char *path, X509 **certs)
{
	FILE *file = fopen(path, "r");
	int n = 0;

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (n < CHAIN_MAX && (certs[n] = read_cert(file)))
		n++;
	fclose(file);
	if (!n)
		die("%s: no PEM certificate", path);
	return n;
}

X509 *one_cert(const char *path)
{
	X509 *certs[CHAIN_MAX];

	if (!path)
		die("a certificate is missing");
	return certs[read_chain(path, certs) - 1];
}

EVP_PKEY *read_key(const char *path)
{
	EVP_PKEY *key;
	FILE *file;

	if (!path)
		die("a key is missing");
	if (!strcmp(path, "new")) {
		key = EVP_RSA_gen(2048);
	} else {
		file = fopen(path, "r");
		if (!file)
			die("%s: %s", path, strerror(errno));
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	if (!key)
		die("%s: no private key", path);
	return key;
}

struct bytes encode_chain(X509 *const *certs, int n)
{
	struct bytes b = { NULL, 0 };
	uint8_t size[2], *der;
	int i, len;

	for (i = 1; i < n; i++) {
		der = NULL;
		len = i2d_X509(certs[i], &der);
		if (len < 0 || len > UINT16_MAX)
			die("certificate %d cannot be sent", i);
		size[0] = len >> 8;
		size[1] = len;
		append(&b, size, sizeof(size));
		append(&b, der, len);
		OPENSSL_free(der);
	}
	return b;
}
