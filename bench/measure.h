/* bench/measure.h: time and CPU between two moments. */
#ifndef PLUQ_BENCH_MEASURE_H
#define PLUQ_BENCH_MEASURE_H

#include "bench.h"
#include "proc.h"

struct measure {
	int64_t start_ns;
	struct proc_cpu own_start, own_end, server_start, server_end;
	double seconds, own_cpu, server_cpu, waited; /* set by measure_stop */
};

void measure_start(const struct bench *, struct measure *);
void measure_stop(const struct bench *, struct measure *);

/* Adds count, rate, server CPU per message (and by thread), and how busy the generator was, to the row. */
void measure_report(struct bench *, const struct measure *, uint64_t messages);

/* Adds the share of the time for which the server or the generator had to wait for a core: above one percent or so the
 * row tells more about the machine's other work than about the server. */
void measure_report_waiting(struct bench *, const struct measure *);

/* Sorts by rate and returns the middle one: n runs of the same number of messages. */
const struct measure *measure_median(struct measure *, size_t n);

#endif
