libcore_la_SOURCES += \
	daemon/args.c daemon/args.h \
	daemon/config.c daemon/config.h \
	daemon/crash.c daemon/crash.h \
	daemon/daemon.h \
	daemon/fdlimit.c daemon/fdlimit.h \
	daemon/notify.c daemon/notify.h \
	daemon/privileges.c daemon/privileges.h \
	daemon/reload.c \
	daemon/run.c \
	daemon/setup.c daemon/setup.h \
	daemon/signals.c \
	daemon/stop.c
