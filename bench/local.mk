# The load generator; bench/README.md tells how to run it.
noinst_PROGRAMS += bench/pluq-bench
bench_pluq_bench_SOURCES = \
	bench/bench.c bench/bench.h \
	bench/consume.c bench/consume.h \
	bench/discovery.c \
	bench/fleet.c bench/fleet.h \
	bench/histogram.c bench/histogram.h \
	bench/http.c bench/http.h \
	bench/http_ask.c \
	bench/idle.c \
	bench/latency.c \
	bench/measure.c bench/measure.h \
	bench/memory.c \
	bench/null_server.c \
	bench/peers.c bench/peers.h \
	bench/pluq-bench.c \
	bench/proc.c bench/proc.h \
	bench/publish.c bench/publish.h \
	bench/report.c bench/report.h \
	bench/timers.c
bench_pluq_bench_LDADD = libclient.la $(JANSSON_LIBS)

EXTRA_DIST += bench/README.md bench/run
