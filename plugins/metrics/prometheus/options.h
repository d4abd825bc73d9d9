#ifndef PROMETHEUS_OPTIONS_H
#define PROMETHEUS_OPTIONS_H

#include <pluq/metrics.h>

struct conf {
	const char *path;
	int64_t max_topics, max_channels; /* NO_LIMIT: all */
	bool exclude_ephemeral, compress;
};

#define NO_LIMIT -1

extern const struct pluq_option options[];

/* What a reload changes. */
struct limits {
	int64_t topics, channels; /* NO_LIMIT: all */
	bool exclude_ephemeral, compress;
};

#endif
