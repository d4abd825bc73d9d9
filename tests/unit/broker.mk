# Loops, timers, pool; the queue engine.
BROKER_TESTS = \
	tests/unit/test_engine \
	tests/unit/test_engine_admin \
	tests/unit/test_engine_stop \
	tests/unit/test_engine_storage \
	tests/unit/test_fifo \
	tests/unit/test_idgen \
	tests/unit/test_inflight \
	tests/unit/test_loop \
	tests/unit/test_mail \
	tests/unit/test_names \
	tests/unit/test_pool \
	tests/unit/test_pressure \
	tests/unit/test_spill \
	tests/unit/test_wheel
check_PROGRAMS += $(BROKER_TESTS)
TESTS += $(BROKER_TESTS)

LOOP_RIG = tests/unit/cmocka_all.h tests/unit/loop_rig.c tests/unit/loop_rig.h
# fake_clock.c defines the daemon's clocks, so that the linker does not look for them in the library.
ENGINE_RIG = $(LOOP_RIG) tests/unit/engine_rig.c tests/unit/engine_rig.h tests/unit/mock_storage.c tests/unit/mock_storage.h \
	tests/unit/fake_clock.c tests/unit/fake_clock.h

tests_unit_test_engine_SOURCES = tests/unit/test_engine.c $(ENGINE_RIG)
tests_unit_test_engine_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_engine_admin_SOURCES = tests/unit/test_engine_admin.c $(ENGINE_RIG)
tests_unit_test_engine_admin_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_admin_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_engine_stop_SOURCES = tests/unit/test_engine_stop.c $(ENGINE_RIG)
tests_unit_test_engine_stop_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_stop_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_engine_storage_SOURCES = tests/unit/test_engine_storage.c $(ENGINE_RIG)
tests_unit_test_engine_storage_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_storage_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_pressure_SOURCES = tests/unit/test_pressure.c $(ENGINE_RIG)
tests_unit_test_pressure_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_pressure_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_spill_SOURCES = tests/unit/test_spill.c $(ENGINE_RIG)
tests_unit_test_spill_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_spill_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_loop_SOURCES = tests/unit/test_loop.c $(LOOP_RIG)
tests_unit_test_loop_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_loop_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_pool_SOURCES = tests/unit/test_pool.c $(LOOP_RIG)
tests_unit_test_pool_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_pool_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_fifo_SOURCES = tests/unit/test_fifo.c tests/unit/cmocka_all.h
tests_unit_test_fifo_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_fifo_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_idgen_SOURCES = tests/unit/test_idgen.c tests/unit/cmocka_all.h
tests_unit_test_idgen_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_idgen_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_inflight_SOURCES = tests/unit/test_inflight.c tests/unit/cmocka_all.h
tests_unit_test_inflight_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_inflight_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_mail_SOURCES = tests/unit/test_mail.c tests/unit/cmocka_all.h
tests_unit_test_mail_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_mail_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_names_SOURCES = tests/unit/test_names.c tests/unit/cmocka_all.h
tests_unit_test_names_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_names_LDADD = libcore.la $(TEST_LIBS)

tests_unit_test_wheel_SOURCES = tests/unit/test_wheel.c tests/unit/cmocka_all.h
tests_unit_test_wheel_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_wheel_LDADD = libcore.la $(TEST_LIBS)
