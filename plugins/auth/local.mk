include plugins/auth/common/local.mk
include plugins/auth/cert/local.mk
include plugins/auth/csv/local.mk
include plugins/auth/http/local.mk
include plugins/auth/token/local.mk
