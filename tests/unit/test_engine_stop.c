/* Drain and stop, and the start after it: nothing is lost, nothing comes twice. */
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

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
	struct pluq_topic *t = engine_with_topic(LOOPS, 40), *alone = topic_on(LAST, "alone");

	assert_int_equal(publish(0, alone, 500, 60), 0); /* a topic without a channel: memory, storage */
	assert_int_equal(publish_deferred(0, alone, 600, 60 * SEC), 0);
	struct consumer *a = consumer_new();
	struct consumer *gone = consumer_new();

	assert_int_equal(subscribe(a, t, "c"), 0);
	assert_int_equal(subscribe(gone, t, "c"), 0);
	assert_int_equal(publish(0, t, 0, 100), 0); /* 40 in memory, 60 in storage */
	set_ready(gone, 5);
	assert_true(has_got(gone, 5));
	unsubscribe(gone); /* five without an owner */
	set_ready(a, 50);
	assert_true(has_got(a, 50));
	set_ready(a, 0);
	for (int n = 0; n < 10; n++)
		assert_int_equal(finish(a, n), 0);
	assert_int_equal(requeue(a, 10, 0), 0);
	assert_int_equal(requeue(a, 11, 300 * SEC), 0);
	assert_int_equal(requeue(a, 49, 300 * SEC), 0); /* that one came from storage */
	assert_int_equal(publish_deferred(LAST, t, 200, 120 * SEC), 0);
	int64_t wall = a->got[0].timestamp_ns;
	int finished[10], requeued = a->got[10].body, delayed = a->got[11].body, delayed_old = a->got[49].body;

	for (int n = 0; n < 10; n++)
		finished[n] = a->got[n].body;
	assert_int_equal(engine_down(), 0);
	assert_int_equal(a->ended, 1);

	struct mock_queue *q = queue_of("t:c");

	assert_int_equal(mock_depth(q), 91);
	assert_int_equal(mock_depth(queue_of("t")), 0);
	assert_int_equal(mock_depth(queue_of("alone")), 61);
	for (int n = 0; n < 10; n++)
		assert_null(stored(q, finished[n]));
	assert_int_equal(stored(q, requeued)->attempts, 1);
	assert_int_equal(stored(q, requeued)->due_ns, 0);
	assert_int_equal(stored(q, delayed)->attempts, 1);
	assert_true(llabs(stored(q, delayed)->due_ns - wall - 300 * SEC) < MS);
	assert_int_equal(stored(q, delayed_old)->attempts, 1);
	assert_true(llabs(stored(q, delayed_old)->due_ns - wall - 300 * SEC) < MS);
	assert_int_equal(stored(q, gone->got[0].body)->attempts, 1);
	assert_int_equal(stored(q, a->got[20].body)->attempts, 1); /* in flight */
	assert_int_equal(stored(q, a->got[20].body)->due_ns, 0);
	assert_int_equal(stored(q, 99)->attempts, 0);
	assert_int_equal(stored(q, 200)->attempts, 0);
	assert_true(llabs(stored(q, 200)->due_ns - wall - 120 * SEC) < MS);
	assert_memory_equal(stored(q, delayed)->id, a->got[11].id, 16);
	assert_int_equal(stored(q, delayed)->timestamp_ns, a->got[11].timestamp_ns);
	assert_true(llabs(stored(queue_of("alone"), 600)->due_ns - wall - 60 * SEC) < MS);
}

static void start_offers_what_the_stop_kept(void **state)
{
	int seen[300] = {0};
	struct pluq_topic *t = engine_with_topic(LOOPS, 10);
	struct consumer *a = hold(t, "c", 4);

	assert_int_equal(publish(0, t, 0, 30), 0);
	assert_true(has_got(a, 4));
	assert_int_equal(publish_deferred(0, t, 100, 60 * SEC), 0);
	assert_int_equal(engine_down(), 0);
	leap(20 * SEC); /* downtime counts */
	engine_up(LOOPS);
	t = topic_on(LAST, "t");
	assert_true(channel_becomes("t", "c", 31, 0, 0));
	a = consume(t, "c", 7);
	assert_true(has_got(a, 30));
	assert_true(channel_becomes("t", "c", 0, 0, 1));
	for (int n = 0; n < 30; n++) {
		assert_int_equal(a->got[n].attempts, a->got[n].body < 4 ? 2 : 1);
		assert_int_equal(seen[a->got[n].body]++, 0);
	}
	leap(35 * SEC);
	assert_true(has_only(a, 30));
	leap(6 * SEC);
	assert_true(has_got(a, 31));
	assert_int_equal(a->got[30].body, 100);
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 0);
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

static void drain_waits_for_open_publishes_and_refuses_new_ones(void **state)
{
	drained = stopped = 0;
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t");

	assert_int_equal(publish(0, t, 0, 1), 0);
	mock_block(q, MOCK_APPEND);
	struct pub *open[] = {pub_begin(0, t, 1, 1), pub_begin(LAST, t, 2, 1)};

	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	on_loop(&e.loops, 0, begin_drain, NULL);
	settle();
	assert_int_equal(drained, 0);
	assert_true(health().draining);
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(l, t, 3, 1), PLUQ_EEXITING);
	assert_int_equal(topic_status(0, "new", true), PLUQ_EEXITING);
	assert_int_equal(admin(LAST, PLUQ_TOPIC_PAUSE, "t", NULL), PLUQ_EEXITING);
	uint64_t progress = pluq__broker_progress(e.broker);

	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(pub_wait(open[0]), 0);
	assert_int_equal(pub_wait(open[1]), 0);
	assert_true(until_at_least(&drained, 1));
	assert_true(pluq__broker_progress(e.broker) > progress);
	topic_drop(t);
	e.storage.unnamed_appends = true;
	on_loop(&e.loops, 0, begin_stop, NULL);
	assert_true(until_at_least(&stopped, 1));
	assert_int_equal(drained, 1);
	assert_int_equal(lost_told, 0);
	engine_dismantle();
	assert_int_equal(mock_depth(q), 3);
}

/* ---- stop with trouble ---- */

static void stop_counts_exactly_what_it_loses(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 1000), *u = topic_on(0, "u");
	struct consumer *a = hold(t, "bad", 0);
	struct consumer *b = consume(t, "good", 0);

	set_ready(a, 5);
	assert_int_equal(publish(0, t, 0, 30), 0);
	assert_int_equal(publish_deferred(0, t, 90, 60 * SEC), 0);
	assert_true(has_got(a, 5));
	assert_int_equal(finish(a, 0), 0);
	assert_int_equal(publish(0, u, 0, 12), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "u", NULL), 0);
	mock_fail(queue_of("t:bad"), MOCK_APPEND, 1000);
	mock_fail(queue_of("u"), MOCK_APPEND, 1000);
	assert_int_equal(engine_down(), 30 + 12); /* 29 and the deferred one; u's */
	assert_int_equal(a->ended, 1);
	assert_int_equal(b->ended, 1);
	assert_int_equal(mock_depth(queue_of("t:good")), 31);
	assert_int_equal(mock_depth(queue_of("t:bad")), 0);
	assert_int_equal(queue_of("t:bad")->calls[MOCK_CLOSE], 1);
}

/* In flight from storage, and moving on from the topic's storage: the records stay, so nothing is lost. */
static void stop_does_not_count_what_storage_has_already(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0), *u = topic_on(LAST, "u");
	struct mock_queue *q = queue_of("t:c"), *uq = queue_of("u:c");
	struct consumer *a = hold(t, "c", 5);

	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_true(has_got(a, 5));
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "u", NULL), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "u", "c"), 0);
	assert_int_equal(publish(0, u, 0, 50), 0);
	mock_fail(q, MOCK_APPEND, 1000);
	mock_fail(uq, MOCK_APPEND, 1000);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "u", NULL), 0);
	assert_true(channel_becomes("u", "c", 50, 0, 0)); /* waiting to be written there */
	assert_int_equal(engine_down(), 0);
	assert_int_equal(mock_depth(q), 20);
	assert_int_equal(mock_depth(uq), 0);
	assert_int_equal(mock_depth(queue_of("u")), 50);
}

static void stop_waits_for_a_deletion_in_progress(void **state)
{
	drained = stopped = 0;
	e.limits.mem_queue_size = 0;
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(LAST, "t");
	struct mock_queue *q = queue_of("t");

	assert_int_equal(publish(0, t, 0, 5), 0);
	mock_block(q, MOCK_REMOVE);
	topic_drop(t);
	request(0, PLUQ_TOPIC_DELETE, "t", NULL); /* nobody waits for its answer */
	assert_true(mock_await_inside(q, MOCK_REMOVE, 1));
	on_loop(&e.loops, 0, begin_drain, NULL);
	assert_true(until_at_least(&drained, 1));
	on_loop(&e.loops, 0, begin_stop, NULL);
	settle();
	assert_int_equal(stopped, 0);
	mock_unblock(q, MOCK_REMOVE);
	assert_true(until_at_least(&stopped, 1));
	engine_dismantle();
	assert_true(q->was_removed);
	assert_false(mock_has_saved(&e.storage, "t"));
}

static void stop_survives_metadata_that_cannot_be_saved(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);

	assert_int_equal(publish(0, t, 0, 5), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	mock_fail_saves(&e.storage, 1000);
	assert_int_equal(engine_down(), 0);
}

/* ---- start ---- */

static void start_survives_odd_metadata(void **state)
{
	static struct mock_name names[] = {{"a", false}, {"a:c", true}, {"a:c", false}, {"b", true}, {"a", true}};

	e.storage.saved = malloc(sizeof(names));
	memcpy(e.storage.saved, names, sizeof(names));
	e.storage.saved_count = 5; /* names come twice: the first counts */
	engine_up(LOOPS);
	struct pluq_topic_stats ts;
	struct pluq_channel_stats cs;

	assert_true(topic_stats("a", &ts));
	assert_false(ts.paused);
	assert_int_equal(ts.channel_count, 1);
	assert_true(channel_stats("a", "c", &cs));
	assert_true(cs.paused);
	assert_true(topic_stats("b", &ts));
	assert_true(ts.paused);
}

static void start_survives_a_full_disk(void **state)
{
	mock_fail_saves(&e.storage, 1);
	engine_up(LOOPS);
	assert_false(health().storage_ok);
	struct pluq_topic *t = topic_on(0, "t");

	assert_int_equal(publish(0, t, 0, 1), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_true(health().storage_ok);
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
	    TEST_ON(1, start_survives_odd_metadata),
	    TEST_ON(1, start_survives_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
