# The plugin prometheus without its daemon.
PROMETHEUS_TESTS = tests/unit/test_prometheus
check_PROGRAMS += $(PROMETHEUS_TESTS)
TESTS += $(PROMETHEUS_TESTS)

tests_unit_test_prometheus_SOURCES = tests/unit/test_prometheus.c tests/unit/mock_host.c tests/unit/mock_host.h \
	tests/unit/cmocka_all.h $(prometheus_files)
tests_unit_test_prometheus_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_prometheus_LDADD = $(TEST_LIBS)
