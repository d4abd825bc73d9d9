pkglib_LTLIBRARIES += statsd.la

statsd_files = $(metrics_common_files) \
	plugins/metrics/statsd/keys.c plugins/metrics/statsd/keys.h \
	plugins/metrics/statsd/lookup.c plugins/metrics/statsd/lookup.h \
	plugins/metrics/statsd/more.c \
	plugins/metrics/statsd/packets.c plugins/metrics/statsd/packets.h \
	plugins/metrics/statsd/settings.c plugins/metrics/statsd/settings.h \
	plugins/metrics/statsd/statsd.c \
	plugins/metrics/statsd/target.c plugins/metrics/statsd/target.h

statsd_la_SOURCES = $(statsd_files)
statsd_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
statsd_la_CFLAGS = $(PLUGIN_CFLAGS)
statsd_la_LDFLAGS = $(PLUGIN_LDFLAGS)
