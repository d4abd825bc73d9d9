/* Messages that come again, or later: requeued, timed out, deferred, left by a consumer that is gone. */
#include "cmocka_all.h"
#include "engine_rig.h"

/* ---- requeue, timeout, defer ---- */

static void requeued_messages_take_turns_with_the_rest(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *c = hold(t, "c", 0);

	assert_int_equal(publish(0, t, 0, 60), 0);
	set_ready(c, 4);
	assert_true(has_got(c, 4));
	for (int n = 0; n < 4; n++)
		assert_int_equal(requeue(c, n, 0), 0);
	assert_true(has_got(c, 8));
	for (int n = 4; n < 12; n++) {
		assert_true(has_got(c, n + 1));
		assert_int_equal(finish(c, n), 0);
	}
	assert_true(has_got(c, 16));
	int again = 0, seen[64] = {0};

	for (int n = 4; n < 14; n++) {
		again += c->got[n].attempts == 2;
		assert_true(seen[c->got[n].body]++ == 0);
		assert_int_equal(c->got[n].attempts, c->got[n].body < 4 ? 2 : 1);
	}
	assert_int_equal(again, 4); /* none waits behind the backlog */
	struct pluq_channel_stats s;

	assert_true(channel_stats("t", "c", &s));
	assert_int_equal(s.requeue_count, 4);
	assert_int_equal(sub_stats(c).requeue_count, 4);
}

static void requeued_messages_beyond_memory_go_to_storage_and_come_back(void **state)
{
	int seen[40] = {0};
	struct pluq_topic *t = engine_with_topic(LOOPS, 4);
	struct consumer *c = hold(t, "c", 40);

	assert_int_equal(publish(0, t, 0, 40), 0);
	assert_true(has_got(c, 40));
	set_ready(c, 0);
	for (int n = 0; n < 40; n++)
		assert_int_equal(requeue(c, n, 0), 0);
	assert_true(channel_becomes("t", "c", 40, 0, 0));
	struct pluq_channel_stats s;

	assert_true(channel_stats("t", "c", &s));
	assert_int_equal(s.backend_depth, 36);
	set_ready(c, 40);
	assert_true(has_got(c, 80));
	for (int n = 40; n < 80; n++) {
		assert_int_equal(c->got[n].attempts, 2);
		assert_true(seen[c->got[n].body]++ == 0);
		assert_int_equal(finish(c, n), 0);
	}
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 0);
}

static void message_comes_again_after_its_timeout(void **state)
{
	struct pluq_channel_stats s;
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *c = consumer_new();

	c->params.msg_timeout_ns = 10 * SEC;
	assert_int_equal(subscribe(c, t, "c"), 0);
	set_ready(c, 1);
	assert_int_equal(publish(0, t, 0, 1), 0);
	assert_true(has_got(c, 1));
	leap(9 * SEC);
	assert_true(has_only(c, 1));
	leap(1 * SEC + 5 * MS);
	assert_true(has_got(c, 2));
	assert_int_equal(c->got[1].attempts, 2);
	assert_memory_equal(c->got[1].id, c->got[0].id, 16);
	assert_int_equal(c->got[1].timestamp_ns, c->got[0].timestamp_ns);
	assert_true(c->got[1].at_ns - c->got[0].at_ns >= 10 * SEC);
	assert_true(channel_stats("t", "c", &s));
	assert_int_equal(s.timeout_count, 1);
	assert_int_equal(s.in_flight, 1);
	assert_int_equal(finish(c, 1), 0);
	leap(20 * SEC);
	assert_true(has_only(c, 2));
}

static void touch_extends_up_to_the_cap(void **state)
{
	e.limits.max_msg_timeout_ns = 20 * SEC;
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *c = consumer_new();

	c->params.msg_timeout_ns = 10 * SEC;
	c->params.touch_timeout_ns = 8 * SEC;
	assert_int_equal(subscribe(c, t, "c"), 0);
	set_ready(c, 1);
	assert_int_equal(publish(0, t, 0, 1), 0);
	assert_true(has_got(c, 1));
	leap(9 * SEC);
	assert_int_equal(touch(c, 0), 0); /* to 17 */
	leap(7 * SEC);
	assert_int_equal(touch(c, 0), 0); /* to 24, capped to 20 */
	leap(3 * SEC);
	assert_true(has_only(c, 1));
	leap(1 * SEC + 5 * MS);
	assert_true(has_only(c, 2));
}

static void deferred_messages_come_when_they_are_due(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *c = hold(t, "c", 10);

	assert_int_equal(publish_deferred(LAST, t, 2, 20 * SEC), 0);
	assert_int_equal(publish_deferred(LAST, t, 1, 10 * SEC), 0);
	assert_int_equal(publish(LAST, t, 0, 1), 0);
	assert_true(has_got(c, 1));
	assert_true(channel_becomes("t", "c", 0, 1, 2));
	leap(9900 * MS);
	assert_true(has_only(c, 1));
	leap(105 * MS);
	assert_true(has_got(c, 2));
	assert_int_equal(requeue(c, 1, 30 * SEC), 0);
	assert_true(channel_becomes("t", "c", 0, 1, 2));
	leap(10 * SEC);
	assert_true(has_got(c, 3));
	leap(19 * SEC);
	assert_true(has_only(c, 3));
	leap(1 * SEC + 5 * MS);
	assert_true(has_got(c, 4));
	assert_int_equal(c->got[0].body, 0);
	assert_int_equal(c->got[1].body, 1);
	assert_int_equal(c->got[2].body, 2);
	assert_int_equal(c->got[3].body, 1);
	assert_int_equal(c->got[3].attempts, 2);
}

struct late {
	struct consumer *consumer;
	struct pluq_topic *topic;
	int status;
};

static void requeue_late(void *arg)
{
	struct late *l = arg;

	clock_pass(60 * MS);
	l->status = pluq__broker_table.sub_requeue(l->consumer->sub, l->consumer->got[0].id, 100 * MS);
}

static void publish_late(void *arg)
{
	struct late *l = arg;
	struct pluq_body body = {.bytes = (const uint8_t *)"7", .length = 1};

	clock_pass(60 * MS);
	l->status = pluq__broker_table.publish(&e.host.pub, l->topic, &body, 1, 100 * MS, NULL, NULL);
}

/* Not from the beginning of the turn in which the command came, which may have been long. */
static void deferral_counts_from_its_command(void **state)
{
	struct late l;

	l.topic = engine_with_topic(LOOPS, 100);
	l.consumer = hold(l.topic, "c", 10);
	assert_int_equal(publish(0, l.topic, 0, 1), 0);
	assert_true(has_got(l.consumer, 1));
	on_loop(&e.loops, 0, requeue_late, &l);
	assert_int_equal(l.status, 0);
	leap(99 * MS);
	assert_true(has_only(l.consumer, 1));
	leap(6 * MS);
	assert_true(has_got(l.consumer, 2));
	on_loop(&e.loops, 0, publish_late, &l);
	assert_int_equal(l.status, 0);
	leap(99 * MS);
	assert_true(has_only(l.consumer, 2));
	leap(6 * MS);
	assert_true(has_got(l.consumer, 3));
	assert_int_equal(l.consumer->got[2].body, 7);
}

/* The topic has no channel, or is paused; the message waits there, in memory or in storage. */
static void deferred_messages_wait_in_a_topic_too(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 1);

	assert_int_equal(publish(0, t, 0, 1), 0); /* fills the memory */
	assert_int_equal(publish_deferred(0, t, 1, 10 * SEC), 0);
	assert_int_equal(publish(0, t, 2, 1), 0);
	assert_int_equal(mock_depth(queue_of("t")), 2);
	struct consumer *c = consume(t, "c", 10);

	assert_true(has_got(c, 2));
	assert_true(channel_becomes("t", "c", 0, 0, 1));
	leap(11 * SEC);
	assert_true(has_got(c, 3));
	assert_int_equal(c->got[1].body, 2);
	assert_int_equal(c->got[2].body, 1);
}

/* ---- disconnects ---- */

static void in_flight_of_a_lost_consumer_waits_for_its_timeout(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *a = consumer_new();

	a->params.msg_timeout_ns = 10 * SEC;
	assert_int_equal(subscribe(a, t, "c"), 0);
	set_ready(a, 5);
	assert_int_equal(publish(0, t, 0, 5), 0);
	assert_true(has_got(a, 5));
	unsubscribe(a);
	struct consumer *b = consume(t, "c", 10);

	assert_true(has_only(b, 0));
	assert_true(channel_becomes("t", "c", 0, 5, 0));
	leap(11 * SEC);
	assert_true(has_got(b, 5));
	assert_int_equal(b->got[0].attempts, 2);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
}

static void in_flight_of_a_lost_consumer_is_requeued_if_so_set(void **state)
{
	e.limits.requeue_on_disconnect = true;
	struct pluq_topic *t = engine_with_topic(LOOPS, 2); /* most of it by way of storage */
	struct consumer *a = hold(t, "c", 5);

	assert_int_equal(publish(0, t, 0, 5), 0);
	assert_true(has_got(a, 5));
	struct consumer *b = consume(t, "c", 10);

	unsubscribe(a);
	assert_true(has_got(b, 5));
	assert_int_equal(b->got[0].attempts, 2);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, requeued_messages_take_turns_with_the_rest),
	    TEST_ON(1, requeued_messages_beyond_memory_go_to_storage_and_come_back),
	    TEST_ON(1, message_comes_again_after_its_timeout),
	    TEST_ON(1, touch_extends_up_to_the_cap),
	    TEST_ON(1, deferred_messages_come_when_they_are_due),
	    TEST_ON(3, deferred_messages_come_when_they_are_due),
	    TEST_ON(1, deferral_counts_from_its_command),
	    TEST_ON(1, deferred_messages_wait_in_a_topic_too),
	    TEST_ON(1, in_flight_of_a_lost_consumer_waits_for_its_timeout),
	    TEST_ON(1, in_flight_of_a_lost_consumer_is_requeued_if_so_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
