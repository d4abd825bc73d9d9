pkglib_LTLIBRARIES += lookupd.la

# Also compiled into the unit tests and the fuzzing harness.
lookupd_files = \
	plugins/handlers/lookupd/commands.c \
	plugins/handlers/lookupd/conn.c plugins/handlers/lookupd/conn.h \
	plugins/handlers/lookupd/db.c plugins/handlers/lookupd/db.h \
	plugins/handlers/lookupd/db_peer.c \
	plugins/handlers/lookupd/http_admin.c \
	plugins/handlers/lookupd/http_args.c plugins/handlers/lookupd/http_args.h \
	plugins/handlers/lookupd/http_debug.c \
	plugins/handlers/lookupd/http_info.c \
	plugins/handlers/lookupd/http_lookup.c \
	plugins/handlers/lookupd/http_nodes.c \
	plugins/handlers/lookupd/http_routes.c \
	plugins/handlers/lookupd/http_topics.c \
	plugins/handlers/lookupd/identify.c plugins/handlers/lookupd/identify.h \
	plugins/handlers/lookupd/json.c plugins/handlers/lookupd/json.h \
	plugins/handlers/lookupd/line.c plugins/handlers/lookupd/line.h \
	plugins/handlers/lookupd/link.h \
	plugins/handlers/lookupd/lookupd.c plugins/handlers/lookupd/lookupd.h \
	plugins/handlers/lookupd/metrics.c plugins/handlers/lookupd/metrics.h \
	plugins/handlers/lookupd/options.c plugins/handlers/lookupd/options.h \
	plugins/handlers/lookupd/proto_identify.c \
	plugins/handlers/lookupd/set.c plugins/handlers/lookupd/set.h \
	plugins/handlers/lookupd/siphash.c plugins/handlers/lookupd/siphash.h \
	plugins/handlers/lookupd/snapshot.c plugins/handlers/lookupd/snapshot.h \
	plugins/handlers/lookupd/snapshot_file.c plugins/handlers/lookupd/snapshot_file.h \
	plugins/handlers/lookupd/tls.c plugins/handlers/lookupd/tls.h \
	plugins/handlers/lookupd/text.c plugins/handlers/lookupd/text.h \
	plugins/handlers/lookupd/walk.c plugins/handlers/lookupd/walk.h

lookupd_la_SOURCES = $(lookupd_files)
lookupd_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
lookupd_la_CFLAGS = $(PLUGIN_CFLAGS)
lookupd_la_LDFLAGS = $(PLUGIN_LDFLAGS)
lookupd_la_LIBADD = $(JANSSON_LIBS)
