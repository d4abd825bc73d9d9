/* bench/latency.h: publish to delivery at a fixed rate, see latency.c. */
#ifndef PLUQ_BENCH_LATENCY_H
#define PLUQ_BENCH_LATENCY_H

#include "scraper.h"

/* One run at opt.rate, for opt.seconds and one before; reports it as this row. The scraper, which may be NULL, has its turns meanwhile. */
void latency_run(struct bench *, const char *row, struct scraper *);

#endif
