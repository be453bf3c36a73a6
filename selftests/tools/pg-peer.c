// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that does what it is told: it speaks the link protocol from user space,
 * rightly or wrongly, for tests of what a host does about it. Each argument is
 * one step; without arguments steps are read from standard input, one per line.
 * It prints what arrives, and fails at the first step that does not go as told.
 *
 *   home DIR               the only group of a data folder: its chain and key
 *   chain FILE             PEM, group root first: who we say that we are
 *   key FILE|new           the member's key; without one, signatures are random bytes
 *   group HEX              a group id without a chain
 *   connect ADDR [PORT]    IPv4 or IPv6, %interface allowed
 *   listen PORT            takes one connection
 *   crowd N ADDR [PORT [NET]]  so many connections that call and say no more, until the
 *                          end; from 256 IPv4 /24 networks, NET the first of them
 *   handshake [KEY=VALUE]... all of it, as the side that connected or listened
 *   call [KEY=VALUE]...    only the opening and Noise message 1
 *   hear                   the other end's next handshake message
 *   say [KEY=VALUE]...     our next one: message 2 after "hear", 3 after "call", "hear"
 *   join                   only the opening of one who joins by password; "hear" behind it
 *                          takes what answers
 *   spoil WHAT HOW         what is done to the next WHAT sent: 1 (with the opening),
 *                          2, 3 or frame; the length before it is a part of it
 *   send TYPE [HEX|@FILE]  a message, TYPE by name (PING) or number
 *   announce TYPE LEN      only the header of one
 *   gmc [FILE]             a GMC message with the chain of "chain", or another one
 *   text HEX|@FILE         bytes of the stream of messages, in frames
 *   frame HEX              a frame with that text, which may be empty
 *   raw HEX|@FILE          bytes on the connection, not encrypted
 *   garbage N [SEED]       N random bytes on the connection
 *   record FILE|new [EDIT]...  a record, as "peergroup get --wire" gives it
 *   expect TYPE [SECONDS]  reads until a message of that type is here
 *   expect close [SECONDS] reads until the other end has closed
 *   expect open SECONDS    fails if it closes within that time
 *   hold                   keeps what is open until it is killed
 *   shutdown | reset | close
 *
 * Lies, which are told from then on:
 *
 *   magic=HEX hint=wrong   in the opening
 *   prologue=HEX           the group id in the prologue
 *   static=HEX             our static private key; else a fresh one per connection
 *   node=N time=+SECONDS port=N flags=N    in struct pg_meet
 *   for-key=wrong for-node=N for-group=HEX what the credential is for
 *   from=SECONDS until=SECONDS             when, from now
 *   sig=wrong zero=N       in the credential
 *
 * Ways to spoil; offsets are from the end if negative:
 *
 *   flip N[.BIT] | put N HEX | cut LEN | pad HEX | length LEN (what stands before it)
 *   twice | drop | hold (until the next one of its kind is sent) | save FILE (no change)
 *
 * Edits of a record, in this order:
 *
 *   by CERT                creator and modifier, and the id's first half (PEM)
 *   modifier CERT          who signs this version
 *   set FIELD VALUE        version flags created modified expires (+N and -N are
 *                          seconds from what is there; now+N), type id (hex),
 *                          attrs data (text)
 *   sign KEY|new           hash the data and sign (PEM; new: a fresh RSA key)
 *   flip WHERE[.BIT]       WHERE is an offset, from the end if negative, or one
 *   put WHERE HEX          into a part: header+N attrs+N sig+N data+N
 *   cut N                  keep N bytes
 *   pad HEX                append
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include "pg-peer.h"

/* The chain of "chain", or another one. */
static void do_gmc(const char *path)
{
	X509 *certs[CHAIN_MAX];
	struct bytes b;

	b = path ? encode_chain(certs, read_chain(path, certs)) : encode_chain(who.certs, who.n);
	send_message(PG_MSG_GMC, b.p, b.len);
	free(b.p);
}

static void do_key(const char *path)
{
	who.key = read_key(path);
}

static void do_send(const char *type, const char *body)
{
	struct bytes b = get_bytes(body ? body : "");

	send_message(type_number(type), b.p, b.len);
	free(b.p);
}

static void do_announce(const char *type, const char *len)
{
	send_header(type_number(type), (uint32_t)number(len ? len : ""));
}

static void put_bytes(const char *text, void (*how)(const void *data, size_t len))
{
	struct bytes b = get_bytes(text ? text : "");

	how(b.p, b.len);
	free(b.p);
}

static void do_text(const char *text)
{
	put_bytes(text, put);
}

static void do_frame(const char *text)
{
	put_bytes(text, put_frame);
}

static void do_raw(const char *text)
{
	put_bytes(text, put_raw);
}

static void do_hold(void)
{
	/* Nor longer than the test, which may have ended without a word. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() != 1)
		pause();
}

/* -------------------------------------------------------------------- main -- */

/* How steps of one argument, of two, and of many are done. */
static const struct {
	const char *name;
	void (*one)(const char *a);
	void (*two)(const char *a, const char *b);
	void (*many)(char **args);
	void (*none)(void);
} steps[] = {
	{ .name = "home", .one = do_home },
	{ .name = "chain", .one = do_chain },
	{ .name = "key", .one = do_key },
	{ .name = "group", .one = do_group },
	{ .name = "connect", .two = do_connect },
	{ .name = "listen", .one = do_listen },
	{ .name = "crowd", .many = do_crowd },
	{ .name = "handshake", .many = do_handshake },
	{ .name = "call", .many = do_call },
	{ .name = "hear", .none = do_hear },
	{ .name = "say", .many = do_say },
	{ .name = "join", .none = do_join },
	{ .name = "spoil", .many = do_spoil },
	{ .name = "send", .two = do_send },
	{ .name = "announce", .two = do_announce },
	{ .name = "gmc", .one = do_gmc },
	{ .name = "text", .one = do_text },
	{ .name = "frame", .one = do_frame },
	{ .name = "raw", .one = do_raw },
	{ .name = "garbage", .two = do_garbage },
	{ .name = "record", .many = do_record },
	{ .name = "expect", .two = do_expect },
	{ .name = "hold", .none = do_hold },
	{ .name = "shutdown", .none = do_shutdown },
	{ .name = "reset", .none = do_reset },
	{ .name = "close", .none = do_close },
};

static void run(char *line)
{
	char *args[64] = { NULL }, *save = NULL, *word;
	size_t i;
	int n = 0;

	step = strdup(line);
	for (word = strtok_r(line, " \t\n", &save); word && n < 63;
	     word = strtok_r(NULL, " \t\n", &save))
		args[n++] = word;
	if (!n || args[0][0] == '#')
		return;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(steps[i].name, args[0]))
			break;
	if (i == sizeof(steps) / sizeof(steps[0]))
		die("no such step");
	if (steps[i].none)
		steps[i].none();
	else if (steps[i].one)
		steps[i].one(args[1]);
	else if (steps[i].two)
		steps[i].two(args[1], args[1] ? args[2] : NULL);
	else
		steps[i].many(args + 1);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	int i;

	for (i = 1; i < argc; i++)
		run(argv[i]);
	while (argc < 2 && getline(&line, &room, stdin) >= 0) {
		line[strcspn(line, "\n")] = 0;
		run(line);
	}
	free(line);
	return 0;
}
