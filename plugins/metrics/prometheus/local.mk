pkglib_LTLIBRARIES += prometheus.la

prometheus_files = \
	plugins/metrics/prometheus/accept.c plugins/metrics/prometheus/accept.h \
	plugins/metrics/prometheus/exposition.c plugins/metrics/prometheus/exposition.h \
	plugins/metrics/prometheus/families.c plugins/metrics/prometheus/families.h \
	plugins/metrics/prometheus/names.c plugins/metrics/prometheus/names.h \
	plugins/metrics/prometheus/number.c plugins/metrics/prometheus/number.h \
	plugins/metrics/prometheus/options.c plugins/metrics/prometheus/options.h \
	plugins/metrics/prometheus/out.c plugins/metrics/prometheus/out.h \
	plugins/metrics/prometheus/prometheus.c

prometheus_la_SOURCES = $(prometheus_files)
prometheus_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
prometheus_la_CFLAGS = $(PLUGIN_CFLAGS) $(ZLIB_CFLAGS)
prometheus_la_LDFLAGS = $(PLUGIN_LDFLAGS)
prometheus_la_LIBADD = $(ZLIB_LIBS)
