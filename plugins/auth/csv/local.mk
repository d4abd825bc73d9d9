pkglib_LTLIBRARIES += auth-csv.la

auth_csv_files = \
	plugins/auth/csv/address.c plugins/auth/csv/address.h \
	plugins/auth/csv/answer.c \
	plugins/auth/csv/csv.c \
	plugins/auth/csv/index.c \
	plugins/auth/csv/reader.c plugins/auth/csv/reader.h \
	plugins/auth/csv/table.c plugins/auth/csv/table.h \
	plugins/auth/file.c plugins/auth/file.h \
	plugins/auth/pattern.c plugins/auth/pattern.h

auth_csv_la_SOURCES = $(auth_csv_files)
auth_csv_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
auth_csv_la_CFLAGS = $(PLUGIN_CFLAGS) $(CRYPTO_CFLAGS) $(PCRE2_CFLAGS)
auth_csv_la_LDFLAGS = $(PLUGIN_LDFLAGS)
auth_csv_la_LIBADD = $(CRYPTO_LIBS) $(PCRE2_LIBS)
