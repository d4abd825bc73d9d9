/* The part of a queue that is in storage: appending, naming, opening, fetching and releasing. */
#include <string.h>

#include "../../daemon/base/clock.h"
#include "cmocka_all.h"
#include "spill_rig.h"

/* ---- append ---- */

static void spill_groups_what_comes_during_an_operation(void **state)
{
	struct promise *p[12];

	begin();
	mock_block(queue, MOCK_APPEND);
	p[0] = append_published(0, 1);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	for (int n = 1; n < 12; n++)
		p[n] = append_published(n, 1);
	assert_counts(0, 0, 12);
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	mock_unblock(queue, MOCK_APPEND);
	for (int n = 0; n < 12; n++)
		assert_told(p[n], 0);
	assert_int_equal(queue->calls[MOCK_APPEND], 2);
	assert_int_equal(queue->batch[0], 1);
	assert_int_equal(queue->batch[1], 11);
	assert_stored_range(0, 12);
	assert_counts(12, 0, 0);
	finish_test();
	assert_stored_range(0, 12);
}

static void spill_writes_a_large_batch_in_order(void **state)
{
	begin();
	struct promise *p = append_published(0, 3000);

	assert_told(p, 0);
	assert_stored_range(0, 3000);
	assert_counts(3000, 0, 0);
	finish_test();
}

static void spill_tells_publishers_of_a_failed_append_and_keeps_its_own(void **state)
{
	begin();
	mock_block(queue, MOCK_FETCH); /* nothing */
	mock_block(queue, MOCK_APPEND);
	append(100, 1); /* holds the line while the batch forms */
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(0, 1);
	struct promise *first = append_published(1, 1);
	struct promise *move = append_moved(2, 1);
	struct promise *second = append_published(3, 2);

	append(5, 1);
	queue->fail_at_record = 3; /* 100 and 0 are written, 1 is not */
	mock_unblock(queue, MOCK_APPEND);
	assert_told(first, PLUQ_EIO);
	assert_told(second, PLUQ_EIO);
	assert_non_null(strstr(first->why.text, "append fails"));
	assert_false(health().storage_ok);
	/* Whoever is told that it failed must not find the queue empty while others stand in it. */
	assert_false(first->was_empty);
	assert_false(second->was_empty);
	append(6, 1);
	assert_int_equal(move->settled, 0);
	assert_true(until_after_pauses(all_written, NULL));
	assert_told(move, 0);
	assert_stored((const int[]){100, 0, 2, 5, 6}, 5);
	assert_counts(5, 0, 0);
	assert_true(health().storage_ok);
	mock_unblock(queue, MOCK_FETCH);
	finish_test();
	assert_int_equal(lost(), 0);
}

static void spill_is_not_empty_for_the_publisher_that_is_told_of_a_failure(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	struct promise *p = append_published(0, 1);

	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	mock_unblock(queue, MOCK_APPEND);
	assert_told(p, 0);
	mock_fail(queue, MOCK_APPEND, 1);
	/* In one batch: one of the broker's own, then a publisher's. All before it is in memory or refused. */
	mock_block(queue, MOCK_RELEASE);
	want(1);
	take(0, 1, true);
	assert_true(mock_await_inside(queue, MOCK_RELEASE, 1));
	append(1, 1);
	p = append_published(2, 1);
	mock_unblock(queue, MOCK_RELEASE);
	assert_told(p, PLUQ_EIO);
	assert_false(p->was_empty);
	assert_true(until_after_pauses(all_written, NULL));
	assert_stored((const int[]){1}, 1);
	finish_test();
}

static void spill_tries_again_until_it_works(void **state)
{
	int64_t start = pluq__clock_mono_ns();

	begin();
	mock_fail(queue, MOCK_APPEND, 6);
	append(0, 5);
	assert_true(until_after_pauses(all_written, NULL));
	assert_int_equal(queue->calls[MOCK_APPEND], 7);
	/* 50, 100, 200 ... ms: six pauses. */
	assert_true(pluq__clock_mono_ns() - start >= (50 + 100 + 200 + 400 + 800 + 1600) * MS);
	assert_stored_range(0, 5);
	finish_test();
}

/* A pause after a failure is for the broker's own tries; a publisher has its verdict at once. */
static void spill_does_not_keep_a_publisher_waiting_in_a_pause(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 12);
	for (int n = 0; n < 12; n++)
		assert_told(append_published(n, 1), PLUQ_EIO); /* though no time passes */
	assert_told(append_published(12, 1), 0);
	assert_stored_range(12, 1);
	finish_test();
}

/* ---- naming ---- */

static void spill_waits_with_the_first_append_for_its_name(void **state)
{
	begin_unnamed();
	struct promise *p = append_published(0, 2);

	assert_true(mock_await(queue, MOCK_OPEN, 1));
	wait_idle();
	settle();
	assert_int_equal(p->settled, 0);
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	named(0);
	assert_told(p, 0);
	assert_stored_range(0, 2);
	finish_test();
}

static void spill_tells_publishers_when_it_cannot_be_named(void **state)
{
	begin_unnamed();
	append(0, 1);
	struct promise *p = append_published(1, 1);

	named(PLUQ_EIO);
	assert_told(p, PLUQ_EIO);
	assert_string_equal(p->why.text, "no metadata");
	assert_false(p->was_empty);
	struct promise *q = append_published(2, 1);

	wait_idle();
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	named(0);
	assert_told(q, 0);
	assert_stored((const int[]){0, 2}, 2);
	finish_test();
}

/* ---- open ---- */

static void spill_opens_in_the_end(void **state)
{
	mock_fail(queue, MOCK_OPEN, 3);
	begin_unnamed();
	named(0);
	append(0, 1);
	struct promise *p = append_published(1, 1);

	assert_true(until_after_pauses(all_written, NULL));
	assert_told(p, PLUQ_EIO);
	assert_int_equal(queue->calls[MOCK_OPEN], 4);
	struct promise *q = append_published(2, 1);

	assert_told(q, 0);
	assert_stored((const int[]){0, 2}, 2);
	finish_test();
}

static void spill_that_never_opens_ends_and_counts_what_it_loses(void **state)
{
	mock_fail(queue, MOCK_OPEN, 1000);
	begin_unnamed();
	named(0);
	append(0, 7);
	assert_true(mock_await(queue, MOCK_OPEN, 1));
	end(false);
	await_end();
	assert_int_equal(lost(), 7);
	e.loses = 7;
	assert_int_equal(queue->calls[MOCK_CLOSE], 0);
}

static void spill_that_never_opens_answers_who_empties_it(void **state)
{
	mock_fail(queue, MOCK_OPEN, 1000);
	begin_unnamed();
	named(0);
	append(0, 7);
	empty();
	end(true);
	await_end();
	assert_int_equal(told.emptied, 1);
	assert_int_equal(told.empty_status, PLUQ_EIO);
	assert_int_equal(queue->calls[MOCK_EMPTY], 0);
	assert_int_equal(queue->calls[MOCK_REMOVE], 0);
	assert_int_equal(lost(), 0);
}

/* ---- fetch and release ---- */

static void spill_fetches_ahead_in_order_within_bounds(void **state)
{
	uint64_t most = 0;

	begin();
	struct promise *p = append_published(0, 6000);

	assert_told(p, 0);
	for (int first = 0; first < 6000; first += 500) {
		want(500);
		wait_idle();
		if (spill.fetched.count > most)
			most = spill.fetched.count;
		take(first, 500, true);
	}
	assert_true(most <= PLUQ__FETCH_AHEAD);
	wait_idle();
	assert_counts(0, 0, 0);
	assert_int_equal(mock_depth(queue), 0);
	assert_int_equal(spill.fetched_bytes, 0);
	finish_test();
}

static bool has_fetched_if_asked(void *at_least)
{
	ask_to_fetch();
	return has_fetched(at_least);
}

static void spill_fetches_again_after_a_failure(void **state)
{
	begin();
	struct promise *p = append_published(0, 10);

	assert_told(p, 0);
	mock_fail(queue, MOCK_FETCH, 2);
	assert_true(until_after_pauses(has_fetched_if_asked, (void *)10));
	assert_int_equal(queue->calls[MOCK_FETCH], 3);
	assert_counts(0, 10, 0);
	take(0, 10, true);
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

/* The fetch fails in the same operation in which an append succeeds: what is there must stay in sight. */
static void spill_keeps_its_count_when_a_fetch_fails(void **state)
{
	begin();
	struct promise *p = append_published(0, 10);

	assert_told(p, 0);
	wait_idle();
	mock_block(queue, MOCK_APPEND);
	append(10, 1);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(11, 3);
	ask_to_fetch();
	mock_fail(queue, MOCK_FETCH, 1);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(mock_await(queue, MOCK_FETCH, 1));
	assert_true(until_after_pauses(all_written, NULL));
	assert_counts(14, 0, 0);
	assert_true(until_after_pauses(has_fetched_if_asked, (void *)14));
	take(0, 14, true);
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_offers_again_after_a_reopening_what_was_not_released(void **state)
{
	begin();
	struct promise *p = append_published(0, 10);

	assert_told(p, 0);
	want(10);
	take(0, 4, true);
	take(4, 2, false);
	finish_test();
	assert_stored_range(4, 6);
	told.ended = 0;
	begin();
	assert_counts(6, 0, 0);
	want(6);
	take(4, 6, true);
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_appends_anew_before_it_releases_the_old(void **state)
{
	begin();
	struct promise *p = append_published(0, 3);

	assert_told(p, 0);
	want(3);
	uint64_t position = take(0, 1, false);

	mock_fail(queue, MOCK_APPEND, 1);
	append_in_place_of(50, position, false);
	assert_true(mock_await(queue, MOCK_APPEND, 2));
	assert_stored_range(0, 3); /* the append failed: the old one stands */
	assert_true(until_after_pauses(all_written, NULL));
	wait_idle();
	assert_stored((const int[]){1, 2, 50}, 3);
	assert_counts(1, 2, 0);
	finish_test();
}

static void spill_rewrites_a_pinned_record(void **state)
{
	begin();
	struct promise *p = append_published(0, 3);

	assert_told(p, 0);
	want(3);
	queue->pin = 1;
	uint64_t position = take(0, 1, false);

	take(1, 1, true); /* its release says that the first pins */
	assert_true(until_at_least(&told.pinned, 1));
	assert_int_equal(told.pinned_position, position);
	append_in_place_of(0, position, true);
	assert_true(until_after_pauses(all_written, NULL));
	assert_ptr_equal(told.rewritten, &straggler);
	assert_int_equal(told.rewritten_status, 0);
	assert_true(told.rewritten_position > position);
	wait_idle();
	assert_stored((const int[]){2, 0}, 2);
	assert_int_equal(mock_at(queue, 1)->state, MOCK_HELD);
	assert_int_equal(mock_at(queue, 1)->position, told.rewritten_position);
	assert_counts(0, 1, 0); /* it is not to be fetched, and does not count as waiting */
	finish_test();
	assert_stored((const int[]){2, 0}, 2);
}

static void spill_gives_a_waiting_rewrite_back_when_it_is_emptied(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 1);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append_in_place_of(7, 12345, true);
	empty();
	assert_ptr_equal(told.rewritten, &straggler);
	assert_int_equal(told.rewritten_status, PLUQ_EEXITING);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_at_least(&told.emptied, 1));
	finish_test();
	assert_int_equal(mock_depth(queue), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPILL_TEST(spill_groups_what_comes_during_an_operation),
	    SPILL_TEST(spill_writes_a_large_batch_in_order),
	    SPILL_TEST(spill_tells_publishers_of_a_failed_append_and_keeps_its_own),
	    SPILL_TEST(spill_is_not_empty_for_the_publisher_that_is_told_of_a_failure),
	    SPILL_TEST(spill_tries_again_until_it_works),
	    SPILL_TEST(spill_does_not_keep_a_publisher_waiting_in_a_pause),
	    SPILL_TEST(spill_waits_with_the_first_append_for_its_name),
	    SPILL_TEST(spill_tells_publishers_when_it_cannot_be_named),
	    SPILL_TEST(spill_opens_in_the_end),
	    SPILL_TEST(spill_that_never_opens_ends_and_counts_what_it_loses),
	    SPILL_TEST(spill_that_never_opens_answers_who_empties_it),
	    SPILL_TEST(spill_fetches_ahead_in_order_within_bounds),
	    SPILL_TEST(spill_fetches_again_after_a_failure),
	    SPILL_TEST(spill_keeps_its_count_when_a_fetch_fails),
	    SPILL_TEST(spill_offers_again_after_a_reopening_what_was_not_released),
	    SPILL_TEST(spill_appends_anew_before_it_releases_the_old),
	    SPILL_TEST(spill_rewrites_a_pinned_record),
	    SPILL_TEST(spill_gives_a_waiting_rewrite_back_when_it_is_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
