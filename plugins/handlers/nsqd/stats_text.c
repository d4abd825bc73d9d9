/* /stats for people. The layout is the original's. */
#include <inttypes.h>
#include <string.h>

#include "durations.h"
#include "stats.h"

#define SECOND INT64_C(1000000000)

/* "[V2 host:port agent] ... connected: 5s": in one form if it has published, in another if not. */
static void put_client(struct stats_job *job, const struct stats_ref *r)
{
	struct text *t = &job->out;
	const struct stats_client *c = r->client;
	const struct stats_pub *pubs = stats_pubs(r);
	const char *port = strrchr(stats_string(r, c->remote), ':');
	uint64_t total = 0;

	text_str(t, "[V2 ");
	size_t from = t->length;
	text_printf(t, "%s:%s %s", stats_string(r, c->hostname), port ? port + 1 : "", stats_string(r, c->user_agent));
	text_pad(t, from, 21);
	if (c->pubs) {
		for (size_t i = 0; i < c->pubs; i++)
			total += pubs[i].count;
		text_printf(t, "] msgs: %-8" PRIu64 " topics: ", total);
		for (size_t i = 0; i < c->pubs; i++)
			text_printf(t, "%s%s=%" PRIu64, i ? "," : "", stats_string(r, pubs[i].topic), pubs[i].count);
	} else {
		text_printf(t,
		    "] state: %d inflt: %-4" PRId64 " rdy: %-4" PRId64 " fin: %-8" PRIu64 " re-q: %-8" PRIu64
		    " msgs: %-8" PRIu64,
		    c->state, c->sub.in_flight, c->sub.ready, c->sub.finish_count, c->sub.requeue_count,
		    c->sub.message_count);
	}
	text_str(t, " connected: ");
	text_duration(t, (job->now_real_ns / SECOND - c->connected_s) * SECOND);
	text_byte(t, '\n');
}

/* One decimal, in the largest unit that it exceeds. */
static void put_latency(struct text *t, double ns)
{
	if (ns > 1e9)
		text_printf(t, "%.1fs", ns / 1e9);
	else if (ns > 1e6)
		text_printf(t, "%.1fms", ns / 1e6);
	else if (ns > 1e3)
		text_printf(t, "%.1fus", ns / 1e3);
	else
		text_printf(t, "%.1fns", ns);
}

/* values: NULL: none. Ends the line. */
static void put_e2e(struct stats_job *job, const double *values)
{
	for (size_t i = 0; values && i < job->nsqd->limits.e2e_percentile_count; i++) {
		text_str(&job->out, i ? ", " : "");
		put_latency(&job->out, values[i]);
	}
	text_byte(&job->out, '\n');
}

static void put_channel(struct stats_job *job, const char *topic, const struct pluq_channel_stats *c)
{
	size_t count;
	const struct stats_ref *refs = stats_subscribers(job, topic, c->name, &count);

	text_printf(&job->out,
	    "%s[%-25s] depth: %-5" PRId64 " be-depth: %-5" PRId64 " inflt: %-4" PRId64 " def: %-4" PRId64
	    " re-q: %-5" PRIu64 " timeout: %-5" PRIu64 " msgs: %-8" PRIu64 " e2e%%: ",
	    c->paused ? "   *P " : "      ", c->name, c->depth, c->backend_depth, c->in_flight, c->deferred,
	    c->requeue_count, c->timeout_count, c->message_count);
	put_e2e(job, c->e2e);
	for (size_t i = 0; i < count; i++) {
		text_str(&job->out, "        ");
		put_client(job, &refs[i]);
	}
}

static void put_topic(struct stats_job *job, const struct pluq_topic_stats *t)
{
	text_printf(&job->out, "\n%s[%-15s] depth: %-5" PRId64 " be-depth: %-5" PRId64 " msgs: %-8" PRIu64 " e2e%%: ",
	    t->paused ? "*P " : "   ", t->name, t->depth, t->backend_depth, t->message_count);
	put_e2e(job, t->e2e);
	for (size_t i = 0; i < t->channel_count; i++)
		if (stats_channel_shown(job, stats_channel(t, i)))
			put_channel(job, t->name, stats_channel(t, i));
}

static void put_topics(struct stats_job *job)
{
	size_t shown = 0, total = job->nowhere ? 0 : job->stats->topic_count;

	for (size_t i = 0; i < total; i++) {
		const struct pluq_topic_stats *t = stats_topic(job->stats, i);
		if (!stats_topic_shown(job, i))
			continue;
		if (shown++ == 0)
			text_str(&job->out, "\nTopics:");
		put_topic(job, t);
	}
	if (shown == 0)
		text_str(&job->out, "\nTopics: None\n");
}

static void put_producers(struct stats_job *job)
{
	bool nothing = job->nowhere || (*job->topic && job->stats->topic_count == 0);

	if (nothing || job->producer_count == 0) {
		text_str(&job->out, "\nProducers: None\n");
		return;
	}
	text_str(&job->out, "\nProducers:\n");
	for (size_t i = 0; i < job->producer_count; i++) {
		text_str(&job->out, "   ");
		put_client(job, &job->producers[i]);
	}
}

static void put_memory(struct text *t)
{
	struct stats_memory memory[STATS_MEMORY];

	stats_memory(memory);
	text_str(t, "\nMemory:\n");
	for (int i = 0; i < STATS_MEMORY; i++)
		text_printf(t, "   %-25s\t%" PRIu64 "\n", memory[i].key, memory[i].value);
}

void stats_text(struct stats_job *job)
{
	struct text *t = &job->out;
	const struct pluq_host *host = job->nsqd->host;

	text_printf(t, "nsqd v" NSQD_VERSION " (built w/pluq %s)\nstart_time ", host->daemon_version);
	text_time(t, host->start_real_ns / SECOND);
	text_str(t, "\nuptime ");
	text_duration(t, job->now_real_ns - host->start_real_ns);
	text_str(t, "\n\nHealth: ");
	if (job->health.storage_ok)
		text_str(t, "OK\n");
	else
		text_printf(t, "NOK - %s\n", job->health.why.text);
	if (job->mem)
		put_memory(t);
	put_topics(job);
	put_producers(job);
}
