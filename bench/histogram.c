#include "histogram.h"

#define SUB (1u << HISTOGRAM_SUB_BITS)

/* Values below 2 * SUB have a cell each; above, `shift` low bits are dropped and each shift has SUB cells. */
static unsigned cell_of(uint64_t v)
{
	unsigned shift;

	if (v < 2 * SUB)
		return (unsigned)v;
	shift = 63u - (unsigned)__builtin_clzll(v) - HISTOGRAM_SUB_BITS;
	return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(v >> shift);
}

static int64_t upper_end(unsigned cell)
{
	unsigned shift;

	if (cell < 2 * SUB)
		return cell;
	shift = (cell >> HISTOGRAM_SUB_BITS) - 1;
	return (int64_t)((((uint64_t)(cell - (shift << HISTOGRAM_SUB_BITS)) + 1) << shift) - 1);
}

void histogram_record(struct histogram *h, int64_t ns)
{
	uint64_t v = ns > 0 ? (uint64_t)ns : 0;

	h->cells[cell_of(v)]++;
	h->count++;
	if ((int64_t)v > h->max)
		h->max = (int64_t)v;
}

int64_t histogram_percentile(const struct histogram *h, double percent)
{
	double want = (double)h->count * percent / 100;
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_CELLS && h->count; i++) {
		seen += h->cells[i];
		if (seen && (double)seen >= want)
			return upper_end(i) < h->max ? upper_end(i) : h->max;
	}
	return h->max;
}
