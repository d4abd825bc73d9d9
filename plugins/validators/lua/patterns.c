/* What the functions do follows lstrlib.c of Lua 5.4 (Copyright (C) 1994-2022 Lua.org, PUC-Rio; MIT licence). */
#define _GNU_SOURCE /* memmem */
#include "patterns.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "match.h"

/* An optional place in a text, from its end if negative: the offset, at most length + 1. */
static size_t start_of(lua_State *L, int arg, size_t length)
{
	lua_Integer at = luaL_optinteger(L, arg, 1);

	if (at > 0)
		return (lua_Unsigned)at - 1 > length ? length + 1 : (size_t)at - 1;
	if (at == 0 || at < -(lua_Integer)length)
		return 0;
	return length - (size_t)-at;
}

static bool is_plain(const char *pattern, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (pattern[i] && strchr("^$*+?.([%-", pattern[i]))
			return false;
	return true;
}

/* --- find, match ---------------------------------------------------------------------------------------------------- */

static int find_plain(lua_State *L, const char *s, size_t ls, const char *p, size_t lp, size_t from)
{
	const char *found = memmem(s + from, ls - from, p, lp);

	budget_charge(L, ((found ? (size_t)(found - s) : ls) - from) / BUDGET_GRAIN);
	if (!found) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, found - s + 1);
	lua_pushinteger(L, found - s + (lua_Integer)lp);
	return 2;
}

static int find_or_match(lua_State *L, bool find)
{
	size_t ls, lp, from;
	const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp), *at, *end;
	bool anchored;
	struct match m;

	from = start_of(L, 3, ls);
	if (from > ls) {
		lua_pushnil(L);
		return 1;
	}
	budget_charge(L, lp / BUDGET_GRAIN);
	if (find && (lua_toboolean(L, 4) || is_plain(p, lp)))
		return find_plain(L, s, ls, p, lp, from);
	anchored = *p == '^';
	match_init(&m, L, s, ls, p, lp);
	at = s + from;
	do {
		m.level = 0;
		if ((end = match_at(&m, at, p + anchored))) {
			if (!find)
				return match_push_all(&m, at, end);
			lua_pushinteger(L, at - s + 1);
			lua_pushinteger(L, end - s);
			return match_push_all(&m, NULL, NULL) + 2;
		}
	} while (at++ < m.subject_end && !anchored);
	lua_pushnil(L);
	return 1;
}

int patterns_find(lua_State *L)
{
	return find_or_match(L, true);
}

int patterns_match(lua_State *L)
{
	return find_or_match(L, false);
}

/* --- gmatch --------------------------------------------------------------------------------------------------------- */

/* Upvalues: the subject, the pattern, where to go on, and where the match before has ended (-1: there was none). */
static int next_match(lua_State *L)
{
	size_t ls, lp;
	const char *s = lua_tolstring(L, lua_upvalueindex(1), &ls), *p = lua_tolstring(L, lua_upvalueindex(2), &lp), *end;
	size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
	lua_Integer before = lua_tointeger(L, lua_upvalueindex(4));
	struct match m;

	match_init(&m, L, s, ls, p, lp);
	for (; at <= ls; at++) {
		m.level = 0;
		end = match_at(&m, s + at, p);
		if (!end || end - s == before)
			continue;
		lua_pushinteger(L, end - s);
		lua_pushvalue(L, -1);
		lua_replace(L, lua_upvalueindex(3));
		lua_replace(L, lua_upvalueindex(4));
		return match_push_all(&m, s + at, end);
	}
	lua_pushinteger(L, (lua_Integer)at);
	lua_replace(L, lua_upvalueindex(3));
	return 0;
}

int patterns_gmatch(lua_State *L)
{
	size_t ls;

	luaL_checklstring(L, 1, &ls);
	luaL_checkstring(L, 2);
	lua_pushinteger(L, (lua_Integer)start_of(L, 3, ls));
	lua_replace(L, 3);
	lua_settop(L, 3);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, next_match, 4);
	return 1;
}

/* --- gsub ----------------------------------------------------------------------------------------------------------- */

/* Adds the replacement text, with its %0 .. %9. The text is argument 3. */
static void add_text(struct match *m, luaL_Buffer *b, const char *from, const char *end)
{
	size_t length;
	const char *text = lua_tolstring(m->L, 3, &length), *stop = text + length;

	budget_charge(m->L, length / BUDGET_GRAIN);
	for (const char *escape; (escape = memchr(text, '%', (size_t)(stop - text))); text = escape + 2) {
		char c = escape[1]; /* or the NUL byte behind the text */

		luaL_addlstring(b, text, (size_t)(escape - text));
		if (c == '%') {
			luaL_addchar(b, '%');
		} else if (c == '0') {
			luaL_addlstring(b, from, (size_t)(end - from));
		} else if (isdigit((unsigned char)c)) {
			match_push_one(m, c - '1', from, end);
			luaL_tolstring(m->L, -1, NULL); /* a position */
			lua_remove(m->L, -2);
			luaL_addvalue(b);
		} else {
			luaL_error(m->L, "invalid use of '%%' in replacement string");
		}
	}
	luaL_addlstring(b, text, (size_t)(stop - text));
}

/* Adds what becomes of the match from..end. kind: of argument 3. False: it stays as it was. */
static bool add_replacement(struct match *m, luaL_Buffer *b, const char *from, const char *end, int kind)
{
	lua_State *L = m->L;

	if (kind == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		lua_call(L, match_push_all(m, from, end), 1);
	} else if (kind == LUA_TTABLE) {
		match_push_one(m, 0, from, end);
		lua_gettable(L, 3);
	} else {
		add_text(m, b, from, end);
		return true;
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		luaL_addlstring(b, from, (size_t)(end - from));
		return false;
	}
	if (!lua_isstring(L, -1))
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	luaL_addvalue(b);
	return true;
}

int patterns_gsub(lua_State *L)
{
	size_t ls, lp;
	const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp), *at = s, *before = NULL, *end;
	int kind = lua_type(L, 3);
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)ls + 1), n = 0;
	bool anchored = *p == '^', changed = false;
	struct match m;
	luaL_Buffer b;

	luaL_argexpected(L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
	    "string/function/table");
	if (kind == LUA_TNUMBER)
		lua_tostring(L, 3); /* in place, so that it lives as long as the call */
	luaL_buffinit(L, &b);
	match_init(&m, L, s, ls, p + anchored, lp - anchored);
	while (n < most) {
		m.level = 0;
		if ((end = match_at(&m, at, p + anchored)) && end != before) {
			n++;
			changed = add_replacement(&m, &b, at, end, kind) || changed;
			at = before = end;
		} else if (at < m.subject_end) {
			luaL_addchar(&b, *at);
			at++;
		} else {
			break;
		}
		if (anchored)
			break;
	}
	if (changed) {
		luaL_addlstring(&b, at, (size_t)(m.subject_end - at));
		luaL_pushresult(&b);
	} else {
		lua_pushvalue(L, 1);
	}
	lua_pushinteger(L, n);
	return 2;
}
