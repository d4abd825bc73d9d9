# Also compiled into the unit tests and the fuzzing harness.
DISKQUEUE_SOURCES = \
	plugins/storage/diskqueue/diskqueue.c \
	plugins/storage/diskqueue/dq.h \
	plugins/storage/diskqueue/dq_append.c \
	plugins/storage/diskqueue/dq_close.c \
	plugins/storage/diskqueue/dq_codec.h \
	plugins/storage/diskqueue/dq_damage.c \
	plugins/storage/diskqueue/dq_dat.c \
	plugins/storage/diskqueue/dq_due.c \
	plugins/storage/diskqueue/dq_due.h \
	plugins/storage/diskqueue/dq_due_file.c \
	plugins/storage/diskqueue/dq_empty.c \
	plugins/storage/diskqueue/dq_fetch.c \
	plugins/storage/diskqueue/dq_file.c \
	plugins/storage/diskqueue/dq_file.h \
	plugins/storage/diskqueue/dq_held.c \
	plugins/storage/diskqueue/dq_held.h \
	plugins/storage/diskqueue/dq_index.c \
	plugins/storage/diskqueue/dq_index.h \
	plugins/storage/diskqueue/dq_meta.c \
	plugins/storage/diskqueue/dq_meta.h \
	plugins/storage/diskqueue/dq_names.h \
	plugins/storage/diskqueue/dq_place.h \
	plugins/storage/diskqueue/dq_probe.c \
	plugins/storage/diskqueue/dq_queue.c \
	plugins/storage/diskqueue/dq_reader.c \
	plugins/storage/diskqueue/dq_reader.h \
	plugins/storage/diskqueue/dq_reclaim.c \
	plugins/storage/diskqueue/dq_recover.c \
	plugins/storage/diskqueue/dq_release.c \
	plugins/storage/diskqueue/dq_roll.c \
	plugins/storage/diskqueue/dq_scan.c \
	plugins/storage/diskqueue/dq_squeeze.c \
	plugins/storage/diskqueue/dq_store.c \
	plugins/storage/diskqueue/dq_store.h \
	plugins/storage/diskqueue/dq_sync.c \
	plugins/storage/diskqueue/dq_tally.c \
	plugins/storage/diskqueue/dq_tally.h \
	plugins/storage/diskqueue/dq_window.c \
	plugins/storage/diskqueue/dq_window.h

pkglib_LTLIBRARIES += diskqueue.la
diskqueue_la_SOURCES = $(DISKQUEUE_SOURCES)
diskqueue_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
diskqueue_la_CFLAGS = $(PLUGIN_CFLAGS)
diskqueue_la_LDFLAGS = $(PLUGIN_LDFLAGS)
diskqueue_la_LIBADD = $(JANSSON_LIBS)
