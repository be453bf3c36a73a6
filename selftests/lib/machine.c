// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "group.h"
#include "tap.h"

static pid_t loader;

static void unload(void)
{
	/* Children of a test leave through exit(), too. */
	if (getpid() == loader && !access("/sys/module/peergroup", F_OK) &&
	    system("rmmod peergroup 2>/dev/null"))
		puts("# the module could not be unloaded");
}

/* The modules that ours needs; what it cannot do without is missed as it is loaded. */
static void load_others(void)
{
	static const char load[] =
		"modprobe -a $(modinfo -F depends \"$PG_MODULE\" | tr , ' ') 2>/dev/null";

	if (system(load))
		return;
}

bool quick_machine(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];
	bool uml = false;

	while (file && fgets(line, sizeof(line), file))
		uml = uml || strstr(line, "User Mode Linux");
	if (file)
		fclose(file);
	if (!uml)
		tap_skip = "thousands of sockets: in user-mode Linux only";
	return uml;
}

void need_module(void)
{
	const char *path = getenv("PG_MODULE");
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (!access("/sys/module/peergroup", F_OK))
		return;
	NEED(path);
	if (!loader) {
		load_others();
		loader = getpid();
		atexit(unload);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	NEED(fd >= 0 && !syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

void exec_self(const char *first, const char *second)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len > 0) {
		path[len] = 0;
		execl(path, path, first, second, (char *)NULL);
	}
	_exit(127);
}

void own_namespace(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	NEED(!unshare(CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	NEED(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

void set_clock(int seconds)
{
	struct timespec ts;

	NEED(!clock_gettime(CLOCK_REALTIME, &ts));
	ts.tv_sec += seconds;
	NEED(!clock_settime(CLOCK_REALTIME, &ts));
}

uint64_t peer_time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return 116444736000000000ULL + (uint64_t)ts.tv_sec * TICKS + (uint64_t)ts.tv_nsec / 100;
}

double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool wait_until(bool (*done)(void *arg), void *arg)
{
	double end = seconds_now() + WAIT_SECONDS;

	while (!done(arg)) {
		if (seconds_now() > end)
			return false;
		usleep(20000);
	}
	return true;
}

/* What a CPU keeps at hand counts as in use until it is made to give it back. */
static void shrink(const char *cache)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	file = fopen(path, "w");
	if (!file)
		return;
	fputs("1", file);
	fclose(file);
}

unsigned long slab_objects(const char *cache)
{
	unsigned long n, found = 0;
	char line[256], name[64];
	FILE *file;

	shrink(cache);
	file = fopen("/proc/slabinfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu", name, &n) == 2 && !strcmp(name, cache))
			found = n;
	if (file)
		fclose(file);
	return found;
}

struct slab_wanted {
	const char *cache;
	unsigned long n;
};

static bool slab_has(void *arg)
{
	struct slab_wanted *w = arg;

	return slab_objects(w->cache) == w->n;
}

bool wait_slab(const char *cache, unsigned long n)
{
	struct slab_wanted w = { .cache = cache, .n = n };

	/* User-mode Linux has none; what is told of it is then for other kernels. */
	if (access("/proc/slabinfo", F_OK) < 0)
		return true;
	return wait_until(slab_has, &w);
}

unsigned long meminfo(const char *line)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long n, found = 0;
	char text[256], name[64];

	while (file && fgets(text, sizeof(text), file))
		if (sscanf(text, "%63[^:]: %lu", name, &n) == 2 && !strcmp(name, line))
			found = n;
	if (file)
		fclose(file);
	return found;
}

unsigned long kernel_memory(void)
{
	return meminfo("SUnreclaim") + meminfo("VmallocUsed");
}

/* After which kmemleak tells of what is lost, and a little. */
#define KMEMLEAK_SECONDS	6

bool no_leaks(void)
{
	static const char leaks[] = "/sys/kernel/debug/kmemleak";
	char line[256];
	FILE *file;
	bool none = true;
	int fd = open(leaks, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return true;
	/*
	 * An object counts as leaked when a second scan still finds no reference, and when it
	 * is 5 s old: what ended just now is no younger than that by then.
	 */
	sleep(KMEMLEAK_SECONDS);
	if (write(fd, "scan", 4) == 4 && write(fd, "scan", 4) == 4) {
		file = fopen(leaks, "r");
		while (file && fgets(line, sizeof(line), file)) {
			printf("# %s", line);
			none = false;
		}
		if (file)
			fclose(file);
	}
	close(fd);
	return none;
}
