libcore_la_SOURCES += \
	daemon/broker/admin.c daemon/broker/admin.h \
	daemon/broker/broker.c daemon/broker/broker.h \
	daemon/broker/channel.c daemon/broker/channel.h \
	daemon/broker/channel_pump.c \
	daemon/broker/directory.c daemon/broker/directory.h \
	daemon/broker/due.c daemon/broker/due.h \
	daemon/broker/fifo.c daemon/broker/fifo.h \
	daemon/broker/figures.c daemon/broker/figures.h \
	daemon/broker/gate.c daemon/broker/gate.h \
	daemon/broker/health.c daemon/broker/health.h \
	daemon/broker/held.c daemon/broker/held.h \
	daemon/broker/home.h \
	daemon/broker/idgen.c daemon/broker/idgen.h \
	daemon/broker/message.c daemon/broker/message.h \
	daemon/broker/metadata.c daemon/broker/metadata.h \
	daemon/broker/names.c daemon/broker/names.h \
	daemon/broker/pressure.c daemon/broker/pressure.h \
	daemon/broker/publish.c daemon/broker/publish.h \
	daemon/broker/put.h \
	daemon/broker/spill.c daemon/broker/spill.h \
	daemon/broker/spill_done.c \
	daemon/broker/spill_sync.c \
	daemon/broker/spill_work.c daemon/broker/spill_work.h \
	daemon/broker/stats.c daemon/broker/stats.h \
	daemon/broker/sub.c \
	daemon/broker/table.c \
	daemon/broker/ticket.h \
	daemon/broker/topic.c daemon/broker/topic.h \
	daemon/broker/watch.c daemon/broker/watch.h \
	daemon/broker/window.c daemon/broker/window.h
