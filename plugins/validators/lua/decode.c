#include "decode.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "text.h"

#define NUMBER_MAX 512

struct decoder {
	lua_State *L;
	const char *from, *at, *end; /* Lua's text: a NUL byte stands at end */
	const char *problem;
	int depth;
};

static bool value(struct decoder *);

static bool fail(struct decoder *d, const char *problem)
{
	if (!d->problem)
		d->problem = problem;
	return false;
}

static void blanks(struct decoder *d)
{
	while (*d->at == ' ' || *d->at == '\t' || *d->at == '\n' || *d->at == '\r')
		d->at++;
}

/* --- numbers -------------------------------------------------------------------------------------------------------- */

static bool digits(const char **p)
{
	const char *from = *p;

	while (**p >= '0' && **p <= '9')
		++*p;
	return *p > from;
}

/* Passes over a number; *whole: it has neither fraction nor exponent. */
static bool scan_number(const char **p, bool *whole)
{
	*whole = true;
	if (**p == '-')
		++*p;
	if (**p == '0')
		++*p;
	else if (!digits(p))
		return false;
	if (**p == '.') {
		*whole = false;
		++*p;
		if (!digits(p))
			return false;
	}
	if (**p != 'e' && **p != 'E')
		return true;
	*whole = false;
	++*p;
	if (**p == '+' || **p == '-')
		++*p;
	return digits(p);
}

static bool number(struct decoder *d)
{
	const char *p = d->at;
	char copy[NUMBER_MAX + 1];
	bool whole;
	size_t n;

	if (!scan_number(&p, &whole)) {
		d->at = p;
		return fail(d, "not a number");
	}
	n = (size_t)(p - d->at);
	if (n > NUMBER_MAX)
		return fail(d, "a number is too long");
	memcpy(copy, d->at, n);
	copy[n] = 0;
	errno = 0;
	if (whole) {
		long long i = strtoll(copy, NULL, 10);

		if (!errno) {
			lua_pushinteger(d->L, i);
			d->at = p;
			return true;
		}
	}
	double x = strtod(copy, NULL);

	if (isinf(x))
		return fail(d, "a number is too large");
	lua_pushnumber(d->L, x);
	d->at = p;
	return true;
}

/* --- strings -------------------------------------------------------------------------------------------------------- */

/* Four hexadecimal digits at p; -1: they are not. */
static long hex4(const char *p)
{
	long v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			v = v * 16 + ((c | 32) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static void add_code(luaL_Buffer *b, unsigned long c)
{
	if (c < 0x80) {
		luaL_addchar(b, (char)c);
		return;
	}
	if (c < 0x800) {
		luaL_addchar(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			luaL_addchar(b, (char)(0xe0 | c >> 12));
		} else {
			luaL_addchar(b, (char)(0xf0 | c >> 18));
			luaL_addchar(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		luaL_addchar(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	luaL_addchar(b, (char)(0x80 | (c & 0x3f)));
}

/* at: behind the 'u' of an escape; two of them are one character outside of the basic plane. */
static bool add_unicode(struct decoder *d, luaL_Buffer *b)
{
	long c = hex4(d->at), low;

	if (c < 0)
		return fail(d, "four hexadecimal digits are wanted");
	if (c >= 0xdc00 && c < 0xe000)
		return fail(d, "half a surrogate pair");
	d->at += 4;
	if (c >= 0xd800 && c < 0xdc00) {
		if (d->at[0] != '\\' || d->at[1] != 'u' || (low = hex4(d->at + 2)) < 0xdc00 || low > 0xdfff)
			return fail(d, "half a surrogate pair");
		d->at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	add_code(b, (unsigned long)c);
	return true;
}

/* at: behind the backslash. */
static bool add_escape(struct decoder *d, luaL_Buffer *b)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *found = *d->at ? strchr(names, *d->at) : NULL;

	if (found) {
		luaL_addchar(b, means[found - names]);
		d->at++;
		return true;
	}
	if (*d->at != 'u')
		return fail(d, "no such escape");
	d->at++;
	return add_unicode(d, b);
}

/* Passes over characters that stand for themselves. */
static bool plain(struct decoder *d)
{
	while (*d->at != '"' && *d->at != '\\') {
		size_t n = d->at < d->end ? text_character(d->at, d->end) : 0;

		if (d->at == d->end)
			return fail(d, "a string has no end");
		if (!n)
			return fail(d, "not UTF-8");
		if ((unsigned char)*d->at < ' ')
			return fail(d, "a control character in a string");
		d->at += n;
	}
	return true;
}

/* at: the opening quote. */
static bool string(struct decoder *d)
{
	const char *from = ++d->at;
	luaL_Buffer b;

	if (!plain(d))
		return false;
	if (*d->at == '"') {
		lua_pushlstring(d->L, from, (size_t)(d->at++ - from));
		return true;
	}
	luaL_buffinit(d->L, &b);
	for (;;) {
		luaL_addlstring(&b, from, (size_t)(d->at - from));
		if (*d->at == '"')
			break;
		d->at++;
		if (!add_escape(d, &b))
			return false;
		from = d->at;
		if (!plain(d))
			return false;
	}
	d->at++;
	luaL_pushresult(&b);
	return true;
}

/* --- arrays, objects ------------------------------------------------------------------------------------------------ */

/* Behind an element: a comma (true), or the end (*more false). */
static bool separator(struct decoder *d, char end, bool *more)
{
	blanks(d);
	*more = *d->at == ',';
	if (!*more && *d->at != end)
		return fail(d, end == ']' ? "a comma or ']' is wanted" : "a comma or '}' is wanted");
	d->at++;
	blanks(d);
	return true;
}

static bool element(struct decoder *d, lua_Integer i)
{
	if (!value(d))
		return false;
	lua_rawseti(d->L, -2, i);
	return true;
}

static bool member(struct decoder *d)
{
	if (*d->at != '"')
		return fail(d, "a member's name is wanted");
	if (!string(d))
		return false;
	blanks(d);
	if (*d->at != ':')
		return fail(d, "a colon is wanted");
	d->at++;
	blanks(d);
	if (!value(d))
		return false;
	lua_rawset(d->L, -3);
	return true;
}

/* at: the opening bracket. */
static bool container(struct decoder *d, char end)
{
	bool more = true;

	if (++d->depth > DECODE_DEPTH_MAX)
		return fail(d, "too deep");
	luaL_checkstack(d->L, 8, "json"); /* the table, a name, what a buffer needs */
	lua_newtable(d->L);
	d->at++;
	blanks(d);
	if (*d->at == end) {
		d->at++;
		more = false;
	}
	for (lua_Integer i = 1; more; i++)
		if (!(end == ']' ? element(d, i) : member(d)) || !separator(d, end, &more))
			return false;
	d->depth--;
	return true;
}

static bool word(struct decoder *d, const char *text)
{
	if (strncmp(d->at, text, strlen(text)) != 0)
		return fail(d, "not a value");
	d->at += strlen(text);
	return true;
}

/* Pushes the value at `at`. After a failure the stack has anything on top. */
static bool value(struct decoder *d)
{
	switch (*d->at) {
	case '{':
		return container(d, '}');
	case '[':
		return container(d, ']');
	case '"':
		return string(d);
	case 't':
		lua_pushboolean(d->L, true);
		return word(d, "true");
	case 'f':
		lua_pushboolean(d->L, false);
		return word(d, "false");
	case 'n':
		lua_pushlightuserdata(d->L, NULL);
		return word(d, "null");
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		return number(d);
	default:
		return fail(d, d->at == d->end ? "it ends too early" : "not a value");
	}
}

int json_decode(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	struct decoder d = { .L = L, .from = text, .at = text, .end = text + length };

	budget_charge(L, length / 4);
	blanks(&d);
	if (value(&d)) {
		blanks(&d);
		if (d.at == d.end)
			return 1;
		fail(&d, "something follows the value");
	}
	lua_settop(L, 1);
	lua_pushnil(L);
	lua_pushfstring(L, "JSON: %s at byte %I", d.problem, (LUAI_UACINT)(d.at - d.from + 1));
	return 2;
}
