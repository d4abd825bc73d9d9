libcore_la_SOURCES += \
	daemon/net/accept.c \
	daemon/net/addr.c daemon/net/addr.h \
	daemon/net/conn.c daemon/net/conn.h \
	daemon/net/conn_in.c \
	daemon/net/conn_io.c \
	daemon/net/conn_out.c \
	daemon/net/crc32c.c daemon/net/crc32c.h \
	daemon/net/deflate_layer.c \
	daemon/net/dial.c \
	daemon/net/held.c daemon/net/held.h \
	daemon/net/http.h \
	daemon/net/http_ask.c daemon/net/http_ask.h \
	daemon/net/http_auth.c daemon/net/http_auth.h \
	daemon/net/http_conn.c \
	daemon/net/http_fields.c daemon/net/http_fields.h \
	daemon/net/http_get.c \
	daemon/net/http_json.c daemon/net/http_json.h \
	daemon/net/http_query.c daemon/net/http_query.h \
	daemon/net/http_reply.c \
	daemon/net/http_request.c \
	daemon/net/http_route.c daemon/net/http_route.h \
	daemon/net/http_secret.c daemon/net/http_secret.h \
	daemon/net/http_server.c \
	daemon/net/json_quote.c daemon/net/json_quote.h \
	daemon/net/layer.c daemon/net/layer.h \
	daemon/net/listener.c \
	daemon/net/lookup.c daemon/net/lookup.h \
	daemon/net/net.c daemon/net/net.h \
	daemon/net/scratch.c daemon/net/scratch.h \
	daemon/net/snappy_frame.c daemon/net/snappy_frame.h \
	daemon/net/snappy_layer.c \
	daemon/net/state.h \
	daemon/net/tls.h \
	daemon/net/tls_config.c \
	daemon/net/tls_files.c daemon/net/tls_files.h \
	daemon/net/tls_info.c \
	daemon/net/tls_layer.c \
	daemon/net/tls_tickets.c daemon/net/tls_tickets.h \
	daemon/net/tls_why.c \
	daemon/net/upgrade.c
