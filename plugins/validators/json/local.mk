pkglib_LTLIBRARIES += validate-json.la

validate_json_scan_files = \
	plugins/validators/json/keys.c plugins/validators/json/keys.h \
	plugins/validators/json/names.c plugins/validators/json/names.h \
	plugins/validators/json/scan.c plugins/validators/json/scan.h \
	plugins/validators/json/text.c plugins/validators/json/text.h

validate_json_files = $(validate_json_scan_files) \
	plugins/validators/json/check.c plugins/validators/json/check.h \
	plugins/validators/json/hold.c \
	plugins/validators/json/json.c \
	plugins/validators/json/options.c plugins/validators/json/options.h \
	plugins/validators/json/parse.c \
	plugins/validators/json/rules.h

validate_json_la_SOURCES = $(validate_json_files)
validate_json_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
validate_json_la_CFLAGS = $(PLUGIN_CFLAGS)
validate_json_la_LDFLAGS = $(PLUGIN_LDFLAGS)
