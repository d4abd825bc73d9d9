/* The part of a queue that is in storage: how it is emptied, ended and removed, whatever is under way. */
#include "cmocka_all.h"
#include "spill_rig.h"

/* ---- empty ---- */

static void spill_empties_while_busy(void **state)
{
	begin();
	append(0, 5);
	wait_idle();
	want(5);
	mock_block(queue, MOCK_APPEND);
	struct promise *in_progress = append_published(10, 1);

	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	struct promise *waiting = append_published(11, 2);

	append(13, 2);
	empty();
	assert_told(waiting, 0); /* accepted, and emptied */
	assert_int_equal(told.emptied, 0);
	struct promise *after = append_published(20, 2);

	ask_to_fetch();
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_at_least(&told.emptied, 1));
	assert_int_equal(told.empty_status, 0);
	assert_told(in_progress, 0);
	assert_told(after, 0);
	assert_stored_range(20, 2);
	assert_counts(2, 0, 0);
	want(2);
	take(20, 2, true);
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_empties_while_it_fetches(void **state)
{
	begin();
	append(0, 5);
	wait_idle();
	mock_block(queue, MOCK_FETCH);
	ask_to_fetch();
	assert_true(mock_await_inside(queue, MOCK_FETCH, 1));
	empty();
	mock_unblock(queue, MOCK_FETCH);
	assert_true(until_at_least(&told.emptied, 1));
	assert_counts(0, 0, 0);
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

/* The contract: sync may run beside append, fetch and release, not beside empty. */
static void spill_does_not_empty_beside_a_sync(void **state)
{
	begin_synced(1, 0);
	mock_block(queue, MOCK_SYNC);
	append(0, 1);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	empty();
	settle();
	assert_int_equal(told.emptied, 0);
	mock_unblock(queue, MOCK_SYNC);
	assert_true(until_at_least(&told.emptied, 1));
	/* And none begins while it is being emptied. */
	mock_block(queue, MOCK_EMPTY);
	append(1, 1);
	wait_idle();
	empty();
	assert_true(mock_await_inside(queue, MOCK_EMPTY, 1));
	leap(10 * SEC);
	settle();
	mock_unblock(queue, MOCK_EMPTY);
	assert_true(until_at_least(&told.emptied, 2));
	finish_test();
}

static void spill_answers_two_who_empty_it_and_tells_of_failure(void **state)
{
	begin();
	append(0, 1);
	wait_idle();
	mock_block(queue, MOCK_EMPTY);
	empty();
	assert_true(mock_await_inside(queue, MOCK_EMPTY, 1));
	empty();
	mock_unblock(queue, MOCK_EMPTY);
	assert_true(until_at_least(&told.emptied, 2));
	wait_idle();
	mock_fail(queue, MOCK_EMPTY, 1);
	empty();
	assert_true(until_at_least(&told.emptied, 3));
	assert_int_equal(told.empty_status, PLUQ_EIO);
	assert_false(health().storage_ok);
	finish_test();
}

/* ---- end ---- */

static void spill_ends_with_everything_written(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 3);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(3, 4);
	end(false);
	settle();
	assert_int_equal(told.ended, 0);
	mock_unblock(queue, MOCK_APPEND);
	await_end();
	assert_stored_range(0, 7);
	assert_int_equal(queue->calls[MOCK_CLOSE], 1);
	assert_int_equal(lost(), 0);
}

static void spill_ends_after_the_sync_in_progress(void **state)
{
	begin_synced(1, 0);
	mock_block(queue, MOCK_SYNC);
	struct promise *p = append_published(0, 3);

	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	end(false);
	settle();
	assert_int_equal(told.ended, 0);
	assert_int_equal(queue->inside[MOCK_CLOSE], 0);
	mock_unblock(queue, MOCK_SYNC);
	await_end();
	assert_told(p, 0);
}

static void spill_ends_though_storage_fails_for_a_while(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 2);
	append(0, 7);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	end(false);
	await_end();
	assert_stored_range(0, 7);
	assert_int_equal(lost(), 0);
}

/* What has an older record in storage is not lost: that record stays. */
static void spill_counts_exactly_what_it_loses(void **state)
{
	begin();
	append(0, 2);
	wait_idle();
	want(2);
	uint64_t position = take(0, 1, false);

	mock_fail(queue, MOCK_APPEND, 1000);
	append_in_place_of(0, position, false);
	append(10, 5);
	end(false);
	await_end();
	assert_int_equal(lost(), 5);
	e.loses = 5;
	assert_stored_range(0, 2);
	assert_int_equal(queue->calls[MOCK_CLOSE], 1);
}

static void spill_is_removed_while_busy(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 3);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	struct promise *waiting = append_published(3, 2);
	struct promise *move = append_moved(5, 2);

	end(true);
	/* At once, and not as a failure: what was accepted went with the queue that somebody removed. */
	assert_told(waiting, 0);
	assert_told(move, 0);
	assert_int_equal(told.ended, 0);
	mock_unblock(queue, MOCK_APPEND);
	await_end();
	assert_true(queue->was_removed);
	assert_int_equal(lost(), 0);
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_is_removed_though_storage_fails(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 1000);
	append(0, 3);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	mock_fail(queue, MOCK_REMOVE, 1);
	end(true);
	await_end();
	assert_int_equal(queue->calls[MOCK_REMOVE], 1);
	assert_int_equal(lost(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPILL_TEST(spill_empties_while_busy),
	    SPILL_TEST(spill_empties_while_it_fetches),
	    SPILL_TEST(spill_does_not_empty_beside_a_sync),
	    SPILL_TEST(spill_answers_two_who_empty_it_and_tells_of_failure),
	    SPILL_TEST(spill_ends_with_everything_written),
	    SPILL_TEST(spill_ends_after_the_sync_in_progress),
	    SPILL_TEST(spill_ends_though_storage_fails_for_a_while),
	    SPILL_TEST(spill_counts_exactly_what_it_loses),
	    SPILL_TEST(spill_is_removed_while_busy),
	    SPILL_TEST(spill_is_removed_though_storage_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
