libcore_la_SOURCES += \
	daemon/dropin/dropin.h \
	daemon/dropin/dropin_args.c \
	daemon/dropin/dropin_flags.c daemon/dropin/dropin_flags.h \
	daemon/dropin/dropin_read.c \
	daemon/dropin/flag_value.c daemon/dropin/flag_value.h \
	daemon/dropin/flags.c daemon/dropin/flags.h \
	daemon/dropin/go_values.c daemon/dropin/go_values.h \
	daemon/dropin/idle_flags.c daemon/dropin/idle_flags.h \
	daemon/dropin/roles.c daemon/dropin/roles.h \
	daemon/dropin/toml.c daemon/dropin/toml.h \
	daemon/dropin/toml_bare.c daemon/dropin/toml_reader.h \
	daemon/dropin/toml_string.c
