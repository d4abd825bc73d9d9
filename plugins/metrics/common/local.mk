metrics_common_files = \
	plugins/metrics/common/past.c plugins/metrics/common/past.h \
	plugins/metrics/common/text.c plugins/metrics/common/text.h
