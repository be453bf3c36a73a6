// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Invitations taken apart, to join by one or to show it. What one says is taken
 * from its certificates alone, so the XML around them needs no trust.
 */
#include <stdlib.h>
#include <strings.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include "cert.h"
#include "cloud.h"
#include "xml.h"

/* ------------------------------------------------------------------ parsing -- */

/* An invitation taken apart: either a chain, or what the password form says. */
struct invitation {
	char *cloud;
	uint32_t scope;
	uint32_t cloud_flags;
	struct pgi_cert **chain;	/* root first; NULL in the password form */
	size_t len;
	char *group_name;		/* password form */
	char *group_friendly;
};

static void free_invitation(struct invitation *inv)
{
	xmlFree(inv->cloud);
	xmlFree(inv->group_name);
	xmlFree(inv->group_friendly);
	pgi_chain_free(inv->chain, inv->len);
	memset(inv, 0, sizeof(*inv));
}

static HRESULT untrusted(const char *why)
{
	return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "invitation: %s", why);
}

/* The three elements both forms begin with; moves *@node behind them. */
static bool take_cloud(xmlNode **node, struct invitation *inv)
{
	char *scope, *flags;
	bool ok;

	inv->cloud = pgi_xml_plain(*node, "CLOUDNAME");
	*node = *node ? xmlNextElementSibling(*node) : NULL;
	scope = pgi_xml_plain(*node, "SCOPE");
	*node = *node ? xmlNextElementSibling(*node) : NULL;
	flags = pgi_xml_plain(*node, "CLOUDFLAGS");
	*node = *node ? xmlNextElementSibling(*node) : NULL;
	ok = inv->cloud && pgi_cloud_scope(scope, &inv->scope) && flags &&
	     (!strcmp(flags, "0") || !strcmp(flags, "1"));
	if (ok)
		inv->cloud_flags = flags[0] == '1';
	xmlFree(scope);
	xmlFree(flags);
	return ok;
}

static HRESULT take_chain(const char *base64, struct invitation *inv)
{
	struct pgi_blob *certs;
	HRESULT hr;
	size_t i;

	hr = pgi_bundle_decode(base64, &certs, &inv->len);
	if (FAILED(hr))
		return hr == E_INVALIDARG ? PEER_E_INVITATION_NOT_TRUSTED : hr;
	inv->chain = calloc(inv->len, sizeof(*inv->chain));
	if (!inv->chain)
		hr = E_OUTOFMEMORY;
	for (i = 0; i < inv->len && SUCCEEDED(hr); i++)
		hr = pgi_cert_parse(certs[i].data, certs[i].len, &inv->chain[i]);
	pgi_bundle_free(certs, inv->len);
	if (SUCCEEDED(hr) && !pgi_chain_order(inv->chain, inv->len))
		hr = untrusted("the certificates are no chain");
	return SUCCEEDED(hr) ? pgi_chain_verify(inv->chain, inv->len) : hr;
}

static HRESULT take_gmc(xmlNode *node, struct invitation *inv)
{
	char *base64 = node && !xmlNextElementSibling(node) ? pgi_xml_base64(node, "GMC") : NULL;
	HRESULT hr = base64 ? take_chain(base64, inv) : untrusted("has no <GMC>");

	xmlFree(base64);
	return hr;
}

static HRESULT take_password(xmlNode *node, struct invitation *inv)
{
	inv->group_name = pgi_xml_plain(node, "GROUPPEERNAME");
	node = node ? xmlNextElementSibling(node) : NULL;
	inv->group_friendly = pgi_xml_plain(node, "GROUPFRIENDLYNAME");
	if (!inv->group_name || !inv->group_friendly || xmlNextElementSibling(node) ||
	    !pgi_name_valid(inv->group_name) || !pgi_friendly_valid(inv->group_friendly))
		return untrusted("does not name a group");
	return S_OK;
}

static HRESULT parse_root(const xmlNode *root, struct invitation *inv)
{
	char *version = pgi_xml_attribute(root, NULL, "VERSION");
	bool gmc = version && !strcmp(version, "1.0");
	bool password = version && !strcmp(version, "1.1");
	xmlNode *node = xmlFirstElementChild((xmlNode *)(uintptr_t)root);
	HRESULT hr;

	if (!version)
		hr = untrusted("has no version");
	else if (!gmc && !password)
		hr = pgi_fail(PEER_E_UNSUPPORTED_VERSION, "invitation: version %s", version);
	else if (root->properties->next || !pgi_xml_only_elements(root) ||
		 !take_cloud(&node, inv))
		hr = untrusted("does not have the elements of one");
	else
		hr = gmc ? take_gmc(node, inv) : take_password(node, inv);
	xmlFree(version);
	return hr;
}

static HRESULT parse_invitation(const char *xml, struct invitation *inv)
{
	const xmlNode *root;
	xmlDoc *doc;
	HRESULT hr;

	memset(inv, 0, sizeof(*inv));
	if (!pgi_utf8_valid(xml))
		return untrusted("not UTF-8");
	hr = pgi_xml_parse(xml, &doc);
	if (FAILED(hr))
		return hr == E_INVALIDARG ? PEER_E_INVITATION_NOT_TRUSTED : hr;
	root = pgi_xml_root(doc);
	hr = pgi_xml_is(root, "PEERINVITATION") ? parse_root(root, inv) :
		untrusted("not the XML of one");
	pgi_xml_free(doc);
	if (FAILED(hr))
		free_invitation(inv);
	return hr;
}

/* ------------------------------------------------------- accepting (to join) -- */

/* Nobody is let in, by however many, by somebody who is there through them. */
static HRESULT check_circle(const struct invitation *inv)
{
	size_t i, j;

	for (i = 1; i < inv->len; i++)
		for (j = 0; j < i; j++)
			if (!memcmp(inv->chain[i]->spki_hash, inv->chain[j]->spki_hash, 32))
				return pgi_fail(PEER_E_CIRCULAR_CHAIN_DETECTED,
						"%s is among those who invite",
						inv->chain[i]->name);
	return S_OK;
}

static HRESULT check_invitation(const struct invitation *inv,
				const struct pgi_identity *identity)
{
	const struct pgi_cert *leaf;
	uint64_t now = pgi_now();

	if (!inv->chain)
		return untrusted("for joining by password");
	leaf = inv->chain[inv->len - 1];
	if (strcmp(leaf->name, identity->name) ||
	    memcmp(leaf->spki_hash, identity->spki_hash, 32))
		return untrusted("for another identity");
	/* The issuers' validity is wider, so the last one's is what counts. */
	if (now < leaf->not_before)
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD,
				"the invitation is not valid yet: compare the hosts' clocks");
	if (now >= leaf->not_after)
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD, "the invitation has expired");
	return check_circle(inv);
}

static HRESULT fill_store(const struct invitation *inv, const struct pgi_identity *identity,
			  struct pgi_group_store *store)
{
	const struct pgi_cert *root = inv->chain[0];
	const char *classifier = root->name + PGI_AUTHORITY_LEN;
	HRESULT hr;
	size_t i;

	store->identity = strdup(identity->name);
	store->name = strdup(root->name);
	store->friendly = strdup(*root->friendly ? root->friendly : root->name);
	store->cloud = strdup(inv->cloud);
	if (*classifier)
		store->classifier = strdup(classifier + 1);
	store->chain = calloc(inv->len - 1, sizeof(*store->chain));
	if (!store->identity || !store->name || !store->friendly || !store->cloud ||
	    (*classifier && !store->classifier) || !store->chain)
		return E_OUTOFMEMORY;
	memcpy(store->id, root->spki_hash, sizeof(store->id));
	hr = pgi_blob_set(&store->root, root->der.data, root->der.len);
	for (i = 1; i < inv->len && SUCCEEDED(hr); i++) {
		hr = pgi_blob_set(&store->chain[i - 1], inv->chain[i]->der.data,
				  inv->chain[i]->der.len);
		store->chain_len = i;
	}
	return hr;
}

HRESULT pgi_invitation_accept(const char *xml, const struct pgi_identity *identity,
			      struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	struct invitation inv;
	HRESULT hr;

	*out = NULL;
	hr = parse_invitation(xml, &inv);
	if (FAILED(hr))
		return hr;
	hr = check_invitation(&inv, identity);
	if (SUCCEEDED(hr)) {
		store = calloc(1, sizeof(*store));
		hr = store ? fill_store(&inv, identity, store) : E_OUTOFMEMORY;
		if (FAILED(hr))
			pgi_group_store_free(store);
		else
			*out = store;
	}
	free_invitation(&inv);
	return hr;
}

/* Of a group that is not known but by name. */
static HRESULT fill_pending(const struct invitation *inv, const struct pgi_identity *identity,
			    struct pgi_group_store *store)
{
	const char *classifier = inv->group_name + PGI_AUTHORITY_LEN;

	store->pending = true;
	store->identity = strdup(identity->name);
	store->name = strdup(inv->group_name);
	store->friendly = strdup(*inv->group_friendly ? inv->group_friendly : inv->group_name);
	store->cloud = strdup(inv->cloud);
	if (*classifier)
		store->classifier = strdup(classifier + 1);
	return store->identity && store->name && store->friendly && store->cloud &&
	       (!*classifier || store->classifier) ? S_OK : E_OUTOFMEMORY;
}

HRESULT pgi_invitation_pending(const char *xml, const struct pgi_identity *identity,
			       struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	struct invitation inv;
	HRESULT hr;

	*out = NULL;
	hr = parse_invitation(xml, &inv);
	if (FAILED(hr))
		return hr;
	if (inv.chain) {
		hr = untrusted("not for joining by password");
	} else {
		store = calloc(1, sizeof(*store));
		hr = store ? fill_pending(&inv, identity, store) : E_OUTOFMEMORY;
		if (FAILED(hr))
			pgi_group_store_free(store);
		else
			*out = store;
	}
	free_invitation(&inv);
	return hr;
}

/* -------------------------------------------------------- parsing (to show) -- */

CERT_PUBLIC_KEY_INFO *pgi_key_info(void *top, X509 *x)
{
	X509_PUBKEY *key = X509_get_X509_PUBKEY(x);
	CERT_PUBLIC_KEY_INFO *info = pgi_sub(top, sizeof(*info));
	const unsigned char *bits;
	const ASN1_TYPE *param;
	X509_ALGOR *algor;
	ASN1_OBJECT *oid;
	unsigned char *der = NULL;
	char text[80];
	int len;

	if (!info || X509_PUBKEY_get0_param(&oid, &bits, &len, &algor, key) != 1 ||
	    OBJ_obj2txt(text, sizeof(text), oid, 1) <= 0)
		return NULL;
	info->Algorithm.pszObjId = pgi_sub_str(top, text);
	info->PublicKey.pbData = pgi_sub_copy(top, bits, (size_t)len);
	info->PublicKey.cbData = (DWORD)len;
	param = algor->parameter;
	len = param ? i2d_ASN1_TYPE(param, &der) : 0;
	if (len > 0) {
		info->Algorithm.Parameters.pbData = pgi_sub_copy(top, der, (size_t)len);
		info->Algorithm.Parameters.cbData = (DWORD)len;
	}
	OPENSSL_free(der);
	return info->Algorithm.pszObjId && info->PublicKey.pbData &&
	       (len <= 0 || info->Algorithm.Parameters.pbData) ? info : NULL;
}

/* The parameters of an algorithm, the caller's to free; NULL for none. */
static bool take_parameters(const CRYPT_OBJID_BLOB *blob, ASN1_TYPE **params)
{
	const unsigned char *p = blob->pbData;

	*params = NULL;
	if (!blob->cbData)
		return true;
	if (!p || blob->cbData > PEERGROUP_CERT_LEN_MAX)
		return false;
	*params = d2i_ASN1_TYPE(NULL, &p, (long)blob->cbData);
	return *params && p == blob->pbData + blob->cbData;
}

static bool set_key(X509_PUBKEY *pub, const CERT_PUBLIC_KEY_INFO *info, ASN1_TYPE *params)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(info->Algorithm.pszObjId, 1);
	unsigned char *bits = OPENSSL_memdup(info->PublicKey.pbData, info->PublicKey.cbData);

	/* What is set is the key's from then on. */
	if (oid && bits &&
	    X509_PUBKEY_set0_param(pub, oid, params ? params->type : V_ASN1_UNDEF,
				   params ? params->value.ptr : NULL, bits,
				   (int)info->PublicKey.cbData)) {
		if (params)
			params->value.ptr = NULL;
		return true;
	}
	ASN1_OBJECT_free(oid);
	OPENSSL_free(bits);
	return false;
}

/* By way of its encoding: what was put together of parts does not get decoded. */
static EVP_PKEY *decode_key(const X509_PUBKEY *pub)
{
	const unsigned char *p;
	unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	int len = i2d_X509_PUBKEY(pub, &der);

	p = der;
	if (len > 0)
		key = d2i_PUBKEY(NULL, &p, len);
	OPENSSL_free(der);
	return key;
}

HRESULT pgi_key_from_info(const CERT_PUBLIC_KEY_INFO *info, EVP_PKEY **key)
{
	X509_PUBKEY *pub = X509_PUBKEY_new();
	ASN1_TYPE *params = NULL;

	*key = NULL;
	if (pub && info->Algorithm.pszObjId && info->PublicKey.pbData &&
	    info->PublicKey.cbData && info->PublicKey.cbData <= PEERGROUP_CERT_LEN_MAX &&
	    take_parameters(&info->Algorithm.Parameters, &params) &&
	    set_key(pub, info, params))
		*key = decode_key(pub);
	ASN1_TYPE_free(params);
	X509_PUBKEY_free(pub);
	ERR_clear_error();
	return *key ? S_OK : pgi_fail(PEER_E_INVALID_CREDENTIAL_INFO,
				      "the public key is not understood");
}

static bool copy_roles(PEER_INVITATION_INFO *info, uint32_t roles)
{
	uint32_t role;

	info->pRoles = pgi_sub(info, 3 * sizeof(*info->pRoles));
	for (role = 1; info->pRoles && role < PEERGROUP_ROLE_ROOT; role <<= 1)
		if (roles & role)
			info->pRoles[info->cRoles++] = *pgi_guid_of_role(role);
	return info->pRoles;
}

static bool fill_from_chain(PEER_INVITATION_INFO *info, struct pgi_cert *const *chain,
			    size_t len)
{
	const struct pgi_cert *root = chain[0], *issuer = chain[len - 2];
	const struct pgi_cert *leaf = chain[len - 1];

	info->authScheme = PEER_GROUP_GMC_AUTHENTICATION;
	info->pwzGroupPeerName = pgi_sub_wide(info, root->name);
	info->pwzGroupFriendlyName = pgi_sub_wide(info, root->friendly);
	info->pwzIssuerPeerName = pgi_sub_wide(info, issuer->name);
	info->pwzIssuerFriendlyName = pgi_sub_wide(info, issuer->friendly);
	info->pwzSubjectPeerName = pgi_sub_wide(info, leaf->name);
	info->pwzSubjectFriendlyName = pgi_sub_wide(info, leaf->friendly);
	info->ftValidityStart = pgi_to_filetime(leaf->not_before);
	info->ftValidityEnd = pgi_to_filetime(leaf->not_after);
	info->pSubjectPublicKey = pgi_key_info(info, leaf->x509);
	return info->pwzGroupPeerName && info->pwzGroupFriendlyName &&
	       info->pwzIssuerPeerName && info->pwzIssuerFriendlyName &&
	       info->pwzSubjectPeerName && info->pwzSubjectFriendlyName &&
	       info->pSubjectPublicKey && copy_roles(info, leaf->roles);
}

static bool fill_from_password(PEER_INVITATION_INFO *info, const struct invitation *inv)
{
	info->authScheme = PEER_GROUP_PASSWORD_AUTHENTICATION;
	info->pwzGroupPeerName = pgi_sub_wide(info, inv->group_name);
	info->pwzGroupFriendlyName = pgi_sub_wide(info, inv->group_friendly);
	return info->pwzGroupPeerName && info->pwzGroupFriendlyName;
}

static HRESULT show_wide(const struct invitation *inv, PPEER_INVITATION_INFO *out)
{
	PEER_INVITATION_INFO *info = pgi_new(sizeof(*info));

	if (!info)
		return E_OUTOFMEMORY;
	info->dwSize = sizeof(*info);
	info->dwScope = inv->scope;
	info->dwCloudFlags = inv->cloud_flags;
	info->pwzCloudName = pgi_sub_wide(info, inv->cloud);
	if (!info->pwzCloudName || !(inv->chain ? fill_from_chain(info, inv->chain, inv->len)
						: fill_from_password(info, inv))) {
		PeerFreeData(info);
		return E_OUTOFMEMORY;
	}
	*out = info;
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGroupParseInvitation(PCWSTR invitation,
					    PPEER_INVITATION_INFO *info)
{
	struct invitation inv;
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (info)
		*info = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!invitation || !info)
		return pgi_fail(E_INVALIDARG, "invitation or result is NULL");
	hr = pgi_utf8_from_wide(invitation, &xml);
	if (hr == E_INVALIDARG)
		hr = PEER_E_INVITATION_NOT_TRUSTED;
	if (SUCCEEDED(hr))
		hr = parse_invitation(xml, &inv);
	free(xml);
	if (FAILED(hr))
		return hr;
	hr = show_wide(&inv, info);
	free_invitation(&inv);
	return hr;
}

static int64_t unix_seconds(uint64_t time)
{
	struct timespec ts;

	peergroup_time_to_unix(time, &ts);
	return ts.tv_sec;
}

static HRESULT show_native(const struct invitation *inv, struct peergroup_invitation **out)
{
	const struct pgi_cert *root = inv->chain[0], *issuer = inv->chain[inv->len - 2];
	const struct pgi_cert *leaf = inv->chain[inv->len - 1];
	struct peergroup_invitation *i = pgi_new(sizeof(*i));

	if (!i)
		return E_OUTOFMEMORY;
	i->group_name = pgi_sub_str(i, root->name);
	i->group_friendly = pgi_sub_str(i, root->friendly);
	i->issuer_name = pgi_sub_str(i, issuer->name);
	i->issuer_friendly = pgi_sub_str(i, issuer->friendly);
	i->subject_name = pgi_sub_str(i, leaf->name);
	i->subject_friendly = pgi_sub_str(i, leaf->friendly);
	i->not_before = unix_seconds(leaf->not_before);
	i->not_after = unix_seconds(leaf->not_after);
	i->roles = leaf->roles;
	i->depth = (uint32_t)inv->len - 1;
	if (!i->group_name || !i->group_friendly || !i->issuer_name || !i->issuer_friendly ||
	    !i->subject_name || !i->subject_friendly) {
		peergroup_free(i);
		return E_OUTOFMEMORY;
	}
	*out = i;
	return S_OK;
}

/* One to join by password says no more than for which group. */
static HRESULT show_native_password(const struct invitation *inv,
				    struct peergroup_invitation **out)
{
	struct peergroup_invitation *i = pgi_new(sizeof(*i));

	if (!i)
		return E_OUTOFMEMORY;
	i->group_name = pgi_sub_str(i, inv->group_name);
	i->group_friendly = pgi_sub_str(i, inv->group_friendly);
	if (!i->group_name || !i->group_friendly) {
		peergroup_free(i);
		return E_OUTOFMEMORY;
	}
	*out = i;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_parse_invitation(const char *xml,
					      struct peergroup_invitation **out)
{
	struct invitation inv;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!xml || !out)
		return pgi_fail(E_INVALIDARG, "xml or invitation is NULL");
	hr = parse_invitation(xml, &inv);
	if (FAILED(hr))
		return hr;
	hr = inv.chain ? show_native(&inv, out) : show_native_password(&inv, out);
	free_invitation(&inv);
	return hr;
}
