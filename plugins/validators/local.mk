include plugins/validators/json/local.mk
include plugins/validators/lua/local.mk
include plugins/validators/schema/local.mk
