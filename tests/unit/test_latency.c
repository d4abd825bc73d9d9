#include "cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/broker/window.h"

static double quantile(const struct pluq__latency *l, double q)
{
	struct pluq__latency_sums sums = {0};
	double value;

	pluq__latency_accumulate(l, &sums);
	pluq__latency_quantiles(&sums, &q, 1, &value);
	return value;
}

static void bounds_lie_close_and_hold(void **state)
{
	struct pluq__latency *l = NULL;
	struct pluq_histogram h;
	struct pluq_bucket buckets[1];

	for (double ns = 64; ns < 9e18; ns *= 1.37) {
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

	for (double ns = 64; ns < 9e18; ns *= 1.005)
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
	assert_int_equal(pluq__latency_bucket_count(l), 3);
	assert_int_equal(pluq__latency_blocks(l), 2);
	assert_true(quantile(l, 0.5) == 0);
	assert_true(quantile(l, 0.75) == 1);
	assert_true(fabs(quantile(l, 1) - 0x1p63) < 0.01 * 0x1p63);
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

static uint64_t random_bits(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* Durations of all sizes, close together, far apart, with many alike, at the ends of the range. */
static int64_t draw(int kind)
{
	uint64_t r = random_bits();

	switch (kind) {
	case 0:
		return (int64_t)(r % 3);
	case 1:
		return (int64_t)(r % 200);
	case 2:
		return (int64_t)(r >> (1 + random_bits() % 63)); /* every power of two alike */
	case 3:
		return 7 * 3600 * PLUQ__SEC + (int64_t)(r % 1000);
	case 4:
		return (int64_t)(exp(13 + 2 * ((double)(r >> 40) / 0x1p24 + (double)(random_bits() >> 40) / 0x1p24 - 1)));
	case 5:
		return r % 100 ? 50000 + (int64_t)(r % 100000) : 40 * PLUQ__SEC;
	case 6:
		return INT64_MAX - (int64_t)(r % 100000);
	default:
		return INT64_C(1) << r % 63;
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Every quantile lies within 1 % of the observation of that rank, of one histogram and of several together. */
static void any_distribution_is_right_within_a_percent(void **state)
{
	static const double q[] = {0.00001, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.99999, 1};
	enum { MOST = 20000, QUANTILES = sizeof(q) / sizeof(*q) };
	int64_t *all = malloc(MOST * sizeof(*all));
	double values[QUANTILES];

	for (int round = 0; round < 64; round++) {
		struct pluq__latency *l[3] = {NULL, NULL, NULL};
		struct pluq__latency_sums sums = {0};
		size_t n = 1 + (round < 16 ? (size_t)round / 8 : random_bits() % MOST);

		for (size_t i = 0; i < n; i++) {
			all[i] = draw(round % 8);
			pluq__latency_add(&l[random_bits() % 3], all[i]);
		}
		for (int i = 0; i < 3; i++)
			pluq__latency_accumulate(l[i], &sums);
		assert_int_equal(sums.count, n);
		qsort(all, n, sizeof(*all), by_size);
		pluq__latency_quantiles(&sums, q, QUANTILES, values);
		for (size_t i = 0; i < QUANTILES; i++) {
			double rank = ceil(q[i] * (double)n), truth = (double)all[rank < 1 ? 0 : (size_t)rank - 1];

			assert_true(fabs(values[i] - truth) <= 0.01 * truth);
		}
		for (int i = 0; i < 3; i++)
			pluq__latency_free(&l[i]);
	}
	free(all);
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
	    cmocka_unit_test(any_distribution_is_right_within_a_percent),
	    cmocka_unit_test(counts_go_beyond_32_bits),
	    cmocka_unit_test(a_window_forgets_by_halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
