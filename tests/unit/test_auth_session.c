#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/auth/core.h"
#include "auth_rig.h"
#include "cmocka_all.h"

#define BOTH (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH)
#define TTL (100 * PLUQ__SEC)

static int clear(void **state)
{
	rig_clear();
	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", TTL);
	return 0;
}

static void a_session_tells_what_may_be_done(void **state)
{
	struct client *c = client_new(1);

	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	assert_string_equal(pluq__auth_table.identity(c->session), "someone");
	assert_string_equal(pluq__auth_table.identity_url(c->session), "http://who/");
	assert_int_equal(pluq__auth_table.grant_count(c->session), 1);
	for (int i = 0; i < 3; i++) { /* again: from the memo */
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
		assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t", "c"), 0);
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "u", ""), PLUQ_EDENIED);
		assert_int_equal(client_check(c, PLUQ_MAY_ADMIN, "t", ""), PLUQ_EDENIED);
	}
	assert_int_equal(rig.plug[0].asked, 1);
	client_free(&c);
	rig_down();
}

/* The table in the notes about the original. */
static void publishing_is_matched_against_the_empty_channel(void **state)
{
	static const struct {
		const char *channel;
		int publish, subscribe;
	} cases[] = {
		{NULL, PLUQ_EDENIED, PLUQ_EDENIED}, {"ch", PLUQ_EDENIED, PLUQ_EDENIED}, {"^ch$", PLUQ_EDENIED, PLUQ_EDENIED},
		{".*", 0, 0}, {"", 0, 0}, {"^$", 0, PLUQ_EDENIED},
	};

	rig_up(1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct client *c = client_new(0);

		rig.plug[0].channel = cases[i].channel;
		assert_int_equal(client_opens(c, "s"), 0);
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), cases[i].publish);
		assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t", "d"), cases[i].subscribe);
		client_free(&c);
	}
	rig_down();
}

static void more_names_than_the_memo_holds_are_judged_right(void **state)
{
	struct client *c = client_new(0);
	char name[300];

	rig.plug[0].topic = "[02468]$";
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			snprintf(name, sizeof(name), "%d", i);
			assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, name, ""), i % 2 ? PLUQ_EDENIED : 0);
		}
		memset(name, '0', 299);
		name[299] = 0;
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, name, ""), 0);
	}
	client_free(&c);
	rig_down();
}

static void refusals_and_errors_have_each_their_status(void **state)
{
	struct client *c = client_new(0);

	rig_up(1);
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	assert_int_equal(client_opens(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_SILENT;
	assert_int_equal(client_opens(c, "s"), PLUQ_ENOGRANT);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	assert_int_equal(client_opens(c, "s"), PLUQ_EAUTH);
	client_close(c);
	plug_allows(&rig.plug[0], BOTH, NULL, NULL, 0);
	assert_int_equal(client_opens(c, "s"), PLUQ_ENOGRANT);
	client_close(c);
	plug_allows(&rig.plug[0], 0, "t", ".*", 0);
	assert_int_equal(client_opens(c, "s"), PLUQ_ENOGRANT);
	client_close(c);
	plug_allows(&rig.plug[0], BOTH, "(", ".*", 0);
	assert_int_equal(client_opens(c, "s"), PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static void many_patterns_are_compiled_on_the_pool(void **state)
{
	struct client *c = client_new(2);

	plug_allows(&rig.plug[0], BOTH, "^t[0-9]{1,3}$", "^(c|d)$", TTL);
	rig.plug[0].grants = 5000;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	assert_int_equal(pluq__auth_table.grant_count(c->session), 5000);
	assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, "t12", "c"), 0);
	client_close(c);
	for (int i = 0; i < 10; i++) { /* closed while that goes on */
		assert_int_equal(client_open(c, "s"), 0);
		client_close(c);
	}
	plug_allows(&rig.plug[0], BOTH, "^t[0-9$", "^(c|d)$", TTL);
	assert_int_equal(client_opens(c, "s"), PLUQ_EAUTH);
	client_close(c);
	plug_allows(&rig.plug[0], BOTH, "((a{1,30}){1,30}){1,50}", "x", TTL); /* some 20 KiB each */
	rig.plug[0].grants = 5000;
	assert_int_equal(client_opens(c, "s"), PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static void catastrophic_patterns_hold_nobody_up(void **state)
{
	struct client *c = client_new(0);
	char name[65];
	int64_t begin;

	memset(name, 'a', 63);
	name[63] = '_';
	name[64] = 0;
	plug_allows(&rig.plug[0], BOTH, "^(a+)+$", "^(a+)+$", TTL);
	rig.plug[0].grants = 200;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "a", ""), PLUQ_EDENIED);
	clock_let_go();
	begin = pluq__clock_mono_ns();
	assert_int_equal(client_check(c, PLUQ_MAY_SUBSCRIBE, name, name), PLUQ_EDENIED);
	assert_true(pluq__clock_mono_ns() - begin < 5 * PLUQ__SEC); /* 200 times the limit would be more than that */
	client_free(&c);
	rig_down();
}

/* --- expiry ------------------------------------------------------------------------------------------------------- */

static void after_its_time_to_live_the_chain_is_asked_again(void **state)
{
	struct client *c = client_new(1);

	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL - PLUQ__SEC);
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	leap(PLUQ__SEC);
	rig.plug[0].topic = "^u$"; /* it has changed its mind */
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), PLUQ_ELATER);
	assert_true(until_at_least(&c->checked, 1));
	assert_int_equal(c->check_status, PLUQ_EDENIED);
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "u", ""), 0);
	assert_int_equal(rig.plug[0].asked, 2);
	assert_string_equal(rig.plug[0].secret, "s");
	client_free(&c);
	rig_down();
}

static void when_asked_again_refusals_and_errors_are_told(void **state)
{
	static const struct {
		int verdict, status;
	} cases[] = {{PLUQ_AUTH_DENY, PLUQ_EREFUSED}, {PLUQ_AUTH_SILENT, PLUQ_ENOGRANT}, {PLUQ_AUTH_ERROR, PLUQ_EAUTH}};

	rig_up(1);
	for (int i = 0; i < 3; i++) {
		struct client *c = client_new(1);

		plug_allows(&rig.plug[0], BOTH, "^t$", ".*", TTL);
		assert_int_equal(client_opens(c, "s"), 0);
		leap(TTL);
		rig.plug[0].verdict = cases[i].verdict;
		assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), cases[i].status);
		assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), cases[i].status);
		rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
		assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
		client_free(&c);
	}
	rig_down();
}

static void a_stale_verdict_holds_while_the_backend_is_down(void **state)
{
	struct client *c = client_new(1);
	int asked;

	rig.config.stale_ns = 1000 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), PLUQ_ELATER);
	assert_true(until_at_least(&c->checked, 1));
	assert_int_equal(c->check_status, 0);
	asked = rig.plug[0].asked;
	for (int i = 0; i < 100; i++) { /* at once, and it is not asked each time */
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "u", ""), PLUQ_EDENIED);
	}
	assert_int_equal(rig.plug[0].asked, asked);
	for (int i = 0; i < 500; i++) {
		leap(PLUQ__SEC);
		assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	}
	assert_in_range(rig.plug[0].asked - asked, 8, 30); /* at gaps that grow to a minute */
	leap(500 * PLUQ__SEC);
	assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static bool is_refused(void *arg)
{
	return client_checks(arg, PLUQ_MAY_PUBLISH, "t", "") == PLUQ_EREFUSED;
}

static void a_refusal_takes_force_at_once_also_on_a_stale_verdict(void **state)
{
	struct client *c = client_new(1);

	rig.config.stale_ns = 1000 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	leap(2 * PLUQ__SEC);
	assert_true(until(is_refused, c));
	rig.plug[0].verdict = PLUQ_AUTH_ERROR; /* what was refused is not let in again by an error */
	assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), PLUQ_EREFUSED);
	client_free(&c);
	rig_down();
}

static void a_stale_verdict_recovers(void **state)
{
	struct client *c = client_new(1);
	int asked;

	rig.config.stale_ns = 1000 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
	leap(2 * PLUQ__SEC);
	asked = rig.plug[0].asked;
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	leap(PLUQ__SEC);
	assert_int_equal(rig.plug[0].asked, asked + 1);
	leap(TTL - 2 * PLUQ__SEC);
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	assert_int_equal(rig.plug[0].asked, asked + 1);
	client_free(&c);
	rig_down();
}

/* --- closing ------------------------------------------------------------------------------------------------------ */

static void closed_in_every_state_nothing_is_told(void **state)
{
	struct client *c = client_new(1);

	rig_up(1);
	assert_int_equal(client_open(c, "s"), 0); /* what is known at once may be told before */
	client_close(c);
	rig.plug[0].manner = HELD;
	assert_int_equal(client_open(c, "s"), 0);
	assert_true(plug_waits_for(&rig.plug[0], 1));
	c->opened = 0;
	client_close(c);
	assert_int_equal(rig.plug[0].cancelled, 1);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ALLOW));
	rig.plug[0].manner = AT_ONCE;
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL);
	rig.plug[0].manner = HELD;
	assert_int_equal(client_check(c, PLUQ_MAY_PUBLISH, "t", ""), PLUQ_ELATER);
	client_close(c);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ALLOW));
	leap(PLUQ__SEC);
	assert_int_equal(c->opened, 1);
	assert_int_equal(c->checked, 0);
	client_free(&c);
	rig_down();
}

static void callbacks_may_close(void **state)
{
	struct client *c = client_new(1);

	rig_up(1);
	c->closes = true;
	assert_int_equal(client_opens(c, "s"), 0);
	assert_null(c->session);
	c->closes = false;
	assert_int_equal(client_opens(c, "s"), 0);
	leap(TTL);
	c->closes = true;
	assert_int_equal(client_checks(c, PLUQ_MAY_PUBLISH, "t", ""), 0);
	assert_null(c->session);
	client_free(&c);
	rig_down();
}

/* --- many loops --------------------------------------------------------------------------------------------------- */

enum { EACH = 40 };

/* Loops ask, answers come from threads, requests share what is kept, and it is cleared meanwhile. */
static void several_loops_may_ask_at_once(void **state)
{
	struct client *c[LOOPS * EACH];

	rig.config.deny_ttl_ns = PLUQ__SEC;
	rig.plug[0].manner = BY_THREAD;
	rig_up(1);
	for (int i = 0; i < LOOPS * EACH; i++) {
		c[i] = client_new(i % LOOPS);
		assert_int_equal(i % 2 ? client_open(c[i], "s") : client_open_shared(c[i], "s"), 0);
		if (i % 16 == 0)
			pluq__auth_reload(rig.auth, &rig.config);
		if (i % 5 == 0)
			client_close(c[i]);
	}
	for (int i = 0; i < LOOPS * EACH; i++) {
		if (i % 5 == 0)
			continue;
		assert_true(until_at_least(&c[i]->opened, 1));
		assert_int_equal(c[i]->open_status, 0);
		assert_int_equal(client_check(c[i], PLUQ_MAY_PUBLISH, "t", ""), 0);
	}
	for (int i = 0; i < LOOPS * EACH; i++)
		client_free(&c[i]);
	rig_down();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(a_session_tells_what_may_be_done),
		TEST(publishing_is_matched_against_the_empty_channel),
		TEST(more_names_than_the_memo_holds_are_judged_right),
		TEST(refusals_and_errors_have_each_their_status),
		TEST(many_patterns_are_compiled_on_the_pool),
		TEST(catastrophic_patterns_hold_nobody_up),
		TEST(after_its_time_to_live_the_chain_is_asked_again),
		TEST(when_asked_again_refusals_and_errors_are_told),
		TEST(a_stale_verdict_holds_while_the_backend_is_down),
		TEST(a_refusal_takes_force_at_once_also_on_a_stale_verdict),
		TEST(a_stale_verdict_recovers),
		TEST(closed_in_every_state_nothing_is_told),
		TEST(callbacks_may_close),
		TEST(several_loops_may_ask_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
