/* Private to the daemon. Metrics: gathers what is measured into snapshots and hands them to the metrics plugins. See
 * <pluq/metrics.h>.
 *
 * A floor above broker, net and auth. Loop 0 keeps the times; loops tell what they have in a step of their own each; sorting and the
 * plugins' calls are the pool's.
 */
#ifndef PLUQ__METRICS_H
#define PLUQ__METRICS_H

#include <pluq/metrics.h>

#include "../auth/auth.h"
#include "../base/loop.h"
#include "../base/pool.h"
#include "../broker/broker.h"
#include "../net/net.h"

struct pluq__metrics;
struct pluq__spent;

/* The table given to plugins; constant. It finds its struct pluq__metrics through struct pluq__host. */
extern const struct pluq_metrics pluq__metrics_table;

/* What the daemon's own figures are taken from. All outlive the metrics. */
struct pluq__measured {
	struct pluq__loops *loops;
	struct pluq__pool *pool;
	struct pluq__net *net;
	struct pluq__broker *broker;
	struct pluq__auth *auth;
	int64_t start_real_ns;
};

/* Main. lane: where snapshots are put together. PLUQ_ENOMEM. */
int pluq__metrics_new(struct pluq__metrics **, const struct pluq__measured *, struct pluq__lane *);
/* Main, before its init. One more metrics plugin; *self is looked at after its init. Its lane becomes one of a single job at a time.
 * PLUQ_ENOMEM. */
int pluq__metrics_add(struct pluq__metrics *, const char *instance, const struct pluq_metrics_ops *, void *const *self,
    struct pluq__lane *);
/* Main, before its init. Where the time that loops spend in that plugin is counted: one per loop, the metrics' own. NULL: no memory. */
struct pluq__spent *pluq__metrics_watch(struct pluq__metrics *, const char *instance);
/* Main, before the loops run; for the daemon's own. As pluq_metrics.source. */
int pluq__metrics_source(struct pluq__metrics *, pluq_gather_fn fn, void *arg);
/* Main, after every init and before the loops run. Asks the plugins for their intervals, opens their routes. */
int pluq__metrics_start(struct pluq__metrics *, struct pluq_why *why);
/* Loop 0, after a reload: intervals may have changed. */
void pluq__metrics_reload(struct pluq__metrics *);

/* Loop 0, when the daemon stops and no connection is left. A last snapshot is made, then fn(arg) comes: the queues may go. Plugins go on
 * with it on the pool; pluq__metrics_await tells when they are through, or have had their time. */
void pluq__metrics_stop(struct pluq__metrics *, void (*fn)(void *arg), void *arg);
void pluq__metrics_await(struct pluq__metrics *, void (*fn)(void *arg), void *arg);

/* Main, after the loops have ended and the pool, and after the net. */
void pluq__metrics_free(struct pluq__metrics **);

#endif
