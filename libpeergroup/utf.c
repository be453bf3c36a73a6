// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * UTF-16 at the Windows interface, UTF-8 inside. Both are checked strictly:
 * unpaired surrogates, overlong forms and the like are an invalid argument, so
 * that no two texts inside mean the same one outside.
 */
#include <stdlib.h>
#include "internal.h"

static int32_t decode(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	int32_t c = *p;
	int more, i;

	if (c < 0x80)
		more = 0;
	else if (c >= 0xc2 && c < 0xe0)
		more = 1, c &= 0x1f;
	else if (c >= 0xe0 && c < 0xf0)
		more = 2, c &= 0x0f;
	else if (c >= 0xf0 && c < 0xf5)
		more = 3, c &= 0x07;
	else
		return -1;
	/* A NUL is no continuation byte, so this never runs past the end. */
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	*s += more + 1;
	return c;
}

int32_t pgi_utf8_next(const char **s)
{
	int32_t c = decode(s);

	if (c < 0)
		(*s)++;
	return c;
}

bool pgi_utf8_valid(const char *s)
{
	while (*s)
		if (pgi_utf8_next(&s) < 0)
			return false;
	return true;
}

size_t pgi_utf8_units(const char *s)
{
	size_t units = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80)
			units += c >= 0xf0 ? 2 : 1;
	}
	return units;
}

/* @out has room for three bytes per unit: a pair of units makes four bytes. */
static bool from_wide(const WCHAR *s, char *out)
{
	uint32_t c;

	for (; *s; s++) {
		c = (uint16_t)*s;
		if (c >= 0xd800 && c < 0xdc00) {
			uint32_t low = (uint16_t)s[1];

			if (low < 0xdc00 || low > 0xdfff)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			s++;
		} else if (c >= 0xdc00 && c < 0xe000) {
			return false;
		}
		if (c < 0x80) {
			*out++ = (char)c;
		} else if (c < 0x800) {
			*out++ = (char)(0xc0 | c >> 6);
			*out++ = (char)(0x80 | (c & 0x3f));
		} else {
			if (c < 0x10000) {
				*out++ = (char)(0xe0 | c >> 12);
			} else {
				*out++ = (char)(0xf0 | c >> 18);
				*out++ = (char)(0x80 | (c >> 12 & 0x3f));
			}
			*out++ = (char)(0x80 | (c >> 6 & 0x3f));
			*out++ = (char)(0x80 | (c & 0x3f));
		}
	}
	*out = 0;
	return true;
}

HRESULT pgi_utf8_from_wide(const WCHAR *s, char **out)
{
	size_t len = 0;
	char *utf8;

	*out = NULL;
	if (!s)
		return S_OK;
	while (s[len])
		len++;
	if (len > SIZE_MAX / 4)
		return E_OUTOFMEMORY;
	utf8 = malloc(3 * len + 1);
	if (!utf8)
		return E_OUTOFMEMORY;
	if (!from_wide(s, utf8)) {
		free(utf8);
		return pgi_fail(E_INVALIDARG, "text has an unpaired surrogate");
	}
	*out = utf8;
	return S_OK;
}

/* @out has room for pgi_utf8_units() + 1; @s is valid. */
static void to_wide(const char *s, WCHAR *out)
{
	while (*s) {
		int32_t c = pgi_utf8_next(&s);

		if (c >= 0x10000) {
			c -= 0x10000;
			*out++ = (WCHAR)(0xd800 | c >> 10);
			*out++ = (WCHAR)(0xdc00 | (c & 0x3ff));
		} else {
			*out++ = (WCHAR)c;
		}
	}
	*out = 0;
}

WCHAR *pgi_sub_wide(void *top, const char *utf8)
{
	WCHAR *out;

	if (!pgi_utf8_valid(utf8))
		return NULL;
	out = pgi_sub(top, (pgi_utf8_units(utf8) + 1) * sizeof(*out));
	if (out)
		to_wide(utf8, out);
	return out;
}

/* What is not proper Unicode is as wrong as the field it stands in. */
HRESULT pgi_utf8_take(const WCHAR *from, char **to, HRESULT bad, const char *what)
{
	HRESULT hr = pgi_utf8_from_wide(from, to);

	if (hr == E_INVALIDARG)
		return pgi_fail(bad, "%s is not proper Unicode", what);
	return hr;
}

HRESULT pgi_wide_return(const char *utf8, WCHAR **out)
{
	*out = NULL;
	if (!pgi_utf8_valid(utf8))
		return E_UNEXPECTED;
	*out = pgi_new((pgi_utf8_units(utf8) + 1) * sizeof(**out));
	if (!*out)
		return E_OUTOFMEMORY;
	to_wide(utf8, *out);
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_wide_from_utf8(const char *utf8, PWSTR *wide)
{
	pgi_clear_error();
	if (!wide)
		return pgi_fail(E_INVALIDARG, "wide is NULL");
	*wide = NULL;
	if (!utf8 || !pgi_utf8_valid(utf8))
		return pgi_fail(E_INVALIDARG, utf8 ? "text is not UTF-8" : "utf8 is NULL");
	return pgi_wide_return(utf8, wide);
}

PGI_PUBLIC HRESULT peergroup_utf8_from_wide(PCWSTR wide, char **utf8)
{
	char *text;
	HRESULT hr;

	pgi_clear_error();
	if (!utf8)
		return pgi_fail(E_INVALIDARG, "utf8 is NULL");
	*utf8 = NULL;
	if (!wide)
		return pgi_fail(E_INVALIDARG, "wide is NULL");
	hr = pgi_utf8_from_wide(wide, &text);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(text, utf8);
	free(text);
	return hr;
}

HRESULT pgi_wide_room(WCHAR **room)
{
	*room = pgi_new((PGI_NAME_MAX + 1) * sizeof(**room));
	return *room ? S_OK : E_OUTOFMEMORY;
}

void pgi_wide_end(HRESULT hr, WCHAR *room, char *name, WCHAR **out)
{
	if (SUCCEEDED(hr)) {
		to_wide(name, room);
		*out = room;
	} else {
		PeerFreeData(room);
	}
	free(name);
}

void pgi_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool pgi_unhex(const char *hex, uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
