/* bench/consume.h: takes messages from a channel as fast as they come, and finishes them. */
#ifndef PLUQ_BENCH_CONSUME_H
#define PLUQ_BENCH_CONSUME_H

#include "bench.h"
#include "measure.h"

/* Takes exactly `count` messages with opt.consumers consumers; `m` ends when the server has worked off every FIN. */
void consume(const struct bench *, const char *topic, uint64_t count, struct measure *m);

#endif
