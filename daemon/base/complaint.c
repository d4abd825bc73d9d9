#include "complaint.h"

#include <stdio.h>

#include "clock.h"

#define GAP_FIRST (1 * PLUQ__SEC)
#define GAP_LAST (300 * PLUQ__SEC)
/* Without it, a fault that comes and goes many times a second would be logged as often. */
#define CALM_AFTER (10 * PLUQ__SEC)

bool pluq__complaint_raise(struct pluq__complaint *c, int64_t now_ns, uint64_t *hidden)
{
	c->last_ns = now_ns;
	if (c->standing && now_ns < c->next_ns) {
		c->hidden++;
		return false;
	}
	c->gap_ns = c->standing ? c->gap_ns * 2 : GAP_FIRST;
	if (c->gap_ns > GAP_LAST)
		c->gap_ns = GAP_LAST;
	c->standing = true;
	c->next_ns = now_ns + c->gap_ns;
	*hidden = c->hidden;
	c->hidden = 0;
	return true;
}

bool pluq__complaint_calm(struct pluq__complaint *c, int64_t now_ns)
{
	if (!c->standing || now_ns - c->last_ns < CALM_AFTER)
		return false;
	*c = (struct pluq__complaint){0};
	return true;
}

const char *pluq__complaint_more(uint64_t hidden, char *buffer, size_t size)
{
	*buffer = 0;
	if (hidden)
		snprintf(buffer, size, " (%llu more since the last such line)", (unsigned long long)hidden);
	return buffer;
}
