// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups with a password: setting it, inviting and joining by it, and answering those
 * who join. Passwords come from files, never from the command line, where any user of
 * the host could read them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "json.h"

#define LOOK_SECONDS	5	/* between looks whether this member may still answer */
#define PASSWORD_FILE_MAX	2048	/* read_input() keeps that in one place */

void free_password(char *password)
{
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
}

int read_password(const char *file, char **password)
{
	size_t size, len;
	int ret = read_input(file, PASSWORD_FILE_MAX, password, &size);

	if (ret != EXIT_OK)
		return ret;
	len = strcspn(*password, "\r\n");
	explicit_bzero(*password + len, size - len);
	if (**password)
		return EXIT_OK;
	free_password(*password);
	*password = NULL;
	return fail(EXIT_FAILED, "%s has no password in its first line", file);
}

/* An identity for who has none yet, as for a first group. */
static HRESULT join(const char *identity, const char *xml, const char *password,
		    peergroup_t *group)
{
	HRESULT hr = peergroup_join_password(identity, xml, password, group);
	char *made;

	if (hr != PEER_E_NOT_FOUND || identity)
		return hr;
	hr = peergroup_identity_create(NULL, NULL, &made);
	if (FAILED(hr))
		return hr;
	peergroup_free(made);
	return peergroup_join_password(NULL, xml, password, group);
}

int join_by_password(const char *identity, const char *xml,
		     const struct peergroup_invitation *invitation, const char *file)
{
	char *password;
	peergroup_t group;
	HRESULT hr;
	int ret;

	if (!file)
		return usage("it is an invitation by password: --password-file is missing");
	if (invitation->subject_name)
		return usage("--password-file: this invitation is not by password");
	ret = read_password(file, &password);
	if (ret != EXIT_OK)
		return ret;
	hr = join(identity, xml, password, &group);
	free_password(password);
	if (FAILED(hr))
		return fail_result(hr, "cannot join '%s'", invitation->group_friendly);
	peergroup_close(group);
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", invitation->group_name);
		json_str("friendly", invitation->group_friendly);
		json_end_object();
		json_finish();
	} else {
		safe_print("", invitation->group_name, "\n");
	}
	return finish();
}

int cmd_password(int argc, char **argv)
{
	enum { FILE_ = OPT_OWN, ROLE, FORGET };
	static const struct option options[] = {
		{ "file", required_argument, NULL, FILE_ },
		{ "role", required_argument, NULL, ROLE },
		{ "forget", no_argument, NULL, FORGET },
		COMMON_OPTIONS
	};
	const char *file = NULL;
	char *password = NULL;
	struct group_ref ref;
	bool forget = false;
	peergroup_t group;
	uint32_t role = 0;
	int c, status, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == FILE_)
			file = optarg;
		else if (c == FORGET)
			forget = true;
		else if (!parse_role(optarg, &role))
			return usage("--role %s: admin, inviting or member", optarg);
	}
	if (!file == !forget)
		return usage("either --file or --forget is wanted");
	if (forget && role)
		return usage("--role goes with --file");
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	if (file)
		ret = read_password(file, &password);
	if (ret == EXIT_OK) {
		hr = peergroup_set_password(group, password, role);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot set the password of '%s'", ref.friendly);
		else if (opt_json)
			puts("{}");
	}
	free_password(password);
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

/* Once the group has left the kernel, no later look finds it again. */
static HRESULT check_there(peergroup_t group)
{
	struct peergroup_status *status;
	HRESULT hr = peergroup_status(group, &status);

	switch (hr) {
	case S_OK:
		peergroup_free(status);
		return S_OK;
	case PEER_E_INVALID_GROUP:
	case HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE):
	case HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL):
		return hr;
	default:
		return S_OK;	/* no memory, say: it may be another thing the next time */
	}
}

/*
 * Until a signal comes, or the group's end, which is a failure. The library looks for itself
 * with each one who joins; that it answers nobody any longer, as the group has another
 * password, is told here.
 */
static int stay(peergroup_t group, const char *friendly, const sigset_t *ends)
{
	static const struct timespec wait = { .tv_sec = LOOK_SECONDS };
	bool told = false;
	HRESULT hr;

	while (sigtimedwait(ends, NULL, &wait) < 0) {
		hr = check_there(group);
		if (FAILED(hr)) {
			fail_result(hr, "nobody is answered for '%s' any longer", friendly);
			return EXIT_FAILED;
		}
		hr = peergroup_answer(group);
		if (FAILED(hr) && !told)
			fail_result(hr, "nobody is answered for '%s'", friendly);
		told = FAILED(hr);
	}
	return EXIT_OK;
}

/* Waits for a signal that ends programs, with these blocked in all threads. */
static int answer(peergroup_t group, const char *friendly, const sigset_t *ends)
{
	HRESULT hr = peergroup_answer(group);

	if (FAILED(hr))
		return fail_result(hr, "cannot answer for '%s'", friendly);
	if (opt_json)
		puts("{\"answering\": true}");
	else
		safe_print("answering for ", friendly, "\n");
	if (fflush(stdout))
		return finish();
	return stay(group, friendly, ends);
}

int cmd_answer(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct group_ref ref;
	peergroup_t group;
	sigset_t ends;
	int status, ret;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = answer(group, ref.friendly, &ends);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}
