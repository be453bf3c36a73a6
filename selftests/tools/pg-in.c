// SPDX-License-Identifier: GPL-2.0-only
/*
 * pg-in HOST COMMAND [ARGUMENT...]: runs a command in the network namespace of that
 * name, for the many commands of tests. As `ip netns exec`, without its namespace of mounts:
 * in an emulated machine that costs a test a third of each command.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	int fd;

	if (argc < 3)
		errx(2, "usage: pg-in HOST COMMAND [ARGUMENT...]");
	if (snprintf(path, sizeof(path), "/run/netns/%s", argv[1]) >= (int)sizeof(path))
		errx(2, "%s: too long", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
