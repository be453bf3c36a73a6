/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a data folder of the library has: for tests that sign what the library would not.
 */
#ifndef _SELFTESTS_HOME_H
#define _SELFTESTS_HOME_H

#include <stdio.h>
#include "group.h"

#define HOME_PATH	4096

/* The only file of such a name that an identity has: "identities" or "groups", "FILE". */
void home_path(const char *folder, const char *name, const char *file, char path[HOME_PATH]);
/* The same, open for reading. */
FILE *home_file(const char *folder, const char *name, const char *file);

/* The identity's key, to be freed. */
EVP_PKEY *home_key(const char *name);

/*
 * A member of one group and who invited it, as its invitation has them; the creator invited
 * it. The key in @cert is to be freed.
 */
void home_member(const char *name, struct cert *creator, struct cert *cert);

#endif /* _SELFTESTS_HOME_H */
