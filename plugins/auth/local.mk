include plugins/auth/csv/local.mk
