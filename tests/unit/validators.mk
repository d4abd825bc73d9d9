# The validators' floor, what the nsqd handler makes of it, and the validators without their daemon.
VALIDATOR_TESTS = tests/unit/test_validate tests/unit/test_nsqd_validators tests/unit/test_validate_json
check_PROGRAMS += $(VALIDATOR_TESTS)
TESTS += $(VALIDATOR_TESTS)

tests_unit_test_validate_SOURCES = tests/unit/test_validate.c tests/unit/loop_rig.c tests/unit/loop_rig.h tests/unit/cmocka_all.h
tests_unit_test_validate_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_validate_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_nsqd_validators_SOURCES = tests/unit/test_nsqd_validators.c
tests_unit_test_nsqd_validators_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_nsqd_validators_LDADD = tests/unit/libnsqd.la $(TEST_LIBS)

tests_unit_test_validate_json_SOURCES = tests/unit/test_validate_json.c tests/unit/mock_host.c tests/unit/mock_host.h \
	tests/unit/cmocka_all.h $(validate_json_files)
tests_unit_test_validate_json_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_validate_json_LDADD = $(TEST_LIBS)
