/* Private to the daemon. What the engine counts beside topics and channels. */
#ifndef PLUQ__FIGURES_H
#define PLUQ__FIGURES_H

#include "../base/latency.h"

/* Operations of the storage plugin that can fail. */
enum {
	PLUQ__STORAGE_OPEN,
	PLUQ__STORAGE_APPEND,
	PLUQ__STORAGE_FETCH,
	PLUQ__STORAGE_RELEASE,
	PLUQ__STORAGE_SYNC,
	PLUQ__STORAGE_EMPTY,
	PLUQ__STORAGE_CLOSE,
	PLUQ__STORAGE_REMOVE,
	PLUQ__STORAGE_SAVE,
	PLUQ__STORAGE_OPERATIONS
};

/* Why a publish was refused. */
enum {
	PLUQ__REFUSED_STORAGE,
	PLUQ__REFUSED_FULL,
	PLUQ__REFUSED_PRESSURE,
	PLUQ__REFUSED_MEMORY,
	PLUQ__REFUSED_EXITING,
	PLUQ__REFUSALS
};

/* One home's. */
struct pluq__figures {
	uint64_t deleted; /* messages that went with their topic or channel */
	uint64_t refused[PLUQ__REFUSALS]; /* publishes */
	struct pluq__latency *syncs;
};

extern const char *const pluq__storage_operations[PLUQ__STORAGE_OPERATIONS], *const pluq__refusals[PLUQ__REFUSALS];

#endif
