libcore_la_SOURCES += \
	daemon/validate/core.c daemon/validate/core.h \
	daemon/validate/gather.c \
	daemon/validate/judge.c \
	daemon/validate/rules.c daemon/validate/rules.h \
	daemon/validate/topics.c \
	daemon/validate/validate.h
