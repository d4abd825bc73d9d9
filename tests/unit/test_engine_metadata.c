/* Metadata: when they are saved, who waits for it, what happens if they cannot be. */
#include <stdio.h>

#include "cmocka_all.h"
#include "engine_rig.h"

static void pause_is_answered_after_it_was_saved(void **state)
{
	engine_with_topic(LOOPS, 100);
	mock_block_save(&e.storage, true);
	struct request *pausing = request(0, PLUQ_TOPIC_PAUSE, "t", NULL);

	leap(1 * SEC);
	assert_true(until_at_least(&e.storage.saving, 1));
	settle();
	assert_int_equal(pausing->answered, 0);
	mock_block_save(&e.storage, false);
	assert_int_equal(request_wait(pausing), 0);
	mock_fail_saves(&e.storage, 1);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), PLUQ_EIO);
	leap(2 * SEC);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(engine_down(), 0);
	assert_true(e.storage.saved[0].paused);

	engine_up(LOOPS); /* and it is paused after the restart */
	struct pluq_topic_stats ts;

	assert_true(topic_stats("t", &ts));
	assert_true(ts.paused);
}

static void creations_in_a_burst_are_saved_in_few_steps(void **state)
{
	engine_up(LOOPS);
	int before = e.storage.saves;

	make_topics(10000);
	settle();
	leap(150 * MS);
	assert_true(mock_saves(&e.storage, "topic-9999", true));
	assert_in_range(e.storage.saves - before, 1, 3);
	assert_int_equal(engine_down(), 0);
	assert_int_equal(e.storage.saved_count, 10000);
}

static void first_publishes_to_many_topics_share_saves(void **state)
{
	enum { COUNT = 500 };
	struct pub *pubs[COUNT];

	e.limits.mem_queue_size = 0; /* each waits for its name */
	engine_up(LOOPS);
	int before = e.storage.saves;

	mock_block_save(&e.storage, true);
	for (int n = 0; n < COUNT; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", n);
		pubs[n] = pub_begin(LAST, topic_on(0, name), n, 1);
	}
	settle();
	mock_block_save(&e.storage, false);
	for (int n = 0; n < COUNT; n++)
		assert_int_equal(pub_wait(pubs[n]), 0);
	assert_in_range(e.storage.saves - before, 1, 3);
}

/* Creations are gathered for a while, but not while a publisher waits: here no time passes at all. */
static void first_publish_does_not_wait_for_the_gathering(void **state)
{
	e.limits.mem_queue_size = 0;
	engine_up(LOOPS);
	for (int n = 0; n < 20; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", n);
		assert_int_equal(publish(0, topic_on(n % LOOPS, name), n, 1), 0);
	}
}

static void publisher_of_a_new_topic_is_told_that_it_cannot_be_named(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);

	mock_fail_saves(&e.storage, 1);
	assert_int_equal(publish(0, t, 0, 1), PLUQ_EIO);
	assert_false(health().storage_ok);
	assert_int_equal(publish(0, t, 1, 1), 0);
	assert_true(health().storage_ok);
	assert_int_equal(engine_down(), 0);
	assert_int_equal(mock_depth(queue_of("t")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, pause_is_answered_after_it_was_saved),
	    TEST_ON(3, pause_is_answered_after_it_was_saved),
	    TEST_ON(1, creations_in_a_burst_are_saved_in_few_steps),
	    TEST_ON(1, first_publishes_to_many_topics_share_saves),
	    TEST_ON(3, first_publishes_to_many_topics_share_saves),
	    TEST_ON(1, first_publish_does_not_wait_for_the_gathering),
	    TEST_ON(3, first_publish_does_not_wait_for_the_gathering),
	    TEST_ON(1, publisher_of_a_new_topic_is_told_that_it_cannot_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
