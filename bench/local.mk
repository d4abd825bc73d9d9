# The load generator; bench/README.md tells how to run it.
noinst_PROGRAMS += bench/pluq-bench
bench_pluq_bench_SOURCES = \
	bench/bench.c bench/bench.h \
	bench/body.c \
	bench/coat.c bench/coat.h \
	bench/consume.c bench/consume.h \
	bench/discovery.c \
	bench/fleet.c bench/fleet.h \
	bench/handshakes.c \
	bench/histogram.c bench/histogram.h \
	bench/http.c bench/http.h \
	bench/http_ask.c \
	bench/idle.c \
	bench/latency.c bench/latency.h \
	bench/measure.c bench/measure.h \
	bench/memory.c \
	bench/null_server.c \
	bench/peers.c bench/peers.h \
	bench/pluq-bench.c \
	bench/proc.c bench/proc.h \
	bench/publish.c bench/publish.h \
	bench/report.c bench/report.h \
	bench/scrape.c \
	bench/scraper.c bench/scraper.h \
	bench/timers.c
# The framing of snappy has no state but its own and needs nothing else of the daemon.
bench_pluq_bench_SOURCES += daemon/net/crc32c.c daemon/net/crc32c.h daemon/net/snappy_frame.c daemon/net/snappy_frame.h
bench_pluq_bench_CFLAGS = $(AM_CFLAGS) $(TLS_CFLAGS) $(CRYPTO_CFLAGS) $(ZLIB_CFLAGS)
bench_pluq_bench_LDADD = libclient.la $(JANSSON_LIBS) $(TLS_LIBS) $(CRYPTO_LIBS) $(ZLIB_LIBS) $(SNAPPY_LIBS)

# What an auth check costs by itself.
noinst_PROGRAMS += bench/auth-check
bench_auth_check_SOURCES = bench/auth_check.c
bench_auth_check_CFLAGS = $(CORE_CFLAGS)
bench_auth_check_LDADD = libcore.la $(CORE_LIBS)

# What JSON costs to judge.
noinst_PROGRAMS += bench/validate-json
bench_validate_json_SOURCES = bench/validate_json.c $(validate_json_files)
bench_validate_json_CPPFLAGS = $(PLUGIN_CPPFLAGS)
bench_validate_json_CFLAGS = $(PLUGIN_CFLAGS)

# What scripts cost.
noinst_PROGRAMS += bench/validate-lua
bench_validate_lua_SOURCES = bench/validate_lua.c $(validate_lua_files)
bench_validate_lua_CPPFLAGS = $(PLUGIN_CPPFLAGS)
bench_validate_lua_CFLAGS = $(PLUGIN_CFLAGS) $(LUA_CFLAGS)
bench_validate_lua_LDADD = $(LUA_LIBS)

# What the validators' floor costs, and an idle hook.
noinst_PROGRAMS += bench/validate-hook
bench_validate_hook_SOURCES = bench/validate_hook.c
bench_validate_hook_CFLAGS = $(CORE_CFLAGS)
bench_validate_hook_LDADD = libcore.la $(CORE_LIBS)

# What JSON Schema costs, and the longest that a message can take.
noinst_PROGRAMS += bench/validate-schema
bench_validate_schema_SOURCES = bench/validate_schema.c $(validate_schema_core)
bench_validate_schema_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
bench_validate_schema_LDADD = $(PCRE2_LIBS)

EXTRA_DIST += bench/README.md bench/run
