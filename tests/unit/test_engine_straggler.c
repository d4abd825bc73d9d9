/* A message in flight whose record pins storage is written anew, and whatever happens to it meanwhile leaves one record or none. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

static struct mock_record *only_held(struct mock_queue *q)
{
	struct mock_record *found = NULL;

	for (size_t n = 0; mock_at(q, n); n++)
		if (mock_at(q, n)->state == MOCK_HELD)
			found = mock_at(q, n);
	return found;
}

/* An engine with a consumer that has a message in flight from storage, whose record pins; its rewrite hangs. */
static struct consumer *make_straggler(int loops, struct mock_queue **q)
{
	struct pluq_topic *t = engine_with_topic(loops, 0);
	struct consumer *c = hold(t, "c", 0);

	*q = queue_of("t:c");
	assert_int_equal(publish(0, t, 0, 5), 0);
	set_ready(c, 2);
	assert_true(gets(c, 0, 2));
	set_ready(c, 0);
	mock_block(*q, MOCK_APPEND);
	(*q)->pin = 1;
	assert_int_equal(finish(c, 1), 0); /* its release says that the other pins */
	assert_true(mock_await_inside(*q, MOCK_APPEND, 1));
	return c;
}

static bool is_rewritten(void *q)
{
	return mock_count(q, MOCK_HELD) == 1 && mock_depth(q) == 4;
}

static void straggler_is_rewritten_and_then_finished(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);

	mock_unblock(q, MOCK_APPEND);
	assert_true(until(is_rewritten, q)); /* the old record is gone, the new one stands */
	assert_non_null(only_held(q));
	assert_string_equal(only_held(q)->body, "0");
	assert_int_equal(only_held(q)->attempts, 1);
	assert_true(channel_becomes("t", "c", 3, 1, 0));
	assert_int_equal(finish(c, 0), 0);
	assert_true(mock_becomes(q, 3));
	assert_null(only_held(q));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(q), 3);
}

static void straggler_finished_while_it_is_rewritten_leaves_no_record(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);

	assert_int_equal(finish(c, 0), 0);
	assert_int_equal(finish(c, 0), PLUQ_ENOTINFLIGHT);
	mock_unblock(q, MOCK_APPEND);
	assert_true(mock_becomes(q, 3));
	settle();
	assert_null(only_held(q));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(q), 3);
}

static void straggler_requeued_or_timed_out_while_it_is_rewritten_comes_once(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);
	int seen[5] = {0};

	assert_int_equal(requeue(c, 0, 0), 0);
	mock_unblock(q, MOCK_APPEND);
	c->finishes = true;
	c->finished = 2;
	set_ready(c, 10);
	assert_true(has_got(c, 6));
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_true(has_only(c, 6));
	for (int n = 2; n < 6; n++)
		seen[c->got[n].body]++;
	assert_int_equal(seen[0], 1);
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(q), 0);
}

static void straggler_of_an_emptied_channel_leaves_no_record(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);
	struct request *emptying = request(0, PLUQ_CHANNEL_EMPTY, "t", "c");

	assert_true(channel_becomes("t", "c", 1, 0, 0)); /* the rewrite on its way; nothing in flight any more */
	assert_int_equal(finish(c, 0), PLUQ_ENOTINFLIGHT);
	assert_int_equal(emptying->answered, 0);
	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(request_wait(emptying), 0);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_int_equal(mock_depth(q), 0);
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(q), 0);
}

static void straggler_is_kept_once_when_the_daemon_stops(void **state)
{
	struct mock_queue *q;

	make_straggler(LOOPS, &q);
	mock_unblock(q, MOCK_APPEND);
	assert_int_equal(engine_down(), 0);
	int seen[5] = {0};

	assert_int_equal(mock_depth(q), 4);
	for (size_t n = 0; n < 4; n++)
		seen[atoi(mock_at(q, n)->body)]++;
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 0); /* finished */
}

static void *take_down(void *lost)
{
	*(uint64_t *)lost = engine_down();
	return NULL;
}

/* The stop comes while the rewrite hangs; then that goes on. Returns what is lost. */
static uint64_t stop_meanwhile(struct consumer *c, struct mock_queue *q)
{
	pthread_t thread;
	uint64_t lost = 99;

	assert_int_equal(pthread_create(&thread, NULL, take_down, &lost), 0);
	assert_true(until_at_least(&c->ended, 1)); /* the channel ends in that same step */
	mock_unblock(q, MOCK_APPEND);
	pthread_join(thread, NULL);
	return lost;
}

/* What has happened to it since the rewrite began is in the record that stays. */
static void straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);
	int seen = 0;

	assert_int_equal(requeue(c, 0, 1000 * SEC), 0);
	assert_int_equal(stop_meanwhile(c, q), 0);
	assert_int_equal(mock_depth(q), 4);
	for (size_t n = 0; n < 4; n++) {
		struct mock_record *r = mock_at(q, n);

		if (strcmp(r->body, "0") != 0)
			continue;
		seen++;
		assert_true(r->due_ns > 0);
		assert_int_equal(r->attempts, 1);
	}
	assert_int_equal(seen, 1);
}

/* The rewrite fails: the old record is the one that stays. */
static void straggler_that_cannot_be_rewritten_is_kept_once_over_a_stop(void **state)
{
	struct mock_queue *q;
	struct consumer *c = make_straggler(LOOPS, &q);

	mock_fail(q, MOCK_APPEND, 100);
	assert_int_equal(stop_meanwhile(c, q), 0);
	assert_int_equal(mock_depth(q), 4);
	assert_string_equal(mock_at(q, 0)->body, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, straggler_is_rewritten_and_then_finished),
	    TEST_ON(1, straggler_finished_while_it_is_rewritten_leaves_no_record),
	    TEST_ON(1, straggler_requeued_or_timed_out_while_it_is_rewritten_comes_once),
	    TEST_ON(1, straggler_of_an_emptied_channel_leaves_no_record),
	    TEST_ON(1, straggler_is_kept_once_when_the_daemon_stops),
	    TEST_ON(1, straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop),
	    TEST_ON(3, straggler_deferred_while_it_is_rewritten_keeps_its_time_over_a_stop),
	    TEST_ON(1, straggler_that_cannot_be_rewritten_is_kept_once_over_a_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
