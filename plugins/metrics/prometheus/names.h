#ifndef PROMETHEUS_NAMES_H
#define PROMETHEUS_NAMES_H

#include "families.h"

/* Fills in what a metric is called and is, by Prometheus' conventions. false: no memory. */
bool family_name(struct family *, const struct pluq_metric *);
void family_fini(struct family *);

#endif
