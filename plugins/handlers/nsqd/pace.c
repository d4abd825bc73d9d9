#include "pace.h"

#include <time.h>

/* What one client may take of a turn. Others wait for it, so it is of the order of the latency that is promised to them. */
#define SLICE_NS INT64_C(1000000)
/* Pieces without a look, as long as they are quick: a look costs about as much as judging a message of 200 bytes does. If these few are
 * as slow as can be all of a sudden, that is what the loop is held up. */
#define STEP_MOST 8

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

bool pace_look(struct pace *p)
{
	int64_t now = clock_ns();

	if (!p->began_ns) {
		p->began_ns = p->looked_ns = now;
		p->step = 1;
		return false;
	}
	if (now - p->began_ns >= SLICE_NS)
		return true;
	if (now - p->looked_ns >= SLICE_NS / 16)
		p->step = 1;
	else if (p->step < STEP_MOST)
		p->step *= 2;
	p->looked_ns = now;
	p->left = p->step - 1;
	return false;
}
