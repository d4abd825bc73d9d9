/* Private to the daemon. The queue engine, as main drives it. Handlers see <pluq/broker.h>. */
#ifndef PLUQ__BROKER_H
#define PLUQ__BROKER_H

#include <pluq/broker.h>
#include <pluq/storage.h>

#include "../base/loop.h"
#include "../base/pool.h"
#include "figures.h"

struct pluq__broker;

/* The table given to handlers; constant. It finds its struct pluq__broker through struct pluq__host. */
extern const struct pluq_broker pluq__broker_table;

/* Main. Always made; does nothing until a handler has called use(). */
int pluq__broker_new(struct pluq__broker **, struct pluq__loops *);
bool pluq__broker_used(const struct pluq__broker *);

/* Main, after every init and before the loops run, if used. storage: the one storage plugin's table and self, its lane and
 * its instance name (all must outlive the broker); meta_lane: a lane of width 1 for the metadata. Loads the metadata, makes the
 * topics and channels, opens their queues. */
int pluq__broker_load(struct pluq__broker *, const struct pluq_storage_ops *storage, void *self, struct pluq__lane *lane,
    struct pluq__lane *meta_lane, const char *instance, struct pluq_why *why);

/* Loop 0, when the daemon stops. drain: health says so, publishes are refused; fn(arg) comes on loop 0 once every open
 * publish has been answered. stop: everything in memory goes to storage, queues are closed, metadata is saved; fn comes with the
 * number of messages that could not be kept. */
void pluq__broker_drain(struct pluq__broker *, void (*fn)(void *arg), void *arg);
void pluq__broker_stop(struct pluq__broker *, void (*fn)(void *arg, uint64_t lost), void *arg);
/* Any thread. Rises while drain and stop make progress; shutdown_timeout watches it. */
uint64_t pluq__broker_progress(const struct pluq__broker *);

/* Loop 0. As pluq_broker.stats, of every topic, with latencies, and not sorted before the second of them. PLUQ_ENOMEM. */
int pluq__broker_stats(struct pluq__broker *, pluq_stats_fn fn, void *arg);
void pluq__broker_stats_sort(struct pluq_stats *); /* any thread */
void pluq__broker_stats_free(struct pluq_stats *); /* any thread */

/* What the engine counts beside its topics. */
struct pluq__broker_figures {
	uint64_t errors[PLUQ__STORAGE_OPERATIONS]; /* of the whole process; loop 0 only, else 0 */
	uint64_t retrying;                         /* likewise */
	bool healthy;                              /* storage works, as /ping says; loop 0 only */
	const struct pluq__figures *home;          /* the loop's own, until its step ends */
};
/* Loop; of that loop. */
void pluq__broker_figures(struct pluq__broker *, uint32_t loop, struct pluq__broker_figures *out);
/* What stands for e2e in the stats. */
const double *pluq__broker_quantiles(const struct pluq__broker *, size_t *count);

/* Main, after the loops have ended. */
void pluq__broker_free(struct pluq__broker **);

#endif
