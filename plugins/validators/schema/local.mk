pkglib_LTLIBRARIES += validate-schema.la

# All but the descriptor: what the tests use by itself.
validate_schema_core = \
	plugins/validators/schema/compile.c plugins/validators/schema/compile.h \
	plugins/validators/schema/compile_arrays.c \
	plugins/validators/schema/compile_circle.c \
	plugins/validators/schema/compile_logic.c \
	plugins/validators/schema/compile_objects.c \
	plugins/validators/schema/compile_remarks.c \
	plugins/validators/schema/compile_scalars.c \
	plugins/validators/schema/format.c plugins/validators/schema/format.h \
	plugins/validators/schema/format_time.c plugins/validators/schema/format_time.h \
	plugins/validators/schema/json.c plugins/validators/schema/json.h \
	plugins/validators/schema/json_text.c plugins/validators/schema/json_text.h \
	plugins/validators/schema/json_util.c \
	plugins/validators/schema/keywords.c plugins/validators/schema/keywords.h \
	plugins/validators/schema/number.c plugins/validators/schema/number.h \
	plugins/validators/schema/pattern.c plugins/validators/schema/pattern.h \
	plugins/validators/schema/pattern_ecma.c plugins/validators/schema/pattern_ecma.h \
	plugins/validators/schema/pointer.c plugins/validators/schema/pointer.h \
	plugins/validators/schema/program.c plugins/validators/schema/program.h \
	plugins/validators/schema/reason.c plugins/validators/schema/reason.h \
	plugins/validators/schema/run.c plugins/validators/schema/run.h \
	plugins/validators/schema/run_arrays.c \
	plugins/validators/schema/run_logic.c \
	plugins/validators/schema/run_objects.c \
	plugins/validators/schema/run_scalars.c \
	plugins/validators/schema/store.h \
	plugins/validators/schema/store_files.c \
	plugins/validators/schema/store_index.c \
	plugins/validators/schema/uri.c plugins/validators/schema/uri.h \
	plugins/validators/schema/value.c plugins/validators/schema/value.h

validate_schema_files = $(validate_schema_core) plugins/validators/schema/schema.c

validate_schema_la_SOURCES = $(validate_schema_files)
validate_schema_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
validate_schema_la_CFLAGS = $(PLUGIN_CFLAGS) $(PCRE2_CFLAGS)
validate_schema_la_LDFLAGS = $(PLUGIN_LDFLAGS)
validate_schema_la_LIBADD = $(PCRE2_LIBS)
