// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "peergroup export", "import", "config" and the identity's share of it: taking
 * identities, memberships and records to another computer. A password is read from a
 * file, a descriptor or the terminal: the command line is for everybody to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "cmd.h"
#include "json.h"
#include "transfer.h"

#define PASSWORD_MAX	1024
#define XML_MAX		(1U << 20)

enum { PASSWORD_FILE = OPT_OWN, PASSWORD_FD, OVERWRITE };

#define PASSWORD_OPTIONS							\
	{ "password-file", required_argument, NULL, PASSWORD_FILE },		\
	{ "password-fd", required_argument, NULL, PASSWORD_FD }

/* ---------------------------------------------------------------- passwords -- */

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* The first line of what @fd has. */
static int read_line(int fd, const char *what, char **password)
{
	char *line = xalloc(PASSWORD_MAX + 1);
	size_t len = 0;
	ssize_t n = 0;

	while (len < PASSWORD_MAX) {
		n = read(fd, line + len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || line[len] == '\n')
			break;
		len++;
	}
	line[len] = 0;
	*password = line;
	if (n < 0)
		return fail(EXIT_FAILED, "%s: %s", what, strerror(errno));
	if (len == PASSWORD_MAX)
		return fail(EXIT_FAILED, "%s: the password is too long", what);
	return EXIT_OK;
}

static int ask(int tty, const char *prompt, char **password)
{
	struct termios old, quiet;
	bool hidden = !tcgetattr(tty, &old);
	int ret;

	if (hidden) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(tty, TCSAFLUSH, &quiet);
	}
	dprintf(tty, "%s: ", prompt);
	ret = read_line(tty, "terminal", password);
	dprintf(tty, "\n");
	if (hidden)
		tcsetattr(tty, TCSAFLUSH, &old);
	return ret;
}

/* A new one twice, as nobody sees what is typed. */
static int ask_terminal(bool new, char **password)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), ret;
	char *again = NULL;

	if (tty < 0)
		return usage("no terminal to ask for the password: give --password-file or --password-fd");
	ret = ask(tty, "Password", password);
	if (ret == EXIT_OK && new)
		ret = ask(tty, "Again", &again);
	if (ret == EXIT_OK && new && !str_eq(*password, again))
		ret = fail(EXIT_FAILED, "the two are different");
	wipe(again);
	close(tty);
	return ret;
}

/* What a command with a password was given. */
struct password {
	const char *file;
	const char *fd;
};

static int open_source(const struct password *p, int *fd)
{
	uint64_t number;

	if (p->file) {
		*fd = open(p->file, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED, "%s: %s",
				    p->file, strerror(errno));
		return EXIT_OK;
	}
	if (!parse_u64(p->fd, 1U << 20, &number))
		return usage("%s: not a number of a file descriptor", p->fd);
	*fd = (int)number;
	return EXIT_OK;
}

/* For wipe() in any case. */
static int get_password(const struct password *p, bool new, char **password)
{
	int fd = -1, ret;

	*password = NULL;
	if (!p->file && !p->fd)
		return ask_terminal(new, password);
	if (p->file && p->fd)
		return usage("--password-file or --password-fd, not both");
	ret = open_source(p, &fd);
	if (ret == EXIT_OK) {
		ret = read_line(fd, p->file ? p->file : "password", password);
		close(fd);
	}
	if (ret == EXIT_OK && !**password)
		ret = fail(EXIT_FAILED, "the password is empty");
	return ret;
}

/* The options of such a command; EXIT_OK with optind at the arguments, or *@done. */
static int parse(int argc, char **argv, struct password *p, bool *overwrite, bool *done)
{
	static const struct option options[] = {
		PASSWORD_OPTIONS,
		{ "overwrite", no_argument, NULL, OVERWRITE },
		COMMON_OPTIONS
	};
	int c, status;

	*done = true;
	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == PASSWORD_FILE)
			p->file = optarg;
		else if (c == PASSWORD_FD)
			p->fd = optarg;
		else if (overwrite)
			*overwrite = true;
		else
			return usage("--overwrite is for config import");
	}
	*done = false;
	return EXIT_OK;
}

static int print_xml(char *xml)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("xml", xml);
		json_end_object();
		json_finish();
	} else {
		puts(xml);
	}
	peergroup_free(xml);
	return finish();
}

/* --------------------------------------------------------------- identities -- */

int identity_export(int argc, char **argv)
{
	struct password p = { 0 };
	char *name, *password, *xml;
	bool done;
	HRESULT hr;
	int ret = parse(argc, argv, &p, NULL, &done);

	if (done || ret != EXIT_OK)
		return ret;
	if (argc - optind > 1)
		return usage("%s: not expected", argv[argc - 1]);
	ret = find_identity(optind < argc ? argv[optind] : opt_identity, &name);
	if (ret != EXIT_OK)
		return ret;
	ret = get_password(&p, true, &password);
	if (ret == EXIT_OK) {
		hr = peergroup_identity_export(name, password, &xml);
		ret = FAILED(hr) ? fail_result(hr, "cannot export the identity") : print_xml(xml);
	}
	wipe(password);
	free(name);
	return ret;
}

static int report_identity(char *name)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", name);
		json_end_object();
		json_finish();
	} else {
		safe_print("", name, "\n");
	}
	peergroup_free(name);
	return finish();
}

int identity_import(int argc, char **argv)
{
	struct password p = { 0 };
	char *password = NULL, *xml, *name;
	size_t size;
	bool done;
	HRESULT hr;
	int ret = parse(argc, argv, &p, NULL, &done);

	if (done || ret != EXIT_OK)
		return ret;
	if (argc - optind != 1)
		return usage("identity import: one FILE, or - for standard input");
	ret = read_input(argv[optind], XML_MAX, &xml, &size);
	if (ret != EXIT_OK)
		return ret;
	ret = fail_other_file(argv[optind], xml, "peergroup identity import");
	if (ret == EXIT_OK)
		ret = get_password(&p, false, &password);
	if (ret == EXIT_OK) {
		hr = peergroup_identity_import(xml, password, &name);
		ret = FAILED(hr) ? fail_result(hr, "cannot import the identity") :
			report_identity(name);
	}
	wipe(password);
	free(xml);
	return ret;
}

/* ------------------------------------------------------------ configurations -- */

static int open_any(const char *arg, struct group_ref *ref, peergroup_t *group)
{
	int ret = find_group(arg, ref);
	HRESULT hr;

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_open(ref->identity, ref->name, group);
	if (SUCCEEDED(hr))
		return EXIT_OK;
	ret = fail_result(hr, "cannot open group '%s'", ref->friendly);
	free_group(ref);
	return ret;
}

static int config_export(int argc, char **argv)
{
	struct password p = { 0 };
	struct group_ref ref;
	char *password, *xml;
	peergroup_t group;
	bool done;
	HRESULT hr;
	int ret = parse(argc, argv, &p, NULL, &done);

	if (done || ret != EXIT_OK)
		return ret;
	if (argc - optind > 1)
		return usage("%s: not expected", argv[argc - 1]);
	ret = open_any(optind < argc ? argv[optind] : NULL, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = get_password(&p, true, &password);
	if (ret == EXIT_OK) {
		hr = peergroup_export_config(group, password, &xml);
		ret = FAILED(hr) ? fail_result(hr, "cannot export the configuration of '%s'",
					       ref.friendly) : print_xml(xml);
	}
	wipe(password);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}

static int report_config(char *identity, char *group)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", group);
		json_str("identity", identity);
		json_end_object();
		json_finish();
	} else {
		safe_print("", group, "\n");
	}
	peergroup_free(identity);
	peergroup_free(group);
	return finish();
}

static int config_import(int argc, char **argv)
{
	struct password p = { 0 };
	char *password = NULL, *xml, *identity, *group;
	bool done, overwrite = false;
	size_t size;
	HRESULT hr;
	int ret = parse(argc, argv, &p, &overwrite, &done);

	if (done || ret != EXIT_OK)
		return ret;
	if (argc - optind != 1)
		return usage("config import: one FILE, or - for standard input");
	ret = read_input(argv[optind], XML_MAX, &xml, &size);
	if (ret != EXIT_OK)
		return ret;
	ret = fail_other_file(argv[optind], xml, "peergroup config import");
	if (ret == EXIT_OK)
		ret = get_password(&p, false, &password);
	if (ret == EXIT_OK) {
		hr = peergroup_import_config(xml, password, overwrite, &identity, &group);
		if (hr == PEER_E_NOT_FOUND)
			ret = fail(EXIT_NOT_FOUND,
				   "cannot import the configuration: the identity that it is of is not here (first: peergroup identity import)");
		else if (FAILED(hr))
			ret = fail_result(hr, "cannot import the configuration");
		else
			ret = report_config(identity, group);
	}
	wipe(password);
	free(xml);
	return ret;
}

int cmd_config(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	const char *verb = argc > 1 ? argv[1] : "";
	int status;

	if (str_eq(verb, "export"))
		return config_export(argc - 1, argv + 1);
	if (str_eq(verb, "import"))
		return config_import(argc - 1, argv + 1);
	if (next_option(argc, argv, options, &status) == 0)
		return status;
	return usage("config: export or import?");
}

/* ------------------------------------------------------------------ records -- */

/* [GROUP] FILE; as in add, a single argument that names a group is the group. */
static int parse_file(int argc, char **argv, const char **group, const char **file)
{
	static const struct option options[] = { COMMON_OPTIONS };
	int status;

	*file = NULL;
	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 2)
		return usage("%s: one GROUP and one FILE only", argv[optind + 2]);
	if (argc == optind || (argc - optind == 1 && !str_eq(argv[optind], "-") &&
			       is_group(argv[optind])))
		return usage("which FILE?");
	*file = argv[argc - 1];
	*group = argc - optind == 2 ? argv[optind] : NULL;
	return EXIT_OK;
}

/* Behind what was exported nothing may stand. */
static bool is_stdout(const char *file)
{
	struct stat out, st;

	return !fstat(STDOUT_FILENO, &out) && !stat(file, &st) && out.st_dev == st.st_dev &&
	       out.st_ino == st.st_ino;
}

/* Ends the file's name first: who stops reading ends this process, and it is not encrypted. */
static int copy_to_stdout(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? fail(EXIT_FAILED, "%s: %s", path, strerror(errno)) : EXIT_OK;
	char buf[65536];
	ssize_t n;

	unlink(path);
	if (ret != EXIT_OK)
		return ret;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			break;
	close(fd);
	return n < 0 ? fail(EXIT_FAILED, "%s: %s", path, strerror(errno)) : finish();
}

/*
 * To standard output, whatever that is: were it a file, the library would put another in its
 * place, for what is exported to a file replaces it as a whole.
 */
static int export_stdout(peergroup_t group, const char *friendly)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xprintf("%s/peergroup-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct peergroup_transfer counts;
	int fd = mkstemp(path), ret;
	HRESULT hr;

	if (fd < 0) {
		ret = fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
	} else {
		close(fd);
		hr = peergroup_export_database(group, path, &counts);
		if (FAILED(hr)) {
			unlink(path);
			ret = fail_result(hr, "cannot export '%s'", friendly);
		} else {
			ret = copy_to_stdout(path);
		}
	}
	free(path);
	return ret;
}

static int export_file(peergroup_t group, const char *friendly, const char *file)
{
	struct peergroup_transfer counts;
	HRESULT hr = peergroup_export_database(group, file, &counts);

	if (FAILED(hr))
		return fail_result(hr, "cannot export '%s'", friendly);
	if (is_stdout(file))
		return EXIT_OK;
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_u64("records", counts.records);
		json_u64("certificates", counts.certificates);
		json_end_object();
		json_finish();
	} else {
		printf("%llu records, %llu certificates\n", (unsigned long long)counts.records,
		       (unsigned long long)counts.certificates);
	}
	return finish();
}

int cmd_export(int argc, char **argv)
{
	const char *arg, *file;
	struct group_ref ref;
	peergroup_t group;
	int ret = parse_file(argc, argv, &arg, &file);

	if (ret != EXIT_OK || !file)
		return ret;
	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = str_eq(file, "-") ? export_stdout(group, ref.friendly) :
		export_file(group, ref.friendly, file);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}

/* To standard error, so that what is scripted stays one document. */
static void tell_refused(const struct peergroup_refusal *refusal, void *arg)
{
	(void)arg;
	fail(EXIT_OK, "refused a %s%s%s: %s", refusal->what,
	     uuid_is_null(refusal->id) ? "" : " ",
	     uuid_is_null(refusal->id) ? "" : uuid_text(refusal->id), refusal->why);
}

static void report_import(const struct peergroup_transfer *c)
{
	if (!opt_json) {
		printf("%llu records: %llu taken, %llu known, %llu expired; %llu refused\n",
		       (unsigned long long)c->records, (unsigned long long)c->taken,
		       (unsigned long long)c->present, (unsigned long long)c->expired,
		       (unsigned long long)c->refused);
		return;
	}
	json_start(false);
	json_object(NULL);
	json_u64("records", c->records);
	json_u64("certificates", c->certificates);
	json_u64("taken", c->taken);
	json_u64("known", c->present);
	json_u64("expired", c->expired);
	json_u64("refused", c->refused);
	json_end_object();
	json_finish();
}

int cmd_import(int argc, char **argv)
{
	struct peergroup_transfer counts;
	const char *arg, *file;
	struct group_ref ref;
	peergroup_t group;
	HRESULT hr;
	int ret = parse_file(argc, argv, &arg, &file);

	if (ret != EXIT_OK || !file)
		return ret;
	if (str_eq(file, "-"))
		return usage("import reads a FILE, not standard input");
	ret = open_any(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_import_database(group, file, tell_refused, NULL, &counts);
	/* The records are the kernel's: they stay until "up" takes over, or "down" ends it. */
	if (SUCCEEDED(hr))
		hr = peergroup_keep(group, true);
	if (hr == PEER_E_GROUP_IN_USE)
		ret = fail(EXIT_FAILED, "group '%s' is up (try: peergroup down %s)",
			   ref.friendly, ref.friendly);
	else if (FAILED(hr))
		ret = fail_result(hr, "cannot import into '%s'", ref.friendly);
	else
		report_import(&counts);
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}
