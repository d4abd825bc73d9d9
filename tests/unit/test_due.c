#include "cmocka_all.h"

#include "../../daemon/base/clock.h"
#include "../../daemon/broker/due.h"

#define NOW (1000 * PLUQ__SEC + 123456789)

static uint64_t sum(const uint64_t *classes)
{
	uint64_t n = 0;

	for (int i = 0; i < PLUQ_DUE_CLASSES; i++)
		n += classes[i];
	return n;
}

static void classes_follow_the_time_that_is_left(void **state)
{
	static const int64_t left_s[] = {0, 3, 30, 300, 3000, 7200, 40 * 3600};
	static const int class[] = {0, 1, 2, 3, 4, 5, 5};
	struct pluq__due *d = NULL;
	uint64_t out[PLUQ_DUE_CLASSES], expected[PLUQ_DUE_CLASSES] = {0};

	for (size_t i = 0; i < sizeof(left_s) / sizeof(*left_s); i++) {
		assert_int_not_equal(pluq__due_add(&d, NOW, NOW + left_s[i] * PLUQ__SEC), 0);
		expected[class[i]]++;
	}
	pluq__due_classes(d, NOW, out);
	assert_memory_equal(out, expected, sizeof(out));
	pluq__due_free(&d);
}

static unsigned only_class(const struct pluq__due *d, int64_t now)
{
	uint64_t out[PLUQ_DUE_CLASSES];
	unsigned c = 0;

	pluq__due_classes(d, now, out);
	assert_int_equal(sum(out), 1);
	while (!out[c])
		c++;
	return c;
}

static unsigned class_of(int64_t left_ns)
{
	static const int64_t below_s[] = {1, 10, 60, 600, 3600};
	unsigned c = 0;

	while (c < 5 && left_ns >= below_s[c] * PLUQ__SEC)
		c++;
	return c;
}

/* As its channel handles it: counted anew each time its bin says. At every moment its class is the right one, to the width of a bin. */
static void messages_move_on_as_time_passes(void **state)
{
	static const int64_t delay_s[] = {1, 59, 60, 61, 90, 600, 3599, 3600, 3700, 7200, 40 * 3600, 400 * 24 * 3600};

	for (size_t i = 0; i < sizeof(delay_s) / sizeof(*delay_s); i++) {
		int64_t due = NOW + delay_s[i] * PLUQ__SEC;
		struct pluq__due *d = NULL;
		uint16_t bin = pluq__due_add(&d, NOW, due);
		int again = 0;

		for (int64_t left = due - NOW; left > 0; left -= left / 997 + PLUQ__MS) {
			int64_t now = due - left, width = left > 60 * PLUQ__SEC ? 16 * PLUQ__SEC : PLUQ__SEC;

			while (pluq__due_lead_ns(bin) && left <= pluq__due_lead_ns(bin)) {
				pluq__due_remove(d, bin);
				bin = pluq__due_add(&d, now, due);
				again++;
			}
			assert_true(again <= 2);
			assert_true(only_class(d, now) <= class_of(left));
			assert_true(only_class(d, now) >= class_of(left > width ? left - width : 0));
		}
		assert_int_equal(pluq__due_lead_ns(bin), 0);
		assert_int_equal(only_class(d, due + PLUQ__SEC), 0); /* overdue, as the loop is late */
		pluq__due_remove(d, bin);
		pluq__due_free(&d);
	}
}

/* Whatever the delay and the moment: each message is in one bin, and leaves it. */
static void nothing_is_counted_twice_or_left(void **state)
{
	struct pluq__due *d = NULL;
	uint64_t out[PLUQ_DUE_CLASSES], n = 0;
	uint16_t bins[4096];

	for (int64_t delay = 0, now = NOW; n < 4096; n++, delay += delay / 300 + 7 * PLUQ__MS, now += 37 * PLUQ__MS) {
		bins[n] = pluq__due_add(&d, now, now + delay);
		assert_int_not_equal(bins[n], 0);
	}
	pluq__due_classes(d, NOW + 4096 * 37 * PLUQ__MS, out);
	assert_int_equal(sum(out), n);
	for (uint64_t i = 0; i < n; i++)
		pluq__due_remove(d, bins[i]);
	pluq__due_remove(d, 0);
	pluq__due_classes(d, NOW, out);
	assert_int_equal(sum(out), 0);
	pluq__due_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classes_follow_the_time_that_is_left),
	    cmocka_unit_test(messages_move_on_as_time_passes),
	    cmocka_unit_test(nothing_is_counted_twice_or_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
