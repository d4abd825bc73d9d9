/* Private to the daemon. When a channel's deferred messages are due, counted in bins of a second, sixteen seconds and a quarter of an
 * hour: a message stands in one bin from when it is deferred to when it is due, so keeping count costs two increments. One thread. */
#ifndef PLUQ__DUE_H
#define PLUQ__DUE_H

#include <pluq/broker.h>

struct pluq__due;

/* A message is deferred at now_ns until at_ns (both monotonic). Returns its bin; 0: it is not counted, for want of memory. *d NULL:
 * made now. */
uint16_t pluq__due_add(struct pluq__due **d, int64_t now_ns, int64_t at_ns);
void pluq__due_remove(struct pluq__due *, uint16_t bin); /* 0: does nothing */
void pluq__due_free(struct pluq__due **);
/* How many are due within a second, ten, a minute, ten, an hour (each without those before), and later: right to the width of a bin. */
void pluq__due_classes(const struct pluq__due *, int64_t now_ns, uint64_t out[PLUQ_DUE_CLASSES]);

#endif
