pkglib_LTLIBRARIES += nsqd.la

nsqd_files = \
	plugins/handlers/nsqd/answers.c plugins/handlers/nsqd/answers.h \
	plugins/handlers/nsqd/auth.c plugins/handlers/nsqd/auth.h \
	plugins/handlers/nsqd/body.h \
	plugins/handlers/nsqd/conn.c plugins/handlers/nsqd/conn.h \
	plugins/handlers/nsqd/deliver.c plugins/handlers/nsqd/deliver.h \
	plugins/handlers/nsqd/dispatch.c \
	plugins/handlers/nsqd/durations.c plugins/handlers/nsqd/durations.h \
	plugins/handlers/nsqd/errors.c \
	plugins/handlers/nsqd/frame.c plugins/handlers/nsqd/frame.h \
	plugins/handlers/nsqd/heartbeat.c plugins/handlers/nsqd/heartbeat.h \
	plugins/handlers/nsqd/http_admin.c \
	plugins/handlers/nsqd/http_args.c plugins/handlers/nsqd/http_args.h \
	plugins/handlers/nsqd/http_batch.c plugins/handlers/nsqd/http_batch.h \
	plugins/handlers/nsqd/http_config.c \
	plugins/handlers/nsqd/http_info.c \
	plugins/handlers/nsqd/http_mpub.c \
	plugins/handlers/nsqd/http_pub.c \
	plugins/handlers/nsqd/http_routes.c \
	plugins/handlers/nsqd/http_stats.c \
	plugins/handlers/nsqd/identify_json.c plugins/handlers/nsqd/identify_json.h \
	plugins/handlers/nsqd/intake.c \
	plugins/handlers/nsqd/json_out.c plugins/handlers/nsqd/json_out.h \
	plugins/handlers/nsqd/json_scan.c plugins/handlers/nsqd/json_scan.h \
	plugins/handlers/nsqd/line.c plugins/handlers/nsqd/line.h \
	plugins/handlers/nsqd/lookup.c plugins/handlers/nsqd/lookup.h \
	plugins/handlers/nsqd/lookup_channels.c \
	plugins/handlers/nsqd/lookup_json.c plugins/handlers/nsqd/lookup_json.h \
	plugins/handlers/nsqd/lookup_peer.c plugins/handlers/nsqd/lookup_peer.h \
	plugins/handlers/nsqd/lookup_question.c plugins/handlers/nsqd/lookup_question.h \
	plugins/handlers/nsqd/lookup_tls.c plugins/handlers/nsqd/lookup_tls.h \
	plugins/handlers/nsqd/metrics.c plugins/handlers/nsqd/metrics.h \
	plugins/handlers/nsqd/names.c plugins/handlers/nsqd/names.h \
	plugins/handlers/nsqd/nsqd.c plugins/handlers/nsqd/nsqd.h \
	plugins/handlers/nsqd/options.c plugins/handlers/nsqd/options.h \
	plugins/handlers/nsqd/peer.c plugins/handlers/nsqd/peer.h \
	plugins/handlers/nsqd/proto_auth.c \
	plugins/handlers/nsqd/proto_cls.c \
	plugins/handlers/nsqd/proto_dpub.c \
	plugins/handlers/nsqd/proto_fin.c \
	plugins/handlers/nsqd/proto_identify.c \
	plugins/handlers/nsqd/proto_mpub.c \
	plugins/handlers/nsqd/proto_nop.c \
	plugins/handlers/nsqd/proto_pub.c \
	plugins/handlers/nsqd/proto_rdy.c \
	plugins/handlers/nsqd/proto_req.c \
	plugins/handlers/nsqd/proto_sub.c \
	plugins/handlers/nsqd/proto_touch.c \
	plugins/handlers/nsqd/protocol.h \
	plugins/handlers/nsqd/pub_counts.c plugins/handlers/nsqd/pub_counts.h \
	plugins/handlers/nsqd/publish.c \
	plugins/handlers/nsqd/quote.c plugins/handlers/nsqd/quote.h \
	plugins/handlers/nsqd/relief.c plugins/handlers/nsqd/relief.h \
	plugins/handlers/nsqd/pace.c plugins/handlers/nsqd/pace.h \
	plugins/handlers/nsqd/sieve.c plugins/handlers/nsqd/sieve.h \
	plugins/handlers/nsqd/split.c plugins/handlers/nsqd/split.h \
	plugins/handlers/nsqd/stats.h \
	plugins/handlers/nsqd/stats_gather.c \
	plugins/handlers/nsqd/stats_json.c \
	plugins/handlers/nsqd/stats_memory.c \
	plugins/handlers/nsqd/stats_text.c \
	plugins/handlers/nsqd/step.h \
	plugins/handlers/nsqd/text.c plugins/handlers/nsqd/text.h \
	plugins/handlers/nsqd/tls.c plugins/handlers/nsqd/tls.h \
	plugins/handlers/nsqd/unicode_ranges.inc \
	plugins/handlers/nsqd/upgrade.c plugins/handlers/nsqd/upgrade.h \
	plugins/handlers/nsqd/utf8.c plugins/handlers/nsqd/utf8.h

nsqd_la_SOURCES = $(nsqd_files)
nsqd_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
nsqd_la_CFLAGS = $(PLUGIN_CFLAGS)
nsqd_la_LDFLAGS = $(PLUGIN_LDFLAGS)
nsqd_la_LIBADD = $(CRYPTO_LIBS) $(JANSSON_LIBS) $(ZLIB_LIBS)
EXTRA_DIST += plugins/handlers/nsqd/unicode_ranges.py
