libcore_la_SOURCES += \
	daemon/metrics/core.c \
	daemon/metrics/feed.c daemon/metrics/feed.h \
	daemon/metrics/gather.c \
	daemon/metrics/metrics.h \
	daemon/metrics/queues.c \
	daemon/metrics/render.c \
	daemon/metrics/sheet.c daemon/metrics/sheet.h \
	daemon/metrics/snapshot.c daemon/metrics/snapshot.h \
	daemon/metrics/state.h \
	daemon/metrics/stop.c
