FUZZ_DISK = tests/fuzz/fuzz_diskqueue
check_PROGRAMS += $(FUZZ_DISK)
tests_fuzz_fuzz_diskqueue_SOURCES = tests/fuzz/fuzz_diskqueue.c $(FUZZ_MAIN) $(DISKQUEUE_SOURCES) \
	tests/unit/mock_host.c tests/unit/mock_host.h
tests_fuzz_fuzz_diskqueue_CFLAGS = $(FUZZ_CFLAGS)
tests_fuzz_fuzz_diskqueue_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_diskqueue_LDADD = $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/diskqueue
