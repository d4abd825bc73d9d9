FUZZERS += tests/fuzz/fuzz_toml
check_PROGRAMS += tests/fuzz/fuzz_toml
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_toml
endif

tests_fuzz_fuzz_toml_SOURCES = tests/fuzz/fuzz_toml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_toml_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_toml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_toml_LDADD = libcore.la $(CORE_LIBS)
EXTRA_DIST += tests/fuzz/corpus/toml
