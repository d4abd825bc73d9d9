/* For the fuzzers: a sandbox from a text, and what must be true of every answer. */
#ifndef LUA_BOX_H
#define LUA_BOX_H

#include "../../plugins/validators/lua/sandbox.h"

/* NULL: the script does not start; then it was said why. */
struct sandbox *lua_box_new(const void *script, size_t length, int64_t instructions, int64_t memory);

/* Asks; as the plugin does, replaces a sandbox that is not sound any more (*box NULL: it could not be). */
int lua_box_judge(struct sandbox **box, const void *body, size_t length);

#endif
