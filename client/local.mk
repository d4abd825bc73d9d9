# The client shared by tools, bench and tests.
noinst_LTLIBRARIES += libclient.la
libclient_la_SOURCES = \
	client/address.c client/address.h \
	client/buffer.c client/buffer.h \
	client/command.c client/command.h \
	client/conn.c client/conn.h \
	client/error.c client/error.h \
	client/frame.c client/frame.h \
	client/identify.c client/identify.h \
	client/wire.h
libclient_la_CPPFLAGS = $(AM_CPPFLAGS)
libclient_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libclient_la_LIBADD = $(JANSSON_LIBS)
