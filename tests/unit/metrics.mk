# What is measured, how it is gathered, and what becomes of metrics plugins.
METRICS_TESTS = tests/unit/test_due tests/unit/test_latency tests/unit/test_metrics tests/unit/test_snapshot
check_PROGRAMS += $(METRICS_TESTS)
TESTS += $(METRICS_TESTS)

tests_unit_test_due_SOURCES = tests/unit/test_due.c tests/unit/cmocka_all.h
tests_unit_test_due_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_due_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_latency_SOURCES = tests/unit/test_latency.c tests/unit/cmocka_all.h
tests_unit_test_latency_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_latency_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_metrics_SOURCES = tests/unit/test_metrics.c tests/unit/cmocka_all.h tests/unit/loop_rig.c tests/unit/loop_rig.h \
	tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_metrics_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_metrics_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_snapshot_SOURCES = tests/unit/test_snapshot.c tests/unit/cmocka_all.h
tests_unit_test_snapshot_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_snapshot_LDADD = libcore.la $(TEST_LIBS)
