libcore_la_SOURCES += \
	daemon/plugin/build_id.c daemon/plugin/build_id.h \
	daemon/plugin/descriptor.c daemon/plugin/descriptor.h \
	daemon/plugin/help.c daemon/plugin/help.h \
	daemon/plugin/host_table.c daemon/plugin/host_table.h \
	daemon/plugin/loader.c daemon/plugin/loader.h \
	daemon/plugin/options.c daemon/plugin/options.h \
	daemon/plugin/settings.c daemon/plugin/settings.h \
	daemon/plugin/values.c daemon/plugin/values.h
