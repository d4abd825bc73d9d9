/* Topics and channels are found, emptied, deleted, with publishes and consumers in the middle of it. */
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

/* ---- finding ---- */

static void topics_are_found_or_made(void **state)
{
	engine_up(LOOPS);
	assert_int_equal(topic_status(0, "t", false), PLUQ_ENOTOPIC);
	assert_int_equal(topic_status(LAST, "t", false), PLUQ_ENOTOPIC);
	struct pluq_topic *a = topic_on(LAST, "t"), *b = topic_on(0, "t");

	assert_ptr_equal(a, b);
	assert_string_equal(pluq__broker_table.topic_name(a), "t");
	assert_int_equal(topic_status(0, "t", false), 0);
	assert_int_equal(topic_status(0, "", true), PLUQ_EINVAL);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "none", "c"), PLUQ_ENOTOPIC);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_EMPTY, "t", "d"), PLUQ_ENOCHANNEL);
	assert_int_equal(admin(0, PLUQ_CHANNEL_DELETE, "t", "d"), PLUQ_ENOCHANNEL);
	assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "none", NULL), PLUQ_ENOTOPIC);
	assert_int_equal(admin(0, PLUQ_TOPIC_EMPTY, "none", NULL), PLUQ_ENOTOPIC);
}

/* ---- emptying ---- */

static void empty_drops_everything_a_channel_has(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 5);
	struct consumer *c = hold(t, "c", 4);

	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_true(has_got(c, 4));
	set_ready(c, 0);
	assert_int_equal(requeue(c, 0, 0), 0);
	assert_int_equal(requeue(c, 1, 50 * SEC), 0);
	assert_int_equal(publish_deferred(0, t, 99, 60 * SEC), 0);
	assert_true(channel_becomes("t", "c", 17, 2, 2));
	assert_int_equal(admin(LAST, PLUQ_CHANNEL_EMPTY, "t", "c"), 0);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_int_equal(mock_depth(queue_of("t:c")), 0);
	assert_int_equal(sub_stats(c).in_flight, 0);
	assert_int_equal(finish(c, 2), PLUQ_ENOTINFLIGHT);
	set_ready(c, 4);
	leap(100 * SEC);
	assert_int_equal(publish(0, t, 100, 4), 0);
	assert_true(has_got(c, 8));
	assert_int_equal(c->got[4].body, 100);
}

static void empty_drops_what_waits_in_a_topic(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 5);

	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_int_equal(admin(LAST, PLUQ_TOPIC_EMPTY, "t", NULL), 0);
	assert_true(topic_becomes("t", 0));
	assert_int_equal(mock_depth(queue_of("t")), 0);
	struct consumer *c = consume(t, "c", 10);

	assert_int_equal(publish(0, t, 20, 3), 0);
	assert_true(gets(c, 20, 3));
}

static void failed_empty_is_told(void **state)
{
	engine_with_topic(LOOPS, 100);
	mock_fail(queue_of("t"), MOCK_EMPTY, 1);
	assert_int_equal(admin(0, PLUQ_TOPIC_EMPTY, "t", NULL), PLUQ_EIO);
	assert_int_equal(admin(0, PLUQ_TOPIC_EMPTY, "t", NULL), 0);
}

/* ---- deletion ---- */

static void deletion_of_a_topic_ends_all_of_it(void **state)
{
	e.limits.mem_queue_size = 2;
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(LAST, "t");
	struct consumer *a = hold(t, "a", 2);
	struct consumer *b = consume(t, "b", 2);

	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_true(has_got(b, 20));
	assert_int_equal(publish_deferred(0, t, 21, 60 * SEC), 0);
	assert_int_equal(admin(LAST, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	assert_int_equal(a->ended, 1);
	assert_int_equal(b->ended, 1);
	assert_true(queue_of("t")->was_removed);
	assert_true(queue_of("t:a")->was_removed);
	assert_true(queue_of("t:b")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t"));
	assert_false(mock_has_saved(&e.storage, "t:a"));
	struct pluq_topic_stats ts;

	assert_false(topic_stats("t", &ts));
	/* Whoever still holds the old one is told, wherever he is. */
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(l, t, 0, 1), PLUQ_ESTALE);
	assert_int_equal(topic_status(LAST, "t", false), PLUQ_ENOTOPIC);
	a = consumer_new();
	assert_int_equal(subscribe(a, t, "a"), PLUQ_ESTALE);
	struct pluq_topic *again = topic_on(LAST, "t");

	assert_ptr_not_equal(again, t);
	assert_int_equal(publish(0, again, 50, 1), 0);
	a = consume(again, "a", 1);
	assert_true(gets(a, 50, 1));
}

static void creation_waits_for_a_deletion_that_hangs(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t");

	assert_int_equal(publish(0, t, 0, 10), 0);
	mock_block(q, MOCK_APPEND);
	struct pub *open = pub_begin(LAST, t, 10, 1); /* on its way into storage */

	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	struct request *deletion = request(0, PLUQ_TOPIC_DELETE, "t", NULL);

	settle();
	assert_int_equal(deletion->answered, 0);
	assert_int_equal(publish(LAST, t, 0, 1), PLUQ_ESTALE);
	assert_int_equal(topic_status(0, "t", false), PLUQ_ENOTOPIC);
	struct finding *parked[2] = {find_topic(0, "t"), find_topic(LAST, "t")};

	assert_int_equal(parked[0]->status, PLUQ_ELATER);
	assert_int_equal(parked[1]->status, PLUQ_ELATER);
	struct pluq_topic *other = topic_on(0, "other"); /* others are not held up */

	assert_int_equal(publish(0, other, 0, 1), 0);
	assert_int_equal(parked[0]->answered, 0);
	mock_block(q, MOCK_REMOVE);
	mock_unblock(q, MOCK_APPEND);
	assert_true(mock_await_inside(q, MOCK_REMOVE, 1));
	assert_int_equal(pub_wait(open), 0); /* it was written; then deleted */
	settle();
	assert_int_equal(parked[0]->answered + parked[1]->answered + deletion->answered, 0);
	mock_unblock(q, MOCK_REMOVE);
	assert_int_equal(request_wait(deletion), 0);
	assert_true(until_at_least(&parked[0]->answered, 1) && until_at_least(&parked[1]->answered, 1));
	assert_int_equal(parked[0]->status, 0);
	assert_int_equal(parked[1]->status, 0);
	assert_ptr_equal(parked[0]->topic, parked[1]->topic);
	assert_ptr_not_equal(parked[0]->topic, t);
	struct consumer *c = consume(parked[0]->topic, "c", 10);

	assert_int_equal(publish(LAST, parked[1]->topic, 77, 1), 0);
	assert_true(gets(c, 77, 1)); /* nothing of the old one */
}

static void ids_of_a_new_topic_lie_above_the_deleted_ones(void **state)
{
	e.limits.mem_queue_size = 100000;
	engine_up(LOOPS);
	uint8_t last[16] = {0};

	for (int round = 0; round < 3; round++) {
		struct pluq_topic *t = topic_on(0, "t");
		struct consumer *c = consume(t, "c", 1000);

		assert_int_equal(publish(0, t, 0, 20000), 0); /* ids run ahead of the clock */
		assert_true(has_got(c, 20000));
		assert_true(memcmp(c->got[0].id, last, 16) > 0);
		memcpy(last, c->got[19999].id, 16);
		assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
		clock_set_back(3600 * SEC);
		topic_drop(t);
	}
}

static void deletion_of_a_channel_leaves_its_siblings(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 2);
	struct consumer *a = hold(t, "a", 0);
	struct consumer *b = consume(t, "b", 5);

	assert_int_equal(publish(0, t, 0, 10), 0);
	assert_int_equal(admin(LAST, PLUQ_CHANNEL_DELETE, "t", "a"), 0);
	assert_int_equal(a->ended, 1);
	assert_true(queue_of("t:a")->was_removed);
	assert_false(mock_has_saved(&e.storage, "t:a"));
	assert_true(mock_has_saved(&e.storage, "t:b"));
	assert_int_equal(publish(0, t, 10, 10), 0);
	assert_true(gets(b, 0, 20));
	assert_int_equal(b->ended, 0);
	struct consumer *again = consume(t, "a", 5);

	assert_int_equal(publish(0, t, 20, 5), 0);
	assert_true(gets(again, 20, 5));
}

/* The channel's storage hangs while it is deleted: publishers are not made to fail, its name waits. */
static void deletion_of_a_channel_answers_open_publishes(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t:a");

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	struct consumer *b = consume(t, "b", 5);

	assert_int_equal(publish(0, t, 0, 1), 0);
	mock_block(q, MOCK_APPEND);
	struct pub *first = pub_begin(LAST, t, 1, 1);

	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	struct pub *second = pub_begin(LAST, t, 2, 1);

	assert_true(has_got(b, 3)); /* its sibling does not wait */
	assert_int_equal(first->answered + second->answered, 0);
	struct request *deletion = request(0, PLUQ_CHANNEL_DELETE, "t", "a");

	assert_int_equal(pub_wait(second), 0);
	struct consumer *late = consumer_new();

	assert_int_equal(subscribe(late, t, "a"), PLUQ_EEXITING);
	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(pub_wait(first), 0);
	assert_int_equal(request_wait(deletion), 0);
	assert_int_equal(subscribe(late, t, "a"), 0);
}

/* What the topic had in storage is on its way into a channel that is deleted: the topic must still let go of it. */
static void deletion_of_a_channel_does_not_pin_the_topics_records(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t:a"), *own = queue_of("t");

	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	struct consumer *b = consume(t, "b", 100);

	assert_int_equal(publish(0, t, 0, 50), 0);
	assert_int_equal(mock_depth(own), 50);
	mock_block(q, MOCK_OPEN); /* it hangs, then fails */
	mock_block(q, MOCK_APPEND);
	mock_fail(q, MOCK_APPEND, 1000);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(has_got(b, 50));
	assert_true(channel_becomes("t", "a", 50, 0, 0));
	assert_int_equal(mock_depth(own), 50); /* a has not got them yet */
	struct request *deletion = request(0, PLUQ_CHANNEL_DELETE, "t", "a");

	mock_unblock(q, MOCK_OPEN);
	mock_unblock(q, MOCK_APPEND);
	request_wait(deletion); /* its status is the storage's that fails */
	assert_true(mock_becomes(own, 0)); /* the releases follow */
}

static void failing_metadata_do_not_keep_a_topic_alive(void **state)
{
	engine_with_topic(LOOPS, 100);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0); /* saved */
	mock_fail_saves(&e.storage, 1);
	assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "t", NULL), PLUQ_EIO);
	assert_int_equal(topic_status(0, "t", false), PLUQ_ENOTOPIC);
	assert_false(health().storage_ok);
	leap(2 * SEC); /* it is tried again */
	assert_true(mock_saves(&e.storage, "t", false));
	assert_false(mock_has_saved(&e.storage, "t:c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, topics_are_found_or_made),
	    TEST_ON(3, topics_are_found_or_made),
	    TEST_ON(1, empty_drops_everything_a_channel_has),
	    TEST_ON(3, empty_drops_everything_a_channel_has),
	    TEST_ON(1, empty_drops_what_waits_in_a_topic),
	    TEST_ON(1, failed_empty_is_told),
	    TEST_ON(1, deletion_of_a_topic_ends_all_of_it),
	    TEST_ON(3, deletion_of_a_topic_ends_all_of_it),
	    TEST_ON(1, creation_waits_for_a_deletion_that_hangs),
	    TEST_ON(3, creation_waits_for_a_deletion_that_hangs),
	    TEST_ON(1, ids_of_a_new_topic_lie_above_the_deleted_ones),
	    TEST_ON(1, deletion_of_a_channel_leaves_its_siblings),
	    TEST_ON(3, deletion_of_a_channel_leaves_its_siblings),
	    TEST_ON(1, deletion_of_a_channel_answers_open_publishes),
	    TEST_ON(3, deletion_of_a_channel_answers_open_publishes),
	    TEST_ON(1, deletion_of_a_channel_does_not_pin_the_topics_records),
	    TEST_ON(1, failing_metadata_do_not_keep_a_topic_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
