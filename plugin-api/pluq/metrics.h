/* <pluq/metrics.h>: the metrics kind: what leaves for monitoring; and how others are counted.
 *
 * The daemon gathers a snapshot of everything that is measured, from all loops and without stopping any, each time a plugin is due
 * or somebody asks. All metrics plugins that are due get the same one, on the pool. A plugin's own calls come one at a time, all but
 * `reload` and `interval_ns`. Counters only ever grow while the daemon runs (those of a topic or channel as long as it lives); who
 * wants changes keeps what was there before. A plugin that fails is asked again at growing gaps, one that still works on an older
 * snapshot misses the new one, and what was missed is counted.
 *
 * As take, step and render may last longer than the loops' steps, a plugin with `reload` gives them copies of what they need of its
 * options, rather than the options. struct pluq_sample, as given to `add`, and what it points to have no size: they do not grow.
 *
 * What is measured, by name: docs/metrics.md.
 */
#ifndef PLUQ_METRICS_H
#define PLUQ_METRICS_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pluq_metric_type { PLUQ_COUNTER = 1, PLUQ_GAUGE = 2, PLUQ_HISTOGRAM = 3 };

/* What is measured; constant data. Two samples of the same metric have the same address in `metric`, in every snapshot. */
struct pluq_metric {
	const char *name;   /* lower case, digits and _, begins with what it is about ("topic_", "channel_", "process_", ...), without unit */
	const char *unit;   /* "seconds", "bytes"; "": none (a ratio, a count of things that the name says) */
	const char *help;   /* one sentence without a final dot */
	const char *detail; /* name of the label whose value is sample.detail ("state", "verdict", "reason", "quantile"); NULL: none */
	uint32_t type;      /* enum pluq_metric_type */
};

/* Observations up to `upper`, the ones below the bucket before it not counted again. */
struct pluq_bucket {
	double upper; /* in the metric's unit */
	uint64_t count;
};

struct pluq_histogram {
	const struct pluq_bucket *buckets; /* those that have observations, ascending; neighbouring bounds differ by at most 2 %, or a nanosecond */
	size_t bucket_count;
	uint64_t count;
	double sum;
};

struct pluq_sample {
	const struct pluq_metric *metric;
	const char *topic, *channel; /* NULL: not about one */
	const char *plugin;          /* instance; NULL: not about one */
	const char *detail;          /* NULL: none */
	double value;                /* counters: whole, exact up to 2^53 */
	const struct pluq_histogram *histogram; /* PLUQ_HISTOGRAM, else NULL */
};

/* Samples in this order: those about no topic, by metric; then topic by topic, sorted bytewise by name: its own, then channel by
 * channel, sorted likewise. Within each of these a metric's samples stand together. */
struct pluq_snapshot {
	uint32_t size;
	int64_t real_ns, mono_ns; /* when it was complete */
	const struct pluq_sample *samples;
	size_t count, stride;     /* bytes from one sample to the next */
	const char *host;         /* the name announced to others, "" if no handler announces one */
	int32_t port;             /* the HTTP port announced to others; 0: none */
};

/* What is asked of render; borrowed. */
struct pluq_render {
	uint32_t size;
	const char *accept, *accept_encoding; /* the request's header fields; NULL: absent */
	/* Filled by render; the plugin's until `rendered` or `release` is called. */
	uint32_t status;
	const char *type, *encoding; /* Content-Type; Content-Encoding, NULL: none */
	const uint8_t *body;
	size_t length;
	void *own; /* the plugin's */
	/* Set by render: called with `own` when the body is not needed any more, on any thread, perhaps at the very end; then nothing is
	 * copied, which large bodies are worth, and `rendered` is not called. NULL: it is copied. */
	pluq_post_fn release;
};

struct pluq_metrics_ops {
	uint32_t size;
	uint32_t flags; /* 0 */
	const char *path; /* where `render` is served on every HTTP listener of the process: "/metrics"; NULL: nowhere */

	/* Main, after init; and loop 0 after a reload. How often `take` is to be called; 0: never. May be NULL without take. */
	int64_t (*interval_ns)(void *self);
	/* Pool. Not 0, with why: it failed. May block. The first comes an interval after the start; the last one at the stop, when
	 * no connection is left and before the queues are put away. May be NULL. */
	int (*take)(void *self, const struct pluq_snapshot *, struct pluq_why *why);
	/* Pool. Right after a take that succeeded, and again after so many nanoseconds as it answers with, until that is 0: for what is
	 * to be done bit by bit, such as one packet after the other. The stop does not wait between the calls, nor for the
	 * next one does a reload that changes the interval. May be NULL. */
	int64_t (*step)(void *self);
	/* Pool. Not 0, with why: answered 500, and `rendered` is not called. */
	int (*render)(void *self, const struct pluq_snapshot *, struct pluq_render *, struct pluq_why *why);
	void (*rendered)(void *self, struct pluq_render *); /* pool: the body was copied. May be NULL, as with release */
	/* Main, after init: where this instance is served, instead of at `path`; NULL: nowhere. Begins with /, valid until fini. May be NULL. */
	const char *(*path_of)(void *self);
};

/* For handlers and other plugins that have something to tell. */
struct pluq_gather; /* a snapshot that is being made */
typedef void (*pluq_gather_fn)(void *arg, uint32_t loop, struct pluq_gather *);

struct pluq_metrics {
	uint32_t size;
	/* init only. fn is called on every loop each time a snapshot is made, and tells what it has there through `add`; in well under a
	 * millisecond. Samples of the same metric and labels from several loops are added up. PLUQ_ENOMEM. */
	int (*source)(const struct pluq_host *, pluq_gather_fn fn, void *arg);
	/* Within fn. The texts are copied, the metric is not; histogram samples have `histogram` set. */
	void (*add)(struct pluq_gather *, const struct pluq_sample *);
	/* init only. Who this node is to others; borrowed. */
	void (*announce)(const struct pluq_host *, const char *host, int32_t port);
};

#ifdef __cplusplus
}
#endif
#endif
