libcore_la_SOURCES += \
	daemon/base/arena.c daemon/base/arena.h \
	daemon/base/clock.c daemon/base/clock.h \
	daemon/base/complaint.c daemon/base/complaint.h \
	daemon/base/config_node.c daemon/base/config_node.h \
	daemon/base/host.h \
	daemon/base/latency.c daemon/base/latency.h \
	daemon/base/log.c daemon/base/log.h \
	daemon/base/spent.h \
	daemon/base/loop.c daemon/base/loop.h \
	daemon/base/mail.c daemon/base/mail.h \
	daemon/base/memory.c daemon/base/memory.h \
	daemon/base/nearest.c daemon/base/nearest.h \
	daemon/base/pool.c daemon/base/pool.h \
	daemon/base/problem.c daemon/base/problem.h \
	daemon/base/thread.c daemon/base/thread.h \
	daemon/base/trim.c daemon/base/trim.h \
	daemon/base/wheel.c daemon/base/wheel.h \
	daemon/base/yaml.c daemon/base/yaml.h
