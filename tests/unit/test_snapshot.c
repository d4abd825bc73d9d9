/* What loops have told becomes one list in order. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../daemon/metrics/queues.h"
#include "../../daemon/metrics/snapshot.h"

static const struct pluq_metric apples = {.name = "apples", .unit = "", .help = "h", .type = PLUQ_COUNTER};
static const struct pluq_metric pears = {.name = "pears", .unit = "", .help = "h", .detail = "sort", .type = PLUQ_GAUGE};
static const struct pluq_metric waits = {.name = "waits", .unit = "seconds", .help = "h", .type = PLUQ_HISTOGRAM};

static void tell(struct pluq__snapshot *s, int loop, const struct pluq_metric *m, const char *topic, const char *channel,
    const char *detail, double value)
{
	char copied[32] = "";

	if (detail)
		strcpy(copied, detail);
	pluq__sheet_add(&s->sheets[loop], &(struct pluq_sample){.metric = m, .topic = topic, .channel = channel,
	    .detail = detail ? copied : NULL, .value = value});
	memset(copied, '!', sizeof(copied) - 1); /* the text was the caller's */
}

static void expect(const struct pluq__snapshot *s, size_t i, const struct pluq_metric *m, const char *topic, const char *channel,
    const char *detail, double value)
{
	const struct pluq_sample *have = &s->pub.samples[i];

	assert_true(i < s->pub.count);
	assert_ptr_equal(have->metric, m);
	assert_string_equal(have->topic ? have->topic : "-", topic ? topic : "-");
	assert_string_equal(have->channel ? have->channel : "-", channel ? channel : "-");
	assert_string_equal(have->detail ? have->detail : "-", detail ? detail : "-");
	assert_true(have->value == value);
}

static void samples_come_in_order_and_are_added_up(void **state)
{
	struct pluq__snapshot *s = pluq__snapshot_new(2);

	tell(s, 0, &apples, "b", "y", NULL, 1);
	tell(s, 0, &pears, NULL, NULL, "green", 2);
	tell(s, 0, &apples, "b", NULL, NULL, 3);
	tell(s, 1, &apples, "a", "z", NULL, 4);
	tell(s, 1, &pears, NULL, NULL, "green", 5);
	tell(s, 1, &pears, NULL, NULL, "blue", 6);
	tell(s, 1, &apples, NULL, NULL, NULL, 7);
	tell(s, 1, &apples, "b", "y", NULL, 8);
	assert_int_equal(pluq__snapshot_sort(s), 0);
	assert_int_equal(pluq__snapshot_complete(s), 0);
	assert_int_equal(s->pub.count, 6);
	expect(s, 0, &apples, NULL, NULL, NULL, 7);
	expect(s, 1, &pears, NULL, NULL, "blue", 6);
	expect(s, 2, &pears, NULL, NULL, "green", 7);
	expect(s, 3, &apples, "a", "z", NULL, 4);
	expect(s, 4, &apples, "b", NULL, NULL, 3);
	expect(s, 5, &apples, "b", "y", NULL, 9);
	pluq__snapshot_unref(s);
}

static void tell_waits(struct pluq__snapshot *s, int loop, const struct pluq_bucket *buckets, size_t n, double sum)
{
	struct pluq_histogram h = {.buckets = buckets, .bucket_count = n, .sum = sum};

	for (size_t i = 0; i < n; i++)
		h.count += buckets[i].count;
	pluq__sheet_add(&s->sheets[loop], &(struct pluq_sample){.metric = &waits, .histogram = &h});
}

static void histograms_are_added_up_bucket_by_bucket(void **state)
{
	static const struct pluq_bucket a[] = {{1, 10}, {3, 30}}, b[] = {{1, 1}, {2, 2}, {4, 4}}, sum[] = {{1, 11}, {2, 2}, {3, 30}, {4, 4}};
	struct pluq__snapshot *s = pluq__snapshot_new(3);
	const struct pluq_histogram *h;

	tell_waits(s, 0, a, 2, 100);
	tell_waits(s, 1, b, 3, 20);
	tell_waits(s, 2, NULL, 0, 0);
	assert_int_equal(pluq__snapshot_sort(s), 0);
	assert_int_equal(pluq__snapshot_complete(s), 0);
	assert_int_equal(s->pub.count, 1);
	h = s->pub.samples[0].histogram;
	assert_int_equal(h->count, 47);
	assert_true(h->sum == 120);
	assert_int_equal(h->bucket_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(h->buckets[i].upper == sum[i].upper && h->buckets[i].count == sum[i].count);
	pluq__snapshot_unref(s);
}

static const struct pluq_sample *find(const struct pluq__snapshot *s, const char *name, const char *channel, const char *detail)
{
	for (size_t i = 0; i < s->pub.count; i++) {
		const struct pluq_sample *x = &s->pub.samples[i];

		if (strcmp(x->metric->name, name) == 0 && !x->channel == !channel && (!channel || strcmp(channel, x->channel) == 0) &&
		    (!detail || (x->detail && strcmp(x->detail, detail) == 0)))
			return x;
	}
	return NULL;
}

/* The engine's samples of a place come first, then those of others about the same. */
static void queues_and_sources_share_a_place(void **state)
{
	static const double quantiles[] = {0.99, 1.0, 0.1}, values[] = {5e6, 6e6, 7e6};
	static const uint64_t due[PLUQ_DUE_CLASSES] = {1, 2, 3, 4, 5, 6};
	struct pluq_channel_stats channels[] = {
	    {.name = "c", .depth = 7, .oldest_ns = 1000000000, .due = due, .e2e = values, .dropped = {0, 9, 0}},
	    {.name = "d", .oldest_ns = PLUQ_OLDEST_UNKNOWN},
	};
	struct pluq_topic_stats topics[] = {{.name = "t", .channels = channels, .channel_count = 2, .channel_stride = sizeof(*channels)}};
	struct pluq_stats stats = {topics, 1, sizeof(*topics)};
	struct pluq__snapshot *s = pluq__snapshot_new(1);
	const struct pluq_sample *mine;

	tell(s, 0, &apples, "t", "c", NULL, 1);
	tell(s, 0, &apples, "s", NULL, NULL, 2);
	tell(s, 0, &pears, NULL, NULL, NULL, 3);
	assert_int_equal(pluq__snapshot_sort(s), 0);
	pluq__queues_tell(&stats, quantiles, 3, INT64_C(3500000000), &s->all);
	assert_int_equal(pluq__snapshot_complete(s), 0);
	expect(s, 0, &pears, NULL, NULL, NULL, 3);
	expect(s, 1, &apples, "s", NULL, NULL, 2);
	mine = find(s, "apples", "c", NULL);
	assert_non_null(mine);
	assert_string_equal(mine[-1].channel, "c");
	assert_string_equal(mine[1].channel, "d");
	assert_true(find(s, "channel_depth", "c", NULL)->value == 7);
	assert_true(find(s, "channel_oldest_message_age", "c", NULL)->value == 2.5);
	assert_null(find(s, "channel_oldest_message_age", "d", NULL));
	assert_true(find(s, "topic_oldest_message_age", NULL, NULL)->value == 0);
	assert_true(find(s, "channel_deferred_messages_due", "c", "1h")->value == 5);
	assert_null(find(s, "channel_deferred_messages_due", "d", NULL));
	assert_true(find(s, "channel_dropped_messages", "c", "sampled")->value == 9);
	assert_null(find(s, "channel_dropped_messages", "c", "full"));
	assert_true(find(s, "channel_e2e_latency", "c", "0.99")->value == 0.005);
	assert_true(find(s, "channel_e2e_latency", "c", "1")->value == 0.006);
	assert_true(find(s, "channel_e2e_latency", "c", "0.1")->value == 0.007);
	assert_null(find(s, "channel_e2e_latency", "d", NULL));
	pluq__snapshot_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples_come_in_order_and_are_added_up),
	    cmocka_unit_test(histograms_are_added_up_bucket_by_bucket),
	    cmocka_unit_test(queues_and_sources_share_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
