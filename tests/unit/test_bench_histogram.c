/* The histogram behind every percentile that is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../bench/histogram.h"

static struct histogram h;

static int clear(void **state)
{
	memset(&h, 0, sizeof h);
	return 0;
}

static void empty_has_no_percentile(void **state)
{
	assert_int_equal(histogram_percentile(&h, 99), 0);
}

static void one_value_is_every_percentile(void **state)
{
	for (int64_t v = 1; v > 0 && v <= INT64_MAX / 3; v *= 3) {
		clear(state);
		histogram_record(&h, v);
		assert_int_equal(histogram_percentile(&h, 0), v);
		assert_int_equal(histogram_percentile(&h, 50), v);
		assert_int_equal(histogram_percentile(&h, 100), v);
	}
}

static void extremes_are_kept(void **state)
{
	histogram_record(&h, -5);
	histogram_record(&h, INT64_MAX);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_true(histogram_percentile(&h, 100) == INT64_MAX);
	assert_true(h.max == INT64_MAX);
}

/* 1 .. 1,000,000 once each: the p-th percentile is p * 10,000. */
static void percentiles_are_within_one_percent(void **state)
{
	static const double points[] = {1, 25, 50, 90, 99, 99.9};

	for (int64_t v = 1; v <= 1000000; v++)
		histogram_record(&h, v);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		double truth = points[i] * 10000, told = (double)histogram_percentile(&h, points[i]);

		assert_true(told >= truth - 1 && told <= truth * 1.01);
	}
	assert_int_equal(histogram_percentile(&h, 100), 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(empty_has_no_percentile, clear),
	    cmocka_unit_test_setup(one_value_is_every_percentile, clear),
	    cmocka_unit_test_setup(extremes_are_kept, clear),
	    cmocka_unit_test_setup(percentiles_are_within_one_percent, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
