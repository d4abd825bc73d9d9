/* Private to the daemon. The daemon's side of <pluq/host.h>. */
#ifndef PLUQ__HOST_TABLE_H
#define PLUQ__HOST_TABLE_H

#include "../base/host.h"
#include "loader.h"

/* What every host of the process shares; lives as long as they. */
struct pluq__process {
	struct pluq__loops *loops;
	struct pluq__net *net;
	struct pluq__broker *broker;
	struct pluq__auth *auth;
	struct pluq__validate *validate;
	struct pluq__metrics *metrics;
	struct pluq__plugins *plugins;
	int64_t start_real_ns;
};

/* Main. Fills the plugin's host; the lane may be NULL for a plugin that never works on the pool. */
void pluq__host_fill(struct pluq__plugin *, const struct pluq__process *, struct pluq__lane *lane);

#endif
