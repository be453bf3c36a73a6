// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody on the path sees: writes the payload of every TCP segment that
 * passes an interface, one file for each direction, so that a test can look for
 * what must not be in there. Writes "ready" when it listens; ends on SIGTERM.
 *
 * usage: pg-sniff INTERFACE FILE	(FILE.out and FILE.in)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* The TCP payload in an IP packet; NULL where there is none. */
static const unsigned char *payload(const unsigned char *p, size_t len, size_t *out)
{
	const struct tcphdr *tcp;
	size_t at, end;

	if (len >= sizeof(struct iphdr) && p[0] >> 4 == 4) {
		const struct iphdr *ip = (const void *)p;

		at = 4 * ip->ihl;
		end = ntohs(ip->tot_len);
		/* A segment that the interface would cut up says nothing of its length. */
		if (!end)
			end = len;
		if (ip->protocol != IPPROTO_TCP)
			return NULL;
	} else if (len >= sizeof(struct ip6_hdr) && p[0] >> 4 == 6) {
		const struct ip6_hdr *ip = (const void *)p;

		at = sizeof(*ip);
		end = ntohs(ip->ip6_plen) ? at + ntohs(ip->ip6_plen) : len;
		if (ip->ip6_nxt != IPPROTO_TCP)
			return NULL;
	} else {
		return NULL;
	}
	if (end > len || at + sizeof(*tcp) > end)
		return NULL;
	tcp = (const void *)(p + at);
	at += 4 * tcp->doff;
	if (at >= end)
		return NULL;
	*out = end - at;
	return p + at;
}

static FILE *open_for(const char *name, const char *suffix)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s.%s", name, suffix);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(1);
	}
	setvbuf(file, NULL, _IONBF, 0);
	return file;
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0), size = 64 << 20;

	ll.sll_ifindex = if_nametoindex(interface);
	if (fd < 0 || !ll.sll_ifindex || bind(fd, (void *)&ll, sizeof(ll)) < 0) {
		perror(interface);
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	static unsigned char packet[1 << 17];
	struct tpacket_stats stats;
	socklen_t stats_len = sizeof(stats);
	FILE *out, *in;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: pg-sniff INTERFACE FILE\n");
		return 2;
	}
	out = open_for(argv[2], "out");
	in = open_for(argv[2], "in");
	fd = open_socket(argv[1]);
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	while (!stop) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		const unsigned char *p;
		size_t n;
		ssize_t len = recvfrom(fd, packet, sizeof(packet), 0, (void *)&from, &from_len);

		p = len > 0 ? payload(packet, len, &n) : NULL;
		if (p)
			fwrite(p, 1, n, from.sll_pkttype == PACKET_OUTGOING ? out : in);
	}
	/* What was lost was not looked at. */
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_len) < 0 ||
	    stats.tp_drops) {
		fprintf(stderr, "packets were lost\n");
		return 1;
	}
	return 0;
}
