/* Ids rise, over restarts, deletions and clocks set back, and stay below the ceiling that is on the medium. */
#include <string.h>

#include "../../daemon/base/clock.h"
#include "cmocka_all.h"
#include "engine_rig.h"

static void ids_rise_over_restarts_and_clocks_set_back(void **state)
{
	uint8_t last[16] = {0};

	e.limits.mem_queue_size = 100000;
	for (int round = 0; round < 4; round++) {
		engine_up(LOOPS);
		const char *name = round < 2 ? "t" : "other"; /* also of a topic that was not there before */
		struct pluq_topic *t = topic_on(0, name);
		struct consumer *c = consume(t, "c", 5000);

		assert_int_equal(publish(0, t, 0, 10000), 0);
		assert_true(has_got(c, 10000));
		assert_true(memcmp(c->got[0].id, last, 16) > 0);
		memcpy(last, c->got[9999].id, 16);
		unsubscribe(c);
		if (round % 2) /* what ids it gave must not be forgotten with it */
			assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, name, NULL), 0);
		assert_int_equal(engine_end(), 0);
		clock_set_back(24 * 3600 * SEC);
	}
}

static int64_t clock_of(const uint8_t *hex)
{
	uint64_t id = 0;

	for (int i = 0; i < 16; i++)
		id = id << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return (int64_t)((id >> 22) + INT64_C(1288834974288)) << 20;
}

static bool ceiling_is_above(void *ns)
{
	return mock_ceiling_ns(&e.storage) > *(int64_t *)ns;
}

/* However long the metadata cannot be saved, and however long it was quiet before. */
static void ids_stay_below_the_ceiling_on_the_medium(void **state)
{
	uint8_t before[16] = {0};
	struct pluq_topic *t = engine_with_topic(LOOPS, 100000);
	int64_t ceiling = mock_ceiling_ns(&e.storage);
	struct consumer *c = consume(t, "c", 1000000);

	assert_true(channel_becomes("t", "c", 0, 0, 0));
	leap(SEC); /* the channel's name is saved */
	assert_true(until_at_least(&e.storage.saves, 2));
	mock_fail_saves(&e.storage, 1000000);
	for (int round = 0; round < 20; round++) {
		leap(30 * SEC);
		assert_int_equal(publish(0, t, round * 1000, 1000), 0);
		assert_true(has_got(c, (round + 1) * 1000));
		for (int n = round * 1000; n < (round + 1) * 1000; n++) {
			assert_true(memcmp(c->got[n].id, before, 16) > 0);
			memcpy(before, c->got[n].id, 16);
		}
		assert_true(clock_of(before) < ceiling);
	}
	mock_fail_saves(&e.storage, 0);
	assert_true(until_after_pauses(ceiling_is_above, &ceiling));
}

/* A crash: what is on the medium at any moment promises more than was given. */
static void id_ceiling_on_the_medium_is_always_ahead(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100000);
	struct consumer *c = consume(t, "c", 1000000);
	int total = 0;

	for (int round = 0; round < 40; round++) {
		leap(5 * SEC);
		assert_int_equal(publish(0, t, 0, 10), 0);
		total += 10;
		assert_true(has_got(c, total));
		int64_t given = clock_of(c->got[total - 1].id), soon = pluq__clock_real_ns() + 29 * SEC;

		assert_true(ceiling_is_above(&given));
		assert_true(until(ceiling_is_above, &soon)); /* it is raised when less than 30 s are left */
	}
	assert_in_range(e.storage.saves, 4, 15); /* 200 s: one for each half minute or so */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, ids_rise_over_restarts_and_clocks_set_back),
	    TEST_ON(1, id_ceiling_on_the_medium_is_always_ahead),
	    TEST_ON(1, ids_stay_below_the_ceiling_on_the_medium),
	    TEST_ON(3, ids_stay_below_the_ceiling_on_the_medium),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
