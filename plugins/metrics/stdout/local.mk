pkglib_LTLIBRARIES += stdout.la

stdout_files = $(metrics_common_files) \
	plugins/metrics/stdout/json.c \
	plugins/metrics/stdout/output.c plugins/metrics/stdout/output.h \
	plugins/metrics/stdout/people.c \
	plugins/metrics/stdout/pick.c plugins/metrics/stdout/pick.h \
	plugins/metrics/stdout/stdout.c \
	plugins/metrics/stdout/writing.h

stdout_la_SOURCES = $(stdout_files)
stdout_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
stdout_la_CFLAGS = $(PLUGIN_CFLAGS)
stdout_la_LDFLAGS = $(PLUGIN_LDFLAGS)
