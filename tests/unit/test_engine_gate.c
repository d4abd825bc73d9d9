/* A new topic that waits for its channels: nothing is lost, nothing passes before, nobody waits for longer than was said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

#define MOST_NS (7 * SEC)
#define GATES 8

/* What the gatekeeper was told; loop 0's. */
static struct {
	struct pluq_gate *gate[GATES];
	char topic[GATES][PLUQ_NAME_MAX + 1];
	_Atomic int count;
} kept;

/* pluq_gate_fn */
static void on_gate(void *arg, const char *topic, struct pluq_gate *gate)
{
	assert_ptr_equal(arg, &kept);
	assert_ptr_equal(pluq__loop_self(), &e.loops.loop[0]);
	assert_in_range(kept.count, 0, GATES - 1);
	snprintf(kept.topic[kept.count], sizeof(kept.topic[0]), "%s", topic);
	kept.gate[kept.count] = gate;
	kept.count++;
}

static void keep_gates(void *arg)
{
	(void)arg;
	assert_int_equal(pluq__broker_table.gate(&e.host.pub, MOST_NS, on_gate, &kept), 0);
	assert_int_equal(pluq__broker_table.gate(&e.host.pub, MOST_NS, on_gate, &kept), PLUQ_EBUSY);
}

static void up(int loops)
{
	engine_up(loops);
	memset(&kept, 0, sizeof(kept));
	on_loop(&e.loops, 0, keep_gates, NULL);
}

struct opening {
	int gate;
	const char *const *names;
	size_t n;
};

static void do_open(void *arg)
{
	struct opening *o = arg;

	pluq__broker_table.gate_open(kept.gate[o->gate], o->names, o->n);
	kept.gate[o->gate] = NULL;
}

static void open_gate(int gate, const char *const *names, size_t n)
{
	struct opening o = {gate, names, n};

	assert_true(until_at_least(&kept.count, gate + 1));
	on_loop(&e.loops, 0, do_open, &o);
	settle();
}

static const char *const two[] = {"a", "b"};

static void assert_all(struct pluq_topic *t, const char *channel, int count)
{
	struct consumer *c = consume(t, channel, 100);

	assert_true(gets(c, 0, count));
	assert_true(channel_becomes(pluq__broker_table.topic_name(t), channel, 0, 0, 0));
	assert_int_equal(c->count, count);
	unsubscribe(c);
}

/* In memory, in storage, and what comes while it moves on. */
static void every_channel_gets_all(int loops, int64_t in_memory)
{
	e.limits.mem_queue_size = in_memory;
	up(loops);
	struct pluq_topic *t = topic_on(LAST, "t");
	struct consumer *early = consume(t, "early", 100);

	assert_int_equal(publish(0, t, 0, 50), 0); /* nobody waits for the gate to publish */
	settle();
	assert_true(topic_becomes("t", 50));
	assert_int_equal(early->count, 0);
	open_gate(0, two, 2);
	assert_string_equal(kept.topic[0], "t");
	assert_int_equal(publish(LAST, t, 50, 50), 0);
	assert_true(gets(early, 0, 100));
	assert_all(t, "a", 100);
	assert_all(t, "b", 100);
	assert_true(topic_becomes("t", 0));
}

static void channels_of_the_gate_get_all_from_memory(void **state)
{
	every_channel_gets_all(LOOPS, 1000);
}

static void channels_of_the_gate_get_all_from_storage(void **state)
{
	every_channel_gets_all(LOOPS, 3);
}

static void gate_opened_with_nothing_lets_through(void **state)
{
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");

	assert_int_equal(publish(0, t, 0, 10), 0);
	open_gate(0, NULL, 0);
	assert_true(topic_becomes("t", 10)); /* until there is a channel */
	struct consumer *c = consume(t, "c", 100);

	assert_true(has_got(c, 10));
}

static void topic_begins_when_time_is_up(void **state)
{
	struct pluq_channel_stats s;

	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");
	struct consumer *c = consume(t, "c", 100);

	assert_int_equal(publish(0, t, 0, 10), 0);
	leap(MOST_NS - SEC);
	settle();
	assert_int_equal(c->count, 0);
	leap(SEC + 10 * MS);
	assert_true(has_got(c, 10));
	open_gate(0, two, 2); /* too late for those, but not for what follows */
	assert_true(channel_stats("t", "a", &s));
	assert_int_equal(s.depth, 0);
	assert_int_equal(publish(0, t, 10, 1), 0);
	assert_true(channel_becomes("t", "b", 1, 0, 0));
}

static void gate_of_a_topic_deleted_meanwhile(void **state)
{
	struct pluq_channel_stats s;

	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");

	assert_int_equal(publish(0, t, 0, 10), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	topic_drop(t);
	t = topic_on(0, "t"); /* another one, with a gate of its own */
	assert_true(until_at_least(&kept.count, 2));
	assert_int_equal(publish(0, t, 0, 20), 0);
	open_gate(0, two, 2);
	assert_false(channel_stats("t", "a", &s));
	assert_true(topic_becomes("t", 20));
	open_gate(1, two, 2);
	assert_all(t, "a", 20);
	assert_all(t, "b", 20);
	topic_drop(t);
	leap(2 * MOST_NS); /* no timer of the first is left */
	settle();
}

static void gate_does_not_end_a_pause(void **state)
{
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");
	struct consumer *c = consume(t, "c", 100);

	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	assert_int_equal(publish(0, t, 0, 5), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0);
	open_gate(0, two, 2);
	assert_int_equal(c->count, 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_UNPAUSE, "t", NULL), 0);
	assert_true(has_got(c, 5));
	assert_true(channel_becomes("t", "a", 5, 0, 0));
}

static void ephemeral_topic_waits_too(void **state)
{
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t#ephemeral");
	struct consumer *c = consume(t, "c#ephemeral", 100);

	assert_int_equal(publish(0, t, 0, 10), 0);
	settle();
	assert_int_equal(c->count, 0);
	open_gate(0, two, 2);
	assert_true(has_got(c, 10));
	assert_true(channel_becomes("t#ephemeral", "b", 10, 0, 0));
}

static void stop_keeps_what_an_open_gate_lets_through(void **state)
{
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");

	consume(t, "c", 0);
	assert_int_equal(publish(0, t, 0, 20), 0);
	topic_drop(t);
	open_gate(0, two, 2);
	assert_int_equal(engine_down(), 0);

	up(LOOPS); /* what was loaded has no gate */
	t = topic_on(0, "t");
	assert_all(t, "c", 20);
	assert_all(t, "a", 20);
	assert_int_equal(kept.count, 0);
}

/* The engine is on its way down; the gate is opened all the same, as it must be, before the loops end. */
static void gate_opened_while_the_engine_stops(void **state)
{
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");
	struct opening o = {0, two, 2};

	consume(t, "c", 0);
	assert_int_equal(publish(0, t, 0, 20), 0);
	assert_true(until_at_least(&kept.count, 1));
	topic_drop(t);
	post_to_loop(&e.loops, 0, do_open, &o); /* on its way when the drain begins */
	assert_int_equal(engine_down(), 0);

	up(LOOPS);
	t = topic_on(0, "t");
	assert_all(t, "c", 20);
}

#define WRITERS 3
#define ROUNDS 40
#define BATCH 25

/* Publishes from every loop go on while the gate opens: each channel gets every message once. */
static void nothing_is_lost_while_the_gate_opens(void **state)
{
	static bool seen[WRITERS * ROUNDS * BATCH];
	const int total = WRITERS * ROUNDS * BATCH;
	struct pub *pubs[WRITERS * ROUNDS];

	e.limits.mem_queue_size = 60;
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t");

	for (int i = 0; i < WRITERS * ROUNDS; i++) {
		pubs[i] = pub_begin(i % LOOPS, t, i * BATCH, BATCH);
		if (i == WRITERS * ROUNDS / 2)
			open_gate(0, two, 2);
	}
	for (int i = 0; i < WRITERS * ROUNDS; i++)
		assert_int_equal(pub_wait(pubs[i]), 0);
	for (int channel = 0; channel < 2; channel++) {
		struct consumer *c = consume(t, two[channel], 100);

		assert_true(has_got(c, total));
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < total; i++) {
			assert_in_range(c->got[i].body, 0, total - 1);
			assert_false(seen[c->got[i].body]);
			seen[c->got[i].body] = true;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, channels_of_the_gate_get_all_from_memory),
	    TEST_ON(3, channels_of_the_gate_get_all_from_memory),
	    TEST_ON(1, channels_of_the_gate_get_all_from_storage),
	    TEST_ON(3, channels_of_the_gate_get_all_from_storage),
	    TEST_ON(1, gate_opened_with_nothing_lets_through),
	    TEST_ON(1, topic_begins_when_time_is_up),
	    TEST_ON(3, topic_begins_when_time_is_up),
	    TEST_ON(1, gate_of_a_topic_deleted_meanwhile),
	    TEST_ON(3, gate_of_a_topic_deleted_meanwhile),
	    TEST_ON(1, gate_does_not_end_a_pause),
	    TEST_ON(1, ephemeral_topic_waits_too),
	    TEST_ON(3, ephemeral_topic_waits_too),
	    TEST_ON(1, stop_keeps_what_an_open_gate_lets_through),
	    TEST_ON(3, stop_keeps_what_an_open_gate_lets_through),
	    TEST_ON(1, gate_opened_while_the_engine_stops),
	    TEST_ON(3, gate_opened_while_the_engine_stops),
	    TEST_ON(1, nothing_is_lost_while_the_gate_opens),
	    TEST_ON(3, nothing_is_lost_while_the_gate_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
