/* What was counted, for metrics. */
#include "../base/clock.h"
#include "core.h"

static const struct pluq_metric verdicts = { .name = "validator_verdicts", .unit = "", .type = PLUQ_COUNTER, .detail = "verdict",
	.help = "Messages that a validator has judged, by its verdict" };
static const struct pluq_metric spent = { .name = "validator_judging", .unit = "seconds", .type = PLUQ_COUNTER,
	.help = "Time spent in a validator" };

static const char *const words[PLUQ__VERDICTS] = { "accepted", "rejected", "dropped", "diverted", "failed" };

static void add_counts(const struct pluq_metrics *m, struct pluq_gather *g, const struct pluq__validate *v, const char *topic,
    const uint64_t *counts)
{
	for (size_t i = 0; i < v->count; i++)
		for (size_t k = 0; k < PLUQ__VERDICTS; k++) {
			const struct pluq_sample sample = { .metric = &verdicts, .topic = topic, .plugin = v->judges[i].instance,
				.detail = words[k], .value = (double)counts[i * PLUQ__VERDICTS + k] };
			if (counts[i * PLUQ__VERDICTS + k])
				m->add(g, &sample);
		}
}

/* pluq_gather_fn. arg: the host that the source was made with. */
static void gather(void *arg, uint32_t loop, struct pluq_gather *g)
{
	const struct pluq_host *h = arg;
	const struct pluq__validate *v = pluq__validate_of(h);
	const struct pluq__validate_loop *l = v->on ? &v->on[loop] : NULL;

	if (!l)
		return;
	add_counts(h->metrics, g, v, NULL, l->others);
	for (size_t i = 0; i < v->count; i++) {
		const struct pluq_sample sample = { .metric = &spent, .plugin = v->judges[i].instance,
			.value = (double)l->judges[i].spent_ns / (double)PLUQ__SEC };
		h->metrics->add(g, &sample);
	}
	for (uint32_t i = 0; i < l->topic_count; i++)
		add_counts(h->metrics, g, v, l->topics[i]->name, l->topics[i]->counts);
}

int pluq__validate_metrics(struct pluq__validate *v, const struct pluq_host *h)
{
	if (!h->metrics || v->source)
		return 0;
	if (h->metrics->source(h, gather, (void *)(uintptr_t)h))
		return PLUQ_ENOMEM;
	v->source = true;
	return 0;
}
