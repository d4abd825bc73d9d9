#include "cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/broker/window.h"

static double quantile(const struct pluq__latency *l, double q)
{
	uint64_t *sums = calloc(PLUQ__LATENCY_INDEXES, sizeof(*sums));
	double value;

	pluq__latency_quantiles(sums, pluq__latency_accumulate(l, sums), &q, 1, &value);
	free(sums);
	return value;
}

static void bounds_lie_close_and_hold(void **state)
{
	struct pluq__latency *l = NULL;
	struct pluq_histogram h;
	struct pluq_bucket buckets[1];

	for (double ns = 1100; ns < 1e15; ns *= 1.37) {
		int64_t v = (int64_t)ns;

		pluq__latency_add(&l, v);
		assert_int_equal(pluq__latency_bucket_count(l), 1);
		pluq__latency_copy(l, buckets, &h);
		assert_int_equal(h.count, 1);
		assert_true(buckets[0].upper * 1e9 >= (double)v);
		assert_true(buckets[0].upper * 1e9 <= (double)v * 1.0157 + 1);
		assert_true(fabs(h.sum * 1e9 - (double)v) < 1e-6 * (double)v);
		assert_true(fabs(quantile(l, 0.5) - (double)v) <= 0.01 * (double)v);
		pluq__latency_free(&l);
	}
}

static void neighbours_differ_by_at_most_two_percent(void **state)
{
	struct pluq__latency *l = NULL;
	struct pluq_bucket *buckets;
	struct pluq_histogram h;

	for (double ns = 1024; ns < 1e15; ns *= 1.005)
		pluq__latency_add(&l, (int64_t)ns);
	buckets = calloc(pluq__latency_bucket_count(l), sizeof(*buckets));
	pluq__latency_copy(l, buckets, &h);
	for (size_t i = 1; i < h.bucket_count; i++)
		assert_true(buckets[i].upper > buckets[i - 1].upper && buckets[i].upper <= buckets[i - 1].upper * 1.02);
	free(buckets);
	pluq__latency_free(&l);
}

static void extremes_are_kept_at_the_ends(void **state)
{
	struct pluq__latency *l = NULL;

	pluq__latency_add(&l, -5); /* the clock was set back */
	pluq__latency_add(&l, 0);
	pluq__latency_add(&l, 1);
	pluq__latency_add(&l, INT64_MAX);
	assert_int_equal(pluq__latency_count(l), 4);
	assert_int_equal(pluq__latency_bucket_count(l), 2);
	assert_int_equal(pluq__latency_blocks(l), 2);
	assert_true(quantile(l, 0.5) < 1100);
	pluq__latency_free(&l);
	assert_int_equal(pluq__latency_count(NULL), 0);
	assert_true(quantile(NULL, 0.99) == 0);
}

/* The spec's example: 100 samples of 210 .. 1200 ms. */
static void quantiles_are_right_within_a_percent(void **state)
{
	static const double q[] = {1, 0.99, 0.95, 0.5, 0.1, 0.0001};
	static const double exact_ms[] = {1200, 1190, 1150, 700, 300, 210};
	struct pluq__latency *l = NULL;

	for (int i = 0; i < 100; i++)
		pluq__latency_add(&l, (210 + 10 * i) * PLUQ__MS);
	for (size_t i = 0; i < sizeof(q) / sizeof(*q); i++)
		assert_true(fabs(quantile(l, q[i]) / 1e6 - exact_ms[i]) <= 0.01 * exact_ms[i]);
	pluq__latency_free(&l);
}

static void counts_go_beyond_32_bits(void **state)
{
	struct pluq__latency *l = NULL;
	struct pluq_bucket buckets[PLUQ__LATENCY_WIDTH];
	struct pluq_histogram h;
	size_t at = 0;

	pluq__latency_add(&l, 5000);
	while (!l->block[at])
		at++;
	for (size_t i = 0; i < PLUQ__LATENCY_WIDTH; i++)
		if (l->block[at]->count[i])
			l->block[at]->count[i] = UINT32_MAX - 1;
	for (int i = 0; i < 5; i++)
		pluq__latency_add(&l, 5000);
	assert_int_equal(pluq__latency_count(l), (uint64_t)UINT32_MAX + 4);
	assert_true(pluq__latency_bucket_count(l) <= PLUQ__LATENCY_WIDTH);
	pluq__latency_copy(l, buckets, &h);
	assert_int_equal(h.bucket_count, 1);
	assert_int_equal(h.count, (uint64_t)UINT32_MAX + 4);
	pluq__latency_free(&l);
}

static uint64_t seen(struct pluq__window *w, int64_t now_ns)
{
	pluq__window_look(w, now_ns, 2 * PLUQ__SEC);
	return pluq__latency_count(w->half[0]) + pluq__latency_count(w->half[1]);
}

/* A window of 4 s: gone at the next multiple of 2 s after at least 2 s. */
static void a_window_forgets_by_halves(void **state)
{
	struct pluq__window w = {.since_ns = 7 * PLUQ__SEC};
	int64_t began = w.since_ns, at = began + PLUQ__SEC + PLUQ__SEC / 2;

	pluq__window_add(&w, at, 2 * PLUQ__SEC, 1000);
	assert_int_equal(seen(&w, at), 1);
	assert_int_equal(seen(&w, began + 2 * PLUQ__SEC), 1);
	pluq__window_add(&w, began + 3 * PLUQ__SEC, 2 * PLUQ__SEC, 1000);
	assert_int_equal(seen(&w, began + 4 * PLUQ__SEC - 1), 2);
	assert_int_equal(seen(&w, began + 4 * PLUQ__SEC), 1);
	assert_int_equal(seen(&w, began + 6 * PLUQ__SEC), 0);
	pluq__window_add(&w, began + 7 * PLUQ__SEC, 2 * PLUQ__SEC, 1000);
	assert_int_equal(seen(&w, began + 60 * PLUQ__SEC), 0);
	pluq__window_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds_lie_close_and_hold),
	    cmocka_unit_test(neighbours_differ_by_at_most_two_percent),
	    cmocka_unit_test(extremes_are_kept_at_the_ends),
	    cmocka_unit_test(quantiles_are_right_within_a_percent),
	    cmocka_unit_test(counts_go_beyond_32_bits),
	    cmocka_unit_test(a_window_forgets_by_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
