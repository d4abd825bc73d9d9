#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/auth/cache.h"
#include "../../daemon/auth/core.h"
#include "../../daemon/auth/question.h"
#include "auth_rig.h"
#include "cmocka_all.h"

#define BOTH (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH)
#define TTL (100 * PLUQ__SEC)

static int clear(void **state)
{
	rig_clear();
	rig.config.deny_ttl_ns = 5 * PLUQ__SEC;
	plug_allows(&rig.plug[0], BOTH, "^t$", ".*", TTL);
	return 0;
}

static void fill_key(unsigned char *key, uint64_t i)
{
	memset(key, 0, PLUQ__CACHE_KEY);
	memcpy(key, &i, sizeof(i));
	key[31] = 7;
}

static void the_oldest_makes_room(void **state)
{
	struct pluq__cache *cache = pluq__cache_new(10, 0);
	unsigned char key[PLUQ__CACHE_KEY];
	struct pluq__kept kept;

	for (uint64_t i = 0; i < 100; i++) {
		fill_key(key, i);
		kept = (struct pluq__kept){.status = PLUQ_EREFUSED, .until_ns = (int64_t)i};
		pluq__cache_put(cache, key, &kept, 0);
	}
	assert_int_equal(pluq__cache_count(cache), 10);
	for (uint64_t i = 0; i < 100; i++) {
		fill_key(key, i);
		assert_int_equal(pluq__cache_get(cache, key, &kept), i >= 90);
		if (i >= 90)
			assert_int_equal(kept.until_ns, i);
	}
	fill_key(key, 95);
	kept.until_ns = 1;
	pluq__cache_put(cache, key, &kept, 0); /* replaces */
	assert_int_equal(pluq__cache_count(cache), 10);
	assert_true(pluq__cache_get(cache, key, &kept));
	assert_int_equal(kept.until_ns, 1);
	pluq__cache_clear(cache);
	assert_int_equal(pluq__cache_count(cache), 0);
	pluq__cache_put(cache, key, &kept, 0); /* asked before it was cleared */
	assert_int_equal(pluq__cache_count(cache), 0);
	pluq__cache_put(cache, key, &kept, pluq__cache_age(cache));
	assert_int_equal(pluq__cache_count(cache), 1);
	pluq__cache_free(&cache);
}

static void refusals_are_kept_for_all_that_come_with_the_same_facts(void **state)
{
	static const struct {
		int verdict, status;
	} cases[] = {{PLUQ_AUTH_DENY, PLUQ_EREFUSED}, {PLUQ_AUTH_SILENT, PLUQ_ENOGRANT}};

	rig_up(1);
	for (int i = 0; i < 2; i++) {
		const char *secret = i ? "b" : "a";

		rig.plug[0].asked = 0;
		rig.plug[0].verdict = cases[i].verdict;
		for (int n = 0; n < 30; n++) {
			struct client *c = client_new(n % LOOPS);

			assert_int_equal(client_opens(c, secret), cases[i].status);
			client_free(&c);
		}
		assert_int_equal(rig.plug[0].asked, 1);
	}
	rig_down();
}

static void an_answer_without_grants_is_kept_like_a_refusal(void **state)
{
	struct client *c = client_new(0);

	plug_allows(&rig.plug[0], BOTH, NULL, NULL, TTL);
	rig_up(1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(client_opens(c, "s"), PLUQ_ENOGRANT);
		client_close(c);
	}
	assert_int_equal(rig.plug[0].asked, 1);
	client_free(&c);
	rig_down();
}

static void other_facts_are_another_question(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(client_opens(c, i == 0 ? "s" : i == 1 ? "t" : ""), PLUQ_EREFUSED);
		client_close(c);
	}
	assert_int_equal(rig.plug[0].asked, 3);
	client_free(&c);
	rig_down();
}

/* What is kept is found by all facts, each on its own. */
static void each_fact_is_part_of_the_key(void **state)
{
	static const char *const one[] = {"DNS:a"}, *const joined[] = {"DNS:aDNS:b"}, *const two[] = {"DNS:a", "DNS:b"},
		*const swapped[] = {"DNS:b", "DNS:a"};
	static const struct pluq_auth_query cases[] = {
		{.secret = (const uint8_t *)"ab", .secret_length = 2, .remote_ip = "", .common_name = ""},
		{.secret = (const uint8_t *)"ab", .secret_length = 1, .remote_ip = "", .common_name = ""},
		{.secret = (const uint8_t *)"a\0", .secret_length = 2, .remote_ip = "", .common_name = ""},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "b", .common_name = ""},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "b"},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .tls = true},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .verified = true},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .tls = true, .verified = true},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .alt_names = {one, 1}},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .alt_names = {joined, 1}},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .alt_names = {two, 2}},
		{.secret = (const uint8_t *)"a", .secret_length = 1, .remote_ip = "", .common_name = "", .alt_names = {swapped, 2}},
	};
	enum { N = sizeof(cases) / sizeof(*cases) };
	struct pluq__question *q[N];

	rig_up(1);
	for (int i = 0; i < N; i++) {
		struct pluq__question *same = pluq__question_new(rig.auth, &cases[i]);

		assert_non_null(q[i] = pluq__question_new(rig.auth, &cases[i]));
		assert_memory_equal(q[i]->key, same->key, PLUQ__CACHE_KEY);
		pluq__question_unref(same);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(q[i]->key, q[j]->key, PLUQ__CACHE_KEY);
	}
	for (int i = 0; i < N; i++)
		pluq__question_unref(q[i]);
	rig_down();
}

static void refusals_are_forgotten_after_a_short_while(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
	leap(4 * PLUQ__SEC);
	assert_int_equal(client_opens(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	leap(PLUQ__SEC);
	assert_int_equal(client_opens(c, "s"), 0);
	client_free(&c);
	rig_down();
}

static void a_reload_forgets_them_and_may_change_the_settings(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
	rig.config.deny_ttl_ns = 0;
	pluq__auth_reload(rig.auth, &rig.config);
	assert_int_equal(client_opens(c, "s"), 0);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	assert_int_equal(client_opens(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW; /* nothing is kept any more */
	assert_int_equal(client_opens(c, "s"), 0);
	client_free(&c);
	rig_down();
}

/* The answer is from before the reload. */
static void what_was_asked_before_a_reload_is_not_kept(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].manner = HELD;
	rig_up(1);
	assert_int_equal(client_open(c, "s"), 0);
	pluq__auth_reload(rig.auth, &rig.config);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_DENY));
	assert_true(until_at_least(&c->opened, 1));
	client_close(c);
	rig.plug[0].manner = AT_ONCE;
	assert_int_equal(client_opens(c, "s"), 0);
	client_free(&c);
	rig_down();
}

static void errors_are_not_kept(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	rig_up(1);
	assert_int_equal(client_opens(c, "s"), PLUQ_EAUTH);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ALLOW;
	assert_int_equal(client_opens(c, "s"), 0);
	client_free(&c);
	rig_down();
}

static void a_bare_question_is_always_asked(void **state)
{
	struct client *c = client_new(0);

	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	rig_up(1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(client_ask(c, "s"), 0);
		assert_true(until_at_least(&c->answered, i + 1));
	}
	assert_int_equal(rig.plug[0].asked, 3);
	client_free(&c);
	rig_down();
}

/* --- for requests ------------------------------------------------------------------------------------------------- */

static void good_answers_are_kept_for_requests_only(void **state)
{
	struct client *c = client_new(0);

	rig_up(1);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(client_opens_shared(c, "s"), 0);
		assert_true(client_may(c, PLUQ_MAY_PUBLISH, "t", ""));
		client_close(c);
	}
	assert_int_equal(rig.plug[0].asked, 1);
	assert_int_equal(client_opens(c, "s"), 0);
	client_close(c);
	assert_int_equal(rig.plug[0].asked, 2);
	leap(TTL);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	assert_int_equal(rig.plug[0].asked, 3);
	pluq__auth_reload(rig.auth, &rig.config);
	client_close(c);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	assert_int_equal(rig.plug[0].asked, 4);
	client_free(&c);
	rig_down();
}

static void requests_too_outlive_a_backend_that_is_down(void **state)
{
	struct client *c = client_new(0);

	rig.config.stale_ns = 50 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	leap(TTL + PLUQ__SEC);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(client_opens_shared(c, "s"), 0);
		assert_true(client_may(c, PLUQ_MAY_PUBLISH, "t", ""));
		client_close(c);
	}
	assert_int_equal(rig.plug[0].asked, 2); /* one of them has waited for the error */
	leap(6 * PLUQ__SEC);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	client_close(c);
	assert_int_equal(rig.plug[0].asked, 3);
	rig.plug[0].verdict = PLUQ_AUTH_DENY;
	leap(6 * PLUQ__SEC);
	assert_int_equal(client_opens_shared(c, "s"), PLUQ_EREFUSED);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	leap(6 * PLUQ__SEC);
	assert_int_equal(client_opens_shared(c, "s"), PLUQ_EAUTH); /* what was refused does not come back */
	client_free(&c);
	rig_down();
}

/* Two ask at once; one is refused, the other one's question fails. */
static void an_error_does_not_bring_back_what_was_refused_meanwhile(void **state)
{
	struct client *c = client_new(0), *d = client_new(1);

	rig.config.stale_ns = 50 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	client_close(c);
	leap(TTL + PLUQ__SEC);
	rig.plug[0].manner = HELD;
	assert_int_equal(client_open_shared(c, "s"), 0);
	assert_int_equal(client_open_shared(d, "s"), 0);
	assert_true(plug_waits_for(&rig.plug[0], 2));
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_DENY));
	assert_true(until_at_least(&c->opened, 2));
	assert_int_equal(c->open_status, PLUQ_EREFUSED);
	assert_true(plug_answer(&rig.plug[0], PLUQ_AUTH_ERROR));
	assert_true(until_at_least(&d->opened, 1));
	assert_int_equal(d->open_status, PLUQ_EAUTH);
	client_close(c);
	rig.plug[0].manner = AT_ONCE;
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	leap(6 * PLUQ__SEC);
	assert_int_equal(client_opens_shared(c, "s"), PLUQ_EAUTH);
	client_free(&c);
	client_free(&d);
	rig_down();
}

static void requests_are_cut_off_when_stale_is_over(void **state)
{
	struct client *c = client_new(0);

	rig.config.stale_ns = 50 * PLUQ__SEC;
	rig_up(1);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	client_close(c);
	rig.plug[0].verdict = PLUQ_AUTH_ERROR;
	leap(TTL + 51 * PLUQ__SEC);
	assert_int_equal(client_opens_shared(c, "s"), PLUQ_EAUTH);
	client_free(&c);
	rig_down();
}

static void any_grant_will_do_where_no_permission_is_named(void **state)
{
	struct client *c = client_new(0);

	plug_allows(&rig.plug[0], PLUQ_MAY_SUBSCRIBE, "^t$", "^c$", TTL);
	rig_up(1);
	assert_int_equal(client_opens_shared(c, "s"), 0);
	assert_true(client_may(c, 0, "t", NULL));
	assert_true(client_may(c, 0, "t", "c"));
	assert_false(client_may(c, 0, "t", "d"));
	assert_false(client_may(c, 0, "t", ""));
	assert_false(client_may(c, 0, "u", NULL));
	assert_true(client_may(c, BOTH, "t", "c"));
	assert_false(client_may(c, PLUQ_MAY_PUBLISH, "t", "c"));
	assert_false(client_may(c, PLUQ_MAY_ADMIN, "t", NULL));
	client_free(&c);
	rig_down();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_makes_room),
		TEST(refusals_are_kept_for_all_that_come_with_the_same_facts),
		TEST(an_answer_without_grants_is_kept_like_a_refusal),
		TEST(other_facts_are_another_question),
		TEST(each_fact_is_part_of_the_key),
		TEST(refusals_are_forgotten_after_a_short_while),
		TEST(a_reload_forgets_them_and_may_change_the_settings),
		TEST(what_was_asked_before_a_reload_is_not_kept),
		TEST(errors_are_not_kept),
		TEST(a_bare_question_is_always_asked),
		TEST(good_answers_are_kept_for_requests_only),
		TEST(requests_too_outlive_a_backend_that_is_down),
		TEST(an_error_does_not_bring_back_what_was_refused_meanwhile),
		TEST(requests_are_cut_off_when_stale_is_over),
		TEST(any_grant_will_do_where_no_permission_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
