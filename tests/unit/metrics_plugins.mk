# Metrics plugins, without their daemon.
METRICS_PLUGIN_TESTS = tests/unit/test_past tests/unit/test_statsd tests/unit/test_statsd_target tests/unit/test_stdout
check_PROGRAMS += $(METRICS_PLUGIN_TESTS)
TESTS += $(METRICS_PLUGIN_TESTS)

MOCK_SNAPSHOT = tests/unit/cmocka_all.h tests/unit/mock_host.c tests/unit/mock_host.h tests/unit/mock_snapshot.c \
	tests/unit/mock_snapshot.h

tests_unit_test_past_SOURCES = tests/unit/test_past.c $(MOCK_SNAPSHOT) $(metrics_common_files)
tests_unit_test_past_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_past_LDADD = $(TEST_LIBS)

tests_unit_test_statsd_SOURCES = tests/unit/test_statsd.c $(MOCK_SNAPSHOT) $(statsd_files)
tests_unit_test_statsd_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_statsd_LDADD = $(TEST_LIBS)

tests_unit_test_statsd_target_SOURCES = tests/unit/cmocka_all.h tests/unit/test_statsd_target.c \
	plugins/metrics/statsd/lookup.c plugins/metrics/statsd/lookup.h \
	plugins/metrics/statsd/target.c plugins/metrics/statsd/target.h
tests_unit_test_statsd_target_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_statsd_target_LDADD = $(TEST_LIBS)

tests_unit_test_stdout_SOURCES = tests/unit/test_stdout.c $(MOCK_SNAPSHOT) $(stdout_files)
tests_unit_test_stdout_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_stdout_LDADD = $(TEST_LIBS)
