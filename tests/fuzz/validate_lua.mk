LUA_FUZZERS = tests/fuzz/fuzz_lua_body tests/fuzz/fuzz_lua_pattern tests/fuzz/fuzz_lua_script
FUZZERS += $(LUA_FUZZERS)
check_PROGRAMS += $(LUA_FUZZERS)
if !ENABLE_FUZZ
TESTS += $(LUA_FUZZERS)
endif

tests_fuzz_fuzz_lua_body_SOURCES = tests/fuzz/fuzz_lua_body.c tests/fuzz/lua_box.c tests/fuzz/lua_box.h $(FUZZ_MAIN) $(validate_lua_files)
tests_fuzz_fuzz_lua_body_CFLAGS = $(FUZZ_CFLAGS) $(LUA_CFLAGS)
tests_fuzz_fuzz_lua_body_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_lua_body_LDADD = $(LUA_LIBS)
EXTRA_DIST += tests/fuzz/corpus/lua_body

tests_fuzz_fuzz_lua_script_SOURCES = tests/fuzz/fuzz_lua_script.c tests/fuzz/lua_box.c tests/fuzz/lua_box.h $(FUZZ_MAIN) $(validate_lua_files)
tests_fuzz_fuzz_lua_script_CFLAGS = $(FUZZ_CFLAGS) $(LUA_CFLAGS)
tests_fuzz_fuzz_lua_script_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_lua_script_LDADD = $(LUA_LIBS)
EXTRA_DIST += tests/fuzz/corpus/lua_script

tests_fuzz_fuzz_lua_pattern_SOURCES = tests/fuzz/fuzz_lua_pattern.c tests/unit/lua_same.c tests/unit/lua_same.h $(FUZZ_MAIN) \
	$(validate_lua_files)
tests_fuzz_fuzz_lua_pattern_CFLAGS = $(FUZZ_CFLAGS) $(LUA_CFLAGS)
tests_fuzz_fuzz_lua_pattern_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_lua_pattern_LDADD = $(LUA_LIBS)
EXTRA_DIST += tests/fuzz/corpus/lua_pattern
