#include "cmocka_all.h"

#include "../../daemon/base/nearest.h"

static void distance_counts_slips(void **state)
{
	assert_int_equal(pluq__edit_distance("", ""), 0);
	assert_int_equal(pluq__edit_distance("abc", "abc"), 0);
	assert_int_equal(pluq__edit_distance("", "abc"), 3);
	assert_int_equal(pluq__edit_distance("abc", ""), 3);
	assert_int_equal(pluq__edit_distance("abc", "abcd"), 1);
	assert_int_equal(pluq__edit_distance("abcd", "acd"), 1);
	assert_int_equal(pluq__edit_distance("abcd", "axcd"), 1);
	assert_int_equal(pluq__edit_distance("abcd", "acbd"), 1);
	assert_int_equal(pluq__edit_distance("kitten", "sitting"), 3);
}

static void long_words_are_compared_by_their_beginning(void **state)
{
	char a[200], b[200];

	for (int i = 0; i < 199; i++)
		a[i] = b[i] = 'x';
	a[199] = b[199] = 0;
	b[150] = 'y';
	assert_int_equal(pluq__edit_distance(a, b), 0);
	b[3] = 'y';
	assert_int_equal(pluq__edit_distance(a, b), 1);
}

static void nearest_is_offered(void **state)
{
	struct pluq__nearest n = pluq__nearest("mem_queue_sise");

	pluq__nearest_offer(&n, "max_msg_size");
	assert_null(n.best);
	pluq__nearest_offer(&n, "mem_queue_size");
	pluq__nearest_offer(&n, "mem_queue_sizes");
	assert_string_equal(n.best, "mem_queue_size");
}

static void nothing_near_is_nothing(void **state)
{
	struct pluq__nearest n = pluq__nearest("xyz");

	pluq__nearest_offer(&n, "threads");
	pluq__nearest_offer(&n, "abc");
	assert_null(n.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_slips),
		cmocka_unit_test(long_words_are_compared_by_their_beginning),
		cmocka_unit_test(nearest_is_offered),
		cmocka_unit_test(nothing_near_is_nothing),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
