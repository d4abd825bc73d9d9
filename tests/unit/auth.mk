# fake_clock.c defines the daemon's clocks: named before the daemon's own library, so that the latter's are not taken.
AUTH_RIG = tests/unit/auth_rig.c tests/unit/auth_rig.h tests/unit/loop_rig.c tests/unit/loop_rig.h tests/unit/fake_clock.c \
	tests/unit/fake_clock.h tests/unit/cmocka_all.h

check_PROGRAMS += tests/unit/test_auth_cache tests/unit/test_auth_chain tests/unit/test_auth_pattern tests/unit/test_auth_session \
	tests/unit/test_auth_watch

tests_unit_test_auth_cache_SOURCES = tests/unit/test_auth_cache.c $(AUTH_RIG)
tests_unit_test_auth_cache_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_cache_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_auth_chain_SOURCES = tests/unit/test_auth_chain.c $(AUTH_RIG)
tests_unit_test_auth_chain_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_chain_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_auth_pattern_SOURCES = tests/unit/test_auth_pattern.c tests/unit/cmocka_all.h
tests_unit_test_auth_pattern_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_pattern_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_auth_session_SOURCES = tests/unit/test_auth_session.c $(AUTH_RIG)
tests_unit_test_auth_session_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_session_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_auth_watch_SOURCES = tests/unit/test_auth_watch.c $(AUTH_RIG)
tests_unit_test_auth_watch_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_auth_watch_LDADD = libcore.la $(TEST_LIBS)

TESTS += tests/unit/test_auth_cache tests/unit/test_auth_chain tests/unit/test_auth_pattern tests/unit/test_auth_session \
	tests/unit/test_auth_watch
