/* The timing wheel against a plain list of deadlines. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/wheel.h"
#include "cmocka_all.h"

#define TIMERS 400
#define HOUR_TICKS (INT64_C(3600) * 1000000000 / PLUQ__TICK_NS)

/* A timer and what the model knows of it. */
struct item {
	struct pluq__timer timer; /* first */
	int64_t expiry;           /* tick in which it must fire */
	int64_t set_delta;        /* ticks ahead when it was set: bounds the level it may stand in */
	bool set;
};

static struct pluq__wheel *wheel;
static struct item items[TIMERS];
static int64_t last_fired_tick;
static int fired_count, wrong;
static int meddle_percent; /* how often a callback sets or clears another timer */
static uint64_t seed;

static uint64_t random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int64_t ticks_up(int64_t at_ns)
{
	if (at_ns > INT64_MAX - PLUQ__TICK_NS)
		at_ns = INT64_MAX - PLUQ__TICK_NS;
	return (at_ns + PLUQ__TICK_NS - 1) >> PLUQ__TICK_SHIFT;
}

static void set_item(struct item *i, int64_t at_ns)
{
	int64_t expiry = ticks_up(at_ns);

	i->expiry = expiry > wheel->tick ? expiry : wheel->tick + 1;
	i->set_delta = i->expiry - wheel->tick;
	i->set = true;
	pluq__wheel_set(wheel, &i->timer, at_ns);
}

static void clear_item(struct item *i)
{
	i->set = false;
	pluq__wheel_clear(wheel, &i->timer);
}

/* Deadlines of all kinds: past, this tick, each level, its edges. */
static int64_t random_deadline(void)
{
	int64_t now = wheel->tick << PLUQ__TICK_SHIFT;
	int bits = (int)(random64() % 40);
	int64_t ticks = (int64_t)(random64() & ((UINT64_C(1) << bits) - 1));

	switch (random64() % 8) {
	case 0:
		return now - (int64_t)(random64() % 1000000000);
	case 1: /* just at the edge of a level */
		return now + (((INT64_C(1) << (8 * (1 + random64() % 4))) - 1 + (int64_t)(random64() % 3)) << PLUQ__TICK_SHIFT);
	default:
		return now + (ticks << PLUQ__TICK_SHIFT) + (int64_t)(random64() % (uint64_t)PLUQ__TICK_NS);
	}
}

static void on_fire(struct pluq__timer *t)
{
	struct item *i = (struct item *)t;

	fired_count++;
	if (!i->set || i->expiry != wheel->tick || wheel->tick < last_fired_tick || pluq__timer_is_set(t))
		wrong++;
	last_fired_tick = wheel->tick;
	i->set = false;
	if ((int)(random64() % 100) >= meddle_percent)
		return;
	struct item *other = &items[random64() % TIMERS]; /* itself perhaps, or one due in this very tick */

	if (random64() % 2)
		set_item(other, random_deadline());
	else
		clear_item(other);
}

static void check_against_model(int64_t tick)
{
	uint64_t count = 0;

	for (int n = 0; n < TIMERS; n++) {
		assert_int_equal(items[n].set, pluq__timer_is_set(&items[n].timer));
		if (items[n].set)
			assert_true(items[n].expiry > tick);
		count += items[n].set;
	}
	assert_int_equal(wheel->count, count);
	assert_int_equal(wheel->tick, tick);
	assert_int_equal(wrong, 0);
}

static int level_of(int64_t delta)
{
	int level = 0;

	while (level < PLUQ__WHEEL_LEVELS - 1 && delta >> ((level + 1) * PLUQ__WHEEL_BITS))
		level++;
	return level;
}

/* A lower bound, in the future, and no earlier than the first slot that a timer may stand in. */
static void check_next(void)
{
	int64_t next = pluq__wheel_next(wheel) >> PLUQ__TICK_SHIFT, first = INT64_MAX, earliest = INT64_MAX;

	for (int n = 0; n < TIMERS; n++) {
		int shift = 8 * level_of(items[n].set_delta);

		if (!items[n].set)
			continue;
		if (items[n].expiry < first)
			first = items[n].expiry;
		if (items[n].expiry >> shift << shift < earliest)
			earliest = items[n].expiry >> shift << shift;
	}
	if (first == INT64_MAX) {
		assert_true(pluq__wheel_next(wheel) == INT64_MAX);
		return;
	}
	assert_true(next > wheel->tick);
	assert_true(next <= first);
	assert_true(next >= earliest);
}

static int setup(void **state)
{
	wheel = malloc(sizeof(*wheel));
	seed = 88172645463325252u;
	memset(items, 0, sizeof(items));
	for (int n = 0; n < TIMERS; n++)
		items[n].timer.fn = on_fire;
	last_fired_tick = 0;
	fired_count = wrong = meddle_percent = 0;
	return wheel ? 0 : -1;
}

static int teardown(void **state)
{
	free(wheel);
	return 0;
}

static void start_at(int64_t tick)
{
	pluq__wheel_init(wheel, tick << PLUQ__TICK_SHIFT);
}

static void advance(int64_t ticks)
{
	int64_t tick = wheel->tick + ticks;

	/* Any moment within the tick is as good as its beginning. */
	pluq__wheel_advance(wheel, (tick << PLUQ__TICK_SHIFT) + (int64_t)(random64() % (uint64_t)PLUQ__TICK_NS));
	check_against_model(tick);
}

static void run_random(int64_t start_tick, int rounds)
{
	start_at(start_tick);
	for (int r = 0; r < rounds; r++) {
		for (uint64_t n = random64() % 20; n > 0; n--) {
			struct item *i = &items[random64() % TIMERS];

			if (random64() % 4)
				set_item(i, random_deadline());
			else
				clear_item(i);
		}
		check_next();
		switch (random64() % 16) {
		case 0:
			advance((int64_t)(random64() % (uint64_t)HOUR_TICKS)); /* the machine slept */
			break;
		case 1:
			advance((int64_t)(random64() % 70000));
			break;
		case 2:
			advance(0);
			break;
		default:
			advance((int64_t)(random64() % 600));
		}
		check_next();
	}
	assert_true(fired_count > rounds);
}

static void wheel_agrees_with_model(void **state)
{
	run_random(0, 3000);
}

static void wheel_agrees_with_model_when_callbacks_meddle(void **state)
{
	meddle_percent = 60;
	run_random(INT64_C(0x1fffff0), 3000);
}

/* Started so that every level turns over. */
static void wheel_agrees_with_model_around_a_full_turn(void **state)
{
	meddle_percent = 20;
	run_random((INT64_C(1) << 40) - 3000, 2000);
}

static void wheel_follows_its_own_next(void **state)
{
	start_at(12345);
	for (int n = 0; n < TIMERS; n++)
		set_item(&items[n], (wheel->tick << PLUQ__TICK_SHIFT) + (int64_t)(random64() % (1000u * 3600 * 1000000000u)));
	/* As a loop does: sleep until next, advance. Few vain steps, and every timer in its tick. */
	int steps = 0;

	for (; wheel->count; steps++) {
		int64_t next = pluq__wheel_next(wheel);

		assert_true(next > wheel->tick << PLUQ__TICK_SHIFT);
		pluq__wheel_advance(wheel, next);
		assert_int_equal(wheel->tick, next >> PLUQ__TICK_SHIFT);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(fired_count, TIMERS);
	assert_true(steps <= TIMERS * PLUQ__WHEEL_LEVELS);
}

static void wheel_fires_in_the_first_advance_at_or_after_the_deadline(void **state)
{
	int64_t at = (1000 << PLUQ__TICK_SHIFT) + 1;

	start_at(0);
	set_item(&items[0], at);
	set_item(&items[1], INT64_C(1000) << PLUQ__TICK_SHIFT);
	pluq__wheel_advance(wheel, (INT64_C(1000) << PLUQ__TICK_SHIFT) - 1);
	assert_int_equal(fired_count, 0);
	pluq__wheel_advance(wheel, INT64_C(1000) << PLUQ__TICK_SHIFT);
	assert_int_equal(fired_count, 1);
	assert_true(pluq__timer_is_set(&items[0].timer));
	pluq__wheel_advance(wheel, (INT64_C(1001) << PLUQ__TICK_SHIFT) - 1);
	assert_int_equal(fired_count, 1);
	pluq__wheel_advance(wheel, INT64_C(1001) << PLUQ__TICK_SHIFT);
	assert_int_equal(fired_count, 2);
	assert_int_equal(wrong, 0);
}

static void wheel_takes_deadlines_at_the_ends_of_time(void **state)
{
	start_at(1 << 20);
	set_item(&items[0], INT64_MAX);
	set_item(&items[1], INT64_MIN);
	set_item(&items[2], 0);
	advance(1);
	assert_int_equal(fired_count, 2);
	assert_true(items[0].set);
	advance(24 * HOUR_TICKS);
	assert_true(items[0].set);
	clear_item(&items[0]);
	assert_true(pluq__wheel_next(wheel) == INT64_MAX);
}

/* What lies beyond the last level waits in its last slot and is then placed again. The way there would take an hour of
 * advancing, so the tick is put there: only this one timer is in the wheel. */
static void wheel_keeps_deadlines_beyond_its_range(void **state)
{
	int64_t range = INT64_C(1) << 40, tick = 777, expiry = tick + 2 * range + 5;

	start_at(tick);
	set_item(&items[0], expiry << PLUQ__TICK_SHIFT);
	for (int round = 0; round < 3; round++) {
		int64_t next = pluq__wheel_next(wheel) >> PLUQ__TICK_SHIFT;

		assert_true(next > wheel->tick && next <= expiry);
		wheel->tick = next - 1;
		pluq__wheel_advance(wheel, next << PLUQ__TICK_SHIFT);
	}
	assert_int_equal(fired_count, 0);
	while (wheel->count) {
		wheel->tick = (pluq__wheel_next(wheel) >> PLUQ__TICK_SHIFT) - 1;
		pluq__wheel_advance(wheel, (wheel->tick + 1) << PLUQ__TICK_SHIFT);
	}
	assert_int_equal(fired_count, 1);
	assert_int_equal(wrong, 0);
	assert_int_equal(last_fired_tick, expiry);
}

static void wheel_set_moves_and_clear_is_idempotent(void **state)
{
	start_at(0);
	set_item(&items[0], 10 << PLUQ__TICK_SHIFT);
	set_item(&items[0], INT64_C(70000) << PLUQ__TICK_SHIFT);
	assert_int_equal(wheel->count, 1);
	advance(69999);
	assert_int_equal(fired_count, 0);
	clear_item(&items[0]);
	clear_item(&items[0]);
	assert_int_equal(wheel->count, 0);
	advance(100000);
	assert_int_equal(fired_count, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(wheel_agrees_with_model),
	    TEST(wheel_agrees_with_model_when_callbacks_meddle),
	    TEST(wheel_agrees_with_model_around_a_full_turn),
	    TEST(wheel_follows_its_own_next),
	    TEST(wheel_fires_in_the_first_advance_at_or_after_the_deadline),
	    TEST(wheel_takes_deadlines_at_the_ends_of_time),
	    TEST(wheel_keeps_deadlines_beyond_its_range),
	    TEST(wheel_set_moves_and_clear_is_idempotent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
