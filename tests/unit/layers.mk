# Compression layers, on a peer that the test is.
LAYER_TESTS = tests/unit/test_deflate_layer tests/unit/test_held tests/unit/test_snappy_frame tests/unit/test_snappy_layer
check_PROGRAMS += $(LAYER_TESTS)
TESTS += $(LAYER_TESTS)
LAYER_RIG = tests/unit/layer_rig.c tests/unit/layer_rig.h tests/unit/cmocka_all.h

tests_unit_test_deflate_layer_SOURCES = tests/unit/test_deflate_layer.c $(LAYER_RIG)
tests_unit_test_deflate_layer_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_deflate_layer_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_held_SOURCES = tests/unit/test_held.c $(LAYER_RIG)
tests_unit_test_held_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_held_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_snappy_frame_SOURCES = tests/unit/test_snappy_frame.c $(LAYER_RIG)
tests_unit_test_snappy_frame_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_snappy_frame_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_snappy_layer_SOURCES = tests/unit/test_snappy_layer.c $(LAYER_RIG)
tests_unit_test_snappy_layer_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_snappy_layer_LDADD = libcore.la $(TEST_LIBS)
