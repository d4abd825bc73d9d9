# The lookupd handler, without its daemon.
check_LTLIBRARIES += tests/unit/liblookupd.la
LOOKUPD_UNIT_TESTS = tests/unit/test_lookupd_db tests/unit/test_lookupd_dialogue tests/unit/test_lookupd_identify \
	tests/unit/test_lookupd_line
check_PROGRAMS += $(LOOKUPD_UNIT_TESTS)
TESTS += $(LOOKUPD_UNIT_TESTS)

tests_unit_liblookupd_la_SOURCES = $(lookupd_files) tests/unit/mock_lookupd.c tests/unit/mock_lookupd.h
tests_unit_liblookupd_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_unit_liblookupd_la_LIBADD = $(JANSSON_LIBS)

tests_unit_test_lookupd_db_SOURCES = tests/unit/test_lookupd_db.c
tests_unit_test_lookupd_db_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_lookupd_db_LDADD = tests/unit/liblookupd.la $(TEST_LIBS)

tests_unit_test_lookupd_dialogue_SOURCES = tests/unit/test_lookupd_dialogue.c
tests_unit_test_lookupd_dialogue_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_lookupd_dialogue_LDADD = tests/unit/liblookupd.la $(TEST_LIBS)

tests_unit_test_lookupd_identify_SOURCES = tests/unit/test_lookupd_identify.c
tests_unit_test_lookupd_identify_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_lookupd_identify_LDADD = tests/unit/liblookupd.la $(TEST_LIBS)

tests_unit_test_lookupd_line_SOURCES = tests/unit/test_lookupd_line.c
tests_unit_test_lookupd_line_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_lookupd_line_LDADD = tests/unit/liblookupd.la $(TEST_LIBS)
