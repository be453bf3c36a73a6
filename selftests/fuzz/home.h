/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A data folder for the library, that is gone when the program ends. Included by one file
 * of a program.
 */
#ifndef _FUZZ_HOME_H
#define _FUZZ_HOME_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

static char fuzz_home[] = "/dev/shm/fuzz_home.XXXXXX";

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void fuzz_home_clear(void)
{
	nftw(fuzz_home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void fuzz_home_make(void)
{
	if (!mkdtemp(fuzz_home))
		memcpy(fuzz_home, "/tmp", 4);	/* no such folder: as long a name, and deeper */
	FUZZ_NEED(!access(fuzz_home, F_OK) || mkdtemp(fuzz_home));
	FUZZ_NEED(!setenv("PEERGROUP_HOME", fuzz_home, 1));
	atexit(fuzz_home_clear);
}

#endif /* _FUZZ_HOME_H */
