/* bench/publish.h: publishes as fast as the server answers. */
#ifndef PLUQ_BENCH_PUBLISH_H
#define PLUQ_BENCH_PUBLISH_H

#include "bench.h"
#include "measure.h"

struct publish_job {
	const char *topic;
	uint64_t connections;
	uint64_t outstanding; /* commands in the pipe of each */
	uint64_t batch;       /* messages per MPUB; 0: PUB */
	uint64_t count;       /* messages in all; rounded up to whole commands */
};

/* Returns the number of messages published; `m` spans the first byte sent to the last answer. */
uint64_t publish(const struct bench *, const struct publish_job *, struct measure *m);

/* Fills a topic quickly, however the mode at hand publishes. */
uint64_t publish_preload(const struct bench *, const char *topic, uint64_t count, struct measure *m);

#endif
