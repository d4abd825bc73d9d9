pkglib_LTLIBRARIES += authd.la

# Also compiled into the unit tests and the fuzzing harness.
authd_files = \
	plugins/handlers/authd/answer.c plugins/handlers/authd/answer.h \
	plugins/handlers/authd/ask.c plugins/handlers/authd/ask.h \
	plugins/handlers/authd/authd.h \
	plugins/handlers/authd/oauth.c plugins/handlers/authd/oauth.h \
	plugins/handlers/authd/options.c plugins/handlers/authd/options.h \
	plugins/handlers/authd/request.c plugins/handlers/authd/request.h \
	plugins/handlers/authd/routes.c \
	plugins/handlers/authd/text.c plugins/handlers/authd/text.h \
	plugins/handlers/authd/tls.c

authd_la_SOURCES = $(authd_files) plugins/handlers/authd/authd.c
authd_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
authd_la_CFLAGS = $(PLUGIN_CFLAGS)
authd_la_LDFLAGS = $(PLUGIN_LDFLAGS)
authd_la_LIBADD = $(JANSSON_LIBS)
