#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/auth/answer.h"
#include "../../daemon/auth/core.h"
#include "../../daemon/base/log.h"
#include "auth_rig.h"
#include "cmocka_all.h"

#define BOTH (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH)

static int clear(void **state)
{
	rig_clear();
	return 0;
}

/* Asks and waits. */
static int asks(struct client *c)
{
	int before = c->answered;

	assert_int_equal(client_ask(c, "s3cret"), 0);
	assert_true(until_at_least(&c->answered, before + 1));
	return c->verdict;
}

static void an_answer_comes_in_a_later_step_with_all_that_was_told(void **state)
{
	struct client *c = client_new(1);

	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", 7 * PLUQ__SEC);
	rig_up(1);
	assert_int_equal(asks(c), PLUQ_AUTH_ALLOW);
	assert_string_equal(c->identity, "someone");
	assert_int_equal(c->ttl_ns, 7 * PLUQ__SEC);
	assert_int_equal(c->grant_count, 1);
	assert_string_equal(rig.plug[0].secret, "s3cret");
	client_free(&c);
	rig_down();
}

static void without_a_time_to_live_it_is_an_hour(void **state)
{
	struct client *c = client_new(0);

	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", 0);
	rig_up(1);
	assert_int_equal(asks(c), PLUQ_AUTH_ALLOW);
	assert_int_equal(c->ttl_ns, 3600 * PLUQ__SEC);
	client_free(&c);
	rig_down();
}

static void no_opinion_passes_on_and_any_other_answer_ends_the_chain(void **state)
{
	static const int verdicts[] = {PLUQ_AUTH_ALLOW, PLUQ_AUTH_DENY, PLUQ_AUTH_ERROR};
	struct client *c = client_new(2);

	rig_up(3);
	for (int i = 0; i < 3; i++) {
		rig.plug[1].verdict = verdicts[i];
		assert_int_equal(asks(c), verdicts[i]);
	}
	assert_int_equal(rig.plug[0].asked, 3);
	assert_int_equal(rig.plug[1].asked, 3);
	assert_int_equal(rig.plug[2].asked, 0);
	client_free(&c);
	rig_down();
}

static void silence_to_the_end_is_told_as_such(void **state)
{
	struct client *c = client_new(0);

	rig.plug[1].manner = BY_THREAD;
	rig.plug[2].blocks = true;
	sem_post(&rig.plug[2].gate);
	rig_up(3);
	assert_int_equal(asks(c), PLUQ_AUTH_SILENT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig.plug[i].asked, 1);
	client_free(&c);
	rig_down();
}

static void without_plugins_the_answer_is_silence(void **state)
{
	struct client *c = client_new(0);

	rig_up(0);
	assert_false(pluq__auth_table.required(&rig.host.pub));
	assert_int_equal(asks(c), PLUQ_AUTH_SILENT);
	client_free(&c);
	rig_down();
}

static void another_thread_may_answer_later(void **state)
{
	struct client *c = client_new(1);

	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", PLUQ__SEC);
	rig.plug[0].manner = BY_THREAD;
	rig_up(1);
	assert_true(pluq__auth_table.required(&rig.host.pub));
	for (int i = 0; i < 50; i++)
		assert_int_equal(asks(c), PLUQ_AUTH_ALLOW);
	client_free(&c);
	rig_down();
}

static void one_that_blocks_is_asked_on_the_pool(void **state)
{
	struct client *c = client_new(1);

	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", PLUQ__SEC);
	rig.plug[0].blocks = true;
	rig_up(1);
	assert_int_equal(client_ask(c, "s"), 0);
	assert_true(until_at_least(&rig.plug[0].entered, 1));
	leap(PLUQ__SEC); /* the loop goes on */
	assert_int_equal(c->answered, 0);
	sem_post(&rig.plug[0].gate);
	assert_true(until_at_least(&c->answered, 1));
	assert_int_equal(c->verdict, PLUQ_AUTH_ALLOW);
	client_free(&c);
	rig_down();
}

static void one_that_blocks_may_still_answer_later(void **state)
{
	struct client *c = client_new(1);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig.plug[0].blocks = true;
	rig.plug[0].manner = BY_THREAD;
	rig_up(1);
	for (int i = 0; i < 50; i++) {
		sem_post(&rig.plug[0].gate);
		assert_int_equal(asks(c), PLUQ_AUTH_DENY);
	}
	client_free(&c);
	rig_down();
}

static void the_deadline_is_of_the_whole_chain_and_a_late_answer_harms_nobody(void **state)
{
	struct client *c = client_new(1);

	rig.plug[0].manner = rig.plug[1].manner = HELD;
	rig_up(2);
	assert_int_equal(client_ask(c, "s"), 0);
	leap(6 * PLUQ__SEC);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_SILENT));
	assert_true(plug_waits_for(&rig.plug[1], 1));
	leap(3 * PLUQ__SEC);
	assert_int_equal(c->answered, 0);
	leap(2 * PLUQ__SEC);
	assert_true(until_at_least(&c->answered, 1));
	assert_int_equal(c->verdict, PLUQ_AUTH_ERROR);
	assert_int_equal(rig.plug[0].cancelled, 0);
	assert_int_equal(rig.plug[1].cancelled, 1);
	assert_true(plug_answer(&rig.plug[1], PLUQ_AUTH_ALLOW));
	leap(PLUQ__SEC);
	assert_int_equal(c->answered, 1);
	client_free(&c);
	rig_down();
}

static void one_that_never_answers_costs_its_call_only(void **state)
{
	struct client *c = client_new(1);

	rig.plug[0].manner = HELD;
	rig_up(1);
	assert_int_equal(client_ask(c, "s"), 0);
	leap(11 * PLUQ__SEC);
	assert_true(until_at_least(&c->answered, 1));
	rig.plug[0].held_count = 0; /* it has forgotten it: pluq__auth_free has not */
	client_free(&c);
	rig_down();
}

static void what_is_answered_within_cancel_is_taken(void **state)
{
	struct client *c = client_new(1);

	rig.plug[0].manner = HELD;
	rig.plug[0].obliging = true;
	rig_up(1);
	assert_int_equal(client_ask(c, "s"), 0);
	leap(11 * PLUQ__SEC);
	assert_true(until_at_least(&c->answered, 1));
	assert_int_equal(client_ask(c, "s"), 0);
	client_drop(c);
	assert_int_equal(rig.plug[0].cancelled, 2);
	assert_int_equal(rig.plug[0].held_count, 0);
	client_free(&c);
	rig_down();
}

static void dropped_questions_are_not_answered(void **state)
{
	struct client *c = client_new(1);
	int told;

	rig.plug[1].manner = HELD;
	rig.plug[1].verdict = PLUQ_AUTH_DENY;
	rig_up(2);
	assert_int_equal(client_ask(c, "s"), 0);
	client_drop(c);
	assert_int_equal(rig.plug[1].cancelled, 1);
	assert_true(plug_answer(&rig.plug[1], PLUQ_AUTH_ALLOW));
	assert_int_equal(client_ask(c, "s"), 0);
	assert_true(plug_answer(&rig.plug[1], PLUQ_AUTH_ALLOW));
	client_drop(c); /* the answer is on its way, or was told just before */
	told = c->answered;
	leap(PLUQ__SEC);
	assert_int_equal(c->answered, told);
	client_free(&c);
	rig_down();
}

static void ask_and_drop(void *arg)
{
	struct client *c = arg;
	const struct pluq_auth_query query = {.size = sizeof(query), .secret = (const uint8_t *)"s", .secret_length = 1,
		.remote_ip = "::1", .common_name = ""};

	if (pluq__auth_table.ask(&rig.host.pub, &query, NULL, NULL, &c->asking))
		abort();
	pluq__auth_table.ask_drop(&c->asking);
}

static void an_answer_known_at_once_is_dropped_before_it_is_told(void **state)
{
	struct client *c = client_new(1);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	on_loop(&rig.loops, 1, ask_and_drop, c);
	leap(PLUQ__SEC);
	client_free(&c);
	rig_down();
}

static void those_that_nobody_waits_for_any_more_are_not_asked_in_the_lane(void **state)
{
	struct client *c[20];

	rig.plug[0].blocks = true;
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	for (int i = 0; i < 20; i++) {
		c[i] = client_new(i % LOOPS);
		assert_int_equal(client_ask(c[i], "s"), 0);
	}
	assert_true(until_at_least(&rig.plug[0].entered, 2)); /* so many at once */
	for (int i = 0; i < 20; i++)
		client_drop(c[i]);
	sem_post(&rig.plug[0].gate);
	sem_post(&rig.plug[0].gate);
	assert_int_equal(client_ask(c[0], "s"), 0); /* behind them in the lane */
	sem_post(&rig.plug[0].gate);
	assert_true(until_at_least(&c[0]->answered, 1));
	assert_int_equal(rig.plug[0].entered, 3);
	for (int i = 0; i < 20; i++)
		client_free(&c[i]);
	rig_down();
}

static void one_dropped_while_it_blocks_and_then_answers_later_is_cancelled(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].blocks = true;
	rig.plug[0].manner = HELD;
	rig.plug[0].obliging = true;
	rig_up(1);
	assert_int_equal(client_ask(c, "s"), 0);
	assert_true(until_at_least(&rig.plug[0].entered, 1));
	client_drop(c);
	sem_post(&rig.plug[0].gate);
	assert_true(until_at_least(&rig.plug[0].cancelled, 1));
	client_free(&c);
	rig_down();
}

static void what_is_no_verdict_is_an_error(void **state)
{
	static const int wrong[] = {0, 6, -1, 1000};
	struct client *c = client_new(0);

	rig_up(1);
	for (int i = 0; i < 4; i++) {
		rig.plug[0].verdict = wrong[i];
		assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	}
	rig.plug[0].verdict = PLUQ_AUTH_LATER;
	rig.plug[0].manner = BY_THREAD;
	assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	client_free(&c);
	rig_down();
}

static void what_is_beyond_the_limits_is_an_error(void **state)
{
	static char longest[PLUQ__PATTERN_BYTES_MAX + 2];
	struct client *c = client_new(0);

	rig_up(1);
	memset(longest, 'a', PLUQ__PATTERN_BYTES_MAX);
	plug_allows(&rig.plug[0], BOTH, longest, ".*", 0);
	assert_int_equal(asks(c), PLUQ_AUTH_ALLOW);
	longest[PLUQ__PATTERN_BYTES_MAX] = 'a';
	assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	plug_allows(&rig.plug[0], BOTH, "t", ".*", 0);
	rig.plug[0].grants = PLUQ__PATTERNS_MAX / 2;
	assert_int_equal(asks(c), PLUQ_AUTH_ALLOW);
	assert_int_equal(c->grant_count, PLUQ__PATTERNS_MAX / 2);
	rig.plug[0].grants++;
	assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	rig.plug[0].grants = 1;
	plug_allows(&rig.plug[0], 1u << 7, "t", ".*", 0);
	assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	plug_allows(&rig.plug[0], BOTH, "t", ".*", -1);
	assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
	client_free(&c);
	rig_down();
}

/* --- the log ------------------------------------------------------------------------------------------------------ */

static size_t lines_with(const char *path, const char *part)
{
	FILE *f = fopen(path, "r");
	char line[2048];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, part) != NULL;
	fclose(f);
	return n;
}

static void failures_are_logged_at_growing_gaps_without_the_secret(void **state)
{
	char path[] = "/tmp/test_auth_chain.XXXXXX";
	int fd = mkstemp(path);
	struct pluq_why why;
	struct client *c = client_new(0);

	assert_true(fd >= 0);
	assert_int_equal(pluq__log_open(PLUQ_INFO, path, &why), 0);
	assert_int_equal(pluq__log_start(), 0);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	rig_up(1);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(asks(c), PLUQ_AUTH_ERROR);
		leap(PLUQ__SEC / 2);
	}
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	leap(11 * PLUQ__SEC);
	asks(c);
	client_free(&c);
	rig_down();
	pluq__log_stop();
	assert_int_equal(lines_with(path, "warn plug-a: cannot tell about client 127.0.0.1: the backend is down"), 3);
	assert_int_equal(lines_with(path, "info plug-a: answers again"), 1);
	assert_int_equal(lines_with(path, "s3cret"), 0);
	assert_int_equal(pluq__log_open(PLUQ_INFO, "stderr", &why), 0);
	close(fd);
	unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_comes_in_a_later_step_with_all_that_was_told),
		TEST(without_a_time_to_live_it_is_an_hour),
		TEST(no_opinion_passes_on_and_any_other_answer_ends_the_chain),
		TEST(silence_to_the_end_is_told_as_such),
		TEST(without_plugins_the_answer_is_silence),
		TEST(another_thread_may_answer_later),
		TEST(one_that_blocks_is_asked_on_the_pool),
		TEST(one_that_blocks_may_still_answer_later),
		TEST(the_deadline_is_of_the_whole_chain_and_a_late_answer_harms_nobody),
		TEST(one_that_never_answers_costs_its_call_only),
		TEST(what_is_answered_within_cancel_is_taken),
		TEST(dropped_questions_are_not_answered),
		TEST(an_answer_known_at_once_is_dropped_before_it_is_told),
		TEST(those_that_nobody_waits_for_any_more_are_not_asked_in_the_lane),
		TEST(one_dropped_while_it_blocks_and_then_answers_later_is_cancelled),
		TEST(what_is_no_verdict_is_an_error),
		TEST(what_is_beyond_the_limits_is_an_error),
		TEST(failures_are_logged_at_growing_gaps_without_the_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
