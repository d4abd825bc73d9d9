/* bench/histogram.h: times in nanoseconds, counted in cells whose width grows with the value: 128 cells per power of
 * two, so that any percentile is within 1 % of the truth while recording costs a shift and an addition. */
#ifndef PLUQ_BENCH_HISTOGRAM_H
#define PLUQ_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_CELLS ((64 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t cells[HISTOGRAM_CELLS];
	uint64_t count;
	int64_t max;
};

void histogram_record(struct histogram *, int64_t ns); /* below 0 counts as 0 */

/* The smallest value such that `percent` of what was recorded is not above it, up to the cell's width (its upper end is
 * told, but never more than the maximum). 0 if nothing was recorded. */
int64_t histogram_percentile(const struct histogram *, double percent);

#endif
