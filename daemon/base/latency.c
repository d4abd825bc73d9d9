#include "latency.h"

#include <math.h>
#include <stdlib.h>

#define LEAST (INT64_C(1) << PLUQ__LATENCY_FIRST)
#define MOST ((INT64_C(1) << (PLUQ__LATENCY_FIRST + PLUQ__LATENCY_BLOCKS)) - 1)
#define WIDTH_BITS 6

_Static_assert(PLUQ__LATENCY_WIDTH == 1 << WIDTH_BITS, "a block is a power of two wide");

static struct pluq__latency_block *make_block(struct pluq__latency *l, int at)
{
	return l->block[at] = calloc(1, sizeof(*l->block[at]));
}

/* The low half has gone through 0. Without memory it stays at its highest. */
static void carry(struct pluq__latency_block *b, size_t i)
{
	if (!b->high)
		b->high = calloc(PLUQ__LATENCY_WIDTH, sizeof(*b->high));
	if (b->high)
		b->high[i]++;
	else
		b->count[i] = UINT32_MAX;
}

void pluq__latency_add(struct pluq__latency **pl, int64_t ns)
{
	int64_t v = ns < LEAST ? LEAST : ns > MOST ? MOST : ns;
	int power = 63 - __builtin_clzll((uint64_t)v);
	size_t i = (size_t)(v >> (power - WIDTH_BITS)) & (PLUQ__LATENCY_WIDTH - 1);
	struct pluq__latency_block *b;

	if (!*pl && !(*pl = calloc(1, sizeof(**pl))))
		return;
	b = (*pl)->block[power - PLUQ__LATENCY_FIRST];
	if (!b && !(b = make_block(*pl, power - PLUQ__LATENCY_FIRST)))
		return;
	if (++b->count[i] == 0)
		carry(b, i);
	(*pl)->sum_ns += ns > 0 ? (double)ns : 0;
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

/* Lower bound of a bucket, in ns; of the one behind the last, the upper bound of that. */
static int64_t bound(size_t index)
{
	size_t at = index / PLUQ__LATENCY_WIDTH, i = index % PLUQ__LATENCY_WIDTH;

	return (int64_t)(PLUQ__LATENCY_WIDTH + i) << (PLUQ__LATENCY_FIRST - WIDTH_BITS + at);
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
			    .upper = (double)bound(at * PLUQ__LATENCY_WIDTH + i + 1) / 1e9, .count = count};
			out->count += count;
		}
	out->bucket_count = n;
}

/* ---- quantiles ---- */

uint64_t pluq__latency_accumulate(const struct pluq__latency *l, uint64_t *sums)
{
	uint64_t n = 0;

	for (size_t at = 0; l && at < PLUQ__LATENCY_BLOCKS; at++)
		for (size_t i = 0; l->block[at] && i < PLUQ__LATENCY_WIDTH; i++) {
			uint64_t count = count_at(l->block[at], i);

			sums[at * PLUQ__LATENCY_WIDTH + i] += count;
			n += count;
		}
	return n;
}

static uint64_t rank_of(double quantile, uint64_t n)
{
	double rank = ceil(quantile * (double)n);

	return rank < 1 ? 1 : rank >= (double)n ? n : (uint64_t)rank;
}

static double at_rank(const uint64_t *sums, uint64_t rank)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < PLUQ__LATENCY_INDEXES; i++)
		if ((seen += sums[i]) >= rank)
			return (double)((bound(i) + bound(i + 1)) / 2);
	return 0;
}

void pluq__latency_quantiles(const uint64_t *sums, uint64_t n, const double *quantiles, size_t count, double *values)
{
	for (size_t i = 0; i < count; i++)
		values[i] = n ? at_rank(sums, rank_of(quantiles[i], n)) : 0;
}
