TLS_RIG = tests/unit/tls_rig.c tests/unit/tls_rig.h tests/unit/tls_certs.c tests/unit/net_rig.c tests/unit/net_rig.h

check_PROGRAMS += tests/unit/test_tls tests/unit/test_tls_client tests/unit/test_tls_config tests/unit/test_tls_crossed \
	tests/unit/test_tls_flood tests/unit/test_tls_handshake tests/unit/test_tls_layers tests/unit/test_tls_tickets

tests_unit_test_tls_SOURCES = tests/unit/test_tls.c $(TLS_RIG)
tests_unit_test_tls_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_client_SOURCES = tests/unit/test_tls_client.c $(TLS_RIG)
tests_unit_test_tls_client_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_client_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_config_SOURCES = tests/unit/test_tls_config.c $(TLS_RIG)
tests_unit_test_tls_config_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_config_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_crossed_SOURCES = tests/unit/test_tls_crossed.c $(TLS_RIG)
tests_unit_test_tls_crossed_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_crossed_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_flood_SOURCES = tests/unit/test_tls_flood.c $(TLS_RIG)
tests_unit_test_tls_flood_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_flood_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_handshake_SOURCES = tests/unit/test_tls_handshake.c $(TLS_RIG)
tests_unit_test_tls_handshake_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_handshake_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_layers_SOURCES = tests/unit/test_tls_layers.c $(TLS_RIG)
tests_unit_test_tls_layers_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_layers_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_tls_tickets_SOURCES = tests/unit/test_tls_tickets.c $(TLS_RIG)
tests_unit_test_tls_tickets_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_tls_tickets_LDADD = libcore.la $(TEST_LIBS)

TESTS += tests/unit/test_tls tests/unit/test_tls_client tests/unit/test_tls_config tests/unit/test_tls_crossed \
	tests/unit/test_tls_flood tests/unit/test_tls_handshake tests/unit/test_tls_layers tests/unit/test_tls_tickets
