/* The engine over storage that is slow, hangs, fails, rejects, or is called on the loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/log.h"
#include "cmocka_all.h"
#include "engine_rig.h"

/* ---- hanging and failing ---- */

/* Nor do they wait for time to pass: here it stands. */
static void hanging_queue_leaves_the_others_alone(void **state)
{
	enum { OTHERS = 12, COUNT = 300 };
	struct consumer *c[OTHERS];
	struct pluq_topic *t[OTHERS], *bad;
	struct pub *stuck[20];

	e.limits.mem_queue_size = 0;
	engine_up(LOOPS);
	bad = topic_on(0, "bad");
	struct consumer *hung = consume(bad, "c", 10);

	assert_int_equal(publish(0, bad, 0, 1), 0);
	assert_true(has_got(hung, 1));
	for (int i = 0; i < OTHERS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "good-%d", i);
		t[i] = topic_on(i % LOOPS, name);
		c[i] = consume(t[i], "c", 10);
		assert_int_equal(publish(0, t[i], 0, 1), 0);
	}
	mock_block(queue_of("bad:c"), MOCK_APPEND);
	for (int n = 0; n < 20; n++)
		stuck[n] = pub_begin(LAST, bad, 1 + n, 1);
	assert_true(mock_await_inside(queue_of("bad:c"), MOCK_APPEND, 1));
	for (int n = 1; n < COUNT; n++)
		for (int i = 0; i < OTHERS; i++)
			assert_int_equal(publish(n % LOOPS, t[i], n, 1), 0);
	for (int i = 0; i < OTHERS; i++)
		assert_true(gets(c[i], 0, COUNT));
	for (int n = 0; n < 20; n++)
		assert_int_equal(stuck[n]->answered, 0);
	mock_unblock(queue_of("bad:c"), MOCK_APPEND);
	for (int n = 0; n < 20; n++)
		assert_int_equal(pub_wait(stuck[n]), 0);
	assert_true(gets(hung, 0, 21));
}

static void failing_append_reaches_the_publisher_and_siblings_keep_theirs(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t:a");
	struct consumer *a = consume(t, "a", 10);
	struct consumer *b = consume(t, "b", 10);

	assert_int_equal(publish(0, t, 0, 1), 0);
	mock_fail(q, MOCK_APPEND, 3);
	for (int n = 1; n <= 3; n++) {
		struct pub *p = pub_begin(LAST, t, n, 1);

		assert_int_equal(pub_wait(p), PLUQ_EIO);
		assert_non_null(strstr(p->why.text, "append fails"));
	}
	assert_int_equal(publish(0, t, 4, 1), 0);
	assert_true(health().storage_ok);
	assert_true(gets(b, 0, 5));
	assert_true(has_got(a, 2));
	assert_int_equal(a->got[1].body, 4);
	assert_true(has_only(a, 2)); /* what was refused does not come */
}

static bool is_well(void *arg)
{
	return health().storage_ok;
}

static size_t count_in_log(const char *path, const char *text)
{
	static char buffer[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buffer, 1, sizeof(buffer) - 1, f) : 0, count = 0;

	if (f)
		fclose(f);
	buffer[n] = '\0';
	for (const char *at = buffer; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* One queue fails, another does not: that is no reason for two lines per message. */
static void fault_of_one_queue_among_good_ones_is_logged_at_growing_gaps(void **state)
{
	char path[] = "test_engine_storage.XXXXXX";
	struct pluq_why why;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(pluq__log_open(PLUQ_INFO, path, &why), 0);
	assert_int_equal(pluq__log_start(), 0);
	e.limits.mem_queue_size = 0;
	engine_up(LOOPS);
	struct pluq_topic *bad = topic_on(0, "bad"), *good = topic_on(0, "good");

	assert_int_equal(publish(0, bad, 0, 1), 0);
	mock_fail(queue_of("bad"), MOCK_APPEND, 1000);
	pluq__log_set_level(PLUQ_INFO);
	for (int n = 0; n < 300; n++) {
		assert_int_equal(publish(0, bad, n, 1), PLUQ_EIO);
		assert_int_equal(publish(0, good, n, 1), 0);
		if (n % 3 == 0)
			leap(100 * MS); /* ten seconds in all */
	}
	mock_fail(queue_of("bad"), MOCK_APPEND, 0);
	assert_int_equal(publish(0, bad, 0, 1), 0);
	leap(60 * SEC);
	mock_fail(queue_of("bad"), MOCK_APPEND, 1);
	assert_int_equal(publish(0, bad, 0, 1), PLUQ_EIO); /* a new one is told of at once */
	pluq__log_set_level(PLUQ_FATAL);
	pluq__log_stop();
	assert_in_range(count_in_log(path, "append to bad failed"), 4, 7); /* at 0, 1, 3, 7 s, and the new one */
	assert_in_range(count_in_log(path, "storage works again"), 3, 7);
	unlink(path);
}

static bool probes_are(void *arg)
{
	return e.storage.probes >= (int)(intptr_t)arg;
}

/* No traffic at all: a probe finds out. */
static void health_heals_by_probing(void **state)
{
	e.limits.mem_queue_size = 0;
	e.storage.fail_probes = 2;
	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(LAST, "t");

	assert_int_equal(publish(0, t, 0, 1), 0);
	mock_fail(queue_of("t"), MOCK_APPEND, 1);
	assert_int_equal(publish(0, t, 1, 1), PLUQ_EIO);
	assert_false(health().storage_ok);
	for (int n = 0; n < 2; n++) {
		assert_true(until_after_pauses(probes_are, (void *)(intptr_t)(n + 1)));
		settle();
		assert_false(health().storage_ok);
	}
	assert_true(until_after_pauses(is_well, NULL));
	assert_int_equal(e.storage.probes, 3);
	leap(5 * SEC);
	settle();
	assert_int_equal(e.storage.probes, 3);
}

static bool six_appends(void *arg)
{
	return ((struct mock_queue *)arg)->calls[MOCK_APPEND] >= 6;
}

enum { MANY = 2000 };

static bool both_have_all(void *arg)
{
	struct consumer **c = arg;

	return c[0]->count >= MANY && c[1]->count >= MANY;
}

/* What moves on from the topic is tried again, dropped by nobody, in order, while siblings go on. */
static void moving_on_survives_failures(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 3);
	struct mock_queue *q = queue_of("t:a");

	assert_int_equal(publish(0, t, 0, MANY), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	struct consumer *a = consume(t, "a", 0);
	struct consumer *b = consume(t, "b", 50);

	mock_fail(q, MOCK_APPEND, 4);
	q->fail_at_record = 700;
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(until_after_pauses(six_appends, q));
	set_ready(a, 50);
	assert_true(until_after_pauses(both_have_all, (struct consumer *[]){a, b}));
	assert_true(gets(a, 0, MANY) && gets(b, 0, MANY));
	assert_true(channel_becomes("t", "a", 0, 0, 0) && channel_becomes("t", "b", 0, 0, 0));
	assert_true(has_only(a, MANY) && has_only(b, MANY));
	assert_int_equal(engine_end(), 0);
	assert_int_equal(mock_depth(queue_of("t")), 0);
	assert_int_equal(mock_depth(q), 0);
}

/* The record of the topic stays until the last channel has it. */
static void record_of_the_topic_is_kept_until_every_channel_has_it(void **state)
{
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t:b"), *own = queue_of("t");

	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	struct consumer *a = consume(t, "a", 10);

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "b"), 0);
	assert_int_equal(publish(0, t, 0, 10), 0);
	mock_block(q, MOCK_APPEND);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(has_got(a, 10));
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	settle();
	assert_int_equal(mock_depth(own), 10);
	mock_unblock(q, MOCK_APPEND);
	assert_true(mock_becomes(own, 0));
	assert_int_equal(mock_depth(q), 10);
}

enum { FILL = 2048 };

static bool has_its_fill(void *stats)
{
	struct pluq_channel_stats *s = stats;

	return channel_stats("t", "c", s) && s->depth >= FILL;
}

/* A topic stops handing on to a channel whose storage does not keep up, so that memory stays bounded. */
static void topic_waits_for_a_channel_that_does_not_keep_up(void **state)
{
	enum { COUNT = 10000 };
	struct pluq_channel_stats s;
	struct pluq_topic *t = engine_with_topic(LOOPS, 0);
	struct mock_queue *q = queue_of("t:c");

	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(publish(0, t, 0, COUNT), 0);
	mock_block(q, MOCK_APPEND);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(mock_await_inside(q, MOCK_APPEND, 1));
	assert_true(until(has_its_fill, &s));
	for (int n = 0; n < 50; n++)
		settle();
	assert_true(channel_stats("t", "c", &s));
	assert_in_range(s.depth, FILL, FILL + 511);
	mock_unblock(q, MOCK_APPEND);
	assert_true(channel_becomes("t", "c", COUNT, 0, 0));
	assert_true(topic_becomes("t", 0));
	assert_int_equal(engine_down(), 0);
	assert_int_equal(mock_depth(q), COUNT);
}

/* ---- storage on the loop, storage that keeps nothing ---- */

static void storage_on_the_loop_keeps_order_too(void **state)
{
	enum { COUNT = 500 };

	e.storage.ops.flags = PLUQ_STORAGE_ON_LOOP;
	struct pluq_topic *t = engine_with_topic(LOOPS, 2);
	struct consumer *c = consume(t, "c", 3);

	for (int n = 0; n < COUNT; n += 5)
		assert_int_equal(publish(LAST, t, n, 5), 0);
	assert_true(gets(c, 0, COUNT));
}

static void rejecting_storage_refuses_what_does_not_fit(void **state)
{
	e.storage.ops.flags = PLUQ_STORAGE_REJECTS | PLUQ_STORAGE_ON_LOOP;
	struct pluq_topic *t = engine_with_topic(LOOPS, 10);

	/* The topic's own queue. */
	assert_int_equal(publish(LAST, t, 0, 10), 0);
	assert_int_equal(publish(LAST, t, 10, 1), PLUQ_EFULL);
	struct consumer *a = consume(t, "a", 10);

	assert_true(has_got(a, 10));
	set_ready(a, 0);
	/* One channel is full: no channel gets it. */
	struct consumer *b = consume(t, "b", 0);

	assert_int_equal(publish(LAST, t, 20, 6), 0);
	set_ready(a, 10);
	assert_true(has_got(a, 16));
	assert_int_equal(publish(LAST, t, 30, 5), PLUQ_EFULL); /* b has room for 4 */
	assert_true(has_only(a, 16));
	assert_true(channel_becomes("t", "b", 6, 0, 0));
	assert_int_equal(publish(LAST, t, 40, 4), 0);
	assert_int_equal(publish(LAST, t, 50, 1), PLUQ_EFULL);
	assert_true(has_got(a, 20));
	set_ready(b, 10);
	assert_true(has_got(b, 10));
	assert_int_equal(publish(LAST, t, 60, 1), 0);
	assert_true(health().storage_ok); /* full is not broken */
	assert_int_equal(queue_of("t")->calls[MOCK_OPEN], 0);
}

/* A backlog moves on as the channel has room, and is refused once both are full. */
static void rejecting_storage_moves_a_backlog_on_as_there_is_room(void **state)
{
	e.storage.ops.flags = PLUQ_STORAGE_REJECTS | PLUQ_STORAGE_ON_LOOP;
	struct pluq_topic *t = engine_with_topic(LOOPS, 10);

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "a"), 0);
	assert_int_equal(publish(0, t, 0, 10), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(publish(0, t, 10, 10), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_int_equal(publish(0, t, 20, 1), PLUQ_EFULL);
	struct consumer *a = consume(t, "a", 3);

	assert_true(gets(a, 0, 20));
	assert_int_equal(publish(0, t, 20, 1), 0);
	assert_true(has_got(a, 21));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, hanging_queue_leaves_the_others_alone),
	    TEST_ON(3, hanging_queue_leaves_the_others_alone),
	    TEST_ON(1, failing_append_reaches_the_publisher_and_siblings_keep_theirs),
	    TEST_ON(3, failing_append_reaches_the_publisher_and_siblings_keep_theirs),
	    TEST_ON(1, fault_of_one_queue_among_good_ones_is_logged_at_growing_gaps),
	    TEST_ON(1, health_heals_by_probing),
	    TEST_ON(3, health_heals_by_probing),
	    TEST_ON(1, moving_on_survives_failures),
	    TEST_ON(1, record_of_the_topic_is_kept_until_every_channel_has_it),
	    TEST_ON(1, topic_waits_for_a_channel_that_does_not_keep_up),
	    TEST_ON(1, storage_on_the_loop_keeps_order_too),
	    TEST_ON(3, storage_on_the_loop_keeps_order_too),
	    TEST_ON(1, rejecting_storage_refuses_what_does_not_fit),
	    TEST_ON(3, rejecting_storage_refuses_what_does_not_fit),
	    TEST_ON(1, rejecting_storage_moves_a_backlog_on_as_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
