# Plugins as test data: built for `make check` only, never installed (-rpath makes libtool build shared objects all the same).
TEST_PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_NO_UNDEFINED) -Wl,-z,now -rpath /nowhere

# auth-blocking is the same with BLOCKS.
check_LTLIBRARIES += tests/plugins/auth-mock.la
tests_plugins_auth_mock_la_SOURCES = tests/plugins/auth-mock.c
tests_plugins_auth_mock_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_auth_mock_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/auth-blocking.la
tests_plugins_auth_blocking_la_SOURCES = tests/plugins/auth-mock.c
tests_plugins_auth_blocking_la_CPPFLAGS = $(AM_CPPFLAGS) -DBLOCKS=1
tests_plugins_auth_blocking_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_auth_blocking_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/bad-table.la
tests_plugins_bad_table_la_SOURCES = tests/plugins/bad-table.c tests/plugins/plain.h
tests_plugins_bad_table_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_bad_table_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/crash.la
tests_plugins_crash_la_SOURCES = tests/plugins/crash.c tests/plugins/plain.h
tests_plugins_crash_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_crash_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/failing-init.la
tests_plugins_failing_init_la_SOURCES = tests/plugins/failing-init.c tests/plugins/plain.h
tests_plugins_failing_init_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_failing_init_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/hanging.la
tests_plugins_hanging_la_SOURCES = tests/plugins/hanging.c
tests_plugins_hanging_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_hanging_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/keeps-nothing.la
tests_plugins_keeps_nothing_la_SOURCES = tests/plugins/keeps-nothing.c tests/plugins/plain.h
tests_plugins_keeps_nothing_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_keeps_nothing_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/metrics-dump.la
tests_plugins_metrics_dump_la_SOURCES = tests/plugins/metrics-dump.c
tests_plugins_metrics_dump_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_metrics_dump_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_plugins_metrics_dump_la_LIBADD = $(JANSSON_LIBS)

check_LTLIBRARIES += tests/plugins/newer-minor.la
tests_plugins_newer_minor_la_SOURCES = tests/plugins/newer-minor.c tests/plugins/plain.h
tests_plugins_newer_minor_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_newer_minor_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/no-ask.la
tests_plugins_no_ask_la_SOURCES = tests/plugins/no-ask.c tests/plugins/plain.h
tests_plugins_no_ask_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_no_ask_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/no-ops.la
tests_plugins_no_ops_la_SOURCES = tests/plugins/no-ops.c tests/plugins/plain.h
tests_plugins_no_ops_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_no_ops_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/no-symbol.la
tests_plugins_no_symbol_la_SOURCES = tests/plugins/no-symbol.c
tests_plugins_no_symbol_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_no_symbol_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/options.la
tests_plugins_options_la_SOURCES = tests/plugins/options.c tests/plugins/plain.h
tests_plugins_options_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_options_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/other-kind.la
tests_plugins_other_kind_la_SOURCES = tests/plugins/other-kind.c tests/plugins/plain.h
tests_plugins_other_kind_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_other_kind_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/short-size.la
tests_plugins_short_size_la_SOURCES = tests/plugins/short-size.c tests/plugins/plain.h
tests_plugins_short_size_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_short_size_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/slow.la
tests_plugins_slow_la_SOURCES = tests/plugins/slow.c tests/plugins/plain.h
tests_plugins_slow_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_slow_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/small-option.la
tests_plugins_small_option_la_SOURCES = tests/plugins/small-option.c tests/plugins/plain.h
tests_plugins_small_option_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_small_option_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/unbound.la
tests_plugins_unbound_la_SOURCES = tests/plugins/unbound.c tests/plugins/plain.h
tests_plugins_unbound_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_unbound_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -Wl,-z,lazy -rpath /nowhere

check_LTLIBRARIES += tests/plugins/validator-mock.la
tests_plugins_validator_mock_la_SOURCES = tests/plugins/validator-mock.c
tests_plugins_validator_mock_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_validator_mock_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/validator-odd.la
tests_plugins_validator_odd_la_SOURCES = tests/plugins/validator-odd.c
tests_plugins_validator_odd_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_validator_odd_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/plugins/wrong-major.la
tests_plugins_wrong_major_la_SOURCES = tests/plugins/wrong-major.c tests/plugins/plain.h
tests_plugins_wrong_major_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_wrong_major_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

# Linked as an installed plugin is, on request: the install suite wants to see it fail.
EXTRA_LTLIBRARIES = tests/plugins/undefined.la
tests_plugins_undefined_la_SOURCES = tests/plugins/undefined.c tests/plugins/plain.h
tests_plugins_undefined_la_CFLAGS = $(PLUGIN_CFLAGS) -Wno-unused-parameter
tests_plugins_undefined_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath $(pkglibdir)
