/* What the handler counts: connections by state. */
#ifndef LOOKUPD_METRICS_H
#define LOOKUPD_METRICS_H

#include "lookupd.h"

int metrics_start(struct lookupd *); /* init only. PLUQ_ENOMEM */
/* Any loop. A connection has come into the state (by 1), or is about to leave it (by -1). */
void metrics_state(struct lookupd *, enum lookupd_state, int by);

#endif
