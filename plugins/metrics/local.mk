include plugins/metrics/common/local.mk
include plugins/metrics/statsd/local.mk
include plugins/metrics/stdout/local.mk
include plugins/metrics/prometheus/local.mk
