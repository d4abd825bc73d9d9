# The storage plugins, compiled into the tests, with faulty file operations under the test's control.
check_LTLIBRARIES += tests/unit/libdisk.la
tests_unit_libdisk_la_SOURCES = $(DISKQUEUE_SOURCES) \
	tests/unit/disk_rig.c tests/unit/disk_rig.h tests/unit/mock_host.c tests/unit/mock_host.h
tests_unit_libdisk_la_CFLAGS = $(TEST_CFLAGS)

DISK_TESTS = \
	tests/unit/test_diskqueue \
	tests/unit/test_diskqueue_recovery \
	tests/unit/test_diskqueue_faults \
	tests/unit/test_diskqueue_dat
DISK_LIBS = tests/unit/libdisk.la $(TEST_LIBS)

tests_unit_test_diskqueue_SOURCES = tests/unit/test_diskqueue.c tests/shim/faultfs.c
tests_unit_test_diskqueue_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_diskqueue_LDADD = $(DISK_LIBS)
tests_unit_test_diskqueue_recovery_SOURCES = tests/unit/test_diskqueue_recovery.c tests/shim/faultfs.c
tests_unit_test_diskqueue_recovery_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_diskqueue_recovery_LDADD = $(DISK_LIBS)
tests_unit_test_diskqueue_faults_SOURCES = tests/unit/test_diskqueue_faults.c tests/shim/faultfs.c
tests_unit_test_diskqueue_faults_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_diskqueue_faults_LDADD = $(DISK_LIBS)
tests_unit_test_diskqueue_dat_SOURCES = tests/unit/test_diskqueue_dat.c tests/shim/faultfs.c
tests_unit_test_diskqueue_dat_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_diskqueue_dat_LDADD = $(DISK_LIBS)

DISK_TESTS += tests/unit/test_memory_storage
tests_unit_test_memory_storage_SOURCES = tests/unit/test_memory_storage.c plugins/storage/memory/memory.c \
	tests/unit/mock_host.c tests/unit/mock_host.h
tests_unit_test_memory_storage_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_memory_storage_LDADD = $(TEST_LIBS)

check_PROGRAMS += $(DISK_TESTS)
TESTS += $(DISK_TESTS)
