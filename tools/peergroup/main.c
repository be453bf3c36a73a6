// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The peergroup command: finds the subcommand and shows help.
 */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "../../kmod/release.h"
#include "cmd.h"
#include "json.h"

bool opt_json;
const char *opt_identity;

static const struct command commands[] = {
	{ "identity", cmd_identity, "create|list|show|xml|export|import|delete [...]",
	  "make and show identities (key pairs) of this user",
	  "  create [--classifier C] [--name FRIENDLY]   make one and print its peer name\n"
	  "  list                       all identities, the default first\n"
	  "  show [IDENTITY]            one in full, with its groups\n"
	  "  xml [IDENTITY]             what an inviter needs; public\n"
	  "  export [IDENTITY]          with its private key, encrypted by a password\n"
	  "  import FILE|-              one that was exported, and print its peer name\n"
	  "  delete IDENTITY            with its private key; not while in a group\n"
	  "  --password-file FILE       its first line; --password-fd N: of a descriptor;\n"
	  "                             else the terminal is asked\n"
	  "\n"
	  "Example: peergroup identity create --name alice\n"
	  "         peergroup identity xml > alice.xml\n" },
	{ "create", cmd_create,
	  "[--classifier C] [--comment TEXT] [--password-file FILE|- [--password-role ROLE]] NAME",
	  "make a group and become its administrator",
	  "  --classifier C             part of the group's peer name\n"
	  "  --comment TEXT             what the group is for\n"
	  "  --password-file FILE       it can be joined by the password in the first line, which\n"
	  "                             has 8 characters or more\n"
	  "  --password-role ROLE       of who joins by it: admin, inviting or member (default)\n"
	  "\n"
	  "Example: peergroup create lab && peergroup up lab\n" },
	{ "invite", cmd_invite,
	  "--to FILE|- [--role ROLE] [--expires WHEN] [GROUP]\n--password [GROUP]",
	  "write an invitation to standard output",
	  "  --to FILE                  for one, whose 'peergroup identity xml' is in FILE; - for\n"
	  "                             standard input\n"
	  "  --role ROLE                admin, inviting or member (default: member)\n"
	  "  --expires WHEN             end of membership: 30d, 2027-12-31 (default: one's own)\n"
	  "  --password                 for everybody who knows the group's password, which goes\n"
	  "                             its own way; see 'peergroup password'\n"
	  "\n"
	  "Example: peergroup invite --to bob.xml --expires 1y lab > bob.invitation\n"
	  "         peergroup invite --password lab > lab.invitation\n" },
	{ "join", cmd_join, "[--password-file FILE|-] INVITATION|-",
	  "become a member by an invitation",
	  "  --password-file FILE       the group's password is in the first line; it is proved\n"
	  "                             to the member that 'up' connects to first\n"
	  "\n"
	  "Example: peergroup join bob.invitation && peergroup up lab\n"
	  "         peergroup join --password-file pw lab.invitation &&\n"
	  "         peergroup up lab --connect 192.0.2.7\n" },
	{ "password", cmd_password, "--file FILE|- [--role ROLE] [GROUP]\n--forget [GROUP]",
	  "set a group's password, or tell this member what it is",
	  "  --file FILE                the password, 8 characters or more, is in the first line\n"
	  "  --role ROLE                of who joins by it: admin, inviting or member (default)\n"
	  "  --forget                   the group has no password from now on\n"
	  "\n"
	  "That is for who created the group. Any other member that may issue the role is told\n"
	  "by --file what the password is, to answer who joins, and forgets it by --forget.\n"
	  "\n"
	  "Example: peergroup password --file pw lab\n"
	  "         peergroup invite --password lab > lab.invitation\n"
	  "         peergroup up lab && peergroup answer lab\n" },
	{ "answer", cmd_answer, "[GROUP]",
	  "answer those who join by password, until a signal ends it",
	  "\n"
	  "The group has to be up. A program that has it open and online answers, too.\n"
	  "\n"
	  "Example: peergroup up lab && peergroup answer lab\n" },
	{ "leave", cmd_leave, "GROUP",
	  "delete this user's membership of a group",
	  "\n"
	  "Example: peergroup down lab && peergroup leave lab\n" },
	{ "groups", cmd_groups, "[--names]",
	  "groups that this user is a member of, and how they are",
	  "  --names                    friendly names only, one per line\n"
	  "\n"
	  "Example: peergroup groups --json\n" },
	{ "up", cmd_up, "[--port N] [--connect ADDR]... [--credential-lifetime TIME] [GROUP]",
	  "bring a group online; it stays up without any process",
	  "  --port N                   TCP port to listen on (default: the last one, or 3587)\n"
	  "  --connect ADDR             a member to link to; may be given again\n"
	  "  --credential-lifetime TIME for how long you vouch for this host (default: as long\n"
	  "                             as you are a member); links end with it, so run this\n"
	  "                             again in time\n"
	  "\n"
	  "Example: peergroup up lab --connect 192.0.2.7 --connect [2001:db8::7]:4000\n" },
	{ "down", cmd_down, "[GROUP]",
	  "take a group offline and let it go",
	  "\n"
	  "Example: peergroup down lab\n" },
	{ "connect", cmd_connect, "[GROUP] ADDR[:PORT]",
	  "keep a link to a member's address",
	  "\n"
	  "ADDR is IPv4, IPv6 or [IPv6], with %interface where it is link-local.\n"
	  "\n"
	  "Example: peergroup connect lab [fe80::1%eth0]:3587\n" },
	{ "disconnect", cmd_disconnect, "[GROUP] ADDR[:PORT]",
	  "stop keeping a link to an address",
	  "\n"
	  "Example: peergroup disconnect lab 192.0.2.7\n" },
	{ "add", cmd_add, "--type TYPE [OPTION]... [GROUP] [FILE|-|--batch FILE...]",
	  "publish a record and print its id",
	  "  --type TYPE                UUID, or a name, which stands for a UUID\n"
	  "  --expires WHEN             1h, 2d, 2027-12-31T12:00Z (default: 1d)\n"
	  "  --attr NAME[:int|:date]=VALUE   an attribute; may be given again\n"
	  "  --data TEXT                data, instead of FILE; - is standard input\n"
	  "  --batch                    a record for each FILE, all by one signature\n"
	  "  --refresh                  keep it alive until this command is interrupted\n"
	  "\n"
	  "Example: peergroup add lab --type note --expires 2d --attr priority:int=5 note.txt\n" },
	{ "update", cmd_update, "[OPTION]... [GROUP] ID [FILE|-]",
	  "publish a new version of a record; what is not given stays",
	  "  --expires WHEN             may grow, never shrink\n"
	  "  --attr NAME[:int|:date]=VALUE   set an attribute; may be given again\n"
	  "  --no-attrs                 drop all attributes first\n"
	  "  --data TEXT                data, instead of FILE; - is standard input\n"
	  "\n"
	  "Example: echo new | peergroup update lab 3f6c... -\n" },
	{ "delete", cmd_delete, "[GROUP] ID...",
	  "delete records on all hosts",
	  "\n"
	  "Example: peergroup delete lab 3f6c2ab0-7d1e-4c52-9a61-5f2c0d4b8e11\n" },
	{ "get", cmd_get, "[--data|--wire] [GROUP] ID",
	  "show one record",
	  "  --data                     only its data, unchanged, to standard output\n"
	  "  --wire                     only its signed form, as it travels\n"
	  "\n"
	  "Example: peergroup get lab 3f6c... --data > note.txt\n" },
	{ "list", cmd_list, "[--type TYPE] [--format FORMAT] [GROUP]",
	  "show the records of a group",
	  "  --type TYPE                only of this type (UUID or name)\n"
	  "  --format FORMAT            a line each, with %{data} %{attr.NAME} %{id} %{type}\n"
	  "                             %{version} %{creator} %{modifier} %{expires} %{size}\n"
	  "\n"
	  "Example: peergroup list lab --type ssh-hostkey\n" },
	{ "search", cmd_search, "OPTION... [GROUP]\n[--format FORMAT] [GROUP] QUERY|-",
	  "show the records of a group that match",
	  "  --type TYPE                UUID or name\n"
	  "  --creator MEMBER           whose records, as in: peergroup members\n"
	  "  --attr NAME[:int|:date]=VALUE   that have this attribute; or !=, <, <=, >, >=;\n"
	  "                             in text * stands for anything and ? for a character,\n"
	  "                             unless a backslash comes before; may be given again\n"
	  "  --created-since, --created-until, --modified-since, --modified-until WHEN\n"
	  "                             2h (ago), 2026-12-31, 2026-12-31T23:59Z\n"
	  "  --format FORMAT            as for list\n"
	  "\n"
	  "All options have to hold. QUERY is XML, as PeerGroupSearchRecords(3) has it.\n"
	  "\n"
	  "Example: peergroup search lab --type note --attr 'priority:int>=5'\n" },
	{ "watch", cmd_watch, "[--since SEQ] [--count N] [--timeout T] [--only KIND] [GROUP]",
	  "print what happens in a group, a line per event",
	  "  --since SEQ                first what changed after SEQ; 0: all there is\n"
	  "  --count N                  end after N events\n"
	  "  --timeout T                end after this time, with exit code 6\n"
	  "  --only KIND                record, link, status, member or direct\n"
	  "\n"
	  "Example: peergroup watch lab --json | jq --unbuffered -r .change\n" },
	{ "wait", cmd_wait, "CONDITION... [--timeout T] [GROUP]",
	  "wait until all conditions hold",
	  "  --ready                    it has synchronised with the group once\n"
	  "  --synced                   it has since it is up, with whom it reached first\n"
	  "  --records N                at least N live records [of --type TYPE]\n"
	  "  --links N                  at least N links are up\n"
	  "  --record ID[:VERSION]      that record is here, in that version or later\n"
	  "  --no-record ID             that record is not here (deleted or expired)\n"
	  "  --stat NAME=N              that counter is at N or more\n"
	  "  --timeout T                give up, with exit code 6\n"
	  "\n"
	  "Example: peergroup wait lab --ready --links 2 --timeout 10s\n" },
	{ "links", cmd_links, "[GROUP]",
	  "links and addresses of a group",
	  "\n"
	  "Example: peergroup links lab --json\n" },
	{ "connections", cmd_connections, "[GROUP]",
	  "links that data can be sent over, direct ones and neighbours'",
	  "\n"
	  "Example: peergroup connections lab --json\n" },
	{ "send", cmd_send, "--type TYPE [OPTION]... [GROUP] TO [FILE|-]",
	  "send data to programs of another member's host",
	  "  --type TYPE                UUID, or a name, which stands for a UUID\n"
	  "  --connect ADDR             open a direct connection to TO there, and close it then\n"
	  "  --data TEXT                data, instead of FILE; - is standard input\n"
	  "  --timeout T                give up waiting for the connection or for room, with\n"
	  "                             exit code 6\n"
	  "\n"
	  "TO is a member as in: peergroup members, or a number or an address as in: peergroup\n"
	  "connections. Data is no record: who does not receive it now never will.\n"
	  "\n"
	  "Example: peergroup send lab bob --type note --connect 192.0.2.7 note.txt\n" },
	{ "receive", cmd_receive, "[--type TYPE] [--data] [--count N] [--timeout T] [GROUP]",
	  "print data that other members send, and let them connect directly",
	  "  --type TYPE                only of this type (UUID or name)\n"
	  "  --data                     only the data, unchanged, to standard output\n"
	  "  --count N                  end after N messages\n"
	  "  --timeout T                end after this time, with exit code 6\n"
	  "\n"
	  "Example: peergroup receive lab --type note --count 1 --data > note.txt\n" },
	{ "members", cmd_members, "[--pem | --present] [GROUP]",
	  "members whose certificates this host has verified",
	  "  --pem                      the certificates themselves\n"
	  "  --present                  only those that are there now, and where\n"
	  "\n"
	  "Example: peergroup members --present lab\n" },
	{ "renew", cmd_renew, "[--lifetime WHEN] [--role R] [--store] [GROUP] MEMBER",
	  "give a member a later certificate, or another role",
	  "  --lifetime WHEN            90d (from now), 2027-12-31; else as long as before\n"
	  "  --role R                   admin, inviting or member; else as before\n"
	  "  --store                    leave it in the group, where the member finds it;\n"
	  "                             else print an invitation\n"
	  "\n"
	  "MEMBER is a friendly name, a peer name or its start, as in: peergroup members\n"
	  "\n"
	  "Example: peergroup renew --role admin --store lab bob\n" },
	{ "revoke", cmd_revoke, "[--only] [--withdraw] [GROUP] MEMBER",
	  "end somebody's membership, on all hosts and at once",
	  "  --only                     those whom the member has invited stay\n"
	  "  --withdraw                 what it published before goes, too\n"
	  "\n"
	  "MEMBER is a friendly name, a peer name or its start, as in: peergroup members\n"
	  "\n"
	  "Example: peergroup revoke --withdraw lab mallory\n" },
	{ "stats", cmd_stats, "[--all] [GROUP]",
	  "counters of a group",
	  "  --all                      those that are zero too\n"
	  "\n"
	  "Example: peergroup stats lab --json | jq .refused_signature\n" },
	{ "limits", cmd_limits, "[GROUP] [NAME=VALUE]...",
	  "show or set limits and timers of a group",
	  "\n"
	  "Sizes take K, M, G; timers take ms, s, m, h.\n"
	  "\n"
	  "Example: peergroup limits lab record_size=4M keepalive=10s\n" },
	{ "export", cmd_export, "[GROUP] FILE|-",
	  "write all records of a group to a file",
	  "\n"
	  "With them go deletions and the certificates of all who have signed. FILE is\n"
	  "replaced as a whole; it is not encrypted.\n"
	  "\n"
	  "Example: peergroup export lab lab.records\n" },
	{ "import", cmd_import, "[GROUP] FILE",
	  "add the records of a file to a group that is down",
	  "\n"
	  "FILE is of the same group and member. The kernel verifies each record; what it\n"
	  "does not take is told. The group is kept then, for: peergroup up\n"
	  "\n"
	  "Example: peergroup down lab; peergroup import lab lab.records && peergroup up lab\n" },
	{ "config", cmd_config,
	  "export [PASSWORD-OPTION] [GROUP]\nimport [--overwrite] [PASSWORD-OPTION] FILE|-",
	  "take a membership to another computer, by a password",
	  "  export [GROUP]             the membership, and the group's key if it is one's own\n"
	  "  import FILE|-              where the identity is already; prints the group's name\n"
	  "  --overwrite                import: in place of what is known of the group\n"
	  "  --password-file FILE       PASSWORD-OPTION: its first line,\n"
	  "  --password-fd N            or a line of that descriptor; else the terminal is asked\n"
	  "\n"
	  "Example: peergroup config export --password-file pw lab > lab.config\n"
	  "         peergroup config import --password-file pw lab.config\n" },
	{ "chown", cmd_chown, "OWNER[:GROUP]|:GROUP [GROUP]",
	  "change whose a group is on this host",
	  "\n"
	  "The owner may do everything with it; giving it away needs CAP_NET_ADMIN.\n"
	  "\n"
	  "Example: peergroup chown alice:staff lab\n" },
	{ "chmod", cmd_chmod, "MODE [GROUP]",
	  "change who of this host's users may read a group and write to it",
	  "\n"
	  "MODE is octal, as 640, or u, g, o, a with +, -, = and r, w, as g+rw,o=r.\n"
	  "\n"
	  "Example: peergroup chmod 640 lab\n" },
	{ "properties", cmd_properties, "[--name NAME] [--comment TEXT] [OPTION]... [GROUP]",
	  "show what a group is, or change it, on all hosts",
	  "  --name NAME                friendly name of the group\n"
	  "  --comment TEXT             what the group is for; '' for nothing\n"
	  "  --flags FLAG[,FLAG]...     member-data-optional, disable-presence,\n"
	  "                             defer-expiration, or none\n"
	  "  --member-lifetime T        that a member is remembered while it is away, 8h or\n"
	  "                             more; 0: as long as it is a member\n"
	  "  --presence-lifetime T      5m or more\n"
	  "\n"
	  "Only who created the group may change it.\n"
	  "\n"
	  "Example: peergroup properties --comment 'hosts of the lab' lab\n" },
	{ "info", cmd_info, "[--pem] [GROUP]",
	  "state of a group on this host",
	  "  --pem                      group root and own certificates, root first\n"
	  "\n"
	  "Example: peergroup info lab\n" },
};

static const struct command *current;

/* All ways to call it, without the last end of line. */
static void show_usage(FILE *out, const struct command *command)
{
	const char *form = command->args, *end;

	fprintf(out, "Usage: peergroup %s ", command->name);
	while ((end = strchr(form, '\n'))) {
		fprintf(out, "%.*s\n       peergroup %s ", (int)(end - form), form, command->name);
		form = end + 1;
	}
	fputs(form, out);
}

static void show_help(const struct command *command)
{
	show_usage(stdout, command);
	printf("\n\n%c%s.\n\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	if (str_starts(command->help, " "))
		puts("Options:");
	fputs(command->help + strspn(command->help, "\n"), stdout);
	puts("\nEverywhere: --json (one JSON document), --identity I, --help.");
}

static void show_overview(FILE *out)
{
	size_t i;

	fputs("Usage: peergroup COMMAND [OPTION]... [GROUP] [ARGUMENT]...\n\n"
	      "Groups of hosts that agree about signed records.\n\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
	fputs("\nGROUP is a friendly name, a peer name or its start; it may be left out where\n"
	      "there is only one. Everywhere: --json, --identity I, --help (per command).\n"
	      "peergroup --version prints which version this is.\n"
	      "Exit code: 0 done, 1 failed, 2 usage, 3 not found, 4 not authorised,\n"
	      "5 kernel module missing, 6 timeout.\n"
	      "\nExample: peergroup create lab && peergroup up lab && peergroup info lab\n", out);
}

int usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	if (current) {
		fputs("\n", stderr);
		show_usage(stderr, current);
		fprintf(stderr, " (more: peergroup %s --help)\n", current->name);
	} else {
		fputs(" (see: peergroup --help)\n", stderr);
	}
	return EXIT_USAGE;
}

int next_option(int argc, char **argv, const struct option *options, int *status)
{
	int c;

	for (;;) {
		c = getopt_long(argc, argv, ":h", options, NULL);
		switch (c) {
		case OPT_JSON:
			opt_json = true;
			break;
		case OPT_IDENTITY:
			opt_identity = optarg;
			break;
		case 'h':
			show_help(current);
			*status = finish();
			return 0;
		case ':':
			*status = usage("%s needs a value", argv[optind - 1]);
			return 0;
		case '?':
			if (optopt >= OPT_JSON)
				*status = usage("%s takes no value", argv[optind - 1]);
			else
				*status = usage("%s: no such option", argv[optind - 1]);
			return 0;
		default:
			return c;
		}
	}
}

static int show_version(void)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("version", PG_RELEASE);
		json_end_object();
		json_finish();
	} else {
		puts("peergroup " PG_RELEASE);
	}
	return finish();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "version", no_argument, NULL, OPT_OWN },
		COMMON_OPTIONS
	};
	bool help, version = false;
	size_t i;
	int c;

	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_DFL);
	while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (c == 'h') {
			show_overview(stdout);
			return finish();
		} else if (c == OPT_JSON) {
			opt_json = true;
		} else if (c == OPT_IDENTITY) {
			opt_identity = optarg;
		} else if (c == OPT_OWN) {
			version = true;
		} else {
			return usage("%s: no such option", argv[optind - 1]);
		}
	}
	if (version)
		return show_version();
	if (optind == argc) {
		show_overview(stderr);
		return EXIT_USAGE;
	}
	argv += optind;
	argc -= optind;
	help = str_eq(argv[0], "help");
	if (help) {
		argv++;
		argc--;
		if (!argc) {
			show_overview(stdout);
			return finish();
		}
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(argv[0], commands[i].name))
			break;
	if (i == ARRAY_SIZE(commands))
		return usage("%s: no such command", argv[0]);
	current = &commands[i];
	if (help) {
		show_help(current);
		return finish();
	}
	optind = 0;	/* start over with getopt's other state, too */
	return current->run(argc, argv);
}
