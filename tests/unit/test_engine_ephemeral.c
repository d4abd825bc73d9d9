/* What is ephemeral: queues that keep nothing in storage and go with the last who uses them. */
#include "cmocka_all.h"
#include "engine_rig.h"

static void ephemeral_channel_goes_with_its_last_consumer(void **state)
{
	struct pluq_channel_stats s;
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c#ephemeral"), 0);
	settle();
	assert_true(channel_stats("t", "c#ephemeral", &s)); /* until a consumer has come and gone */
	struct consumer *a = consume(t, "c#ephemeral", 1);
	struct consumer *b = consume(t, "c#ephemeral", 1);

	unsubscribe(a);
	settle();
	assert_true(channel_stats("t", "c#ephemeral", &s));
	unsubscribe(b);
	assert_false(channel_stats("t", "c#ephemeral", &s));
	assert_int_equal(topic_status(0, "t", false), 0);
	assert_int_equal(publish(0, t, 0, 3), 0); /* waits in the topic: there is no channel */
	assert_true(topic_becomes("t", 3));
	assert_int_equal(queue_of("t:c#ephemeral")->calls[MOCK_OPEN], 0);
	assert_false(mock_has_saved(&e.storage, "t:c#ephemeral"));
}

static void ephemeral_queues_drop_what_does_not_fit(void **state)
{
	e.limits.mem_queue_size = 10;
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t#ephemeral");

	assert_int_equal(publish(LAST, t, 0, 30), 0);
	assert_true(topic_becomes("t#ephemeral", 10));
	struct consumer *c = consume(t, "c#ephemeral", 0);

	assert_true(channel_becomes("t#ephemeral", "c#ephemeral", 10, 0, 0));
	assert_int_equal(publish(LAST, t, 100, 30), 0);
	set_ready(c, 100);
	assert_true(gets(c, 0, 10) && has_only(c, 10));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(queue_of("t#ephemeral")->calls[MOCK_OPEN], 0);
}

static void ephemeral_channel_without_memory_passes_to_who_waits(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct consumer *c = consume(t, "c#ephemeral", 0);

	assert_int_equal(publish(0, t, 0, 1), 0); /* nobody is ready */
	set_ready(c, 10);
	assert_true(has_only(c, 0));
	for (int n = 1; n <= 20; n++) {
		assert_int_equal(publish(0, t, n, 1), 0);
		assert_true(has_got(c, n));
	}
	assert_true(gets(c, 1, 20));
}

static bool is_gone(void *name)
{
	return topic_status(0, name, false) == PLUQ_ENOTOPIC;
}

static void ephemeral_topic_goes_with_its_last_channel(void **state)
{
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t#ephemeral");

	settle();
	assert_int_equal(topic_status(0, "t#ephemeral", false), 0); /* without any channel ever it stays */
	struct consumer *a = consume(t, "a#ephemeral", 1);

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t#ephemeral", "durable"), 0);
	unsubscribe(a);
	settle();
	assert_int_equal(topic_status(0, "t#ephemeral", false), 0); /* the durable one keeps it */
	assert_int_equal(admin(0, PLUQ_CHANNEL_DELETE, "t#ephemeral", "durable"), 0);
	assert_true(until(is_gone, "t#ephemeral"));
	assert_int_equal(publish(LAST, t, 0, 1), PLUQ_ESTALE);
}

/* Its last consumer goes and another comes, again and again: each gets a topic that works, or is told to look again. */
static void ephemeral_topic_survives_churn(void **state)
{
	engine_up(LOOPS);
	for (int n = 0; n < 300; n++) {
		struct pluq_topic *t = topic_on(n % LOOPS, "t#ephemeral");
		struct consumer *c = consumer_new();
		int err = subscribe(c, t, "c#ephemeral");

		if (err != PLUQ_ESTALE) {
			assert_int_equal(err, 0);
			c->finishes = true;
			set_ready(c, 1);
			assert_int_equal(publish((n + 1) % LOOPS, t, n, 1), 0);
			assert_true(gets(c, n, 1));
			unsubscribe(c);
		}
		topic_drop(t);
	}
	assert_true(until(is_gone, "t#ephemeral"));
}

/* A durable channel of an ephemeral topic spills, but leaves nothing behind. */
static void durable_channel_of_an_ephemeral_topic_leaves_nothing(void **state)
{
	e.limits.mem_queue_size = 2;
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t#ephemeral");
	struct consumer *c = consume(t, "c", 0);

	for (int n = 0; n < 10; n++)
		assert_int_equal(publish(0, t, n, 1), 0);
	assert_true(channel_becomes("t#ephemeral", "c", 10, 0, 0));
	set_ready(c, 3);
	assert_true(gets(c, 0, 10));
	set_ready(c, 0);
	assert_int_equal(publish(0, t, 10, 10), 0);
	assert_false(mock_has_saved(&e.storage, "t#ephemeral"));
	assert_int_equal(engine_end(), 0);
	assert_true(queue_of("t#ephemeral:c")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t#ephemeral"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, ephemeral_channel_goes_with_its_last_consumer),
	    TEST_ON(1, ephemeral_queues_drop_what_does_not_fit),
	    TEST_ON(1, ephemeral_channel_without_memory_passes_to_who_waits),
	    TEST_ON(1, ephemeral_topic_goes_with_its_last_channel),
	    TEST_ON(3, ephemeral_topic_goes_with_its_last_channel),
	    TEST_ON(1, ephemeral_topic_survives_churn),
	    TEST_ON(3, ephemeral_topic_survives_churn),
	    TEST_ON(1, durable_channel_of_an_ephemeral_topic_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
