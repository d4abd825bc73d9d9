/* validate-lua: scripts that must not get out, hang, crash or fill the memory. Each is asked twice, and then a good one must still be
 * answered by the same state. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lua_rig.h"

#define TOO_LONG "the script took too long"
#define TOO_LARGE "the script ran out of memory"
#define ANY ""
#define EITHER "the script " /* which of the two limits is met first is not the point */

/* The body of validate, run when the message is "evil". what: NULL for accepted, else how the reason begins. */
static const struct {
	const char *name, *code, *what;
} scripts[] = {
	/* --- what is not there */
	{ "nothing to get out with",
	    "for _, name in ipairs {'io', 'os', 'package', 'require', 'debug', 'coroutine', 'load', 'loadstring', 'loadfile', 'dofile', 'xpcall',\n"
	    "  'collectgarbage', 'print', 'warn', 'getfenv', 'setfenv', 'newproxy', 'module', 'unpack'} do\n"
	    "  if _G[name] ~= nil then return false, name end\nend\nreturn string.dump == nil and utf8 ~= nil", NULL },
	{ "everything there is",
	    "local known = {_G = 1, _VERSION = 1, assert = 1, error = 1, getmetatable = 1, ipairs = 1, json = 1, math = 1, next = 1, pairs = 1,\n"
	    "  pcall = 1, rawequal = 1, rawget = 1, rawlen = 1, rawset = 1, select = 1, setmetatable = 1, string = 1, table = 1, tonumber = 1,\n"
	    "  tostring = 1, type = 1, utf8 = 1, validate = 1}\n"
	    "for name in pairs(_G) do if not known[name] then return false, name end end\nreturn true", NULL },
	{ "the metatable of texts", "return getmetatable('') == false and getmetatable(body) == false", NULL },
	{ "the metatable of texts, changed", "return not pcall(setmetatable, '', {})", NULL },
	{ "a protected metatable", "local t = setmetatable({}, {__metatable = 1}) return not pcall(setmetatable, t, {})", NULL },
	{ "no way to the registry", "return not pcall(next, 'x') and not pcall(rawget, json.null, 1) and getmetatable(json.null) == nil", NULL },
	{ "the time and an address as a seed", "return math.randomseed() == nil", "script error: check.lua:3: bad argument #1 to 'randomseed'" },
	{ "bytecode as a format", "return string.format('%s', string.pack('z', '\\27Lua'):sub(1, 4)) == '\\27Lua'", NULL },

	/* --- loops and what tries to survive the end */
	{ "a loop", "while true do end", TOO_LONG },
	{ "goto", "::a:: goto a", TOO_LONG },
	{ "for without end", "for i = 1, math.huge do end", TOO_LONG },
	{ "a loop behind pcall", "while true do pcall(function() while true do end end) end", TOO_LONG },
	{ "pcall of pcall", "local f = pcall while true do f(f, f, f, function() while true do end end) end", TOO_LONG },
	{ "what comes behind pcall", "pcall(function() while true do end end) return true", TOO_LONG },
	{ "memory behind pcall", "while true do pcall(string.rep, 'x', 1 << 30) end", EITHER },
	{ "what comes behind a lack of memory", "pcall(function() local t = {} while true do t[#t + 1] = {} end end) return true", EITHER },
	{ "recursion behind pcall", "local function f() pcall(f) pcall(f) end f() return true", EITHER },
	{ "a closing variable",
	    "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end", TOO_LONG },
	{ "a closing variable behind an error",
	    "local x <close> = setmetatable({}, {__close = function() while true do end end}) error('x')", TOO_LONG },
	{ "many closing variables",
	    "local mt = {__close = function() while true do end end}\n"
	    "local function f(n) local x <close> = setmetatable({}, mt) if n > 0 then return (f(n - 1)) end while true do end end\n"
	    "f(150) return true", TOO_LONG },
	{ "a closing variable of a loop",
	    "for i in next, {1}, nil, setmetatable({}, {__close = function() while true do end end}) do end", TOO_LONG },
	{ "a finalizer", "setmetatable({}, {__gc = function() while true do end end}) return true",
	    "script error: check.lua:3: bad argument #2 to 'setmetatable' (a metatable with __gc)" },
	{ "a finalizer that comes later",
	    "local mt = {} for i = 1, 1000 do setmetatable({}, mt) end mt.__gc = function() while true do end end\n"
	    "for i = 1, 1e4 do local t = {} end return true", NULL },
	{ "a finalizer with a metatable of its own",
	    "local mt = setmetatable({}, {__index = {__gc = function() while true do end end}})\n"
	    "for i = 1, 1e4 do setmetatable({}, mt) end return true", NULL },
	{ "weak keys", "setmetatable({}, {__mode = 'k'}) return true",
	    "script error: check.lua:3: bad argument #2 to 'setmetatable' (a metatable with __mode)" },
	{ "metamethods without end", "local mt = {} mt.__index = function(t, k) return t[k] end return setmetatable({}, mt).x", ANY },
	{ "a chain of __index", "local t = {} setmetatable(t, {__index = t}) return t.x", "script error: " },
	{ "a comparison without end", "local mt = {} mt.__lt = function() while true do end end\n"
	    "return setmetatable({}, mt) < setmetatable({}, mt)", TOO_LONG },
	{ "__tostring without end", "return tostring(setmetatable({}, {__tostring = function() while true do end end}))", TOO_LONG },
	{ "__concat without end", "return setmetatable({}, {__concat = function() while true do end end}) .. 'x'", TOO_LONG },
	{ "__call of __call", "local t = setmetatable({}, {}) getmetatable(t).__call = t return t()", TOO_LARGE },
	{ "recursion", "local function f() return 1 + f() end return f()", ANY },
	{ "tail calls", "local function f() return f() end return f()", TOO_LONG },
	{ "recursion through a library", "local function f() return ('x'):gsub('x', f) end f() return true", "script error: " },
	{ "recursion through sort", "local function f() table.sort({1, 2, 3}, f) end f() return true", "script error: " },
	{ "an error of an error", "error(setmetatable({}, {__tostring = function() error('x') end}))", "script error: an error that is" },
	{ "a huge error", "error(('x'):rep(1e6))", "script error: check.lua:3: xxx" },
	{ "a reason that is a table", "return false, setmetatable({}, {__tostring = function() while true do end end, __name = 'x'})",
	    "the script says no" },

	/* --- memory */
	{ "a doubled text", "local s = 'x' while true do s = s .. s end", EITHER },
	{ "a long text", "return #string.rep('x', 1 << 40) > 0", TOO_LONG },
	{ "a text too long to count", "return #string.rep('xx', math.maxinteger) > 0", TOO_LONG },
	{ "a table", "local t = {} for i = 1, math.huge do t[i] = i end", EITHER },
	{ "a table of tables", "local t = {} while true do t = {t, {}, {}} end", EITHER },
	{ "globals", "local i = 0 while true do i = i + 1 _G['x' .. i] = i end", EITHER },
	{ "joined", "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1e5) end return #table.concat(t) > 0", EITHER },
	{ "replaced", "local s = ('x'):rep(1e4) return #s:gsub('x', s) > 0", EITHER },
	{ "formatted", "local s = ('x'):rep(1e6) local t = {} for i = 1, 100 do t[i] = s end\n"
	    "return #string.format(('%s'):rep(100), table.unpack(t)) > 0", EITHER },
	{ "quoted", "local s = ('\\0'):rep(4e6) while true do s = string.format('%q', s) end", EITHER },
	{ "packed", "return #string.pack('c2000000000', 'x') > 0", EITHER },
	{ "upper case", "local s = ('x'):rep(7e6) while true do s:upper() end", EITHER },
	{ "values", "return select('#', table.unpack({}, 1, 1e7)) > 0", TOO_LONG },
	{ "characters", "return string.char(table.unpack({}, 1, 5e5)) ~= ''", ANY },
	{ "bytes", "local s = ('x'):rep(9e5) while true do s:byte(1, -1) end", ANY },
	{ "code points", "local s = ('x'):rep(9e5) while true do utf8.codepoint(s, 1, -1) end", ANY },

	/* --- work inside of the library */
	{ "empty texts without end", "string.rep('', math.maxinteger) string.rep('', math.maxinteger, '') return true", NULL },
	{ "a width", "return #string.format('%999999999d', 1) > 0", "script error: " },
	{ "precision", "return #string.format('%.99f', 1e308) > 0", NULL },
	{ "backtracking", "return ('a'):rep(30000):find(('a*'):rep(30) .. 'b') == nil", TOO_LONG },
	{ "backtracking in match", "return ('a'):rep(30000):match('(.-)(.-)(.-)(.-)(.-)(.-)b') == nil", TOO_LONG },
	{ "backtracking in gsub", "return ('a'):rep(30000):gsub('(.-)(.-)(.-)(.-)b', '') == nil", TOO_LONG },
	{ "backtracking in gmatch", "for _ in ('a'):rep(30000):gmatch('.-.-.-.-b') do end", TOO_LONG },
	{ "backtracking behind pcall", "while true do pcall(string.find, ('a'):rep(30000), '.-.-.-.-b') end", TOO_LONG },
	{ "unbalanced", "return ('('):rep(100000):find('%b()') == nil", TOO_LONG },
	{ "a long set", "return ('a'):rep(100000):find('[' .. ('b'):rep(100000) .. ']') == nil", TOO_LONG },
	{ "a deep pattern", "return ('a'):rep(1000):find(('a?'):rep(1000) .. 'b') == nil", ANY },
	{ "many captures", "return ('a'):find(('()'):rep(33)) == nil", "script error: " },
	{ "repeated captures", "local s = ('a'):rep(20000) return s:find('(a*)%1b') == nil", TOO_LONG },
	{ "a plain search, again and again", "local s, p = ('a'):rep(1e6), ('a'):rep(5e5) .. 'b' while true do s:find(p, 1, true) end", TOO_LONG },
	{ "a sort", "local t = {} for i = 1, 1e5 do t[i] = i % 7 end table.sort(t) return true", TOO_LONG },
	{ "a sort of long texts", "local a, t = ('x'):rep(2e6), {} for i = 1, 1000 do t[i] = i % 2 == 0 and a or a .. '' end\n"
	    "while true do table.sort(t) end", TOO_LONG },
	{ "a sort of long texts that __index brings",
	    "local a, other, t = ('\\0'):rep(2e6), {}, {} local b = a .. 'b' a = a .. 'a'\n"
	    "for i = 1, 256 do other[i] = i % 2 == 0 and a or b t[i] = 1 end for i = 1, 255 do t[i] = nil end t[256] = 'z'\n"
	    "table.sort(setmetatable(t, {__index = other, __newindex = other})) return true", TOO_LONG },
	{ "a sort with a wrong order", "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end) return true",
	    "script error: " },
	{ "a sort of what is not there",
	    "table.sort(setmetatable({}, {__len = function() return 1 << 30 end, __index = type}), rawequal) return true",
	    "script error: check.lua:3: bad argument #1 to 'sort' (a table with __len)" },
	{ "a length that changes", "local n = 0\n"
	    "table.insert(setmetatable({}, {__len = function() n = n + 1 return n > 1 and 1 << 40 or 0 end}), 1, 1) return true",
	    "script error: " },
	{ "a border that is far away", "local t = {} for i = 0, 61 do t[1 << i] = 1 end table.insert(t, 1, 1) return true", NULL },
	{ "moved without end", "table.move({}, 1, math.maxinteger - 1, 2) return true", TOO_LONG },
	{ "moved from the least", "table.move({}, math.mininteger, -2, 1) return true", ANY },
	{ "joined without end", "return table.concat({}, '', 1, math.maxinteger) == ''", TOO_LONG },
	{ "joined from the least", "return table.concat({}, '', math.mininteger, math.maxinteger) == ''", TOO_LONG },
	{ "taken apart without end", "return table.unpack({}, math.mininteger, math.maxinteger)", TOO_LONG },
	{ "inserted at the front", "local t = {} for i = 1, 1e5 do table.insert(t, 1, i) end return true", TOO_LONG },
	{ "removed at the front", "local t = {} for i = 1, 1e4 do t[i] = i end while true do table.insert(t, table.remove(t, 1)) end", TOO_LONG },
	{ "a long format", "local f = ('<'):rep(1e6) while true do string.packsize(f) end", TOO_LONG },
	{ "a long format to unpack", "local f = ('>'):rep(1e6) while true do string.unpack(f, 'x') end", TOO_LONG },
	{ "long texts compared", "local a = ('x'):rep(3e6) local b = a .. 'y' a = a .. 'z' local n = 0 while true do n = n + (a < b and 1 or 0) end",
	    TOO_LONG },
	{ "long texts of NUL bytes", "local a = ('\\0'):rep(2e6) local b = a .. 'b' a = a .. 'a' while true do local _ = a < b, b < a, a < b end", TOO_LONG },
	{ "long texts that are equal", "local a, b = ('x'):rep(2e6), ('x'):rep(2e6) while true do local _ = a == b end", TOO_LONG },
	{ "long texts as keys", "local s = ('x'):rep(1e6) while true do local t = {[s .. 'y'] = 1} end", EITHER },
	{ "long numbers", "local s = ('1'):rep(1e6) while true do local _ = s + 0 end", TOO_LONG },
	{ "long numbers by bits", "local s = ('1'):rep(1e6) .. '.0' while true do local _ = s | 0 end", ANY },
	{ "long numbers, read", "local s = (' '):rep(1e6) while true do tonumber(s) end", TOO_LONG },
	{ "an empty table that was large", "local t = {} for i = 1, 5e4 do t['x' .. i] = 1 end for k in pairs(t) do t[k] = nil end\n"
	    "while true do next(t) end", ANY },
	{ "lengths of UTF-8", "local s = ('x'):rep(1e6) while true do utf8.len(s) end", TOO_LONG },
	{ "places of UTF-8", "local s = ('\\x80'):rep(1e6) while true do utf8.offset(s, 0, 5e5) end", TOO_LONG },
	{ "JSON again and again", "local s = '[' .. ('1,'):rep(1e5) .. '1]' while true do json.decode(s) end", EITHER },
	{ "deep JSON", "local v, why = json.decode(('['):rep(1e6)) return v == nil and why == 'JSON: too deep at byte 65'", NULL },
	{ "keys that keep a table alive", "local mt = {} local t = setmetatable({}, mt) mt.__mode = 'k' for i = 1, 2e4 do local k = {} t[k] = {k} end return true", NULL },

	/* --- things changed under the plugin's feet */
	{ "validate is taken away", "validate = nil return true", NULL },
	{ "everything is taken away", "if not pairs then return true end local g = _G for k in pairs(g) do g[k] = nil end return true", NULL },
	{ "methods of texts are taken away", "local s = string for k in pairs(s) do s[k] = nil end return true", NULL },
	{ "globals with a trap", "setmetatable(_G, {__index = function() while true do end end, __newindex = function() end}) return true", NULL },
};

static struct lua_rig rig;

static void run(const char *name, const char *code, const char *what)
{
	char text[2000];

	snprintf(text, sizeof(text), "local asked = 0\nfunction validate(topic, body) if body == 'good' then return true end asked = asked + 1\n%s\nend", code);
	lua_rig_start(&rig, text);
	for (int i = 0; i < 2; i++) {
		int judgement = lua_rig_judge(&rig, "t", "evil");

		if (judgement != (what ? PLUQ_REJECT : PLUQ_ACCEPT) || (what && strncmp(rig.finding.reason, what, strlen(what)) != 0))
			fail_msg("%s: %d '%s' instead of '%s'", name, judgement, rig.finding.reason, what ? what : "yes");
	}
	if (lua_rig_judge(&rig, "t", "good") != PLUQ_ACCEPT)
		fail_msg("%s: afterwards: '%s'", name, rig.finding.reason);
	lua_rig_stop(&rig);
}

static void nothing_gets_out(void **state)
{
	lua_rig_init(&rig, 1);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
		run(scripts[i].name, scripts[i].code, scripts[i].what);
	lua_rig_fini(&rig);
}

/* With memory too scarce for some of it, and with few instructions: other errors, but no harm. */
static void nor_under_other_limits(void **state)
{
	static const int64_t limits[][2] = { { 1000, 1 << 20 }, { 30000, 256 << 10 }, { 100000, 128 << 20 } };

	lua_rig_init(&rig, 1);
	for (size_t l = 0; l < sizeof(limits) / sizeof(*limits); l++) {
		lua_rig_set(&rig, "max_instructions", limits[l][0]);
		lua_rig_set(&rig, "max_memory", limits[l][1]);
		for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
			char text[2000];

			snprintf(text, sizeof(text), "function validate(topic, body) if body == 'good' then return true end\n%s\nend", scripts[i].code);
			lua_rig_start(&rig, text);
			lua_rig_judge(&rig, "t", "evil");
			lua_rig_judge(&rig, "t", "evil");
			if (lua_rig_judge(&rig, "t", "good") != PLUQ_ACCEPT)
				fail_msg("%s: afterwards: '%s'", scripts[i].name, rig.finding.reason);
		}
	}
	lua_rig_fini(&rig);
}

/* The same at the start of a script: the start fails or succeeds, and ends. */
static void nor_at_the_start(void **state)
{
	lua_rig_init(&rig, 1);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		char text[2000];
		int rc;

		snprintf(text, sizeof(text), "local function evil(topic, body)\n%s\nend\nevil('t', 'b')\nfunction validate() return true end",
		    scripts[i].code);
		rc = lua_rig_try(&rig, text);
		if (rc && strncmp(rig.why.text, "script: ", 8) != 0)
			fail_msg("%s: '%s'", scripts[i].name, rig.why.text);
		lua_rig_stop(&rig);
	}
	lua_rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gets_out),
		cmocka_unit_test(nor_under_other_limits),
		cmocka_unit_test(nor_at_the_start),
	};

	alarm(1200); /* what hangs is told by this */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
