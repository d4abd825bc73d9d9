/* Private to the daemon. A histogram of durations, log-linear: every power of two of nanoseconds has 64 buckets of equal width, so that
 * neighbouring bounds differ by at most 1/64, or by a nanosecond. What is less than 0 counts as that.
 *
 * Counters come in blocks, one per power of two and one for less than 64 ns, made when first needed: durations that keep within a
 * factor of ten cost about a kilobyte and a half. One thread. */
#ifndef PLUQ__LATENCY_H
#define PLUQ__LATENCY_H

#include <pluq/metrics.h>

#define PLUQ__LATENCY_BLOCKS 58
#define PLUQ__LATENCY_WIDTH 64

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

/* Several histograms together: both halves of a window, all channels of a topic. */
struct pluq__latency_sums {
	uint64_t count, of_block[PLUQ__LATENCY_BLOCKS];
	uint64_t of_bucket[PLUQ__LATENCY_BLOCKS][PLUQ__LATENCY_WIDTH];
};

/* Zeroed at first. */
void pluq__latency_accumulate(const struct pluq__latency *l, struct pluq__latency_sums *);
/* Values in ns at these quantiles (0 .. 1, any order), right to 1 %; 0 without observations. */
void pluq__latency_quantiles(const struct pluq__latency_sums *, const double *quantiles, size_t count, double *values);

#endif
