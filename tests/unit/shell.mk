# Configuration, option tables, log.
SHELL_TESTS = \
	tests/unit/test_args \
	tests/unit/test_arena \
	tests/unit/test_config \
	tests/unit/test_log \
	tests/unit/test_nearest \
	tests/unit/test_options \
	tests/unit/test_values \
	tests/unit/test_yaml
check_PROGRAMS += $(SHELL_TESTS)
TESTS += $(SHELL_TESTS)

tests_unit_test_args_SOURCES = tests/unit/test_args.c tests/unit/cmocka_all.h
tests_unit_test_args_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_args_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_arena_SOURCES = tests/unit/test_arena.c tests/unit/cmocka_all.h
tests_unit_test_arena_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_arena_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_config_SOURCES = tests/unit/test_config.c tests/unit/cmocka_all.h
tests_unit_test_config_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_config_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_log_SOURCES = tests/unit/test_log.c tests/unit/cmocka_all.h
tests_unit_test_log_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_log_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_nearest_SOURCES = tests/unit/test_nearest.c tests/unit/cmocka_all.h
tests_unit_test_nearest_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nearest_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_options_SOURCES = tests/unit/test_options.c tests/unit/cmocka_all.h
tests_unit_test_options_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_options_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_values_SOURCES = tests/unit/test_values.c tests/unit/cmocka_all.h
tests_unit_test_values_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_values_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_yaml_SOURCES = tests/unit/test_yaml.c tests/unit/cmocka_all.h
tests_unit_test_yaml_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_yaml_LDADD = libcore.la $(TEST_LIBS)
