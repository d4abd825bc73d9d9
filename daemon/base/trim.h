/* Private to the daemon. Gives memory back to the system after a spike: what malloc keeps of a drained backlog would else stay the
 * process's for good.
 */
#ifndef PLUQ__TRIM_H
#define PLUQ__TRIM_H

#include "loop.h"
#include "pool.h"

struct pluq__trim {
	struct pluq__job job;
	struct pluq__timer timer;
	struct pluq__loop *loop;
	struct pluq__lane *lane;
	int64_t cpu_ns;     /* the process's, as of the last look */
	int64_t left_bytes; /* resident after the last trim: what it could not give back is not tried again */
};

/* Main, before the loops run. Looks every ten seconds, on the loop's timer and in the lane; acts only while the process is nearly
 * idle, since whoever allocates meanwhile has to wait until malloc has walked its lists. */
void pluq__trim_start(struct pluq__trim *, struct pluq__loop *, struct pluq__lane *);

#endif
