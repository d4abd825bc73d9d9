check_PROGRAMS += tests/fuzz/fuzz_lookupd_parser
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_lookupd_parser
endif

tests_fuzz_fuzz_lookupd_parser_SOURCES = tests/fuzz/fuzz_lookupd_parser.c $(FUZZ_MAIN) \
	tests/unit/mock_lookupd.c tests/unit/mock_lookupd.h $(lookupd_files)
tests_fuzz_fuzz_lookupd_parser_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_lookupd_parser_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_lookupd_parser_LDADD = $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/lookupd_parser
