/* Snapshots of all counters, while topics come and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "engine_rig.h"

static _Atomic int snapshots;
static _Atomic int failed, unsorted, wrong_counts;

static void check_snapshot(const struct pluq_stats *s)
{
	int steady = 0;

	for (size_t i = 0; i < s->topic_count; i++) {
		const struct pluq_topic_stats *t = &s->topics[i];

		unsorted += i && strcmp(s->topics[i - 1].name, t->name) >= 0;
		for (size_t c = 0; c < t->channel_count; c++)
			unsorted += c && strcmp(t->channels[c - 1].name, t->channels[c].name) >= 0;
		if (strcmp(t->name, "steady") == 0) {
			steady++;
			wrong_counts += t->message_count != 5 || t->channel_count != 2 || t->channels[0].depth != 5;
		}
	}
	wrong_counts += steady != 1;
}

static void on_snapshot(void *arg, int status, struct pluq_stats *s)
{
	failed += status != 0;
	if (!status)
		check_snapshot(s);
	pluq__broker_table.stats_free(s);
	snapshots++;
}

static void take_snapshot(void *arg)
{
	if (pluq__broker_table.stats(&e.host.pub, NULL, on_snapshot, NULL) < 0)
		abort();
}

/* Enough topics that a snapshot takes several slices, while some come and go. */
static void snapshots_are_whole_while_topics_come_and_go(void **state)
{
	struct request *deletions[50];

	engine_up(LOOPS);
	struct pluq_topic *t = topic_on(0, "steady");

	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "steady", "b"), 0);
	assert_int_equal(admin(0, PLUQ_CHANNEL_CREATE, "steady", "a"), 0);
	assert_int_equal(publish(0, t, 0, 5), 0);
	make_topics(10000);
	snapshots = failed = unsorted = wrong_counts = 0;
	for (int round = 0; round < 10; round++) {
		post_to_loop(&e.loops, LAST, take_snapshot, NULL);
		for (int n = 0; n < 50; n++) {
			char old[32], fresh[32];

			snprintf(old, sizeof(old), "topic-%d", round * 977 + n);
			snprintf(fresh, sizeof(fresh), "fresh-%d-%d", round, n);
			deletions[n] = request(0, PLUQ_TOPIC_DELETE, old, NULL);
			make_topic(fresh);
			if (n % 10 == 0)
				post_to_loop(&e.loops, n % LOOPS, take_snapshot, NULL);
		}
		leap(200 * MS);
		for (int n = 0; n < 50; n++)
			assert_int_equal(request_wait(deletions[n]), 0);
	}
	assert_true(until_at_least(&snapshots, 60));
	assert_int_equal(failed, 0);
	assert_int_equal(unsorted, 0);
	assert_int_equal(wrong_counts, 0);
}

static size_t topics_seen;
static bool saw_last;

static void on_whole(void *arg, int status, struct pluq_stats *s)
{
	topics_seen = s->topic_count;
	for (size_t i = 0; i < s->topic_count; i++)
		saw_last |= strcmp(s->topics[i].name, "topic-9999") == 0;
	pluq__broker_table.stats_free(s);
	snapshots++;
}

static struct request *around[150];

/* The deletions come between the slices, and take away the topics at which the slices end. */
static void snapshot_and_delete(void *arg)
{
	if (pluq__broker_table.stats(&e.host.pub, NULL, on_whole, NULL) < 0)
		abort();
	for (int n = 0; n < 150; n++) {
		char name[32];

		snprintf(name, sizeof(name), "topic-%d", 985 + n / 30 * 1000 + n % 30);
		around[n] = request_here(PLUQ_TOPIC_DELETE, name, NULL);
	}
}

static void snapshot_goes_on_behind_a_topic_that_goes(void **state)
{
	engine_up(LOOPS);
	make_topics(10000);
	snapshots = 0;
	saw_last = false;
	on_loop(&e.loops, 0, snapshot_and_delete, NULL);
	assert_true(until_at_least(&snapshots, 1));
	settle();
	assert_true(saw_last);
	assert_in_range(topics_seen, 10000 - 150, 10000);
	for (int n = 0; n < 150; n++)
		assert_int_equal(request_wait(around[n]), 0);
}

/* ---- a topic with more channels than a slice takes ---- */

#define MANY 3500

static struct request *made[MANY];
static uint64_t begun_turn, turns;
static size_t channels_seen;
static int many_seen;
static bool saw_last_channel;

static void make_channels(void *arg)
{
	for (int n = 0; n < MANY; n++) {
		char name[32];

		snprintf(name, sizeof(name), "channel-%d", n);
		made[n] = request_here(PLUQ_CHANNEL_CREATE, "many", name);
	}
}

static void a_topic_of_many_channels(void)
{
	engine_up(1);
	make_topic("many");
	make_topic("next");
	on_loop(&e.loops, 0, make_channels, NULL);
	for (int n = 0; n < MANY; n++)
		assert_int_equal(request_wait(made[n]), 0);
	snapshots = many_seen = 0;
	channels_seen = topics_seen = 0;
	saw_last_channel = false;
}

static void on_many(void *arg, int status, struct pluq_stats *s)
{
	turns = e.loops.loop[0].turn - begun_turn;
	topics_seen = s->topic_count;
	for (size_t i = 0; i < s->topic_count; i++) {
		const struct pluq_topic_stats *t = &s->topics[i];

		if (strcmp(t->name, "many") != 0)
			continue;
		many_seen++;
		channels_seen = t->channel_count;
		for (size_t c = 0; c < t->channel_count; c++) {
			saw_last_channel |= strcmp(t->channels[c].name, "channel-3499") == 0;
			unsorted += c && strcmp(t->channels[c - 1].name, t->channels[c].name) >= 0;
		}
	}
	pluq__broker_table.stats_free(s);
	snapshots++;
}

static void snapshot_many(void *arg)
{
	begun_turn = e.loops.loop[0].turn;
	if (pluq__broker_table.stats(&e.host.pub, NULL, on_many, NULL) < 0)
		abort();
}

static void channels_take_several_slices(void **state)
{
	a_topic_of_many_channels();
	on_loop(&e.loops, 0, snapshot_many, NULL);
	assert_true(until_at_least(&snapshots, 1));
	assert_true(turns >= 3);
	assert_int_equal(channels_seen, MANY);
	assert_int_equal(topics_seen, 2);
	assert_int_equal(unsorted, 0);
}

static void delete_around(void *arg)
{
	snapshot_many(arg);
	for (int n = 0; n < 90; n++) {
		char name[32];

		snprintf(name, sizeof(name), "channel-%d", 985 + n / 30 * 1000 + n % 30);
		around[n] = request_here(PLUQ_CHANNEL_DELETE, "many", name);
	}
}

/* The deletions come between the slices, and take away the channels at which the slices end. */
static void snapshot_goes_on_behind_a_channel_that_goes(void **state)
{
	a_topic_of_many_channels();
	on_loop(&e.loops, 0, delete_around, NULL);
	assert_true(until_at_least(&snapshots, 1));
	settle();
	assert_true(saw_last_channel);
	assert_in_range(channels_seen, MANY - 90, MANY);
	for (int n = 0; n < 90; n++)
		assert_int_equal(request_wait(around[n]), 0);
}

static void delete_many(void *arg)
{
	snapshot_many(arg);
	around[0] = request_here(PLUQ_TOPIC_DELETE, "many", NULL);
}

static void snapshot_goes_on_behind_a_topic_that_goes_half_way(void **state)
{
	static const double median[] = {0.5};

	e.limits.e2e_percentiles = median;
	e.limits.e2e_percentile_count = 1;
	e.limits.e2e_window_ns = SEC;
	a_topic_of_many_channels();
	on_loop(&e.loops, 0, delete_many, NULL);
	assert_true(until_at_least(&snapshots, 1));
	assert_int_equal(request_wait(around[0]), 0);
	assert_int_equal(topics_seen, 1 + many_seen);
	on_loop(&e.loops, 0, snapshot_many, NULL);
	assert_true(until_at_least(&snapshots, 2));
	assert_int_equal(topics_seen, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_ON(1, snapshot_goes_on_behind_a_topic_that_goes),
	    TEST_ON(1, channels_take_several_slices),
	    TEST_ON(1, snapshot_goes_on_behind_a_channel_that_goes),
	    TEST_ON(1, snapshot_goes_on_behind_a_topic_that_goes_half_way),
	    TEST_ON(1, snapshots_are_whole_while_topics_come_and_go),
	    TEST_ON(3, snapshots_are_whole_while_topics_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
