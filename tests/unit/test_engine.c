/* The queue engine through the table that handlers use: the way of messages from topics to channels to consumers. */
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

/* ---- topic to channels to consumers ---- */

static void every_channel_gets_every_message(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *a = consume(t, "a", 10);
	struct consumer *b = consume(t, "b", 3);

	for (int n = 0; n < 50; n++)
		assert_int_equal(publish(LAST, t, n * 4, 4), 0);
	assert_true(gets(a, 0, 200) && gets(b, 0, 200));
	for (int n = 0; n < 200; n++) {
		assert_int_equal(a->got[n].attempts, 1);
		assert_memory_equal(a->got[n].id, b->got[n].id, 16);
		assert_true(n == 0 || memcmp(a->got[n - 1].id, a->got[n].id, 16) < 0);
	}
	struct pluq_topic_stats ts;
	struct pluq_channel_stats cs;

	assert_true(channel_becomes("t", "a", 0, 0, 0));
	assert_true(topic_stats("t", &ts) && channel_stats("t", "a", &cs));
	assert_int_equal(ts.message_count, 200);
	assert_int_equal(ts.message_bytes, 10 + 90 * 2 + 100 * 3);
	assert_int_equal(ts.depth, 0);
	assert_int_equal(ts.channel_count, 2);
	assert_int_equal(cs.message_count, 200);
	assert_int_equal(cs.consumers, 1);
	assert_int_equal(sub_stats(a).finish_count, 200);
	assert_int_equal(sub_stats(a).message_count, 200);
}

static void backlog_of_a_topic_goes_to_its_first_channel(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 10); /* the rest of it lies in storage */

	assert_int_equal(publish(0, t, 0, 30), 0);
	assert_true(topic_becomes("t", 30));
	assert_int_equal(mock_depth(queue_of("t")), 20);
	struct consumer *a = consume(t, "a", 5);

	assert_true(has_got(a, 30));
	struct consumer *b = consume(t, "b", 5);

	assert_int_equal(publish(0, t, 30, 5), 0);
	assert_true(gets(a, 0, 35) && gets(b, 30, 5));
	assert_true(topic_becomes("t", 0));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t")), 0);
	assert_int_equal(mock_depth(queue_of("t:a")), 0);
}

static void consumer_is_never_given_more_than_its_credit(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *c = hold(t, "c", 0);

	assert_int_equal(publish(0, t, 0, 50), 0);
	assert_true(has_only(c, 0)); /* ready starts at 0 */
	set_ready(c, 3);
	assert_true(has_only(c, 3));
	assert_true(c->largest <= 3);
	assert_int_equal(finish(c, 0), 0);
	assert_true(has_got(c, 4));
	set_ready(c, 1); /* less than is in flight */
	assert_int_equal(finish(c, 1), 0);
	assert_int_equal(finish(c, 2), 0);
	assert_true(has_only(c, 4));
	assert_int_equal(finish(c, 3), 0);
	assert_true(has_only(c, 5));
	assert_int_equal(sub_stats(c).in_flight, 1);
	assert_true(channel_becomes("t", "c", 45, 1, 0));
	unsubscribe(c);
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 46);
}

static void ids_are_their_consumers_own(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *a = consumer_new();
	struct consumer *b = consumer_new();

	assert_int_equal(subscribe(a, t, "c"), 0);
	assert_int_equal(subscribe(b, t, "c"), 0);
	set_ready(a, 1);
	assert_int_equal(publish(0, t, 0, 1), 0);
	assert_true(has_got(a, 1));
	b->got = a->got; /* so that b speaks of what a has got */
	assert_int_equal(finish(b, 0), PLUQ_ENOTOWNER);
	assert_int_equal(requeue(b, 0, 0), PLUQ_ENOTOWNER);
	assert_int_equal(touch(b, 0), PLUQ_ENOTOWNER);
	assert_int_equal(touch(a, 0), 0);
	assert_int_equal(finish(a, 0), 0);
	assert_int_equal(finish(a, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(requeue(a, 0, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(touch(a, 0), PLUQ_ENOTINFLIGHT);
	memset(a->got[0].id, 0xff, 16); /* any 16 bytes */
	assert_int_equal(finish(a, 0), PLUQ_ENOTINFLIGHT);
}

static void consumers_of_a_channel_are_limited(void **state)
{
	e.limits.max_channel_consumers = 1;
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *a = consume(t, "c", 1);
	struct consumer *b = consumer_new();

	assert_int_equal(subscribe(b, t, "c"), PLUQ_ELIMIT);
	consume(t, "other", 1); /* per channel */
	unsubscribe(a);
	assert_int_equal(subscribe(b, t, "c"), 0);
}

static void sampling_keeps_its_share(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100000);
	struct consumer *c = consumer_new();

	c->finishes = true;
	c->params.sample_rate = 24; /* keeps 25 of 100 */
	assert_int_equal(subscribe(c, t, "c"), 0);
	set_ready(c, 100);
	for (int n = 0; n < 20; n++)
		assert_int_equal(publish(0, t, n * 1000, 1000), 0);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_in_range(c->count, 4500, 5500); /* 8 standard deviations */
}

/* ---- shares ---- */

static void ready_consumers_get_equal_shares(void **state)
{
	struct consumer *c[4];
	struct pluq_topic *t = engine_with_topic(LOOPS, 100000);

	for (int i = 0; i < 4; i++)
		c[i] = consume(t, "c", 50);
	/* With a backlog, and by ones and twos. */
	for (int n = 0; n < 8; n++)
		assert_int_equal(publish(0, t, 0, 1000), 0);
	for (int n = 0; n < 400; n++)
		assert_int_equal(publish(0, t, 0, 1 + n % 2), 0);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	for (int i = 0; i < 4; i++)
		assert_in_range(c[i]->count, 8600 / 4 * 9 / 10, 8600 / 4 * 11 / 10);
}

static void blocked_consumer_does_not_delay_the_others(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *stuck = consume(t, "c", 1000);
	struct consumer *fine = consume(t, "c", 10);

	stuck->takes = 2; /* its connection takes two more */
	assert_int_equal(publish(0, t, 0, 100), 0);
	assert_true(has_got(fine, 98));
	assert_true(has_only(stuck, 2));
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	unblock(stuck);
	set_ready(fine, 0);
	assert_int_equal(publish(0, t, 100, 10), 0);
	assert_true(has_got(stuck, 12));
}

/* ---- pause ---- */

static void paused_channel_keeps_its_messages(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);
	struct consumer *a = consume(t, "a", 10);
	struct consumer *b = consume(t, "b", 10);

	assert_int_equal(admin(LAST, PLUQ_CHANNEL_PAUSE, "t", "a"), 0);
	assert_int_equal(publish(0, t, 0, 10), 0);
	assert_true(has_got(b, 10));
	assert_true(has_only(a, 0));
	struct pluq_channel_stats s;

	assert_true(channel_stats("t", "a", &s));
	assert_true(s.paused);
	assert_int_equal(s.depth, 10);
	assert_int_equal(admin(0, PLUQ_CHANNEL_UNPAUSE, "t", "a"), 0);
	assert_true(gets(a, 0, 10));
}

static void paused_topic_keeps_its_messages(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 5);
	struct consumer *a = consume(t, "a", 10);

	assert_int_equal(admin(LAST, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_true(has_only(a, 0));
	assert_true(topic_becomes("t", 20));
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	for (int n = 20; n < 40; n++) /* while the older ones move on */
		assert_int_equal(publish(0, t, n, 1), 0);
	assert_true(gets(a, 0, 40));
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
	struct pluq_topic *t = engine_with_topic(LOOPS, 2);
	struct counted *k = keep(sizeof(*k));

	k->topic = t;
	for (int n = 1; n <= 3; n++) { /* into memory, and into storage */
		on_loop(&e.loops, LAST, publish_counted, k);
		assert_true(until_at_least(&k->answered, n));
		assert_int_equal(k->status, 0);
	}
	struct consumer *c = consume(t, "c", 1);

	assert_true(has_got(c, 9));
	assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	on_loop(&e.loops, LAST, publish_counted, k);
	assert_true(until_at_least(&k->answered, 4));
	assert_int_equal(k->status, PLUQ_ESTALE);
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
	    TEST_ON(1, paused_channel_keeps_its_messages),
	    TEST_ON(3, paused_channel_keeps_its_messages),
	    TEST_ON(1, paused_topic_keeps_its_messages),
	    TEST_ON(3, paused_topic_keeps_its_messages),
	    TEST_ON(1, publish_takes_counted_messages_only_on_success),
	    TEST_ON(3, publish_takes_counted_messages_only_on_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
