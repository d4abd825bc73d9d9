pkglib_LTLIBRARIES += auth-token.la

# What pluq_token shares with it.
auth_secret_files = plugins/auth/token/secret.c plugins/auth/token/secret.h
auth_token_files = $(auth_rules_files) $(auth_secret_files) \
	plugins/auth/token/password.c \
	plugins/auth/token/table.c plugins/auth/token/table.h \
	plugins/auth/token/token.h

auth_token_la_SOURCES = $(auth_token_files) plugins/auth/token/token.c
auth_token_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
auth_token_la_CFLAGS = $(PLUGIN_CFLAGS) $(CRYPTO_CFLAGS) $(PCRE2_CFLAGS)
auth_token_la_LDFLAGS = $(PLUGIN_LDFLAGS)
auth_token_la_LIBADD = $(CRYPTO_LIBS) $(PCRE2_LIBS)
