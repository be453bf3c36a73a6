// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Exporting and importing the configuration of a group, for both APIs.
 */
#include <stdlib.h>
#include "config.h"
#include "group.h"

static HRESULT check_password(const char *password)
{
	return *password ? S_OK : pgi_fail(E_INVALIDARG, "the password is empty");
}

/* What is on disk: the certificates that count now, which may be later than the handle. */
static HRESULT export(const void *handle, const char *password, char **xml)
{
	struct pgi_group_store *store;
	struct pgi_group *group;
	HRESULT hr;

	*xml = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = check_password(password);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_load(group->store->identity, group->store->name, &store);
	if (SUCCEEDED(hr)) {
		hr = pgi_config_make(store, password, xml);
		pgi_group_store_free(store);
	}
	pgi_group_put(group);
	return hr;
}

/* A group that runs goes on by what it was opened with, so its disk is left alone. */
static HRESULT check_place(const struct pgi_group_store *store, bool overwrite)
{
	struct pgi_group_store *old;
	HRESULT hr;

	hr = pgi_group_store_load(store->identity, store->name, &old);
	if (hr == PEER_E_NOT_FOUND)
		return S_OK;
	/* A damaged one is a reason to overwrite it. */
	if (SUCCEEDED(hr))
		pgi_group_store_free(old);
	else if (hr != PEER_E_CERT_STORE_CORRUPTED)
		return hr;
	if (!overwrite)
		return pgi_fail(PEER_E_ALREADY_EXISTS, "%s is in group %s already",
				store->identity, store->name);
	hr = pgi_group_unused(store);
	/* Without the module nothing runs. */
	return hr == HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL) ? S_OK : hr;
}

static HRESULT save(const struct pgi_group_store *store, EVP_PKEY *key, bool overwrite)
{
	HRESULT hr = check_place(store, overwrite);

	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_create(store, key, overwrite);
	if (hr == PEER_E_ALREADY_EXISTS)
		pgi_set_error("%s is in group %s already", store->identity, store->name);
	return hr;
}

static HRESULT open_for(const struct pgi_config *config, const char *password,
			bool overwrite)
{
	struct pgi_identity *identity;
	struct pgi_group_store *store;
	EVP_PKEY *key;
	HRESULT hr;

	hr = pgi_identity_load(config->identity, &identity);
	if (FAILED(hr))
		return hr;
	hr = pgi_config_open(config, password, identity, &store, &key);
	pgi_identity_free(identity);
	if (FAILED(hr))
		return hr;
	hr = save(store, key, overwrite);
	if (SUCCEEDED(hr))
		pgi_clear_error();
	pgi_group_store_free(store);
	EVP_PKEY_free(key);
	return hr;
}

/* *@config is for pgi_config_free(), on success only. */
static HRESULT read_config(const char *xml, const char *password, struct pgi_config *config)
{
	HRESULT hr = check_password(password);

	return SUCCEEDED(hr) ? pgi_config_parse(xml, config) : hr;
}

/* ------------------------------------------------------- public functions -- */

PGI_PUBLIC HRESULT PeerGroupExportConfig(HGROUP group, PCWSTR password, PWSTR *out)
{
	char *p = NULL, *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr) && (!password || !out))
		hr = pgi_fail(E_INVALIDARG, "%s is NULL", out ? "pwzPassword" : "ppwzXML");
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(password, &p);
	if (SUCCEEDED(hr))
		hr = export(group, p, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_wide_return(xml, out);
	free(xml);
	pgi_secret_free(p);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_export_config(peergroup_t group, const char *password,
					   char **out)
{
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!password || !out)
		return pgi_fail(E_INVALIDARG, "%s is NULL", out ? "password" : "xml");
	if (!pgi_utf8_valid(password))
		return pgi_fail(E_INVALIDARG, "the password is not UTF-8");
	hr = export(group, password, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(xml, out);
	free(xml);
	return hr;
}

/* What the program gets is made before anything is saved. */
static HRESULT import_wide(const struct pgi_config *config, const char *password,
			   bool overwrite, PWSTR *identity, PWSTR *group)
{
	HRESULT hr = pgi_wide_return(config->identity, identity);

	if (SUCCEEDED(hr))
		hr = pgi_wide_return(config->group, group);
	if (SUCCEEDED(hr))
		hr = open_for(config, password, overwrite);
	if (FAILED(hr)) {
		PeerFreeData(*identity);
		PeerFreeData(*group);
		*identity = NULL;
		*group = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupImportConfig(PCWSTR xml, PCWSTR password, BOOL overwrite,
					 PWSTR *identity, PWSTR *group)
{
	char *x = NULL, *p = NULL;
	struct pgi_config config;
	HRESULT hr;

	pgi_clear_error();
	if (identity)
		*identity = NULL;
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr) && (!xml || !password || !identity || !group))
		hr = pgi_fail(E_INVALIDARG, "XML, password or a result is NULL");
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(xml, &x);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(password, &p);
	if (SUCCEEDED(hr))
		hr = read_config(x, p, &config);
	if (SUCCEEDED(hr)) {
		hr = import_wide(&config, p, overwrite, identity, group);
		pgi_config_free(&config);
	}
	free(x);
	pgi_secret_free(p);
	return hr;
}

static HRESULT import_str(const struct pgi_config *config, const char *password,
			  bool overwrite, char **identity, char **group)
{
	HRESULT hr = pgi_str_return(config->identity, identity);

	if (SUCCEEDED(hr))
		hr = pgi_str_return(config->group, group);
	if (SUCCEEDED(hr))
		hr = open_for(config, password, overwrite);
	if (FAILED(hr)) {
		peergroup_free(*identity);
		peergroup_free(*group);
		*identity = NULL;
		*group = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT peergroup_import_config(const char *xml, const char *password,
					   bool overwrite, char **identity, char **group)
{
	struct pgi_config config;
	HRESULT hr;

	pgi_clear_error();
	if (identity)
		*identity = NULL;
	if (group)
		*group = NULL;
	if (!xml || !password || !identity || !group)
		return pgi_fail(E_INVALIDARG, "xml, password or a result is NULL");
	if (!pgi_utf8_valid(password))
		return pgi_fail(E_INVALIDARG, "the password is not UTF-8");
	hr = read_config(xml, password, &config);
	if (FAILED(hr))
		return hr;
	hr = import_str(&config, password, overwrite, identity, group);
	pgi_config_free(&config);
	return hr;
}
