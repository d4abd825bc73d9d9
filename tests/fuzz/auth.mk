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

FUZZERS += tests/fuzz/fuzz_auth_rules tests/fuzz/fuzz_authd_json
check_PROGRAMS += tests/fuzz/fuzz_auth_rules tests/fuzz/fuzz_authd_json
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_auth_rules tests/fuzz/fuzz_authd_json
endif

tests_fuzz_fuzz_auth_rules_SOURCES = tests/fuzz/fuzz_auth_rules.c $(FUZZ_MAIN) $(auth_rules_files) $(auth_secret_files) \
	plugins/auth/cert/names.c plugins/auth/cert/names.h plugins/auth/token/table.c plugins/auth/token/table.h
tests_fuzz_fuzz_auth_rules_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_auth_rules_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_auth_rules_LDADD = $(CRYPTO_LIBS) $(PCRE2_LIBS)
EXTRA_DIST += tests/fuzz/corpus/auth_rules

tests_fuzz_fuzz_authd_json_SOURCES = tests/fuzz/fuzz_authd_json.c $(FUZZ_MAIN) $(authd_files)
tests_fuzz_fuzz_authd_json_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_authd_json_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_authd_json_LDADD = $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/authd_json
