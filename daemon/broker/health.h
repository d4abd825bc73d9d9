/* Private to the daemon. Whether storage works: known to every thread, changed by homes, healed by writes or by a probe. */
#ifndef PLUQ__HEALTH_H
#define PLUQ__HEALTH_H

#include <pluq/broker.h>

struct pluq__broker;

/* Loop. An operation (PLUQ__STORAGE_*) has failed: counted, logged at once, then at growing gaps while it goes on. */
void pluq__health_bad(struct pluq__broker *, int operation, const char *queue, const struct pluq_why *);
/* Loop. A write has succeeded. Costs one load while all is well. */
void pluq__health_good(struct pluq__broker *);
/* Loop. *flag, the caller's, tells whether one of its operations has failed and is tried again: counted while it is set. */
void pluq__health_retrying(struct pluq__broker *, bool *flag, bool now);
/* Any thread. */
void pluq__health_get(struct pluq__broker *, struct pluq_health *out);

#endif
