// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A group's properties: what they may be, and how they are written into the record
 * that carries them. Pure: neither the kernel nor the disk is asked here.
 */
#include <endian.h>
#include <stdlib.h>
#include "properties.h"
#include "record.h"

#define LIFETIME_MIN	(8U * 3600)
#define LIFETIME_MAX	(3653U * 86400)		/* ten years, with any leap days */
#define KNOWN_SCHEMES	(PEER_GROUP_GMC_AUTHENTICATION | PEER_GROUP_PASSWORD_AUTHENTICATION)
#define KNOWN_FLAGS	(PEER_MEMBER_DATA_OPTIONAL | PEER_DISABLE_PRESENCE | PEER_DEFER_EXPIRATION)

/* A later minor version has more behind what an earlier one knows. */
#define FORM_MAJOR	1
#define FORM_MINOR	0
#define FORM_PASSWORD	1	/* minor version of what has the password's role behind it */
#define FORM_MARK	2	/* ... and of what has its mark behind that */

/* The data of a properties record begins with this; integers are big-endian. */
struct form {
	uint16_t major, minor;
	uint32_t flags;
	uint32_t member_data_lifetime;
	uint32_t presence_lifetime;
	uint32_t schemes;
} __attribute__((packed));

#define TEXTS	6

/* The kernel reads how it begins. */
_Static_assert(offsetof(struct form, flags) == offsetof(struct peergroup_properties_head, flags) &&
	       FORM_MAJOR == PEERGROUP_PROPERTIES_MAJOR &&
	       (uint32_t)PEER_DEFER_EXPIRATION == PEERGROUP_PROPERTY_DEFER_EXPIRATION,
	       "two descriptions of one form");

/* In the order in which they follow the form, each behind its length (16 bits). */
static void list_texts(struct pgi_properties *p, char **texts[TEXTS])
{
	texts[0] = &p->cloud;
	texts[1] = &p->classifier;
	texts[2] = &p->group;
	texts[3] = &p->creator;
	texts[4] = &p->friendly;
	texts[5] = &p->comment;
}

void pgi_properties_free(struct pgi_properties *p)
{
	char **texts[TEXTS];
	size_t i;

	list_texts(p, texts);
	for (i = 0; i < TEXTS; i++)
		free(*texts[i]);
	memset(p, 0, sizeof(*p));
}

/* ---------------------------------------------------------------- checks -- */

static HRESULT bad_property(const char *what)
{
	return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "%s", what);
}

/* A role that is to be had with a password, and the scheme, need each other. */
static HRESULT check_schemes(const struct pgi_properties *p)
{
	const uint32_t roles = PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING |
			       PEERGROUP_ROLE_MEMBER;

	if (p->schemes & ~(uint32_t)KNOWN_SCHEMES)
		return bad_property("unknown authentication schemes");
	if (p->password_role & ~roles || p->password_role & (p->password_role - 1) ||
	    !p->password_role != !(p->schemes & PEER_GROUP_PASSWORD_AUTHENTICATION))
		return bad_property("a password's scheme and its role need each other");
	return S_OK;
}

HRESULT pgi_properties_check(const struct pgi_properties *p)
{
	/* An invitation by password has it. */
	if (!pgi_friendly_valid(p->friendly) || (p->friendly && !pgi_text_xml(p->friendly)))
		return bad_property("the friendly name is longer than 255 characters, or no plain text");
	if (p->comment && (!pgi_utf8_valid(p->comment) ||
			   pgi_utf8_units(p->comment) > PGI_COMMENT_MAX))
		return bad_property("the comment is longer than 255 characters");
	if (p->flags & ~(uint32_t)KNOWN_FLAGS)
		return bad_property("unknown group property flags");
	if (p->member_data_lifetime && (p->member_data_lifetime < LIFETIME_MIN ||
					p->member_data_lifetime > LIFETIME_MAX))
		return bad_property("member data lifetime is not 8 hours to 10 years");
	return check_schemes(p);
}

/* --------------------------------------------------------------- writing -- */

HRESULT pgi_properties_encode(const struct pgi_properties *p, struct pgi_blob *data)
{
	struct pgi_properties copy = *p;
	struct form form = {
		.major = htobe16(FORM_MAJOR),
		.minor = htobe16(p->password_role ? FORM_MARK : FORM_MINOR),
		.flags = htobe32(p->flags),
		.member_data_lifetime = htobe32(p->member_data_lifetime),
		.presence_lifetime = htobe32(p->presence_lifetime),
		.schemes = htobe32(p->schemes),
	};
	uint32_t role = htobe32(p->password_role);
	size_t len[TEXTS], i;
	char **texts[TEXTS];
	uint16_t be;
	uint8_t *at;

	list_texts(&copy, texts);
	data->len = sizeof(form) + (role ? sizeof(role) + sizeof(p->password_mark) : 0);
	for (i = 0; i < TEXTS; i++) {
		len[i] = *texts[i] ? strlen(*texts[i]) : 0;
		data->len += sizeof(be) + len[i];
	}
	if (data->len > PEERGROUP_PROPERTIES_LEN_MAX)
		return bad_property("all texts together are too long");
	at = malloc(data->len);
	data->data = at;
	if (!at)
		return E_OUTOFMEMORY;
	at = mempcpy(at, &form, sizeof(form));
	for (i = 0; i < TEXTS; i++) {
		be = htobe16((uint16_t)len[i]);
		at = mempcpy(at, &be, sizeof(be));
		if (len[i])
			at = mempcpy(at, *texts[i], len[i]);
	}
	if (role)
		memcpy(mempcpy(at, &role, sizeof(role)), p->password_mark,
		       sizeof(p->password_mark));
	return S_OK;
}

/* --------------------------------------------------------------- reading -- */

static HRESULT damaged(void)
{
	return bad_property("the record of the group's properties is damaged");
}

/* One text; an empty one is none. */
static HRESULT take_text(const uint8_t **at, const uint8_t *end, char **out)
{
	uint16_t be;
	size_t len;

	if ((size_t)(end - *at) < sizeof(be))
		return damaged();
	memcpy(&be, *at, sizeof(be));
	*at += sizeof(be);
	len = be16toh(be);
	if ((size_t)(end - *at) < len || memchr(*at, 0, len))
		return damaged();
	if (!len)
		return S_OK;
	*out = strndup((const char *)*at, len);
	*at += len;
	if (!*out)
		return E_OUTOFMEMORY;
	return pgi_utf8_valid(*out) ? S_OK : damaged();
}

/* What is behind it, from that minor version on. */
static HRESULT take_role(const uint8_t **at, const uint8_t *end, struct pgi_properties *p)
{
	uint32_t role;

	if ((size_t)(end - *at) < sizeof(role))
		return damaged();
	memcpy(&role, *at, sizeof(role));
	*at += sizeof(role);
	p->password_role = be32toh(role);
	return SUCCEEDED(check_schemes(p)) ? S_OK : damaged();
}

/* One of before has none: with that password nobody answers until it is set again. */
static HRESULT take_mark(const uint8_t *at, const uint8_t *end, struct pgi_properties *p)
{
	if ((size_t)(end - at) < sizeof(p->password_mark))
		return damaged();
	memcpy(p->password_mark, at, sizeof(p->password_mark));
	return S_OK;
}

static HRESULT check_decoded(const struct pgi_properties *p)
{
	if (!p->group || !pgi_name_valid(p->group) || !p->creator ||
	    !pgi_name_valid(p->creator) || !pgi_classifier_valid(p->classifier))
		return damaged();
	/*
	 * Not what this version would let anybody set, but what others count on: the
	 * lengths, and that a name can be printed.
	 */
	if ((p->friendly && (pgi_utf8_units(p->friendly) > PGI_FRIENDLY_MAX ||
			     !pgi_text_plain(p->friendly))) ||
	    (p->comment && pgi_utf8_units(p->comment) > PGI_COMMENT_MAX))
		return damaged();
	return S_OK;
}

HRESULT pgi_properties_decode(const void *data, size_t len, struct pgi_properties *p)
{
	const uint8_t *at = data, *end = at + len;
	char **texts[TEXTS];
	HRESULT hr = S_OK;
	struct form form;
	size_t i;

	memset(p, 0, sizeof(*p));
	if (len < sizeof(form))
		return damaged();
	memcpy(&form, at, sizeof(form));
	at += sizeof(form);
	if (be16toh(form.major) != FORM_MAJOR)
		return pgi_fail(PEER_E_UNSUPPORTED_VERSION,
				"the group's properties are of a later version");
	p->flags = be32toh(form.flags);
	p->member_data_lifetime = be32toh(form.member_data_lifetime);
	p->presence_lifetime = be32toh(form.presence_lifetime);
	p->schemes = be32toh(form.schemes);
	list_texts(p, texts);
	for (i = 0; i < TEXTS && SUCCEEDED(hr); i++)
		hr = take_text(&at, end, texts[i]);
	if (SUCCEEDED(hr) && be16toh(form.minor) >= FORM_PASSWORD)
		hr = take_role(&at, end, p);
	if (SUCCEEDED(hr) && be16toh(form.minor) >= FORM_MARK)
		hr = take_mark(at, end, p);
	if (SUCCEEDED(hr))
		hr = check_decoded(p);
	if (FAILED(hr))
		pgi_properties_free(p);
	return hr;
}

/* ---------------------------------------------------------------- on disk -- */

void pgi_properties_borrow(const struct pgi_group_store *store, struct pgi_properties *p)
{
	memset(p, 0, sizeof(*p));
	p->cloud = store->cloud;
	p->classifier = store->classifier;
	p->group = store->name;
	p->friendly = store->friendly;
	p->comment = store->comment;
	p->flags = store->flags;
	p->member_data_lifetime = store->member_data_lifetime;
	p->presence_lifetime = store->presence_lifetime;
	p->schemes = store->schemes ? store->schemes : (uint32_t)PEER_GROUP_GMC_AUTHENTICATION;
	p->password_role = store->password_role;
	memcpy(p->password_mark, store->password_mark, sizeof(p->password_mark));
}

/* What @store said before goes to @p, to be freed with it. */
static void swap_text(char **store, char **p)
{
	char *before = *store;

	*store = *p;
	*p = before;
}

HRESULT pgi_properties_overlay(struct pgi_group_store *store)
{
	struct pgi_properties p;
	struct pgi_parts parts;
	HRESULT hr;

	if (!pgi_record_parts(&store->properties, &parts))
		return damaged();
	hr = pgi_properties_decode(parts.data, parts.size, &p);
	if (FAILED(hr))
		return hr;
	if (strcmp(p.group, store->name)) {
		hr = damaged();
	} else {
		store->flags = p.flags;
		store->member_data_lifetime = p.member_data_lifetime;
		store->presence_lifetime = p.presence_lifetime;
		store->schemes = p.schemes;
		store->password_role = p.password_role;
		memcpy(store->password_mark, p.password_mark, sizeof(p.password_mark));
		swap_text(&store->comment, &p.comment);
		if (p.friendly)
			swap_text(&store->friendly, &p.friendly);
	}
	pgi_properties_free(&p);
	return hr;
}
