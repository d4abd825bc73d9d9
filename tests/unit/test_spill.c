/* The part of a queue that is in storage, on one loop and the real pool, over a storage that does what it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/broker/health.h"
#include "../../daemon/broker/held.h"
#include "../../daemon/broker/home.h"
#include "../../daemon/broker/spill.h"
#include "cmocka_all.h"
#include "engine_rig.h"
#include "fake_clock.h"

static struct engine e;
static struct pluq__spill spill;
static struct mock_queue *queue;

/* What the owner was told; the loop's, read between steps. */
static _Atomic int changes, ended, pinned_count;
static uint64_t pinned_position, rewritten_position;
static int rewritten_status;
static struct pluq__held *rewritten;
static _Atomic int emptied;
static int empty_status;
static struct pluq__held straggler;

static void on_change(struct pluq__spill *s)
{
	changes++;
}

static void on_pinned(struct pluq__spill *s, uint64_t position)
{
	pinned_position = position;
	pinned_count++;
}

static void on_rewritten(struct pluq__spill *s, struct pluq__held *h, int status, uint64_t position)
{
	rewritten = h;
	rewritten_status = status;
	rewritten_position = position;
}

static const struct pluq__spill_owner owner = {on_change, on_pinned, on_rewritten};

static void on_emptied(void *arg, int status, const struct pluq_why *why)
{
	empty_status = status;
	emptied++;
}

static void on_ended(void *arg)
{
	ended++;
}

/* ---- tickets ---- */

struct promise {
	struct pluq__ticket ticket; /* first */
	_Atomic int settled;
	int status;
	bool was_empty; /* the queue, when it was told */
	struct pluq_why why;
};

static void on_settled(struct pluq__ticket *t, const struct pluq_why *why)
{
	struct promise *p = (struct promise *)t;

	p->status = t->status;
	p->why = *why;
	p->was_empty = pluq__spill_is_empty(&spill);
	p->settled++;
}

/* ---- steps ---- */

enum kind { INTERNAL, PUBLISH, MOVE };

struct step {
	int body, count;
	struct promise *promise;
	enum kind kind;
	bool has_old, rewrite;
	uint64_t position;
	int64_t number;
	int status;
	struct pluq_why why;
};

static void do_append(void *arg)
{
	struct step *s = arg;

	if (s->promise) {
		s->promise->ticket = (struct pluq__ticket){
		    .pending = (uint64_t)s->count, .retry = s->kind == MOVE, .done = on_settled};
		s->promise->settled = 0;
	}
	for (int i = 0; i < s->count; i++) {
		char text[24];
		struct pluq_msg *m = pluq__msg_new((uint32_t)snprintf(text, sizeof(text), "%d", s->body + i));

		memcpy(m->body, text, m->length);
		snprintf(text, sizeof(text), "%016d", s->body + i);
		memcpy(m->id, text, sizeof(m->id));
		m->timestamp_ns = 1000 + s->body + i;
		struct pluq__spill_item item = {.msg = m,
		    .ticket = s->promise ? &s->promise->ticket : NULL,
		    .rewritten = s->rewrite ? &straggler : NULL,
		    .attempts = 3,
		    .due_ns = s->number,
		    .has_old = s->has_old,
		    .old_position = s->position};
		s->status = pluq__spill_append(&spill, &item);
	}
}

static void append(int body, int count, struct promise *promise, enum kind kind)
{
	struct step s = {.body = body, .count = count, .promise = promise, .kind = kind};

	on_loop(&e.loops, 0, do_append, &s);
	assert_int_equal(s.status, 0);
}

static void append_in_place_of(int body, uint64_t position, bool rewrite)
{
	struct step s = {.body = body, .count = 1, .has_old = true, .position = position, .rewrite = rewrite};

	on_loop(&e.loops, 0, do_append, &s);
	assert_int_equal(s.status, 0);
}

static void do_open(void *arg)
{
	pluq__spill_init(&spill, &e.broker->homes[0], &owner, "queue");
	pluq__spill_open(&spill);
}

static void do_named(void *arg)
{
	struct step *s = arg;

	pluq__spill_named(&spill, s->status, &s->why);
}

static void named(int status)
{
	struct step s = {.status = status, .why = {"no metadata"}};

	on_loop(&e.loops, 0, do_named, &s);
}

static void do_want(void *arg)
{
	pluq__spill_want(&spill);
}

static void do_empty(void *arg)
{
	pluq__spill_empty(&spill, on_emptied, NULL);
}

static void do_end(void *arg)
{
	pluq__spill_end(&spill, arg != NULL, on_ended, NULL);
}

static void end(bool removal)
{
	on_loop(&e.loops, 0, do_end, removal ? &e : NULL);
}

static bool is_idle(void *arg)
{
	return !spill.work && !spill.syncing && !spill.turn.next;
}

static void wait_idle(void)
{
	assert_true(until_on_loop(&e.loops, 0, is_idle, NULL, 0));
}

static void read_counts(void *arg)
{
	uint64_t *n = arg;

	n[0] = spill.stored;
	n[1] = spill.fetched.count;
	n[2] = pluq__spill_backlog(&spill);
	n[3] = spill.home->lost;
}

static void assert_counts(uint64_t stored, uint64_t fetched, uint64_t backlog)
{
	uint64_t n[4];

	on_loop(&e.loops, 0, read_counts, n);
	assert_int_equal(n[0], stored);
	assert_int_equal(n[1], fetched);
	assert_int_equal(n[2], backlog);
}

static uint64_t lost(void)
{
	uint64_t n[4];

	on_loop(&e.loops, 0, read_counts, n);
	return n[3];
}

struct taking {
	int first, count, wrong;
	bool release;
	uint64_t position[4096];
};

static void do_take(void *arg)
{
	struct taking *t = arg;

	for (int i = 0; i < t->count; i++) {
		struct pluq__fetched f = *pluq__spill_peek(&spill, 0);
		char want[24];

		snprintf(want, sizeof(want), "%d", t->first + i);
		t->wrong += f.msg->length != strlen(want) || memcmp(f.msg->body, want, f.msg->length) != 0 || f.attempts != 3 ||
		    f.msg->timestamp_ns != 1000 + t->first + i;
		t->position[i] = f.position;
		pluq__spill_pop(&spill, 1);
		pluq__msg_unref(f.msg);
		if (t->release)
			pluq__spill_release(&spill, f.position);
	}
}

/* Takes records that must be these. */
static void take(int first, int count, bool release, uint64_t *position)
{
	struct taking *t = calloc(1, sizeof(*t));

	t->first = first;
	t->count = count;
	t->release = release;
	on_loop(&e.loops, 0, do_take, t);
	assert_int_equal(t->wrong, 0);
	if (position)
		*position = t->position[0];
	free(t);
}

static bool fetched_some(void *arg)
{
	return spill.fetched.count >= (uint64_t)(uintptr_t)arg;
}

static void want(uintptr_t at_least)
{
	on_loop(&e.loops, 0, do_want, NULL);
	assert_true(until_on_loop(&e.loops, 0, fetched_some, (void *)at_least, 0));
}

static void assert_told(struct promise *p, int status)
{
	assert_true(until_at_least(&p->settled, 1));
	assert_int_equal(p->settled, 1);
	assert_int_equal(p->status, status);
	if (status == PLUQ_EIO)
		assert_true(p->why.text[0] != 0);
}

static void assert_stored(const int *bodies, size_t n)
{
	assert_int_equal(mock_depth(queue), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(atoi(mock_at(queue, i)->body), bodies[i]);
}

static void assert_stored_range(int first, size_t n)
{
	assert_int_equal(mock_depth(queue), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(atoi(mock_at(queue, i)->body), first + (int)i);
}

/* Lets pauses pass until fn says so. */
static bool until_in_time(bool (*fn)(void *), void *arg)
{
	for (int i = 0; i < 200; i++) {
		if (until_on_loop(&e.loops, 0, fn, arg, 1))
			return true;
		clock_leap(&e.loops, 100 * MS);
	}
	return false;
}

static bool all_written(void *arg)
{
	return !pluq__spill_backlog(&spill) && is_idle(NULL);
}

static bool has_ended(void *arg)
{
	return ended > 0;
}

/* ---- */

static int setup(void **state)
{
	changes = ended = pinned_count = emptied = 0;
	rewritten = NULL;
	empty_status = rewritten_status = 99;
	clock_reset();
	engine_init(&e);
	queue = mock_queue(&e.storage, "queue");
	e.storage.unnamed_appends = true; /* here the test is the metadata */
	engine_up(&e, 1);
	e.storage.unnamed_appends = true;
	return 0;
}

/* Opened, not yet named. */
static void begin_unnamed(void)
{
	on_loop(&e.loops, 0, do_open, NULL);
}

static void begin(void)
{
	begin_unnamed();
	named(0);
	assert_true(mock_await(queue, MOCK_OPEN, 1));
	wait_idle();
}

static void finish_test(bool removal)
{
	if (!ended)
		end(removal);
	assert_true(until_in_time(has_ended, NULL));
	assert_int_equal(ended, 1);
}

static int teardown(void **state)
{
	if (!ended) { /* the test failed on its way: nothing of it may hold up the others */
		mock_unblock_all(&e.storage);
		end(true);
		until_in_time(has_ended, NULL);
	}
	engine_down(&e);
	return engine_fini(&e);
}

/* ---- append ---- */

static void spill_groups_what_comes_during_an_operation(void **state)
{
	struct promise p[12];

	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 1, &p[0], PUBLISH);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	for (int n = 1; n < 12; n++)
		append(n, 1, &p[n], PUBLISH);
	assert_counts(0, 0, 12);
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	mock_unblock(queue, MOCK_APPEND);
	for (int n = 0; n < 12; n++)
		assert_told(&p[n], 0);
	assert_int_equal(queue->calls[MOCK_APPEND], 2);
	assert_int_equal(queue->batch[0], 1);
	assert_int_equal(queue->batch[1], 11);
	assert_stored_range(0, 12);
	assert_counts(12, 0, 0);
	finish_test(false);
	assert_stored_range(0, 12);
}

static void spill_writes_a_large_batch_in_order(void **state)
{
	struct promise p;

	begin();
	append(0, 3000, &p, PUBLISH);
	assert_told(&p, 0);
	assert_stored_range(0, 3000);
	assert_counts(3000, 0, 0);
	finish_test(false);
}

static void spill_tells_publishers_of_a_failed_append_and_keeps_its_own(void **state)
{
	struct promise first, second, move;

	begin();
	mock_block(queue, MOCK_FETCH); /* nothing */
	mock_block(queue, MOCK_APPEND);
	append(100, 1, NULL, INTERNAL); /* holds the line while the batch forms */
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(0, 1, NULL, INTERNAL);
	append(1, 1, &first, PUBLISH);
	append(2, 1, &move, MOVE);
	append(3, 2, &second, PUBLISH);
	append(5, 1, NULL, INTERNAL);
	queue->fail_at_record = 3; /* 100 and 0 are written, 1 is not */
	mock_unblock(queue, MOCK_APPEND);
	assert_told(&first, PLUQ_EIO);
	assert_told(&second, PLUQ_EIO);
	assert_non_null(strstr(first.why.text, "append fails"));
	assert_false(health(&e).storage_ok);
	/* Whoever is told that it failed must not find the queue empty while others stand in it. */
	assert_false(first.was_empty);
	assert_false(second.was_empty);
	append(6, 1, NULL, INTERNAL);
	assert_int_equal(move.settled, 0);
	assert_true(until_in_time(all_written, NULL));
	assert_told(&move, 0);
	assert_stored((const int[]){100, 0, 2, 5, 6}, 5);
	assert_counts(5, 0, 0);
	assert_true(health(&e).storage_ok);
	mock_unblock(queue, MOCK_FETCH);
	finish_test(false);
	assert_int_equal(lost(), 0);
}

static void spill_is_not_empty_for_the_publisher_that_is_told_of_a_failure(void **state)
{
	struct promise p;

	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 1, &p, PUBLISH);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	mock_unblock(queue, MOCK_APPEND);
	assert_told(&p, 0);
	mock_fail(queue, MOCK_APPEND, 1);
	struct step both = {.body = 1, .count = 1};

	/* In one batch: one of the broker's own, then a publisher's. All before it is in memory or refused. */
	mock_block(queue, MOCK_RELEASE);
	want(1);
	take(0, 1, true, NULL);
	assert_true(mock_await_inside(queue, MOCK_RELEASE, 1));
	on_loop(&e.loops, 0, do_append, &both);
	append(2, 1, &p, PUBLISH);
	mock_unblock(queue, MOCK_RELEASE);
	assert_told(&p, PLUQ_EIO);
	assert_false(p.was_empty);
	assert_true(until_in_time(all_written, NULL));
	assert_stored((const int[]){1}, 1);
	finish_test(false);
}

static void spill_tries_again_until_it_works(void **state)
{
	int64_t start = pluq__clock_mono_ns();

	begin();
	mock_fail(queue, MOCK_APPEND, 6);
	append(0, 5, NULL, INTERNAL);
	assert_true(until_in_time(all_written, NULL));
	assert_int_equal(queue->calls[MOCK_APPEND], 7);
	/* 50, 100, 200 ... ms: six pauses. */
	assert_true(pluq__clock_mono_ns() - start >= (50 + 100 + 200 + 400 + 800 + 1600) * MS);
	assert_stored_range(0, 5);
	finish_test(false);
}

/* A pause after a failure is for the broker's own tries; a publisher has its verdict at once. */
static void spill_does_not_keep_a_publisher_waiting_in_a_pause(void **state)
{
	int64_t start = pluq__clock_mono_ns();
	struct promise p;

	begin();
	mock_fail(queue, MOCK_APPEND, 12);
	for (int n = 0; n < 12; n++) {
		append(n, 1, &p, PUBLISH);
		assert_told(&p, PLUQ_EIO);
	}
	append(12, 1, &p, PUBLISH);
	assert_told(&p, 0);
	/* With the pauses it would be ten seconds and more. */
	assert_true(pluq__clock_mono_ns() - start < 5 * SEC);
	assert_stored_range(12, 1);
	finish_test(false);
}

/* ---- naming ---- */

static void spill_waits_with_the_first_append_for_its_name(void **state)
{
	struct promise p;

	begin_unnamed();
	append(0, 2, &p, PUBLISH);
	assert_true(mock_await(queue, MOCK_OPEN, 1));
	wait_idle();
	settle(&e);
	assert_int_equal(p.settled, 0);
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	named(0);
	assert_told(&p, 0);
	assert_stored_range(0, 2);
	finish_test(false);
}

static void spill_tells_publishers_when_it_cannot_be_named(void **state)
{
	struct promise p, q;

	begin_unnamed();
	append(0, 1, NULL, INTERNAL);
	append(1, 1, &p, PUBLISH);
	named(PLUQ_EIO);
	assert_told(&p, PLUQ_EIO);
	assert_string_equal(p.why.text, "no metadata");
	assert_false(p.was_empty);
	append(2, 1, &q, PUBLISH);
	wait_idle();
	assert_int_equal(queue->calls[MOCK_APPEND], 0);
	named(0);
	assert_told(&q, 0);
	assert_stored((const int[]){0, 2}, 2);
	finish_test(false);
}

/* ---- open ---- */

static void spill_opens_in_the_end(void **state)
{
	struct promise p, q;

	mock_fail(queue, MOCK_OPEN, 3);
	begin_unnamed();
	named(0);
	append(0, 1, NULL, INTERNAL);
	append(1, 1, &p, PUBLISH);
	assert_true(until_in_time(all_written, NULL));
	assert_told(&p, PLUQ_EIO);
	assert_int_equal(queue->calls[MOCK_OPEN], 4);
	append(2, 1, &q, PUBLISH);
	assert_told(&q, 0);
	assert_stored((const int[]){0, 2}, 2);
	finish_test(false);
}

static void spill_that_never_opens_ends_and_counts_what_it_loses(void **state)
{
	mock_fail(queue, MOCK_OPEN, 1000);
	begin_unnamed();
	named(0);
	append(0, 7, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_OPEN, 1));
	end(false);
	assert_true(until_in_time(has_ended, NULL));
	assert_int_equal(lost(), 7);
	assert_int_equal(queue->calls[MOCK_CLOSE], 0);
}

static void spill_that_never_opens_answers_who_empties_it(void **state)
{
	mock_fail(queue, MOCK_OPEN, 1000);
	begin_unnamed();
	named(0);
	append(0, 7, NULL, INTERNAL);
	on_loop(&e.loops, 0, do_empty, NULL);
	end(true);
	assert_true(until_in_time(has_ended, NULL));
	assert_int_equal(emptied, 1);
	assert_int_equal(empty_status, PLUQ_EIO);
	assert_int_equal(queue->calls[MOCK_EMPTY], 0);
	assert_int_equal(queue->calls[MOCK_REMOVE], 0);
	assert_int_equal(lost(), 0);
}

/* ---- fetch and release ---- */

static void spill_fetches_ahead_in_order_within_bounds(void **state)
{
	struct promise p;
	uint64_t most = 0;

	begin();
	append(0, 6000, &p, PUBLISH);
	assert_told(&p, 0);
	for (int first = 0; first < 6000; first += 500) {
		want(500);
		wait_idle();
		if (spill.fetched.count > most)
			most = spill.fetched.count;
		take(first, 500, true, NULL);
	}
	assert_true(most <= PLUQ__FETCH_AHEAD);
	wait_idle();
	assert_counts(0, 0, 0);
	assert_int_equal(mock_depth(queue), 0);
	assert_int_equal(spill.fetched_bytes, 0);
	finish_test(false);
}

static void spill_fetches_again_after_a_failure(void **state)
{
	struct promise p;

	begin();
	append(0, 10, &p, PUBLISH);
	assert_told(&p, 0);
	mock_fail(queue, MOCK_FETCH, 2);
	for (int n = 0; n < 100 && !until_on_loop(&e.loops, 0, fetched_some, (void *)10, 1); n++) {
		on_loop(&e.loops, 0, do_want, NULL);
		clock_leap(&e.loops, 50 * MS);
	}
	assert_int_equal(queue->calls[MOCK_FETCH], 3);
	assert_counts(0, 10, 0);
	take(0, 10, true, NULL);
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

/* The fetch fails in the same operation in which an append succeeds: what is there must stay in sight. */
static void spill_keeps_its_count_when_a_fetch_fails(void **state)
{
	struct promise p;

	begin();
	append(0, 10, &p, PUBLISH);
	assert_told(&p, 0);
	wait_idle();
	mock_block(queue, MOCK_APPEND);
	append(10, 1, NULL, INTERNAL);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(11, 3, NULL, INTERNAL);
	on_loop(&e.loops, 0, do_want, NULL);
	mock_fail(queue, MOCK_FETCH, 1);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(mock_await(queue, MOCK_FETCH, 1));
	assert_true(until_in_time(all_written, NULL));
	assert_counts(14, 0, 0);
	want(14);
	take(0, 14, true, NULL);
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_offers_again_after_a_reopening_what_was_not_released(void **state)
{
	struct promise p;

	begin();
	append(0, 10, &p, PUBLISH);
	assert_told(&p, 0);
	want(10);
	take(0, 4, true, NULL);
	take(4, 2, false, NULL);
	finish_test(false);
	assert_stored_range(4, 6);
	ended = 0;
	begin();
	assert_counts(6, 0, 0);
	want(6);
	take(4, 6, true, NULL);
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_appends_anew_before_it_releases_the_old(void **state)
{
	struct promise p;
	uint64_t position;

	begin();
	append(0, 3, &p, PUBLISH);
	assert_told(&p, 0);
	want(3);
	take(0, 1, false, &position);
	mock_fail(queue, MOCK_APPEND, 1);
	append_in_place_of(50, position, false);
	assert_true(mock_await(queue, MOCK_APPEND, 2));
	assert_stored_range(0, 3); /* the append failed: the old one stands */
	assert_true(until_in_time(all_written, NULL));
	wait_idle();
	assert_stored((const int[]){1, 2, 50}, 3);
	assert_counts(1, 2, 0);
	finish_test(false);
}

static void spill_rewrites_a_pinned_record(void **state)
{
	struct promise p;
	uint64_t position;

	begin();
	append(0, 3, &p, PUBLISH);
	assert_told(&p, 0);
	want(3);
	queue->pin = 1;
	take(0, 1, false, &position);
	take(1, 1, true, NULL); /* its release says that the first pins */
	assert_true(until_at_least(&pinned_count, 1));
	assert_int_equal(pinned_position, position);
	append_in_place_of(0, position, true);
	assert_true(until_in_time(all_written, NULL));
	assert_ptr_equal(rewritten, &straggler);
	assert_int_equal(rewritten_status, 0);
	assert_true(rewritten_position > position);
	wait_idle();
	assert_stored((const int[]){2, 0}, 2);
	assert_int_equal(mock_at(queue, 1)->state, MOCK_HELD);
	assert_int_equal(mock_at(queue, 1)->position, rewritten_position);
	assert_counts(0, 1, 0); /* it is not to be fetched, and does not count as waiting */
	finish_test(false);
	assert_stored((const int[]){2, 0}, 2);
}

static void spill_gives_a_waiting_rewrite_back_when_it_is_emptied(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 1, NULL, INTERNAL);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append_in_place_of(7, 12345, true);
	on_loop(&e.loops, 0, do_empty, NULL);
	assert_ptr_equal(rewritten, &straggler);
	assert_int_equal(rewritten_status, PLUQ_EEXITING);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_at_least(&emptied, 1));
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

/* ---- syncs ---- */

static void setup_sync(int64_t every, int64_t timeout_ns)
{
	e.storage.sync_every = every;
	e.storage.sync_timeout_ns = timeout_ns;
	begin();
}

static void spill_syncs_after_so_many_operations(void **state)
{
	setup_sync(5, 0);
	for (int n = 0; n < 4; n++) {
		append(n, 1, NULL, INTERNAL);
		wait_idle();
	}
	assert_int_equal(queue->calls[MOCK_SYNC], 0);
	append(4, 1, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_SYNC, 1));
	wait_idle();
	/* Releases count as well. */
	want(5);
	take(0, 5, true, NULL);
	assert_true(mock_await(queue, MOCK_SYNC, 2));
	wait_idle();
	clock_leap(&e.loops, 100 * SEC);
	settle(&e);
	assert_int_equal(queue->calls[MOCK_SYNC], 2);
	finish_test(false);
}

static void spill_syncs_after_so_much_time(void **state)
{
	setup_sync(0, 2 * SEC);
	append(0, 3, NULL, INTERNAL);
	wait_idle();
	clock_leap(&e.loops, 1900 * MS);
	settle(&e);
	assert_int_equal(queue->calls[MOCK_SYNC], 0);
	clock_leap(&e.loops, 200 * MS);
	assert_true(mock_await(queue, MOCK_SYNC, 1));
	wait_idle();
	clock_leap(&e.loops, 100 * SEC); /* nothing to sync: it does not */
	settle(&e);
	assert_int_equal(queue->calls[MOCK_SYNC], 1);
	finish_test(false);
}

static void spill_does_not_wait_for_a_sync(void **state)
{
	struct promise p;

	setup_sync(2, 0);
	mock_block(queue, MOCK_SYNC);
	append(0, 2, &p, PUBLISH);
	assert_told(&p, 0);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	for (int n = 2; n < 20; n++) { /* far more than one sync's worth */
		append(n, 1, &p, PUBLISH);
		assert_told(&p, 0);
	}
	want(20);
	take(0, 20, true, NULL);
	assert_int_equal(queue->inside[MOCK_SYNC], 1);
	mock_unblock(queue, MOCK_SYNC);
	assert_true(mock_await(queue, MOCK_SYNC, 2)); /* one more covers them all */
	wait_idle();
	assert_true(queue->calls[MOCK_SYNC] <= 3);
	finish_test(false);
}

static bool nothing_to_write(void *arg)
{
	return !pluq__spill_backlog(&spill) && !spill.work;
}

static void spill_answers_after_the_sync_if_every_one_is_synced(void **state)
{
	struct promise p[10];

	setup_sync(1, 0);
	mock_block(queue, MOCK_SYNC);
	append(0, 1, &p[0], PUBLISH);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	for (int n = 1; n < 10; n++)
		append(n, 1, &p[n], PUBLISH);
	assert_true(until_on_loop(&e.loops, 0, nothing_to_write, NULL, 0));
	settle(&e);
	assert_int_equal(mock_depth(queue), 10); /* written, all of them, and nobody answered */
	for (int n = 0; n < 10; n++)
		assert_int_equal(p[n].settled, 0);
	mock_unblock(queue, MOCK_SYNC);
	for (int n = 0; n < 10; n++)
		assert_told(&p[n], 0);
	assert_int_equal(queue->calls[MOCK_SYNC], 2); /* one for the first, one for the nine behind it */
	finish_test(false);
}

static void spill_tells_publishers_of_a_failed_sync_and_syncs_again(void **state)
{
	struct promise p;

	setup_sync(1, 0);
	mock_fail(queue, MOCK_SYNC, 1);
	append(0, 1, &p, PUBLISH);
	assert_told(&p, PLUQ_EIO);
	assert_non_null(strstr(p.why.text, "sync fails"));
	assert_false(health(&e).storage_ok);
	clock_leap(&e.loops, 3 * SEC);
	assert_true(mock_await(queue, MOCK_SYNC, 2));
	append(1, 1, &p, PUBLISH);
	assert_told(&p, 0);
	assert_true(health(&e).storage_ok);
	finish_test(false);
}

/* ---- empty ---- */

static void spill_empties_while_busy(void **state)
{
	struct promise in_progress, waiting, after;

	begin();
	append(0, 5, NULL, INTERNAL);
	wait_idle();
	want(5);
	mock_block(queue, MOCK_APPEND);
	append(10, 1, &in_progress, PUBLISH);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(11, 2, &waiting, PUBLISH);
	append(13, 2, NULL, INTERNAL);
	on_loop(&e.loops, 0, do_empty, NULL);
	assert_told(&waiting, 0); /* accepted, and emptied */
	assert_int_equal(emptied, 0);
	append(20, 2, &after, PUBLISH);
	on_loop(&e.loops, 0, do_want, NULL);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_at_least(&emptied, 1));
	assert_int_equal(empty_status, 0);
	assert_told(&in_progress, 0);
	assert_told(&after, 0);
	assert_stored_range(20, 2);
	assert_counts(2, 0, 0);
	want(2);
	take(20, 2, true, NULL);
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_empties_while_it_fetches(void **state)
{
	begin();
	append(0, 5, NULL, INTERNAL);
	wait_idle();
	mock_block(queue, MOCK_FETCH);
	on_loop(&e.loops, 0, do_want, NULL);
	assert_true(mock_await_inside(queue, MOCK_FETCH, 1));
	on_loop(&e.loops, 0, do_empty, NULL);
	mock_unblock(queue, MOCK_FETCH);
	assert_true(until_at_least(&emptied, 1));
	assert_counts(0, 0, 0);
	finish_test(false);
	assert_int_equal(mock_depth(queue), 0);
}

/* The contract: sync may run beside append, fetch and release, not beside empty. */
static void spill_does_not_empty_beside_a_sync(void **state)
{
	setup_sync(1, 0);
	mock_block(queue, MOCK_SYNC);
	append(0, 1, NULL, INTERNAL);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	on_loop(&e.loops, 0, do_empty, NULL);
	settle(&e);
	assert_int_equal(emptied, 0);
	mock_unblock(queue, MOCK_SYNC);
	assert_true(until_at_least(&emptied, 1));
	/* And none begins while it is being emptied. */
	mock_block(queue, MOCK_EMPTY);
	append(1, 1, NULL, INTERNAL);
	wait_idle();
	on_loop(&e.loops, 0, do_empty, NULL);
	assert_true(mock_await_inside(queue, MOCK_EMPTY, 1));
	clock_leap(&e.loops, 10 * SEC);
	settle(&e);
	mock_unblock(queue, MOCK_EMPTY);
	assert_true(until_at_least(&emptied, 2));
	finish_test(false);
}

static void spill_answers_two_who_empty_it_and_tells_of_failure(void **state)
{
	begin();
	append(0, 1, NULL, INTERNAL);
	wait_idle();
	mock_block(queue, MOCK_EMPTY);
	on_loop(&e.loops, 0, do_empty, NULL);
	assert_true(mock_await_inside(queue, MOCK_EMPTY, 1));
	on_loop(&e.loops, 0, do_empty, NULL);
	mock_unblock(queue, MOCK_EMPTY);
	assert_true(until_at_least(&emptied, 2));
	wait_idle();
	mock_fail(queue, MOCK_EMPTY, 1);
	on_loop(&e.loops, 0, do_empty, NULL);
	assert_true(until_at_least(&emptied, 3));
	assert_int_equal(empty_status, PLUQ_EIO);
	assert_false(health(&e).storage_ok);
	finish_test(false);
}

/* ---- health ---- */

static void do_good(void *arg)
{
	pluq__health_good(e.broker);
}

static bool nothing_retried(void *arg)
{
	return health(&e).retrying == 0;
}

/* That another queue can be written says nothing of this one. */
static void spill_counts_as_retried_until_it_works(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 3);
	append(0, 5, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	wait_idle();
	on_loop(&e.loops, 0, do_good, NULL);
	assert_true(health(&e).storage_ok);
	assert_int_equal(health(&e).retrying, 1);
	assert_non_null(strstr(health(&e).why.text, "append fails"));
	assert_true(until_in_time(all_written, NULL));
	assert_int_equal(health(&e).retrying, 0);
	assert_string_equal(health(&e).why.text, "");
	finish_test(false);
}

static void spill_does_not_count_as_retried_when_nothing_waits(void **state)
{
	struct promise p;

	begin();
	mock_fail(queue, MOCK_APPEND, 1);
	append(0, 1, &p, PUBLISH);
	assert_told(&p, PLUQ_EIO);
	assert_false(health(&e).storage_ok);
	assert_true(until_in_time(nothing_retried, NULL));
	mock_fail(queue, MOCK_APPEND, 1000);
	append(1, 1, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_APPEND, 3));
	wait_idle();
	assert_int_equal(health(&e).retrying, 1);
	finish_test(false); /* nor when it has ended */
	assert_int_equal(health(&e).retrying, 0);
	assert_int_equal(lost(), 1);
}

/* ---- end ---- */

static void spill_ends_with_everything_written(void **state)
{
	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 3, NULL, INTERNAL);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(3, 4, NULL, INTERNAL);
	end(false);
	settle(&e);
	assert_int_equal(ended, 0);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_in_time(has_ended, NULL));
	assert_stored_range(0, 7);
	assert_int_equal(queue->calls[MOCK_CLOSE], 1);
	assert_int_equal(lost(), 0);
}

static void spill_ends_after_the_sync_in_progress(void **state)
{
	struct promise p;

	setup_sync(1, 0);
	mock_block(queue, MOCK_SYNC);
	append(0, 3, &p, PUBLISH);
	assert_true(mock_await_inside(queue, MOCK_SYNC, 1));
	end(false);
	settle(&e);
	assert_int_equal(ended, 0);
	assert_int_equal(queue->inside[MOCK_CLOSE], 0);
	mock_unblock(queue, MOCK_SYNC);
	assert_true(until_in_time(has_ended, NULL));
	assert_told(&p, 0);
}

static void spill_ends_though_storage_fails_for_a_while(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 2);
	append(0, 7, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	end(false);
	assert_true(until_in_time(has_ended, NULL));
	assert_stored_range(0, 7);
	assert_int_equal(lost(), 0);
}

/* What has an older record in storage is not lost: that record stays. */
static void spill_counts_exactly_what_it_loses(void **state)
{
	uint64_t position;

	begin();
	append(0, 2, NULL, INTERNAL);
	wait_idle();
	want(2);
	take(0, 1, false, &position);
	mock_fail(queue, MOCK_APPEND, 1000);
	append_in_place_of(0, position, false);
	append(10, 5, NULL, INTERNAL);
	end(false);
	assert_true(until_in_time(has_ended, NULL));
	assert_int_equal(lost(), 5);
	assert_stored_range(0, 2);
	assert_int_equal(queue->calls[MOCK_CLOSE], 1);
}

static void spill_is_removed_while_busy(void **state)
{
	struct promise waiting, move;

	begin();
	mock_block(queue, MOCK_APPEND);
	append(0, 3, NULL, INTERNAL);
	assert_true(mock_await_inside(queue, MOCK_APPEND, 1));
	append(3, 2, &waiting, PUBLISH);
	append(5, 2, &move, MOVE);
	end(true);
	/* At once, and not as a failure: what was accepted went with the queue that somebody removed. */
	assert_told(&waiting, 0);
	assert_told(&move, 0);
	assert_int_equal(ended, 0);
	mock_unblock(queue, MOCK_APPEND);
	assert_true(until_in_time(has_ended, NULL));
	assert_true(queue->was_removed);
	assert_int_equal(lost(), 0);
	assert_int_equal(mock_depth(queue), 0);
}

static void spill_is_removed_though_storage_fails(void **state)
{
	begin();
	mock_fail(queue, MOCK_APPEND, 1000);
	append(0, 3, NULL, INTERNAL);
	assert_true(mock_await(queue, MOCK_APPEND, 1));
	mock_fail(queue, MOCK_REMOVE, 1);
	end(true);
	assert_true(until_in_time(has_ended, NULL));
	assert_int_equal(queue->calls[MOCK_REMOVE], 1);
	assert_int_equal(lost(), 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(spill_groups_what_comes_during_an_operation),
	    TEST(spill_writes_a_large_batch_in_order),
	    TEST(spill_tells_publishers_of_a_failed_append_and_keeps_its_own),
	    TEST(spill_is_not_empty_for_the_publisher_that_is_told_of_a_failure),
	    TEST(spill_tries_again_until_it_works),
	    TEST(spill_does_not_keep_a_publisher_waiting_in_a_pause),
	    TEST(spill_waits_with_the_first_append_for_its_name),
	    TEST(spill_tells_publishers_when_it_cannot_be_named),
	    TEST(spill_opens_in_the_end),
	    TEST(spill_that_never_opens_ends_and_counts_what_it_loses),
	    TEST(spill_that_never_opens_answers_who_empties_it),
	    TEST(spill_fetches_ahead_in_order_within_bounds),
	    TEST(spill_fetches_again_after_a_failure),
	    TEST(spill_keeps_its_count_when_a_fetch_fails),
	    TEST(spill_offers_again_after_a_reopening_what_was_not_released),
	    TEST(spill_appends_anew_before_it_releases_the_old),
	    TEST(spill_rewrites_a_pinned_record),
	    TEST(spill_gives_a_waiting_rewrite_back_when_it_is_emptied),
	    TEST(spill_syncs_after_so_many_operations),
	    TEST(spill_syncs_after_so_much_time),
	    TEST(spill_does_not_wait_for_a_sync),
	    TEST(spill_answers_after_the_sync_if_every_one_is_synced),
	    TEST(spill_tells_publishers_of_a_failed_sync_and_syncs_again),
	    TEST(spill_empties_while_busy),
	    TEST(spill_empties_while_it_fetches),
	    TEST(spill_does_not_empty_beside_a_sync),
	    TEST(spill_answers_two_who_empty_it_and_tells_of_failure),
	    TEST(spill_counts_as_retried_until_it_works),
	    TEST(spill_does_not_count_as_retried_when_nothing_waits),
	    TEST(spill_ends_with_everything_written),
	    TEST(spill_ends_after_the_sync_in_progress),
	    TEST(spill_ends_though_storage_fails_for_a_while),
	    TEST(spill_counts_exactly_what_it_loses),
	    TEST(spill_is_removed_while_busy),
	    TEST(spill_is_removed_though_storage_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
