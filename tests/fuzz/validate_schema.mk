FUZZERS += tests/fuzz/fuzz_validate_schema
check_PROGRAMS += tests/fuzz/fuzz_validate_schema
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_validate_schema
endif

tests_fuzz_fuzz_validate_schema_SOURCES = tests/fuzz/fuzz_validate_schema.c $(FUZZ_MAIN) $(validate_schema_core)
tests_fuzz_fuzz_validate_schema_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_validate_schema_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_validate_schema_LDADD = $(PCRE2_LIBS)
EXTRA_DIST += tests/fuzz/corpus/validate_schema
