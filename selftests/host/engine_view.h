/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ENGINE_VIEW_H
#define _ENGINE_VIEW_H

#include <stddef.h>

struct engine_cert {
	const unsigned char *data;
	size_t len;
};

/* Root first. 0, or the counter of the refusal. */
unsigned int engine_refuses(const struct engine_cert *certs, unsigned int count);

#endif
