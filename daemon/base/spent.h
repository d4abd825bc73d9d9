/* Private to the daemon. Time that an event loop spends in one plugin: around the calls of its functions. An array of them, one per loop,
 * each its loop's. What the plugin asks of the daemon meanwhile counts as its own; calls within calls count once. */
#ifndef PLUQ__SPENT_H
#define PLUQ__SPENT_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

struct pluq__spent {
	int64_t ns;
	bool inside;
	char apart[64 - sizeof(int64_t) - sizeof(bool)]; /* loops do not share a cache line */
};

/* NULL: nobody counts. Returns what `end` is to be given. */
static inline int64_t pluq__spent_begin(struct pluq__spent *s)
{
	if (!s || s->inside)
		return -1;
	s->inside = true;
	return pluq__clock_mono_ns();
}

static inline void pluq__spent_end(struct pluq__spent *s, int64_t began_ns)
{
	if (began_ns < 0)
		return;
	s->inside = false;
	s->ns += pluq__clock_mono_ns() - began_ns;
}

#endif
