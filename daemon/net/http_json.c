#include "http_json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at s (terminated), 0 if it is none; *code: its code point. */
static size_t utf8(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *s < 0x80 ? 1 : (*s & 0xe0) == 0xc0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : (*s & 0xf8) == 0xf0 ? 4 : 0;
	if (n == 0)
		return 0;
	*code = n == 1 ? *s : *s & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

static const char *short_escape(uint32_t code)
{
	switch (code) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static int needs_escape(uint32_t code)
{
	return code < 0x20 || code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029;
}

/* Appends what stands at *s, steps over it. At most 6 bytes for each one read. */
static char *put(char *out, const unsigned char **s)
{
	uint32_t code = 0;
	size_t n = utf8(*s, &code);
	const char *escape = n ? short_escape(code) : NULL;
	if (n == 0)
		out += sprintf(out, "\\ufffd");
	else if (escape)
		out = stpcpy(out, escape);
	else if (needs_escape(code))
		out += sprintf(out, "\\u%04x", (unsigned)code);
	else
		out = (char *)memcpy(out, *s, n) + n;
	*s += n ? n : 1;
	return out;
}

char *pluq__http_json_message(const char *text, size_t *length)
{
	static const char head[] = "{\"message\":\"", tail[] = "\"}";
	const unsigned char *s = (const unsigned char *)text;
	char *json = malloc(sizeof head + sizeof tail + 6 * strlen(text));
	if (!json)
		return NULL;
	char *out = stpcpy(json, head);
	while (*s)
		out = put(out, &s);
	out = stpcpy(out, tail);
	*length = (size_t)(out - json);
	return json;
}
