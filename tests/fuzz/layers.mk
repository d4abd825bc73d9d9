# Readers of the compression layers.
FUZZERS += tests/fuzz/fuzz_deflate tests/fuzz/fuzz_snappy
check_PROGRAMS += tests/fuzz/fuzz_deflate tests/fuzz/fuzz_snappy
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_deflate tests/fuzz/fuzz_snappy
endif

tests_fuzz_fuzz_deflate_SOURCES = tests/fuzz/fuzz_deflate.c tests/fuzz/layer_feed.c tests/fuzz/layer_feed.h $(FUZZ_MAIN)
tests_fuzz_fuzz_deflate_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_deflate_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_deflate_LDADD = libcore.la $(CORE_LIBS)

tests_fuzz_fuzz_snappy_SOURCES = tests/fuzz/fuzz_snappy.c tests/fuzz/layer_feed.c tests/fuzz/layer_feed.h $(FUZZ_MAIN)
tests_fuzz_fuzz_snappy_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_snappy_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_snappy_LDADD = libcore.la $(CORE_LIBS)
EXTRA_DIST += tests/fuzz/corpus/deflate tests/fuzz/corpus/snappy
