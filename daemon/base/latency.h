/* Private to the daemon. A histogram of durations, log-linear: every power of two of nanoseconds has 64 buckets of equal width, so that
 * neighbouring bounds differ by at most 1/64. It takes from 2^10 ns (what is shorter counts as that) to 2^50 ns (13 days; longer likewise).
 *
 * Counters come in blocks, one per power of two, made when first needed: durations that keep within a factor of ten cost about a
 * kilobyte. One thread. */
#ifndef PLUQ__LATENCY_H
#define PLUQ__LATENCY_H

#include <pluq/metrics.h>

#define PLUQ__LATENCY_FIRST 10 /* power of two of the first block */
#define PLUQ__LATENCY_BLOCKS 40
#define PLUQ__LATENCY_WIDTH 64
#define PLUQ__LATENCY_INDEXES (PLUQ__LATENCY_BLOCKS * PLUQ__LATENCY_WIDTH)

struct pluq__latency_block {
	uint32_t count[PLUQ__LATENCY_WIDTH]; /* low halves */
	uint32_t *high;                      /* as many high halves; NULL: all 0 */
};

struct pluq__latency {
	double sum_ns;
	struct pluq__latency_block *block[PLUQ__LATENCY_BLOCKS]; /* NULL: nothing counted there */
};

/* *l NULL: made now. Without memory the observation is left out. */
void pluq__latency_add(struct pluq__latency **l, int64_t ns);
void pluq__latency_free(struct pluq__latency **l); /* accepts NULL inside */

/* l may be NULL in all of these. */
uint64_t pluq__latency_count(const struct pluq__latency *l);
size_t pluq__latency_blocks(const struct pluq__latency *l); /* what going through it costs */
size_t pluq__latency_bucket_count(const struct pluq__latency *l);
/* Fills in buckets[pluq__latency_bucket_count] and *out, in seconds. */
void pluq__latency_copy(const struct pluq__latency *l, struct pluq_bucket *buckets, struct pluq_histogram *out);

/* Both halves, or all channels, together: sums[PLUQ__LATENCY_INDEXES]. Returns what was added. */
uint64_t pluq__latency_accumulate(const struct pluq__latency *l, uint64_t *sums);
/* Values in ns at these quantiles (0 .. 1, any order) of what is in `sums`, n observations in all; 0 if there are none. Right to 1 %. */
void pluq__latency_quantiles(const uint64_t *sums, uint64_t n, const double *quantiles, size_t count, double *values);

#endif
