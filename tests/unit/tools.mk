# Client and load generator.
check_PROGRAMS += tests/unit/test_client_frame tests/unit/test_bench_histogram
TESTS += tests/unit/test_client_frame tests/unit/test_bench_histogram

tests_unit_test_client_frame_SOURCES = tests/unit/test_client_frame.c
tests_unit_test_client_frame_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_client_frame_LDADD = libclient.la $(TEST_LIBS)

tests_unit_test_bench_histogram_SOURCES = tests/unit/test_bench_histogram.c bench/histogram.c
tests_unit_test_bench_histogram_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_bench_histogram_LDADD = $(TEST_LIBS)
