/* string.find, match, gmatch and gsub, on match.h. */
#ifndef LUA_PATTERNS_H
#define LUA_PATTERNS_H

#include <lua.h>

/* lua_CFunction */
int patterns_find(lua_State *L);
int patterns_match(lua_State *L);
int patterns_gmatch(lua_State *L);
int patterns_gsub(lua_State *L);

#endif
