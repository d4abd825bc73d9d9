/* What a pattern means follows lstrlib.c of Lua 5.4 (Copyright (C) 1994-2022 Lua.org, PUC-Rio; MIT licence). */
#include "match.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#define ESCAPE '%'
#define DEPTH_MAX 200

static void spend(struct match *m, size_t units)
{
	m->budget->left -= (int64_t)units;
	if (m->budget->left < 0)
		budget_overrun(m->L, BUDGET_NO_INSTRUCTIONS);
}

void match_init(struct match *m, lua_State *L, const char *subject, size_t subject_length, const char *pattern, size_t pattern_length)
{
	m->L = L;
	m->budget = budget_of(L);
	m->subject = subject;
	m->subject_end = subject + subject_length;
	m->pattern_end = pattern + pattern_length;
	m->depth = DEPTH_MAX;
	m->level = 0;
}

/* --- one character -------------------------------------------------------------------------------------------------- */

/* Where the pattern item that begins at p ends. */
static const char *class_end(struct match *m, const char *p)
{
	const char *from = p;

	if (*p++ == ESCAPE) {
		if (p == m->pattern_end)
			luaL_error(m->L, "malformed pattern (ends with '%%')");
		return p + 1;
	}
	if (*from != '[')
		return p;
	if (*p == '^')
		p++;
	do { /* a ']' that comes first is one of the set */
		if (p == m->pattern_end)
			luaL_error(m->L, "malformed pattern (missing ']')");
		if (*p++ == ESCAPE && p < m->pattern_end)
			p++;
	} while (p == m->pattern_end || *p != ']');
	spend(m, (size_t)(p - from) / 8);
	return p + 1;
}

static bool in_class(int c, int class)
{
	bool is;

	switch (tolower(class)) {
	case 'a': is = isalpha(c); break;
	case 'c': is = iscntrl(c); break;
	case 'd': is = isdigit(c); break;
	case 'g': is = isgraph(c); break;
	case 'l': is = islower(c); break;
	case 'p': is = ispunct(c); break;
	case 's': is = isspace(c); break;
	case 'u': is = isupper(c); break;
	case 'w': is = isalnum(c); break;
	case 'x': is = isxdigit(c); break;
	case 'z': is = c == 0; break; /* of older versions; still there */
	default: return class == c;
	}
	return isupper(class) ? !is : is;
}

/* p: at '['; end: at ']'. */
static bool in_set(int c, const char *p, const char *end)
{
	bool found = true;

	if (p[1] == '^') {
		found = false;
		p++;
	}
	while (++p < end) {
		if (*p == ESCAPE) {
			p++;
			if (in_class(c, (unsigned char)*p))
				return found;
		} else if (p[1] == '-' && p + 2 < end) {
			p += 2;
			if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p)
				return found;
		} else if ((unsigned char)*p == c) {
			return found;
		}
	}
	return !found;
}

/* Does the item p..end match the character at s? */
static bool matches_one(struct match *m, const char *s, const char *p, const char *end)
{
	int c;

	if (s >= m->subject_end)
		return false;
	c = (unsigned char)*s;
	switch (*p) {
	case '.':
		return true;
	case ESCAPE:
		return in_class(c, (unsigned char)p[1]);
	case '[':
		spend(m, (size_t)(end - p) / 8);
		return in_set(c, p, end - 1);
	default:
		return (unsigned char)*p == c;
	}
}

/* --- more than one -------------------------------------------------------------------------------------------------- */

static const char *balance(struct match *m, const char *s, const char *p)
{
	int open = 1;

	if (p >= m->pattern_end - 1)
		luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
	if (s >= m->subject_end || *s != *p)
		return NULL;
	while (++s < m->subject_end) {
		spend(m, 1);
		if (*s == p[1]) {
			if (--open == 0)
				return s + 1;
		} else if (*s == *p) {
			open++;
		}
	}
	return NULL;
}

static const char *as_many(struct match *m, const char *s, const char *p, const char *end)
{
	ptrdiff_t n = 0;

	while (matches_one(m, s + n, p, end)) {
		spend(m, 1);
		n++;
	}
	for (; n >= 0; n--) {
		const char *rest = match_at(m, s + n, end + 1);

		if (rest)
			return rest;
	}
	return NULL;
}

static const char *as_few(struct match *m, const char *s, const char *p, const char *end)
{
	for (;;) {
		const char *rest = match_at(m, s, end + 1);

		if (rest)
			return rest;
		if (!matches_one(m, s, p, end))
			return NULL;
		s++;
	}
}

/* --- captures ------------------------------------------------------------------------------------------------------- */

static const char *begin_capture(struct match *m, const char *s, const char *p, ptrdiff_t what)
{
	const char *rest;

	if (m->level >= MATCH_CAPTURES_MAX)
		luaL_error(m->L, "too many captures");
	m->captures[m->level].at = s;
	m->captures[m->level].length = what;
	m->level++;
	rest = match_at(m, s, p);
	if (!rest)
		m->level--;
	return rest;
}

static const char *end_capture(struct match *m, const char *s, const char *p)
{
	const char *rest;
	int l = m->level - 1;

	while (l >= 0 && m->captures[l].length != MATCH_OPEN)
		l--;
	if (l < 0)
		luaL_error(m->L, "invalid pattern capture");
	m->captures[l].length = s - m->captures[l].at;
	rest = match_at(m, s, p);
	if (!rest)
		m->captures[l].length = MATCH_OPEN;
	return rest;
}

/* The same text again; digit: '1' is the first capture. */
static const char *again(struct match *m, const char *s, unsigned char digit)
{
	int l = digit - '1';
	size_t n;

	if (l < 0 || l >= m->level || m->captures[l].length == MATCH_OPEN)
		luaL_error(m->L, "invalid capture index %%%d", l + 1);
	n = (size_t)m->captures[l].length; /* of a position: more than any subject has */
	spend(m, n <= (size_t)(m->subject_end - s) ? n / 16 : 0);
	return n <= (size_t)(m->subject_end - s) && memcmp(m->captures[l].at, s, n) == 0 ? s + n : NULL;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

static bool at_frontier(struct match *m, const char *s, const char *p, const char **end)
{
	char before = s == m->subject ? 0 : s[-1]; /* behind the subject there is a NUL byte as well */

	if (*p != '[')
		luaL_error(m->L, "missing '[' after '%%f' in pattern");
	*end = class_end(m, p);
	spend(m, (size_t)(*end - p) / 8);
	return !in_set((unsigned char)before, p, *end - 1) && in_set((unsigned char)*s, p, *end - 1);
}

/* An item that is one character, perhaps repeated. True: go on at *s, *p; else *s is the answer. */
static bool repeated(struct match *m, const char **s, const char **p)
{
	const char *end = class_end(m, *p), *rest;

	if (!matches_one(m, *s, *p, end)) {
		if (*end == '*' || *end == '?' || *end == '-') {
			*p = end + 1;
			return true;
		}
		*s = NULL;
		return false;
	}
	switch (*end) {
	case '?':
		if ((rest = match_at(m, *s + 1, end + 1))) {
			*s = rest;
			return false;
		}
		*p = end + 1;
		return true;
	case '+':
		*s = as_many(m, *s + 1, *p, end);
		return false;
	case '*':
		*s = as_many(m, *s, *p, end);
		return false;
	case '-':
		*s = as_few(m, *s, *p, end);
		return false;
	default:
		*s += 1;
		*p = end;
		return true;
	}
}

/* The items that begin with a '%' and are not one character: as repeated(), or not one of them (*other). */
static bool escaped(struct match *m, const char **s, const char **p, bool *other)
{
	const char *end;

	switch ((*p)[1]) {
	case 'b':
		*s = balance(m, *s, *p + 2);
		*p += 4;
		return *s != NULL;
	case 'f':
		if (at_frontier(m, *s, *p + 2, &end)) {
			*p = end;
			return true;
		}
		*s = NULL;
		return false;
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		*s = again(m, *s, (unsigned char)(*p)[1]);
		*p += 2;
		return *s != NULL;
	default:
		*other = true;
		return true;
	}
}

static const char *items(struct match *m, const char *s, const char *p)
{
	while (p != m->pattern_end) {
		bool other = false;

		spend(m, 1);
		if (*p == '(')
			return p[1] == ')' ? begin_capture(m, s, p + 2, MATCH_POSITION) : begin_capture(m, s, p + 1, MATCH_OPEN);
		if (*p == ')')
			return end_capture(m, s, p + 1);
		if (*p == '$' && p + 1 == m->pattern_end)
			return s == m->subject_end ? s : NULL;
		if (*p == ESCAPE) {
			if (!escaped(m, &s, &p, &other))
				return s;
			if (!other)
				continue;
		}
		if (!repeated(m, &s, &p))
			return s;
	}
	return s;
}

const char *match_at(struct match *m, const char *place, const char *pattern)
{
	const char *end;

	spend(m, 1);
	if (m->depth-- == 0)
		luaL_error(m->L, "pattern too complex");
	end = items(m, place, pattern);
	m->depth++;
	return end;
}

/* --- results -------------------------------------------------------------------------------------------------------- */

void match_push_one(struct match *m, int i, const char *from, const char *end)
{
	const struct match_capture *c = &m->captures[i];

	if (i >= m->level) {
		if (i != 0)
			luaL_error(m->L, "invalid capture index %%%d", i + 1);
		lua_pushlstring(m->L, from, (size_t)(end - from));
	} else if (c->length == MATCH_OPEN) {
		luaL_error(m->L, "unfinished capture");
	} else if (c->length == MATCH_POSITION) {
		lua_pushinteger(m->L, c->at - m->subject + 1);
	} else {
		lua_pushlstring(m->L, c->at, (size_t)c->length);
	}
}

int match_push_all(struct match *m, const char *from, const char *end)
{
	int n = m->level == 0 && from ? 1 : m->level;

	luaL_checkstack(m->L, n, "too many captures");
	for (int i = 0; i < n; i++)
		match_push_one(m, i, from, end);
	return n;
}
