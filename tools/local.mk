bin_PROGRAMS += tools/nsq_tail
tools_nsq_tail_SOURCES = tools/nsq_tail.c tools/source.c tools/source.h tools/tail_options.c tools/tail_options.h
tools_nsq_tail_CPPFLAGS = $(AM_CPPFLAGS) -DPLUQ_VERSION='"$(PACKAGE_VERSION)"'
tools_nsq_tail_LDADD = libclient.la $(JANSSON_LIBS)

TESTS += tests/tools.suite
EXTRA_DIST += tests/tools.suite tests/tools
