bin_PROGRAMS += tools/nsq_tail
tools_nsq_tail_SOURCES = tools/nsq_tail.c tools/source.c tools/source.h tools/tail_options.c tools/tail_options.h
tools_nsq_tail_CPPFLAGS = $(AM_CPPFLAGS) -DPLUQ_VERSION='"$(PACKAGE_VERSION)"'
tools_nsq_tail_LDADD = libclient.la $(JANSSON_LIBS)

TESTS += tests/tools.suite
EXTRA_DIST += tests/tools.suite tests/tools

bin_PROGRAMS += tools/pluq_token
tools_pluq_token_SOURCES = tools/pluq_token.c $(auth_secret_files)
tools_pluq_token_CPPFLAGS = $(AM_CPPFLAGS) -DPLUQ_VERSION='"$(PACKAGE_VERSION)"'
tools_pluq_token_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tools_pluq_token_LDADD = $(CRYPTO_LIBS)
