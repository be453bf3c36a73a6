/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peer names as host names below pnrp.net: the labels of the classifier, then the
 * authority behind a letter. Results are malloc()ed.
 */
#ifndef _PEERGROUP_HOSTNAME_H
#define _PEERGROUP_HOSTNAME_H

#include "internal.h"

/* PEER_E_CANNOT_CONVERT_PEER_NAME for what no host name leads back to. */
HRESULT pgi_host_from_name(const char *name, char **host);
/* PEER_E_INVALID_PEER_HOST_NAME. */
HRESULT pgi_name_from_host(const char *host, char **name);

/* punycode.c: RFC 3492, of one label; false where it does not fit or is none. */
bool pgi_punycode_encode(const char *utf8, char *out, size_t size);
bool pgi_punycode_decode(const char *ascii, char *out, size_t size);

#endif /* _PEERGROUP_HOSTNAME_H */
