/* Subscribers are asked about again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/auth/core.h"
#include "auth_rig.h"
#include "cmocka_all.h"

#define TTL (100 * PLUQ__SEC)

static int clear(void **state)
{
	rig_clear();
	plug_allows(&rig.plug[0], PLUQ_MAY_SUBSCRIBE, "^t$", ".*", TTL);
	return 0;
}

/* A subscriber, let in now. */
static struct client *subscriber(int loop)
{
	struct client *c = client_new(loop);

	assert_int_equal(client_opens(c, "s"), 0);
	assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t", "c"), 0);
	assert_int_equal(client_watch(c, "t", "c"), 0);
	return c;
}

static void one_whose_grant_stays_is_asked_about_before_each_end_and_told_nothing(void **state)
{
	struct client *c;

	rig_up(1);
	c = subscriber(1);
	leap(79 * PLUQ__SEC);
	assert_int_equal(rig.plug[0].asked, 1);
	leap(20 * PLUQ__SEC);
	assert_true(until_at_least(&rig.plug[0].asked, 2));
	for (int i = 0; i < 1000; i++)
		leap(PLUQ__SEC);
	assert_in_range(rig.plug[0].asked, 11, 15);
	assert_int_equal(c->watched, 0);
	client_free(&c);
	rig_down();
}

static void one_whose_grant_is_gone_is_told_within_its_time_to_live(void **state)
{
	static const struct {
		int verdict;
		const char *channel;
		int status;
	} cases[] = {
		{PLUQ_AUTH_DENY, ".*", PLUQ_EREFUSED}, {PLUQ_AUTH_SILENT, ".*", PLUQ_ENOGRANT}, {PLUQ_AUTH_ALLOW, "^other$", PLUQ_EDENIED},
	};

	rig_up(1);
	for (int i = 0; i < 3; i++) {
		struct client *c;

		plug_allows(&rig.plug[0], PLUQ_MAY_SUBSCRIBE, "^t$", ".*", TTL);
		c = subscriber(i);
		rig.plug[0].verdict = cases[i].verdict;
		rig.plug[0].channel = cases[i].channel;
		leap(TTL - 1);
		assert_true(until_at_least(&c->watched, 1));
		assert_int_equal(c->watch_status, cases[i].status);
		leap(2 * TTL); /* once */
		assert_int_equal(c->watched, 1);
		client_free(&c);
	}
	rig_down();
}

static void with_deny_errors_end_it_when_its_time_is_over_and_not_before(void **state)
{
	struct client *c;

	rig_up(1);
	c = subscriber(1);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	for (int i = 0; i < 99; i++)
		leap(PLUQ__SEC);
	assert_int_equal(c->watched, 0);
	assert_true(rig.plug[0].asked > 3);
	leap(2 * PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	assert_int_equal(c->watch_status, PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static void an_answer_that_does_not_come_is_no_better_than_an_error(void **state)
{
	struct client *c;

	rig.config.timeout_ns = 1000 * PLUQ__SEC;
	rig_up(1);
	c = subscriber(1);
	rig.plug[0].manner = HELD;
	leap(TTL - PLUQ__SEC);
	assert_true(plug_waits_for(&rig.plug[0], 1));
	assert_int_equal(c->watched, 0);
	leap(2 * PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	assert_int_equal(c->watch_status, PLUQ_EAUTH);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ALLOW));
	leap(PLUQ__SEC);
	assert_int_equal(c->watched, 1);
	client_free(&c);
	rig_down();
}

static void with_stale_errors_end_it_so_much_later(void **state)
{
	struct client *c;

	rig.config.stale_ns = 50 * PLUQ__SEC;
	rig_up(1);
	c = subscriber(1);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	for (int i = 0; i < 149; i++)
		leap(PLUQ__SEC);
	assert_int_equal(c->watched, 0);
	leap(2 * PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	assert_int_equal(c->watch_status, PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static void with_stale_a_backend_that_comes_back_is_believed_at_once(void **state)
{
	struct client *c;

	rig.config.stale_ns = 1000 * PLUQ__SEC;
	rig_up(1);
	c = subscriber(1);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	for (int i = 0; i < 200; i++)
		leap(PLUQ__SEC);
	assert_int_equal(c->watched, 0);
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	for (int i = 0; i < 61; i++) /* the longest gap */
		leap(PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	assert_int_equal(c->watch_status, PLUQ_EREFUSED);
	client_free(&c);
	rig_down();
}

static void a_process_that_stood_still_asks_before_it_cuts_off(void **state)
{
	struct client *c;

	rig_up(1);
	c = subscriber(1);
	leap(10 * TTL);
	assert_true(until_at_least(&rig.plug[0].asked, 2));
	leap(PLUQ__SEC);
	assert_int_equal(c->watched, 0);
	rig.plug[0].manner = HELD;
	leap(10 * TTL);
	assert_true(plug_waits_for(&rig.plug[0], 1));
	leap(PLUQ__SEC);
	assert_int_equal(c->watched, 0);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_DENY));
	assert_true(until_at_least(&c->watched, 1));
	assert_int_equal(c->watch_status, PLUQ_EREFUSED);
	client_free(&c);
	rig_down();
}

static void a_watched_session_goes_on_where_it_arrives(void **state)
{
	struct client *c;

	rig_up(1);
	c = subscriber(0);
	client_move(c, 2);
	assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t", "c"), 0);
	rig.plug[0].manner = HELD;
	leap(TTL - PLUQ__SEC);
	assert_true(plug_waits_for(&rig.plug[0], 1));
	client_move(c, 1); /* while it is asked about */
	assert_int_equal(rig.plug[0].cancelled, 1);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ALLOW));
	rig.plug[0].manner = AT_ONCE;
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	leap(PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	client_free(&c);
	rig_down();
}

static void a_check_joins_the_question_that_the_watch_has_asked(void **state)
{
	struct client *c;

	rig.config.timeout_ns = 1000 * PLUQ__SEC;
	rig.config.stale_ns = 0;
	rig_up(1);
	c = subscriber(1);
	rig.plug[0].manner = HELD;
	leap(10 * TTL);
	assert_true(plug_waits_for(&rig.plug[0], 1));
	assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t", "c"), PLUQ_ELATER);
	assert_int_equal(rig.plug[0].asked, 2);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ALLOW));
	assert_true(until_at_least(&c->checked, 1));
	assert_int_equal(c->check_status, 0);
	assert_int_equal(c->watched, 0);
	client_free(&c);
	rig_down();
}

static void its_callback_may_close(void **state)
{
	struct client *c;

	rig_up(1);
	c = subscriber(1);
	c->closes = true;
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	leap(TTL);
	assert_true(until_at_least(&c->watched, 1));
	assert_null(c->session);
	client_free(&c);
	c = NULL;
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
	c = subscriber(2);
	c->closes = true;
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	for (int i = 0; i < 110; i++)
		leap(PLUQ__SEC);
	assert_true(until_at_least(&c->watched, 1));
	assert_null(c->session);
	client_free(&c);
	rig_down();
}

static void many_let_in_together_do_not_ask_together(void **state)
{
	struct client *c[60];
	int most = 0;

	rig_up(1);
	for (int i = 0; i < 60; i++)
		c[i] = subscriber(i % LOOPS);
	for (int i = 0; i < 100; i++) {
		int before = rig.plug[0].asked;

		leap(PLUQ__SEC);
		if (rig.plug[0].asked - before > most)
			most = rig.plug[0].asked - before;
	}
	assert_true(rig.plug[0].asked >= 120);
	assert_true(most < 40);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(c[i]->watched, 0);
		client_free(&c[i]);
	}
	rig_down();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(one_whose_grant_stays_is_asked_about_before_each_end_and_told_nothing),
		TEST(one_whose_grant_is_gone_is_told_within_its_time_to_live),
		TEST(with_deny_errors_end_it_when_its_time_is_over_and_not_before),
		TEST(an_answer_that_does_not_come_is_no_better_than_an_error),
		TEST(with_stale_errors_end_it_so_much_later),
		TEST(with_stale_a_backend_that_comes_back_is_believed_at_once),
		TEST(a_process_that_stood_still_asks_before_it_cuts_off),
		TEST(a_watched_session_goes_on_where_it_arrives),
		TEST(a_check_joins_the_question_that_the_watch_has_asked),
		TEST(its_callback_may_close),
		TEST(many_let_in_together_do_not_ask_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
