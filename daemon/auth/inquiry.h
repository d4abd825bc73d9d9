/* Private to daemon/auth. From the facts of a client to its grants: what is kept, else the chain, then compiling. */
#ifndef PLUQ__INQUIRY_H
#define PLUQ__INQUIRY_H

#include "grants.h"
#include "question.h"

struct pluq__inquiry;

/* status: 0 (with grants, borrowed; there is at least one), PLUQ_EREFUSED, PLUQ_ENOGRANT, PLUQ_EAUTH. Loop, in a later step, once. */
typedef void (*pluq__inquiry_fn)(void *arg, int status, struct pluq__grants *);

/* Loop. shared: good answers are kept too. NULL: no memory. */
struct pluq__inquiry *pluq__inquiry_start(struct pluq__auth *, struct pluq__question *, bool shared, pluq__inquiry_fn, void *arg);
/* Loop, or main after the loops have ended. fn will not come. Accepts NULL inside. */
void pluq__inquiry_drop(struct pluq__inquiry **);

#endif
