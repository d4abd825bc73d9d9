/* Private to daemon/auth. One question through the plugins, in the configured order, with one deadline. */
#ifndef PLUQ__CHAIN_H
#define PLUQ__CHAIN_H

#include "call.h"

/* What came of it. */
struct pluq__told {
	int verdict;                  /* ALLOW, DENY, SILENT, ERROR (which has been logged) */
	struct pluq__link *link;      /* whose it is, or NULL */
	const struct pluq__answer *answer; /* ALLOW; borrowed for the call */
};

/* Loop, in a later step, once. */
typedef void (*pluq__chain_fn)(void *arg, struct pluq__told *);

/* Loop. NULL: no memory. */
struct pluq__chain *pluq__chain_start(struct pluq__auth *, struct pluq__question *, pluq__chain_fn, void *arg);
/* Loop, or main after the loops have ended. Before fn: it will not come. Accepts NULL inside. */
void pluq__chain_drop(struct pluq__chain **);

void pluq__chain_told(struct pluq__chain *); /* call.c: the call that is open has its verdict */

#endif
