/* Private to daemon/metrics. Samples of topics and channels. */
#ifndef PLUQ__METRICS_QUEUES_H
#define PLUQ__METRICS_QUEUES_H

#include <pluq/broker.h>

#include "sheet.h"

/* Pool. Appends samples of everything in the stats, which are sorted and outlive the sheet, in the order of a snapshot. quantiles: what
 * stands for e2e in them. real_ns: the time against which ages are told. */
void pluq__queues_tell(
    const struct pluq_stats *, const double *quantiles, size_t count, int64_t real_ns, struct pluq_gather *to);

#endif
