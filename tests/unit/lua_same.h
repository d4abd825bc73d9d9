/* Does the plugin's matcher say what Lua's own says? */
#ifndef LUA_SAME_H
#define LUA_SAME_H

#include <stdbool.h>
#include <stddef.h>

struct lua_same;

struct lua_same *lua_same_new(void);
void lua_same_free(struct lua_same *);

/* find, match, gmatch and gsub of this subject and pattern, by both; false: they differ, and text (of `room` bytes) says in what. The
 * subject should be short: nothing bounds Lua's own. Errors must be the same too. */
bool lua_same(struct lua_same *, const char *subject, size_t subject_length, const char *pattern, size_t pattern_length, const char *other,
    size_t other_length, char *text, size_t room);

#endif
