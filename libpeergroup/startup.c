// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupStartup() and PeerGroupShutdown(): a count, and a look whether the
 * kernel module is there. Nothing runs in between, so there is nothing to start.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint starts;

HRESULT pgi_started(void)
{
	if (!atomic_load(&starts))
		return pgi_fail(PEER_E_NOT_INITIALIZED, "PeerGroupStartup() was not called");
	return S_OK;
}

static void forked(void)
{
	pthread_mutex_init(&lock, NULL);
}

PGI_AT_FORK(NULL, NULL, forked)

static HRESULT check_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ?
			pgi_fail(PEER_E_IPV6_NOT_INSTALLED, "this kernel has no IPv6") :
			pgi_from_errno(errno);
	close(fd);
	return S_OK;
}

/* 1.0 is what programs for Windows XP ask for. */
static bool version_known(WORD version)
{
	return version == MAKEWORD(1, 0) || version == MAKEWORD(1, 1);
}

PGI_PUBLIC HRESULT PeerGroupStartup(WORD version, PPEER_VERSION_DATA data)
{
	HRESULT hr;

	pgi_clear_error();
	if (!data)
		return pgi_fail(E_INVALIDARG, "pVersionData is NULL");
	data->wVersion = 0;
	data->wHighestVersion = 0;
	if (!version_known(version))
		return pgi_fail(PEER_E_UNSUPPORTED_VERSION, "version %u.%u of the API",
				version & 0xffU, version >> 8U);
	hr = check_ipv6();
	if (SUCCEEDED(hr))
		hr = pgi_nl_family_present();
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&lock);
	atomic_fetch_add(&starts, 1);
	pthread_mutex_unlock(&lock);
	data->wVersion = version;
	data->wHighestVersion = PEER_GROUP_VERSION;
	return S_OK;
}

/* What the native interface made knows no Startup, and so no Shutdown. */
static bool windows_handle(struct pgi_object *obj, void *arg PGI_UNUSED)
{
	return obj->windows;
}

PGI_PUBLIC HRESULT PeerGroupShutdown(void)
{
	bool last;

	pgi_clear_error();
	pthread_mutex_lock(&lock);
	if (!atomic_load(&starts)) {
		pthread_mutex_unlock(&lock);
		return pgi_started();
	}
	last = atomic_fetch_sub(&starts, 1) == 1;
	if (last) {
		pgi_signal_end();
		pgi_handle_remove_if(windows_handle, NULL);
		pgi_group_shutdown();
	}
	pthread_mutex_unlock(&lock);
	return S_OK;
}
