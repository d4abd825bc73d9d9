#include "own.h"

void pluq__tell(struct pluq_gather *g, const struct pluq_metric *m, const char *plugin, const char *detail, double value)
{
	pluq__sheet_add(g, &(struct pluq_sample){.metric = m, .plugin = plugin, .detail = detail, .value = value});
}

void pluq__tell_latency(struct pluq_gather *g, const struct pluq_metric *m, const struct pluq__latency *l)
{
	struct pluq_bucket *buckets;
	struct pluq_histogram h;

	if (!l)
		return;
	buckets = pluq__arena_alloc(&g->arena, (pluq__latency_bucket_count(l) + 1) * sizeof(*buckets));
	if (!buckets) {
		g->failed = true;
		return;
	}
	pluq__latency_copy(l, buckets, &h);
	pluq__sheet_add(g, &(struct pluq_sample){.metric = m, .histogram = &h});
}
