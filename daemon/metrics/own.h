/* Private to daemon/metrics. What the daemon itself has to tell, by part. */
#ifndef PLUQ__METRICS_OWN_H
#define PLUQ__METRICS_OWN_H

#include "feed.h"

/* Told per plugin by several: added up. */
extern const struct pluq_metric pluq__plugin_loop_time;

/* Adds one sample about no topic; plugin and detail may be NULL, and are copied. */
void pluq__tell(struct pluq_gather *, const struct pluq_metric *, const char *plugin, const char *detail, double value);
/* A histogram; NULL: nothing. */
void pluq__tell_latency(struct pluq_gather *, const struct pluq_metric *, const struct pluq__latency *);

void pluq__own_tell(struct pluq__metrics *, struct pluq_gather *); /* own_process.c: pool */
void pluq__own_tell_loop(void *metrics, uint32_t loop, struct pluq_gather *); /* own_loop.c: pluq_gather_fn */
void pluq__own_tell_engine(struct pluq__metrics *, uint32_t loop, struct pluq_gather *); /* own_engine.c: that loop */

#endif
