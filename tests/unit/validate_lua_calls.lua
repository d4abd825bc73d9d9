-- Calls functions of the library with random arguments, and says what each call gave. Run by Lua and by validate-lua's sandbox, it must
-- say the same. Arguments: a seed, how many calls.

local seed, calls = ...

local function random(n)
	seed = (seed * 1103515245 + 12345) % 2147483648
	return (seed >> 8) % n
end

local function one_of(list)
	return list[random(#list) + 1]
end

local letters = { "a", "b", "Z", "0", "7", " ", "%", ".", "-", "[", "]", "(", ")", "\0", "\n", "\"", "\\", "\xff", "\x80", "\u{e9}", "\u{20ac}", "x" }
local formats = { "%d", "%5.2f", "%q", "%s", "%x", "%a", "%g", "%c", "%i", "%10s", "%-5d", "%%", "%.3s", "%+.3e", "%o", "%X", "%#x", "%05d", "%.14g",
	"% d", "%.20f", "%y", "%", "%123d", "text", "\0" }
local packs = { "<", ">", "=", "!4", "!", "b", "B", "h", "i3", "i16", "I7", "j", "J", "T", "d", "f", "n", "s1", "s4", "z", "x", "Xi4", "c3", " ", "i17", "y" }
local numbers = { 0, 1, -1, 2, 3, 7, 10, 36, 127, 128, 255, 256, 65536, 0x7fffffff, math.maxinteger, math.mininteger, 0.0, -0.0, 0.5, -1.5, 1e15, 2 ^ 53,
	2 ^ 63, 1e100, -1e300, 5e-324, 1 / 0, -1 / 0, 3.14159, 1e16, 123456789012345678, 0.1 }

local function text(most)
	local t = {}
	for i = 1, random((most or 10) + 1) do t[i] = one_of(letters) end
	return table.concat(t)
end

local function joined(list, most)
	local t = {}
	for i = 1, random(most + 1) do t[i] = one_of(list) end
	return table.concat(t)
end

local function small()
	return random(16) - 5
end

local function any()
	local kind = random(10)
	if kind < 3 then return one_of(numbers) end
	if kind < 5 then return small() end
	if kind < 8 then return text() end
	if kind == 8 then return tostring(one_of(numbers)) end
	return one_of { true, false, "0x10", "0x1p4", " 12 ", "1e1", "nan" } or nil
end

local function list()
	local t, kind = {}, random(4)
	for i = 1, random(9) do
		if kind == 0 then t[i] = any() elseif kind == 1 then t[i] = text(4) else t[i] = small() end
	end
	return t
end

local function show(v)
	local kind = type(v)
	if kind == "table" then
		local t, last = {}, 20
		while last > 0 and rawget(v, last) == nil do last = last - 1 end
		for i = 1, last do t[i] = show(rawget(v, i)) end
		return "{" .. table.concat(t, ",") .. ";" .. tostring(rawget(v, "n")) .. "}"
	elseif kind == "function" then
		return kind
	end
	return math.type(v) == "float" and string.format("%a", v) or string.format("%q", v)
end

-- What a call is given: functions that make the arguments; some are left out at the end.
local s, n, f, p, l, a = text, small, function() return joined(formats, 5) end, function() return joined(packs, 4) end, list, any
local number = function() return one_of(numbers) end
local smaller = function(x, y) return tostring(x) > tostring(y) end
local order = function() return one_of { smaller, smaller, smaller, 5 } end
local count = function() return "#" end
local function keyed() return setmetatable(list(), { __index = function(_, k) return k end, __name = "keyed" }) end
local function named() return setmetatable({}, { __tostring = function() return text(3) end }) end
local what = {
	string = { byte = { s, n, n }, char = { n, a, number }, find = { s, s, n, a }, format = { f, a, a, a, a, a }, gmatch = { s, s, n }, gsub = { s, s, s, n },
		len = { a }, lower = { s }, match = { s, s, n }, pack = { p, a, a, a, a }, packsize = { p }, rep = { a, n, s }, reverse = { s }, sub = { s, n, n },
		unpack = { p, function() return text(24) end, n }, upper = { a } },
	table = { concat = { l, s, n, n }, insert = { l, n, a }, move = { l, n, n, n, l }, pack = { a, a, a, a }, remove = { l, n }, sort = { l, order },
		unpack = { l, n, n } },
	utf8 = { char = { n, number, n }, codepoint = { s, n, n, a }, codes = { s, a }, len = { s, n, n, a }, offset = { s, n, n } },
	math = { abs = { a }, ceil = { a }, floor = { a }, fmod = { a, a }, max = { a, a, a }, min = { a, a }, modf = { a }, sqrt = { a }, tointeger = { a },
		type = { a }, ult = { a, a } },
	_G = { assert = { a, a }, error = { a, n }, getmetatable = { keyed }, ipairs = { l }, next = { l, n }, pcall = { function() return string.rep end, s, n, a },
		rawequal = { a, a }, rawget = { keyed, n }, rawlen = { a }, rawset = { l, n, a }, select = { n, a, a, a }, setmetatable = { l, l }, tonumber = { a, n },
		tostring = { function() return one_of { any(), named() } end }, type = { a } },
}
what.more = { concat = { keyed, s, n, n }, move = { keyed, n, n, n }, unpack = { keyed, n, n }, select = { count, a, a }, tonumber = { a } }

local names = {}
for lib, functions in pairs(what) do
	for name in pairs(functions) do names[#names + 1] = lib .. "." .. name end
end
table.sort(names)

local out = {}
for i = 1, calls do
	local lib, name = one_of(names):match("(.*)%.(.*)")
	local makers, arguments = what[lib][name], { n = 0 }
	local least = name == "unpack" and 1 or 0 -- the sandbox wants a table, Lua takes anything
	local given = random(5) == 0 and math.max(least, random(#makers + 1)) or #makers
	for j = 1, given do arguments[j] = makers[j]() end
	local called = lib == "more" and (table[name] or _G[name]) or lib == "_G" and _G[name] or _G[lib][name]
	local before = show(arguments)
	local got = table.pack(pcall(function() local results = table.pack(called(table.unpack(arguments, 1, given))) return results end))
	out[#out + 1] = i .. " " .. lib .. "." .. name .. before .. ": " .. show(got[2]) .. " leaves " .. show(arguments)
	for j = 1, got[1] and got[2].n or 0 do -- iterators
		if type(got[2][j]) == "function" and j == 1 and lib ~= "_G" then
			for k = 1, 4 do out[#out + 1] = show(table.pack(pcall(got[2][1], got[2][2], got[2][3]))) end
		end
	end
end
return table.concat(out, "\n")
