FUZZERS += tests/fuzz/fuzz_json_scan tests/fuzz/fuzz_json_rules
check_PROGRAMS += tests/fuzz/fuzz_json_scan tests/fuzz/fuzz_json_rules
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_json_scan tests/fuzz/fuzz_json_rules
endif

tests_fuzz_fuzz_json_scan_SOURCES = tests/fuzz/fuzz_json_scan.c $(FUZZ_MAIN) $(validate_json_scan_files)
tests_fuzz_fuzz_json_scan_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_json_scan_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_json_scan_LDADD = $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/json_scan

tests_fuzz_fuzz_json_rules_SOURCES = tests/fuzz/fuzz_json_rules.c $(FUZZ_MAIN) $(validate_json_files)
tests_fuzz_fuzz_json_rules_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_json_rules_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/fuzz/corpus/json_rules
