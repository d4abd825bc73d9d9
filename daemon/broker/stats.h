/* Private to the daemon. Snapshots of counters, taken from all homes in slices, so that no loop stops for them. */
#ifndef PLUQ__STATS_H
#define PLUQ__STATS_H

#include "home.h"

struct pluq__channel;

/* As pluq_broker.stats and stats_free. */
int pluq__stats(struct pluq__home *, const char *topic, pluq_stats_fn fn, void *arg);
/* The same of every topic, with the channels' latencies, and unsorted: pluq__stats_sort is for the pool. */
int pluq__stats_whole(struct pluq__home *, pluq_stats_fn fn, void *arg);
void pluq__stats_sort(struct pluq_stats *);
void pluq__stats_free(struct pluq_stats *);

/* Home. The topic leaves the home's list: snapshots in progress go on behind it. */
void pluq__stats_skip(struct pluq_topic *);
/* Home. The channel leaves its topic: likewise. */
void pluq__stats_skip_channel(struct pluq__channel *);

#endif
