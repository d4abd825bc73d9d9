libcore_la_SOURCES += \
	daemon/auth/answer.c daemon/auth/answer.h \
	daemon/auth/auth.h \
	daemon/auth/cache.c daemon/auth/cache.h \
	daemon/auth/call.c daemon/auth/call.h \
	daemon/auth/chain.c daemon/auth/chain.h \
	daemon/auth/core.c daemon/auth/core.h \
	daemon/auth/grants.c daemon/auth/grants.h \
	daemon/auth/inquiry.c daemon/auth/inquiry.h \
	daemon/auth/memo.c daemon/auth/memo.h \
	daemon/auth/pattern.c daemon/auth/pattern.h \
	daemon/auth/question.c daemon/auth/question.h \
	daemon/auth/session.c daemon/auth/session.h \
	daemon/auth/table.c
