# The authd handler, and the auth plugins whose files name entries and grants.
AUTHD_UNIT_TESTS = tests/unit/test_auth_rules tests/unit/test_auth_token tests/unit/test_auth_cert tests/unit/test_authd
check_PROGRAMS += $(AUTHD_UNIT_TESTS)
TESTS += $(AUTHD_UNIT_TESTS)

mock_asker_files = tests/unit/mock_asker.c tests/unit/mock_asker.h tests/unit/mock_host.c tests/unit/mock_host.h

tests_unit_test_auth_rules_SOURCES = tests/unit/test_auth_rules.c $(mock_asker_files) $(auth_rules_files)
tests_unit_test_auth_rules_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_rules_LDADD = $(TEST_LIBS)

tests_unit_test_auth_token_SOURCES = tests/unit/test_auth_token.c $(mock_asker_files) $(auth_token_files) plugins/auth/token/token.c
tests_unit_test_auth_token_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_token_LDADD = $(TEST_LIBS)

tests_unit_test_auth_cert_SOURCES = tests/unit/test_auth_cert.c $(mock_asker_files) $(auth_cert_files)
tests_unit_test_auth_cert_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_cert_LDADD = $(TEST_LIBS)

tests_unit_test_authd_SOURCES = tests/unit/test_authd.c tests/unit/mock_host.c tests/unit/mock_host.h daemon/net/json_quote.c \
	$(authd_files)
tests_unit_test_authd_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_authd_LDADD = $(TEST_LIBS)
