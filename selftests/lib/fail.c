// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fail.h"
#include "tap.h"

#define FOLDER		"/sys/kernel/debug/pg_fail/"
#define TIMES_MAX	2	/* with the next one, which a fallback would take */

static unsigned int seen, failed;
static char where[256];

/* Where functions are that pg_fail.ko cannot find in a kernel without probes. */
static void say_where(FILE *to)
{
	static const char *const names[] = {
		"should_failslab", "should_fail_alloc_page", "sysfs_slab_add",
	};
	FILE *file = fopen("/proc/kallsyms", "re");
	char address[17], name[128];
	unsigned int i;

	NEED(file);
	while (fscanf(file, "%16s %*c %127s%*[^\n]", address, name) == 2)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(name, names[i]))
				fprintf(to, " %s=0x%s", name, address);
	fclose(file);
}

const char *fail_load(void)
{
	const char *module = getenv("PG_MODULE");
	char path[4096], fail[4200], command[4800] = "";
	FILE *to;

	NEED(module);
	snprintf(path, sizeof(path), "%s", module);
	snprintf(fail, sizeof(fail), "%s/test/pg_fail.ko", dirname(path));
	if (!getenv("PG_FAIL") && access("/sys/kernel/debug/failslab", F_OK))
		return "this needs a kernel with fault injection: --kernel uml-debug or debug";
	if (!getenv("PG_FAIL") && !access("/sys/kernel/debug/kcsan", F_OK))
		return "nothing here looks at memory, and it would take for ever: --kernel debug";
	if (access(fail, F_OK))
		return "pg_fail.ko was not built: the kernel has neither probes nor a host";
	to = fmemopen(command, sizeof(command), "w");
	NEED(to && fprintf(to, "insmod '%s'", fail) > 0);
	if (access("/sys/kernel/debug/kprobes", F_OK))
		say_where(to);
	NEED(!fclose(to) && !system(command));
	return NULL;
}

void fail_unload(void)
{
	NEED(!system("rmmod pg_fail"));
}

void fail_arm(unsigned int nth, unsigned int times, enum fail_whose whose)
{
	int pid = whose == FAIL_ALL ? 0 : whose == FAIL_OURS ? gettid() : -getpid();
	int fd = open(FOLDER "arm", O_WRONLY | O_CLOEXEC);

	NEED(fd >= 0 && dprintf(fd, "%u %u %d", nth, times, pid) > 0);
	close(fd);
}

unsigned int fail_disarm(void)
{
	FILE *file;

	fail_arm(0, 0, FAIL_ALL);
	file = fopen(FOLDER "state", "re");
	NEED(file && fscanf(file, "%u %u %255s", &seen, &failed, where) == 3);
	fclose(file);
	return failed;
}

unsigned int fail_seen(void)
{
	return seen;
}

const char *fail_where(void)
{
	return where;
}

void fail_each(const char *what,
	       bool (*one)(const void *arg, unsigned int nth, unsigned int times),
	       const void *arg)
{
	unsigned int times, nth;

	while (one(arg, 1, 0))
		;
	for (times = 1; times <= TIMES_MAX; times++)
		for (nth = 1; one(arg, nth, times); nth++)
			;
	printf("# %s: %u allocations\n", what, nth - 1);
	while (one(arg, 1, 0))
		;
}

unsigned int fail_in(const char *function)
{
	FILE *file = fopen(FOLDER "sites", "re");
	unsigned int sum = 0, times, bad;
	char site[256];

	NEED(file);
	while (fscanf(file, "%u %u %255[^\n]", &times, &bad, site) == 3) {
		site[strcspn(site, "+")] = '\0';
		if (!strcmp(site, function))
			sum += bad;
	}
	fclose(file);
	return sum;
}

/* So many allocations, and it is no chance that none of them was to fail. */
#define OFTEN	10

void fail_report(void)
{
	FILE *file = fopen(FOLDER "sites", "re");
	unsigned int n = 0, spared = 0, times, bad;
	char site[256];

	NEED(file);
	while (fscanf(file, "%u %u %255[^\n]", &times, &bad, site) == 3) {
		n++;
		if (bad)
			continue;
		spared++;
		/* What was hardly ever seen comes by chance, and so when none was to fail. */
		CHECK(times < OFTEN, "never failed, in %u allocations: %s", times, site);
	}
	fclose(file);
	printf("# %u places allocate; %u of them were made to fail\n", n, n - spared);
	CHECK(n > spared, "can this kernel tell who asks for memory?");
}
