check_PROGRAMS += tests/fuzz/fuzz_nsqd_parser
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_nsqd_parser
endif

tests_fuzz_fuzz_nsqd_parser_SOURCES = tests/fuzz/fuzz_nsqd_parser.c $(FUZZ_MAIN) \
	tests/unit/mock_broker.c tests/unit/mock_broker.h tests/unit/mock_secure.c \
	tests/unit/mock_secure.h daemon/net/json_quote.c $(nsqd_files)
tests_fuzz_fuzz_nsqd_parser_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_nsqd_parser_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_nsqd_parser_LDADD = $(CORE_LIBS)
EXTRA_DIST += tests/fuzz/corpus/nsqd_parser
