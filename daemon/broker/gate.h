/* Private to the daemon. New topics that wait, before they pass messages on, for the channels that they are to have. */
#ifndef PLUQ__GATE_H
#define PLUQ__GATE_H

#include <pluq/broker.h>

struct pluq__broker;
struct pluq_topic;

/* Main, in init. PLUQ_EBUSY. */
int pluq__gate_use(struct pluq__broker *, int64_t most_ns, pluq_gate_fn, void *arg);
/* Loop 0. Shuts the gate of a topic that its home does not know yet, if there is a gatekeeper, who is told in a later step.
 * PLUQ_ENOMEM: the gate is open. */
int pluq__gate_shut(struct pluq__broker *, struct pluq_topic *);
/* Home. The topic begins: its gate will not stay shut for longer than most_ns. */
void pluq__gate_watch(struct pluq_topic *);
/* Loop 0, by the gatekeeper. */
void pluq__gate_open(struct pluq_gate *, const char *const *channels, size_t n);

#endif
