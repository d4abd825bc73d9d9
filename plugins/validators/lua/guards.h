/* The library's own functions whose work grows with what they are given: what that costs is charged before they begin. */
#ifndef LUA_GUARDS_H
#define LUA_GUARDS_H

#include <lua.h>

/* lua_CFunction, with the library's own function as the first upvalue. */
int guard_byte(lua_State *L);      /* string.byte, utf8.codepoint: a value for each byte or character */
int guard_rep(lua_State *L);       /* string.rep: a round for each copy, empty ones too */
int guard_format(lua_State *L);    /* string.pack, packsize, unpack: the format is read by the byte */
int guard_text(lua_State *L);      /* tonumber, utf8.codes, len, offset: the text is read */
int guard_unpack(lua_State *L);    /* table.unpack: a value for each element */
int guard_concat(lua_State *L);    /* table.concat */
int guard_insert(lua_State *L); /* table.insert, remove: what lies behind is moved */
int guard_remove(lua_State *L);
int guard_move(lua_State *L);
int guard_sort(lua_State *L);
int guard_seed(lua_State *L);  /* math.randomseed: without a seed it would tell the time and an address */
int guard_equal(lua_State *L); /* rawequal */

/* Without an upvalue, in place of the library's own. */
int safe_pcall(lua_State *L);        /* hands on the error that ends a message */
int safe_setmetatable(lua_State *L); /* no finalizers: no hook runs inside of them; no weak tables: library.c */

#endif
