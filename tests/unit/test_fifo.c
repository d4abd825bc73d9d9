/* The chunked queue against an array. */
#include <stdlib.h>
#include <string.h>

#include "../../daemon/broker/fifo.h"
#include "cmocka_all.h"

#define MOST 20000

static uint64_t seed = 1234567;

static uint32_t random32(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

/* Pushes and pops in bursts; every element carries its number. */
static void run(uint32_t size)
{
	struct pluq__fifo f;
	uint64_t first = 0, next = 0;

	pluq__fifo_init(&f, size);
	for (int round = 0; round < 2000; round++) {
		uint64_t n = random32() % 300;

		if (random32() % 2) {
			for (; n > 0 && next - first < MOST; n--, next++) {
				uint64_t *e = pluq__fifo_push(&f);

				assert_non_null(e);
				assert_int_equal((uintptr_t)e % _Alignof(uint64_t), 0);
				memset(e, 0xee, size);
				*e = next;
			}
		} else {
			if (n > next - first || random32() % 16 == 0)
				n = next - first; /* to the last */
			pluq__fifo_pop(&f, n);
			first += n;
		}
		assert_int_equal(f.count, next - first);
		for (uint64_t i = 0; i < f.count; i += 1 + random32() % 50)
			assert_int_equal(*(uint64_t *)pluq__fifo_at(&f, i), first + i);
		if (f.count)
			assert_int_equal(*(uint64_t *)pluq__fifo_at(&f, f.count - 1), next - 1);
		else
			assert_null(f.first); /* an empty queue holds no memory */
	}
	pluq__fifo_clear(&f);
	assert_int_equal(f.count, 0);
	assert_null(f.first);
}

static void fifo_keeps_order_over_chunks(void **state)
{
	run(8);
	run(16);
	run(24); /* does not divide a chunk */
	run(PLUQ__FIFO_CHUNK / 2); /* few in a chunk */
	run(PLUQ__FIFO_CHUNK);     /* one in a chunk */
}

static void fifo_pops_exactly_at_chunk_borders(void **state)
{
	struct pluq__fifo f;

	pluq__fifo_init(&f, 8);
	for (uint64_t per = f.per, n = per - 1; n <= per + 1; n++) {
		for (uint64_t i = 0; i < 3 * per; i++)
			*(uint64_t *)pluq__fifo_push(&f) = i;
		pluq__fifo_pop(&f, n);
		assert_int_equal(*(uint64_t *)pluq__fifo_at(&f, 0), n);
		pluq__fifo_pop(&f, 0);
		assert_int_equal(*(uint64_t *)pluq__fifo_at(&f, 0), n);
		assert_int_equal(*(uint64_t *)pluq__fifo_at(&f, 3 * per - n - 1), 3 * per - 1);
		pluq__fifo_pop(&f, 3 * per - n);
		assert_int_equal(f.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fifo_keeps_order_over_chunks),
	    cmocka_unit_test(fifo_pops_exactly_at_chunk_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
