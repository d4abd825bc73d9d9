/* What counters were before; texts that grow. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "../../plugins/metrics/common/past.h"
#include "mock_snapshot.h"

static void pass(struct past *now, struct past *before, struct mock_snapshot *s, const double *was, size_t count)
{
	assert_int_equal(s->pub.count, count);
	before->group = before->entry = 0;
	past_clear(now);
	for (size_t i = 0; i < count; i++)
		assert_true(past_pass(now, before, sample_at(&s->pub, i)).of[0] == was[i]);
	assert_false(now->failed);
	past_turn(now, before);
}

static void fill(struct mock_snapshot *s, const char *const (*places)[2], size_t count, double first)
{
	mock_snapshot_init(s);
	for (size_t i = 0; i < count; i++)
		mock_sample(s, places[i][1] ? "channel_received_messages" : "topic_published_messages", places[i][0], places[i][1],
		    first + (double)i);
}

static void test_walks_along_while_topics_come_and_go(void **state)
{
	static const char *const one[][2] = {{"a", NULL}, {"a", "x"}, {"b", NULL}, {"b", "x"}, {"b", "y"}, {"d", NULL}};
	static const char *const two[][2] = {{"A", NULL}, {"a", NULL}, {"a", "w"}, {"a", "x"}, {"b", NULL}, {"b", "y"}, {"c", NULL}, {"d", NULL}};
	struct past now = {0}, before = {0};
	struct mock_snapshot s;

	fill(&s, one, 6, 10);
	assert_false(before.known);
	pass(&now, &before, &s, (const double[]){0, 0, 0, 0, 0, 0}, 6);
	assert_true(before.known);
	fill(&s, two, 8, 100);
	pass(&now, &before, &s, (const double[]){0, 10, 0, 11, 12, 14, 0, 15}, 8);
	fill(&s, one, 6, 200);
	pass(&now, &before, &s, (const double[]){101, 103, 104, 0, 105, 107}, 6);
	past_fini(&now);
	past_fini(&before);
}

static void test_tells_labels_apart_in_any_order(void **state)
{
	static const char *const details[] = {"0", "1", "2", NULL};
	struct past now = {0}, before = {0};
	struct mock_snapshot s;

	mock_snapshot_init(&s);
	for (int i = 0; i < 4; i++)
		mock_sample(&s, "loop_busy", NULL, NULL, 10 + i)->detail = details[i];
	mock_sample(&s, "loop_busy", NULL, NULL, 20)->plugin = "p";
	pass(&now, &before, &s, (const double[]){0, 0, 0, 0, 0}, 5);
	mock_snapshot_init(&s);
	mock_sample(&s, "loop_busy", NULL, NULL, 0)->plugin = "p";
	for (int i = 3; i >= 0; i--)
		mock_sample(&s, "loop_busy", NULL, NULL, 0)->detail = details[i];
	mock_sample(&s, "loop_busy", NULL, NULL, 0)->detail = "new";
	pass(&now, &before, &s, (const double[]){20, 13, 12, 11, 10, 0}, 6);
	past_fini(&now);
	past_fini(&before);
}

static void test_a_histogram_has_two_values(void **state)
{
	struct past now = {0}, before = {0};
	const struct pluq_histogram h = {.count = 3, .sum = 1.5};
	struct mock_snapshot s;

	mock_snapshot_init(&s);
	mock_sample(&s, "storage_sync", NULL, NULL, 0)->histogram = &h;
	pass(&now, &before, &s, (const double[]){0}, 1);
	struct past_values was = past_pass(&now, &before, sample_at(&s.pub, 0));
	assert_true(was.of[0] == 3);
	assert_true(was.of[1] == 1.5);
	past_fini(&now);
	past_fini(&before);
}

static void test_many(void **state)
{
	static char names[3000][16];
	struct past now = {0}, before = {0};
	struct pluq_sample s = {.metric = mock_metric("topic_published_messages")};

	for (int round = 0; round < 3; round++) {
		before.group = before.entry = 0;
		for (int i = 0; i < 3000; i++) {
			snprintf(names[i], sizeof(names[i]), "t%06d", i);
			s.topic = names[i];
			s.value = round * 10000 + i;
			assert_true(past_pass(&now, &before, &s).of[0] == (round ? (round - 1) * 10000 + i : 0));
		}
		past_turn(&now, &before);
	}
	past_fini(&now);
	past_fini(&before);
}

static void test_texts_grow(void **state)
{
	struct text t = {0};
	char big[9000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	text_printf(&t, "%d", 12);
	text_printf(&t, "%s", big);
	text_put_string(&t, "end");
	assert_false(t.failed);
	assert_int_equal(t.length, 2 + 8999 + 3);
	assert_memory_equal(t.bytes, "12x", 3);
	assert_memory_equal(t.bytes + t.length - 4, "xend", 4);
	text_clear(&t);
	assert_int_equal(t.length, 0);
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks_along_while_topics_come_and_go),
		cmocka_unit_test(test_tells_labels_apart_in_any_order),
		cmocka_unit_test(test_a_histogram_has_two_values),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_texts_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
