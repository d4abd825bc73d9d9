/* Private to the daemon. Who is told of topics and channels that are made or go. */
#ifndef PLUQ__WATCH_H
#define PLUQ__WATCH_H

#include <pluq/broker.h>

struct pluq__broker;

/* Main, in init. PLUQ_ENOMEM. */
int pluq__watch(struct pluq__broker *, pluq_watch_fn, void *arg);
void pluq__watch_free(struct pluq__broker *);
/* Loop 0. Tells every watcher in a later step. channel: NULL for the topic itself. */
void pluq__watch_tell(struct pluq__broker *, enum pluq_change, const char *topic, const char *channel);
/* Loop 0. Tells fn at once of all there are. */
void pluq__watch_each(struct pluq__broker *, pluq_watch_fn, void *arg);

#endif
