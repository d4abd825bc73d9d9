/* bench/measure.h: time and CPU between two moments. */
#ifndef PLUQ_BENCH_MEASURE_H
#define PLUQ_BENCH_MEASURE_H

#include "bench.h"
#include "proc.h"

struct measure {
	int64_t start_ns;
	double own_start;
	struct proc_cpu server_start, server_end;
	double seconds, own_cpu, server_cpu; /* set by measure_stop */
};

void measure_start(const struct bench *, struct measure *);
void measure_stop(const struct bench *, struct measure *);

/* Adds count, rate, server CPU per message (and by thread), and how busy the generator was, to the row. */
void measure_report(struct bench *, const struct measure *, uint64_t messages);

/* Sorts by rate and returns the middle one: n runs of the same number of messages. */
const struct measure *measure_median(struct measure *, size_t n);

#endif
