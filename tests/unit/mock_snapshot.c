#include "mock_snapshot.h"

#include <string.h>

#define M(name_, type_, unit_, detail_) {.name = name_, .unit = unit_, .help = "Help", .detail = detail_, .type = type_}
#define C PLUQ_COUNTER
#define G PLUQ_GAUGE

static const struct pluq_metric metrics[] = {
	M("heap_in_use", G, "bytes", NULL),
	M("heap_idle", G, "bytes", NULL),
	M("loop_busy", C, "seconds", "loop"),
	M("storage_sync", PLUQ_HISTOGRAM, "seconds", NULL),
	M("connections", G, "", "listener"),
	M("topic_published_messages", C, "", NULL),
	M("topic_published", C, "bytes", NULL),
	M("topic_depth", G, "", NULL),
	M("topic_backend_depth", G, "", NULL),
	M("topic_channels", G, "", NULL),
	M("topic_dropped_messages", C, "", "reason"),
	M("topic_e2e_latency", G, "seconds", "quantile"),
	M("channel_received_messages", C, "", NULL),
	M("channel_received", C, "bytes", NULL),
	M("channel_depth", G, "", NULL),
	M("channel_backend_depth", G, "", NULL),
	M("channel_in_flight_messages", G, "", NULL),
	M("channel_deferred_messages", G, "", NULL),
	M("channel_requeued_messages", C, "", NULL),
	M("channel_timed_out_messages", C, "", NULL),
	M("channel_consumers", G, "", NULL),
	M("channel_finish_latency", PLUQ_HISTOGRAM, "seconds", NULL),
	M("channel_e2e_latency", G, "seconds", "quantile"),
};

const struct pluq_metric *mock_metric(const char *name)
{
	static const struct pluq_metric other = M("other", G, "", NULL);

	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return &other;
}

void mock_snapshot_init(struct mock_snapshot *m)
{
	memset(m, 0, sizeof(*m));
	m->pub = (struct pluq_snapshot){.size = sizeof(m->pub), .real_ns = 1000000000, .mono_ns = 1, .samples = &m->samples[0].pub,
	    .stride = sizeof(m->samples[0]), .host = "127.0.0.1", .port = 5190};
}

struct pluq_sample *mock_sample(struct mock_snapshot *m, const char *metric, const char *topic, const char *channel, double value)
{
	struct pluq_sample *s = &m->samples[m->pub.count++].pub;

	*s = (struct pluq_sample){.metric = mock_metric(metric), .topic = topic, .channel = channel, .value = value};
	return s;
}

/* ---- the host ---- */

struct pluq_gather {
	const char *detail;
	double value;
};

static int source(const struct pluq_host *h, pluq_gather_fn fn, void *arg)
{
	struct mock_metrics_host *m = (struct mock_metrics_host *)(uintptr_t)h;

	m->fn = fn;
	m->arg = arg;
	return 0;
}

static void add(struct pluq_gather *g, const struct pluq_sample *s)
{
	if (s->detail && strcmp(s->detail, g->detail) == 0)
		g->value = s->value;
}

void mock_metrics_host_init(struct mock_metrics_host *m)
{
	mock_host_init(&m->host);
	m->table = (struct pluq_metrics){.size = sizeof(m->table), .source = source, .add = add};
	m->host.pub.metrics = &m->table;
}

double mock_metrics_told(struct mock_metrics_host *m, const char *detail)
{
	struct pluq_gather g = {detail, -1};

	m->fn(m->arg, 0, &g);
	return g.value;
}
