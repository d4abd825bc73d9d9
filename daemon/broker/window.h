/* Private to the daemon. Durations of the recent past: two halves that take turns. An observation is seen for at least half of the window
 * and at most the whole. */
#ifndef PLUQ__WINDOW_H
#define PLUQ__WINDOW_H

#include "../base/latency.h"

struct pluq__window {
	struct pluq__latency *half[2];
	int64_t since_ns; /* when it began */
	int64_t turn;     /* halves since then; half[turn % 2] is written to */
};

/* half_ns: above 0, half of the window. Times are monotonic. */
void pluq__window_add(struct pluq__window *, int64_t now_ns, int64_t half_ns, int64_t ns);
void pluq__window_look(struct pluq__window *, int64_t now_ns, int64_t half_ns); /* forgets what is too old, before it is read */
void pluq__window_fini(struct pluq__window *);

#endif
