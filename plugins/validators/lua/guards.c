#include "guards.h"

#include <lauxlib.h>

#include "budget.h"

/* What it costs to raise an error and to catch it. */
#define ERROR_UNITS 64

/* The library's function, on the same arguments. It has no upvalues of its own. */
static int pass_on(lua_State *L)
{
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Elements from..to; both bounds are included. */
static lua_Unsigned span(lua_Integer from, lua_Integer to)
{
	return from > to ? 0 : (lua_Unsigned)to - (lua_Unsigned)from + 1 ? (lua_Unsigned)to - (lua_Unsigned)from + 1 : LUA_MAXINTEGER;
}

/* As span, of a text: bounds from its end are negative, those beyond it are cut. */
static lua_Unsigned text_span(lua_Integer from, lua_Integer to, size_t length)
{
	lua_Integer n = (lua_Integer)length;

	from = from < -n ? 1 : from < 0 ? n + from + 1 : from < 1 ? 1 : from;
	to = to > n ? n : to < -n ? 0 : to < 0 ? n + to + 1 : to;
	return span(from, to);
}

/* Before a function puts so many values on the stack. */
static void charge_values(lua_State *L, lua_Unsigned n)
{
	budget_charge(L, n);
	if (n > BUDGET_VALUES_MAX)
		luaL_error(L, "too many values (more than %d)", BUDGET_VALUES_MAX);
}

/* --- texts ---------------------------------------------------------------------------------------------------------- */

int guard_byte(lua_State *L)
{
	size_t length;
	lua_Integer from;

	luaL_checklstring(L, 1, &length);
	from = luaL_optinteger(L, 2, 1);
	charge_values(L, text_span(from, luaL_optinteger(L, 3, from), length));
	return pass_on(L);
}

int guard_rep(lua_State *L)
{
	size_t length, between;
	lua_Integer n;

	luaL_checklstring(L, 1, &length);
	n = luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &between);
	if (n <= 0 || length + between == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	budget_charge(L, (lua_Unsigned)n / 4);
	return pass_on(L);
}

int guard_format(lua_State *L)
{
	size_t length;

	luaL_checklstring(L, 1, &length);
	budget_charge(L, length);
	return pass_on(L);
}

int guard_text(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING)
		budget_charge(L, lua_rawlen(L, 1) / BUDGET_GRAIN);
	return pass_on(L);
}

int guard_equal(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING && lua_rawlen(L, 1) == lua_rawlen(L, 2))
		budget_charge(L, lua_rawlen(L, 1) / BUDGET_GRAIN);
	return pass_on(L);
}

/* --- tables --------------------------------------------------------------------------------------------------------- */

/* Elements of argument 1. A metamethod could tell the guard one number and the function another. */
static lua_Integer length_of(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
		luaL_argerror(L, 1, "a table with __len");
	return (lua_Integer)lua_rawlen(L, 1);
}

/* from..to, by default all; `first` is the argument that says from where. */
static lua_Unsigned range(lua_State *L, int first)
{
	lua_Integer n = length_of(L), from = luaL_optinteger(L, first, 1);

	return span(from, luaL_optinteger(L, first + 1, n));
}

int guard_unpack(lua_State *L)
{
	charge_values(L, range(L, 2));
	return pass_on(L);
}

int guard_concat(lua_State *L)
{
	budget_charge(L, range(L, 3));
	return pass_on(L);
}

int guard_insert(lua_State *L)
{
	lua_Integer n = length_of(L);

	if (lua_gettop(L) == 3)
		budget_charge(L, span(luaL_checkinteger(L, 2), n));
	return pass_on(L);
}

int guard_remove(lua_State *L)
{
	lua_Integer n = length_of(L);

	budget_charge(L, span(luaL_optinteger(L, 2, n), n));
	return pass_on(L);
}

int guard_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2);

	budget_charge(L, span(from, luaL_checkinteger(L, 3)));
	return pass_on(L);
}

/* lua_CFunction: what sort does without an order of the script's. A guard could not know the texts beforehand: __index may bring them. */
static int less(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING)
		budget_charge(L, (lua_rawlen(L, 1) < lua_rawlen(L, 2) ? lua_rawlen(L, 1) : lua_rawlen(L, 2)) / BUDGET_GRAIN);
	lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
	return 1;
}

int guard_sort(lua_State *L)
{
	lua_Integer n = length_of(L);

	for (lua_Integer part = n; part > 0; part /= 2)
		budget_charge(L, (lua_Unsigned)n);
	if (lua_isnoneornil(L, 2)) {
		lua_settop(L, 1);
		lua_pushcfunction(L, less);
	}
	return pass_on(L);
}

/* --- numbers -------------------------------------------------------------------------------------------------------- */

int guard_seed(lua_State *L)
{
	luaL_checkany(L, 1);
	return pass_on(L);
}

/* --- calls ---------------------------------------------------------------------------------------------------------- */

int safe_pcall(lua_State *L)
{
	struct budget *b = budget_of(L);
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, true);
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
	if (status == LUA_ERRMEM && !b->end)
		b->end = b->left < 0 ? BUDGET_NO_INSTRUCTIONS : BUDGET_NO_MEMORY;
	if (b->end)
		return lua_error(L);
	if (status) {
		b->left -= ERROR_UNITS;
		lua_pushboolean(L, false);
		lua_replace(L, 1);
		lua_settop(L, 2);
	}
	return lua_gettop(L);
}

/* Argument 2 is a table that must not have this. */
static void refuse_field(lua_State *L, const char *name)
{
	lua_pushstring(L, name);
	if (lua_rawget(L, 2) != LUA_TNIL)
		luaL_argerror(L, 2, lua_pushfstring(L, "a metatable with %s", name));
}

int safe_setmetatable(lua_State *L)
{
	int type = lua_type(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	if (type == LUA_TTABLE) {
		refuse_field(L, "__gc");
		refuse_field(L, "__mode");
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}
