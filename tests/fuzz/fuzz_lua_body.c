/* validate-lua: any body gets an answer from a script that uses what such scripts use; and the one after it too. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lua_box.h"

static const char script[] =
    "local seen = 0\n"
    "function validate(topic, body)\n"
    "  if body == 'good' then return true end\n"
    "  seen = seen + 1\n"
    "  local value, why = json.decode(body)\n"
    "  if value == nil then\n"
    "    local k, v = body:match('^%s*([%w_]+)%s*=%s*(.-)%s*$')\n"
    "    if k then return false, k .. v end\n"
    "    local n = 0\n"
    "    for word in body:gmatch('%S+') do n = n + #word:gsub('%A', '?'):lower() end\n"
    "    if utf8.len(body) and n > 0 then return body:sub(1, 64) end\n"
    "    pcall(string.find, body:sub(1, 20), body:sub(21, 40))\n"
    "    pcall(string.unpack, body:sub(1, 8), body)\n"
    "    pcall(string.format, body:sub(1, 16), n, n, n)\n"
    "    return false, why .. ': ' .. body\n"
    "  end\n"
    "  local function depth(v)\n"
    "    local most = 0\n"
    "    if type(v) == 'table' then\n"
    "      for key, x in pairs(v) do most = math.max(most, depth(x) + (type(key) == 'string' and #key or 1)) end\n"
    "    end\n"
    "    return most + 1\n"
    "  end\n"
    "  if type(value) == 'string' then return value end\n"
    "  return depth(value) < 10, value\n"
    "end\n";

static struct sandbox *box;

/* libFuzzer looks for leaks when it ends. */
static void end(void)
{
	sandbox_free(&box);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!box) {
		box = lua_box_new(script, sizeof(script) - 1, 200000, 1 << 20);
		assert(box && atexit(end) == 0);
	}
	lua_box_judge(&box, data, size);
	assert(box && lua_box_judge(&box, "good", 4) == PLUQ_ACCEPT);
	return 0;
}
