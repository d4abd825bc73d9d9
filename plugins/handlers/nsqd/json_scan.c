#include "json_scan.h"

#include <string.h>

#include "utf8.h"

void json_scan_space(struct json_scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

uint8_t json_scan_peek(struct json_scan *s)
{
	json_scan_space(s);
	return s->at < s->end ? *s->at : 0;
}

bool json_scan_byte(struct json_scan *s, uint8_t byte)
{
	json_scan_space(s);
	if (s->at == s->end || *s->at != byte)
		return false;
	s->at++;
	return true;
}

static bool word(struct json_scan *s, const char *w)
{
	size_t n = strlen(w);

	json_scan_space(s);
	if ((size_t)(s->end - s->at) < n || memcmp(s->at, w, n) != 0)
		return false;
	s->at += n;
	return true;
}

bool json_scan_null(struct json_scan *s)
{
	return word(s, "null");
}

bool json_scan_bool(struct json_scan *s, bool *out)
{
	*out = json_scan_peek(s) == 't';
	return word(s, *out ? "true" : "false");
}

/* One or more digits. */
static bool digits(struct json_scan *s)
{
	const uint8_t *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

static bool here(const struct json_scan *s, uint8_t byte)
{
	return s->at < s->end && *s->at == byte;
}

/* -? (0 | [1-9][0-9]*) */
static bool whole_number(struct json_scan *s)
{
	json_scan_space(s);
	if (here(s, '-'))
		s->at++;
	if (here(s, '0')) {
		s->at++;
		return true;
	}
	return digits(s);
}

static bool number(struct json_scan *s)
{
	if (!whole_number(s))
		return false;
	if (here(s, '.')) {
		s->at++;
		if (!digits(s))
			return false;
	}
	if (here(s, 'e') || here(s, 'E')) {
		s->at++;
		if (here(s, '+') || here(s, '-'))
			s->at++;
		return digits(s);
	}
	return true;
}

bool json_scan_int(struct json_scan *s, int64_t *out)
{
	json_scan_space(s);
	bool negative = here(s, '-');
	const uint8_t *at = s->at + negative;
	int64_t value = 0;

	if (!whole_number(s) || here(s, '.') || here(s, 'e') || here(s, 'E'))
		return false;
	for (; at < s->at; at++) { /* counted downwards: the negative range is the larger one */
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *at - '0', &value))
			return false;
	}
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	*out = value;
	return true;
}

static void put_rune(struct text *out, uint32_t rune)
{
	char bytes[UTF8_MAX];

	text_add(out, bytes, utf8_put(bytes, rune));
}

/* Four hex digits. */
static bool hex4(struct json_scan *s, uint32_t *out)
{
	if (s->end - s->at < 4)
		return false;
	*out = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t c = *s->at++;
		uint8_t low = c | 0x20;
		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*out = *out << 4 | (uint32_t)(low - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* Behind "\u". A pair of surrogates is one character, a lone one is replaced. */
static bool unicode_escape(struct json_scan *s, uint32_t *rune)
{
	uint32_t second;

	if (!hex4(s, rune))
		return false;
	if (*rune < 0xd800 || *rune > 0xdfff)
		return true;
	struct json_scan ahead = *s;
	bool high = *rune < 0xdc00;
	uint32_t first = *rune;
	*rune = UTF8_REPLACEMENT;
	if (!high || ahead.end - ahead.at < 2 || ahead.at[0] != '\\' || ahead.at[1] != 'u')
		return true;
	ahead.at += 2;
	if (hex4(&ahead, &second) && second >= 0xdc00 && second <= 0xdfff) {
		*rune = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
		*s = ahead;
	}
	return true;
}

/* Behind the backslash. */
static bool escape(struct json_scan *s, uint32_t *rune)
{
	if (s->at == s->end)
		return false;
	switch (*s->at++) {
	case '"': *rune = '"'; return true;
	case '\\': *rune = '\\'; return true;
	case '/': *rune = '/'; return true;
	case 'b': *rune = '\b'; return true;
	case 'f': *rune = '\f'; return true;
	case 'n': *rune = '\n'; return true;
	case 'r': *rune = '\r'; return true;
	case 't': *rune = '\t'; return true;
	case 'u': return unicode_escape(s, rune);
	default: return false;
	}
}

bool json_scan_string(struct json_scan *s, struct text *out, size_t max)
{
	bool full = !out || max < UTF8_MAX;

	if (!json_scan_byte(s, '"'))
		return false;
	while (s->at < s->end && *s->at != '"') {
		uint32_t rune;
		if (*s->at < 0x20)
			return false;
		if (*s->at == '\\') {
			s->at++;
			if (!escape(s, &rune))
				return false;
		} else {
			size_t n = utf8_get(s->at, (size_t)(s->end - s->at), &rune);
			s->at += n ? n : 1;
			if (n == 0)
				rune = UTF8_REPLACEMENT;
		}
		full = full || out->length > max - UTF8_MAX;
		if (!full)
			put_rune(out, rune);
	}
	return s->at < s->end && *s->at++ == '"';
}

/* Which of the open brackets are braces. */
struct nest {
	uint8_t brace[JSON_SCAN_DEPTH / 8 + 1];
	uint32_t depth;
};

static bool open_bracket(struct nest *n, bool brace)
{
	if (n->depth == JSON_SCAN_DEPTH)
		return false;
	uint8_t bit = (uint8_t)(1u << (n->depth & 7));
	uint8_t *at = &n->brace[n->depth++ / 8];
	*at = brace ? *at | bit : *at & (uint8_t)~bit;
	return true;
}

static bool in_brace(const struct nest *n)
{
	return n->brace[(n->depth - 1) / 8] >> ((n->depth - 1) & 7) & 1;
}

static bool key(struct json_scan *s)
{
	return json_scan_string(s, NULL, 0) && json_scan_byte(s, ':');
}

/* A value, or the opening of one that goes on behind it. *open: a value must follow. */
static bool begin(struct json_scan *s, struct nest *n, bool *open)
{
	bool b;

	*open = false;
	switch (json_scan_peek(s)) {
	case '{':
		s->at++;
		if (!open_bracket(n, true))
			return false;
		*open = json_scan_peek(s) != '}';
		return !*open || key(s);
	case '[':
		s->at++;
		if (!open_bracket(n, false))
			return false;
		*open = json_scan_peek(s) != ']';
		return true;
	case '"': return json_scan_string(s, NULL, 0);
	case 't':
	case 'f': return json_scan_bool(s, &b);
	case 'n': return json_scan_null(s);
	default: return number(s);
	}
}

/* What follows a value within brackets. *open: a value must follow. */
static bool proceed(struct json_scan *s, struct nest *n, bool *open)
{
	*open = false;
	while (n->depth > 0) {
		if (json_scan_byte(s, in_brace(n) ? '}' : ']')) {
			n->depth--;
			continue;
		}
		if (!json_scan_byte(s, ','))
			return false;
		*open = true;
		return !in_brace(n) || key(s);
	}
	return true;
}

bool json_scan_skip(struct json_scan *s)
{
	struct nest n;
	bool open;

	n.depth = 0;
	do {
		if (!begin(s, &n, &open))
			return false;
		if (!open && !proceed(s, &n, &open))
			return false;
	} while (open);
	return true;
}
