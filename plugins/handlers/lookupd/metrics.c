#include "metrics.h"

#include <pluq/metrics.h>

static const struct pluq_metric connections = {.name = "lookupd_connections", .unit = "",
    .help = "Connections of brokers, by state", .detail = "state", .type = PLUQ_GAUGE};

static const char *const states[LOOKUPD_STATES] = {"init", "identified"};

/* pluq_gather_fn */
static void gather(void *arg, uint32_t loop, struct pluq_gather *g)
{
	const struct lookupd *l = arg;
	struct pluq_sample s = {.metric = &connections, .plugin = l->host->instance};

	if (loop)
		return;
	for (size_t i = 0; i < LOOKUPD_STATES; i++) {
		s.detail = states[i];
		s.value = (double)atomic_load_explicit(&l->connections[i], memory_order_relaxed);
		l->host->metrics->add(g, &s);
	}
}

int metrics_start(struct lookupd *l)
{
	const struct pluq_metrics *m = l->host->metrics;

	return m && PLUQ_HAS(m, source) ? m->source(l->host, gather, l) : 0;
}

void metrics_state(struct lookupd *l, enum lookupd_state state, int by)
{
	atomic_fetch_add_explicit(&l->connections[state], by, memory_order_relaxed);
}
