/* Formats of names, addresses and pointers; those of times are in format_time.c. */
#include "format.h"

#include <arpa/inet.h>
#include <string.h>

#include "format_time.h"
#include "pattern.h"

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool address(int family, const uint8_t *text, size_t length)
{
	char copy[64];
	uint8_t out[16];

	if (length >= sizeof(copy) || memchr(text, 0, length))
		return false;
	memcpy(copy, text, length);
	copy[length] = 0;
	return inet_pton(family, copy, out) == 1;
}

static bool ipv4(const uint8_t *text, size_t length)
{
	return address(AF_INET, text, length);
}

static bool ipv6(const uint8_t *text, size_t length)
{
	return address(AF_INET6, text, length);
}

/* RFC 1123: labels of letters, digits and inner '-', 63 bytes each, 253 in all. */
static bool hostname(const uint8_t *text, size_t length)
{
	size_t label = 0;

	if (length == 0 || length > 253)
		return false;
	for (size_t i = 0; i <= length; i++) {
		if (i == length || text[i] == '.') {
			if (label == 0 || label > 63 || text[i - 1] == '-')
				return false;
			label = 0;
		} else if (is_alnum(text[i]) || (text[i] == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

static bool mail_domain(const uint8_t *text, size_t length)
{
	if (length < 2 || text[0] != '[' || text[length - 1] != ']')
		return hostname(text, length);
	if (length > 7 && memcmp(text + 1, "IPv6:", 5) == 0)
		return ipv6(text + 6, length - 7);
	return ipv4(text + 1, length - 2);
}

/* RFC 5321's Mailbox. */
static bool email(const uint8_t *text, size_t length)
{
	const uint8_t *at = text + length;

	while (at > text && *--at != '@')
		;
	size_t local = (size_t)(at - text);
	if (local == 0 || local > 64 || *at != '@' || !mail_domain(at + 1, length - local - 1))
		return false;
	if (*text == '"') {
		for (size_t i = 1; i + 1 < local; i++) {
			if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || (text[i] == '\\' && ++i + 1 >= local))
				return false;
		}
		return local > 2 && text[local - 1] == '"';
	}
	for (size_t i = 0; i < local; i++) {
		bool dot = text[i] == '.';

		if (dot ? i == 0 || i + 1 == local || text[i - 1] == '.' : !is_alnum(text[i]) && !(text[i] && strchr("!#$%&'*+-/=?^_`{|}~", text[i])))
			return false;
	}
	return true;
}

static bool uuid(const uint8_t *text, size_t length)
{
	if (length != 36)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !is_hex(text[i]))
			return false;
	}
	return true;
}

static bool json_pointer(const uint8_t *text, size_t length)
{
	if (length && *text != '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '~' && (i + 1 == length || (text[i + 1] != '0' && text[i + 1] != '1')))
			return false;
	}
	return true;
}

static bool relative_json_pointer(const uint8_t *text, size_t length)
{
	size_t digits = 0;

	while (digits < length && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits == 0 || (digits > 1 && *text == '0'))
		return false;
	return (length == digits + 1 && text[digits] == '#') || json_pointer(text + digits, length - digits);
}

/* --- RFC 3986 */

static bool uri_characters(const uint8_t *text, size_t length, const char *more)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%') {
			if (length - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
				return false;
			i += 2;
		} else if (!is_alnum(text[i]) && !(text[i] && (strchr("-._~!$&'()*+,;=", text[i]) || strchr(more, text[i])))) {
			return false;
		}
	}
	return true;
}

static bool authority(const uint8_t *text, size_t length)
{
	const uint8_t *at = memchr(text, '@', length), *port;

	if (at) {
		if (!uri_characters(text, (size_t)(at - text), ":"))
			return false;
		length -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	if (length && *text == '[') {
		const uint8_t *end = memchr(text, ']', length);

		if (!end || !(ipv6(text + 1, (size_t)(end - text - 1)) || (text[1] | 0x20) == 'v'))
			return false;
		length -= (size_t)(end + 1 - text);
		text = end + 1;
		if (length && *text != ':')
			return false;
	}
	port = memchr(text, ':', length);
	for (const uint8_t *digit = port ? port + 1 : text + length; digit < text + length; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
	}
	return uri_characters(text, port ? (size_t)(port - text) : length, "");
}

static size_t until(const uint8_t *text, size_t length, const char *stops)
{
	size_t i = 0;

	while (i < length && !(text[i] && strchr(stops, text[i])))
		i++;
	return i;
}

static size_t scheme(const uint8_t *text, size_t length)
{
	size_t n = until(text, length, ":/?#");

	if (n == length || text[n] != ':' || n == 0 || !((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z'))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_alnum(text[i]) && text[i] != '+' && text[i] != '-' && text[i] != '.')
			return 0;
	}
	return n;
}

static bool uri_reference(const uint8_t *text, size_t length)
{
	size_t n = scheme(text, length);
	bool relative = n == 0;

	text += relative ? 0 : n + 1;
	length -= relative ? 0 : n + 1;
	if (length >= 2 && text[0] == '/' && text[1] == '/') {
		n = until(text + 2, length - 2, "/?#");
		if (!authority(text + 2, n))
			return false;
		text += n + 2;
		length -= n + 2;
		relative = false;
	}
	n = until(text, length, "?#");
	/* The first segment of a relative path has no ':'. */
	if (!uri_characters(text, n, "/:@") || (relative && memchr(text, ':', until(text, n, "/"))))
		return false;
	text += n;
	length -= n;
	if (length && *text == '?') {
		n = until(text, length, "#");
		if (!uri_characters(text + 1, n - 1, "/:@?"))
			return false;
		text += n;
		length -= n;
	}
	return length == 0 || uri_characters(text + 1, length - 1, "/:@?");
}

static bool uri(const uint8_t *text, size_t length)
{
	return scheme(text, length) && uri_reference(text, length);
}

static bool regex(const uint8_t *text, size_t length)
{
	char why[120];
	struct pattern *p = pattern_new(text, length, why, sizeof(why));
	bool good = p != NULL;

	pattern_free(&p);
	return good;
}

bool format_is_standard(const struct json_node *name)
{
	static const char *const others[] = {"idn-email", "idn-hostname", "iri", "iri-reference", "uri-template"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (json_string_is(name, others[i]))
			return true;
	}
	return false;
}

format_fn format_find(const struct json_node *name)
{
	static const struct {
		const char *name;
		format_fn check;
	} formats[] = {
		{"date-time", format_date_time}, {"date", format_date}, {"time", format_time}, {"duration", format_duration},
		{"email", email}, {"hostname", hostname}, {"ipv4", ipv4}, {"ipv6", ipv6}, {"uri", uri},
		{"uri-reference", uri_reference}, {"uuid", uuid}, {"json-pointer", json_pointer},
		{"relative-json-pointer", relative_json_pointer}, {"regex", regex},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (json_string_is(name, formats[i].name))
			return formats[i].check;
	}
	return NULL;
}
