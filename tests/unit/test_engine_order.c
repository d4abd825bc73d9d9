/* Messages leave in the order they came: across memory and storage, and from several loops. */
#include "cmocka_all.h"
#include "engine_rig.h"

/* ---- across memory and storage ---- */

/* Publishes one by one and in batches, without waiting for answers, as a pipelining producer does. */
static void order_is_kept(int loops, int64_t mem, bool channel_first, int slow_us)
{
	enum { COUNT = 1000 };
	static struct pub *pubs[COUNT];
	int n = 0, pub = 0;

	e.storage.slow_us = slow_us;
	struct pluq_topic *t = engine_with_topic(loops, mem);
	struct consumer *c = channel_first ? consume(t, "c", 7) : NULL;

	for (; n < COUNT; pub++) {
		int k = 1 + pub * 7 % 10;

		if (k > COUNT - n)
			k = COUNT - n;
		pubs[pub] = pub_begin(LAST, t, n, k);
		n += k;
		if (!c && n > COUNT / 3)
			c = consume(t, "c", 7);
		if (c && pub % 20 == 19) /* a consumer that comes and goes lets queues grow and run empty */
			set_ready(c, pub % 40 == 39 ? 7 : 0);
	}
	set_ready(c, 7);
	for (int i = 0; i < pub; i++)
		assert_int_equal(pub_wait(pubs[i]), 0);
	assert_true(gets(c, 0, COUNT));
	assert_true(channel_becomes("t", "c", 0, 0, 0));
	assert_true(has_only(c, COUNT));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t")), 0);
	assert_int_equal(mock_depth(queue_of("t:c")), 0);
}

static void order_is_kept_over_memory_and_slow_storage(void **state)
{
	order_is_kept(LOOPS, 3, true, 500);
}

static void order_is_kept_over_memory_and_fast_storage(void **state)
{
	order_is_kept(LOOPS, 20, true, 0);
}

static void order_is_kept_from_the_topic_over_both_storages(void **state)
{
	order_is_kept(LOOPS, 3, false, 200);
}

static void order_is_kept_without_memory(void **state)
{
	order_is_kept(LOOPS, 0, true, 0);
}

static void order_is_kept_without_memory_from_the_topic(void **state)
{
	order_is_kept(LOOPS, 0, false, 100);
}

/* ---- several loops ---- */

static void publishes_from_all_loops_arrive_in_the_order_of_each(void **state)
{
	enum { EACH = 300 };
	static struct pub *pubs[3][EACH];
	int next[3] = {0}, homes[3] = {0};

	e.limits.mem_queue_size = 50;
	engine_up(LOOPS);
	/* Homes are dealt out evenly. */
	const char *const names[] = {"t0", "t1", "t2"};
	struct pluq_topic *t[3];

	for (int i = 0; i < 3; i++) {
		t[i] = topic_on(i, names[i]);
		homes[pluq__broker_table.topic_home(t[i])]++;
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(homes[i], 1);
	struct consumer *c = consume(t[1], "c", 100);

	for (int n = 0; n < EACH; n++)
		for (int l = 0; l < 3; l++)
			pubs[l][n] = pub_begin(l, t[1], l * 1000 + n, 1);
	for (int n = 0; n < EACH; n++)
		for (int l = 0; l < 3; l++)
			assert_int_equal(pub_wait(pubs[l][n]), 0);
	assert_true(has_got(c, 3 * EACH));
	for (int i = 0; i < 3 * EACH; i++)
		assert_int_equal(c->got[i].body % 1000, next[c->got[i].body / 1000]++);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, order_is_kept_over_memory_and_slow_storage),
	    TEST_ON(3, order_is_kept_over_memory_and_slow_storage),
	    TEST_ON(1, order_is_kept_over_memory_and_fast_storage),
	    TEST_ON(3, order_is_kept_over_memory_and_fast_storage),
	    TEST_ON(1, order_is_kept_from_the_topic_over_both_storages),
	    TEST_ON(3, order_is_kept_from_the_topic_over_both_storages),
	    TEST_ON(1, order_is_kept_without_memory),
	    TEST_ON(3, order_is_kept_without_memory),
	    TEST_ON(1, order_is_kept_without_memory_from_the_topic),
	    TEST_ON(3, publishes_from_all_loops_arrive_in_the_order_of_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
