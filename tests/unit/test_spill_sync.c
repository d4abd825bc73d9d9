/* The part of a queue that is in storage: its syncs, what its publishers and the health are told. */
#include <string.h>

#include "../../daemon/broker/health.h"
#include "cmocka_all.h"
#include "spill_rig.h"

/* ---- syncs ---- */

static void spill_syncs_after_so_many_operations(void **state)
{
	begin_synced(5, 0);
	for (int n = 0; n < 4; n++) {
		append(n, 1);
		wait_idle();
	}
	assert_int_equal(queue->calls[MOCK_SYNC], 0);
	append(4, 1);
	assert_true(mock_await(queue, MOCK_SYNC, 1));
	wait_idle();
	/* Releases count as well. */
	want(5);
	take(0, 5, true);
	assert_true(mock_await(queue, MOCK_SYNC, 2));
	wait_idle();
	leap(100 * SEC);
	settle();
	assert_int_equal(queue->calls[MOCK_SYNC], 2);
	finish_test();
}

static void spill_syncs_after_so_much_time(void **state)
{
	begin_synced(0, 2 * SEC);
	append(0, 3);
	wait_idle();
	leap(1900 * MS);
	settle();
	assert_int_equal(queue->calls[MOCK_SYNC], 0);
	leap(200 * MS);
	assert_true(mock_await(queue, MOCK_SYNC, 1));
	wait_idle();
	leap(100 * SEC); /* nothing to sync: it does not */
	settle();
	assert_int_equal(queue->calls[MOCK_SYNC], 1);
	finish_test();
}

static void spill_does_not_wait_for_a_sync(void **state)
{
	begin_synced(2, 0);
	mock_block(queue, MOCK_SYNC);
	struct promise *p = append_published(0, 2);

	assert_told(p, 0);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	for (int n = 2; n < 20; n++) { /* far more than one sync's worth */
		p = append_published(n, 1);
		assert_told(p, 0);
	}
	want(20);
	take(0, 20, true);
	assert_int_equal(queue->inside[MOCK_SYNC], 1);
	mock_unblock(queue, MOCK_SYNC);
	assert_true(mock_await(queue, MOCK_SYNC, 2)); /* one more covers them all */
	wait_idle();
	assert_true(queue->calls[MOCK_SYNC] <= 3);
	finish_test();
}

static bool nothing_to_write(void *arg)
{
	return !pluq__spill_backlog(&spill) && !spill.work;
}

static void spill_answers_after_the_sync_if_every_one_is_synced(void **state)
{
	struct promise *p[10];

	begin_synced(1, 0);
	mock_block(queue, MOCK_SYNC);
	p[0] = append_published(0, 1);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	for (int n = 1; n < 10; n++)
		p[n] = append_published(n, 1);
	assert_true(until_on_loop(&e.loops, 0, nothing_to_write, NULL, 0));
	settle();
	assert_int_equal(mock_depth(queue), 10); /* written, all of them, and nobody answered */
	for (int n = 0; n < 10; n++)
		assert_int_equal(p[n]->settled, 0);
	mock_unblock(queue, MOCK_SYNC);
	for (int n = 0; n < 10; n++)
		assert_told(p[n], 0);
	assert_int_equal(queue->calls[MOCK_SYNC], 2); /* one for the first, one for the nine behind it */
	finish_test();
}

static void spill_tells_publishers_of_a_failed_sync_and_syncs_again(void **state)
{
	begin_synced(1, 0);
	mock_fail(queue, MOCK_SYNC, 1);
	struct promise *p = append_published(0, 1);

	assert_told(p, PLUQ_EIO);
	assert_non_null(strstr(p->why.text, "sync fails"));
	assert_false(health().storage_ok);
	leap(3 * SEC);
	assert_true(mock_await(queue, MOCK_SYNC, 2));
	p = append_published(1, 1);
	assert_told(p, 0);
	assert_true(health().storage_ok);
	finish_test();
}

/* ---- health ---- */

static void do_good(void *arg)
{
	pluq__health_good(e.broker);
}

static bool nothing_retried(void *arg)
{
	return health().retrying == 0;
}

/* That another queue can be written says nothing of this one. */
static void spill_counts_as_retried_until_it_works(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 3);
	append(0, 5);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	wait_idle();
	on_loop(&e.loops, 0, do_good, NULL);
	assert_true(health().storage_ok);
	assert_int_equal(health().retrying, 1);
	assert_non_null(strstr(health().why.text, "append fails"));
	assert_true(until_after_pauses(all_written, NULL));
	assert_int_equal(health().retrying, 0);
	assert_string_equal(health().why.text, "");
	finish_test();
}

static bool has_tried_again(void *arg)
{
	return queue->calls[MOCK_APPEND] >= 2;
}

static void spill_does_not_count_as_retried_when_nothing_waits(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 1);
	struct promise *p = append_published(0, 1);

	assert_told(p, PLUQ_EIO);
	assert_false(health().storage_ok);
	assert_true(until_after_pauses(nothing_retried, NULL));
	mock_fail(queue, MOCK_APPEND, 1000);
	append(1, 1);
	assert_true(until_after_pauses(has_tried_again, NULL));
	wait_idle();
	assert_int_equal(health().retrying, 1);
	finish_test(); /* nor when it has ended */
	assert_int_equal(health().retrying, 0);
	assert_int_equal(lost(), 1);
	e.loses = 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPILL_TEST(spill_syncs_after_so_many_operations),
	    SPILL_TEST(spill_syncs_after_so_much_time),
	    SPILL_TEST(spill_does_not_wait_for_a_sync),
	    SPILL_TEST(spill_answers_after_the_sync_if_every_one_is_synced),
	    SPILL_TEST(spill_tells_publishers_of_a_failed_sync_and_syncs_again),
	    SPILL_TEST(spill_counts_as_retried_until_it_works),
	    SPILL_TEST(spill_does_not_count_as_retried_when_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
