/* The daemon-wide limit of memory: spilling, holding back producers, refusing. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/memory.h"
#include "cmocka_all.h"
#include "engine_rig.h"
#include "fake_clock.h"

#define LIMIT (8 << 20)
#define BALLAST (1 << 20)

static struct engine e;
static struct pluq_msg *ballast[64];
static int loaded;
static _Atomic int relieved;

static int setup(void **state)
{
	clock_reset();
	engine_init(&e);
	pluq__memory_set_limit(LIMIT);
	relieved = loaded = 0;
	return 0;
}

static int teardown(void **state)
{
	pluq__memory_set_limit(0);
	return engine_fini(&e);
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

	engine_up(&e, LOOPS);
	load_mib(4);
	assert_true(llabs(pluq__memory_used() - before - 4 * BALLAST) <= 2 * PLUQ__MEMORY_STEP);
	assert_int_equal(pluq__memory_limit(), LIMIT);
	load_mib(0);
	assert_true(llabs(pluq__memory_used() - before) <= 2 * PLUQ__MEMORY_STEP);
	assert_int_equal(engine_down(&e), 0);
}

static void messages_spill_past_the_limit(void **state)
{
	struct consumer c;

	e.limits.mem_queue_size = 1000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&c, &e, t, "c", 0);
	assert_int_equal(publish(&e, 0, t, 0, 10), 0);
	load_mib(8); /* at the limit, not yet an eighth above it */
	assert_false(pressed(0));
	assert_int_equal(publish(&e, 0, t, 10, 10), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 10);
	load_mib(0);
	assert_int_equal(publish(&e, 0, t, 20, 10), 0);
	assert_int_equal(mock_depth(mock_queue(&e.storage, "t:c")), 20); /* behind what has spilled */
	set_ready(&c, 5);
	assert_true(has_got(&c, 30));
	assert_true(got_in_order(&c, 0, 30));
	assert_int_equal(publish(&e, 0, t, 30, 10), 0);
	assert_true(has_got(&c, 40));
	assert_int_equal(mock_queue(&e.storage, "t:c")->count, 20); /* no more of them */
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void producers_are_held_back_until_memory_is_freed(void **state)
{
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	load_mib(12);
	for (int l = 0; l < LOOPS; l++) {
		assert_true(pressed(l));
		on_loop(&e.loops, l, wait_for_relief, NULL);
	}
	on_loop(&e.loops, 0, wait_for_relief, NULL); /* several may wait */
	/* It drains, slowly, but never stands still for five seconds. */
	for (int mib = 11; mib >= 10; mib--) {
		clock_leap(&e.loops, 4 * SEC);
		settle(&e);
		assert_int_equal(relieved, 0);
		load_mib(mib);
		clock_leap(&e.loops, 50 * MS);
	}
	assert_int_equal(publish(&e, LOOPS - 1, t, 0, 1), 0); /* still taken from who sends */
	load_mib(5);
	clock_leap(&e.loops, 50 * MS);
	assert_true(until_at_least(&relieved, LOOPS + 1));
	assert_int_equal(relieved, LOOPS + 1);
	assert_false(pressed(0));
	load_mib(0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

static void publishes_are_refused_if_nothing_drains(void **state)
{
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	load_mib(12);
	for (int l = 0; l < LOOPS; l++)
		on_loop(&e.loops, l, wait_for_relief, NULL);
	clock_leap(&e.loops, 4900 * MS);
	settle(&e);
	assert_int_equal(relieved, 0);
	assert_int_equal(publish(&e, 0, t, 0, 1), 0);
	clock_leap(&e.loops, 150 * MS);
	assert_true(until_at_least(&relieved, LOOPS));
	for (int l = 0; l < LOOPS; l++) {
		assert_false(pressed(l)); /* they are read, to be told */
		assert_int_equal(publish(&e, l, t, 1, 1), PLUQ_EPRESSURE);
	}
	load_mib(3);
	for (int l = 0; l < LOOPS; l++)
		assert_int_equal(publish(&e, l, t, 2, 1), 0);
	load_mib(0);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
}

/* Everything that came in and went out again is off the books. */
static void memory_comes_back_to_where_it_was(void **state)
{
	struct consumer c;
	int64_t before = pluq__memory_used();

	e.limits.mem_queue_size = 1000;
	engine_up(&e, LOOPS);
	struct pluq_topic *t = topic_on(&e, 0, "t");

	consume(&c, &e, t, "c", 2000);
	for (int n = 0; n < 20; n++)
		assert_int_equal(publish(&e, LOOPS - 1, t, 0, 5000), 0);
	assert_true(channel_becomes(&e, "t", "c", 0, 0, 0));
	consumer_fini(&c);
	topic_drop(t);
	assert_int_equal(engine_down(&e), 0);
	assert_true(llabs(pluq__memory_used() - before) <= 16 * PLUQ__MEMORY_STEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, memory_is_counted_in_steps_over_threads),
	    TEST_ON(1, messages_spill_past_the_limit),
	    TEST_ON(1, producers_are_held_back_until_memory_is_freed),
	    TEST_ON(3, producers_are_held_back_until_memory_is_freed),
	    TEST_ON(1, publishes_are_refused_if_nothing_drains),
	    TEST_ON(3, publishes_are_refused_if_nothing_drains),
	    TEST_ON(3, memory_comes_back_to_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
