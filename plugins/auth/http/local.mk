pkglib_LTLIBRARIES += auth-http.la

auth_http_files = \
	plugins/auth/http/answer.c plugins/auth/http/answer.h \
	plugins/auth/http/asker.h \
	plugins/auth/http/http.c \
	plugins/auth/http/parameters.c plugins/auth/http/parameters.h \
	plugins/auth/http/question.c \
	plugins/auth/http/servers.c \
	plugins/auth/http/url.c plugins/auth/http/url.h \
	plugins/auth/pattern.c plugins/auth/pattern.h

auth_http_la_SOURCES = $(auth_http_files)
auth_http_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
auth_http_la_CFLAGS = $(PLUGIN_CFLAGS) $(CRYPTO_CFLAGS) $(PCRE2_CFLAGS)
auth_http_la_LDFLAGS = $(PLUGIN_LDFLAGS)
auth_http_la_LIBADD = $(CRYPTO_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)
