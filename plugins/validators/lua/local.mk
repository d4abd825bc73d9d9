pkglib_LTLIBRARIES += validate-lua.la

validate_lua_files = \
	plugins/validators/lua/budget.c plugins/validators/lua/budget.h \
	plugins/validators/lua/decode.c plugins/validators/lua/decode.h \
	plugins/validators/lua/guards.c plugins/validators/lua/guards.h \
	plugins/validators/lua/library.c plugins/validators/lua/library.h \
	plugins/validators/lua/lua.c \
	plugins/validators/lua/match.c plugins/validators/lua/match.h \
	plugins/validators/lua/patterns.c plugins/validators/lua/patterns.h \
	plugins/validators/lua/program.c plugins/validators/lua/program.h \
	plugins/validators/lua/sandbox.c plugins/validators/lua/sandbox.h \
	plugins/validators/lua/text.c plugins/validators/lua/text.h

validate_lua_la_SOURCES = $(validate_lua_files)
validate_lua_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
validate_lua_la_CFLAGS = $(PLUGIN_CFLAGS) $(LUA_CFLAGS)
validate_lua_la_LDFLAGS = $(PLUGIN_LDFLAGS)
validate_lua_la_LIBADD = $(LUA_LIBS)
