#include "engine_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/log.h"

static const struct pluq_broker *const table = &pluq__broker_table;

struct engine e;
static struct finding *found; /* topics that the test holds */

/* ---- what the test leaves behind ---- */

struct kept {
	struct kept *next;
	max_align_t bytes[];
};

static struct kept *kept;

void *keep(size_t size)
{
	struct kept *k = calloc(1, sizeof(*k) + size);

	if (!k)
		abort();
	k->next = kept;
	kept = k;
	return k->bytes;
}

static void free_kept(void)
{
	while (kept) {
		struct kept *next = kept->next;

		free(kept);
		kept = next;
	}
}

static void drop_topics(void)
{
	for (; found; found = found->next)
		if (found->topic)
			table->topic_unref(found->topic);
}

/* ---- up and down ---- */

int setup(void **state)
{
	clock_reset();
	memset(&e, 0, sizeof(e));
	mock_storage_init(&e.storage);
	e.limits = (struct pluq_limits){.size = sizeof(e.limits),
	    .node_id = 7,
	    .mem_queue_size = 100,
	    .max_msg_timeout_ns = 900 * SEC};
	pluq__log_set_level(PLUQ_FATAL);
	return 0;
}

void engine_up(int loops)
{
	struct pluq__lane *lane, *meta;
	struct pluq_why why = {{0}};

	clock_stop();
	e.stopped = false;
	e.storage.unnamed_appends = false;
	if (pluq__loops_init(&e.loops, loops) < 0 || pluq__pool_init(&e.pool, 0) < 0 ||
	    pluq__broker_new(&e.broker, &e.loops) < 0)
		abort();
	lane = pluq__pool_lane(e.pool, "mock", 8);
	meta = pluq__pool_lane(e.pool, "metadata", 1);
	e.host = (struct pluq__host){.loops = &e.loops, .broker = e.broker, .in_init = true};
	if (table->use(&e.host.pub, &e.limits) < 0 ||
	    pluq__broker_load(e.broker, &e.storage.ops, &e.storage, lane, meta, "mock", &why) < 0) {
		fprintf(stderr, "engine_up: %s\n", why.text);
		abort();
	}
	loops_start(&e.loops);
}

struct pluq_topic *engine_with_topic(int loops, int64_t mem_queue_size)
{
	e.limits.mem_queue_size = mem_queue_size;
	engine_up(loops);
	return topic_on(0, "t");
}

static void on_stopped(void *arg, uint64_t lost)
{
	e.lost = lost;
	e.stopped = true;
}

static void on_drained(void *arg)
{
	pluq__broker_stop(e.broker, on_stopped, NULL);
}

static void drain(void *arg)
{
	pluq__broker_drain(e.broker, on_drained, NULL);
}

static bool is_stopped(void *arg)
{
	return e.stopped;
}

uint64_t engine_down(void)
{
	drop_topics();
	clock_let_go(); /* what fails at the stop is tried again, for a while */
	e.storage.unnamed_appends = true; /* at the stop the metadata are saved last */
	on_loop(&e.loops, 0, drain, NULL);
	if (!until_on_loop(&e.loops, 0, is_stopped, NULL, 30 * SEC)) {
		fprintf(stderr, "engine_down: the engine does not stop\n");
		abort();
	}
	engine_dismantle();
	return e.lost;
}

uint64_t engine_end(void)
{
	consumers_close();
	return engine_down();
}

void engine_dismantle(void)
{
	drop_topics();
	settle();
	loops_down(&e.loops);
	if (!pluq__pool_fini(&e.pool, 10 * SEC))
		abort();
	pluq__broker_free(&e.broker);
	pluq__loops_fini(&e.loops);
}

int teardown(void **state)
{
	int err = 0;

	if (e.broker) {
		mock_unblock_all(&e.storage); /* if the test failed on its way */
		if (engine_end() != e.loses) {
			fprintf(stderr, "the engine has lost %llu messages, not %llu\n", (unsigned long long)e.lost,
			    (unsigned long long)e.loses);
			err = -1;
		}
	}
	if (e.storage.violations) {
		fprintf(stderr, "storage: %s (%d violations)\n", e.storage.violation, e.storage.violations);
		err = -1;
	}
	if (mock_any_open(&e.storage)) {
		fprintf(stderr, "storage: %s was left open\n", mock_any_open(&e.storage));
		err = -1;
	}
	mock_storage_fini(&e.storage);
	consumers_free();
	free_kept();
	return err;
}

static void nothing(void *arg)
{
}

void settle(void)
{
	for (int round = 0; round < 4; round++)
		for (int i = 0; i < e.loops.count; i++)
			on_loop(&e.loops, i, nothing, NULL);
}

void leap(int64_t ns)
{
	clock_leap(&e.loops, ns);
}

struct pausing {
	bool (*fn)(void *);
	void *arg;
};

static bool happens_or_pause(void *arg)
{
	struct pausing *p = arg;

	if (p->fn(p->arg))
		return true;
	leap(100 * MS);
	return false;
}

bool until_after_pauses(bool (*fn)(void *), void *arg)
{
	return until(happens_or_pause, &(struct pausing){fn, arg});
}

/* ---- topics ---- */

static void on_topic(void *arg, int status, struct pluq_topic *t)
{
	struct finding *f = arg;

	f->status = status;
	f->topic = t;
	f->answered++;
}

static void find(void *arg)
{
	struct finding *f = arg;

	f->status = table->topic_get(&e.host.pub, f->name, strlen(f->name), f->create, &f->topic, on_topic, f);
	if (f->status != PLUQ_ELATER)
		f->answered++;
}

struct finding *find_topic(int loop, const char *name)
{
	struct finding *f = keep(sizeof(*f));

	*f = (struct finding){.name = name, .create = true, .next = found};
	found = f;
	on_loop(&e.loops, loop, find, f);
	return f;
}

struct pluq_topic *topic_on(int loop, const char *name)
{
	struct finding *f = find_topic(loop, name);

	if (!until_at_least(&f->answered, 1) || f->status < 0)
		abort();
	return f->topic;
}

int topic_status(int loop, const char *name, bool create)
{
	struct finding *f = keep(sizeof(*f));

	*f = (struct finding){.name = name, .create = create};
	on_loop(&e.loops, loop, find, f);
	if (!until_at_least(&f->answered, 1))
		abort();
	if (f->topic)
		table->topic_unref(f->topic);
	return f->status;
}

void topic_drop(struct pluq_topic *t)
{
	struct finding **at = &found;

	while (*at && (*at)->topic != t)
		at = &(*at)->next;
	if (!*at)
		abort();
	*at = (*at)->next;
	table->topic_unref(t);
}

static void make(void *arg)
{
	const char *name = arg;
	struct pluq_topic *t = NULL;

	if (table->topic_get(&e.host.pub, name, strlen(name), true, &t, NULL, NULL) < 0)
		abort();
	table->topic_unref(t);
}

void make_topic(const char *name)
{
	on_loop(&e.loops, 0, make, (void *)name);
}

static void make_all(void *arg)
{
	for (int n = 0; n < *(int *)arg; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", n);
		make(name);
	}
}

void make_topics(int count)
{
	on_loop(&e.loops, 0, make_all, &count);
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
	p->status =
	    table->publish(&e.host.pub, p->topic, bodies, (size_t)p->count, p->defer_ns, on_published, p);
	if (p->status != PLUQ_ELATER)
		p->answered++;
	free(text);
	free(bodies);
}

static struct pub *begin_pub(int loop, struct pub pub)
{
	struct pub *p = keep(sizeof(*p));

	*p = pub;
	on_loop(&e.loops, loop, begin, p);
	return p;
}

struct pub *pub_begin(int loop, struct pluq_topic *t, int first, int count)
{
	return begin_pub(loop, (struct pub){.topic = t, .first = first, .count = count});
}

int pub_wait(struct pub *p)
{
	return until_at_least(&p->answered, 1) ? p->status : PLUQ_ELATER;
}

int publish(int loop, struct pluq_topic *t, int first, int count)
{
	return pub_wait(pub_begin(loop, t, first, count));
}

int publish_deferred(int loop, struct pluq_topic *t, int body, int64_t defer_ns)
{
	return pub_wait(begin_pub(loop, (struct pub){.topic = t, .first = body, .count = 1, .defer_ns = defer_ns}));
}
