#include "latency.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH_BITS 6

_Static_assert(PLUQ__LATENCY_WIDTH == 1 << WIDTH_BITS, "a block is a power of two wide");

/* The low half goes through 0. Without memory it stays at its highest. */
static void carry(struct pluq__latency_block *b, size_t i)
{
	if (!b->high)
		b->high = calloc(PLUQ__LATENCY_WIDTH, sizeof(*b->high));
	if (!b->high)
		return;
	b->high[i]++;
	b->count[i] = 0;
}

__attribute__((noinline)) static void add_slowly(struct pluq__latency **pl, int64_t ns, int at, size_t i)
{
	struct pluq__latency_block *b;

	if (!*pl && !(*pl = calloc(1, sizeof(**pl))))
		return;
	b = (*pl)->block[at];
	if (!b && !(b = (*pl)->block[at] = calloc(1, sizeof(*b))))
		return;
	(*pl)->sum_ns += (double)ns;
	if (b->count[i] == UINT32_MAX)
		carry(b, i);
	else
		b->count[i]++;
}

/* Called for every message that is finished: what is rare is left to a function of its own. */
void pluq__latency_add(struct pluq__latency **pl, int64_t ns)
{
	struct pluq__latency *l = *pl;
	int64_t v = ns < 0 ? 0 : ns;
	/* The first two blocks have buckets of a nanosecond: those of the first power of two, and what is below it. */
	int at = 64 - WIDTH_BITS - __builtin_clzll((uint64_t)v | (PLUQ__LATENCY_WIDTH >> 1));
	size_t i = (size_t)(v >> (at > 0 ? at - 1 : 0)) & (PLUQ__LATENCY_WIDTH - 1);

	if (!l || !l->block[at] || l->block[at]->count[i] == UINT32_MAX) {
		add_slowly(pl, v, at, i);
		return;
	}
	l->block[at]->count[i]++;
	l->sum_ns += (double)v;
}

void pluq__latency_free(struct pluq__latency **pl)
{
	struct pluq__latency *l = *pl;

	*pl = NULL;
	for (int at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++) {
		if (l->block[at])
			free(l->block[at]->high);
		free(l->block[at]);
	}
	free(l);
}

static uint64_t count_at(const struct pluq__latency_block *b, size_t i)
{
	return (b->high ? (uint64_t)b->high[i] << 32 : 0) + b->count[i];
}

uint64_t pluq__latency_count(const struct pluq__latency *l)
{
	uint64_t n = 0;

	for (int at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		for (size_t i = 0; l->block[at] && i < PLUQ__LATENCY_WIDTH; i++)
			n += count_at(l->block[at], i);
	return n;
}

size_t pluq__latency_blocks(const struct pluq__latency *l)
{
	size_t n = 0;

	for (int at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		n += l->block[at] != NULL;
	return n;
}

size_t pluq__latency_bucket_count(const struct pluq__latency *l)
{
	size_t n = 0;

	for (int at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		for (size_t i = 0; l->block[at] && i < PLUQ__LATENCY_WIDTH; i++)
			n += l->block[at]->count[i] || l->block[at]->high;
	return n;
}

/* Lower bound of a bucket, in ns; i may be one too many: the upper bound of the last. */
static uint64_t bound(size_t at, size_t i)
{
	return at ? (uint64_t)(PLUQ__LATENCY_WIDTH + i) << (at - 1) : i;
}

void pluq__latency_copy(const struct pluq__latency *l, struct pluq_bucket *buckets, struct pluq_histogram *out)
{
	size_t n = 0;

	*out = (struct pluq_histogram){.buckets = buckets, .sum = l ? l->sum_ns / 1e9 : 0};
	for (size_t at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		for (size_t i = 0; l->block[at] && i < PLUQ__LATENCY_WIDTH; i++) {
			uint64_t count = count_at(l->block[at], i);

			if (!count)
				continue;
			buckets[n++] = (struct pluq_bucket){
			    .upper = (double)bound(at, i + 1) / 1e9, .count = count};
			out->count += count;
		}
	out->bucket_count = n;
}

/* ---- quantiles ---- */

void pluq__latency_accumulate(const struct pluq__latency *l, struct pluq__latency_sums *sums)
{
	for (size_t at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		for (size_t i = 0; l->block[at] && i < PLUQ__LATENCY_WIDTH; i++) {
			uint64_t count = count_at(l->block[at], i);

			sums->of_bucket[at][i] += count;
			sums->of_block[at] += count;
			sums->count += count;
		}
}

static uint64_t rank_of(double quantile, uint64_t n)
{
	double rank = ceil(quantile * (double)n);

	return rank < 1 ? 1 : rank >= (double)n ? n : (uint64_t)rank;
}

/* The middle of the bucket in which it lies: off by half of 1/64 at most. */
static double at_rank(const struct pluq__latency_sums *sums, uint64_t rank)
{
	size_t at = 0, i = 0;

	for (; rank > sums->of_block[at]; at++)
		rank -= sums->of_block[at];
	for (; rank > sums->of_bucket[at][i]; i++)
		rank -= sums->of_bucket[at][i];
	return (double)(bound(at, i) + (bound(at, i + 1) - bound(at, i)) / 2);
}

void pluq__latency_quantiles(const struct pluq__latency_sums *sums, const double *quantiles, size_t count, double *values)
{
	for (size_t i = 0; i < count; i++)
		values[i] = sums->count ? at_rank(sums, rank_of(quantiles[i], sums->count)) : 0;
}
