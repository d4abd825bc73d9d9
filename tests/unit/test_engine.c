/* The queue engine through the table that handlers use: the way of messages through topics, channels and consumers. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
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

/* ---- topic to channels to consumers ---- */

static void every_channel_gets_every_message(void **state)
{
	struct consumer a, b;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&a, &e, t, "a", 10);
	consume(&b, &e, t, "b", 3);
	for (int n = 0; n < 50; n++)
		assert_int_equal(publish(&e, LOOPS - 1, t, n * 4, 4), 0);
	assert_true(has_got(&a, 200) && has_got(&b, 200));
	assert_true(got_in_order(&a, 0, 200) && got_in_order(&b, 0, 200));
	for (int n = 0; n < 200; n++) {
		assert_int_equal(a.got[n].attempts, 1);
		assert_memory_equal(a.got[n].id, b.got[n].id, 16);
		assert_true(n == 0 || memcmp(a.got[n - 1].id, a.got[n].id, 16) < 0);
	}
	struct pluq_topic_stats ts;
	struct pluq_channel_stats cs;

	assert_true(channel_becomes(&e, "t", "a", 0, 0, 0));
	assert_true(topic_stats(&e, "t", &ts) && channel_stats(&e, "t", "a", &cs));
	assert_int_equal(ts.message_count, 200);
	assert_int_equal(ts.message_bytes, 10 + 90 * 2 + 100 * 3);
	assert_int_equal(ts.depth, 0);
	assert_int_equal(ts.channel_count, 2);
	assert_int_equal(cs.message_count, 200);
	assert_int_equal(cs.consumers, 1);
	assert_int_equal(sub_stats(&a).finish_count, 200);
	assert_int_equal(sub_stats(&a).message_count, 200);
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void backlog_of_a_topic_goes_to_its_first_channel(void **state)
{
	struct consumer a, b;

	e.limits.mem_queue_size = 10; /* the rest of it lies in storage */
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(publish(&e, 0, t, 0, 30), 0);
	assert_true(topic_becomes(&e, "t", 30));
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 20);
	consume(&a, &e, t, "a", 5);
	assert_true(has_got(&a, 30));
	consume(&b, &e, t, "b", 5);
	assert_int_equal(publish(&e, 0, t, 30, 5), 0);
	assert_true(has_got(&a, 35) && has_got(&b, 5));
	assert_true(got_in_order(&a, 0, 35) && got_in_order(&b, 30, 5));
	assert_true(topic_becomes(&e, "t", 0));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:a")), 0);
}

static void consumer_is_never_given_more_than_its_credit(void **state)
{
	struct consumer c;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 50), 0);
	settle(&e);
	assert_int_equal(c.count, 0); /* ready starts at 0 */
	set_ready(&c, 3);
	assert_true(has_got(&c, 3));
	settle(&e);
	assert_int_equal(c.count, 3);
	assert_true(c.largest <= 3);
	assert_int_equal(finish(&c, 0), 0);
	assert_true(has_got(&c, 4));
	set_ready(&c, 1); /* less than is in flight */
	assert_int_equal(finish(&c, 1), 0);
	assert_int_equal(finish(&c, 2), 0);
	settle(&e);
	assert_int_equal(c.count, 4);
	assert_int_equal(finish(&c, 3), 0);
	assert_true(has_got(&c, 5));
	settle(&e);
	assert_int_equal(c.count, 5);
	assert_int_equal(sub_stats(&c).in_flight, 1);
	assert_true(channel_becomes(&e, "t", "c", 45, 1, 0));
	unsubscribe(&c);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 46);
}

static void ids_are_their_consumers_own(void **state)
{
	struct consumer a, b;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&a, &e);
	consumer_init(&b, &e);
	assert_int_equal(subscribe(&a, t, "c"), 0);
	assert_int_equal(subscribe(&b, t, "c"), 0);
	set_ready(&a, 1);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	assert_true(has_got(&a, 1));
	b.got = calloc(1, sizeof(*b.got));
	b.got[0] = a.got[0];
	assert_int_equal(finish(&b, 0), PLUQ_ENOTOWNER);
	assert_int_equal(requeue(&b, 0, 0), PLUQ_ENOTOWNER);
	assert_int_equal(touch(&b, 0), PLUQ_ENOTOWNER);
	assert_int_equal(touch(&a, 0), 0);
	assert_int_equal(finish(&a, 0), 0);
	assert_int_equal(finish(&a, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(requeue(&a, 0, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(touch(&a, 0), PLUQ_ENOTINFLIGHT);
	memset(a.got[0].id, 0xff, 16); /* any 16 bytes */
	assert_int_equal(finish(&a, 0), PLUQ_ENOTINFLIGHT);
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void consumers_of_a_channel_are_limited(void **state)
{
	struct consumer a, b, other;

	e.limits.max_channel_consumers = 1;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&a, &e, t, "c", 1);
	consumer_init(&b, &e);
	assert_int_equal(subscribe(&b, t, "c"), PLUQ_ELIMIT);
	consume(&other, &e, t, "other", 1); /* per channel */
	unsubscribe(&a);
	assert_int_equal(subscribe(&b, t, "c"), 0);
	consumer_fini(&a);
	consumer_fini(&b);
	consumer_fini(&other);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void sampling_keeps_its_share(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 100000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	c.finishes = true;
	c.params.sample_rate = 24; /* keeps 25 of 100 */
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 100);
	for (int n = 0; n < 20; n++)
		assert_int_equal(publish(&e, 0, t, n * 1000, 1000), 0);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	assert_in_range(c.count, 4500, 5500); /* 8 standard deviations */
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- shares ---- */

static void ready_consumers_get_equal_shares(void **state)
{
	struct consumer c[4];

	e.limits.mem_queue_size = 100000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	for (int i = 0; i < 4; i++)
		consume(&c[i], &e, t, "c", 50);
	/* With a backlog, and by ones and twos. */
	for (int n = 0; n < 8; n++)
		assert_int_equal(publish(&e, 0, t, 0, 1000), 0);
	for (int n = 0; n < 400; n++)
		assert_int_equal(publish(&e, 0, t, 0, 1 + n % 2), 0);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	for (int i = 0; i < 4; i++)
		assert_in_range(c[i].count, 8600 / 4 * 9 / 10, 8600 / 4 * 11 / 10);
	for (int i = 0; i < 4; i++)
		consumer_fini(&c[i]);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void blocked_consumer_does_not_delay_the_others(void **state)
{
	struct consumer stuck, fine;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&stuck, &e, t, "c", 1000);
	consume(&fine, &e, t, "c", 10);
	stuck.takes = 2; /* its connection takes two more */
	assert_int_equal(publish(&e, 0, t, 0, 100), 0);
	assert_true(has_got(&fine, 98));
	settle(&e);
	assert_int_equal(stuck.count, 2);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	unblock(&stuck);
	set_ready(&fine, 0);
	assert_int_equal(publish(&e, 0, t, 100, 10), 0);
	assert_true(has_got(&stuck, 12));
	consumer_fini(&stuck);
	consumer_fini(&fine);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- requeue, timeout, defer ---- */

static void requeued_messages_take_turns_with_the_rest(void **state)
{
	struct consumer c;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 60), 0);
	set_ready(&c, 4);
	assert_true(has_got(&c, 4));
	for (int n = 0; n < 4; n++)
		assert_int_equal(requeue(&c, n, 0), 0);
	assert_true(has_got(&c, 8));
	for (int n = 4; n < 12; n++) {
		assert_true(has_got(&c, n + 1));
		assert_int_equal(finish(&c, n), 0);
	}
	assert_true(has_got(&c, 16));
	int again = 0, seen[64] = {0};

	for (int n = 4; n < 14; n++) {
		again += c.got[n].attempts == 2;
		assert_true(seen[c.got[n].body]++ == 0);
		assert_int_equal(c.got[n].attempts, c.got[n].body < 4 ? 2 : 1);
	}
	assert_int_equal(again, 4); /* none waits behind the backlog */
	struct pluq_channel_stats s;

	assert_true(channel_stats(&e, "t", "c", &s));
	assert_int_equal(s.requeue_count, 4);
	assert_int_equal(sub_stats(&c).requeue_count, 4);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void requeued_messages_beyond_memory_go_to_storage_and_come_back(void **state)
{
	struct consumer c;
	int seen[40] = {0};

	e.limits.mem_queue_size = 4;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 40);
	assert_int_equal(publish(&e, 0, t, 0, 40), 0);
	assert_true(has_got(&c, 40));
	set_ready(&c, 0);
	for (int n = 0; n < 40; n++)
		assert_int_equal(requeue(&c, n, 0), 0);
	assert_true(channel_becomes(&e, "t", "c", 40, 0, 0));
	struct pluq_channel_stats s;

	assert_true(channel_stats(&e, "t", "c", &s));
	assert_int_equal(s.backend_depth, 36);
	set_ready(&c, 40);
	assert_true(has_got(&c, 80));
	for (int n = 40; n < 80; n++) {
		assert_int_equal(c.got[n].attempts, 2);
		assert_true(seen[c.got[n].body]++ == 0);
		assert_int_equal(finish(&c, n), 0);
	}
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 0);
}

static void message_comes_again_after_its_timeout(void **state)
{
	struct consumer c;
	struct pluq_channel_stats s;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	c.params.msg_timeout_ns = 10 * SEC;
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 1);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	assert_true(has_got(&c, 1));
	clock_leap(&e.loops, 9 * SEC);
	settle(&e);
	assert_int_equal(c.count, 1);
	clock_leap(&e.loops, 1 * SEC);
	assert_true(has_got(&c, 2));
	assert_int_equal(c.got[1].attempts, 2);
	assert_memory_equal(c.got[1].id, c.got[0].id, 16);
	assert_int_equal(c.got[1].timestamp_ns, c.got[0].timestamp_ns);
	assert_true(c.got[1].at_ns - c.got[0].at_ns >= 10 * SEC);
	assert_true(channel_stats(&e, "t", "c", &s));
	assert_int_equal(s.timeout_count, 1);
	assert_int_equal(s.in_flight, 1);
	assert_int_equal(finish(&c, 1), 0);
	clock_leap(&e.loops, 20 * SEC);
	settle(&e);
	assert_int_equal(c.count, 2);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void touch_extends_up_to_the_cap(void **state)
{
	struct consumer c;

	e.limits.max_msg_timeout_ns = 20 * SEC;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	c.params.msg_timeout_ns = 10 * SEC;
	c.params.touch_timeout_ns = 8 * SEC;
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 1);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	assert_true(has_got(&c, 1));
	clock_leap(&e.loops, 9 * SEC);
	assert_int_equal(touch(&c, 0), 0); /* to 17 */
	clock_leap(&e.loops, 7 * SEC);
	assert_int_equal(touch(&c, 0), 0); /* to 24, capped to 20 */
	clock_leap(&e.loops, 3 * SEC);
	settle(&e);
	assert_int_equal(c.count, 1);
	clock_leap(&e.loops, 1 * SEC + 10 * MS);
	assert_true(has_got(&c, 2));
	assert_true(c.got[1].at_ns - c.got[0].at_ns < 22 * SEC);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void deferred_messages_come_when_they_are_due(void **state)
{
	struct consumer c;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 10);
	assert_int_equal(publish_deferred(&e, LOOPS - 1, t, 2, 20 * SEC), 0);
	assert_int_equal(publish_deferred(&e, LOOPS - 1, t, 1, 10 * SEC), 0);
	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 1), 0);
	assert_true(has_got(&c, 1));
	assert_true(channel_becomes(&e, "t", "c", 0, 1, 2));
	clock_leap(&e.loops, 9900 * MS);
	settle(&e);
	assert_int_equal(c.count, 1);
	clock_leap(&e.loops, 100 * MS);
	assert_true(has_got(&c, 2));
	assert_int_equal(requeue(&c, 1, 30 * SEC), 0);
	assert_true(channel_becomes(&e, "t", "c", 0, 1, 2));
	clock_leap(&e.loops, 10 * SEC);
	assert_true(has_got(&c, 3));
	clock_leap(&e.loops, 19 * SEC);
	settle(&e);
	assert_int_equal(c.count, 3);
	clock_leap(&e.loops, 1 * SEC);
	assert_true(has_got(&c, 4));
	assert_int_equal(c.got[0].body, 0);
	assert_int_equal(c.got[1].body, 1);
	assert_int_equal(c.got[2].body, 2);
	assert_int_equal(c.got[3].body, 1);
	assert_int_equal(c.got[3].attempts, 2);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* Work that has kept a loop busy since it read the clocks. */
static void spend(int64_t ns)
{
	int64_t until = pluq__clock_mono_ns() + ns;

	while (pluq__clock_mono_ns() < until)
		;
}

struct late {
	struct consumer *consumer;
	struct pluq_topic *topic;
	int64_t asked_ns;
	int status;
};

static void requeue_late(void *arg)
{
	struct late *l = arg;

	spend(60 * MS);
	l->asked_ns = pluq__clock_mono_ns();
	l->status = pluq__broker_table.sub_requeue(l->consumer->sub, l->consumer->got[0].id, 100 * MS);
}

static void publish_late(void *arg)
{
	struct late *l = arg;
	struct pluq_body body = {.bytes = (const uint8_t *)"7", .length = 1};

	spend(60 * MS);
	l->asked_ns = pluq__clock_mono_ns();
	l->status = pluq__broker_table.publish(&e.host.pub, l->topic, &body, 1, 100 * MS, NULL, NULL);
}

static void deferral_counts_from_its_command_and_not_from_the_turn(void **state)
{
	struct consumer c;
	struct late l = {.consumer = &c};

	engine_up(&e, LOOPS);
	struct pluq_topic *t = l.topic = topic_on(&e, 0, "t");

	consumer_init(&c, &e);
	assert_int_equal(subscribe(&c, t, "c"), 0);
	set_ready(&c, 10);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	assert_true(has_got(&c, 1));
	on_loop(&e.loops, 0, requeue_late, &l);
	assert_int_equal(l.status, 0);
	assert_true(has_got(&c, 2));
	assert_true(c.got[1].at_ns - l.asked_ns >= 100 * MS);
	on_loop(&e.loops, 0, publish_late, &l);
	assert_int_equal(l.status, 0);
	assert_true(has_got(&c, 3));
	assert_int_equal(c.got[2].body, 7);
	assert_true(c.got[2].at_ns - l.asked_ns >= 100 * MS);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* The topic has no channel, or is paused; the message waits there, in memory or in storage. */
static void deferred_messages_wait_in_a_topic_too(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 1;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	assert_int_equal(publish(&e, 0, t, 0, 1), 0); /* fills the memory */
	assert_int_equal(publish_deferred(&e, 0, t, 1, 10 * SEC), 0);
	assert_int_equal(publish(&e, 0, t, 2, 1), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 2);
	consume(&c, &e, t, "c", 10);
	assert_true(has_got(&c, 2));
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 1));
	clock_leap(&e.loops, 11 * SEC);
	assert_true(has_got(&c, 3));
	assert_int_equal(c.got[1].body, 2);
	assert_int_equal(c.got[2].body, 1);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- disconnects ---- */

static void in_flight_of_a_lost_consumer_waits_for_its_timeout(void **state)
{
	struct consumer a, b;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&a, &e);
	a.params.msg_timeout_ns = 10 * SEC;
	assert_int_equal(subscribe(&a, t, "c"), 0);
	set_ready(&a, 5);
	assert_int_equal(publish(&e, 0, t, 0, 5), 0);
	assert_true(has_got(&a, 5));
	unsubscribe(&a);
	consume(&b, &e, t, "c", 10);
	settle(&e);
	assert_true(channel_becomes(&e, "t", "c", 0, 5, 0));
	assert_int_equal(b.count, 0);
	clock_leap(&e.loops, 11 * SEC);
	assert_true(has_got(&b, 5));
	assert_int_equal(b.got[0].attempts, 2);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void in_flight_of_a_lost_consumer_is_requeued_if_so_set(void **state)
{
	struct consumer a, b;

	e.limits.requeue_on_disconnect = true;
	e.limits.mem_queue_size = 2; /* most of it by way of storage */
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consumer_init(&a, &e);
	assert_int_equal(subscribe(&a, t, "c"), 0);
	set_ready(&a, 5);
	assert_int_equal(publish(&e, 0, t, 0, 5), 0);
	assert_true(has_got(&a, 5));
	consume(&b, &e, t, "c", 10);
	unsubscribe(&a);
	assert_true(has_got(&b, 5));
	assert_int_equal(b.got[0].attempts, 2);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- pause ---- */

static void paused_channel_keeps_its_messages(void **state)
{
	struct consumer a, b;

	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&a, &e, t, "a", 10);
	consume(&b, &e, t, "b", 10);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_CHANNEL_PAUSE, "t", "a"), 0);
	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	assert_true(has_got(&b, 10));
	settle(&e);
	assert_int_equal(a.count, 0);
	struct pluq_channel_stats s;

	assert_true(channel_stats(&e, "t", "a", &s));
	assert_true(s.paused);
	assert_int_equal(s.depth, 10);
	assert_int_equal(admin(&e, 0, PLUQ_CHANNEL_UNPAUSE, "t", "a"), 0);
	assert_true(has_got(&a, 10));
	assert_true(got_in_order(&a, 0, 10));
	consumer_fini(&a);
	consumer_fini(&b);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void paused_topic_keeps_its_messages(void **state)
{
	struct consumer a;

	e.limits.mem_queue_size = 5;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&a, &e, t, "a", 10);
	assert_int_equal(admin(&e, LOOPS - 1, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(publish(&e, 0, t, 0, 20), 0);
	settle(&e);
	assert_true(topic_becomes(&e, "t", 20));
	assert_int_equal(a.count, 0);
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	for (int n = 20; n < 40; n++) /* while the older ones move on */
		assert_int_equal(publish(&e, 0, t, n, 1), 0);
	assert_true(has_got(&a, 40));
	assert_true(got_in_order(&a, 0, 40));
	consumer_fini(&a);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- across memory and storage ---- */

/* Publishes one by one and in batches, without waiting for answers, as a pipelining producer does. */
static void order_is_kept(int loops, int64_t mem, bool channel_first, int slow_us)
{
	enum { COUNT = 1000 };
	struct consumer c;
	static struct pub pubs[COUNT];
	int n = 0, pub = 0;
	bool consuming = channel_first;

	e.limits.mem_queue_size = mem;
	e.storage.slow_us = slow_us;
	engine_up(&e, loops);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	if (channel_first)
		consume(&c, &e, t, "c", 7);
	for (; n < COUNT; pub++) {
		int k = 1 + pub * 7 % 10;

		if (k > COUNT - n)
			k = COUNT - n;
		pub_begin(&pubs[pub], &e, loops - 1, t, n, k, 0);
		n += k;
		if (!consuming && n > COUNT / 3) {
			consume(&c, &e, t, "c", 7);
			consuming = true;
		}
		if (consuming && pub % 20 == 19) /* a consumer that comes and goes lets queues grow and run empty */
			set_ready(&c, pub % 40 == 39 ? 7 : 0);
	}
	set_ready(&c, 7);
	for (int i = 0; i < pub; i++)
		assert_int_equal(pub_wait(&pubs[i]), 0);
	assert_true(has_got(&c, COUNT));
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	assert_int_equal(c.count, COUNT);
	assert_true(got_in_order(&c, 0, COUNT));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t")), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 0);
}

static void order_is_kept_over_memory_and_slow_storage(void **state)
{
	order_is_kept(LOOPS, 3, true, 500);
}

static void order_is_kept_over_memory_and_fast_storage(void **state)
{
	order_is_kept(LOOPS, 20, true, 0);
}

static void order_is_kept_from_the_topic_over_both_storages(void **state)
{
	order_is_kept(LOOPS, 3, false, 200);
}

static void order_is_kept_without_memory(void **state)
{
	order_is_kept(LOOPS, 0, true, 0);
}

static void order_is_kept_without_memory_from_the_topic(void **state)
{
	order_is_kept(LOOPS, 0, false, 100);
}

/* ---- several loops ---- */

static void publishes_from_all_loops_arrive_in_the_order_of_each(void **state)
{
	enum { EACH = 300 };
	struct consumer c;
	static struct pub pubs[3][EACH];
	int next[3] = {0}, homes[3] = {0};

	e.limits.mem_queue_size = 50;
	engine_up(&e, LOOPS);
	/* Homes are dealt out evenly. */
	const char *const names[] = {"t0", "t1", "t2"};
	struct pluq_topic *t[3];

	for (int i = 0; i < 3; i++) {
		t[i] = topic_on(&e, i, names[i]);
		homes[pluq__broker_table.topic_home(t[i])]++;
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(homes[i], 1);
	consume(&c, &e, t[1], "c", 100);
	for (int n = 0; n < EACH; n++)
		for (int l = 0; l < 3; l++)
			pub_begin(&pubs[l][n], &e, l, t[1], l * 1000 + n, 1, 0);
	for (int n = 0; n < EACH; n++)
		for (int l = 0; l < 3; l++)
			assert_int_equal(pub_wait(&pubs[l][n]), 0);
	assert_true(has_got(&c, 3 * EACH));
	for (int i = 0; i < 3 * EACH; i++)
		assert_int_equal(c.got[i].body % 1000, next[c.got[i].body / 1000]++);
	for (int i = 0; i < 3; i++)
		topic_drop(t[i]);
	consumer_fini(&c);
	assert_int_equal(engine_down(&e), 0);
}

/* ---- counted bodies ---- */

struct counted {
	struct pluq_topic *topic;
	struct pluq_msg *msg[3];
	int status;
	_Atomic int answered;
};

static void on_counted(void *arg, int status, const struct pluq_why *why)
{
	struct counted *k = arg;

	k->status = status;
	k->answered++;
}

static void publish_counted(void *arg)
{
	struct counted *k = arg;
	struct pluq_body bodies[3] = {{0}};

	for (int i = 0; i < 3; i++) {
		k->msg[i] = pluq__broker_table.msg_new(&e.host.pub, 1);
		*pluq__broker_table.msg_body(k->msg[i]) = (uint8_t)('0' + i);
		bodies[i] = (struct pluq_body){.msg = k->msg[i], .length = 1};
	}
	k->status = pluq__broker_table.publish(&e.host.pub, k->topic, bodies, 3, 0, on_counted, k);
	if (k->status != PLUQ_ELATER)
		k->answered++;
	if (k->status < 0 && k->status != PLUQ_ELATER) /* ours still */
		for (int i = 0; i < 3; i++)
			pluq__broker_table.msg_unref(k->msg[i]);
}

/* The address sanitizer is the judge: nothing freed twice, nothing left. */
static void publish_takes_counted_messages_only_on_success(void **state)
{
	struct counted k = {0};
	struct consumer c;

	e.limits.mem_queue_size = 2;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	k.topic = t;
	for (int n = 1; n <= 3; n++) { /* into memory, and into storage */
		on_loop(&e.loops, LOOPS - 1, publish_counted, &k);
		assert_true(until_at_least(&k.answered, n));
		assert_int_equal(k.status, 0);
	}
	consume(&c, &e, t, "c", 1);
	assert_true(has_got(&c, 9));
	assert_int_equal(admin(&e, 0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	on_loop(&e.loops, LOOPS - 1, publish_counted, &k);
	assert_true(until_at_least(&k.answered, 4));
	assert_int_equal(k.status, PLUQ_ESTALE);
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, every_channel_gets_every_message),
	    TEST_ON(3, every_channel_gets_every_message),
	    TEST_ON(1, backlog_of_a_topic_goes_to_its_first_channel),
	    TEST_ON(1, consumer_is_never_given_more_than_its_credit),
	    TEST_ON(1, ids_are_their_consumers_own),
	    TEST_ON(1, consumers_of_a_channel_are_limited),
	    TEST_ON(1, sampling_keeps_its_share),
	    TEST_ON(1, ready_consumers_get_equal_shares),
	    TEST_ON(1, blocked_consumer_does_not_delay_the_others),
	    TEST_ON(1, requeued_messages_take_turns_with_the_rest),
	    TEST_ON(1, requeued_messages_beyond_memory_go_to_storage_and_come_back),
	    TEST_ON(1, message_comes_again_after_its_timeout),
	    TEST_ON(1, touch_extends_up_to_the_cap),
	    TEST_ON(1, deferred_messages_come_when_they_are_due),
	    TEST_ON(3, deferred_messages_come_when_they_are_due),
	    TEST_ON(1, deferral_counts_from_its_command_and_not_from_the_turn),
	    TEST_ON(1, deferred_messages_wait_in_a_topic_too),
	    TEST_ON(1, in_flight_of_a_lost_consumer_waits_for_its_timeout),
	    TEST_ON(1, in_flight_of_a_lost_consumer_is_requeued_if_so_set),
	    TEST_ON(1, paused_channel_keeps_its_messages),
	    TEST_ON(3, paused_channel_keeps_its_messages),
	    TEST_ON(1, paused_topic_keeps_its_messages),
	    TEST_ON(3, paused_topic_keeps_its_messages),
	    TEST_ON(1, order_is_kept_over_memory_and_slow_storage),
	    TEST_ON(3, order_is_kept_over_memory_and_slow_storage),
	    TEST_ON(1, order_is_kept_over_memory_and_fast_storage),
	    TEST_ON(3, order_is_kept_over_memory_and_fast_storage),
	    TEST_ON(1, order_is_kept_from_the_topic_over_both_storages),
	    TEST_ON(3, order_is_kept_from_the_topic_over_both_storages),
	    TEST_ON(1, order_is_kept_without_memory),
	    TEST_ON(3, order_is_kept_without_memory),
	    TEST_ON(1, order_is_kept_without_memory_from_the_topic),
	    TEST_ON(3, publishes_from_all_loops_arrive_in_the_order_of_each),
	    TEST_ON(1, publish_takes_counted_messages_only_on_success),
	    TEST_ON(3, publish_takes_counted_messages_only_on_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
