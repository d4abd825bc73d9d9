/* What the engine counts, as samples. */
#include "snapshot.h"

#define COUNTER(name_, unit_, help_) {.name = name_, .unit = unit_, .help = help_, .type = PLUQ_COUNTER}
#define GAUGE(name_, unit_, help_) {.name = name_, .unit = unit_, .help = help_, .type = PLUQ_GAUGE}

static const struct pluq_metric topic_messages = COUNTER("topic_published_messages", "", "Messages published to the topic");
static const struct pluq_metric topic_bytes = COUNTER("topic_published", "bytes", "Bytes of the messages published to the topic");
static const struct pluq_metric topic_depth =
    GAUGE("topic_depth", "", "Messages that wait in the topic's own queue, in memory and storage");
static const struct pluq_metric topic_backend_depth =
    GAUGE("topic_backend_depth", "", "Messages of the topic's own queue that are in storage");
static const struct pluq_metric topic_channels = GAUGE("topic_channels", "", "Channels of the topic");
static const struct pluq_metric topic_paused = GAUGE("topic_paused", "", "1 while the topic is paused");

static const struct pluq_metric channel_messages =
    COUNTER("channel_received_messages", "", "Messages that the channel has got from its topic");
static const struct pluq_metric channel_depth =
    GAUGE("channel_depth", "", "Messages that wait in the channel, in memory and storage");
static const struct pluq_metric channel_backend_depth =
    GAUGE("channel_backend_depth", "", "Messages of the channel that are in storage");
static const struct pluq_metric channel_in_flight =
    GAUGE("channel_in_flight_messages", "", "Messages that consumers have and have not answered");
static const struct pluq_metric channel_deferred =
    GAUGE("channel_deferred_messages", "", "Messages that wait for their time");
static const struct pluq_metric channel_requeued =
    COUNTER("channel_requeued_messages", "", "Messages that consumers have given back");
static const struct pluq_metric channel_timeouts =
    COUNTER("channel_timed_out_messages", "", "Messages that consumers have not answered in time");
static const struct pluq_metric channel_consumers = GAUGE("channel_consumers", "", "Consumers of the channel");
static const struct pluq_metric channel_paused = GAUGE("channel_paused", "", "1 while the channel is paused");

/* Names are the snapshot's own, which keeps the engine's copy: nothing is copied again. */
static void tell(struct pluq_gather *g, const struct pluq_metric *m, const char *topic, const char *channel, double value)
{
	pluq__sheet_borrow(g, &(struct pluq_sample){.metric = m, .topic = topic, .channel = channel, .value = value});
}

static void tell_channel(struct pluq_gather *g, const char *topic, const struct pluq_channel_stats *c)
{
	tell(g, &channel_messages, topic, c->name, (double)c->message_count);
	tell(g, &channel_depth, topic, c->name, (double)c->depth);
	tell(g, &channel_backend_depth, topic, c->name, (double)c->backend_depth);
	tell(g, &channel_in_flight, topic, c->name, (double)c->in_flight);
	tell(g, &channel_deferred, topic, c->name, (double)c->deferred);
	tell(g, &channel_requeued, topic, c->name, (double)c->requeue_count);
	tell(g, &channel_timeouts, topic, c->name, (double)c->timeout_count);
	tell(g, &channel_consumers, topic, c->name, (double)c->consumers);
	tell(g, &channel_paused, topic, c->name, c->paused);
}

static void tell_topic(struct pluq_gather *g, const struct pluq_topic_stats *t)
{
	tell(g, &topic_messages, t->name, NULL, (double)t->message_count);
	tell(g, &topic_bytes, t->name, NULL, (double)t->message_bytes);
	tell(g, &topic_depth, t->name, NULL, (double)t->depth);
	tell(g, &topic_backend_depth, t->name, NULL, (double)t->backend_depth);
	tell(g, &topic_channels, t->name, NULL, (double)t->channel_count);
	tell(g, &topic_paused, t->name, NULL, t->paused);
}

void pluq__queues_tell(const struct pluq_stats *s, struct pluq_gather *g)
{
	for (size_t i = 0; i < s->topic_count; i++) {
		const struct pluq_topic_stats *t = &s->topics[i];

		tell_topic(g, t);
		for (size_t k = 0; k < t->channel_count; k++)
			tell_channel(g, t->name, &t->channels[k]);
	}
}
