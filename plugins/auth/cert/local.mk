pkglib_LTLIBRARIES += auth-cert.la

# Also compiled into the unit tests.
auth_cert_files = $(auth_rules_files) plugins/auth/cert/cert.c plugins/auth/cert/names.c plugins/auth/cert/names.h

auth_cert_la_SOURCES = $(auth_cert_files)
auth_cert_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
auth_cert_la_CFLAGS = $(PLUGIN_CFLAGS) $(PCRE2_CFLAGS)
auth_cert_la_LDFLAGS = $(PLUGIN_LDFLAGS)
auth_cert_la_LIBADD = $(PCRE2_LIBS)
