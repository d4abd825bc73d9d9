/* A list of what is there, rather than one of what is taken away: no files, no programs, no clock, no loading of code, no debug, no
 * coroutines (each would count its instructions anew), no xpcall (no hook runs inside of a message handler), no collectgarbage,
 * no weak tables. */
#include "library.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decode.h"
#include "guards.h"
#include "patterns.h"

/* own: the library's is called, behind the guard if there is one. Else function stands for it. */
static const struct entry {
	const char *table, *name; /* table "": a global */
	lua_CFunction function;
	bool own;
} entries[] = {
	{ "", "assert", NULL, true },
	{ "", "error", NULL, true },
	{ "", "getmetatable", NULL, true },
	{ "", "ipairs", NULL, true },
	{ "", "next", NULL, true },
	{ "", "pairs", NULL, true },
	{ "", "pcall", safe_pcall, false },
	{ "", "rawequal", guard_equal, true },
	{ "", "rawget", NULL, true },
	{ "", "rawlen", NULL, true },
	{ "", "rawset", NULL, true },
	{ "", "select", NULL, true },
	{ "", "setmetatable", safe_setmetatable, false },
	{ "", "tonumber", guard_text, true },
	{ "", "tostring", NULL, true },
	{ "", "type", NULL, true },
	{ "", "_VERSION", NULL, true },
	{ "string", "byte", guard_byte, true },
	{ "string", "char", NULL, true },
	{ "string", "find", patterns_find, false },
	{ "string", "format", NULL, true },
	{ "string", "gmatch", patterns_gmatch, false },
	{ "string", "gsub", patterns_gsub, false },
	{ "string", "len", NULL, true },
	{ "string", "lower", NULL, true },
	{ "string", "match", patterns_match, false },
	{ "string", "pack", guard_format, true },
	{ "string", "packsize", guard_format, true },
	{ "string", "rep", guard_rep, true },
	{ "string", "reverse", NULL, true },
	{ "string", "sub", NULL, true },
	{ "string", "unpack", guard_format, true },
	{ "string", "upper", NULL, true },
	{ "table", "concat", guard_concat, true },
	{ "table", "insert", guard_insert, true },
	{ "table", "move", guard_move, true },
	{ "table", "pack", NULL, true },
	{ "table", "remove", guard_remove, true },
	{ "table", "sort", guard_sort, true },
	{ "table", "unpack", guard_unpack, true },
	{ "utf8", "char", NULL, true },
	{ "utf8", "charpattern", NULL, true },
	{ "utf8", "codepoint", guard_byte, true },
	{ "utf8", "codes", guard_text, true },
	{ "utf8", "len", guard_text, true },
	{ "utf8", "offset", guard_text, true },
	{ "math", "randomseed", guard_seed, true },
	{ "json", "decode", json_decode, false },
};

static const luaL_Reg libraries[] = {
	{ "_G", luaopen_base },
	{ "string", luaopen_string },
	{ "table", luaopen_table },
	{ "utf8", luaopen_utf8 },
	{ "math", luaopen_math },
	{ NULL, NULL },
};

/* Pushes the value that the library has under this name. Index 2: the libraries. */
static void push_own(lua_State *L, const struct entry *e)
{
	lua_getfield(L, 2, *e->table ? e->table : "_G");
	lua_getfield(L, -1, e->name);
	lua_remove(L, -2);
	if (e->function)
		lua_pushcclosure(L, e->function, 1);
}

static void add(lua_State *L, const struct entry *e)
{
	if (*e->table)
		luaL_getsubtable(L, 1, e->table);
	else
		lua_pushvalue(L, 1);
	if (e->own)
		push_own(L, e);
	else
		lua_pushcfunction(L, e->function);
	luaL_getsubtable(L, 2, *e->table ? e->table : "_G"); /* where Lua looks for the names of functions in errors */
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, e->name);
	lua_pop(L, 1);
	lua_setfield(L, -2, e->name);
	lua_pop(L, 1);
}

/* Texts find their methods in the script's `string`; what else they can (arithmetic) stays. Nobody gets hold of the table. */
static void open_texts(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getfield(L, 1, "string");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

/* The collector goes over a table with weak keys again and again while one entry keeps the next alive: minutes for some ten thousand, in
 * one go. A script could set __mode after setmetatable, so the name under which Lua itself looks for it (there is only one text of these
 * bytes) gets other bytes, such that no other text meets it in Lua's table of texts. Before that table has ever grown. */
static void forbid_weak_tables(lua_State *L)
{
	char *name = (char *)(uintptr_t)lua_pushliteral(L, "__mode");

	do {
		++*name;
		lua_pushlstring(L, name, strlen(name));
	} while (lua_tostring(L, -1) == name && (lua_pop(L, 1), true));
	lua_pop(L, 2);
}

void library_open(lua_State *L)
{
	lua_settop(L, 0);
	forbid_weak_tables(L);
	lua_newtable(L); /* 1: the script's globals */
	for (const luaL_Reg *r = libraries; r->name; r++) {
		luaL_requiref(L, r->name, r->func, false);
		lua_pop(L, 1);
	}
	lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE); /* 2 */
	lua_getfield(L, 2, "math"); /* computes, no more */
	lua_setfield(L, 1, "math");
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		add(L, &entries[i]);
	lua_getfield(L, 1, "json");
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	lua_pop(L, 1);
	open_texts(L);
	lua_pushvalue(L, 1);
	lua_setfield(L, 1, "_G");
	lua_pushvalue(L, 1);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_settop(L, 0);
}
