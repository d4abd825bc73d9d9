#include "lua_same.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/lua/budget.h"
#include "../../plugins/validators/lua/patterns.h"

struct lua_same {
	struct budget budget;
	lua_State *L;
	int describe; /* the function below, in the registry */
};

/* All that a library `lib` says of (s, p, r), as one text. */
static const char script[] =
    "local function all(ok, ...)\n"
    "  local t = {tostring(ok)}\n"
    "  for i = 1, select('#', ...) do t[#t + 1] = tostring((select(i, ...))) end\n"
    "  return table.concat(t, '|')\n"
    "end\n"
    "return function(lib, s, p, r)\n"
    "  local out = {}\n"
    "  local function add(name, ...) out[#out + 1] = name .. ': ' .. all(pcall(...)) end\n"
    "  for _, from in ipairs {1, 2, -1, -3, 0, 100, -100} do add('find ' .. from, lib.find, s, p, from) end\n"
    "  add('plain', lib.find, s, p, 1, true)\n"
    "  for _, from in ipairs {1, 3, -2} do add('match ' .. from, lib.match, s, p, from) end\n"
    "  add('gmatch', function()\n"
    "    local t = {}\n"
    "    for a, b, c in lib.gmatch(s, p) do t[#t + 1] = tostring(a) .. ',' .. tostring(b) .. ',' .. tostring(c) if #t > 200 then break end end\n"
    "    return table.concat(t, ';')\n"
    "  end)\n"
    "  add('gsub text', lib.gsub, s, p, r)\n"
    "  add('gsub number', lib.gsub, s, p, 7, 2)\n"
    "  add('gsub table', lib.gsub, s, p, {a = 'A', b = false, [1] = 'one'})\n"
    "  add('gsub function', lib.gsub, s, p, function(a, b) return type(a) == 'string' and a .. '<' .. tostring(b) or a end)\n"
    "  add('gsub nothing', lib.gsub, s, p, function() end)\n"
    "  add('gsub bad', lib.gsub, s, p, function() return {} end)\n"
    "  return table.concat(out, '\\n')\n"
    "end";

static const luaL_Reg ours[] = { { "find", patterns_find }, { "match", patterns_match }, { "gmatch", patterns_gmatch },
	{ "gsub", patterns_gsub }, { NULL, NULL } };

struct lua_same *lua_same_new(void)
{
	struct lua_same *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	budget_init(&s->budget, 256 << 20);
	s->L = lua_newstate(budget_alloc, &s->budget);
	if (!s->L)
		abort();
	*(struct budget **)lua_getextraspace(s->L) = &s->budget;
	luaL_openlibs(s->L);
	luaL_newlib(s->L, ours);
	lua_setglobal(s->L, "ours");
	if (luaL_dostring(s->L, script))
		abort();
	s->describe = luaL_ref(s->L, LUA_REGISTRYINDEX);
	return s;
}

void lua_same_free(struct lua_same *s)
{
	lua_close(s->L);
	budget_fini(&s->budget);
	free(s);
}

/* Pushes what the library of this name says. */
static const char *describe(struct lua_same *s, const char *library, const char *const *texts, const size_t *lengths, size_t *length)
{
	s->budget.left = INT64_MAX;
	s->budget.end = BUDGET_GOES_ON;
	lua_rawgeti(s->L, LUA_REGISTRYINDEX, s->describe);
	lua_getglobal(s->L, library);
	for (int i = 0; i < 3; i++)
		lua_pushlstring(s->L, texts[i], lengths[i]);
	lua_pcall(s->L, 4, 1, 0);
	return lua_tolstring(s->L, -1, length);
}

bool lua_same(struct lua_same *s, const char *subject, size_t subject_length, const char *pattern, size_t pattern_length, const char *other,
    size_t other_length, char *text, size_t room)
{
	const char *texts[] = { subject, pattern, other };
	size_t lengths[] = { subject_length, pattern_length, other_length }, n, m;
	const char *own = describe(s, "string", texts, lengths, &n), *mine = describe(s, "ours", texts, lengths, &m);
	bool same = own && mine && n == m && memcmp(own, mine, n) == 0;

	if (!same)
		snprintf(text, room, "'%s' '%s' '%s'\n%s\nby ours\n%s", subject, pattern, other, own ? own : "?", mine ? mine : "?");
	lua_settop(s->L, 0);
	return same;
}
