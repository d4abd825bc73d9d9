/* Private to daemon/metrics. Samples as they are told, unsorted. One thread at a time. */
#ifndef PLUQ__METRICS_SHEET_H
#define PLUQ__METRICS_SHEET_H

#include <pluq/metrics.h>

#include "../base/arena.h"

#define PLUQ__METRIC(id, type_, name_, unit_, detail_, help_)                                                          \
	static const struct pluq_metric id = {.name = name_, .unit = unit_, .help = help_, .detail = detail_, .type = type_}

/* What the sources of one loop have told. Zero-initialised it is empty. */
struct pluq_gather {
	struct pluq__arena arena; /* texts and histograms */
	struct pluq_sample *samples;
	size_t count, room;
	bool failed; /* no memory: the snapshot cannot be made */
};

void pluq__sheet_add(struct pluq_gather *, const struct pluq_sample *); /* as pluq_metrics.add */
/* The texts and the histogram are borrowed, for the life of the sheet. */
void pluq__sheet_borrow(struct pluq_gather *, const struct pluq_sample *);
bool pluq__sheet_reserve(struct pluq_gather *, size_t more); /* room for so many more; false: no memory, noted */
void pluq__sheet_fini(struct pluq_gather *);

#endif
