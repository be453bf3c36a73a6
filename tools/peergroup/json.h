/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small JSON writer for standard output. Keys are NULL inside arrays and at
 * the top. Text that is not UTF-8 comes out with U+FFFD in place of what is
 * wrong, so that the document always parses.
 */
#ifndef PEERGROUP_JSON_H
#define PEERGROUP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* @lines: one document per line (watch) instead of an indented one. */
void json_start(bool lines);
void json_finish(void);			/* ends the document with a newline */

void json_object(const char *key);
void json_end_object(void);
void json_array(const char *key);
void json_end_array(void);

void json_str(const char *key, const char *value);	/* NULL writes null */
void json_text(const char *key, const char *value, size_t len);
void json_u64(const char *key, uint64_t value);
void json_i64(const char *key, int64_t value);
void json_bool(const char *key, bool value);
void json_null(const char *key);
void json_hex(const char *key, const void *data, size_t len);
void json_base64(const char *key, const void *data, size_t len);
void json_uuid(const char *key, const unsigned char *uuid);
void json_time(const char *key, uint64_t peer_time);	/* ISO 8601, UTC */
void json_roles(const char *key, uint32_t roles);	/* an array of names */
void json_status(uint32_t status);			/* a boolean per bit */

#endif /* PEERGROUP_JSON_H */
