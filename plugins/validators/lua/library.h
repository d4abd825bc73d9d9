/* What a script may call. */
#ifndef LUA_LIBRARY_H
#define LUA_LIBRARY_H

#include <lua.h>

/* Protected: may raise. Makes the globals of a fresh state. */
void library_open(lua_State *L);

#endif
