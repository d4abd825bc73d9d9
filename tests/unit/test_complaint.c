#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/complaint.h"

static void gaps_grow_while_a_fault_repeats(void **state)
{
	struct pluq__complaint c = {0};
	uint64_t hidden, lines = 0, all = 0;
	for (int64_t ms = 0; ms < 1000000; ms += 100) {
		if (pluq__complaint_raise(&c, ms * PLUQ__MS, &hidden)) {
			lines++;
			all += hidden + 1;
		}
		assert_false(pluq__complaint_calm(&c, ms * PLUQ__MS));
	}
	/* at 0, 1, 3, 7 ... 511 s, then every 300 s */
	assert_int_equal(lines, 11);
	assert_int_equal(all, 8111);
}

static void the_end_is_told_once_and_only_after_a_calm(void **state)
{
	struct pluq__complaint c = {0};
	uint64_t hidden;
	assert_false(pluq__complaint_calm(&c, 100 * PLUQ__SEC));
	assert_true(pluq__complaint_raise(&c, 100 * PLUQ__SEC, &hidden));
	assert_int_equal(hidden, 0);
	assert_false(pluq__complaint_calm(&c, 109 * PLUQ__SEC));
	assert_true(pluq__complaint_calm(&c, 110 * PLUQ__SEC));
	assert_false(pluq__complaint_calm(&c, 111 * PLUQ__SEC));
	assert_true(pluq__complaint_raise(&c, 111 * PLUQ__SEC, &hidden));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_grow_while_a_fault_repeats),
		cmocka_unit_test(the_end_is_told_once_and_only_after_a_calm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
