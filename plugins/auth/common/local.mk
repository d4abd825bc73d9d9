# Compiled into each auth plugin that reads a file of entries and grants.
auth_rules_files = \
	plugins/auth/common/rules.c plugins/auth/common/rules.h \
	plugins/auth/common/words.c plugins/auth/common/words.h \
	plugins/auth/file.c plugins/auth/file.h \
	plugins/auth/pattern.c plugins/auth/pattern.h
