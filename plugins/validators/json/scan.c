#include "scan.h"

#include <string.h>

#include "text.h"

struct state {
	struct scan *scan;
	const uint8_t *at, *end, *start;
	enum scan_status status;
	uint32_t objects; /* number of the last one opened */
	uint32_t depth;
	/* of the containers that are open */
	uint8_t is_object[SCAN_DEPTH_MOST];
	int16_t node[SCAN_DEPTH_MOST];
	uint32_t object[SCAN_DEPTH_MOST];
};

static bool fail(struct state *s, enum scan_status status, const char *what)
{
	s->status = status;
	s->scan->what = what;
	s->scan->where = (size_t)(s->at - s->start);
	return false;
}

static bool bad(struct state *s, const char *what)
{
	return fail(s, SCAN_BAD, s->at == s->end ? "it ends too early" : what);
}

static inline void skip_space(struct state *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
		s->at++;
}

/* --- strings */

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* at: behind \u. -1: not four digits. */
static int32_t hex4(const struct state *s, const uint8_t *at)
{
	int32_t v = 0;

	if (s->end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!is_hex(at[i]))
			return -1;
		v = v * 16 + (at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
	}
	return v;
}

/* At the backslash. */
static bool escape(struct state *s)
{
	if (s->end - s->at < 2) {
		s->at = s->end;
		return bad(s, "");
	}
	if (s->at[1] != 'u') {
		if (!s->at[1] || !strchr("\"\\/bfnrt", s->at[1]))
			return bad(s, "an escape that JSON does not have");
		s->at += 2;
		return true;
	}
	int32_t v = hex4(s, s->at + 2);
	if (v < 0)
		return bad(s, "\\u without four hexadecimal digits");
	if (v >= 0xd800 && v <= 0xdfff) {
		int32_t low = v < 0xdc00 && s->end - s->at >= 12 && s->at[6] == '\\' && s->at[7] == 'u' ? hex4(s, s->at + 8) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return bad(s, "half of a surrogate pair");
		s->at += 6;
	}
	s->at += 6;
	return true;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many of the eight bytes at `at` need no look, from the first on: printable ASCII other than " and \. */
static inline unsigned plain_bytes(const uint8_t *at)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t w;

	memcpy(&w, at, 8);
	uint64_t quote = w ^ EACH('"'), slash = w ^ EACH('\\');
	uint64_t special = ((w - EACH(0x20)) & ~w) | ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash) | w;
	special &= EACH(0x80);
	/* A byte above the first special one may be marked wrongly; the first never is. */
	return special ? (unsigned)__builtin_ctzll(special) / 8 : 8;
#else
	(void)at;
	return 0;
#endif
}

/* Behind the opening quote. On success behind the closing one. */
static bool string(struct state *s, struct json_value *out)
{
	out->type = VALUE_STRING;
	out->at = s->at;
	out->escaped = false;
	for (;;) {
		if (s->end - s->at >= 8) {
			unsigned n = plain_bytes(s->at);
			s->at += n;
			if (n == 8)
				continue;
		} else if (s->at == s->end) {
			return bad(s, "");
		}
		uint8_t c = *s->at;
		if (c == '"') {
			out->length = (size_t)(s->at - out->at);
			s->at++;
			return true;
		}
		if (c == '\\') {
			out->escaped = true;
			if (!escape(s))
				return false;
		} else if (c < 0x20) {
			return bad(s, "a control character in a string");
		} else if (c < 0x80) {
			s->at++;
		} else {
			size_t n = utf8_length(s->at, s->end);
			if (n == 0)
				return bad(s, "bytes that are not UTF-8");
			s->at += n;
		}
	}
}

/* --- the other scalars */

static inline bool is_digit(const struct state *s)
{
	return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool digits(struct state *s)
{
	if (!is_digit(s))
		return bad(s, "a number without the digits it needs");
	while (is_digit(s))
		s->at++;
	return true;
}

static bool number(struct state *s, struct json_value *out)
{
	out->type = VALUE_NUMBER;
	out->at = s->at;
	if (*s->at == '-')
		s->at++;
	if (s->at < s->end && *s->at == '0') {
		s->at++;
		if (is_digit(s))
			return bad(s, "a number that begins with 0");
	} else if (!digits(s)) {
		return false;
	}
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (!digits(s))
			return false;
	}
	if (s->at < s->end && (*s->at | 0x20) == 'e') {
		s->at++;
		if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
			s->at++;
		if (!digits(s))
			return false;
	}
	out->length = (size_t)(s->at - out->at);
	return true;
}

static bool word(struct state *s, const char *text, enum json_type type, struct json_value *out)
{
	size_t n = strlen(text), left = (size_t)(s->end - s->at);

	if (left < n || memcmp(s->at, text, n) != 0)
		return bad(s, "a value is expected");
	s->at += n;
	out->type = (uint8_t)type;
	return true;
}

/* --- containers */

static bool open_container(struct state *s, bool object, int node)
{
	if (s->depth == s->scan->depth)
		return fail(s, SCAN_DEEP, NULL);
	s->is_object[s->depth] = object;
	s->node[s->depth] = (int16_t)(object ? node : -1);
	if (object)
		s->object[s->depth] = ++s->objects;
	s->depth++;
	s->at++;
	return true;
}

/* Any value. *opened: it is a container whose end is still to come. node: of the names, -1: nobody asks. */
static bool value(struct state *s, int node, bool *opened)
{
	struct json_value ignored, *out = &ignored;
	bool ok;

	if (s->at == s->end)
		return bad(s, "");
	if (node > 0 && s->scan->names->nodes[node].slot >= 0)
		out = &s->scan->values[s->scan->names->nodes[node].slot];
	*opened = false;
	switch (*s->at) {
	case '"':
		s->at++;
		ok = string(s, out);
		break;
	case '{':
	case '[':
		out->type = *s->at == '{' ? VALUE_OBJECT : VALUE_ARRAY;
		ok = *opened = open_container(s, *s->at == '{', node);
		break;
	case 't': ok = word(s, "true", VALUE_TRUE, out); break;
	case 'f': ok = word(s, "false", VALUE_FALSE, out); break;
	case 'n': ok = word(s, "null", VALUE_NULL, out); break;
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		ok = number(s, out);
		break;
	default:
		return bad(s, "a value is expected");
	}
	if (s->depth == 0 || (*opened && s->depth == 1))
		s->scan->type = out->type;
	return ok;
}

/* What an earlier member of the same name had is not there any more. */
static void forget(struct scan *scan, int node)
{
	const struct name_node *n = &scan->names->nodes[node];

	if (n->slot >= 0)
		scan->values[n->slot].type = VALUE_ABSENT;
	for (int at = n->child; at >= 0; at = scan->names->nodes[at].sibling)
		forget(scan, at);
}

/* The node of this member below the open object's, or -1. */
static int find_node(struct state *s, const struct json_value *name)
{
	const struct name_node *nodes = s->scan->names->nodes;
	int at = s->node[s->depth - 1];

	if (at < 0)
		return -1;
	for (at = nodes[at].child; at >= 0; at = nodes[at].sibling) {
		if (json_text_is(name->at, name->length, name->escaped, nodes[at].name, nodes[at].length)) {
			forget(s->scan, at);
			return at;
		}
	}
	return -1;
}

static bool unique(struct state *s, const struct json_value *name)
{
	switch (keys_add(s->scan->keys, s->object[s->depth - 1], name->at, name->length, name->escaped)) {
	case KEYS_NEW: return true;
	case KEYS_TWICE: return fail(s, SCAN_TWICE, NULL);
	case KEYS_TOO_MANY: return fail(s, SCAN_TOO_MANY, NULL);
	default: return fail(s, SCAN_NO_MEMORY, NULL);
	}
}

/* A member's name and the colon. */
static bool member(struct state *s, int *node)
{
	struct json_value name;

	if (s->at == s->end || *s->at != '"')
		return bad(s, "the name of a member is expected");
	s->at++;
	if (!string(s, &name) || (s->scan->keys && !unique(s, &name)))
		return false;
	*node = find_node(s, &name);
	skip_space(s);
	if (s->at == s->end || *s->at != ':')
		return bad(s, "a : is expected");
	s->at++;
	skip_space(s);
	return true;
}

/* Behind a value: ends containers. *more: another value follows. */
static bool after_value(struct state *s, bool *more)
{
	for (;;) {
		skip_space(s);
		*more = false;
		if (s->depth == 0)
			return s->at == s->end || bad(s, "something follows the value");
		uint8_t c = s->at < s->end ? *s->at : 0, close = s->is_object[s->depth - 1] ? '}' : ']';
		if (c == ',') {
			s->at++;
			skip_space(s);
			*more = true;
			return true;
		}
		if (c != close)
			return bad(s, close == '}' ? "a , or } is expected" : "a , or ] is expected");
		s->at++;
		s->depth--;
	}
}

/* At the first byte within a container. *empty: and it ends there. */
static void first_in(struct state *s, bool *empty)
{
	skip_space(s);
	*empty = s->at < s->end && *s->at == (s->is_object[s->depth - 1] ? '}' : ']');
	if (*empty) {
		s->at++;
		s->depth--;
	}
}

enum scan_status json_scan(struct scan *scan, const uint8_t *text, size_t length)
{
	struct state s;
	int node = scan->names->count ? 0 : -1;
	bool opened = false, more = true, empty;

	s.scan = scan;
	s.at = s.start = text;
	s.end = text + length;
	s.status = SCAN_OK;
	s.objects = s.depth = 0;
	scan->type = VALUE_ABSENT;
	for (size_t i = 0; i < scan->names->slots; i++)
		scan->values[i].type = VALUE_ABSENT;
	if (scan->keys)
		keys_begin(scan->keys);
	skip_space(&s);
	while (more) {
		if (s.depth && s.is_object[s.depth - 1] && !member(&s, &node))
			break;
		if (s.depth && !s.is_object[s.depth - 1])
			node = -1;
		if (!value(&s, node, &opened))
			break;
		if (opened) {
			first_in(&s, &empty);
			if (!empty)
				continue;
		}
		if (!after_value(&s, &more))
			break;
	}
	return s.status;
}
