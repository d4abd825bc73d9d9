libcore_la_SOURCES += \
	daemon/metrics/core.c \
	daemon/metrics/feed.c daemon/metrics/feed.h \
	daemon/metrics/gather.c \
	daemon/metrics/metrics.h \
	daemon/metrics/own.c daemon/metrics/own.h \
	daemon/metrics/own_engine.c \
	daemon/metrics/own_loop.c \
	daemon/metrics/own_process.c \
	daemon/metrics/queues.c daemon/metrics/queues.h \
	daemon/metrics/render.c \
	daemon/metrics/sheet.c daemon/metrics/sheet.h \
	daemon/metrics/snapshot.c daemon/metrics/snapshot.h \
	daemon/metrics/state.h \
	daemon/metrics/stop.c
