/* validate-lua: what a script may use does what Lua's manual says; json.decode. */
#include "cmocka_all.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/lua/budget.h"
#include "../../plugins/validators/lua/library.h"
#include "lua_rig.h"

static struct lua_rig rig;

/* Each is true. */
static const char *const truths[] = {
	"(' x '):rep(2, ',') == ' x , x ' and ('x'):rep(0) == '' and ('x'):rep(-1) == '' and (''):rep(5, '-') == '----'",
	"('abc'):byte() == 97 and select('#', ('abc'):byte(1, -1)) == 3 and select('#', ('abc'):byte(-2, 10)) == 2 and ('abc'):byte(10) == nil",
	"('%5.1f|%-3s|%q'):format(3.14159, 'a', '\\n') == '  3.1|a  |\"\\\\\\n\"'",
	"('Hello'):upper() == 'HELLO' and ('Hello'):lower() == 'hello' and ('abc'):reverse() == 'cba' and ('abc'):sub(-2) == 'bc' and #'abc' == 3",
	"string.unpack('<i4', string.pack('<i4', -5)) == -5 and string.packsize('i4i4') == 8",
	"'10' + 1 == 11 and '3' * '4' == 12 and 10 .. '' == '10'",
	"table.concat({1, 2, 3}, ',') == '1,2,3' and table.concat({1, 2, 3}, ',', 2) == '2,3' and table.concat({}) == ''",
	"select('#', table.unpack({1, nil, 3}, 1, 3)) == 3 and table.pack(1, nil).n == 2",
	"(function() local t = {3, 1, 2} table.sort(t) table.insert(t, 4) table.insert(t, 1, 0) return table.concat(t) == '01234'\n"
	" and table.remove(t) == 4 and table.remove(t, 1) == 0 and table.remove({}) == nil end)()",
	"(function() local t = {'b', 'c', 'a'} table.sort(t, function(x, y) return x > y end) return table.concat(t) == 'cba' end)()",
	"table.concat(table.move({1, 2, 3}, 2, 3, 1)) == '233'",
	"(function() local o = setmetatable({}, {__index = {m = 1}}) table.insert(o, 5) return #o == 1 and o[1] == 5 and o.m == 1 end)()",
	"utf8.len('h\\u{e9}') == 2 and utf8.char(233, 0x20ac) == '\\u{e9}\\u{20ac}' and utf8.codepoint('\\u{20ac}') == 0x20ac and utf8.len('\\xff') == nil",
	"(function() local n = 0 for _, c in utf8.codes('a\\u{e9}') do n = n + c end return n == 97 + 233 end)() and utf8.offset('a\\u{e9}b', 3) == 4",
	"math.floor(3.7) == 3 and math.type(3) == 'integer' and math.max(1, 2) == 2 and math.tointeger(3.0) == 3",
	"tonumber('0x10') == 16 and tonumber('z', 36) == 35 and tonumber('x') == nil and tonumber('1e1') == 10",
	"rawequal('a', 'a') and rawlen({1, 2}) == 2 and rawget(setmetatable({}, {__index = {a = 1}}), 'a') == nil",
	"select(2, pcall(error, 'x')) == 'x' and select(2, pcall(error, {1}))[1] == 1 and pcall(function() return 1 end)",
	"select('#', pcall(function() return 1, nil, nil end)) == 4 and not pcall(nil)",
	"select(2, pcall(function() error('here') end)) == 'check.lua:2: here'",
	"(function() local ok, e = pcall(function() local x = nil; return x.y end) return not ok and e:find('index a nil value', 1, true) end)() ~= nil",
	"('k=v, k2=v2'):gsub('(%w+)=(%w+)', '%2=%1') == 'v=k, v2=k2' and select(2, ('aaa'):gsub('a', 'b', 2)) == 2",
	"('2024-01-31'):match('^(%d+)-(%d+)-(%d+)$') == '2024' and ('x'):find('y') == nil and ('a.b'):find('.', 1, true) == 2",
	"_G.string.format == string.format and _VERSION == 'Lua 5.4' and type(validate) == 'function'",
	/* JSON */
	"json.decode('{\"a\": [1, 2.5, -3e2, true, false, null, \"x\"]}').a[3] == -300",
	"(function() local a = json.decode('[1, 2.5, true, false, null, \"x\", {}, []]') return a[1] == 1 and math.type(a[1]) == 'integer' and\n"
	" a[2] == 2.5 and a[3] == true and a[4] == false and a[5] == json.null and a[6] == 'x' and next(a[7]) == nil and #a == 8 end)()",
	"json.decode('9223372036854775807') == math.maxinteger and math.type(json.decode('9223372036854775808')) == 'float' and json.decode('-0') == 0",
	"json.decode('  \"x\" \\n') == 'x' and json.decode('null') == json.null and json.decode('false') == false",
	"json.decode('\"\\\\u00e9\\\\n\\\\\"\\\\/\\\\ud83d\\\\ude00\\\\u0000z\"') == '\\u{e9}\\n\"/\\u{1f600}\\0z' and json.decode('\"\\u{e9}\"') == '\\u{e9}'",
	"json.decode('{\"a\": 1, \"a\": 2, \"\\\\u0061b\": 3}').a == 2 and json.decode('{\"\\\\u0061b\": 3}').ab == 3",
	"json.decode(('['):rep(64) .. (']'):rep(64)) ~= nil and json.decode(('['):rep(65) .. (']'):rep(65)) == nil",
};

static void what_there_is(void **state)
{
	lua_rig_init(&rig, 1);
	for (size_t i = 0; i < sizeof(truths) / sizeof(*truths); i++) {
		char script[1000];

		snprintf(script, sizeof(script), "function validate(topic, body)\n  return (%s) and true\nend", truths[i]);
		lua_rig_start(&rig, script);
		if (lua_rig_judge(&rig, "t", "b") != PLUQ_ACCEPT)
			fail_msg("%s: %s", truths[i], rig.finding.reason);
	}
	lua_rig_fini(&rig);
}

/* Bodies that are no JSON, and what is said. */
static void what_is_no_json(void **state)
{
	static const struct {
		const char *body, *reason;
	} cases[] = {
		{ "", "JSON: it ends too early at byte 1" },
		{ " ", "JSON: it ends too early at byte 2" },
		{ "nul", "JSON: not a value at byte 1" },
		{ "x", "JSON: not a value at byte 1" },
		{ "NaN", "JSON: not a value at byte 1" },
		{ "1 2", "JSON: something follows the value at byte 3" },
		{ "01", "JSON: something follows the value at byte 2" },
		{ "-", "JSON: not a number at byte 2" },
		{ "1.", "JSON: not a number at byte 3" },
		{ "1e", "JSON: not a number at byte 3" },
		{ "+1", "JSON: not a value at byte 1" },
		{ "1e999", "JSON: a number is too large at byte 1" },
		{ "[1", "JSON: a comma or ']' is wanted at byte 3" },
		{ "[1,]", "JSON: not a value at byte 4" },
		{ "[", "JSON: it ends too early at byte 2" },
		{ "{", "JSON: a member's name is wanted at byte 2" },
		{ "{\"a\"", "JSON: a colon is wanted at byte 5" },
		{ "{\"a\":1", "JSON: a comma or '}' is wanted at byte 7" },
		{ "{\"a\":1,}", "JSON: a member's name is wanted at byte 8" },
		{ "{a:1}", "JSON: a member's name is wanted at byte 2" },
		{ "\"", "JSON: a string has no end at byte 2" },
		{ "\"a\nb\"", "JSON: a control character in a string at byte 3" },
		{ "\"\xff\"", "JSON: not UTF-8 at byte 2" },
		{ "\"\xed\xa0\x80\"", "JSON: not UTF-8 at byte 2" },
		{ "\"\\x\"", "JSON: no such escape at byte 3" },
		{ "\"\\", "JSON: no such escape at byte 3" },
		{ "\"\\u12\"", "JSON: four hexadecimal digits are wanted at byte 4" },
		{ "\"\\ud800\"", "JSON: half a surrogate pair at byte 8" },
		{ "\"\\ude00\"", "JSON: half a surrogate pair at byte 4" },
		{ "\"\\ud83d\\u0041\"", "JSON: half a surrogate pair at byte 8" },
	};

	lua_rig_init(&rig, 1);
	lua_rig_start(&rig, "function validate(topic, body) local v, why = json.decode(body) return v ~= nil, why end");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (lua_rig_judge(&rig, "t", cases[i].body) != PLUQ_REJECT)
			fail_msg("'%s' is taken", cases[i].body);
		assert_string_equal(rig.finding.reason, cases[i].reason);
	}
	assert_int_equal(lua_rig_judge_on(&rig, 0, "t", "[1,\0]", 5), PLUQ_REJECT);
	assert_int_equal(lua_rig_judge_on(&rig, 0, "t", "1\0", 2), PLUQ_REJECT);
	assert_int_equal(lua_rig_judge_on(&rig, 0, "t", "\"a\0\"", 4), PLUQ_REJECT);
	lua_rig_fini(&rig);
}

/* --- the same as Lua's own */

static int open_ours(lua_State *L)
{
	library_open(L);
	return 0;
}

/* What the script says, in L: on its stack. */
static const char *said(lua_State *L, const char *script, lua_Integer seed)
{
	if (luaL_loadfile(L, script))
		fail_msg("%s", lua_tostring(L, -1));
	lua_pushinteger(L, seed);
	lua_pushinteger(L, 20000);
	if (lua_pcall(L, 2, 1, 0))
		fail_msg("%s", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "it is over");
	return lua_tostring(L, -1);
}

/* Of each, the line in which they differ first. */
static void compare(const char *theirs, const char *ours)
{
	while (*theirs || *ours) {
		size_t n = strcspn(theirs, "\n"), m = strcspn(ours, "\n");

		if (n != m || memcmp(theirs, ours, n) != 0)
			fail_msg("Lua: %.*s\nours: %.*s", (int)n, theirs, (int)m, ours);
		theirs += n + (theirs[n] != 0);
		ours += m + (ours[m] != 0);
	}
}

static void calls_give_what_lua_gives(void **state)
{
	char script[600];

	snprintf(script, sizeof(script), "%s/tests/unit/validate_lua_calls.lua", getenv("PLUQ_SOURCE_DIR"));
	for (lua_Integer seed = 1; seed <= 3; seed++) {
		struct budget budget;
		lua_State *theirs = luaL_newstate(), *ours;

		budget_init(&budget, 256 << 20);
		ours = lua_newstate(budget_alloc, &budget);
		assert_true(theirs && ours);
		*(struct budget **)lua_getextraspace(ours) = &budget;
		luaL_openlibs(theirs);
		lua_pushcfunction(ours, open_ours);
		assert_int_equal(lua_pcall(ours, 0, 0, 0), LUA_OK);
		compare(said(theirs, script, seed), said(ours, script, seed));
		lua_close(theirs);
		lua_close(ours);
		budget_fini(&budget);
	}
}

/* A table is never weak, whenever it is asked to be. */
static void tables_hold_their_keys(void **state)
{
	lua_rig_init(&rig, 1);
	lua_rig_start(&rig, "local mt, n = {}, 0\nlocal t = setmetatable({}, mt)\nmt['__' .. 'mode'] = 'kv'\n"
	                    "for c = 0, 255 do mt[string.char(c) .. '_mode'] = 'kv' end\n"
	                    "for i = 1, 100 do t[{}] = {} end\n"
	                    "function validate()\n  for i = 1, 20 do local s = ('x'):rep(1e5) end\n  local n = 0\n"
	                    "  for k, v in pairs(t) do n = n + 1 end\n  return n == 100 and mt.__mode == 'kv', n .. ' are left'\nend");
	for (int i = 0; i < 20; i++)
		if (lua_rig_judge(&rig, "t", "b") != PLUQ_ACCEPT)
			fail_msg("%s", rig.finding.reason);
	lua_rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_there_is),
		cmocka_unit_test(what_is_no_json),
		cmocka_unit_test(calls_give_what_lua_gives),
		cmocka_unit_test(tables_hold_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
