# The original's command lines and configuration files.
DROPIN_TESTS = \
	tests/unit/test_flags \
	tests/unit/test_go_values \
	tests/unit/test_toml
check_PROGRAMS += $(DROPIN_TESTS)
TESTS += $(DROPIN_TESTS)

tests_unit_test_flags_SOURCES = tests/unit/test_flags.c tests/unit/cmocka_all.h
tests_unit_test_flags_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_flags_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_go_values_SOURCES = tests/unit/test_go_values.c tests/unit/cmocka_all.h
tests_unit_test_go_values_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_go_values_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_toml_SOURCES = tests/unit/test_toml.c tests/unit/cmocka_all.h
tests_unit_test_toml_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_toml_LDADD = libcore.la $(TEST_LIBS)
