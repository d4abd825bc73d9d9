# Every test speaks TAP: C programs through cmocka, Python suites through run-pytest. A .suite file names the folders (below
# tests/) whose pytest files are run as one suite.
TEST_EXTENSIONS = .suite
LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SUITE_LOG_DRIVER = $(LOG_DRIVER)
SUITE_LOG_COMPILER = $(top_srcdir)/tests/run-pytest

AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	PLUQD='$(abs_top_builddir)/pluqd'; export PLUQD; \
	PLUQ_PLUGIN_DIR='$(abs_top_builddir)/.libs'; export PLUQ_PLUGIN_DIR; \
	PLUQ_TEST_PLUGIN_DIR='$(abs_top_builddir)/tests/plugins/.libs'; export PLUQ_TEST_PLUGIN_DIR; \
	PLUQ_BUILD_DIR='$(abs_top_builddir)'; export PLUQ_BUILD_DIR; \
	PLUQ_SOURCE_DIR='$(abs_top_srcdir)'; export PLUQ_SOURCE_DIR;

SUITES = tests/protocol.suite tests/lookupd.suite tests/discovery.suite tests/dropin.suite tests/cluster.suite tests/interop.suite \
	tests/auth.suite tests/metrics.suite tests/tls.suite tests/validators.suite tests/faults.suite tests/install.suite
TESTS += $(SUITES)
EXTRA_DIST += $(SUITES) tests/run-pytest tests/conftest.py tests/pytest.ini tests/pluqtest tests/shim \
	tests/protocol tests/lookupd tests/discovery tests/dropin tests/cluster tests/interop tests/auth tests/tls tests/metrics tests/validators tests/faults tests/install

# The same suite, on what `make install` has put in place; `make check` runs it on a staged installation of its own.
installcheck-local:
	PLUQ_BUILD_DIR='$(abs_top_builddir)' DESTDIR='$(DESTDIR)' \
		PLUQ_INSTALLED_DAEMON='$(DESTDIR)$(sbindir)/pluqd' \
		PLUQ_INSTALLED_PKGCONFIG='$(DESTDIR)$(pkgconfigdir)' \
		$(top_srcdir)/tests/run-pytest $(srcdir)/tests/install.suite

# The log of a test that hung until make was ended is what tells where.
.PRECIOUS: $(TEST_LOGS)

# Where the interop suite has put nsqjs.
clean-local:
	rm -rf tests/interop-modules

# A folder in EXTRA_DIST brings along whatever lies in it, in the build tree too.
dist-hook:
	find $(distdir)/tests \( -name __pycache__ -o -name .pytest_cache -o -name node_modules -o -name '*.o' -o -name '*.lo' \
		-o -name .deps -o -name .libs -o -name .dirstamp \) -prune -exec rm -rf {} +

# Clang, distcheck, sanitizers, longer fuzzing: the better part of an hour.
check-long:
	$(top_srcdir)/scripts/check-long
.PHONY: check-long
