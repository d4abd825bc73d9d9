#include <stdio.h>
#include <string.h>
#include <stdlib.h>

#include "engine_rig.h"

static const struct pluq_broker *const table = &pluq__broker_table;

/* ---- admin ---- */

static void on_answer(void *arg, int status, const struct pluq_why *why)
{
	struct request *r = arg;

	r->status = status;
	r->answered++;
}

static void ask(void *arg)
{
	struct request *r = arg;

	if (table->admin(&e.host.pub, r->what, r->topic, strlen(r->topic), r->channel,
	        r->channel ? strlen(r->channel) : 0, on_answer, r) < 0)
		abort();
}

static struct request *request_new(enum pluq_admin what, const char *topic, const char *channel)
{
	struct request *r = keep(sizeof(*r));

	*r = (struct request){.what = what, .topic = topic, .channel = channel};
	return r;
}

struct request *request(int loop, enum pluq_admin what, const char *topic, const char *channel)
{
	struct request *r = request_new(what, topic, channel);

	on_loop(&e.loops, loop, ask, r);
	return r;
}

struct request *request_here(enum pluq_admin what, const char *topic, const char *channel)
{
	struct request *r = request_new(what, topic, channel);

	ask(r);
	return r;
}

struct waiting {
	struct request *request;
	int looks;
};

/* The answer may wait for a save, and saves are gathered for a while: that passes, though far slower than the storage works. */
static bool is_answered(void *arg)
{
	struct waiting *w = arg;

	if (w->request->answered)
		return true;
	if (++w->looks % 25 == 0)
		leap(100 * MS);
	return false;
}

int request_wait(struct request *r)
{
	return until(is_answered, &(struct waiting){.request = r}) ? r->status : PLUQ_ELATER;
}

int admin(int loop, enum pluq_admin what, const char *topic, const char *channel)
{
	return request_wait(request(loop, what, topic, channel));
}

/* ---- stats ---- */

struct asking {
	const char *topic;
	struct pluq_stats *stats;
	_Atomic int answered;
};

static void on_stats(void *arg, int status, struct pluq_stats *stats)
{
	struct asking *a = arg;

	a->stats = stats;
	a->answered++;
}

static void ask_stats(void *arg)
{
	struct asking *a = arg;

	if (table->stats(&e.host.pub, a->topic, on_stats, a) < 0)
		abort();
}

static struct pluq_stats *take_stats(const char *topic)
{
	struct asking a = {.topic = topic};

	on_loop(&e.loops, 0, ask_stats, &a);
	if (!until_at_least(&a.answered, 1) || !a.stats)
		abort();
	return a.stats;
}

bool topic_stats(const char *topic, struct pluq_topic_stats *out)
{
	struct pluq_stats *s = take_stats(topic);
	bool found = s->topic_count == 1;

	if (found)
		*out = s->topics[0];
	out->name = NULL;
	out->channels = NULL;
	table->stats_free(s);
	return found;
}

bool channel_stats(const char *topic, const char *channel, struct pluq_channel_stats *out)
{
	struct pluq_stats *s = take_stats(topic);
	bool found = false;

	for (size_t i = 0; s->topic_count && i < s->topics[0].channel_count; i++)
		if (strcmp(s->topics[0].channels[i].name, channel) == 0) {
			*out = s->topics[0].channels[i];
			found = true;
		}
	out->name = NULL;
	table->stats_free(s);
	return found;
}

struct state {
	const char *topic, *channel;
	int64_t depth, in_flight, deferred;
	struct pluq_topic_stats ts;
	struct pluq_channel_stats cs;
};

static bool channel_is(void *arg)
{
	struct state *s = arg;

	return channel_stats(s->topic, s->channel, &s->cs) && s->cs.depth == s->depth &&
	    s->cs.in_flight == s->in_flight && s->cs.deferred == s->deferred;
}

bool channel_becomes(const char *topic, const char *channel, int64_t depth, int64_t in_flight, int64_t deferred)
{
	struct state s = {
	    .topic = topic, .channel = channel, .depth = depth, .in_flight = in_flight, .deferred = deferred};

	if (until(channel_is, &s))
		return true;
	fprintf(stderr, "%s:%s has %lld, %lld in flight, %lld deferred\n", topic, channel, (long long)s.cs.depth,
	    (long long)s.cs.in_flight, (long long)s.cs.deferred);
	return false;
}

static bool topic_is(void *arg)
{
	struct state *s = arg;

	return topic_stats(s->topic, &s->ts) && s->ts.depth == s->depth;
}

bool topic_becomes(const char *topic, int64_t depth)
{
	struct state s = {.topic = topic, .depth = depth};

	if (until(topic_is, &s))
		return true;
	fprintf(stderr, "%s has %lld\n", topic, (long long)s.ts.depth);
	return false;
}

struct pluq_health health(void)
{
	struct pluq_health h = {0};

	table->health(&e.host.pub, &h);
	return h;
}

struct mock_queue *queue_of(const char *name)
{
	return mock_queue(&e.storage, name);
}
