/* What a handler that follows topics and channels is told, and what it finds when it asks for all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

/* As text: "+t" a topic was made, "-t:c" a channel went; loop 0's. */
struct notes {
	char text[4096];
	size_t length;
};

static struct notes told, found;

static void note(void *arg, enum pluq_change change, const char *topic, const char *channel)
{
	struct notes *n = arg;
	bool made = change == PLUQ_TOPIC_MADE || change == PLUQ_CHANNEL_MADE;
	bool of_channel = change == PLUQ_CHANNEL_MADE || change == PLUQ_CHANNEL_GONE;

	assert_ptr_equal(pluq__loop_self(), &e.loops.loop[0]);
	assert_int_equal(of_channel, channel != NULL);
	n->length += (size_t)snprintf(n->text + n->length, sizeof(n->text) - n->length, "%s%c%s%s%s", n->length ? " " : "",
	    made ? '+' : '-', topic, channel ? ":" : "", channel ? channel : "");
	assert_true(n->length < sizeof(n->text));
}

static void follow(void *arg)
{
	(void)arg;
	assert_int_equal(pluq__broker_table.watch(&e.host.pub, note, &told), 0);
}

static void up(int loops)
{
	engine_up(loops);
	memset(&told, 0, sizeof(told));
	on_loop(&e.loops, 0, follow, NULL);
}

static bool says(void *arg)
{
	return strcmp(told.text, arg) == 0;
}

/* Waits until these and no others have been told since the last call. */
static void expect(const char *wanted)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", wanted);
	if (!until_on_loop(&e.loops, 0, says, text, 0))
		assert_string_equal(told.text, wanted);
	settle();
	assert_string_equal(told.text, wanted);
	memset(&told, 0, sizeof(told));
}

static void find(void *arg)
{
	(void)arg;
	memset(&found, 0, sizeof(found));
	pluq__broker_table.each(&e.host.pub, note, &found);
}

static const char *all(void)
{
	on_loop(&e.loops, 0, find, NULL);
	return found.text;
}

static void make_on(int loop, const char *name)
{
	topic_drop(topic_on(loop, name));
}

static void topics_and_channels_come_and_go(void **state)
{
	up(LOOPS);
	assert_string_equal(all(), "");
	make_on(LAST, "t");
	expect("+t");
	make_on(0, "t"); /* it is there already */
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	expect("+t:c");
	assert_int_equal(admin(LAST, PLUQ_CHANNEL_CREATE, "t", "d"), 0);
	expect("+t:d");
	assert_int_equal(admin(0, PLUQ_CHANNEL_PAUSE, "t", "c"), 0);
	assert_int_equal(admin(0, PLUQ_TOPIC_EMPTY, "t", NULL), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_DELETE, "t", "c"), 0);
	expect("-t:c");
	assert_string_equal(all(), "+t +t:d");
	assert_int_equal(admin(0, PLUQ_TOPIC_DELETE, "t", NULL), 0);
	expect("-t:d -t");
	assert_string_equal(all(), "");
	make_on(0, "t");
	expect("+t");
	assert_int_equal(engine_down(), 0);
	assert_string_equal(told.text, ""); /* the stop ends topics, which do not go by that */
}

static void what_was_there_at_the_start_is_found_but_not_told(void **state)
{
	up(LOOPS);
	make_on(0, "t");
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	assert_int_equal(engine_down(), 0);
	up(LOOPS);
	assert_string_equal(all(), "+t +t:c");
	expect("");
}

static void ephemeral_ones_are_told(void **state)
{
	up(LOOPS);
	struct consumer *c = consume(topic_on(0, "t#ephemeral"), "c#ephemeral", 1);

	expect("+t#ephemeral +t#ephemeral:c#ephemeral");
	assert_string_equal(all(), "+t#ephemeral +t#ephemeral:c#ephemeral");
	unsubscribe(c);
	expect("-t#ephemeral:c#ephemeral -t#ephemeral");
	assert_string_equal(all(), "");
}

/* In one step of the home, so that loop 0 hears of the new channel when it has already begun to let the topic expire. */
struct swap {
	struct consumer *before, *after;
};

static void leave_and_come_back(void *arg)
{
	struct swap *s = arg;

	pluq__broker_table.sub_close(s->before->sub);
	s->before->sub = NULL;
	subscribe_here(s->after);
}

static void channel_that_keeps_a_topic_from_expiring_is_told(void **state)
{
	e.limits.mem_queue_size = 0; /* what is published needs the channel's queue, which needs its name */
	up(LOOPS);
	struct pluq_topic *t = topic_on(0, "t#ephemeral");

	struct consumer *a = consume(t, "a#ephemeral", 1), *b = consumer_new();
	struct swap swap = {a, b};

	expect("+t#ephemeral +t#ephemeral:a#ephemeral");
	b->finishes = true;
	consumer_place(b, t, "b");
	on_loop(&e.loops, a->loop, leave_and_come_back, &swap);
	assert_int_equal(b->status, 0);
	expect("-t#ephemeral:a#ephemeral +t#ephemeral:b");
	assert_string_equal(all(), "+t#ephemeral +t#ephemeral:b");
	set_ready(b, 10);
	assert_int_equal(publish(0, t, 0, 5), 0);
	assert_true(has_got(b, 5));
	unsubscribe(b);
	assert_int_equal(admin(0, PLUQ_CHANNEL_DELETE, "t#ephemeral", "b"), 0);
	expect("-t#ephemeral:b -t#ephemeral");
}

/* Who asks in the middle of a deletion is told of the topic, and then of its going. */
static void topic_is_there_until_its_files_are_gone(void **state)
{
	struct mock_queue *q = queue_of("t:c");

	e.limits.mem_queue_size = 0;
	up(LOOPS);
	make_on(0, "t");
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	expect("+t +t:c");
	mock_block(q, MOCK_REMOVE);
	struct request *d = request(0, PLUQ_TOPIC_DELETE, "t", NULL);

	assert_true(mock_await_inside(q, MOCK_REMOVE, 1));
	settle();
	assert_string_equal(all(), "+t +t:c");
	expect("");
	mock_unblock(q, MOCK_REMOVE);
	assert_int_equal(request_wait(d), 0);
	expect("-t:c -t");
}

static bool is_answered(void *arg)
{
	return ((struct request *)arg)->answered;
}

/* Its creation is tried again and again while the metadata cannot be saved, and must not come back after its end. */
static void deleted_channel_does_not_return_with_a_late_save(void **state)
{
	up(LOOPS);
	make_on(0, "t");
	assert_int_equal(admin(0, PLUQ_TOPIC_PAUSE, "t", NULL), 0); /* the topic is saved */
	mock_block_save(&e.storage, true);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "t", "c"), 0);
	leap(1 * SEC);
	assert_true(until_at_least(&e.storage.saving, 1));
	struct request *d = request(0, PLUQ_CHANNEL_DELETE, "t", "c");

	expect("+t +t:c -t:c");
	mock_fail_saves(&e.storage, 1);
	mock_block_save(&e.storage, false);
	assert_true(until_after_pauses(is_answered, d));
	assert_int_equal(d->status, 0);
	expect("");
	assert_string_equal(all(), "+t");
	assert_int_equal(engine_down(), 0);
	assert_false(mock_has_saved(&e.storage, "t:c"));
}

#define MANY 2000

static void count(void *arg, enum pluq_change change, const char *topic, const char *channel)
{
	int *n = arg;

	(void)topic;
	(void)channel;
	n[change]++;
}

static int seen[5], seen_too[5];

static void count_changes(void *arg)
{
	(void)arg;
	assert_int_equal(pluq__broker_table.watch(&e.host.pub, count, seen), 0);
	assert_int_equal(pluq__broker_table.watch(&e.host.pub, count, seen_too), 0);
}

static bool has_seen_all(void *arg)
{
	return seen[*(int *)arg] == MANY;
}

/* Two who follow are both told, of every single one. */
static void each_of_many_is_told_once(void **state)
{
	char name[32];

	engine_up(LOOPS);
	memset(seen, 0, sizeof(seen));
	memset(seen_too, 0, sizeof(seen_too));
	on_loop(&e.loops, 0, count_changes, NULL);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "t%d#ephemeral", i);
		make_on(i % LOOPS, name);
		assert_int_equal(admin(i % LOOPS, PLUQ_CHANNEL_CREATE, name, "c#ephemeral"), 0);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "t%d#ephemeral", i);
		assert_int_equal(admin(i % LOOPS, PLUQ_TOPIC_DELETE, name, NULL), 0);
	}
	assert_true(until_on_loop(&e.loops, 0, has_seen_all, &(int){PLUQ_TOPIC_GONE}, 0));
	assert_int_equal(seen[PLUQ_TOPIC_MADE], MANY);
	assert_int_equal(seen[PLUQ_CHANNEL_MADE], MANY);
	assert_int_equal(seen[PLUQ_CHANNEL_GONE], MANY);
	settle();
	assert_memory_equal(seen, seen_too, sizeof(seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, topics_and_channels_come_and_go),
	    TEST_ON(3, topics_and_channels_come_and_go),
	    TEST_ON(1, what_was_there_at_the_start_is_found_but_not_told),
	    TEST_ON(3, what_was_there_at_the_start_is_found_but_not_told),
	    TEST_ON(1, ephemeral_ones_are_told),
	    TEST_ON(3, ephemeral_ones_are_told),
	    TEST_ON(1, channel_that_keeps_a_topic_from_expiring_is_told),
	    TEST_ON(3, channel_that_keeps_a_topic_from_expiring_is_told),
	    TEST_ON(1, topic_is_there_until_its_files_are_gone),
	    TEST_ON(3, topic_is_there_until_its_files_are_gone),
	    TEST_ON(1, deleted_channel_does_not_return_with_a_late_save),
	    TEST_ON(3, deleted_channel_does_not_return_with_a_late_save),
	    TEST_ON(1, each_of_many_is_told_once),
	    TEST_ON(3, each_of_many_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
