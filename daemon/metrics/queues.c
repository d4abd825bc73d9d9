/* What the engine counts of topics and channels, as samples. */
#include "queues.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTER(id, name, unit, help) PLUQ__METRIC(id, PLUQ_COUNTER, name, unit, NULL, help)
#define GAUGE(id, name, unit, help) PLUQ__METRIC(id, PLUQ_GAUGE, name, unit, NULL, help)

COUNTER(topic_messages, "topic_published_messages", "", "Messages published to the topic");
COUNTER(topic_bytes, "topic_published", "bytes", "Bodies of the messages published to the topic");
GAUGE(topic_depth, "topic_depth", "", "Messages in the topic's own queue, in memory and storage");
GAUGE(topic_backend_depth, "topic_backend_depth", "", "Messages of the topic's own queue that are in storage");
GAUGE(topic_channels, "topic_channels", "", "Channels of the topic");
GAUGE(topic_paused, "topic_paused", "", "Whether the topic is paused");
GAUGE(topic_oldest, "topic_oldest_message_age", "seconds", "Age of the oldest message in the topic's own queue");
PLUQ__METRIC(topic_dropped, PLUQ_COUNTER, "topic_dropped_messages", "", "reason", "Messages dropped from the topic's own queue");
PLUQ__METRIC(topic_e2e, PLUQ_GAUGE, "topic_e2e_latency", "seconds", "quantile",
    "Time from publish to finish in all channels of the topic, of the recent past");

COUNTER(channel_messages, "channel_received_messages", "", "Messages that the channel has got from its topic");
COUNTER(channel_bytes, "channel_received", "bytes", "Bodies of the messages that the channel has got from its topic");
COUNTER(channel_delivered, "channel_delivered_messages", "", "Messages sent to consumers, each time they are");
COUNTER(channel_delivered_bytes, "channel_delivered", "bytes", "Bodies of the messages sent to consumers");
PLUQ__METRIC(channel_from_memory, PLUQ_COUNTER, "channel_delivered_from_memory_messages", "", "locality",
    "Messages sent to consumers that were not in storage, by where the consumer is");
COUNTER(channel_finished, "channel_finished_messages", "", "Messages that consumers have finished");
COUNTER(channel_requeued, "channel_requeued_messages", "", "Messages that consumers have given back");
COUNTER(channel_timeouts, "channel_timed_out_messages", "", "Messages that consumers have not answered in time");
GAUGE(channel_depth, "channel_depth", "", "Messages that wait in the channel, in memory and storage");
GAUGE(channel_backend_depth, "channel_backend_depth", "", "Messages of the channel that are in storage");
GAUGE(channel_in_flight, "channel_in_flight_messages", "", "Messages that consumers have and have not answered");
GAUGE(channel_deferred, "channel_deferred_messages", "", "Messages that wait for their time");
PLUQ__METRIC(channel_due, PLUQ_GAUGE, "channel_deferred_messages_due", "", "within", "Messages that wait for their time, by what is left of it");
GAUGE(channel_consumers, "channel_consumers", "", "Consumers of the channel");
GAUGE(channel_paused, "channel_paused", "", "Whether the channel is paused");
GAUGE(channel_oldest, "channel_oldest_message_age", "seconds", "Age of the oldest message that waits or is in flight");
PLUQ__METRIC(channel_dropped, PLUQ_COUNTER, "channel_dropped_messages", "", "reason", "Messages dropped from the channel");
PLUQ__METRIC(channel_latency, PLUQ_HISTOGRAM, "channel_finish_latency", "seconds", NULL, "Time from publish to finish");
PLUQ__METRIC(channel_e2e, PLUQ_GAUGE, "channel_e2e_latency", "seconds", "quantile",
    "Time from publish to finish in the channel, of the recent past");

struct telling {
	struct pluq_gather *to;
	const char *const *quantiles; /* their labels; NULL: it has been told already */
	size_t quantile_count;
	int64_t real_ns;
	const char *topic, *channel;
};

/* Names are the snapshot's own, which keeps the engine's copy: nothing is copied again. */
static void tell_detail(const struct telling *t, const struct pluq_metric *m, const char *detail, double value)
{
	pluq__sheet_borrow(t->to, &(struct pluq_sample){
	    .metric = m, .topic = t->topic, .channel = t->channel, .detail = detail, .value = value});
}

static void tell(const struct telling *t, const struct pluq_metric *m, double value)
{
	tell_detail(t, m, NULL, value);
}

static void tell_oldest(const struct telling *t, const struct pluq_metric *m, int64_t oldest_ns)
{
	int64_t age = oldest_ns == PLUQ_OLDEST_NONE ? 0 : t->real_ns - oldest_ns;

	if (oldest_ns != PLUQ_OLDEST_UNKNOWN)
		tell(t, m, age > 0 ? (double)age / 1e9 : 0);
}

static void tell_dropped(const struct telling *t, const struct pluq_metric *m, const uint64_t *dropped)
{
	static const char *const reasons[PLUQ_DROP_REASONS] = {"full", "sampled", "emptied"};

	for (int i = 0; i < PLUQ_DROP_REASONS; i++)
		if (dropped[i])
			tell_detail(t, m, reasons[i], (double)dropped[i]);
}

static void tell_localities(const struct telling *t, const struct pluq_channel_stats *c)
{
	if (c->zone_local_msg_count)
		tell_detail(t, &channel_from_memory, "zone", (double)c->zone_local_msg_count);
	if (c->region_local_msg_count)
		tell_detail(t, &channel_from_memory, "region", (double)c->region_local_msg_count);
	if (c->global_msg_count)
		tell_detail(t, &channel_from_memory, "global", (double)c->global_msg_count);
}

static void tell_due(const struct telling *t, const uint64_t *due)
{
	static const char *const within[PLUQ_DUE_CLASSES] = {"1s", "10s", "1m", "10m", "1h", "later"};

	for (int i = 0; due && i < PLUQ_DUE_CLASSES; i++)
		tell_detail(t, &channel_due, within[i], (double)due[i]);
}

static void tell_e2e(const struct telling *t, const struct pluq_metric *m, const double *values_ns)
{
	for (size_t i = 0; values_ns && i < t->quantile_count; i++)
		if (t->quantiles[i])
			tell_detail(t, m, t->quantiles[i], values_ns[i] / 1e9);
}

static void tell_latency(const struct telling *t, const struct pluq_histogram *h)
{
	if (h)
		pluq__sheet_borrow(t->to, &(struct pluq_sample){
		    .metric = &channel_latency, .topic = t->topic, .channel = t->channel, .histogram = h});
}

static void tell_channel(const struct telling *t, const struct pluq_channel_stats *c)
{
	tell(t, &channel_messages, (double)c->message_count);
	tell(t, &channel_bytes, (double)c->message_bytes);
	tell(t, &channel_delivered, (double)c->delivered_count);
	tell(t, &channel_delivered_bytes, (double)c->delivered_bytes);
	tell_localities(t, c);
	tell(t, &channel_finished, (double)c->finish_count);
	tell(t, &channel_requeued, (double)c->requeue_count);
	tell(t, &channel_timeouts, (double)c->timeout_count);
	tell(t, &channel_depth, (double)c->depth);
	tell(t, &channel_backend_depth, (double)c->backend_depth);
	tell(t, &channel_in_flight, (double)c->in_flight);
	tell(t, &channel_deferred, (double)c->deferred);
	tell_due(t, c->due);
	tell(t, &channel_consumers, (double)c->consumers);
	tell(t, &channel_paused, c->paused);
	tell_oldest(t, &channel_oldest, c->oldest_ns);
	tell_dropped(t, &channel_dropped, c->dropped);
	tell_latency(t, c->latency);
	tell_e2e(t, &channel_e2e, c->e2e);
}

static void tell_topic(const struct telling *t, const struct pluq_topic_stats *s)
{
	tell(t, &topic_messages, (double)s->message_count);
	tell(t, &topic_bytes, (double)s->message_bytes);
	tell(t, &topic_depth, (double)s->depth);
	tell(t, &topic_backend_depth, (double)s->backend_depth);
	tell(t, &topic_channels, (double)s->channel_count);
	tell(t, &topic_paused, s->paused);
	tell_oldest(t, &topic_oldest, s->oldest_ns);
	tell_dropped(t, &topic_dropped, s->dropped);
	tell_e2e(t, &topic_e2e, s->e2e);
}

/* As short as they can be written and still be the number that was configured. */
static const char *label_of(double quantile, struct pluq__arena *arena)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, quantile);
		if (strtod(text, NULL) == quantile)
			break;
	}
	return pluq__arena_printf(arena, "%s", text);
}

static bool stands_before(const double *quantiles, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (quantiles[k] == quantiles[i])
			return true;
	return false;
}

/* One that is configured twice gets no second label: two samples with the same labels would be an error to who collects them. */
static const char *const *labels(const double *quantiles, size_t count, struct pluq__arena *arena)
{
	const char **out = pluq__arena_alloc(arena, (count + 1) * sizeof(*out));

	for (size_t i = 0; out && i < count; i++) {
		out[i] = NULL;
		if (!stands_before(quantiles, i) && !(out[i] = label_of(quantiles[i], arena)))
			return NULL;
	}
	return out;
}

/* Where the pool has no core of its own, loops that have something to do get it now: some 50 us. */
#define YIELD_SAMPLES 2048

/* Most of what is told of one; more may be, of what few have. */
#define TOPIC_SAMPLES 8
#define CHANNEL_SAMPLES 16

static size_t estimate(const struct pluq_stats *s, size_t quantiles)
{
	size_t n = 0;

	for (size_t i = 0; i < s->topic_count; i++)
		n += TOPIC_SAMPLES + quantiles + s->topics[i].channel_count * (CHANNEL_SAMPLES + quantiles);
	return n;
}

void pluq__queues_tell(const struct pluq_stats *s, const double *quantiles, size_t count, int64_t real_ns, struct pluq_gather *to)
{
	struct telling t = {.to = to, .quantile_count = count, .real_ns = real_ns};
	size_t yielded = 0;

	t.quantiles = labels(quantiles, count, &to->arena);
	to->failed |= !t.quantiles || !pluq__sheet_reserve(to, estimate(s, count));
	for (size_t i = 0; i < s->topic_count && !to->failed; i++) {
		const struct pluq_topic_stats *topic = &s->topics[i];

		t.topic = topic->name;
		t.channel = NULL;
		tell_topic(&t, topic);
		for (size_t k = 0; k < topic->channel_count; k++) {
			t.channel = topic->channels[k].name;
			tell_channel(&t, &topic->channels[k]);
		}
		if (to->count - yielded >= YIELD_SAMPLES) {
			yielded = to->count;
			sched_yield();
		}
	}
}
