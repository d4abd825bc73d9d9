#include "due.h"

#include <stdlib.h>

#include "../base/clock.h"

/* Each ring has more bins than its longest delay needs: those behind it belong to the recent past, whose messages are due at once. */
#define LATE 3

struct ring {
	int64_t most_ns;      /* what is due later stands in a coarser ring */
	int64_t width_ns;
	unsigned first, bins; /* in the array; bins: a power of two */
};

static const struct ring rings[] = {
    {60 * PLUQ__SEC, PLUQ__SEC, 1, 64},
    {3600 * PLUQ__SEC, 16 * PLUQ__SEC, 65, 256},
};

enum { RINGS = 2, LATER = 321, BINS };

struct pluq__due {
	uint32_t count[BINS]; /* [0] is nobody's */
};

static uint16_t bin_of(int64_t now_ns, int64_t at_ns)
{
	for (int i = 0; i < RINGS; i++) {
		const struct ring *r = &rings[i];

		if (at_ns - now_ns <= r->most_ns)
			return (uint16_t)(r->first + (unsigned)(at_ns / r->width_ns) % r->bins);
	}
	return LATER;
}

int64_t pluq__due_lead_ns(uint16_t bin)
{
	if (bin == LATER)
		return rings[1].most_ns;
	return bin >= rings[1].first ? rings[0].most_ns : 0;
}

uint16_t pluq__due_add(struct pluq__due **pd, int64_t now_ns, int64_t at_ns)
{
	uint16_t bin = bin_of(now_ns, at_ns < now_ns ? now_ns : at_ns);

	if (!*pd && !(*pd = calloc(1, sizeof(**pd))))
		return 0;
	(*pd)->count[bin]++;
	return bin;
}

void pluq__due_remove(struct pluq__due *d, uint16_t bin)
{
	if (bin)
		d->count[bin]--;
}

void pluq__due_free(struct pluq__due **pd)
{
	free(*pd);
	*pd = NULL;
}

static unsigned class_of(int64_t left_ns)
{
	static const int64_t below[PLUQ_DUE_CLASSES - 1] = {
	    PLUQ__SEC, 10 * PLUQ__SEC, 60 * PLUQ__SEC, 600 * PLUQ__SEC, 3600 * PLUQ__SEC};
	unsigned c = 0;

	while (c < PLUQ_DUE_CLASSES - 1 && left_ns >= below[c])
		c++;
	return c;
}

static void add_ring(const struct pluq__due *d, const struct ring *r, int64_t now_ns, uint64_t *out)
{
	int64_t now = now_ns / r->width_ns;

	for (unsigned i = 0; i < r->bins; i++) {
		uint32_t n = d->count[r->first + (unsigned)(now + i) % r->bins];
		bool late = i >= r->bins - LATE;

		if (n)
			out[late ? 0 : class_of((now + i) * r->width_ns - now_ns)] += n;
	}
}

void pluq__due_classes(const struct pluq__due *d, int64_t now_ns, uint64_t out[PLUQ_DUE_CLASSES])
{
	for (unsigned c = 0; c < PLUQ_DUE_CLASSES; c++)
		out[c] = 0;
	for (int i = 0; i < RINGS; i++)
		add_ring(d, &rings[i], now_ns, out);
	out[PLUQ_DUE_CLASSES - 1] += d->count[LATER];
}
