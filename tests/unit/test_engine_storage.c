/* The engine over storage that is slow, hangs, fails, rejects, or asks for records to be written anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"
#include "cmocka_all.h"
#include "engine_rig.h"
#include "fake_clock.h"

static struct engine e;

static int setup(void **state)
{
	clock_reset();
	engine_init(&e);
	return 0;
}

static int teardown(void **state)
{
	return engine_fini(&e);
}

/* ---- hanging and failing ---- */

static void hanging_queue_leaves_the_others_alone(void **state)
{
	enum { OTHERS = 12, COUNT = 300 };
	struct consumer hung, c[OTHERS];
	struct pluq_topic *t[OTHERS], *bad;
	struct pub stuck[20];

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	bad = topic_on(&e, 0, "bad");
	consume(&hung, &e, bad, "c", 10);
	assert_int_equal(publish(&e, 0, bad, 0, 1), 0);
	assert_true(has_got(&hung, 1));
	for (int i = 0; i < OTHERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "good-%d", i);
		t[i] = topic_on(&e, i % LOOPS, name);
		consume(&c[i], &e, t[i], "c", 10);
		assert_int_equal(publish(&e, 0, t[i], 0, 1), 0);
	}
	mock_block(mock_queue(&e.storage, "bad:c"), MOCK_APPEND);
	for (int n = 0; n < 20; n++)
		pub_begin(&stuck[n], &e, LOOPS - 1, bad, 1 + n, 1, 0);
	assert_true(mock_await_inside(mock_queue(&e.storage, "bad:c"), MOCK_APPEND, 1));
	int64_t start = pluq__clock_mono_ns();

	for (int n = 1; n < COUNT; n++)
		for (int i = 0; i < OTHERS; i++)
			assert_int_equal(publish(&e, n % LOOPS, t[i], n, 1), 0);
	for (int i = 0; i < OTHERS; i++) {
		assert_true(has_got(&c[i], COUNT));
		assert_true(got_in_order(&c[i], 0, COUNT));
	}
	assert_true(pluq__clock_mono_ns() - start < 15 * SEC); /* 3588 publishes: none waited a second, say */
	for (int n = 0; n < 20; n++)
		assert_int_equal(stuck[n].answered, 0);
	mock_unblock(mock_queue(&e.storage, "bad:c"), MOCK_APPEND);
	for (int n = 0; n < 20; n++)
		assert_int_equal(pub_wait(&stuck[n]), 0);
	assert_true(has_got(&hung, 21));
	assert_true(got_in_order(&hung, 0, 21));
	for (int i = 0; i < OTHERS; i++) {
		consumer_fini(&c[i]);
		topic_drop(t[i]);
	}
	consumer_fini(&hung);
	topic_drop(bad);
	assert_int_equal(engine_down(&e), 0);
}

static void failing_append_reaches_the_publisher_and_siblings_keep_theirs(void **state)
{
	struct consumer a, b;
	struct pub p;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:a");

	consume(&a, &e, t, "a", 10);
	consume(&b, &e, t, "b", 10);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	mock_fail(q, MOCK_APPEND, 3);
	for (int n = 1; n <= 3; n++) {
		pub_begin(&p, &e, LOOPS - 1, t, n, 1, 0);
		assert_int_equal(pub_wait(&p), PLUQ_EIO);
		assert_non_null(strstr(p.why.text, "append fails"));
	}
	assert_int_equal(publish(&e, 0, t, 4, 1), 0);
	assert_true(health(&e).storage_ok);
	assert_true(has_got(&b, 5));
	assert_true(got_in_order(&b, 0, 5));
	assert_true(has_got(&a, 2));
	assert_int_equal(a.got[1].body, 4);
	settle(&e);
	assert_int_equal(a.count, 2); /* what was refused does not come */
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static bool is_well(void *arg)
{
	return health(&e).storage_ok;
}

static size_t count_in_log(const char *path, const char *text)
{
	static char buffer[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buffer, 1, sizeof(buffer) - 1, f) : 0, count = 0;

	if (f)
		fclose(f);
	buffer[n] = '\0';
	for (const char *at = buffer; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* One queue fails, another does not: that is no reason for two lines per message. */
static void fault_of_one_queue_among_good_ones_is_logged_at_growing_gaps(void **state)
{
	char path[] = "test_engine_storage.XXXXXX";
	struct pluq_why why;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(pluq__log_open(PLUQ_INFO, path, &why), 0);
	assert_int_equal(pluq__log_start(), 0);
	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *bad = topic_on(&e, 0, "bad"), *good = topic_on(&e, 0, "good");

	assert_int_equal(publish(&e, 0, bad, 0, 1), 0);
	mock_fail(mock_queue(&e.storage, "bad"), MOCK_APPEND, 1000);
	pluq__log_set_level(PLUQ_INFO);
	for (int n = 0; n < 300; n++) {
		assert_int_equal(publish(&e, 0, bad, n, 1), PLUQ_EIO);
		assert_int_equal(publish(&e, 0, good, n, 1), 0);
		if (n % 3 == 0)
			clock_leap(&e.loops, 100 * MS); /* ten seconds in all */
	}
	mock_fail(mock_queue(&e.storage, "bad"), MOCK_APPEND, 0);
	assert_int_equal(publish(&e, 0, bad, 0, 1), 0);
	clock_leap(&e.loops, 60 * SEC);
	mock_fail(mock_queue(&e.storage, "bad"), MOCK_APPEND, 1);
	assert_int_equal(publish(&e, 0, bad, 0, 1), PLUQ_EIO); /* a new one is told of at once */
	pluq__log_set_level(PLUQ_FATAL);
	pluq__log_stop();
	assert_in_range(count_in_log(path, "append to bad failed"), 4, 7); /* at 0, 1, 3, 7 s, and the new one */
	assert_in_range(count_in_log(path, "storage works again"), 3, 7);
	unlink(path);
	topic_drop(bad);
	topic_drop(good);
	assert_int_equal(engine_down(&e), 0);
}

/* No traffic at all: a probe finds out. */
static void health_heals_by_probing(void **state)
{
	e.limits.mem_queue_size = 0;
	e.storage.fail_probes = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, LOOPS - 1, "t");

	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	mock_fail(mock_queue(&e.storage, "t"), MOCK_APPEND, 1);
	assert_int_equal(publish(&e, 0, t, 1, 1), PLUQ_EIO);
	assert_false(health(&e).storage_ok);
	for (int n = 0; n < 2; n++) {
		for (int k = 0; k < 100 && e.storage.probes <= n; k++)
			clock_leap(&e.loops, 100 * MS);
		assert_true(until_at_least(&e.storage.probes, n + 1));
		settle(&e);
		assert_false(health(&e).storage_ok);
	}
	for (int k = 0; k < 100 && !is_well(NULL); k++)
		clock_leap(&e.loops, 100 * MS);
	assert_true(until_on_loop(&e.loops, 0, is_well, NULL, 0));
	assert_int_equal(e.storage.probes, 3);
	clock_leap(&e.loops, 5 * SEC);
	settle(&e);
	assert_int_equal(e.storage.probes, 3);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* What moves on from the topic is tried again, dropped by nobody, in order, while siblings go on. */
static void moving_on_survives_failures(void **state)
{
	enum { COUNT = 2000 };
	struct consumer a, b;

	e.limits.mem_queue_size = 3;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:a");

	assert_int_equal(publish(&e, 0, t, 0, COUNT), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	consumer_init(&a, &e);
	a.finishes = true;
	assert_int_equal(subscribe(&a, t, "a"), 0);
	consume(&b, &e, t, "b", 50);
	mock_fail(q, MOCK_APPEND, 4);
	q->fail_at_record = 700;
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	for (int n = 0; n < 200 && q->calls[MOCK_APPEND] < 6; n++)
		clock_leap(&e.loops, 50 * MS);
	set_ready(&a, 50);
	for (int n = 0; n < 500 && (a.count < COUNT || b.count < COUNT); n++) {
		clock_leap(&e.loops, 50 * MS);
		look_again_soon();
	}
	assert_true(has_got(&a, COUNT) && has_got(&b, COUNT));
	assert_true(channel_becomes(&e, "t", "a", 0, 0, 0) && channel_becomes(&e, "t", "b", 0, 0, 0));
	assert_int_equal(a.count, COUNT);
	assert_true(got_in_order(&a, 0, COUNT) && got_in_order(&b, 0, COUNT));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 0);
	assert_int_equal(mock_depth(q), 0);
}

/* The record of the topic stays until the last channel has it. */
static void record_of_the_topic_is_kept_until_every_channel_has_it(void **state)
{
	struct consumer a;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:b"), *own = mock_queue(&e.storage, "t");

	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	consume(&a, &e, t, "a", 10);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "b"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	mock_block(q, MOCK_APPEND);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(has_got(&a, 10));
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	settle(&e);
	assert_int_equal(mock_depth(own), 10);
	mock_unblock(q, MOCK_APPEND);
	for (int n = 0; n < 10000 && mock_depth(own); n++)
		look_again_soon();
	assert_int_equal(mock_depth(own), 0);
	assert_int_equal(mock_depth(q), 10);
	consumer_fini(&a);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* A topic stops handing on to a channel whose storage does not keep up, so that memory stays bounded. */
static void topic_waits_for_a_channel_that_does_not_keep_up(void **state)
{
	enum { COUNT = 10000 };
	struct pluq_channel_stats s;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t:c");

	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(publish(&e, 0, t, 0, COUNT), 0);
	mock_block(q, MOCK_APPEND);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	for (int n = 0; n < 50; n++)
		settle(&e);
	assert_true(channel_stats(&e, "t", "c", &s));
	assert_true(s.depth >= 2048 && s.depth < 2048 + 512);
	mock_unblock(q, MOCK_APPEND);
	assert_true(channel_becomes(&e, "t", "c", COUNT, 0, 0));
	assert_true(topic_becomes(&e, "t", 0));
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), COUNT);
}

/* ---- records that pin ---- */

static struct mock_record *only_held(struct mock_queue *q)
{
	struct mock_record *found = NULL;

	for (size_t n = 0; mock_at(q, n); n++)
		if (mock_at(q, n)->state == MOCK_HELD)
			found = mock_at(q, n);
	return found;
}

/* c has a message in flight from storage; its record pins. Leaves the rewrite blocked if so asked. */
static struct pluq_topic *make_straggler(struct consumer *c, struct mock_queue *q, bool blocked)
{
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(c, &e);
	if (subscribe(c, t, "c") < 0 || publish(&e, 0, t, 0, 5) < 0)
		abort();
	set_ready(c, 2);
	if (!has_got(c, 2))
		abort();
	set_ready(c, 0);
	mock_block(q, MOCK_APPEND);
	q->pin = 1;
	finish(c, 1); /* its release says that the other pins */
	for (int n = 0; n < 100000 && !q->inside[MOCK_APPEND]; n++)
		look_again_soon();
	if (!blocked)
		mock_unblock(q, MOCK_APPEND);
	return t;
}

static void straggler_is_rewritten_and_then_finished(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, false);

	for (int n = 0; n < 100000 && (mock_count(q, MOCK_HELD) == 0 || mock_depth(q) > 4); n++)
		look_again_soon();
	settle(&e);
	assert_int_equal(mock_depth(q), 4); /* the old record is gone, the new one stands */
	assert_non_null(only_held(q));
	assert_string_equal(only_held(q)->body, "0");
	assert_int_equal(only_held(q)->attempts, 1);
	assert_true(channel_becomes(&e, "t", "c", 3, 1, 0));
	assert_int_equal(finish(&c, 0), 0);
	for (int n = 0; n < 100000 && mock_depth(q) > 3; n++)
		look_again_soon();
	assert_null(only_held(q));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), 3);
}

static void straggler_finished_while_it_is_rewritten_leaves_no_record(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);

	assert_int_equal(finish(&c, 0), 0);
	assert_int_equal(finish(&c, 0), PLUQ_ENOTINFLIGHT);
	mock_unblock(q, MOCK_APPEND);
	for (int n = 0; n < 100000 && mock_depth(q) > 3; n++)
		look_again_soon();
	settle(&e);
	assert_int_equal(mock_depth(q), 3);
	assert_null(only_held(q));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), 3);
}

static void straggler_requeued_or_timed_out_while_it_is_rewritten_comes_once(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);
	int seen[5] = {0};

	assert_int_equal(requeue(&c, 0, 0), 0);
	mock_unblock(q, MOCK_APPEND);
	c.finishes = true;
	c.finished = 2;
	set_ready(&c, 10);
	assert_true(has_got(&c, 6));
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	settle(&e);
	assert_int_equal(c.count, 6);
	for (int n = 2; n < 6; n++)
		seen[c.got[n].body]++;
	assert_int_equal(seen[0], 1);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), 0);
}

static void on_emptied(void *arg, int status, const struct pluq_why *why)
{
	*(_Atomic int *)arg = status ? status : 1;
}

static void ask_to_empty(void *arg)
{
	if (pluq__broker_table.admin(&e.host.pub, PLUQ_CHANNEL_EMPTY, "t", 1, "c", 1, on_emptied, arg) < 0)
		abort();
}

static void straggler_of_an_emptied_channel_leaves_no_record(void **state)
{
	struct consumer c;
	_Atomic int emptied = 0;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);

	on_loop(&e.loops, 0, ask_to_empty, (void *)&emptied);
	assert_true(channel_becomes(&e, "t", "c", 1, 0, 0)); /* the rewrite on its way; nothing in flight any more */
	assert_int_equal(finish(&c, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(emptied, 0);
	mock_unblock(q, MOCK_APPEND);
	assert_true(until_at_least(&emptied, 1));
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	assert_int_equal(mock_depth(q), 0);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), 0);
}

static void straggler_is_kept_once_when_the_daemon_stops(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);

	mock_unblock(q, MOCK_APPEND);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	int seen[5] = {0};

	assert_int_equal(mock_depth(q), 4);
	for (size_t n = 0; n < 4; n++)
		seen[atoi(mock_at(q, n)->body)]++;
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 0); /* finished */
	consumer_fini(&c);
}

static void *take_down(void *lost)
{
	*(uint64_t *)lost = engine_down(&e);
	return NULL;
}

/* What has happened to it since the rewrite began is in the record that stays. */
static void straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop(void **state)
{
	struct consumer c;
	pthread_t thread;
	uint64_t lost = 99;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);

	assert_int_equal(requeue(&c, 0, 1000 * SEC), 0);
	topic_drop(t);
	assert_int_equal(pthread_create(&thread, NULL, take_down, &lost), 0);
	assert_true(until_at_least(&c.ended, 1)); /* the channel ends in that same step */
	mock_unblock(q, MOCK_APPEND);
	pthread_join(thread, NULL);
	assert_int_equal(lost, 0);
	assert_int_equal(mock_depth(q), 4);
	int seen = 0;

	for (size_t n = 0; n < 4; n++) {
		struct mock_record *r = mock_at(q, n);

		if (strcmp(r->body, "0") != 0)
			continue;
		seen++;
		assert_true(r->due_ns > 0);
		assert_int_equal(r->attempts, 1);
	}
	assert_int_equal(seen, 1);
	consumer_fini(&c);
}

/* The rewrite fails: the old record is the one that stays. */
static void straggler_that_cannot_be_rewritten_is_kept_once_over_a_stop(void **state)
{
	struct consumer c;
	pthread_t thread;
	uint64_t lost = 99;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct mock_queue *q = mock_queue(&e.storage, "t:c");
	struct pluq_topic *t = make_straggler(&c, q, true);

	topic_drop(t);
	mock_fail(q, MOCK_APPEND, 100);
	assert_int_equal(pthread_create(&thread, NULL, take_down, &lost), 0);
	assert_true(until_at_least(&c.ended, 1));
	mock_unblock(q, MOCK_APPEND);
	pthread_join(thread, NULL);
	assert_int_equal(lost, 0);
	assert_int_equal(mock_depth(q), 4);
	assert_string_equal(mock_at(q, 0)->body, "0");
	consumer_fini(&c);
}

/* ---- storage on the loop, storage that keeps nothing ---- */

static void storage_on_the_loop_keeps_order_too(void **state)
{
	enum { COUNT = 500 };
	struct consumer c;

	e.storage.ops.flags = PLUQ_STORAGE_ON_LOOP;
	e.limits.mem_queue_size = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&c, &e, t, "c", 3);
	for (int n = 0; n < COUNT; n += 5)
		assert_int_equal(publish(&e, LOOPS - 1, t, n, 5), 0);
	assert_true(has_got(&c, COUNT));
	assert_true(got_in_order(&c, 0, COUNT));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void rejecting_storage_refuses_what_does_not_fit(void **state)
{
	struct consumer a, b;

	e.storage.ops.flags = PLUQ_STORAGE_REJECTS | PLUQ_STORAGE_ON_LOOP;
	e.limits.mem_queue_size = 10;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	/* The topic's own queue. */
	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 10), 0);
	assert_int_equal(publish(&e, LOOPS - 1, t, 10, 1), PLUQ_EFULL);
	consume(&a, &e, t, "a", 10);
	assert_true(has_got(&a, 10));
	set_ready(&a, 0);
	/* One channel is full: no channel gets it. */
	consume(&b, &e, t, "b", 0);
	assert_int_equal(publish(&e, LOOPS - 1, t, 20, 6), 0);
	set_ready(&a, 10);
	assert_true(has_got(&a, 16));
	assert_int_equal(publish(&e, LOOPS - 1, t, 30, 5), PLUQ_EFULL); /* b has room for 4 */
	settle(&e);
	assert_int_equal(a.count, 16);
	assert_true(channel_becomes(&e, "t", "b", 6, 0, 0));
	assert_int_equal(publish(&e, LOOPS - 1, t, 40, 4), 0);
	assert_int_equal(publish(&e, LOOPS - 1, t, 50, 1), PLUQ_EFULL);
	assert_true(has_got(&a, 20));
	set_ready(&b, 10);
	assert_true(has_got(&b, 10));
	assert_int_equal(publish(&e, LOOPS - 1, t, 60, 1), 0);
	assert_true(health(&e).storage_ok); /* full is not broken */
	assert_int_equal(mock_queue(&e.storage, "t")->calls[MOCK_OPEN], 0);
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	engine_down(&e);
}

/* A backlog moves on as the channel has room, and is refused once both are full. */
static void rejecting_storage_moves_a_backlog_on_as_there_is_room(void **state)
{
	struct consumer a;

	e.storage.ops.flags = PLUQ_STORAGE_REJECTS | PLUQ_STORAGE_ON_LOOP;
	e.limits.mem_queue_size = 10;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(publish(&e, 0, t, 10, 10), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_int_equal(publish(&e, 0, t, 20, 1), PLUQ_EFULL);
	consume(&a, &e, t, "a", 3);
	assert_true(has_got(&a, 20));
	assert_true(got_in_order(&a, 0, 20));
	assert_int_equal(publish(&e, 0, t, 20, 1), 0);
	assert_true(has_got(&a, 21));
	consumer_fini(&a);
	topic_drop(t);
	engine_down(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, hanging_queue_leaves_the_others_alone),
	    TEST_ON(3, hanging_queue_leaves_the_others_alone),
	    TEST_ON(1, failing_append_reaches_the_publisher_and_siblings_keep_theirs),
	    TEST_ON(3, failing_append_reaches_the_publisher_and_siblings_keep_theirs),
	    TEST_ON(1, fault_of_one_queue_among_good_ones_is_logged_at_growing_gaps),
	    TEST_ON(1, health_heals_by_probing),
	    TEST_ON(3, health_heals_by_probing),
	    TEST_ON(1, moving_on_survives_failures),
	    TEST_ON(1, record_of_the_topic_is_kept_until_every_channel_has_it),
	    TEST_ON(1, topic_waits_for_a_channel_that_does_not_keep_up),
	    TEST_ON(1, straggler_is_rewritten_and_then_finished),
	    TEST_ON(1, straggler_finished_while_it_is_rewritten_leaves_no_record),
	    TEST_ON(1, straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop),
	    TEST_ON(3, straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop),
	    TEST_ON(1, straggler_that_cannot_be_rewritten_is_kept_once_over_a_stop),
	    TEST_ON(1, straggler_requeued_or_timed_out_while_it_is_rewritten_comes_once),
	    TEST_ON(1, straggler_of_an_emptied_channel_leaves_no_record),
	    TEST_ON(1, straggler_is_kept_once_when_the_daemon_stops),
	    TEST_ON(1, storage_on_the_loop_keeps_order_too),
	    TEST_ON(3, storage_on_the_loop_keeps_order_too),
	    TEST_ON(1, rejecting_storage_refuses_what_does_not_fit),
	    TEST_ON(3, rejecting_storage_refuses_what_does_not_fit),
	    TEST_ON(1, rejecting_storage_moves_a_backlog_on_as_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
