check_PROGRAMS += tests/unit/test_addr tests/unit/test_complaint tests/unit/test_conn tests/unit/test_conn_end tests/unit/test_dial tests/unit/test_http \
	tests/unit/test_http_auth tests/unit/test_http_get tests/unit/test_http_query tests/unit/test_http_route \
	tests/unit/test_http_secret tests/unit/test_https tests/unit/test_vanished

tests_unit_test_addr_SOURCES = tests/unit/test_addr.c
tests_unit_test_addr_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_addr_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_complaint_SOURCES = tests/unit/test_complaint.c
tests_unit_test_complaint_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_complaint_LDADD = libcore.la $(TEST_LIBS)

CONN_RIG = tests/unit/conn_rig.c tests/unit/conn_rig.h tests/unit/net_rig.c tests/unit/net_rig.h

tests_unit_test_conn_SOURCES = tests/unit/test_conn.c $(CONN_RIG)
tests_unit_test_conn_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conn_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_conn_end_SOURCES = tests/unit/test_conn_end.c $(CONN_RIG)
tests_unit_test_conn_end_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_conn_end_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_dial_SOURCES = tests/unit/test_dial.c tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_dial_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_dial_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_SOURCES = tests/unit/test_http.c tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_http_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_auth_SOURCES = tests/unit/test_http_auth.c tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_http_auth_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_auth_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_get_SOURCES = tests/unit/test_http_get.c tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_http_get_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_get_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_query_SOURCES = tests/unit/test_http_query.c
tests_unit_test_http_query_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_query_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_route_SOURCES = tests/unit/test_http_route.c
tests_unit_test_http_route_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_route_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_http_secret_SOURCES = tests/unit/test_http_secret.c
tests_unit_test_http_secret_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_http_secret_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_https_SOURCES = tests/unit/test_https.c $(TLS_RIG)
tests_unit_test_https_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_https_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_vanished_SOURCES = tests/unit/test_vanished.c tests/unit/net_rig.c tests/unit/net_rig.h
tests_unit_test_vanished_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_vanished_LDADD = libcore.la $(TEST_LIBS)

TESTS += tests/unit/test_addr tests/unit/test_complaint tests/unit/test_conn tests/unit/test_conn_end tests/unit/test_dial tests/unit/test_http \
	tests/unit/test_http_auth tests/unit/test_http_get tests/unit/test_http_query tests/unit/test_http_route \
	tests/unit/test_http_secret tests/unit/test_https tests/unit/test_vanished
