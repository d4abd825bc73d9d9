# The auth plugins, without their daemon.
AUTH_PLUGIN_TESTS = \
	tests/unit/test_auth_csv \
	tests/unit/test_auth_http
check_PROGRAMS += $(AUTH_PLUGIN_TESTS)
TESTS += $(AUTH_PLUGIN_TESTS)

MOCK_AUTH = tests/unit/cmocka_all.h \
	tests/unit/mock_auth.c tests/unit/mock_auth.h \
	tests/unit/mock_host.c tests/unit/mock_host.h \
	daemon/net/json_quote.c

tests_unit_test_auth_csv_SOURCES = tests/unit/test_auth_csv.c $(MOCK_AUTH) $(auth_csv_files)
tests_unit_test_auth_csv_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_csv_LDADD = $(TEST_LIBS)

tests_unit_test_auth_http_SOURCES = tests/unit/test_auth_http.c $(MOCK_AUTH) $(auth_http_files)
tests_unit_test_auth_http_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_http_LDADD = $(TEST_LIBS)
