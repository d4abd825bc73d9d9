#include "cmocka_all.h"

#include <string.h>

#include "../../daemon/base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct pluq__arena a = { 0 };
	unsigned char *blocks[100];

	for (size_t i = 0; i < 100; i++) {
		blocks[i] = pluq__arena_alloc(&a, i * 7);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int)i, i * 7);
	}
	for (size_t i = 0; i < 100; i++)
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(blocks[i][j], i);
	pluq__arena_free(&a);
}

static void large_blocks_fit(void **state)
{
	struct pluq__arena a = { 0 };
	char *small = pluq__arena_alloc(&a, 1), *large = pluq__arena_alloc(&a, 1 << 20);

	memset(large, 1, 1 << 20);
	assert_int_equal(*small, 0);
	assert_null(pluq__arena_alloc(&a, SIZE_MAX));
	pluq__arena_free(&a);
	assert_non_null(pluq__arena_alloc(&a, 1)); /* usable again */
	pluq__arena_free(&a);
}

static void texts_are_terminated(void **state)
{
	struct pluq__arena a = { 0 };

	assert_string_equal(pluq__arena_copy(&a, "abcdef", 3), "abc");
	assert_string_equal(pluq__arena_printf(&a, "%s-%d", "x", 42), "x-42");
	pluq__arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(large_blocks_fit),
		cmocka_unit_test(texts_are_terminated),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
