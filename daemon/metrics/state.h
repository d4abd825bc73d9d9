/* Private to daemon/metrics. What the floor keeps; loop 0's once the loops run, unless a comment says more. */
#ifndef PLUQ__METRICS_STATE_H
#define PLUQ__METRICS_STATE_H

#include "../base/complaint.h"
#include "../base/spent.h"
#include "metrics.h"
#include "snapshot.h"

struct pluq__feed;
struct pluq__gathering;

struct pluq__source {
	pluq_gather_fn fn;
	void *arg;
};

/* A plugin in which loops spend time. */
struct pluq__watched {
	struct pluq__watched *next;
	const char *instance;
	struct pluq__spent spent[]; /* per loop */
};

/* Someone who wants the next snapshot. Intrusive. */
struct pluq__wanting {
	struct pluq__wanting *next;
	/* Loop 0. A reference for the callee, or NULL: it could not be made. */
	void (*fn)(struct pluq__wanting *, struct pluq__snapshot *);
};

struct pluq__wants {
	struct pluq__wanting *first, **last;
};

struct pluq__metrics {
	struct pluq__measured of;
	struct pluq__lane *lane;
	struct pluq__source *sources; /* constant from the start on; every loop calls them */
	size_t source_count;
	struct pluq__feed *feeds, **feeds_end; /* one per metrics plugin, as configured */
	struct pluq__watched *watched;
	char *host; /* announced; NULL: none */
	int32_t port;

	struct pluq__gathering *making; /* the snapshot being made, or NULL */
	struct pluq__wants wants;       /* of the one after it */
	struct pluq__mail wanted;       /* begins it */
	bool wanted_posted;
	uint64_t made, failed;          /* snapshots */
	int64_t took_ns;                /* the last one */
	struct pluq__complaint memory_complaint;
	double heap_used, heap_idle;    /* own_process.c's, like the next: the job's that puts a snapshot together */
	int64_t heap_again_ns;          /* monotonic: when they are taken again */

	bool stopping;
	struct pluq__wanting last;      /* the stop's */
	void (*stop_fn)(void *arg), (*await_fn)(void *arg);
	void *stop_arg, *await_arg;
	int delivering;                 /* plugins that are not through with the last snapshot */
	struct pluq__timer patience;
};

/* gather.c. Loop 0. The one who wants is told in a later step. */
void pluq__gather(struct pluq__metrics *, struct pluq__wanting *);

/* feed.c: one plugin's takes. */
struct pluq__feed *pluq__feed_new(struct pluq__metrics *, const char *instance, const struct pluq_metrics_ops *, void *const *self,
    struct pluq__lane *);
void pluq__feed_free(struct pluq__feed **);
void pluq__feed_schedule(struct pluq__feed *, bool first); /* main before the loops run; loop 0 */
/* Loop 0. Takes the last snapshot (a reference of its own), then no more; pluq__feed_ended follows. */
void pluq__feed_last(struct pluq__feed *, struct pluq__snapshot *);
void pluq__feed_ended(struct pluq__metrics *); /* stop.c */
int pluq__feed_open(struct pluq__feed *, struct pluq_why *why); /* render.c: its route. Main */

#endif
