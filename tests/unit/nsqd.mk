# The nsqd handler, without its daemon.
NSQD_TESTS = \
	tests/unit/test_nsqd_answers \
	tests/unit/test_nsqd_auth \
	tests/unit/test_nsqd_consumer \
	tests/unit/test_nsqd_dialogue \
	tests/unit/test_nsqd_identify \
	tests/unit/test_nsqd_text \
	tests/unit/test_nsqd_upgrade
check_LTLIBRARIES += tests/unit/libnsqd.la
check_PROGRAMS += $(NSQD_TESTS)
TESTS += $(NSQD_TESTS)

tests_unit_libnsqd_la_SOURCES = $(nsqd_files) tests/unit/cmocka_all.h \
	tests/unit/mock_broker.c tests/unit/mock_broker.h \
	tests/unit/mock_secure.c tests/unit/mock_secure.h \
	tests/unit/nsqd_rig.c tests/unit/nsqd_rig.h \
	daemon/net/json_quote.c
tests_unit_libnsqd_la_CFLAGS = $(PLUGIN_CFLAGS) $(CMOCKA_CFLAGS) -Wno-unused-parameter
tests_unit_libnsqd_la_LIBADD = $(CRYPTO_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS)

tests_unit_test_nsqd_answers_SOURCES = tests/unit/test_nsqd_answers.c
tests_unit_test_nsqd_answers_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_answers_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_auth_SOURCES = tests/unit/test_nsqd_auth.c
tests_unit_test_nsqd_auth_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_auth_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_consumer_SOURCES = tests/unit/test_nsqd_consumer.c
tests_unit_test_nsqd_consumer_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_consumer_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_dialogue_SOURCES = tests/unit/test_nsqd_dialogue.c
tests_unit_test_nsqd_dialogue_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_dialogue_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_identify_SOURCES = tests/unit/test_nsqd_identify.c
tests_unit_test_nsqd_identify_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_identify_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_text_SOURCES = tests/unit/test_nsqd_text.c
tests_unit_test_nsqd_text_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_text_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_nsqd_upgrade_SOURCES = tests/unit/test_nsqd_upgrade.c
tests_unit_test_nsqd_upgrade_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_upgrade_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)
