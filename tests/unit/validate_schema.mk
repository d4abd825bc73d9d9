# validate-schema, without its daemon.
VALIDATE_SCHEMA_TESTS = \
	tests/unit/test_validate_schema \
	tests/unit/test_validate_schema_parts \
	tests/unit/test_validate_schema_suite
check_PROGRAMS += $(VALIDATE_SCHEMA_TESTS)
TESTS += $(VALIDATE_SCHEMA_TESTS)

tests_unit_test_validate_schema_SOURCES = tests/unit/test_validate_schema.c tests/unit/cmocka_all.h \
	tests/unit/mock_host.c tests/unit/mock_host.h $(validate_schema_files)
tests_unit_test_validate_schema_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_validate_schema_LDADD = $(TEST_LIBS)

tests_unit_test_validate_schema_parts_SOURCES = tests/unit/test_validate_schema_parts.c tests/unit/cmocka_all.h \
	$(validate_schema_core)
tests_unit_test_validate_schema_parts_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_validate_schema_parts_LDADD = $(TEST_LIBS)

# Speaks TAP by itself; wants the suite as Debian packages it.
tests_unit_test_validate_schema_suite_SOURCES = tests/unit/test_validate_schema_suite.c tests/unit/schema_files.c \
	tests/unit/schema_files.h $(validate_schema_core)
tests_unit_test_validate_schema_suite_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_validate_schema_suite_LDADD = $(PCRE2_LIBS)
