#include "text.h"

#include <string.h>

size_t utf8_length(const uint8_t *at, const uint8_t *end)
{
	size_t left = (size_t)(end - at), n;
	uint8_t low = 0x80, high = 0xbf; /* of the second byte */

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf) {
		n = 2;
	} else if ((at[0] & 0xf0) == 0xe0) {
		n = 3;
		low = at[0] == 0xe0 ? 0xa0 : low;
		high = at[0] == 0xed ? 0x9f : high;
	} else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		n = 4;
		low = at[0] == 0xf0 ? 0x90 : low;
		high = at[0] == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (left < n || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static int32_t hex4(const uint8_t *at)
{
	int32_t v = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = at[i];
		v = v * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static int32_t escape(struct json_text *t)
{
	uint8_t c = *t->at++;

	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'u': break;
	default: return c;
	}
	int32_t v = hex4(t->at);
	t->at += 4;
	if (v >= 0xd800 && v <= 0xdbff) { /* its other half is there */
		v = 0x10000 + ((v - 0xd800) << 10) + (hex4(t->at + 2) - 0xdc00);
		t->at += 6;
	}
	return v;
}

int32_t json_text_next(struct json_text *t)
{
	if (t->at == t->end)
		return -1;
	if (*t->at == '\\') {
		t->at++;
		return escape(t);
	}
	size_t n = utf8_length(t->at, t->end);
	if (n <= 1)
		return *t->at++;
	int32_t v = *t->at & (0x7f >> n);
	for (size_t i = 1; i < n; i++)
		v = v << 6 | (t->at[i] & 0x3f);
	t->at += n;
	return v;
}

bool json_text_same(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	struct json_text one = {a, a + a_length}, other = {b, b + b_length};

	for (;;) {
		int32_t c = json_text_next(&one);
		if (c != json_text_next(&other))
			return false;
		if (c < 0)
			return true;
	}
}

bool json_text_is(const uint8_t *at, size_t length, bool escaped, const char *name, size_t name_length)
{
	if (!escaped)
		return length == name_length && memcmp(at, name, length) == 0;
	struct json_text text = {at, at + length};
	const uint8_t *plain = (const uint8_t *)name, *end = plain + name_length;
	for (;;) {
		int32_t c = json_text_next(&text), d = -1;
		if (plain < end) { /* a backslash in a name is a backslash */
			struct json_text rest = {plain, end};
			d = *plain == '\\' ? *plain : json_text_next(&rest);
			plain = *plain == '\\' ? plain + 1 : rest.at;
		}
		if (c != d)
			return false;
		if (c < 0)
			return true;
	}
}
