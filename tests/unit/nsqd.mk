# The nsqd handler, without its daemon.
check_LTLIBRARIES += tests/unit/libnsqd.la
check_PROGRAMS += tests/unit/test_nsqd_text tests/unit/test_nsqd_identify tests/unit/test_nsqd_dialogue
TESTS += tests/unit/test_nsqd_text tests/unit/test_nsqd_identify tests/unit/test_nsqd_dialogue

tests_unit_libnsqd_la_SOURCES = $(nsqd_files) tests/unit/mock_broker.c tests/unit/mock_broker.h
tests_unit_libnsqd_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_unit_libnsqd_la_LIBADD = $(CRYPTO_LIBS) $(ZLIB_LIBS)

tests_unit_test_nsqd_text_SOURCES = tests/unit/test_nsqd_text.c
tests_unit_test_nsqd_text_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_text_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_identify_SOURCES = tests/unit/test_nsqd_identify.c
tests_unit_test_nsqd_identify_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_identify_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_dialogue_SOURCES = tests/unit/test_nsqd_dialogue.c
tests_unit_test_nsqd_dialogue_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_dialogue_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)
