#include "consumer_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "engine_rig.h"

static const struct pluq_broker *const table = &pluq__broker_table;
static struct consumer *consumers; /* of this test */

struct got_block {
	struct got_block *older;
	struct got got[];
};

static void finish_all(struct pluq__turn *turn)
{
	struct consumer *c = (struct consumer *)(void *)((char *)turn - offsetof(struct consumer, turn));

	while (c->sub && c->finished < c->count)
		table->sub_finish(c->sub, c->got[c->finished++].id);
}

/* Room for more. The test may be reading: what there was stays where it is. */
static void grow(struct consumer *c)
{
	size_t room = c->room ? c->room * 2 : 256;
	struct got_block *b = calloc(1, sizeof(*b) + room * sizeof(b->got[0]));

	if (!b)
		abort();
	if (c->room)
		memcpy(b->got, c->got, c->room * sizeof(b->got[0]));
	b->older = c->blocks;
	c->blocks = b;
	c->got = b->got;
	c->room = room;
}

static void note(struct consumer *c, const struct pluq_delivery *d)
{
	struct got *g;
	char text[16] = {0};

	if ((size_t)c->count == c->room)
		grow(c);
	g = &c->got[c->count];
	memcpy(text, d->body, d->length < 15 ? d->length : 15);
	*g = (struct got){.body = atoi(text),
	    .attempts = d->attempts,
	    .timestamp_ns = d->timestamp_ns,
	    .at_ns = pluq__clock_mono_ns()};
	memcpy(g->id, d->id, sizeof(g->id));
	c->count++;
}

static size_t on_deliver(void *arg, const struct pluq_delivery *d, size_t n)
{
	struct consumer *c = arg;
	size_t k = 0;

	if (n > c->largest)
		c->largest = n;
	for (; k < n && c->takes; k++) {
		note(c, &d[k]);
		if (c->takes > 0)
			c->takes--;
	}
	if (k && c->finishes)
		pluq__loop_turn(pluq__loop_self(), PLUQ__TURN_FLUSH, &c->turn);
	return k;
}

static void on_end(void *arg)
{
	struct consumer *c = arg;

	c->sub = NULL;
	pluq__loop_unturn(&c->turn);
	c->ended++;
}

static const struct pluq_sub_ops sub_ops = {sizeof(struct pluq_sub_ops), on_deliver, on_end};

struct consumer *consumer_new(void)
{
	struct consumer *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->next = consumers;
	consumers = c;
	c->takes = -1;
	c->turn.fn = finish_all;
	c->params = (struct pluq_sub_params){
	    .size = sizeof(c->params), .msg_timeout_ns = 60 * SEC, .touch_timeout_ns = 60 * SEC};
	return c;
}

void subscribe_here(struct consumer *c)
{
	c->status = table->subscribe(&e.host.pub, c->topic, c->channel, strlen(c->channel), &c->params, &sub_ops,
	    c, &c->sub);
}

static void do_subscribe(void *arg)
{
	subscribe_here(arg);
}

void consumer_place(struct consumer *c, struct pluq_topic *t, const char *channel)
{
	c->topic = t;
	c->channel = channel;
	c->loop = (int)table->topic_home(t);
}

int subscribe(struct consumer *c, struct pluq_topic *t, const char *channel)
{
	consumer_place(c, t, channel);
	on_loop(&e.loops, c->loop, do_subscribe, c);
	return c->status;
}

static struct consumer *attach(struct pluq_topic *t, const char *channel, int64_t ready, bool finishes)
{
	struct consumer *c = consumer_new();

	c->finishes = finishes;
	if (subscribe(c, t, channel) < 0)
		abort();
	set_ready(c, ready);
	return c;
}

struct consumer *consume(struct pluq_topic *t, const char *channel, int64_t ready)
{
	return attach(t, channel, ready, true);
}

struct consumer *hold(struct pluq_topic *t, const char *channel, int64_t ready)
{
	return attach(t, channel, ready, false);
}

struct sub_step {
	struct consumer *c;
	int64_t number;
	const uint8_t *id;
	int status;
	struct pluq_sub_stats stats;
};

static void do_ready(void *arg)
{
	struct sub_step *s = arg;

	if (s->c->sub)
		table->sub_ready(s->c->sub, s->number);
}

void set_ready(struct consumer *c, int64_t ready)
{
	struct sub_step s = {.c = c, .number = ready};

	on_loop(&e.loops, c->loop, do_ready, &s);
}

static void do_unblock(void *arg)
{
	struct consumer *c = arg;

	c->takes = -1;
	if (c->sub)
		table->sub_unblock(c->sub);
}

void unblock(struct consumer *c)
{
	on_loop(&e.loops, c->loop, do_unblock, c);
}

static void do_close(void *arg)
{
	struct consumer *c = arg;

	pluq__loop_unturn(&c->turn);
	if (c->sub)
		table->sub_close(c->sub);
	c->sub = NULL;
}

void unsubscribe(struct consumer *c)
{
	on_loop(&e.loops, c->loop, do_close, c);
}

void consumers_close(void)
{
	for (struct consumer *c = consumers; c; c = c->next)
		if (c->sub)
			unsubscribe(c);
}

void consumers_free(void)
{
	while (consumers) {
		struct consumer *next = consumers->next;

		while (consumers->blocks) {
			struct got_block *older = consumers->blocks->older;

			free(consumers->blocks);
			consumers->blocks = older;
		}
		free(consumers);
		consumers = next;
	}
}

static void do_finish(void *arg)
{
	struct sub_step *s = arg;

	s->status = table->sub_finish(s->c->sub, s->id);
}

static void do_requeue(void *arg)
{
	struct sub_step *s = arg;

	s->status = table->sub_requeue(s->c->sub, s->id, s->number);
}

static void do_touch(void *arg)
{
	struct sub_step *s = arg;

	s->status = table->sub_touch(s->c->sub, s->id);
}

static void do_stats(void *arg)
{
	struct sub_step *s = arg;

	table->sub_stats(s->c->sub, &s->stats);
}

int finish(struct consumer *c, int n)
{
	struct sub_step s = {.c = c, .id = c->got[n].id};

	on_loop(&e.loops, c->loop, do_finish, &s);
	return s.status;
}

int requeue(struct consumer *c, int n, int64_t delay_ns)
{
	struct sub_step s = {.c = c, .id = c->got[n].id, .number = delay_ns};

	on_loop(&e.loops, c->loop, do_requeue, &s);
	return s.status;
}

int touch(struct consumer *c, int n)
{
	struct sub_step s = {.c = c, .id = c->got[n].id};

	on_loop(&e.loops, c->loop, do_touch, &s);
	return s.status;
}

struct pluq_sub_stats sub_stats(struct consumer *c)
{
	struct sub_step s = {.c = c};

	on_loop(&e.loops, c->loop, do_stats, &s);
	return s.stats;
}

bool has_got(struct consumer *c, int count)
{
	return until_at_least(&c->count, count);
}

bool gets(struct consumer *c, int first, int count)
{
	if (!has_got(c, count)) {
		fprintf(stderr, "%d of %d deliveries\n", c->count, count);
		return false;
	}
	for (int i = 0; i < count; i++)
		if (c->got[i].body != first + i) {
			fprintf(stderr, "delivery %d is %d, not %d\n", i, c->got[i].body, first + i);
			return false;
		}
	return true;
}

bool has_only(struct consumer *c, int count)
{
	bool has = has_got(c, count);

	settle();
	if (c->count != count)
		fprintf(stderr, "%d deliveries, not %d\n", c->count, count);
	return has && c->count == count;
}
