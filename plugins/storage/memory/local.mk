pkglib_LTLIBRARIES += memory.la
memory_la_SOURCES = plugins/storage/memory/memory.c
memory_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
memory_la_CFLAGS = $(PLUGIN_CFLAGS)
memory_la_LDFLAGS = $(PLUGIN_LDFLAGS)
