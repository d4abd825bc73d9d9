#include "engine_rig.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"

static const struct pluq_broker *const table = &pluq__broker_table;

void engine_init(struct engine *e)
{
	memset(e, 0, sizeof(*e));
	mock_storage_init(&e->storage);
	e->limits = (struct pluq_limits){.size = sizeof(e->limits),
	    .node_id = 7,
	    .mem_queue_size = 100,
	    .max_msg_timeout_ns = 900 * SEC};
	pluq__log_set_level(PLUQ_FATAL);
}

void engine_up(struct engine *e, int loops)
{
	struct pluq__lane *lane, *meta;
	struct pluq_why why = {{0}};

	e->stopped = false;
	e->storage.unnamed_appends = false;
	if (pluq__loops_init(&e->loops, loops) < 0 || pluq__pool_init(&e->pool, 0) < 0 ||
	    pluq__broker_new(&e->broker, &e->loops) < 0)
		abort();
	lane = pluq__pool_lane(e->pool, "mock", 8);
	meta = pluq__pool_lane(e->pool, "metadata", 1);
	e->host = (struct pluq__host){.loops = &e->loops, .broker = e->broker, .in_init = true};
	if (table->use(&e->host.pub, &e->limits) < 0 ||
	    pluq__broker_load(e->broker, &e->storage.ops, &e->storage, lane, meta, "mock", &why) < 0) {
		fprintf(stderr, "engine_up: %s\n", why.text);
		abort();
	}
	loops_start(&e->loops);
}

static void on_stopped(void *arg, uint64_t lost)
{
	struct engine *e = arg;

	e->lost = lost;
	e->stopped = true;
}

static void on_drained(void *arg)
{
	struct engine *e = arg;

	pluq__broker_stop(e->broker, on_stopped, e);
}

static void drain(void *arg)
{
	struct engine *e = arg;

	pluq__broker_drain(e->broker, on_drained, e);
}

static bool is_stopped(void *arg)
{
	return ((struct engine *)arg)->stopped;
}

uint64_t engine_down(struct engine *e)
{
	e->storage.unnamed_appends = true; /* at the stop the metadata are saved last */
	on_loop(&e->loops, 0, drain, e);
	if (!until_on_loop(&e->loops, 0, is_stopped, e, 30 * SEC)) {
		fprintf(stderr, "engine_down: the engine does not stop\n");
		abort();
	}
	settle(e);
	loops_down(&e->loops);
	if (!pluq__pool_fini(&e->pool, 10 * SEC))
		abort();
	pluq__broker_free(&e->broker);
	pluq__loops_fini(&e->loops);
	return e->lost;
}

int engine_fini(struct engine *e)
{
	int err = e->broker ? -1 : 0;

	if (e->storage.violations) {
		fprintf(stderr, "storage: %s (%d violations)\n", e->storage.violation, e->storage.violations);
		err = -1;
	}
	if (e->broker) /* the test failed on its way: all of it stays */
		return err;
	if (mock_any_open(&e->storage)) {
		fprintf(stderr, "storage: %s was left open\n", mock_any_open(&e->storage));
		err = -1;
	}
	mock_storage_fini(&e->storage);
	return err;
}

static void nothing(void *arg)
{
}

void settle(struct engine *e)
{
	for (int round = 0; round < 4; round++)
		for (int i = 0; i < e->loops.count; i++)
			on_loop(&e->loops, i, nothing, NULL);
}

/* ---- topics ---- */

struct getting {
	struct engine *engine;
	const char *name;
	bool create;
	struct pluq_topic *topic;
	int status;
	sem_t answered;
};

static void on_topic(void *arg, int status, struct pluq_topic *t)
{
	struct getting *g = arg;

	g->status = status;
	g->topic = t;
	sem_post(&g->answered);
}

static void get(void *arg)
{
	struct getting *g = arg;

	g->status =
	    table->topic_get(&g->engine->host.pub, g->name, strlen(g->name), g->create, &g->topic, on_topic, g);
	if (g->status != PLUQ_ELATER)
		sem_post(&g->answered);
}

static int get_topic(struct engine *e, int loop, const char *name, bool create, struct pluq_topic **out)
{
	struct getting g = {.engine = e, .name = name, .create = create};

	sem_init(&g.answered, 0, 0);
	on_loop(&e->loops, loop, get, &g);
	sem_wait(&g.answered);
	sem_destroy(&g.answered);
	*out = g.topic;
	return g.status;
}

struct pluq_topic *topic_on(struct engine *e, int loop, const char *name)
{
	struct pluq_topic *t = NULL;

	if (get_topic(e, loop, name, true, &t) < 0)
		abort();
	return t;
}

int topic_status(struct engine *e, int loop, const char *name, bool create)
{
	struct pluq_topic *t = NULL;
	int status = get_topic(e, loop, name, create, &t);

	if (t)
		topic_drop(t);
	return status;
}

void topic_drop(struct pluq_topic *t)
{
	table->topic_unref(t);
}

/* ---- publishing ---- */

static void on_published(void *arg, int status, const struct pluq_why *why)
{
	struct pub *p = arg;

	p->status = status;
	p->why = *why;
	p->answered++;
}

static void begin(void *arg)
{
	struct pub *p = arg;
	char (*text)[16] = calloc((size_t)p->count + 1, sizeof(*text));
	struct pluq_body *bodies = calloc((size_t)p->count + 1, sizeof(*bodies));

	if (!text || !bodies)
		abort();
	for (int i = 0; i < p->count; i++) {
		int n = snprintf(text[i], sizeof(text[i]), "%d", p->first + i);

		bodies[i] = (struct pluq_body){.bytes = (const uint8_t *)text[i], .length = (uint32_t)n};
	}
	p->status = table->publish(
	    &p->engine->host.pub, p->topic, bodies, (size_t)p->count, p->defer_ns, on_published, p);
	if (p->status != PLUQ_ELATER)
		p->answered++;
	free(text);
	free(bodies);
}

void pub_begin(
    struct pub *p, struct engine *e, int loop, struct pluq_topic *t, int first, int count, int64_t defer_ns)
{
	*p = (struct pub){.engine = e, .loop = loop, .topic = t, .first = first, .count = count, .defer_ns = defer_ns};
	on_loop(&e->loops, loop, begin, p);
}

int pub_wait(struct pub *p)
{
	return until_at_least(&p->answered, 1) ? p->status : PLUQ_ELATER;
}

int publish(struct engine *e, int loop, struct pluq_topic *t, int first, int count)
{
	struct pub p;

	pub_begin(&p, e, loop, t, first, count, 0);
	return pub_wait(&p);
}

int publish_deferred(struct engine *e, int loop, struct pluq_topic *t, int body, int64_t defer_ns)
{
	struct pub p;

	pub_begin(&p, e, loop, t, body, 1, defer_ns);
	return pub_wait(&p);
}

/* ---- consuming ---- */

static void finish_all(struct pluq__turn *turn)
{
	struct consumer *c = (struct consumer *)(void *)((char *)turn - offsetof(struct consumer, turn));

	while (c->sub && c->finished < c->count)
		table->sub_finish(c->sub, c->got[c->finished++].id);
}

static void keep(struct consumer *c, const struct pluq_delivery *d)
{
	size_t n = (size_t)c->count;
	struct got *g;

	if (n == c->room) {
		c->room = c->room ? c->room * 2 : 256;
		c->got = realloc(c->got, c->room * sizeof(*c->got));
		if (!c->got)
			abort();
	}
	g = &c->got[n];
	char text[16] = {0};

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
		keep(c, &d[k]);
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

void consumer_init(struct consumer *c, struct engine *e)
{
	memset(c, 0, sizeof(*c));
	c->engine = e;
	c->takes = -1;
	c->turn.fn = finish_all;
	c->params = (struct pluq_sub_params){
	    .size = sizeof(c->params), .msg_timeout_ns = 60 * SEC, .touch_timeout_ns = 60 * SEC};
}

static void do_subscribe(void *arg)
{
	struct consumer *c = arg;

	c->status = table->subscribe(&c->engine->host.pub, c->topic, c->channel, strlen(c->channel), &c->params, &sub_ops,
	    c, &c->sub);
}

int subscribe(struct consumer *c, struct pluq_topic *t, const char *channel)
{
	c->topic = t;
	c->channel = channel;
	c->loop = (int)table->topic_home(t);
	on_loop(&c->engine->loops, c->loop, do_subscribe, c);
	return c->status;
}

void consume(struct consumer *c, struct engine *e, struct pluq_topic *t, const char *channel, int64_t ready)
{
	consumer_init(c, e);
	c->finishes = true;
	if (subscribe(c, t, channel) < 0)
		abort();
	set_ready(c, ready);
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

	on_loop(&c->engine->loops, c->loop, do_ready, &s);
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
	on_loop(&c->engine->loops, c->loop, do_unblock, c);
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
	on_loop(&c->engine->loops, c->loop, do_close, c);
}

void consumer_fini(struct consumer *c)
{
	if (c->sub && c->engine->broker)
		unsubscribe(c);
	free(c->got);
	c->got = NULL;
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

	on_loop(&c->engine->loops, c->loop, do_finish, &s);
	return s.status;
}

int requeue(struct consumer *c, int n, int64_t delay_ns)
{
	struct sub_step s = {.c = c, .id = c->got[n].id, .number = delay_ns};

	on_loop(&c->engine->loops, c->loop, do_requeue, &s);
	return s.status;
}

int touch(struct consumer *c, int n)
{
	struct sub_step s = {.c = c, .id = c->got[n].id};

	on_loop(&c->engine->loops, c->loop, do_touch, &s);
	return s.status;
}

struct pluq_sub_stats sub_stats(struct consumer *c)
{
	struct sub_step s = {.c = c};

	on_loop(&c->engine->loops, c->loop, do_stats, &s);
	return s.stats;
}

bool has_got(struct consumer *c, int count)
{
	return until_at_least(&c->count, count);
}

bool got_in_order(struct consumer *c, int first, int count)
{
	for (int i = 0; i < count; i++)
		if (i >= c->count || c->got[i].body != first + i) {
			fprintf(stderr, "delivery %d is %d, not %d\n", i, i < c->count ? c->got[i].body : -1, first + i);
			return false;
		}
	return true;
}

/* ---- asking ---- */

struct asking {
	struct engine *engine;
	enum pluq_admin what;
	const char *topic, *channel;
	int status;
	struct pluq_stats *stats;
	sem_t answered;
};

static void on_admin(void *arg, int status, const struct pluq_why *why)
{
	struct asking *a = arg;

	a->status = status;
	sem_post(&a->answered);
}

static void do_admin(void *arg)
{
	struct asking *a = arg;

	if (table->admin(&a->engine->host.pub, a->what, a->topic, strlen(a->topic), a->channel,
	        a->channel ? strlen(a->channel) : 0, on_admin, a) < 0)
		abort();
}

int admin(struct engine *e, int loop, enum pluq_admin what, const char *topic, const char *channel)
{
	struct asking a = {.engine = e, .what = what, .topic = topic, .channel = channel};

	sem_init(&a.answered, 0, 0);
	on_loop(&e->loops, loop, do_admin, &a);
	sem_wait(&a.answered);
	sem_destroy(&a.answered);
	return a.status;
}

static void on_stats(void *arg, int status, struct pluq_stats *stats)
{
	struct asking *a = arg;

	a->status = status;
	a->stats = stats;
	sem_post(&a->answered);
}

static void ask_stats(void *arg)
{
	struct asking *a = arg;

	if (table->stats(&a->engine->host.pub, a->topic, on_stats, a) < 0)
		abort();
}

static struct pluq_stats *take_stats(struct engine *e, const char *topic)
{
	struct asking a = {.engine = e, .topic = topic};

	sem_init(&a.answered, 0, 0);
	on_loop(&e->loops, 0, ask_stats, &a);
	sem_wait(&a.answered);
	sem_destroy(&a.answered);
	if (a.status < 0)
		abort();
	return a.stats;
}

bool topic_stats(struct engine *e, const char *topic, struct pluq_topic_stats *out)
{
	struct pluq_stats *s = take_stats(e, topic);
	bool found = s->topic_count == 1;

	if (found)
		*out = s->topics[0];
	out->name = NULL;
	out->channels = NULL;
	table->stats_free(s);
	return found;
}

bool channel_stats(struct engine *e, const char *topic, const char *channel, struct pluq_channel_stats *out)
{
	struct pluq_stats *s = take_stats(e, topic);
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

static bool gives_up(int64_t since_ns)
{
	look_again_soon();
	return pluq__clock_mono_ns() - since_ns > 20 * SEC;
}

bool channel_becomes(struct engine *e, const char *topic, const char *channel, int64_t depth, int64_t in_flight,
    int64_t deferred)
{
	struct pluq_channel_stats s = {0};
	int64_t start = pluq__clock_mono_ns();

	do {
		if (channel_stats(e, topic, channel, &s) && s.depth == depth && s.in_flight == in_flight &&
		    s.deferred == deferred)
			return true;
	} while (!gives_up(start));
	fprintf(stderr, "%s:%s has %lld, %lld in flight, %lld deferred\n", topic, channel, (long long)s.depth,
	    (long long)s.in_flight, (long long)s.deferred);
	return false;
}

bool topic_becomes(struct engine *e, const char *topic, int64_t depth)
{
	struct pluq_topic_stats s = {0};
	int64_t start = pluq__clock_mono_ns();

	do {
		if (topic_stats(e, topic, &s) && s.depth == depth)
			return true;
	} while (!gives_up(start));
	fprintf(stderr, "%s has %lld\n", topic, (long long)s.depth);
	return false;
}

struct pluq_health health(struct engine *e)
{
	struct pluq_health h = {0};

	table->health(&e->host.pub, &h);
	return h;
}
