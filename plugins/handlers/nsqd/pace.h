/* How long a loop is held up by work whose pieces may take a microsecond or ten milliseconds, and when it is to turn to others. */
#ifndef NSQD_PACE_H
#define NSQD_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t began_ns, looked_ns; /* monotonic; 0: not yet */
	uint32_t step, left;         /* pieces from one look at the clock to the next */
};

/* Before the first piece of a turn. It costs no look at the clock: most often it is the only one. */
static inline void pace_begin(struct pace *p)
{
	p->began_ns = 0;
	p->left = 1;
}

bool pace_look(struct pace *);

/* Before each piece: whether it is to wait for the next turn. */
static inline bool pace_spent(struct pace *p)
{
	if (!p->left)
		return pace_look(p);
	p->left--;
	return false;
}

#endif
