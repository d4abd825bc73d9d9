include plugins/validators/json/local.mk
