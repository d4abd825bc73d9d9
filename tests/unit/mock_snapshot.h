/* Snapshots for unit tests of metrics plugins. */
#ifndef MOCK_SNAPSHOT_H
#define MOCK_SNAPSHOT_H

#include <pluq/metrics.h>

#include "mock_host.h"

enum { MOCK_SAMPLES = 64 };

struct mock_snapshot {
	struct pluq_snapshot pub; /* first: what the plugin gets */
	struct {
		struct pluq_sample pub;
		char more[16]; /* the stride is not the size */
	} samples[MOCK_SAMPLES];
};

/* Empty, of 127.0.0.1:5190, one second after the epoch. */
void mock_snapshot_init(struct mock_snapshot *);
/* A sample more; the texts are borrowed. "topic_published_messages" and so on: a metric as the daemon has it, or any other as a gauge. */
struct pluq_sample *mock_sample(struct mock_snapshot *, const char *metric, const char *topic, const char *channel, double value);

/* A metric of that name, always the same one. */
const struct pluq_metric *mock_metric(const char *name);

/* A host that has a place for figures; `fn` and `arg` are the source that the plugin has named. */
struct mock_metrics_host {
	struct mock_host host; /* first */
	struct pluq_metrics table;
	pluq_gather_fn fn;
	void *arg;
};

void mock_metrics_host_init(struct mock_metrics_host *);
/* The value that the source tells with this detail; -1: none. */
double mock_metrics_told(struct mock_metrics_host *, const char *detail);

#endif
