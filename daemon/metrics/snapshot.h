/* Private to daemon/metrics. A snapshot: what the loops have told and the engine's counters, put in order. Counted. */
#ifndef PLUQ__METRICS_SNAPSHOT_H
#define PLUQ__METRICS_SNAPSHOT_H

#include <pluq/broker.h>
#include <stdatomic.h>

#include "sheet.h"

struct pluq__snapshot {
	struct pluq_snapshot pub; /* first: what plugins see, once it is complete */
	_Atomic uint32_t refs;
	struct pluq_stats *queues; /* whose names the samples point to; NULL: the process has none */
	void (*queues_free)(struct pluq_stats *);
	struct pluq_gather all;    /* in order: what is about no topic, then the engine's */
	int sheet_count;
	struct pluq_gather *sheets; /* one per loop */
	struct pluq__arena arena;   /* histograms of several loops, put together */
	struct pluq_sample *told;   /* by sources, about topics; in order. NULL: nothing */
	size_t told_count;
};

/* One reference; NULL: no memory. */
struct pluq__snapshot *pluq__snapshot_new(int sheets);
struct pluq__snapshot *pluq__snapshot_ref(struct pluq__snapshot *); /* any thread, like unref */
void pluq__snapshot_unref(struct pluq__snapshot *);

/* Pool, once. Sorts what the loops have told, and adds up what several have; then the engine's samples may be appended to `all`.
 * PLUQ_ENOMEM, as for complete. */
int pluq__snapshot_sort(struct pluq__snapshot *);
/* Pool, once, then. Makes `pub` true but for its times, host and port. */
int pluq__snapshot_complete(struct pluq__snapshot *);

#endif
