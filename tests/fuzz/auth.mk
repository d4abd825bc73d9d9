FUZZERS += tests/fuzz/fuzz_auth_csv
check_PROGRAMS += tests/fuzz/fuzz_auth_csv
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_auth_csv
endif

tests_fuzz_fuzz_auth_csv_SOURCES = tests/fuzz/fuzz_auth_csv.c $(FUZZ_MAIN) $(auth_csv_files)
tests_fuzz_fuzz_auth_csv_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_auth_csv_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_auth_csv_LDADD = $(CRYPTO_LIBS) $(PCRE2_LIBS)
EXTRA_DIST += tests/fuzz/corpus/auth_csv

FUZZERS += tests/fuzz/fuzz_auth_answer
check_PROGRAMS += tests/fuzz/fuzz_auth_answer
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_auth_answer
endif

tests_fuzz_fuzz_auth_answer_SOURCES = tests/fuzz/fuzz_auth_answer.c $(FUZZ_MAIN) $(auth_http_files)
tests_fuzz_fuzz_auth_answer_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_auth_answer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_auth_answer_LDADD = $(CRYPTO_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)
EXTRA_DIST += tests/fuzz/corpus/auth_answer
