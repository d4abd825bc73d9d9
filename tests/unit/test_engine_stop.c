/* Drain and stop, and the start after it: nothing is lost, nothing comes twice, ids go on rising. */
#include <stdlib.h>
#include <string.h>

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

static struct mock_record *stored(struct mock_queue *q, int body)
{
	struct mock_record *found = NULL;

	for (size_t n = 0; mock_at(q, n); n++)
		if (atoi(mock_at(q, n)->body) == body) {
			assert_null(found); /* once */
			found = mock_at(q, n);
		}
	return found;
}

/* ---- everything goes to storage ---- */

static void stop_keeps_what_is_anywhere(void **state)
{
	struct consumer a, gone;

	e.limits.mem_queue_size = 40;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t"), *alone = topic_on(&e, LOOPS - 1, "alone");
	int64_t wall = 0;

	assert_int_equal(publish(&e, 0, alone, 500, 60), 0); /* a topic without a channel: memory, storage */
	assert_int_equal(publish_deferred(&e, 0, alone, 600, 60 * SEC), 0);
	consumer_init(&a, &e);
	consumer_init(&gone, &e);
	assert_int_equal(subscribe(&a, t, "c"), 0);
	assert_int_equal(subscribe(&gone, t, "c"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 100), 0); /* 40 in memory, 60 in storage */
	set_ready(&gone, 5);
	assert_true(has_got(&gone, 5));
	unsubscribe(&gone); /* five without an owner */
	set_ready(&a, 50);
	assert_true(has_got(&a, 50));
	set_ready(&a, 0);
	for (int n = 0; n < 10; n++)
		assert_int_equal(finish(&a, n), 0);
	assert_int_equal(requeue(&a, 10, 0), 0);
	assert_int_equal(requeue(&a, 11, 300 * SEC), 0);
	assert_int_equal(requeue(&a, 49, 300 * SEC), 0); /* that one came from storage */
	assert_int_equal(publish_deferred(&e, LOOPS - 1, t, 200, 120 * SEC), 0);
	wall = e.loops.count ? a.got[0].timestamp_ns : 0;
	int finished[10], requeued = a.got[10].body, delayed = a.got[11].body, delayed_old = a.got[49].body;

	for (int n = 0; n < 10; n++)
		finished[n] = a.got[n].body;
	topic_drop(t);
	topic_drop(alone);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(a.ended, 1);

	struct mock_queue *q = mock_queue(&e.storage, "t:c");

	assert_int_equal(mock_depth(q), 91);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "alone")), 61);
	for (int n = 0; n < 10; n++)
		assert_null(stored(q, finished[n]));
	assert_int_equal(stored(q, requeued)->attempts, 1);
	assert_int_equal(stored(q, requeued)->due_ns, 0);
	assert_int_equal(stored(q, delayed)->attempts, 1);
	assert_true(llabs(stored(q, delayed)->due_ns - wall - 300 * SEC) < 5 * SEC);
	assert_int_equal(stored(q, delayed_old)->attempts, 1);
	assert_true(llabs(stored(q, delayed_old)->due_ns - wall - 300 * SEC) < 5 * SEC);
	assert_int_equal(stored(q, gone.got[0].body)->attempts, 1);
	assert_int_equal(stored(q, a.got[20].body)->attempts, 1); /* in flight */
	assert_int_equal(stored(q, a.got[20].body)->due_ns, 0);
	assert_int_equal(stored(q, 99)->attempts, 0);
	assert_int_equal(stored(q, 200)->attempts, 0);
	assert_true(llabs(stored(q, 200)->due_ns - wall - 120 * SEC) < 5 * SEC);
	assert_memory_equal(stored(q, delayed)->id, a.got[11].id, 16);
	assert_int_equal(stored(q, delayed)->timestamp_ns, a.got[11].timestamp_ns);
	assert_true(stored(mock_queue(&e.storage, "alone"), 600)->due_ns > wall + 55 * SEC);
	consumer_fini(&a);
	consumer_fini(&gone);
}

static void start_offers_what_the_stop_kept(void **state)
{
	struct consumer a;
	int seen[300] = {0};

	e.limits.mem_queue_size = 10;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "c"), 0);
	set_ready(&a, 4);
	assert_int_equal(publish(&e, 0, t, 0, 30), 0);
	assert_true(has_got(&a, 4));
	assert_int_equal(publish_deferred(&e, 0, t, 100, 60 * SEC), 0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	consumer_fini(&a);

	clock_leap(&e.loops, 20 * SEC); /* downtime counts */
	engine_up(&e, LOOPS);
	t = topic_on(&e, LOOPS - 1, "t");
	assert_true(channel_becomes(&e, "t", "c", 31, 0, 0));
	consume(&a, &e, t, "c", 7);
	assert_true(has_got(&a, 30));
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 1));
	for (int n = 0; n < 30; n++) {
		assert_int_equal(a.got[n].attempts, a.got[n].body < 4 ? 2 : 1);
		assert_int_equal(seen[a.got[n].body]++, 0);
	}
	clock_leap(&e.loops, 35 * SEC);
	settle(&e);
	assert_int_equal(a.count, 30);
	clock_leap(&e.loops, 6 * SEC);
	assert_true(has_got(&a, 31));
	assert_int_equal(a.got[30].body, 100);
	consumer_fini(&a);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 0);
}

/* ---- drain ---- */

static _Atomic int drained, stopped;
static uint64_t lost_told;

static void on_drained(void *arg)
{
	drained++;
}

static void begin_drain(void *arg)
{
	pluq__broker_drain(e.broker, on_drained, NULL);
}

static void on_stopped(void *arg, uint64_t lost)
{
	lost_told = lost;
	stopped++;
}

static void begin_stop(void *arg)
{
	pluq__broker_stop(e.broker, on_stopped, NULL);
}

/* The engine was stopped by hand: takes down the rest. */
static void take_down(void)
{
	settle(&e);
	loops_down(&e.loops);
	assert_true(pluq__pool_fini(&e.pool, 10 * SEC));
	pluq__broker_free(&e.broker);
	pluq__loops_fini(&e.loops);
}

static void drain_waits_for_open_publishes_and_refuses_new_ones(void **state)
{
	struct pub open[2];

	drained = 0;
	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t");

	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	mock_block(q, MOCK_APPEND);
	pub_begin(&open[0], &e, 0, t, 1, 1, 0);
	pub_begin(&open[1], &e, LOOPS - 1, t, 2, 1, 0);
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	on_loop(&e.loops, 0, begin_drain, NULL);
	settle(&e);
	assert_int_equal(drained, 0);
	assert_true(health(&e).draining);
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(&e, l, t, 3, 1), PLUQ_EEXITING);
	assert_int_equal(topic_status(&e, 0, "new", true), PLUQ_EEXITING);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_TOPIC_PAUSE, "t", NULL), PLUQ_EEXITING);
	uint64_t progress = pluq__broker_progress(e.broker);

	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(pub_wait(&open[0]), 0);
	assert_int_equal(pub_wait(&open[1]), 0);
	assert_true(until_at_least(&drained, 1));
	assert_true(pluq__broker_progress(e.broker) > progress);
	topic_drop(t);
	stopped = 0;
	e.storage.unnamed_appends = true;
	on_loop(&e.loops, 0, begin_stop, NULL);
	assert_true(until_at_least(&stopped, 1));
	assert_int_equal(drained, 1);
	assert_int_equal(lost_told, 0);
	take_down();
	assert_int_equal(mock_depth(q), 3);
}

/* ---- stop with trouble ---- */

static void stop_counts_exactly_what_it_loses(void **state)
{
	struct consumer a, b;

	e.limits.mem_queue_size = 1000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t"), *u = topic_on(&e, 0, "u");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "bad"), 0);
	consume(&b, &e, t, "good", 0);
	set_ready(&a, 5);
	assert_int_equal(publish(&e, 0, t, 0, 30), 0);
	assert_int_equal(publish_deferred(&e, 0, t, 90, 60 * SEC), 0);
	assert_true(has_got(&a, 5));
	assert_int_equal(finish(&a, 0), 0);
	assert_int_equal(publish(&e, 0, u, 0, 12), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "u", NULL), 0);
	mock_fail(mock_queue(&e.storage, "t:bad"), MOCK_APPEND, 1000);
	mock_fail(mock_queue(&e.storage, "u"), MOCK_APPEND, 1000);
	topic_drop(t);
	topic_drop(u);
	assert_int_equal(engine_down(&e), 30 + 12); /* 29 and the deferred one; u's */
	assert_int_equal(a.ended, 1);
	assert_int_equal(b.ended, 1);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:good")), 31);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:bad")), 0);
	assert_int_equal(mock_queue(&e.storage, "t:bad")->calls[MOCK_CLOSE], 1);
	consumer_fini(&a);
	consumer_fini(&b);
}

/* In flight from storage, and moving on from the topic's storage: the records stay, so nothing is lost. */
static void stop_does_not_count_what_storage_has_already(void **state)
{
	struct consumer a;

	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t"), *u = topic_on(&e, LOOPS - 1, "u");
	struct mock_queue *q = mock_queue(&e.storage, "t:c"), *uq = mock_queue(&e.storage, "u:c");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "c"), 0);
	set_ready(&a, 5);
	assert_int_equal(publish(&e, 0, t, 0, 20), 0);
	assert_true(has_got(&a, 5));
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "u", NULL), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "u", "c"), 0);
	assert_int_equal(publish(&e, 0, u, 0, 50), 0);
	mock_fail(q, MOCK_APPEND, 1000);
	mock_fail(uq, MOCK_APPEND, 1000);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "u", NULL), 0);
	assert_true(channel_becomes(&e, "u", "c", 50, 0, 0)); /* waiting to be written there */
	topic_drop(t);
	topic_drop(u);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(q), 20);
	assert_int_equal(mock_depth(uq), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "u")), 50);
	consumer_fini(&a);
}

static void on_deleted(void *arg, int status, const struct pluq_why *why)
{
}

static void ask_to_delete(void *arg)
{
	pluq__broker_table.admin(&e.host.pub, PLUQ_TOPIC_DELETE, "t", 1, NULL, 0, on_deleted, NULL);
}

static void stop_waits_for_a_deletion_in_progress(void **state)
{
	struct pub open;

	stopped = 0;
	e.limits.mem_queue_size = 0;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, LOOPS - 1, "t");
	struct mock_queue *q = mock_queue(&e.storage, "t");

	assert_int_equal(publish(&e, 0, t, 0, 5), 0);
	mock_block(q, MOCK_REMOVE);
	/* Nobody waits for its answer. */
	pub_begin(&open, &e, 0, t, 5, 1, 0);
	assert_int_equal(pub_wait(&open), 0);
	topic_drop(t);
	post_to_loop(&e.loops, 0, ask_to_delete, NULL);
	assert_true(mock_await_inside(q, MOCK_REMOVE, 1));
	drained = 0;
	on_loop(&e.loops, 0, begin_drain, NULL);
	assert_true(until_at_least(&drained, 1));
	on_loop(&e.loops, 0, begin_stop, NULL);
	settle(&e);
	assert_int_equal(stopped, 0);
	mock_unblock(q, MOCK_REMOVE);
	assert_true(until_at_least(&stopped, 1));
	take_down();
	assert_true(q->was_removed);
	assert_false(mock_has_saved(&e.storage, "t"));
}

static void stop_survives_metadata_that_cannot_be_saved(void **state)
{
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(publish(&e, 0, t, 0, 5), 0);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	topic_drop(t);
	mock_fail_saves(&e.storage, 1000);
	assert_int_equal(engine_down(&e), 0);
	mock_fail_saves(&e.storage, 0);
}

/* ---- ids ---- */

static void ids_rise_over_restarts_and_clocks_set_back(void **state)
{
	struct consumer c;
	uint8_t last[16] = {0};

	e.limits.mem_queue_size = 100000;
	for (int round = 0; round < 4; round++) {
		engine_up(&e, LOOPS);
		const char *name = round < 2 ? "t" : "other"; /* also of a topic that was not there before */
		struct pluq_topic *t = topic_on(&e, 0, name);

		consume(&c, &e, t, "c", 5000);
		assert_int_equal(publish(&e, 0, t, 0, 10000), 0);
		assert_true(has_got(&c, 10000));
		assert_true(memcmp(c.got[0].id, last, 16) > 0);
		memcpy(last, c.got[9999].id, 16);
		consumer_fini(&c);
		if (round % 2) /* what ids it gave must not be forgotten with it */
			assert_int_equal(admin(&e, 0, PLUQ_TOPIC_DELETE, name, NULL), 0);
		topic_drop(t);
		assert_int_equal(engine_down(&e), 0);
		clock_set_back(24 * 3600 * SEC);
	}
}

static int64_t clock_of(const uint8_t *hex)
{
	uint64_t id = 0;

	for (int i = 0; i < 16; i++)
		id = id << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return (int64_t)((id >> 22) + INT64_C(1288834974288)) << 20;
}

/* However long the metadata cannot be saved, and however long it was quiet before. */
static void ids_stay_below_the_ceiling_on_the_medium(void **state)
{
	struct consumer c;
	uint8_t before[16] = {0};

	e.limits.mem_queue_size = 100000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");
	int64_t ceiling = e.storage.ceiling_ns;

	consume(&c, &e, t, "c", 1000000);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	clock_leap(&e.loops, SEC); /* the channel's name is saved */
	assert_true(until_at_least(&e.storage.saves, 2));
	mock_fail_saves(&e.storage, 1000000);
	for (int round = 0; round < 20; round++) {
		clock_leap(&e.loops, 30 * SEC);
		assert_int_equal(publish(&e, 0, t, round * 1000, 1000), 0);
		assert_true(has_got(&c, (round + 1) * 1000));
		for (int n = round * 1000; n < (round + 1) * 1000; n++) {
			assert_true(memcmp(c.got[n].id, before, 16) > 0);
			memcpy(before, c.got[n].id, 16);
		}
		assert_true(clock_of(before) < ceiling);
	}
	mock_fail_saves(&e.storage, 0);
	for (int n = 0; n < 100 && e.storage.ceiling_ns == ceiling; n++)
		clock_leap(&e.loops, 100 * MS);
	assert_true(e.storage.ceiling_ns > ceiling);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* A crash: what is on the medium at any moment promises more than was given. */
static void id_ceiling_on_the_medium_is_always_ahead(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 100000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&c, &e, t, "c", 1000000);
	int total = 0;

	for (int round = 0; round < 40; round++) {
		clock_leap(&e.loops, 5 * SEC);
		assert_int_equal(publish(&e, 0, t, 0, 10), 0);
		total += 10;
		assert_true(has_got(&c, total));
		pthread_mutex_lock(&e.storage.lock);
		int64_t ceiling = e.storage.ceiling_ns;

		pthread_mutex_unlock(&e.storage.lock);
		assert_true(clock_of(c.got[total - 1].id) < ceiling);
		settle(&e);
		for (int n = 0; n < 100 && e.storage.saving; n++)
			look_again_soon();
	}
	assert_in_range(e.storage.saves, 4, 15); /* 200 s: one for each half minute or so */
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- start ---- */

static void start_survives_odd_metadata(void **state)
{
	static struct mock_name names[] = {{"a", false}, {"a:c", true}, {"a:c", false}, {"b", true}, {"a", true}};

	e.storage.saved = malloc(sizeof(names));
	memcpy(e.storage.saved, names, sizeof(names));
	e.storage.saved_count = 5; /* names come twice: the first counts */
	engine_up(&e, LOOPS);
	struct pluq_topic_stats ts;
	struct pluq_channel_stats cs;

	assert_true(topic_stats(&e, "a", &ts));
	assert_false(ts.paused);
	assert_int_equal(ts.channel_count, 1);
	assert_true(channel_stats(&e, "a", "c", &cs));
	assert_true(cs.paused);
	assert_true(topic_stats(&e, "b", &ts));
	assert_true(ts.paused);
	assert_int_equal(engine_down(&e), 0);
}

static void start_survives_a_full_disk(void **state)
{
	mock_fail_saves(&e.storage, 1);
	engine_up(&e, LOOPS);
	assert_false(health(&e).storage_ok);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_true(health(&e).storage_ok);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, stop_keeps_what_is_anywhere),
	    TEST_ON(3, stop_keeps_what_is_anywhere),
	    TEST_ON(1, start_offers_what_the_stop_kept),
	    TEST_ON(3, start_offers_what_the_stop_kept),
	    TEST_ON(1, drain_waits_for_open_publishes_and_refuses_new_ones),
	    TEST_ON(3, drain_waits_for_open_publishes_and_refuses_new_ones),
	    TEST_ON(1, stop_counts_exactly_what_it_loses),
	    TEST_ON(3, stop_counts_exactly_what_it_loses),
	    TEST_ON(1, stop_does_not_count_what_storage_has_already),
	    TEST_ON(1, stop_waits_for_a_deletion_in_progress),
	    TEST_ON(3, stop_waits_for_a_deletion_in_progress),
	    TEST_ON(1, stop_survives_metadata_that_cannot_be_saved),
	    TEST_ON(1, ids_rise_over_restarts_and_clocks_set_back),
	    TEST_ON(1, id_ceiling_on_the_medium_is_always_ahead),
	    TEST_ON(1, ids_stay_below_the_ceiling_on_the_medium),
	    TEST_ON(3, ids_stay_below_the_ceiling_on_the_medium),
	    TEST_ON(1, start_survives_odd_metadata),
	    TEST_ON(1, start_survives_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
