# Fuzzing harnesses; the corpus of fuzz_NAME is corpus/NAME. With --enable-fuzz they are libFuzzer programs; without, they are
# tests that run over the corpus.
FUZZERS = tests/fuzz/fuzz_diskqueue tests/fuzz/fuzz_lookupd_parser tests/fuzz/fuzz_nsqd_parser
include tests/fuzz/disk.mk
include tests/fuzz/dropin.mk
include tests/fuzz/lookupd.mk
include tests/fuzz/nsqd.mk
if !ENABLE_FUZZ
TESTS += tests/fuzz/fuzz_diskqueue
endif
EXTRA_DIST += tests/fuzz/replay.c

# For scripts/check.
fuzz-programs: $(FUZZERS)
	@echo $(FUZZERS)
.PHONY: fuzz-programs
