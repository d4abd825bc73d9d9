/* json.decode(text): the value; or nil and what is wrong where. */
#ifndef LUA_DECODE_H
#define LUA_DECODE_H

#include <lua.h>

#define DECODE_DEPTH_MAX 64

/* lua_CFunction. Objects and arrays become tables, null the light userdata json.null, whole numbers integers if they fit; of members
 * with the same name the last counts. Strict (RFC 8259, UTF-8). Its memory is the state's, its work is charged. */
int json_decode(lua_State *L);

#endif
