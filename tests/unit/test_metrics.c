/* Metrics plugins that fail, hang, are slow: over the daemon's own loops, pool and HTTP server. Times are short, and nothing depends on
 * how short: what is waited for has a deadline of its own. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "cmocka_all.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/metrics/feed.h"
#include "loop_rig.h"
#include "net_rig.h"

#define LOOPS 2
#define PLUGS 2
#define SEEN 4096

static const struct pluq_metric told = {.name = "told", .unit = "", .help = "h", .type = PLUQ_GAUGE};

/* A metrics plugin that does what a test says. */
struct plug {
	struct pluq_metrics_ops ops;
	void *self;
	_Atomic int64_t interval_ns;
	_Atomic bool fails, hangs;
	_Atomic int takes, steps, renders, rendered, given_back, inside, overlaps;
	_Atomic int steps_per_take;
	_Atomic int64_t step_ns;
	int steps_left;
	sem_t gate;                  /* hangs: it waits here */
	_Atomic int entered;
	_Atomic int64_t told;        /* sum over the loops, as of the last snapshot */
	_Atomic int64_t taken, failed, missed; /* of the first plug, as the last snapshot says */
	_Atomic int64_t at_ns[SEEN]; /* when takes came */
	char body[64];
};

static struct {
	struct rig net;
	struct pluq__broker *broker;
	struct pluq__auth *auth;
	struct pluq__metrics *metrics;
	struct pluq_http_server *server;
	struct plug plug[PLUGS];
	char names[PLUGS][16];
	_Atomic int stopped, told;
	bool stops; /* the test has stopped the metrics itself */
	_Atomic bool held; /* loop 1 waits for the gate when it is asked */
	_Atomic int visits; /* of loop 1 */
	sem_t gate;
} world;

static void enter(struct plug *p)
{
	if (atomic_fetch_add(&p->inside, 1))
		p->overlaps++;
	p->entered++;
	if (p->hangs)
		sem_wait(&p->gate);
}

static void leave(struct plug *p)
{
	p->inside--;
}

static int64_t interval_ns(void *self)
{
	return ((struct plug *)self)->interval_ns;
}

static void read_samples(struct plug *p, const struct pluq_snapshot *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct pluq_sample *x = &s->samples[i];

		if (x->metric == &told)
			p->told = (int64_t)x->value;
		if (strcmp(x->metric->name, "metrics_takes") != 0 || strcmp(x->plugin, "plug0") != 0)
			continue;
		if (strcmp(x->detail, "taken") == 0)
			p->taken = (int64_t)x->value;
		else if (strcmp(x->detail, "failed") == 0)
			p->failed = (int64_t)x->value;
		else
			p->missed = (int64_t)x->value;
	}
}

static int take(void *self, const struct pluq_snapshot *s, struct pluq_why *why)
{
	struct plug *p = self;
	int n = p->takes;
	bool fails;

	enter(p);
	if (n < SEEN)
		p->at_ns[n] = pluq__clock_mono_ns();
	read_samples(p, s);
	p->steps_left = p->steps_per_take;
	fails = p->fails;
	leave(p);
	p->takes++;
	if (fails)
		snprintf(why->text, sizeof(why->text), "told to");
	return fails ? PLUQ_EIO : 0;
}

static int64_t step(void *self)
{
	struct plug *p = self;
	int64_t again;

	enter(p);
	if (p->steps_left)
		p->steps++;
	again = p->steps_left > 0 && --p->steps_left > 0 ? (int64_t)p->step_ns : 0;
	leave(p);
	return again;
}

static int render(void *self, const struct pluq_snapshot *s, struct pluq_render *r, struct pluq_why *why)
{
	struct plug *p = self;

	enter(p);
	read_samples(p, s);
	snprintf(p->body, sizeof(p->body), "told %d", (int)p->told);
	leave(p);
	p->renders++;
	if (p->fails)
		return PLUQ_EIO;
	r->type = "text/test";
	r->encoding = r->accept_encoding ? "some" : NULL;
	r->body = (const uint8_t *)p->body;
	r->length = strlen(p->body);
	return 0;
}

static void rendered(void *self, struct pluq_render *r)
{
	((struct plug *)self)->rendered++;
}

/* pluq_gather_fn */
static void tell_loop(void *arg, uint32_t loop, struct pluq_gather *g)
{
	assert_int_equal(pluq__loop_self()->index, loop);
	if (loop == 1) {
		world.visits++;
		if (world.held)
			sem_wait(&world.gate);
	}
	pluq__metrics_table.add(g, &(struct pluq_sample){.metric = &told, .value = 1 << loop});
}

/* ---- up and down ---- */

static int setup(void **state)
{
	struct pluq__measured of;
	struct pluq__auth_config auth = {.timeout_ns = PLUQ__SEC};

	memset(&world, 0, sizeof(world));
	sem_init(&world.gate, 0, 0);
	rig_start(&world.net, LOOPS, 0);
	assert_int_equal(pluq__broker_new(&world.broker, &world.net.loops), 0);
	assert_int_equal(pluq__auth_new(&world.auth, &world.net.loops, pluq__pool_lane(world.net.pool, "auth", 1), 0, &auth), 0);
	of = (struct pluq__measured){.loops = &world.net.loops, .pool = world.net.pool, .net = world.net.net, .broker = world.broker,
	    .auth = world.auth};
	assert_int_equal(pluq__metrics_new(&world.metrics, &of, pluq__pool_lane(world.net.pool, "metrics", 1)), 0);
	assert_int_equal(pluq__metrics_source(world.metrics, tell_loop, NULL), 0);
	for (int i = 0; i < PLUGS; i++) {
		struct plug *p = &world.plug[i];

		snprintf(world.names[i], sizeof(world.names[i]), "plug%d", i);
		p->ops = (struct pluq_metrics_ops){.size = sizeof(p->ops), .interval_ns = interval_ns, .take = take, .step = step,
		    .render = render, .rendered = rendered, .path = i ? NULL : "/plug"};
		p->self = p;
		sem_init(&p->gate, 0, 0);
		assert_int_equal(pluq__metrics_add(world.metrics, world.names[i], &p->ops, &p->self,
		    pluq__pool_lane(world.net.pool, world.names[i], 1)), 0);
	}
	return 0;
}

static void serve(void)
{
	static const struct pluq_http_route none;
	struct pluq_http_listen listen = {.size = sizeof(listen), .address = "127.0.0.1:0", .routes = &none, .stride = sizeof(none)};
	struct pluq_why why;

	assert_int_equal(pluq__http_table.listen(&world.net.host.pub, &listen, &world.server, &why), 0);
	assert_int_equal(pluq__metrics_start(world.metrics, &why), 0);
	rig_serve(&world.net);
}

static void on_stopped(void *arg)
{
	world.stopped++;
}

static void on_told(void *arg)
{
	world.told++;
}

static void stop_metrics(void *arg)
{
	pluq__metrics_stop(world.metrics, on_stopped, NULL);
}

static void await_metrics(void *arg)
{
	pluq__metrics_await(world.metrics, on_told, NULL);
}

static void release(struct plug *p)
{
	p->hangs = false;
	sem_post(&p->gate);
}

static int teardown(void **state)
{
	for (int i = 0; i < PLUGS; i++)
		release(&world.plug[i]);
	if (!world.stops)
		on_loop(&world.net.loops, 0, stop_metrics, NULL);
	assert_true(until_at_least(&world.stopped, 1));
	on_loop(&world.net.loops, 0, await_metrics, NULL);
	assert_true(until_at_least(&world.told, 1));
	rig_end_connections(&world.net);
	for (int i = 0; i < PLUGS; i++) {
		assert_int_equal(world.plug[i].overlaps, 0);
		assert_int_equal(world.plug[i].inside, 0);
		sem_destroy(&world.plug[i].gate);
	}
	pluq__metrics_free(&world.metrics);
	pluq__broker_free(&world.broker);
	pluq__auth_free(&world.auth);
	rig_free(&world.net);
	sem_destroy(&world.gate);
	return 0;
}

/* ---- takes ---- */

static void plugins_take_at_their_intervals(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 20 * PLUQ__MS;
	serve();
	assert_true(until_at_least(&p->takes, 6));
	assert_int_equal(p->told, 1 + 2); /* of both loops */
	for (int i = 1; i < 6; i++) /* by the clock, however late one was: none comes before its time */
		assert_true(p->at_ns[i] >= p->at_ns[0] - 20 * PLUQ__MS + (i - 1) * 20 * PLUQ__MS);
	assert_int_equal(world.plug[1].takes, 0); /* it has no interval */
}

/* It ends when the plugin is due, however long the take has lasted: after one failure when it is due next. Loop 0. */
static void look_at_pause(void *arg)
{
	int *wrong = arg;

	for (struct pluq__feed *f = world.metrics->feeds; f; f = f->next)
		if (f->failures && f->failures < 10)
			*wrong += (f->due_ns - f->resume_ns) % f->interval_ns != 0 ||
			    f->resume_ns > f->due_ns + (f->interval_ns << (f->failures - 1)) - f->interval_ns;
}

static void a_failing_plugin_is_asked_at_growing_gaps(void **state)
{
	struct plug *p = &world.plug[0], *other = &world.plug[1];
	int64_t began;
	int wrong = 0;

	p->interval_ns = other->interval_ns = 10 * PLUQ__MS;
	p->fails = true;
	began = world.net.loops.loop[0].now_ns;
	serve();
	assert_true(until_at_least(&p->takes, 4));
	/* One interval from the start, then one, two, four. */
	for (int i = 0; i < 4; i++)
		assert_true(p->at_ns[i] >= began + (10 << i) * PLUQ__MS);
	on_loop(&world.net.loops, 0, look_at_pause, &wrong);
	assert_int_equal(wrong, 0);
	p->fails = false;
	assert_true(until_at_least(&p->takes, 8));
	assert_true(until_at_least(&other->takes, other->takes + 2));
	assert_true(other->failed >= 4);
	assert_true(other->missed > 0);
	assert_true(other->takes > p->takes);
}

static void a_hanging_plugin_holds_up_nobody_and_misses(void **state)
{
	struct plug *p = &world.plug[0], *other = &world.plug[1];
	int64_t missed;

	p->interval_ns = other->interval_ns = 10 * PLUQ__MS;
	p->hangs = true;
	serve();
	assert_true(until_at_least(&p->entered, 1));
	assert_true(until_at_least(&other->takes, other->takes + 5));
	missed = other->missed;
	assert_true(missed > 0);
	assert_int_equal(p->entered, 1);
	assert_int_equal(p->takes, 0);
	release(p);
	assert_true(until_at_least(&p->takes, 3));
}

static bool has_stepped_twice(void *arg)
{
	return world.plug[0].steps >= 6 && world.plug[0].takes >= 2;
}

static void steps_follow_a_take(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 50 * PLUQ__MS;
	p->steps_per_take = 3;
	p->step_ns = 2 * PLUQ__MS;
	serve();
	assert_true(until(has_stepped_twice, NULL));
}

static void reschedule(void *arg)
{
	pluq__metrics_reload(world.metrics);
}

static void a_reload_changes_the_interval(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 3600 * PLUQ__SEC;
	serve();
	p->interval_ns = 10 * PLUQ__MS;
	on_loop(&world.net.loops, 0, reschedule, NULL);
	assert_true(until_at_least(&p->takes, 2));
	p->interval_ns = 0;
	on_loop(&world.net.loops, 0, reschedule, NULL);
}

static void pause_plugs(void *arg)
{
	for (struct pluq__feed *f = world.metrics->feeds; f; f = f->next) {
		f->failures = 3;
		f->resume_ns = world.net.loops.loop[0].now_ns + 3600 * PLUQ__SEC;
	}
}

static void a_reload_ends_the_pause_after_failures(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 10 * PLUQ__MS;
	serve();
	assert_true(until_at_least(&p->takes, 1));
	on_loop(&world.net.loops, 0, pause_plugs, NULL);
	on_loop(&world.net.loops, 0, reschedule, NULL); /* the interval is the same */
	assert_true(until_at_least(&p->takes, p->takes + 2));
}

static void a_shorter_interval_does_not_wait_for_a_step(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 10 * PLUQ__MS;
	p->steps_per_take = 2;
	p->step_ns = 3600 * PLUQ__SEC;
	serve();
	assert_true(until_at_least(&p->steps, 1));
	p->interval_ns = 20 * PLUQ__MS;
	on_loop(&world.net.loops, 0, reschedule, NULL);
	assert_true(until_at_least(&p->takes, 2));
}

/* ---- the stop ---- */

static void the_stop_gives_a_last_snapshot_and_does_not_wait_between_steps(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 3600 * PLUQ__SEC;
	p->steps_per_take = 5;
	p->step_ns = 3600 * PLUQ__SEC;
	serve();
	world.stops = true;
	on_loop(&world.net.loops, 0, stop_metrics, NULL);
	assert_true(until_at_least(&world.stopped, 1));
	assert_true(until_at_least(&p->steps, 5));
	assert_int_equal(p->takes, 1);
	assert_int_equal(world.plug[1].takes, 0);
}

static void what_is_left_of_a_take_goes_out_before_the_last_one(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 10 * PLUQ__MS;
	p->steps_per_take = 4;
	p->step_ns = 3600 * PLUQ__SEC;
	serve();
	assert_true(until_at_least(&p->steps, 1));
	world.stops = true;
	on_loop(&world.net.loops, 0, stop_metrics, NULL);
	assert_true(until_at_least(&p->steps, 8));
	assert_int_equal(p->takes, 2);
}

static void the_stop_waits_for_a_slow_plugin(void **state)
{
	struct plug *p = &world.plug[0];

	p->interval_ns = 10 * PLUQ__MS;
	p->hangs = true;
	serve();
	assert_true(until_at_least(&p->entered, 1));
	world.stops = true;
	on_loop(&world.net.loops, 0, stop_metrics, NULL);
	assert_true(until_at_least(&world.stopped, 1)); /* the queues may go meanwhile */
	release(p);
	assert_true(until_at_least(&p->takes, 2)); /* the one that it was at, and the last */
}

static bool has_missed(void *arg)
{
	return (int64_t)world.metrics->feeds->missed >= *(int64_t *)arg;
}

static bool nothing_is_made(void *arg)
{
	return !world.metrics->making && !world.metrics->wants.first;
}

/* Loop 1 is slow to tell what it has: the interval passes meanwhile. */
static void nothing_is_gathered_behind_the_last_snapshot(void **state)
{
	struct plug *p = &world.plug[0];
	int64_t missed = 3;

	p->interval_ns = 10 * PLUQ__MS;
	world.held = true;
	serve();
	assert_true(until_at_least(&world.visits, 1));
	world.stops = true;
	on_loop(&world.net.loops, 0, stop_metrics, NULL);
	sem_post(&world.gate);
	assert_true(until_at_least(&world.visits, 2)); /* for the last one */
	assert_true(until_on_loop(&world.net.loops, 0, has_missed, &missed, 0));
	world.held = false;
	sem_post(&world.gate);
	assert_true(until_at_least(&p->takes, 1));
	assert_true(until_on_loop(&world.net.loops, 0, nothing_is_made, NULL, 0));
	assert_int_equal(world.visits, 2);
	assert_int_equal(p->takes, 1);
}

/* ---- rendering ---- */

static bool answers(const char *request, const char *status, const char *part)
{
	char text[4096];
	int fd = peer_connect(pluq__http_table.server_port(world.server));

	peer_say(fd, request);
	return peer_read_all(fd, text, sizeof(text)) > 0 && strncmp(text, status, strlen(status)) == 0 && strstr(text, part);
}

#define GET(path, fields) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" fields "\r\n"

static void a_route_renders_on_every_listener(void **state)
{
	struct plug *p = &world.plug[0];

	serve();
	assert_true(answers(GET("/plug", ""), "HTTP/1.1 200 ", "Content-Type: text/test\r\nContent-Length: 6\r\nConnection: close\r\n"
	    "Vary: Accept, Accept-Encoding\r\n\r\ntold 3"));
	assert_true(answers(GET("/plug", "Accept-Encoding: some\r\n"), "HTTP/1.1 200 ", "Vary: Accept, Accept-Encoding\r\nContent-Encoding: some\r\n\r\ntold 3"));
	assert_true(answers(GET("/plug/", ""), "HTTP/1.1 301 ", "Location: /plug\r\n"));
	assert_true(answers(GET("/nowhere", ""), "HTTP/1.1 404 ", "NOT_FOUND"));
	assert_true(answers("HEAD /plug HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, OPTIONS\r\n"));
	assert_true(answers("DELETE /plug HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, OPTIONS\r\n"));
	assert_int_equal(p->renders, 2);
	assert_int_equal(p->rendered, 2);
	p->fails = true;
	assert_true(answers(GET("/plug", ""), "HTTP/1.1 500 ", "INTERNAL_ERROR"));
	assert_int_equal(p->rendered, 2);
}

static bool all_wait(void *arg)
{
	return world.metrics->feeds->rendering == 16;
}

static bool none_waits(void *arg)
{
	return world.metrics->feeds->rendering == 0;
}

static void too_many_requests_at_once_are_refused(void **state)
{
	struct plug *p = &world.plug[0];
	int fd[16];
	char text[4096];

	p->hangs = true;
	serve();
	for (int i = 0; i < 16; i++) {
		fd[i] = peer_connect(pluq__http_table.server_port(world.server));
		peer_say(fd[i], GET("/plug", ""));
	}
	assert_true(until_on_loop(&world.net.loops, 0, all_wait, NULL, 0));
	assert_true(answers(GET("/plug", ""), "HTTP/1.1 503 ", "BUSY"));
	release(p);
	for (int i = 0; i < 16; i++) {
		assert_true(peer_read_all(fd[i], text, sizeof(text)) > 0);
		assert_non_null(strstr(text, "told 3"));
	}
	assert_true(until_on_loop(&world.net.loops, 0, none_waits, NULL, 0));
}

/* pluq_post_fn */
static void give_back(void *arg)
{
	atomic_fetch_add(&((struct plug *)arg)->given_back, 1);
}

/* More than the kernel takes for somebody who does not read; it is never touched but by the kernel. */
#define LARGE ((size_t)64 << 20)

static int render_large(void *self, const struct pluq_snapshot *s, struct pluq_render *r, struct pluq_why *why)
{
	static const uint8_t *large;

	if (!large)
		large = mmap(NULL, LARGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	((struct plug *)self)->renders++;
	r->body = large;
	r->length = LARGE;
	r->own = self;
	r->release = give_back;
	return 0;
}

static void answers_that_nobody_reads_are_bounded(void **state)
{
	struct plug *p = &world.plug[0];
	int fd[16];

	p->ops.render = render_large;
	serve();
	for (int i = 0; i < 16; i++) {
		fd[i] = peer_connect(pluq__http_table.server_port(world.server));
		peer_say(fd[i], GET("/plug", ""));
	}
	assert_true(until_at_least(&p->renders, 16));
	assert_true(answers(GET("/plug", ""), "HTTP/1.1 503 ", "BUSY"));
	assert_int_equal(p->given_back, 0);
	for (int i = 0; i < 16; i++)
		close(fd[i]);
	assert_true(until_at_least(&p->given_back, 16));
	assert_true(until_on_loop(&world.net.loops, 0, none_waits, NULL, 0));
}

static void two_plugins_cannot_have_one_path(void **state)
{
	struct pluq_why why = {{0}};

	world.plug[1].ops.path = "/plug";
	assert_int_equal(pluq__metrics_start(world.metrics, &why), PLUQ_EBUSY);
	assert_string_equal(why.text, "plug1: /plug is served by plug0 already: configure one of them");
	rig_serve(&world.net);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(plugins_take_at_their_intervals),
	    TEST(a_failing_plugin_is_asked_at_growing_gaps),
	    TEST(a_hanging_plugin_holds_up_nobody_and_misses),
	    TEST(steps_follow_a_take),
	    TEST(a_reload_changes_the_interval),
	    TEST(a_reload_ends_the_pause_after_failures),
	    TEST(a_shorter_interval_does_not_wait_for_a_step),
	    TEST(the_stop_gives_a_last_snapshot_and_does_not_wait_between_steps),
	    TEST(what_is_left_of_a_take_goes_out_before_the_last_one),
	    TEST(the_stop_waits_for_a_slow_plugin),
	    TEST(nothing_is_gathered_behind_the_last_snapshot),
	    TEST(a_route_renders_on_every_listener),
	    TEST(answers_that_nobody_reads_are_bounded),
	    TEST(too_many_requests_at_once_are_refused),
	    TEST(two_plugins_cannot_have_one_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
