#include "json_quote.h"

#include <stdint.h>
#include <string.h>

/* Longest form of one byte: \uNNNN. */
#define WIDEST 6

/* Length of the UTF-8 sequence that s[0 .. n-1] begins with, n > 0; 0 if it begins with none; *code: its code point. */
static size_t utf8(const unsigned char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *s < 0x80 ? 1 : (*s & 0xe0) == 0xc0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : (*s & 0xf8) == 0xf0 ? 4 : 0;
	if (length == 0 || length > n)
		return 0;
	*code = length == 1 ? *s : *s & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : length;
}

/* The letter after the backslash, or 0. */
static char short_escape(uint32_t code)
{
	switch (code) {
	case '"':
	case '\\':
		return (char)code;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static int needs_escape(uint32_t code)
{
	return code < 0x20 || code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029;
}

static size_t put_hex(char to[WIDEST], uint32_t code)
{
	static const char digits[] = "0123456789abcdef";
	to[0] = '\\';
	to[1] = 'u';
	for (int i = 0; i < 4; i++)
		to[2 + i] = digits[code >> (12 - 4 * i) & 0xf];
	return WIDEST;
}

/* The form of what s[0 .. n-1] begins with; returns its length. *used: bytes of s that it stands for. */
static size_t form(const unsigned char *s, size_t n, char to[WIDEST], size_t *used)
{
	uint32_t code = 0;
	size_t length = utf8(s, n, &code);
	*used = length ? length : 1;
	if (length == 0)
		return put_hex(to, 0xfffd);
	if (short_escape(code)) {
		to[0] = '\\';
		to[1] = short_escape(code);
		return 2;
	}
	if (needs_escape(code))
		return put_hex(to, code);
	memcpy(to, s, length);
	return length;
}

static size_t measure(const unsigned char *s, size_t n)
{
	char to[WIDEST];
	size_t used, length = 2;
	for (size_t at = 0; at < n; at += used)
		length += form(s + at, n - at, to, &used);
	return length;
}

size_t pluq__json_quote(char *out, size_t room, const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;
	char to[WIDEST], *end = out;
	size_t used, length;
	if ((room < 2 || (room - 2) / WIDEST < n) && (length = measure(s, n)) > room)
		return length;
	*end++ = '"';
	for (size_t at = 0; at < n; at += used) {
		length = form(s + at, n - at, to, &used);
		memcpy(end, to, length);
		end += length;
	}
	*end++ = '"';
	return (size_t)(end - out);
}
