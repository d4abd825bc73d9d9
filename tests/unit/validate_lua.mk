# validate-lua, without its daemon.
VALIDATE_LUA_TESTS = \
	tests/unit/test_validate_lua \
	tests/unit/test_validate_lua_escapes \
	tests/unit/test_validate_lua_library \
	tests/unit/test_validate_lua_patterns
check_PROGRAMS += $(VALIDATE_LUA_TESTS)
TESTS += $(VALIDATE_LUA_TESTS)
EXTRA_DIST += tests/unit/validate_lua_calls.lua

LUA_RIG = tests/unit/cmocka_all.h \
	tests/unit/lua_rig.c tests/unit/lua_rig.h \
	tests/unit/mock_host.c tests/unit/mock_host.h \
	$(validate_lua_files)

tests_unit_test_validate_lua_SOURCES = tests/unit/test_validate_lua.c $(LUA_RIG)
tests_unit_test_validate_lua_CFLAGS = $(TEST_CFLAGS) $(LUA_CFLAGS)
tests_unit_test_validate_lua_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc,--wrap=malloc
tests_unit_test_validate_lua_LDADD = $(TEST_LIBS) $(LUA_LIBS)

tests_unit_test_validate_lua_escapes_SOURCES = tests/unit/test_validate_lua_escapes.c $(LUA_RIG)
tests_unit_test_validate_lua_escapes_CFLAGS = $(TEST_CFLAGS) $(LUA_CFLAGS)
tests_unit_test_validate_lua_escapes_LDADD = $(TEST_LIBS) $(LUA_LIBS)

tests_unit_test_validate_lua_library_SOURCES = tests/unit/test_validate_lua_library.c $(LUA_RIG)
tests_unit_test_validate_lua_library_CFLAGS = $(TEST_CFLAGS) $(LUA_CFLAGS)
tests_unit_test_validate_lua_library_LDADD = $(TEST_LIBS) $(LUA_LIBS)

tests_unit_test_validate_lua_patterns_SOURCES = tests/unit/test_validate_lua_patterns.c \
	tests/unit/lua_same.c tests/unit/lua_same.h $(LUA_RIG)
tests_unit_test_validate_lua_patterns_CFLAGS = $(TEST_CFLAGS) $(LUA_CFLAGS)
tests_unit_test_validate_lua_patterns_LDADD = $(TEST_LIBS) $(LUA_LIBS)
