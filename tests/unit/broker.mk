# Loops, timers, pool; the queue engine.
BROKER_TESTS = \
	tests/unit/test_engine \
	tests/unit/test_engine_admin \
	tests/unit/test_engine_again \
	tests/unit/test_engine_ephemeral \
	tests/unit/test_engine_gate \
	tests/unit/test_engine_ids \
	tests/unit/test_engine_metadata \
	tests/unit/test_engine_order \
	tests/unit/test_engine_snapshot \
	tests/unit/test_engine_stop \
	tests/unit/test_engine_storage \
	tests/unit/test_engine_straggler \
	tests/unit/test_engine_watch \
	tests/unit/test_fifo \
	tests/unit/test_idgen \
	tests/unit/test_inflight \
	tests/unit/test_loop \
	tests/unit/test_mail \
	tests/unit/test_names \
	tests/unit/test_pool \
	tests/unit/test_pressure \
	tests/unit/test_spill \
	tests/unit/test_spill_end \
	tests/unit/test_spill_sync \
	tests/unit/test_wheel
check_PROGRAMS += $(BROKER_TESTS)
TESTS += $(BROKER_TESTS)

LOOP_RIG = tests/unit/cmocka_all.h tests/unit/loop_rig.c tests/unit/loop_rig.h

# A whole engine over a mock of storage. fake_clock.c defines the daemon's clocks: named before the daemon's own library, so that the
# linker does not look for them there.
check_LTLIBRARIES += tests/unit/libengine.la
tests_unit_libengine_la_SOURCES = $(LOOP_RIG) \
	tests/unit/consumer_rig.c tests/unit/consumer_rig.h \
	tests/unit/engine_ask.c \
	tests/unit/engine_rig.c tests/unit/engine_rig.h \
	tests/unit/fake_clock.c tests/unit/fake_clock.h \
	tests/unit/mock_storage.c tests/unit/mock_storage.h \
	tests/unit/spill_rig.c tests/unit/spill_rig.h
tests_unit_libengine_la_CFLAGS = $(TEST_CFLAGS)
ENGINE_LIBS = tests/unit/libengine.la libcore.la $(TEST_LIBS)

tests_unit_test_engine_SOURCES = tests/unit/test_engine.c
tests_unit_test_engine_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_gate_SOURCES = tests/unit/test_engine_gate.c
tests_unit_test_engine_gate_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_gate_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_watch_SOURCES = tests/unit/test_engine_watch.c
tests_unit_test_engine_watch_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_watch_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_admin_SOURCES = tests/unit/test_engine_admin.c
tests_unit_test_engine_admin_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_admin_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_again_SOURCES = tests/unit/test_engine_again.c
tests_unit_test_engine_again_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_again_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_ephemeral_SOURCES = tests/unit/test_engine_ephemeral.c
tests_unit_test_engine_ephemeral_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_ephemeral_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_ids_SOURCES = tests/unit/test_engine_ids.c
tests_unit_test_engine_ids_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_ids_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_metadata_SOURCES = tests/unit/test_engine_metadata.c
tests_unit_test_engine_metadata_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_metadata_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_order_SOURCES = tests/unit/test_engine_order.c
tests_unit_test_engine_order_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_order_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_snapshot_SOURCES = tests/unit/test_engine_snapshot.c
tests_unit_test_engine_snapshot_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_snapshot_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_stop_SOURCES = tests/unit/test_engine_stop.c
tests_unit_test_engine_stop_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_stop_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_storage_SOURCES = tests/unit/test_engine_storage.c
tests_unit_test_engine_storage_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_storage_LDADD = $(ENGINE_LIBS)

tests_unit_test_engine_straggler_SOURCES = tests/unit/test_engine_straggler.c
tests_unit_test_engine_straggler_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_engine_straggler_LDADD = $(ENGINE_LIBS)

tests_unit_test_pressure_SOURCES = tests/unit/test_pressure.c
tests_unit_test_pressure_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_pressure_LDADD = $(ENGINE_LIBS)

tests_unit_test_spill_SOURCES = tests/unit/test_spill.c
tests_unit_test_spill_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_spill_LDADD = $(ENGINE_LIBS)

tests_unit_test_spill_end_SOURCES = tests/unit/test_spill_end.c
tests_unit_test_spill_end_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_spill_end_LDADD = $(ENGINE_LIBS)

tests_unit_test_spill_sync_SOURCES = tests/unit/test_spill_sync.c
tests_unit_test_spill_sync_CFLAGS = $(TEST_CFLAGS)
tests_unit_test_spill_sync_LDADD = $(ENGINE_LIBS)

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
