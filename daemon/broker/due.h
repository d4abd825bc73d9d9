/* Private to the daemon. When a channel's deferred messages are due, counted in bins: of a second for what is due within a minute, of
 * sixteen seconds for what is due within an hour, and one for the rest. A message stands in at most one bin of each kind in turn, so that
 * keeping count costs two increments at a time, and nobody goes through the messages. One thread. */
#ifndef PLUQ__DUE_H
#define PLUQ__DUE_H

#include <pluq/broker.h>

struct pluq__due;

/* A message is deferred at now_ns until at_ns (both monotonic). Returns its bin; 0: it is not counted, for want of memory. *d NULL:
 * made now. */
uint16_t pluq__due_add(struct pluq__due **d, int64_t now_ns, int64_t at_ns);
void pluq__due_remove(struct pluq__due *, uint16_t bin); /* 0: does nothing */
/* How long before it is due a message of this bin is to be removed and added again, to stand in a finer one; 0: not at all. */
int64_t pluq__due_lead_ns(uint16_t bin);
void pluq__due_free(struct pluq__due **);
/* How many are due within a second, ten, a minute, ten, an hour (each without those before), and later: right to the width of a bin. */
void pluq__due_classes(const struct pluq__due *, int64_t now_ns, uint64_t out[PLUQ_DUE_CLASSES]);

#endif
