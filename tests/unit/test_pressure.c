/* The daemon-wide limit of memory: spilling, holding back producers, refusing. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/memory.h"
#include "cmocka_all.h"
#include "engine_rig.h"

#define LIMIT (8 << 20)
#define BALLAST (1 << 20)

static struct pluq_msg *ballast[64];
static int loaded;
static _Atomic int relieved;

static int setup_limit(void **state)
{
	pluq__memory_set_limit(LIMIT);
	relieved = loaded = 0;
	return setup(state);
}

/* Bodies that handlers hold, on a loop. */
static void load(void *arg)
{
	for (int n = (int)(intptr_t)arg; loaded < n;)
		ballast[loaded++] = pluq__broker_table.msg_new(&e.host.pub, BALLAST);
	for (int n = (int)(intptr_t)arg; loaded > n;)
		pluq__broker_table.msg_unref(ballast[--loaded]);
}

static void load_mib(int n)
{
	on_loop(&e.loops, 0, load, (void *)(intptr_t)n);
}

static int teardown_limit(void **state)
{
	if (e.broker)
		load_mib(0);
	pluq__memory_set_limit(0);
	return teardown(state);
}

static void ask_pressed(void *arg)
{
	*(bool *)arg = pluq__broker_table.pressed(&e.host.pub);
}

static bool pressed(int loop)
{
	bool yes;

	on_loop(&e.loops, loop, ask_pressed, &yes);
	return yes;
}

static void on_relief(void *arg)
{
	relieved++;
}

static void wait_for_relief(void *arg)
{
	if (pluq__broker_table.on_relief(&e.host.pub, on_relief, NULL) < 0)
		abort();
}

static void memory_is_counted_in_steps_over_threads(void **state)
{
	int64_t before = pluq__memory_used();

	engine_up(LOOPS);
	load_mib(4);
	assert_true(llabs(pluq__memory_used() - before - 4 * BALLAST) <= 2 * PLUQ__MEMORY_STEP);
	assert_int_equal(pluq__memory_limit(), LIMIT);
	load_mib(0);
	assert_true(llabs(pluq__memory_used() - before) <= 2 * PLUQ__MEMORY_STEP);
}

static void messages_spill_past_the_limit(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 1000);
	struct consumer *c = consume(t, "c", 0);

	assert_int_equal(publish(0, t, 0, 10), 0);
	load_mib(8); /* at the limit, not yet an eighth above it */
	assert_false(pressed(0));
	assert_int_equal(publish(0, t, 10, 10), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 10);
	load_mib(0);
	assert_int_equal(publish(0, t, 20, 10), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 20); /* behind what has spilled */
	set_ready(c, 5);
	assert_true(gets(c, 0, 30));
	assert_int_equal(publish(0, t, 30, 10), 0);
	assert_true(has_got(c, 40));
	assert_int_equal(queue_of("t:c")->count, 20); /* no more of them */
}

static void producers_are_held_back_until_memory_is_freed(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);

	load_mib(12);
	for (int l = 0; l < LOOPS; l++) {
		assert_true(pressed(l));
		on_loop(&e.loops, l, wait_for_relief, NULL);
	}
	on_loop(&e.loops, 0, wait_for_relief, NULL); /* several may wait */
	/* It drains, slowly, but never stands still for five seconds. */
	for (int mib = 11; mib >= 10; mib--) {
		leap(4 * SEC);
		settle();
		assert_int_equal(relieved, 0);
		load_mib(mib);
		leap(50 * MS);
	}
	assert_int_equal(publish(LAST, t, 0, 1), 0); /* still taken from who sends */
	load_mib(5);
	leap(50 * MS);
	assert_true(until_at_least(&relieved, LOOPS + 1));
	assert_int_equal(relieved, LOOPS + 1);
	assert_false(pressed(0));
}

static void publishes_are_refused_if_nothing_drains(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 100);

	load_mib(12);
	for (int l = 0; l < LOOPS; l++)
		on_loop(&e.loops, l, wait_for_relief, NULL);
	leap(4900 * MS);
	settle();
	assert_int_equal(relieved, 0);
	assert_int_equal(publish(0, t, 0, 1), 0);
	leap(150 * MS);
	assert_true(until_at_least(&relieved, LOOPS));
	for (int l = 0; l < LOOPS; l++) {
		assert_false(pressed(l)); /* they are read, to be told */
		assert_int_equal(publish(l, t, 1, 1), PLUQ_EPRESSURE);
	}
	load_mib(3);
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(l, t, 2, 1), 0);
}

/* Everything that came in and went out again is off the books. */
static void memory_comes_back_to_where_it_was(void **state)
{
	int64_t before = pluq__memory_used();
	struct pluq_topic *t = engine_with_topic(LOOPS, 1000);

	consume(t, "c", 2000);
	for (int n = 0; n < 20; n++)
		assert_int_equal(publish(LAST, t, 0, 5000), 0);
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_int_equal(engine_end(), 0);
	assert_true(llabs(pluq__memory_used() - before) <= 16 * PLUQ__MEMORY_STEP);
}

int main(void)
{
#define PRESSED_ON(loops, fn) {#fn " on " #loops, fn, setup_limit, teardown_limit, (void *)(intptr_t)(loops)}
	const struct CMUnitTest tests[] = {
	    PRESSED_ON(1, memory_is_counted_in_steps_over_threads),
	    PRESSED_ON(1, messages_spill_past_the_limit),
	    PRESSED_ON(1, producers_are_held_back_until_memory_is_freed),
	    PRESSED_ON(3, producers_are_held_back_until_memory_is_freed),
	    PRESSED_ON(1, publishes_are_refused_if_nothing_drains),
	    PRESSED_ON(3, publishes_are_refused_if_nothing_drains),
	    PRESSED_ON(3, memory_comes_back_to_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
